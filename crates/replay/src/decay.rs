//! Exponential decay of several rates at once, without an `exp` for most steps.

use std::sync::Arc;

/// Number of rates: six impact states and the volatility that depth answers.
pub(crate) const RATES: usize = 7;
const STEP: usize = 4096;

/// Factors `exp(-rate · dt)` by a two-level table over microseconds; steps longer than 16.7 s are computed.
#[derive(Clone, Debug)]
pub struct DecayTable {
    rates_per_s: [f64; RATES],
    low: Arc<[[f64; RATES]]>,
    high: Arc<[[f64; RATES]]>,
}

impl DecayTable {
    /// A table for six impact half-lives and the volatility half-life, one hour, that depth answers; s.
    pub fn new(half_lives_s: [f64; RATES]) -> Self {
        let rates_per_s = half_lives_s.map(|half_life| core::f64::consts::LN_2 / half_life);
        let factors = |micros: usize| rates_per_s.map(|rate| libm::exp(-rate * micros as f64 * 1e-6));
        Self {
            rates_per_s,
            low: (0..STEP).map(factors).collect(),
            high: (0..STEP).map(|step| factors(step * STEP)).collect(),
        }
    }

    /// What the volatility that depth answers keeps over a step.
    #[inline]
    pub(crate) fn volatility_factor(&self, micros: i64) -> f64 {
        let steps = micros as usize;
        if steps < STEP * STEP {
            self.low[steps % STEP][RATES - 1] * self.high[steps / STEP][RATES - 1]
        } else {
            libm::exp(-self.rates_per_s[RATES - 1] * micros as f64 * 1e-6)
        }
    }

    #[inline]
    pub(crate) fn factors(&self, micros: i64) -> [f64; RATES] {
        let steps = micros as usize;
        if steps < STEP * STEP {
            let (low, high) = (&self.low[steps % STEP], &self.high[steps / STEP]);
            core::array::from_fn(|i| low[i] * high[i])
        } else {
            self.rates_per_s
                .map(|rate| libm::exp(-rate * micros as f64 * 1e-6))
        }
    }
}

/// A reader of a table that remembers the last step, because bars repeat theirs.
#[derive(Clone, Debug)]
pub(crate) struct Decay<'a> {
    table: &'a DecayTable,
    micros: i64,
    factors: [f64; RATES],
}

impl<'a> Decay<'a> {
    pub(crate) fn new(table: &'a DecayTable) -> Self {
        Self {
            table,
            micros: 0,
            factors: [1.0; RATES],
        }
    }

    #[inline]
    pub(crate) fn over(&mut self, micros: i64) -> &[f64; RATES] {
        if micros != self.micros {
            self.micros = micros;
            self.factors = self.table.factors(micros);
        }
        &self.factors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_equals_the_exponential() {
        let half_lives = [0.5, 3.0, 20.0, 100.0, 900.0, 21_600.0, 3_600.0];
        let table = DecayTable::new(half_lives);
        for micros in [0, 1, 4_095, 4_096, 777_777, 16_777_215, 16_777_216, 225_000_000] {
            for (half_life, factor) in half_lives.iter().zip(table.factors(micros)) {
                let exact = (-(micros as f64) * 1e-6 / half_life).exp2();
                assert!(
                    (factor / exact - 1.0).abs() < 1e-12 || exact < 1e-300,
                    "{half_life} {micros}"
                );
            }
        }
    }
}
