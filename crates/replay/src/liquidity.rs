//! The book that a forced order walks, as it stands at one instant.

use aftershock_market::Side;
use aftershock_measure::depth::walk_book;

/// The book at a waypoint: what an order pays there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Liquidity {
    /// Cumulative depth a unit of log price, after withdrawal, USD.
    pub usd_per_log: f64,
    /// Half-life with which the book fills up again while an order is worked, s.
    pub refill_s: f64,
    /// Log distance from the price at which the book ends.
    pub end_log: f64,
    /// Log prices outside which nothing trades, where a rule has set any.
    pub band: Option<(f64, f64)>,
}

impl Liquidity {
    /// Average log price at which `usd` of positions of a side are closed that meet the market at `log_before`,
    /// worked for `worked_s` from trigger to execution.
    pub fn log_fill(&self, side: Side, usd: f64, log_before: f64, worked_s: f64) -> f64 {
        // The book fills up again while the order is worked.
        let refilled = 1.0 + worked_s * core::f64::consts::LN_2 / self.refill_s;
        let depth_usd = self.usd_per_log * refilled;
        let log_fill = log_before - side.sign() * walk_to_end(depth_usd, usd, self.end_log);
        match self.band {
            Some((log_lower, log_upper)) => log_fill.clamp(log_lower, log_upper),
            None => log_fill,
        }
    }
}

/// Mean log distance at which `usd` fill in a book that ends at log distance `end`: what lies beyond fills there.
fn walk_to_end(depth_usd: f64, usd: f64, end: f64) -> f64 {
    let (reached, mean) = walk_book(depth_usd, usd);
    if reached <= end {
        return mean;
    }
    let inside = depth_usd * end / usd;
    end * (1.0 - 0.5 * inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A book of 100 a unit of log price that ends at 0.1 holds 10: of 40, a quarter fills at 0.05 on average, the
    /// rest at 0.1, which is 0.0875.
    #[test]
    fn what_lies_beyond_the_end_of_the_book_fills_there() {
        assert_eq!(walk_to_end(100.0, 4.0, 0.1), 0.02);
        assert!((walk_to_end(100.0, 40.0, 0.1) - 0.0875).abs() < 1e-15);
        assert!(walk_to_end(100.0, 1e12, 0.1) <= 0.1);
    }
}
