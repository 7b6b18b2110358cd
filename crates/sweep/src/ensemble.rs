//! All draws of an episode under all rule sets, paired: each draw abducts once and serves every rule set.
//!
//! A draw may hold a market in which a rule set lets forced flow feed on itself without end. Its replay has no outcome: it
//! is counted, gate G19 tells which it was, and no row of it is left. The record always ends, since its price is given.

use aftershock_calibrate::Draw;
use aftershock_market::journal::{
    AmplificationRow, Journal, OutcomeRow, OwnAccountRow, ParameterRow, QuietDayRow, ShapleyRow,
};
use aftershock_market::{BarOrder, Cash, Coin, Timestamp};
use aftershock_measure::shapley::shapley;
use aftershock_protocol::RuleSet;
use aftershock_replay::{
    DecayTable, Exogenous, Mechanisms, Mode, Observer, Path, Replay, ReplayError, Replayed, Silent, lead_in,
};
use aftershock_rules::{Hold, RuleSetFile};
use rayon::prelude::*;

use crate::journal::Scribe;
use crate::measured::{Closes, Limits, amplification, outcome, quiet_days};
use crate::own::{OwnBook, Watch};
use crate::{Case, SweepError, assumptions, shock, spread, verdicts};

/// Declared overlaps at which the outcome of a rule set that depends on it is drawn.
pub(crate) const OVERLAPS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
/// Draws of which the ensemble's parallel result is computed again on one thread.
const RECOMPUTED: u32 = 3;
/// Share of an ensemble's replays that may run away before nothing can be said of its spread, whose ends are 5 and 95 %.
const MOST_RUNAWAYS: f64 = 0.05;
pub(crate) const MECHANISMS: [&str; 2] = ["liquidation", "depth_withdrawal"];

/// Told after every draw and order: `(done, of)`.
pub type Progress<'a> = &'a (dyn Fn(u64, u64) + Sync);

/// What one replay left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measured {
    pub(crate) outcome: OutcomeRow,
    pub(crate) amplification: Vec<AmplificationRow>,
    pub(crate) shapley: Vec<ShapleyRow>,
    /// Log marks and nulls at bar closes, forced selling and buying in each bar.
    pub(crate) marks: Vec<f64>,
    pub(crate) nulls: Vec<f64>,
    pub(crate) forced: [Vec<f64>; 2],
    pub(crate) imbalance: (Coin, Cash),
    /// Worst |sum - whole| of the attributions.
    pub(crate) inefficiency: f64,
    pub(crate) own: Vec<OwnAccountRow>,
    pub(crate) quiet_days: Vec<QuietDayRow>,
}

/// Where forced flow had brought the price when it was seen to feed on itself without end.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Runaway {
    pub(crate) at: Timestamp,
    pub(crate) usd: f64,
}

/// What one replay came to.
pub(crate) type Ended = Result<Measured, Runaway>;

pub(crate) struct Job {
    pub(crate) draw: Draw,
    pub(crate) order: BarOrder,
}

/// Replays every draw and intra-bar order under every rule set; one journal a rule set, in the order given.
///
/// # Errors
/// The first replay that stops, by rule set and draw; also where the central draw runs away, or more of the others than
/// the ends of an interval can bear.
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
    let open_interest_usd: Vec<f64> = jobs
        .iter()
        .step_by(BarOrder::BOTH.len())
        .map(|job| job.draw.parameters.open_interest_usd)
        .collect();
    let mut journals = Vec::new();
    for (set, rule_set) in rule_sets.iter().enumerate() {
        bearable(rule_set, &jobs, &results, set)?;
        let mut journal = central(case, &table, &jobs[..2], rule_set, &pools)?;
        for (job, result) in jobs.iter().zip(&results) {
            if let Ok(measured) = &result.sets[set] {
                journal.outcomes.push(measured.outcome.clone());
                journal
                    .amplification
                    .extend(measured.amplification.iter().cloned());
                journal.shapley.extend(measured.shapley.iter().cloned());
                journal.own_accounts.extend(measured.own.iter().cloned());
                journal.quiet_days.extend(measured.quiet_days.iter().cloned());
            }
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
        journal.bands = spread::bands(case, set, &results);
        if let Some(curve) = curves.iter().position(|one| *one == set) {
            journal.overlap_curve = spread::overlap_curve(case, curve, &results);
        }
        let halts = journal.outcomes.iter().any(|one| one.halted_s > 0.0);
        journal.assumptions = assumptions::of(case, rule_set, &open_interest_usd, halts);
        journal.gates = verdicts::of(case, &table, &jobs, rule_set, set, &results, (again, same))?;
        journals.push(journal);
    }
    Ok(journals)
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct JobResult {
    pub(crate) sets: Vec<Ended>,
    /// For each rule set with a declared overlap, the outcome at each of [`OVERLAPS`].
    pub(crate) curves: Vec<Vec<Ended>>,
}

/// Whether so few replays ran away that the others tell the spread.
fn bearable(
    rule_set: &RuleSetFile,
    jobs: &[Job],
    results: &[JobResult],
    set: usize,
) -> Result<(), SweepError> {
    let lost = results.iter().filter(|result| result.sets[set].is_err()).count();
    let first = jobs
        .iter()
        .zip(results)
        .find_map(|(job, result)| Some((job, result.sets[set].as_ref().err()?)));
    match first {
        Some((job, runaway)) if lost as f64 > MOST_RUNAWAYS * results.len() as f64 => Err(SweepError {
            rule_set: rule_set.name.clone(),
            draw: job.draw.number,
            cause: ReplayError::Runaway {
                at: runaway.at,
                usd: runaway.usd,
            },
        }),
        _ => Ok(()),
    }
}

/// A replay that runs away is an answer; that of the central draw, of which every row is told, is an error.
fn ended<T>(job: &Job, replayed: Result<T, ReplayError>) -> Result<Result<T, Runaway>, ReplayError> {
    match replayed {
        Ok(replayed) => Ok(Ok(replayed)),
        Err(ReplayError::Runaway { at, usd }) if job.draw.number > 0 => Ok(Err(Runaway { at, usd })),
        Err(error) => Err(error),
    }
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
    let exogenous = exogenous(case, path, &abducted);

    let mut sets = Vec::with_capacity(rule_sets.len());
    for rule_set in rule_sets {
        let is_history = is_history(case, rule_set);
        let replayed = match case.own {
            None if is_history => Ok((abducted.clone(), Vec::new())),
            None => under(
                case,
                table,
                job,
                rule_set,
                rule_set.overlap,
                &exogenous,
                &mut Silent,
            )
            .map(|replayed| (replayed, Vec::new())),
            Some(own) => followed(case, own, table, job, rule_set, &exogenous),
        };
        let (replayed, own) = match ended(job, replayed).map_err(fail(&rule_set.name))? {
            Ok(replayed) => replayed,
            Err(runaway) => {
                sets.push(Err(runaway));
                continue;
            }
        };
        let frozen = Mode::closed_loop(&exogenous, Mechanisms::from_mask(1));
        let frozen = is_history
            .then(|| history.run(start.clone(), frozen, &mut Silent))
            .transpose()
            .map_err(fail(&rule_set.name))?;
        let mut measured = measure(case, job, path, &replayed, &exogenous, rule_set, frozen.as_ref());
        measured.own = own;
        sets.push(Ok(measured));
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
            let replayed = under(case, table, job, rule_set, Some(overlap), &exogenous, &mut Silent);
            let replayed = ended(job, replayed).map_err(fail(&rule_set.name))?;
            points.push(
                replayed.map(|replayed| measure(case, job, path, &replayed, &exogenous, rule_set, None)),
            );
        }
        curve_results.push(points);
    }
    Ok(JobResult {
        sets,
        curves: curve_results,
    })
}

/// Whether the record itself is what is replayed: the rules of record, and nothing made up.
fn is_history(case: &Case<'_>, rule_set: &RuleSetFile) -> bool {
    rule_set.is_record() && case.shock.is_none()
}

/// What is exogenous: abducted from the record, and moved where the price is shocked.
fn exogenous(case: &Case<'_>, path: &Path, abducted: &Replayed) -> Exogenous {
    let mut exogenous = abducted.exogenous.clone().unwrap_or_default();
    if let Some(shock) = case.shock {
        shock::add(shock, case.from, path, &mut exogenous);
    }
    exogenous
}

/// The same exogenous inputs under a rule set; the record, where it is what is replayed.
fn under(
    case: &Case<'_>,
    table: &DecayTable,
    job: &Job,
    rule_set: &RuleSetFile,
    overlap: Option<f64>,
    exogenous: &Exogenous,
    observer: &mut dyn Observer,
) -> Result<Replayed, ReplayError> {
    let mut parameters = job.draw.parameters.clone();
    parameters.overlap = overlap.unwrap_or(0.0);
    parameters.hold_equity = rule_set.hold == Hold::Equity;
    if let Some(brackets) = &rule_set.brackets {
        parameters.brackets = brackets.clone();
    }
    let replay = Replay {
        path: case.recorded.path(job.order),
        parameters: &parameters,
        table,
        rules: &rule_set.rules,
    };
    let start = lead_in(&replay, observer)?;
    let mode = if is_history(case, rule_set) {
        Mode::ABDUCT
    } else {
        Mode::closed_loop(exogenous, Mechanisms::ALL)
    };
    replay.run(start, mode, observer)
}

/// A replay with the user's accounts followed through it.
fn followed(
    case: &Case<'_>,
    own: &OwnBook,
    table: &DecayTable,
    job: &Job,
    rule_set: &RuleSetFile,
    exogenous: &Exogenous,
) -> Result<(Replayed, Vec<OwnAccountRow>), ReplayError> {
    let parameters = &job.draw.parameters;
    let mut watch = Watch::new(
        own.accounts(),
        rule_set.brackets.as_ref().unwrap_or(&parameters.brackets),
        &rule_set.rules,
        parameters.latency_s,
    );
    let replayed = under(
        case,
        table,
        job,
        rule_set,
        rule_set.overlap,
        exogenous,
        &mut watch,
    )?;
    Ok((replayed, watch.rows(job.draw.number, job.order)?))
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
        longest_halt_s: replayed.totals.longest_halt_s,
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
        outcome: outcome(
            key,
            path,
            replayed,
            &exogenous.log_null,
            open_interest_usd,
            (
                rule_set
                    .brackets
                    .as_ref()
                    .unwrap_or(&job.draw.parameters.brackets),
                &job.draw.parameters.mix,
            ),
        ),
        amplification,
        shapley: attributions,
        marks: mark.log_price[1..].to_vec(),
        nulls: null.log_price[1..].to_vec(),
        forced: forced_by_bar(path, replayed),
        imbalance: replayed.totals.imbalance,
        inefficiency,
        own: Vec::new(),
        quiet_days: if case.quiet && is_history(case, rule_set) {
            quiet_days(case, key, &mark, &null)
        } else {
            Vec::new()
        },
    }
}

/// Forced selling and buying in each replayed bar, USD.
fn forced_by_bar(path: &Path, replayed: &Replayed) -> [Vec<f64>; 2] {
    let ends: Vec<Timestamp> = (path.first..path.len())
        .filter(|i| path.bar_close[*i])
        .map(|i| path.at[i])
        .collect();
    let mut forced = [vec![0.0; ends.len()], vec![0.0; ends.len()]];
    for order in &replayed.orders {
        let bar = ends.partition_point(|end| *end < order.executed_at);
        if let Some(slot) = forced[order.side.index()].get_mut(bar) {
            *slot += order.notional_usd;
        }
    }
    forced
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
        let abducted = history.run(start, Mode::ABDUCT, &mut Silent).map_err(fail)?;
        let exogenous = exogenous(case, path, &abducted);
        let mut scribe = Scribe::new(path, job.order, pools, case.context.venues);
        let replayed = under(
            case,
            table,
            job,
            rule_set,
            rule_set.overlap,
            &exogenous,
            &mut scribe,
        )
        .map_err(fail)?;
        scribe.end(&replayed);
        journal.prices.append(&mut scribe.rows.prices);
        journal.forced_orders.append(&mut scribe.rows.forced_orders);
        journal.interventions.append(&mut scribe.rows.interventions);
        journal.margins.append(&mut scribe.rows.margins);
        journal.account_states.append(&mut scribe.rows.account_states);
        journal.fund_balances.append(&mut scribe.rows.fund_balances);
    }
    Ok(journal)
}
