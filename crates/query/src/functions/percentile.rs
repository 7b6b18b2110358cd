//! `percentile_cont` between two values as it is defined.
//!
//! The engine's own cuts the way between two values into a million steps and takes the step before: half a cent of every thousand
//! dollars is nowhere.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::types::Float64Type;
use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{Result, ScalarValue, internal_err};
use datafusion::functions_aggregate::percentile_cont::percentile_cont_udaf;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::format_state_name;
use datafusion::logical_expr::{Accumulator, AggregateUDF, AggregateUDFImpl, Signature};
use datafusion::physical_expr::expressions::Literal;

/// The engine's function with arithmetic of ours.
#[derive(Debug)]
pub(super) struct Percentile(Arc<AggregateUDF>);

impl Percentile {
    pub(super) fn new() -> Self {
        Self(percentile_cont_udaf())
    }
}

impl PartialEq for Percentile {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Percentile {}

impl Hash for Percentile {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name().hash(state);
    }
}

impl AggregateUDFImpl for Percentile {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn aliases(&self) -> &[String] {
        self.0.aliases()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn supports_within_group_clause(&self) -> bool {
        true
    }

    fn state_fields(&self, given: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let values = DataType::new_list(DataType::Float64, true);
        let name = format_state_name(given.name, self.name());
        Ok(vec![Field::new(name, values, true).into()])
    }

    fn accumulator(&self, given: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let share = given.exprs[1]
            .downcast_ref::<Literal>()
            .and_then(|literal| literal.value().cast_to(&DataType::Float64).ok());
        let descending = given.order_bys.first().is_some_and(|by| by.options.descending);
        let distinct = given.is_distinct;
        // Says what is wrong with the arguments.
        self.0.accumulator(given)?;
        let Some(ScalarValue::Float64(Some(share))) = share else {
            return internal_err!("percentile_cont takes a share that is no number");
        };
        Ok(Box::new(Values {
            share,
            descending,
            distinct,
            values: Vec::new(),
        }))
    }
}

/// The values of a group, as they came.
#[derive(Debug)]
struct Values {
    share: f64,
    descending: bool,
    distinct: bool,
    values: Vec<f64>,
}

/// The numbers of a column, without those that are absent.
fn numbers(column: &ArrayRef) -> Result<Float64Array> {
    let numbers = cast(column, &DataType::Float64)?;
    Ok(numbers.as_primitive::<Float64Type>().clone())
}

/// The value below which a share of the sorted ones lie, on the straight line between its neighbours.
fn between(sorted: &[f64], share: f64) -> Option<f64> {
    let place = share * (sorted.len().checked_sub(1)? as f64);
    let below = sorted[place.floor() as usize];
    let above = sorted[place.ceil() as usize];
    let way = place.fract();
    // Of two infinite neighbours there is no difference.
    Some(match below.total_cmp(&above) == Ordering::Equal || way == 0.0 {
        true => below,
        false => below + (above - below) * way,
    })
}

impl Accumulator for Values {
    fn update_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        self.values.extend(numbers(&columns[0])?.iter().flatten());
        Ok(())
    }

    fn retract_batch(&mut self, columns: &[ArrayRef]) -> Result<()> {
        let mut gone: HashMap<u64, usize> = HashMap::new();
        for value in numbers(&columns[0])?.iter().flatten() {
            *gone.entry(value.to_bits()).or_default() += 1;
        }
        self.values.retain(|value| match gone.get_mut(&value.to_bits()) {
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            _ => true,
        });
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let mut sorted = self.values.clone();
        sorted.sort_unstable_by(f64::total_cmp);
        if self.distinct {
            sorted.dedup_by(|one, other| one.total_cmp(other) == Ordering::Equal);
        }
        if self.descending {
            sorted.reverse();
        }
        Ok(ScalarValue::Float64(between(&sorted, self.share)))
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let values: ArrayRef = Arc::new(Float64Array::from(std::mem::take(&mut self.values)));
        Ok(vec![SingleRowListArrayBuilder::new(values).build_list_scalar()])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        for values in states[0].as_list::<i32>().iter().flatten() {
            self.values.extend(numbers(&values)?.iter().flatten());
        }
        Ok(())
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.values.capacity() * size_of::<f64>()
    }
}
