//! A rule that is written in TOML alone.

use std::collections::BTreeMap;

use aftershock_protocol::{
    AssessMargin, Decision, Edge, Liquidate, OBSERVABLES, ProtocolRule, SetBand, View,
};
use serde::Deserialize;

use crate::{Expression, Kind, read};

pub(crate) const DECLARED: &[Kind] = &[Kind {
    name: "declared",
    what: "a rule written in TOML alone: on a step, when a condition holds, change its fields",
    changes: "Where `when` holds at the step `on`, the fields under `then` take the values of their expressions, or the step is \
              rejected. Expressions see the step's fields and every observable of the view.",
    helps: "An idea can be tried without a compiler; what cannot be written so is a rule in Rust.",
    costs: "Whatever the declaration says; nobody has thought of it but its author.",
    parameters: &[],
    example: "on = \"liquidate\", when = \"notional_usd > 1000000\", then.fraction = \"0.2\" sends a fifth of each crossed position \
              at a time.",
    sources: &["the declaration's own"],
    overlap: None,
    build: |table| Ok(Box::new(Declared::new(read::<DeclaredToml>(table)?)?)),
}];

/// The TOML of a declared rule: on which step, when, and what then.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclaredToml {
    name: String,
    on: String,
    when: String,
    #[serde(default)]
    then: BTreeMap<String, String>,
    #[serde(default)]
    reject: bool,
    reason: String,
}

/// A rule that needs no compiler.
///
/// *What it changes.* Where `when` holds at the step `on`, the fields under `then` take the values of their
/// expressions, or the step is rejected. Expressions see the step's fields and every observable of the view.
/// *Example.* `on = "liquidate"`, `when = "notional_usd > 1000000"`, `then.fraction = "0.2"` sends a fifth of each
/// crossed position at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    name: String,
    step: usize,
    when: Expression,
    /// Field index and its new value; empty where the step is rejected.
    then: Vec<(usize, Expression)>,
    reason: String,
}

/// Steps a declared rule may act on: name, fields that it may change, fields that it may only read.
pub const STEPS: [(&str, &[&str], &[&str]); 3] = [
    (
        "assess_margin",
        &["initial_ratio", "maintenance_ratio", "exposure_ratio"],
        &["tier", "offset_ratio", "elapsed_s"],
    ),
    ("set_band", &["lower_usd", "upper_usd", "halt_s"], &[]),
    ("liquidate", &["fraction"], &["notional_usd"]),
];

impl Declared {
    pub(crate) fn new(toml: DeclaredToml) -> Result<Self, String> {
        let Some(step) = STEPS.iter().position(|(name, _, _)| *name == toml.on) else {
            let known: Vec<_> = STEPS.iter().map(|(name, _, _)| *name).collect();
            return Err(format!(
                "on: '{}' is no step; known are {}",
                toml.on,
                known.join(", ")
            ));
        };
        let (_, writable, readable) = STEPS[step];
        let names: Vec<&str> = writable
            .iter()
            .chain(readable)
            .copied()
            .chain(OBSERVABLES.iter().map(|(name, _)| *name))
            .collect();
        let when = Expression::condition(&toml.when, &names).map_err(|error| format!("when: {error}"))?;
        if toml.then.is_empty() != toml.reject {
            return Err("either 'then' or 'reject = true' should stand here, and not both".into());
        }
        let mut then = Vec::new();
        for (field, text) in &toml.then {
            let Some(index) = writable.iter().position(|name| name == field) else {
                return Err(format!(
                    "then.{field}: not a field of {}; known are {}",
                    toml.on,
                    writable.join(", ")
                ));
            };
            let value = Expression::number(text, &names).map_err(|error| format!("then.{field}: {error}"))?;
            then.push((index, value));
        }
        Ok(Self {
            name: toml.name,
            step,
            when,
            then,
            reason: toml.reason,
        })
    }

    /// New values of the step's writable fields, which come first in `fields`; `None` where the rule does not apply.
    fn apply(&self, step: &str, fields: &[f64], view: &View<'_>) -> Option<Result<Vec<f64>, ()>> {
        if STEPS[self.step].0 != step {
            return None;
        }
        let mut values = fields.to_vec();
        values.extend(
            OBSERVABLES
                .iter()
                .map(|(name, _)| view.observable(name).expect("every listed observable is there")),
        );
        if !self.when.holds(&values) {
            return None;
        }
        if self.then.is_empty() {
            return Some(Err(()));
        }
        let mut changed = fields.to_vec();
        for (index, value) in &self.then {
            changed[*index] = value.value(&values);
        }
        Some(Ok(changed))
    }

    fn decide<S>(&self, outcome: Option<Result<Vec<f64>, ()>>, amend: impl Fn(&[f64]) -> S) -> Decision<S> {
        match outcome {
            None => Decision::Accept,
            Some(Err(())) => Decision::Reject(self.reason.as_str().into()),
            Some(Ok(values)) => Decision::Amend(amend(&values), self.reason.as_str().into()),
        }
    }
}

impl ProtocolRule for Declared {
    fn name(&self) -> &str {
        &self.name
    }

    fn assess_margin(&self, step: &AssessMargin, view: &View<'_>) -> Decision<AssessMargin> {
        let fields = [
            step.initial_ratio,
            step.maintenance_ratio,
            step.exposure_ratio,
            step.tier as f64,
            step.offset_ratio,
            step.elapsed_s,
        ];
        self.decide(self.apply("assess_margin", &fields, view), |values| {
            AssessMargin {
                initial_ratio: values[0],
                maintenance_ratio: values[1],
                exposure_ratio: values[2],
                ..step.clone()
            }
        })
    }

    fn set_band(&self, step: &SetBand, view: &View<'_>) -> Decision<SetBand> {
        let halt_s = step.lower.halt_s.max(step.upper.halt_s);
        let fields = [step.lower.usd, step.upper.usd, halt_s];
        let edge = |edge: &Edge, usd, halt_s| Edge {
            usd,
            halt_s,
            by: "",
            ..edge.clone()
        };
        self.decide(self.apply("set_band", &fields, view), |values| SetBand {
            lower: edge(&step.lower, values[0], values[2]),
            upper: edge(&step.upper, values[1], values[2]),
        })
    }

    fn liquidate(&self, step: &Liquidate, view: &View<'_>) -> Decision<Liquidate> {
        let fields = [step.fraction, step.notional_usd];
        self.decide(self.apply("liquidate", &fields, view), |values| Liquidate {
            fraction: values[0],
            ..step.clone()
        })
    }
}
