//! What tests of several subjects begin with.

use aftershock_market::Timestamp;
use aftershock_protocol::{NO_PAST, View};

/// A market at 40,000 that stands still, without a past.
pub(crate) fn view() -> View<'static> {
    View {
        now: Timestamp(0),
        mark_usd: 40_000.0,
        mean_mark_1h_usd: 40_000.0,
        volatility_1h: 0.0,
        volatility_24h: 0.0,
        volatility_normal: 0.0,
        open_interest_usd: 1e6,
        forced_usd: 0.0,
        insurance_usd: 0.0,
        index_usd: None,
        bid_depth_1pct_usd: f64::INFINITY,
        depth_ratio: 1.0,
        past: &NO_PAST,
    }
}
