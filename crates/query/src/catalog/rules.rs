//! `catalog.rules`: the kinds of rule and what may be set of each.

use arrow::array::RecordBatch;

use super::Columns;
use crate::meaning::Table;

/// A parameter of a kind of rule, a row of `catalog.rules`. What each field means is in its column's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleRow {
    /// Name of the kind.
    pub rule: String,
    /// What it is about.
    pub family: String,
    /// One line.
    pub what: String,
    /// What it changes.
    pub changes: String,
    /// Why that might help.
    pub helps: String,
    /// What it costs, and whom.
    pub costs: String,
    /// Key of the parameter.
    pub parameter: Option<String>,
    /// Where it is left out.
    pub default_value: Option<f64>,
    /// Lowest that is allowed.
    pub lowest: Option<f64>,
    /// Highest that is allowed.
    pub highest: Option<f64>,
    /// What the parameter is.
    pub meaning: Option<String>,
    /// The arithmetic once.
    pub example: String,
    /// Where it comes from.
    pub source: String,
}

/// What it holds.
pub(crate) const TABLE: Table = Table {
    name: "rules",
    about: "A kind of rule and one parameter of it, with its default and the range allowed; a kind without any has one row.",
    columns: &[
        (
            "rule",
            "Name of the kind: `kind` in a rule set's TOML, and the rule set that has it alone with its defaults.",
        ),
        ("family", "What it is about, such as `circuit breakers`."),
        ("what", "The kind in one line."),
        ("changes", "What it changes."),
        ("helps", "Why that might help."),
        ("costs", "What it costs, and whom."),
        (
            "parameter",
            "Key in TOML, a unit at its end; null where nothing may be set.",
        ),
        ("default_value", "Its value where it is left out."),
        ("lowest", "Lowest value allowed."),
        ("highest", "Highest value allowed."),
        ("meaning", "What the parameter is, with its unit."),
        ("example", "The rule's arithmetic once, with numbers."),
        ("source", "Where idea and defaults come from."),
    ],
};

pub(super) fn batch(rows: &[RuleRow]) -> RecordBatch {
    Columns::default()
        .text("rule", rows, |row| &row.rule)
        .text("family", rows, |row| &row.family)
        .text("what", rows, |row| &row.what)
        .text("changes", rows, |row| &row.changes)
        .text("helps", rows, |row| &row.helps)
        .text("costs", rows, |row| &row.costs)
        .optional_text("parameter", rows, |row| row.parameter.as_deref())
        .number("default_value", rows, |row| row.default_value)
        .number("lowest", rows, |row| row.lowest)
        .number("highest", rows, |row| row.highest)
        .optional_text("meaning", rows, |row| row.meaning.as_deref())
        .text("example", rows, |row| &row.example)
        .text("source", rows, |row| &row.source)
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
