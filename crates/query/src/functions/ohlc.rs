//! Open, high, low and close of a span.

use super::aggregate::{Answer, Estimator};
use super::argument::{AT, Form, needed, optional};
use super::{AGGREGATE, Described, IMPOSED};

pub(super) static OHLC: Estimator = Estimator {
    described: Described {
        name: "ohlc",
        kind: AGGREGATE,
        signature: "ohlc(at, price[, sequence])",
        meaning: "First, highest, lowest and last price, as a struct: ohlc(at, price)['open'], also 'high', 'low' and 'close'. Where several rows share the first or last instant, `sequence`, such as a trade's number, says which came first; without it their median counts.",
        units: "that of the price",
        order: IMPOSED,
        source: "the customary bar; ties as in Barndorff-Nielsen, Hansen, Lunde and Shephard (2009)",
    },
    arguments: &[
        AT,
        needed("price", Form::Number),
        optional("sequence", Form::Number),
    ],
    answer: Answer::Fields(&["open", "high", "low", "close"], |rows, _| {
        let prices = &rows.numbers[0];
        if prices.iter().any(|price| !price.is_finite()) {
            return Ok(None);
        }
        let fold = |pick: fn(f64, f64) -> f64| prices.iter().copied().reduce(pick);
        let ends = match rows.numbers.get(1) {
            None => {
                let path = rows.path(0);
                path.prices.first().copied().zip(path.prices.last().copied())
            }
            Some(sequence) => {
                let key = |row: &usize| (rows.at[*row], sequence[*row]);
                let order = |a: &usize, b: &usize| {
                    let ((at, number), (other_at, other)) = (key(a), key(b));
                    at.cmp(&other_at).then(number.total_cmp(&other))
                };
                let all = 0..prices.len();
                let first = all.clone().min_by(order).map(|row| prices[row]);
                first.zip(all.max_by(order).map(|row| prices[row]))
            }
        };
        let extremes = fold(f64::max).zip(fold(f64::min));
        Ok(ends
            .zip(extremes)
            .map(|((open, close), (high, low))| vec![open, high, low, close]))
    }),
};
