//! Depth that leaves as volatility rises.

/// Depth against its normal level: `(variance / normal variance)^(-elasticity / 2)`, at most 1, at least `floor`.
///
/// An elasticity of 1 is a maker who holds the variance of the inventory constant.
#[inline]
pub fn depth_ratio(variance: f64, normal_variance: f64, elasticity: f64, floor: f64) -> f64 {
    if variance <= normal_variance || elasticity == 0.0 {
        return 1.0;
    }
    libm::exp(-0.5 * elasticity * libm::log(variance / normal_variance)).max(floor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_volatility_halves_depth_at_elasticity_one() {
        assert!((depth_ratio(4.0, 1.0, 1.0, 0.02) - 0.5).abs() < 1e-15);
        assert_eq!(depth_ratio(0.5, 1.0, 1.0, 0.02), 1.0);
        assert_eq!(depth_ratio(1e9, 1.0, 1.0, 0.02), 0.02);
    }
}
