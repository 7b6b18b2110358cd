//! What rules need that not every world has.

use aftershock_protocol::Need;

use super::engine::World;

impl World<'_> {
    /// What the rules need and this world does not have: there they change nothing, and nothing can be said of them.
    pub fn lacks(&self) -> Vec<Need> {
        let has = |need: Need| match need {
            Need::Index => self.markets.iter().any(|market| market.has_index),
            Need::Funding => self.spec.instruments.iter().any(|one| one.funding.is_some()),
            Need::Markets => (0..self.assets.len()).any(|asset| {
                let of = self.spec.instruments.iter().filter(|one| one.asset == asset);
                of.count() > 1
            }),
            Need::Marks => self.marks_by_rule,
            Need::Portfolios => self.accounts.iter().any(|one| one.holdings.len() > 1),
            Need::Collateral => self.accounts.iter().any(|one| !one.collateral.is_empty()),
        };
        let needs = self.rules.needs().into_iter();
        needs.filter(|need| !has(*need)).collect()
    }
}
