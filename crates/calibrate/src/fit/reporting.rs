//! Which share of its liquidations a feed prints: bounds, not a measurement.
//!
//! The design of [`super::binned`] enters what is printed only as reporting times weight: `y = ρ·X·w`. So `(ρ, w)` and
//! `(ρ·k, w/k)` print the same for every `k`, exactly; no length of tape tells them apart. What does bound ρ: what is
//! printed cannot be more than all that was liquidated, shares sum to one, and open interest that is on the tape.

use aftershock_measure::quantile::quantile;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Beta, Distribution};

use crate::observed::Observed;
use aftershock_market::Timestamp;

/// Words for a calibration file.
pub const COLLINEARITY: &str = "What is printed is reporting times weight: dividing the reporting share by any number and \
                                multiplying all weights by it prints the same. Only their product is identified; the \
                                reporting share stands on its prior and on the bounds.";

/// Draws of the posterior.
const DRAWS: usize = 4_000;

/// What is known of the share that a feed prints.
#[derive(Clone, Debug, PartialEq)]
pub struct Reporting {
    /// Parameters of the Beta prior by the feed's word; `None` where the feed is complete.
    pub prior: Option<(f64, f64)>,
    /// Printed over the fall of open interest in the window, by value; `None` without open interest, or where it did not
    /// fall. What holders closed by themselves, and what was opened meanwhile, is in it, so it bounds from below only where
    /// all of the fall was liquidation.
    pub of_fall: Option<f64>,
    /// Least that is possible: the printed sum of shares, which cannot sum to more than one.
    pub least: f64,
    /// 5 %, 50 % and 95 % of the prior between the bounds.
    pub interval: (f64, f64, f64),
    /// Draws of it, in the order of their numbers.
    pub draws: Vec<f64>,
}

/// The prior by what a feed says of itself; `None` for all printed.
pub fn prior(coverage: &str) -> Option<(f64, f64)> {
    match coverage {
        "complete" => None,
        "throttled" => Some((3.0, 7.0)),
        _ => Some((6.0, 4.0)),
    }
}

/// Bounds and posterior of a market between two instants. `reported_sum` is reporting times the sum of shares that a fit
/// found, 0 where nothing was fitted.
pub fn reporting(
    observed: &Observed,
    from: Timestamp,
    to: Timestamp,
    reported_sum: f64,
    seed: u64,
) -> Reporting {
    let of_fall = of_fall(observed, from, to);
    let prior = prior(observed.coverage);
    let Some((a, b)) = prior else {
        return Reporting {
            prior,
            of_fall,
            least: 1.0,
            interval: (1.0, 1.0, 1.0),
            draws: vec![1.0; DRAWS],
        };
    };
    let least = reported_sum.clamp(0.0, 1.0);
    let law = Beta::new(a, b).expect("the parameters above are above 0");
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut draws = Vec::with_capacity(DRAWS);
    // Draws below the bound are drawn again; where the bound leaves hardly any room, the bound itself is what remains.
    for _ in 0..100 * DRAWS {
        let drawn: f64 = law.sample(&mut rng);
        if drawn >= least {
            draws.push(drawn);
            if draws.len() == DRAWS {
                break;
            }
        }
    }
    if draws.is_empty() {
        draws.push(least);
    }
    let mut sorted = draws.clone();
    sorted.sort_by(f64::total_cmp);
    let at = |p| quantile(&sorted, p).unwrap_or(f64::NAN);
    Reporting {
        prior,
        of_fall,
        least,
        interval: (at(0.05), at(0.5), at(0.95)),
        draws,
    }
}

/// Printed value of both sides over what open interest lost, of both sides alike, from its first to its last reading.
fn of_fall(observed: &Observed, from: Timestamp, to: Timestamp) -> Option<f64> {
    let read = &observed.open_interest;
    let inside = |at: &Timestamp| *at >= from && *at <= to;
    let places: Vec<usize> = (0..read.at.len())
        .filter(|place| inside(&read.at[*place]))
        .collect();
    let (first, last) = (*places.first()?, *places.last()?);
    let fall = read.quantity[first] - read.quantity[last];
    if fall <= 0.0 {
        return None;
    }
    let prints = &observed.liquidations;
    if prints.is_empty() {
        return None;
    }
    let printed: f64 = (0..prints.len())
        .filter(|place| inside(&prints.at[*place]))
        .map(|place| prints.quantity[place])
        .sum();
    Some(printed / fall)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(coverage: &'static str) -> Observed {
        let mut observed = Observed {
            coverage,
            quantity_unit: "base",
            ..Observed::default()
        };
        observed.liquidations.push(Timestamp(5), 100.0, 10.0, false);
        for (at, quantity) in [(0, 100.0), (10, 80.0)] {
            observed.open_interest.at.push(Timestamp(at));
            observed.open_interest.quantity.push(quantity);
        }
        observed
    }

    /// Source: scipy.stats.beta(6, 4) cut below 0.5 has 5 %, 50 % and 95 % at 0.518297, 0.657228 and 0.845664.
    #[test]
    fn bounds_and_prior() {
        let found = reporting(&tape("unknown"), Timestamp(0), Timestamp(10), 0.5, 1);
        assert_eq!((found.of_fall, found.least), (Some(0.5), 0.5));
        let (low, middle, high) = found.interval;
        for (found, wanted) in [(low, 0.518297), (middle, 0.657228), (high, 0.845664)] {
            assert!((found - wanted).abs() < 0.01, "{found} is not {wanted}");
        }
        let complete = reporting(&tape("complete"), Timestamp(0), Timestamp(10), 0.2, 1);
        assert_eq!(complete.interval, (1.0, 1.0, 1.0));
        let throttled = reporting(&tape("throttled"), Timestamp(6), Timestamp(10), 0.0, 1);
        assert_eq!((throttled.of_fall, throttled.prior), (None, Some((3.0, 7.0))));
    }
}
