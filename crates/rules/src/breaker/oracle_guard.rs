use aftershock_protocol::{Decision, Liquidate, Need, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "oracle-deviation-guard",
    what: "while the mark is far from the index of other markets, nobody is liquidated",
    changes: "A position that breaks is looked at again after the pause. Where a record has no index it changes nothing. Not \
              modelled: doubt about the index itself (its age, its sources).",
    helps: "A move of one market alone, or a faulty mark, does not close positions that are sound elsewhere.",
    costs: "Where the mark leads and the index follows, those who should have been closed fall further.",
    parameters: &[
        Parameter {
            name: "deviation_pct",
            default: 10.0,
            allowed: [0.1, 50.0],
            meaning: "distance of the mark from the index, percent of the index",
        },
        Parameter {
            name: "pause_s",
            default: 60.0,
            allowed: [1.0, 86_400.0],
            meaning: "until a broken position is looked at again, s",
        },
    ],
    example: "Mark 35,900, index 40,000: 10.25 % apart, liquidation waits.",
    sources: &[
        "Drift protocol, PriceDivergenceGuardRails::default: mark and oracle no more than a tenth apart",
        "the pause: declared",
    ],
    overlap: None,
    build: |table| Ok(Box::new(read::<OracleDeviationGuard>(table)?)),
};

/// No liquidation while mark and index are far apart.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OracleDeviationGuard {
    /// Distance of the mark from the index, percent of the index.
    pub deviation_pct: f64,
    /// Until a broken position is looked at again, s.
    pub pause_s: f64,
}

impl ProtocolRule for OracleDeviationGuard {
    fn name(&self) -> &str {
        "oracle-deviation-guard"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.pause_s)
    }

    fn needs(&self) -> &[Need] {
        &[Need::Index]
    }

    fn liquidate(&self, _step: &Liquidate, view: &View<'_>) -> Decision<Liquidate> {
        let Some(index_usd) = view.index_usd else {
            return Decision::Accept;
        };
        let apart_usd = (view.mark_usd - index_usd).abs();
        if apart_usd <= index_usd * self.deviation_pct / 100.0 {
            return Decision::Accept;
        }
        Decision::Defer {
            until: view.now.plus_seconds(self.pause_s),
            reason: "mark far from the index".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::Side;
    use aftershock_protocol::NO_PAST;

    use super::super::tests::{at, sale, view};
    use super::*;

    /// Source: Drift's guard rail compares strictly (`>`): a tenth itself is allowed. By hand: 10 % of 40,000 is 4,000.
    #[test]
    fn beyond_a_tenth_of_the_index_nobody_is_liquidated() {
        let rule = OracleDeviationGuard {
            deviation_pct: 10.0,
            pause_s: 60.0,
        };
        for (mark, index_usd, defers) in [
            (36_000.0, Some(40_000.0), false),
            (35_999.0, Some(40_000.0), true),
            (44_000.0, Some(40_000.0), false),
            (44_001.0, Some(40_000.0), true),
            (1.0, None, false),
        ] {
            let seen = View {
                index_usd,
                ..view(&NO_PAST, 5, mark)
            };
            match rule.liquidate(&sale(Side::Long), &seen) {
                Decision::Defer { until, .. } => assert!(defers && until == at(65), "{mark}"),
                decision => assert!(!defers && decision == Decision::Accept, "{mark}"),
            }
        }
    }
}
