//! G17: what comes later changes nothing before.

use std::fmt::Debug;

use aftershock_market::{MICROS_PER_SECOND, Timestamp};
use aftershock_replay::ReplayError;
use aftershock_replay::world::{Channels, Drive, OrderRow, WorldRun, WorldTape};

use super::determinism::digest;
use super::{CheckError, Crash, Finding, Gate, Verdict};
use crate::synth::START;

/// Where the tape is cut, shares of it: in calm, in the fall, in an outage and after it, and near the end.
const CUTS: [f64; 7] = [0.1, 0.3, 0.37, 0.385, 0.42, 0.6, 0.9];

pub(super) fn gate(crash: &Crash) -> Result<Finding, CheckError> {
    Ok(judge(crash, |tape| {
        crash.world(Channels::ALL)?.run(tape, Drive::News)
    })?)
}

/// Runs the whole tape and its beginnings with `run`.
fn judge(
    crash: &Crash,
    run: impl Fn(&WorldTape) -> Result<WorldRun, ReplayError>,
) -> Result<Finding, ReplayError> {
    let whole = run(&crash.tape)?;
    let length_us = f64::from(crash.declared.duration_s) * MICROS_PER_SECOND as f64;
    let (mut rows, mut first) = (0, None);
    for share in CUTS {
        let cut = Timestamp(START.0 + (share * length_us) as i64);
        let part = run(&crash.tape.until(cut))?;
        match differs(&whole, &part) {
            None => {
                rows += part.journal.prices.len() + part.journal.orders.len() + part.journal.entries.len()
            }
            Some(what) => {
                first.get_or_insert_with(|| format!("{what} before {cut}"));
            }
        }
    }
    Ok(Finding {
        gate: Gate::LookAhead,
        figure: match &first {
            None => format!("0 of {rows} rows differ, cut at {} instants", CUTS.len()),
            Some(what) => format!("{what} depend on what comes after it"),
        },
        verdict: Verdict::of(first.is_none()),
    })
}

/// What of a part is not, to the bit, how the whole begins.
fn differs(whole: &WorldRun, part: &WorldRun) -> Option<&'static str> {
    fn begins<T: Debug>(whole: &[T], part: &[T]) -> bool {
        whole.len() >= part.len() && digest(&&whole[..part.len()]) == digest(&part)
    }
    // Whether the null ever came to a trigger is known at the end alone: the one column that looks back.
    let blank = |rows: &[OrderRow]| -> Vec<OrderRow> {
        let rows = rows.iter().cloned();
        rows.map(|row| OrderRow {
            additional: false,
            ..row
        })
        .collect()
    };
    let (all, some) = (&whole.journal, &part.journal);
    let exogenous = |run: &WorldRun| run.exogenous.clone().unwrap_or_default();
    let (all_exogenous, some_exogenous) = (exogenous(whole), exogenous(part));
    let end = part.journal.prices.last().map_or(START, |row| row.at);
    let later = all.prices.get(some.prices.len()).is_none_or(|row| row.at > end);
    let same = [
        ("prices", later && begins(&all.prices, &some.prices)),
        ("rows of the clock", begins(&all.clock, &some.clock)),
        ("orders", begins(&blank(&all.orders), &blank(&some.orders))),
        ("entries", begins(&all.entries, &some.entries)),
        ("what is exogenous", begins(&all_exogenous.0, &some_exogenous.0)),
        ("depths", begins(&all_exogenous.1, &some_exogenous.1)),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;
    use aftershock_replay::world::WorldEvent;

    /// A run that is shown each market's next tick one tick early.
    #[test]
    fn whoever_looks_one_tick_ahead_fails() {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let markets = crash.markets();
        let found = judge(&crash, |tape| {
            let mut early = WorldTape::with_capacity(tape.len());
            let mut next = vec![None; markets];
            let mut events: Vec<_> = (0..tape.len()).map(|place| tape.event(place)).collect();
            for (_, event) in events.iter_mut().rev() {
                if let WorldEvent::Tick {
                    market, log_price, ..
                } = event
                {
                    let later = next[usize::from(*market)].replace(*log_price);
                    *log_price = later.unwrap_or(*log_price);
                }
            }
            for (at, event) in events {
                early.push(at, event);
            }
            crash.world(Channels::ALL)?.run(&early, Drive::News)
        })
        .expect("it runs");
        assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
    }

    /// A run whose world knows how long the tape is.
    #[test]
    fn whoever_knows_the_end_fails() {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let found = judge(&crash, |tape| {
            let knowing = crash.changed(|spec| spec.transfer_s = tape.len() as f64 * 1e-3);
            knowing.world(Channels::ALL)?.run(tape, Drive::News)
        })
        .expect("it runs");
        assert_eq!(found.verdict, Verdict::Fail, "{found:?}");
    }
}
