use aftershock_measure::tail::normal_quantile;
use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{CAP, CONFIDENCE, HORIZON_H, MAINTENANCE_SHARE, daily_per_root_s, follow, over};
use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "margin-floor",
    what: "margin never below what normal volatility asks",
    changes: "Initial margin is at least z(confidence) · normal volatility · √horizon, at most the cap, whatever the rules \
              before ask; maintenance becomes a share of it. Normal is the volatility of the days before the episode. Not \
              modelled: a lookback of ten years, which such markets do not have.",
    helps: "Calm hours lower nothing, so that there is less to rise from.",
    costs: "Holders post more in calm days. It is of no help where the days before were calm themselves.",
    parameters: &[CONFIDENCE, HORIZON_H, MAINTENANCE_SHARE, CAP],
    example: "A normal volatility of 4 % a day asks 2.576 · 4 % · √(1/24) = 2.1 % over an hour, though the last hour was calm.",
    sources: &[
        "Commission Delegated Regulation (EU) 153/2013, Article 28(1)(c): not below margin at the volatility of the last ten \
         years",
        "the days before the episode in place of ten years, and parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<MarginFloor>(table)?)),
};

/// Margin never below what normal volatility asks.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginFloor {
    /// Share of moves that the floor covers at normal volatility.
    pub confidence: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
    /// Highest initial margin that the rule asks.
    pub cap: f64,
}

impl ProtocolRule for MarginFloor {
    fn name(&self) -> &str {
        "margin-floor"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, view: &View<'_>) -> f64 {
        let normal = over(self.horizon_h, daily_per_root_s(view.volatility_normal));
        normal_quantile(self.confidence).unwrap_or(0.0) * normal
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        follow(
            step,
            self.cap,
            self.maintenance_share,
            "margin keeps to normal volatility",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_protocol::NO_PAST;

    use crate::margin::tests::{Asked, near, step, view};

    const RULE: MarginFloor = MarginFloor {
        confidence: 0.99,
        horizon_h: 6.0,
        maintenance_share: 0.5,
        cap: 0.5,
    };

    /// By hand: 4 % · √(6/24) = 2 % times z, though volatility is twice that now; what is more already stands.
    #[test]
    fn normal_volatility_is_the_floor() {
        let floor = 0.02 * 2.3263478740408408;
        let wild = View {
            volatility_1h: 0.08,
            volatility_24h: 0.08,
            ..view(&NO_PAST)
        };
        let found = Asked::on(RULE, step(), &wild);
        near(found.initial, floor);
        near(found.maintenance, 0.5 * floor);
        assert_eq!(Asked::after(0.1, RULE, &NO_PAST).initial, 0.1);
        assert_eq!(
            Asked::of(MarginFloor { cap: 0.03, ..RULE }, &NO_PAST).initial,
            0.03
        );
        let unknown = View {
            volatility_normal: 0.0,
            ..wild
        };
        assert_eq!(Asked::on(RULE, step(), &unknown), Asked::HISTORY);
    }
}
