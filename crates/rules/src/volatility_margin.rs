//! Margin that follows volatility.

use aftershock_protocol::{AssessMargin, Decision, ProtocolRule, View};
use serde::Deserialize;

/// Margin that follows volatility, with a floor, a cap and a speed limit.
///
/// *What it changes.* Initial margin becomes `multiple · volatility · √(horizon / day)`, never below history's, within
/// floor and cap, and grows by no more than the speed limit; maintenance becomes a share of it. Positions opened
/// before the episode were opened under it too, so their leverage is lower.
/// *Why it might help.* Thin cushions are not built up in calm days and are thicker when the fall begins.
/// *What it costs.* Holders post more at all times, and those at the edge are called, or closed, as volatility rises.
/// *Example.* A daily volatility of 4 % at multiple 3 over 8 hours asks 6.9 %, which is leverage 14.
/// *Sources.* EMIR RTS 153/2013 Art. 28 (floors and buffers against procyclicality); Murphy, Vasios and Vause, Bank of
/// England SWP 597 (how margin models procyclically react).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VolatilityMargin {
    /// Number of standard deviations, 0.5 to 10.
    pub multiple: f64,
    /// Horizon over which the position must stand, h, 0.25 to 240.
    pub horizon_h: f64,
    /// Lowest initial margin, 0 to 1.
    pub floor: f64,
    /// Highest initial margin, floor to 1.
    pub cap: f64,
    /// Maintenance over initial margin, 0.1 to 1.
    pub maintenance_share: f64,
    /// Highest growth of initial margin an hour, 0.01 to 100 (0.25 is 25 percent).
    pub speed_limit_per_h: f64,
}

impl ProtocolRule for VolatilityMargin {
    fn name(&self) -> &str {
        "volatility-margin"
    }

    fn assess_margin(&self, step: &AssessMargin, view: &View) -> Decision<AssessMargin> {
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
        Decision::Amend(amended, "margin follows the volatility of the last day".into())
    }
}
