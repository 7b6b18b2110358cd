//! Impact with memory: signed flow in six states that decay at six rates.

/// Flow that still stands in the price, USD. Arbitrage-free concave impact acts on the weighted sum of the states.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ImpactState {
    states: [f64; 6],
}

impl ImpactState {
    /// Lets every state decay by its factor.
    #[inline]
    pub fn decay(&mut self, factors: &[f64; 7]) {
        for (state, factor) in self.states.iter_mut().zip(factors) {
            *state *= factor;
        }
    }

    /// Adds a trade of `flow_usd` (buys positive), already divided by the depth it met.
    #[inline]
    pub fn trade(&mut self, flow_usd: f64) {
        for state in &mut self.states {
            *state += flow_usd;
        }
    }

    /// The largest state in absolute value, USD.
    #[inline]
    pub fn largest(&self) -> f64 {
        self.states.iter().fold(0.0, |most, state| most.max(state.abs()))
    }

    /// The flow that stands, USD.
    #[inline]
    pub fn standing_usd(&self, weights: &[f64; 6]) -> f64 {
        let mut sum = 0.0;
        for (state, weight) in self.states.iter().zip(weights) {
            sum += state * weight;
        }
        sum
    }
}
