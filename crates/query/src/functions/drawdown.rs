//! The largest fall of a price path.

use aftershock_measure::drawdown::max_drawdown_log;

use super::aggregate::{Answer, Estimator};
use super::argument::{AT, Form, needed};
use super::rows::are_prices;
use super::{AGGREGATE, Described, IMPOSED};

pub(super) static MAX_DRAWDOWN: Estimator = Estimator {
    described: Described {
        name: "max_drawdown",
        kind: AGGREGATE,
        signature: "max_drawdown(at, price)",
        meaning: "Largest fall of the log price from any earlier high; 100·(1 − exp(−x)) is the same in percent. 0 where the price never falls, NULL below two prices.",
        units: "log units, at least 0",
        order: IMPOSED,
        source: "this project: crates/measure, drawdown",
    },
    arguments: &[AT, needed("price", Form::Price)],
    answer: Answer::Number(|rows, _| {
        let path = rows.path(0);
        let measurable = path.prices.len() > 1 && are_prices(&path.prices);
        Ok(measurable.then(|| {
            let logs: Vec<f64> = path.prices.iter().map(|price| libm::log(*price)).collect();
            max_drawdown_log(&logs)
        }))
    }),
};
