//! `catalog.calibrations`: what was found on tapes.

use aftershock_market::Timestamp;
use arrow::array::RecordBatch;

use super::Columns;
use crate::meaning::Table;

/// A line of a calibration, a row of `catalog.calibrations`. What each field means is in its column's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CalibrationRow {
    /// Name of its file.
    pub file: String,
    /// Why the file cannot be read.
    pub fault: Option<String>,
    /// Venue of the market.
    pub venue: Option<String>,
    /// Its instrument.
    pub instrument: Option<String>,
    /// Start of the span.
    pub from_at: Option<Timestamp>,
    /// End of the span.
    pub to_at: Option<Timestamp>,
    /// Step of the clock.
    pub step_s: Option<f64>,
    /// Which kind of line.
    pub part: Option<String>,
    /// What the line is about.
    pub name: Option<String>,
    /// Clock of a figure.
    pub clock_s: Option<f64>,
    /// What was found.
    pub value: Option<f64>,
    /// 5 %.
    pub low: Option<f64>,
    /// 95 %.
    pub high: Option<f64>,
    /// Unit of the three.
    pub unit: Option<String>,
    /// Where the value comes from.
    pub origin: Option<String>,
    /// How, in words.
    pub how: Option<String>,
    /// Digest of the priors.
    pub priors_sha256: Option<String>,
}

/// What it holds.
pub(crate) const TABLE: Table = Table {
    name: "calibrations",
    about: "A line of a calibration that `aftershock calibrate` wrote into the data folder: what a tape told, and what is only \
            a prior. No replay reads it.",
    columns: &[
        ("file", "Name of its file in the folder `calibrations`."),
        (
            "fault",
            "Why the file cannot be read, where it has one row and nothing else; null where it can.",
        ),
        ("venue", "Venue of the market whose tape it was."),
        ("instrument", "Its instrument."),
        ("from_at", "Start of the span."),
        ("to_at", "End of the span."),
        ("step_s", "Step of the clock that the tape was put on, s."),
        (
            "part",
            "`figure`, `parameter`, `impact` (of one structural form), `leverage` (a class of it), or `limit`: what the others \
             rest on.",
        ),
        (
            "name",
            "The figure, parameter, form or class; of a limit nothing, `how` has it in words.",
        ),
        ("clock_s", "Clock of a figure, s; null of everything else."),
        (
            "value",
            "What was found, the median where there is an interval; null where nothing was.",
        ),
        ("low", "5 % of it."),
        ("high", "95 % of it."),
        ("unit", "Unit of the three."),
        (
            "origin",
            "`fitted`, `recorded`, `bounded` (a prior within bounds that the tape sets), `prior`, or `untold`; null of figures \
             and limits.",
        ),
        ("how", "How it was found, or why it was not."),
        ("priors_sha256", "SHA-256 of the priors it started from."),
    ],
};

pub(super) fn batch(rows: &[CalibrationRow]) -> RecordBatch {
    Columns::default()
        .text("file", rows, |row| &row.file)
        .optional_text("fault", rows, |row| row.fault.as_deref())
        .optional_text("venue", rows, |row| row.venue.as_deref())
        .optional_text("instrument", rows, |row| row.instrument.as_deref())
        .optional_time("from_at", rows, |row| row.from_at)
        .optional_time("to_at", rows, |row| row.to_at)
        .number("step_s", rows, |row| row.step_s)
        .optional_text("part", rows, |row| row.part.as_deref())
        .optional_text("name", rows, |row| row.name.as_deref())
        .number("clock_s", rows, |row| row.clock_s)
        .number("value", rows, |row| row.value)
        .number("low", rows, |row| row.low)
        .number("high", rows, |row| row.high)
        .optional_text("unit", rows, |row| row.unit.as_deref())
        .optional_text("origin", rows, |row| row.origin.as_deref())
        .optional_text("how", rows, |row| row.how.as_deref())
        .optional_text("priors_sha256", rows, |row| row.priors_sha256.as_deref())
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
