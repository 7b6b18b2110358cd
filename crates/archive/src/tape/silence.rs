//! Times without the rows that were due: what a part says about its own gaps.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use serde::{Deserialize, Serialize};

use super::{Kind, bars};

/// A time in which rows were due and did not come, or hardly any.
///
/// It says what the record looks like, not why: a venue that was down, a feed that was cut and a file that was never
/// ingested look alike.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// Its start, µs since 1970 UTC.
    pub from_us: i64,
    /// Its end, exclusive, likewise.
    pub to_us: i64,
    /// `no rows`: a silence; `no bars`: bars are missing; `few trades`: bars with hardly a trade.
    pub evidence: String,
    /// What was due: rows at the part's mean rate, bars, or trades at the part's median.
    pub due: f64,
    /// What came.
    pub found: f64,
}

/// A silence shorter than this is no outage, µs.
const SHORTEST_US: i64 = 30_000_000;
/// A silence is one where this many rows were due at the part's mean rate: were they independent, it would come by
/// chance once in e^100.
const DUE_ROWS: f64 = 100.0;
/// Bars are nearly empty up to this share of the median count of trades; BitMEX on 2020-03-13 from 02:16 to 02:30 had
/// up to 13 a minute and a median near 1,000 …
const FEW: f64 = 0.02;
/// … where the median is at least this …
const MEDIAN_TRADES: f64 = 100.0;
/// … and this many follow one another.
const FEW_BARS: usize = 5;

/// What was seen of a part's stamps.
pub(super) struct Seen {
    pub(super) span: Option<(i64, i64)>,
    pub(super) outages: Vec<Outage>,
    pub(super) intervals_s: Vec<i64>,
}

/// Looks at the stamps of a part as it is written.
pub(super) struct Silences {
    kind: Kind,
    first: Option<i64>,
    last: i64,
    rows: u64,
    long: Vec<(i64, i64)>,
    series: Vec<Series>,
}

/// Bars of one length and kind of price.
struct Series {
    interval_s: i64,
    price_kind: String,
    bars: Vec<(i64, i64, f64)>,
}

impl Silences {
    pub(super) fn new(kind: Kind) -> Self {
        Self {
            kind,
            first: None,
            last: 0,
            rows: 0,
            long: Vec::new(),
            series: Vec::new(),
        }
    }

    /// Takes the next rows, sorted by their stamp.
    pub(super) fn see(&mut self, batch: &RecordBatch) {
        if self.kind.stamp().is_none() || batch.num_rows() == 0 {
            return;
        }
        let stamps = batch
            .column(0)
            .as_primitive::<TimestampMicrosecondType>()
            .values();
        let mut last = if self.first.is_some() {
            self.last
        } else {
            stamps[0]
        };
        self.first.get_or_insert(stamps[0]);
        for &at in stamps {
            if at - last >= SHORTEST_US {
                self.long.push((last, at));
            }
            last = at;
        }
        self.last = last;
        self.rows += stamps.len() as u64;
        if self.kind == Kind::Bars {
            self.see_bars(batch);
        }
    }

    fn see_bars(&mut self, batch: &RecordBatch) {
        let stamps = |column: usize| batch.column(column).as_primitive::<TimestampMicrosecondType>();
        let (open, close) = (stamps(bars::OPEN_AT.0), stamps(bars::CLOSE_AT.0));
        let intervals = batch.column(bars::INTERVAL_S.0).as_primitive::<Int64Type>();
        let kinds = arrow::compute::cast(
            batch.column(bars::PRICE_KIND.0),
            &arrow::datatypes::DataType::Utf8,
        )
        .expect("words are text");
        let kinds = kinds.as_string::<i32>();
        let trades = batch.column(bars::TRADES.0).as_primitive::<Int64Type>();
        for row in 0..batch.num_rows() {
            let (interval_s, price_kind) = (intervals.value(row), kinds.value(row));
            let place = self
                .series
                .iter()
                .position(|series| series.interval_s == interval_s && series.price_kind == price_kind)
                .unwrap_or_else(|| {
                    self.series.push(Series {
                        interval_s,
                        price_kind: price_kind.to_owned(),
                        bars: Vec::new(),
                    });
                    self.series.len() - 1
                });
            let count = if trades.is_valid(row) {
                trades.value(row) as f64
            } else {
                f64::NAN
            };
            self.series[place]
                .bars
                .push((open.value(row), close.value(row), count));
        }
    }

    pub(super) fn finish(mut self) -> Seen {
        let mut outages = if self.kind == Kind::Bars {
            self.series.iter().flat_map(Series::outages).collect()
        } else if self.kind.span() == super::Span::Day {
            self.silences()
        } else {
            Vec::new()
        };
        outages.sort_by(|a: &Outage, b| {
            (a.from_us, a.to_us, &a.evidence).cmp(&(b.from_us, b.to_us, &b.evidence))
        });
        outages.dedup();
        let mut intervals_s: Vec<i64> = self.series.drain(..).map(|series| series.interval_s).collect();
        intervals_s.sort_unstable();
        intervals_s.dedup();
        Seen {
            span: self.first.map(|first| (first, self.last)),
            outages,
            intervals_s,
        }
    }

    fn silences(&self) -> Vec<Outage> {
        let Some(first) = self.first else {
            return Vec::new();
        };
        let rate = self.rows as f64 / (self.last - first).max(1) as f64;
        self.long
            .iter()
            .map(|&(from_us, to_us)| Outage {
                from_us,
                to_us,
                evidence: "no rows".to_owned(),
                due: (rate * (to_us - from_us) as f64).round(),
                found: 0.0,
            })
            .filter(|outage| outage.due >= DUE_ROWS)
            .collect()
    }
}

impl Series {
    fn outages(&self) -> Vec<Outage> {
        let mut found = Vec::new();
        let length = self.interval_s * 1_000_000;
        for pair in self.bars.windows(2) {
            let (end, next) = (pair[0].1, pair[1].0);
            if length > 0 && next > end {
                found.push(Outage {
                    from_us: end,
                    to_us: next,
                    evidence: "no bars".to_owned(),
                    due: ((next - end) as f64 / length as f64).round(),
                    found: 0.0,
                });
            }
        }
        let mut counts: Vec<f64> = self.bars.iter().map(|bar| bar.2).collect();
        if counts.iter().any(|count| count.is_nan()) {
            return found;
        }
        counts.sort_by(f64::total_cmp);
        let median = counts.get(counts.len() / 2).copied().unwrap_or(0.0);
        if median < MEDIAN_TRADES {
            return found;
        }
        let few = |bar: &(i64, i64, f64)| bar.2 <= FEW * median;
        let mut start = 0;
        while start < self.bars.len() {
            let run = self.bars[start..].iter().take_while(|bar| few(bar)).count();
            if run >= FEW_BARS {
                let bars = &self.bars[start..start + run];
                found.push(Outage {
                    from_us: bars[0].0,
                    to_us: bars[run - 1].1,
                    evidence: "few trades".to_owned(),
                    due: median * run as f64,
                    found: bars.iter().map(|bar| bar.2).sum(),
                });
            }
            start += run + 1;
        }
        found
    }
}
