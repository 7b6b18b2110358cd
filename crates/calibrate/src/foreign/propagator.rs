//! A market whose price is news and past flow.

use super::declared::Declared;
use super::exogenous::{Exogenous, Taken};
use super::kernel;
use super::market::{Filled, Market, Order, Stepped};
use super::{DAY_S, STEP_US};
use crate::synth::stream::normals;

/// Half-life of the volatility that the shown book answers, s.
const VOLATILITY_HALF_LIFE_S: f64 = 300.0;
/// Spread of the shown book from reading to reading, standard deviation of the logarithm.
const SHOWN_SPREAD: f64 = 0.15;

/// What all runs share: the price without forced flow, which is convolved once.
#[derive(Clone, Debug)]
pub(super) struct Ground {
    kernel: Vec<f64>,
    ordinary: Vec<Taken>,
    /// Log price without forced flow at the end of each step, first the start of the tape.
    price_log: Vec<f64>,
    shown: Vec<f64>,
    psi: f64,
    /// Seconds of mean volume of a coin.
    coin_s: f64,
    shown_coins_per_log: f64,
    shown_elasticity: f64,
    normal_variance: f64,
}

impl Ground {
    pub(super) fn new(declared: &Declared, exogenous: &Exogenous) -> Self {
        let told = &declared.propagator;
        let kernel = kernel::kernel(declared);
        let coin_s = declared.price_usd / declared.volume_usd_per_s();
        let mut impact = vec![0.0; exogenous.taken.len()];
        for (step, taken) in exogenous.taken.iter().enumerate() {
            kernel::add(
                &mut impact,
                step,
                &kernel,
                response(taken.net() * coin_s, told.psi),
            );
        }
        let mut price_log = exogenous.news_log.clone();
        for (price, impact) in price_log[1..].iter_mut().zip(&impact) {
            *price += impact;
        }
        let sigma = declared.news_volatility_daily;
        Self {
            kernel,
            ordinary: exogenous.taken.clone(),
            shown: normals(declared.seed, "foreign/shown", price_log.len()),
            price_log,
            psi: told.psi,
            coin_s,
            shown_coins_per_log: told.shown_depth_usd / libm::log(1.01) / declared.price_usd,
            shown_elasticity: told.shown_elasticity,
            normal_variance: sigma * sigma / DAY_S,
        }
    }
}

/// `sign(q) |q|^psi`.
fn response(flow_s: f64, psi: f64) -> f64 {
    if psi == 1.0 {
        flow_s
    } else {
        libm::copysign(libm::pow(flow_s.abs(), psi), flow_s)
    }
}

/// A run: what forced flow adds is convolved on its own, since it falls in few steps.
pub(super) struct Propagator<'a> {
    ground: &'a Ground,
    /// Log price that forced flow adds at the end of each step.
    added: Vec<f64>,
    log_mid: f64,
    variance: f64,
    now: usize,
}

impl<'a> Propagator<'a> {
    pub(super) fn new(ground: &'a Ground) -> Self {
        Self {
            added: vec![0.0; ground.ordinary.len()],
            log_mid: ground.price_log[0],
            variance: ground.normal_variance,
            now: 0,
            ground,
        }
    }
}

impl Market for Propagator<'_> {
    fn step(&mut self, step: usize, orders: &[Order]) -> Stepped {
        let ground = self.ground;
        let mut taken = ground.ordinary[step - 1];
        let ordinary = taken.net();
        for order in orders {
            if order.buys {
                taken.bought += order.coins;
            } else {
                taken.sold += order.coins;
            }
        }
        if !orders.is_empty() {
            let of = |coins: f64| response(coins * ground.coin_s, ground.psi);
            let more = of(taken.net()) - of(ordinary);
            kernel::add(&mut self.added, step - 1, &ground.kernel, more);
        }
        let before = self.log_mid;
        self.log_mid = ground.price_log[step] + self.added[step - 1];
        self.now = step;
        let (moved, kept) = (self.log_mid - before, libm::exp2(-1.0 / VOLATILITY_HALF_LIFE_S));
        self.variance = kept * self.variance + (1.0 - kept) * moved * moved;
        let fill = |order: &Order| {
            let part = (order.at_us - (step as i64 - 1) * STEP_US) as f64 / STEP_US as f64;
            Filled {
                coins: order.coins,
                log_price: before + moved * part,
            }
        };
        Stepped {
            filled: orders.iter().map(fill).collect(),
            taken,
            log_prices: [self.log_mid; 2],
        }
    }

    fn log_mid(&self) -> f64 {
        self.log_mid
    }

    fn depth(&self, bands_pct: &[f64]) -> Vec<f64> {
        let ground = self.ground;
        let above = (self.variance / ground.normal_variance).max(1.0);
        let thinned = libm::pow(above, -0.5 * ground.shown_elasticity);
        let drawn = libm::exp(SHOWN_SPREAD * ground.shown[self.now]);
        bands_pct
            .iter()
            .map(|pct| ground.shown_coins_per_log * thinned * drawn * libm::log1p(pct / 100.0).abs())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::exogenous::exogenous;
    use super::super::holders::Cause;
    use super::*;

    /// Prices with forced orders against the double sum of the formula, written out: flow less news, linear and concave.
    #[test]
    fn prices_are_the_double_sum() {
        for psi in [1.0, 0.5] {
            let mut declared = Declared {
                duration_s: 600,
                ..Declared::default()
            };
            declared.ramp.size = 0.0;
            declared.propagator.psi = psi;
            let exogenous = exogenous(&declared);
            let ground = Ground::new(&declared, &exogenous);
            let mut market = Propagator::new(&ground);
            let forced = |step: usize| if step % 7 == 3 { 50.0 * step as f64 } else { 0.0 };
            let mut log_mid = Vec::new();
            for step in 1..=600 {
                let order = Order {
                    at_us: step as i64 * STEP_US,
                    position: 0,
                    buys: step % 2 == 0,
                    coins: forced(step),
                    cause: Cause::Liquidation,
                };
                let orders = if forced(step) > 0.0 { vec![order] } else { vec![] };
                market.step(step, &orders);
                log_mid.push(market.log_mid());
            }
            let (beta, l0_s) = (declared.propagator.beta, declared.propagator.l0_s);
            let gamma0 = kernel::gamma0(&declared);
            for now in 1..=600_usize {
                let mut price = exogenous.news_log[now];
                for past in 1..=now {
                    let sign = if past % 2 == 0 { 1.0 } else { -1.0 };
                    let coins = exogenous.taken[past - 1].net() + sign * forced(past);
                    // Seconds of mean volume: 2e10 USD a day at 40,000 USD.
                    let q = coins * 40_000.0 / (2e10 / 86_400.0);
                    let age = (now - past) as f64;
                    price +=
                        gamma0 / (l0_s * l0_s + age * age).powf(beta / 2.0) * q.signum() * q.abs().powf(psi);
                }
                assert!((price - log_mid[now - 1]).abs() < 1e-10, "{psi} {now}");
            }
        }
    }
}
