use aftershock_measure::tail::normal_quantile;
use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{CAP, CONFIDENCE, HORIZON_H, LAMBDA, MAINTENANCE_SHARE, Weighted, follow, moves, over};
use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "ewma-margin",
    what: "margin at a normal quantile of exponentially weighted volatility",
    changes: "Initial margin becomes z(confidence) · volatility · √horizon, never below history's, at most the cap; \
              maintenance becomes a share of it. Volatility weighs each close's squared return a second by lambda to the power \
              of its age in closes. With fewer than two returns history stands.",
    helps: "Cushions thicken as soon as moves grow.",
    costs: "Margin rises in the fall itself and closes positions then: it has no floor and no speed limit. Tails are taken as \
            normal, so large moves break it more often than it says.",
    parameters: &[CONFIDENCE, HORIZON_H, LAMBDA, MAINTENANCE_SHARE, CAP],
    example: "A volatility of 2 % an hour at confidence 0.995, z = 2.576, over one hour asks 5.2 %.",
    sources: &[
        "J.P. Morgan and Reuters, RiskMetrics Technical Document, 4th edition, 1996, chapter 5: exponential weights, lambda \
         0.94 for days and 0.97 for months",
        "closes in place of days, and all parameters: declared, not calibrated",
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

impl ProtocolRule for EwmaMargin {
    fn name(&self) -> &str {
        "ewma-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, view: &View<'_>) -> f64 {
        let mut weighted = Weighted::default();
        for one in moves(view) {
            weighted.next(self.lambda, one);
        }
        normal_quantile(self.confidence).unwrap_or(0.0) * over(self.horizon_h, weighted.volatility())
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        follow(
            step,
            self.cap,
            self.maintenance_share,
            "margin follows exponentially weighted volatility",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::tests::{Asked, near, past};

    const RULE: EwmaMargin = EwmaMargin {
        confidence: 0.99,
        horizon_h: 1.0,
        lambda: 0.5,
        maintenance_share: 0.5,
        cap: 0.5,
    };

    /// By hand: weights 1/7, 2/7, 4/7 over 900 s each make (1e-4 + 2·4e-4 + 4·1e-4)/7/900 a second, and times 3,600 s
    /// 1.3e-3·4/7. Times z = 2.3263478740408408 (Python, `scipy.stats.norm.ppf(0.99)`) its root is 0.06340619988.
    #[test]
    fn by_hand() {
        let past = past(900, &[0.01, -0.02, 0.01]);
        let asked = Asked::of(RULE, &past);
        near(
            asked.initial,
            2.3263478740408408 * (1.3e-3_f64 * 4.0 / 7.0).sqrt(),
        );
        near(asked.maintenance, 0.5 * asked.initial);
        // The cap holds; a step that asks more already stands.
        assert_eq!(Asked::of(EwmaMargin { cap: 0.05, ..RULE }, &past).initial, 0.05);
        assert_eq!(Asked::after(0.2, RULE, &past).initial, 0.2);
    }

    /// One return is too few; two that are nothing ask for nothing.
    #[test]
    fn history_stands_where_nothing_is_known() {
        for returns in [&[][..], &[0.1], &[0.0, 0.0]] {
            assert_eq!(Asked::of(RULE, &past(60, returns)), Asked::HISTORY);
        }
    }
}
