use aftershock_protocol::venue::funding::{Cap, FundingRule};
use aftershock_protocol::{ChargeFunding, Decision, Need, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "funding-cap",
    what: "no funding rate of one interval is larger than this",
    changes: "The rate of an interval is held within plus and minus the cap, or the venue's own where that is narrower. The cap is \
              an interval's, however long it is: under a shorter interval more can be paid in a day. What venues derive it from, \
              such as 0.75 of the maintenance margin, is not followed: a margin that a rule raises leaves the cap where it is.",
    helps: "Holders of leveraged positions know the most they can be asked for, and funding alone liquidates fewer of them.",
    costs: "While the premium stands beyond the cap, the side that keeps it there is not charged for it: the perpetual comes back \
            to the index later.",
    parameters: &[Parameter {
        name: "cap_pct",
        default: 0.3,
        allowed: [0.0, 10.0],
        meaning: "largest rate of one interval, percent",
    }],
    example: "A premium of 1 % would ask 0.95 %: 0.3 % is paid.",
    sources: &[
        "Binance announcement 3243c81a35bd4f0c86a37315c3dc96cc, effective 2025-05-02: BTCUSDT +0.3 % / -0.3 %",
        "BitMEX XBTUSD paid -0.3750 % on 2020-03-13: 0.75 times 1 % initial less 0.5 % maintenance",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<FundingCap>(table)?)),
};

/// The rate of an interval is bounded.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundingCap {
    /// Largest rate of one interval, percent.
    pub cap_pct: f64,
}

impl ProtocolRule for FundingCap {
    fn name(&self) -> &str {
        "funding-cap"
    }

    fn needs(&self) -> &[Need] {
        &[Need::Funding]
    }

    fn charge_funding(&self, step: &ChargeFunding, _: &View<'_>) -> Decision<ChargeFunding> {
        let cap = Cap {
            rate: step.rule.cap.rate.min(self.cap_pct / 100.0),
            ..step.rule.cap
        };
        let capped = ChargeFunding {
            rule: FundingRule { cap, ..step.rule },
            ..step.clone()
        };
        if capped.rate() == step.rate() {
            return Decision::Accept;
        }
        Decision::Amend(capped, "the rate stands at the cap".into())
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::venue::funding::RateForm;

    use super::super::tests::{charge, near, rate_pct, view};
    use super::*;

    fn rule(cap_pct: f64) -> String {
        format!("[[rule]]\nkind = \"funding-cap\"\ncap_pct = {cap_pct:?}\n")
    }

    /// Source: BitMEX paid -0.3750 % on 2020-03-13, its cap of 0.75 · (1 % - 0.5 %); whatever premium was beyond.
    #[test]
    fn the_lowest_rate_of_march_2020() {
        for premium in [-1.0, -0.5, -0.425_001] {
            near(rate_pct(&rule(0.375), charge(premium, 0.05)), -0.375);
        }
        near(rate_pct(&rule(0.375), charge(-0.425, 0.05)), -0.375);
        near(rate_pct(&rule(0.375), charge(-0.424, 0.05)), -0.374);
    }

    /// Source: Binance, BTCUSDT: 0.3 % either way. By hand: at the cap itself nothing is changed.
    #[test]
    fn within_the_cap_nothing_is_changed() {
        let rule = FundingCap { cap_pct: 0.3 };
        for (premium_pct, amends) in [(0.3, false), (0.300_001, true), (-0.3, false), (-0.300_001, true)] {
            let mut step = charge(premium_pct, 0.0);
            step.rule.form = RateForm::Clamped {
                interest: 0.0,
                clamp: 0.0,
            };
            match rule.charge_funding(&step, &view()) {
                Decision::Amend(left, _) => {
                    assert!(amends, "{premium_pct}");
                    near(left.rate().abs(), 0.003);
                }
                other => assert!(!amends && other == Decision::Accept, "{premium_pct}"),
            }
        }
    }

    /// A cap never widens what stands: the narrower of two rules, and the venue's own.
    #[test]
    fn the_narrower_cap_stands() {
        let two = rule(0.3) + &rule(0.5);
        near(rate_pct(&two, charge(1.0, 0.05)), 0.3);
        let mut step = charge(1.0, 0.05);
        step.rule.cap.rate = 0.002;
        near(rate_pct(&rule(0.3), step), 0.2);
    }
}
