//! News that falls and comes back: what does not come back with it.

use aftershock_market::Coin;
use aftershock_measure::hysteresis::{Hysteresis, sweep_both_ways};
use aftershock_replay::world::{PriceRow, WorldEvent, WorldRun, WorldTape};

use super::super::{CheckError, Crash};
use super::Measured;
use crate::synth::{Declared, START};

/// Steps down, and as many back.
const STEPS: usize = 8;

/// The crash without its ramp, and in its place steps of news down to the ramp's size and back, all of one length.
fn staircase(declared: &Declared) -> Result<(Crash, WorldTape, f64), CheckError> {
    let size = declared.ramp.size;
    let mut flat = declared.clone();
    flat.ramp.size = 0.0;
    let crash = Crash::new(&flat)?;
    let held_s = f64::from(declared.duration_s) / (2 * STEPS + 1) as f64;
    let mut tape = WorldTape::with_capacity(crash.tape.len());
    for place in 0..crash.tape.len() {
        let (at, mut event) = crash.tape.event(place);
        if let WorldEvent::Tick { log_price, .. } = &mut event {
            let step = (at.seconds_since(START) / held_s).floor() as usize;
            let depth = step.min((2 * STEPS).saturating_sub(step)).min(STEPS);
            *log_price -= size * depth as f64 / STEPS as f64;
        }
        tape.push(at, event);
    }
    Ok((crash, tape, held_s))
}

/// A quantity of the first market at the end of each step, on the way there and on the way back.
fn both_ways(
    run: &WorldRun,
    size: f64,
    held_s: f64,
    quantity: impl Fn(&PriceRow) -> f64,
) -> Result<Hysteresis, CheckError> {
    let rows: Vec<&PriceRow> = run.journal.prices.iter().filter(|row| row.market == 0).collect();
    let depths: Vec<f64> = (0..=STEPS)
        .map(|step| size * step as f64 / STEPS as f64)
        .collect();
    // The deepest step is visited twice by the sweep and held once: it is read at its end both times.
    let mut visited = 0_usize;
    sweep_both_ways(&depths, (), |(), _| {
        let step = if visited <= STEPS { visited } else { visited - 1 };
        visited += 1;
        let end = START.plus_seconds(held_s * (step + 1) as f64);
        let past = rows.partition_point(|row| row.at < end);
        Ok(rows
            .get(past.saturating_sub(1))
            .map_or(f64::NAN, |row| quantity(row)))
    })
}

pub(super) fn measured(declared: &Declared) -> Result<Vec<Measured>, CheckError> {
    let size = declared.ramp.size.abs();
    let (crash, tape, held_s) = staircase(declared)?;
    let run = crash.run_on(&tape)?;
    let start = run
        .journal
        .prices
        .iter()
        .find(|row| row.market == 0)
        .map_or(Coin(1), |row| row.open_interest);
    let interest = both_ways(&run, size, held_s, |row| {
        row.open_interest.to_f64() / start.to_f64()
    })?;
    let offset = both_ways(&run, size, held_s, |row| row.log_price - row.log_null)?;
    let (there, back) = interest.jumps();
    Ok(vec![
        Measured {
            measure: "hysteresis of open interest",
            figure: format!(
                "{:.1} % of it lost at the deepest and {:.1} % when news is back; largest gap between the ways {:.1} %; largest \
                 step there below {:.2} %, back below {:.2} %",
                100.0 * (1.0 - interest.up[STEPS]),
                100.0 * (1.0 - interest.down[0]),
                100.0 * interest.largest_gap(),
                100.0 * there,
                100.0 * back
            ),
            meaning: "news falls in equal steps and comes back: what is closed does not open again by itself, so that the way \
                      back is another one",
        },
        Measured {
            measure: "hysteresis of the price",
            figure: format!(
                "{:.0} bp below its null at the deepest, {:+.0} bp when news is back; largest gap between the ways {:.0} bp",
                -1e4 * offset.up[STEPS],
                1e4 * offset.down[0],
                1e4 * offset.largest_gap()
            ),
            meaning: "what forced flow still does to the price: it decays, so that this gap closes with time",
        },
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;
    use aftershock_replay::world::{Channels, Drive};

    /// News comes back to where it was, and without positions nothing is left of the way.
    #[test]
    fn without_positions_both_ways_are_one() {
        let mut calm = declared(1);
        calm.amplification = crate::synth::Target::Ratio(1.0);
        let (crash, tape, held_s) = staircase(&calm).expect("it is a crash");
        let run = crash
            .world(Channels::ALL)
            .and_then(|world| world.run(&tape, Drive::News))
            .expect("it runs");
        let offset =
            both_ways(&run, 0.08, held_s, |row| row.log_price - row.log_null).expect("there are rows");
        assert_eq!(offset.largest_gap(), 0.0);
        let null = both_ways(&run, 0.08, held_s, |row| row.log_null).expect("there are rows");
        // Noise of 3 % a day over 20 minutes is 0.35 %.
        for (depth, (there, back)) in null.scales.iter().zip(null.up.iter().zip(&null.down)) {
            assert!((there - back).abs() < 0.02, "{depth}");
            assert!((there - null.up[0] + depth).abs() < 0.02, "{depth}");
        }
    }
}
