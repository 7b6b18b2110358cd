//! Accounts of the user's own: what becomes of them while an episode is replayed under a rule set.
//!
//! They are too small to move the market: nothing they do reaches the book or the price. Each is valued at every
//! waypoint against the replayed mark and the margins in force there, and closed as the replay's own positions are:
//! after the same latency, down the same book, not during a halt, a part at a time where a rule says so.
//! Read [`OwnBook`], then `margin_account`, then `watch`.

mod file;
mod margin_account;
mod watch;

use aftershock_market::{Side, Timestamp};
use aftershock_protocol::Brackets;

pub use file::OwnError;
pub(crate) use margin_account::MarginAccount;
pub(crate) use watch::Watch;

use crate::Case;

/// A book above this share of a draw's open interest would have moved the price.
pub const SMALL_SHARE: f64 = 0.01;

/// One row of the user's file.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OwnPosition {
    /// Line in the file, from 1.
    line: usize,
    account: String,
    venue: String,
    instrument: String,
    side: Side,
    /// Size of a linear contract, BTC.
    quantity_btc: f64,
    entry_usd: f64,
    collateral_usd: f64,
    /// Whether the collateral is shared with the account's other cross positions at the venue.
    cross: bool,
}

/// The user's own positions, in the order of their file.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnBook {
    file: String,
    positions: Vec<OwnPosition>,
    accounts: Vec<MarginAccount>,
}

impl OwnBook {
    pub(crate) fn new(file: &str, positions: Vec<OwnPosition>) -> Self {
        Self {
            file: file.to_owned(),
            accounts: MarginAccount::of(&positions),
            positions,
        }
    }

    /// Value of all positions at a mark, longs and shorts added, USD.
    pub fn notional_usd(&self, mark_usd: f64) -> f64 {
        self.positions
            .iter()
            .map(|position| position.quantity_btc * mark_usd)
            .sum()
    }

    pub(crate) fn accounts(&self) -> &[MarginAccount] {
        &self.accounts
    }

    /// Checks that every position can be replayed: it stands where the margin table holds, in what is traded, and would
    /// not have been closed before the first replayed price.
    ///
    /// # Errors
    /// The first position that cannot, with its line, why, and what would be right.
    pub fn check(&self, traded: &Traded<'_>) -> Result<(), OwnError> {
        for position in &self.positions {
            let named = [
                ("venue", &position.venue, traded.venue),
                ("instrument", &position.instrument, traded.instrument),
            ];
            if let Some((what, given, right)) = named.into_iter().find(|(_, given, right)| given != right) {
                return Err(self.error(
                    position.line,
                    format!(
                        "{what} is `{given}`; the replay of {} trades {} under the margin table of {}, so it should be `{right}`",
                        traded.episode, traded.instrument, traded.venue
                    ),
                ));
            }
        }
        for account in &self.accounts {
            let (equity, maintenance) = account.at_entry(traded.brackets, traded.mark_usd);
            if equity <= maintenance {
                return Err(self.error(
                    account.line,
                    format!(
                        "account `{}` would have been closed before the replay begins: at the mark of {:.2} USD ({}) its \
                         equity is {equity:.2} USD and its maintenance margin {maintenance:.2}; its collateral should be \
                         more than {:.2} USD",
                        account.account,
                        traded.mark_usd,
                        traded.at,
                        account.collateral_usd + maintenance - equity
                    ),
                ));
            }
        }
        Ok(())
    }

    fn error(&self, line: usize, reason: String) -> OwnError {
        OwnError {
            file: self.file.clone(),
            line,
            reason,
        }
    }
}

/// What a replay trades at its start, under the rules of record.
#[derive(Clone, Copy, Debug)]
pub struct Traded<'a> {
    /// The episode.
    pub episode: &'a str,
    /// Venue of the margin table.
    pub venue: &'a str,
    /// Symbol of the margin table.
    pub instrument: &'a str,
    /// The margin table.
    pub brackets: &'a Brackets,
    /// Last mark before the replay, USD.
    pub mark_usd: f64,
    /// Its instant.
    pub at: Timestamp,
}

impl<'a> Traded<'a> {
    /// What `case` trades; the margin table is that of `instrument` at `venue`.
    pub fn of(case: &Case<'a>, venue: &'a str, instrument: &'a str) -> Self {
        let path = &case.recorded.paths[0];
        let before = path.first - 1;
        Self {
            episode: case.episode,
            venue,
            instrument,
            brackets: case.brackets,
            mark_usd: libm::exp(path.log_price[before]),
            at: path.at[before],
        }
    }
}

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod replay_tests;
#[cfg(test)]
mod tests;
