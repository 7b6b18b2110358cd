use aftershock_protocol::{Decision, Liquidate, Part, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "tiered-liquidation",
    what: "a large account is cut to the bracket below at a time, and closed whole only in the lowest",
    changes: "Of broken positions above the lowest bracket no more is closed than brings an account under where its bracket begins. What is \
              closed takes its loss, all other margin stays, and the rest is held to the maintenance margin of the bracket below; \
              if it is still broken once the sale is done, it is cut again. A bracket's levels stand for many accounts: all of one bracket \
              that break at a check are cut to the same extent, worked out for their mean; the price moves while the cut is under way, so it goes a little under the \
              edge. In the lowest bracket nothing changes.",
    helps: "A smaller position needs a smaller ratio of margin, so part of a large account survives and less is sold.",
    costs: "What is left stands closer to its bankruptcy than if it had been sold, and falls with the price while the cut is under way.",
    parameters: &[Parameter {
        name: "below_ratio",
        default: 0.02,
        allowed: [0.0, 0.5],
        meaning: "how far under the edge of its bracket an account is brought, over that edge, ratio",
    }],
    example: "An account of 15,000 in a bracket that begins at 2,000 closes 13,000 at a ratio of 0, and 13,040 at 0.02.",
    sources: &[
        "BitMEX, Liquidation: the engine tries to bring a position to a lower risk limit",
        "Bybit, Liquidation process: the excess over the lower tier is closed first",
        "OKX help, partial liquidation: 15,000 contracts, 2,000 of them allowed in tier 1, close 13,000; OKX goes to the lowest tier at \
         once, this rule one bracket at a time",
        "that margin stays with the rest, what the cut leaves broken is cut again, and below_ratio: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<TieredLiquidation>(table)?)),
};

/// Large accounts go down a bracket at a time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TieredLiquidation {
    /// How far under the edge of its bracket an account is brought, over that edge.
    pub below_ratio: f64,
}

impl ProtocolRule for TieredLiquidation {
    fn name(&self) -> &str {
        "tiered-liquidation"
    }

    fn liquidate(&self, step: &Liquidate, _view: &View<'_>) -> Decision<Liquidate> {
        let excess = 1.0 - step.tier_floor_usd * (1.0 - self.below_ratio) / step.account_usd;
        if step.tier_floor_usd <= 0.0 || step.part != Part::Share || !(excess > 0.0 && excess < step.fraction)
        {
            return Decision::Accept;
        }
        let amended = Liquidate {
            fraction: excess,
            keeps_margin: true,
            ..step.clone()
        };
        Decision::Amend(
            amended,
            "no more than brings the account to a lower bracket".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::testing::{amended, at, step};

    const RULE: TieredLiquidation = TieredLiquidation { below_ratio: 0.0 };

    fn account(account_usd: f64, tier_floor_usd: f64) -> Liquidate {
        Liquidate {
            tier: 2,
            account_usd,
            tier_floor_usd,
            ..step()
        }
    }

    /// Source: OKX help, "Partial liquidation": of 15,000 with 2,000 allowed in the tier below 13,000 are closed.
    #[test]
    fn of_fifteen_thousand_thirteen_are_closed() {
        let left = amended(RULE.liquidate(&account(15_000.0, 2_000.0), &at(0)));
        assert!((15_000.0 * left.fraction - 13_000.0).abs() < 1e-9);
        assert!(left.keeps_margin && left.pause_s == 0.0);
    }

    #[test]
    fn at_the_edge_and_in_the_lowest_bracket_nothing_changes() {
        for one in [
            account(2_000.0, 2_000.0),
            account(1_000.0, 2_000.0),
            account(1e6, 0.0),
        ] {
            assert_eq!(RULE.liquidate(&one, &at(0)), Decision::Accept);
        }
        let left = amended(RULE.liquidate(&account(2_001.0, 2_000.0), &at(0)));
        assert!((left.fraction - 1.0 / 2_001.0).abs() < 1e-12);
        // By hand: to 2 % under 2,000 is 1,960, of 2,000 it is 2 %.
        let under = TieredLiquidation { below_ratio: 0.02 };
        let left = amended(under.liquidate(&account(2_000.0, 2_000.0), &at(0)));
        assert!((left.fraction - 0.02).abs() < 1e-12);
    }

    /// A rule before it that closes less, or says which part is closed, stands.
    #[test]
    fn it_closes_no_more_than_a_rule_before_it() {
        let smaller = Liquidate {
            fraction: 0.5,
            ..account(15_000.0, 2_000.0)
        };
        assert_eq!(RULE.liquidate(&smaller, &at(0)), Decision::Accept);
        // By hand: from 4,000 to 2,000 is one half, what a rule before it closes already.
        let same = Liquidate {
            fraction: 0.5,
            ..account(4_000.0, 2_000.0)
        };
        assert_eq!(RULE.liquidate(&same, &at(0)), Decision::Accept);
        let part = Liquidate {
            part: Part::InBand {
                beyond_ratio: 0.0,
                mean: 0.5,
            },
            ..account(15_000.0, 2_000.0)
        };
        assert_eq!(RULE.liquidate(&part, &at(0)), Decision::Accept);
    }
}
