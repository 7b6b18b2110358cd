use aftershock_protocol::{Decision, Liquidate, Part, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "whole-liquidation",
    what: "a broken position is closed whole, whatever steps its venue takes",
    changes: "Where a venue closes a share first, or brackets step by step, all of a broken position goes to the book at once. On a venue \
              that closes whole anyway its journal is history's. Set after a rule that closes less, it undoes that rule's \
              fraction and pause.",
    helps: "Nothing broken is left to lose more than its margin.",
    costs: "Holders lose positions that a part would have saved, and forced flow comes in one piece.",
    parameters: &[],
    example: "A venue that would send a fifth of 10 BTC sends 10.",
    sources: &[
        "BitMEX before partial liquidation, and Hyperliquid below 100,000 USDC: the whole position is closed",
        "its use on other venues: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<WholeLiquidation>(table)?)),
};

/// All of a broken position at once.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeLiquidation {}

impl ProtocolRule for WholeLiquidation {
    fn name(&self) -> &str {
        "whole-liquidation"
    }

    fn liquidate(&self, step: &Liquidate, _view: &View<'_>) -> Decision<Liquidate> {
        if step.is_whole() {
            return Decision::Accept;
        }
        let amended = Liquidate {
            part: Part::Share,
            fraction: 1.0,
            keeps_margin: false,
            pause_s: 0.0,
            ..step.clone()
        };
        Decision::Amend(amended, "a broken position is closed whole".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::testing::{amended, at, step};

    #[test]
    fn a_part_becomes_the_whole_and_the_whole_stands() {
        let fifth = Liquidate {
            fraction: 0.2,
            pause_s: 30.0,
            keeps_margin: true,
            ..step()
        };
        assert_eq!(amended(WholeLiquidation {}.liquidate(&fifth, &at(0))), step());
        assert_eq!(WholeLiquidation {}.liquidate(&step(), &at(0)), Decision::Accept);
        let to_health = Liquidate {
            part: Part::ToHealth {
                target_ratio: 0.01,
                cost_ratio: 0.0,
                mean: 0.5,
            },
            ..step()
        };
        assert_eq!(amended(WholeLiquidation {}.liquidate(&to_health, &at(0))), step());
    }
}
