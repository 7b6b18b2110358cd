//! The tables of the schema `catalog` that the caller fills: episodes, published figures, rule sets, kinds of rule, venues,
//! scores, gates, calibrations.

mod calibrations;
mod declared;
mod gates;
mod recovery;
mod rules;
mod venues;

use std::sync::Arc;

use aftershock_market::Timestamp;
use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

pub use calibrations::CalibrationRow;
pub use gates::GateRow;
pub use recovery::RecoveryRow;
pub use rules::RuleRow;
pub use venues::VenueRow;

use crate::embedded::Embedded;
use crate::functions;
use crate::meaning::{self, Table};

/// One declared crash or quiet spell, a row of `catalog.episodes`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpisodeRow {
    /// Identifier, `2021-05-19-may-crash`.
    pub episode: String,
    /// One line.
    pub title: String,
    /// Other names, comma-separated.
    pub aliases: String,
    /// `crash` or `quiet`.
    pub kind: String,
    /// What happened, in two or three sentences.
    pub summary: String,
    /// Start of the record.
    pub tape_from: Timestamp,
    /// End of the record.
    pub tape_to: Timestamp,
    /// The declared trigger.
    pub trigger_at: Timestamp,
    /// Where the trigger's time comes from.
    pub trigger_source: String,
    /// `high`, `medium`, `low` or `declared`.
    pub trigger_trust: String,
    /// Start of the replay.
    pub replay_from: Timestamp,
    /// End of the replay.
    pub replay_to: Timestamp,
    /// `venue:symbol` of the price record.
    pub instrument: String,
    /// How fine the record is, `15m`.
    pub fineness: String,
    /// Longest bar of the replay, s.
    pub bar_s: f64,
    /// `spot-proxy` or `perp-last`.
    pub mark: String,
    /// What is not recorded, comma-separated.
    pub absent: String,
    /// Venues whose forced flow and volume are meant, comma-separated.
    pub venues: String,
    /// Table the volume comes from.
    pub volume: String,
    /// Published open interest before the event, BTC.
    pub open_interest_btc: Option<f64>,
    /// Source of that level.
    pub open_interest_source: Option<String>,
}

/// One published figure about an episode, a row of `catalog.published`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PublishedRow {
    /// Identifier of the episode.
    pub episode: String,
    /// What was measured, `open_interest_change`.
    pub measure: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: String,
    /// The venues and products it covers.
    pub scope: String,
    /// The same against what is replayed: `same`, `more`, `less` or `other`.
    pub covers: String,
    /// `before`, `during` or `after`; SQL calls the column `timing`, because `when` is a keyword.
    pub timing: String,
    /// Who published it.
    pub source: String,
    /// `high`, `medium` or `low`.
    pub trust: String,
}

/// One named rule set, a row of `catalog.rule_sets`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSetRow {
    /// Its name.
    pub rule_set: String,
    /// One line.
    pub title: String,
    /// What it changes, in a few sentences.
    pub summary: String,
    /// Who is worse off, and when.
    pub cost: String,
    /// Its TOML.
    pub toml: String,
    /// Where its parameters come from.
    pub source: String,
}

/// What the caller knows about episodes and rules; runs are read from their manifests.
#[derive(Clone, Debug)]
pub struct CatalogTables {
    /// `catalog.episodes`.
    pub episodes: RecordBatch,
    /// `catalog.published`.
    pub published: RecordBatch,
    /// `catalog.rule_sets`.
    pub rule_sets: RecordBatch,
    /// `catalog.recovery`.
    pub recovery: RecordBatch,
    /// `catalog.venues`.
    pub venues: RecordBatch,
    /// `catalog.rules`.
    pub rules: RecordBatch,
    /// `catalog.gates`.
    pub gates: RecordBatch,
    /// `catalog.calibrations`.
    pub calibrations: RecordBatch,
    /// Rows of `recorded.episode_bars` and `recorded.episode_perp_daily` that no cut of the data folder has.
    pub cuts: Embedded,
}

impl CatalogTables {
    /// The tables of these rows, in the order given; the functions below make the others, which are empty here.
    pub fn new(
        episodes: &[EpisodeRow],
        published: &[PublishedRow],
        rule_sets: &[RuleSetRow],
        recovery: &[RecoveryRow],
    ) -> Self {
        Self {
            episodes: Columns::default()
                .text("episode", episodes, |row| &row.episode)
                .text("title", episodes, |row| &row.title)
                .text("aliases", episodes, |row| &row.aliases)
                .text("kind", episodes, |row| &row.kind)
                .text("summary", episodes, |row| &row.summary)
                .time("tape_from", episodes, |row| row.tape_from)
                .time("tape_to", episodes, |row| row.tape_to)
                .time("trigger_at", episodes, |row| row.trigger_at)
                .text("trigger_source", episodes, |row| &row.trigger_source)
                .text("trigger_trust", episodes, |row| &row.trigger_trust)
                .time("replay_from", episodes, |row| row.replay_from)
                .time("replay_to", episodes, |row| row.replay_to)
                .text("instrument", episodes, |row| &row.instrument)
                .text("fineness", episodes, |row| &row.fineness)
                .number("bar_s", episodes, |row| Some(row.bar_s))
                .text("mark", episodes, |row| &row.mark)
                .text("absent", episodes, |row| &row.absent)
                .text("venues", episodes, |row| &row.venues)
                .text("volume", episodes, |row| &row.volume)
                .number("open_interest_btc", episodes, |row| row.open_interest_btc)
                .optional_text("open_interest_source", episodes, |row| {
                    row.open_interest_source.as_deref()
                })
                .batch(),
            published: Columns::default()
                .text("episode", published, |row| &row.episode)
                .text("measure", published, |row| &row.measure)
                .number("value", published, |row| Some(row.value))
                .text("unit", published, |row| &row.unit)
                .text("scope", published, |row| &row.scope)
                .text("covers", published, |row| &row.covers)
                .text("timing", published, |row| &row.timing)
                .text("source", published, |row| &row.source)
                .text("trust", published, |row| &row.trust)
                .batch(),
            rule_sets: Columns::default()
                .text("rule_set", rule_sets, |row| &row.rule_set)
                .text("title", rule_sets, |row| &row.title)
                .text("summary", rule_sets, |row| &row.summary)
                .text("cost", rule_sets, |row| &row.cost)
                .text("toml", rule_sets, |row| &row.toml)
                .text("source", rule_sets, |row| &row.source)
                .batch(),
            recovery: recovery::batch(recovery),
            venues: Self::of_venues(&[]),
            rules: Self::of_rules(&[]),
            gates: Self::of_gates(&[]),
            calibrations: Self::of_calibrations(&[]),
            cuts: Embedded::default(),
        }
    }

    /// `catalog.venues`, in the order given.
    pub fn of_venues(rows: &[VenueRow]) -> RecordBatch {
        venues::batch(rows)
    }

    /// `catalog.rules`, in the order given.
    pub fn of_rules(rows: &[RuleRow]) -> RecordBatch {
        rules::batch(rows)
    }

    /// `catalog.gates`, in the order given.
    pub fn of_gates(rows: &[GateRow]) -> RecordBatch {
        gates::batch(rows)
    }

    /// `catalog.calibrations`, in the order given.
    pub fn of_calibrations(rows: &[CalibrationRow]) -> RecordBatch {
        calibrations::batch(rows)
    }

    /// No episodes, rules and scores; for questions about runs and cuts alone.
    pub fn empty() -> Self {
        Self::new(&[], &[], &[], &[])
    }
}

/// The tables whose meaning stands beside what fills them.
const OTHERS: &[Table] = &[
    recovery::TABLE,
    functions::TABLE,
    venues::TABLE,
    rules::TABLE,
    gates::TABLE,
    calibrations::TABLE,
];

/// What a row of a table of `catalog` is, where that is written down.
pub(crate) fn about(table: &str) -> Option<&'static str> {
    declared::about(table).or_else(|| meaning::about(OTHERS, table))
}

/// What a column of such a table means.
pub(crate) fn column_about(table: &str, column: &str) -> Option<&'static str> {
    declared::column_about(table, column).or_else(|| meaning::column_about(OTHERS, &[], table, column))
}

/// Asserts that meanings are written down for the columns that a table has, in their order.
#[cfg(test)]
pub(crate) fn same_names(batch: &RecordBatch, table: &Table) {
    let schema = batch.schema();
    let named: Vec<&str> = schema
        .fields()
        .iter()
        .map(|field| field.name().as_str())
        .collect();
    let told: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
    assert_eq!(named, told);
}

/// Columns gathered one by one from rows.
#[derive(Default)]
pub(crate) struct Columns {
    fields: Vec<Field>,
    arrays: Vec<ArrayRef>,
}

impl Columns {
    pub(crate) fn text<'a, R>(self, name: &str, rows: &'a [R], value: impl Fn(&'a R) -> &'a str) -> Self {
        let array = StringArray::from_iter_values(rows.iter().map(value));
        self.with(Field::new(name, DataType::Utf8, false), Arc::new(array))
    }

    pub(crate) fn optional_text<'a, R>(
        self,
        name: &str,
        rows: &'a [R],
        value: impl Fn(&'a R) -> Option<&'a str>,
    ) -> Self {
        let array: StringArray = rows.iter().map(value).collect();
        self.with(Field::new(name, DataType::Utf8, true), Arc::new(array))
    }

    pub(crate) fn number<R>(self, name: &str, rows: &[R], value: impl Fn(&R) -> Option<f64>) -> Self {
        let array: Float64Array = rows.iter().map(value).collect();
        self.with(Field::new(name, DataType::Float64, true), Arc::new(array))
    }

    pub(crate) fn time<R>(self, name: &str, rows: &[R], value: impl Fn(&R) -> Timestamp) -> Self {
        let array = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| value(row).micros()))
            .with_timezone("UTC");
        let kind = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        self.with(Field::new(name, kind, false), Arc::new(array))
    }

    pub(crate) fn optional_time<R>(
        self,
        name: &str,
        rows: &[R],
        value: impl Fn(&R) -> Option<Timestamp>,
    ) -> Self {
        let stamps = rows.iter().map(|row| value(row).map(Timestamp::micros));
        let array = stamps.collect::<TimestampMicrosecondArray>().with_timezone("UTC");
        let kind = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        self.with(Field::new(name, kind, true), Arc::new(array))
    }

    pub(crate) fn count<R>(self, name: &str, rows: &[R], value: impl Fn(&R) -> u64) -> Self {
        let counts = rows
            .iter()
            .map(|row| i64::try_from(value(row)).unwrap_or(i64::MAX));
        let array = Int64Array::from_iter_values(counts);
        self.with(Field::new(name, DataType::Int64, false), Arc::new(array))
    }

    pub(crate) fn flag<R>(self, name: &str, rows: &[R], value: impl Fn(&R) -> bool) -> Self {
        let array: BooleanArray = rows.iter().map(|row| Some(value(row))).collect();
        self.with(Field::new(name, DataType::Boolean, false), Arc::new(array))
    }

    pub(crate) fn with(mut self, field: Field, array: ArrayRef) -> Self {
        self.fields.push(field);
        self.arrays.push(array);
        self
    }

    pub(crate) fn batch(self) -> RecordBatch {
        let schema: SchemaRef = Arc::new(Schema::new(self.fields));
        RecordBatch::try_new(schema, self.arrays).expect("every column is made of the same rows")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_tables_still_have_columns() {
        let tables = CatalogTables::empty();
        assert_eq!(tables.published.num_rows(), 0);
        assert_eq!(tables.published.schema().field(6).name(), "timing");
    }
}
