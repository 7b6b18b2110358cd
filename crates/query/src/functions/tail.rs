//! How bad the bad ones are, from values in no order: losses at a level, and the weight of the tail.

use aftershock_measure::hill::hill_tail_index;
use aftershock_measure::tail::{historical_es, historical_var};

use super::aggregate::{Answer, Estimator};
use super::argument::{Form, needed};
use super::rows::Ordered;
use super::{AGGREGATE, Described, NONE};

pub(super) static VALUE_AT_RISK: Estimator = Estimator {
    described: Described {
        name: "value_at_risk",
        kind: AGGREGATE,
        signature: "value_at_risk(value, level)",
        meaning: "The loss that is not exceeded in the share `level` of cases: minus the (1 − level)-quantile of `value`, such as log returns, linear between neighbours. Above zero where it is a loss. NULL without values.",
        units: "that of `value`, sign turned",
        order: NONE,
        source: "historical simulation; quantile type 7 of Hyndman and Fan (1996)",
    },
    arguments: &[needed("value", Form::Number), needed("level", Form::Share)],
    answer: Answer::Number(|rows, settings| {
        let level = settings.number(0);
        Ok(level.and_then(|level| historical_var(&ascending(rows)?, level)))
    }),
};

pub(super) static EXPECTED_SHORTFALL: Estimator = Estimator {
    described: Described {
        name: "expected_shortfall",
        kind: AGGREGATE,
        signature: "expected_shortfall(value, level)",
        meaning: "The mean loss in the worst share 1 − `level` of cases: minus the mean of the n·(1 − level) least values, the last of them with its fraction; below one value it is the worst alone. Never below value_at_risk. NULL without values.",
        units: "that of `value`, sign turned",
        order: NONE,
        source: "Acerbi and Tasche (2002)",
    },
    arguments: &[needed("value", Form::Number), needed("level", Form::Share)],
    answer: Answer::Number(|rows, settings| {
        let level = settings.number(0);
        Ok(level.and_then(|level| historical_es(&ascending(rows)?, level)))
    }),
};

/// The values sorted; none where one is not finite.
fn ascending(rows: &Ordered<'_>) -> Option<Vec<f64>> {
    let mut values = rows.numbers[0].to_vec();
    values.sort_by(f64::total_cmp);
    values.iter().all(|value| value.is_finite()).then_some(values)
}

pub(super) static HILL: Estimator = Estimator {
    described: Described {
        name: "hill_tail_index",
        kind: AGGREGATE,
        signature: "hill_tail_index(size, tail_share)",
        meaning: "Index α of a tail P(X > x) ~ x^−α, from the k = ⌊n · tail_share⌋ largest sizes over the next one; moments of order α and above do not exist. For falls give minus the return. NULL where k is 0, or the k + 1 largest are not all above zero or do not differ.",
        units: "none",
        order: NONE,
        source: "Hill (1975)",
    },
    arguments: &[needed("size", Form::Number), needed("tail_share", Form::Share)],
    answer: Answer::Number(|rows, settings| {
        let sizes = &rows.numbers[0];
        let share = settings.number(0).unwrap_or(0.0);
        // A product that should be whole is not to lose one by rounding.
        let k = (sizes.len() as f64 * share * (1.0 + 1e-12)).floor() as usize;
        Ok((k > 0).then(|| hill_tail_index(sizes, k).ok()).flatten())
    }),
};
