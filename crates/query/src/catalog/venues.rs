//! `catalog.venues`: what venues had chosen, by date.

use aftershock_market::Timestamp;
use arrow::array::RecordBatch;

use super::Columns;
use crate::meaning::Table;

/// A parameter of a venue from a date on, a row of `catalog.venues`. What each field means is in its column's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VenueRow {
    /// Its name.
    pub venue: String,
    /// The one instrument it is for.
    pub instrument: Option<String>,
    /// What it sets.
    pub parameter: String,
    /// Its value in words.
    pub value: String,
    /// The same as a number.
    pub number: Option<f64>,
    /// Unit of the value.
    pub unit: String,
    /// In force from.
    pub since_at: Timestamp,
    /// Out of force from.
    pub until_at: Option<Timestamp>,
    /// How the date is known.
    pub dated: String,
    /// How far the source carries.
    pub trust: String,
    /// Whether it was not the one in force.
    pub stand_in: bool,
    /// Where it comes from.
    pub source: String,
    /// What else is to be known.
    pub note: String,
}

/// What it holds.
pub(crate) const TABLE: Table = Table {
    name: "venues",
    about: "What a venue had chosen for one parameter from a date on, with the source of the choice.",
    columns: &[
        ("venue", "The venue's name, as `liquidation_price` takes it."),
        (
            "instrument",
            "The one instrument that the row is for, where it goes before a row for all; null for every one.",
        ),
        ("parameter", "What is set; a unit at its end."),
        (
            "value",
            "The value in words; a table, such as margin brackets, as an array of its rows.",
        ),
        ("number", "The value where it is a number, in `unit`."),
        ("unit", "Unit of the value."),
        ("since_at", "In force from; `dated` says how that is known."),
        (
            "until_at",
            "Out of force from, because it ended or the next row takes its place; null where no end is known.",
        ),
        (
            "dated",
            "`announced`: a source gives the day; `observed`: a copy bears it and the change may lie before; `assumed`: taken \
         since then, no source gives one.",
        ),
        (
            "trust",
            "`high`: the venue's own words or code; `medium`: a copy or another's code; `low`: third hand; `unconfirmed`: found \
         nowhere.",
        ),
        (
            "stand_in",
            "Whether it is known not to have been in force, but the nearest that was found.",
        ),
        ("source", "Where the value comes from."),
        (
            "note",
            "What a reader should know besides; empty where there is nothing.",
        ),
    ],
};

pub(super) fn batch(rows: &[VenueRow]) -> RecordBatch {
    Columns::default()
        .text("venue", rows, |row| &row.venue)
        .optional_text("instrument", rows, |row| row.instrument.as_deref())
        .text("parameter", rows, |row| &row.parameter)
        .text("value", rows, |row| &row.value)
        .number("number", rows, |row| row.number)
        .text("unit", rows, |row| &row.unit)
        .time("since_at", rows, |row| row.since_at)
        .optional_time("until_at", rows, |row| row.until_at)
        .text("dated", rows, |row| &row.dated)
        .text("trust", rows, |row| &row.trust)
        .flag("stand_in", rows, |row| row.stand_in)
        .text("source", rows, |row| &row.source)
        .text("note", rows, |row| &row.note)
        .batch()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_its_meaning() {
        crate::catalog::same_names(&batch(&[]), &TABLE);
    }
}
