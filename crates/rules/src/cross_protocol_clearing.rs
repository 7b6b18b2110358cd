//! One clearing house over two venues.

use aftershock_market::Cash;
use aftershock_protocol::{AssessMargin, CoverDeficit, Decision, ProtocolRule, View};
use serde::Deserialize;

/// Venues clear together: offsetting positions of one holder are netted, and the insurance funds are one default fund.
///
/// *What it changes.* A position that its holder offsets at the other venue is margined on what is left after netting;
/// a loss beyond margin draws on its own pool's fund first, then on a share of the others'.
/// *Why it might help.* A hedged holder is not sold out of one leg while the other gains.
/// *What it costs.* The other pool's members pay for losses they had no part in.
/// *Example.* Fully netted, a long here and a short there need no margin, whatever the price.
/// *Sources.* Duffie and Zhu 2011 (netting across classes); the overlap of holders is declared, not recorded.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CrossProtocolClearing {
    /// Share of an offset position that is netted, 0 to 1.
    pub netting: f64,
    /// Share of the other pools' funds that stands behind a loss, 0 to 1.
    pub shared_fund: f64,
}

impl ProtocolRule for CrossProtocolClearing {
    fn name(&self) -> &str {
        "cross-protocol-clearing"
    }

    fn assess_margin(&self, step: &AssessMargin, _: &View) -> Decision<AssessMargin> {
        if step.offset_ratio == 0.0 {
            return Decision::Accept;
        }
        let exposure_ratio = step.exposure_ratio * (1.0 - self.netting * step.offset_ratio);
        Decision::Amend(
            AssessMargin {
                exposure_ratio,
                ..step.clone()
            },
            "netted against the other venue".into(),
        )
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View) -> Decision<CoverDeficit> {
        let shared = Cash((step.other_funds.0 as f64 * self.shared_fund) as i128);
        let from_others = shared.min(step.other_funds).min(step.deficit - step.from_own);
        if from_others <= step.from_others {
            return Decision::Accept;
        }
        Decision::Amend(
            CoverDeficit {
                from_others,
                ..step.clone()
            },
            "drawn on the shared default fund".into(),
        )
    }
}
