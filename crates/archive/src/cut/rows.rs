//! Rows of a cut: their columns, their order, and what makes a row impossible.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use aftershock_market::{Bar, PerpDay, Timestamp};
use arrow::array::{ArrayRef, RecordBatch, StringArray};

use crate::column::{self, Column, Stored};
use crate::{ArchiveError, file};

const DAY_S: i64 = 86_400;
const PRICE_ORIGINS: &[&str] = &["recorded", "reconstructed", "derived"];
const TAKER_ORIGINS: &[&str] = &["recorded", "hourly"];
const FUNDING_ORIGINS: &[&str] = &["recorded", "derived"];

/// A row of one of the tables of a cut.
pub(super) trait CutRow: Clone + 'static {
    /// Name of the table.
    const TABLE: &'static str;
    /// Column that holds the start.
    const START: &'static str;
    fn columns() -> Vec<Column<Self>>;
    fn from_batch(batch: &RecordBatch, row: usize) -> Self;
    fn start(&self) -> Timestamp;
    fn end(&self) -> Timestamp;
    fn venue(&self) -> &str;
    fn instrument(&self) -> &str;
    /// Why the row cannot be true by itself.
    fn fault(&self) -> Option<String>;
}

macro_rules! cut_row {
    ($row:ident { $($name:ident),* $(,)? }
     table: $table:literal, start: $start:ident, end: |$this:ident| $end:expr, fault: $fault:path) => {
        impl CutRow for $row {
            const TABLE: &'static str = $table;
            const START: &'static str = stringify!($start);
            fn columns() -> Vec<Column<Self>> {
                vec![$(Column::new(stringify!($name), |row: &$row| &row.$name)),*]
            }
            fn from_batch(batch: &RecordBatch, row: usize) -> Self {
                $row { $($name: stored(batch, stringify!($name), row)),* }
            }
            fn start(&self) -> Timestamp {
                self.$start
            }
            fn end(&self) -> Timestamp {
                let $this = self;
                $end
            }
            fn venue(&self) -> &str {
                &self.venue
            }
            fn instrument(&self) -> &str {
                &self.instrument
            }
            fn fault(&self) -> Option<String> {
                $fault(self)
            }
        }
    };
}

cut_row! {
    Bar {
        open_at, close_at, venue, instrument, open_usd, high_usd, low_usd, close_usd, volume_btc, volume_usd,
        taker_buy_usd, price_origin, taker_origin, source, source_row,
    }
    table: "bars", start: open_at, end: |bar| bar.close_at, fault: bar_fault
}

cut_row! {
    PerpDay {
        day_at, venue, instrument, open_usd, high_usd, low_usd, close_usd, volume_btc, volume_usd,
        funding_usd_per_btc, funding_origin, source, source_row,
    }
    table: "perp_daily", start: day_at, end: |day| day.day_at.plus_seconds(DAY_S as f64), fault: day_fault
}

fn stored<V: Stored>(batch: &RecordBatch, name: &str, row: usize) -> V {
    let column = batch
        .column_by_name(name)
        .expect("a decoded table has its columns");
    V::at(column, row)
}

fn bar_fault(bar: &Bar) -> Option<String> {
    if bar.open_at >= bar.close_at {
        return Some(format!(
            "close_at {} is not after open_at {}; a bar ends after it begins",
            bar.close_at, bar.open_at
        ));
    }
    price_fault(bar.open_usd, bar.high_usd, bar.low_usd, bar.close_usd)
        .or_else(|| amount_fault("volume_btc", bar.volume_btc))
        .or_else(|| amount_fault("volume_usd", bar.volume_usd))
        .or_else(|| amount_fault("taker_buy_usd", bar.taker_buy_usd))
        .or_else(|| word_fault("price_origin", Some(&bar.price_origin), PRICE_ORIGINS))
        .or_else(|| word_fault("taker_origin", bar.taker_origin.as_deref(), TAKER_ORIGINS))
}

fn day_fault(day: &PerpDay) -> Option<String> {
    if day
        .day_at
        .micros()
        .rem_euclid(Timestamp::from_seconds(DAY_S).micros())
        != 0
    {
        return Some(format!(
            "day_at {} is not the start of a day; expected 00:00 UTC",
            day.day_at
        ));
    }
    let funding = day.funding_usd_per_btc.filter(|funding| !funding.is_finite());
    price_fault(day.open_usd, day.high_usd, day.low_usd, day.close_usd)
        .or_else(|| amount_fault("volume_btc", Some(day.volume_btc)))
        .or_else(|| amount_fault("volume_usd", Some(day.volume_usd)))
        .or_else(|| funding.map(|value| format!("funding_usd_per_btc is {value}; expected a finite number")))
        .or_else(|| word_fault("funding_origin", Some(&day.funding_origin), FUNDING_ORIGINS))
}

fn price_fault(open: f64, high: f64, low: f64, close: f64) -> Option<String> {
    let prices = [
        ("open_usd", open),
        ("high_usd", high),
        ("low_usd", low),
        ("close_usd", close),
    ];
    if let Some((name, price)) = prices
        .iter()
        .find(|(_, price)| !(price.is_finite() && *price > 0.0))
    {
        return Some(format!("{name} is {price}; expected a positive price"));
    }
    if high < open.max(close) {
        return Some(format!(
            "high_usd {high} is below open_usd {open} or close_usd {close}; expected at least {}",
            open.max(close)
        ));
    }
    if low > open.min(close) {
        return Some(format!(
            "low_usd {low} is above open_usd {open} or close_usd {close}; expected at most {}",
            open.min(close)
        ));
    }
    None
}

fn amount_fault(name: &str, amount: Option<f64>) -> Option<String> {
    amount
        .filter(|amount| !(amount.is_finite() && *amount >= 0.0))
        .map(|amount| format!("{name} is {amount}; expected zero or more, or null where it is not recorded"))
}

fn word_fault(name: &str, word: Option<&str>, allowed: &[&str]) -> Option<String> {
    word.filter(|word| !allowed.contains(word))
        .map(|word| format!("{name} is `{word}`; expected {}", allowed.join(", ")))
}

/// Checks each row and its place after the rows before it.
fn check<R: CutRow>(path: &Path, rows: &[R]) -> Result<(), ArchiveError> {
    let mut last: BTreeMap<(&str, &str), &R> = BTreeMap::new();
    let mut latest = None;
    for (index, row) in rows.iter().enumerate() {
        let out_of_order = || {
            latest.filter(|latest| row.start() < *latest).map(|latest| {
                format!(
                    "{} {} comes after {latest}; expected rows by {0}",
                    R::START,
                    row.start()
                )
            })
        };
        let overlap = || {
            let before = last.get(&(row.venue(), row.instrument()))?;
            (row.start() < before.end()).then(|| {
                format!(
                    "{} {} lies within the row before it; expected {} or later",
                    R::START,
                    row.start(),
                    before.end()
                )
            })
        };
        if let Some(reason) = row.fault().or_else(out_of_order).or_else(overlap) {
            return Err(ArchiveError::BadRow {
                path: path.to_owned(),
                row: index,
                reason,
            });
        }
        last.insert((row.venue(), row.instrument()), row);
        latest = Some(row.start());
    }
    Ok(())
}

/// Columns of a file whose venue is in its folder's name.
pub(super) fn stored_columns<R: CutRow>() -> Vec<Column<R>> {
    let mut columns = R::columns();
    columns.retain(|column| column.name() != "venue");
    columns
}

/// The one total order of a table.
pub(super) fn sort<R: CutRow>(rows: &mut [R]) {
    rows.sort_by(|a, b| (a.start(), a.venue(), a.instrument()).cmp(&(b.start(), b.venue(), b.instrument())));
}

/// The files of a table below the folder `cuts`, one a venue.
pub(super) fn encode_parts<R: CutRow>(
    episode: &str,
    rows: &[R],
) -> Result<BTreeMap<String, Vec<u8>>, ArchiveError> {
    let mut venues: BTreeMap<&str, Vec<R>> = BTreeMap::new();
    for row in rows {
        venues.entry(row.venue()).or_default().push(row.clone());
    }
    venues
        .into_iter()
        .map(|(venue, mut rows)| {
            file::check_name("a venue", venue)?;
            let path = format!("{}/episode={episode}/venue={venue}/part-0.parquet", R::TABLE);
            sort(&mut rows);
            check(Path::new(&path), &rows)?;
            let batch = column::batch(&stored_columns(), &rows);
            Ok((path, file::encode(&batch, &[R::START])))
        })
        .collect()
}

/// The checked rows of a file; where it has no venue column, the venue is that of its `venue=` folder.
pub(super) fn read<R: CutRow>(path: &Path, bytes: Vec<u8>) -> Result<Vec<R>, ArchiveError> {
    let schema = column::schema(&R::columns());
    let mut batch = file::decode(path, bytes, &schema, &["venue"])?;
    if batch.column_by_name("venue").is_none() {
        let folder = path
            .parent()
            .and_then(Path::file_name)
            .and_then(|name| name.to_str());
        let venue = folder
            .and_then(|name| name.strip_prefix("venue="))
            .ok_or_else(|| {
                ArchiveError::corrupt(
                    path,
                    "no column `venue`; expected one, or a folder named `venue=<venue>`",
                )
            })?;
        let venues: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(
            venue,
            batch.num_rows(),
        )));
        let place = schema.index_of("venue").expect("a cut's schema has a venue");
        let mut columns = batch.columns().to_vec();
        columns.insert(place, venues);
        batch = RecordBatch::try_new(schema, columns).expect("the venue completes the columns");
    }
    let rows: Vec<R> = (0..batch.num_rows())
        .map(|row| R::from_batch(&batch, row))
        .collect();
    check(path, &rows)?;
    Ok(rows)
}
