use aftershock_measure::tail::normal_quantile;
use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{CAP, CONFIDENCE, FEWEST_RETURNS, HORIZON_H, MAINTENANCE_SHARE, raise};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "ewma-margin",
    what: "margin at a normal quantile of exponentially weighted volatility",
    changes: "Initial margin becomes z(confidence) · volatility · √horizon, never below history's, at most the cap; maintenance \
              becomes a share of it. Volatility weighs each close's squared return a second by lambda to the power of its age \
              in closes. With fewer than two returns history stands.",
    helps: "Cushions thicken as soon as moves grow.",
    costs: "Margin rises in the fall itself and closes positions then: it has no floor and no speed limit. Tails are taken as \
            normal, so large moves break it more often than it says.",
    parameters: &[
        CONFIDENCE,
        HORIZON_H,
        Parameter {
            name: "lambda",
            default: 0.97,
            allowed: [0.5, 0.9999],
            meaning: "weight kept from one close to the next, ratio",
        },
        MAINTENANCE_SHARE,
        CAP,
    ],
    example: "A volatility of 2 % an hour at confidence 0.995, z = 2.576, over one hour asks 5.2 %.",
    sources: &[
        "RiskMetrics Technical Document, 1996: exponential weights",
        "parameters, and closes in place of days: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<EwmaMargin>(table)?)),
};

/// Margin at a normal quantile of exponentially weighted volatility.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EwmaMargin {
    /// Share of moves that margin covers.
    pub confidence: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Weight kept from one close to the next.
    pub lambda: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
    /// Highest initial margin that the rule asks.
    pub cap: f64,
}

/// Variance a second: weights sum to one, so that it is unbiased from the first return on.
fn variance_per_s(returns: impl Iterator<Item = (f64, f64)>, lambda: f64) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (seconds, log_return) in returns {
        sum = lambda * sum + (1.0 - lambda) * log_return * log_return / seconds;
        weight = lambda * weight + (1.0 - lambda);
    }
    sum / weight
}

impl ProtocolRule for EwmaMargin {
    fn name(&self) -> &str {
        "ewma-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, view: &View<'_>) -> f64 {
        let returns = view.past.returns();
        if returns.len() < FEWEST_RETURNS {
            return 0.0;
        }
        let variance = variance_per_s(returns, self.lambda) * self.horizon_h * 3_600.0;
        normal_quantile(self.confidence).unwrap_or(0.0) * variance.sqrt()
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        raise(
            step,
            step.model.min(self.cap),
            self.maintenance_share,
            "margin follows exponentially weighted volatility",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand, lambda 0.5: weights 1/7, 2/7, 4/7; (1e-4 + 2·4e-4 + 4·0)/7 over 100 s each.
    #[test]
    fn late_returns_weigh_more() {
        let returns = [(100.0, 0.01), (100.0, -0.02), (100.0, 0.0)];
        let found = variance_per_s(returns.into_iter(), 0.5);
        assert!((found - 9e-4 / 7.0 / 100.0).abs() < 1e-18, "{found}");
    }
}
