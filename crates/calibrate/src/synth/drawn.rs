//! Crashes of our own equations that a calibration is scored on: one market each, everything else drawn.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use super::declared::{Arbitrage, Carry, Contract, Declared, Impact, Venue};
use super::ramp::{Ramp, Shape};
use super::run::Stage;
use super::stream::stream;
use super::{SynthError, Target};
use crate::known::{CAP, Known, capped, log_ratios, log_variances};

/// Length of a scored tape, s: enough for thirty returns of five minutes.
const DURATION_S: u32 = 10_800;
/// Amplification that is aimed at; where no open interest reaches it, the one before it.
const AMPLIFICATIONS: [f64; 5] = [1.0, 1.1, 1.25, 1.5, 2.0];
const CORRELATIONS: [f64; 3] = [0.0, 0.3, 0.6];
const SHAPES: [Shape; 5] = [
    Shape::Straight,
    Shape::Shifted,
    Shape::Exponential,
    Shape::Jumps,
    Shape::Short,
];

impl Declared {
    /// The crash of a number: amplification, correlation of news and flow, and the ramp's form go round, impact, its decay,
    /// depth, latency and leverage are drawn around what is believed of them.
    pub fn drawn(number: u64) -> Self {
        let mut rng = stream(number, "drawn");
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        let y = libm::exp(0.35 * normal());
        let slower = libm::exp(0.6 * normal());
        let depth_elasticity = (1.0 + 0.5 * normal()).clamp(0.0, 2.5);
        let latency_s = 0.7 * libm::exp(0.3 * normal());
        let mut venue = Venue {
            contract: Contract::Linear,
            latency_s,
            ..Venue::default()
        };
        for class in &mut venue.leverage {
            class.1 *= libm::exp(0.4 * normal());
        }
        let sum: f64 = venue.leverage.iter().map(|class| class.1).sum();
        for class in &mut venue.leverage {
            class.1 /= sum;
        }
        let place = |of: usize| (number % of as u64) as usize;
        let length_s = [300.0, 600.0, 1_200.0][(number / 15 % 3) as usize];
        let offset_s: f64 = rng.random();
        let default = Self::default();
        Self {
            seed: number,
            duration_s: DURATION_S,
            news_flow_correlation: CORRELATIONS[place(3)],
            amplification: Target::Ratio(AMPLIFICATIONS[place(5)]),
            amplification_tolerance: 0.05,
            ramp: Ramp {
                shape: SHAPES[(number / 5 % 5) as usize],
                start_s: (5_400.0 + 600.0 * offset_s).round(),
                length_s,
                ..default.ramp
            },
            impact: Impact {
                y,
                half_lives_s: default.impact.half_lives_s.map(|half_life| half_life * slower),
                depth_elasticity,
                ..default.impact
            },
            arbitrage: Arbitrage {
                half_life_s: f64::INFINITY,
                ..default.arbitrage
            },
            carry: Carry {
                share: 0.0,
                ..default.carry
            },
            venues: vec![venue],
            ..default
        }
    }
}

/// The crash of a number, with what an estimate is scored against.
///
/// # Errors
/// A world that does not run.
pub fn known(number: u64) -> Result<Known, SynthError> {
    let mut declared = Declared::drawn(number);
    loop {
        let found = known_of(&declared);
        let (Err(SynthError::OutOfReach { .. }), Target::Ratio(target)) = (&found, declared.amplification)
        else {
            return found;
        };
        let lower = AMPLIFICATIONS.iter().rev().find(|one| **one < target);
        declared.amplification = Target::Ratio(*lower.unwrap_or(&1.0));
    }
}

fn known_of(declared: &Declared) -> Result<Known, SynthError> {
    declared.check().map_err(SynthError::Declared)?;
    let stage = Stage::new(declared);
    let (_, run, search) = stage.factual()?;
    let scale = search.last().map_or(0.0, |last| last.open_interest_scale);
    let price = stage.path(&run, 0, 1, |row| row.log_price);
    let null = stage.path(&run, 0, 1, |row| row.log_null);
    let recorded = log_variances(&price, 1.0);

    let mut under = declared.clone();
    under.venues[0].leverage = capped(&declared.venues[0].leverage, CAP);
    let log_effect = if scale > 0.0 {
        let under = Stage::new(&under);
        let capped = under.at_scale(scale)?;
        log_ratios(
            &log_variances(&under.path(&capped, 0, 1, |row| row.log_price), 1.0),
            &recorded,
        )
    } else {
        recorded.map(|one| one.map(|_| 0.0))
    };
    let (mut printed, _) = stage.printed(&run);
    let Target::Ratio(target) = declared.amplification else {
        unreachable!("drawn crashes declare a ratio");
    };
    Ok(Known {
        about: format!(
            "own {}: amplification {target}, correlation {}, ramp {:?} of {} s, impact {:.2}",
            declared.seed,
            declared.news_flow_correlation,
            declared.ramp.shape,
            declared.ramp.length_s,
            declared.impact.y
        ),
        observed: printed.markets.remove(0),
        maintenance_ratio: declared.venues[0].maintenance_ratio,
        log_amplification: log_ratios(&recorded, &log_variances(&null, 1.0)),
        log_effect,
    })
}
