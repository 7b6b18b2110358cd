//! A declared amplification, and the open interest that brings it about.

use std::fmt;

use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

use super::SynthError;

const AS_DECLARED: &str = "as-declared";
/// Evaluations before the search gives up.
const TRIES: usize = 40;
/// A bracket this narrow, share of its end, is no longer halved: near the critical point amplification is as rough as
/// the cascade, and what lies about is tried instead, in steps of the same width.
const NARROW: f64 = 0.005;

/// Amplification that is aimed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// This ratio of variances, at least 1; at 1 nobody holds a position.
    Ratio(f64),
    /// None: open interest is what the venues declare, and amplification what comes of it.
    AsDeclared,
}

impl Serialize for Target {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Ratio(ratio) => serializer.serialize_f64(*ratio),
            Self::AsDeclared => serializer.serialize_str(AS_DECLARED),
        }
    }
}

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl Visitor<'_> for Words {
            type Value = Target;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a number from 1 on, or \"{AS_DECLARED}\"")
            }

            fn visit_f64<E>(self, ratio: f64) -> Result<Target, E> {
                Ok(Target::Ratio(ratio))
            }

            fn visit_i64<E>(self, ratio: i64) -> Result<Target, E> {
                Ok(Target::Ratio(ratio as f64))
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Target, E> {
                if word == AS_DECLARED {
                    Ok(Target::AsDeclared)
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
                }
            }
        }
        deserializer.deserialize_any(Words)
    }
}

/// One step of the search.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Tried {
    /// What the declared open interest of all venues was multiplied with.
    pub open_interest_scale: f64,
    /// What that came to.
    pub amplification: f64,
}

/// The scale of open interest at which `measure` gives the target: doubled until it is passed, then halved in between,
/// and where that jumps over it, tried to both sides in growing distance. More open interest need not amplify more at
/// every step, so what is found is one such scale and not the only one.
///
/// # Errors
/// A target that the largest scale does not reach or that is jumped over, and what `measure` refuses.
pub(crate) fn reach(
    target: f64,
    tolerance: f64,
    largest: f64,
    mut measure: impl FnMut(f64) -> Result<f64, SynthError>,
) -> Result<Vec<Tried>, SynthError> {
    let mut tried: Vec<Tried> = Vec::new();
    let (mut low, mut high) = (0.0, f64::INFINITY);
    let mut scale = 1.0_f64.min(largest);
    let mut steps = 0;
    while tried.len() < TRIES {
        let amplification = measure(scale)?;
        tried.push(Tried {
            open_interest_scale: scale,
            amplification,
        });
        if (libm::log(amplification) - libm::log(target)).abs() <= tolerance {
            return Ok(tried);
        }
        if steps > 0 {
            // The bracket stays where it is.
        } else if amplification < target {
            low = scale;
        } else {
            high = scale;
        }
        if low >= largest {
            break;
        }
        scale = if steps > 0 || high - low < NARROW * high && high.is_finite() {
            let about = 0.5 * (low + high);
            steps += 1;
            let side = if steps % 2 == 0 { 1.0 } else { -1.0 };
            about * (1.0 + side * NARROW * f64::from((steps + 1) / 2))
        } else if high.is_finite() {
            0.5 * (low + high)
        } else {
            (2.0 * low).min(largest)
        };
    }
    let far = |one: &Tried| (libm::log(one.amplification) - libm::log(target)).abs();
    let nearest = tried
        .iter()
        .min_by(|a, b| far(a).total_cmp(&far(b)))
        .map_or(1.0, |one| one.amplification);
    Err(SynthError::OutOfReach {
        target,
        nearest,
        largest,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `1 + s/4` is 1.5 at 2, 1.05 at 0.2 and 3 at 8; half a percent of 1.05 is 0.021 of the scale.
    #[test]
    fn a_line_is_solved() {
        for (target, scale, within) in [(1.5, 2.0, 0.03), (1.05, 0.2, 0.021), (3.0, 8.0, 0.06)] {
            let tried = reach(target, 0.005, 10.0, |s| Ok(1.0 + s / 4.0)).expect("it can be reached");
            let found = tried.last().expect("it was tried").open_interest_scale;
            assert!((found - scale).abs() < within, "{target}: {found}");
        }
    }

    /// At 0.7 this leaps over 1.5, which stands a little below it.
    #[test]
    fn what_is_leapt_over_is_looked_for_nearby() {
        let rough = |s: f64| {
            Ok(if s > 0.69 && s < 0.6975 {
                1.5
            } else if s < 0.7 {
                1.0
            } else {
                2.0
            })
        };
        let tried = reach(1.5, 0.01, 10.0, rough).expect("it stands there");
        assert!(tried.len() < 40);
    }

    #[test]
    fn what_cannot_be_reached_is_said() {
        let error = reach(5.0, 0.01, 10.0, |s| Ok(1.0 + s / 4.0)).expect_err("3.5 is the most");
        let text = error.to_string();
        assert!(text.contains("amplification 5") && text.contains("3.5"), "{text}");
        let jump = |s: f64| Ok(if s < 0.7 { 1.0 } else { 2.0 });
        assert!(reach(1.5, 0.01, 10.0, jump).is_err());
    }

    #[test]
    fn a_target_is_a_number_or_a_word() {
        #[derive(Deserialize)]
        struct One {
            a: Target,
        }
        let read = |text: &str| toml::from_str::<One>(text).map(|one| one.a);
        assert_eq!(read("a = 1.5"), Ok(Target::Ratio(1.5)));
        assert_eq!(read("a = 2"), Ok(Target::Ratio(2.0)));
        assert_eq!(read("a = \"as-declared\""), Ok(Target::AsDeclared));
        let error = read("a = \"much\"").expect_err("it is neither").to_string();
        assert!(error.contains("as-declared"), "{error}");
    }
}
