use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "volatility-margin",
    what: "margin that follows volatility, with a floor, a cap and a speed limit",
    changes: "Initial margin becomes multiple · volatility, weighted with a half-life of a day, · √(horizon / day), never below history's, within floor and cap, and \
              grows by no more than the speed limit; maintenance becomes a share of it. Positions opened before the episode were \
              opened under it too.",
    helps: "Thin cushions are not built up in calm days and are thicker when the fall begins.",
    costs: "Holders post more at all times, and those at the edge are called, or closed, as volatility rises.",
    parameters: &[
        Parameter {
            name: "multiple",
            default: 3.0,
            allowed: [0.5, 10.0],
            meaning: "standard deviations",
        },
        Parameter {
            name: "horizon_h",
            default: 8.0,
            allowed: [0.25, 240.0],
            meaning: "horizon over which the position must stand, h",
        },
        Parameter {
            name: "floor",
            default: 0.02,
            allowed: [0.0, 1.0],
            meaning: "lowest initial margin, ratio",
        },
        Parameter {
            name: "cap",
            default: 0.5,
            allowed: [0.0, 1.0],
            meaning: "highest initial margin, ratio",
        },
        Parameter {
            name: "maintenance_share",
            default: 0.5,
            allowed: [0.1, 1.0],
            meaning: "maintenance over initial margin",
        },
        Parameter {
            name: "speed_limit_per_h",
            default: 0.25,
            allowed: [0.01, 100.0],
            meaning: "highest growth of initial margin an hour, ratio (0.25 is 25 percent)",
        },
    ],
    example: "A daily volatility of 4 % at multiple 3 over 8 hours asks 6.9 %, which is leverage 14.",
    sources: &[
        "EMIR RTS 153/2013, Article 28: floors and buffers against procyclical margin",
        "Bank of England Staff Working Paper 597: how procyclical initial margin models are",
        "parameters: declared, not calibrated",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<VolatilityMargin>(table)?;
        if rule.cap < rule.floor {
            return Err(format!(
                "cap: is {}, allowed is {} (the floor) to 1",
                rule.cap, rule.floor
            ));
        }
        Ok(Box::new(rule))
    },
};

/// Margin that follows volatility, with a floor, a cap and a speed limit.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolatilityMargin {
    /// Number of standard deviations.
    pub multiple: f64,
    /// Horizon over which the position must stand, h.
    pub horizon_h: f64,
    /// Lowest initial margin.
    pub floor: f64,
    /// Highest initial margin.
    pub cap: f64,
    /// Maintenance over initial margin.
    pub maintenance_share: f64,
    /// Highest growth of initial margin an hour (0.25 is 25 percent).
    pub speed_limit_per_h: f64,
}

impl ProtocolRule for VolatilityMargin {
    fn name(&self) -> &str {
        "volatility-margin"
    }

    fn sets_margin(&self) -> bool {
        true
    }

    fn assess_margin(&self, step: &AssessMargin, view: &View<'_>) -> Decision<AssessMargin> {
        let wanted = self.multiple * view.volatility_24h * (self.horizon_h / 24.0).sqrt();
        let mut initial = step.initial_ratio.max(wanted.clamp(self.floor, self.cap));
        if step.elapsed_s > 0.0 {
            let growth = 1.0 + self.speed_limit_per_h * step.elapsed_s / 3_600.0;
            initial = initial
                .min(step.in_force_initial_ratio * growth)
                .max(step.initial_ratio);
        }
        let maintenance = step.maintenance_ratio.max(initial * self.maintenance_share);
        let amended = AssessMargin {
            initial_ratio: initial,
            maintenance_ratio: maintenance,
            ..step.clone()
        };
        Decision::Amend(
            amended,
            "margin follows volatility with a half-life of a day".into(),
        )
    }
}
