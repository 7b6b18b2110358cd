//! What the vectors of order-book venues share.

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::venue::contract::{Contract, Holding, MaintenanceOn, Requirement};
use aftershock_protocol::venue::margin::MarginTerms;
use aftershock_protocol::venue::perpetual::Perpetual;
use aftershock_rules::record::Protocol;

/// A venue's perpetual on a day.
pub fn perpetual(venue: &str, instrument: &str, day: &str) -> Perpetual {
    match super::at(venue, instrument, day) {
        Protocol::Perpetual(perpetual) => *perpetual,
        other => panic!("{venue} {instrument} is no perpetual: {other:?}"),
    }
}

/// A position opened at a price with margin behind it.
pub fn holding(contract: Contract, side: Side, contracts: f64, entry_usd: f64, margin: f64) -> Holding {
    let quantity = Coin::from_f64(contracts);
    Holding {
        side,
        quantity,
        opening_value: contract.opening_value(side, quantity, Price::from_f64(entry_usd)),
        margin: Cash::from_f64(margin),
    }
}

/// A venue's margin terms with another fee for closing.
pub fn with_fee(terms: &MarginTerms, closing_fee: f64) -> MarginTerms {
    let (initial, maintenance) = (terms.initial().clone(), terms.maintenance().clone());
    MarginTerms::new(initial, maintenance, terms.on(), closing_fee).unwrap_or_else(|error| panic!("{error}"))
}

/// The exact liquidation price, USD; 0 where there is none.
pub fn liquidated_at(terms: &MarginTerms, contract: Contract, held: &Holding) -> f64 {
    terms.liquidation_price(contract, held).map_or(0.0, Price::to_f64)
}

/// A maintenance ratio and amount, without a fee for closing.
pub fn need(maintenance_ratio: f64, maintenance_amount: f64, on: MaintenanceOn) -> Requirement {
    Requirement {
        maintenance_ratio,
        maintenance_amount,
        on,
        closing_fee: 0.0,
    }
}
