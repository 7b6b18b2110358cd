use aftershock_protocol::{Decision, Need, NetMargin, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "netting-across-assets",
    what: "an account is margined on its longs less its shorts, in part also where they are of different assets",
    changes: "Positions of one asset are netted in full, as by netting-by-asset with a share of 1. Of what is left, longs and shorts of all \
              assets together are netted by the credit: as much of the larger side as of the smaller. One credit for every pair: \
              how closely two assets move together is not looked at. Not modelled: what holders would have taken on with the margin \
              that is freed.",
    helps: "One netting set for all assets leaves the least to be posted, as one clearing house does against one for each asset.",
    costs: "A long of one asset is no short of another: where they part, the account is closed late and beyond its margin.",
    parameters: &[Parameter {
        name: "credit",
        default: 0.5,
        allowed: [0.0, 1.0],
        meaning: "share of an offset between assets that is netted",
    }],
    example: "500 asked of a long and 300 of a short of another asset, credit 0.5: 500 + 300 - 2 · 0.5 · 300 = 500.",
    sources: &[
        "Duffie and Zhu 2011: one clearing house for several classes never leaves more exposure than one each",
        "the credit: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<NettingAcrossAssets>(table)?)),
};

/// Positions of an account are margined net within assets, and in part across them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NettingAcrossAssets {
    /// Share of an offset between assets that is netted, 0 to 1.
    pub credit: f64,
}

impl ProtocolRule for NettingAcrossAssets {
    fn name(&self) -> &str {
        "netting-across-assets"
    }

    fn needs(&self) -> &[Need] {
        &[Need::Portfolios]
    }

    fn net_margin(&self, step: &NetMargin, _: &View<'_>) -> Decision<NetMargin> {
        let netted = step.within_assets + self.credit * step.across_assets;
        super::ask(step, 2.0 * netted, "netted within and across assets")
    }
}
