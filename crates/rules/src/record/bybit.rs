//! Bybit: the linear perpetual BTCUSDT and the inverse BTCUSD.
//!
//! Until the text of 2026-05-27 the liquidation price of an isolated position has its maintenance margin on the value at
//! entry, from then on at the mark. A position above the lowest tier is cut to the tier below by a fill-or-kill order; what
//! is not filled, and the lowest tier, goes to the engine at the bankruptcy price (Bybit, "Liquidation process (USDC)").
//! Winners are closed once a pair has drawn its fund down by a share of the peak of eight hours; a share of one is a fund
//! that is empty.
//!
//! Not modelled: which pairs share a pool, that a bankruptcy price more than 5 % off the mark is said to be replaced by
//! it, hedged positions. On record without a computation: the widths of the order price band.

use aftershock_protocol::venue::funding::Cap;
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::margin::InitialTerms;
use aftershock_protocol::venue::perpetual::Perpetual;

use super::order_book as book;
use super::{InForce, Protocol, RecordError};

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let brackets = book::brackets(rules)?;
    let max_leverage = brackets.tiers()[0].max_leverage;
    let interval_s = book::funding_interval_s(rules)?;
    let largest_rate = rules.optional_number("funding_cap_ratio")?;
    let cap = Cap {
        rate: largest_rate.unwrap_or(f64::INFINITY),
        change: f64::INFINITY,
    };
    book::on_record(rules, &["order_band_soft_ratio", "order_band_hard_ratio"])?;
    Ok(Protocol::Perpetual(Box::new(Perpetual {
        contract: book::contract(rules)?,
        lot: book::lot(rules)?,
        margin: book::margin(
            rules,
            InitialTerms::ByLeverage { max_leverage },
            MarginSchedule::Brackets(brackets),
        )?,
        mark: book::mark(rules, interval_s)?,
        index: book::index(rules)?,
        funding: book::funding(
            rules,
            book::clamped(rules)?,
            1.0,
            cap,
            rules.number("impact_notional_usd")?,
        )?,
        liquidation: book::tiered_partial(rules)?,
        fee: book::fee(rules)?,
        backstop: None,
        deleveraging: Some(book::deleveraging(rules, book::drawn_down(rules)?)?),
    })))
}
