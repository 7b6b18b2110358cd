//! G15: an exact attribution of the amplification to the world's channels adds up to it.

use aftershock_market::Timestamp;
use aftershock_measure::shapley::{Shapley, shapley};
use aftershock_measure::signature::changes;
use aftershock_measure::variance::realized_variance;
use aftershock_replay::world::{Channels, Drive, WorldRun};

use super::{CheckError, Crash, Finding, Gate, Verdict};

/// Largest difference between the parts and the whole.
const EFFICIENCY: f64 = 1e-12;

/// All subsets of channels on what is exogenous in the crash; the whole is taken from the crash itself.
pub(super) fn gate(crash: &Crash) -> Result<Finding, CheckError> {
    let factual = crash.factual()?;
    let (log_news, depth) = factual
        .exogenous
        .as_ref()
        .expect("a run that news drove returns what was exogenous");
    let players = Channels::NAMES.len();
    let mut values = Vec::with_capacity(1 << players);
    for mask in 0..1 << players {
        let world = crash.world(Channels::from_mask(mask))?;
        let run = world.run(&crash.tape, Drive::Exogenous { log_news, depth })?;
        values.push(log_variance(crash, &run));
    }
    // The null is the run without channels: one definition for the whole and for each of its parts.
    let whole = log_variance(crash, &factual) - values[0];
    Ok(judge(&values, whole, factual.journal.orders.is_empty()))
}

/// Logarithm of the realized variance of all markets on the declared clock.
fn log_variance(crash: &Crash, run: &WorldRun) -> f64 {
    let clock_us = i64::from(crash.declared.amplification_clock_s) * 1_000_000;
    let on_clock = |at: Timestamp| (at.0 - crate::synth::START.0) % clock_us == 0;
    let variance = |market: usize| {
        let rows = run.journal.prices.iter();
        let path: Vec<f64> = rows
            .filter(|row| row.market == market && on_clock(row.at))
            .map(|row| row.log_price)
            .collect();
        realized_variance(&changes(&path, 1))
    };
    libm::log((0..crash.markets()).map(variance).sum())
}

fn judge(values: &[f64], whole: f64, nothing_forced: bool) -> Finding {
    let parts = shapley(Channels::NAMES.len(), |mask| values[mask as usize]);
    let gap = (parts.phi.iter().sum::<f64>() - whole).abs();
    let verdict = if nothing_forced {
        Verdict::NotMeasurable(
            "nothing is forced in this crash, so that there is nothing to attribute".to_owned(),
        )
    } else {
        Verdict::of(gap <= EFFICIENCY)
    };
    Finding {
        gate: Gate::Attribution,
        figure: format!(
            "{gap:.1e} between ln A = {whole:.4} and the sum of parts (first in, last out): {}",
            told(&parts)
        ),
        verdict,
    }
}

fn told(parts: &Shapley) -> String {
    let one = |(place, name): (usize, &&str)| {
        let order = if parts.is_order_dependent(place) == Some(true) {
            ", order-dependent"
        } else {
            ""
        };
        format!(
            "{name} {:.4} ({:.4}, {:.4}{order})",
            parts.phi[place], parts.first_in[place], parts.last_out[place]
        )
    };
    Channels::NAMES
        .iter()
        .enumerate()
        .map(one)
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two channels of three and two, and two more for both together: four and three, by hand.
    fn values() -> Vec<f64> {
        let both = |mask: u32| f64::from(mask & 1) * f64::from(mask >> 1 & 1);
        (0..32_u32)
            .map(|mask| 3.0 * f64::from(mask & 1) + 2.0 * f64::from(mask >> 1 & 1) + 2.0 * both(mask))
            .collect()
    }

    #[test]
    fn parts_by_hand() {
        let found = judge(&values(), 7.0, false);
        assert_eq!(found.verdict, Verdict::Pass);
        assert!(
            found.figure.contains("liquidation 4.0000 (3.0000, 5.0000"),
            "{}",
            found.figure
        );
        assert!(
            found
                .figure
                .contains("depth_withdrawal 3.0000 (2.0000, 4.0000, order-dependent)"),
            "{}",
            found.figure
        );
    }

    /// Where no venue goes down, the run without channels is the journal's null.
    #[test]
    fn the_null_is_the_run_without_channels() {
        let mut calm = crate::check::declared(1);
        calm.venues.truncate(1);
        let crash = Crash::new(&calm).expect("it is a crash");
        let factual = crash.factual().expect("it runs");
        let (log_news, depth) = factual.exogenous.as_ref().expect("news drove");
        let off_book = crash
            .world(Channels::from_mask(0))
            .and_then(|world| world.run(&crash.tape, Drive::Exogenous { log_news, depth }))
            .expect("it runs");
        let rows = factual.journal.prices.iter().zip(&off_book.journal.prices);
        assert!(factual.journal.orders.len() > 100);
        for (row, alone) in rows {
            assert!(
                (row.log_null - alone.log_price).abs() < 1e-12,
                "{row:?} {alone:?}"
            );
        }
    }

    #[test]
    fn parts_that_miss_the_whole_fail() {
        assert_eq!(judge(&values(), 7.0 + 1e-11, false).verdict, Verdict::Fail);
        let mut broken = values();
        broken[31] += 1e-9;
        assert_eq!(judge(&broken, 7.0, false).verdict, Verdict::Fail);
        broken[5] = f64::NAN;
        assert_eq!(judge(&broken, 7.0, false).verdict, Verdict::Fail);
        assert!(matches!(
            judge(&values(), 7.0, true).verdict,
            Verdict::NotMeasurable(_)
        ));
    }
}
