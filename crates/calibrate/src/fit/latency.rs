//! From trigger to fill of liquidations, and of the mark behind the mid.
//!
//! Levels are not on a tape, but a level that has not been crossed before breaks only where the mark reaches a new
//! extreme. So prints follow new extremes of the mark, and the lag at which they do stands out from chance. The mark is read at
//! instants: a trigger lies between two of them, so the lag is measured from the later one and is short of the truth by
//! up to their spacing.

use aftershock_market::Timestamp;

use crate::clocked::Clocked;
use crate::observed::{Observed, Prints};

/// Longest lag that is looked for, µs.
const LONGEST_US: i64 = 10_000_000;
/// Bins of lags, µs.
const BIN_US: i64 = 10_000;
/// Bins that are pooled around a lag.
const POOLED: usize = 5;
/// Fewest prints after a new extreme.
const FEWEST: usize = 20;

/// Trigger to fill.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// From the first mark that shows a new extreme to the print, s: the lag at which most value follows.
    pub after_mark_s: f64,
    /// Half of the value that follows within half a spacing of that lag has followed by then, s.
    pub median_s: f64,
    /// From trigger to print: from the lag to the lag and the spacing of marks, s.
    pub interval_s: (f64, f64),
    /// Median time between marks, s.
    pub mark_spacing_s: f64,
    /// Value at the lag over the mean value at all lags that were looked at; near 1 is chance.
    pub stands_out: f64,
    /// Prints that follow a new extreme within the longest lag.
    pub prints: usize,
}

/// Why latency is not measurable.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LatencyError {
    /// No marks, or too few prints near new extremes.
    #[error("{found} printed liquidations follow a new extreme of the mark within 10 s, {FEWEST} are needed")]
    TooFew {
        /// How many.
        found: usize,
    },
    /// Every lag is as good as any other.
    #[error(
        "the lag that stands out most has {stands_out:.2} times the mean, 2 are needed: marks come every {spacing_s} s, or \
         orders are worked off over a time"
    )]
    Chance {
        /// Value at the best lag over the mean.
        stands_out: f64,
        /// Median time between marks, s.
        spacing_s: f64,
    },
}

/// Trigger to fill of the printed liquidations of a market.
///
/// # Errors
/// Too few prints after new extremes, or no lag that stands out.
pub fn latency(observed: &Observed) -> Result<Latency, LatencyError> {
    let marks = &observed.marks;
    let prices = if marks.mark_usd.len() == marks.at.len() {
        &marks.mark_usd
    } else {
        &marks.mid_usd
    };
    let mut value = vec![0.0; (LONGEST_US / BIN_US) as usize];
    let mut followed = 0;
    for buys in [false, true] {
        let extremes = extremes(&marks.at, prices, buys);
        followed += gather(observed, &observed.liquidations, buys, &extremes, &mut value);
    }
    if followed < FEWEST {
        return Err(LatencyError::TooFew { found: followed });
    }
    let mut spacings: Vec<f64> = marks
        .at
        .windows(2)
        .map(|pair| pair[1].seconds_since(pair[0]))
        .collect();
    spacings.sort_by(f64::total_cmp);
    let spacing_s = spacings.get(spacings.len() / 2).copied().unwrap_or(0.0);
    let pooled = |bin: usize| -> f64 { value[bin..(bin + POOLED).min(value.len())].iter().sum() };
    // The same lag comes again a spacing later, after the next new extreme; the first one is meant.
    let reach = ((spacing_s * 1e6) as usize / BIN_US as usize).clamp(POOLED, value.len() - POOLED);
    let folded = |bin: usize| -> f64 { (bin..value.len() - POOLED).step_by(reach).map(pooled).sum() };
    let best = (0..reach)
        .max_by(|a, b| folded(*a).total_cmp(&folded(*b)).then(b.cmp(a)))
        .unwrap_or(0);
    // Of lags that differ by whole spacings, the one after which most value follows.
    let most = (best..value.len() - POOLED)
        .step_by(reach)
        .max_by(|a, b| pooled(*a).total_cmp(&pooled(*b)).then(b.cmp(a)))
        .unwrap_or(best);
    let mean = value.iter().sum::<f64>() / value.len() as f64 * POOLED as f64;
    let stands_out = pooled(most) / mean.max(f64::MIN_POSITIVE);
    if stands_out < 2.0 {
        return Err(LatencyError::Chance {
            stands_out,
            spacing_s,
        });
    }
    let (from, to) = (
        most.saturating_sub(reach / 2),
        (most + reach / 2).clamp(most + 1, value.len()),
    );
    let around: f64 = value[from..to].iter().sum();
    let (mut so_far, mut median) = (0.0, most);
    for (bin, usd) in value.iter().enumerate().take(to).skip(from) {
        so_far += usd;
        if so_far >= 0.5 * around {
            median = bin;
            break;
        }
    }
    let middle_s = |bin: usize| (bin as f64 + 0.5) * BIN_US as f64 * 1e-6;
    let densest = (most..most + POOLED)
        .max_by(|a, b| value[*a].total_cmp(&value[*b]))
        .unwrap_or(most);
    let after_mark_s = middle_s(densest);
    Ok(Latency {
        after_mark_s,
        median_s: middle_s(median),
        interval_s: (after_mark_s, after_mark_s + spacing_s),
        mark_spacing_s: spacing_s,
        stands_out,
        prints: followed,
    })
}

/// Instants of new extremes and how far, in log, they went beyond the one before.
fn extremes(at: &[Timestamp], price_usd: &[f64], highs: bool) -> Vec<(Timestamp, f64)> {
    let mut found = Vec::new();
    let Some(first) = price_usd.first() else {
        return found;
    };
    let mut furthest = *first;
    for (at, price) in at.iter().zip(price_usd) {
        let beyond = if highs {
            price > &furthest
        } else {
            price < &furthest
        };
        if beyond {
            found.push((*at, libm::log(price / furthest).abs()));
            furthest = *price;
        }
    }
    found
}

/// Adds each print's value, shared among the new extremes before it by how far they went; returns how many had one.
fn gather(
    observed: &Observed,
    prints: &Prints,
    buys: bool,
    extremes: &[(Timestamp, f64)],
    value: &mut [f64],
) -> usize {
    let (mut first, mut followed) = (0, 0);
    for place in (0..prints.len()).filter(|place| prints.buys[*place] == buys) {
        let at = prints.at[place];
        while first < extremes.len() && at.0 - extremes[first].0.0 >= LONGEST_US {
            first += 1;
        }
        let before = extremes[first..].iter().take_while(|one| one.0 <= at);
        let all: f64 = before.clone().map(|one| one.1).sum();
        if all <= 0.0 {
            continue;
        }
        followed += 1;
        let usd = observed.usd(prints.quantity[place], prints.price_usd[place]);
        for (extreme_at, depth) in before {
            value[((at.0 - extreme_at.0) / BIN_US) as usize] += usd * depth / all;
        }
    }
    followed
}

/// Steps by which the mark follows the mid: the lag at which their changes go together most, in steps of the clock up to
/// `most_steps`, and the correlation there. `None` where either does not move.
pub fn mark_lag(clocked: &Clocked, most_steps: usize) -> Option<(usize, f64)> {
    let changes = |logs: &[f64]| -> Vec<f64> { logs.windows(2).map(|pair| pair[1] - pair[0]).collect() };
    let (mid, mark) = (changes(&clocked.log_mid), changes(&clocked.log_mark));
    let (mid_squares, mark_squares): (f64, f64) =
        (mid.iter().map(|x| x * x).sum(), mark.iter().map(|x| x * x).sum());
    if !(mid_squares > 0.0 && mark_squares > 0.0) {
        return None;
    }
    let together = |lag: usize| {
        let product: f64 = mark[lag..].iter().zip(&mid).map(|(a, b)| a * b).sum();
        product / (mid_squares * mark_squares).sqrt()
    };
    (0..=most_steps.min(mark.len() - 1))
        .map(|lag| (lag, together(lag)))
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fit::known_leverage::declared;
    use crate::synth::{START, generate};

    /// Marks fall to a new low every third second, and each is followed by a print 1.4 s later.
    #[test]
    fn a_lag_by_hand() {
        let mut observed = Observed {
            quantity_unit: "base",
            ..Observed::default()
        };
        for second in 0..300_i64 {
            observed.marks.at.push(Timestamp(second * 1_000_000));
            let mark = 100.0 - 0.01 * ((second / 3) as f64);
            observed.marks.mark_usd.push(mark);
            observed.marks.mid_usd.push(mark);
            if second % 3 == 0 && second > 0 {
                observed
                    .liquidations
                    .push(Timestamp(second * 1_000_000 + 1_400_000), mark, 1.0, false);
            }
        }
        let found = latency(&observed).expect("a hundred prints follow");
        assert!((found.after_mark_s - 1.4).abs() < 0.01, "{found:?}");
        assert_eq!(found.mark_spacing_s, 1.0);
    }

    /// On generated tapes ticks lie half a second before the marks that are printed each second, so that of 0.73 s from
    /// trigger to fill 0.23 s come after the mark; the interval holds the truth.
    #[test]
    fn generated_tapes() {
        for seed in 1..=3 {
            let made = generate(&declared(seed, 1.0)).expect("a tape");
            let observed = &made.printed.markets[0];
            let found = latency(observed).expect("it is measurable");
            println!("{found:?}");
            let (low, high) = found.interval_s;
            assert!(low <= 0.73 && 0.73 <= high, "{found:?}");
            let to = *observed.marks.at.last().expect("marks");
            let clocked = Clocked::new(observed, START, to, 1.0).expect("a clock");
            assert_eq!(mark_lag(&clocked, 30).map(|one| one.0), Some(0));
        }
    }
}
