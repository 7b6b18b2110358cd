//! What the market looks like now: volatility over two half-lives and the mean mark of the last hour.

use aftershock_market::{MICROS_PER_SECOND, Timestamp};
use aftershock_protocol::{Past, View};

use crate::Parameters;
use crate::inventory::ONE_PERCENT_LOG;

const DAY_S: f64 = 86_400.0;

const HALF_LIVES_S: [f64; 2] = [3_600.0, DAY_S];

/// What the market looks like now.
///
/// Depth is measured against the variance of waypoints, which holds the path inside bars; rules are shown the
/// volatility of bar closes, which is what the word means.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MarketState {
    /// Variance a second of waypoints, half-life one hour.
    pub(crate) variance_1h: f64,
    weight_1h: f64,
    last_log_mark: f64,
    closes: Closes,
    /// What rules may look back on; empty where there are none.
    pub(crate) past: Past,
    remembers: bool,
}

/// Variance a second of bar closes, half-lives one hour and one day.
#[derive(Clone, Debug, PartialEq)]
struct Closes {
    last: (Timestamp, f64),
    variance: [f64; 2],
    weight: [f64; 2],
}

impl MarketState {
    /// Begins at a mark; the past is kept only where a rule may ask for it.
    pub(crate) fn new(at: Timestamp, log_mark: f64, remembers: bool) -> Self {
        let mut past = Past::new();
        if remembers {
            past.mark(at, log_mark);
            past.close(at, log_mark);
        }
        Self {
            variance_1h: 0.0,
            weight_1h: 0.0,
            last_log_mark: log_mark,
            closes: Closes {
                last: (at, log_mark),
                variance: [0.0; 2],
                weight: [0.0; 2],
            },
            past,
            remembers,
        }
    }

    /// Moves to the next mark; `keep_1h` is the decay factor of the step.
    ///
    /// The weight starts at zero and grows towards one, so that the estimate is unbiased from the first return on.
    #[inline]
    pub(crate) fn step(&mut self, at: Timestamp, log_mark: f64, dt_us: i64, keep_1h: f64) {
        // Waypoints that share an instant leave their move to the next one that takes time.
        if dt_us > 0 {
            let change = log_mark - self.last_log_mark;
            self.last_log_mark = log_mark;
            let per_s = change * change * MICROS_PER_SECOND as f64 / dt_us as f64;
            self.weight_1h = self.weight_1h * keep_1h + (1.0 - keep_1h);
            self.variance_1h += (1.0 - keep_1h) / self.weight_1h * (per_s - self.variance_1h);
        }
        if self.remembers {
            self.past.mark(at, log_mark);
        }
    }

    /// Moves the volatility that rules see to the close of a bar.
    pub(crate) fn close(&mut self, at: Timestamp, log_mark: f64) {
        let (last_at, last_log_mark) = self.closes.last;
        let dt_s = at.seconds_since(last_at);
        if dt_s <= 0.0 {
            return;
        }
        self.closes.last = (at, log_mark);
        if self.remembers {
            self.past.close(at, log_mark);
        }
        let change = log_mark - last_log_mark;
        for (index, half_life_s) in HALF_LIVES_S.iter().enumerate() {
            let keep = libm::exp2(-dt_s / half_life_s);
            let weight = self.closes.weight[index] * keep + (1.0 - keep);
            self.closes.weight[index] = weight;
            self.closes.variance[index] +=
                (1.0 - keep) / weight * (change * change / dt_s - self.closes.variance[index]);
        }
    }

    /// Daily volatility of bar closes, half-life one hour.
    pub(crate) fn daily_volatility_1h(&self) -> f64 {
        (self.closes.variance[0] * DAY_S).sqrt()
    }

    /// Daily volatility of bar closes, half-life one day.
    pub(crate) fn daily_volatility_24h(&self) -> f64 {
        (self.closes.variance[1] * DAY_S).sqrt()
    }

    /// Mean log mark of the last hour; the last mark where no rule asked for it.
    pub(crate) fn mean_log_mark_1h(&self) -> f64 {
        self.past.mean_log_mark_1h().unwrap_or(self.last_log_mark)
    }

    /// What rules see before a tape begins: history's fund, nothing forced and no index. `bids` and `depth_ratio` are depth over
    /// normal, of the bids and of the thinner side.
    pub(crate) fn before(
        &self,
        at: Timestamp,
        log_price: f64,
        parameters: &Parameters,
        [bids, depth_ratio]: [f64; 2],
    ) -> View<'_> {
        let pools = parameters.pools.iter();
        let fund_ratio: f64 = pools.map(|pool| pool.share * pool.fund_ratio).sum();
        View {
            now: at,
            mark_usd: libm::exp(log_price),
            mean_mark_1h_usd: libm::exp(self.mean_log_mark_1h()),
            volatility_1h: self.daily_volatility_1h(),
            volatility_24h: self.daily_volatility_24h(),
            volatility_normal: parameters.impact.sigma_daily,
            open_interest_usd: parameters.open_interest_usd,
            forced_usd: 0.0,
            insurance_usd: fund_ratio * parameters.open_interest_usd,
            index_usd: None,
            bid_depth_1pct_usd: bids * parameters.book_usd_per_log * ONE_PERCENT_LOG,
            depth_ratio,
            past: &self.past,
        }
    }

    /// Begins the windows of the past with the present mark: the reference after a reopening.
    pub(crate) fn restart_mean(&mut self, at: Timestamp) {
        if self.remembers {
            self.past.restart(at, self.last_log_mark);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_move_has_its_own_volatility() {
        let mut state = MarketState::new(Timestamp(0), 0.0, true);
        let keep = |half_life: f64| (-60.0 / half_life).exp2();
        let mut mark = 0.0;
        for minute in 1..=500 {
            mark += if minute % 2 == 0 { 0.001 } else { -0.001 };
            state.step(
                Timestamp::from_seconds(60 * minute),
                mark,
                60 * MICROS_PER_SECOND,
                keep(3600.0),
            );
            state.close(Timestamp::from_seconds(60 * minute), mark);
        }
        let daily = 0.001 * 1440.0_f64.sqrt();
        assert!(((state.variance_1h * DAY_S).sqrt() - daily).abs() < 1e-12);
        assert!((state.daily_volatility_1h() - daily).abs() < 1e-12);
        assert!((state.daily_volatility_24h() - daily).abs() < 1e-12);
        assert!((state.mean_log_mark_1h() - (-0.001 * 30.0 / 61.0)).abs() < 1e-6);
    }
}
