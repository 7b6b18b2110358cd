//! Which forced flow of a step was triggered before it.
//!
//! A liquidation is stamped at its fill, a latency after its trigger. Where the latency is shorter than a step, some of
//! a step's fills were triggered inside it, by its own news: they move with what an instrument must not move with. The
//! fills in the first `latency` of a step were triggered before it began, and they alone are predetermined; the others
//! stay in the flow that is explained, not in the instrument. What this costs is strength: about `latency/step` of the
//! forced flow is left. Taking all fills instead, or those of the step before, is [`Choice::All`] and
//! [`Choice::Lagged`], kept to be measured against.

use aftershock_market::MICROS_PER_SECOND;

use crate::clocked::Clocked;
use crate::observed::Observed;

/// Which fills are taken for the instrument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Choice {
    /// Those in the first `latency_s` of a step.
    Predetermined {
        /// Shortest time from a trigger to its fill, s.
        latency_s: f64,
    },
    /// All fills of the step. Predetermined only where the latency is a step or more.
    All,
    /// All fills of the step before.
    Lagged,
}

/// Signed forced flow of each step that was triggered before it, USD, as far as the feed of liquidations shows it.
pub fn predetermined(observed: &Observed, tape: &Clocked, choice: Choice) -> Vec<f64> {
    let steps = tape.len();
    let step_us = (tape.step_s * MICROS_PER_SECOND as f64).round() as i64;
    let within_us = match choice {
        Choice::Predetermined { latency_s } => (latency_s * MICROS_PER_SECOND as f64).floor() as i64,
        Choice::All | Choice::Lagged => step_us,
    };
    let later = i64::from(choice == Choice::Lagged);
    let mut forced_usd = vec![0.0; steps];
    let prints = &observed.liquidations;
    for place in 0..prints.len() {
        // The step (end - length, end] that holds the stamp, and how far into it the stamp lies: (0, length].
        let since = prints.at[place].0 - tape.from.0 - 1;
        let (step, into) = (since.div_euclid(step_us) + later, since.rem_euclid(step_us) + 1);
        let slot = usize::try_from(step).ok().filter(|step| *step < steps);
        if let Some(slot) = slot.filter(|_| into <= within_us) {
            let usd = observed.usd(prints.quantity[place], prints.price_usd[place]);
            forced_usd[slot] += if prints.buys[place] { usd } else { -usd };
        }
    }
    forced_usd
}

#[cfg(test)]
mod tests {
    use super::*;
    use aftershock_market::Timestamp;

    /// Steps of one second, fills at 0.3, 0.9, 1.0 and 1.2 s, a latency of 0.73 s: by hand.
    #[test]
    fn early_fills_alone_are_predetermined() {
        let mut observed = Observed {
            quantity_unit: "quote",
            ..Observed::default()
        };
        for (at_us, usd) in [(300_000, 1.0), (900_000, 2.0), (1_000_000, 4.0), (1_200_000, 8.0)] {
            observed.liquidations.push(Timestamp(at_us), 1.0, usd, false);
        }
        let tape = Clocked {
            step_s: 1.0,
            flow_usd: vec![0.0; 3],
            ..Clocked::default()
        };
        let of = |choice| predetermined(&observed, &tape, choice);
        assert_eq!(of(Choice::Predetermined { latency_s: 0.73 }), [-1.0, -8.0, 0.0]);
        assert_eq!(of(Choice::Predetermined { latency_s: 5.0 }), [-7.0, -8.0, 0.0]);
        assert_eq!(of(Choice::All), [-7.0, -8.0, 0.0]);
        assert_eq!(of(Choice::Lagged), [0.0, -7.0, -8.0]);
    }
}
