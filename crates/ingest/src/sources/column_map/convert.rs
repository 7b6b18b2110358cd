//! A column of a file into a column of the tape, all rows at once.

use std::borrow::Cow;
use std::collections::HashMap;

use aftershock_archive::tape::Form;
use arrow::array::{Array, AsArray, StringBuilder};
use arrow::datatypes::{
    DataType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};

use super::frame::{Texts, Values};
use super::map::{Constant, From, Stamp, Words};
use crate::IngestError;
use crate::text::{self, Epoch, Fault, Instant};

/// A column of a file, converted.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) values: ReadyValues,
    pub(super) states: Vec<State>,
}

#[derive(Debug)]
pub(super) enum ReadyValues {
    /// µs since 1970 UTC, and the nanoseconds beyond where there are any.
    At {
        micros: Vec<i64>,
        nanos: Vec<(usize, i64)>,
    },
    Int(Vec<i64>),
    /// Numbers, and the digits of those that a double does not give back.
    Real {
        numbers: Vec<f64>,
        exact: Vec<(usize, Vec<u8>)>,
    },
    /// Places among the words.
    Word {
        places: Vec<u32>,
        words: Vec<String>,
    },
    Text(arrow::array::StringArray),
    Flag(Vec<bool>),
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Good,
    Missing,
    Bad(Fault),
}

impl Ready {
    /// A value that is the same in `rows` rows.
    pub(super) fn constant(constant: &Constant, form: Form, rows: usize) -> Self {
        let values = match constant {
            Constant::At(micros) => ReadyValues::At {
                micros: vec![*micros; rows],
                nanos: Vec::new(),
            },
            Constant::Int(value) => ReadyValues::Int(vec![*value; rows]),
            Constant::Real(value) => ReadyValues::Real {
                numbers: vec![*value; rows],
                exact: Vec::new(),
            },
            Constant::Word(word) if form == Form::Text => {
                ReadyValues::Text(std::iter::repeat_n(Some(word.as_str()), rows).collect())
            }
            Constant::Word(word) => ReadyValues::Word {
                places: vec![0; rows],
                words: vec![word.clone()],
            },
            Constant::Flag(value) => ReadyValues::Flag(vec![*value; rows]),
        };
        Self {
            values,
            states: vec![State::Good; rows],
        }
    }

    /// A column of the file, converted as the map says.
    ///
    /// # Errors
    /// Where the type of an array cannot be converted at all.
    pub(super) fn of(
        values: &Values<'_>,
        from: &From,
        blocks: &[(u64, i64)],
        rows: usize,
    ) -> Result<Self, IngestError> {
        if let Values::Array(array) = values
            && let Some(ready) = of_array(array, from)
        {
            return Ok(ready);
        }
        let texts = values.texts()?;
        if let (Texts::Same(_), true) = (&texts, rows > 1) {
            return Ok(repeat(of_texts(&texts, from, blocks, 1), rows));
        }
        Ok(of_texts(&texts, from, blocks, rows))
    }
}

/// One value for all rows.
fn repeat(one: Ready, rows: usize) -> Ready {
    let values = match one.values {
        ReadyValues::At { micros, nanos } => ReadyValues::At {
            micros: vec![micros[0]; rows],
            nanos: nanos.first().map_or(Vec::new(), |(_, nanos)| {
                (0..rows).map(|row| (row, *nanos)).collect()
            }),
        },
        ReadyValues::Int(values) => ReadyValues::Int(vec![values[0]; rows]),
        ReadyValues::Real { numbers, exact } => ReadyValues::Real {
            numbers: vec![numbers[0]; rows],
            exact: exact.first().map_or(Vec::new(), |(_, digits)| {
                (0..rows).map(|row| (row, digits.clone())).collect()
            }),
        },
        ReadyValues::Word { places, words } => ReadyValues::Word {
            places: vec![places[0]; rows],
            words,
        },
        ReadyValues::Text(texts) => {
            let text = texts.is_valid(0).then(|| texts.value(0));
            ReadyValues::Text(std::iter::repeat_n(text, rows).collect())
        }
        ReadyValues::Flag(values) => ReadyValues::Flag(vec![values[0]; rows]),
    };
    Ready {
        values,
        states: vec![one.states[0]; rows],
    }
}

/// What a value of a form is made of, with its state.
fn gather<T: Copy + Default>(
    rows: usize,
    mut value: impl FnMut(usize) -> Result<Option<T>, Fault>,
) -> (Vec<T>, Vec<State>) {
    let mut values = Vec::with_capacity(rows);
    let mut states = Vec::with_capacity(rows);
    for row in 0..rows {
        let (value, state) = match value(row) {
            Ok(Some(value)) => (value, State::Good),
            Ok(None) => (T::default(), State::Missing),
            Err(fault) => (T::default(), State::Bad(fault)),
        };
        values.push(value);
        states.push(state);
    }
    (values, states)
}

fn of_texts(texts: &Texts<'_>, from: &From, blocks: &[(u64, i64)], rows: usize) -> Ready {
    if let (Form::Int | Form::Real | Form::Flag, Words::Known(_) | Words::Sign { .. }) =
        (from.form, &from.words)
    {
        return chosen(texts, from, rows);
    }
    let (values, states) = match from.form {
        Form::At => {
            let mut nanos = Vec::new();
            let (micros, states) = gather(rows, |row| {
                let Some(text) = texts.get(row) else {
                    return Ok(None);
                };
                let instant = instant(text, from, blocks).ok_or(Fault::Stamp)?;
                if instant.nanos != 0 {
                    nanos.push((row, instant.nanos));
                }
                Ok(Some(instant.micros))
            });
            (ReadyValues::At { micros, nanos }, states)
        }
        Form::Int => {
            let (values, states) = gather(rows, |row| {
                texts
                    .get(row)
                    .map(|text| whole(text).ok_or(Fault::Number))
                    .transpose()
            });
            (ReadyValues::Int(values), states)
        }
        Form::Real => {
            let mut exact = Vec::new();
            let (numbers, states) = gather(rows, |row| {
                let Some(text) = texts.get(row) else {
                    return Ok(None);
                };
                let text = if from.abs {
                    text.strip_prefix(b"-").unwrap_or(text)
                } else {
                    text
                };
                let shifted = if from.decimals == 0 {
                    Cow::Borrowed(text)
                } else {
                    Cow::Owned(shift(text, from.decimals).ok_or(Fault::Number)?)
                };
                let number = text::number(&shifted).ok_or(Fault::Number)?;
                if !number.exact {
                    exact.push((row, shifted.into_owned()));
                }
                Ok(Some(number.value))
            });
            (ReadyValues::Real { numbers, exact }, states)
        }
        Form::Word => {
            let mut interned = Interned::default();
            let (places, states) = gather(rows, |row| {
                let Some(text) = texts.get(row) else {
                    return Ok(None);
                };
                interned.place(text, &from.words).map(Some)
            });
            let words = interned.words;
            (ReadyValues::Word { places, words }, states)
        }
        Form::Text => {
            let mut interned = Interned::default();
            let mut builder = StringBuilder::with_capacity(rows, rows * 16);
            let mut states = Vec::with_capacity(rows);
            for row in 0..rows {
                let text = match (texts.get(row), &from.words) {
                    (None, _) => Ok(None),
                    (Some(text), Words::Kept(_)) => {
                        std::str::from_utf8(text).map(Some).map_err(|_| Fault::Encoding)
                    }
                    (Some(text), words) => interned
                        .place(text, words)
                        .map(|place| Some(interned.words[place as usize].as_str())),
                };
                states.push(match text {
                    Ok(Some(_)) => State::Good,
                    Ok(None) => State::Missing,
                    Err(fault) => State::Bad(fault),
                });
                builder.append_option(text.ok().flatten());
            }
            (ReadyValues::Text(builder.finish()), states)
        }
        Form::Flag => {
            let (values, states) = gather(rows, |row| match texts.get(row) {
                None => Ok(None),
                Some(b"true" | b"True" | b"TRUE" | b"1") => Ok(Some(true)),
                Some(b"false" | b"False" | b"FALSE" | b"0") => Ok(Some(false)),
                Some(_) => Err(Fault::Word),
            });
            (ReadyValues::Flag(values), states)
        }
    };
    Ready { values, states }
}

/// Whole numbers, numbers and flags that are chosen by words.
fn chosen(texts: &Texts<'_>, from: &From, rows: usize) -> Ready {
    let choose = |row: usize| -> Result<Option<&Constant>, Fault> {
        texts
            .get(row)
            .map(|text| choice(text, &from.words).ok_or(Fault::Word))
            .transpose()
    };
    let (values, states) = match from.form {
        Form::Int => {
            let (values, states) = gather(rows, |row| {
                Ok(choose(row)?.and_then(|constant| match constant {
                    Constant::Int(value) => Some(*value),
                    _ => None,
                }))
            });
            (ReadyValues::Int(values), states)
        }
        Form::Flag => {
            let (values, states) = gather(rows, |row| {
                Ok(choose(row)?.and_then(|constant| match constant {
                    Constant::Flag(value) => Some(*value),
                    _ => None,
                }))
            });
            (ReadyValues::Flag(values), states)
        }
        _ => {
            let (numbers, states) = gather(rows, |row| {
                Ok(choose(row)?.and_then(|constant| match constant {
                    Constant::Real(value) => Some(*value),
                    _ => None,
                }))
            });
            let exact = Vec::new();
            (ReadyValues::Real { numbers, exact }, states)
        }
    };
    Ready { values, states }
}

/// What the words make of a text.
fn choice<'a>(text: &[u8], words: &'a Words) -> Option<&'a Constant> {
    match words {
        Words::Kept(_) => None,
        Words::Known(known) => known.get(std::str::from_utf8(text).ok()?),
        Words::Sign { plus, minus } => {
            let value = text::number(text)?.value;
            Some(if value.is_sign_negative() && value != 0.0 {
                minus
            } else {
                plus
            })
        }
    }
}

/// Words that were met, each once.
#[derive(Default)]
struct Interned {
    places: HashMap<Vec<u8>, u32>,
    words: Vec<String>,
    /// The last text met and its place: words come in runs.
    last: Option<(Vec<u8>, u32)>,
}

impl Interned {
    #[inline]
    fn place(&mut self, text: &[u8], words: &Words) -> Result<u32, Fault> {
        if let Some((last, place)) = &self.last
            && last == text
        {
            return Ok(*place);
        }
        self.other_place(text, words)
    }

    fn other_place(&mut self, text: &[u8], words: &Words) -> Result<u32, Fault> {
        if matches!(words, Words::Sign { .. }) {
            // Numbers are many: only the two words are worth keeping.
            let Some(Constant::Word(word)) = choice(text, words) else {
                return Err(Fault::Number);
            };
            return Ok(self.place_of_word(word));
        }
        let place = match self.places.get(text) {
            Some(place) => *place,
            None => {
                let word = match words {
                    Words::Kept(allowed) => {
                        let word = std::str::from_utf8(text).map_err(|_| Fault::Encoding)?;
                        if !allowed.is_empty() && !allowed.contains(&word) {
                            return Err(Fault::Word);
                        }
                        word.to_owned()
                    }
                    _ => match choice(text, words) {
                        Some(Constant::Word(word)) => word.clone(),
                        _ => return Err(Fault::Word),
                    },
                };
                let place = self.place_of_word(&word);
                self.places.insert(text.to_owned(), place);
                place
            }
        };
        self.last = Some((text.to_owned(), place));
        Ok(place)
    }

    fn place_of_word(&mut self, word: &str) -> u32 {
        let known = self.words.iter().rposition(|known| known == word);
        let place = known.unwrap_or_else(|| {
            self.words.push(word.to_owned());
            self.words.len() - 1
        });
        u32::try_from(place).expect("a block has few words")
    }
}

/// A whole number, also where a float wrote it: `1736.0`.
fn whole(text: &[u8]) -> Option<i64> {
    text::integer(text).or_else(|| {
        let point = text.iter().position(|byte| *byte == b'.')?;
        let fraction = &text[point + 1..];
        let zeros = !fraction.is_empty() && fraction.iter().all(|byte| *byte == b'0');
        zeros.then(|| text::integer(&text[..point]))?
    })
}

/// A decimal with its point moved to the left, digit by digit; none where the text is no number.
///
/// A whole number of wei becomes the decimal that a person would write, with all of its digits.
fn shift(text: &[u8], places: i32) -> Option<Vec<u8>> {
    let (sign, digits) = match text.split_first()? {
        (b'-', rest) => (b"-".as_slice(), rest),
        (b'+', rest) => (b"".as_slice(), rest),
        _ => (b"".as_slice(), text),
    };
    let cut = digits
        .iter()
        .position(|byte| matches!(byte, b'e' | b'E'))
        .unwrap_or(digits.len());
    let exponent: i32 = match digits.get(cut + 1..) {
        Some(exponent) => std::str::from_utf8(exponent).ok()?.parse().ok()?,
        None => 0,
    };
    let mantissa = &digits[..cut];
    let point = mantissa
        .iter()
        .position(|byte| *byte == b'.')
        .unwrap_or(mantissa.len());
    let fraction = mantissa.get(point + 1..).unwrap_or_default();
    let all: Vec<u8> = mantissa[..point].iter().chain(fraction).copied().collect();
    if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let whole_digits = i32::try_from(point).ok()? + exponent - places;
    if whole_digits.abs() > 400 {
        return None;
    }
    let length = i32::try_from(all.len()).ok()?;
    let mut shifted = sign.to_vec();
    match whole_digits {
        ..=0 => {
            shifted.extend_from_slice(b"0.");
            shifted.extend(std::iter::repeat_n(b'0', whole_digits.unsigned_abs() as usize));
            shifted.extend_from_slice(&all);
        }
        _ if whole_digits >= length => {
            shifted.extend_from_slice(&all);
            shifted.extend(std::iter::repeat_n(b'0', (whole_digits - length) as usize));
        }
        _ => {
            let (whole, fraction) = all.split_at(whole_digits as usize);
            shifted.extend_from_slice(whole);
            shifted.push(b'.');
            shifted.extend_from_slice(fraction);
        }
    }
    Some(shifted)
}

fn instant(text: &[u8], from: &From, blocks: &[(u64, i64)]) -> Option<Instant> {
    let instant = match &from.stamp {
        Stamp::Told if text.contains(&b'-') || text.contains(&b'/') => text::calendar(text),
        Stamp::Told => count(text, None),
        Stamp::Count(unit) => count(text, Some(*unit)),
        Stamp::Block => {
            let number = u64::try_from(text::integer(text)?).ok()?;
            let place = blocks.binary_search_by_key(&number, |(block, _)| *block).ok()?;
            text::stamp_in(blocks[place].1, Epoch::S)
        }
        Stamp::Written(pattern) => written(std::str::from_utf8(text).ok()?, pattern),
    }?;
    end(instant, from)
}

/// The exclusive end of a bar whose stamp is its last instant.
fn end(instant: Instant, from: &From) -> Option<Instant> {
    if !from.inclusive {
        return Some(instant);
    }
    text::stamp_in(instant.micros.div_euclid(1_000_000) + 1, Epoch::S)
}

/// A count with or without a fraction: pandas writes seconds as `1584057600.123`.
fn count(text: &[u8], unit: Option<Epoch>) -> Option<Instant> {
    let plain;
    let text = if text.contains(&b'e') || text.contains(&b'E') {
        plain = shift(text, 0)?;
        &plain
    } else {
        text
    };
    let Some(point) = text.iter().position(|byte| *byte == b'.') else {
        let count = text::integer(text)?;
        return match unit {
            Some(unit) => text::stamp_in(count, unit),
            None => text::stamp(count),
        };
    };
    let whole = text::integer(&text[..point])?;
    let fraction = &text[point + 1..];
    if fraction.is_empty() || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    // The unit of a count shows in its whole part.
    let unit = unit.or_else(|| {
        [Epoch::S, Epoch::Ms, Epoch::Us, Epoch::Ns]
            .into_iter()
            .find(|unit| text::stamp_in(whole, *unit).is_some())
    })?;
    let unit_ns: i64 = match unit {
        Epoch::S => 1_000_000_000,
        Epoch::Ms => 1_000_000,
        Epoch::Us => 1_000,
        Epoch::Ns => 1,
    };
    let mut part_ns = 0;
    let mut digit_ns = unit_ns;
    for digit in fraction {
        digit_ns /= 10;
        part_ns += digit_ns * i64::from(digit - b'0');
    }
    text::stamp_in(whole.checked_mul(unit_ns)?.checked_add(part_ns)?, Epoch::Ns)
}

fn written(text: &str, pattern: &str) -> Option<Instant> {
    use chrono::{DateTime, NaiveDate, NaiveDateTime};
    let utc = DateTime::parse_from_str(text, pattern)
        .map(|at| at.to_utc())
        .or_else(|_| NaiveDateTime::parse_from_str(text, pattern).map(|at| at.and_utc()))
        .or_else(|_| {
            NaiveDate::parse_from_str(text, pattern).map(|day| day.and_time(chrono::NaiveTime::MIN).and_utc())
        })
        .ok()?;
    text::stamp_in(utc.timestamp_nanos_opt()?, Epoch::Ns)
}

/// Arrays that need no way through text.
fn of_array(array: &arrow::array::ArrayRef, from: &From) -> Option<Ready> {
    let rows = array.len();
    if !matches!(from.words, Words::Kept(_)) {
        return None;
    }
    match (from.form, array.data_type()) {
        (Form::At, DataType::Timestamp(unit, _)) if from.stamp == Stamp::Told => {
            let (counts, unit) = match unit {
                TimeUnit::Second => (array.as_primitive::<TimestampSecondType>().values(), Epoch::S),
                TimeUnit::Millisecond => (
                    array.as_primitive::<TimestampMillisecondType>().values(),
                    Epoch::Ms,
                ),
                TimeUnit::Microsecond => (
                    array.as_primitive::<TimestampMicrosecondType>().values(),
                    Epoch::Us,
                ),
                TimeUnit::Nanosecond => (
                    array.as_primitive::<TimestampNanosecondType>().values(),
                    Epoch::Ns,
                ),
            };
            Some(instants(rows, from, |row| {
                array.is_valid(row).then(|| text::stamp_in(counts[row], unit))
            }))
        }
        (Form::At, DataType::Date32) if from.stamp == Stamp::Told => {
            let days = array.as_primitive::<Date32Type>();
            Some(instants(rows, from, |row| {
                days.is_valid(row)
                    .then(|| text::stamp_in(i64::from(days.value(row)) * 86_400, Epoch::S))
            }))
        }
        (Form::At, DataType::Int64) => {
            let unit = match from.stamp {
                Stamp::Told => None,
                Stamp::Count(unit) => Some(unit),
                _ => return None,
            };
            let counts = array.as_primitive::<Int64Type>();
            Some(instants(rows, from, |row| {
                counts.is_valid(row).then(|| match unit {
                    Some(unit) => text::stamp_in(counts.value(row), unit),
                    None => text::stamp(counts.value(row)),
                })
            }))
        }
        (Form::Real, DataType::Float64) if from.decimals == 0 => {
            let numbers = array.as_primitive::<Float64Type>();
            Some(numbers_of(rows, |row| {
                let value = numbers.value(row);
                let value = if from.abs { value.abs() } else { value };
                match numbers.is_valid(row) && !value.is_nan() {
                    true if value.is_finite() => Ok(Some(value)),
                    true => Err(Fault::Number),
                    false => Ok(None),
                }
            }))
        }
        (Form::Real, DataType::Int64) if (0..=15).contains(&from.decimals) => {
            let counts = array.as_primitive::<Int64Type>();
            // Both are exact doubles, so that their quotient is the double nearest to the decimal, and up to fifteen
            // digits come back from it.
            let small = |count: i64| count.unsigned_abs() < 1_000_000_000_000_000;
            if !counts.iter().flatten().all(small) {
                return None;
            }
            let unit = 10_f64.powi(from.decimals);
            Some(numbers_of(rows, |row| {
                let count = counts.value(row);
                let count = if from.abs { count.abs() } else { count };
                Ok(counts.is_valid(row).then(|| count as f64 / unit))
            }))
        }
        _ => None,
    }
}

fn instants(rows: usize, from: &From, at: impl Fn(usize) -> Option<Option<Instant>>) -> Ready {
    let mut nanos = Vec::new();
    let (micros, states) = gather(rows, |row| {
        let Some(instant) = at(row) else { return Ok(None) };
        let instant = instant
            .and_then(|instant| end(instant, from))
            .ok_or(Fault::Stamp)?;
        if instant.nanos != 0 {
            nanos.push((row, instant.nanos));
        }
        Ok(Some(instant.micros))
    });
    Ready {
        values: ReadyValues::At { micros, nanos },
        states,
    }
}

fn numbers_of(rows: usize, number: impl FnMut(usize) -> Result<Option<f64>, Fault>) -> Ready {
    let (numbers, states) = gather(rows, number);
    Ready {
        values: ReadyValues::Real {
            numbers,
            exact: Vec::new(),
        },
        states,
    }
}
