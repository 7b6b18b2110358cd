//! What is held, told with the price at which each of it is liquidated.

use aftershock_market::Side;
use aftershock_protocol::{Position, PositionBook};

use crate::world::Frame;

/// All positions of the model as they stand at one instant, under the margins then in force. Those whose closing order is under way
/// are not among them. Nothing is put together before it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    book: &'a PositionBook,
    frame: Frame,
    log_mark: f64,
}

/// A position, or many alike that opened together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Held {
    /// Price at which it is liquidated, USD; absent where no price does.
    pub liquidation_usd: Option<f64>,
    /// Size, BTC: of a contract in dollars its value at the mark.
    pub quantity_btc: f64,
    /// Value at the mark, USD.
    pub notional_usd: f64,
    /// Margin posted, at the mark where it is coin, USD.
    pub margin_usd: f64,
    /// What it has gained at the mark, funding included, USD: a loss is negative. Of the position alone, without an offset elsewhere.
    pub profit_usd: f64,
    /// Whether the holder owns an offset elsewhere.
    pub linked: bool,
}

impl<'a> Standing<'a> {
    pub(crate) const fn new(book: &'a PositionBook, frame: Frame, log_mark: f64) -> Self {
        Self {
            book,
            frame,
            log_mark,
        }
    }

    /// What is held of a side of the contract, in no order that means anything.
    pub fn held(&self, side: Side) -> impl Iterator<Item = Held> {
        let (frame, log_mark) = (self.frame, self.log_mark);
        let (side, kept) = (frame.side(side), frame.kept(log_mark));
        let told = move |position: &Position, trigger: Option<f64>, linked| {
            let gained = frame.value(position.quantity, kept) - position.entry_value;
            let notional_usd = frame.notional_usd(position.quantity, log_mark);
            Held {
                // What is below all prices once funding is added is never reached either.
                liquidation_usd: trigger
                    .map(|trigger| libm::exp(frame.log_price(trigger)))
                    .filter(|usd| usd.is_finite() && *usd > 0.0),
                quantity_btc: notional_usd / libm::exp(log_mark),
                notional_usd,
                margin_usd: frame.usd(position.margin, log_mark),
                profit_usd: side.sign() * frame.usd(gained, log_mark),
                linked,
            }
        };
        self.book
            .held(side)
            .map(move |(slot, position, trigger)| told(position, trigger, slot.linked))
    }
}

#[cfg(test)]
mod tests {
    use aftershock_market::{Cash, Coin};
    use aftershock_protocol::Slot;

    use super::*;

    const SLOT: Slot = Slot {
        tier: 0,
        linked: true,
    };

    /// What is told of one position; quantity, entry value and margin as the contract counts them, and the mark, USD.
    fn told(frame: Frame, side: Side, [quantity, entry_value, margin]: [f64; 3], mark: f64) -> Held {
        let (quantity, entry_value, margin) = (
            Coin::from_f64(quantity),
            Cash::from_f64(entry_value),
            Cash::from_f64(margin),
        );
        let kept_side = frame.side(side);
        let position = Position {
            key: Position::key(kept_side, quantity, entry_value, margin, 0.0, 1.0),
            quantity,
            entry_value,
            margin,
        };
        let mut book = PositionBook::new(&[0.005]);
        book.set_funding(frame.funding);
        book.insert(kept_side, SLOT, position);
        let standing = Standing::new(&book, frame, libm::log(mark));
        assert_eq!(standing.held(side.opposite()).count(), 0);
        let held: Vec<Held> = standing.held(side).collect();
        assert_eq!(held.len(), 1);
        held[0]
    }

    fn near(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
            "{found}, expected {expected}"
        );
    }

    /// By hand: two coins bought at 8,000 with a tenth as margin, at 8,500; liquidated where `2 P - 16,000 + 1,600 = 0.005 · 2 P`.
    #[test]
    fn a_long_of_coins() {
        let one = told(Frame::new(false), Side::Long, [2.0, 16_000.0, 1_600.0], 8_500.0);
        near(one.liquidation_usd.unwrap_or(0.0), 14_400.0 / 1.99);
        near(one.quantity_btc, 2.0);
        near(one.notional_usd, 17_000.0);
        near(one.margin_usd, 1_600.0);
        near(one.profit_usd, 1_000.0);
        assert!(one.linked);
    }

    /// Source: BitMEX perpetual contracts guide (V-MEX1): a long of 15,000 contracts at 750 is worth 20 XBT, and at 800 it has made
    /// 1.25 XBT, which are 1,000 USD. By hand: with 2 XBT of margin it is liquidated where `22 - 15,000 / P = 0.005 · 15,000 / P`.
    #[test]
    fn a_long_of_dollars() {
        let one = told(Frame::new(true), Side::Long, [15_000.0, 20.0, 2.0], 800.0);
        near(one.liquidation_usd.unwrap_or(0.0), 15_000.0 * 1.005 / 22.0);
        near(one.quantity_btc, 18.75);
        near(one.notional_usd, 15_000.0);
        near(one.margin_usd, 1_600.0);
        near(one.profit_usd, 1_000.0);
    }

    /// By hand: a short of two coins sold at 8,000 that was paid 50 a coin has lost 100 at 8,100, and is liquidated where
    /// `17,600 - 2 (P - 50) = 0.005 · 2 P`.
    #[test]
    fn funding_is_part_of_the_gain() {
        let paid = Frame {
            funding: 50.0,
            ..Frame::new(false)
        };
        let one = told(paid, Side::Short, [2.0, 16_000.0, 1_600.0], 8_100.0);
        near(one.profit_usd, -100.0);
        near(one.liquidation_usd.unwrap_or(0.0), 17_700.0 / 2.01);
    }

    /// A long that is paid in full, and a short of dollars, which are coin to who holds them.
    #[test]
    fn what_no_price_liquidates_has_no_level() {
        let linear = told(Frame::new(false), Side::Long, [2.0, 16_000.0, 16_000.0], 8_100.0);
        assert_eq!(linear.liquidation_usd, None);
        let inverse = told(Frame::new(true), Side::Short, [15_000.0, 20.0, 20.0], 800.0);
        assert_eq!(inverse.liquidation_usd, None);
    }
}
