//! How much larger a crash was than the same crash without feedback, other than by its variance.
//!
//! Each measure compares a factual path of log prices with the path of the same news without feedback (the null), both
//! on one clock. Which null was used is printed beside the answer by whoever replayed it. A factual path equal to the
//! null gives 1. For the ratio of variances, which depends on the clock, see [`crate::signature`].

use crate::drawdown::max_drawdown_log;
use crate::not_measurable::{NotMeasurable, divide, require_finite};
use crate::signature::overlapping_changes;
use crate::tail::historical_es;

/// `A_DD = MDD(p)/MDD(p∅)`, the largest fall over the largest fall without feedback, no unit.
///
/// # Errors
/// Below two prices on a path, where one is not finite, and where the null path never falls.
pub fn drawdown_amplification(factual_log: &[f64], null_log: &[f64]) -> Result<f64, NotMeasurable> {
    divide(drawdown(factual_log)?, drawdown(null_log)?)
}

/// Overshoot `MDD(p) − MDD(p∅)` in log units; times 10,000 it is in basis points. Below zero where feedback damped.
///
/// # Errors
/// Below two prices on a path, or where one is not finite.
pub fn overshoot_log(factual_log: &[f64], null_log: &[f64]) -> Result<f64, NotMeasurable> {
    Ok(drawdown(factual_log)? - drawdown(null_log)?)
}

fn drawdown(log_prices: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(log_prices, 2)?;
    Ok(max_drawdown_log(log_prices))
}

/// `A_ES(τ)`: expected shortfall of falls over `steps` base steps at `level`, over the same of the null path, no unit.
///
/// Falls are taken from every base instant, so they overlap: the tail is one crash seen many times, and no test of
/// independence applies. The shortfall is [`historical_es`]; the customary level is 0.99.
///
/// # Errors
/// Without a change over `steps`, where a price is not finite, and where the null path's shortfall is not above zero.
///
/// # Panics
/// When `steps` is 0 or the level is outside [0, 1).
pub fn shortfall_amplification(
    factual_log: &[f64],
    null_log: &[f64],
    steps: usize,
    level: f64,
) -> Result<f64, NotMeasurable> {
    assert!((0.0..1.0).contains(&level), "{level} is no level of confidence");
    let shortfall = |path: &[f64]| {
        let mut falls = overlapping_changes(path, steps);
        require_finite(&falls, 1)?;
        falls.sort_by(f64::total_cmp);
        Ok(historical_es(&falls, level).unwrap_or(f64::NAN))
    };
    let (factual, null) = (shortfall(factual_log)?, shortfall(null_log)?);
    if null < 0.0 {
        return Err(NotMeasurable::OutOfRange {
            index: 1,
            value: null,
            wanted: "a shortfall above zero on the null path",
        });
    }
    divide(factual, null)
}

/// `A_v(τ) = max|p_{t+τ} − p_t| / max|p∅_{t+τ} − p∅_t|`: the fastest move over `steps` base steps, no unit.
///
/// # Errors
/// Without a change over `steps`, where a price is not finite, and where the null path does not move.
///
/// # Panics
/// When `steps` is 0.
pub fn speed_amplification(
    factual_log: &[f64],
    null_log: &[f64],
    steps: usize,
) -> Result<f64, NotMeasurable> {
    divide(
        fastest_move_log(factual_log, steps)?,
        fastest_move_log(null_log, steps)?,
    )
}

/// The fastest move either way over `steps` base steps, `max|p_{t+τ} − p_t|`, log units.
///
/// # Errors
/// Without a change over `steps`, or where a price is not finite.
///
/// # Panics
/// When `steps` is 0.
pub fn fastest_move_log(log_prices: &[f64], steps: usize) -> Result<f64, NotMeasurable> {
    let moves = overlapping_changes(log_prices, steps);
    require_finite(&moves, 1)?;
    Ok(moves.iter().fold(0.0, |most, change| change.abs().max(most)))
}

/// Share of the fall that came back, `1 − |p_T − p_0|/|p_min − p_0|`, no unit.
///
/// 1 where the path ends where it began, 0 where it ends at its low; below zero where it ends further above its start
/// than it fell below. A large share is the mark of impact that decays, but news that reverses looks the same. For a
/// squeeze upward give the path with its sign turned.
///
/// ```
/// use aftershock_measure::amplification::reversal_share;
/// assert_eq!(reversal_share(&[0.0, -0.25, -0.5, -0.125]), Ok(0.75));
/// ```
///
/// # Errors
/// Below two prices, where one is not finite, and where the path never falls below its start.
pub fn reversal_share(log_prices: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(log_prices, 2)?;
    let (first, last) = (log_prices[0], log_prices[log_prices.len() - 1]);
    let low = log_prices.iter().copied().fold(first, f64::min);
    Ok(1.0 - divide((last - first).abs(), (low - first).abs())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{assert_close, noisy_log_prices};
    use proptest::prelude::*;

    /// The noisy path, 1.5 times as large, with a bounce of ±0.003 after its middle.
    fn pair() -> (Vec<f64>, Vec<f64>) {
        let null = noisy_log_prices();
        let bounce = |i: i32| f64::from(i > 200) * if i % 2 == 0 { 0.003 } else { -0.003 };
        let factual = (0..).zip(&null).map(|(i, p)| 1.5 * p + bounce(i)).collect();
        (factual, null)
    }

    /// Source: computed independently with numpy: `maximum.accumulate`, `sort` and slices.
    #[test]
    fn against_the_null_path() {
        let (p, null) = pair();
        assert_close(drawdown_amplification(&p, &null).unwrap(), 1.5267997795084987);
        assert_close(overshoot_log(&p, &null).unwrap(), 0.02122253665301569);
        for (steps, expected) in [(1, 9.360750809626929), (10, 1.5), (60, 1.5)] {
            assert_close(shortfall_amplification(&p, &null, steps, 0.99).unwrap(), expected);
        }
        for (steps, expected) in [(1, 8.601791519058326), (10, 1.5)] {
            assert_close(speed_amplification(&p, &null, steps).unwrap(), expected);
        }
        assert_close(reversal_share(&null).unwrap(), 0.48799275975734646);
    }

    proptest! {
        #[test]
        fn a_scaled_path_is_amplified_by_its_scale(
            null in prop::collection::vec(-0.5..0.5f64, 8..60),
            scale in 1.0..4.0f64,
        ) {
            let p: Vec<f64> = null.iter().map(|x| scale * x + 7.0).collect();
            let measures = [
                drawdown_amplification(&p, &null),
                speed_amplification(&p, &null, 3),
                shortfall_amplification(&p, &null, 2, 0.9),
            ];
            for measured in measures.into_iter().flatten() {
                prop_assert!((measured / scale - 1.0).abs() < 1e-9);
            }
            if let (Ok(a), Ok(b)) = (reversal_share(&p), reversal_share(&null)) {
                prop_assert!((a - b).abs() < 1e-6 * (1.0 + b.abs()));
            }
        }
    }

    #[test]
    fn nothing_to_measure() {
        let (rising, flat) = ([0.0, 1.0, 2.0], [3.0; 3]);
        assert_eq!(
            drawdown_amplification(&flat, &rising),
            Err(NotMeasurable::NoVariation)
        );
        assert_eq!(overshoot_log(&flat, &rising), Ok(0.0));
        assert_eq!(
            speed_amplification(&rising, &flat, 1),
            Err(NotMeasurable::NoVariation)
        );
        assert_eq!(
            speed_amplification(&rising, &rising, 3),
            Err(NotMeasurable::TooFew { found: 0, needed: 1 })
        );
        assert_eq!(reversal_share(&rising), Err(NotMeasurable::NoVariation));
        assert!(matches!(
            shortfall_amplification(&flat, &rising, 1, 0.9),
            Err(NotMeasurable::OutOfRange { index: 1, .. })
        ));
        let unknown = [0.0, f64::NAN, 1.0];
        for measured in [
            drawdown_amplification(&unknown, &rising),
            overshoot_log(&rising, &unknown),
            shortfall_amplification(&rising, &unknown, 1, 0.9),
            speed_amplification(&unknown, &rising, 1),
            reversal_share(&unknown),
        ] {
            assert!(
                matches!(measured, Err(NotMeasurable::NotFinite { .. })),
                "{measured:?}"
            );
        }
        assert!(reversal_share(&[1.0]).is_err());
    }
}
