//! G9, G10 and G12: impact of the central form, the square root with the decay of the priors and no regard to depth.

use std::ops::Range;

use super::{Judge, SEED};
use crate::check::{Finding, Gate};
use crate::clocked::Clocked;
use crate::fit::impact::gates::{self, held_out};
use crate::fit::impact::{
    Choice, ImpactForm, ImpactShape, Path, Settings, Weight, conclude, predetermined, rows,
};
use crate::recover::{Cell, LEAST_LATENCY_S};

impl Judge<'_> {
    fn central(&self) -> Option<&Cell> {
        let root = |cell: &&Cell| {
            matches!(cell.form.shape, ImpactShape::SquareRoot { .. }) && cell.slower == 1.0 && !cell.thin
        };
        self.calibrated.cells.iter().find(root)
    }

    fn of_central(&self, gate: Gate, of: impl Fn(&Cell) -> Finding) -> Finding {
        if self.tape.observed.liquidations.is_empty() {
            return Finding::not_measurable(gate, "nothing is forced on this tape");
        }
        let none = || Finding::not_measurable(gate, "the calibration has no central form");
        self.central().map_or_else(none, of)
    }

    /// G9: fitted on the half of the time in which more is forced, judged on the other.
    pub(super) fn out_of_sample(&self) -> Finding {
        self.of_central(Gate::ImpactOutOfSample, |cell| self.halves(&cell.form))
    }

    fn halves(&self, form: &ImpactForm) -> Finding {
        let gate = Gate::ImpactOutOfSample;
        let middle = self.clocked.len() / 2;
        let (first, second) = (0..middle, middle..self.clocked.len());
        let forced = |steps: &Range<usize>| -> f64 {
            self.clocked.forced_usd[steps.clone()]
                .iter()
                .map(|usd| usd.abs())
                .sum()
        };
        let (fitted, held, name) = if forced(&first) > forced(&second) {
            (first, second, "second")
        } else {
            (second, first, "first")
        };
        let choice = Choice::Predetermined {
            latency_s: LEAST_LATENCY_S,
        };
        let path = Path::new(
            &self.clocked,
            form,
            &predetermined(&self.tape.observed, &self.clocked, choice),
            None,
        );
        let settings = Settings::default();
        let (tape, seen) = cut(&self.clocked, &path, &fitted);
        let fit = conclude(&form.name, rows(&tape, &seen, &settings), 0.0, &settings);
        if let Weight::PriorDominated(why) = &fit.verdict {
            return Finding::not_measurable(gate, format!("no Y comes of the other half, {why}"));
        }
        let mut finding = finding(gate, held_out(&self.clocked, &path, fit.y, held, SEED));
        if !finding.figure.is_empty() {
            finding
                .figure
                .push_str(&format!("; {name} half of the time, Y {:.2} of the other", fit.y));
        }
        finding
    }

    /// G10.
    pub(super) fn strength(&self) -> Finding {
        let gate = Gate::InstrumentStrength;
        self.of_central(gate, |cell| finding(gate, gates::strength(&cell.fitted.fit)))
    }

    /// G12: printed forced flow over the share that is printed.
    pub(super) fn shuffled(&self) -> Finding {
        let gate = Gate::FlowShuffle;
        let share = self.reporting();
        self.of_central(gate, |cell| {
            let all: Vec<f64> = self.clocked.forced_usd.iter().map(|usd| usd / share).collect();
            finding(
                gate,
                gates::shuffled(&self.clocked, &cell.form, &all, cell.fitted.fit.y, SEED),
            )
        })
    }
}

/// Some steps of a tape and of what a form made of all of it.
fn cut(tape: &Clocked, path: &Path, steps: &Range<usize>) -> (Clocked, Path) {
    let of = |column: &[f64]| column[steps.clone()].to_vec();
    let ends = |column: &[f64]| column[steps.start..=steps.end].to_vec();
    let tape = Clocked {
        from: tape.from.plus_seconds(tape.step_s * steps.start as f64),
        log_mid: ends(&tape.log_mid),
        log_mark: ends(&tape.log_mark),
        flow_usd: of(&tape.flow_usd),
        volume_usd: of(&tape.volume_usd),
        forced_usd: of(&tape.forced_usd),
        ..*tape
    };
    let path = Path {
        standing_usd: of(&path.standing_usd),
        impact: of(&path.impact),
        change: of(&path.change),
        forced: of(&path.forced),
    };
    (tape, path)
}

fn finding(gate: Gate, found: gates::Finding) -> Finding {
    Finding {
        gate,
        figure: found.figure,
        verdict: found.verdict,
    }
}
