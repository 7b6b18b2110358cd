//! The intensity of a self-exciting process as a weighted sum of fixed parts, and the weights that fit best.

use crate::not_measurable::NotMeasurable;

/// Share of the events that may still move between parts when the fit has arrived, and how many steps it may take.
const TOLERANCE: f64 = 1e-11;
const MAX_STEPS: usize = 50_000;

/// The intensity as a weighted sum of parts: `values[event][part]`, and each part's integral over the window.
pub(crate) struct Parts {
    values: Vec<Vec<f64>>,
    integrals: Vec<f64>,
}

impl Parts {
    /// The hats of a baseline with `knots` knots, then a kernel for each decay rate.
    pub(crate) fn new(times_s: &[f64], end_s: f64, decays_per_s: &[f64], knots: usize) -> Self {
        assert!(knots > 0, "the baseline needs a knot");
        assert!(
            decays_per_s.iter().all(|b| *b > 0.0 && b.is_finite()),
            "decay rates must be above zero"
        );
        let spacing = end_s / (knots.max(2) - 1) as f64;
        let hat = |knot: usize, t: f64| match knots {
            1 => 1.0,
            _ => (1.0 - (t / spacing - knot as f64).abs()).max(0.0),
        };
        let hat_integral = |knot: usize| match knots {
            1 => end_s,
            _ if knot == 0 || knot == knots - 1 => spacing / 2.0,
            _ => spacing,
        };
        // What all earlier events still add per unit of α, brought forward from event to event.
        let mut standing = vec![0.0; decays_per_s.len()];
        let mut before = None;
        let mut values = Vec::with_capacity(times_s.len());
        for &t in times_s {
            if let Some(before) = before {
                for (sum, decay) in standing.iter_mut().zip(decays_per_s) {
                    *sum = (*sum + 1.0) * libm::exp(-decay * (t - before));
                }
            }
            before = Some(t);
            values.push(
                (0..knots)
                    .map(|k| hat(k, t))
                    .chain(standing.iter().copied())
                    .collect(),
            );
        }
        let kernel_integral = |decay: &f64| {
            let ended = times_s.iter().map(|t| -libm::expm1(-decay * (end_s - t)));
            ended.sum::<f64>() / decay
        };
        Self {
            values,
            integrals: (0..knots)
                .map(hat_integral)
                .chain(decays_per_s.iter().map(kernel_integral))
                .collect(),
        }
    }

    /// Events that the parts explain together: the integral of the intensity over the window.
    #[cfg(test)]
    pub(crate) fn explained(&self, weights: &[f64]) -> f64 {
        Self::intensity(&self.integrals, weights)
    }

    fn intensity(values: &[f64], weights: &[f64]) -> f64 {
        values.iter().zip(weights).map(|(v, w)| v * w).sum()
    }

    /// `Σ ln λ(t_i) − ∫λ` with these weights of the parts.
    pub(crate) fn log_likelihood(&self, weights: &[f64]) -> f64 {
        let logs = self
            .values
            .iter()
            .map(|event| libm::log(Self::intensity(event, weights)));
        logs.sum::<f64>() - Self::intensity(&self.integrals, weights)
    }

    /// The weights of greatest likelihood, by repeated attribution of events to parts.
    pub(crate) fn most_likely(&self) -> Result<Vec<f64>, NotMeasurable> {
        let events = self.values.len() as f64;
        let parts = self.integrals.len() as f64;
        // Each part starts with an equal share of the events.
        let mut weights: Vec<f64> = self
            .integrals
            .iter()
            .map(|integral| {
                if *integral > 0.0 {
                    events / parts / integral
                } else {
                    0.0
                }
            })
            .collect();
        let mut attributed = vec![0.0; weights.len()];
        for _ in 0..MAX_STEPS {
            attributed.fill(0.0);
            for event in &self.values {
                let per_intensity = 1.0 / Self::intensity(event, &weights);
                for (sum, value) in attributed.iter_mut().zip(event) {
                    *sum += value * per_intensity;
                }
            }
            let mut moved = 0.0_f64;
            for ((weight, sum), integral) in weights.iter_mut().zip(&attributed).zip(&self.integrals) {
                if *weight > 0.0 {
                    let next = *weight * sum / integral;
                    moved = moved.max((next - *weight).abs() * integral / events);
                    *weight = next;
                }
            }
            if moved < TOLERANCE {
                return Ok(weights);
            }
        }
        Err(NotMeasurable::NotConverged { steps: MAX_STEPS })
    }
}
