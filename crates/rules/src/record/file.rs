//! A venue's file: parameters by date, where sources disagree, and what was not found.

use std::collections::BTreeSet;

use aftershock_market::Timestamp;
use serde::Deserialize;
use toml::Spanned;

use super::RecordError;

/// How the date of a rule is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dated {
    /// The source gives it.
    Announced,
    /// A copy bears it; the change lies at or before.
    Observed,
    /// The source gives none; the rule is taken to have held since then.
    Assumed,
}

impl Dated {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Observed => "observed",
            Self::Assumed => "assumed",
        }
    }
}

/// How far a source carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trust {
    /// From memory; nothing was found that says so. No test rests on it.
    Unconfirmed,
    /// Third hand, or a copy of unknown care.
    Low,
    /// A copy, or somebody else's code.
    Medium,
    /// The venue's own words or code.
    High,
}

impl Trust {
    /// The word in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unconfirmed => "unconfirmed",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A parameter from a date on.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Line of the file, from 1.
    pub line: usize,
    /// What it sets, snake case.
    pub parameter: String,
    /// The one instrument it is for; every one where absent.
    pub instrument: Option<String>,
    /// In force from, until the next of the same parameter and instrument.
    pub valid_from: Timestamp,
    /// Out of force from, where nothing takes its place.
    pub valid_to: Option<Timestamp>,
    /// How the first date is known.
    pub dated: Dated,
    /// A number, a word, or rows of a table.
    pub value: toml::Value,
    /// Unit of the value.
    pub unit: String,
    /// Where it comes from.
    pub source: String,
    /// How far that carries.
    pub trust: Trust,
    /// What a reader should know besides.
    pub note: String,
    /// Whether it is known not to be the one in force, but the nearest that was found.
    pub stand_in: bool,
}

/// Sources that disagree; the choice made is the rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// About what.
    pub parameter: String,
    /// What each says.
    pub claims: Vec<String>,
    /// Why the rule has the one it has.
    pub why: String,
}

/// Something looked for and not found.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gap {
    /// What.
    pub what: String,
    /// What stands in, or what cannot be computed.
    pub consequence: String,
}

/// A venue's file as written.
#[derive(Clone, Debug, PartialEq)]
pub struct VenueFile {
    /// Name in tables, kebab-case; the file's.
    pub name: String,
    /// Name for readers.
    pub title: String,
    /// What it is, and what of it is here.
    pub about: String,
    /// Parameters, in order of parameter, instrument and date.
    pub rules: Vec<Rule>,
    /// Sources that disagree.
    pub conflicts: Vec<Conflict>,
    /// What was not found.
    pub gaps: Vec<Gap>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileToml {
    title: String,
    about: String,
    rule: Vec<Spanned<RuleToml>>,
    #[serde(default)]
    conflict: Vec<Conflict>,
    #[serde(default)]
    gap: Vec<Gap>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleToml {
    parameter: String,
    instrument: Option<String>,
    valid_from: toml::value::Datetime,
    valid_to: Option<toml::value::Datetime>,
    dated: Dated,
    value: toml::Value,
    unit: String,
    source: String,
    trust: Trust,
    #[serde(default)]
    note: String,
    #[serde(default)]
    stand_in: bool,
}

impl VenueFile {
    /// Reads a venue's file.
    pub(super) fn parse(name: &str, text: &str) -> Result<Self, RecordError> {
        let named = |line: usize, reason: String| RecordError {
            file: format!("{name}.toml"),
            line,
            reason,
        };
        let line_of = |offset: usize| text[..offset].matches('\n').count() + 1;
        let parsed: FileToml = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| line_of(span.start));
            named(line, error.message().trim().replace('\n', ", "))
        })?;
        let mut rules = Vec::with_capacity(parsed.rule.len());
        for spanned in parsed.rule {
            let line = line_of(spanned.span().start);
            let one = spanned.into_inner();
            let instant = |key: &str, date: &toml::value::Datetime| {
                let reason = format!(
                    "{key} of {} is {date}, should be an instant in UTC such as 2021-03-18T00:00:00Z",
                    one.parameter
                );
                date.to_string()
                    .parse::<Timestamp>()
                    .map_err(|_| named(line, reason))
            };
            let valid_from = instant("valid_from", &one.valid_from)?;
            let valid_to = one
                .valid_to
                .as_ref()
                .map(|date| instant("valid_to", date))
                .transpose()?;
            if valid_to.is_some_and(|to| to <= valid_from) {
                return Err(named(line, format!("{} ends before it begins", one.parameter)));
            }
            if one.source.is_empty() || one.unit.is_empty() {
                return Err(named(
                    line,
                    format!("{} needs a source and a unit", one.parameter),
                ));
            }
            rules.push(Rule {
                line,
                parameter: one.parameter,
                instrument: one.instrument,
                valid_from,
                valid_to,
                dated: one.dated,
                value: one.value,
                unit: one.unit,
                source: one.source,
                trust: one.trust,
                note: one.note,
                stand_in: one.stand_in,
            });
        }
        let key = |rule: &Rule| (rule.parameter.clone(), rule.instrument.clone(), rule.valid_from);
        rules.sort_by_key(key);
        if let Some(pair) = rules.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) {
            let (first, second) = (&pair[0], &pair[1]);
            let reason = format!(
                "{} of {} is set twice, here and in line {}",
                second.parameter, second.valid_from, first.line
            );
            return Err(named(second.line, reason));
        }
        let file = Self {
            name: name.into(),
            title: parsed.title,
            about: parsed.about,
            rules,
            conflicts: parsed.conflict,
            gaps: parsed.gap,
        };
        for conflict in &file.conflicts {
            if !file.rules.iter().any(|rule| rule.parameter == conflict.parameter) {
                let reason = format!("a conflict about '{}', which no rule sets", conflict.parameter);
                return Err(named(1, reason));
            }
        }
        Ok(file)
    }

    /// Instruments that any rule is for; one unnamed where every rule is for all.
    pub fn instruments(&self) -> Vec<String> {
        let named: BTreeSet<&String> = self
            .rules
            .iter()
            .filter_map(|rule| rule.instrument.as_ref())
            .collect();
        if named.is_empty() {
            return vec![String::new()];
        }
        named.into_iter().cloned().collect()
    }

    /// The instants at which a rule of an instrument begins or ends.
    pub(super) fn changes(&self, instrument: &str) -> BTreeSet<Timestamp> {
        let of = self.rules.iter().filter(|rule| rule.is_for(instrument));
        of.flat_map(|rule| [Some(rule.valid_from), rule.valid_to])
            .flatten()
            .collect()
    }

    /// An error about this file.
    pub(super) fn error(&self, line: usize, reason: String) -> RecordError {
        RecordError {
            file: format!("{}.toml", self.name),
            line,
            reason,
        }
    }
}

impl Rule {
    /// Whether it is for an instrument.
    pub fn is_for(&self, instrument: &str) -> bool {
        self.instrument.as_deref().is_none_or(|own| own == instrument)
    }

    /// Whether it has begun and not ended at an instant; a later rule may have taken its place.
    pub fn holds(&self, at: Timestamp) -> bool {
        self.valid_from <= at && self.valid_to.is_none_or(|to| at < to)
    }
}
