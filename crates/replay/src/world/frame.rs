//! One arithmetic for linear and inverse contracts, and for funding.
//!
//! A linear contract of one coin is worth `P` dollars. An inverse contract of one dollar is worth `1/P` coin, and who is
//! long of it is short of dollars in coin: with `y = 1/P` and the side turned round, its profit, margin and liquidation
//! are those of a linear contract. So positions are kept in `y`: `P` or `1/P`.
//!
//! Funding of `f` a contract makes the long's entry dearer by `f` and the short's by the same, so that instead of every
//! position the frame moves: positions are kept in `y' = y - S`, where `S` is all funding so far, a contract, paid by
//! the side that is long in the frame.

use aftershock_market::{Cash, Coin, Side};
use aftershock_protocol::venue::contract::Contract;

/// How prices and sides of a contract map onto those positions are kept in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// One dollar of coin instead of one coin of dollars.
    pub inverse: bool,
    /// Funding so far, settlement asset a contract, paid by the side that is long in the frame.
    pub funding: f64,
}

impl Frame {
    /// A frame in which no funding has been paid.
    pub const fn new(inverse: bool) -> Self {
        Self {
            inverse,
            funding: 0.0,
        }
    }

    /// The contract.
    pub const fn contract(&self) -> Contract {
        if self.inverse {
            Contract::DOLLAR
        } else {
            Contract::COIN
        }
    }

    /// `y` of a log price (of USD a coin).
    #[inline]
    pub fn y(&self, log_price: f64) -> f64 {
        libm::exp(if self.inverse { -log_price } else { log_price })
    }

    /// `y'` of a log price: what positions are compared with.
    #[inline]
    pub fn kept(&self, log_price: f64) -> f64 {
        self.y(log_price) - self.funding
    }

    /// The side in the frame of a side of the contract, and back.
    #[inline]
    pub const fn side(&self, side: Side) -> Side {
        if self.inverse { side.opposite() } else { side }
    }

    /// Log price of a `y'`; minus or plus infinity where none is reached.
    pub fn log_price(&self, kept: f64) -> f64 {
        let log_y = libm::log(kept + self.funding);
        if self.inverse { -log_y } else { log_y }
    }

    /// Value of a quantity at a `y'`, in the settlement asset, rounded down once.
    #[inline]
    pub fn value(&self, quantity: Coin, kept: f64) -> Cash {
        Cash((quantity.0 as f64 * kept).floor() as i128)
    }

    /// Notional of a quantity at a log price, USD.
    #[inline]
    pub fn notional_usd(&self, quantity: Coin, log_price: f64) -> f64 {
        if self.inverse {
            quantity.to_f64()
        } else {
            quantity.to_f64() * libm::exp(log_price)
        }
    }

    /// Quantity of a notional at a log price.
    pub fn quantity(&self, notional_usd: f64, log_price: f64) -> Coin {
        Coin::from_f64(if self.inverse {
            notional_usd
        } else {
            notional_usd / libm::exp(log_price)
        })
    }

    /// An amount of the settlement asset in USD.
    #[inline]
    pub fn usd(&self, amount: Cash, log_price: f64) -> f64 {
        if self.inverse {
            amount.to_f64() * libm::exp(log_price)
        } else {
            amount.to_f64()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: BitMEX perpetual contracts guide, examples (V-MEX1, V-MEX3): a long of 15,000 contracts at 750 is worth
    /// 20 XBT, and closed at 800 it has made 1.25 XBT.
    #[test]
    fn a_long_of_an_inverse_contract_is_a_short_in_coin() {
        let frame = Frame::new(true);
        let contracts = Coin::from_f64(15_000.0);
        let value = |price: f64| frame.value(contracts, frame.kept(libm::log(price))).to_f64();
        assert!((value(750.0) - 20.0).abs() < 1e-7);
        assert_eq!(frame.side(Side::Long), Side::Short);
        let profit = value(750.0) - value(800.0);
        assert!((profit - 1.25).abs() < 1e-7);
    }

    /// The same guide (V-MEX2): funding of 0.25 % on 20 XBT costs the long 0.05 XBT.
    #[test]
    fn funding_moves_the_frame() {
        let mut frame = Frame::new(true);
        let contracts = Coin::from_f64(15_000.0);
        let at = libm::log(750.0);
        let entry = frame.value(contracts, frame.kept(at));
        // The long is short in the frame, and what it pays raises the price at which it buys the coin back.
        frame.funding -= 0.0025 * frame.y(at);
        let paid = frame.value(contracts, frame.kept(at)) - entry;
        assert!((paid.to_f64() - 0.05).abs() < 1e-7);
    }
}
