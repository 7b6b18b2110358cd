use proptest::prelude::*;

use super::*;

fn all_close(actual: &[f64], expected: &[f64]) -> bool {
    actual.len() == expected.len()
        && actual
            .iter()
            .zip(expected)
            .all(|(a, e)| (a - e).abs() <= 1e-13 * e.abs().max(1.0))
}

/// Source: numpy's `eigh`, negative eigenvalues set to zero, diagonal scaled back.
#[test]
fn correlations_that_cannot_be_are_projected() {
    let given = [
        1.0, 0.9, 0.2, -0.7, 0.9, 1.0, 0.8, 0.1, 0.2, 0.8, 1.0, 0.6, -0.7, 0.1, 0.6, 1.0,
    ];
    let mut values = Eigen::of(4, &given).values;
    values.sort_by(f64::total_cmp);
    assert!(all_close(
        &values,
        &[
            -0.1933347915119384,
            0.05991151805091537,
            1.8254251994808701,
            2.307998073980152
        ]
    ));
    let cross = CrossImpact::new(&[2e-12, 9e-12, 4e-11, 1e-10], &given, 1.0).unwrap();
    assert!((cross.least_eigenvalue() + 0.1933347915119384).abs() < 1e-13);
    let (ab, ac, ad) = (0.7596352340228871, 0.20266171245390033, -0.6102313047483621);
    let (bc, bd, cd) = (0.7624072996661416, 0.05005897039148817, 0.5971138521168372);
    assert!(all_close(
        cross.correlation(),
        &[1.0, ab, ac, ad, ab, 1.0, bc, bd, ac, bc, 1.0, cd, ad, bd, cd, 1.0]
    ));
    assert!((cross.weight(0, 3) + 4.314986936798815).abs() < 1e-12);
    assert!((cross.weight(3, 0) + 0.0862997387359763).abs() < 1e-14);
}

/// Source: numpy, `c·√(κ_j/κ_i)` of half the correlations.
#[test]
fn half_of_the_correlations_by_default() {
    let given = [1.0, 0.8, 0.7, 0.8, 1.0, 0.75, 0.7, 0.75, 1.0];
    let cross = CrossImpact::new(&[2e-12, 9e-12, 4e-11], &given, DEFAULT_SHRINKAGE).unwrap();
    assert!(all_close(
        &cross.weights,
        &[
            1.0,
            0.848528137423857,
            1.5652475842498528,
            0.18856180831641267,
            1.0,
            0.7905694150420949,
            0.07826237921249263,
            0.17787811838447132,
            1.0
        ]
    ));
    assert!((cross.least_eigenvalue() - 0.5959513982084601).abs() < 1e-13);
    // A million sold in the second at a quarter of its depth, while the third has all of its own.
    let added = cross.added_usd(2, 1, -1e6, &[1.0, 0.25, 1.0]);
    assert!((added + 2.0 * 1e6 * 0.17787811838447132).abs() < 1e-6);
}

#[test]
fn one_instrument_or_no_correlation_is_the_identity() {
    let alone = CrossImpact::new(&[3e-12], &[1.0], DEFAULT_SHRINKAGE).unwrap();
    assert_eq!(alone, CrossImpact::none(1));
    let apart = CrossImpact::new(&[3e-12, 7e-11], &[1.0, 0.9, 0.9, 1.0], 0.0).unwrap();
    assert_eq!(apart, CrossImpact::none(2));
    // To the bit what an engine without cross impact does.
    for depth in [0.02, 0.1, 0.3, 0.7] {
        assert_eq!(apart.added_usd(1, 1, 1e6, &[0.5, depth]), 1e6 / depth);
        assert_eq!(apart.added_usd(0, 1, 1e6, &[0.5, depth]), 0.0);
    }
    assert_eq!(CrossImpact::none(2).instruments(), 2);
}

#[test]
fn unusable_inputs_are_named() {
    let refused = |slopes: &[f64], correlation: &[f64], shrinkage| {
        CrossImpact::new(slopes, correlation, shrinkage)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        refused(&[1e-12, 2e-12], &[1.0], 0.5),
        "2 instruments need 4 correlations row by row, not 1"
    );
    assert_eq!(
        refused(&[1e-12, -2e-12], &[1.0, 0.5, 0.5, 1.0], 0.5),
        "impact slope of instrument 1 is -0.000000000002 a USD; it must be a number above zero"
    );
    for (at, bad) in [(1, 0.4), (1, f64::NAN), (2, 1.5), (3, 0.9)] {
        let mut correlation = [1.0, 0.5, 0.5, 1.0];
        correlation[at] = bad;
        assert!(refused(&[1e-12, 2e-12], &correlation, 0.5).starts_with("correlation at row"));
    }
    assert!(refused(&[1e-12], &[1.0], 1.5).starts_with("shrinkage is 1.5"));
}

proptest! {
    /// In units of the root of the slope: symmetric, ones on the diagonal, and no trade over several instruments whose
    /// own impact pays it.
    #[test]
    fn impact_costs_whatever_is_traded(
        n in 1_usize..6,
        entries in prop::collection::vec(-1.0..1.0_f64, 15),
        logs in prop::collection::vec(-30.0..-20.0_f64, 6),
        depth_ratio in prop::collection::vec(0.02..1.0_f64, 6),
        trades in prop::collection::vec(-1.0..1.0_f64, 6),
        shrinkage in 0.0..1.0_f64,
    ) {
        let slopes: Vec<f64> = logs[..n].iter().map(|log| log.exp()).collect();
        let mut correlation = vec![1.0; n * n];
        let mut entry = entries.into_iter();
        for i in 0..n {
            for j in 0..i {
                let one = entry.next().unwrap_or(0.0);
                correlation[i * n + j] = one;
                correlation[j * n + i] = one;
            }
        }
        let cross = CrossImpact::new(&slopes, &correlation, shrinkage).unwrap();
        let c = cross.correlation();
        let (mut cost, mut scale) = (0.0, 0.0);
        for i in 0..n {
            prop_assert_eq!(cross.weight(i, i), 1.0);
            for j in 0..n {
                prop_assert!((c[i * n + j] - c[j * n + i]).abs() < 1e-14 && c[i * n + j].abs() < 1.0 + 1e-12);
                let k = |i: usize, j: usize| slopes[i] * cross.added_usd(i, j, 1.0, &depth_ratio);
                prop_assert!((k(i, j) - k(j, i)).abs() <= 1e-12 * (k(i, i) * k(j, j)).sqrt());
                // Dollars that move each price alike, so that no instrument drowns the others.
                let usd = |i: usize| trades[i] / k(i, i).sqrt();
                cost += usd(i) * k(i, j) * usd(j);
                scale += trades[i] * trades[i] / n as f64;
            }
        }
        prop_assert!(cost >= -1e-12 * scale, "{cost}");
    }
}
