use aftershock_protocol::venue::funding::{FundingRule, RateForm};
use aftershock_protocol::{ChargeFunding, Decision, Need, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "funding-clamp",
    what: "interest moves the funding rate at most this far from the premium",
    changes: "F = P + clamp(I - P, -d, d) over eight hours with this d in place of the venue's: within d of the interest I the \
              rate is I, beyond it the premium P less d. A rate with a dead band is the same with I = 0. A venue that adds a fixed \
              offset keeps its own form.",
    helps: "A narrow clamp makes every premium cost something and so draws the perpetual to the index.",
    costs: "A narrow clamp makes those who hold pay more while prices part: with 0 the rate is the premium itself. A wide one \
            leaves a premium unpaid for.",
    parameters: &[Parameter {
        name: "clamp_pct",
        default: 0.05,
        allowed: [0.0, 5.0],
        meaning: "d, percent over eight hours",
    }],
    example: "I = 0.01 %, d = 0.05 %: a premium of 0.06 % pays 0.01 %, one of 0.10 % pays 0.05 %.",
    sources: &[
        "Binance announcement of September 2025 and Hyperliquid, Funding: the form and 0.05 %",
        "Deribit, Funding rate: a dead band of 0.025 %",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<FundingClamp>(table)?)),
};

/// The distance of the rate from the premium is held within a clamp.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundingClamp {
    /// Largest distance, percent over eight hours.
    pub clamp_pct: f64,
}

impl ProtocolRule for FundingClamp {
    fn name(&self) -> &str {
        "funding-clamp"
    }

    fn needs(&self) -> &[Need] {
        &[Need::Funding]
    }

    fn charge_funding(&self, step: &ChargeFunding, _: &View<'_>) -> Decision<ChargeFunding> {
        let clamp = self.clamp_pct / 100.0;
        let form = match step.rule.form {
            RateForm::Clamped { interest, .. } => RateForm::Clamped { interest, clamp },
            RateForm::DeadBand { .. } => RateForm::DeadBand { half_width: clamp },
            RateForm::Offset { .. } => return Decision::Accept,
        };
        if form == step.rule.form {
            return Decision::Accept;
        }
        Decision::Amend(
            ChargeFunding {
                rule: FundingRule { form, ..step.rule },
                ..step.clone()
            },
            "interest within another clamp of the premium".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{charge, near, rate_pct, view};
    use super::*;

    fn rule(clamp_pct: f64) -> String {
        format!("[[rule]]\nkind = \"funding-clamp\"\nclamp_pct = {clamp_pct:?}\n")
    }

    /// Source: the formula of Binance's announcement of September 2025, worked with its interest of 0.01 % and clamp of
    /// 0.05 %.
    #[test]
    fn rates_of_binance() {
        let premiums = [-1.0, -0.06, -0.04, 0.0, 0.03, 0.06, 0.10, 1.0];
        let rates = [-0.95, -0.01, 0.01, 0.01, 0.01, 0.01, 0.05, 0.95];
        for (premium, rate) in premiums.into_iter().zip(rates) {
            near(rate_pct(&rule(0.05), charge(premium, 0.5)), rate);
        }
    }

    /// Source: Deribit, "Funding rate": a dead band of 0.025 %.
    #[test]
    fn rates_of_deribit() {
        let premiums = [-0.10, -0.02, 0.0, 0.02, 0.025, 0.05, 0.10];
        let rates = [-0.075, 0.0, 0.0, 0.0, 0.0, 0.025, 0.075];
        for (premium, rate) in premiums.into_iter().zip(rates) {
            let mut step = charge(premium, 0.0);
            step.rule.form = RateForm::DeadBand { half_width: 0.01 };
            near(rate_pct(&rule(0.025), step), rate);
        }
    }

    #[test]
    fn the_same_clamp_and_an_offset_stand() {
        let rule = FundingClamp { clamp_pct: 0.05 };
        assert_eq!(rule.charge_funding(&charge(1.0, 0.05), &view()), Decision::Accept);
        let mut step = charge(1.0, 0.5);
        step.rule.form = RateForm::Offset { by: 0.000_2 };
        assert_eq!(rule.charge_funding(&step, &view()), Decision::Accept);
    }

    /// Without a clamp the premium itself is paid.
    #[test]
    fn a_clamp_of_nothing_is_the_premium() {
        near(rate_pct(&rule(0.0), charge(0.03, 0.05)), 0.03);
        near(rate_pct(&rule(0.0), charge(-0.04, 0.05)), -0.04);
    }
}
