//! A margin account: positions that stand or fall together, and what margin they are asked for.

use aftershock_market::Side;
use aftershock_protocol::Brackets;

use super::OwnPosition;

/// One isolated position with its collateral, or all cross positions of an account at a venue with what they share.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MarginAccount {
    /// In the order of the file, from 1.
    pub(crate) number: i32,
    /// Line of its first position.
    pub(crate) line: usize,
    pub(crate) account: String,
    pub(crate) venue: String,
    pub(crate) instrument: String,
    pub(crate) cross: bool,
    pub(crate) collateral_usd: f64,
    pub(crate) positions: Vec<Leg>,
}

/// One position of a linear contract.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Leg {
    pub(crate) side: Side,
    pub(crate) quantity_btc: f64,
    pub(crate) entry_usd: f64,
}

impl Leg {
    /// Gain at a mark, USD.
    pub(crate) fn gain_usd(&self, mark_usd: f64) -> f64 {
        self.side.sign() * self.quantity_btc * (mark_usd - self.entry_usd)
    }
}

impl MarginAccount {
    /// Groups the rows of a file.
    pub(crate) fn of(rows: &[OwnPosition]) -> Vec<Self> {
        let mut accounts: Vec<Self> = Vec::new();
        for row in rows {
            let leg = Leg {
                side: row.side,
                quantity_btc: row.quantity_btc,
                entry_usd: row.entry_usd,
            };
            let shared = accounts.iter_mut().find(|known| {
                row.cross && known.cross && (&known.account, &known.venue) == (&row.account, &row.venue)
            });
            if let Some(shared) = shared {
                shared.collateral_usd += row.collateral_usd;
                shared.positions.push(leg);
                continue;
            }
            accounts.push(Self {
                number: accounts.len() as i32 + 1,
                line: row.line,
                account: row.account.clone(),
                venue: row.venue.clone(),
                instrument: row.instrument.clone(),
                cross: row.cross,
                collateral_usd: row.collateral_usd,
                positions: vec![leg],
            });
        }
        accounts
    }

    /// Equity and maintenance margin at a mark under the rules of record, USD.
    pub(crate) fn at_entry(&self, brackets: &Brackets, mark_usd: f64) -> (f64, f64) {
        let gains: f64 = self.positions.iter().map(|leg| leg.gain_usd(mark_usd)).sum();
        let maintenance = self
            .positions
            .iter()
            .map(|leg| brackets.maintenance_usd(leg.quantity_btc * mark_usd));
        (self.collateral_usd + gains, maintenance.sum())
    }

    /// The mark that closes it under the rules of record, USD; absent where it has several positions, or none does.
    pub(crate) fn closing_usd(&self, brackets: &Brackets) -> Option<f64> {
        let [leg] = self.positions.as_slice() else {
            return None;
        };
        let closing = brackets.liquidation(leg.side, leg.quantity_btc, leg.entry_usd, self.collateral_usd);
        closing.map(|(_, price_usd)| price_usd)
    }

    /// Its positions in words: `long 2 at 8000, short 1 at 8100`.
    pub(crate) fn holding(&self) -> String {
        let words = self.positions.iter().map(|leg| {
            let side = match leg.side {
                Side::Long => "long",
                Side::Short => "short",
            };
            format!("{side} {} at {}", leg.quantity_btc, leg.entry_usd)
        });
        words.collect::<Vec<String>>().join(", ")
    }

    /// Longs less shorts, BTC.
    pub(crate) fn net_btc(&self) -> f64 {
        self.positions
            .iter()
            .map(|leg| leg.side.sign() * leg.quantity_btc)
            .sum()
    }
}

/// A bracket as it is in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BracketInForce {
    /// From 0.
    pub(crate) tier: usize,
    /// Where it begins, USD.
    pub(crate) floor_usd: f64,
    /// Maintenance margin over notional.
    pub(crate) maintenance_ratio: f64,
}

/// The margins in force: the table's brackets with the ratios that rules have set.
#[derive(Clone, Debug)]
pub(crate) struct InForce<'a> {
    brackets: &'a Brackets,
    /// Maintenance ratio and exposure of each bracket.
    tiers: Vec<(f64, f64)>,
}

impl<'a> InForce<'a> {
    /// Those of the table.
    pub(crate) fn new(brackets: &'a Brackets) -> Self {
        let tiers = brackets.tiers().iter().map(|tier| (tier.maintenance_ratio, 1.0));
        Self {
            brackets,
            tiers: tiers.collect(),
        }
    }

    /// The table.
    pub(crate) fn brackets(&self) -> &'a Brackets {
        self.brackets
    }

    /// A bracket, from 0, has other ratios from now on.
    pub(crate) fn set(&mut self, tier: usize, maintenance_ratio: f64, exposure_ratio: f64) {
        self.tiers[tier] = (maintenance_ratio, exposure_ratio);
    }

    /// The bracket of a position.
    pub(crate) fn bracket(&self, notional_usd: f64) -> BracketInForce {
        let tier = self.brackets.index_of(notional_usd);
        BracketInForce {
            tier,
            floor_usd: self.brackets.tiers()[tier].floor_usd,
            maintenance_ratio: self.tiers[tier].0,
        }
    }

    /// Maintenance margin of a position, and the share of it that gains are charged on.
    pub(crate) fn of(&self, notional_usd: f64) -> (f64, f64) {
        let tier = self.brackets.index_of(notional_usd);
        let (ratio, exposure) = self.tiers[tier];
        let amount = self.brackets.tiers()[tier].maintenance_amount_usd;
        (exposure * (notional_usd * ratio - amount), exposure)
    }
}
