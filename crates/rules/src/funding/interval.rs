use aftershock_protocol::{Decision, Need, ProtocolRule, ScheduleFunding, View};
use serde::Deserialize;

use super::{HOUR_S, divides_a_day, next_after};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "funding-interval",
    what: "funding is paid so often, each time the part of the eight-hour rate that the interval is",
    changes: "Payments fall on multiples of the interval since midnight UTC, from the first one on. The premium is averaged over \
              the interval, so that a shorter one answers sooner. The cap is an interval's and stays. The first interval is as \
              short as the tape's start makes it, and pays its whole rate, as under the rules of record.",
    helps: "A premium is paid for while it stands: many small payments break fewer positions than one large one.",
    costs: "Those who hold pay by the premium of the last hour and not of a calm working day. A longer interval than history's \
            lets a premium stand unpaid and takes it at once.",
    parameters: &[Parameter {
        name: "interval_h",
        default: 1.0,
        allowed: [1.0, 24.0],
        meaning: "from one payment to the next, whole hours that divide a day",
    }],
    example: "A premium of 0.10 % asks 0.05 % over eight hours, and 0.025 % of an interval of four.",
    sources: &[
        "Binance announcement of September 2025: the rate is divided by 8 / N for an interval of N hours",
        "Hyperliquid, Funding: an eighth of the eight-hour rate every hour",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<FundingInterval>(table)?;
        divides_a_day(rule.interval_h)?;
        Ok(Box::new(rule))
    },
};

/// Funding is paid so often.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FundingInterval {
    /// From one payment to the next, h.
    pub interval_h: f64,
}

impl ProtocolRule for FundingInterval {
    fn name(&self) -> &str {
        "funding-interval"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.interval_h * HOUR_S)
    }

    fn needs(&self) -> &[Need] {
        &[Need::Funding]
    }

    fn schedule_funding(&self, step: &ScheduleFunding, _: &View<'_>) -> Decision<ScheduleFunding> {
        let interval_s = self.interval_h * HOUR_S;
        if interval_s == step.interval_s {
            return Decision::Accept;
        }
        next_after(interval_s, step, "another funding interval")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{charge, near, set, view};
    use super::*;

    fn step(interval_s: f64) -> ScheduleFunding {
        ScheduleFunding {
            interval_s,
            last_rate_8h: None,
        }
    }

    #[test]
    fn history_is_left_where_it_is_the_same() {
        let rule = FundingInterval { interval_h: 8.0 };
        assert_eq!(rule.schedule_funding(&step(28_800.0), &view()), Decision::Accept);
        for from in [3_600.0, 86_400.0] {
            match rule.schedule_funding(&step(from), &view()) {
                Decision::Amend(left, _) => near(left.interval_s, 28_800.0),
                other => panic!("{other:?}"),
            }
        }
    }

    /// Source: Binance announcement of September 2025, its example of a contract of four hours, whose rate is divided by two.
    #[test]
    fn four_hours_pay_half() {
        let rules = set("[[rule]]\nkind = \"funding-interval\"\ninterval_h = 4\n").rules;
        let next = rules
            .schedule_funding(step(28_800.0), &view())
            .expect("sound")
            .step;
        let mut charged = charge(0.10, 0.05);
        charged.rule.divisor = 28_800.0 / next.interval_s;
        near(100.0 * charged.rate(), 0.025);
    }
}
