//! What one belief about the world makes of a tape: the loop is closed, forced flow comes of positions.

use aftershock_protocol::RuleSet;
use aftershock_replay::{
    DecayTable, Mechanisms, Mode, Parameters, Path, Replay, ReplayError, Replayed, Silent, lead_in,
};

use crate::known::{CAP, capped, log_ratios, log_variances};

/// Width of the bins in which regenerated forced flow is compared with what was printed, s.
pub(super) const BIN_S: f64 = 60.0;

/// What a belief comes to on a tape.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Closed {
    /// Log amplification against the null off-book, on each clock.
    pub(super) log_amplification: [Option<f64>; 4],
    /// Log variance under a cap of leverage less that under the rules of record.
    pub(super) log_effect: [Option<f64>; 4],
    /// Regenerated forced flow, buying less selling, USD a bin.
    pub(super) forced_usd: Vec<f64>,
}

/// Which waypoints variance is measured on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clock {
    /// Every one; they stand so far apart, s.
    Waypoints(f64),
    /// Those at which bars end; they stand so far apart, s.
    Bars(f64),
}

/// Abducts what is exogenous under `parameters`, and replays it under a cap of leverage.
pub(super) fn closed(
    path: &Path,
    clock: Clock,
    parameters: &Parameters,
    table: &DecayTable,
) -> Result<Closed, ReplayError> {
    let rules = RuleSet::default();
    let record = Replay {
        path,
        parameters,
        table,
        rules: &rules,
    };
    let start = lead_in(&record, &mut Silent)?;
    let abducted = record.run(start, Mode::ABDUCT, &mut Silent)?;
    let forced_usd = binned(path, &abducted);
    let exogenous = abducted.exogenous.unwrap_or_default();
    let from = path.log_price[path.first - 1];
    let variances = |replayed: &[f64]| {
        let kept = replayed.iter().enumerate().filter(|(place, _)| match clock {
            Clock::Waypoints(_) => true,
            Clock::Bars(_) => path.bar_close[path.first + place],
        });
        let whole: Vec<f64> = std::iter::once(from).chain(kept.map(|one| *one.1)).collect();
        let (Clock::Waypoints(step_s) | Clock::Bars(step_s)) = clock;
        log_variances(&whole, step_s)
    };
    let recorded = variances(&path.log_price[path.first..]);

    let mut under = parameters.clone();
    under.mix.classes = capped(&parameters.mix.classes, CAP);
    let under = Replay {
        parameters: &under,
        ..record
    };
    let start = lead_in(&under, &mut Silent)?;
    let mode = Mode::closed_loop(&exogenous, Mechanisms::ALL);
    let under = under.run(start, mode, &mut Silent)?;
    Ok(Closed {
        log_amplification: log_ratios(&recorded, &variances(&exogenous.log_null)),
        log_effect: log_ratios(&variances(&under.log_mark), &recorded),
        forced_usd,
    })
}

/// Forced flow of each bin from the first waypoint on, USD.
fn binned(path: &Path, replayed: &Replayed) -> Vec<f64> {
    let from = path.at[path.first - 1];
    let span_s = path.at[path.len() - 1].seconds_since(from);
    let mut bins = vec![0.0; (span_s / BIN_S).ceil() as usize];
    for order in &replayed.orders {
        let bin = (order.executed_at.seconds_since(from) / BIN_S) as usize;
        if let Some(slot) = bins.get_mut(bin) {
            let sells = order.side == aftershock_market::Side::Long;
            *slot += if sells {
                -order.notional_usd
            } else {
                order.notional_usd
            };
        }
    }
    bins
}
