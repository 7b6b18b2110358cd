//! How many events an event brought about.

use aftershock_measure::hawkes::fit;

use super::aggregate::{Answer, Estimator};
use super::argument::{AT, Form, needed, optional};
use super::{AGGREGATE, Described, IMPOSED};

pub(super) static BRANCHING: Estimator = Estimator {
    described: Described {
        name: "hawkes_branching",
        kind: AGGREGATE,
        signature: "hawkes_branching(at, memory[, knots])",
        meaning: "Branching ratio of the most likely self-exciting process of the events: what one brings about directly, with a kernel that fades as exp(−t/memory) and a rate of its own that is linear between `knots` evenly spaced from the first event to the last (1, a constant, where it is left out). It depends on the memory given and describes rather than explains: a rate that changes and is fitted as constant pushes it towards 1. Events stamped alike are one. NULL below as many events as there are parts to fit.",
        units: "events per event",
        order: IMPOSED,
        source: "Hawkes (1971); Filimonov and Sornette (2012)",
    },
    arguments: &[AT, needed("memory", Form::Span), optional("knots", Form::Count)],
    answer: Answer::Number(|rows, settings| {
        let (Some(memory), knots) = (settings.number(0), settings.count(1).unwrap_or(1)) else {
            return Ok(None);
        };
        let seconds = |us: i64| us as f64 / 1e6;
        let first = rows.at.first().copied().unwrap_or_default();
        let mut times: Vec<f64> = rows.at.iter().map(|at| seconds(at - first)).collect();
        times.dedup();
        // The first event is where the window begins: it excites, but that it came is no news.
        let end = times.last().copied().unwrap_or_default();
        if end <= 0.0 {
            return Ok(None);
        }
        let fitted = fit(&times, end, &[1e6 / memory], knots).ok();
        Ok(fitted.map(|fitted| fitted.process.branching_ratio()))
    }),
};
