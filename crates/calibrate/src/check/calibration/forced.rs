//! G4 to G8: forced flow, open interest and depth, fitted on one part of a tape and judged on another.

use super::{Judge, SEED};
use crate::check::{Finding, Gate};
use crate::fit::binned::{Binned, Bins, printed_by_s};
use crate::fit::cells::{fit_cells, structural};
use crate::fit::depth::depth;
use crate::fit::design::Crossings;
use crate::fit::fidelity::{Judged, hold_out, open_interest};
use crate::fit::leverage::{Fitting, fit, reference_prior};
use crate::fit::positions::{Assumed, Positions, PositionsError};
use crate::fit::reporting::reporting;

const GATES: [Gate; 4] = [
    Gate::ForcedVolume,
    Gate::ForcedTiming,
    Gate::ForcedPrices,
    Gate::OpenInterest,
];
/// Resamples of a fit whose intervals nothing here reads.
const RESAMPLES: usize = 20;
/// From one reading of open interest that is compared to the next, s.
const READ_S: f64 = 300.0;
/// Bins of modelled flow, s.
const BIN_S: f64 = 10.0;

impl Judge<'_> {
    /// G4 to G7, of positions fitted on the first half of what is printed.
    pub(super) fn forced(&self) -> Vec<Finding> {
        let none = |why: String| GATES.map(|gate| Finding::not_measurable(gate, &why)).to_vec();
        let Some(half_s) = printed_by_s(&self.tape.observed, &self.clocked, 0.5) else {
            return none("nothing is forced on this tape".into());
        };
        self.fitted(half_s).unwrap_or_else(|why| none(why.to_string()))
    }

    fn fitted(&self, half_s: f64) -> Result<Vec<Finding>, PositionsError> {
        let (observed, clocked) = (&self.tape.observed, &self.clocked);
        let around = Assumed::new(self.tape.maintenance_ratio);
        let mut fitting = Fitting {
            draws: RESAMPLES,
            seed: SEED,
            ..Fitting::new(reference_prior(&around.classes))
        };
        let assumptions = structural(&around);
        // Which assumptions are the best, and how much is printed, is told by the first half as well.
        let cells = fit_cells(observed, clocked, &assumptions, &fitting, (0.0, half_s))?;
        let sum = cells.found[cells.best]
            .as_ref()
            .map_or(0.0, |best| best.reported_sum);
        let to = clocked.from.plus_seconds(half_s);
        fitting.reporting = reporting(observed, clocked.from, to, sum, SEED).interval.1;
        let positions = Positions::new(observed, clocked, assumptions[cells.best].clone())?;
        let crossings = Crossings::new(observed, clocked, &positions);
        let large = ["BTC", "ETH"]
            .iter()
            .any(|name| observed.instrument.starts_with(name));
        let held_out = hold_out(observed, clocked, &positions, &crossings, &fitting, large)?;
        let mut findings: Vec<Finding> = GATES
            .into_iter()
            .zip(held_out)
            .map(|(gate, judged)| finding(gate, judged))
            .collect();
        let found = fit(observed, clocked, &positions, &crossings, &fitting, (0.0, half_s))?;
        let span_s = (0.0, clocked.len() as f64 * clocked.step_s);
        let columns = positions.assumed.classes.len();
        let times = Binned::new(observed, clocked, &crossings, columns, Bins::Time(BIN_S), span_s);
        let modelled = times.modelled(found.survived, &found.mix);
        let (long, short) = modelled.split_at(times.bins);
        let flow_usd: Vec<f64> = long.iter().zip(short).map(|(long, short)| long + short).collect();
        findings.push(self.held(positions.open_interest, &flow_usd));
        Ok(findings)
    }

    /// G7: open interest at the start, less what modelled forced flow has closed for good.
    fn held(&self, at_start: f64, flow_usd: &[f64]) -> Finding {
        let (observed, clocked) = (&self.tape.observed, &self.clocked);
        let closes = 1.0 - self.priors.reopen_share();
        let read = &observed.open_interest;
        let (mut model, mut recorded) = (Vec::new(), Vec::new());
        let (mut left, mut next) = (at_start, 0);
        for (bin, usd) in flow_usd.iter().enumerate() {
            let from_s = BIN_S * bin as f64;
            if from_s % READ_S == 0.0 {
                let now = clocked.from.plus_seconds(from_s);
                while next < read.at.len() && read.at[next] <= now {
                    next += 1;
                }
                if let Some(last) = next
                    .checked_sub(1)
                    .filter(|last| now.seconds_since(read.at[*last]) < READ_S)
                {
                    model.push(left);
                    recorded.push(read.quantity[last]);
                }
            }
            let step = ((from_s / clocked.step_s) as usize).min(clocked.len());
            left -= closes * usd / observed.usd(1.0, libm::exp(clocked.log_mark[step]));
        }
        let mut judged = open_interest(&model, &recorded);
        if !judged.figure.is_empty() {
            judged.figure.push_str(&format!(
                "; modelled as what stood at the start less {closes:.2} of forced flow, the rest taken to meet new positions"
            ));
        }
        finding(Gate::OpenInterest, judged)
    }

    /// G8.
    pub(super) fn depth(&self) -> Finding {
        if self.tape.observed.depth.at.is_empty() {
            return Finding::not_measurable(Gate::Depth, "no depth on the tape");
        }
        match depth(&self.tape.observed, &self.clocked, None) {
            Ok(found) => finding(Gate::Depth, found.hold_out),
            Err(why) => Finding::not_measurable(Gate::Depth, why),
        }
    }
}

fn finding(gate: Gate, judged: Judged) -> Finding {
    let weak = if judged.weak { "; weak" } else { "" };
    Finding {
        gate,
        figure: format!("{}{weak}", judged.figure),
        verdict: judged.verdict,
    }
}
