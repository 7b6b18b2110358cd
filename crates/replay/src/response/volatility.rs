//! How much one instrument's price moves, seen on a regular clock.

use aftershock_market::MICROS_PER_SECOND;
use aftershock_measure::ewma::EwmaVariance;

/// How volatility is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VolatilityParameters {
    /// Half-life of the estimate, s; prior 3600.
    pub half_life_s: f64,
    /// Step of the clock on which returns are taken, microseconds, above zero; prior 1 s. At 1 every instant counts.
    pub clock_us: i64,
}

impl VolatilityParameters {
    /// The priors above.
    pub const PRIOR: Self = Self {
        half_life_s: 3_600.0,
        clock_us: MICROS_PER_SECOND,
    };
}

/// Exponentially weighted variance of previous-tick returns between multiples of the clock's step since the epoch.
///
/// Evaluated lazily: instants at which the price stood still are passed in closed form. Because the clock is regular,
/// an event that leaves the price alone, or a second price at the same instant, changes nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volatility {
    ewma: EwmaVariance,
    /// The last instant of the clock that was taken in.
    tick_us: i64,
    tick_log_price: f64,
    /// What was seen since.
    at_us: i64,
    log_price: f64,
}

impl Volatility {
    /// An estimate that starts at a known variance: the normal one, or that of the time before.
    ///
    /// # Panics
    /// When the clock or the half-life is not above zero, or the variance is negative or not finite.
    pub fn new(now_us: i64, log_price: f64, variance_per_s: f64, parameters: &VolatilityParameters) -> Self {
        assert!(
            parameters.clock_us > 0,
            "the clock's step must be above zero, not {} us",
            parameters.clock_us
        );
        Self {
            ewma: EwmaVariance::new(parameters.half_life_s, variance_per_s),
            tick_us: now_us.div_euclid(parameters.clock_us) * parameters.clock_us,
            tick_log_price: log_price,
            at_us: now_us,
            log_price,
        }
    }

    /// The price from `now_us` on; of several at one instant the last counts.
    ///
    /// # Panics
    /// When time runs backwards.
    #[inline]
    pub fn observe(&mut self, now_us: i64, log_price: f64, parameters: &VolatilityParameters) {
        assert!(
            now_us >= self.at_us,
            "time went back from {} us to {now_us} us",
            self.at_us
        );
        // What stands at an instant of the clock may still change within that instant.
        self.take_ticks_to(now_us - 1, parameters);
        self.at_us = now_us;
        self.log_price = log_price;
    }

    /// Variance a second as known at `now_us`, which may lie after the last price.
    #[inline]
    pub fn variance_per_s(&self, now_us: i64, parameters: &VolatilityParameters) -> f64 {
        let mut seen = *self;
        seen.take_ticks_to(now_us, parameters);
        seen.ewma.variance_per_s()
    }

    /// Volatility over the normal one, of the same clock.
    #[inline]
    pub fn ratio(&self, now_us: i64, normal_variance_per_s: f64, parameters: &VolatilityParameters) -> f64 {
        (self.variance_per_s(now_us, parameters) / normal_variance_per_s).sqrt()
    }

    /// Takes in the clock's instants up to and including `until_us`. The price stands since `at_us`, which no instant
    /// still to come precedes: so the move belongs to the first of them, and over the others nothing moves.
    #[inline]
    fn take_ticks_to(&mut self, until_us: i64, parameters: &VolatilityParameters) {
        let step_us = parameters.clock_us;
        let last_us = until_us.div_euclid(step_us) * step_us;
        if last_us <= self.tick_us {
            return;
        }
        let seconds = |micros: i64| micros as f64 / MICROS_PER_SECOND as f64;
        self.ewma
            .update(self.log_price - self.tick_log_price, seconds(step_us));
        self.ewma.update(0.0, seconds(last_us - self.tick_us - step_us));
        self.tick_us = last_us;
        self.tick_log_price = self.log_price;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PARAMETERS: VolatilityParameters = VolatilityParameters {
        half_life_s: 20.0,
        clock_us: 2 * MICROS_PER_SECOND,
    };

    /// Source: computed independently in Python: `v = k·v + (1−k)·r²/2` with `k = 2^(−2/20)` over the closes of 2 s: prices
    /// 0 until 1.2 s, 0.01 until 3.9 s, −0.02 until 4 s, 0.005 from 4 s on; 1e-6 at the start.
    #[test]
    fn previous_ticks_of_two_seconds() {
        let mut volatility = Volatility::new(0, 0.0, 1e-6, &PARAMETERS);
        let mut to_come = [(1_200_000, 0.01), (3_900_000, -0.02), (4_000_000, 0.005)]
            .into_iter()
            .peekable();
        let expected = [
            (1_999_999, 1e-6),
            (2_000_000, 4.281383414696437e-06),
            (5_999_999, 4.8317595811201955e-06),
            (6_000_000, 4.508191096359207e-06),
            (100_000_000, 1.7344482133043535e-07),
        ];
        for (at_us, expected) in expected {
            while let Some((at_us, log_price)) = to_come.next_if(|(seen_us, _)| *seen_us <= at_us) {
                volatility.observe(at_us, log_price, &PARAMETERS);
            }
            let variance = volatility.variance_per_s(at_us, &PARAMETERS);
            assert!((variance / expected - 1.0).abs() < 1e-12, "{at_us}: {variance}");
        }
        let ratio = volatility.ratio(100_000_000, 1.7344482133043535e-07 / 4.0, &PARAMETERS);
        assert!((ratio - 2.0).abs() < 1e-12);
    }

    proptest! {
        /// A lazy clock equals one that is wound by hand, whatever else happens meanwhile.
        #[test]
        fn idle_events_change_nothing(
            prices in prop::collection::vec((0..9_000_000_i64, -0.1..0.1_f64), 1..30),
            idle in prop::collection::vec(0..300_000_000_i64, 0..30),
            start_us in -5_000_000..5_000_000_i64,
        ) {
            let mut lazy = Volatility::new(start_us, 0.0, 1e-6, &PARAMETERS);
            let mut by_hand = aftershock_measure::ewma::EwmaVariance::new(20.0, 1e-6);
            let (mut at_us, mut record) = (start_us, vec![(start_us, 0.0)]);
            for (dt_us, log_price) in prices {
                at_us += dt_us;
                record.push((at_us, log_price));
            }
            let end_us = at_us + 10_000_000;
            let mut disturbed = lazy;
            let mut events: Vec<_> = record.iter().skip(1).map(|&(at_us, price)| (at_us, Some(price))).collect();
            events.extend(idle.into_iter().map(|dt| (start_us + dt, None)).filter(|(at, _)| *at < end_us));
            events.sort_by_key(|(at_us, _)| *at_us);
            for (at_us, price) in events {
                let standing = price.unwrap_or(disturbed.log_price);
                disturbed.observe(at_us, standing, &PARAMETERS);
                if let Some(price) = price {
                    lazy.observe(at_us, price, &PARAMETERS);
                }
            }
            let known = |tick_us: i64| record.iter().rfind(|(at_us, _)| *at_us <= tick_us).map_or(0.0, |seen| seen.1);
            let step_us = PARAMETERS.clock_us;
            // A second price at the very instant of the start belongs to the return after it.
            let first_us = start_us.div_euclid(step_us) * step_us;
            let mut previous = 0.0;
            for tick_us in (first_us + step_us..=end_us).step_by(step_us as usize) {
                by_hand.update(known(tick_us) - previous, 2.0);
                previous = known(tick_us);
            }
            let (lazy, disturbed) = (lazy.variance_per_s(end_us, &PARAMETERS), disturbed.variance_per_s(end_us, &PARAMETERS));
            prop_assert!((lazy / by_hand.variance_per_s() - 1.0).abs() < 1e-9);
            prop_assert!((lazy / disturbed - 1.0).abs() < 1e-9);
        }
    }
}
