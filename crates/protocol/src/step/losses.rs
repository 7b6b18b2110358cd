use aftershock_market::Cash;

use super::Step;

/// A loss beyond a position's margin.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverDeficit {
    /// The loss.
    pub deficit: Cash,
    /// Left of the fund of the pool that held the position.
    pub own_fund: Cash,
    /// Left of the other pools' funds together, vault included.
    pub other_funds: Cash,
    /// To be drawn from the pool's own fund.
    pub from_own: Cash,
    /// To be drawn from the other pools' funds, in proportion to what is left of them.
    pub from_others: Cash,
    /// To be charged to the holders who have gained, in proportion to their gains. The rest of the deficit is bad debt.
    pub socialised: Cash,
}

impl Step for CoverDeficit {
    const NAME: &'static str = "cover_deficit";
    fn breach(&self) -> Option<String> {
        let within = Cash::ZERO <= self.from_own
            && self.from_own <= self.own_fund
            && Cash::ZERO <= self.from_others
            && self.from_others <= self.other_funds
            && Cash::ZERO <= self.socialised
            && self.from_own + self.from_others + self.socialised <= self.deficit;
        (!within).then(|| {
            "draws lie within the funds and with what is shared out do not exceed the deficit".into()
        })
    }
    fn value(&self) -> f64 {
        (self.from_own + self.from_others + self.socialised).to_f64()
    }
}

/// The insurance fund with which a pool begins.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeFund {
    /// The fund, USD.
    pub fund_usd: f64,
    /// Open interest of the pool, one side, USD.
    pub open_interest_usd: f64,
}

impl Step for SizeFund {
    const NAME: &'static str = "size_fund";
    fn breach(&self) -> Option<String> {
        (!(self.fund_usd.is_finite() && self.fund_usd >= 0.0))
            .then(|| format!("fund {} USD >= 0", self.fund_usd))
    }
    fn value(&self) -> f64 {
        self.fund_usd
    }
}
