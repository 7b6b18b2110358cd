//! What rules make of an account: its margin after netting, the value of its collateral, and where that decides.

use aftershock_market::{Coin, Side};
use aftershock_protocol::{Intervention, NetMargin, Step, ValueCollateral, View};

use super::account::{Account, safe_move};
use super::engine::World;
use crate::ReplayError;

/// Maintenance margin of one position: its asset, the side of the contract, the amount in the settlement asset.
pub(super) type Leg = (usize, Side, f64);

/// What longs and shorts have in common within assets, and of what is left across them.
fn in_common(legs: &mut [Leg]) -> (f64, f64) {
    legs.sort_unstable_by_key(|leg| leg.0);
    let (mut within, mut left) = (0.0, [0.0; 2]);
    for of_asset in legs.chunk_by(|a, b| a.0 == b.0) {
        let side = |side: Side| of_asset.iter().filter(|leg| leg.1 == side).map(|leg| leg.2).sum();
        let (long, short): (f64, f64) = (side(Side::Long), side(Side::Short));
        let common = long.min(short);
        within += common;
        left[0] += long - common;
        left[1] += short - common;
    }
    (within, left[0].min(left[1]))
}

impl World<'_> {
    /// What rules see of an account: its first market, at that market's last price.
    pub(super) fn view_of(&self, account: &Account) -> View<'_> {
        let home = account.holdings.first().map_or(0, |held| held.market);
        let market = &self.markets[home];
        market.view(market.ticked_at, &self.spec.instruments[home])
    }

    /// Maintenance margin that rules ask of an account, and what they did.
    pub(super) fn net(
        &self,
        account: &Account,
        legs: &mut [Leg],
        gross: f64,
    ) -> Result<(f64, Vec<Intervention>), ReplayError> {
        let (within_assets, across_assets) = in_common(legs);
        let step = NetMargin {
            gross,
            within_assets,
            across_assets,
            asked: gross,
        };
        let verdict = self.rules.net_margin(step, &self.view_of(account))?;
        Ok((verdict.step.asked, verdict.interventions))
    }

    /// Whether rules are asked what an account must post or what its collateral counts for.
    fn is_ruled(&self, account: usize) -> bool {
        let one = &self.accounts[account];
        !self.rules.is_record() && (one.holdings.len() >= 2 || !one.collateral.is_empty())
    }

    /// The log move that an account under rules would survive in history: there it is looked at, so that it can be told that
    /// rules keep it. Without end where rules do decide already, and where there are none.
    pub(super) fn until_rules_decide(&self, account: usize) -> Result<f64, ReplayError> {
        if !self.is_ruled(account) || self.accounts[account].decided_by_rules {
            return Ok(f64::INFINITY);
        }
        Ok(safe_move(&self.standing_by(account, false)?, 1.0))
    }

    /// Tells rules on an account where they decide whether it is liquidated: as they begin to, and again after they had ceased
    /// to.
    pub(super) fn tell_account(&mut self, at: i64, account: usize, sound: bool) -> Result<(), ReplayError> {
        if !self.is_ruled(account) {
            return Ok(());
        }
        let one = &self.accounts[account];
        let history = self.standing_by(account, false)?;
        let decided = sound != (history.equity >= history.maintenance);
        if decided && !one.decided_by_rules {
            let mut told = Vec::new();
            for coins in one.collateral.iter().filter(|coins| coins.quantity > Coin::ZERO) {
                let asset = &self.spec.assets[coins.asset].name;
                let interventions = self.coin_usd(coins.asset, one)?.2;
                told.push((
                    ValueCollateral::NAME,
                    format!("{} {asset}", one.name),
                    interventions,
                ));
            }
            let (mut legs, gross) = self.legs(one);
            told.push((
                NetMargin::NAME,
                one.name.clone(),
                self.net(one, &mut legs, gross)?.1,
            ));
            for (step, subject, interventions) in told {
                self.tell_rules(at, step, &subject, None, &interventions);
            }
        }
        self.accounts[account].decided_by_rules = decided;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: asset 0 has 50 long and 30 short, 30 in common and 20 long left; asset 1 has 15 short, and 15 of the 20 meet
    /// it; asset 2 adds 10 long, which meet nothing.
    #[test]
    fn what_sides_have_in_common() {
        let mut legs = [
            (1, Side::Short, 15.0),
            (0, Side::Long, 40.0),
            (2, Side::Long, 10.0),
            (0, Side::Short, 30.0),
            (0, Side::Long, 10.0),
        ];
        assert_eq!(in_common(&mut legs), (30.0, 15.0));
        assert_eq!(in_common(&mut [(0, Side::Long, 7.0)]), (0.0, 0.0));
        assert_eq!(in_common(&mut []), (0.0, 0.0));
    }
}
