//! Gates that a fitted impact must pass: G9, G10 and G12 of the method notes, §14.6.

use std::ops::Range;

use aftershock_measure::NotMeasurable;
use aftershock_measure::bootstrap::stationary_bootstrap;
use aftershock_measure::quantile::{median, quantile};
use aftershock_measure::variance::realized_variance;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::form::Prepared;
use super::{ImpactFit, ImpactForm, Path};
use crate::check::Verdict;
use crate::clocked::Clocked;

/// What a gate found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its number, such as `G9`.
    pub gate: &'static str,
    /// What was measured, in words with the number first; empty where nothing could be.
    pub figure: String,
    /// How it ends.
    pub verdict: Verdict,
}

impl Finding {
    fn not_measurable(gate: &'static str, why: impl ToString) -> Self {
        Self {
            gate,
            figure: String::new(),
            verdict: Verdict::NotMeasurable(why.to_string()),
        }
    }
}

/// Horizons of the response function, s.
const HORIZONS_S: [f64; 4] = [1.0, 10.0, 60.0, 600.0];
const RESAMPLES: usize = 399;
const LEAST_R2: f64 = 0.05;

/// G9: on steps that the fit has not seen, the share of squared price changes of 10 s that `Y·Δh` explains against no
/// impact (above 0.05), and the response to signed flow at 1, 10, 60 and 600 s of `Y·h` within the 95 % block-bootstrap
/// band of the recorded one (4 of 4).
///
/// The fit must come from other steps than `held`. Where news moves flow at once, the recorded response holds that news
/// too and a right `Y` lies below the band: a failure may then mean an impact that is right, and a `Y` of least squares
/// comes out better than the true one. On the tapes of [`super::known`] the true impact explains 2 to 5 % of quiet price
/// changes, so that a right fit may also miss 0.05.
///
/// # Panics
/// When `held` does not lie on the tape.
pub fn held_out(tape: &Clocked, path: &Path, y: f64, held: Range<usize>, seed: u64) -> Finding {
    match out_of_sample(tape, path, y, held, seed) {
        Ok((r2, responses)) => {
            let inside = responses
                .iter()
                .filter(|[low, fitted, high]| low <= fitted && fitted <= high);
            let inside = inside.count();
            let told: Vec<String> = (HORIZONS_S.iter().zip(&responses))
                .map(|(horizon, [low, fitted, high])| {
                    let bp = 1e4;
                    format!(
                        "{horizon} s {:.2} in {:.2} to {:.2} bp",
                        fitted * bp,
                        low * bp,
                        high * bp
                    )
                })
                .collect();
            Finding {
                gate: "G9",
                figure: format!(
                    "R² {r2:.3} over 10 s; response {inside} of 4 inside: {}",
                    told.join(", ")
                ),
                verdict: Verdict::of(r2 > LEAST_R2 && inside == HORIZONS_S.len()),
            }
        }
        Err(why) => Finding::not_measurable("G9", why),
    }
}

/// R², and of each horizon the band's lower end, the fitted response, and the upper end.
fn out_of_sample(
    tape: &Clocked,
    path: &Path,
    y: f64,
    held: Range<usize>,
    seed: u64,
) -> Result<(f64, Vec<[f64; 3]>), NotMeasurable> {
    assert!(held.end <= tape.len(), "the held-out steps are not on the tape");
    let steps_in = |seconds: f64| (seconds / tape.step_s).round().max(1.0) as usize;
    let reach = steps_in(HORIZONS_S[3]);
    if held.len() < 4 * reach {
        return Err(NotMeasurable::TooFew {
            found: held.len(),
            needed: 4 * reach,
        });
    }
    // Standing impact at the start of a step is that at the end of the one before.
    let standing = |step: usize| if step == 0 { 0.0 } else { y * path.impact[step - 1] };
    let ten = steps_in(10.0);
    let (mut left, mut all) = (0.0, 0.0);
    for from in held.clone().step_by(ten).filter(|from| from + ten <= held.end) {
        let moved = tape.log_mid[from + ten] - tape.log_mid[from];
        let explained = standing(from + ten) - standing(from);
        all += moved * moved;
        left += (moved - explained) * (moved - explained);
    }
    if all <= 0.0 {
        return Err(NotMeasurable::NoVariation);
    }
    let mut responses = Vec::with_capacity(HORIZONS_S.len());
    for horizon in HORIZONS_S.map(steps_in) {
        let starts = held.start..held.end - horizon;
        let sign = |step: usize| match tape.flow_usd[step] {
            0.0 => 0.0,
            flow => flow.signum(),
        };
        let recorded: Vec<f64> = starts
            .clone()
            .map(|step| sign(step) * (tape.log_mid[step + horizon] - tape.log_mid[step]))
            .collect();
        let n = recorded.len();
        let fitted = starts.map(|step| sign(step) * (standing(step + horizon) - standing(step)));
        let fitted = fitted.sum::<f64>() / n as f64;
        let block = (2 * horizon).max(steps_in(60.0)) as f64;
        let band = stationary_bootstrap(n, block, RESAMPLES, seed, |places| {
            Ok(places.iter().map(|place| recorded[*place]).sum::<f64>() / n as f64)
        })?;
        let end = |share| quantile(&band, share).unwrap_or(f64::NAN);
        responses.push([end(0.025), fitted, end(0.975)]);
    }
    Ok((1.0 - left / all, responses))
}

/// G10: the first-stage F is at least 20; least squares over instrument is printed beside it.
///
/// A strong first stage does not say that a window is free of drift: rows with F in the hundreds are biased by half.
pub fn strength(fit: &ImpactFit) -> Finding {
    match (fit.f, fit.y_ols, fit.y_iv) {
        (Some(f), _, _) if !f.is_finite() => Finding::not_measurable(
            "G10",
            "forced flow falls into so few steps that the first stage has no error",
        ),
        (Some(f), Some(ols), Some(iv)) => Finding {
            gate: "G10",
            figure: format!(
                "first-stage F {f:.1} (median of {} rows); |OLS/IV| {:.2}",
                fit.rows.len(),
                (ols / iv).abs()
            ),
            verdict: Verdict::of(f >= 20.0),
        },
        _ => Finding::not_measurable(
            "G10",
            match &fit.verdict {
                super::Weight::PriorDominated(why) => why.as_str(),
                super::Weight::Measured => "no row was measured",
            },
        ),
    }
}

/// Clock of the variances of G12, s.
const CLOCK_S: f64 = 60.0;
/// How far forced flow is moved, s.
const SHUFFLE_S: f64 = 1_800.0;
/// Number of shuffles.
const SHUFFLES: usize = 19;
/// Share of `A - 1` that must go.
const LEAST_GONE: f64 = 0.8;
/// Amplification less 1 below which the share of it has no meaning.
const LEAST_EXCESS: f64 = 0.02;

/// G12: with every step's forced flow moved by up to half an hour either way, at least 80 % of `A - 1` is gone. `A` is
/// realised variance over that of `p - Y[h(J) - h(J - J^f)]` on a clock of 60 s; the median of 19 shuffles is taken.
///
/// It says that amplification hangs on when flow was forced, and nothing of `Y`: what is shuffled adds variance to the null,
/// so that more than all of `A - 1` goes, at the true `Y` of known tapes and at nearly five times it alike.
///
/// # Panics
/// When `forced_usd` (all forced flow, signed) is not as long as the tape.
pub fn shuffled(tape: &Clocked, form: &ImpactForm, forced_usd: &[f64], y: f64, seed: u64) -> Finding {
    let path = Path::new(tape, form, forced_usd, None);
    let shape = Prepared::new(&form.shape);
    let every = (CLOCK_S / tape.step_s).round().max(1.0) as usize;
    let variance = |log_price: &[f64]| -> f64 {
        let clocked: Vec<f64> = log_price.iter().copied().step_by(every).collect();
        let returns: Vec<f64> = clocked.windows(2).map(|pair| pair[1] - pair[0]).collect();
        realized_variance(&returns)
    };
    let recorded = variance(&tape.log_mid);
    let mut without = Clocked {
        flow_usd: vec![0.0; tape.len()],
        ..tape.clone()
    };
    let nothing = vec![0.0; tape.len()];
    let mut amplification = |forced: &[f64]| {
        without.flow_usd.copy_from_slice(forced);
        let own = Path::new(&without, form, &nothing, None);
        let mut null = tape.log_mid.clone();
        for (step, price) in null.iter_mut().skip(1).enumerate() {
            let other = path.standing_usd[step] - own.standing_usd[step];
            *price -= y * (path.impact[step] - shape.log_impact(other));
        }
        recorded / variance(&null)
    };
    let excess = amplification(forced_usd) - 1.0;
    if !excess.is_finite() || excess.abs() < LEAST_EXCESS {
        return Finding::not_measurable(
            "G12",
            format!("A - 1 is {excess:.3}, below {LEAST_EXCESS}: too little to disappear"),
        );
    }
    let reach = (SHUFFLE_S / tape.step_s).round() as i64;
    let last = tape.len() as i64 - 1;
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut moved = vec![0.0; tape.len()];
    let mut left = Vec::with_capacity(SHUFFLES);
    for _ in 0..SHUFFLES {
        moved.fill(0.0);
        for (step, usd) in forced_usd.iter().enumerate().filter(|(_, usd)| **usd != 0.0) {
            let to = (step as i64 + rng.random_range(-reach..=reach)).clamp(0, last);
            moved[to as usize] += usd;
        }
        left.push(amplification(&moved) - 1.0);
    }
    let left = median(&left).unwrap_or(f64::NAN);
    let gone = 1.0 - left / excess;
    Finding {
        gate: "G12",
        figure: format!(
            "{:.0} % of A - 1 = {excess:.3} disappears; {left:.3} is left",
            100.0 * gone
        ),
        verdict: Verdict::of(gone >= LEAST_GONE),
    }
}

#[cfg(test)]
mod tests;
