use aftershock_protocol::{Decision, Edge, Halts, ProtocolRule, SetBand, View};
use serde::Deserialize;

use super::{DAY_US, midnight, narrowed};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "market-wide-halt",
    what: "falls of 7 and 13 % from the close of the UTC day before halt all markets 15 minutes, 20 % the rest of the day",
    changes: "The first perpetual to fall to a level of its own close halts every market of the replay, spot too; a record of \
              one market has that one alone. Each level halts once a day; rises never do. After the third, trading resumes \
              after midnight UTC: the time left of the day is counted at the last decision before the halt, so up to a bar \
              later. Not modelled: one index of all shares by which the levels are measured, an official close (the last \
              mark at midnight UTC is taken), and the hour before the close in which the first two levels do not halt, which \
              a market of 24 hours has not. Until the first midnight of a record there is no level.",
    helps: "Levels are known and far apart: time to bring margin, and no halt in ordinary hours.",
    costs: "Nobody can leave, after the third level for the rest of the day; a known level may draw sales towards it.",
    parameters: &[
        Parameter {
            name: "level_1_pct",
            default: 7.0,
            allowed: [0.5, 90.0],
            meaning: "fall of the first level, percent of the close of the day before",
        },
        Parameter {
            name: "level_2_pct",
            default: 13.0,
            allowed: [0.5, 90.0],
            meaning: "fall of the second level, percent",
        },
        Parameter {
            name: "level_3_pct",
            default: 20.0,
            allowed: [0.5, 90.0],
            meaning: "fall of the third level, percent",
        },
        Parameter {
            name: "halt_s",
            default: 900.0,
            allowed: [60.0, 86_400.0],
            meaning: "length of a halt at the first and the second level, s",
        },
    ],
    example: "After a close of 100,000 the levels are 93,000, 87,000 and 80,000.",
    sources: &[
        "NYSE Rule 80B, now 7.12: 7, 13 and 20 % below the close before, each once a day, halt trading in all stocks",
        "CME Group, Understanding price limits and circuit breakers (2020): 7 and 13 % halt 15 minutes, 20 % ends the day",
        "the day from midnight to midnight UTC: declared",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<MarketWideHalt>(table)?;
        for (key, fall, before) in [
            ("level_2_pct", rule.level_2_pct, rule.level_1_pct),
            ("level_3_pct", rule.level_3_pct, rule.level_2_pct),
        ] {
            if fall <= before {
                return Err(format!(
                    "{key}: is {fall}, allowed is above {before} (the level before)"
                ));
            }
        }
        Ok(Box::new(rule))
    },
};

/// Three levels below the close of the day before, each of which halts once a day.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarketWideHalt {
    /// Fall of the first level, percent.
    pub level_1_pct: f64,
    /// Fall of the second level, percent.
    pub level_2_pct: f64,
    /// Fall of the third level, percent.
    pub level_3_pct: f64,
    /// Length of a halt at the first two, s.
    pub halt_s: f64,
}

impl ProtocolRule for MarketWideHalt {
    fn name(&self) -> &str {
        "market-wide-halt"
    }

    fn fastest_s(&self) -> Option<f64> {
        Some(self.halt_s)
    }

    fn set_band(&self, step: &SetBand, view: &View<'_>) -> Decision<SetBand> {
        let today = midnight(view.now);
        let Some(close) = view.past.close_usd(today) else {
            return Decision::Accept;
        };
        let used = view
            .past
            .halts()
            .iter()
            .filter(|halt| halt.by == KIND.name && halt.from_at >= today)
            .map(|halt| halt.level)
            .max()
            .unwrap_or(0);
        let left_of_day = (today.0 + DAY_US - view.now.0) as f64 / 1e6;
        let levels = [
            (1, self.level_1_pct, self.halt_s),
            (2, self.level_2_pct, self.halt_s),
            (3, self.level_3_pct, left_of_day),
        ];
        let Some((level, pct, halt_s)) = levels.into_iter().find(|(level, ..)| *level > used) else {
            return Decision::Accept;
        };
        let lower = Edge {
            halts: Halts::AllMarkets,
            level,
            ..Edge::halting(close * (1.0 - pct / 100.0), halt_s, KIND.name)
        };
        let upper = Edge::halting(f64::INFINITY, halt_s, KIND.name);
        Decision::Amend(
            narrowed(step, view, [lower, upper]),
            "fall below a level from the close of the day before".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use aftershock_protocol::{NO_PAST, Past, PastHalt};

    use super::super::tests::{at, band, near, view};
    use super::*;

    const RULE: MarketWideHalt = MarketWideHalt {
        level_1_pct: 7.0,
        level_2_pct: 13.0,
        level_3_pct: 20.0,
        halt_s: 900.0,
    };

    fn halted(past: &mut Past, from_s: i64, (edge_usd, level, by): (f64, u8, &'static str)) {
        past.halt(PastHalt {
            from_at: at(from_s),
            until_at: at(from_s + 900),
            edge_usd,
            reopening_usd: edge_usd,
            level,
            by,
        });
    }

    /// Source: V-CB2: settlement 100,000 gives 93,000, 87,000 and 80,000. At 06:00 there are 64,800 s to midnight.
    #[test]
    fn each_level_halts_once_a_day() {
        let mut past = Past::new();
        past.close(at(0), 100_000.0_f64.ln());
        for (level, edge, halt_s) in [(1, 93e3, 900.0), (2, 87e3, 900.0), (3, 80e3, 64_800.0)] {
            let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 21_600, 100e3)));
            near(found.lower.usd, edge);
            assert_eq!((found.upper.usd, found.lower.halt_s), (f64::INFINITY, halt_s));
            assert_eq!((found.lower.level, found.lower.halts), (level, Halts::AllMarkets));
            halted(&mut past, 60, (found.lower.usd, level, KIND.name));
        }
        let after = RULE.set_band(&SetBand::OPEN, &view(&past, 21_600, 100e3));
        assert_eq!(after, Decision::Accept);
        past.close(at(86_400), 80_000.0_f64.ln());
        let next_day = band(RULE.set_band(&SetBand::OPEN, &view(&past, 86_400, 80e3)));
        near(next_day.lower.usd, 74_400.0);
    }

    /// A halt of another rule leaves the level standing wherever it was; for another market's sake the first level is used
    /// up although this market never came to it.
    #[test]
    fn only_its_own_halts_use_a_level_up() {
        let mut past = Past::new();
        past.close(at(0), 100.0_f64.ln());
        halted(&mut past, 60, (90.0, 0, "price-band"));
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 960, 95.0)));
        near(found.lower.usd, 93.0);
        halted(&mut past, 1_000, (94.0, 1, KIND.name));
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 1_900, 95.0)));
        near(found.lower.usd, 87.0);
    }

    /// By hand: reopened at 85, below the second level, the next fall halts at that level, and then the third stands.
    #[test]
    fn a_reopening_below_a_level_halts_at_the_next_fall() {
        let mut past = Past::new();
        past.close(at(0), 100.0_f64.ln());
        halted(&mut past, 60, (93.0, 1, KIND.name));
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 960, 85.0)));
        near(found.lower.usd, 84.999_915);
        halted(&mut past, 1_020, (found.lower.usd, found.lower.level, KIND.name));
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 1_920, 85.0)));
        near(found.lower.usd, 80.0);
    }

    #[test]
    fn without_a_close_there_is_no_level() {
        let decision = RULE.set_band(&SetBand::OPEN, &view(&NO_PAST, 60, 100.0));
        assert_eq!(decision, Decision::Accept);
    }

    #[test]
    fn levels_lie_one_below_the_other() {
        let table = "level_1_pct = 7\nlevel_2_pct = 7\nlevel_3_pct = 20\nhalt_s = 900";
        let table: toml::Table = table.parse().expect("toml");
        let refused = (KIND.build)(table).expect_err("two levels at 7 %");
        assert_eq!(
            refused,
            "level_2_pct: is 7, allowed is above 7 (the level before)"
        );
    }
}
