//! Variance of a price path: all of it, without jumps, under noise, of falls or rises alone.

use aftershock_measure::variance;
use aftershock_measure::{noise, realized_kernel};

use super::aggregate::{Answer, Estimator, Measured, Settings};
use super::argument::{AT, CLOCK, Form, needed};
use super::rows::{Ordered, returns_of};
use super::{AGGREGATE, Described, IMPOSED};

const UNITS: &str = "squared log units over the rows; not annualised";

pub(super) static REALIZED: Estimator = Estimator {
    described: Described {
        name: "realized_variance",
        kind: AGGREGATE,
        signature: "realized_variance(at, price[, clock])",
        meaning: "Sum of squared log returns, jumps included; of prices as they come, or of those last known at steps of `clock` from the first row on. NULL below two prices.",
        units: UNITS,
        order: IMPOSED,
        source: "Andersen, Bollerslev, Diebold and Labys (2001)",
    },
    arguments: &[AT, needed("price", Form::Price), CLOCK],
    answer: Answer::Number(|rows, settings| {
        let returns = rows.path(0).returns(settings.span(0))?;
        Ok(returns.map(|returns| variance::realized_variance(&returns)))
    }),
};

pub(super) static BIPOWER: Estimator = Estimator {
    described: Described {
        name: "bipower_variation",
        kind: AGGREGATE,
        signature: "bipower_variation(at, price[, clock])",
        meaning: "π/2 · n/(n−1) · sum of products of neighbouring absolute log returns: the variance with lone jumps damped. NULL below three prices.",
        units: UNITS,
        order: IMPOSED,
        source: "Barndorff-Nielsen and Shephard (2004)",
    },
    arguments: &[AT, needed("price", Form::Price), CLOCK],
    answer: Answer::Number(|rows, settings| {
        let returns = rows.path(0).returns(settings.span(0))?;
        Ok(returns.and_then(|returns| variance::bipower_variation(&returns)))
    }),
};

pub(super) static MEDIAN: Estimator = Estimator {
    described: Described {
        name: "medrv",
        kind: AGGREGATE,
        signature: "medrv(at, price[, clock])",
        meaning: "π/(6−4√3+π) · n/(n−2) · sum of squared medians of three neighbouring absolute log returns: the variance without lone jumps, little disturbed by zero returns. NULL below four prices.",
        units: UNITS,
        order: IMPOSED,
        source: "Andersen, Dobrev and Schaumburg (2012)",
    },
    arguments: &[AT, needed("price", Form::Price), CLOCK],
    answer: Answer::Number(|rows, settings| {
        let returns = rows.path(0).returns(settings.span(0))?;
        Ok(returns.and_then(|returns| variance::med_rv(&returns)))
    }),
};

const DOWN: usize = 0;

pub(super) static SEMI: Estimator = Estimator {
    described: Described {
        name: "semivariance",
        kind: AGGREGATE,
        signature: "semivariance(at, price, side[, clock])",
        meaning: "The part of realized_variance that comes from falls ('down') or rises ('up'); the two add up to it. NULL below two prices.",
        units: UNITS,
        order: IMPOSED,
        source: "Barndorff-Nielsen, Kinnebrock and Shephard (2010)",
    },
    arguments: &[
        AT,
        needed("price", Form::Price),
        needed("side", Form::Word(&["down", "up"])),
        CLOCK,
    ],
    answer: Answer::Number(|rows, settings| {
        let side = match settings.count(0) {
            Some(DOWN) => variance::downside_semivariance,
            _ => variance::upside_semivariance,
        };
        let returns = rows.path(0).returns(settings.span(1))?;
        Ok(returns.map(|returns| side(&returns)))
    }),
};

/// Prices at each end that are replaced by their mean.
const ENDS: usize = 2;

pub(super) static KERNEL: Estimator = Estimator {
    described: Described {
        name: "realized_kernel",
        kind: AGGREGATE,
        signature: "realized_kernel(at, price, slow_clock)",
        meaning: "The variance under noise, from all prices: autocovariances of log returns with Parzen's weights, the first and last two prices averaged. The bandwidth is 3.5134·ξ^(4/5)·n^(3/5) rounded up, ξ² the noise RV/(2n) of all returns over the realized variance on `slow_clock`, which has to be slow enough to see no noise (20 minutes in the source). NULL where prices are too few for it or do not move on the slow clock.",
        units: UNITS,
        order: IMPOSED,
        source: "Barndorff-Nielsen, Hansen, Lunde and Shephard (2009)",
    },
    arguments: &[AT, needed("price", Form::Price), needed("slow_clock", Form::Span)],
    answer: Answer::Number(kernel),
};

fn kernel(rows: &Ordered<'_>, settings: &Settings) -> Measured {
    let path = rows.path(0);
    let Some(slow) = path.returns(settings.span(0))? else {
        return Ok(None);
    };
    let measured = || {
        let returns = returns_of(&path.prices)?;
        let noise = noise::noise_variance(&returns).ok()?;
        let slow = variance::realized_variance(&slow);
        let bandwidth = realized_kernel::bandwidth(noise, slow, returns.len()).ok()?;
        let logs: Vec<f64> = path.prices.iter().map(|price| libm::log(*price)).collect();
        let ends = realized_kernel::average_ends(&logs, ENDS).ok()?;
        let returns: Vec<f64> = ends.windows(2).map(|pair| pair[1] - pair[0]).collect();
        realized_kernel::realized_kernel(&returns, bandwidth).ok()
    };
    Ok(measured())
}
