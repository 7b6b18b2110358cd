//! `catalog.recovery`: how answers fare on made-up crashes whose truth is known.

use arrow::array::RecordBatch;

use super::Columns;
use crate::meaning::Table;

/// The scores of one way of answering, a row of `catalog.recovery`. What each field means is in its column's text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecoveryRow {
    /// `own` or `foreign`.
    pub family: String,
    /// `amplification` or `effect`.
    pub figure: String,
    /// Clock, s.
    pub clock_s: f64,
    /// `calibrated`, `prior-only` or `prior-only on bars`; SQL calls the column `way`, because `by` is a keyword.
    pub way: String,
    /// Crashes with a truth on the clock.
    pub crashes: u64,
    /// Of which the interval holds it.
    pub covers: u64,
    /// Median width of the interval, log.
    pub width: f64,
    /// Mean interval score, log.
    pub interval_score: f64,
    /// Median of |median - truth|, log.
    pub median_error: f64,
    /// Median of median - truth, log.
    pub bias: f64,
    /// Truths with a sign that counts, of which the median has it.
    pub signs_right: u64,
    /// Their number.
    pub signs_of: u64,
    /// Intervals without zero on those truths, of which the sign is right.
    pub claims_right: u64,
    /// Their number.
    pub claims_of: u64,
    /// Truths of zero, of which the interval leaves it out.
    pub false_claims: u64,
    /// Their number.
    pub false_claims_of: u64,
    /// Number of the first crash.
    pub first: u64,
    /// Draws of amplification from printed flow.
    pub draws: u64,
    /// Draws of each closed loop.
    pub replays: u64,
}

/// What it holds.
pub(crate) const TABLE: Table = Table {
    name: "recovery",
    about: "How one way of answering fares on one figure and clock of made-up crashes whose truth is known.",
    columns: &[
        (
            "family",
            "Whose equations the crashes obey: `own` the replay's, `foreign` others'.",
        ),
        (
            "figure",
            "`amplification`, or `effect`: what a cap of leverage changes; both as logs of variance ratios.",
        ),
        ("clock_s", "Clock of the variances, s."),
        (
            "way",
            "`prior-only on bars`, as an embedded episode is answered; `prior-only` on the tape's own clock; `calibrated`.",
        ),
        ("crashes", "Crashes with a truth and an answer on the clock."),
        (
            "covers",
            "Of which the interval, meant to hold nine tenths, holds the truth.",
        ),
        ("width", "Median width of the interval, log."),
        (
            "interval_score",
            "Mean width plus 20 times what truths lie outside, log; less is better.",
        ),
        ("median_error", "Median of |median of the answer - truth|, log."),
        ("bias", "Median of median of the answer - truth, log."),
        (
            "signs_right",
            "Truths of at least 0.05 either way whose sign the answer's median has.",
        ),
        ("signs_of", "Truths of at least 0.05 either way."),
        (
            "claims_right",
            "Of `claims_of`, those whose interval lies on the truth's side of 0.",
        ),
        (
            "claims_of",
            "Truths of at least 0.05 either way whose interval leaves out 0.",
        ),
        ("false_claims", "Truths of 0 whose interval leaves out 0."),
        ("false_claims_of", "Truths of 0."),
        ("first", "Number of the first crash; the others follow it."),
        ("draws", "Draws of amplification from printed flow."),
        ("replays", "Draws of each closed loop, half as many on bars."),
    ],
};

pub(super) fn batch(rows: &[RecoveryRow]) -> RecordBatch {
    Columns::default()
        .text("family", rows, |row| &row.family)
        .text("figure", rows, |row| &row.figure)
        .number("clock_s", rows, |row| Some(row.clock_s))
        .text("way", rows, |row| &row.way)
        .count("crashes", rows, |row| row.crashes)
        .count("covers", rows, |row| row.covers)
        .number("width", rows, |row| Some(row.width))
        .number("interval_score", rows, |row| Some(row.interval_score))
        .number("median_error", rows, |row| Some(row.median_error))
        .number("bias", rows, |row| Some(row.bias))
        .count("signs_right", rows, |row| row.signs_right)
        .count("signs_of", rows, |row| row.signs_of)
        .count("claims_right", rows, |row| row.claims_right)
        .count("claims_of", rows, |row| row.claims_of)
        .count("false_claims", rows, |row| row.false_claims)
        .count("false_claims_of", rows, |row| row.false_claims_of)
        .count("first", rows, |row| row.first)
        .count("draws", rows, |row| row.draws)
        .count("replays", rows, |row| row.replays)
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
