//! What coins of collateral count for: the reference market's mark, unless a rule says otherwise.

use aftershock_market::Coin;
use aftershock_protocol::{Intervention, ValueCollateral};

use super::account::{Account, Standing};
use super::engine::World;
use super::spec::Redemption;
use crate::ReplayError;

impl World<'_> {
    /// The market of an asset on a venue's own book, spot before perpetual.
    fn own_book(&self, asset: usize, venue: usize) -> Option<usize> {
        let of = |spot: bool| {
            self.spec.instruments.iter().position(|one| {
                one.asset == asset && one.venue == venue && !one.inverse && one.liquidation.is_none() == spot
            })
        };
        of(true).or_else(|| of(false))
    }

    /// Markets whose marks say what an account's collateral counts for: history's, and those a rule may take.
    pub(super) fn priced_at(&self, account: &Account) -> Vec<usize> {
        let mut places = Vec::with_capacity(account.collateral.len());
        for coins in account
            .collateral
            .iter()
            .filter(|coins| coins.quantity > Coin::ZERO)
        {
            let asset = &self.spec.assets[coins.asset];
            places.push(asset.reference);
            if self.rules.is_record() {
                continue;
            }
            places.extend(self.own_book(coins.asset, account.venue));
            if let Some(Redemption::Coins { asset, .. }) = asset.redemption {
                places.push(self.spec.assets[asset].reference);
            }
        }
        places.sort_unstable();
        places.dedup();
        places
    }

    /// What a coin counts for, as history had it and as rules left it, with what they did.
    pub(super) fn coin_usd(
        &self,
        asset: usize,
        account: &Account,
    ) -> Result<(f64, f64, Vec<Intervention>), ReplayError> {
        let mark_usd = |place: usize| libm::exp(self.markets[place].log_mark);
        let of = &self.spec.assets[asset];
        let history_usd = mark_usd(of.reference);
        if self.rules.is_record() {
            return Ok((history_usd, history_usd, Vec::new()));
        }
        let redemption_usd = of.redemption.map(|redemption| match redemption {
            Redemption::Usd(usd) => usd,
            Redemption::Coins { asset, ratio } => ratio * mark_usd(self.spec.assets[asset].reference),
        });
        let step = ValueCollateral {
            own_book_usd: self.own_book(asset, account.venue).map(mark_usd),
            redemption_usd,
            value_usd: history_usd,
        };
        let verdict = self.rules.value_collateral(step, &self.view_of(account))?;
        Ok((history_usd, verdict.step.value_usd, verdict.interventions))
    }

    /// Adds what an account's collateral counts for, by history's values or by the rules'.
    pub(super) fn add_collateral(
        &self,
        account: &Account,
        by_rules: bool,
        standing: &mut Standing,
    ) -> Result<(), ReplayError> {
        for coins in account
            .collateral
            .iter()
            .filter(|coins| coins.quantity > Coin::ZERO)
        {
            let (history_usd, ruled_usd, _) = self.coin_usd(coins.asset, account)?;
            let usd = if by_rules { ruled_usd } else { history_usd };
            let value = coins.quantity.to_f64() * usd * (1.0 - coins.haircut);
            standing.equity += value;
            standing.exposure += value;
        }
        Ok(())
    }
}
