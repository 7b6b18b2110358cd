//! A move of the price that no record holds.

use std::fmt;

/// A further move of the price, made up: exogenous, linear in the log price from the start of the replay on.
///
/// ```
/// let shock = aftershock_market::Shock { move_bp: -3_000, over_s: 600 };
/// assert_eq!(shock.to_string(), "-30 % over 10m");
/// assert_eq!(shock.scenario("black-thursday"), "black-thursday.shock-minus-30pct-over-10m");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shock {
    /// Move of the price, hundredths of a percent; above -10,000.
    pub move_bp: i32,
    /// Time it takes, s.
    pub over_s: u32,
}

impl Shock {
    /// Move of the price, ratio.
    pub fn ratio(self) -> f64 {
        f64::from(self.move_bp) / 10_000.0
    }

    /// What a shocked replay of `episode` is called wherever the episode's name would stand, so that no question about
    /// the episode is ever answered with it.
    pub fn scenario(self, episode: &str) -> String {
        let sign = if self.move_bp < 0 { "minus" } else { "plus" };
        let percent = f64::from(self.move_bp.unsigned_abs()) / 100.0;
        format!("{episode}.shock-{sign}-{percent}pct-over-{}", Span(self.over_s))
    }
}

impl fmt::Display for Shock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:+} % over {}",
            f64::from(self.move_bp) / 100.0,
            Span(self.over_s)
        )
    }
}

/// A length of time in its largest whole unit.
struct Span(u32);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            s if s % 3_600 == 0 => write!(f, "{}h", s / 3_600),
            s if s % 60 == 0 => write!(f, "{}m", s / 60),
            s => write!(f, "{s}s"),
        }
    }
}
