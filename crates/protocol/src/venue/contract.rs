//! What a contract is worth, what it wins or loses, and the marks at which its holder is liquidated and
//! bankrupt.
//!
//! Settlement is exact: a value is one integer division, and each value is rounded against the holder, so
//! that what one side wins is never more than what the other side loses. What rounding keeps back stays with
//! the venue.

use aftershock_market::{Cash, Coin, Price, Side, UNITS_PER_ONE};

use super::rounding::Rounding;
use crate::margin::crossing_value;

const UNIT: i128 = UNITS_PER_ONE as i128;

/// The payoff of a future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    /// Settled in dollars: one contract is `multiplier` coin, worth `multiplier * P`.
    Linear {
        /// Coin in one contract.
        multiplier: Coin,
    },
    /// Settled in coin: one contract is `usd` dollars, worth `usd / P` coin.
    ///
    /// Source: BitMEX, perpetual contracts guide, examples (1 USD); Deribit lists 10 USD.
    Inverse {
        /// Dollars in one contract.
        usd: Cash,
    },
}

/// Which value of the position a maintenance ratio is charged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MaintenanceOn {
    /// On its value when it was opened: BitMEX (long liquidated at `P0 / (1 + IM - MM)`), Bybit (2024 text).
    EntryValue,
    /// On its value at the mark: Binance, Hyperliquid, OKX.
    MarkValue,
}

/// A position as its holder's venue sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Side.
    pub side: Side,
    /// Contracts, 1e-8.
    pub quantity: Coin,
    /// Value at which it was opened, settlement asset.
    pub opening_value: Cash,
    /// What stands behind it, settlement asset: isolated margin, or a cross wallet net of what its other
    /// positions need.
    pub margin: Cash,
}

/// What equity has to meet: `ratio * value - amount + closing fee * value at the mark`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Requirement {
    /// Maintenance margin over value.
    pub maintenance_ratio: f64,
    /// Taken off the maintenance margin (`cum` of a bracket), settlement asset.
    pub maintenance_amount: f64,
    /// The value the ratio is charged on.
    pub on: MaintenanceOn,
    /// Fee for closing that is set aside, over the value at the mark.
    pub closing_fee: f64,
}

impl Contract {
    /// One coin, in dollars.
    pub const COIN: Self = Self::Linear {
        multiplier: Coin(UNITS_PER_ONE),
    };
    /// One dollar, in coin (BitMEX XBTUSD).
    pub const DOLLAR: Self = Self::Inverse { usd: Cash(UNIT) };

    /// Value of `quantity` at a positive `price`, settlement asset. Fits up to 1.7e30 whole dollars or
    /// coins.
    #[inline]
    pub fn value(self, quantity: Coin, price: Price, rounding: Rounding) -> Cash {
        Cash(match self {
            Self::Linear { multiplier } => rounding.scale(
                i128::from(quantity.0) * i128::from(multiplier.0),
                i128::from(price.0),
                UNIT * UNIT,
            ),
            Self::Inverse { usd } => rounding.scale(usd.0, i128::from(quantity.0), i128::from(price.0)),
        })
    }

    /// Value of one contract, settlement asset.
    #[inline]
    pub fn unit_value(self, price_usd: f64) -> f64 {
        match self {
            Self::Linear { multiplier } => multiplier.to_f64() * price_usd,
            Self::Inverse { usd } => usd.to_f64() / price_usd,
        }
    }

    /// Value at which a position is opened at `price`, rounded against its holder.
    ///
    /// ```
    /// use aftershock_market::{Cash, Coin, Price, Side};
    /// use aftershock_protocol::venue::contract::Contract;
    /// // 15,000 contracts of one dollar at 750 are 20 coins
    /// let value = Contract::DOLLAR.opening_value(Side::Long, Coin::from_f64(15_000.0), Price::from_f64(750.0));
    /// assert_eq!(value, Cash::from_f64(20.0));
    /// ```
    #[inline]
    pub fn opening_value(self, side: Side, quantity: Coin, price: Price) -> Cash {
        let rounding = if self.opening_is_paid(side) {
            Rounding::Up
        } else {
            Rounding::Down
        };
        self.value(quantity, price, rounding)
    }

    /// Value at which a position is closed at `price`, rounded against its holder.
    #[inline]
    pub fn closing_value(self, side: Side, quantity: Coin, price: Price) -> Cash {
        self.opening_value(side.opposite(), quantity, price)
    }

    /// What a position won between two of its values (a loss is negative), settlement asset.
    ///
    /// Source: BitMEX, perpetual contracts guide, examples: `side * n * (1/P0 - 1/P)` for an inverse
    /// contract.
    #[inline]
    pub fn profit(self, side: Side, opening_value: Cash, closing_value: Cash) -> Cash {
        if self.opening_is_paid(side) {
            closing_value - opening_value
        } else {
            opening_value - closing_value
        }
    }

    /// Margin and unrealised result of a position at `price`, rounded down, settlement asset.
    #[inline]
    pub fn equity(self, held: &Holding, price: Price) -> Cash {
        let closing = self.closing_value(held.side, held.quantity, price);
        held.margin + self.profit(held.side, held.opening_value, closing)
    }

    /// Notional in dollars.
    #[inline]
    pub fn notional_usd(self, quantity: Coin, price_usd: f64) -> f64 {
        match self {
            Self::Linear { multiplier } => quantity.to_f64() * multiplier.to_f64() * price_usd,
            Self::Inverse { usd } => quantity.to_f64() * usd.to_f64(),
        }
    }

    /// Coin that moves like the position for a small move from `price_usd`, negative for a short: notional
    /// over price. The coin that an inverse position's margin is held in comes on top.
    #[inline]
    pub fn delta_coin(self, side: Side, quantity: Coin, price_usd: f64) -> f64 {
        side.sign() * self.notional_usd(quantity, price_usd) / price_usd
    }

    /// The mark at which equity meets `need`, USD, in floating point; `None` where no positive mark does. The
    /// price in force, whatever the tier, is [`super::margin::MarginTerms::liquidation_price`].
    ///
    /// Linear: `(V0 (s + e) - margin - amount) / (q (s - m))`; inverse: `q usd (s + m) / (margin + amount +
    /// (s - e) V0)`, with V0 the opening value, s = +1 for a long and -1 for a short, e what is charged on
    /// the opening value, m on the value at the mark.
    ///
    /// Source: the linear form on the mark's value is Binance, "How to calculate liquidation price of USD-M
    /// futures"; on the entry value Bybit, "Liquidation price (USDT contract)"; inverse BitMEX and Bybit,
    /// "Liquidation price (isolated, UTA)".
    pub fn liquidation_price(self, held: &Holding, need: &Requirement) -> Option<f64> {
        let (on_entry, on_mark) = match need.on {
            MaintenanceOn::EntryValue => (need.maintenance_ratio, need.closing_fee),
            MaintenanceOn::MarkValue => (0.0, need.maintenance_ratio + need.closing_fee),
        };
        let constant = on_entry * held.opening_value.to_f64() - need.maintenance_amount;
        self.crossing(held, constant, on_mark, 0.0)
    }

    /// The mark, USD, at which equity is `constant + rate * value + per_unit * value^2`, with its value at the mark.
    pub(super) fn crossing(self, held: &Holding, constant: f64, rate: f64, per_unit: f64) -> Option<f64> {
        let paid = if self.opening_is_paid(held.side) {
            1.0
        } else {
            -1.0
        };
        let cushion = held.margin.to_f64() - constant;
        let (over, under) = crossing_value(paid, held.opening_value.to_f64(), cushion, rate, per_unit);
        let quantity = held.quantity.to_f64();
        let price = match self {
            Self::Linear { multiplier } => over / (quantity * multiplier.to_f64() * under),
            Self::Inverse { usd } => quantity * usd.to_f64() * under / over,
        };
        (price.is_finite() && price > 0.0).then_some(price)
    }

    /// The mark at which equity just pays the closing fee, USD, in floating point; without a fee, where it is
    /// zero. `None` where no positive mark does.
    ///
    /// Source: as [`Contract::liquidation_price`] without maintenance; the fee is Bybit's (bankruptcy price
    /// of an inverse cross long).
    pub fn bankruptcy_price(self, held: &Holding, closing_fee: f64) -> Option<f64> {
        self.crossing(held, 0.0, closing_fee, 0.0)
    }

    /// Whether the holder pays the value when opening and receives it when closing; a long of a linear
    /// contract does, and a short of an inverse one, whose value in coin falls as the price rises.
    #[inline]
    pub(super) fn opening_is_paid(self, side: Side) -> bool {
        matches!(self, Self::Linear { .. }) == (side == Side::Long)
    }
}

#[cfg(test)]
#[path = "contract_tests.rs"]
mod tests;
