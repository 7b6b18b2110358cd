//! Netting across counterparties against netting across asset classes, the setting of Duffie and Zhu.
//!
//! `N` members hold positions in `K` classes against one another, each pair's position in each class an independent
//! normal exposure with mean 0 and standard deviation `σ`. The positive part of a normal variable with standard
//! deviation `s` has mean `s/√(2π)`. A member nets all `K` classes with one counterparty, `s = σ√K`, and has `N − 1`
//! of them; a clearing house nets `N − 1` counterparties in a class, `s = σ√(N−1)`. All formulas here follow from
//! that.

use std::f64::consts::TAU;

/// How many clearing houses share the cleared classes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClearingHouses {
    /// One house clears all of them and nets across classes.
    Joint,
    /// Each class has its own house.
    Separate,
}

/// Expected exposure of one member to all its counterparties, in units of `σ`.
///
/// Of `classes` classes, `cleared` go through clearing houses, the others stay between the members: `[(N−1)√(K−m) +
/// √((N−1)m)]/√(2π)` with one house for `m` classes, `m·√(N−1)` in the second term with separate ones. With nothing
/// cleared this is the bilateral `(N−1)√(K/2π)`.
///
/// # Panics
/// When there is no member, or more classes are cleared than there are.
///
/// ```
/// use aftershock_measure::clearing::{ClearingHouses, netting_exposure};
/// let bilateral = netting_exposure(12, 6, 0, ClearingHouses::Joint);
/// let one_class = netting_exposure(12, 6, 1, ClearingHouses::Joint);
/// assert!(one_class > bilateral); // clearing one class of six among twelve adds exposure
/// ```
pub fn netting_exposure(members: u32, classes: u32, cleared: u32, houses: ClearingHouses) -> f64 {
    assert!(members > 0, "there must be a member");
    assert!(cleared <= classes, "{cleared} classes cleared of {classes}");
    let others = f64::from(members - 1);
    let between_members = others * f64::from(classes - cleared).sqrt();
    let through_houses = match houses {
        ClearingHouses::Joint => (others * f64::from(cleared)).sqrt(),
        ClearingHouses::Separate => f64::from(cleared) * others.sqrt(),
    };
    (between_members + through_houses) / TAU.sqrt()
}

/// Fewest members at which clearing one of `classes` equal classes lowers exposure: the least `N` with `4K(N−1) <
/// N²`.
///
/// `None` for no classes.
pub fn least_members(classes: u32) -> Option<u32> {
    if classes == 0 {
        return None;
    }
    let helps = |n: u32| 4 * u64::from(classes) * u64::from(n - 1) < u64::from(n) * u64::from(n);
    // N² − 4KN + 4K is negative from 2 up to just below 4K, and at 4K it is above zero.
    let bound = classes.checked_mul(4)?;
    (bound.saturating_sub(2).max(3)..=bound).find(|&n| helps(n))
}

/// Least importance at which clearing a class lowers exposure: its `σ` over the joint `σ` of all others,
/// `2√(N−1)/(N−2)`. `None` below three members, where it never does.
pub fn least_class_importance(members: u32) -> Option<f64> {
    (members > 2).then(|| 2.0 * f64::from(members - 1).sqrt() / f64::from(members - 2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::assert_close;

    /// Source: computed independently in Python from the formulas.
    #[test]
    fn twelve_members_six_classes() {
        let expected = [
            (10.749255261864239, 10.749255261864239),
            (11.13582449594055, 11.13582449594055),
            (10.647935328086298, 11.423013883032134),
            (9.892620210488152, 11.570296859670302),
            (8.852369133225935, 11.498652847426548),
            (7.347000220767359, 11.004074369917294),
            (3.2410224072142877, 7.938851142601841),
        ];
        for (cleared, (joint, separate)) in (0..).zip(expected) {
            assert_close(netting_exposure(12, 6, cleared, ClearingHouses::Joint), joint);
            assert_close(
                netting_exposure(12, 6, cleared, ClearingHouses::Separate),
                separate,
            );
        }
    }

    /// Source: computed independently in Python from the formulas.
    #[test]
    fn ratios_around_the_threshold() {
        let ratio = |n, k| {
            netting_exposure(n, k, 1, ClearingHouses::Joint)
                / netting_exposure(n, k, 0, ClearingHouses::Joint)
        };
        assert_close(ratio(15, 4), 0.9996560247406509);
        assert_close(ratio(16, 6), 1.018280184514223);
    }

    /// Source: computed independently in Python by searching over members.
    #[test]
    fn fewest_members() {
        let expected = [3, 7, 11, 15, 19, 23, 27, 31, 35, 39];
        for (classes, members) in (1..).zip(expected) {
            assert_eq!(least_members(classes), Some(members));
        }
        assert_eq!(least_members(0), None);
        assert_eq!(least_members(u32::MAX), None);
    }

    #[test]
    fn fewest_members_is_where_exposure_turns() {
        for classes in 1..40 {
            let helps = |n| {
                let bilateral = netting_exposure(n, classes, 0, ClearingHouses::Separate);
                netting_exposure(n, classes, 1, ClearingHouses::Separate) < bilateral * (1.0 - 1e-12)
            };
            assert_eq!(least_members(classes), (2..).find(|&n| helps(n)));
        }
    }

    /// Source: computed independently in Python from the formula.
    #[test]
    fn importance() {
        let expected = [
            (5, 1.3333333333333333),
            (8, 0.8819171036881969),
            (10, 0.75),
            (12, 0.6633249580710799),
            (16, 0.5532833351724882),
            (20, 0.48432210483785265),
            (26, 0.4166666666666667),
            (50, 0.2916666666666667),
            (100, 0.20305866063400407),
        ];
        for (members, importance) in expected {
            assert_close(least_class_importance(members).unwrap_or(f64::NAN), importance);
        }
        assert_eq!(least_class_importance(2), None);
    }

    #[test]
    fn joint_is_never_worse_than_separate() {
        for members in 1..30 {
            for cleared in 0..=6 {
                let joint = netting_exposure(members, 6, cleared, ClearingHouses::Joint);
                assert!(joint <= netting_exposure(members, 6, cleared, ClearingHouses::Separate));
            }
        }
    }
}
