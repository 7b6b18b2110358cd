use aftershock_protocol::{Decision, Liquidate, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "liquidation-rate-breaker",
    what: "while forced orders of the last minutes exceed a share of open interest, no further one is sent",
    changes: "A position that breaks is looked at again after the pause; those on their way fill. Trading goes on.",
    helps: "Impact of one wave decays before the next is sent, and what recovers by then is not closed.",
    costs: "What is not closed falls on: losses beyond margin, and those who bear them.",
    parameters: &[
        Parameter {
            name: "window_s",
            default: 300.0,
            allowed: [60.0, 3_600.0],
            meaning: "time over which forced orders are summed, s",
        },
        Parameter {
            name: "rate_pct",
            default: 1.0,
            allowed: [0.01, 100.0],
            meaning: "forced orders of both sides, percent of the open interest of one side now",
        },
        Parameter {
            name: "pause_s",
            default: 300.0,
            allowed: [60.0, 86_400.0],
            meaning: "until a broken position is looked at again, s",
        },
    ],
    example: "Open interest 500 million, 6 million forced in five minutes: 1.2 % is above 1 %, liquidation pauses.",
    sources: &[
        "MakerDAO Liquidations 2.0 (dss, dog.sol): Hole limits what may be on auction at once",
        "window, rate and pause: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<LiquidationRateBreaker>(table)?)),
};

/// Pauses liquidation while forced orders come too fast.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiquidationRateBreaker {
    /// Time over which forced orders are summed, s.
    pub window_s: f64,
    /// Forced orders above which none is sent, percent of open interest.
    pub rate_pct: f64,
    /// Until a broken position is looked at again, s.
    pub pause_s: f64,
}

impl ProtocolRule for LiquidationRateBreaker {
    fn name(&self) -> &str {
        "liquidation-rate-breaker"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.pause_s.min(self.window_s))
    }

    fn liquidate(&self, _step: &Liquidate, view: &View<'_>) -> Decision<Liquidate> {
        let forced_usd = view.past.forced_usd(view.now, self.window_s);
        if forced_usd <= view.open_interest_usd * self.rate_pct / 100.0 {
            return Decision::Accept;
        }
        Decision::Defer {
            until: view.now.plus_seconds(self.pause_s),
            reason: "forced orders exceed their share of open interest".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::Side;
    use aftershock_protocol::Past;

    use super::super::tests::{at, sale, view};
    use super::*;

    /// By hand: 1 % of an open interest of a million is 10,000; the order of 301 s ago no longer counts.
    #[test]
    fn more_than_the_share_defers_and_the_share_itself_does_not() {
        let rule = LiquidationRateBreaker {
            window_s: 300.0,
            rate_pct: 1.0,
            pause_s: 120.0,
        };
        let mut past = Past::new();
        past.forced(at(699), 1e6);
        past.forced(at(700), 4_000.0);
        past.forced(at(900), 6_000.0);
        let decision = rule.liquidate(&sale(Side::Long), &view(&past, 1_000, 100.0));
        assert_eq!(decision, Decision::Accept);
        past.forced(at(1_000), 0.01);
        let decision = rule.liquidate(&sale(Side::Short), &view(&past, 1_000, 100.0));
        let Decision::Defer { until, .. } = decision else {
            panic!("{decision:?} does not defer")
        };
        assert_eq!(until, at(1_120));
    }
}
