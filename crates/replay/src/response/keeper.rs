//! Who buys in a Dutch auction of forced sales, and when: a belief about the world.
//!
//! A keeper knows the book. At each step of an auction he works out at which price the whole lot would sell on it, and takes
//! the lot as soon as the auction asks for less by what his capital costs him; he sells it at once. Nobody takes a part, keepers do not
//! outbid one another, none of them runs out of capital, and between two steps nobody looks.

use aftershock_market::{MICROS_PER_SECOND, Side};
use aftershock_protocol::Sale;
use aftershock_protocol::auction::price::Curve;
use aftershock_protocol::fixed::{self, RAY};

/// What a keeper wants to be left with of what he sells, ratio: capital, gas and the chance of being late. Declared, nothing
/// recorded separates it.
const CAPITAL_COST: f64 = 0.01;

/// An auction of a lot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Auction {
    top: f64,
    curve: Curve,
    step_us: i64,
    tail_us: i64,
    /// When its price began to fall, the log mark of then, and the first step that nobody has looked at; absent before.
    run: Option<(i64, f64, i64)>,
}

/// What a keeper does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bid {
    /// Takes the lot at this log price.
    Takes(f64),
    /// Looks again at this instant, µs.
    Waits(i64),
}

impl Auction {
    /// An auction that has not begun; none where it is sold on the book, or where the numbers make no price.
    pub fn of(sale: Sale) -> Option<Self> {
        let Sale::DutchAuction {
            above_ratio,
            cut_ratio,
            step_s,
            tail_s,
        } = sale
        else {
            return None;
        };
        Some(Self {
            top: 1.0 + above_ratio,
            curve: Curve::Stairstep {
                step_s: u64::from(step_s),
                cut: fixed::decimal(1.0 - cut_ratio, 27)?,
            },
            step_us: i64::from(step_s) * MICROS_PER_SECOND,
            tail_us: i64::from(tail_s) * MICROS_PER_SECOND,
            run: None,
        })
    }

    /// Price at a step over the mark at its beginning, of a long's contracts; that of a short's is one over it.
    fn ratio(&self, step: i64) -> f64 {
        let elapsed_s = (step * self.step_us / MICROS_PER_SECOND) as u64;
        self.curve
            .price(RAY, elapsed_s)
            .map_or(0.0, |price| self.top * fixed::to_f64(price, 27))
    }

    /// What a keeper does at `at` with contracts of `side`, which would fill on the book at `log_book` on average. Where
    /// several steps have passed since he looked, he has taken the lot at the first that suited him.
    ///
    /// Source: makerdao/dss, `src/clip.sol`: a running auction takes nothing later than `tail` after its start and is then
    /// begun anew at the price of then.
    pub fn bid(&mut self, at: i64, side: Side, log_mark: f64, log_book: f64) -> Bid {
        let (mut from, mut log_start, first) = self.run.unwrap_or((at, log_mark, 0));
        let mut first = first;
        loop {
            // Of a short the price begins below the mark and rises.
            let pays = side.sign() * (log_book - log_start) + libm::log1p(-CAPITAL_COST);
            let last = (at - from).min(self.tail_us) / self.step_us;
            for step in first..=last {
                let log_ratio = libm::log(self.ratio(step));
                if log_ratio <= pays {
                    return Bid::Takes(log_start + side.sign() * log_ratio);
                }
            }
            if at - from <= self.tail_us {
                self.run = Some((from, log_start, last + 1));
                return Bid::Waits(from + (last + 1) * self.step_us);
            }
            (from, log_start, first) = (at, log_mark, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = MICROS_PER_SECOND;

    fn auction(above_ratio: f64, cut_ratio: f64, step_s: u32, tail_s: u32) -> Auction {
        let sale = Sale::DutchAuction {
            above_ratio,
            cut_ratio,
            step_s,
            tail_s,
        };
        Auction::of(sale).unwrap_or_else(|| panic!("{sale:?} is no auction"))
    }

    /// V-MK1, V-MK6, V-MK7. Source: makerdao/dss, `src/test/clip.t.sol` (an oracle of 4 and a buf of 1.25 begin at 5); the
    /// stairstep's formula evaluated in Python: 1 % a second from 5 is 4.52191 after 10 s, and 1 % every 90 s leaves
    /// 0.8179069 after 1,800 s.
    #[test]
    fn the_price_is_that_of_maker() {
        let fast = auction(0.25, 0.01, 1, 3_600);
        assert!((4.0 * fast.ratio(0) - 5.0).abs() < 1e-12);
        assert!((4.0 * fast.ratio(10) - 4.521_910).abs() < 5e-7);
        assert!((auction(0.0, 0.01, 90, 8_400).ratio(20) - 0.817_906_9).abs() < 5e-8);
    }

    /// By hand: from 1.2 at 10 % a step the ratios are 1.2, 1.08, 0.972. A keeper at a book of 1 pays 0.99: the third step,
    /// 2 · 60 s after the start. A short's price is one over it.
    #[test]
    fn a_keeper_waits_for_his_price() {
        for side in Side::BOTH {
            let mut one = auction(0.2, 0.1, 60, 600);
            assert_eq!(one.bid(0, side, 0.0, 0.0), Bid::Waits(60 * SECOND));
            assert_eq!(one.bid(60 * SECOND, side, 0.0, 0.0), Bid::Waits(120 * SECOND));
            let Bid::Takes(log_price) = one.bid(120 * SECOND, side, 0.0, 0.0) else {
                panic!("{side:?} waits")
            };
            assert!((log_price - side.sign() * libm::log(0.972)).abs() < 1e-12);
        }
    }

    /// By hand: the ratio 0.9 · 1.1 is 0.99, which a keeper at a book of 1 just pays; at a book of 0.999999 he pays 0.989999.
    #[test]
    fn at_his_price_he_takes_and_above_it_he_does_not() {
        let at = |log_book| {
            let mut one = auction(0.1, 0.1, 1, 60);
            let _ = one.bid(0, Side::Long, 0.0, log_book);
            one.bid(SECOND, Side::Long, 0.0, log_book)
        };
        assert!(matches!(at(1e-12), Bid::Takes(_)));
        assert_eq!(at(libm::log(0.999_999)), Bid::Waits(2 * SECOND));
    }

    /// Who looks an hour later gets the lot at the first price that suited, not at what it has fallen to since.
    #[test]
    fn steps_that_nobody_looked_at_are_looked_at_in_turn() {
        let mut one = auction(0.2, 0.1, 60, 7_200);
        let _ = one.bid(0, Side::Long, 0.0, 0.0);
        let Bid::Takes(log_price) = one.bid(3_600 * SECOND, Side::Long, 0.0, 0.0) else {
            panic!("nobody takes")
        };
        assert!((log_price - libm::log(0.972)).abs() < 1e-12);
    }

    /// V-MK3: at a tail of 3,600 s an auction still runs, a second later it begins anew at the mark of then.
    #[test]
    fn after_its_tail_it_begins_anew() {
        let mut one = auction(0.25, 0.000_001, 900, 3_600);
        let _ = one.bid(0, Side::Long, 0.0, 0.0);
        let mut late = one;
        assert_eq!(
            one.bid(3_600 * SECOND, Side::Long, 0.5, 0.0),
            Bid::Waits(4_500 * SECOND)
        );
        assert_eq!(
            late.bid(3_601 * SECOND, Side::Long, 0.5, 0.0),
            Bid::Waits(4_501 * SECOND)
        );
        assert_eq!(late.run, Some((3_601 * SECOND, 0.5, 1)));
    }
}
