//! What a class and the bars before a tape come to: levels, extremes, returns of the day before.

use super::positions::Assumed;
use crate::observed::Bars;

/// Sign of a gain from a rise: long, short.
pub(super) const SIGNS: [f64; 2] = [1.0, -1.0];
/// Nodes of entry a bar.
pub(super) const NODES: usize = 3;

/// Entries within a bar: three nodes of a normal law with the standard deviation of a uniform one between low and high,
/// which lie at the low, the middle and the high (Gauss–Hermite).
pub(super) fn smear(log_low: f64, log_high: f64) -> [(f64, f64); NODES] {
    [
        (log_low, 1.0 / 6.0),
        (0.5 * (log_low + log_high), 2.0 / 3.0),
        (log_high, 1.0 / 6.0),
    ]
}

/// Where classes are liquidated, as log distances from the entry: long, short.
///
/// Source: methods, maintenance on mark value: linear `P0(1∓1/L)/(1∓m)`, inverse `P0(1±m)L/(L±1)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Levels {
    distance: [Vec<f64>; 2],
    pub(super) bankrupt: [Vec<f64>; 2],
    /// Whether the class can be opened: its margin is above maintenance.
    pub(super) opens: Vec<bool>,
    /// Log distance from a level within which holders add margin.
    pub(super) near: f64,
}

impl Levels {
    pub(super) fn new(assumed: &Assumed, inverse: bool) -> Self {
        let of = |side: usize, ratio: f64| {
            let sign = SIGNS[side];
            let distance = |leverage: &f64| {
                if inverse {
                    libm::log1p(sign * ratio) - libm::log((1.0 + sign / leverage).max(0.0))
                } else {
                    libm::log((1.0 - sign / leverage).max(0.0)) - libm::log1p(-sign * ratio)
                }
            };
            assumed.classes.iter().map(distance).collect()
        };
        let ratio = assumed.maintenance_ratio;
        Self {
            distance: [of(0, ratio), of(1, ratio)],
            bankrupt: [of(0, 0.0), of(1, 0.0)],
            opens: assumed.classes.iter().map(|one| 1.0 / one > ratio).collect(),
            near: libm::log1p(2.0 * ratio),
        }
    }

    pub(super) fn log(&self, side: usize, log_entry: f64, class: usize) -> f64 {
        log_entry + self.distance[side][class]
    }
}

/// Extremes of the bars before the tape: lows for longs, highs for shorts.
pub(super) struct History {
    pub(super) extremes: [Vec<f64>; 2],
    /// The furthest of all bars after this one and the first mark.
    pub(super) furthest: [Vec<f64>; 2],
    pub(super) length_h: Vec<f64>,
    /// Return of the day before each bar, in its standard deviations; 0 while there is less than an hour of it.
    pub(super) trailing: Vec<f64>,
    pub(super) log_mark: f64,
}

impl History {
    pub(super) fn new(bars: &Bars, count: usize, log_mark: f64) -> Self {
        let logs = |prices: &[f64]| -> Vec<f64> { prices[..count].iter().map(|p| libm::log(*p)).collect() };
        let extremes = [logs(&bars.low_usd), logs(&bars.high_usd)];
        let furthest = [0, 1].map(|side: usize| {
            let further = |a: f64, b: f64| if side == 0 { a.min(b) } else { a.max(b) };
            let mut after = vec![log_mark; count];
            for bar in (1..count).rev() {
                after[bar - 1] = further(after[bar], extremes[side][bar]);
            }
            after
        });
        let length_h = (0..count).map(|bar| bars.close_at[bar].seconds_since(bars.open_at[bar]) / 3_600.0);
        Self {
            length_h: length_h.collect(),
            trailing: trailing(bars, count),
            extremes,
            furthest,
            log_mark,
        }
    }
}

fn trailing(bars: &Bars, count: usize) -> Vec<f64> {
    const DAY_S: f64 = 86_400.0;
    let logs: Vec<f64> = bars.close_usd[..count].iter().map(|p| libm::log(*p)).collect();
    let mut first = 0;
    let mut returns = Vec::with_capacity(count);
    for bar in 0..count {
        while bars.close_at[bar].seconds_since(bars.close_at[first]) > DAY_S {
            first += 1;
        }
        let long_enough = bars.close_at[bar].seconds_since(bars.close_at[first]) >= 3_600.0;
        returns.push(if long_enough { logs[bar] - logs[first] } else { 0.0 });
    }
    let square = returns.iter().map(|r| r * r).sum::<f64>() / count as f64;
    let deviation = square.sqrt().max(f64::MIN_POSITIVE);
    returns.iter().map(|r| r / deviation).collect()
}

/// How much more often classes are opened after a return.
pub(super) struct Tilt {
    trend: f64,
    /// Log leverage in standard deviations from its mean.
    classes: Vec<f64>,
}

impl Tilt {
    pub(super) fn new(assumed: &Assumed) -> Self {
        let logs: Vec<f64> = assumed.classes.iter().map(|one| libm::log(*one)).collect();
        let count = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / count;
        let square = logs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / count;
        let deviation = square.sqrt().max(f64::MIN_POSITIVE);
        Self {
            trend: assumed.trend,
            classes: logs.iter().map(|x| (x - mean) / deviation).collect(),
        }
    }

    /// Scaled so that classes of equal shares open as much as without a trend.
    pub(super) fn of(&self, trailing: f64, class: usize) -> f64 {
        if self.trend == 0.0 || trailing == 0.0 {
            return 1.0;
        }
        let raised = |x: &f64| libm::exp(self.trend * trailing * x);
        let all: f64 = self.classes.iter().map(raised).sum();
        raised(&self.classes[class]) * self.classes.len() as f64 / all
    }
}
