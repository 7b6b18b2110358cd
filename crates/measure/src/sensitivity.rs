//! What a little more of a cause does to the crash: gain, susceptibility, elasticity.
//!
//! The replay comes in as a closure that gives the drawdown (log units) for a size of the cause. Its errors are passed
//! on. A threshold system is not smooth: a difference is taken over a step of the size that is asked about, and says
//! nothing about smaller or larger ones.

use crate::not_measurable::{NotMeasurable, divide, require_positive};

/// Gain above which a small input counts as having had a massive output, and what the 5 % end of its interval must be
/// above.
pub const MASSIVE: (f64, f64) = (10.0, 5.0);

/// Gain `G(Q₀) = [MDD(Q₀ + dQ) − MDD(Q₀)]/(κ₀·dQ)`, no unit; 1 where the extra flow had no more than its own impact.
///
/// `extra_usd` is `dQ` and `slope_per_usd` the impact `κ₀` of a small trade before the crash, log units per USD.
///
/// # Errors
/// Those of `drawdown`, and where it gives a number that is not finite.
///
/// # Panics
/// When `extra_usd` or `slope_per_usd` is not above zero.
pub fn gain<E: From<NotMeasurable>>(
    mut drawdown: impl FnMut(f64) -> Result<f64, E>,
    flow_usd: f64,
    extra_usd: f64,
    slope_per_usd: f64,
) -> Result<f64, E> {
    assert!(
        extra_usd > 0.0 && slope_per_usd > 0.0,
        "extra flow and slope must be above zero"
    );
    let (with, without) = (drawdown(flow_usd + extra_usd)?, drawdown(flow_usd)?);
    Ok(divide(with - without, slope_per_usd * extra_usd)?)
}

/// Whether a gain is massive: above 10, with the 5 % end of its 90 % interval above 5 ([`MASSIVE`]).
pub fn is_massive(gain: f64, low_end: f64) -> bool {
    gain > MASSIVE.0 && low_end > MASSIVE.1
}

/// Susceptibility `χ = [MDD((1+s)·x) − MDD((1−s)·x)]/(2·s·x)` at a shock `x`, log units of drawdown per unit of shock.
///
/// `share` is `s`, customarily 0.1, and the shock that of the exogenous ramp in log units. Without feedback it is 1; in
/// the linear picture it is `1/(1 − R)`, to be compared with [`crate::branching::multiplier`].
///
/// # Errors
/// Those of `drawdown`, and where it gives a number that is not finite.
///
/// # Panics
/// When the shock is 0 or `share` is outside (0, 1).
///
/// ```
/// use aftershock_measure::{NotMeasurable, sensitivity::susceptibility};
/// let drawdown = |shock: f64| Ok::<_, NotMeasurable>(shock / (1.0 - 0.2));
/// assert!((susceptibility(drawdown, 0.05, 0.1).unwrap() - 1.25).abs() < 1e-12);
/// ```
pub fn susceptibility<E: From<NotMeasurable>>(
    mut drawdown: impl FnMut(f64) -> Result<f64, E>,
    shock: f64,
    share: f64,
) -> Result<f64, E> {
    assert_share(share);
    assert!(shock != 0.0, "there must be a shock");
    let (more, less) = (drawdown(shock * (1.0 + share))?, drawdown(shock * (1.0 - share))?);
    Ok(divide(more - less, 2.0 * share * shock)?)
}

/// Elasticity `d ln MDD/d ln x` at `x` by central difference over `±share`, no unit; 1 where the drawdown is in
/// proportion.
///
/// # Errors
/// Those of `drawdown`, and where a drawdown is not above zero or not finite.
///
/// # Panics
/// When `share` is outside (0, 1).
pub fn elasticity<E: From<NotMeasurable>>(
    mut drawdown: impl FnMut(f64) -> Result<f64, E>,
    x: f64,
    share: f64,
) -> Result<f64, E> {
    assert_share(share);
    let ends = [drawdown(x * (1.0 + share))?, drawdown(x * (1.0 - share))?];
    require_positive(&ends, 2)?;
    Ok(libm::log(ends[0] / ends[1]) / libm::log((1.0 + share) / (1.0 - share)))
}

fn assert_share(share: f64) {
    assert!(
        share > 0.0 && share < 1.0,
        "a share of {share} does not lie between 0 and 1"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    type Measured = Result<f64, NotMeasurable>;

    /// Source: by hand: with R = 0.2 every unit of impact becomes 1.25.
    #[test]
    fn a_linear_cascade() {
        let kappa = 2e-11;
        let drawdown = |q: f64| -> Measured { Ok((0.05 + kappa * q) / 0.8) };
        assert_close(gain(drawdown, 1e9, 1e7, kappa).unwrap(), 1.25);
        assert_close(
            gain(|q| -> Measured { Ok(kappa * q) }, 0.0, 1e6, kappa).unwrap(),
            1.0,
        );
        let of_shock = |shock: f64| -> Measured { Ok(shock / 0.8) };
        assert_close(susceptibility(of_shock, -0.05, 0.1).unwrap(), 1.25);
        assert_close(elasticity(of_shock, 0.05, 0.1).unwrap(), 1.0);
    }

    #[test]
    fn a_power_law_has_its_exponent_for_elasticity() {
        let cube = |s: f64| -> Measured { Ok(0.02 * s * s * s) };
        assert_close(elasticity(cube, 1.7, 0.25).unwrap(), 3.0);
    }

    #[test]
    fn massive_needs_its_low_end_too() {
        assert!(is_massive(12.0, 6.0));
        assert!(!is_massive(12.0, 4.0) && !is_massive(9.0, 8.0) && !is_massive(f64::NAN, 9.0));
    }

    #[test]
    fn errors_are_passed_on() {
        #[derive(Debug, PartialEq)]
        enum Broken {
            Replay,
            Measure(NotMeasurable),
        }
        impl From<NotMeasurable> for Broken {
            fn from(reason: NotMeasurable) -> Self {
                Self::Measure(reason)
            }
        }
        assert_eq!(gain(|_| Err(Broken::Replay), 0.0, 1.0, 1.0), Err(Broken::Replay));
        assert!(matches!(
            susceptibility(|_| Ok::<_, Broken>(f64::NAN), 1.0, 0.1),
            Err(Broken::Measure(NotMeasurable::NotFinite { .. }))
        ));
        assert!(matches!(
            elasticity(|_| Ok::<_, Broken>(0.0), 1.0, 0.1),
            Err(Broken::Measure(NotMeasurable::OutOfRange { .. }))
        ));
    }
}
