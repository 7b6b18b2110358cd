//! Rows of a frame into the tables of the tape: columns are converted first, then each row goes to its venue and
//! instrument, or to the rejects.

use std::borrow::Cow;

use aftershock_archive::tape::{At, ColumnSpec, Flag, Form, Int, Kind, Real, Text, Word, bars};

use super::convert::{Ready, ReadyValues, State};
use super::frame::{Cell, Frame, Texts, Values};
use super::map::Target;
use super::plan::{JoinedPart, Origin, Plan, PlannedFilter, PlannedTable, PlannedValue, Source};
use crate::text::Fault;
use crate::{IngestError, Output, Rows};

/// What stands beside the rows.
pub(super) struct Setting<'a> {
    pub(super) plan: &'a Plan,
    /// Number and second of blocks, by number.
    pub(super) blocks: &'a [(u64, i64)],
}

/// A frame, or one wide column of it.
struct View<'f, 'a> {
    plan: &'f Plan,
    frame: &'f Frame<'a>,
    holes: Vec<Values<'a>>,
    value: usize,
}

impl<'f, 'a> View<'f, 'a> {
    fn column(&self, column: usize) -> &Values<'a> {
        match self.plan.origins[column] {
            Origin::WideHole(hole) => &self.holes[hole],
            Origin::WideValue => &self.frame.columns[self.value],
            _ => &self.frame.columns[column],
        }
    }
}

/// Rows in which one of the filters holds.
pub(super) fn left_out<'v, 'a: 'v>(
    leave: &[PlannedFilter],
    rows: usize,
    column: impl Fn(usize) -> &'v Values<'a>,
) -> Result<Vec<bool>, IngestError> {
    let mut left = vec![false; rows];
    for filter in leave {
        let texts = column(filter.column).texts()?;
        for (row, left) in left.iter_mut().enumerate() {
            *left |= holds(filter, texts.get(row));
        }
    }
    Ok(left)
}

fn holds(filter: &PlannedFilter, text: Option<&[u8]>) -> bool {
    let text = text.unwrap_or_default();
    filter.texts.iter().any(|own| own.as_bytes() == text)
}

/// Puts the rows of a frame where they belong.
///
/// # Errors
/// Where a column is of a type that cannot be read at all.
pub(super) fn scatter(
    setting: &Setting<'_>,
    frame: &Frame<'_>,
    output: &mut Output,
) -> Result<(), IngestError> {
    let plan = setting.plan;
    if plan.wide.is_empty() {
        let holes = Vec::new();
        let value = 0;
        return scatter_view(
            setting,
            &View {
                plan,
                frame,
                holes,
                value,
            },
            output,
        );
    }
    for (value, captures) in &plan.wide {
        let holes = captures.iter().cloned().map(Values::Same).collect();
        let value = *value;
        scatter_view(
            setting,
            &View {
                plan,
                frame,
                holes,
                value,
            },
            output,
        )?;
    }
    Ok(())
}

fn scatter_view(setting: &Setting<'_>, view: &View<'_, '_>, output: &mut Output) -> Result<(), IngestError> {
    let plan = view.plan;
    let rows = view.frame.len();
    let left = left_out(&plan.leave, rows, |column| view.column(column))?;
    // An empty cell of a wide file is no row.
    let mut fed = left.clone();
    output.left_out += left.iter().filter(|left| **left).count() as u64;
    if !plan.wide.is_empty() {
        let texts = view.frame.columns[view.value].texts()?;
        for (row, fed) in fed.iter_mut().enumerate() {
            *fed |= texts.get(row).is_none();
        }
    }
    let skipped = fed.clone();
    let sparse = plan.long.is_some() || plan.tables.len() > 1;
    let mut asked = vec![false; rows];
    for table in &plan.tables {
        let mut offered: Vec<bool> = skipped.iter().map(|skipped| !skipped).collect();
        for filter in &table.filters {
            let texts = view.column(filter.column).texts()?;
            for (row, offered) in offered.iter_mut().enumerate() {
                *offered &= holds(filter, texts.get(row));
            }
        }
        if !offered.contains(&true) {
            continue;
        }
        let mut columns = Columns::new(setting, view, table)?;
        for (asked, offered) in asked.iter_mut().zip(&offered) {
            *asked |= offered;
        }
        if sparse {
            columns.withdraw_empty(&mut offered);
        }
        for (fed, offered) in fed.iter_mut().zip(&offered) {
            *fed |= offered;
        }
        columns.write(view.frame, &offered, output);
    }
    for (row, fed) in fed.iter().enumerate() {
        // A row of a long file that has none of a table's fields is no row of it.
        let no_row = plan.long.is_some() && asked[row];
        if !fed && !no_row {
            let fault = if asked[row] { Fault::Number } else { Fault::Word };
            output.read += 1;
            output.reject(view.frame.source_rows[row], fault, &view.frame.raw(row));
        }
    }
    Ok(())
}

/// The columns of one table for all rows of a view.
struct Columns {
    kind: Kind,
    venue: Ready,
    instrument: Ready,
    /// By place among the table's own columns.
    own: Vec<Option<Ready>>,
    /// Needed numbers that come from the file.
    needed_numbers: Vec<usize>,
}

impl Columns {
    fn new(setting: &Setting<'_>, view: &View<'_, '_>, table: &PlannedTable) -> Result<Self, IngestError> {
        let rows = view.frame.len();
        let specs = table.kind.own_columns();
        let mut venue = None;
        let mut instrument = None;
        let mut own: Vec<Option<Ready>> = specs.iter().map(|_| None).collect();
        let mut needed_numbers = Vec::new();
        for feed in &table.feeds {
            let form = match feed.target {
                Target::Column(place) => specs[place].form,
                _ => Form::Word,
            };
            let ready = match &feed.value {
                PlannedValue::Set(constant) => Ready::constant(constant, form, rows),
                PlannedValue::From(sources, from) => {
                    let column = one_column(view, sources)?;
                    Ready::of(&column, from, setting.blocks, rows)?
                }
            };
            match feed.target {
                Target::Venue => venue = Some(ready),
                Target::Instrument => instrument = Some(ready),
                Target::Column(place) => {
                    let from_file = matches!(feed.value, PlannedValue::From(..));
                    if from_file && specs[place].required && form == Form::Real {
                        needed_numbers.push(place);
                    }
                    own[place] = Some(ready);
                }
            }
        }
        if table.kind == Kind::Bars {
            complete_bars(&mut own, rows);
        }
        Ok(Self {
            kind: table.kind,
            venue: venue.expect("a plan says the venue"),
            instrument: instrument.expect("a plan says the instrument"),
            own,
            needed_numbers,
        })
    }

    /// Takes back rows that have none of the needed numbers: in a file that feeds several tables they belong to
    /// another.
    fn withdraw_empty(&self, offered: &mut [bool]) {
        let numbers: Vec<&Ready> = self
            .needed_numbers
            .iter()
            .filter_map(|place| self.own[*place].as_ref())
            .collect();
        if numbers.is_empty() {
            return;
        }
        for (row, offered) in offered.iter_mut().enumerate() {
            *offered &= numbers.iter().any(|ready| ready.states[row] != State::Missing);
        }
    }

    /// Why each row cannot stand, if it cannot.
    fn faults(&self, rows: usize) -> Vec<Option<Fault>> {
        let mut faults: Vec<Option<Fault>> = vec![None; rows];
        let mut judge = |ready: &Ready, missing: Option<Fault>| {
            for (fault, state) in faults.iter_mut().zip(&ready.states) {
                let found = match state {
                    State::Good => None,
                    State::Missing => missing,
                    State::Bad(fault) => Some(*fault),
                };
                *fault = fault.or(found);
            }
        };
        judge(&self.venue, Some(Fault::Instrument));
        judge(&self.instrument, Some(Fault::Instrument));
        let specs = self.kind.own_columns();
        for (spec, ready) in specs.iter().zip(&self.own) {
            let missing = match spec.form {
                _ if !spec.required => None,
                Form::At => Some(Fault::Stamp),
                Form::Int | Form::Real => Some(Fault::Number),
                Form::Word | Form::Text | Form::Flag => Some(Fault::Word),
            };
            if let Some(ready) = ready {
                judge(ready, missing);
            }
        }
        for (spec, ready) in specs.iter().zip(&self.own) {
            if let Some(Ready {
                values: ReadyValues::Real { numbers, .. },
                states,
            }) = ready
                && let Some((fault, least)) = bound(spec)
            {
                for (row, number) in numbers.iter().enumerate() {
                    let low = *number < 0.0 || (least && *number == 0.0);
                    if low && states[row] == State::Good && !(fault == Fault::Price && self.is_premium(row)) {
                        faults[row] = faults[row].or(Some(fault));
                    }
                }
            }
        }
        if self.kind == Kind::Bars
            && let (Some(high), Some(low)) = (self.numbers(bars::HIGH), self.numbers(bars::LOW))
        {
            for row in 0..rows {
                if high[row] < low[row] {
                    faults[row] = faults[row].or(Some(Fault::Extremes));
                }
            }
        }
        faults
    }

    fn numbers(&self, column: Real) -> Option<&[f64]> {
        match self.own[column.0].as_ref().map(|ready| &ready.values) {
            Some(ReadyValues::Real { numbers, .. }) => Some(numbers),
            _ => None,
        }
    }

    /// True for bars of a premium, which is below zero as often as not.
    fn is_premium(&self, row: usize) -> bool {
        self.kind == Kind::Bars && word(self.own[bars::PRICE_KIND.0].as_ref(), row) == Some("premium")
    }

    fn write(&mut self, frame: &Frame<'_>, offered: &[bool], output: &mut Output) {
        let faults = self.faults(frame.len());
        let nanoseconds = self
            .kind
            .own_columns()
            .iter()
            .position(|column| column.name == "nanoseconds");
        let nanoseconds = nanoseconds.filter(|place| self.own[*place].is_none());
        let mut sparse = vec![0; self.own.len()];
        let mut nanos_seen = 0;
        for row in 0..frame.len() {
            let source_row = frame.source_rows[row];
            if !offered[row] {
                continue;
            }
            output.read += 1;
            if let Some(fault) = faults[row] {
                output.reject(source_row, fault, &frame.raw(row));
                continue;
            }
            let venue = word(Some(&self.venue), row).expect("a row without a venue has a fault");
            let instrument =
                word(Some(&self.instrument), row).expect("a row without an instrument has a fault");
            let rows = output.rows(self.kind, venue, instrument);
            rows.begin(source_row);
            for (place, ready) in self.own.iter().enumerate() {
                if let Some(ready) = ready
                    && ready.states[row] == State::Good
                {
                    set(
                        rows,
                        self.kind.own_columns()[place].name,
                        place,
                        ready,
                        row,
                        &mut sparse[place],
                    );
                }
            }
            if let (
                Some(place),
                Some(Ready {
                    values: ReadyValues::At { nanos, .. },
                    ..
                }),
            ) = (nanoseconds, &self.own[0])
                && let Some(nanos) = at_row(nanos, row, &mut nanos_seen)
            {
                rows.int(Int(place), *nanos);
            }
        }
    }
}

/// The value of a sparse column at a row; `seen` counts those before it.
fn at_row<'s, T>(sparse: &'s [(usize, T)], row: usize, seen: &mut usize) -> Option<&'s T> {
    while sparse.get(*seen).is_some_and(|(place, _)| *place < row) {
        *seen += 1;
    }
    sparse
        .get(*seen)
        .filter(|(place, _)| *place == row)
        .map(|(_, value)| value)
}

#[inline]
fn set(rows: &mut Rows, name: &str, place: usize, ready: &Ready, row: usize, seen: &mut usize) {
    match &ready.values {
        ReadyValues::At { micros, .. } => rows.at(At(place), micros[row]),
        ReadyValues::Int(values) => rows.int(Int(place), values[row]),
        ReadyValues::Real { numbers, exact } => {
            rows.real(Real(place), numbers[row]);
            if let Some(digits) = at_row(exact, row, seen) {
                rows.keep_exact(name, digits);
            }
        }
        ReadyValues::Word { places, words } => rows.word(Word(place), &words[places[row] as usize]),
        ReadyValues::Text(texts) => rows.text(Text(place), texts.value(row)),
        ReadyValues::Flag(values) => rows.flag(Flag(place), values[row]),
    }
}

fn word(ready: Option<&Ready>, row: usize) -> Option<&str> {
    match ready {
        Some(Ready {
            values: ReadyValues::Word { places, words },
            states,
        }) if states[row] == State::Good => Some(&words[places[row] as usize]),
        _ => None,
    }
}

/// The fault of a number that is too low for its column, and whether zero is.
fn bound(spec: &ColumnSpec) -> Option<(Fault, bool)> {
    let prices = ["price", "open", "high", "low", "close", "strike_price"];
    if spec.required && prices.contains(&spec.name) {
        return Some((Fault::Price, true));
    }
    let quantity =
        spec.name == "quantity" || spec.name.ends_with("_quantity") || spec.name.contains("volume");
    quantity.then_some((Fault::Quantity, false))
}

/// Of start, end and length of bars two give the third; bars without a length that have only a start end there.
fn complete_bars(own: &mut [Option<Ready>], rows: usize) {
    let instants = |ready: &Option<Ready>| match ready.as_ref().map(|ready| (&ready.values, &ready.states)) {
        Some((ReadyValues::At { micros, .. }, states)) => Some((micros.clone(), states.clone())),
        _ => None,
    };
    let opens = instants(&own[bars::OPEN_AT.0]);
    let closes = instants(&own[bars::CLOSE_AT.0]);
    let lengths = match own[bars::INTERVAL_S.0].as_ref() {
        Some(Ready {
            values: ReadyValues::Int(lengths),
            states,
        }) => Some((lengths.clone(), states.clone())),
        _ => None,
    };
    let third = |first: &(Vec<i64>, Vec<State>), second: &(Vec<i64>, Vec<State>), of: fn(i64, i64) -> i64| {
        let values: Vec<i64> = (0..rows).map(|row| of(first.0[row], second.0[row])).collect();
        // A bad part makes a bad whole; a missing one leaves it missing.
        let states = (0..rows)
            .map(|row| match (first.1[row], second.1[row]) {
                (State::Good, state) => state,
                (state, _) => state,
            })
            .collect();
        (values, states)
    };
    let at = |(micros, states): (Vec<i64>, Vec<State>)| Ready {
        values: ReadyValues::At {
            micros,
            nanos: Vec::new(),
        },
        states,
    };
    match (opens, closes, lengths) {
        (Some(opens), None, Some(lengths)) => {
            own[bars::CLOSE_AT.0] = Some(at(third(&opens, &lengths, |open, length| {
                open + length * 1_000_000
            })));
        }
        (None, Some(closes), Some(lengths)) => {
            own[bars::OPEN_AT.0] = Some(at(third(&closes, &lengths, |close, length| {
                close - length * 1_000_000
            })));
        }
        (Some(opens), Some(closes), None) => {
            let (lengths, states) = third(&opens, &closes, |open, close| (close - open) / 1_000_000);
            own[bars::INTERVAL_S.0] = Some(Ready {
                values: ReadyValues::Int(lengths),
                states,
            });
        }
        _ => {}
    }
}

/// One column out of several: the first that is not missing, or a text put together.
fn one_column<'v, 'a>(
    view: &'v View<'_, 'a>,
    sources: &[Source],
) -> Result<Cow<'v, Values<'a>>, IngestError> {
    if let [Source::Column(column)] = sources {
        return Ok(Cow::Borrowed(view.column(*column)));
    }
    let rows = view.frame.len();
    let mut cells: Vec<Cell<'a>> = vec![None; rows];
    for source in sources {
        let joined = |row: usize, texts: &[Option<Texts<'_>>], parts: &[JoinedPart]| {
            let mut text = Vec::new();
            for (part, column) in parts.iter().zip(texts) {
                match (part, column) {
                    (JoinedPart::Literal(literal), _) => text.extend_from_slice(literal.as_bytes()),
                    (JoinedPart::Column(_), Some(texts)) => text.extend_from_slice(texts.get(row)?),
                    (JoinedPart::Column(_), None) => return None,
                }
            }
            Some(text)
        };
        let parts = match source {
            Source::Column(column) => &[JoinedPart::Column(*column)][..],
            Source::Joined(parts) => parts,
        };
        let texts: Vec<Option<Texts<'_>>> = parts
            .iter()
            .map(|part| match part {
                JoinedPart::Literal(_) => Ok(None),
                JoinedPart::Column(column) => view.column(*column).texts().map(Some),
            })
            .collect::<Result<_, _>>()?;
        for (row, cell) in cells.iter_mut().enumerate() {
            if cell.is_none() {
                *cell = joined(row, &texts, parts).map(Cow::Owned);
            }
        }
    }
    Ok(Cow::Owned(Values::Cells(cells)))
}
