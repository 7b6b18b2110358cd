//! Rule sets: TOML files that name rules in order and declare what they assume of the world.

use aftershock_protocol::{Brackets, ProtocolRule, RuleSet};
use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::Kind;
use crate::kind::{find, kinds};
use crate::tiers::TierRow;

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
    /// What holders keep where margin differs from history's.
    pub hold: Hold,
    /// Margin brackets in place of those in force; history's where absent.
    pub brackets: Option<Brackets>,
    /// The rules in order.
    pub rules: RuleSet,
    /// The file's text.
    pub toml: String,
}

/// What those who opened before the replay keep where they would have had to post more, or less, than in history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// The size of their positions: they post what is asked, and open interest is history's.
    #[default]
    Notional,
    /// What they post: positions are as large as the leverage allowed makes them, and open interest shrinks.
    Equity,
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
    #[serde(default)]
    hold: Hold,
}

/// A margin table in place of the one in force.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct MarginsToml {
    tiers: Vec<TierRow>,
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
        if brackets.is_some() && parsed.world.hold == Hold::Equity {
            let reason =
                "hold = \"equity\" goes with rules; what [margins] would have let holders keep is not known";
            return Err(fail(line_of_key(text, 0, "hold"), reason.into()));
        }
        let mut rules: Vec<Box<dyn ProtocolRule>> = Vec::new();
        for spanned in parsed.rule {
            let start = spanned.span().start;
            let kind = spanned
                .get_ref()
                .get("kind")
                .and_then(toml::Value::as_str)
                .and_then(find);
            if let (
                Some(Kind {
                    name,
                    overlap: Some(usual),
                    ..
                }),
                None,
            ) = (kind, parsed.world.overlap)
            {
                let reason = format!(
                    "{name} is about positions that their holders offset at another venue: say what share of open interest \
                     that is, as in [world] overlap = {usual}"
                );
                return Err(fail(line_of_key(text, start, "kind"), reason));
            }
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
            hold: parsed.world.hold,
            brackets: brackets.transpose()?,
            rules: RuleSet::new(rules),
            toml: text.to_owned(),
        })
    }

    /// Whether nothing is changed: no rule, and the margin brackets that were in force.
    pub fn is_record(&self) -> bool {
        self.rules.is_record() && self.brackets.is_none()
    }

    /// A kind alone, with its defaults; absent where numbers alone make no rule of it.
    pub fn of_kind(kind: &Kind) -> Option<Self> {
        #[derive(Serialize)]
        struct Written<'a> {
            name: &'a str,
            title: &'a str,
            summary: String,
            costs: &'a str,
            sources: &'a [&'a str],
            #[serde(skip_serializing_if = "Option::is_none")]
            world: Option<Overlap>,
            rule: [toml::Table; 1],
        }
        #[derive(Serialize)]
        struct Overlap {
            overlap: f64,
        }
        let mut rule = toml::Table::new();
        rule.insert("kind".into(), kind.name.into());
        for parameter in kind.parameters {
            rule.insert(parameter.name.into(), parameter.default.into());
        }
        let text = toml::to_string(&Written {
            name: kind.name,
            title: kind.what,
            summary: format!("{} {}", kind.changes, kind.helps),
            costs: kind.costs,
            sources: kind.sources,
            world: kind.overlap.map(|overlap| Overlap { overlap }),
            rule: [rule],
        });
        let text = text.expect("names, sentences and finite numbers can be written");
        Self::parse(kind.name, &text).ok()
    }

    /// These rules and then those of another: what the second sees is what the first left.
    ///
    /// # Errors
    /// A margin table in one of them, or a name that gets too long.
    pub fn then(&self, next: &Self) -> Result<Self, RuleError> {
        let fail = |reason: String| RuleError {
            file: format!("{}+{}", self.name, next.name),
            line: 1,
            reason,
        };
        if self.brackets.is_some() || next.brackets.is_some() {
            return Err(fail(
                "rule sets with [margins] are not combined: write one file".into(),
            ));
        }
        let [first, second] = [self, next].map(|set| -> toml::Table { set.toml.parse().unwrap_or_default() });
        let rules = [&first, &second].into_iter().flat_map(|table| {
            let rules = table.get("rule").and_then(toml::Value::as_array);
            rules.into_iter().flatten().cloned()
        });
        let rules: Vec<toml::Value> = rules.collect();
        let name = format!("{}-then-{}", self.name, next.name);
        let mut table = toml::Table::new();
        table.insert("name".into(), name.clone().into());
        table.insert(
            "title".into(),
            format!("{}; then {}", self.title, next.title).into(),
        );
        table.insert(
            "summary".into(),
            format!("{} Then: {}", self.summary, next.summary).into(),
        );
        table.insert("costs".into(), format!("{} {}", self.costs, next.costs).into());
        let sources: Vec<toml::Value> = self
            .sources
            .iter()
            .chain(&next.sources)
            .map(|one| one.as_str().into())
            .collect();
        table.insert("sources".into(), sources.into());
        let mut world = toml::Table::new();
        if let Some(overlap) = self.overlap.into_iter().chain(next.overlap).reduce(f64::max) {
            world.insert("overlap".into(), overlap.into());
        }
        if self.hold == Hold::Equity || next.hold == Hold::Equity {
            world.insert("hold".into(), "equity".into());
        }
        if !world.is_empty() {
            table.insert("world".into(), world.into());
        }
        table.insert("rule".into(), rules.into());
        let text = toml::to_string(&table).map_err(|error| fail(error.to_string()))?;
        Self::parse(&name, &text)
    }

    /// The same rules with what the holders keep changed, under a name that says so.
    pub fn holding(&self, hold: Hold) -> Self {
        let mut table: toml::Table = self.toml.parse().expect("what was read once is TOML");
        let kept = match hold {
            Hold::Notional => "notional",
            Hold::Equity => "equity",
        };
        let name = format!("{}-hold-{kept}", self.name);
        table.insert("name".into(), name.as_str().into());
        table.insert(
            "title".into(),
            format!("{}; holders keep their {kept}", self.title).into(),
        );
        let world = table.entry("world").or_insert_with(|| toml::Table::new().into());
        if let Some(world) = world.as_table_mut() {
            world.insert("hold".into(), kept.into());
        }
        let text = toml::to_string(&table).expect("what was read can be written");
        Self::parse(&name, &text).expect("a rule set is one whatever holders keep")
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
    let known: Vec<&str> = kinds().map(|kind| kind.name).collect();
    let name = match table.remove("kind") {
        Some(toml::Value::String(name)) => name,
        _ => {
            return Err((
                "kind".into(),
                format!("a rule needs a kind: one of {}", known.join(", ")),
            ));
        }
    };
    let Some(kind) = find(&name) else {
        let nearest = known
            .iter()
            .max_by(|a, b| strsim::jaro_winkler(a, &name).total_cmp(&strsim::jaro_winkler(b, &name)));
        let hint = nearest.map_or(String::new(), |nearest| format!(", did you mean {nearest}?"));
        return Err((
            "kind".into(),
            format!("unknown kind '{name}'; known are {}{hint}", known.join(", ")),
        ));
    };
    for parameter in kind.parameters {
        let name = parameter.name;
        let value = match table.get(name) {
            None => parameter.default,
            Some(given) => match given.as_float().or(given.as_integer().map(|i| i as f64)) {
                Some(value) => value,
                None => continue,
            },
        };
        let [lowest, highest] = parameter.allowed;
        if !(lowest..=highest).contains(&value) {
            let meaning = parameter.meaning;
            let reason = format!("{name} is {value}, allowed is {lowest} to {highest} ({meaning})");
            return Err((name.into(), reason));
        }
        table.insert(name.into(), toml::Value::Float(value));
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
            "x.toml:7: band_pct is 0.1, allowed is 0.5 to 50 (half width, percent of the reference)"
        );
        assert_eq!(
            refused("[[rule]]\nkind = \"price-bands\"\n"),
            format!(
                "x.toml:6: unknown kind 'price-bands'; known are {}, did you mean price-band?",
                kinds().map(|kind| kind.name).collect::<Vec<_>>().join(", ")
            )
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
    fn every_kind_but_the_declared_is_a_rule_set_by_its_defaults() {
        let without: Vec<&str> = kinds()
            .filter(|kind| RuleSetFile::of_kind(kind).is_none_or(|set| set.rules.is_record()))
            .map(|kind| kind.name)
            .collect();
        assert_eq!(without, ["declared"]);
    }

    #[test]
    fn no_rules_is_the_record() {
        let file = RuleSetFile::parse("x.toml", HEAD).expect("the head alone is a rule set");
        assert!(file.rules.is_record());
    }
}
