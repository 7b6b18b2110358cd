//! Accounts with several positions and collateral of several kinds, checked when a mark moves far enough to matter.

use aftershock_market::{Cash, Coin, Side};

/// Who owns accounts: what is won at one venue may be called at another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner(pub u32);

/// A position of an account, in the frame of its market.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Holding {
    /// Place of the market.
    pub market: usize,
    /// Side in the frame.
    pub side: Side,
    /// Contracts.
    pub quantity: Coin,
    /// Value at which they were opened, in the frame.
    pub entry_value: Cash,
    /// Contracts on their way to the book.
    pub under_way: Coin,
}

/// Coins that count as margin, at less than their price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Collateral {
    /// Place of the asset.
    pub asset: usize,
    /// How many.
    pub quantity: Coin,
    /// Share of their price that does not count, [0, 1).
    pub haircut: f64,
}

/// An account at one venue. All its markets settle in one asset.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Name in tables.
    pub name: String,
    /// Who owns it.
    pub owner: Owner,
    /// Place of the venue.
    pub venue: usize,
    /// Cash in the settlement asset.
    pub cash: Cash,
    /// Positions.
    pub holdings: Vec<Holding>,
    /// Other coins.
    pub collateral: Vec<Collateral>,
    /// Equity over maintenance margin below which the owner brings what it can from elsewhere; 1 means never in time.
    pub call_ratio: f64,
    /// What was called and has not arrived, settlement asset.
    pub(crate) called: Cash,
    /// When it was liquidated first, if it was.
    pub liquidated_at: Option<aftershock_market::Timestamp>,
    /// When a stepwise engine may go on with it.
    pub(crate) next_step_at: i64,
    /// Whether a first step was taken.
    pub(crate) stepped: bool,
    /// Whether it is sound, or not, by what a rule counts its collateral for alone.
    pub(crate) decided_by_rules: bool,
}

impl Account {
    /// An account without positions.
    pub fn new(name: impl Into<String>, owner: Owner, venue: usize, cash: Cash) -> Self {
        Self {
            name: name.into(),
            owner,
            venue,
            cash,
            holdings: Vec::new(),
            collateral: Vec::new(),
            call_ratio: 1.0,
            called: Cash::ZERO,
            liquidated_at: None,
            next_step_at: i64::MIN,
            stepped: false,
            decided_by_rules: false,
        }
    }

    /// Whether nothing is open.
    pub fn is_flat(&self) -> bool {
        self.holdings.iter().all(|held| held.quantity == Coin::ZERO)
    }
}

/// What an account is worth and needs, settlement asset.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Standing {
    pub(crate) equity: f64,
    pub(crate) maintenance: f64,
    /// Loss of a position a unit of log price, summed over positions and collateral: how fast it can go wrong.
    pub(crate) exposure: f64,
}

/// The log move of every market that an account surely survives, if each moves no further: losses of all its positions
/// together stay within its excess over `level` times the maintenance margin.
///
/// A position of value `v` loses at most `v (e^r - 1)` in a log move of `r` and asks `m` times that more of margin.
pub(crate) fn safe_move(standing: &Standing, level: f64) -> f64 {
    let excess = standing.equity - level * standing.maintenance;
    if excess <= 0.0 {
        return 0.0;
    }
    if standing.exposure <= 0.0 {
        return f64::INFINITY;
    }
    libm::log1p(excess / standing.exposure)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 100 of value, 10 of excess, 5 % more margin: a move of ln(1 + 10/105) costs exactly the excess on a short.
    #[test]
    fn the_safe_move_spends_the_excess() {
        let standing = Standing {
            equity: 15.0,
            maintenance: 5.0,
            exposure: 105.0,
        };
        let r = safe_move(&standing, 1.0);
        let lost = 105.0 * (libm::exp(r) - 1.0);
        assert!((lost - 10.0).abs() < 1e-12);
        assert_eq!(
            safe_move(
                &Standing {
                    equity: 5.0,
                    ..standing
                },
                1.0
            ),
            0.0
        );
    }
}
