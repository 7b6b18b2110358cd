//! What trading cost and how far it moved the price.

use aftershock_measure::liquidity;

use super::aggregate::{Answer, Estimator};
use super::argument::{AT, CLOCK, Form, needed};
use super::rows::{are_prices, returns_of};
use super::{AGGREGATE, Described, IMPOSED};

pub(super) static KYLE: Estimator = Estimator {
    described: Described {
        name: "kyle_lambda",
        kind: AGGREGATE,
        signature: "kyle_lambda(at, price, signed_volume[, clock])",
        meaning: "Slope of the least-squares line, with a constant, of log returns on the signed volume that came with them, from instant to instant or over spans of `clock`, in which something traded: the return over one in which nothing did is part of the next; `signed_volume` is above zero for what takers bought. News that moves both enters it. NULL below three returns or where the flow does not vary.",
        units: "log units per unit of volume",
        order: IMPOSED,
        source: "Kyle (1985); Hasbrouck (2007), §7",
    },
    arguments: &[
        AT,
        needed("price", Form::Price),
        needed("signed_volume", Form::Number),
        CLOCK,
    ],
    answer: Answer::Number(|rows, settings| {
        let spans = rows.spans(0, 1, settings.span(0));
        let returns = returns_of(&spans.closes);
        Ok(returns.and_then(|returns| liquidity::kyle_lambda(&returns, &spans.flows).ok()))
    }),
};

pub(super) static AMIHUD: Estimator = Estimator {
    described: Described {
        name: "amihud",
        kind: AGGREGATE,
        signature: "amihud(at, price, volume[, clock])",
        meaning: "Mean of |log return| over volume, from instant to instant or over spans of `clock`, where something traded; the source takes days and volume in USD. NULL below two prices or without volume.",
        units: "log units per unit of volume",
        order: IMPOSED,
        source: "Amihud (2002)",
    },
    arguments: &[
        AT,
        needed("price", Form::Price),
        needed("volume", Form::Number),
        CLOCK,
    ],
    answer: Answer::Number(|rows, settings| {
        let spans = rows.spans(0, 1, settings.span(0));
        let returns = returns_of(&spans.closes);
        Ok(returns.and_then(|returns| liquidity::amihud(&returns, &spans.flows).ok()))
    }),
};

pub(super) static ROLL: Estimator = Estimator {
    described: Described {
        name: "roll_spread",
        kind: AGGREGATE,
        signature: "roll_spread(at, price[, clock])",
        meaning: "2·√(−covariance of neighbouring price changes): the spread between bid and ask that a bouncing price gives away. NULL below four prices and where the covariance is above zero, because the price trended.",
        units: "that of the price",
        order: IMPOSED,
        source: "Roll (1984)",
    },
    arguments: &[AT, needed("price", Form::Price), CLOCK],
    answer: Answer::Number(|rows, settings| {
        let path = rows.path(0);
        let prices = path.on_clock(settings.span(0))?;
        let measurable = are_prices(&prices);
        Ok(measurable.then(|| liquidity::roll_spread(&prices).ok()).flatten())
    }),
};
