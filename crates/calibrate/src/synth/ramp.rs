//! How news falls.

use serde::{Deserialize, Serialize};

/// Rate of an exponential ramp over its length: it has gone 92 % of its way at half of it.
const EXPONENTIAL: f64 = 5.0;
/// Length of a short ramp over the declared length.
const SHORT: f64 = 0.3;

/// The fall that news brings, beside its noise.
///
/// Shapes are told apart because an estimator that takes means out of windows is right only where a ramp fills one
/// window exactly: `straight` fills a window of `length_s` that begins at `start_s`, and the others do not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ramp {
    /// Its form.
    pub shape: Shape,
    /// How far the price falls, log; below 0 it rises.
    pub size: f64,
    /// Start, s from the start of the tape.
    pub start_s: f64,
    /// Length, s.
    pub length_s: f64,
    /// Number of jumps of the shape `jumps`.
    pub jumps: u32,
}

/// Form of a ramp, as the share of it that has come after the share `u` of its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// `u`.
    Straight,
    /// Straight, but half its length later, so that it lies in two windows.
    Shifted,
    /// `(1 - e^-5u)/(1 - e^-5)`: fast first.
    Exponential,
    /// Equal jumps, each at the end of one of as many equal parts of the length.
    Jumps,
    /// Straight, within the first three tenths of the length.
    Short,
}

impl Default for Ramp {
    fn default() -> Self {
        Self {
            shape: Shape::Straight,
            size: 0.05,
            start_s: 10_800.0,
            length_s: 600.0,
            jumps: 6,
        }
    }
}

impl Ramp {
    /// How far news has fallen `at_s` after the start of the tape, log.
    pub fn fallen(&self, at_s: f64) -> f64 {
        self.size * self.share((at_s - self.start_s) / self.length_s)
    }

    /// When it begins and ends, s from the start of the tape.
    pub fn span_s(&self) -> (f64, f64) {
        let (from, to) = match self.shape {
            Shape::Straight | Shape::Exponential => (0.0, 1.0),
            Shape::Jumps => (1.0 / f64::from(self.jumps), 1.0),
            Shape::Shifted => (0.5, 1.5),
            Shape::Short => (0.0, SHORT),
        };
        (
            self.start_s + from * self.length_s,
            self.start_s + to * self.length_s,
        )
    }

    fn share(&self, u: f64) -> f64 {
        match self.shape {
            Shape::Straight => u.clamp(0.0, 1.0),
            Shape::Shifted => (u - 0.5).clamp(0.0, 1.0),
            Shape::Exponential => libm::expm1(-EXPONENTIAL * u.clamp(0.0, 1.0)) / libm::expm1(-EXPONENTIAL),
            Shape::Jumps => {
                let jumps = f64::from(self.jumps);
                (u * jumps).floor().clamp(0.0, jumps) / jumps
            }
            Shape::Short => (u / SHORT).clamp(0.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points by hand of a fall of 0.06 that begins at 1,000 s and is 600 s long.
    #[test]
    fn shapes_are_as_declared() {
        let fallen = |shape, at_s| {
            let ramp = Ramp {
                shape,
                size: 0.06,
                start_s: 1_000.0,
                length_s: 600.0,
                jumps: 3,
            };
            ramp.fallen(at_s)
        };
        let e = core::f64::consts::E;
        let points = [
            (Shape::Straight, 999.0, 0.0),
            (Shape::Straight, 1_150.0, 0.015),
            (Shape::Straight, 1_600.0, 0.06),
            (Shape::Straight, 9_000.0, 0.06),
            (Shape::Shifted, 1_300.0, 0.0),
            (Shape::Shifted, 1_600.0, 0.03),
            (Shape::Shifted, 1_900.0, 0.06),
            (Shape::Exponential, 1_000.0, 0.0),
            (
                Shape::Exponential,
                1_120.0,
                0.06 * (1.0 - 1.0 / e) / (1.0 - e.powi(-5)),
            ),
            (Shape::Exponential, 1_600.0, 0.06),
            (Shape::Jumps, 1_199.0, 0.0),
            (Shape::Jumps, 1_200.0, 0.02),
            (Shape::Jumps, 1_399.0, 0.02),
            (Shape::Jumps, 1_401.0, 0.04),
            (Shape::Jumps, 1_600.0, 0.06),
            (Shape::Short, 1_090.0, 0.03),
            (Shape::Short, 1_180.0, 0.06),
        ];
        for (shape, at_s, expected) in points {
            let found = fallen(shape, at_s);
            assert!((found - expected).abs() < 1e-15, "{shape:?} at {at_s} s: {found}");
        }
    }

    #[test]
    fn a_ramp_lies_within_its_span() {
        for shape in [
            Shape::Straight,
            Shape::Shifted,
            Shape::Exponential,
            Shape::Jumps,
            Shape::Short,
        ] {
            let ramp = Ramp {
                shape,
                ..Ramp::default()
            };
            let (from, to) = ramp.span_s();
            assert_eq!(ramp.fallen(from - 1.0), 0.0);
            assert!(ramp.fallen(from + 1.0) > 0.0 && ramp.fallen(to - 1.0) < ramp.size);
            assert_eq!(ramp.fallen(to + 1e-6), ramp.size);
        }
    }
}
