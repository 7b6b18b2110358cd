use aftershock_protocol::{CapInterest, Decision, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "open-interest-cap",
    what: "nobody opens where open interest is at a share of what history had, and so the rest was never there",
    changes: "The replay begins with so much of history's open interest, of all leverages, sizes and entry prices alike; later the \
              counterparty of a forced order opens no further than to the cap, and holders who close take the rest, unless \
              too few are left. The cap is in USD: a rise of the price brings open interest to it, a fall away from it. Not \
              modelled: that those who were kept out would have opened at another venue, or that prices and leverage before \
              the replay would have been others; funds stay those of history.",
    helps: "What can be forced to sell is bounded before the fall, whatever margin it stands on.",
    costs: "Those who are kept out, and the venue's fees on them; hedgers are kept out like the rest.",
    parameters: &[Parameter {
        name: "cap_pct",
        default: 80.0,
        allowed: [1.0, 1_000.0],
        meaning: "cap, percent of the open interest with which history began",
    }],
    example: "80 % of an open interest of 5 billion: a replay begins with 4 billion on each side, and nobody opens beyond that.",
    sources: &[
        "Hyperliquid, info endpoint perpsAtOpenInterestCap: markets at their cap, where no order may add to open interest",
        "the cap as a share of history, and that all positions shrink alike: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<OpenInterestCap>(table)?)),
};

/// A highest open interest.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenInterestCap {
    /// Cap, percent of the open interest with which history began.
    pub cap_pct: f64,
}

impl ProtocolRule for OpenInterestCap {
    fn name(&self) -> &str {
        "open-interest-cap"
    }

    fn cap_interest(&self, step: &CapInterest, _: &View<'_>) -> Decision<CapInterest> {
        let cap_usd = step.history_usd * self.cap_pct / 100.0;
        if cap_usd >= step.cap_usd {
            return Decision::Accept;
        }
        Decision::Amend(
            CapInterest {
                cap_usd,
                ..step.clone()
            },
            "open interest above its cap".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::NO_PAST;

    use super::super::tests::view;
    use super::*;

    fn step(cap_usd: f64) -> CapInterest {
        CapInterest {
            history_usd: 5e9,
            open_interest_usd: 3e9,
            cap_usd,
        }
    }

    /// By hand: 80 % of history's 5 billion, whatever is open now; a lower cap stays.
    #[test]
    fn a_share_of_history_and_the_lower_of_two() {
        let rule = OpenInterestCap { cap_pct: 80.0 };
        let seen = view(&NO_PAST, 0, 100.0);
        let Decision::Amend(found, _) = rule.cap_interest(&step(f64::INFINITY), &seen) else {
            panic!("no cap was set")
        };
        assert_eq!(found, step(4e9));
        assert_eq!(rule.cap_interest(&step(4e9), &seen), Decision::Accept);
        assert_eq!(rule.cap_interest(&step(3e9), &seen), Decision::Accept);
    }
}
