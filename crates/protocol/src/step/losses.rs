use aftershock_market::Cash;

use super::Step;

/// A reserve, and the part of a loss that its pool was dealt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// In the fund before any pool paid of this loss.
    pub fund: Cash,
    /// The pool's part of the loss.
    pub loss: Cash,
}

/// A loss beyond a position's margin: one pool's part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct CoverDeficit {
    /// The pool's part of the loss.
    pub deficit: Cash,
    /// The pool's place among the reserves.
    pub pool: usize,
    /// Every pool as the loss found it, the same for all parts of one loss; the venue's vault, which is dealt none, last.
    pub reserves: Vec<Reserve>,
    /// What is left of each reserve's fund now.
    pub left: Vec<Cash>,
    /// To be drawn from each reserve's fund.
    pub draws: Vec<Cash>,
    /// To be charged to the holders who have gained, in proportion to their gains. The rest of the deficit is bad debt.
    pub socialised: Cash,
}

impl CoverDeficit {
    /// Left of the fund of the pool that held the position.
    pub fn own_fund(&self) -> Cash {
        self.left[self.pool]
    }

    /// Left of the other pools' funds together, vault included.
    pub fn other_funds(&self) -> Cash {
        self.left.iter().copied().sum::<Cash>() - self.own_fund()
    }

    /// To be drawn from the pool's own fund.
    pub fn from_own(&self) -> Cash {
        self.draws[self.pool]
    }

    /// To be drawn from the other pools' funds and the vault.
    pub fn from_others(&self) -> Cash {
        self.draws.iter().copied().sum::<Cash>() - self.from_own()
    }

    /// The rest of the deficit.
    pub fn unpaid(&self) -> Cash {
        self.deficit - self.from_own() - self.from_others() - self.socialised
    }

    /// The same loss with other draws: so much from the own fund, and from the others the vault first, then pool by
    /// pool, as far as they reach.
    #[must_use]
    pub fn drawing(&self, from_own: Cash, from_others: Cash) -> Self {
        let mut draws = vec![Cash::ZERO; self.left.len()];
        let mut owed = from_others;
        let vault = self.left.len() - 1;
        for other in std::iter::once(vault)
            .chain(0..vault)
            .filter(|other| *other != self.pool)
        {
            draws[other] = owed.min(self.left[other]);
            owed -= draws[other];
        }
        draws[self.pool] = from_own;
        Self {
            draws,
            ..self.clone()
        }
    }
}

impl Step for CoverDeficit {
    const NAME: &'static str = "cover_deficit";
    fn breach(&self) -> Option<String> {
        let within = self.draws.len() == self.left.len()
            && self
                .draws
                .iter()
                .zip(&self.left)
                .all(|(draw, left)| Cash::ZERO <= *draw && draw <= left)
            && Cash::ZERO <= self.socialised
            && self.draws.iter().copied().sum::<Cash>() + self.socialised <= self.deficit;
        (!within).then(|| {
            "draws lie within the funds and with what is shared out do not exceed the deficit".into()
        })
    }
    fn value(&self) -> f64 {
        (self.draws.iter().copied().sum::<Cash>() + self.socialised).to_f64()
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
