//! What stands behind a world before it runs.

use aftershock_market::Cash;

use super::engine::World;

impl World<'_> {
    /// Fund and vault of each market as they stand, settlement asset: what [`super::audit`] has to be told.
    pub fn reserves(&self) -> Vec<[Cash; 2]> {
        let of = |market: &super::market::Market| {
            let reserves = market.ledger.insurance();
            [reserves[0], reserves[1]]
        };
        self.markets.iter().map(of).collect()
    }
}
