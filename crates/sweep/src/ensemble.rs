//! All draws of an episode under all rule sets, paired: each draw abducts once and serves every rule set.

use aftershock_calibrate::{Draw, gates};
use aftershock_market::journal::{
    AmplificationRow, BandRow, GateRow, Journal, OutcomeRow, OverlapRow, ParameterRow, ShapleyRow,
};
use aftershock_market::{BarOrder, Cash, Coin, Side};
use aftershock_measure::quantile::{median, quantile};
use aftershock_measure::shapley::shapley;
use aftershock_protocol::RuleSet;
use aftershock_replay::{
    DecayTable, Exogenous, Mechanisms, Mode, Observer, Path, Replay, ReplayError, Replayed, Silent, lead_in,
};
use aftershock_rules::RuleSetFile;
use rayon::prelude::*;

use crate::journal::Scribe;
use crate::measured::{Closes, Limits, amplification, outcome};
use crate::{Case, DRAWS_FOR_INTERVAL, SweepError, assumptions};

/// Declared overlaps at which the outcome of a rule set that depends on it is drawn.
const OVERLAPS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Draws of which the ensemble's parallel result is computed again on one thread.
const RECOMPUTED: u32 = 3;
const MECHANISMS: [&str; 2] = ["liquidation", "depth_withdrawal"];

/// Told after every draw and order: `(done, of)`.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// What one replay left.
#[derive(Clone, Debug, PartialEq)]
struct Measured {
    outcome: OutcomeRow,
    amplification: Vec<AmplificationRow>,
    shapley: Vec<ShapleyRow>,
    /// Log marks and nulls at bar closes, forced selling and buying in each bar.
    marks: Vec<f64>,
    nulls: Vec<f64>,
    forced: [Vec<f64>; 2],
    imbalance: (Coin, Cash),
    /// Worst |sum - whole| of the attributions.
    inefficiency: f64,
}

struct Job {
    draw: Draw,
    order: BarOrder,
}

/// Replays every draw and intra-bar order under every rule set; one journal a rule set, in the order given.
///
/// # Errors
/// The first replay that stops, by rule set and draw.
pub fn ensemble(
    case: &Case<'_>,
    rule_sets: &[&RuleSetFile],
    progress: Progress<'_>,
) -> Result<Vec<Journal>, SweepError> {
    let table = case.priors.decay_table();
    let jobs: Vec<Job> = (0..=case.draws)
        .flat_map(|number| {
            let draw = case
                .priors
                .draw(case.episode, case.seed, number, case.recorded, case.brackets);
            BarOrder::BOTH.map(|order| Job {
                draw: draw.clone(),
                order,
            })
        })
        .collect();
    let curves: Vec<usize> = (0..rule_sets.len())
        .filter(|set| rule_sets[*set].overlap.is_some())
        .collect();
    let of = jobs.len() as u64;
    let done = std::sync::atomic::AtomicU64::new(0);

    let results: Vec<JobResult> = jobs
        .par_iter()
        .map(|job| {
            let result = run_job(case, &table, job, rule_sets, &curves);
            let done = done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1;
            progress(done, of);
            result
        })
        .collect::<Result<_, _>>()?;

    let again = RECOMPUTED.min(case.draws + 1) as usize * 2;
    let mut same = true;
    for (job, parallel) in jobs.iter().zip(&results).take(again) {
        same &= run_job(case, &table, job, rule_sets, &curves)? == *parallel;
    }

    let pools = case.priors.pools();
    let mut journals = Vec::new();
    for (set, rule_set) in rule_sets.iter().enumerate() {
        let mut journal = central(case, &table, &jobs[..2], rule_set, &pools)?;
        for (job, result) in jobs.iter().zip(&results) {
            let measured = &result.sets[set];
            journal.outcomes.push(measured.outcome.clone());
            journal
                .amplification
                .extend(measured.amplification.iter().cloned());
            journal.shapley.extend(measured.shapley.iter().cloned());
            if job.order == BarOrder::HighFirst {
                journal
                    .parameters
                    .extend(job.draw.values.iter().map(|(name, value)| ParameterRow {
                        draw: job.draw.number as i32,
                        name,
                        value: *value,
                    }));
            }
        }
        journal.bands = bands(case, set, &results);
        if let Some(curve) = curves.iter().position(|one| *one == set) {
            journal.overlap_curve = overlap_curve(case, curve, &results);
        }
        journal.assumptions = assumptions::of(case, rule_set);
        journal.gates = gates_of(case, &table, &jobs, rule_set, set, &results, (again, same))?;
        journals.push(journal);
    }
    Ok(journals)
}

#[derive(Clone, Debug, PartialEq)]
struct JobResult {
    sets: Vec<Measured>,
    /// For each rule set with a declared overlap, the outcome at each of [`OVERLAPS`].
    curves: Vec<Vec<Measured>>,
}

fn run_job(
    case: &Case<'_>,
    table: &DecayTable,
    job: &Job,
    rule_sets: &[&RuleSetFile],
    curves: &[usize],
) -> Result<JobResult, SweepError> {
    let fail = |rule_set: &str| {
        let (rule_set, draw) = (rule_set.to_owned(), job.draw.number);
        move |cause| SweepError {
            rule_set,
            draw,
            cause,
        }
    };
    let path = case.recorded.path(job.order);
    let record = RuleSet::default();
    let history = Replay {
        path,
        parameters: &job.draw.parameters,
        table,
        rules: &record,
    };
    let start = lead_in(&history, &mut Silent).map_err(fail("record"))?;
    let abducted = history
        .run(start.clone(), Mode::ABDUCT, &mut Silent)
        .map_err(fail("record"))?;
    let exogenous = abducted.exogenous.clone().unwrap_or_default();

    let mut sets = Vec::with_capacity(rule_sets.len());
    for rule_set in rule_sets {
        let measured = if rule_set.rules.is_record() {
            let frozen = Mode::closed_loop(&exogenous, Mechanisms::from_mask(1));
            let frozen = history
                .run(start.clone(), frozen, &mut Silent)
                .map_err(fail(&rule_set.name))?;
            measure(case, job, path, &abducted, &exogenous, rule_set, Some(&frozen))
        } else {
            let replayed = counterfactual(
                table,
                path,
                job,
                rule_set,
                rule_set.overlap,
                &exogenous,
                &mut Silent,
            )
            .map_err(fail(&rule_set.name))?;
            measure(case, job, path, &replayed, &exogenous, rule_set, None)
        };
        sets.push(measured);
    }
    let mut curve_results = Vec::with_capacity(curves.len());
    for &set in curves {
        let rule_set = rule_sets[set];
        let mut points = Vec::with_capacity(OVERLAPS.len());
        for overlap in OVERLAPS {
            if Some(overlap) == rule_set.overlap {
                points.push(sets[set].clone());
                continue;
            }
            let replayed = counterfactual(table, path, job, rule_set, Some(overlap), &exogenous, &mut Silent)
                .map_err(fail(&rule_set.name))?;
            points.push(measure(case, job, path, &replayed, &exogenous, rule_set, None));
        }
        curve_results.push(points);
    }
    Ok(JobResult {
        sets,
        curves: curve_results,
    })
}

/// The same exogenous inputs under other rules.
fn counterfactual<O: Observer>(
    table: &DecayTable,
    path: &Path,
    job: &Job,
    rule_set: &RuleSetFile,
    overlap: Option<f64>,
    exogenous: &Exogenous,
    observer: &mut O,
) -> Result<Replayed, ReplayError> {
    let mut parameters = job.draw.parameters.clone();
    parameters.overlap = overlap.unwrap_or(0.0);
    let replay = Replay {
        path,
        parameters: &parameters,
        table,
        rules: &rule_set.rules,
    };
    let start = lead_in(&replay, observer)?;
    replay.run(start, Mode::closed_loop(exogenous, Mechanisms::ALL), observer)
}

fn measure(
    case: &Case<'_>,
    job: &Job,
    path: &Path,
    replayed: &Replayed,
    exogenous: &Exogenous,
    rule_set: &RuleSetFile,
    frozen_depth: Option<&Replayed>,
) -> Measured {
    let key = (job.draw.number, job.order);
    let recorded = Closes::new(path, &path.log_price[path.first..]);
    let mark = Closes::new(path, &replayed.log_mark);
    let null = Closes::new(path, &exogenous.log_null);
    let limits = Limits {
        fastest_s: rule_set.rules.fastest_s(),
        halted: replayed.totals.reopening_gap_log.is_some(),
    };
    let amplification = amplification(case, key, &recorded, &mark, &null, limits);
    let mut inefficiency = 0.0_f64;
    let mut attributions = Vec::new();
    if let Some(frozen_depth) = frozen_depth {
        let frozen = Closes::new(path, &frozen_depth.log_mark);
        let at_frozen_depth = self::amplification(case, key, &recorded, &frozen, &null, limits);
        for (all, frozen) in amplification.iter().zip(&at_frozen_depth) {
            let (Some(all_on), Some(depth_frozen)) = (all.amplification, frozen.amplification) else {
                continue;
            };
            // Depth acts only on forced flow, so that without liquidations it is worth nothing.
            let value = [0.0, libm::log(depth_frozen), 0.0, libm::log(all_on)];
            let split = shapley(2, |mask| value[mask as usize]);
            inefficiency = inefficiency.max((split.phi.iter().sum::<f64>() - split.total).abs());
            attributions.extend((0..2).map(|k| ShapleyRow {
                draw: key.0 as i32,
                bar_order: key.1,
                clock_s: all.clock_s,
                mechanism: MECHANISMS[k],
                phi: split.phi[k],
                first_in: split.first_in[k],
                last_out: split.last_out[k],
                log_amplification: split.total,
            }));
        }
    }
    let open_interest_usd =
        replayed.totals.open_interest_before.to_f64() * libm::exp(path.log_price[path.first - 1]);
    Measured {
        outcome: outcome(key, path, replayed, &exogenous.log_null, open_interest_usd),
        amplification,
        shapley: attributions,
        marks: mark.log_price[1..].to_vec(),
        nulls: null.log_price[1..].to_vec(),
        forced: forced_by_bar(path, replayed),
        imbalance: replayed.totals.imbalance,
        inefficiency,
    }
}

/// Forced selling and buying in each replayed bar, USD.
fn forced_by_bar(path: &Path, replayed: &Replayed) -> [Vec<f64>; 2] {
    let mut bar_of = Vec::with_capacity(path.len() - path.first);
    let mut bar = 0;
    for i in path.first..path.len() {
        bar_of.push(bar);
        bar += usize::from(path.bar_close[i]);
    }
    let mut forced = [vec![0.0; bar], vec![0.0; bar]];
    for (index, side, usd) in &replayed.executions {
        if let Some(slot) = forced[side.index()].get_mut(bar_of[index - path.first]) {
            *slot += usd;
        }
    }
    forced
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

/// The central draw again, both orders, with every row written down.
fn central(
    case: &Case<'_>,
    table: &DecayTable,
    jobs: &[Job],
    rule_set: &RuleSetFile,
    pools: &[String],
) -> Result<Journal, SweepError> {
    let mut journal = Journal::default();
    for job in jobs {
        let path = case.recorded.path(job.order);
        let fail = |cause| SweepError {
            rule_set: rule_set.name.clone(),
            draw: 0,
            cause,
        };
        let record = RuleSet::default();
        let history = Replay {
            path,
            parameters: &job.draw.parameters,
            table,
            rules: &record,
        };
        let start = lead_in(&history, &mut Silent).map_err(fail)?;
        let mut scribe = Scribe::new(path, job.order, pools, case.context.venues);
        if rule_set.rules.is_record() {
            history.run(start, Mode::ABDUCT, &mut scribe).map_err(fail)?;
        } else {
            let exogenous = history
                .run(start, Mode::ABDUCT, &mut Silent)
                .map_err(fail)?
                .exogenous
                .unwrap_or_default();
            counterfactual(
                table,
                path,
                job,
                rule_set,
                rule_set.overlap,
                &exogenous,
                &mut scribe,
            )
            .map_err(fail)?;
        }
        journal.prices.append(&mut scribe.rows.prices);
        journal.forced_orders.append(&mut scribe.rows.forced_orders);
        journal.interventions.append(&mut scribe.rows.interventions);
        journal.margins.append(&mut scribe.rows.margins);
        journal.fund_balances.append(&mut scribe.rows.fund_balances);
    }
    Ok(journal)
}

/// Spread over draws and orders at every bar close; the central draw is left out where there is an ensemble.
fn bands(case: &Case<'_>, set: usize, results: &[JobResult]) -> Vec<BandRow> {
    let drawn: Vec<&Measured> = results
        .iter()
        .skip(if case.draws > 0 { 2 } else { 0 })
        .map(|result| &result.sets[set])
        .collect();
    let wide = case.draws >= DRAWS_FOR_INTERVAL;
    type Series<'a> = (&'static str, bool, Box<dyn Fn(&Measured, usize) -> f64 + 'a>);
    let series: [Series<'_>; 4] = [
        ("mark_usd", true, Box::new(|one, bar| one.marks[bar])),
        ("null_usd", true, Box::new(|one, bar| one.nulls[bar])),
        (
            "forced_sell_usd",
            false,
            Box::new(|one, bar| one.forced[Side::Long.index()][bar]),
        ),
        (
            "forced_buy_usd",
            false,
            Box::new(|one, bar| one.forced[Side::Short.index()][bar]),
        ),
    ];
    let mut rows = Vec::with_capacity(4 * case.recorded.close_at.len());
    for (bar, event_at) in case.recorded.close_at.iter().enumerate() {
        for (name, is_log, value) in &series {
            let mut values: Vec<f64> = drawn.iter().map(|one| value(one, bar)).collect();
            values.sort_by(f64::total_cmp);
            let at = |share| {
                let value = quantile(&values, share).unwrap_or(f64::NAN);
                if *is_log { libm::exp(value) } else { value }
            };
            rows.push(BandRow {
                event_at: *event_at,
                series: name,
                p05: wide.then(|| at(0.05)),
                p50: at(0.5),
                p95: wide.then(|| at(0.95)),
            });
        }
    }
    rows
}

/// Medians over draws and orders at each declared overlap.
fn overlap_curve(case: &Case<'_>, curve: usize, results: &[JobResult]) -> Vec<OverlapRow> {
    let mut rows = Vec::new();
    for (point, overlap) in OVERLAPS.iter().enumerate() {
        let measured: Vec<&Measured> = results
            .iter()
            .skip(if case.draws > 0 { 2 } else { 0 })
            .map(|result| &result.curves[curve][point])
            .collect();
        let middle = |value: &dyn Fn(&Measured) -> f64| {
            median(&measured.iter().map(|one| value(one)).collect::<Vec<f64>>()).unwrap_or(f64::NAN)
        };
        for (index, clock_s) in case.clocks_s().into_iter().enumerate() {
            let amplifications: Vec<f64> = measured
                .iter()
                .filter_map(|one| one.amplification[index].amplification)
                .collect();
            rows.push(OverlapRow {
                overlap: *overlap,
                clock_s,
                mark_drawdown: middle(&|one| one.outcome.mark_drawdown),
                amplification: (amplifications.len() == measured.len())
                    .then(|| median(&amplifications))
                    .flatten(),
                forced_sell_usd: middle(&|one| one.outcome.forced_sell_usd),
                bad_debt_usd: middle(&|one| one.outcome.bad_debt_usd),
            });
        }
    }
    rows
}

fn gates_of(
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
    let sets = || results.iter().map(|result| &result.sets[set]);
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
        gates::conservation(results.len(), worst),
        gates::anchored_identity(case.seed).map_err(fail)?,
        gates::goldens(),
        gates::efficiency(inefficiency, attributions),
        gates::no_look_ahead(path, central, table, &rule_set.rules).map_err(fail)?,
    ];
    let busiest = results[..2]
        .iter()
        .zip(jobs)
        .map(|(result, job)| busiest_bar(case.recorded.path(job.order), &result.sets[set].forced));
    gates.push(gates::plausible_volume(busiest.fold(0.0, f64::max)));
    gates.extend(gates::out_of_reach());
    gates.sort_by_key(|row| row.gate[1..].parse::<u32>().unwrap_or(u32::MAX));
    Ok(gates)
}
