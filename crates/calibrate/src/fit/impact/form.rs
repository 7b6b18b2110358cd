//! How flow becomes a log move: decay of the state, and shape of what the state does.

use std::f64::consts::LN_2;

use aftershock_measure::impact::{PreparedImpact, SquareRootImpact};

use crate::clocked::Clocked;

/// A form of impact at `Y = 1`: several states that decay, their weighted sum `J`, and `h(J)`.
#[derive(Clone, Debug, PartialEq)]
pub struct ImpactForm {
    /// What it is called in tables.
    pub name: String,
    /// Half-life of each state, s; infinite for one that does not decay.
    pub half_lives_s: Vec<f64>,
    /// Weight of each state; they sum to 1.
    pub weights: Vec<f64>,
    /// What the weighted sum does.
    pub shape: ImpactShape,
}

/// `h(J)` at `Y = 1`, log, odd in `J`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ImpactShape {
    /// `sigma·sgn(J)·(√((|J|+J0)/V) − √(J0/V))`.
    SquareRoot {
        /// Volatility of a day, log.
        sigma_daily: f64,
        /// Volume of a day, USD.
        volume_daily_usd: f64,
        /// Flow below which impact is close to linear, USD.
        j0_usd: f64,
    },
    /// `slope·J`.
    Linear {
        /// Log per USD.
        slope: f64,
    },
    /// `scale·sgn(J)·ln(1 + |J|/j_usd)`.
    Log {
        /// Log.
        scale: f64,
        /// Flow below which impact is close to linear, USD.
        j_usd: f64,
    },
}

impl ImpactForm {
    /// One state of one half-life, s.
    pub fn single(name: impl Into<String>, half_life_s: f64, shape: ImpactShape) -> Self {
        Self {
            name: name.into(),
            half_lives_s: vec![half_life_s],
            weights: vec![1.0],
            shape,
        }
    }

    /// The same decay with another shape.
    #[must_use]
    pub fn with_shape(&self, name: impl Into<String>, shape: ImpactShape) -> Self {
        Self {
            name: name.into(),
            shape,
            ..self.clone()
        }
    }

    /// The same shape with another decay.
    #[must_use]
    pub fn with_decay(&self, name: impl Into<String>, half_lives_s: &[f64], weights: &[f64]) -> Self {
        Self {
            name: name.into(),
            half_lives_s: half_lives_s.to_vec(),
            weights: weights.to_vec(),
            shape: self.shape,
        }
    }
}

impl ImpactShape {
    /// A straight line that agrees with this shape at `j_usd`, so that one `Y` means the same there.
    #[must_use]
    pub fn linear_at(&self, j_usd: f64) -> Self {
        Self::Linear {
            slope: self.log_impact(j_usd) / j_usd,
        }
    }

    /// A logarithm, bent at `bend_usd`, that agrees with this shape at `j_usd`.
    #[must_use]
    pub fn log_at(&self, j_usd: f64, bend_usd: f64) -> Self {
        Self::Log {
            scale: self.log_impact(j_usd) / libm::log1p(j_usd / bend_usd),
            j_usd: bend_usd,
        }
    }

    /// `h(J)`, log.
    pub fn log_impact(&self, j_usd: f64) -> f64 {
        Prepared::new(self).log_impact(j_usd)
    }
}

/// A shape with what no state changes worked out once.
#[derive(Clone, Copy)]
pub(super) enum Prepared {
    Root(PreparedImpact),
    Linear(f64),
    Log(f64, f64),
}

impl Prepared {
    pub(super) fn new(shape: &ImpactShape) -> Self {
        match *shape {
            ImpactShape::SquareRoot {
                sigma_daily,
                volume_daily_usd,
                j0_usd,
            } => Self::Root(
                SquareRootImpact {
                    y: 1.0,
                    sigma_daily,
                    volume_daily_usd,
                    j0_usd,
                }
                .prepared(),
            ),
            ImpactShape::Linear { slope } => Self::Linear(slope),
            ImpactShape::Log { scale, j_usd } => Self::Log(scale, j_usd),
        }
    }

    #[inline]
    pub(super) fn log_impact(&self, j_usd: f64) -> f64 {
        match self {
            Self::Root(root) => root.log_impact(j_usd),
            Self::Linear(slope) => slope * j_usd,
            Self::Log(scale, bend) => (scale * libm::log1p(j_usd.abs() / bend)).copysign(j_usd),
        }
    }
}

/// What a form makes of a tape at `Y = 1`, a value for each step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Path {
    /// Standing flow `J` at the end of the step, USD over depth.
    pub standing_usd: Vec<f64>,
    /// `h(J)` at its end, log.
    pub impact: Vec<f64>,
    /// Its change over the step, log: what `y` is regressed on.
    pub change: Vec<f64>,
    /// What the predetermined forced flow of the step does to what is left of `J` when nothing else comes, log: the
    /// instrument.
    pub forced: Vec<f64>,
}

impl Path {
    /// Runs the states over a tape, at rest before it; `forced_usd` signed, and both flows over `depth_ratio` (depth now
    /// over normal, at the start of each step) where it is given.
    ///
    /// # Panics
    /// When a column is not as long as the tape, or the form has not a weight for each half-life.
    pub fn new(tape: &Clocked, form: &ImpactForm, forced_usd: &[f64], depth_ratio: Option<&[f64]>) -> Self {
        let steps = tape.len();
        assert_eq!(
            forced_usd.len(),
            steps,
            "the forced flow is not as long as the tape"
        );
        assert_eq!(
            form.weights.len(),
            form.half_lives_s.len(),
            "a weight for each half-life"
        );
        let rate = |half_life: &f64| libm::exp(-LN_2 * tape.step_s / half_life);
        let keep: Vec<f64> = form.half_lives_s.iter().map(rate).collect();
        let mut states = vec![0.0; keep.len()];
        let shape = Prepared::new(&form.shape);
        let mut path = Self::with_capacity(steps);
        let mut before = 0.0;
        for step in 0..steps {
            let over = depth_ratio.map_or(1.0, |ratio| 1.0 / ratio[step]);
            let flow = tape.flow_usd[step] * over;
            let (mut left, mut standing) = (0.0, 0.0);
            for ((state, keep), weight) in states.iter_mut().zip(&keep).zip(&form.weights) {
                *state *= keep;
                left += weight * *state;
                *state += flow;
                standing += weight * *state;
            }
            let forced = forced_usd[step] * over;
            let instrument = if forced == 0.0 {
                0.0
            } else {
                shape.log_impact(left + forced) - shape.log_impact(left)
            };
            let after = shape.log_impact(standing);
            path.standing_usd.push(standing);
            path.impact.push(after);
            path.change.push(after - before);
            path.forced.push(instrument);
            before = after;
        }
        path
    }

    fn with_capacity(steps: usize) -> Self {
        let room = || Vec::with_capacity(steps);
        Self {
            standing_usd: room(),
            impact: room(),
            change: room(),
            forced: room(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: ImpactShape = ImpactShape::SquareRoot {
        sigma_daily: 0.03,
        volume_daily_usd: 2e10,
        j0_usd: 2e6,
    };

    /// Three steps by hand, from the formula in Python: `J⁻ = J/2` each second, flow 1e6, -3e6, 0, of which forced
    /// -2e6 in the second; depth halves in the second.
    #[test]
    fn three_steps_by_hand() {
        let tape = Clocked {
            step_s: 1.0,
            log_mid: vec![0.0; 4],
            flow_usd: vec![1e6, -3e6, 0.0],
            ..Clocked::default()
        };
        let form = ImpactForm::single("one second", 1.0, ROOT);
        let path = Path::new(&tape, &form, &[0.0, -2e6, 0.0], Some(&[1.0, 0.5, 1.0]));
        assert_eq!(path.standing_usd, [1e6, -5.5e6, -2.75e6]);
        let h = |j: f64| (0.03 * (((j.abs() + 2e6) / 2e10).sqrt() - 1e-2_f64.powi(2).sqrt())).copysign(j);
        for (found, wanted) in path.impact.iter().zip([1e6, -5.5e6, -2.75e6].map(h)) {
            assert!((found - wanted).abs() < 1e-15, "{found} {wanted}");
        }
        assert!((path.change[1] - (h(-5.5e6) - h(1e6))).abs() < 1e-15);
        assert!((path.forced[1] - (h(-3.5e6) - h(5e5))).abs() < 1e-15);
        assert_eq!((path.forced[0], path.forced[2]), (0.0, 0.0));
    }

    #[test]
    fn shapes_agree_where_they_are_made_to() {
        let at = 3e8;
        for other in [ROOT.linear_at(at), ROOT.log_at(at, 1e7)] {
            assert!((other.log_impact(at) / ROOT.log_impact(at) - 1.0).abs() < 1e-12);
            assert_eq!(other.log_impact(-at), -other.log_impact(at));
        }
    }
}
