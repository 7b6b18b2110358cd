//! What comes from outside a foreign crash: news, ordinary flow, and the bars before.

use aftershock_market::Timestamp;
use rand::RngExt;
use rand_distr::{Distribution, Exp1};

use super::declared::Declared;
use super::{BAR_S, DAY_S};
use crate::observed::Bars;
use crate::synth::START;
use crate::synth::stream::{normals, stream};

/// Mean of the absolute value of a standard normal number.
const MEAN_ABSOLUTE: f64 = 0.797_884_560_802_865_4;
/// Mean distance of a bar's extremes from its ends, in standard deviations of its move.
const WICK: f64 = 0.4;

/// What is exogenous, step by step; everything is drawn before anything runs, so that all runs share it.
#[derive(Clone, Debug)]
pub(super) struct Exogenous {
    /// Log price less all impact at the end of each step, first the start of the tape.
    pub(super) news_log: Vec<f64>,
    /// Coins that ordinary takers buy and sell in each step.
    pub(super) taken: Vec<Taken>,
}

/// Coins bought and sold by takers in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Taken {
    pub(super) bought: f64,
    pub(super) sold: f64,
}

impl Taken {
    pub(super) fn net(self) -> f64 {
        self.bought - self.sold
    }
}

pub(super) fn exogenous(declared: &Declared) -> Exogenous {
    let steps = declared.duration_s as usize;
    let innovation = normals(declared.seed, "foreign/news", steps);
    let factor = factor(declared, steps);
    let sigma = declared.news_volatility_per_s();
    let start_log = libm::log(declared.price_usd);
    let mut wandered = start_log;
    let mut news_log = vec![start_log - declared.ramp.fallen(0.0)];
    for (step, (z, factor)) in innovation.iter().zip(&factor).enumerate() {
        wandered += sigma * factor * z;
        news_log.push(wandered - declared.ramp.fallen((step + 1) as f64));
    }
    let own = normals(declared.seed, "foreign/flow", steps);
    let correlation = declared.news_flow_correlation;
    let rest = (1.0 - correlation * correlation).sqrt();
    let mixed = innovation
        .iter()
        .zip(&own)
        .map(|(z, own)| correlation * z + rest * own);
    let scaled = mixed.zip(&factor).map(|(z, factor)| (z * factor, *factor));
    Exogenous {
        news_log,
        taken: ordinary(declared, "foreign/balanced", scaled),
    }
}

/// Ordinary flow of normal numbers with their factors: the net of each step, and what buyers and sellers trade beside it
/// so that volume is in the mean what is declared, where net flow alone is not more.
pub(super) fn ordinary(
    declared: &Declared,
    name: &str,
    normals: impl Iterator<Item = (f64, f64)>,
) -> Vec<Taken> {
    let mut rng = stream(declared.seed, name);
    let second = declared.volume_usd_per_s() / declared.price_usd;
    let beside = 0.5 * (1.0 - MEAN_ABSOLUTE * declared.ordinary_flow).max(0.05) * second;
    normals
        .map(|(z, factor)| {
            let net = declared.ordinary_flow * second * z;
            let size: f64 = Exp1.sample(&mut rng);
            let both = beside * factor * size;
            Taken {
                bought: both + net.max(0.0),
                sold: both + (-net).max(0.0),
            }
        })
        .collect()
}

/// The factor of volatility: its logarithm returns to its mean, and its square is one in the mean.
fn factor(declared: &Declared, steps: usize) -> Vec<f64> {
    let spread = declared.volatility_spread;
    let kept = libm::exp2(-1.0 / declared.volatility_half_life_s);
    let drawn = (1.0 - kept * kept).sqrt() * spread;
    let shocks = normals(declared.seed, "foreign/volatility", steps + 1);
    let mut log = spread * shocks[0];
    shocks[1..]
        .iter()
        .map(|z| {
            log = kept * log + drawn * z;
            libm::exp(log - spread * spread)
        })
        .collect()
}

/// Bars of five minutes that end at the start of the tape and at its price.
pub(super) fn bars(declared: &Declared) -> Bars {
    let count = (declared.positions.history_h * 3_600.0 / BAR_S).round() as usize;
    let sigma = declared.news_volatility_daily * (BAR_S / DAY_S).sqrt();
    let steps = normals(declared.seed, "foreign/history", count);
    let mut rng = stream(declared.seed, "foreign/history/rest");
    let total: f64 = steps.iter().sum::<f64>() * sigma;
    let mut open = libm::log(declared.price_usd) - total;
    let mut bars = Bars::default();
    for (place, z) in steps.iter().enumerate() {
        let close = if place + 1 == count {
            libm::log(declared.price_usd)
        } else {
            open + sigma * z
        };
        let mut wick = || {
            let size: f64 = Exp1.sample(&mut rng);
            WICK * sigma * size
        };
        let (above, below) = (wick(), wick());
        let close_at = Timestamp(START.0 - ((count - 1 - place) as f64 * BAR_S * 1e6) as i64);
        bars.open_at.push(close_at.plus_seconds(-BAR_S));
        bars.close_at.push(close_at);
        bars.open_usd.push(libm::exp(open));
        bars.high_usd.push(libm::exp(open.max(close) + above));
        bars.low_usd.push(libm::exp(open.min(close) - below));
        bars.close_usd.push(libm::exp(close));
        let volume = 0.4 + 1.2 * rng.random::<f64>();
        bars.volume_usd
            .push(volume * declared.volume_daily_usd * BAR_S / DAY_S);
        open = close;
    }
    bars
}
