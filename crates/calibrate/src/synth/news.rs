//! What comes from outside: news of each asset, ordinary flow in each market, and the tape of both.

use aftershock_market::{Side, Timestamp};
use aftershock_replay::world::{WorldEvent, WorldTape};

use super::declared::Declared;
use super::stream::normals;
use super::{START, half_tick_us, market_name};

const DAY_S: f64 = 86_400.0;

/// What is exogenous, tick by tick.
#[derive(Clone, Debug, PartialEq)]
pub struct News {
    /// Innovation of each asset's news in each tick, standard normal.
    pub innovation: Vec<Vec<f64>>,
    /// Log price of each asset less all impact.
    pub log_price: Vec<Vec<f64>>,
    /// Ordinary flow of each market since its last tick, USD, buys positive.
    pub ordinary_usd: Vec<Vec<f64>>,
}

/// Number of ticks of each market.
pub fn ticks(declared: &Declared) -> usize {
    (i64::from(declared.duration_s) * 1_000_000 / (2 * half_tick_us(declared.ticks_per_s))) as usize
}

/// When a tick is. Ticks stand in the middle between the whole beats of the clock, on which arbitrage and snapshots fall.
pub fn tick_at(declared: &Declared, tick: usize) -> Timestamp {
    Timestamp(START.0 + (2 * tick as i64 + 1) * half_tick_us(declared.ticks_per_s))
}

/// News and ordinary flow of a declaration.
pub fn news(declared: &Declared) -> News {
    let count = ticks(declared);
    let dt_s = 2e-6 * half_tick_us(declared.ticks_per_s) as f64;
    let mut innovation: Vec<Vec<f64>> = Vec::new();
    for asset in &declared.assets {
        let own = normals(declared.seed, &format!("news/{}", asset.name), count);
        let mixed = match innovation.first() {
            Some(first) => mix(declared.asset_correlation, first, &own),
            None => own,
        };
        innovation.push(mixed);
    }
    let mut log_price = Vec::new();
    for (asset, innovation) in declared.assets.iter().zip(&innovation) {
        let step = asset.news_volatility_daily * (dt_s / DAY_S).sqrt();
        let mut wandered = libm::log(asset.price_usd);
        let path = innovation.iter().enumerate().map(|(tick, z)| {
            wandered += step * z;
            let at_s = tick_at(declared, tick).seconds_since(START);
            wandered - asset.ramp_share * declared.ramp.fallen(at_s)
        });
        log_price.push(path.collect());
    }
    let mut ordinary_usd = Vec::new();
    for (asset, innovation) in declared.assets.iter().zip(&innovation) {
        for venue in &declared.venues {
            let own = normals(
                declared.seed,
                &format!("flow/{}/{}", venue.name, market_name(asset, venue)),
                count,
            );
            let scale = venue.ordinary_flow * venue.volume_daily_usd / DAY_S * dt_s.sqrt();
            let flow = mix(declared.news_flow_correlation, innovation, &own);
            ordinary_usd.push(flow.into_iter().map(|one| scale * one).collect());
        }
    }
    News {
        innovation,
        log_price,
        ordinary_usd,
    }
}

/// Standard normal numbers of this correlation with `first`.
fn mix(correlation: f64, first: &[f64], own: &[f64]) -> Vec<f64> {
    let rest = (1.0 - correlation * correlation).sqrt();
    first
        .iter()
        .zip(own)
        .map(|(first, own)| correlation * first + rest * own)
        .collect()
}

/// The tape of a world that is driven by news. It begins and ends with an event that changes nothing, so that clock and
/// arbitrage run from the start to the end of what is declared and not from tick to tick.
pub fn tape(declared: &Declared, news: &News) -> WorldTape {
    let count = ticks(declared);
    let venues = declared.venues.len();
    let mut tape = WorldTape::with_capacity(count * news.ordinary_usd.len() + 2);
    let nothing = WorldEvent::Depth {
        market: 0,
        side: Side::Long,
        log_residual: 0.0,
    };
    tape.push(START, nothing);
    for tick in 0..count {
        for (market, ordinary_usd) in news.ordinary_usd.iter().enumerate() {
            tape.push(
                tick_at(declared, tick),
                WorldEvent::Tick {
                    market: market as u16,
                    log_price: news.log_price[market / venues][tick],
                    ordinary_usd: ordinary_usd[tick],
                },
            );
        }
    }
    tape.push(START.plus_seconds(f64::from(declared.duration_s)), nothing);
    tape
}
