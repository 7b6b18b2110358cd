use aftershock_market::{MICROS_PER_SECOND, Timestamp};
use aftershock_protocol::{Decision, Liquidate, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

/// A day, µs.
const DAY_US: i64 = 86_400 * MICROS_PER_SECOND;

pub(super) const KIND: Kind = Kind {
    name: "batch-auction",
    what: "what breaks waits for the next round time and is sold in one order at one price",
    changes: "Broken positions of a side wait until the next multiple of the period since midnight; all that is still broken then \
              goes in one order, which fills at one average price. A mark that has recovered by then closes nothing. Where a \
              record's steps do not meet a multiple, the batch waits for the first that does. Ordinary orders are not batched.",
    helps: "Between batches a fall is not fed by the orders that it sets off, and who broke first gains nothing over who broke last.",
    costs: "Positions stand below their level for up to a period, so a fall that goes on leaves larger losses beyond margin; \
            the batch is one large order.",
    parameters: &[Parameter {
        name: "period_s",
        default: 60.0,
        allowed: [1.0, 3_600.0],
        meaning: "time between batches, s",
    }],
    example: "With a period of 300 s, what breaks at 00:01 and at 00:03 is sold at 00:05 in one order.",
    sources: &[
        "Budish, Cramton and Shim (2015), The High-Frequency Trading Arms Race: frequent batch auctions",
        "its use for forced orders alone, and the minute: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<BatchAuction>(table)?)),
};

/// Forced orders only at multiples of a period since midnight.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchAuction {
    /// Time between batches, s.
    pub period_s: f64,
}

impl ProtocolRule for BatchAuction {
    fn name(&self) -> &str {
        "batch-auction"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.period_s)
    }

    fn liquidate(&self, _step: &Liquidate, view: &View<'_>) -> Decision<Liquidate> {
        let period = (self.period_s * MICROS_PER_SECOND as f64) as i64;
        let of_day = view.now.0.rem_euclid(DAY_US);
        let since = of_day % period;
        if since == 0 {
            return Decision::Accept;
        }
        // The last batch of a day is cut short by midnight where the period does not divide the day.
        let wait = (period - since).min(DAY_US - of_day);
        Decision::Defer {
            until: Timestamp(view.now.0 + wait),
            reason: "forced orders wait for the next batch".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::testing::{at, step};

    fn until(period_s: f64, micros: i64) -> Option<i64> {
        match (BatchAuction { period_s }).liquidate(&step(), &at(micros)) {
            Decision::Accept => None,
            Decision::Defer { until, .. } => Some(until.0),
            other => panic!("{other:?}"),
        }
    }

    /// By hand, in µs: a minute is 60,000,000; 1 µs after a batch waits for the next, 1 µs before it waits 1 µs; a batch does not wait.
    #[test]
    fn only_a_round_time_does_not_wait() {
        assert_eq!(until(60.0, 60_000_000), None);
        assert_eq!(until(60.0, 60_000_001), Some(120_000_000));
        assert_eq!(until(60.0, 119_999_999), Some(120_000_000));
        assert_eq!(until(300.0, 60_000_000), Some(300_000_000));
    }

    /// By hand: 86,400 = 12 · 7,000 + 2,400 for a period of 7,000 s, so at 85,000 s the next batch is at midnight, 86,400 s, where
    /// multiples begin anew. Ten seconds before 1970 is ten before midnight.
    #[test]
    fn multiples_count_from_midnight() {
        assert_eq!(until(7_000.0, 85_000_000_000), Some(86_400_000_000));
        assert_eq!(until(7_000.0, 86_400_000_000), None);
        assert_eq!(until(60.0, -10_000_000), Some(0));
    }
}
