//! The world that a declaration describes.

use aftershock_market::{Cash, Coin};
use aftershock_measure::impact::SquareRootImpact;
use aftershock_protocol::venue::deleveraging::Ranking;
use aftershock_protocol::venue::funding::{FundingRule, Schedule};
use aftershock_protocol::venue::liquidation::{LiquidationRule, OrderKind};
use aftershock_protocol::venue::mark::MarkRule;
use aftershock_protocol::{Brackets, Tier};
use aftershock_replay::response::basis::ArbitrageParameters;
use aftershock_replay::response::carry::CarryParameters;
use aftershock_replay::response::cross_impact::CrossImpact;
use aftershock_replay::world::{self, CarryTraders, Funding, InstrumentSpec, Liquidation, WorldSpec};
use aftershock_replay::{DecayTable, LeverageMix, Parameters, Pool};
use rand_distr::{Distribution, Exp1};

use super::declared::{Asset, Contract, Declared, Engine, Mark, Venue};
use super::stream::{normals, stream};
use super::{half_tick_us, market_name};

const HOUR_S: f64 = 3_600.0;
const DAY_S: f64 = 86_400.0;
/// Positions were opened in steps of this length, h.
pub(super) const OPENED_EVERY_H: f64 = 1.0 / 12.0;
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
    let places = |asset: usize| asset * declared.venues.len() + reference;
    let slopes: Vec<f64> = (0..declared.assets.len())
        .map(|asset| instruments[places(asset)].parameters.impact.slope(0.0))
        .collect();
    let assets = declared.assets.iter().enumerate();
    WorldSpec {
        venues: declared
            .venues
            .iter()
            .map(|venue| world::Venue {
                name: venue.name.clone(),
            })
            .collect(),
        assets: assets
            .map(|(place, asset)| world::Asset::of_one(asset.name.clone(), places(place)))
            .collect(),
        cross_impact: cross_impact(&slopes, declared.cross_impact),
        instruments,
        table: DecayTable::new(half_lives),
        arbitrage_s: 1.0,
        decision_s: 60.0,
        // A quarter of a microsecond more, so that cutting it off to whole ones cannot lose one.
        clock_s: (half_tick_us(declared.ticks_per_s) as f64 + 0.25) * 1e-6,
        transfer_s: 30.0,
    }
}

fn cross_impact(slopes_per_usd: &[f64], share: f64) -> CrossImpact {
    let count = slopes_per_usd.len();
    let entry = |at: usize| if at / count == at % count { 1.0 } else { share };
    let correlation: Vec<f64> = (0..count * count).map(entry).collect();
    CrossImpact::new(slopes_per_usd, &correlation, 1.0).expect("a checked share makes a correlation")
}

fn instrument(declared: &Declared, asset: &Asset, venue: &Venue, open_interest_scale: f64) -> InstrumentSpec {
    let perpetual = venue.contract != Contract::Spot;
    let held = perpetual && open_interest_scale > 0.0;
    let open_interest_usd = if held {
        venue.open_interest_ratio * venue.volume_daily_usd * open_interest_scale
    } else {
        0.0
    };
    // What a contract and the settlement asset are worth at the start.
    let (contract_usd, settlement_usd) = match venue.contract {
        Contract::Inverse => (1.0, asset.price_usd),
        Contract::Linear | Contract::Spot => (asset.price_usd, 1.0),
    };
    let vault = Cash::from_f64(venue.vault_ratio * open_interest_usd / settlement_usd);
    let arbitrage = ArbitrageParameters {
        half_life_s: declared.arbitrage.half_life_s,
        return_half_life_s: declared.arbitrage.return_half_life_s,
        ..ArbitrageParameters::prior(declared.arbitrage.capital_usd)
    };
    let carry = CarryParameters {
        resale_share: declared.carry.resold,
        resale_s: declared.carry.resell_s,
        // Set so that they want what they have.
        ..CarryParameters::prior(1.0)
    };
    InstrumentSpec {
        name: market_name(asset, venue),
        venue: 0,
        asset: 0,
        inverse: venue.contract == Contract::Inverse,
        parameters: parameters(declared, asset, venue, open_interest_usd),
        liquidation: held.then_some(Liquidation {
            rule: rule(venue.engine, contract_usd),
            ranking: Ranking::Bitmex,
            latency_s: venue.latency_s,
            throughput_usd_per_s: venue.throughput_usd_per_s,
            keeps_remainder: venue.keeps_remainder,
            vault,
            deleverages: venue.deleverages,
        }),
        funding: (perpetual && venue.funding_interval_h > 0.0).then(|| funding(venue.funding_interval_h)),
        mark: mark(venue),
        arbitrage: declared.arbitrage.half_life_s.is_finite().then_some(arbitrage),
        carry: (held && declared.carry.share > 0.0).then_some(CarryTraders {
            share: declared.carry.share,
            parameters: carry,
        }),
    }
}

fn rule(engine: Engine, contract_usd: f64) -> LiquidationRule {
    match engine {
        Engine::Whole => LiquidationRule::Whole {
            order_kind: OrderKind::Market,
        },
        Engine::FractionThenAll {
            threshold_usd,
            fraction,
            cooldown_s,
        } => LiquidationRule::FractionThenAll {
            threshold_usd,
            fraction,
            cooldown_s,
        },
        Engine::Incremental { step_usd, pause_s } => LiquidationRule::Incremental {
            step: Coin::from_f64(step_usd / contract_usd),
            pause_s,
        },
    }
}

fn mark(venue: &Venue) -> world::Mark {
    // The interval whose funding a mark looks ahead to; where none is paid, there is nothing to look ahead to.
    let interval_s = if venue.funding_interval_h > 0.0 {
        venue.funding_interval_h * HOUR_S
    } else {
        8.0 * HOUR_S
    };
    let rule = match venue.mark {
        Mark::Last => return world::Mark::Last,
        Mark::MedianOfThree => MarkRule::MedianOfThree {
            interval_s,
            points: 30,
            spacing_s: 1.0,
        },
        Mark::FundingBasis => MarkRule::FundingBasis { interval_s },
        Mark::OracleMedian => MarkRule::HYPERLIQUID,
    };
    world::Mark::Rule { rule, every_s: 1.0 }
}

/// The usual rate, 0.01 % in eight hours with a clamp of 0.05 %, for the part of them that an interval is.
fn funding(interval_h: f64) -> Funding {
    Funding {
        rule: FundingRule {
            divisor: 8.0 / interval_h,
            ..FundingRule::HYPERLIQUID
        },
        schedule: Schedule::new(0, (interval_h * HOUR_S) as i64).expect("a checked interval divides a day"),
        ..Funding::HYPERLIQUID
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
        book_usd_per_log: volume_daily_usd * impact.book_distance
            / (impact.y * sigma_daily * impact.y * sigma_daily),
        book_end: impact.book_end,
        book_refill_s: impact.book_refill_s,
        latency_s: venue.latency_s,
        open_interest_usd,
        churn_half_life_s: declared.positions.age_half_life_h * HOUR_S,
        mix: LeverageMix {
            classes: venue.leverage.clone(),
            // With one bracket the size of an account matters only to a stepwise engine, which asks for the mean.
            account_sizes: vec![(mean_account_usd(declared), 1.0)],
        },
        brackets: brackets.expect("a checked maintenance ratio makes one open-ended bracket"),
        reopen_share: declared.positions.reopen_share,
        cancelled_share: 0.25,
        overlap: 0.0,
        hold_equity: false,
        pools: vec![Pool {
            name: "fund".into(),
            share: 1.0,
            fund_ratio: venue.insurance_ratio,
        }],
    }
}

fn mean_account_usd(declared: &Declared) -> f64 {
    let sizes = &declared.positions.account_sizes;
    sizes.iter().map(|(size_usd, share)| size_usd * share).sum()
}

/// The walk before the tape, from its start backwards: log distance from the price at the start, and volume over its
/// mean. One walk for all markets, with the volatility of the first asset.
pub(super) fn history(declared: &Declared) -> Vec<(f64, f64)> {
    let count = (declared.positions.history_h / OPENED_EVERY_H).round() as usize;
    let step = declared.assets[0].news_volatility_daily * (OPENED_EVERY_H / 24.0).sqrt();
    let steps = normals(declared.seed, "history/price", count);
    let mut rng = stream(declared.seed, "history/volume");
    let mut distance = 0.0;
    let mut history = Vec::with_capacity(count);
    for step_z in steps {
        let volume: f64 = Exp1.sample(&mut rng);
        history.push((distance, volume));
        distance += step * step_z;
    }
    history
}

/// Where positions were opened: log distance from the price at the start, and share.
pub fn entries(declared: &Declared) -> Vec<(f64, f64)> {
    let half_life_h = declared.positions.age_half_life_h;
    let mut entries = history(declared);
    for (age, entry) in entries.iter_mut().enumerate() {
        entry.1 *= libm::exp2(-(age as f64) * OPENED_EVERY_H / half_life_h);
    }
    let sum: f64 = entries.iter().map(|entry| entry.1).sum();
    for entry in &mut entries {
        entry.1 /= sum;
    }
    entries
}
