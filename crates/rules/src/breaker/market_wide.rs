use aftershock_protocol::{Decision, ProtocolRule, SetBand, View};
use serde::Deserialize;

use super::{DAY_US, midnight, narrowed};
use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "market-wide-halt",
    what: "falls of 7 and 13 % from the close of the UTC day before halt 15 minutes, 20 % the rest of the day",
    changes: "Each level halts once a day; rises never do. After the third, trading resumes after midnight UTC: the time left \
              of the day is counted at the last decision before the halt, so up to a bar later. Not modelled: one \
              halt for all markets together (each market has its own here), an official close (the last mark at midnight UTC \
              is taken), and the hour before the close in which the first two levels do not halt, which a market of 24 \
              hours has not. Until the first midnight of a record there is no level.",
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
        // A halt at another rule's edge above a level leaves that level standing.
        let lowest = view
            .past
            .halts()
            .iter()
            .filter(|halt| halt.from_at >= today)
            .map(|halt| halt.edge_usd)
            .fold(f64::INFINITY, f64::min);
        let left_of_day = (today.0 + DAY_US - view.now.0) as f64 / 1e6;
        let levels = [
            (self.level_1_pct, self.halt_s),
            (self.level_2_pct, self.halt_s),
            (self.level_3_pct, left_of_day),
        ];
        let standing = levels
            .into_iter()
            .map(|(pct, halt_s)| (close * (1.0 - pct / 100.0), halt_s))
            .find(|(level, _)| lowest > level * (1.0 + 1e-9));
        let Some((level, halt_s)) = standing else {
            return Decision::Accept;
        };
        Decision::Amend(
            narrowed(step, view, [level, f64::INFINITY], halt_s),
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

    fn halted(past: &mut Past, from_s: i64, edge_usd: f64) {
        past.halt(PastHalt {
            from_at: at(from_s),
            until_at: at(from_s + 900),
            edge_usd,
            reopening_usd: edge_usd,
        });
    }

    /// Source: V-CB2: settlement 100,000 gives 93,000, 87,000 and 80,000. At 06:00 there are 64,800 s to midnight.
    #[test]
    fn each_level_halts_once_a_day() {
        let mut past = Past::new();
        past.close(at(0), 100_000.0_f64.ln());
        for (edge, halt_s) in [(93e3, 900.0), (87e3, 900.0), (80e3, 64_800.0)] {
            let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 21_600, 100e3)));
            near(found.lower_usd, edge);
            assert_eq!((found.upper_usd, found.halt_s), (f64::INFINITY, halt_s));
            halted(&mut past, 60, found.lower_usd);
        }
        let after = RULE.set_band(&SetBand::OPEN, &view(&past, 21_600, 100e3));
        assert_eq!(after, Decision::Accept);
        past.close(at(86_400), 80_000.0_f64.ln());
        let next_day = band(RULE.set_band(&SetBand::OPEN, &view(&past, 86_400, 80e3)));
        near(next_day.lower_usd, 74_400.0);
    }

    #[test]
    fn a_halt_above_a_level_does_not_use_it_up() {
        let mut past = Past::new();
        past.close(at(0), 100.0_f64.ln());
        halted(&mut past, 60, 95.0);
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 960, 95.0)));
        near(found.lower_usd, 93.0);
    }

    /// By hand: reopened at 85, below the second level, the next fall halts; a halt at 84.99 has used both up.
    #[test]
    fn a_reopening_below_a_level_halts_at_the_next_fall() {
        let mut past = Past::new();
        past.close(at(0), 100.0_f64.ln());
        halted(&mut past, 60, 93.0);
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 960, 85.0)));
        near(found.lower_usd, 84.999_915);
        halted(&mut past, 1_020, found.lower_usd);
        let found = band(RULE.set_band(&SetBand::OPEN, &view(&past, 1_920, 85.0)));
        near(found.lower_usd, 80.0);
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
