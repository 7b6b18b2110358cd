//! Rule sets: TOML files that name rules in order and declare what they assume of the world.

use aftershock_protocol::{Brackets, ProtocolRule, RuleSet};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::declared::DeclaredToml;
use crate::tiers::TierRow;
use crate::{CrossProtocolClearing, Declared, PriceBand, VolatilityMargin};

/// Why a rule set is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct RuleError {
    /// File, or the name under which the text is known.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// A rule set as written.
#[derive(Debug)]
pub struct RuleSetFile {
    /// Name in tables, kebab-case.
    pub name: String,
    /// One line.
    pub title: String,
    /// What it asks, in a few sentences.
    pub summary: String,
    /// Who is worse off under it, and when.
    pub costs: String,
    /// Where the idea and its parameters come from.
    pub sources: Vec<String>,
    /// Declared share of open interest whose holders own the offset at another venue, 0 to 1.
    pub overlap: Option<f64>,
    /// Margin brackets in place of those in force; history's where absent.
    pub brackets: Option<Brackets>,
    /// The rules in order.
    pub rules: RuleSet,
    /// The file's text.
    pub toml: String,
}

/// Longest name of a rule set: it becomes part of a folder's name.
const NAME_MAX: usize = 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileToml {
    name: String,
    title: String,
    summary: String,
    costs: String,
    #[serde(default)]
    sources: Vec<String>,
    #[serde(default)]
    world: World,
    margins: Option<Spanned<MarginsToml>>,
    #[serde(default)]
    rule: Vec<Spanned<toml::Table>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct World {
    overlap: Option<f64>,
}

/// A margin table in place of the one in force.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct MarginsToml {
    tiers: Vec<TierRow>,
}

/// A kind of rule: its name in TOML, how it is built, and its parameters with allowed ranges.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// `kind = "…"`.
    pub name: &'static str,
    /// One line.
    pub what: &'static str,
    /// Parameters: name, lowest, highest, meaning.
    pub parameters: &'static [(&'static str, f64, f64, &'static str)],
    build: fn(toml::Table) -> Result<Box<dyn ProtocolRule>, String>,
}

/// Every kind of rule; a new one is one line here.
pub const KINDS: &[Kind] = &[
    Kind {
        name: "volatility-margin",
        what: "margin that follows volatility, with a floor, a cap and a speed limit",
        parameters: &[
            ("multiple", 0.5, 10.0, "standard deviations"),
            ("horizon_h", 0.25, 240.0, "horizon, h"),
            ("floor", 0.0, 1.0, "lowest initial margin, ratio"),
            ("cap", 0.0, 1.0, "highest initial margin, ratio"),
            ("maintenance_share", 0.1, 1.0, "maintenance over initial margin"),
            ("speed_limit_per_h", 0.01, 100.0, "highest growth an hour, ratio"),
        ],
        build: |table| Ok(Box::new(read::<VolatilityMargin>(table)?)),
    },
    Kind {
        name: "price-band",
        what: "a band around the last hour's mean; beyond it trading and forced flow halt",
        parameters: &[
            ("band_pct", 0.5, 50.0, "half width, percent"),
            ("halt_s", 60.0, 86_400.0, "length of a halt, s"),
        ],
        build: |table| Ok(Box::new(read::<PriceBand>(table)?)),
    },
    Kind {
        name: "cross-protocol-clearing",
        what: "offsetting positions at two venues are netted, their funds are one default fund",
        parameters: &[
            ("netting", 0.0, 1.0, "share of an offset that is netted"),
            (
                "shared_fund",
                0.0,
                1.0,
                "share of the other pools' funds behind a loss",
            ),
        ],
        build: |table| Ok(Box::new(read::<CrossProtocolClearing>(table)?)),
    },
    Kind {
        name: "declared",
        what: "a rule written in TOML alone: on a step, when a condition holds, change its fields",
        parameters: &[],
        build: |table| Ok(Box::new(Declared::new(read::<DeclaredToml>(table)?)?)),
    },
];

fn read<T: for<'a> Deserialize<'a>>(table: toml::Table) -> Result<T, String> {
    toml::Value::Table(table)
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())
}

impl RuleSetFile {
    /// Parses a rule set; `file` is named in errors.
    ///
    /// # Errors
    /// Malformed TOML, an unknown key, kind, field or observable, or a parameter out of its range: file, line and
    /// what is allowed.
    pub fn parse(file: &str, text: &str) -> Result<Self, RuleError> {
        let fail = |line, reason: String| RuleError {
            file: file.into(),
            line,
            reason,
        };
        let parsed: FileToml = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            fail(line, error.message().trim().replace('\n', ", "))
        })?;
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if parsed.name.is_empty() || parsed.name.len() > NAME_MAX || !parsed.name.chars().all(allowed) {
            let reason = format!(
                "name '{}' should be 1 to {NAME_MAX} of a-z, 0-9 and '-'",
                parsed.name
            );
            return Err(fail(line_of_key(text, 0, "name"), reason));
        }
        if let Some(overlap) = parsed
            .world
            .overlap
            .filter(|overlap| !(0.0..=1.0).contains(overlap))
        {
            let line = line_of_key(text, 0, "overlap");
            return Err(fail(line, format!("overlap is {overlap}, allowed is 0 to 1")));
        }
        let brackets = parsed.margins.map(|margins| {
            let line = line_of(text, margins.span().start);
            TierRow::table(&margins.into_inner().tiers)
                .map_err(|error| fail(line, format!("margins: {error}")))
        });
        let mut rules: Vec<Box<dyn ProtocolRule>> = Vec::new();
        for spanned in parsed.rule {
            let start = spanned.span().start;
            rules.push(
                build(spanned.into_inner())
                    .map_err(|(key, reason)| fail(line_of_key(text, start, &key), reason))?,
            );
        }
        Ok(Self {
            name: parsed.name,
            title: parsed.title,
            summary: parsed.summary,
            costs: parsed.costs,
            sources: parsed.sources,
            overlap: parsed.world.overlap,
            brackets: brackets.transpose()?,
            rules: RuleSet::new(rules),
            toml: text.to_owned(),
        })
    }

    /// Whether nothing is changed: no rule, and the margin brackets that were in force.
    pub fn is_record(&self) -> bool {
        self.rules.is_record() && self.brackets.is_none()
    }

    /// The rules of record but for margin brackets of another day; `held` says since when they were in force and how that is
    /// known, `source` where they come from.
    pub fn of_brackets(day: &str, held: &str, source: &str, brackets: &Brackets) -> Self {
        #[derive(Serialize)]
        struct Written<'a> {
            name: String,
            title: String,
            summary: String,
            costs: &'static str,
            sources: [&'a str; 1],
            margins: MarginsToml,
        }
        let text = toml::to_string(&Written {
            name: format!("brackets-of-{day}"),
            title: format!("Margin brackets of {day}"),
            summary: format!(
                "A margin table of another day ({held}) in place of the one in force in the episode, for positions opened \
                 before the replay too: the same notional, at the leverage that table allows. Nothing else differs."
            ),
            costs: "Where brackets are tighter, holders of large positions post more margin for them; where they are looser, \
                    less stands between a liquidation and a loss that others bear.",
            sources: [source],
            margins: MarginsToml {
                tiers: TierRow::rows(brackets),
            },
        });
        let text = text.expect("names, sentences and finite numbers can be written");
        Self::parse("brackets", &text).expect("brackets that are a table are read as one")
    }
}

/// Builds one rule; an error names the key it is about.
fn build(mut table: toml::Table) -> Result<Box<dyn ProtocolRule>, (String, String)> {
    let known: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let name = match table.remove("kind") {
        Some(toml::Value::String(name)) => name,
        _ => {
            return Err((
                "kind".into(),
                format!("a rule needs a kind: one of {}", known.join(", ")),
            ));
        }
    };
    let Some(kind) = KINDS.iter().find(|kind| kind.name == name) else {
        let nearest = known
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(a, &name).total_cmp(&strsim::jaro_winkler(b, &name)));
        let hint = nearest.map_or(String::new(), |nearest| format!(", did you mean {nearest}?"));
        return Err((
            "kind".into(),
            format!("unknown kind '{name}'; known are {}{hint}", known.join(", ")),
        ));
    };
    for (parameter, lowest, highest, meaning) in kind.parameters {
        let given = table
            .get(*parameter)
            .and_then(|value| value.as_float().or(value.as_integer().map(|i| i as f64)));
        if let Some(value) = given {
            if !(*lowest..=*highest).contains(&value) {
                let reason = format!("{parameter} is {value}, allowed is {lowest} to {highest} ({meaning})");
                return Err(((*parameter).into(), reason));
            }
            table.insert((*parameter).into(), toml::Value::Float(value));
        }
    }
    if let (Some(floor), Some(cap)) = (
        table.get("floor").and_then(toml::Value::as_float),
        table.get("cap").and_then(toml::Value::as_float),
    ) && cap < floor
    {
        return Err((
            "cap".into(),
            format!("cap is {cap}, allowed is {floor} (the floor) to 1"),
        ));
    }
    (kind.build)(table).map_err(|reason| {
        let key = reason
            .split(['`', ':'])
            .nth(usize::from(reason.contains('`')))
            .unwrap_or("kind")
            .to_owned();
        (key, format!("{}: {reason}", kind.name))
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}

/// The line that sets `key` at or after `start`, else the line of `start`.
fn line_of_key(text: &str, start: usize, key: &str) -> usize {
    let found = text[start..].lines().position(|line| {
        line.trim_start()
            .strip_prefix(key)
            .is_some_and(|rest| rest.trim_start().starts_with(['=', ']']))
    });
    line_of(text, start) + found.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "name = \"x\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n";

    #[track_caller]
    fn refused(rest: &str) -> String {
        RuleSetFile::parse("x.toml", &format!("{HEAD}{rest}"))
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn errors_give_file_line_and_what_is_allowed() {
        assert_eq!(
            refused("[[rule]]\nkind = \"price-band\"\nband_pct = 0.1\nhalt_s = 60\n"),
            "x.toml:7: band_pct is 0.1, allowed is 0.5 to 50 (half width, percent)"
        );
        assert_eq!(
            refused("[[rule]]\nkind = \"price-bands\"\n"),
            "x.toml:6: unknown kind 'price-bands'; known are volatility-margin, price-band, cross-protocol-clearing, \
             declared, did you mean price-band?"
        );
        assert_eq!(
            refused("[[rule]]\nkind = \"price-band\"\nband_pct = 7\nhalt = 60\n"),
            "x.toml:8: price-band: unknown field `halt`, expected `band_pct` or `halt_s`"
        );
        assert_eq!(
            refused("[world]\noverlap = 1.5\n"),
            "x.toml:6: overlap is 1.5, allowed is 0 to 1"
        );
        assert!(refused("colour = 1\n").starts_with("x.toml:5: unknown field `colour`, expected one of"));
        assert!(refused("[[rule]\n").starts_with("x.toml:5: "));
        let declared = "[[rule]]\nkind = \"declared\"\nname = \"d\"\non = \"liquidate\"\nreason = \"r\"\n";
        assert_eq!(
            refused(&format!(
                "{declared}when = \"notional > 1\"\nthen.fraction = \"0.2\"\n"
            ))
            .split(';')
            .next(),
            Some("x.toml:10: declared: when: column 1: 'notional' is not known")
        );
        assert!(
            refused(&format!("{declared}when = \"notional_usd > 1\"\n"))
                .contains("either 'then' or 'reject = true'")
        );
    }

    #[test]
    fn brackets_of_another_time_are_no_record() {
        let tiers = "[margins]\ntiers = [{ floor_usd = 0, cap_usd = 50e3, maintenance_ratio = 0.004, max_leverage = 125, \
                     maintenance_amount_usd = 0 }, { floor_usd = 50e3, maintenance_ratio = 0.005, max_leverage = 100, \
                     maintenance_amount_usd = 50 }]\n";
        let file = RuleSetFile::parse("x.toml", &format!("{HEAD}{tiers}")).expect("a table is a rule set");
        assert!(file.rules.is_record() && !file.is_record());
        let table = file.brackets.expect("it has a table");
        assert_eq!(table.maintenance_usd(100e3), 450.0);
        let written = RuleSetFile::of_brackets("2021-03-18", "since 2021-03-18", "an announcement", &table);
        assert_eq!(written.name, "brackets-of-2021-03-18");
        assert_eq!(
            (written.brackets, written.sources),
            (Some(table), vec!["an announcement".to_owned()])
        );
        assert_eq!(
            refused(&tiers.replace("amount_usd = 50 ", "amount_usd = 40 ")),
            "x.toml:5: margins: bracket 2: maintenance amount 40 should be 50"
        );
    }

    #[test]
    fn no_rules_is_the_record() {
        let file = RuleSetFile::parse("x.toml", HEAD).expect("the head alone is a rule set");
        assert!(file.rules.is_record());
    }
}
