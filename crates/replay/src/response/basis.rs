//! Arbitrage between a venue and the reference venue, with capital that runs out.
//!
//! It buys where the price is lower and sells as much where it is higher. Both trades enter the impact states, and
//! that alone closes the basis: a basis that also decayed by itself would be moved twice by one trade.

use aftershock_measure::impact::{PreparedImpact, SquareRootImpact};

use super::clock::{kept, pass};

/// What arbitrage on one venue is believed to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ArbitrageParameters {
    /// Half-life of the basis with all capital there, s, above zero, so that `k = ln 2 / half-life`; infinite for no arbitrage.
    /// Measured from the autocorrelation of the basis on quiet days where venues are recorded; prior 30.
    pub half_life_s: f64,
    /// Notional a side that capital can carry, USD; infinite for no limit. Nothing recorded: a prior of the caller.
    pub capital_usd: f64,
    /// Half-life with which spent capital is back at work, s; prior 1800: funds move between venues in minutes to
    /// an hour.
    pub return_half_life_s: f64,
    /// Share of capital that stays at work when a venue fails, in [0, 1]; prior 0.5.
    pub outage_kept: f64,
}

impl ArbitrageParameters {
    /// The medians of the priors above.
    pub const fn prior(capital_usd: f64) -> Self {
        Self {
            half_life_s: 30.0,
            capital_usd,
            return_half_life_s: 1_800.0,
            outage_kept: 0.5,
        }
    }
}

/// A trade on a venue and its mirror on the reference venue, USD, purchases positive; they sum to zero.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PairFlow {
    /// On the venue.
    pub venue_usd: f64,
    /// On the reference venue.
    pub reference_usd: f64,
}

/// Capital of the arbitrage between one venue and the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Arbitrage {
    at_us: i64,
    /// `c`, share of capital that is free, in [0, 1].
    free: f64,
    open: bool,
}

impl Arbitrage {
    /// All capital is free and both venues are up.
    pub fn new(now_us: i64) -> Self {
        Self {
            at_us: now_us,
            free: 1.0,
            open: true,
        }
    }

    /// Share of capital that is free, in [0, 1].
    pub fn free(&self) -> f64 {
        self.free
    }

    /// Trades from the last call up to `now_us` against the basis as it stood meanwhile.
    ///
    /// `closing_usd` is the purchase on the venue, sold on the reference, that would close the basis at once: see
    /// [`closing_usd`]. Of what is left to trade, `R`, arbitrage trades `k·c·R dt` and capital falls by the same
    /// notional; this is solved in closed form. Before that, capital comes back for the whole step.
    ///
    /// Step rule: call it on a timer of a second or so and before every change of a venue's state. Cut into shorter
    /// steps the answer is the same where capital does not come back, and nears a limit at first order in the step
    /// over `return_half_life_s` where it does.
    pub fn trade(&mut self, now_us: i64, closing_usd: f64, parameters: &ArbitrageParameters) -> PairFlow {
        let seconds = pass(&mut self.at_us, now_us);
        if !self.open || seconds == 0.0 {
            return PairFlow::default();
        }
        self.free = 1.0 - (1.0 - self.free) * kept(parameters.return_half_life_s, seconds);
        let wanted_usd = closing_usd.abs();
        let speed = core::f64::consts::LN_2 / parameters.half_life_s * seconds;
        if !(wanted_usd > 0.0 && wanted_usd.is_finite()) || speed == 0.0 || self.free == 0.0 {
            return PairFlow::default();
        }
        let share = self.spend(wanted_usd / parameters.capital_usd, speed);
        let venue_usd = closing_usd * share;
        PairFlow {
            venue_usd,
            reference_usd: -venue_usd,
        }
    }

    /// Spends capital on `wanted` (over all capital) for a time of `speed` (over the arbitrage's own), and returns the
    /// share of it that was traded.
    ///
    /// `R' = −k·c·R` and `c' = −k·c·R` leave `c − R` constant, so `c` is a logistic curve; written so that neither a
    /// basis that capital just covers nor one far beyond it loses digits.
    fn spend(&mut self, wanted: f64, speed: f64) -> f64 {
        let short = (wanted - self.free) * speed;
        let drawn = self.free * speed * exprel(-short.abs());
        if short > 0.0 {
            self.free *= libm::exp(-short) / (1.0 + drawn);
            drawn / (1.0 + drawn)
        } else {
            let left = libm::exp(short);
            self.free /= left + drawn;
            drawn / (left + drawn)
        }
    }

    /// Says whether both venues are up. When one fails, part of the capital is stuck; while it is down nothing is
    /// traded and nothing comes back. Acts at the instant of the last [`Arbitrage::trade`].
    pub fn set_open(&mut self, open: bool, parameters: &ArbitrageParameters) {
        if self.open && !open {
            self.free *= parameters.outage_kept;
        }
        self.open = open;
    }

    /// Auto-deleveraging closed hedges of `usd`: that capital carries a naked leg now. Acts at the instant of the
    /// last [`Arbitrage::trade`].
    pub fn deleveraged(&mut self, usd: f64, parameters: &ArbitrageParameters) {
        self.free = (self.free - usd.abs() / parameters.capital_usd).max(0.0);
    }
}

/// `(eˣ − 1)/x`, 1 at 0.
fn exprel(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { libm::expm1(x) / x }
}

/// One leg of a pair as its next trade meets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leg {
    /// Impact of the venue's standing flow.
    pub impact: SquareRootImpact,
    /// `J`, flow that stands, USD.
    pub standing_usd: f64,
    /// Depth over normal that the trade meets, above zero.
    pub depth_ratio: f64,
}

/// A leg whose impact is asked for often.
struct Prepared {
    impact: PreparedImpact,
    standing_usd: f64,
    log_standing: f64,
    depth_ratio: f64,
}

impl Leg {
    fn prepared(&self) -> Prepared {
        let impact = self.impact.prepared();
        Prepared {
            impact,
            standing_usd: self.standing_usd,
            log_standing: impact.log_impact(self.standing_usd),
            depth_ratio: self.depth_ratio,
        }
    }
}

impl Prepared {
    /// Log move of a purchase of `usd`.
    #[inline]
    fn moved(&self, usd: f64) -> f64 {
        self.impact.log_impact(self.standing_usd + usd / self.depth_ratio) - self.log_standing
    }
}

/// Halvings of the bracket: to the last bit of what is above a dollar.
const HALVINGS: usize = 64;

/// The purchase on the venue, sold on the reference, that closes a basis of `log_basis` (venue over reference), USD.
///
/// Impact is concave, so a slope would overshoot; the trade is bracketed and halved, whatever stands in either impact
/// state. Not finite inputs give 0, and so do venues that nothing moves.
pub fn closing_usd(log_basis: f64, venue: &Leg, reference: &Leg) -> f64 {
    let (venue, reference) = (venue.prepared(), reference.prepared());
    // Grows with usd, from the sign of the basis.
    let basis_after = |usd: f64| log_basis + venue.moved(usd) - reference.moved(-usd);
    let sign = -log_basis.signum();
    let beyond = |usd: f64| basis_after(sign * usd) * sign >= 0.0;
    if log_basis == 0.0 || !basis_after(sign).is_finite() {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while !beyond(high) {
        low = high;
        high *= 4.0;
        if !basis_after(sign * high).is_finite() {
            return 0.0;
        }
    }
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if middle == low || middle == high {
            break;
        }
        if beyond(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    sign * high
}

#[cfg(test)]
mod tests;
