//! Who bears what a bankrupt account leaves: the insurance fund, the market's fee pool, then every position of the market
//! by its size, longs and shorts alike.

use aftershock_market::{Cash, Coin, UNITS_PER_ONE};

use super::MICRO;
use crate::venue::rounding::Rounding;

/// A loss by who bears it; the parts add up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Borne {
    /// By the insurance fund.
    pub insurance: Cash,
    /// By the market's fee pool.
    pub fee_pool: Cash,
    /// By the positions of the market.
    pub positions: Cash,
}

/// Splits a `loss` (zero or more): what is left of the market's claim on the `fund`, which keeps its last 1e-6 dollars,
/// then the `fee_pool`, then the positions.
///
/// Source: drift-labs/protocol-v2, `programs/drift/src/controller/liquidation.rs` @e88cc473, `resolve_perp_bankruptcy`.
pub fn split(loss: Cash, claim_left: Cash, fund: Cash, fee_pool: Cash) -> Borne {
    let within = |amount: Cash, most: Cash| amount.min(most).max(Cash::ZERO);
    let insurance = within(loss, claim_left.min(fund - Cash(MICRO)));
    let fee_pool = within(loss - insurance, fee_pool);
    Borne {
        insurance,
        fee_pool,
        positions: loss - insurance - fee_pool,
    }
}

/// What one coin of a position pays for a `loss` (zero or more): the loss over all that longs and shorts hold, rounded up
/// to 1e-6 dollars. `None` where nobody holds anything: the program then refuses.
///
/// It is added to the funding of longs and taken from that of shorts, so that both pay.
///
/// Source: drift-labs/protocol-v2, `programs/drift/src/math/liquidation.rs` @0fd8f61c,
/// `calculate_funding_rate_deltas_to_resolve_bankruptcy`.
///
/// ```
/// use aftershock_market::{Cash, Coin};
/// use aftershock_protocol::drift::bankruptcy::a_coin;
/// let coins = Coin::from_f64;
/// let paid = a_coin(Cash::from_f64(100.0), coins(7.0), coins(4.0));
/// assert_eq!(paid, Some(Cash::from_f64(9.090_91)));
/// ```
pub fn a_coin(loss: Cash, long: Coin, short: Coin) -> Option<Cash> {
    let held = i128::from(long.0) + i128::from(short.0);
    if held <= 0 {
        return None;
    }
    let micros = Rounding::Up.scale(loss.0, i128::from(UNITS_PER_ONE), held * MICRO);
    Some(Cash(micros * MICRO))
}

/// What a position of `size` (unsigned) pays at `a_coin`, rounded down to 1e-6 dollars as every funding payment is.
///
/// Source: drift-labs/protocol-v2, `programs/drift/src/math/funding.rs` @0c1a4a5a, `calculate_funding_payment`.
pub fn paid(size: Coin, a_coin: Cash) -> Cash {
    let micros = Rounding::Down.scale(a_coin.0, i128::from(size.0), i128::from(UNITS_PER_ONE) * MICRO);
    Cash(micros * MICRO)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// By hand: a claim of 50,000, of which 40,000 is left, before a fund of a million and a fee pool of 5,000.
    #[test]
    fn the_claim_the_fee_pool_and_then_positions() {
        let usd = Cash::from_f64;
        let borne = split(usd(100_000.0), usd(40_000.0), usd(1_000_000.0), usd(5_000.0));
        assert_eq!(
            borne,
            Borne {
                insurance: usd(40_000.0),
                fee_pool: usd(5_000.0),
                positions: usd(55_000.0),
            }
        );
        let poor = split(usd(10.0), usd(40_000.0), usd(3.0), usd(-1.0));
        assert_eq!((poor.insurance, poor.fee_pool), (usd(2.999_999), Cash::ZERO));
    }

    proptest! {
        /// A position may keep up to 1e-6 dollars of rounding; the delta is rounded the other way.
        #[test]
        fn positions_together_pay_the_loss(
            loss in 0_i128..1_000_000_000_000,
            long in 1_i64..1_000_000_000_000,
            short in 0_i64..1_000_000_000_000,
        ) {
            let delta = a_coin(Cash(loss * MICRO), Coin(long), Coin(short)).expect("somebody holds");
            let sum = paid(Coin(long), delta) + paid(Coin(short), delta);
            prop_assert!(sum.0 >= loss * MICRO - 2 * MICRO);
        }
    }
}
