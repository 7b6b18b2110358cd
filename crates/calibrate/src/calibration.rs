//! A calibration as a file: everything that was fitted to one tape, over which span and from which inputs, and what is only a
//! prior.

mod impact;
mod lines;

use serde::Serialize;

use aftershock_market::Timestamp;

use crate::known::{CAP, CLOCKS_S};
use crate::observed::Observed;
use crate::recover::{Asked, Calibrated, Interval};

pub use impact::ImpactLine;
pub use lines::{Line, Origin};

const ABOUT: &str = "What one tape says of one market, by `aftershock calibrate`. `fitted` and `recorded` values come from the tape, \
                     `bounded` ones from a prior within bounds that the tape sets, `prior` ones from data/priors.toml alone.";

/// Time without a trade that is remarked upon, s.
const SILENCE_S: f64 = 60.0;

/// Everything that was fitted to a tape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// What this is.
    pub about: &'static str,
    /// SHA-256 of the frozen priors.
    pub priors_sha256: String,
    /// Whose tape.
    pub market: Market,
    /// Which part of it.
    pub span: Span,
    /// Files that the tape was made from.
    pub inputs: Vec<Input>,
    /// What the figures below rest on, worst first; never empty.
    pub limits: Vec<String>,
    /// Parameters.
    pub parameters: Vec<Line>,
    /// Impact under every structural form.
    pub impact: Vec<ImpactLine>,
    /// Shares of open interest by leverage at opening; empty where the tape says nothing of positions.
    pub leverage: Vec<Class>,
    /// Amplification against the null off-book, and the effect of a cap of leverage, by clock.
    pub figures: Vec<Figure>,
}

/// Whose tape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Market {
    /// Venue.
    pub venue: String,
    /// Instrument.
    pub instrument: String,
    /// What the feed of liquidations says of itself.
    pub coverage: &'static str,
    /// Maintenance margin over notional of the first bracket.
    pub maintenance_ratio: f64,
}

/// Which part of a tape.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Start of the clock.
    pub from: String,
    /// Its end.
    pub to: String,
    /// Its step, s.
    pub step_s: f64,
    /// First bar before it.
    pub bars_from: String,
    /// Bars before it.
    pub bars: usize,
    /// Trades, printed liquidations, readings of open interest and of depth inside it.
    pub rows: [usize; 4],
}

/// A file that the tape was made from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// SHA-256 of it.
    pub sha256: String,
}

/// A class of leverage.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Class {
    /// Leverage.
    pub leverage: f64,
    /// 5 % of its share at opening, over mixes.
    pub low: f64,
    /// Median.
    pub median: f64,
    /// 95 %.
    pub high: f64,
    /// Whether printed liquidations speak of it; else the prior does.
    pub identified: bool,
}

/// A figure on a clock.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// `amplification` or `effect of a cap of leverage at 20`.
    pub figure: String,
    /// Clock, s.
    pub clock_s: u32,
    /// 5 % over weighted draws: a ratio of variances.
    pub low: f64,
    /// Median.
    pub median: f64,
    /// 95 %.
    pub high: f64,
}

impl Calibration {
    /// The file of a calibration. `others` are markets of the same asset on the same clock.
    pub fn new(asked: &Asked<'_>, calibrated: &Calibrated, others: &[Observed], inputs: Vec<Input>) -> Self {
        let Asked {
            observed, clocked, ..
        } = *asked;
        let to = clocked.from.plus_seconds(clocked.step_s * clocked.len() as f64);
        let bars = observed.bars.close_at.partition_point(|at| *at <= clocked.from);
        Self {
            about: ABOUT,
            priors_sha256: asked.priors.sha256.clone(),
            market: Market {
                venue: observed.venue.clone(),
                instrument: observed.instrument.clone(),
                coverage: observed.coverage,
                maintenance_ratio: asked.brackets.tiers()[0].maintenance_ratio,
            },
            span: Span {
                from: clocked.from.to_string(),
                to: to.to_string(),
                step_s: clocked.step_s,
                bars_from: observed
                    .bars
                    .open_at
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                bars,
                rows: [
                    observed.trades.len(),
                    observed.liquidations.len(),
                    inside(&observed.open_interest.at, clocked.from),
                    inside(&observed.depth.at, clocked.from),
                ],
            },
            inputs,
            limits: limits(asked, calibrated),
            parameters: lines::of(asked, calibrated, others),
            impact: impact::of(calibrated),
            leverage: classes(calibrated),
            figures: figures(calibrated),
        }
    }

    /// The file's text.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("numbers, words and lists of them have a TOML form")
    }
}

fn inside(at: &[Timestamp], from: Timestamp) -> usize {
    at.len() - at.partition_point(|at| *at < from)
}

/// The longest time between two trades, s, and its beginning.
fn silence(at: &[Timestamp]) -> Option<(f64, Timestamp)> {
    let gaps = at
        .windows(2)
        .map(|pair| (pair[1].seconds_since(pair[0]), pair[0]));
    gaps.fold(None, |longest: Option<(f64, Timestamp)>, gap| match longest {
        Some(longest) if longest.0 >= gap.0 => Some(longest),
        _ => Some(gap),
    })
}

/// What the figures rest on, worst first.
fn limits(asked: &Asked<'_>, calibrated: &Calibrated) -> Vec<String> {
    let mut limits = Vec::new();
    if calibrated.figures.log_amplification.iter().all(Option::is_none) {
        limits.push("the span has fewer than thirty returns on every clock: no figure is measurable".into());
    }
    let dominated = impact::of(calibrated)
        .iter()
        .filter(|line| line.reason.is_some())
        .count();
    let cells = calibrated.cells.len();
    if dominated == cells {
        limits
            .push("impact prior-dominated under every form: amplification carries the prior's spread".into());
    } else if dominated > 0 {
        limits.push(format!(
            "impact prior-dominated under {dominated} of {cells} forms"
        ));
    }
    if asked.observed.liquidations.is_empty() {
        limits.push(
            "no liquidation is on the tape: without printed forced flow amplification is 1 by construction"
                .into(),
        );
    } else if asked.observed.coverage != "complete" {
        limits.push(format!(
            "the feed of liquidations is {}: what it leaves out is a prior",
            asked.observed.coverage
        ));
    }
    if let Some((seconds, at)) = silence(&asked.observed.trades.at).filter(|gap| gap.0 >= SILENCE_S) {
        limits.push(format!(
            "nothing traded for {seconds:.0} s from {at}: a silence of the record is none of the market"
        ));
    }
    if let Some(share) = calibrated.reporting.of_fall
        && !(0.5..=2.0).contains(&share)
    {
        limits.push(format!(
            "printed liquidations are {share:.2} times the fall of open interest: feed, open interest or their units do not fit \
             together"
        ));
    }
    if calibrated.open_interest_usd.is_none() {
        limits.push("no open interest at or before the start: its size is a prior".into());
    }
    if let Err(why) = &calibrated.positions {
        limits.push(format!("positions are prior-only: {why}"));
    }
    if calibrated.positions.is_ok() {
        limits.push(
            "shares by leverage hold under what is assumed of positions before the tape, and neighbouring classes are told apart \
             poorly: on six made-up tapes 3 of 15 intervals of identified classes held the declared share"
                .into(),
        );
    }
    if asked.observed.depth.at.is_empty() {
        limits.push("no depth on the tape: how far books thinned is not told apart from impact".into());
    }
    if calibrated.runaways > 0 {
        limits.push(format!(
            "{} of {} closed loops run away and are left out of the effect, which is too small for it",
            calibrated.runaways, asked.replays
        ));
    }
    limits.push(
        "the price of the tape is the mark; accounts with several positions, orders that rest, and traders who would have acted \
         otherwise are not modelled"
            .into(),
    );
    limits
}

fn classes(calibrated: &Calibrated) -> Vec<Class> {
    let Ok(found) = &calibrated.positions else {
        return Vec::new();
    };
    let classes = crate::fit::positions::CLASSES.iter().enumerate();
    classes
        .filter_map(|(place, leverage)| {
            let shares = found.ensemble.iter().map(|mix| (mix[place], 1.0));
            let Interval { low, median, high } = Interval::of(shares)?;
            Some(Class {
                leverage: *leverage,
                low,
                median,
                high,
                identified: found.identified[place],
            })
        })
        .collect()
}

fn figures(calibrated: &Calibrated) -> Vec<Figure> {
    let told = [
        ("amplification".to_owned(), &calibrated.figures.log_amplification),
        (
            format!("effect of a cap of leverage at {CAP}"),
            &calibrated.figures.log_effect,
        ),
    ];
    let mut figures = Vec::new();
    for (figure, by_clock) in told {
        for (clock_s, interval) in CLOCKS_S.into_iter().zip(by_clock) {
            if let Some(Interval { low, median, high }) = interval {
                figures.push(Figure {
                    figure: figure.clone(),
                    clock_s,
                    low: libm::exp(*low),
                    median: libm::exp(*median),
                    high: libm::exp(*high),
                });
            }
        }
    }
    figures
}
