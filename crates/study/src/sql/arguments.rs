//! What a call of `replay(…)` asks for, checked before anything is replayed.

use aftershock_archive::journal;
use aftershock_ingest::{Catalog, IngestError};
use aftershock_market::Shock;
use aftershock_rules::RuleSetFile;
use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::Expr;

use crate::rule_sets::{self, CATALOGUE, Files};
use crate::{Error, Result, shock};

/// The function's name.
pub(super) const NAME: &str = "replay";
/// Its parameters, in order.
pub(super) const PARAMETERS: &[(&str, DataType)] = &[
    ("episode", DataType::Utf8),
    ("rules", DataType::Utf8),
    (TABLE, DataType::Utf8),
    ("draws", DataType::Int64),
    ("seed", DataType::Int64),
    ("shock", DataType::Utf8),
    ("shock_over", DataType::Utf8),
];
/// The parameter that decides the columns.
pub(super) const TABLE: &str = "table";
/// The table of the journal where none is named: what each draw came to.
const USUAL_TABLE: &str = "outcomes";
/// Draws where none are given, as `aftershock replay` has them.
const USUAL_DRAWS: u32 = 200;
/// Most draws of a call: more take minutes, and `aftershock replay` keeps what it replayed.
const MOST_DRAWS: u32 = 1_000;
/// Most rule sets of a call.
const MOST_SETS: usize = 16;

/// What is to be replayed, and which of its tables is asked for.
#[derive(Debug)]
pub(super) struct Arguments {
    pub(super) episode: String,
    pub(super) sets: Vec<RuleSetFile>,
    pub(super) table: &'static str,
    pub(super) draws: u32,
    pub(super) seed: u64,
    pub(super) shock: Option<Shock>,
}

impl Arguments {
    /// # Errors
    /// An argument that is missing, no literal, of another type or out of its range; an episode, rule set or table that
    /// there is not; and a rule set that the episode's record cannot measure.
    pub(super) fn read(given: &[Expr]) -> Result<Self> {
        let mut values = Vec::with_capacity(PARAMETERS.len());
        for (index, (parameter, _)) in PARAMETERS.iter().enumerate() {
            values.push(match given.get(index) {
                None => ScalarValue::Null,
                Some(Expr::Literal(value, _)) => value.clone(),
                Some(other) => {
                    let what = format!("is {other}, should be a value that is written out");
                    return Err(wrong(parameter, what, EXAMPLE));
                }
            });
        }
        let [episode, rules, table, draws, seed, move_, over] = values.as_slice() else {
            unreachable!("a value is made of each parameter");
        };
        let missing = |parameter: &str| wrong(parameter, "is missing", EXAMPLE);
        let name = text("episode", episode)?.ok_or_else(|| missing("episode"))?;
        let catalog = Catalog::embedded()?;
        let episode = &catalog.find(&name).map_err(|error| unknown(&name, error))?.id;
        let table = table_of(table)?;
        let draws = whole("draws", draws)?.unwrap_or(USUAL_DRAWS.into());
        let draws = u32::try_from(draws)
            .ok()
            .filter(|draws| (1..=MOST_DRAWS).contains(draws))
            .ok_or_else(|| {
                wrong(
                    "draws",
                    format!("is {draws}, allowed is 1 to {MOST_DRAWS}"),
                    "`aftershock replay --draws` takes more, and keeps the runs for `replayed`",
                )
            })?;
        let seed = whole("seed", seed)?.unwrap_or(1);
        let seed = u64::try_from(seed).map_err(|_| {
            wrong(
                "seed",
                format!("is {seed}, should not be negative"),
                "such as seed => 1",
            )
        })?;
        let (move_, over) = (text("shock", move_)?, text("shock_over", over)?);
        let shock = match (move_, over) {
            (Some(move_), over) => Some(shock(
                &move_,
                over.as_deref().unwrap_or("10m"),
                ["shock of replay", "shock_over of replay"],
            )?),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(wrong(
                    "shock_over",
                    "is given without a shock",
                    "such as shock => '-30%', shock_over => '10m'",
                ));
            }
        };
        let asked = texts("rules", rules)?;
        let sets = rule_sets_of(&asked)?;
        for set in &sets {
            rule_sets::measurable(set, episode)?;
        }
        Ok(Self {
            episode: episode.clone(),
            sets,
            table,
            draws,
            seed,
            shock,
        })
    }
}

/// An episode that there is not: of files, which the command line takes, SQL knows nothing.
fn unknown(name: &str, error: IngestError) -> Error {
    let IngestError::UnknownEpisode { nearest, .. } = error else {
        return error.into();
    };
    let near = match nearest.is_empty() {
        true => String::new(),
        false => format!("did you mean {}? ", nearest.join(" or ")),
    };
    Error::asked(format!("no episode `{name}`")).or_rather(format!(
        "{near}catalog.episodes has all; files are not read here, and one of your own is replayed by `aftershock replay`"
    ))
}

const EXAMPLE: &str = "such as replay('2020-03-12', 'price-band', draws => 100)";

fn wrong(parameter: &str, what: impl std::fmt::Display, right: &str) -> Error {
    Error::asked(format!("{parameter} of {NAME} {what}")).or_rather(right)
}

/// Rule sets by name, joined by `+`, or as TOML text; a file is not read, since whoever asks may be on another machine.
fn rule_sets_of(asked: &[String]) -> Result<Vec<RuleSetFile>> {
    if asked.is_empty() {
        return Err(wrong("rules", "is missing", EXAMPLE));
    }
    if asked.len() > MOST_SETS {
        return Err(wrong(
            "rules",
            format!(
                "are {} rule sets, at most {MOST_SETS} go into one call",
                asked.len()
            ),
            "`aftershock replay --rules catalogue` runs all",
        ));
    }
    let mut sets = Vec::new();
    for rules in asked {
        // Every TOML of a rule set sets something, and no name does.
        let set = if rules.contains('=') {
            rule_sets::own("the TOML in the query", rules)?
        } else if rules == CATALOGUE {
            return Err(wrong(
                "rules",
                format!("is '{CATALOGUE}', which is all rule sets, each by itself"),
                "name them, at most sixteen as ['price-band', 'record']; catalog.rule_sets has their names",
            ));
        } else {
            rule_sets::named(rules, Files::Refused)?
        };
        sets.push((rules.as_str(), set));
    }
    rule_sets::each_once(sets)
}

/// The table that an argument names.
pub(super) fn table_of(argument: &ScalarValue) -> Result<&'static str> {
    match text(TABLE, argument)? {
        None => Ok(USUAL_TABLE),
        Some(name) => table_named(&name),
    }
}

/// The journal's table of that name.
fn table_named(name: &str) -> Result<&'static str> {
    let tables = journal::table_names();
    tables
        .iter()
        .find(|table| **table == name)
        .copied()
        .ok_or_else(|| {
            let near = crate::near(tables.iter().copied(), name);
            wrong(
                "table",
                format!("is '{name}', which a run does not have"),
                &format!("{near}there are {}", tables.join(", ")),
            )
        })
}

fn text(parameter: &str, value: &ScalarValue) -> Result<Option<String>> {
    match value {
        ScalarValue::Null => Ok(None),
        other => other
            .try_as_str()
            .map(|text| text.map(str::to_owned))
            .ok_or_else(|| {
                wrong(
                    parameter,
                    format!("is {other}, should be text"),
                    "write it in single quotes",
                )
            }),
    }
}

/// One text, or an array of them.
fn texts(parameter: &str, value: &ScalarValue) -> Result<Vec<String>> {
    let ScalarValue::List(list) = value else {
        return Ok(text(parameter, value)?.into_iter().collect());
    };
    let refused = || {
        wrong(
            parameter,
            format!("is {value}, should be text or an array of texts"),
            "such as ['record', 'price-band']",
        )
    };
    let items = cast(&list.value(0), &DataType::Utf8).map_err(|_| refused())?;
    if items.null_count() > 0 {
        return Err(refused());
    }
    Ok(items
        .as_string::<i32>()
        .iter()
        .flatten()
        .map(str::to_owned)
        .collect())
}

fn whole(parameter: &str, value: &ScalarValue) -> Result<Option<i128>> {
    if value.is_null() {
        return Ok(None);
    }
    let whole = match value {
        ScalarValue::Int64(Some(whole)) => Some(i128::from(*whole)),
        ScalarValue::UInt64(Some(whole)) => Some(i128::from(*whole)),
        // The value of a parameter may come as text.
        other => other.try_as_str().flatten().and_then(|text| text.parse().ok()),
    };
    whole.map(Some).ok_or_else(|| {
        wrong(
            parameter,
            format!("is {value}, should be a whole number"),
            "such as draws => 100",
        )
    })
}
