//! The functions of the field, beside those that the engine brings.
//!
//! All but `time_bucket` are aggregates and work in GROUP BY, with FILTER and over windows, where every frame is computed
//! anew. Their arithmetic is `aftershock-measure`'s. What holds for all of them:
//!
//! - A function of a path takes the instant of each row as its first argument and puts the rows in order itself, so that
//!   the answer is the same, bit by bit, for any order and partition of the rows. An instant without a zone is UTC.
//! - Rows stamped alike are one: the median of their prices, the sum of their volumes.
//! - A row in which an argument is NULL is left out. Where a number is NaN or infinite, or a price is not above zero, the
//!   answer is NULL, and so it is where there are too few rows: never a made-up zero.
//! - A clock is an interval. Prices on it are those last known at its steps from the first row of the group on, as in
//!   `replayed.amplification`; what moved after the last whole step is not counted.
//! - A setting (clock, level, …) has one value in a group. One that makes no sense is an error that says what is right.

mod aggregate;
mod amplification;
mod argument;
mod correlation;
mod drawdown;
mod hawkes;
mod liquidity;
mod ohlc;
mod percentile;
mod rows;
mod tail;
mod time_bucket;
mod variance;
mod vpin;

use arrow::array::RecordBatch;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};
use datafusion::prelude::SessionContext;

use crate::as_of;
use crate::catalog::Columns;
use crate::meaning::Table;
use aggregate::{Aggregate, Estimator};
use argument::{Argument, Form};

/// What is said of a function of ours, a row of `catalog.functions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// `scalar`, `aggregate`, `window`, `table` or `join`.
    pub kind: &'static str,
    /// How it is called; what stands in brackets may be left out.
    pub signature: &'static str,
    /// What it answers, and when it does not.
    pub meaning: &'static str,
    /// What the answer is measured in.
    pub units: &'static str,
    /// `none`: rows may come in any order; `imposed`: the function orders them by their instants; `needed`: they must come in
    /// order. SQL calls the column `ordering`, because `order` is a keyword.
    pub order: &'static str,
    /// Who wrote it down.
    pub source: &'static str,
}

const SCALAR: &str = "scalar";
const AGGREGATE: &str = "aggregate";
const NONE: &str = "none";
const IMPOSED: &str = "imposed";

static ESTIMATORS: [&Estimator; 17] = [
    &variance::REALIZED,
    &variance::BIPOWER,
    &variance::MEDIAN,
    &variance::KERNEL,
    &variance::SEMI,
    &amplification::AMPLIFICATION,
    &drawdown::MAX_DRAWDOWN,
    &vpin::BULK,
    &vpin::SIGNED,
    &liquidity::KYLE,
    &liquidity::AMIHUD,
    &liquidity::ROLL,
    &tail::VALUE_AT_RISK,
    &tail::EXPECTED_SHORTFALL,
    &tail::HILL,
    &hawkes::BRANCHING,
    &ohlc::OHLC,
];

/// All functions of ours that every session has.
pub fn list() -> Vec<Described> {
    let estimators = ESTIMATORS.iter().map(|estimator| estimator.described);
    estimators.chain([time_bucket::DESCRIBED]).collect()
}

/// Makes them known to a session of the engine, whoever opened it.
pub fn register(context: &SessionContext) {
    for estimator in ESTIMATORS {
        context.register_udaf(AggregateUDF::from(Aggregate::new(estimator)));
    }
    context.register_udaf(AggregateUDF::from(correlation::Correlation::new()));
    context.register_udaf(AggregateUDF::from(percentile::Percentile::new()));
    context.register_udf(ScalarUDF::from(time_bucket::TimeBucket::new()));
}

/// `catalog.functions`, by name: ours, the join of ours and what comes from outside.
pub(crate) fn batch(outside: &[Described]) -> RecordBatch {
    let mut rows = [&list()[..], &[as_of::DESCRIBED], outside].concat();
    rows.sort_by_key(|function| function.name);
    Columns::default()
        .text("name", &rows, |row| row.name)
        .text("kind", &rows, |row| row.kind)
        .text("signature", &rows, |row| row.signature)
        .text("meaning", &rows, |row| row.meaning)
        .text("units", &rows, |row| row.units)
        .text("ordering", &rows, |row| row.order)
        .text("source", &rows, |row| row.source)
        .batch()
}

/// What `catalog.functions` holds.
pub(crate) const TABLE: Table = Table {
    name: "functions",
    about: "A function of the field, beside those that the engine brings.",
    columns: &[
        ("name", "Its name."),
        (
            "kind",
            "`scalar`, `aggregate` (also over a window), `window`, `table` or `join`.",
        ),
        (
            "signature",
            "How it is called; what stands in brackets may be left out.",
        ),
        ("meaning", "What it answers, and when it does not."),
        ("units", "What the answer is measured in."),
        (
            "ordering",
            "`none`: rows may come in any order; `imposed`: the function orders them by their instants; `needed`: they must come in order.",
        ),
        ("source", "Who wrote it down."),
    ],
};

/// Whether a function is told when each row happened.
fn takes_instants(arguments: &[Argument]) -> bool {
    arguments
        .first()
        .is_some_and(|argument| argument.form == Form::At)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_say_what_is_taken() {
        for estimator in ESTIMATORS {
            let taken = estimator
                .arguments
                .iter()
                .enumerate()
                .map(|(place, argument)| {
                    let comma = if place > 0 { ", " } else { "" };
                    match argument.optional {
                        true => format!("[{comma}{}]", argument.name),
                        false => format!("{comma}{}", argument.name),
                    }
                })
                .collect::<String>();
            let described = estimator.described;
            assert_eq!(described.signature, format!("{}({taken})", described.name));
            let settings = estimator
                .arguments
                .iter()
                .skip_while(|argument| argument.is_column());
            assert!(
                settings.clone().all(|argument| !argument.is_column()),
                "{}: columns come first",
                described.name
            );
            let imposed = takes_instants(estimator.arguments);
            assert_eq!(described.order, if imposed { IMPOSED } else { NONE });
        }
    }

    #[test]
    fn every_column_has_its_meaning() {
        let batch = batch(&[]);
        crate::catalog::same_names(&batch, &TABLE);
        // The join is no function that a query calls, and stands among them all the same.
        assert_eq!(batch.num_rows(), list().len() + 1);
    }
}
