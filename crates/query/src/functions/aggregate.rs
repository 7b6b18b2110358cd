//! One aggregate for all estimators: it gathers the rows of a group, puts them in order and hands them to the arithmetic.
//!
//! Rows are kept as they came, 8 bytes a value, so that partial states merge exactly in any order and a window can give
//! rows back; every frame of a window is computed anew.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::types::{Float64Type, Int64Type, TimestampMicrosecondType};
use arrow::array::{Array, ArrayRef, AsArray, Float64Array, Int64Array, StructArray};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};
use datafusion::physical_expr::expressions::Literal;

use super::Described;
use super::argument::{Argument, Form, coerced};
use super::rows::{Ordered, Rows};

/// The answer of an estimator: nothing where the rows do not tell, an error where a setting makes no sense for them.
pub(super) type Measured<T = f64> = std::result::Result<Option<T>, String>;

/// How an estimator answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// With one number.
    Number(fn(&Ordered<'_>, &Settings) -> Measured),
    /// With one number a name.
    Fields(
        &'static [&'static str],
        fn(&Ordered<'_>, &Settings) -> Measured<Vec<f64>>,
    ),
}

/// An aggregate function: what is said of it, what it takes (columns first) and its arithmetic.
#[derive(Debug)]
pub(super) struct Estimator {
    pub(super) described: Described,
    pub(super) arguments: &'static [Argument],
    pub(super) answer: Answer,
}

impl Estimator {
    fn name(&self) -> &'static str {
        self.described.name
    }
}

/// Settings of a group, in the order of the arguments.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings(Vec<Option<f64>>);

impl Settings {
    /// A length of time, in microseconds, where it is given.
    pub(super) fn span(&self, place: usize) -> Option<i64> {
        self.number(place).map(|us| us as i64)
    }

    /// A number, where it is given.
    pub(super) fn number(&self, place: usize) -> Option<f64> {
        self.0.get(place).copied().flatten()
    }

    /// A whole number, or the place of a word.
    pub(super) fn count(&self, place: usize) -> Option<usize> {
        self.number(place).map(|count| count as usize)
    }
}

/// An [`Estimator`] as the engine wants it.
#[derive(Debug)]
pub(super) struct Aggregate {
    estimator: &'static Estimator,
    signature: Signature,
}

impl Aggregate {
    pub(super) fn new(estimator: &'static Estimator) -> Self {
        Self {
            estimator,
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }

    fn empty(&self, columns: usize, settings: usize) -> Gathered {
        let timed = super::takes_instants(self.estimator.arguments);
        Gathered {
            estimator: self.estimator,
            timed,
            rows: Rows::with_columns(columns - usize::from(timed)),
            settings: Settings(vec![None; settings]),
            fixed: vec![false; settings],
        }
    }
}

impl PartialEq for Aggregate {
    fn eq(&self, other: &Self) -> bool {
        self.estimator.name() == other.estimator.name()
    }
}

impl Eq for Aggregate {}

impl Hash for Aggregate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.estimator.name().hash(state);
    }
}

impl AggregateUDFImpl for Aggregate {
    fn name(&self) -> &str {
        self.estimator.name()
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let Described { name, signature, .. } = self.estimator.described;
        coerced(name, signature, self.estimator.arguments, given)
    }

    fn return_type(&self, _given: &[DataType]) -> Result<DataType> {
        Ok(match self.estimator.answer {
            Answer::Number(_) => DataType::Float64,
            Answer::Fields(names, _) => DataType::Struct(fields(names)),
        })
    }

    fn accumulator(&self, given: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        let name = self.estimator.name();
        if given.is_distinct {
            return Err(DataFusionError::Plan(format!(
                "{name} counts every row: DISTINCT has no meaning in it"
            )));
        }
        let arguments = &self.estimator.arguments[..given.exprs.len().min(self.estimator.arguments.len())];
        let columns = arguments.iter().filter(|argument| argument.is_column()).count();
        let mut gathered = self.empty(columns, arguments.len() - columns);
        let settings = arguments.iter().zip(given.exprs).skip(columns);
        for (place, (argument, expression)) in settings.enumerate() {
            if let Some(literal) = expression.downcast_ref::<Literal>() {
                gathered.settings.0[place] = Some(argument.setting(name, literal.value())?);
                gathered.fixed[place] = true;
            }
        }
        Ok(Box::new(gathered))
    }

    fn state_fields(&self, given: StateFieldsArgs<'_>) -> Result<Vec<FieldRef>> {
        let arguments = self.estimator.arguments.iter().take(given.input_fields.len());
        let timed = super::takes_instants(self.estimator.arguments);
        Ok(arguments
            .enumerate()
            .map(|(place, argument)| {
                let name = format!("{}[{}]", given.name, argument.name);
                let values = match (argument.is_column(), timed && place == 0) {
                    (true, true) => list_of(DataType::Int64),
                    (true, false) => list_of(DataType::Float64),
                    (false, _) => DataType::Float64,
                };
                Arc::new(Field::new(name, values, true))
            })
            .collect())
    }

    /// The order is imposed, so that any will do.
    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }
}

fn list_of(kind: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(kind, true)))
}

fn fields(names: &[&str]) -> Fields {
    names
        .iter()
        .map(|name| Field::new(*name, DataType::Float64, true))
        .collect()
}

/// The rows and settings of one group.
#[derive(Debug)]
struct Gathered {
    estimator: &'static Estimator,
    timed: bool,
    rows: Rows,
    settings: Settings,
    /// Which settings are known from the query's text.
    fixed: Vec<bool>,
}

impl Gathered {
    fn columns(&self) -> usize {
        self.rows.numbers.len() + usize::from(self.timed)
    }

    /// Takes a setting as a row has it: it must be the same in all rows of a group.
    fn set(&mut self, place: usize, value: f64) -> Result<()> {
        match self.settings.0[place] {
            Some(known) if known != value => {
                let argument = &self.estimator.arguments[self.columns() + place];
                Err(DataFusionError::Execution(format!(
                    "`{}` of {} must be the same in all rows of a group",
                    argument.name,
                    self.estimator.name()
                )))
            }
            _ => {
                self.settings.0[place] = Some(value);
                Ok(())
            }
        }
    }

    /// Rows that have all their values; none where every one has.
    fn whole_rows(&self, values: &[ArrayRef]) -> Option<Vec<usize>> {
        let columns = &values[..self.columns()];
        let lacking = columns.iter().any(|column| column.null_count() > 0);
        let rows = values.first().map_or(0, |column| column.len());
        lacking.then(|| {
            (0..rows)
                .filter(|&row| columns.iter().all(|column| column.is_valid(row)))
                .collect()
        })
    }
}

impl Accumulator for Gathered {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let chosen = self.whole_rows(values);
        let (columns, settings) = values.split_at(self.columns());
        let length = chosen
            .as_ref()
            .map_or(columns.first().map_or(0, |column| column.len()), Vec::len);
        for (place, setting) in settings.iter().enumerate() {
            if self.fixed[place] {
                continue;
            }
            let argument = &self.estimator.arguments[columns.len() + place];
            for index in 0..length {
                let row = chosen.as_ref().map_or(index, |rows| rows[index]);
                let value = ScalarValue::try_from_array(setting, row)?;
                let value = argument.setting(self.estimator.name(), &value)?;
                self.set(place, value)?;
            }
        }
        let (instants, numbers) = columns.split_at(usize::from(self.timed));
        if let Some(at) = instants.first() {
            let at = at.as_primitive::<TimestampMicrosecondType>().values();
            match &chosen {
                None => self.rows.at.extend_from_slice(at),
                Some(rows) => self.rows.at.extend(rows.iter().map(|&row| at[row])),
            }
        }
        for (column, values) in self.rows.numbers.iter_mut().zip(numbers) {
            let values = values.as_primitive::<Float64Type>().values();
            match &chosen {
                None => column.extend_from_slice(values),
                Some(rows) => column.extend(rows.iter().map(|&row| values[row])),
            }
        }
        Ok(())
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let whole = self.whole_rows(values);
        let rows = values.first().map_or(0, |column| column.len());
        self.rows.retract(whole.map_or(rows, |rows| rows.len()));
        Ok(())
    }

    fn supports_retract_batch(&self) -> bool {
        true
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let ordered = self.rows.ordered();
        let columns = self.estimator.arguments.iter();
        let mut columns = columns.filter(|argument| argument.is_column() && argument.form != Form::At);
        let numbers = ordered.numbers.iter();
        let known = self.rows.len() > 0
            && numbers
                .zip(&mut columns)
                .all(|(values, argument)| argument.holds(values));
        let refused =
            |reason: String| DataFusionError::Execution(format!("{}: {reason}", self.estimator.name()));
        match self.estimator.answer {
            Answer::Number(answer) => {
                let measured = if known {
                    answer(&ordered, &self.settings).map_err(refused)?
                } else {
                    None
                };
                Ok(ScalarValue::Float64(measured))
            }
            Answer::Fields(names, answer) => {
                let measured = if known {
                    answer(&ordered, &self.settings).map_err(refused)?
                } else {
                    None
                };
                let Some(measured) = measured else {
                    return ScalarValue::try_from(&DataType::Struct(fields(names)));
                };
                let columns = measured
                    .iter()
                    .map(|value| Arc::new(Float64Array::from(vec![*value])) as ArrayRef)
                    .collect();
                let row = StructArray::try_new(fields(names), columns, None)?;
                Ok(ScalarValue::Struct(Arc::new(row)))
            }
        }
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.rows.bytes() + self.settings.0.capacity() * size_of::<Option<f64>>()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let ordered = self.rows.ordered();
        let list = |values: ArrayRef| SingleRowListArrayBuilder::new(values).build_list_scalar();
        let instants = self
            .timed
            .then(|| list(Arc::new(Int64Array::from(ordered.at.to_vec()))));
        let numbers = ordered
            .numbers
            .iter()
            .map(|column| list(Arc::new(Float64Array::from(column.to_vec()))));
        let settings = self
            .settings
            .0
            .iter()
            .map(|setting| ScalarValue::Float64(*setting));
        Ok(instants.into_iter().chain(numbers).chain(settings).collect())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let (columns, settings) = states.split_at(self.columns());
        for (place, setting) in settings.iter().enumerate() {
            let setting = setting.as_primitive::<Float64Type>();
            for value in setting.iter().flatten() {
                self.set(place, value)?;
            }
        }
        let (instants, numbers) = columns.split_at(usize::from(self.timed));
        if let Some(at) = instants.first() {
            for values in at.as_list::<i32>().iter().flatten() {
                let values = values.as_primitive::<Int64Type>();
                self.rows.at.extend_from_slice(values.values());
            }
        }
        for (column, states) in self.rows.numbers.iter_mut().zip(numbers) {
            for values in states.as_list::<i32>().iter().flatten() {
                let values = values.as_primitive::<Float64Type>();
                column.extend_from_slice(values.values());
            }
        }
        Ok(())
    }
}
