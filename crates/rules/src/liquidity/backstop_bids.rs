use aftershock_protocol::{Decision, ProtocolRule, SetLiquidity, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "backstop-bids",
    what: "bids funded beforehand that take forced sales first, below the price",
    changes: "A forced sale is filled by these bids first, at the price less the discount and without impact, until their capital is used up; only the rest walks the book. Used capital does not come back within the replay.",
    helps: "The first forced sales do not push the price into the next positions.",
    costs: "Somebody funds the bids and holds what they bought: the position joins open interest as that of any buyer on the book, and its result is not followed. A holder who is sold small may get less than the book would have paid. Forced purchases are not served.",
    parameters: &[
        Parameter {
            name: "capital_usd",
            default: 50e6,
            allowed: [1.0, 1e12],
            meaning: "all the bids will ever pay, USD",
        },
        Parameter {
            name: "discount_pct",
            default: 1.0,
            allowed: [0.0, 50.0],
            meaning: "below the price on the market, percent",
        },
    ],
    example: "Bids of 200,000 USD at 1 % take 5.0505 coins of a sale at 40,000, at 39,600 each; whatever is more walks the book.",
    sources: &[
        "Liquity: a stability pool funded beforehand takes liquidated positions first, below their value (docs.liquity.org, Stability Pool)",
        "Hyperliquid: the liquidator vault backstops the book (hyperliquid.gitbook.io, Liquidations)",
        "capital and discount: declared, not calibrated",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<BackstopBids>(table)?)),
};

/// Bids funded beforehand, below the price.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackstopBids {
    /// All the bids will ever pay, USD.
    pub capital_usd: f64,
    /// Below the price on the market, percent.
    pub discount_pct: f64,
}

impl ProtocolRule for BackstopBids {
    fn name(&self) -> &str {
        "backstop-bids"
    }

    fn set_liquidity(&self, step: &SetLiquidity, _: &View<'_>) -> Decision<SetLiquidity> {
        if step.backstop_usd > 0.0 {
            // Two sets of bids at two prices are not one: those of the rule before stand.
            return Decision::Accept;
        }
        Decision::Amend(
            SetLiquidity {
                backstop_usd: self.capital_usd,
                backstop_discount_ratio: self.discount_pct / 100.0,
                ..step.clone()
            },
            "bids funded beforehand".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::NO_PAST;

    use super::*;
    use crate::liquidity::testing::{after, view};

    #[test]
    fn bids_stand_and_those_of_another_rule_are_left() {
        let rule = BackstopBids {
            capital_usd: 2e5,
            discount_pct: 1.0,
        };
        let found = after(&rule, &SetLiquidity::HISTORY, &view(&NO_PAST));
        assert_eq!((found.backstop_usd, found.backstop_discount_ratio), (2e5, 0.01));
        let others = SetLiquidity {
            backstop_usd: 1.0,
            ..SetLiquidity::HISTORY
        };
        assert_eq!(after(&rule, &others, &view(&NO_PAST)), others);
    }
}
