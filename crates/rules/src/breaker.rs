//! Circuit breakers: when trading, liquidation or opening stops.

mod automatic;
mod dynamic_band;
mod hourly_move;
mod liquidation_rate;
mod market_wide;
mod oracle_guard;
mod price_band;
mod static_band;

use aftershock_market::{MICROS_PER_SECOND, Timestamp};
use aftershock_protocol::{SetBand, View};

pub use automatic::AutomaticBreaker;
pub use dynamic_band::DynamicBand;
pub use hourly_move::HourlyMovePause;
pub use liquidation_rate::LiquidationRateBreaker;
pub use market_wide::MarketWideHalt;
pub use oracle_guard::OracleDeviationGuard;
pub use price_band::PriceBand;
pub use static_band::StaticBand;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[
    price_band::KIND,
    static_band::KIND,
    dynamic_band::KIND,
    market_wide::KIND,
    hourly_move::KIND,
    liquidation_rate::KIND,
    oracle_guard::KIND,
    automatic::KIND,
];

const DAY_US: i64 = 86_400 * MICROS_PER_SECOND;
/// How far beyond the mark an edge stands that the mark has passed already, ratio.
const BESIDE_MARK: f64 = 1e-6;

/// The step with edges no wider than these and a halt no shorter. A band holds the mark: where a reopening lies beyond an
/// edge, that edge stands just beyond the mark, so that the next move on halts trading and no price is made up.
fn narrowed(step: &SetBand, view: &View<'_>, [lower_usd, upper_usd]: [f64; 2], halt_s: f64) -> SetBand {
    SetBand {
        lower_usd: step
            .lower_usd
            .max(lower_usd.min(view.mark_usd * (1.0 - BESIDE_MARK))),
        upper_usd: step
            .upper_usd
            .min(upper_usd.max(view.mark_usd * (1.0 + BESIDE_MARK))),
        halt_s: step.halt_s.max(halt_s),
        ..step.clone()
    }
}

/// When the UTC day of an instant began.
fn midnight(at: Timestamp) -> Timestamp {
    Timestamp(at.0.div_euclid(DAY_US) * DAY_US)
}

#[cfg(test)]
mod tests {
    use aftershock_market::Side;
    use aftershock_protocol::{Decision, Liquidate, NO_PAST, Part, Past, Sale};

    use super::*;

    /// Second `seconds` of 1970-01-02 UTC.
    pub(super) fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(86_400 + seconds)
    }

    pub(super) fn view(past: &Past, second: i64, mark_usd: f64) -> View<'_> {
        View {
            now: at(second),
            mark_usd,
            mean_mark_1h_usd: mark_usd,
            volatility_1h: 0.0,
            volatility_24h: 0.0,
            volatility_normal: 0.0,
            open_interest_usd: 1e6,
            forced_usd: 0.0,
            insurance_usd: 1e6,
            index_usd: None,
            bid_depth_1pct_usd: 1e6,
            depth_ratio: 1.0,
            past,
        }
    }

    pub(super) fn sale(side: Side) -> Liquidate {
        Liquidate {
            side,
            tier: 1,
            notional_usd: 1e5,
            account_usd: 0.0,
            tier_floor_usd: 0.0,
            maintenance_ratio: 0.005,
            equity_ratio: 0.005,
            part: Part::Share,
            fraction: 1.0,
            keeps_margin: false,
            pause_s: 0.0,
            sale: Sale::Book,
        }
    }

    #[track_caller]
    pub(super) fn band(decision: Decision<SetBand>) -> SetBand {
        let Decision::Amend(step, _) = decision else {
            panic!("{decision:?} sets no band")
        };
        step
    }

    #[track_caller]
    pub(super) fn near(found: f64, usd: f64) {
        assert!((found / usd - 1.0).abs() < 1e-9, "{found} is not {usd}");
    }

    /// By hand: what is narrower and longer already stays so.
    #[test]
    fn a_band_only_tightens() {
        let seen = view(&NO_PAST, 0, 100.0);
        let tight = narrowed(&SetBand::OPEN, &seen, [99.0, 101.0], 600.0);
        let both = narrowed(&tight, &seen, [90.0, 110.0], 60.0);
        assert_eq!(both, tight);
        let tighter = narrowed(&both, &seen, [99.5, 100.5], 900.0);
        assert_eq!(
            (tighter.lower_usd, tighter.upper_usd, tighter.halt_s),
            (99.5, 100.5, 900.0)
        );
    }

    #[test]
    fn a_band_holds_the_mark() {
        let low = narrowed(&SetBand::OPEN, &view(&NO_PAST, 0, 80.0), [90.0, 110.0], 60.0);
        near(low.lower_usd, 79.999_92);
        assert_eq!(low.upper_usd, 110.0);
        let high = narrowed(&SetBand::OPEN, &view(&NO_PAST, 0, 120.0), [90.0, 110.0], 60.0);
        assert_eq!(high.lower_usd, 90.0);
        near(high.upper_usd, 120.000_12);
    }

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(midnight(at(0)), at(0));
        assert_eq!(midnight(at(86_399)), at(0));
        assert_eq!(midnight(Timestamp(at(0).0 - 1)), at(-86_400));
    }
}
