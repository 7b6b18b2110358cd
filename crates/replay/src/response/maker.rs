//! Makers answer what they earn: a better income brings more of them.

/// Growth of log depth with log income; declared, nothing recorded separates it. Small on purpose: most of what a fee brings
/// makers they compete away in the spread, which is not modelled.
const ELASTICITY: f64 = 0.1;
/// The income against which more is counted, ratio of value: one basis point, about what makers keep of a trade in calm.
const USUAL_INCOME: f64 = 1e-4;

/// Depth over what it would be without `income`, fee and rebate above history's, ratio of value: 1 without any.
pub fn depth_ratio(income: f64) -> f64 {
    libm::pow(1.0 + income.max(0.0) / USUAL_INCOME, ELASTICITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: nothing for nothing; 1,023 basis points are 1,024 times one, whose tenth root is 2.
    #[test]
    fn income_deepens_by_its_tenth_root() {
        assert_eq!(depth_ratio(0.0), 1.0);
        assert_eq!(depth_ratio(-1.0), 1.0);
        assert!((depth_ratio(0.1023) - 2.0).abs() < 1e-12);
    }
}
