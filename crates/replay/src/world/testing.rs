//! A made-up world of three venues, in which the laws of the tests beside it hold.

use aftershock_market::{Cash, Timestamp};
use aftershock_measure::impact::SquareRootImpact;
use aftershock_protocol::venue::deleveraging::Ranking;
use aftershock_protocol::venue::liquidation::{LiquidationRule, OrderKind};
use aftershock_protocol::{Brackets, RuleSet, Tier};

use super::seed::Entries;
use super::*;
use crate::response::basis::ArbitrageParameters;
use crate::response::carry::CarryParameters;
use crate::response::cross_impact::CrossImpact;
use crate::{DecayTable, LeverageMix, Parameters, Pool};

/// Price at which every market begins, USD.
pub(super) const PRICE: f64 = 10_000.0;
/// When, µs: 13:46:40 UTC.
pub(super) const START: i64 = 1_000_000_000_000;

fn parameters(open_interest_usd: f64, volume_daily_usd: f64) -> Parameters {
    let sigma = 0.04;
    Parameters {
        impact: SquareRootImpact {
            y: 1.0,
            sigma_daily: sigma,
            volume_daily_usd,
            j0_usd: 1e-4 * volume_daily_usd,
        },
        impact_weights: [0.25, 0.2, 0.2, 0.15, 0.1, 0.1],
        depth_elasticity: 1.0,
        depth_floor: 0.02,
        book_usd_per_log: volume_daily_usd * 0.005 / (sigma * sigma),
        book_end: 0.1,
        book_refill_s: 60.0,
        latency_s: 0.5,
        open_interest_usd,
        churn_half_life_s: 86_400.0,
        mix: LeverageMix {
            classes: vec![(5.0, 0.3), (10.0, 0.3), (20.0, 0.2), (50.0, 0.2)],
            account_sizes: vec![(1e5, 1.0)],
        },
        brackets: Brackets::new(vec![Tier {
            floor_usd: 0.0,
            cap_usd: f64::INFINITY,
            maintenance_ratio: 0.005,
            max_leverage: 125.0,
            maintenance_amount_usd: 0.0,
        }])
        .expect("one open-ended bracket is a table"),
        reopen_share: 0.5,
        cancelled_share: 0.25,
        overlap: 0.0,
        hold_equity: false,
        pools: vec![Pool {
            name: "fund".into(),
            share: 1.0,
            fund_ratio: 0.001,
        }],
    }
}

fn perpetual(name: &str, venue: usize, inverse: bool, open_interest_usd: f64) -> InstrumentSpec {
    InstrumentSpec {
        name: name.into(),
        venue,
        asset: 0,
        inverse,
        parameters: parameters(open_interest_usd, 1e10),
        liquidation: Some(Liquidation {
            rule: LiquidationRule::Whole {
                order_kind: OrderKind::Market,
            },
            ranking: Ranking::Bitmex,
            latency_s: 0.5,
            throughput_usd_per_s: f64::INFINITY,
            keeps_remainder: true,
            vault: Cash::ZERO,
            deleverages: true,
        }),
        funding: Some(Funding::HYPERLIQUID),
        mark: Mark::Last,
        arbitrage: Some(ArbitrageParameters::prior(5e8)),
        carry: Some(CarryTraders {
            share: 0.3,
            parameters: CarryParameters::prior(1e9),
        }),
    }
}

/// A spot market, a linear perpetual and an inverse one.
pub(super) fn three() -> WorldSpec {
    let mut spot = perpetual("gamma:BTC", 2, false, 0.0);
    spot.liquidation = None;
    spot.funding = None;
    spot.arbitrage = None;
    spot.carry = None;
    let names = ["alpha", "beta", "gamma"];
    WorldSpec {
        venues: names.map(|name| Venue { name: name.into() }).to_vec(),
        assets: vec![Asset::of_one("BTC", 2)],
        instruments: vec![
            perpetual("alpha:BTC-PERP", 0, false, 1.5e9),
            perpetual("beta:XBTUSD", 1, true, 0.8e9),
            spot,
        ],
        cross_impact: CrossImpact::none(1),
        table: DecayTable::new([0.5, 3.0, 20.0, 100.0, 900.0, 21_600.0, 3_600.0]),
        arbitrage_s: 1.0,
        decision_s: 60.0,
        clock_s: 10.0,
        transfer_s: 30.0,
    }
}

/// Entry prices over 6 % on either side of the start's, evenly.
pub(super) fn entries(count: u32) -> Vec<(f64, f64)> {
    let half = f64::from(count) / 2.0;
    (0..count)
        .map(|k| (0.06 * (f64::from(k) - half) / half, 1.0 / f64::from(count)))
        .collect()
}

/// A fall of `fall` in log price within ten minutes of an hour, a tick a market every half second, with noise.
pub(super) fn crash(fall: f64, seconds: i64) -> WorldTape {
    let mut state = 88_172_645_463_325_252_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut tape = WorldTape::default();
    let mut wander = 0.0;
    for step in 0..2 * seconds {
        let at = START + step * 500_000;
        wander += 6e-5 * noise();
        let ramp = (((step - 1_200) as f64) / 1_200.0).clamp(0.0, 1.0);
        for market in 0..3_u16 {
            tape.push(
                Timestamp(at + i64::from(market)),
                WorldEvent::Tick {
                    market,
                    log_price: libm::log(PRICE) - fall * ramp + wander + 2e-5 * noise(),
                    ordinary_usd: 2e5 * noise(),
                },
            );
        }
    }
    tape
}

pub(super) fn begin<'a>(spec: &'a WorldSpec, rules: &'a RuleSet, channels: Channels) -> World<'a> {
    begin_with(spec, rules, channels, &entries(400))
}

/// The world with all channels and a tenth of the entry prices.
pub(super) fn begin_coarsely<'a>(spec: &'a WorldSpec, rules: &'a RuleSet) -> World<'a> {
    begin_with(spec, rules, Channels::ALL, &entries(40))
}

fn begin_with<'a>(
    spec: &'a WorldSpec,
    rules: &'a RuleSet,
    channels: Channels,
    entries: Entries<'_>,
) -> World<'a> {
    seed(
        spec,
        rules,
        channels,
        Timestamp(START),
        &[libm::log(PRICE); 3],
        entries,
    )
    .expect("the parts fit")
}

pub(super) fn reserves(spec: &WorldSpec, rules: &RuleSet) -> Vec<[Cash; 2]> {
    let world = begin(spec, rules, Channels::ALL);
    world
        .markets
        .iter()
        .map(|market| [market.ledger.insurance()[0], market.ledger.insurance()[1]])
        .collect()
}
