//! The venues whose rules of record this program carries, and the margin table of replays.

use std::sync::OnceLock;

use aftershock_market::Timestamp;
use aftershock_protocol::Brackets;
use aftershock_rules::RuleSetFile;
use aftershock_rules::record::{self, Dated, Rule, Venue};
use include_dir::{Dir, include_dir};

use crate::{Error, Prepared, Result};

static VENUES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/venues");

/// The venue whose margin brackets a replay uses.
pub const MARGIN_VENUE: &str = "binance-usdm";
/// The instrument whose brackets they are.
pub const MARGIN_INSTRUMENT: &str = "BTCUSDT";

/// All venues, by name.
///
/// # Errors
/// This program was built with a malformed or missing file.
pub fn all() -> Result<&'static [Venue]> {
    static ALL: OnceLock<Vec<Venue>> = OnceLock::new();
    if let Some(venues) = ALL.get() {
        return Ok(venues);
    }
    let venues = record::names().map(parsed).collect::<Result<Vec<_>>>()?;
    Ok(ALL.get_or_init(|| venues))
}

fn parsed(name: &str) -> Result<Venue> {
    let path = format!("{name}.toml");
    let text = VENUES.get_file(&path).and_then(|file| file.contents_utf8());
    let text = text.ok_or_else(|| Error::Missing(format!("data/venues/{path}")))?;
    Ok(Venue::parse(name, text)?)
}

/// A venue by name, where there is one of that name.
///
/// # Errors
/// As [`all`].
pub fn known(name: &str) -> Result<Option<&'static Venue>> {
    Ok(all()?.iter().find(|venue| venue.file.name == name))
}

/// A venue by name.
///
/// # Errors
/// There is none of that name; and as [`all`].
pub fn named(name: &str) -> Result<&'static Venue> {
    known(name)?.ok_or_else(|| {
        Error::asked(format!("there is no venue '{name}'")).or_rather(format!(
            "{}known are {}",
            crate::near(record::names(), name),
            record::names().collect::<Vec<_>>().join(", ")
        ))
    })
}

/// Margin brackets in force, and the rule that set them.
#[derive(Clone, Debug)]
pub struct MarginTable {
    /// The brackets.
    pub brackets: Brackets,
    /// Where they come from, and since when they held.
    pub rule: Rule,
}

/// The margin brackets of replays at an instant.
///
/// # Errors
/// An instant before the first that are known.
pub fn margin_table(at: Timestamp) -> Result<MarginTable> {
    let found = named(MARGIN_VENUE)?
        .brackets(MARGIN_INSTRUMENT, at)
        .map_err(|error| Error::asked(error.reason))?;
    let (brackets, rule) = found.ok_or_else(|| {
        Error::asked(format!(
            "{MARGIN_VENUE} has no brackets of {MARGIN_INSTRUMENT} at {at}"
        ))
    })?;
    Ok(MarginTable {
        brackets,
        rule: rule.clone(),
    })
}

/// The rules of record but for the brackets of another date.
///
/// # Errors
/// As [`margin_table`].
pub fn brackets_of(at: Timestamp) -> Result<RuleSetFile> {
    let MarginTable { brackets, rule } = margin_table(at)?;
    let since = rule.valid_from.to_string();
    let day = since.split('T').next().unwrap_or(&since);
    let held = match (rule.stand_in, rule.dated) {
        (true, _) => format!("a stand-in taken since {day}, not the table of that time"),
        (false, Dated::Announced) => format!("in force since {day}"),
        (false, Dated::Observed) => format!("in force by {day}, from when a copy has it"),
        (false, Dated::Assumed) => format!("taken to be in force since {day}"),
    };
    let source = format!("{MARGIN_VENUE} {MARGIN_INSTRUMENT}: {}", rule.source);
    Ok(RuleSetFile::of_brackets(day, &held, &source, &brackets))
}

/// Adds the rules of record under the margin brackets of other dates.
///
/// # Errors
/// Brackets that were in force in the episode, two rule sets of a name, and as [`margin_table`].
pub fn add_brackets(sets: &mut Vec<RuleSetFile>, dates: &[Timestamp], prepared: &Prepared) -> Result<()> {
    for at in dates {
        let set = brackets_of(*at)?;
        let table = prepared.brackets();
        if set
            .brackets
            .as_ref()
            .is_some_and(|brackets| record::same_margins(brackets, table))
        {
            return Err(Error::asked(format!(
                "the brackets of {at} are those that were in force in {}, so that there is nothing to compare",
                prepared.episode.id
            ))
            .or_rather(format!("`aftershock venues {MARGIN_VENUE}` lists what changed when")));
        }
        match sets.iter().find(|known| known.name == set.name) {
            None => sets.push(set),
            Some(known) if known.toml == set.toml => {}
            Some(known) => {
                return Err(Error::asked(format!("two rule sets are named '{}'", known.name))
                    .or_rather("give the one of your own another name"));
            }
        }
    }
    Ok(())
}

/// A day, and the time where it is not midnight.
pub fn day(at: Timestamp) -> String {
    let text = at.to_string();
    match text.strip_suffix("T00:00:00Z") {
        Some(day) => day.to_owned(),
        None => text.replace('T', " ").replace('Z', ""),
    }
}

/// Since when a rule holds, and how that is known: a day a source gives, `by` one that a copy bears, `taken since` one
/// that no source gives.
pub fn since(rule: &Rule) -> String {
    let day = day(rule.valid_from);
    match rule.dated {
        Dated::Announced => day,
        Dated::Observed => format!("by {day}"),
        Dated::Assumed => format!("taken since {day}"),
    }
}
