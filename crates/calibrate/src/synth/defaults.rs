//! What a declaration leaves out.

use super::Target;
use super::declared::{
    Arbitrage, Asset, Carry, Contract, Coverage, Declared, Engine, Impact, Mark, Positions, Snapshots, Venue,
};
use super::ramp::Ramp;

impl Default for Declared {
    fn default() -> Self {
        let venue = |name: &str, contract| Venue {
            name: name.into(),
            contract,
            ..Venue::default()
        };
        Self {
            seed: 1,
            duration_s: 21_600,
            ticks_per_s: 1.0,
            news_flow_correlation: 0.0,
            amplification: Target::Ratio(1.1),
            amplification_clock_s: 60,
            amplification_tolerance: 0.01,
            asset_correlation: 0.7,
            cross_impact: 0.2,
            ramp: Ramp::default(),
            impact: Impact::default(),
            positions: Positions::default(),
            arbitrage: Arbitrage::default(),
            carry: Carry::default(),
            snapshots: Snapshots::default(),
            assets: vec![Asset::default()],
            venues: vec![
                venue("alpha", Contract::Linear),
                Venue {
                    volume_daily_usd: 5e9,
                    coverage: Coverage::OneASecond,
                    ..venue("beta", Contract::Inverse)
                },
                Venue {
                    volume_daily_usd: 5e9,
                    ..venue("gamma", Contract::Spot)
                },
            ],
        }
    }
}

impl Default for Impact {
    fn default() -> Self {
        Self {
            y: 1.0,
            floor_s: 8.64,
            half_lives_s: [3.5, 20.8, 124.8, 748.6, 4_491.6, 26_949.7],
            weights: [0.25, 0.2, 0.2, 0.15, 0.1, 0.1],
            depth_elasticity: 1.0,
            depth_floor: 0.02,
            book_distance: 0.005,
            book_end: 0.1,
            book_refill_s: 60.0,
        }
    }
}

impl Default for Positions {
    fn default() -> Self {
        Self {
            history_h: 48.0,
            age_half_life_h: 16.6,
            reopen_share: 0.5,
            account_sizes: vec![(3e3, 0.1), (3e4, 0.3), (3e5, 0.4), (2e6, 0.2)],
        }
    }
}

impl Default for Arbitrage {
    fn default() -> Self {
        Self {
            half_life_s: 30.0,
            capital_usd: 5e8,
            return_half_life_s: 1_800.0,
        }
    }
}

impl Default for Carry {
    fn default() -> Self {
        Self {
            share: 0.3,
            resold: 0.6,
            resell_s: 77.5,
        }
    }
}

impl Default for Snapshots {
    fn default() -> Self {
        Self {
            open_interest_s: 60.0,
            depth_s: 30.0,
            depth_bands_pct: vec![0.2, 1.0, 2.0, 5.0],
            mark_s: 1.0,
        }
    }
}

impl Default for Asset {
    fn default() -> Self {
        Self {
            name: "SYN".into(),
            price_usd: 40_000.0,
            news_volatility_daily: 0.03,
            ramp_share: 1.0,
        }
    }
}

impl Default for Venue {
    fn default() -> Self {
        Self {
            name: "alpha".into(),
            contract: Contract::Linear,
            volume_daily_usd: 2e10,
            ordinary_flow: 1.08,
            open_interest_ratio: 0.3,
            leverage: vec![
                (3.0, 0.2),
                (5.0, 0.25),
                (10.0, 0.3),
                (20.0, 0.15),
                (50.0, 0.07),
                (100.0, 0.03),
            ],
            maintenance_ratio: 0.005,
            latency_s: 0.73,
            engine: Engine::Whole,
            throughput_usd_per_s: f64::INFINITY,
            insurance_ratio: 0.002,
            vault_ratio: 0.0,
            keeps_remainder: true,
            deleverages: true,
            mark: Mark::Last,
            funding_interval_h: 8.0,
            coverage: Coverage::Complete,
        }
    }
}
