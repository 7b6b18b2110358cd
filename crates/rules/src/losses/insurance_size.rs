use aftershock_protocol::{Decision, ProtocolRule, SizeFund, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "insurance-size",
    what: "an insurance fund of at least a share of open interest",
    changes: "Each pool begins with a fund of at least the ratio times its open interest of one side; a larger one of history stays. \
              It is sized once, before the replay begins.",
    helps: "Losses beyond margin find money.",
    costs: "Somebody has paid it in: fees and liquidation margins of years, which are not modelled, nor what the money would have \
            done elsewhere.",
    parameters: &[Parameter {
        name: "ratio",
        default: 0.02,
        allowed: [0.0, 1.0],
        meaning: "fund over open interest of one side",
    }],
    example: "An open interest of 600,000 USD at the ratio of 0.02 asks for a fund of 12,000 USD.",
    sources: &[
        "slippage at risk (methods, section 7.1): a fund is sized against the loss of selling what may break",
        "ratio: declared, not fitted to any venue",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<InsuranceSize>(table)?)),
};

/// The fund is at least a share of open interest.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InsuranceSize {
    /// Fund over open interest of one side, 0 to 1.
    pub ratio: f64,
}

impl ProtocolRule for InsuranceSize {
    fn name(&self) -> &str {
        "insurance-size"
    }

    fn size_fund(&self, step: &SizeFund, _: &View<'_>) -> Decision<SizeFund> {
        let fund_usd = self.ratio * step.open_interest_usd;
        if fund_usd <= step.fund_usd {
            return Decision::Accept;
        }
        Decision::Amend(
            SizeFund {
                fund_usd,
                ..step.clone()
            },
            "sized by open interest".into(),
        )
    }
}
