//! One aggregate function over runs.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, BooleanArray, RecordBatch, UInt32Array};
use arrow::compute::{concat, filter, take};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};
use datafusion::physical_expr::aggregate::AggregateFunctionExpr;
use datafusion::physical_expr::{EquivalenceProperties, LexOrdering, PhysicalExpr};
use datafusion::physical_plan::aggregates::{AggregateMode, aggregate_expressions};

/// Rows of a batch that belong to one group.
pub(super) type Run = Range<usize>;

/// A function with the groups that have not been asked for yet: the open one first.
pub(super) struct Fold {
    arguments: Vec<Arc<dyn PhysicalExpr>>,
    filter: Option<Arc<dyn PhysicalExpr>>,
    groups: Groups,
}

enum Groups {
    /// The first or the last row of each run says it all.
    Ends { last: bool, values: Option<ArrayRef> },
    /// The engine keeps all groups of the function in columns.
    Columns {
        state: Box<dyn GroupsAccumulator>,
        groups: usize,
    },
    /// The function keeps each group by itself.
    Single {
        expression: Arc<AggregateFunctionExpr>,
        states: Vec<Box<dyn Accumulator>>,
    },
}

impl Fold {
    /// Of a function over rows that come in an order.
    pub(super) fn of(
        expression: &Arc<AggregateFunctionExpr>,
        filter: Option<&Arc<dyn PhysicalExpr>>,
        order: &EquivalenceProperties,
    ) -> Result<Self> {
        let groups = if let Some(last) = end_of_run(expression, order)?.filter(|_| filter.is_none()) {
            Groups::Ends { last, values: None }
        } else if expression.groups_accumulator_supported() {
            Groups::Columns {
                state: expression.create_groups_accumulator()?,
                groups: 0,
            }
        } else {
            Groups::Single {
                expression: Arc::clone(expression),
                states: Vec::new(),
            }
        };
        let one = std::slice::from_ref(expression);
        let arguments = aggregate_expressions(one, &AggregateMode::Single, 0)?;
        Ok(Self {
            arguments: arguments.into_iter().flatten().collect(),
            filter: filter.cloned(),
            groups,
        })
    }

    /// Takes the runs of a batch, of which the first goes on with the open group or all are new.
    pub(super) fn update(&mut self, batch: &RecordBatch, runs: &[Run], goes_on: bool) -> Result<()> {
        let rows = batch.num_rows();
        let values = self
            .arguments
            .iter()
            .map(|argument| argument.evaluate(batch)?.into_array(rows))
            .collect::<Result<Vec<ArrayRef>>>()?;
        let kept = self
            .filter
            .as_ref()
            .map(|kept| kept.evaluate(batch)?.into_array(rows));
        let kept = kept.transpose()?;
        let kept = kept.as_ref().map(|kept| kept.as_boolean());
        match &mut self.groups {
            Groups::Ends { last, values: known } => {
                let place = |run: &Run| (if *last { run.end - 1 } else { run.start }) as u32;
                // A first value stands; a last one is replaced.
                let skipped = usize::from(goes_on && !*last);
                let places: UInt32Array = runs[skipped..].iter().map(place).collect();
                let new = take(&values[0], &places, None)?;
                *known = Some(match known.take().filter(|_| !(goes_on && *last)) {
                    Some(open) => concat(&[&open, &new])?,
                    None => new,
                });
            }
            Groups::Columns { state, groups } => {
                let first = *groups - usize::from(goes_on);
                let mut numbers = Vec::with_capacity(rows);
                for (place, run) in runs.iter().enumerate() {
                    numbers.resize(run.end, first + place);
                }
                *groups = first + runs.len();
                state.update_batch(&values, &numbers, kept, *groups)?;
            }
            Groups::Single { expression, states } => {
                for (place, run) in runs.iter().enumerate() {
                    if place > 0 || !goes_on {
                        states.push(expression.create_accumulator()?);
                    }
                    if let Some(state) = states.last_mut() {
                        state.update_batch(&rows_of(&values, run, kept)?)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Answers for the first so many groups and forgets them.
    pub(super) fn end(&mut self, ended: usize) -> Result<ArrayRef> {
        match &mut self.groups {
            Groups::Ends { values, .. } => {
                let known = values.take();
                let known = known.ok_or_else(|| internal("a group has rows"))?;
                *values = Some(known.slice(ended, known.len() - ended)).filter(|rest| !rest.is_empty());
                Ok(known.slice(0, ended))
            }
            Groups::Columns { state, groups } => {
                *groups -= ended;
                state.evaluate(EmitTo::First(ended))
            }
            Groups::Single { states, .. } => {
                let answers = states
                    .drain(..ended)
                    .map(|mut state| state.evaluate())
                    .collect::<Result<Vec<ScalarValue>>>()?;
                ScalarValue::iter_to_array(answers)
            }
        }
    }
}

/// Whether the function is the first (`false`) or the last (`true`) value of rows that come in the order it asks for.
fn end_of_run(expression: &AggregateFunctionExpr, order: &EquivalenceProperties) -> Result<Option<bool>> {
    let last = match expression.fun().name() {
        "first_value" => false,
        "last_value" => true,
        _ => return Ok(None),
    };
    let asked = expression.order_bys().iter().cloned();
    let in_order = match LexOrdering::new(asked) {
        Some(asked) => order.ordering_satisfy(asked)?,
        None => true,
    };
    Ok((in_order && !expression.ignore_nulls() && !expression.is_distinct()).then_some(last))
}

/// The rows of a run that pass the filter.
fn rows_of(values: &[ArrayRef], run: &Run, kept: Option<&BooleanArray>) -> Result<Vec<ArrayRef>> {
    let slices = values.iter().map(|column| column.slice(run.start, run.len()));
    match kept {
        None => Ok(slices.collect()),
        Some(kept) => {
            let kept = kept.slice(run.start, run.len());
            let filtered = slices.map(|column| Ok(filter(&column, &kept)?));
            filtered.collect()
        }
    }
}

fn internal(said: &str) -> datafusion::common::DataFusionError {
    datafusion::common::DataFusionError::Internal(said.to_owned())
}
