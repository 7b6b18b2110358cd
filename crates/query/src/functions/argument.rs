//! What a function takes: its arguments by name, what each may be, and what is said where one is something else.

use arrow::array::types::IntervalMonthDayNano;
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use datafusion::common::{DataFusionError, Result, ScalarValue};

/// Microseconds of a day; days of an interval are those of UTC, which has no other length.
const DAY_US: i64 = 86_400_000_000;

/// One argument of a function.
#[derive(Clone, Copy, Debug)]
pub(super) struct Argument {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) optional: bool,
}

/// What an argument may be. The first three are columns; the others are settings, which have one value in a group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// An instant.
    At,
    /// A number.
    Number,
    /// A number above zero.
    Price,
    /// A length of time above zero, as microseconds.
    Span,
    /// A number between 0 and 1, both left out.
    Share,
    /// A whole number from 1.
    Count,
    /// A number above zero.
    Positive,
    /// One of these words, as its place.
    Word(&'static [&'static str]),
}

/// `at`, the instant of a row.
pub(super) const AT: Argument = needed("at", Form::At);
/// `clock`, the optional step on which prices are taken.
pub(super) const CLOCK: Argument = optional("clock", Form::Span);

pub(super) const fn needed(name: &'static str, form: Form) -> Argument {
    Argument {
        name,
        form,
        optional: false,
    }
}

pub(super) const fn optional(name: &'static str, form: Form) -> Argument {
    Argument {
        name,
        form,
        optional: true,
    }
}

/// The types a call's arguments are turned into.
///
/// # Errors
/// Where there are too many or too few, or one is of another kind.
pub(super) fn coerced(
    function: &str,
    signature: &str,
    arguments: &[Argument],
    given: &[DataType],
) -> Result<Vec<DataType>> {
    let needed = arguments.iter().filter(|argument| !argument.optional).count();
    if !(needed..=arguments.len()).contains(&given.len()) {
        let count = match given.len() {
            1 => "1 argument is".to_owned(),
            n => format!("{n} arguments are"),
        };
        return Err(DataFusionError::Plan(format!(
            "{function} is called as {signature}; {count} given"
        )));
    }
    arguments
        .iter()
        .zip(given)
        .map(|(argument, given)| argument.coerced(function, given))
        .collect()
}

impl Argument {
    pub(super) fn is_column(&self) -> bool {
        matches!(self.form, Form::At | Form::Number | Form::Price)
    }

    /// Whether there is an answer with these values of a column.
    pub(super) fn holds(&self, values: &[f64]) -> bool {
        let least = match self.form {
            Form::Price => f64::MIN_POSITIVE,
            _ => f64::MIN,
        };
        values.iter().all(|value| (least..=f64::MAX).contains(value))
    }

    fn wanted(&self) -> String {
        match self.form {
            Form::At => "a timestamp".to_owned(),
            Form::Number | Form::Price => "a number".to_owned(),
            Form::Span => "an interval longer than zero, such as INTERVAL '1 minute'".to_owned(),
            Form::Share => "a number above 0 and below 1".to_owned(),
            Form::Count => "a whole number of at least 1".to_owned(),
            Form::Positive => "a number above 0".to_owned(),
            Form::Word(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("'{word}'")).collect();
                quoted.join(" or ")
            }
        }
    }

    fn coerced(&self, function: &str, given: &DataType) -> Result<DataType> {
        let number = given.is_numeric() || given.is_null();
        let coerced = match self.form {
            Form::At => match given {
                DataType::Timestamp(_, zone) => {
                    Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))
                }
                DataType::Date32 | DataType::Date64 | DataType::Null => {
                    Some(DataType::Timestamp(TimeUnit::Microsecond, None))
                }
                _ => None,
            },
            Form::Number | Form::Price | Form::Share | Form::Positive => number.then_some(DataType::Float64),
            Form::Count => (given.is_integer() || given.is_null()).then_some(DataType::Int64),
            Form::Span => matches!(
                given,
                DataType::Interval(_) | DataType::Duration(_) | DataType::Null
            )
            .then_some(DataType::Interval(IntervalUnit::MonthDayNano)),
            Form::Word(_) => (given.is_string() || given.is_null()).then_some(DataType::Utf8),
        };
        coerced.ok_or_else(|| {
            DataFusionError::Plan(format!(
                "`{}` of {function} must be {}, not {}",
                self.name,
                self.wanted(),
                in_words(given)
            ))
        })
    }

    /// A setting as the number that stands for it.
    ///
    /// # Errors
    /// Where it is null or outside what it may be.
    pub(super) fn setting(&self, function: &str, given: &ScalarValue) -> Result<f64> {
        let read = match (self.form, given) {
            (Form::Span, ScalarValue::IntervalMonthDayNano(Some(interval))) => {
                micros(*interval).filter(|us| *us > 0).map(|us| us as f64)
            }
            (Form::Share, ScalarValue::Float64(Some(x))) => (0.0 < *x && *x < 1.0).then_some(*x),
            (Form::Positive, ScalarValue::Float64(Some(x))) => (*x > 0.0 && x.is_finite()).then_some(*x),
            (Form::Count, ScalarValue::Int64(Some(n))) => (*n >= 1).then_some(*n as f64),
            (Form::Word(words), ScalarValue::Utf8(Some(text))) => {
                let place = words.iter().position(|word| text.eq_ignore_ascii_case(word));
                place.map(|place| place as f64)
            }
            _ => None,
        };
        read.ok_or_else(|| {
            let found = match given {
                given if given.is_null() => "NULL".to_owned(),
                ScalarValue::IntervalMonthDayNano(Some(interval)) => shown(*interval),
                ScalarValue::Utf8(Some(text)) => format!("'{text}'"),
                other => other.to_string(),
            };
            DataFusionError::Execution(format!(
                "`{}` of {function} must be {}, not {found}",
                self.name,
                self.wanted()
            ))
        })
    }
}

/// Whole microseconds of an interval; none where it counts months, which have no one length, or nanoseconds beyond.
fn micros(interval: IntervalMonthDayNano) -> Option<i64> {
    if interval.months != 0 || interval.nanoseconds % 1000 != 0 {
        return None;
    }
    i64::from(interval.days)
        .checked_mul(DAY_US)?
        .checked_add(interval.nanoseconds / 1000)
}

/// `0 s`, `-60 s`, `1 month`: an interval as a reader of an error has to see it.
fn shown(interval: IntervalMonthDayNano) -> String {
    let mut parts = Vec::new();
    if interval.months != 0 {
        let plural = if interval.months == 1 { "" } else { "s" };
        parts.push(format!("{} month{plural} (of no fixed length)", interval.months));
    }
    if interval.days != 0 {
        let plural = if interval.days == 1 { "" } else { "s" };
        parts.push(format!("{} day{plural}", interval.days));
    }
    if interval.nanoseconds != 0 || parts.is_empty() {
        parts.push(format!("{} s", interval.nanoseconds as f64 / 1e9));
    }
    parts.join(" ")
}

fn in_words(kind: &DataType) -> String {
    match kind {
        kind if kind.is_numeric() => "a number".to_owned(),
        kind if kind.is_string() => "text".to_owned(),
        DataType::Boolean => "a boolean".to_owned(),
        DataType::Timestamp(..) => "a timestamp".to_owned(),
        DataType::Date32 | DataType::Date64 => "a date".to_owned(),
        DataType::Interval(_) | DataType::Duration(_) => "an interval".to_owned(),
        other => other.to_string(),
    }
}
