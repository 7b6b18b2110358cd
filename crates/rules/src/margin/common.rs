//! What the margin models share.

use aftershock_protocol::{AssessMargin, Decision, View};

use crate::Parameter;

/// Returns below which a model says nothing and history stands.
pub(super) const FEWEST_RETURNS: usize = 2;
const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;

pub(super) const CONFIDENCE: Parameter = Parameter {
    name: "confidence",
    default: 0.995,
    allowed: [0.9, 0.9999],
    meaning: "share of moves against a side that margin covers",
};
pub(super) const HORIZON_H: Parameter = Parameter {
    name: "horizon_h",
    default: 1.0,
    allowed: [0.0166, 240.0],
    meaning: "horizon over which the position must stand, h",
};
pub(super) const MAINTENANCE_SHARE: Parameter = Parameter {
    name: "maintenance_share",
    default: 0.5,
    allowed: [0.1, 1.0],
    meaning: "maintenance over initial margin",
};
pub(super) const CAP: Parameter = Parameter {
    name: "cap",
    default: 0.5,
    allowed: [0.01, 1.0],
    meaning: "highest initial margin that the rule asks, ratio",
};
pub(super) const LAMBDA: Parameter = Parameter {
    name: "lambda",
    default: 0.97,
    allowed: [0.5, 0.9999],
    meaning: "weight kept from one close to the next, ratio",
};

/// Asks `wanted` where that is more than the step asks; maintenance becomes `share` of what is then asked.
///
/// A wish that is no number above zero lets the step stand.
pub(super) fn raise(step: &AssessMargin, wanted: f64, share: f64, reason: &str) -> Decision<AssessMargin> {
    if wanted.is_nan() || wanted <= 0.0 {
        return Decision::Accept;
    }
    let initial = step.initial_ratio.max(wanted.min(1.0));
    Decision::Amend(
        AssessMargin {
            initial_ratio: initial,
            maintenance_ratio: step.maintenance_ratio.max(initial * share),
            ..step.clone()
        },
        reason.into(),
    )
}

/// As [`raise`], of what the rule's model came to, at most `cap`.
pub(super) fn follow(step: &AssessMargin, cap: f64, share: f64, reason: &str) -> Decision<AssessMargin> {
    // The lesser of no number and the cap would be the cap.
    if step.model.is_nan() {
        return Decision::Accept;
    }
    raise(step, step.model.min(cap), share, reason)
}

/// Log returns from close to close over the root of the seconds they took, oldest first; none where there are too few of them.
pub(super) fn moves(view: &View<'_>) -> Vec<f64> {
    let moves = view.past.returns().filter(|(seconds, _)| *seconds > 0.0);
    let moves: Vec<f64> = moves
        .map(|(seconds, log_return)| log_return / seconds.sqrt())
        .collect();
    if moves.len() < FEWEST_RETURNS {
        return Vec::new();
    }
    moves
}

/// A move a root second over a horizon, if its square grows with time.
pub(super) fn over(horizon_h: f64, per_root_s: f64) -> f64 {
    per_root_s * (horizon_h * HOUR_S).sqrt()
}

/// A daily volatility a root second.
pub(super) fn daily_per_root_s(daily: f64) -> f64 {
    daily / DAY_S.sqrt()
}

/// The least of the moves' sizes that no more than the share `tail` of them goes beyond: the largest where they are fewer than
/// `1 / tail`.
///
/// Zero where there are none.
pub(super) fn size_beyond(moves: &[f64], tail: f64) -> f64 {
    let mut sizes: Vec<f64> = moves.iter().map(|one| one.abs()).collect();
    // A share of a count that should be whole may come out a little below it.
    let beyond = (sizes.len() as f64 * tail + 1e-9) as usize;
    let Some(at) = sizes.len().checked_sub(beyond + 1) else {
        return 0.0;
    };
    *sizes.select_nth_unstable_by(at, f64::total_cmp).1
}

/// Share of sizes beyond a margin that one side breaks with the share `1 − confidence`, if falls and rises are alike.
pub(super) fn both_tails(confidence: f64) -> f64 {
    2.0 * (1.0 - confidence)
}

/// Exponentially weighted mean square; weights sum to one, so that it is unbiased from the first move on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Weighted {
    sum: f64,
    weight: f64,
}

impl Weighted {
    pub(super) fn next(&mut self, lambda: f64, one: f64) {
        self.sum = lambda * self.sum + (1.0 - lambda) * one * one;
        self.weight = lambda * self.weight + (1.0 - lambda);
    }

    /// Root of the mean square; zero before the first move.
    pub(super) fn volatility(self) -> f64 {
        if self.weight > 0.0 {
            (self.sum / self.weight).sqrt()
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, lambda 0.5: weights 1/7, 2/7, 4/7; (1e-4 + 2·4e-4 + 4·0)/7.
    #[test]
    fn late_moves_weigh_more() {
        let mut found = Weighted::default();
        assert_eq!(found.volatility(), 0.0);
        for one in [0.01, -0.02, 0.0] {
            found.next(0.5, one);
        }
        assert!((found.volatility() - (9e-4_f64 / 7.0).sqrt()).abs() < 1e-17);
    }

    /// The cap bounds a model, and is not what no number asks for.
    #[test]
    fn no_number_asks_for_nothing() {
        for model in [f64::NAN, 0.0, -1.0] {
            let step = AssessMargin {
                model,
                ..crate::margin::tests::step()
            };
            assert_eq!(follow(&step, 0.5, 0.5, ""), Decision::Accept, "{model}");
        }
    }

    /// By hand: of ten sizes none may go beyond at 9 %, one at 10 %, two at 20 %. Source of 0.2 and 0.3: `numpy.quantile` of
    /// the sizes, method `inverted_cdf`, at 0.8 and 0.7 of 1 to 10.
    #[test]
    fn sizes_beyond() {
        let moves = [3.0, -10.0, 1.0, -2.0, 4.0, 5.0, -6.0, 7.0, -8.0, 9.0];
        for (tail, size) in [
            (0.0, 10.0),
            (0.09, 10.0),
            (0.1, 9.0),
            (0.2, 8.0),
            (0.3, 7.0),
            (0.9, 1.0),
        ] {
            assert_eq!(size_beyond(&moves, tail), size, "{tail}");
        }
        assert_eq!((size_beyond(&[], 0.1), size_beyond(&[1.0], 1.0)), (0.0, 0.0));
        assert!((both_tails(0.995) - 0.01).abs() < 1e-15);
    }
}
