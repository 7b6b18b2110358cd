//! How uncertain a realized variance is, and how much of it was jumps.

use crate::not_measurable::{NotMeasurable, divide, require_finite};
use crate::variance::{med_rv, realized_variance};

/// `μ_{4/3}^{−3}` with `μ_p = E|Z|^p` of a standard normal, `(2^(2/3)·Γ(7/6)/Γ(1/2))^{−3}`: the factor of
/// [`tripower_quarticity`].
pub const TRIPOWER_FACTOR: f64 = 1.743_472_074_531_983_6;

/// Realized quarticity `(n/3)·Σr⁴`, fourth power of log units.
///
/// It estimates `T∫σ⁴`, on which the error of a realized variance rests: its variance is about `2·RQ/n`. Jumps make it
/// far too large; [`tripower_quarticity`] damps them.
///
/// # Errors
/// Without a return, or where one is not finite.
pub fn realized_quarticity(returns: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(returns, 1)?;
    let fourths: f64 = returns.iter().map(|r| r * r * r * r).sum();
    Ok(returns.len() as f64 / 3.0 * fourths)
}

/// Tripower quarticity `n·μ_{4/3}^{−3}·n/(n−2)·Σ(|r_i||r_{i−1}||r_{i−2}|)^{4/3}`, fourth power of log units.
///
/// Source: Barndorff-Nielsen and Shephard (2004).
///
/// # Errors
/// Below three returns, or where one is not finite.
pub fn tripower_quarticity(returns: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(returns, 3)?;
    let n = returns.len() as f64;
    let products = returns
        .windows(3)
        .map(|w| libm::pow((w[0] * w[1] * w[2]).abs(), 4.0 / 3.0));
    Ok(n * n / (n - 2.0) * TRIPOWER_FACTOR * products.sum::<f64>())
}

/// Share of the variance that came as lone jumps, `max(RV − MedRV, 0)/RV`, in [0, 1].
///
/// In a cascade the jumps are the object: the share describes a path, it is nothing to clean away.
///
/// # Errors
/// Below three returns, where one is not finite, and where nothing moves.
pub fn jump_share(returns: &[f64]) -> Result<f64, NotMeasurable> {
    require_finite(returns, 3)?;
    let all = realized_variance(returns);
    let diffusive = med_rv(returns).unwrap_or(f64::NAN);
    divide((all - diffusive).max(0.0), all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    const RETURNS: [f64; 10] = [
        0.010, -0.020, 0.015, 0.005, -0.010, 0.030, -0.025, 0.002, -0.004, 0.012,
    ];

    /// Source: computed independently with numpy (`RM.RQ`, `RM.TPQ`).
    #[test]
    fn ten_returns() {
        assert_close(realized_quarticity(&RETURNS).unwrap(), 4.842943333333334e-06);
        assert_close(tripower_quarticity(&RETURNS).unwrap(), 5.448580025920765e-06);
        // RV is below MedRV here, so there is no jump to speak of.
        assert_eq!(jump_share(&RETURNS), Ok(0.0));
    }

    #[test]
    fn the_factor_is_its_formula() {
        let mu = libm::cbrt(4.0) * libm::tgamma(7.0 / 6.0) / libm::tgamma(0.5);
        assert_close(TRIPOWER_FACTOR, 1.0 / (mu * mu * mu));
    }

    #[test]
    fn a_lone_jump_is_all_of_the_share() {
        let mut jump = [0.0; 50];
        jump[20] = -0.1;
        assert_eq!(jump_share(&jump), Ok(1.0));
        assert_eq!(tripower_quarticity(&jump), Ok(0.0));
    }

    #[test]
    fn nothing_to_measure() {
        assert_eq!(
            realized_quarticity(&[]),
            Err(NotMeasurable::TooFew { found: 0, needed: 1 })
        );
        assert_eq!(
            tripower_quarticity(&[0.1, 0.1]),
            Err(NotMeasurable::TooFew { found: 2, needed: 3 })
        );
        assert_eq!(jump_share(&[0.0; 4]), Err(NotMeasurable::NoVariation));
        assert_eq!(
            jump_share(&[0.0, 0.1, f64::NAN]),
            Err(NotMeasurable::NotFinite { index: 2 })
        );
    }
}
