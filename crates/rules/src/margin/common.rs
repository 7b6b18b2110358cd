//! What the margin models share.

use aftershock_protocol::{AssessMargin, Decision};

use crate::Parameter;

/// Returns below which a model says nothing and history stands.
pub(super) const FEWEST_RETURNS: usize = 2;

pub(super) const CONFIDENCE: Parameter = Parameter {
    name: "confidence",
    default: 0.995,
    allowed: [0.9, 0.9999],
    meaning: "share of moves that margin covers",
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
