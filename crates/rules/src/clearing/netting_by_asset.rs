use aftershock_protocol::{Decision, Need, NetMargin, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "netting-by-asset",
    what: "longs and shorts of one asset in one account are margined on their difference",
    changes: "Of what longs and shorts of an asset ask of an account at one venue, the smaller side and as much of the larger are netted, \
              by the share given; what is left is maintenance margin as before. Gains and losses of an account offset one another in \
              history already. Positions of those who hold one only are as in history. Not modelled: what holders would have taken \
              on with the margin that is freed.",
    helps: "A hedged account is not closed for margin on risk that it does not have.",
    costs: "Prices of two contracts on one asset part in a crash: an account that is netted on nothing meets that with nothing.",
    parameters: &[Parameter {
        name: "netting",
        default: 1.0,
        allowed: [0.0, 1.0],
        meaning: "share of an offset that is netted",
    }],
    example: "500 asked of a long and 300 of a short of the same asset: 200, and 500 with a share of one half.",
    sources: &[
        "Duffie and Zhu 2011: netting within an asset class",
        "share: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<NettingByAsset>(table)?)),
};

/// Positions of an account are margined net, asset by asset.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NettingByAsset {
    /// Share of an offset that is netted, 0 to 1.
    pub netting: f64,
}

impl ProtocolRule for NettingByAsset {
    fn name(&self) -> &str {
        "netting-by-asset"
    }

    fn needs(&self) -> &[Need] {
        &[Need::Portfolios]
    }

    fn net_margin(&self, step: &NetMargin, _: &View<'_>) -> Decision<NetMargin> {
        super::ask(
            step,
            2.0 * self.netting * step.within_assets,
            "netted within assets",
        )
    }
}
