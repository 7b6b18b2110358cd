use aftershock_protocol::{Decision, Need, ProtocolRule, ValueCollateral, View};
use serde::Deserialize;

use crate::{Kind, read};

pub(super) const KIND: Kind = Kind {
    name: "own-book-collateral",
    what: "collateral counts at the mark of the venue's own book",
    changes: "A coin of collateral counts for its mark on the book of the account's venue, spot before perpetual, in place of the \
              asset's reference market. Where the venue has no book of it, nothing changes. Haircuts stay. What is sold of \
              collateral is sold on the reference market all the same.",
    helps: "The venue values what it could sell where it would sell it, and needs nobody else's price.",
    costs: "A coin that is cheap on one thin book alone liquidates everyone who holds it there: on 2025-10-10 Binance's own \
            book had USDe at 0.65 while Curve stayed within 0.3 % of 1.",
    parameters: &[],
    example: "100,000 USDe at 0.65 on the own book count for 65,000, not for 100,000.",
    sources: &[
        "Binance until 2025-10-14, 08:00 UTC: margin price of wBETH and BNSOL from its own spot book",
        "USDe on 2025-10-10: 0.65 on Binance; Curve within 0.3 %: press",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<OwnBookCollateral>(table)?)),
};

/// Collateral at the mark of the venue's own book.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnBookCollateral {}

impl ProtocolRule for OwnBookCollateral {
    fn name(&self) -> &str {
        "own-book-collateral"
    }

    fn needs(&self) -> &[Need] {
        &[Need::Collateral]
    }

    fn value_collateral(&self, step: &ValueCollateral, _: &View<'_>) -> Decision<ValueCollateral> {
        match step.own_book_usd {
            Some(value_usd) if value_usd != step.value_usd => Decision::Amend(
                ValueCollateral {
                    value_usd,
                    ..step.clone()
                },
                "the mark of the venue's own book".into(),
            ),
            _ => Decision::Accept,
        }
    }
}
