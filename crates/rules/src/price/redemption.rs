use aftershock_protocol::{Decision, Need, ProtocolRule, ValueCollateral, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "redemption-collateral",
    what: "collateral counts at what it can be redeemed for",
    changes: "A coin of collateral counts for the weight times what its issuer gives for it, and the rest at what it counted for \
              before. Where nobody redeems it, nothing changes. Haircuts stay. What is sold of collateral is sold on the \
              reference market all the same. Not modelled: how long a redemption takes, and whether it is honoured.",
    helps: "A price that is wrong on one book liquidates nobody whose coins are worth what they were.",
    costs: "Where the issuer does not pay, the venue finds out last: holders keep positions on collateral that nobody buys, and \
            the fund bears the difference.",
    parameters: &[Parameter {
        name: "weight",
        default: 1.0,
        allowed: [0.0, 1.0],
        meaning: "share of the value that is the redemption's",
    }],
    example: "A wBETH at 430 that is redeemed for 1.08 ETH at 3,800 counts for 4,104.",
    sources: &[
        "Binance from 2025-10-14, 08:00 UTC: wBETH and BNSOL by the staking rate alone, weights of their own books from 20 % and 30 % to 0",
        "Binance on 2025-10-12: redemption in the index weights of USDe, wBETH and BNSOL (crptonews.com/22890)",
        "wBETH at 430 with ETH above 3,800, 2025-10-10 21:40 UTC: CoinDesk 2025-10-12; the rate of 1.08: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<RedemptionCollateral>(table)?)),
};

/// Collateral at what it can be redeemed for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedemptionCollateral {
    /// Share of the value that is the redemption's, 0 to 1.
    pub weight: f64,
}

impl ProtocolRule for RedemptionCollateral {
    fn name(&self) -> &str {
        "redemption-collateral"
    }

    fn needs(&self) -> &[Need] {
        &[Need::Collateral]
    }

    fn value_collateral(&self, step: &ValueCollateral, _: &View<'_>) -> Decision<ValueCollateral> {
        let Some(redemption_usd) = step.redemption_usd else {
            return Decision::Accept;
        };
        let value_usd = step.value_usd + self.weight * (redemption_usd - step.value_usd);
        if value_usd == step.value_usd {
            return Decision::Accept;
        }
        Decision::Amend(
            ValueCollateral {
                value_usd,
                ..step.clone()
            },
            "what it can be redeemed for".into(),
        )
    }
}
