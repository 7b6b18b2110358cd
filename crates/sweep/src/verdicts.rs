//! What the gates say of an ensemble.

use aftershock_calibrate::gates;
use aftershock_market::journal::GateRow;
use aftershock_market::{BarOrder, Cash, Coin};
use aftershock_replay::{DecayTable, Path};
use aftershock_rules::RuleSetFile;

use crate::ensemble::{Job, JobResult, MECHANISMS, Measured};
use crate::{Case, DRAWS_FOR_INTERVAL, SweepError};

/// The verdicts on one rule set's results; `recomputed` replays were computed again, and were the same or not.
pub(crate) fn of(
    case: &Case<'_>,
    table: &DecayTable,
    jobs: &[Job],
    rule_set: &RuleSetFile,
    set: usize,
    results: &[JobResult],
    (recomputed, same): (usize, bool),
) -> Result<Vec<GateRow>, SweepError> {
    let fail = |cause| SweepError {
        rule_set: rule_set.name.clone(),
        draw: 0,
        cause,
    };
    let sets = || results.iter().filter_map(|result| result.sets[set].as_ref().ok());
    let worst = sets().fold((Coin::ZERO, Cash::ZERO), |worst, one| {
        (worst.0.max(one.imbalance.0), worst.1.max(one.imbalance.1))
    });
    let attributions = sets().map(|one| one.shapley.len() / MECHANISMS.len()).sum();
    let inefficiency = sets().map(|one| one.inefficiency).fold(0.0, f64::max);
    let central = &jobs[0].draw.parameters;
    let path = case.recorded.path(BarOrder::HighFirst);
    let mut gates = vec![
        gates::judge(
            "G0",
            same,
            format!(
                "{recomputed} replays of the parallel ensemble, computed again on one thread, compared bit by bit; debug \
                 and release builds are compared by the tests"
            ),
        ),
        gates::conservation(sets().count(), worst),
        gates::anchored_identity(case.seed).map_err(fail)?,
        gates::goldens(),
        gates::efficiency(inefficiency, attributions),
        gates::no_look_ahead(path, central, table, &rule_set.rules).map_err(fail)?,
    ];
    // The central draw has ended, or there would be no run.
    let busiest = sets()
        .take(2)
        .zip(jobs)
        .map(|(measured, job)| busiest_bar(case.recorded.path(job.order), &measured.forced));
    gates.push(gates::plausible_volume(busiest.fold(0.0, f64::max)));
    gates.push(placebo(case, rule_set, sets()));
    let lost = jobs.iter().zip(results).filter_map(|(job, result)| {
        let runaway = result.sets[set].as_ref().err()?;
        Some((job.draw.number, job.order, runaway.at, runaway.usd))
    });
    gates.push(gates::comes_to_an_end(results.len(), &lost.collect::<Vec<_>>()));
    gates.extend(gates::out_of_reach());
    gates.sort_by_key(|row| row.gate[1..].parse::<u32>().unwrap_or(u32::MAX));
    Ok(gates)
}

/// G11, from the days of a quiet time in every draw and bar order; the central draw is not one of them.
fn placebo<'a>(case: &Case<'_>, rule_set: &RuleSetFile, sets: impl Iterator<Item = &'a Measured>) -> GateRow {
    if !case.quiet {
        return gates::not_measurable(
            "G11",
            "see placebo: a crash is none, and the gate is judged where nothing happened, on ten days each of the quiet \
             episodes 2022-10-15 and 2025-04-24",
        );
    }
    if !rule_set.is_record() || case.shock.is_some() {
        return gates::not_measurable(
            "G11",
            "see placebo: judged on the run of this episode under the rules of record, with nothing made up",
        );
    }
    let draws: Vec<Vec<f64>> = sets
        .skip(2)
        .map(|one| {
            one.quiet_days
                .iter()
                .filter_map(|day| day.amplification)
                .collect()
        })
        .collect();
    gates::placebo(case.bar_s, &draws, case.draws >= DRAWS_FOR_INTERVAL)
}

/// Largest share of a bar's volume in scope that forced flow would have been.
fn busiest_bar(path: &Path, forced: &[Vec<f64>; 2]) -> f64 {
    let mut volumes = vec![0.0];
    for i in path.first..path.len() {
        *volumes.last_mut().expect("there is always a bar being filled") += path.volume_usd[i];
        if path.bar_close[i] {
            volumes.push(0.0);
        }
    }
    let bars = forced[0].iter().zip(&forced[1]).zip(&volumes);
    bars.filter(|(_, volume)| **volume > 0.0)
        .map(|((sold, bought), volume)| (sold + bought) / volume)
        .fold(0.0, f64::max)
}
