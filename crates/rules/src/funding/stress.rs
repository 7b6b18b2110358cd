use aftershock_protocol::{Decision, Need, ProtocolRule, ScheduleFunding, View};
use serde::Deserialize;

use super::{HOUR_S, divides_a_day, next_after};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "stress-funding",
    what: "after a large payment funding is paid more often",
    changes: "Where the rate just paid, over eight hours, has reached the threshold, the next interval is the stressed one; \
              otherwise it is history's. Only the rate at the payment counts, not what it was in between. Where history's \
              interval is shorter already, nothing changes. Binance's return to four hours after 36 quiet ones is not modelled: \
              one payment below the threshold is enough.",
    helps: "A premium that has outrun a cap is charged again within the hour instead of a working day later.",
    costs: "Holders on the paying side are asked up to the cap every hour, in the hours in which their positions are weakest.",
    parameters: &[
        Parameter {
            name: "rate_pct",
            default: 0.3,
            allowed: [0.001, 10.0],
            meaning: "size of the last rate from which on there is stress, percent over eight hours",
        },
        Parameter {
            name: "interval_h",
            default: 1.0,
            allowed: [1.0, 12.0],
            meaning: "interval in stress, whole hours that divide a day",
        },
    ],
    example: "-0.3 % is paid at 08:00: the next payment is at 09:00 and not at 16:00. At -0.25 % it is at 16:00.",
    sources: &[
        "Binance announcement 3243c81a35bd4f0c86a37315c3dc96cc, effective 2025-05-02: from eight or four hours to one where the \
         rate that was settled is at its cap, BTCUSDT 0.3 %",
        "Binance announcement of 2025-09-01: back to four hours after 36 payments within 0.002 %",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<StressFunding>(table)?;
        divides_a_day(rule.interval_h)?;
        Ok(Box::new(rule))
    },
};

/// A large rate shortens the next interval.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StressFunding {
    /// Size of the last rate from which on there is stress, percent over eight hours.
    pub rate_pct: f64,
    /// Interval in stress, h.
    pub interval_h: f64,
}

impl ProtocolRule for StressFunding {
    fn name(&self) -> &str {
        "stress-funding"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.interval_h * HOUR_S)
    }

    fn needs(&self) -> &[Need] {
        &[Need::Funding]
    }

    fn schedule_funding(&self, step: &ScheduleFunding, _: &View<'_>) -> Decision<ScheduleFunding> {
        let interval_s = self.interval_h * HOUR_S;
        let stressed = step
            .last_rate_8h
            .is_some_and(|rate| rate.abs() >= self.rate_pct / 100.0);
        if !stressed || step.interval_s <= interval_s {
            return Decision::Accept;
        }
        next_after(interval_s, step, "the rate just paid has reached the threshold")
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::view;
    use super::*;

    fn next_s(rule: &StressFunding, interval_s: f64, last_rate_8h: Option<f64>) -> f64 {
        let step = ScheduleFunding {
            interval_s,
            last_rate_8h,
        };
        match rule.schedule_funding(&step, &view()) {
            Decision::Amend(left, _) => left.interval_s,
            Decision::Accept => interval_s,
            other => panic!("{other:?}"),
        }
    }

    /// Source: Binance announcement 3243c81a35bd4f0c86a37315c3dc96cc, situations 1 and 2: -0.3 % at the settlement makes
    /// it hourly, -0.25 % does not.
    #[test]
    fn situations_of_the_announcement() {
        let rule = StressFunding {
            rate_pct: 0.3,
            interval_h: 1.0,
        };
        assert_eq!(next_s(&rule, 28_800.0, Some(-0.003)), 3_600.0);
        assert_eq!(next_s(&rule, 28_800.0, Some(-0.0025)), 28_800.0);
        assert_eq!(next_s(&rule, 14_400.0, Some(0.003)), 3_600.0);
        assert_eq!(next_s(&rule, 28_800.0, None), 28_800.0);
    }

    /// It never lengthens an interval, nor what a rule before it left.
    #[test]
    fn a_shorter_interval_stands() {
        let rule = StressFunding {
            rate_pct: 0.3,
            interval_h: 4.0,
        };
        assert_eq!(next_s(&rule, 3_600.0, Some(0.1)), 3_600.0);
        assert_eq!(next_s(&rule, 14_400.0, Some(0.1)), 14_400.0);
        assert_eq!(next_s(&rule, 28_800.0, Some(0.1)), 14_400.0);
    }
}
