//! Deleveraging: a bankrupt position is offset against the other side at its bankruptcy price, in the order in which the
//! chain comes upon the accounts.
//!
//! The chain starts at a pseudo-random account that holds the other side and takes one after another; no account is
//! ranked. It passes over accounts whose own bankruptcy price does not overlap, which is not modelled: the caller
//! offers those that do.

use aftershock_market::{Cash, Coin};

use super::{CloseError, Leg, Subaccount};

/// What one account gave up of the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Its index among those offered.
    pub account: usize,
    /// Quantity closed.
    pub quantity: Coin,
    /// Quote, as the bankrupt account receives it: the offsetting account pays it to a long.
    pub quote: Cash,
}

/// Offsets `close` of `leg` against `others`, which hold the other side, in their order; returns what nobody held.
///
/// Every part is priced anew, so that the account's collateral over maintenance stays what it was.
///
/// # Errors
/// As [`Subaccount::bankruptcy_quote`].
pub fn offset(
    account: &mut Subaccount,
    leg: &mut Leg,
    close: Coin,
    others: &[Coin],
    offsets: &mut Vec<Offset>,
) -> Result<Coin, CloseError> {
    account.check(leg, close)?;
    offsets.clear();
    let mut left = close;
    for (index, held) in others.iter().enumerate() {
        let quantity = left.min(*held);
        if quantity <= Coin::ZERO {
            continue;
        }
        let quote = account.bankruptcy_quote(leg, quantity)?;
        let given_up = account.given_up(leg, quantity)?;
        account.maintenance -= leg.freed(quantity);
        account.collateral -= given_up;
        leg.quantity -= quantity;
        left -= quantity;
        offsets.push(Offset {
            account: index,
            quantity,
            quote,
        });
        if left == Coin::ZERO {
            break;
        }
    }
    Ok(left)
}
