use aftershock_measure::tail::normal_quantile;
use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use super::common::{CONFIDENCE, HORIZON_H, MAINTENANCE_SHARE, daily_per_root_s, over, raise};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "stressed-margin",
    what: "part of margin is that of a stressed time",
    changes: "Initial margin becomes (1 − weight) of what the rules before ask, or history, and weight times z(confidence) · \
              stressed volatility · √horizon, never below what they ask; maintenance becomes a share of it. Once they ask more \
              than stress would, the present is the stress and their margin stands. Not modelled: a mix of single \
              observations, which moves a quantile otherwise than a mix of margins does.",
    helps: "Margin never forgets that there were worse days; it rises less in a fall, as part of it stands already.",
    costs: "Holders post more in calm days.",
    parameters: &[
        Parameter {
            name: "weight",
            default: 0.25,
            allowed: [0.0, 1.0],
            meaning: "weight of stress; the regulation asks 0.25 at least",
        },
        Parameter {
            name: "stressed_volatility",
            default: 0.1,
            allowed: [0.001, 2.0],
            meaning: "daily volatility of a stressed time, ratio",
        },
        CONFIDENCE,
        HORIZON_H,
        MAINTENANCE_SHARE,
    ],
    example: "Stress asks 2.576 · 10 % · √(1/24) = 5.26 % over an hour; a model at 2 % becomes 0.75 · 2 % + 0.25 · 5.26 % = \
              2.81 %.",
    sources: &[
        "Commission Delegated Regulation (EU) 153/2013, Article 28(1)(b): at least 25 % weight to stressed observations",
        "stressed volatility, a mix of margins in place of observations, and other parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<StressedMargin>(table)?)),
};

/// A share of margin is that of a stressed time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StressedMargin {
    /// Weight of stress.
    pub weight: f64,
    /// Daily volatility of a stressed time.
    pub stressed_volatility: f64,
    /// Share of moves that the margin of stress covers.
    pub confidence: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
}

impl ProtocolRule for StressedMargin {
    fn name(&self) -> &str {
        "stressed-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn model(&self, _view: &View<'_>) -> f64 {
        let stress = over(self.horizon_h, daily_per_root_s(self.stressed_volatility));
        normal_quantile(self.confidence).unwrap_or(0.0) * stress
    }

    fn assess_margin(&self, step: &AssessMargin, _view: &View<'_>) -> Decision<AssessMargin> {
        // `raise` keeps what is asked where stress would ask less.
        raise(
            step,
            (1.0 - self.weight) * step.initial_ratio + self.weight * step.model,
            self.maintenance_share,
            "part of margin is that of a stressed time",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_protocol::NO_PAST;

    use crate::margin::tests::{Asked, near};

    const RULE: StressedMargin = StressedMargin {
        weight: 0.25,
        stressed_volatility: 0.1,
        confidence: 0.99,
        horizon_h: 6.0,
        maintenance_share: 0.5,
    };

    /// By hand: stress is 10 % · √(6/24) = 5 % times z. A quarter of it is on three quarters of 1 %, and of 8 %. Above it what
    /// is asked stands.
    #[test]
    fn mixed() {
        let stress = 0.05 * 2.3263478740408408;
        for (model, initial) in [
            (0.01, 0.0075 + 0.25 * stress),
            (0.08, 0.06 + 0.25 * stress),
            (stress, stress),
            (0.2, 0.2),
        ] {
            let found = Asked::after(model, RULE, &NO_PAST);
            near(found.initial, initial);
            near(found.maintenance, 0.5 * initial);
        }
        near(
            Asked::of(StressedMargin { weight: 1.0, ..RULE }, &NO_PAST).initial,
            stress,
        );
        near(
            Asked::of(StressedMargin { weight: 0.0, ..RULE }, &NO_PAST).initial,
            0.01,
        );
    }
}
