//! A self-exciting process of events: its likelihood, its fit, and the branching ratio that describes a record.
//!
//! Intensity `λ(t) = μ(t) + Σ_{t_i<t} Σ_m α_m·e^{−β_m(t−t_i)}` in events per second; branching ratio `n = Σα_m/β_m`.
//!
//! The ratio is descriptive, never a headline. It cannot tell an event that caused another from two with a common
//! cause. A rate that changes and is fitted as constant pushes `n` towards 1 (Filimonov and Sornette 2012), hence the
//! knots; knots closer together than the memory of the process take excitation for rate and push `n` towards 0. A
//! kernel of few exponentials over a short window misses slow memory: with a power law over days `n` comes out near 1
//! on the same kind of record on which short exponentials give 0.3 to 0.7 (Hardiman, Bercot and Bouchaud 2013).

use crate::intensity::Parts;
use crate::not_measurable::{NotMeasurable, require_finite};

/// One exponential of the kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Exponential {
    /// `α`, events per second that an event adds at once.
    pub jump_per_s: f64,
    /// `β`, per second, the rate at which that fades.
    pub decay_per_s: f64,
}

/// A self-exciting process over a window from 0 to `end_s`.
#[derive(Debug, Clone, PartialEq)]
pub struct Hawkes {
    /// `μ`, events per second, at knots evenly spaced from 0 to `end_s` and linear between; one value is a constant.
    pub baseline_per_s: Vec<f64>,
    /// The exponentials of the kernel; none is a Poisson process.
    pub kernel: Vec<Exponential>,
    /// Length of the window, seconds.
    pub end_s: f64,
}

/// A fitted process.
#[derive(Debug, Clone, PartialEq)]
pub struct HawkesFit {
    /// The most likely process.
    pub process: Hawkes,
    /// Its log likelihood, with times in seconds.
    pub log_likelihood: f64,
}

impl Hawkes {
    /// Branching ratio `n = Σα_m/β_m`: events that one event brings about directly, no unit.
    pub fn branching_ratio(&self) -> f64 {
        self.kernel.iter().map(|e| e.jump_per_s / e.decay_per_s).sum()
    }

    /// Log likelihood `Σ ln λ(t_i) − ∫λ` of events at `times_s` under this process.
    ///
    /// Minus infinity where an event falls where the intensity is 0.
    ///
    /// # Errors
    /// Without an event, where times are not finite, do not increase or lie outside [0, `end_s`].
    ///
    /// # Panics
    /// When there is no baseline or the window is not longer than 0.
    pub fn log_likelihood(&self, times_s: &[f64]) -> Result<f64, NotMeasurable> {
        require_times(times_s, self.end_s)?;
        let decays: Vec<f64> = self.kernel.iter().map(|e| e.decay_per_s).collect();
        let parts = Parts::new(times_s, self.end_s, &decays, self.baseline_per_s.len());
        let jumps = self.kernel.iter().map(|e| e.jump_per_s);
        let weights: Vec<f64> = self.baseline_per_s.iter().copied().chain(jumps).collect();
        Ok(parts.log_likelihood(&weights))
    }
}

/// The most likely process with kernels of the given decay rates and a baseline with the given number of knots.
///
/// With the decay rates fixed, the likelihood is concave in everything else, so the answer is the only one. It is
/// found by repeated attribution: every event is shared among baseline and earlier events as the intensity now says,
/// and each part is set to what it was attributed (the expectation–maximisation of a mixture); the likelihood never
/// falls on the way. Evenly spaced logarithms, such as 0.01, 0.1, 1 and 10 per second, stand for a slow kernel.
///
/// # Errors
/// Below two events or fewer events than parts, where times are not finite, do not increase strictly (merge events
/// stamped alike into one) or lie outside [0, `end_s`], and where the fit does not arrive.
///
/// # Panics
/// When there is no knot, the window is not longer than 0, or a decay rate is not above zero.
pub fn fit(
    times_s: &[f64],
    end_s: f64,
    decays_per_s: &[f64],
    knots: usize,
) -> Result<HawkesFit, NotMeasurable> {
    require_times(times_s, end_s)?;
    let needed = (knots + decays_per_s.len()).max(2);
    require_finite(times_s, needed)?;
    let parts = Parts::new(times_s, end_s, decays_per_s, knots);
    let weights = parts.most_likely()?;
    let (baseline, jumps) = weights.split_at(knots);
    let exponential = |(&jump_per_s, &decay_per_s)| Exponential {
        jump_per_s,
        decay_per_s,
    };
    Ok(HawkesFit {
        log_likelihood: parts.log_likelihood(&weights),
        process: Hawkes {
            baseline_per_s: baseline.to_vec(),
            kernel: jumps.iter().zip(decays_per_s).map(exponential).collect(),
            end_s,
        },
    })
}

/// The most likely process with one exponential whose decay rate is searched for between two bounds.
///
/// The best of 25 rates with evenly spaced logarithms is refined by golden section between its neighbours, to a
/// relative 1e-7. A rate that ends at a bound says that the bound decided it.
///
/// # Errors
/// Those of [`fit`].
///
/// # Panics
/// As [`fit`], and when the bounds are not above zero and ascending.
pub fn fit_decay(
    times_s: &[f64],
    end_s: f64,
    (least_per_s, most_per_s): (f64, f64),
    knots: usize,
) -> Result<HawkesFit, NotMeasurable> {
    assert!(
        least_per_s > 0.0 && least_per_s < most_per_s && most_per_s.is_finite(),
        "decay rates must be above zero and ascending"
    );
    const RATES: usize = 25;
    let at = |ln_decay: f64| fit(times_s, end_s, &[libm::exp(ln_decay)], knots);
    let (first, last) = (libm::log(least_per_s), libm::log(most_per_s));
    let step = (last - first) / (RATES - 1) as f64;
    let mut best = (first, at(first)?);
    for i in 1..RATES {
        let ln_decay = first + step * i as f64;
        let tried = at(ln_decay)?;
        if tried.log_likelihood > best.1.log_likelihood {
            best = (ln_decay, tried);
        }
    }
    let (mut low, mut high) = ((best.0 - step).max(first), (best.0 + step).min(last));
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let inner = |low: f64, high: f64| (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut a, mut b) = inner(low, high);
    let (mut at_a, mut at_b) = (at(a)?, at(b)?);
    while high - low > 1e-7 {
        if at_a.log_likelihood > at_b.log_likelihood {
            (high, b, at_b) = (b, a, at_a);
            a = inner(low, high).0;
            at_a = at(a)?;
        } else {
            (low, a, at_a) = (a, b, at_b);
            b = inner(low, high).1;
            at_b = at(b)?;
        }
    }
    let found = if at_a.log_likelihood > at_b.log_likelihood {
        at_a
    } else {
        at_b
    };
    Ok(if found.log_likelihood > best.1.log_likelihood {
        found
    } else {
        best.1
    })
}

fn require_times(times_s: &[f64], end_s: f64) -> Result<(), NotMeasurable> {
    assert!(
        end_s > 0.0 && end_s.is_finite(),
        "the window must be longer than 0, not {end_s}"
    );
    require_finite(times_s, 1)?;
    let out_of_range = |index: usize, wanted| NotMeasurable::OutOfRange {
        index,
        value: times_s[index],
        wanted,
    };
    if let Some(before) = times_s.windows(2).position(|w| w[0] >= w[1]) {
        return Err(out_of_range(before + 1, "later than the event before it"));
    }
    match times_s.iter().position(|t| !(0.0..=end_s).contains(t)) {
        Some(index) => Err(out_of_range(index, "inside the window")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::close::{Draws, assert_close};

    /// Source: computed independently with numpy (`Hawkes_ll`), by recursion and by a direct double sum.
    #[test]
    fn ten_events() {
        let times = [0.1, 0.4, 0.55, 1.2, 1.25, 1.3, 2.8, 3.0, 3.05, 4.6];
        let process = Hawkes {
            baseline_per_s: vec![0.8],
            kernel: vec![Exponential {
                jump_per_s: 0.9,
                decay_per_s: 2.0,
            }],
            end_s: 5.0,
        };
        assert_close(process.log_likelihood(&times).unwrap(), -4.532408840843724);
        assert_close(process.branching_ratio(), 0.45);
    }

    /// 300 events whose gaps are short six times in ten: `−ln(1−u)·(0.08 if u' < 0.6 else 1.6)` from seed 7.
    fn bursts() -> Vec<f64> {
        let (mut draws, mut t) = (Draws(7), 0.0);
        let mut next = || {
            let (u, v) = (draws.next(), draws.next());
            t += -libm::log(1.0 - u) * if v < 0.6 { 0.08 } else { 1.6 };
            t
        };
        (0..300).map(|_| next()).collect()
    }

    const END_S: f64 = 165.0;

    #[track_caller]
    fn assert_fitted(found: &HawkesFit, expected: &[f64], log_likelihood: f64) {
        let jumps = found.process.kernel.iter().map(|e| e.jump_per_s);
        let weights: Vec<f64> = found
            .process
            .baseline_per_s
            .iter()
            .copied()
            .chain(jumps)
            .collect();
        assert_eq!(weights.len(), expected.len());
        for (weight, value) in weights.iter().zip(expected) {
            assert!((weight / value - 1.0).abs() < 1e-6, "{weight} is not {value}");
        }
        assert!((found.log_likelihood - log_likelihood).abs() < 1e-8);
    }

    /// Source: computed independently with `scipy.optimize.minimize` (BFGS) and Newton steps on the same likelihood,
    /// written with numpy as `log(F @ w).sum() - I @ w`.
    #[test]
    fn most_likely_with_known_decays() {
        let times = bursts();
        assert_close(times[0], 1.087460856476128);
        assert_fitted(
            &fit(&times, END_S, &[5.0], 1).unwrap(),
            &[0.7166288454672552, 3.029445396648755],
            -12.130244449211546,
        );
        assert_fitted(
            &fit(&times, END_S, &[0.5, 10.0], 1).unwrap(),
            &[0.7575477475715241, 0.023202341162472443, 5.372242318049524],
            -0.6217120065684867,
        );
        let with_knots = fit(&times, END_S, &[5.0], 4).unwrap();
        assert_fitted(
            &with_knots,
            &[
                0.39137357628134306,
                0.6112774373883988,
                0.9410472905248657,
                0.9112133888860815,
                2.980188521196869,
            ],
            -9.218120013253724,
        );
        assert!((with_knots.process.branching_ratio() - 0.5960377042393737).abs() < 1e-6);
        assert_fitted(
            &fit(&times, END_S, &[], 1).unwrap(),
            &[1.8181818181818177],
            -120.64889977331393,
        );
    }

    /// Source: computed independently with `scipy.optimize.minimize_scalar` over the decay rate.
    #[test]
    fn most_likely_decay() {
        let found = fit_decay(&bursts(), END_S, (0.1, 200.0), 1).unwrap();
        let kernel = found.process.kernel[0];
        assert!((kernel.decay_per_s / 10.59701395607655 - 1.0).abs() < 1e-5);
        assert!((found.log_likelihood + 0.7027619181911859).abs() < 1e-8);
        assert!((found.process.branching_ratio() - 0.5398210191505451).abs() < 1e-5);
    }

    #[test]
    fn the_fit_explains_as_many_events_as_there_were() {
        let times = bursts();
        let found = fit(&times, END_S, &[0.3, 3.0], 3).unwrap();
        let decays = [0.3, 3.0];
        let parts = Parts::new(&times, END_S, &decays, 3);
        let jumps = found.process.kernel.iter().map(|e| e.jump_per_s);
        let weights: Vec<f64> = found
            .process
            .baseline_per_s
            .iter()
            .copied()
            .chain(jumps)
            .collect();
        assert!((parts.explained(&weights) - 300.0).abs() < 1e-6);
    }

    #[test]
    fn a_steady_rate_has_no_excitation() {
        let times: Vec<f64> = (0..100).map(|i| 0.5 + f64::from(i)).collect();
        let found = fit(&times, 100.0, &[1.0], 1).unwrap();
        assert!(found.process.branching_ratio() < 0.05);
    }

    #[test]
    fn nothing_to_measure() {
        assert!(matches!(
            fit(&[], 1.0, &[1.0], 1),
            Err(NotMeasurable::TooFew { .. })
        ));
        assert_eq!(
            fit(&[0.5, 0.6], 1.0, &[1.0, 2.0], 1),
            Err(NotMeasurable::TooFew { found: 2, needed: 3 })
        );
        assert_eq!(
            fit(&[0.1, 0.5, 0.5], 1.0, &[1.0], 1).unwrap_err().to_string(),
            "value 2, counted from 0, is 0.5: it must be later than the event before it"
        );
        assert!(fit(&[0.1, 2.0], 1.0, &[1.0], 1).is_err());
        assert!(fit(&[0.1, f64::NAN], 1.0, &[1.0], 1).is_err());
    }
}
