use aftershock_market::Side;
use aftershock_protocol::{Decision, Liquidate, ProtocolRule, View};
use serde::Deserialize;

use crate::{Kind, Parameter, read};

pub(super) const KIND: Kind = Kind {
    name: "random-pacing",
    what: "a random share of a broken position is closed at a time, with a random pause after it",
    changes: "Each time a side of a market is looked at, the share that is closed and the pause for the rest are drawn, uniform between \
              their bounds and independent of each other. Draws follow from time, side and seed alone, so a run repeats, and \
              markets and brackets that break in the same instant draw alike. During a pause what breaks anew in that bracket waits \
              too. Once all that is broken in a bracket is worth no more than whole_below_usd, the rest goes at once.",
    helps: "Nobody can know when the next forced order comes or how large it is, and markets do not sell in step.",
    costs: "What is left may lose more than its margin before its turn; holders alike are closed to different extents by chance.",
    parameters: &[
        Parameter {
            name: "fraction_min",
            default: 0.1,
            allowed: [0.01, 1.0],
            meaning: "least share closed at a time, ratio",
        },
        Parameter {
            name: "fraction_max",
            default: 0.5,
            allowed: [0.01, 1.0],
            meaning: "largest share closed at a time, ratio",
        },
        Parameter {
            name: "pause_min_s",
            default: 10.0,
            allowed: [0.0, 3_600.0],
            meaning: "shortest pause, s",
        },
        Parameter {
            name: "pause_max_s",
            default: 60.0,
            allowed: [0.0, 3_600.0],
            meaning: "longest pause, s",
        },
        Parameter {
            name: "whole_below_usd",
            default: 100_000.0,
            allowed: [0.0, 1e12],
            meaning: "value of all that is broken in a bracket at or below which the rest is closed at once, USD",
        },
        Parameter {
            name: "seed",
            default: 1.0,
            allowed: [0.0, 1e9],
            meaning: "which draws, whole number",
        },
    ],
    example: "A draw of 0.25 between fractions 0.1 and 0.5 closes 0.1 + 0.25 · 0.4 = a fifth.",
    sources: &[
        "the generator: Steele, Lea and Flood (2014), Fast splittable pseudorandom number generators",
        "the idea's use for forced orders, and all bounds: declared",
    ],
    overlap: None,
    build: |table| {
        let rule = read::<RandomPacing>(table)?;
        if rule.fraction_max < rule.fraction_min {
            return Err(format!(
                "fraction_max: is {}, allowed is {} (the least) to 1",
                rule.fraction_max, rule.fraction_min
            ));
        }
        if rule.pause_max_s < rule.pause_min_s {
            return Err(format!(
                "pause_max_s: is {}, allowed is {} (the shortest) to 3600",
                rule.pause_max_s, rule.pause_min_s
            ));
        }
        if rule.seed.fract() != 0.0 {
            return Err(format!("seed: is {}, should be a whole number", rule.seed));
        }
        Ok(Box::new(rule))
    },
};

/// A random share at a time, and a random pause.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RandomPacing {
    /// Least share closed at a time.
    pub fraction_min: f64,
    /// Largest share closed at a time.
    pub fraction_max: f64,
    /// Shortest pause, s.
    pub pause_min_s: f64,
    /// Longest pause, s.
    pub pause_max_s: f64,
    /// Value of all that is broken at or below which the rest is closed at once, USD.
    pub whole_below_usd: f64,
    /// Which draws, a whole number.
    pub seed: f64,
}

/// The output of SplitMix64 from a state.
fn split_mix(state: u64) -> u64 {
    let z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The upper 53 bits as a number in [0, 1).
fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

impl RandomPacing {
    /// Two independent draws in [0, 1) of an instant, µs, and a side.
    fn draws(&self, now: i64, side: Side) -> [f64; 2] {
        let counter = split_mix(split_mix(self.seed as u64) ^ now as u64) ^ side.index() as u64;
        let first = split_mix(counter);
        [unit(first), unit(split_mix(first))]
    }
}

impl ProtocolRule for RandomPacing {
    fn name(&self) -> &str {
        "random-pacing"
    }

    fn fastest_s(&self) -> Option<f64> {
        (self.pause_max_s > 0.0).then_some(self.pause_min_s)
    }

    fn liquidate(&self, step: &Liquidate, view: &View<'_>) -> Decision<Liquidate> {
        if step.notional_usd <= self.whole_below_usd {
            return Decision::Accept;
        }
        let [share, wait] = self.draws(view.now.0, step.side);
        let fraction = self.fraction_min + share * (self.fraction_max - self.fraction_min);
        let pause_s = self.pause_min_s + wait * (self.pause_max_s - self.pause_min_s);
        let amended = Liquidate {
            fraction: step.fraction.min(fraction),
            pause_s: step.pause_s.max(pause_s),
            ..step.clone()
        };
        Decision::Amend(
            amended,
            "a random share now, and the rest after a random pause".into(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::liquidation::testing::{amended, at, step};

    const RULE: RandomPacing = RandomPacing {
        fraction_min: 0.1,
        fraction_max: 0.5,
        pause_min_s: 10.0,
        pause_max_s: 60.0,
        whole_below_usd: 100_000.0,
        seed: 1.0,
    };

    /// Source: the reference implementation's first outputs from seeds 0 and 1234567, as in Rosetta Code, "Pseudo-random
    /// numbers/Splitmix64".
    #[test]
    fn the_generator_gives_the_published_numbers() {
        assert_eq!(split_mix(0), 0xe220_a839_7b1d_cdaf);
        assert_eq!(split_mix(1_234_567), 6_457_827_717_110_365_317);
    }

    #[test]
    fn a_draw_lies_below_one() {
        assert_eq!((unit(0), unit(1 << 63)), (0.0, 0.5));
        assert!(unit(u64::MAX) < 1.0);
    }

    /// The mean of 10,000 uniform draws has a standard error of 0.0029: bounds are five of them. So are those of the shares, 0.3 ± 0.0058
    /// on a width of 0.4, and of the pauses, 35 ± 0.72 on one of 50.
    #[test]
    fn draws_fill_their_bounds_and_are_not_alike() {
        let (mut sum, mut product, mut shares, mut pauses) = ([0.0; 2], 0.0, 0.0, 0.0);
        for now in 0..10_000 {
            let [a, b] = RULE.draws(now * 1_000_000, Side::Long);
            sum = [sum[0] + a, sum[1] + b];
            product += (a - 0.5) * (b - 0.5);
            let left = amended(RULE.liquidate(&step(), &at(now * 1_000_000)));
            assert!((0.1..0.5).contains(&left.fraction) && (10.0..60.0).contains(&left.pause_s));
            (shares, pauses) = (shares + left.fraction, pauses + left.pause_s);
        }
        assert!((shares / 1e4 - 0.3).abs() < 0.0058, "{shares}");
        assert!((pauses / 1e4 - 35.0).abs() < 0.72, "{pauses}");
        assert!(sum.iter().all(|sum| (sum / 1e4 - 0.5).abs() < 0.0145), "{sum:?}");
        assert!((product / 1e4).abs() < 5.0 / 12.0 / 100.0, "{product}");
    }

    #[test]
    fn time_side_and_seed_each_change_the_draw_and_nothing_else_does() {
        let draw = RULE.draws(60_000_000, Side::Long);
        let other = RandomPacing { seed: 2.0, ..RULE };
        assert_eq!(draw, RULE.draws(60_000_000, Side::Long));
        assert_ne!(draw, RULE.draws(60_000_001, Side::Long));
        assert_ne!(draw, RULE.draws(60_000_000, Side::Short));
        assert_ne!(draw, other.draws(60_000_000, Side::Long));
    }

    #[test]
    fn it_tightens_what_is_there_and_lets_little_go() {
        let tight = Liquidate {
            fraction: 0.05,
            pause_s: 90.0,
            ..step()
        };
        let left = amended(RULE.liquidate(&tight, &at(0)));
        assert_eq!((left.fraction, left.pause_s), (0.05, 90.0));
        let small = Liquidate {
            notional_usd: 100_000.0,
            ..step()
        };
        assert_eq!(RULE.liquidate(&small, &at(0)), Decision::Accept);
    }

    #[test]
    fn its_shortest_pause_is_how_fast_it_acts() {
        let without = RandomPacing {
            pause_min_s: 0.0,
            pause_max_s: 0.0,
            ..RULE
        };
        assert_eq!((RULE.fastest_s(), without.fastest_s()), (Some(10.0), None));
    }

    #[test]
    fn bounds_that_cross_are_refused() {
        let refused = |key: &str, value: f64| {
            let mut table = toml::Table::new();
            for parameter in KIND.parameters {
                table.insert(parameter.name.into(), parameter.default.into());
            }
            table.insert(key.into(), value.into());
            (KIND.build)(table).map(|_| ()).unwrap_err()
        };
        assert_eq!(
            refused("fraction_max", 0.05),
            "fraction_max: is 0.05, allowed is 0.1 (the least) to 1"
        );
        assert_eq!(
            refused("pause_min_s", 61.0),
            "pause_max_s: is 60, allowed is 61 (the shortest) to 3600"
        );
        assert_eq!(refused("seed", 0.5), "seed: is 0.5, should be a whole number");
    }
}
