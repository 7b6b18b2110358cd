//! The world that a declaration describes.

use aftershock_market::Cash;
use aftershock_measure::impact::SquareRootImpact;
use aftershock_protocol::{Brackets, Tier};
use aftershock_replay::world::{self, Funding, InstrumentSpec, Liquidation, WorldSpec};
use aftershock_replay::{DecayTable, LeverageMix, Parameters, Pool};
use rand_distr::{Distribution, Exp1};

use super::declared::{Asset, Contract, Declared, Engine, Mark, Venue};
use super::stream::{normals, stream};
use super::{half_tick_us, market_name};

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;
/// Positions were opened in steps of this length, h.
const OPENED_EVERY_H: f64 = 1.0 / 12.0;
/// Half-life of the volatility that depth answers, s.
const VOLATILITY_HALF_LIFE_S: f64 = 3_600.0;

/// The world, with the open interest of every venue multiplied by `open_interest_scale`; at 0 nobody holds a position
/// and nothing can be liquidated.
pub fn spec(declared: &Declared, open_interest_scale: f64) -> WorldSpec {
    let spot = |venue: &Venue| venue.contract == Contract::Spot;
    let reference = declared.venues.iter().position(spot).unwrap_or(0);
    let mut half_lives = [VOLATILITY_HALF_LIFE_S; 7];
    half_lives[..6].copy_from_slice(&declared.impact.half_lives_s);
    let mut instruments = Vec::new();
    for (asset_place, asset) in declared.assets.iter().enumerate() {
        for (venue_place, venue) in declared.venues.iter().enumerate() {
            let mut one = instrument(declared, asset, venue, open_interest_scale);
            (one.venue, one.asset) = (venue_place, asset_place);
            if venue_place == reference {
                one.arbitrage = None;
            }
            instruments.push(one);
        }
    }
    let count = declared.assets.len();
    let share = |row: usize, column: usize| if row == column { 1.0 } else { declared.cross_impact };
    WorldSpec {
        venues: declared
            .venues
            .iter()
            .map(|venue| world::Venue {
                name: venue.name.clone(),
            })
            .collect(),
        assets: (0..count)
            .map(|place| (declared.assets[place].name.clone(), place * declared.venues.len() + reference))
            .collect(),
        instruments,
        cross_impact: (0..count)
            .map(|row| (0..count).map(|column| share(row, column)).collect())
            .collect(),
        table: DecayTable::new(half_lives),
        arbitrage_s: 1.0,
        decision_s: 60.0,
        // A quarter of a microsecond more, so that cutting it off to whole ones cannot lose one.
        clock_s: (half_tick_us(declared.ticks_per_s) as f64 + 0.25) * 1e-6,
        transfer_s: 30.0,
    }
}

fn instrument(declared: &Declared, asset: &Asset, venue: &Venue, open_interest_scale: f64) -> InstrumentSpec {
    let perpetual = venue.contract != Contract::Spot;
    let held = perpetual && open_interest_scale > 0.0;
    let open_interest_usd = if held {
        venue.open_interest_ratio * venue.volume_daily_usd * open_interest_scale
    } else {
        0.0
    };
    let settlement_usd = match venue.contract {
        Contract::Inverse => asset.price_usd,
        Contract::Linear | Contract::Spot => 1.0,
    };
    let vault = Cash::from_f64(venue.vault_ratio * open_interest_usd / settlement_usd);
    InstrumentSpec {
        name: market_name(asset, venue),
        venue: 0,
        asset: 0,
        inverse: venue.contract == Contract::Inverse,
        parameters: parameters(declared, asset, venue, open_interest_usd),
        liquidation: held.then_some(Liquidation {
            engine: match venue.engine {
                Engine::Whole => world::Engine::Whole,
                Engine::Steps { share, pause_s } => world::Engine::Steps { share, pause_s },
            },
            latency_s: venue.latency_s,
            throughput_usd_per_s: venue.throughput_usd_per_s,
            keeps_remainder: venue.keeps_remainder,
            vault,
            deleverages: venue.deleverages,
        }),
        funding: (perpetual && venue.funding_interval_h > 0.0).then(|| funding(venue.funding_interval_h)),
        mark: match venue.mark {
            Mark::Last => world::Mark::Last,
            Mark::Median { window_s } => world::Mark::Median { window_s },
            Mark::Fair => world::Mark::Fair,
        },
        arbitrage: (declared.arbitrage.speed_per_s > 0.0).then_some(world::Arbitrage {
            speed_per_s: declared.arbitrage.speed_per_s,
            capital_usd: declared.arbitrage.capital_usd,
            return_half_life_s: declared.arbitrage.return_half_life_s,
        }),
        carry: (held && declared.carry.share > 0.0).then_some(world::Carry {
            share: declared.carry.share,
            resold: declared.carry.resold,
            resell_s: declared.carry.resell_s,
        }),
    }
}

/// The usual formula with its usual numbers: interest of 0.01 % in eight hours, a clamp of 0.05 %, a cap of 4 %.
fn funding(interval_h: f64) -> Funding {
    Funding {
        interval_s: interval_h * HOUR_S,
        interest: 0.0001 * interval_h / 8.0,
        clamp: 0.0005,
        cap: 0.04,
        sample_s: 5.0,
        impact_notional_usd: 20_000.0,
    }
}

/// Impact, book and positions of a market.
pub fn parameters(declared: &Declared, asset: &Asset, venue: &Venue, open_interest_usd: f64) -> Parameters {
    let impact = &declared.impact;
    let (sigma_daily, volume_daily_usd) = (asset.news_volatility_daily, venue.volume_daily_usd);
    let brackets = Brackets::new(vec![Tier {
        floor_usd: 0.0,
        cap_usd: f64::INFINITY,
        maintenance_ratio: venue.maintenance_ratio,
        max_leverage: 1.0 / venue.maintenance_ratio,
        maintenance_amount_usd: 0.0,
    }]);
    Parameters {
        impact: SquareRootImpact {
            y: impact.y,
            sigma_daily,
            volume_daily_usd,
            j0_usd: volume_daily_usd / DAY_S * impact.floor_s,
        },
        impact_weights: impact.weights,
        depth_elasticity: impact.depth_elasticity,
        depth_floor: impact.depth_floor,
        // The square-root law moves `x` for V (x / Y sigma)^2; that over x.
        book_usd_per_log: volume_daily_usd * impact.book_distance / (impact.y * sigma_daily * impact.y * sigma_daily),
        book_end: impact.book_end,
        book_refill_s: impact.book_refill_s,
        latency_s: venue.latency_s,
        open_interest_usd,
        churn_half_life_s: declared.positions.age_half_life_h * HOUR_S,
        mix: LeverageMix {
            classes: venue.leverage.clone(),
            // With one bracket the size of an account matters only where a venue prints it.
            account_sizes: vec![(1e5, 1.0)],
        },
        brackets: brackets.expect("a checked maintenance ratio makes one open-ended bracket"),
        reopen_share: declared.positions.reopen_share,
        cancelled_share: 0.25,
        overlap: 0.0,
        pools: vec![Pool {
            name: "fund".into(),
            share: 1.0,
            fund_ratio: venue.insurance_ratio,
        }],
    }
}

/// Where positions were opened: log distance from the price at the start, and share. One walk for all markets, with the
/// volatility of the first asset.
pub fn entries(declared: &Declared) -> Vec<(f64, f64)> {
    let count = (declared.positions.history_h / OPENED_EVERY_H).round() as usize;
    let step = declared.assets[0].news_volatility_daily * (OPENED_EVERY_H / 24.0).sqrt();
    let steps = normals(declared.seed, "history/price", count);
    let mut rng = stream(declared.seed, "history/volume");
    let mut distance = 0.0;
    // From the start backwards.
    let mut entries: Vec<(f64, f64)> = (0..count)
        .map(|age| {
            let volume: f64 = Exp1.sample(&mut rng);
            let left = libm::exp2(-(age as f64) * OPENED_EVERY_H / declared.positions.age_half_life_h);
            let entry = (distance, volume * left);
            distance += step * steps[age];
            entry
        })
        .collect();
    let sum: f64 = entries.iter().map(|entry| entry.1).sum();
    for entry in &mut entries {
        entry.1 /= sum;
    }
    entries
}
