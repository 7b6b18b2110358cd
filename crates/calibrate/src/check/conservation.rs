//! G1: every contract has two sides and every unit of money somebody who has it, after every order.

use aftershock_market::{Cash, Side};
use aftershock_replay::world::{EntryKind, Holder, WorldRun, audit};

use super::{CheckError, Crash, Finding, Gate, Verdict};

/// The crash as declared, and with losses left as bad debt where winners would have been closed.
pub(super) fn gate(crash: &Crash) -> Result<Finding, CheckError> {
    let owing = crash.changed(|spec| {
        for one in &mut spec.instruments {
            if let Some(liquidation) = &mut one.liquidation {
                liquidation.deleverages = false;
            }
        }
    });
    let mut runs = Vec::new();
    for crash in [crash, &owing] {
        let world = crash.world(aftershock_replay::world::Channels::ALL)?;
        let reserves = world.reserves();
        runs.push((crash.factual()?, reserves));
    }
    Ok(judge(&runs))
}

fn judge(runs: &[(WorldRun, Vec<[Cash; 2]>)]) -> Finding {
    let (mut contracts, mut money, mut orders, mut entries) = (0, 0, 0, 0);
    let mut worst: Option<String> = None;
    for (run, reserves) in runs {
        let again = recount(run, reserves.len());
        contracts = contracts.max(i128::from(run.imbalance.0.0)).max(again.contracts);
        money = money.max(run.imbalance.1.0).max(again.paid).max(again.owed);
        orders += run.journal.orders.len();
        entries += run.journal.entries.len();
        if let Err(error) = audit(run, reserves) {
            worst.get_or_insert(error.to_string());
        }
    }
    let told = worst.as_ref().map_or_else(
        || "a second ledger agrees with the engine's".to_owned(),
        |error| format!("a second ledger disagrees: {error}"),
    );
    Finding {
        gate: Gate::Conservation,
        figure: format!(
            "{contracts} contracts and {money} units of money of 1e-8 amiss at the most after any of {orders} orders \
             ({entries} entries); {told}"
        ),
        verdict: Verdict::of(contracts == 0 && money == 0 && worst.is_none()),
    }
}

/// Largest imbalances after any instant, units of 1e-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Recount {
    /// Long less short contracts of a market.
    contracts: i128,
    /// What buyers paid less what sellers got.
    paid: i128,
    /// Losses beyond margins less what reserves paid of them and what stays unpaid.
    owed: i128,
}

#[derive(Clone, Copy, Default)]
struct Market {
    contracts: i128,
    paid: i128,
    owed: i128,
    /// What positions that were there before cost, long less short: it has no counterpart in the journal.
    endowed: i128,
}

/// Counts again from the entries alone, in the order of the journal, and looks at each market when its instant is over.
fn recount(run: &WorldRun, markets: usize) -> Recount {
    let mut books = vec![Market::default(); markets];
    let mut cash = vec![0_i128; run.accounts.len()];
    let mut worst = Recount::default();
    let entries = &run.journal.entries;
    for (place, entry) in entries.iter().enumerate() {
        let sign: i128 = if entry.side == Side::Long { 1 } else { -1 };
        let book = &mut books[entry.market];
        match entry.kind {
            EntryKind::Endow => {
                book.contracts += sign * i128::from(entry.quantity.0);
                book.endowed += sign * entry.entry_value.0;
                book.paid += sign * entry.entry_value.0;
            }
            EntryKind::Open => {
                book.contracts += sign * i128::from(entry.quantity.0);
                book.paid += sign * entry.entry_value.0;
            }
            EntryKind::Close => {
                book.contracts -= sign * i128::from(entry.quantity.0);
                book.paid -= sign * entry.exit_value.0;
                let left = entry.margin.0 + sign * (entry.exit_value.0 - entry.entry_value.0);
                match entry.holder {
                    Holder::Cohort => book.owed += (-left).max(0),
                    Holder::Account(account) => cash[account as usize] += left,
                }
            }
            EntryKind::Draw | EntryKind::BadDebt | EntryKind::Socialised => book.owed -= entry.amount.0,
            EntryKind::Fee => book.paid -= entry.amount.0,
            EntryKind::Feed => {}
            EntryKind::Deposit => {
                if let Holder::Account(account) = entry.holder {
                    let held = &mut cash[account as usize];
                    *held += entry.amount.0;
                    // A shortfall that is filled to the unit is one that the venue takes over.
                    if *held == 0 && entry.amount > Cash::ZERO {
                        book.owed += entry.amount.0;
                    }
                }
            }
        }
        if entries.get(place + 1).is_none_or(|next| next.at != entry.at) {
            for book in &books {
                worst.contracts = worst.contracts.max(book.contracts.abs());
                worst.paid = worst.paid.max((book.paid - book.endowed).abs());
                worst.owed = worst.owed.max(book.owed.abs());
            }
        }
    }
    worst
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::declared;
    use aftershock_market::Coin;
    use aftershock_replay::world::{Channels, Entry};

    fn sound() -> (WorldRun, Vec<[Cash; 2]>) {
        let crash = Crash::new(&declared(1)).expect("it is a crash");
        let reserves = crash.world(Channels::ALL).expect("it fits").reserves();
        (crash.factual().expect("it runs"), reserves)
    }

    fn verdict(change: impl FnOnce(&mut WorldRun)) -> Verdict {
        let (mut run, reserves) = sound();
        change(&mut run);
        judge(&[(run, reserves)]).verdict
    }

    fn nth(run: &mut WorldRun, kind: EntryKind) -> &mut Entry {
        let found = run.journal.entries.iter_mut().filter(|entry| entry.kind == kind);
        found.last().expect("the crash has one")
    }

    #[test]
    fn a_sound_journal_passes() {
        assert_eq!(verdict(|_| {}), Verdict::Pass);
    }

    /// Each a unit of 1e-8, in a place of its own.
    #[test]
    fn a_unit_amiss_fails() {
        let broken: [fn(&mut WorldRun); 7] = [
            |run| run.imbalance.0 = Coin(1),
            |run| run.imbalance.1 = Cash(1),
            |run| nth(run, EntryKind::Close).exit_value += Cash(1),
            |run| nth(run, EntryKind::Open).quantity += Coin(1),
            |run| nth(run, EntryKind::Draw).amount += Cash(1),
            |run| nth(run, EntryKind::Feed).amount += Cash(1),
            |run| run.accounts[0].cash += Cash(1),
        ];
        for (place, change) in broken.into_iter().enumerate() {
            assert_eq!(verdict(change), Verdict::Fail, "{place}");
        }
    }

    /// What is amiss for an instant alone is seen: two entries that make up for each other later.
    #[test]
    fn what_mends_itself_later_fails() {
        let passing = verdict(|run| {
            let opens: Vec<usize> = (0..run.journal.entries.len())
                .filter(|&place| run.journal.entries[place].kind == EntryKind::Open)
                .collect();
            let (first, last) = (opens[0], opens[opens.len() - 1]);
            let entries = &mut run.journal.entries;
            assert!(entries[first].at < entries[last].at);
            entries[first].entry_value += Cash(5);
            entries[last].entry_value -= Cash(5);
        });
        assert_eq!(passing, Verdict::Fail);
    }
}
