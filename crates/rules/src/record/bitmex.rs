//! BitMEX: the inverse perpetual XBTUSD.
//!
//! Margin is charged on the value at entry. Above a base limit each step of size adds the base maintenance ratio to both
//! margins, for the whole position (BitMEX, "Risk limits examples"); the limits here go on while a leverage of one is
//! left. Funding is capped at 75 % of initial less maintenance margin, its change at 75 % of maintenance margin (BitMEX
//! announcement of 2020-04-17). The mark is the index moved by the funding still to be paid ("Fair price marking"). The
//! engine takes a position at its bankruptcy price; the fund pays what that leaves, and once it cannot, winners are closed
//! at the bankruptcy price ("Liquidation", "Auto-deleveraging").
//!
//! Not modelled: that the premium is measured against the mark and paid one interval later, the part of funding in
//! maintenance margin, the shorter funding interval that the venue reserved for extreme markets.

use aftershock_protocol::venue::funding::Cap;
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::margin::{InitialTerms, MarginTerms};
use aftershock_protocol::venue::perpetual::{Begins, Perpetual};

use super::order_book as book;
use super::{InForce, Protocol, RecordError};

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let initial = rules.ratio("initial_ratio")?;
    let maintenance = rules.ratio("maintenance_ratio")?;
    let of_margin = rules.ratio("funding_cap_of_margin_ratio")?;
    let cap = Cap {
        rate: of_margin * (initial - maintenance),
        change: of_margin * maintenance,
    };
    let interval_s = book::funding_interval_s(rules)?;
    Ok(Protocol::Perpetual(Box::new(Perpetual {
        contract: book::contract(rules)?,
        lot: book::lot(rules)?,
        margin: risk_limits(rules, initial, maintenance)?,
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
        deleveraging: Some(book::deleveraging(rules, Begins::FundEmpty)?),
    })))
}

/// The base limit and its steps, up to the last at which initial margin is no more than the value.
fn risk_limits(rules: &InForce<'_>, initial: f64, maintenance: f64) -> Result<MarginTerms, RecordError> {
    if !(0.0 < maintenance && maintenance < initial) {
        let reason = format!("is {maintenance}, should lie between 0 and the initial {initial}");
        return Err(rules.refuse("maintenance_ratio", reason));
    }
    let base = rules.positive("risk_limit_base_xbt")?;
    let step = rules.positive("risk_limit_step_xbt")?;
    let count = 1 + ((1.0 - initial) / maintenance + 1e-9).floor() as usize;
    let schedule = MarginSchedule::risk_limits(base, step, maintenance, maintenance, count)
        .map_err(|error| rules.refuse("risk_limit_step_xbt", error.to_string()))?;
    let opening = InitialTerms::risk_limits(base, step, initial, maintenance, count);
    book::margin(rules, opening, schedule)
}
