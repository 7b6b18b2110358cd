//! `catalog.gates`: what has to hold before a figure is shown.

use arrow::array::RecordBatch;

use super::Columns;
use crate::meaning::Table;

/// A gate, a row of `catalog.gates`. What each field means is in its column's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GateRow {
    /// Its name.
    pub gate: String,
    /// What it asks.
    pub asks: String,
    /// What has to hold.
    pub threshold: String,
    /// What decides it on made-up crashes.
    pub command: Option<String>,
    /// Whether a replay can decide it on an embedded record.
    pub in_replays: bool,
    /// Where else it stands, and why.
    pub note: Option<String>,
}

/// What it holds.
pub(crate) const TABLE: Table = Table {
    name: "gates",
    about: "A gate: something that has to hold before a figure is shown. `replayed.gates` has the verdicts on each run.",
    columns: &[
        ("gate", "The gate, `G0`, `G1`, …"),
        ("asks", "What it asks."),
        ("threshold", "What has to hold."),
        (
            "command",
            "What decides it on made-up crashes; null where those cannot.",
        ),
        (
            "in_replays",
            "Whether a replay of an embedded record can decide it; `replayed.gates` says of the others why not.",
        ),
        (
            "note",
            "Where else it stands, and why; null where there is no more to say.",
        ),
    ],
};

pub(super) fn batch(rows: &[GateRow]) -> RecordBatch {
    Columns::default()
        .text("gate", rows, |row| &row.gate)
        .text("asks", rows, |row| &row.asks)
        .text("threshold", rows, |row| &row.threshold)
        .optional_text("command", rows, |row| row.command.as_deref())
        .flag("in_replays", rows, |row| row.in_replays)
        .optional_text("note", rows, |row| row.note.as_deref())
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
