//! Exact Shapley attribution: how much of the total each mechanism is due.
//!
//! Formulas: `φ_k = Σ_{S ∌ k} |S|!(n−|S|−1)!/n!·[v(S∪k) − v(S)]`, and for a pair the interaction index
//! `I_kl = Σ_{S ∌ k,l} |S|!(n−|S|−2)!/(n−1)!·[v(S∪kl) − v(S∪k) − v(S∪l) + v(S)]`.

/// The most mechanisms an attribution takes: 2^10 = 1,024 evaluations.
pub const MAX_PLAYERS: usize = 10;

/// Attribution of `v(all) − v(none)` to `n` mechanisms, indexed as their bits in the mask.
#[derive(Debug, Clone, PartialEq)]
pub struct Shapley {
    /// Shapley value of each mechanism, in the unit of `v`; their sum is `total`.
    pub phi: Vec<f64>,
    /// What each adds when it comes first, `v({k}) − v(none)`.
    pub first_in: Vec<f64>,
    /// What each takes away when it leaves first, `v(all) − v(all without k)`.
    pub last_out: Vec<f64>,
    /// `v(all) − v(none)`.
    pub total: f64,
    values: Vec<f64>,
}

/// Attributes `value(all) − value(none)` to `n` mechanisms exactly, over all subsets.
///
/// `value` gets a mask whose bit `k` is set while mechanism `k` is active. It is called once a mask, from 0 (none) to
/// `2^n − 1` (all) ascending. A value that is not a number makes the figures that rest on it NaN.
///
/// # Panics
/// When `n` is above [`MAX_PLAYERS`].
///
/// ```
/// // Mechanism 0 alone gives 1, both together 4; mechanism 1 alone gives nothing.
/// let shares = aftershock_measure::shapley::shapley(2, |mask| [0.0, 1.0, 0.0, 4.0][mask as usize]);
/// assert_eq!(shares.phi, [2.5, 1.5]);
/// assert_eq!(shares.total, 4.0);
/// ```
pub fn shapley(n: usize, value: impl FnMut(u32) -> f64) -> Shapley {
    assert!(n <= MAX_PLAYERS, "{n} mechanisms, at most {MAX_PLAYERS}");
    let values: Vec<f64> = (0..1u32 << n).map(value).collect();
    let all = values.len() - 1;
    let phi = |k: usize| {
        let without = (0..=all).filter(|s| s & (1 << k) == 0);
        without
            .map(|s| weight(n, s) * (values[s | 1 << k] - values[s]))
            .sum()
    };
    Shapley {
        phi: (0..n).map(phi).collect(),
        first_in: (0..n).map(|k| values[1 << k] - values[0]).collect(),
        last_out: (0..n).map(|k| values[all] - values[all & !(1 << k)]).collect(),
        total: values[all] - values[0],
        values,
    }
}

impl Shapley {
    /// How far the shares miss the total, `|Σφ − total|`: rounding alone, to be at most 1e-12.
    ///
    /// `None` where a value was not a number, so that nothing was attributed.
    pub fn efficiency_gap(&self) -> Option<f64> {
        let gap = (self.phi.iter().sum::<f64>() - self.total).abs();
        gap.is_finite().then_some(gap)
    }

    /// Shapley interaction of two mechanisms: above zero where they feed each other, below where one replaces the
    /// other.
    ///
    /// `None` where `k` and `l` are one, or either is not a mechanism.
    pub fn interaction(&self, k: usize, l: usize) -> Option<f64> {
        let n = self.phi.len();
        if k == l || k >= n || l >= n {
            return None;
        }
        let (k, l) = (1 << k, 1 << l);
        let v = &self.values;
        let without = (0..v.len()).filter(|s| s & (k | l) == 0);
        Some(
            without
                .map(|s| weight(n - 1, s) * (v[s | k | l] - v[s | k] - v[s | l] + v[s]))
                .sum(),
        )
    }

    /// Whether coming first and leaving first differ by more than half the mechanism's share, so that the share
    /// depends on the order of the argument and must be published as such. `None` where `k` is not a mechanism.
    pub fn is_order_dependent(&self, k: usize) -> Option<bool> {
        let spread = (self.last_out.get(k)? - self.first_in.get(k)?).abs();
        Some(spread > 0.5 * self.phi.get(k)?.abs())
    }
}

/// `|S|!(n−|S|−1)!/n!`, the share of orders of `n` in which exactly the members of `S` come before a given other one.
fn weight(n: usize, subset: usize) -> f64 {
    let size = subset.count_ones() as usize;
    factorial(size) * factorial(n - size - 1) / factorial(n)
}

/// Exact in f64 up to 18!, far above what [`MAX_PLAYERS`] needs.
fn factorial(n: usize) -> f64 {
    (1..=n).map(|i| i as f64).product()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{assert_all_close, assert_close};

    /// Values by mask: bit 0 is mechanism 1, bit 1 is mechanism 2, bit 2 is mechanism 3.
    const THREE: [f64; 8] = [0.0, 0.10, 0.06, 0.30, 0.02, 0.13, 0.08, 0.40];

    fn three() -> Shapley {
        shapley(3, |mask| THREE[mask as usize])
    }

    /// Source: computed independently in Python from the formulas.
    #[test]
    fn three_mechanisms() {
        let shares = three();
        assert_all_close(
            &shares.phi,
            &[0.19833333333333333, 0.15333333333333332, 0.04833333333333334],
        );
        assert_close(shares.total, 0.4);
        assert_all_close(&shares.first_in, &[0.10, 0.06, 0.02]);
        assert_all_close(&shares.last_out, &[0.32, 0.27, 0.10]);
        assert_close(shares.interaction(0, 1).unwrap_or(f64::NAN), 0.175);
        assert_close(shares.interaction(0, 2).unwrap_or(f64::NAN), 0.045);
        assert_close(shares.interaction(2, 1).unwrap_or(f64::NAN), 0.035);
        assert_eq!(shares.is_order_dependent(0), Some(true));
    }

    /// A value that differs for every mask, for any number of mechanisms.
    fn uneven(mask: u32) -> f64 {
        (0..10)
            .map(|k| f64::from(mask >> k & 1) * libm::sin(f64::from(mask) + f64::from(k)))
            .sum()
    }

    #[test]
    fn efficiency_at_every_size() {
        for n in 0..=MAX_PLAYERS {
            let shares = shapley(n, uneven);
            assert!(shares.efficiency_gap().unwrap() < 1e-12, "{n} mechanisms");
        }
    }

    #[test]
    fn symmetry_and_null_player() {
        // Mechanisms 0 and 2 are alike, 1 does nothing.
        let shares = shapley(3, |mask| {
            f64::from(mask & 1) + f64::from(mask >> 2) + 3.0 * f64::from(mask & mask >> 2 & 1)
        });
        assert_all_close(&shares.phi, &[2.5, 0.0, 2.5]);
        assert_close(shares.interaction(0, 1).unwrap_or(f64::NAN), 0.0);
        assert_eq!(shares.is_order_dependent(1), Some(false));
    }

    #[test]
    fn additivity_and_level() {
        let (a, b) = (three(), shapley(3, uneven));
        let both = shapley(3, |mask| 2.0 * THREE[mask as usize] + uneven(mask) + 17.0);
        let expected: Vec<f64> = a.phi.iter().zip(&b.phi).map(|(a, b)| 2.0 * a + b).collect();
        assert_all_close(&both.phi, &expected);
    }

    #[test]
    fn agrees_with_the_mean_over_all_orders() {
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let mut mean = [0.0; 3];
        for order in orders {
            let mut mask = 0;
            for k in order {
                mean[k] += (uneven(mask | 1 << k) - uneven(mask)) / 6.0;
                mask |= 1 << k;
            }
        }
        assert_all_close(&shapley(3, uneven).phi, &mean);
    }

    #[test]
    fn one_call_a_mask_in_order() {
        let mut calls = Vec::new();
        shapley(4, |mask| {
            calls.push(mask);
            0.0
        });
        assert!(calls.into_iter().eq(0..16));
    }

    #[test]
    fn nobody_and_strangers() {
        let none = shapley(0, |_| 3.0);
        assert!(none.phi.is_empty());
        assert_eq!(none.total, 0.0);
        assert_eq!(three().interaction(1, 1), None);
        assert_eq!(three().interaction(0, 3), None);
        assert_eq!(three().is_order_dependent(3), None);
        let unknown = shapley(1, |_| f64::NAN);
        assert!(unknown.total.is_nan());
        assert_eq!(unknown.efficiency_gap(), None);
    }
}
