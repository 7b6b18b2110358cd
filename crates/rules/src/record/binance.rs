//! Binance USD-M: linear perpetuals settled in USDT, booked as USD.
//!
//! Maintenance margin is charged on the value at the mark, by brackets less an amount that keeps it continuous. The mark is
//! the median of the index moved by funding, the index moved by its mean basis, and the last price; on 2025-09-18T08:01Z
//! the mean became one of 30 s, and funding is divided by 8 / N hours since. Funding is capped at a part of the first
//! bracket's maintenance ratio. A liquidation sends one immediate-or-cancel order for what brings the account back, then
//! the fund takes the rest at the bankruptcy price; when it cannot, winners are closed at that price (Binance, "Smart
//! liquidation", "Auto-deleveraging").
//!
//! Not modelled: top-ups of the fund, multi-assets mode, powers to change brackets in extreme moves. On record without a
//! computation: the band of orders around the mark.

use aftershock_protocol::venue::funding::Cap;
use aftershock_protocol::venue::liquidation::LiquidationRule;
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::margin::InitialTerms;
use aftershock_protocol::venue::perpetual::{Begins, Perpetual};

use super::order_book as book;
use super::{InForce, Protocol, RecordError};

pub(super) fn build(rules: &InForce<'_>) -> Result<Protocol, RecordError> {
    let brackets = book::brackets(rules)?;
    let first = brackets.tiers()[0];
    let interval_s = book::funding_interval_s(rules)?;
    let divided = rules.word("funding_divided_by_interval", &[("yes", true), ("no", false)])?;
    let cap = Cap {
        rate: rules.ratio("funding_cap_of_maintenance_ratio")? * first.maintenance_ratio,
        change: f64::INFINITY,
    };
    let impact_notional_usd = rules.positive("impact_margin_usd")? * first.max_leverage;
    let fee = book::fee(rules)?;
    book::on_record(rules, &["order_band_ratio"])?;
    Ok(Protocol::Perpetual(Box::new(Perpetual {
        contract: book::contract(rules)?,
        lot: book::lot(rules)?,
        margin: book::margin(
            rules,
            InitialTerms::ByLeverage {
                max_leverage: first.max_leverage,
            },
            MarginSchedule::Brackets(brackets),
        )?,
        mark: book::mark(rules, interval_s)?,
        index: book::index(rules)?,
        funding: book::funding(
            rules,
            book::clamped(rules)?,
            if divided { 28_800.0 / interval_s } else { 1.0 },
            cap,
            impact_notional_usd,
        )?,
        liquidation: LiquidationRule::SmartIoc { fee: fee.on_fill },
        fee,
        backstop: None,
        deleveraging: Some(book::deleveraging(rules, Begins::FundEmpty)?),
    })))
}
