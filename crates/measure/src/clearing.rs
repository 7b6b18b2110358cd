//! Who pays whom when not everyone can, and what netting through a clearing house saves.

pub use crate::default_costs::{ClearingVectors, rogers_veraart};
use crate::linear::solve;
pub use crate::netting::{ClearingHouses, least_class_importance, least_members, netting_exposure};

/// A shortfall smaller than this share of what is owed is rounding, not a default.
pub(crate) const ROUNDING: f64 = 1e-12;

/// Payments in a network of debts: the greatest vector with `p = min(owed, external + what the others pay)`.
///
/// `liabilities[i][j]` is what `i` owes `j` and `external[i]` what `i` has from outside, in any one unit of money.
/// Every debtor pays its creditors in proportion to what it owes them and never more than it has. The diagonal is
/// ignored. The answer holds what each pays in total; whoever pays less than it owes is in default.
///
/// Algorithm: fictitious defaults. Suppose all pay, find who cannot, solve the payments of these given that the
/// others pay in full, and repeat with those who thereby fail, at most once a node. Source: Eisenberg and Noe (2001).
///
/// # Panics
/// When the matrix is not square with one row for each element of `external`, or an amount is negative or not finite.
///
/// ```
/// // 0 owes 1 a hundred and has forty; 1 owes 2 ninety and has twenty.
/// let debts = [vec![0.0, 100.0, 0.0], vec![0.0, 0.0, 90.0], vec![0.0, 0.0, 0.0]];
/// assert_eq!(aftershock_measure::clearing::eisenberg_noe(&debts, &[40.0, 20.0, 0.0]), [40.0, 60.0, 0.0]);
/// ```
pub fn eisenberg_noe(liabilities: &[Vec<f64>], external: &[f64]) -> Vec<f64> {
    let n = external.len();
    assert!(
        liabilities.len() == n && liabilities.iter().all(|row| row.len() == n),
        "{n} nodes need {n} rows of {n}"
    );
    let amounts = liabilities.iter().flatten().chain(external);
    assert!(
        amounts.copied().all(|x| x >= 0.0 && x.is_finite()),
        "amounts must be finite and at least zero"
    );

    let debt = |i: usize, j: usize| if i == j { 0.0 } else { liabilities[i][j] };
    let owed: Vec<f64> = (0..n).map(|i| (0..n).map(|j| debt(i, j)).sum()).collect();
    let mut paid = owed.clone();
    let mut in_default = vec![false; n];
    loop {
        // A debtor who pays in full has ratio 1 exactly, so that full payments do not fail by rounding.
        let ratio = |i: usize| {
            if paid[i] == owed[i] {
                1.0
            } else {
                paid[i] / owed[i]
            }
        };
        let means = |i: usize| external[i] + (0..n).map(|j| debt(j, i) * ratio(j)).sum::<f64>();
        let fails = |&i: &usize| !in_default[i] && means(i) < owed[i] * (1.0 - ROUNDING);
        let failing: Vec<usize> = (0..n).filter(fails).collect();
        if failing.is_empty() {
            return paid;
        }
        for i in failing {
            in_default[i] = true;
        }

        // For defaulters p_i − Σ_{j in default} share_ji·p_j = external_i + Σ_{j solvent} debt_ji.
        let defaulters: Vec<usize> = (0..n).filter(|&i| in_default[i]).collect();
        let share = |j: usize, i: usize| debt(j, i) / owed[j];
        let matrix = defaulters
            .iter()
            .map(|&i| {
                defaulters
                    .iter()
                    .map(|&j| f64::from(i == j) - share(j, i))
                    .collect()
            })
            .collect();
        let solvent_debts = |i: usize| {
            (0..n)
                .filter(|&j| !in_default[j])
                .map(|j| debt(j, i))
                .sum::<f64>()
        };
        let right = defaulters
            .iter()
            .map(|&i| external[i] + solvent_debts(i))
            .collect();
        // Defaulters cannot owe only one another without anything from outside: what they pay in would pay them out.
        // Should rounding make it look so, the payments so far stand, which are an upper bound.
        let Some(solution) = solve(matrix, right) else {
            return paid;
        };
        for (&i, p) in defaulters.iter().zip(solution) {
            paid[i] = p.clamp(0.0, owed[i]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_all_close;

    fn clear<const N: usize>(liabilities: [[f64; N]; N], external: [f64; N]) -> Vec<f64> {
        eisenberg_noe(&liabilities.map(|row| row.to_vec()), &external)
    }

    /// Source: computed independently in Python by iterating the definition.
    #[test]
    fn three_nodes() {
        let debts = [[0.0, 10.0, 5.0], [4.0, 0.0, 6.0], [2.0, 3.0, 0.0]];
        assert_all_close(&clear(debts, [3.0, 1.0, 5.0]), &[9.0, 10.0, 5.0]);
    }

    /// Source: computed independently in Python by iterating the definition.
    #[test]
    fn chain_of_four() {
        let debts = [
            [0.0, 100.0, 0.0, 0.0],
            [0.0, 0.0, 90.0, 0.0],
            [0.0, 0.0, 0.0, 80.0],
            [0.0; 4],
        ];
        assert_all_close(&clear(debts, [40.0, 20.0, 30.0, 0.0]), &[40.0, 60.0, 80.0, 0.0]);
    }

    /// Source: Eisenberg and Noe (2001), appendix 2, two nodes: with nothing from outside every `t·(1, 1)` clears,
    /// and the greatest is full payment. Rogers and Veraart (2013), example 3.3 without default costs: 2.2 each.
    #[test]
    fn two_nodes_that_owe_each_other() {
        assert_eq!(clear([[0.0, 1.0], [1.0, 0.0]], [0.0, 0.0]), [1.0, 1.0]);
        assert_eq!(clear([[0.0, 1.0], [1.0, 0.0]], [0.01, 0.0]), [1.0, 1.0]);
        assert_eq!(clear([[0.0, 2.2], [2.2, 0.0]], [1.0, 1.0]), [2.2, 2.2]);
    }

    #[test]
    fn a_closed_ring_of_odd_amounts_clears_to_the_smallest() {
        let debts = [[0.0, 0.3, 0.0], [0.0, 0.0, 0.1], [0.7, 0.0, 0.0]];
        assert_all_close(&clear(debts, [0.0; 3]), &[0.1, 0.1, 0.1]);
    }

    #[test]
    fn sums_that_round_differently_are_no_default() {
        // Everyone owes and is owed 0.1 + 0.2 + 0.3, added up in different orders.
        let debts = [
            [0.0, 0.1, 0.2, 0.3],
            [0.3, 0.0, 0.1, 0.2],
            [0.2, 0.3, 0.0, 0.1],
            [0.1, 0.2, 0.3, 0.0],
        ];
        let owed: Vec<f64> = debts.iter().map(|row| row.iter().sum()).collect();
        assert_eq!(clear(debts, [0.0; 4]), owed);
    }

    /// The definition iterated from full payment downward.
    fn iterated(liabilities: &[Vec<f64>], external: &[f64]) -> Vec<f64> {
        let n = external.len();
        let owed: Vec<f64> = liabilities.iter().map(|row| row.iter().sum()).collect();
        let mut paid = owed.clone();
        for _ in 0..20_000 {
            paid = (0..n)
                .map(|i| {
                    let from_others = (0..n)
                        .filter(|&j| owed[j] > 0.0)
                        .map(|j| liabilities[j][i] / owed[j] * paid[j]);
                    owed[i].min(external[i] + from_others.sum::<f64>())
                })
                .collect();
        }
        paid
    }

    #[test]
    fn agrees_with_the_definition_on_made_up_networks() {
        let mut state = 20_210_907_u64;
        let mut draw = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1u64 << 31) as f64
        };
        let mut defaults = 0;
        for n in [1, 2, 3, 5, 8] {
            for _ in 0..20 {
                let debts: Vec<Vec<f64>> = (0..n)
                    .map(|i| {
                        (0..n)
                            .map(|j| {
                                if i == j || draw() < 0.4 {
                                    0.0
                                } else {
                                    100.0 * draw()
                                }
                            })
                            .collect()
                    })
                    .collect();
                let external: Vec<f64> = (0..n).map(|_| 0.1 + 60.0 * draw()).collect();
                let paid = eisenberg_noe(&debts, &external);
                assert_all_close(&paid, &iterated(&debts, &external));
                let owed = debts.iter().map(|row| row.iter().sum::<f64>());
                defaults += paid.iter().zip(owed).filter(|(p, o)| **p < *o).count();
                // The unit of money does not matter.
                let thousands: Vec<Vec<f64>> = debts
                    .iter()
                    .map(|row| row.iter().map(|x| x / 1e3).collect())
                    .collect();
                let paid_thousands =
                    eisenberg_noe(&thousands, &external.iter().map(|x| x / 1e3).collect::<Vec<_>>());
                assert_all_close(&paid_thousands.iter().map(|x| x * 1e3).collect::<Vec<_>>(), &paid);
            }
        }
        assert!(defaults > 20, "only {defaults} defaults were put to the test");
    }

    #[test]
    fn nobody_or_nothing() {
        assert!(clear::<0>([], []).is_empty());
        assert_eq!(clear([[0.0; 2]; 2], [0.0, 5.0]), [0.0, 0.0]);
        assert_eq!(clear([[9.0, 1.0], [0.0, 9.0]], [0.0, 0.0]), [0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "2 nodes need 2 rows of 2")]
    fn a_ragged_matrix_is_a_mistake() {
        eisenberg_noe(&[vec![0.0, 1.0], vec![0.0]], &[1.0, 1.0]);
    }

    #[test]
    #[should_panic(expected = "amounts must be finite and at least zero")]
    fn a_negative_amount_is_a_mistake() {
        eisenberg_noe(&[vec![0.0]], &[-1.0]);
    }
}
