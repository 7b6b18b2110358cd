//! Depth of a book: it thins under stress, is eaten by trades and fills up again. It never moves the price.

use aftershock_market::MICROS_PER_SECOND;

use super::clock::{kept, pass};

/// Share of the withdrawal elsewhere that a calmer book joins; prior. Makers share one risk limit across venues and
/// assets.
pub const COMMON_SHARE: f64 = 0.7;

/// What one side of a book is believed to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BookParameters {
    /// `D̄`, resting USD a unit of log price next to the mid in normal times, above zero.
    pub usd_per_log: f64,
    /// `c`, growth of the density with distance, a unit of log price: `V(x) = D·(x + c·x²/2)`. At least `-1/end_log`,
    /// so that density is nowhere negative; 0 is a book of constant density.
    pub curvature: f64,
    /// `a_σ`, elasticity of depth to volatility above normal. Prior 1: a maker who holds the variance of the
    /// inventory constant.
    pub volatility_withdrawal: f64,
    /// `a_T`, log depth a unit of toxicity above normal. Prior 0: toxicity may thin books only where its coefficient
    /// survives volatility and volume before the event (Andersen and Bondarenko 2014 find no power beyond those).
    pub toxicity_withdrawal: f64,
    /// `v₀`, toxicity in normal times, in [0, 1]: the instrument's median before the event.
    pub toxicity_normal: f64,
    /// `a_f`, log depth that leaves while forced orders are about; prior 0.3, nothing recorded separates it.
    pub forced_withdrawal: f64,
    /// Time for which a forced order is about, microseconds; prior 10 s.
    pub forced_memory_us: i64,
    /// Half-life with which depth above its aim leaves, s; prior 1.
    pub thinning_half_life_s: f64,
    /// Half-life with which depth below its aim comes back, s; prior 60.
    pub refill_half_life_s: f64,
    /// Depth never falls below this share of normal, in (0, 1]; prior 0.02.
    pub floor: f64,
    /// Log distance at which the book ends; prior 0.1. On 2025-10-10 only the 4 and 10 % bands held bids (Kaiko,
    /// 13 October 2025).
    pub end_log: f64,
}

impl BookParameters {
    /// The medians of the priors above for a book of constant density.
    pub const fn prior(usd_per_log: f64) -> Self {
        Self {
            usd_per_log,
            curvature: 0.0,
            volatility_withdrawal: 1.0,
            toxicity_withdrawal: 0.0,
            toxicity_normal: 0.0,
            forced_withdrawal: 0.3,
            forced_memory_us: 10 * MICROS_PER_SECOND,
            thinning_half_life_s: 1.0,
            refill_half_life_s: 60.0,
            floor: 0.02,
            end_log: 0.1,
        }
    }

    /// Log depth that a book takes away for its own stress, the common factor and forced orders aside; at least 0.
    #[inline]
    pub fn own_withdrawal_log(&self, stress: &Stress) -> f64 {
        // A book that does not answer volatility does not answer any, however calm normal times were.
        let volatility = if self.volatility_withdrawal == 0.0 {
            0.0
        } else {
            libm::log(stress.volatility_ratio).max(0.0)
        };
        let toxicity = (stress.toxicity - self.toxicity_normal).max(0.0);
        self.volatility_withdrawal * volatility + self.toxicity_withdrawal * toxicity
    }

    /// `x + c·x²/2`, so that depth times this lies within `x`.
    #[inline]
    fn within(&self, log_distance: f64) -> f64 {
        if self.curvature == 0.0 {
            // A book without an end holds without end.
            return log_distance;
        }
        log_distance * (1.0 + 0.5 * self.curvature * log_distance)
    }
}

/// What makes makers leave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stress {
    /// Volatility over its normal level.
    pub volatility_ratio: f64,
    /// Toxicity of the flow, in [0, 1]; 0 where it is not known.
    pub toxicity: f64,
    /// Log depth that leaves because it leaves elsewhere, at least 0: see [`common_withdrawal_log`].
    pub common_log: f64,
}

impl Stress {
    /// Nothing to fear.
    pub const NONE: Self = Self {
        volatility_ratio: 1.0,
        toxicity: 0.0,
        common_log: 0.0,
    };
}

/// Log depth a book takes away because others do: `share` of what their mean withdrawal exceeds its own by.
///
/// A book under more stress than the rest is not made deeper by them.
#[inline]
pub fn common_withdrawal_log(own_log: f64, mean_log: f64, share: f64) -> f64 {
    share * (mean_log - own_log).max(0.0)
}

/// What a market order meets; distances carry the sign of the order, a sale fills below the mid.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Walk {
    /// Log distance of the average fill, weighted by USD.
    pub mean_log: f64,
    /// Log distance of the last fill.
    pub end_log: f64,
    /// What the book could not fill before its end, USD, with the sign of the order.
    pub left_usd: f64,
}

impl Walk {
    /// Log distance of the average fill of an order of `usd`, with what the book could not fill taken at its end.
    pub fn mean(&self, usd: f64) -> f64 {
        if self.left_usd == 0.0 {
            return self.mean_log;
        }
        let filled_usd = usd - self.left_usd;
        (self.mean_log * filled_usd + self.end_log * self.left_usd) / usd
    }
}

/// One side of a book. Between calls its aim stands still, so time passes in closed form. It keeps to the parameters
/// it was made with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BookSide {
    at_us: i64,
    /// Modelled depth over normal, log; between the floor's and 0.
    log_ratio: f64,
    /// The same had nothing been eaten: what makers have left of it.
    log_offered: f64,
    /// What it tends to, log, not below the floor: without and with forced orders about.
    log_aims: [f64; 2],
    log_floor: f64,
    forced_until_us: i64,
    residual_log: f64,
}

impl BookSide {
    /// A side at rest under `stress`, with the abducted residual `ln ε` that is held fixed; 0 where no depth is
    /// recorded.
    pub fn new(now_us: i64, parameters: &BookParameters, stress: &Stress, residual_log: f64) -> Self {
        let log_floor = libm::log(parameters.floor);
        let log_aims = log_aims(parameters, stress, log_floor);
        Self {
            at_us: now_us,
            log_ratio: log_aims[0],
            log_offered: log_aims[0],
            log_aims,
            log_floor,
            forced_until_us: i64::MIN,
            residual_log,
        }
    }

    /// Lets time pass: `d ln D = −ρ·(ln D − ln D*) dt`, with `ρ` quick above the aim and slow below it.
    ///
    /// Depth nears its aim and never crosses it, so the rate changes only where the aim does: here when forced orders
    /// are forgotten, otherwise in [`BookSide::face`].
    pub fn advance(&mut self, now_us: i64, parameters: &BookParameters) {
        if self.at_us < self.forced_until_us {
            let until_us = now_us.min(self.forced_until_us);
            self.near(until_us, self.log_aims[1], parameters);
        }
        self.near(now_us, self.log_aims[0], parameters);
    }

    fn near(&mut self, now_us: i64, log_aim: f64, parameters: &BookParameters) {
        let seconds = pass(&mut self.at_us, now_us);
        if seconds == 0.0 {
            return;
        }
        for log_depth in [&mut self.log_ratio, &mut self.log_offered] {
            let distance = *log_depth - log_aim;
            if distance == 0.0 {
                continue;
            }
            let half_life_s = if distance > 0.0 {
                parameters.thinning_half_life_s
            } else {
                parameters.refill_half_life_s
            };
            *log_depth = log_aim + distance * kept(half_life_s, seconds);
        }
    }

    /// From now on the side faces this stress.
    pub fn face(&mut self, now_us: i64, parameters: &BookParameters, stress: &Stress) {
        self.advance(now_us, parameters);
        self.log_aims = log_aims(parameters, stress, self.log_floor);
    }

    /// A forced order was seen.
    pub fn forced(&mut self, now_us: i64, parameters: &BookParameters) {
        self.advance(now_us, parameters);
        self.forced_until_us = now_us.saturating_add(parameters.forced_memory_us);
    }

    /// A trade of `usd` (either sign) eats into the side: what rests before the end of the book falls by it, whatever
    /// number of pieces it comes in. Acts at the instant the side stands at.
    pub fn consume(&mut self, usd: f64, parameters: &BookParameters) {
        let rests_usd = self.usd_per_log(parameters) * parameters.within(parameters.end_log);
        let eaten = usd.abs() / rests_usd;
        self.log_ratio = if eaten < 1.0 {
            (self.log_ratio + libm::log1p(-eaten)).max(self.log_floor)
        } else {
            self.log_floor
        };
    }

    /// Depth over normal, with the residual: between the floor and the larger of 1 and `ε`.
    #[inline]
    pub fn ratio(&self, parameters: &BookParameters) -> f64 {
        libm::exp(self.log_ratio + self.residual_log).max(parameters.floor)
    }

    /// What makers offer over normal, with the residual, whatever of it has been eaten: the depth that scales a flow as it
    /// enters the impact state. That state is itself the memory of what was eaten, so that an order which met the eaten
    /// book there too would move the price twice.
    #[inline]
    pub fn offered(&self, parameters: &BookParameters) -> f64 {
        libm::exp(self.log_offered + self.residual_log).max(parameters.floor)
    }

    /// `D`, resting USD a unit of log price.
    #[inline]
    pub fn usd_per_log(&self, parameters: &BookParameters) -> f64 {
        parameters.usd_per_log * self.ratio(parameters)
    }

    /// Sets the residual to what a recorded depth exceeds the modelled one by, log, and returns it.
    ///
    /// A recorded depth that is not above zero counts as the floor.
    pub fn abduct(&mut self, recorded_usd_per_log: f64, parameters: &BookParameters) -> f64 {
        let recorded = (recorded_usd_per_log / parameters.usd_per_log).max(parameters.floor);
        self.residual_log = libm::log(recorded) - self.log_ratio;
        self.residual_log
    }

    /// Holds the residual at one abducted before.
    pub fn hold_residual(&mut self, residual_log: f64) {
        self.residual_log = residual_log;
    }

    /// Where an order of `usd` (either sign) ends and what it pays; all of it as magnitudes.
    pub fn walk(&self, usd: f64, parameters: &BookParameters) -> Walk {
        let depth = self.usd_per_log(parameters);
        let wanted = usd.abs() / depth;
        if wanted == 0.0 {
            return Walk::default();
        }
        let (c, rests) = (parameters.curvature, parameters.within(parameters.end_log));
        let (end_log, filled) = if wanted >= rests {
            (parameters.end_log, rests)
        } else {
            // The root of V(x) = Q that keeps its digits as c goes to zero.
            (
                2.0 * wanted / (1.0 + (1.0 + 2.0 * c * wanted).max(0.0).sqrt()),
                wanted,
            )
        };
        Walk {
            mean_log: end_log * end_log * (0.5 + c * end_log / 3.0) / filled,
            end_log,
            left_usd: (wanted - filled) * depth,
        }
    }
}

fn log_aims(parameters: &BookParameters, stress: &Stress, log_floor: f64) -> [f64; 2] {
    let calm = -(parameters.own_withdrawal_log(stress) + stress.common_log.max(0.0));
    [calm, calm - parameters.forced_withdrawal].map(|aim| aim.max(log_floor))
}

/// Both sides of a book.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Book {
    /// What sales hit.
    pub bids: BookSide,
    /// What purchases hit.
    pub asks: BookSide,
}

impl Book {
    /// Two sides at rest under `stress`, without residuals.
    pub fn new(now_us: i64, parameters: &BookParameters, stress: &Stress) -> Self {
        let side = BookSide::new(now_us, parameters, stress, 0.0);
        Self {
            bids: side,
            asks: side,
        }
    }

    /// Lets time pass for both.
    pub fn advance(&mut self, now_us: i64, parameters: &BookParameters) {
        self.bids.advance(now_us, parameters);
        self.asks.advance(now_us, parameters);
    }

    /// From now on both face this stress.
    pub fn face(&mut self, now_us: i64, parameters: &BookParameters, stress: &Stress) {
        self.bids.face(now_us, parameters, stress);
        self.asks.face(now_us, parameters, stress);
    }

    /// A forced order was seen; makers leave on both sides.
    pub fn forced(&mut self, now_us: i64, parameters: &BookParameters) {
        self.bids.forced(now_us, parameters);
        self.asks.forced(now_us, parameters);
    }

    /// The side that a flow of this sign hits (purchases positive).
    pub fn hit_by(&self, usd: f64) -> &BookSide {
        if usd < 0.0 { &self.bids } else { &self.asks }
    }

    /// What an order of `usd` would meet, with its sign; the book stays as it is.
    pub fn walk(&self, usd: f64, parameters: &BookParameters) -> Walk {
        let walk = self.hit_by(usd).walk(usd, parameters);
        if usd < 0.0 {
            return Walk {
                mean_log: -walk.mean_log,
                end_log: -walk.end_log,
                left_usd: -walk.left_usd,
            };
        }
        walk
    }

    /// A trade of `usd` eats into the side it hits. Acts at the instant that side stands at.
    pub fn consume(&mut self, usd: f64, parameters: &BookParameters) {
        if usd < 0.0 {
            self.bids.consume(usd, parameters);
        } else {
            self.asks.consume(usd, parameters);
        }
    }
}

#[cfg(test)]
mod tests;
