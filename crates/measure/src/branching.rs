//! The branching ratio `R`: how much forced flow one unit of forced flow brings about.
//!
//! Four estimators, each blind in its own way. Where the first two differ by more than [`LINEARITY_TOLERANCE`] the
//! linear picture does not hold and the second is the one to report.
//!
//! | estimator | from | what it cannot tell |
//! |---|---|---|
//! | [`structural_ratio`] | slope of impact × liquidatable notional | anything beyond a small move: both change as price moves |
//! | [`crate::cascade`] | the causal record of a replay | anything about the venue: it is exact for the model, and only as right as its impact |
//! | [`crate::hawkes`] | times of events | cause from common news: clustered news looks like self-excitation |
//! | [`open_interest_response`] | forced change of open interest | who moved first: it takes all of the move as the cause, and noise in it lowers the answer |
//!
//! [`crate::fano`] reads the same ratio off counts alone, and inherits the third one's blindness.

use crate::not_measurable::{NotMeasurable, divide, require_finite};

/// Largest difference of the structural and the causal ratio at which the linear picture holds.
pub const LINEARITY_TOLERANCE: f64 = 0.1;

/// Structural ratio `R = κ·g`, no unit.
///
/// `slope_per_usd` is `κ = ∂p/∂Q`, log units per USD, such as [`crate::impact::SquareRootImpact::slope`] over the depth
/// scale; `liquidatable_usd_per_log` is `g`, the notional that is forced to trade per unit of log price. It holds for a
/// small move where it stands: `dp = dm + κ·g·dp`, so `dp/dm = 1/(1−R)`.
///
/// # Errors
/// Where either is not finite or negative.
pub fn structural_ratio(slope_per_usd: f64, liquidatable_usd_per_log: f64) -> Result<f64, NotMeasurable> {
    let factors = [slope_per_usd, liquidatable_usd_per_log];
    require_finite(&factors, 2)?;
    if let Some(index) = factors.iter().position(|x| *x < 0.0) {
        return Err(NotMeasurable::OutOfRange {
            index,
            value: factors[index],
            wanted: "at least zero",
        });
    }
    Ok(slope_per_usd * liquidatable_usd_per_log)
}

/// What a feedback of `ratio` makes of a unit, `1/(1 − R)`: of news a move, of a first liquidation a whole cascade.
///
/// A ratio below zero is feedback that damps, and the answer is below 1.
///
/// ```
/// use aftershock_measure::branching::multiplier;
/// assert_eq!(multiplier(0.5), Ok(2.0));
/// assert!(multiplier(1.0).is_err());
/// ```
///
/// # Errors
/// For a ratio of 1 or more, where no linear answer exists, and one that is not finite.
pub fn multiplier(ratio: f64) -> Result<f64, NotMeasurable> {
    require_finite(&[ratio], 1)?;
    if ratio >= 1.0 {
        return Err(NotMeasurable::Unstable { ratio });
    }
    Ok(1.0 / (1.0 - ratio))
}

/// Amplification of variance in Kyle's form, `A_K = (1 − λg)^{−2}`.
///
/// `lambda_per_usd` is the log move per USD from an estimate that does not mistake news for impact (an instrumented
/// one, not least squares), `forced_usd_per_log` the flow that follows a log move.
///
/// # Errors
/// Where `λg` is 1 or more or not finite.
pub fn kyle_amplification(lambda_per_usd: f64, forced_usd_per_log: f64) -> Result<f64, NotMeasurable> {
    let multiplied = multiplier(lambda_per_usd * forced_usd_per_log)?;
    Ok(multiplied * multiplied)
}

/// Ratio from the response of open interest, `R̂ = κ̂·Σ|ΔOI|/Σ|Δp|` over bins (customarily of 10 s), no unit.
///
/// `slope_per_usd` is an instrumented `κ̂`; `forced_change_usd` the forced change of open interest in each bin and
/// `change_log` the bin's log move. Sums are divided rather than bins, so that a bin in which the price stood still
/// does not make the answer infinite. Every move counts as a cause: moves without forced flow, and noise in the price,
/// lower the answer.
///
/// # Errors
/// Without a bin, where a value is not finite, and where the price never moves.
///
/// # Panics
/// When the slices differ in length.
pub fn open_interest_response(
    slope_per_usd: f64,
    forced_change_usd: &[f64],
    change_log: &[f64],
) -> Result<f64, NotMeasurable> {
    assert_eq!(
        forced_change_usd.len(),
        change_log.len(),
        "every bin needs one move"
    );
    require_finite(forced_change_usd, 1)?;
    require_finite(change_log, 1)?;
    let total = |values: &[f64]| values.iter().map(|x| x.abs()).sum::<f64>();
    Ok(slope_per_usd * divide(total(forced_change_usd), total(change_log))?)
}

/// Whether the structural and the causal ratio agree well enough for the linear picture; if not, report the causal.
pub fn agree(structural: f64, causal: f64) -> bool {
    (structural - causal).abs() <= LINEARITY_TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: computed independently in Python as `1/(1-R)` (`Borel.mean`, `cascade_uniform`); 0.195, 0.14 and 0.032 are
    /// the ratios that reading notes of arXiv 2608.03616 give for the phases of October 2025.
    #[test]
    fn multipliers() {
        let expected = [
            (0.032, 1.0330578512396695),
            (0.14, 1.1627906976744187),
            (0.195, 1.2422360248447206),
            (0.1, 1.1111111111111112),
            (0.3, 1.4285714285714286),
            (0.5, 2.0),
            (0.8, 5.000000000000001),
            (0.95, 19.999999999999982),
        ];
        for (ratio, value) in expected {
            assert_close(multiplier(ratio).unwrap(), value);
            assert_close(kyle_amplification(ratio / 4e9, 4e9).unwrap(), value * value);
        }
    }

    /// Source: computed independently in Python as `1/(1 + x)` (`FreyStremme`).
    #[test]
    fn hedging_feedback_is_the_same_form() {
        for (x, value) in [
            (-0.3, 1.4285714285714286),
            (-0.1, 1.1111111111111112),
            (0.1, 0.9090909090909091),
            (0.3, 0.7692307692307692),
        ] {
            assert_close(multiplier(-x).unwrap(), value);
        }
    }

    #[test]
    fn a_linear_cascade_is_found_by_both() {
        // κ = 2e-11 per USD and g = 1e10 USD per unit of log price: R = 0.2. News of −1 % moves the price by −1.25 %,
        // of which 0.25 % is the impact of 125 million USD of forced sales.
        let (kappa, g) = (2e-11, 1e10);
        let structural = structural_ratio(kappa, g).unwrap();
        assert_close(structural, 0.2);
        let response = open_interest_response(kappa, &[-1.25e8, 0.0], &[-0.0125, 0.0]).unwrap();
        assert_close(response, 0.2);
        assert!(agree(structural, response) && !agree(0.1, 0.25));
        assert!(!agree(f64::NAN, 0.2));
    }

    #[test]
    fn nothing_to_measure() {
        assert!(matches!(multiplier(1.2), Err(NotMeasurable::Unstable { ratio }) if ratio == 1.2));
        assert!(multiplier(f64::NAN).is_err());
        assert!(kyle_amplification(1.0, 1.0).is_err());
        assert!(structural_ratio(-1.0, 1.0).is_err());
        assert!(structural_ratio(1.0, f64::NAN).is_err());
        assert_eq!(
            open_interest_response(1.0, &[1.0], &[0.0]),
            Err(NotMeasurable::NoVariation)
        );
        assert_eq!(
            open_interest_response(1.0, &[], &[]),
            Err(NotMeasurable::TooFew { found: 0, needed: 1 })
        );
    }
}
