//! Rows that came in any order, and the same rows in the one order that does not depend on it.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use aftershock_measure::quantile;
use aftershock_measure::variance::{log_returns, sample_previous_tick};

/// Most instants a clock may have over the rows of a group; beyond it a slip of the unit would eat the memory.
const MOST_INSTANTS: i64 = 20_000_000;

/// Instants and numbers of rows, column by column, in the order they came in.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Microseconds since 1970; empty where the function takes no instant.
    pub(super) at: Vec<i64>,
    /// As many columns as the function takes numbers.
    pub(super) numbers: Vec<Vec<f64>>,
    /// Rows before this one left the window.
    gone: usize,
}

impl Rows {
    pub(super) fn with_columns(numbers: usize) -> Self {
        Self {
            numbers: vec![Vec::new(); numbers],
            ..Self::default()
        }
    }

    fn stored(&self) -> usize {
        self.numbers.first().map_or(self.at.len(), Vec::len)
    }

    pub(super) fn len(&self) -> usize {
        self.stored() - self.gone
    }

    /// Forgets the rows that came first; a window gives rows back in the order it took them.
    pub(super) fn retract(&mut self, rows: usize) {
        self.gone = (self.gone + rows).min(self.stored());
        if 2 * self.gone > self.stored() {
            let gone = std::mem::take(&mut self.gone);
            if !self.at.is_empty() {
                self.at.drain(..gone);
            }
            for column in &mut self.numbers {
                column.drain(..gone);
            }
        }
    }

    /// Bytes held on the heap.
    pub(super) fn bytes(&self) -> usize {
        let columns = self.numbers.iter().map(Vec::capacity).sum::<usize>();
        8 * (self.at.capacity() + columns) + size_of::<Vec<f64>>() * self.numbers.capacity()
    }

    /// The rows by instant, rows stamped alike by their numbers from the first column on: the same for every order in
    /// which they came. Rows that came in this order are not copied.
    pub(super) fn ordered(&self) -> Ordered<'_> {
        let rows = self.gone..self.stored();
        let at = self.at.get(rows.clone()).unwrap_or_default();
        let numbers: Vec<&[f64]> = self.numbers.iter().map(|column| &column[rows.clone()]).collect();
        let compared =
            |a: usize, b: usize| at.get(a).cmp(&at.get(b)).then_with(|| by_numbers(&numbers, a, b));
        if !at.is_empty() && at.is_sorted() {
            return ties_ordered(at, &numbers);
        }
        let length = rows.len();
        if (1..length).all(|row| compared(row - 1, row).is_le()) {
            return Ordered {
                at: at.into(),
                numbers: numbers.into_iter().map(Cow::from).collect(),
            };
        }
        let mut order: Vec<usize> = (0..length).collect();
        order.sort_unstable_by(|&a, &b| compared(a, b));
        let sorted = |column: &[f64]| order.iter().map(|&row| column[row]).collect::<Vec<f64>>();
        Ordered {
            at: at
                .first()
                .map_or_else(Vec::new, |_| order.iter().map(|&row| at[row]).collect())
                .into(),
            numbers: numbers.into_iter().map(|column| sorted(column).into()).collect(),
        }
    }
}

/// Rows whose instants stand in order, as those of a tape do: only what is stamped alike has still to be put in order.
fn ties_ordered<'a>(at: &'a [i64], numbers: &[&'a [f64]]) -> Ordered<'a> {
    let mut ordered: Vec<Cow<'a, [f64]>> = numbers.iter().map(|column| Cow::from(*column)).collect();
    let (mut order, mut sorted) = (Vec::new(), Vec::new());
    for rows in alike(at).filter(|rows| rows.len() > 1) {
        let compared = |a: &usize, b: &usize| by_numbers(numbers, *a, *b);
        if rows.clone().is_sorted_by(|a, b| compared(a, b).is_le()) {
            continue;
        }
        order.clear();
        order.extend(rows.clone());
        order.sort_unstable_by(compared);
        for (column, came) in ordered.iter_mut().zip(numbers) {
            sorted.clear();
            sorted.extend(order.iter().map(|&row| came[row]));
            column.to_mut()[rows.clone()].copy_from_slice(&sorted);
        }
    }
    Ordered {
        at: at.into(),
        numbers: ordered,
    }
}

/// Two rows by their numbers, from the first column on.
fn by_numbers(numbers: &[&[f64]], a: usize, b: usize) -> Ordering {
    let mut each = numbers.iter().map(|column| column[a].total_cmp(&column[b]));
    each.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Rows stamped alike, instant by instant.
fn alike(at: &[i64]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    at.chunk_by(|a, b| a == b).map(move |rows| {
        let alike = start..start + rows.len();
        start = alike.end;
        alike
    })
}

/// Rows in order of their instants; see [`Rows::ordered`].
#[derive(Debug)]
pub(super) struct Ordered<'a> {
    pub(super) at: Cow<'a, [i64]>,
    pub(super) numbers: Vec<Cow<'a, [f64]>>,
}

/// One price an instant.
#[derive(Debug)]
pub(super) struct Path<'a> {
    pub(super) at: Cow<'a, [i64]>,
    pub(super) prices: Cow<'a, [f64]>,
}

/// Closing prices of neighbouring spans, and what traded in each span.
#[derive(Debug, Default)]
pub(super) struct Spans {
    /// The price before the first span, then the last price of each.
    pub(super) closes: Vec<f64>,
    /// What traded in each span: one element fewer than `closes`.
    pub(super) flows: Vec<f64>,
}

impl Ordered<'_> {
    /// Rows stamped alike, instant by instant.
    pub(super) fn instants(&self) -> impl Iterator<Item = Range<usize>> {
        alike(&self.at)
    }

    /// The median of a column over rows stamped alike.
    fn median(&self, column: usize, rows: Range<usize>) -> f64 {
        let values = &self.numbers[column][rows];
        match values {
            [one] => *one,
            many => quantile::median(many).unwrap_or(f64::NAN),
        }
    }

    /// One price an instant: the median of those stamped alike.
    ///
    /// Source: Barndorff-Nielsen, Hansen, Lunde and Shephard (2009), "Realized kernels in practice", rule T3.
    pub(super) fn path(&self, column: usize) -> Path<'_> {
        if self.at.windows(2).all(|pair| pair[0] < pair[1]) {
            return Path {
                at: Cow::from(&*self.at),
                prices: Cow::from(&*self.numbers[column]),
            };
        }
        let (mut at, mut prices) = (Vec::new(), Vec::new());
        for rows in self.instants() {
            at.push(self.at[rows.start]);
            prices.push(self.median(column, rows));
        }
        Path {
            at: at.into(),
            prices: prices.into(),
        }
    }

    /// Prices and flows span by span: without a clock from instant to instant, with one over those of its spans, counted from
    /// the first row, that hold a row and end within the rows; a row at the very end of a span belongs to it.
    pub(super) fn spans(&self, price: usize, flow: usize, clock: Option<i64>) -> Spans {
        let mut spans = Spans::default();
        let first = self.at.first().copied().unwrap_or_default();
        let since = |at: i64| at.saturating_sub(first);
        let tick = |at: i64| clock.map_or(since(at), |clock| ceiling(since(at), clock));
        let last_whole = self.at.last().map(|&at| since(at) / clock.unwrap_or(1));
        let mut open = None;
        for rows in self.instants() {
            let now = tick(self.at[rows.start]);
            if last_whole.is_some_and(|last| now > last) {
                break;
            }
            let close = self.median(price, rows.clone());
            let traded: f64 = self.numbers[flow][rows].iter().sum();
            let counted = spans.closes.len();
            if open == Some(now) {
                if let Some(last) = spans.closes.last_mut() {
                    *last = close;
                }
                // What traded before the first close has no price before it.
                if let Some(last) = counted.checked_sub(2).and_then(|span| spans.flows.get_mut(span)) {
                    *last += traded;
                }
            } else {
                spans.closes.push(close);
                if counted > 0 {
                    spans.flows.push(traded);
                }
            }
            open = Some(now);
        }
        spans
    }
}

impl Path<'_> {
    /// Prices as they came, or where a clock is given those last known at its steps from the first row to the last.
    ///
    /// # Errors
    /// Where the clock has too many instants.
    pub(super) fn on_clock(&self, clock: Option<i64>) -> Result<Cow<'_, [f64]>, String> {
        let (Some(clock), Some(&first), Some(&last)) = (clock, self.at.first(), self.at.last()) else {
            return Ok(Cow::from(&*self.prices));
        };
        let instants = last.saturating_sub(first) / clock + 1;
        if instants > MOST_INSTANTS {
            return Err(format!(
                "a `clock` of {} s has {instants} instants between the first row and the last, more than {MOST_INSTANTS}: \
                 take a longer one or group by time",
                clock as f64 / 1e6
            ));
        }
        Ok(sample_previous_tick(&self.at, &self.prices, first, last, clock).into())
    }

    /// Log returns on the clock; none below two prices or where a price is not a number above zero.
    ///
    /// # Errors
    /// Where the clock has too many instants.
    pub(super) fn returns(&self, clock: Option<i64>) -> Result<Option<Vec<f64>>, String> {
        Ok(returns_of(&self.on_clock(clock)?))
    }
}

/// Log returns between neighbouring prices; none below two or where one is not a number above zero.
pub(super) fn returns_of(prices: &[f64]) -> Option<Vec<f64>> {
    (prices.len() > 1 && are_prices(prices)).then(|| log_returns(prices))
}

/// Whether every number is finite and above zero.
pub(super) fn are_prices(values: &[f64]) -> bool {
    values.iter().all(|price| *price > 0.0 && price.is_finite())
}

/// How many steps of a clock it takes to reach a time since its start.
fn ceiling(since: i64, clock: i64) -> i64 {
    since / clock + i64::from(since % clock != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(at: &[i64], prices: &[f64], flows: &[f64]) -> Rows {
        Rows {
            at: at.to_vec(),
            numbers: vec![prices.to_vec(), flows.to_vec()],
            gone: 0,
        }
    }

    #[test]
    fn one_order_and_one_price_an_instant() {
        let came = rows(&[30, 10, 30, 20, 30], &[5.0, 1.0, 3.0, 2.0, 9.0], &[1.0; 5]);
        let ordered = came.ordered();
        assert_eq!(*ordered.at, [10, 20, 30, 30, 30]);
        assert_eq!(*ordered.numbers[0], [1.0, 2.0, 3.0, 5.0, 9.0]);
        let path = ordered.path(0);
        assert_eq!(
            (&*path.at, &*path.prices),
            (&[10, 20, 30][..], &[1.0, 2.0, 5.0][..])
        );
    }

    /// Worked by hand: rows at 5, 12, 15, 16, 35, 42 on a clock of 10 from 5 on fall into the spans that close at 5, 15, 15, 25,
    /// 35 and 45, of which the last is not over.
    #[test]
    fn spans_of_a_clock_hold_what_traded_in_them() {
        let came = rows(
            &[5, 12, 15, 16, 35, 42],
            &[1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            &[100.0, 1.0, 2.0, 4.0, 8.0, 16.0],
        );
        let ordered = came.ordered();
        let spans = ordered.spans(0, 1, Some(10));
        assert_eq!(spans.closes, [1.0, 3.0, 4.0, 5.0]);
        assert_eq!(spans.flows, [3.0, 4.0, 8.0]);
        let each = ordered.spans(0, 1, None);
        assert_eq!(each.closes, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(each.flows, [1.0, 2.0, 4.0, 8.0, 16.0]);
    }

    #[test]
    fn rows_stamped_alike_are_in_order_whether_the_rest_came_so_or_not() {
        let in_time = rows(
            &[10, 20, 20, 20, 30, 40, 40],
            &[1.0, 3.0, 2.0, 2.0, 9.0, 4.0, 5.0],
            &[7.0, 1.0, 6.0, 5.0, 0.0, 8.0, 2.0],
        );
        let shuffled = rows(
            &[40, 20, 30, 20, 10, 20, 40],
            &[5.0, 2.0, 9.0, 3.0, 1.0, 2.0, 4.0],
            &[2.0, 5.0, 0.0, 1.0, 7.0, 6.0, 8.0],
        );
        for came in [in_time, shuffled] {
            let ordered = came.ordered();
            assert_eq!(*ordered.at, [10, 20, 20, 20, 30, 40, 40]);
            assert_eq!(*ordered.numbers[0], [1.0, 2.0, 2.0, 3.0, 9.0, 4.0, 5.0]);
            assert_eq!(*ordered.numbers[1], [7.0, 5.0, 6.0, 1.0, 0.0, 8.0, 2.0]);
        }
    }

    #[test]
    fn a_window_gives_its_rows_back() {
        let mut came = rows(&[1, 2, 3], &[1.0, 2.0, 3.0], &[0.0; 3]);
        came.retract(1);
        assert_eq!((came.len(), &*came.ordered().at), (2, &[2, 3][..]));
        came.retract(1);
        assert_eq!((came.len(), &*came.ordered().numbers[0]), (1, &[3.0][..]));
        came.retract(7);
        assert_eq!(came.len(), 0);
    }

    #[test]
    fn a_clock_that_is_too_short_is_refused() {
        let day = 86_400_000_000;
        let path = Path {
            at: vec![0, 30 * day].into(),
            prices: vec![1.0, 2.0].into(),
        };
        assert_eq!(path.on_clock(Some(day)).map(|prices| prices.len()), Ok(31));
        assert!(path.on_clock(Some(1000)).is_err());
    }
}
