//! How tests compare floating-point numbers.

/// Fails unless `actual` is within a relative 1e-9 of `expected` (absolute 1e-12 around zero).
#[track_caller]
pub(crate) fn assert_close(actual: f64, expected: f64) {
    let tolerance = (1e-9 * expected.abs()).max(1e-12 * f64::from(expected == 0.0));
    assert!(
        (actual - expected).abs() <= tolerance,
        "{actual} is not {expected}"
    );
}

/// Fails unless both slices have one length and agree element by element, as in [`assert_close`].
#[track_caller]
pub(crate) fn assert_all_close(actual: &[f64], expected: &[f64]) {
    assert_eq!(actual.len(), expected.len());
    for (a, e) in actual.iter().zip(expected) {
        assert_close(*a, *e);
    }
}
