//! What the declaration of a foreign crash may not say, by the name of what says it.

use super::declared::{CLOCKS_S, Declared, MOST_LEVERAGE, OrderBook, Positions, Propagator};
use crate::synth::check::{Checked, below_one, check_ramp, refuse, share, shares, within};
use crate::synth::{Coverage, Target};

impl Declared {
    /// Looks for values that make no tape.
    ///
    /// # Errors
    /// The first one by its name, what it is and what it should be.
    pub fn check(&self) -> Checked {
        let most_seed = i64::MAX as u64;
        if self.seed > most_seed {
            return refuse("seed", self.seed, &format!("{most_seed} at most"));
        }
        within("duration_s", f64::from(self.duration_s), 600.0, 86_400.0)?;
        within("price_usd", self.price_usd, 1.0, 1e7)?;
        within("volume_daily_usd", self.volume_daily_usd, 1e7, 1e13)?;
        within("news_volatility_daily", self.news_volatility_daily, 1e-4, 1.0)?;
        within("ordinary_flow", self.ordinary_flow, 1e-6, 100.0)?;
        below_one("news_flow_correlation", self.news_flow_correlation)?;
        within("volatility_spread", self.volatility_spread, 0.0, 2.0)?;
        within("volatility_half_life_s", self.volatility_half_life_s, 1.0, 1e6)?;
        if let Target::Ratio(ratio) = self.amplification {
            within("amplification", ratio, 1.0, 20.0)?;
        }
        within("amplification_tolerance", self.amplification_tolerance, 1e-4, 0.5)?;
        if !CLOCKS_S.contains(&self.amplification_clock_s) {
            return refuse(
                "amplification_clock_s",
                self.amplification_clock_s,
                "1, 10, 60 or 300",
            );
        }
        if let Coverage::Share(kept) = self.coverage {
            within("coverage.share", kept, 1e-4, 1.0)?;
        }
        check_ramp(&self.ramp, self.duration_s)?;
        self.positions.check()?;
        self.propagator.check()?;
        self.order_book.check(self.price_usd)
    }
}

impl Positions {
    fn check(&self) -> Checked {
        within(
            "positions.open_interest_ratio",
            self.open_interest_ratio,
            1e-6,
            10.0,
        )?;
        within("positions.history_h", self.history_h, 1.0, 1_000.0)?;
        within("positions.age_half_life_h", self.age_half_life_h, 1e-2, 1e6)?;
        within("positions.maintenance_ratio", self.maintenance_ratio, 1e-4, 7e-3)?;
        for (leverage, _) in &self.leverage {
            within("positions.leverage", *leverage, 1.0, MOST_LEVERAGE)?;
        }
        shares("positions.leverage", &self.leverage)?;
        within("positions.leverage_trend", self.leverage_trend, -200.0, 200.0)?;
        within("positions.trend_h", self.trend_h, 0.1, 1_000.0)?;
        share("positions.stop_share", self.stop_share)?;
        let (from, to) = self.stop_between;
        within("positions.stop_between", from, 0.05, 0.95)?;
        within("positions.stop_between", to, from, 0.95)?;
        within("positions.latency_median_s", self.latency_median_s, 1e-3, 3_600.0)?;
        within("positions.latency_spread", self.latency_spread, 0.0, 3.0)
    }
}

impl Propagator {
    fn check(&self) -> Checked {
        within("propagator.beta", self.beta, 0.0, 2.0)?;
        within("propagator.l0_s", self.l0_s, 0.1, 3_600.0)?;
        within("propagator.psi", self.psi, 0.1, 1.0)?;
        within("propagator.y", self.y, 1e-3, 100.0)?;
        within("propagator.shown_depth_usd", self.shown_depth_usd, 1e3, 1e13)?;
        within("propagator.shown_elasticity", self.shown_elasticity, 0.0, 5.0)
    }
}

impl OrderBook {
    fn check(&self, price_usd: f64) -> Checked {
        within(
            "order_book.tick_usd",
            self.tick_usd,
            price_usd * 1e-5,
            price_usd * 1e-3,
        )?;
        within(
            "order_book.limit_orders_per_s",
            self.limit_orders_per_s,
            0.1,
            200.0,
        )?;
        within("order_book.limit_order_usd", self.limit_order_usd, 1e3, 1e9)?;
        within("order_book.limit_reach", self.limit_reach, 1e-5, 0.05)?;
        within("order_book.limit_life_s", self.limit_life_s, 1.0, 600.0)?;
        if !(1..=64).contains(&self.makers) {
            return refuse("order_book.makers", self.makers, "from 1 to 64");
        }
        within("order_book.maker_limit_usd", self.maker_limit_usd, 1e4, 1e11)?;
        within("order_book.maker_spread", self.maker_spread, 1e-6, 0.05)?;
        within("order_book.maker_take_usd", self.maker_take_usd, 0.0, 1e9)?;
        within("order_book.maker_skew", self.maker_skew, 0.0, 0.5)?;
        within("order_book.maker_delay_s", self.maker_delay_s, 0.0, 60.0)?;
        within("order_book.maker_error", self.maker_error, 0.0, 0.01)?;
        within("order_book.maker_unwind_s", self.maker_unwind_s, 1.0, 1e7)?;
        within(
            "order_book.maker_volatility_limit",
            self.maker_volatility_limit,
            1.0,
            1e3,
        )?;
        within("order_book.withdrawals_per_h", self.withdrawals_per_h, 0.0, 120.0)?;
        within("order_book.withdrawal_s", self.withdrawal_s, 1.0, 3_600.0)
    }
}
