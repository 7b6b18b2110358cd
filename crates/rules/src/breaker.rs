//! Circuit breakers: when trading, liquidation or opening stops.
//!
//! What traders do about a breaker is a belief and no part of a rule. These are held in all of them:
//!
//! * No magnet effect: near an edge nobody trades sooner or more for fear of a halt. Evidence is divided: found where a limit
//!   ended trading for the day (Tooma, International Journal of Business 16(1), 2011), not found where an auction of five
//!   minutes follows (Abad and Pascual, European Financial Management 13(5), 2007).
//! * Who waits: all forced orders, until the market opens. Of ordinary flow the share `cancelled_share` of the parameters is
//!   given up and the rest trades at the opening.
//! * At an edge before a halt nobody bids beyond it: orders that would push the price through it wait with their place kept, the
//!   others fill at the edge, and ordinary flow and news go on to move the price at which it would stand.
//! * Makers come back as the book refills, neither sooner nor later for a halt.

mod automatic;
mod dynamic_band;
mod hourly_move;
mod limit_up_limit_down;
mod liquidation_rate;
mod market_wide;
mod open_interest_cap;
mod oracle_guard;
mod price_band;
mod static_band;
mod volatility_interruption;

use aftershock_market::{MICROS_PER_SECOND, Timestamp};
use aftershock_protocol::{Edge, SetBand, View};

pub use automatic::AutomaticBreaker;
pub use dynamic_band::DynamicBand;
pub use hourly_move::HourlyMovePause;
pub use limit_up_limit_down::LimitUpLimitDown;
pub use liquidation_rate::LiquidationRateBreaker;
pub use market_wide::MarketWideHalt;
pub use open_interest_cap::OpenInterestCap;
pub use oracle_guard::OracleDeviationGuard;
pub use price_band::PriceBand;
pub use static_band::StaticBand;
pub use volatility_interruption::VolatilityInterruption;

use crate::Kind;

pub(crate) const KINDS: &[Kind] = &[
    price_band::KIND,
    static_band::KIND,
    dynamic_band::KIND,
    market_wide::KIND,
    hourly_move::KIND,
    limit_up_limit_down::KIND,
    volatility_interruption::KIND,
    liquidation_rate::KIND,
    oracle_guard::KIND,
    automatic::KIND,
    open_interest_cap::KIND,
];

const DAY_US: i64 = 86_400 * MICROS_PER_SECOND;
/// How far beyond the mark an edge stands that the mark has passed already, ratio.
const BESIDE_MARK: f64 = 1e-6;

/// The step with edges no wider than these. The narrower of two edges stands with all that follows from it, of two in one
/// place the one that halts longer: an edge that was not crossed halts nobody. A band holds the mark: where a reopening
/// lies beyond an edge, that edge stands just beyond the mark, so that the next move on halts trading and no price is made up.
fn narrowed(step: &SetBand, view: &View<'_>, [mut lower, mut upper]: [Edge; 2]) -> SetBand {
    lower.usd = lower.usd.min(view.mark_usd * (1.0 - BESIDE_MARK));
    upper.usd = upper.usd.max(view.mark_usd * (1.0 + BESIDE_MARK));
    let of_two = |inner: f64, outer: f64, new: Edge, old: &Edge| {
        let longer = new.usd == old.usd && new.halt_s > old.halt_s;
        if inner > outer || longer { new } else { old.clone() }
    };
    SetBand {
        lower: of_two(lower.usd, step.lower.usd, lower, &step.lower),
        upper: of_two(step.upper.usd, upper.usd, upper, &step.upper),
    }
}

/// Two edges that halt this market at once and for so long.
fn halting([lower_usd, upper_usd]: [f64; 2], halt_s: f64, by: &'static str) -> [Edge; 2] {
    [
        Edge::halting(lower_usd, halt_s, by),
        Edge::halting(upper_usd, halt_s, by),
    ]
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

    /// By hand: each edge is that of the rule which set it narrower, with that rule's halt.
    #[test]
    fn a_band_only_tightens() {
        let seen = view(&NO_PAST, 0, 100.0);
        let tight = narrowed(&SetBand::OPEN, &seen, halting([99.0, 101.0], 600.0, "a"));
        let both = narrowed(&tight, &seen, halting([90.0, 110.0], 900.0, "b"));
        assert_eq!(both, tight);
        let mixed = narrowed(&both, &seen, halting([90.0, 100.5], 60.0, "c"));
        assert_eq!(
            (mixed.lower.usd, mixed.lower.halt_s, mixed.lower.by),
            (99.0, 600.0, "a")
        );
        assert_eq!(
            (mixed.upper.usd, mixed.upper.halt_s, mixed.upper.by),
            (100.5, 60.0, "c")
        );
    }

    #[test]
    fn of_two_edges_in_one_place_the_longer_halt_stands() {
        let seen = view(&NO_PAST, 0, 100.0);
        let first = narrowed(&SetBand::OPEN, &seen, halting([99.0, 101.0], 600.0, "a"));
        for (halt_s, by) in [(599.0, "a"), (600.0, "a"), (601.0, "b")] {
            let both = narrowed(&first, &seen, halting([99.0, 101.0], halt_s, "b"));
            assert_eq!((both.lower.by, both.upper.by), (by, by), "{halt_s}");
        }
    }

    #[test]
    fn a_band_holds_the_mark() {
        let around = halting([90.0, 110.0], 60.0, "a");
        let low = narrowed(&SetBand::OPEN, &view(&NO_PAST, 0, 80.0), around.clone());
        near(low.lower.usd, 79.999_92);
        assert_eq!(low.upper.usd, 110.0);
        let high = narrowed(&SetBand::OPEN, &view(&NO_PAST, 0, 120.0), around);
        assert_eq!(high.lower.usd, 90.0);
        near(high.upper.usd, 120.000_12);
    }

    /// What a record must not be coarser than, with the defaults: as each rule's document has it.
    #[test]
    fn the_shortest_time_of_each() {
        for (name, fastest_s) in [
            ("price-band", Some(3_600.0)),
            ("static-band", Some(900.0)),
            ("dynamic-band", Some(300.0)),
            ("market-wide-halt", Some(900.0)),
            ("hourly-move-pause", Some(120.0)),
            ("limit-up-limit-down", Some(15.0)),
            ("volatility-interruption", Some(120.0)),
            ("liquidation-rate-breaker", Some(300.0)),
            ("oracle-deviation-guard", Some(60.0)),
            ("automatic-breaker", Some(60.0)),
            ("open-interest-cap", None),
        ] {
            let kind = KINDS.iter().find(|kind| kind.name == name).expect(name);
            let rules = crate::RuleSetFile::of_kind(kind).expect(name).rules;
            assert_eq!(rules.fastest_s(), fastest_s, "{name}");
        }
        assert_eq!(KINDS.len(), 11);
    }

    #[test]
    fn a_day_begins_at_midnight() {
        assert_eq!(midnight(at(0)), at(0));
        assert_eq!(midnight(at(86_399)), at(0));
        assert_eq!(midnight(Timestamp(at(0).0 - 1)), at(-86_400));
    }
}
