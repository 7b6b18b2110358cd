//! Quantiles of a sample.

/// The `p`-quantile of values sorted ascending, linear between neighbours (Hyndman and Fan's type 7).
///
/// The position is `(n − 1)·p` counted from 0, so 0 gives the least value and 1 the greatest. This is the default of
/// numpy's `quantile` and the definition of SQL's `percentile_cont`. `None` for no values, for `p` outside [0, 1] and
/// where a NaN stands at either end, which is where `f64::total_cmp` sorts it.
///
/// ```
/// assert_eq!(aftershock_measure::quantile::quantile(&[1.0, 2.0, 4.0, 8.0], 0.5), Some(3.0));
/// ```
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let (first, last) = (sorted.first()?, sorted.last()?);
    if first.is_nan() || last.is_nan() || !(0.0..=1.0).contains(&p) {
        return None;
    }
    let position = (sorted.len() - 1) as f64 * p;
    let below = position.floor() as usize;
    let share = position - below as f64;
    let low = sorted[below];
    // Equal neighbours are returned as they are, also when both are infinite.
    match sorted.get(below + 1) {
        Some(&high) if share > 0.0 && high != low => Some(low + (high - low) * share),
        _ => Some(low),
    }
}

/// The middle of values in any order; the mean of the two middle ones where their number is even.
///
/// `None` for no values or where one is NaN.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    quantile(&sorted, 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: computed independently with `numpy.quantile`, default method.
    #[test]
    fn numpy_default() {
        let sorted = [-3.0, 0.5, 1.0, 2.25, 7.0];
        let expected = [
            (0.0, -3.0),
            (0.05, -2.3),
            (0.25, 0.5),
            (0.4, 0.8),
            (0.5, 1.0),
            (0.95, 6.05),
            (1.0, 7.0),
        ];
        for (p, value) in expected {
            assert_close(quantile(&sorted, p).unwrap_or(f64::NAN), value);
        }
    }

    #[test]
    fn medians() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[5.0]), Some(5.0));
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, f64::NAN]), None);
        assert_eq!(median(&[1.0, -f64::NAN]), None);
    }

    #[test]
    fn outside_is_not_measurable() {
        assert_eq!(quantile(&[], 0.5), None);
        for p in [-0.1, 1.1, f64::NAN] {
            assert_eq!(quantile(&[1.0, 2.0], p), None);
        }
        assert_eq!(quantile(&[1.0], 0.3), Some(1.0));
        assert_eq!(
            quantile(&[1.0, f64::INFINITY, f64::INFINITY], 0.75),
            Some(f64::INFINITY)
        );
    }

    #[test]
    fn grows_with_p() {
        let sorted = [-1.0, 0.0, 0.0, 2.0, 5.0, 5.5];
        let quantiles: Vec<_> = (0..=100)
            .filter_map(|i| quantile(&sorted, f64::from(i) / 100.0))
            .collect();
        assert_eq!(quantiles.len(), 101);
        assert!(quantiles.is_sorted());
    }
}
