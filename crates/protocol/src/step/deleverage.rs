use aftershock_market::{Cash, Coin, Side};

use super::Step;

/// How a loss is laid on those who have won.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Shared {
    /// One after the other, in the venue's ranking.
    Queue,
    /// By size of the position.
    ProRata,
    /// By size of the position in whole lots; lots left over go to the largest remainders.
    WholeLots {
        /// Contracts of a lot.
        lot: Coin,
    },
    /// By profit: the same share of everybody's gain.
    ByProfit,
}

/// Positions whose loss no reserve can bear, and who is closed against them at their bankruptcy price.
#[derive(Clone, Debug, PartialEq)]
pub struct Deleverage {
    /// Side that has won.
    pub side: Side,
    /// Loss beyond margins and reserves, settlement asset.
    pub deficit: Cash,
    /// Share of what cannot be borne that is closed against winners and not on the book, [0, 1]: 1 where the venue
    /// deleverages, 0 where it leaves bad debt.
    pub share: f64,
    /// How it is laid on them.
    pub shared: Shared,
}

impl Step for Deleverage {
    const NAME: &'static str = "deleverage";
    fn breach(&self) -> Option<String> {
        if let Shared::WholeLots { lot } = self.shared
            && lot <= Coin::ZERO
        {
            return Some(format!("lot {} > 0", lot.to_f64()));
        }
        (!(0.0..=1.0).contains(&self.share)).then(|| format!("0 <= share {} <= 1", self.share))
    }
    fn value(&self) -> f64 {
        self.share
    }
}
