//! How what winners must give is laid on their positions.

use aftershock_market::Coin;
use aftershock_protocol::venue::deleveraging::Allocation;
use aftershock_protocol::{Ranked, Shared};

/// Units of profit a unit of the settlement asset: enough for 128 bits, and a profit below one of them counts for nothing.
const PROFIT_UNITS: f64 = 1e6;

/// Takes `quantity` off positions in their rank, each with what is taken of it; by profit, the score is the profit. What a
/// form leaves over (a rest below a lot, winners who have no more) goes by rank.
pub(super) fn lay(shared: Shared, mut ranked: Vec<Ranked>, quantity: Coin) -> Vec<Ranked> {
    let held: Vec<Coin> = ranked.iter().map(|one| one.quantity).collect();
    let mut shares = Vec::new();
    match shared {
        Shared::Queue => {}
        Shared::ProRata => {
            Allocation::ProRata.allocate(quantity, &held, &mut shares);
        }
        Shared::WholeLots { lot } => {
            let lots: Vec<Coin> = held.iter().map(|held| Coin(held.0 / lot.0)).collect();
            Allocation::ProRata.allocate(Coin(quantity.0 / lot.0), &lots, &mut shares);
            for (_, share) in &mut shares {
                share.0 *= lot.0;
            }
        }
        Shared::ByProfit => {
            let weights: Vec<i64> = ranked
                .iter()
                .map(|one| (one.score * PROFIT_UNITS).max(0.0) as i64)
                .collect();
            Allocation::Weights(&weights).allocate(quantity, &held, &mut shares);
        }
    }
    let mut given = vec![Coin::ZERO; ranked.len()];
    let mut left = quantity;
    for (at, share) in shares {
        given[at] = share;
        left -= share;
    }
    for (one, given) in ranked.iter_mut().zip(given) {
        let more = left.min(one.quantity - given);
        left -= more;
        one.quantity = given + more;
    }
    ranked.retain(|one| one.quantity > Coin::ZERO);
    ranked
}
