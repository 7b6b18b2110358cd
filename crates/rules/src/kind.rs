//! A kind of rule: what it is called, what it does and to whom, what may be set, and how it is built.

use std::sync::OnceLock;

use aftershock_protocol::ProtocolRule;
use serde::Deserialize;

use crate::declared::DECLARED;
use crate::{breaker, clearing, funding, liquidation, liquidity, losses, margin, price};

/// A number that a rule takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Key in TOML; its ending is its unit.
    pub name: &'static str,
    /// Where it is left out.
    pub default: f64,
    /// Lowest and highest value allowed.
    pub allowed: [f64; 2],
    /// What it is, with its unit.
    pub meaning: &'static str,
}

/// A kind of rule.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// `kind = "…"`, and the name of the rule set that has it alone with its defaults.
    pub name: &'static str,
    /// One line.
    pub what: &'static str,
    /// What it changes.
    pub changes: &'static str,
    /// Why that might help.
    pub helps: &'static str,
    /// What it costs, and whom.
    pub costs: &'static str,
    /// What may be set.
    pub parameters: &'static [Parameter],
    /// The arithmetic once, with numbers.
    pub example: &'static str,
    /// Where idea and defaults come from; a default that nobody gives says that it is declared.
    pub sources: &'static [&'static str],
    /// Share of holders who own the offset elsewhere that a rule set of it alone declares.
    pub overlap: Option<f64>,
    /// Builds it of its parameters, all of them there and within their ranges.
    ///
    /// # Errors
    /// Parameters that do not go together: `key: reason`.
    pub build: fn(toml::Table) -> Result<Box<dyn ProtocolRule>, String>,
}

/// Kinds of one subject.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// What they are about.
    pub name: &'static str,
    /// The kinds.
    pub kinds: &'static [Kind],
}

/// Every family of rules here.
pub const FAMILIES: &[Family] = &[
    Family {
        name: "margin",
        kinds: margin::KINDS,
    },
    Family {
        name: "circuit breakers",
        kinds: breaker::KINDS,
    },
    Family {
        name: "liquidation",
        kinds: liquidation::KINDS,
    },
    Family {
        name: "deleveraging and default",
        kinds: losses::KINDS,
    },
    Family {
        name: "clearing",
        kinds: clearing::KINDS,
    },
    Family {
        name: "liquidity",
        kinds: liquidity::KINDS,
    },
    Family {
        name: "marks and oracles",
        kinds: price::KINDS,
    },
    Family {
        name: "funding",
        kinds: funding::KINDS,
    },
    Family {
        name: "declared",
        kinds: DECLARED,
    },
];

static OUTSIDE: OnceLock<&'static [Kind]> = OnceLock::new();

/// Adds kinds of another crate to those known here; once, before anything is parsed.
///
/// # Panics
/// Where it is called twice, or a name is taken.
pub fn register(kinds: &'static [Kind]) {
    for kind in kinds {
        assert!(find(kind.name).is_none(), "there is a kind {} already", kind.name);
    }
    assert!(OUTSIDE.set(kinds).is_ok(), "kinds are registered once");
}

/// Families here, then those of other crates as one.
pub fn families() -> impl Iterator<Item = Family> {
    let outside = OUTSIDE.get().copied().unwrap_or_default();
    let outside = (!outside.is_empty()).then_some(Family {
        name: "of another crate",
        kinds: outside,
    });
    FAMILIES.iter().copied().chain(outside)
}

/// All kinds.
pub fn kinds() -> impl Iterator<Item = &'static Kind> {
    families().flat_map(|family| family.kinds)
}

/// The kind of that name.
pub fn find(name: &str) -> Option<&'static Kind> {
    kinds().find(|kind| kind.name == name)
}

/// Reads a rule of its TOML: what most kinds build themselves by.
///
/// # Errors
/// A key that is not one of the rule's.
pub fn read<T: for<'a> Deserialize<'a>>(table: toml::Table) -> Result<T, String> {
    toml::Value::Table(table)
        .try_into()
        .map_err(|error: toml::de::Error| error.message().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RuleSetFile;

    #[test]
    fn every_name_is_one_kinds() {
        let mut names: Vec<&str> = kinds().map(|kind| kind.name).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    /// What a kind builds bears its name and its numbers have a name each.
    #[test]
    fn every_kind_builds_what_it_says() {
        for kind in kinds() {
            let mut numbers: Vec<&str> = kind.parameters.iter().map(|parameter| parameter.name).collect();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), kind.parameters.len(), "{}", kind.name);
            let Some(set) = RuleSetFile::of_kind(kind) else {
                continue;
            };
            for rule in set.rules.rules() {
                assert_eq!(rule.name(), kind.name);
            }
        }
    }
}
