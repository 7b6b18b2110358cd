//! Generated crashes of one market, whose truth is known. They prove arithmetic, not the world.

use aftershock_market::{MICROS_PER_SECOND, Timestamp};
use aftershock_measure::impact::SquareRootImpact;
use aftershock_protocol::{Brackets, RuleSet, Tier};
use aftershock_replay::{
    DecayTable, Drive, Exogenous, LeverageMix, Mechanisms, Mode, Parameters, Path, Pool, Replay, ReplayError,
    Silent, lead_in,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const STEP_S: i64 = 10;
const LEAD: usize = 720;
const REPLAYED: usize = 2_160;
const SIGMA_DAILY: f64 = 0.03;
const VOLUME_DAILY_USD: f64 = 2e10;

/// A generated crash: six hours at ten seconds, a fall of five percent in ten minutes, positions that break in it.
#[derive(Clone, Debug)]
pub struct Synthetic {
    /// The tape: all that a calibration may see.
    pub path: Path,
    /// Forced flow in truth, both ways, USD.
    pub forced_usd: f64,
    /// What was believed when it was generated.
    pub parameters: Parameters,
    /// Decay of the parameters.
    pub table: DecayTable,
    /// What was exogenous in truth.
    pub truth: Exogenous,
}

/// Parameters of the generated crash; depth answers volatility with `depth_elasticity`.
pub fn parameters(depth_elasticity: f64) -> Parameters {
    let brackets = Brackets::new(vec![Tier {
        floor_usd: 0.0,
        cap_usd: f64::INFINITY,
        maintenance_ratio: 0.005,
        max_leverage: 125.0,
        maintenance_amount_usd: 0.0,
    }]);
    Parameters {
        impact: SquareRootImpact {
            y: 1.0,
            sigma_daily: SIGMA_DAILY,
            volume_daily_usd: VOLUME_DAILY_USD,
            j0_usd: 2e6,
        },
        impact_weights: [0.25, 0.2, 0.2, 0.15, 0.1, 0.1],
        depth_elasticity,
        depth_floor: 0.02,
        book_usd_per_log: VOLUME_DAILY_USD * 0.005 / (SIGMA_DAILY * SIGMA_DAILY),
        book_end: 0.1,
        book_refill_s: 60.0,
        latency_s: 1.0,
        open_interest_usd: 6e9,
        churn_half_life_s: 86_400.0,
        mix: LeverageMix {
            classes: vec![
                (3.0, 0.2),
                (5.0, 0.25),
                (10.0, 0.3),
                (20.0, 0.15),
                (50.0, 0.07),
                (100.0, 0.03),
            ],
            account_sizes: vec![(1e5, 1.0)],
        },
        brackets: brackets.expect("one open-ended bracket is a table"),
        reopen_share: 0.5,
        cancelled_share: 0.25,
        overlap: 0.0,
        hold_equity: false,
        pools: vec![
            Pool {
                name: "pool-a".into(),
                share: 0.6,
                fund_ratio: 0.002,
            },
            Pool {
                name: "pool-b".into(),
                share: 0.4,
                fund_ratio: 0.001,
            },
        ],
    }
}

/// A decay table with the prior half-lives.
pub fn decay_table() -> DecayTable {
    DecayTable::new([3.5, 20.8, 124.8, 748.6, 4_491.6, 26_949.7, 3_600.0])
}

/// A path of news and ordinary flow without any forced order: `lead` waypoints before the replay, `replayed` in it.
/// News falls by `fall` (log) over `ramp` waypoints from the middle of the replay on.
pub fn news(seed: u64, lead: usize, replayed: usize, fall: f64, ramp: usize) -> Path {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let n = lead + replayed;
    let step = SIGMA_DAILY * (STEP_S as f64 / 86_400.0).sqrt();
    let volume = VOLUME_DAILY_USD * STEP_S as f64 / 86_400.0;
    let ramp_from = lead + replayed / 2;
    let mut path = Path {
        first: lead,
        ..Path::default()
    };
    let mut log_price = libm::log(40_000.0);
    for i in 0..n {
        let z: f64 = StandardNormal.sample(&mut rng);
        let flow: f64 = StandardNormal.sample(&mut rng);
        let busy: f64 = rng.random();
        log_price += step * z;
        if (ramp_from..ramp_from + ramp).contains(&i) {
            log_price -= fall / ramp as f64;
        }
        path.at.push(Timestamp(i as i64 * STEP_S * MICROS_PER_SECOND));
        path.log_price.push(log_price);
        path.volume_usd.push(volume * (0.5 + busy));
        path.ordinary_usd.push(0.3 * volume * flow);
        path.bar_close.push(i % 6 == 5);
        path.recorded.push(true);
    }
    path
}

/// Generates a crash from a seed.
///
/// # Errors
/// A generated path whose lead-in left no positions on one side.
pub fn generate(seed: u64, depth_elasticity: f64) -> Result<Synthetic, ReplayError> {
    let parameters = parameters(depth_elasticity);
    let table = decay_table();
    let mut path = news(seed, LEAD, REPLAYED, 0.05, 60);
    let rules = RuleSet::default();

    let replay = Replay {
        path: &path,
        parameters: &parameters,
        table: &table,
        rules: &rules,
    };
    let mode = Mode {
        drive: Drive::News,
        mechanisms: Mechanisms::ALL,
    };
    let crash = replay.run(lead_in(&replay, &mut Silent)?, mode, &mut Silent)?;
    path.log_price.truncate(LEAD);
    path.log_price.extend(&crash.log_mark);
    Ok(Synthetic {
        path,
        forced_usd: crash.totals.forced_usd.iter().sum(),
        parameters,
        table,
        truth: crash.exogenous.unwrap_or_default(),
    })
}
