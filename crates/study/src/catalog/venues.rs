//! What venues had chosen, a row a parameter and date.

use aftershock_market::Timestamp;
use aftershock_query::catalog::VenueRow;
use aftershock_rules::record::{Rule, VenueFile};

use crate::{Result, venues};

/// Every rule of every venue, in order of venue, parameter, instrument and date.
pub(super) fn rows() -> Result<Vec<VenueRow>> {
    let files = venues::all()?.iter().map(|venue| &venue.file);
    Ok(files
        .flat_map(|file| file.rules.iter().map(|rule| row(file, rule)))
        .collect())
}

fn row(file: &VenueFile, rule: &Rule) -> VenueRow {
    VenueRow {
        venue: file.name.clone(),
        instrument: rule.instrument.clone(),
        parameter: rule.parameter.clone(),
        value: match &rule.value {
            toml::Value::String(word) => word.clone(),
            // As it is printed elsewhere, without a trailing `.0`.
            toml::Value::Float(number) => number.to_string(),
            other => other.to_string(),
        },
        number: rule
            .value
            .as_float()
            .or(rule.value.as_integer().map(|whole| whole as f64)),
        unit: rule.unit.clone(),
        since_at: rule.valid_from,
        until_at: until(file, rule),
        dated: rule.dated.name().into(),
        trust: rule.trust.name().into(),
        stand_in: rule.stand_in,
        source: rule.source.clone(),
        note: rule.note.clone(),
    }
}

/// When a rule ended: where its file says so, or where the next of its parameter and instrument begins.
fn until(file: &VenueFile, rule: &Rule) -> Option<Timestamp> {
    let same = |other: &&Rule| {
        other.parameter == rule.parameter
            && other.instrument == rule.instrument
            && other.valid_from > rule.valid_from
    };
    let next = file.rules.iter().filter(same).map(|other| other.valid_from).min();
    rule.valid_to.into_iter().chain(next).min()
}
