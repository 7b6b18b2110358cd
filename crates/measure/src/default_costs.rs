//! Payments in a network of debts where a default itself costs something.

use crate::clearing::ROUNDING;

/// Rounds after which an iteration that still creeps stands: what is left is far below rounding unless nearly nothing leaks
/// out of a ring of defaulters.
const ROUNDS: usize = 1_000_000;

/// All that can be said of who pays what: the least and the greatest vector of payments that clear.
#[derive(Clone, Debug, PartialEq)]
pub struct ClearingVectors {
    /// Fewest payments: defaults feed one another.
    pub least: Vec<f64>,
    /// Most payments: nobody defaults who need not.
    pub greatest: Vec<f64>,
}

/// Payments with costs of default: who cannot pay in full pays `alpha` of what it has from outside and `beta` of what the
/// others pay it.
///
/// `liabilities[i][j]` is what `i` owes `j` and `external[i]` what `i` has from outside, in any one unit of money; creditors
/// are paid in proportion to what they are owed and the diagonal is ignored. With `alpha = beta = 1` the greatest vector is
/// that of [`eisenberg_noe`](crate::clearing::eisenberg_noe). Both vectors are limits of the definition iterated, from
/// nothing upward and from full payment downward.
///
/// Source: Rogers and Veraart (2013), definition 2.6 and theorem 3.1.
///
/// # Panics
/// When the matrix is not square with one row for each element of `external`, an amount is negative or not finite, or a
/// recovery rate is outside `[0, 1]`.
///
/// ```
/// use aftershock_measure::clearing::rogers_veraart;
/// let debts = [vec![0.0, 2.2], vec![2.2, 0.0]];
/// let cleared = rogers_veraart(&debts, &[1.0, 1.0], 0.5, 0.5);
/// assert_eq!(cleared.greatest, [2.2, 2.2]);
/// assert!((cleared.least[0] - 1.0).abs() < 1e-12);
/// ```
pub fn rogers_veraart(liabilities: &[Vec<f64>], external: &[f64], alpha: f64, beta: f64) -> ClearingVectors {
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
    let rate = 0.0..=1.0;
    assert!(
        rate.contains(&alpha) && rate.contains(&beta),
        "recovery rates {alpha} and {beta} must lie in [0, 1]"
    );

    let debt = |i: usize, j: usize| if i == j { 0.0 } else { liabilities[i][j] };
    let owed: Vec<f64> = (0..n).map(|i| (0..n).map(|j| debt(i, j)).sum()).collect();
    let pay = |paid: &[f64]| -> Vec<f64> {
        let ratio = |j: usize| {
            if paid[j] == owed[j] {
                1.0
            } else {
                paid[j] / owed[j]
            }
        };
        let one = |i: usize| {
            let from_others: f64 = (0..n).map(|j| debt(j, i) * ratio(j)).sum();
            if external[i] + from_others >= owed[i] * (1.0 - ROUNDING) {
                owed[i]
            } else {
                alpha * external[i] + beta * from_others
            }
        };
        (0..n).map(one).collect()
    };
    let limit = |mut paid: Vec<f64>| {
        for _ in 0..ROUNDS {
            let next = pay(&paid);
            if next == paid {
                break;
            }
            paid = next;
        }
        paid
    };
    ClearingVectors {
        least: limit(vec![0.0; n]),
        greatest: limit(owed.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clearing::eisenberg_noe;
    use crate::close::assert_all_close;

    fn clear<const N: usize>(
        debts: [[f64; N]; N],
        external: [f64; N],
        alpha: f64,
        beta: f64,
    ) -> ClearingVectors {
        rogers_veraart(&debts.map(|row| row.to_vec()), &external, alpha, beta)
    }

    /// Source: Rogers and Veraart (2013), example 3.3.
    #[test]
    fn two_nodes_clear_twice_where_default_costs() {
        let debts = [[0.0, 2.2], [2.2, 0.0]];
        let costly = clear(debts, [1.0, 1.0], 0.5, 0.5);
        assert_all_close(&costly.least, &[1.0, 1.0]);
        assert_eq!(costly.greatest, [2.2, 2.2]);
        let free = clear(debts, [1.0, 1.0], 1.0, 1.0);
        assert_eq!(free.least, [2.2, 2.2]);
        assert_eq!(free.greatest, [2.2, 2.2]);
    }

    /// Source: Eisenberg and Noe (2001), appendix 2: every `t·(1, 1)` clears; a hundredth from outside leaves one.
    #[test]
    fn without_anything_from_outside_nothing_clears_too() {
        let debts = [[0.0, 1.0], [1.0, 0.0]];
        let closed = clear(debts, [0.0, 0.0], 1.0, 1.0);
        assert_eq!(closed.least, [0.0, 0.0]);
        assert_eq!(closed.greatest, [1.0, 1.0]);
        assert_all_close(&clear(debts, [0.01, 0.0], 1.0, 1.0).least, &[1.0, 1.0]);
    }

    /// Source: computed independently in Python by iterating the definition.
    #[test]
    fn without_costs_it_is_eisenberg_and_noe() {
        let debts = [[0.0, 10.0, 5.0], [4.0, 0.0, 6.0], [2.0, 3.0, 0.0]];
        let cleared = clear(debts, [3.0, 1.0, 5.0], 1.0, 1.0);
        assert_all_close(&cleared.greatest, &[9.0, 10.0, 5.0]);
        assert_all_close(&cleared.least, &[9.0, 10.0, 5.0]);
        let chain = [
            [0.0, 100.0, 0.0, 0.0],
            [0.0, 0.0, 90.0, 0.0],
            [0.0, 0.0, 0.0, 80.0],
            [0.0; 4],
        ];
        let external = [40.0, 20.0, 30.0, 0.0];
        let cleared = clear(chain, external, 1.0, 1.0);
        assert_all_close(&cleared.greatest, &[40.0, 60.0, 80.0, 0.0]);
        let same = eisenberg_noe(&chain.map(|row| row.to_vec()), &external);
        assert_all_close(&cleared.least, &same);
    }

    /// The chain at α = 1/2 and β = 1/4: 0.5 · 40 = 20; 0.5 · 20 + 0.25 · 20 = 15; 30 + 15 < 80 pays 15 + 3.75 = 18.75.
    #[test]
    fn own_means_and_claims_are_recovered_at_their_own_rates() {
        let chain = [
            [0.0, 100.0, 0.0, 0.0],
            [0.0, 0.0, 90.0, 0.0],
            [0.0, 0.0, 0.0, 80.0],
            [0.0; 4],
        ];
        let cleared = clear(chain, [40.0, 20.0, 30.0, 0.0], 0.5, 0.25);
        assert_all_close(&cleared.greatest, &[20.0, 15.0, 18.75, 0.0]);
        assert_all_close(&cleared.least, &[20.0, 15.0, 18.75, 0.0]);
    }

    #[test]
    #[should_panic(expected = "recovery rates 1.5 and 1 must lie in [0, 1]")]
    fn nobody_recovers_more_than_there_is() {
        clear([[0.0]], [1.0], 1.5, 1.0);
    }
}
