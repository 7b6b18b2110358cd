//! Foreign crashes for a batch: what estimation is not about is drawn.

use rand::RngExt;

use super::declared::{Declared, Kind};
use crate::synth::stream::stream;
use crate::synth::{Ramp, Shape, Target};

/// Amplifications of the kind `propagator`, in turn.
const TARGETS: [f64; 5] = [1.0, 1.1, 1.25, 1.5, 2.0];
/// Open interest over daily volume of the kind `order-book`, in turn; at 0 nobody holds a position.
const RATIOS: [f64; 5] = [0.0, 0.03, 0.05, 0.08, 0.1];

impl Declared {
    /// A crash of this kind whose nuisances the seed draws: equations, ramp, positions, latencies. The targets follow the
    /// seed in turn: amplifications of 1, 1.1, 1.25, 1.5 and 2 of a propagator; of an order book, which need not come
    /// near a target, as many amounts of open interest, the first of them none. Some propagators do not reach 2 at any
    /// open interest; [`super::generate`] says so, and another seed takes their place.
    pub fn drawn(kind: Kind, seed: u64) -> Self {
        let mut rng = stream(seed, "foreign/drawn");
        let mut between = |low: f64, high: f64| low + (high - low) * rng.random::<f64>();
        let mut declared = Self {
            kind,
            seed,
            // The truth tells what is reached; a near miss is as good a crash.
            amplification_tolerance: 0.05,
            ..Self::default()
        };
        let turn = (seed % TARGETS.len() as u64) as usize;
        declared.propagator.beta = between(0.25, 0.5);
        declared.propagator.l0_s = libm::exp(between(0.0, libm::log(30.0)));
        declared.propagator.psi = between(0.5, 1.5).min(1.0);
        declared.propagator.y = libm::exp(between(libm::log(0.5), libm::log(2.0)));
        declared.propagator.shown_elasticity = between(0.2, 1.2);
        let shapes = [
            Shape::Straight,
            Shape::Shifted,
            Shape::Exponential,
            Shape::Jumps,
            Shape::Short,
        ];
        declared.ramp = Ramp {
            shape: shapes[pick(between(0.0, 1.0), shapes.len())],
            size: between(0.04, 0.08),
            start_s: between(1_800.0, 4_200.0).round(),
            length_s: [300.0, 600.0, 900.0, 1_200.0][pick(between(0.0, 1.0), 4)],
            jumps: 3 + pick(between(0.0, 1.0), 6) as u32,
        };
        declared.news_flow_correlation = [0.0, 0.3, 0.6][pick(between(0.0, 1.0), 3)];
        declared.volatility_spread = between(0.0, 0.4);
        let positions = &mut declared.positions;
        positions.leverage_trend = between(0.0, 30.0);
        positions.stop_share = between(0.0, 0.3);
        positions.latency_median_s = libm::exp(between(libm::log(0.4), libm::log(1.5)));
        positions.latency_spread = between(0.3, 1.2);
        let book = &mut declared.order_book;
        book.limit_order_usd = libm::exp(between(libm::log(1.8e5), libm::log(3.5e5)));
        book.limit_life_s = between(10.0, 25.0);
        book.maker_limit_usd = libm::exp(between(libm::log(5e6), libm::log(2e7)));
        book.maker_skew = between(2e-3, 6e-3);
        book.maker_delay_s = between(1.0, 4.0);
        book.maker_unwind_s = between(300.0, 1_200.0);
        book.maker_volatility_limit = between(2.5, 5.0);
        book.withdrawals_per_h = between(1.0, 5.0);
        declared.amplification = match (kind, turn) {
            (_, 0) => Target::Ratio(1.0),
            (Kind::Propagator, turn) => Target::Ratio(TARGETS[turn]),
            (Kind::OrderBook, turn) => {
                declared.positions.open_interest_ratio = RATIOS[turn];
                Target::AsDeclared
            }
        };
        declared
    }
}

/// A place among `count` of a share of one.
fn pick(share: f64, count: usize) -> usize {
    ((share * count as f64) as usize).min(count - 1)
}
