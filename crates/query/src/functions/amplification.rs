//! How much larger the variance was than without feedback.

use aftershock_measure::signature::FEWEST_RETURNS;
use aftershock_measure::variance::realized_variance;

use super::aggregate::{Answer, Estimator};
use super::argument::{AT, CLOCK, Form, needed};
use super::{AGGREGATE, Described, IMPOSED};

pub(super) static AMPLIFICATION: Estimator = Estimator {
    described: Described {
        name: "amplification",
        kind: AGGREGATE,
        signature: "amplification(at, price, null_price[, clock])",
        meaning: "Realized variance of `price` over that of `null_price`, the same path without feedback, both on one clock; never to be shown without its clock. NULL below 30 returns and where the null path does not move.",
        units: "ratio",
        order: IMPOSED,
        source: "this project: crates/measure, signature",
    },
    arguments: &[
        AT,
        needed("price", Form::Price),
        needed("null_price", Form::Price),
        CLOCK,
    ],
    answer: Answer::Number(|rows, settings| {
        let clock = settings.span(0);
        let (with, without) = (rows.path(0).returns(clock)?, rows.path(1).returns(clock)?);
        let (Some(with), Some(without)) = (with, without) else {
            return Ok(None);
        };
        let null = realized_variance(&without);
        let enough = without.len() >= FEWEST_RETURNS && null > 0.0;
        Ok(enough.then(|| realized_variance(&with) / null))
    }),
};
