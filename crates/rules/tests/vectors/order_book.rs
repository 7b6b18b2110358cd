//! What the vectors of order-book venues share.

use aftershock_market::{Cash, Coin, Price, Side};
use aftershock_protocol::venue::contract::{Contract, Holding, MaintenanceOn, Requirement};
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

/// A maintenance ratio and amount, without a fee for closing.
pub fn need(maintenance_ratio: f64, maintenance_amount: f64, on: MaintenanceOn) -> Requirement {
    Requirement {
        maintenance_ratio,
        maintenance_amount,
        on,
        closing_fee: 0.0,
    }
}
