//! A second, naive ledger, rebuilt from the journal alone.

use std::collections::BTreeMap;

use aftershock_market::{Cash, Coin, Side};

use super::engine::WorldRun;
use super::journal::{EntryKind, Holder};

/// Where the second ledger disagrees.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("entry {entry}: {what} is {found}, the engine has {engine}")]
pub struct AuditError {
    /// Place of the last entry looked at.
    pub entry: usize,
    /// What was counted.
    pub what: String,
    /// By the auditor, units of 1e-8.
    pub found: i128,
    /// By the engine, units of 1e-8.
    pub engine: i128,
}

#[derive(Clone, Copy, Debug, Default)]
struct Books {
    contracts: [i128; 2],
    reserves: [i128; 2],
    socialised: i128,
    bad_debt: i128,
    /// What opened less what closed, at the values booked, and less fees: nobody pays what nobody gets.
    paid: i128,
}

/// Counts contracts and money again from the entries, and compares open interest, reserves, unpaid losses (also order by
/// order) and the cash of accounts with what the engine ended with. `reserves` are those at the start, by market.
///
/// # Errors
/// The first disagreement.
pub fn audit(run: &WorldRun, reserves: &[[Cash; 2]]) -> Result<(), AuditError> {
    let entries = &run.journal.entries;
    let mut books: Vec<Books> = reserves
        .iter()
        .map(|reserve| Books {
            reserves: [reserve[0].0, reserve[1].0],
            ..Books::default()
        })
        .collect();
    let mut cash: BTreeMap<u32, i128> = BTreeMap::new();
    // What reserves paid for each order, what nobody did, and what winners are charged.
    let mut losses: BTreeMap<u32, [i128; 3]> = BTreeMap::new();
    let differs = |entry: usize, what: String, found: i128, engine: i128| {
        if found == engine {
            Ok(())
        } else {
            Err(AuditError {
                entry,
                what,
                found,
                engine,
            })
        }
    };
    for entry in entries {
        let book = &mut books[entry.market];
        if let (Some(order), Some(turn)) = (
            entry.order,
            match entry.kind {
                EntryKind::Draw => Some(0),
                EntryKind::BadDebt => Some(1),
                EntryKind::Socialised => Some(2),
                _ => None,
            },
        ) {
            losses.entry(order).or_default()[turn] += entry.amount.0;
        }
        let side = entry.side.index();
        let sign: i128 = if entry.side == Side::Long { 1 } else { -1 };
        match entry.kind {
            EntryKind::Endow => book.contracts[side] += i128::from(entry.quantity.0),
            EntryKind::Open => {
                book.contracts[side] += i128::from(entry.quantity.0);
                book.paid += sign * entry.entry_value.0;
            }
            EntryKind::Close => {
                book.paid -= sign * entry.exit_value.0;
                book.contracts[side] -= i128::from(entry.quantity.0);
                if let Holder::Account(account) = entry.holder {
                    let result = sign * (entry.exit_value.0 - entry.entry_value.0);
                    *cash.entry(account).or_default() += entry.margin.0 + result;
                }
            }
            EntryKind::Draw => {
                let reserve = if entry.quantity == Coin::ZERO { 0 } else { 1 };
                book.reserves[reserve] -= entry.amount.0;
            }
            EntryKind::Fee => book.paid -= entry.amount.0,
            EntryKind::Feed => book.reserves[0] += entry.amount.0,
            EntryKind::BadDebt => book.bad_debt += entry.amount.0,
            EntryKind::Socialised => book.socialised += entry.amount.0,
            EntryKind::Deposit => {
                if let Holder::Account(account) = entry.holder {
                    *cash.entry(account).or_default() += entry.amount.0;
                }
            }
        }
    }
    let last = entries.len().saturating_sub(1);
    for (market, book) in books.iter().enumerate() {
        for side in Side::BOTH {
            differs(
                last,
                format!("{side:?} open interest of market {market}"),
                book.contracts[side.index()],
                i128::from(run.open_interest[market][side.index()].0),
            )?;
        }
        differs(
            last,
            format!("long less short open interest of market {market}"),
            book.contracts[0] - book.contracts[1],
            0,
        )?;
        differs(
            last,
            format!("paid and not received in market {market}"),
            book.paid,
            0,
        )?;
        for (reserve, name) in [(0, "fund"), (1, "vault")] {
            differs(
                last,
                format!("{name} of market {market}"),
                book.reserves[reserve],
                run.reserves[market][reserve].0,
            )?;
        }
        differs(
            last,
            format!("losses charged to winners of market {market}"),
            book.socialised,
            run.socialised[market].0,
        )?;
        differs(
            last,
            format!("bad debt of market {market}"),
            book.bad_debt,
            run.bad_debt[market].0,
        )?;
    }
    for row in &run.journal.orders {
        let [covered, bad_debt, socialised] = losses.remove(&row.id).unwrap_or_default();
        differs(
            last,
            format!("what reserves paid for order {}", row.id),
            covered,
            row.covered.0,
        )?;
        differs(
            last,
            format!("what winners are charged for order {}", row.id),
            socialised,
            row.socialised.0,
        )?;
        differs(
            last,
            format!("bad debt of order {}", row.id),
            bad_debt,
            row.bad_debt.0,
        )?;
    }
    differs(
        last,
        "orders with losses that were not executed".to_owned(),
        losses.len() as i128,
        0,
    )?;
    for (place, account) in run.accounts.iter().enumerate() {
        differs(
            last,
            format!("cash of account {}", account.name),
            cash.get(&(place as u32)).copied().unwrap_or(0),
            account.cash.0,
        )?;
    }
    Ok(())
}
