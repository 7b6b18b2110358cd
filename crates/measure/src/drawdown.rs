//! The largest fall of a path.

/// Largest fall of a log price from any earlier high, `max_{s<=t} (p_s − p_t)`, at least 0.
///
/// The answer is in log units: 0.5 is a fall to `e^-0.5`, that is 60.7 % of the high. A path with fewer than two
/// points, or one that only rises, gives 0. A NaN in the path gives NaN.
///
/// ```
/// assert_eq!(aftershock_measure::drawdown::max_drawdown_log(&[1.0, 3.0, 2.0, 4.0, 1.5]), 2.5);
/// ```
pub fn max_drawdown_log(log_prices: &[f64]) -> f64 {
    let mut high = f64::NEG_INFINITY;
    let mut worst = 0.0;
    for &p in log_prices {
        if p.is_nan() {
            return f64::NAN;
        }
        high = p.max(high);
        if high - p > worst {
            worst = high - p;
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::max_drawdown_log;

    /// The definition, spelled out over all pairs.
    fn over_all_pairs(path: &[f64]) -> f64 {
        let falls = (0..path.len()).flat_map(|t| (0..=t).map(move |s| (s, t)));
        falls.map(|(s, t)| path[s] - path[t]).fold(0.0, f64::max)
    }

    #[test]
    fn agrees_with_the_definition() {
        let paths: [&[f64]; 6] = [
            &[],
            &[1.0],
            &[1.0, 2.0, 3.0],
            &[3.0, 2.0, 1.0],
            &[5.0, 1.0, 9.0, 6.0, 7.0, 4.5],
            &[-1.0, -1.0, -1.25, -0.5, -4.0],
        ];
        for path in paths {
            assert_eq!(max_drawdown_log(path), over_all_pairs(path), "{path:?}");
        }
    }

    #[test]
    fn level_does_not_matter_and_scale_does() {
        let path = [0.0, 0.25, -0.5, 0.125, -0.25];
        assert_eq!(max_drawdown_log(&path), 0.75);
        assert_eq!(max_drawdown_log(&path.map(|p| p + 8.0)), 0.75);
        assert_eq!(max_drawdown_log(&path.map(|p| 2.0 * p)), 1.5);
    }

    #[test]
    fn unknown_is_unknown() {
        assert!(max_drawdown_log(&[1.0, f64::NAN, 0.5]).is_nan());
    }
}
