//! Accounts with positions at several venues.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::RuleSet;

use super::testing::{PRICE, begin, crash, reserves, three};
use super::*;

/// A long of 10 coins at 10,000 with 5,000 of cash breaks where 10 (10,000 - P) = 5,000 - 0.005 · 10 P, at
/// P = 95,000 / 9.95 = 9,547.74.
#[test]
fn an_account_breaks_at_its_price() {
    let (spec, rules) = (three(), RuleSet::default());
    let start = Timestamp(1_000_000_000_000);
    let mut world = begin(&spec, &rules, Channels::from_mask(0));
    let mut account = Account::new("mine", Owner(1), 0, Cash::from_f64(5_000.0));
    account.holdings.push(Holding {
        market: 0,
        side: Side::Long,
        quantity: Coin::from_f64(10.0),
        entry_value: Cash::from_f64(100_000.0),
        under_way: Coin::ZERO,
    });
    world.add_account(account, start).expect("fits");
    let run = world.run(&crash(0.06, 3_600), Drive::Record).expect("runs");
    assert!(run.accounts[0].is_flat());
    let own: Vec<&OrderRow> = run
        .journal
        .orders
        .iter()
        .filter(|row| row.quantity == Coin::from_f64(10.0) && row.market == 0)
        .collect();
    assert_eq!(own.len(), 1);
    let mark = libm::exp(own[0].log_trigger);
    assert!(mark <= 9_547.74 && mark > 9_540.0, "{mark}");
    assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
    audit(&run, &reserves(&spec, &rules)).expect("both ledgers agree");
}

/// Two accounts of one owner: the losing long at one venue calls, and the winning short at the other is sold for it.
#[test]
fn a_call_is_met_by_selling_what_wins_elsewhere() {
    let rules = RuleSet::default();
    let mut spec = three();
    // Both venues list linear contracts here.
    spec.instruments[1].inverse = false;
    let start = Timestamp(1_000_000_000_000);
    let holding = |market: usize, side: Side, coins: f64| Holding {
        market,
        side,
        quantity: Coin::from_f64(coins),
        entry_value: Cash::from_f64(coins * PRICE),
        under_way: Coin::ZERO,
    };
    let survives = |linked: bool| {
        let mut world = begin(&spec, &rules, Channels::ALL);
        let mut losing = Account::new("losing", Owner(1), 0, Cash::from_f64(6_000.0));
        losing.holdings.push(holding(0, Side::Long, 10.0));
        losing.call_ratio = 4.0;
        let mut winning = Account::new(
            "winning",
            Owner(if linked { 1 } else { 2 }),
            1,
            Cash::from_f64(20_000.0),
        );
        winning.holdings.push(holding(1, Side::Short, 10.0));
        world.add_account(losing, start).expect("fits");
        world.add_account(winning, start).expect("fits");
        let run = world.run(&crash(0.08, 3_600), Drive::Record).expect("runs");
        assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
        audit(&run, &reserves(&spec, &rules)).expect("both ledgers agree");
        let called = run
            .journal
            .orders
            .iter()
            .filter(|row| row.cause == Cause::MarginCall)
            .count();
        (run.accounts[0].liquidated_at.is_none(), called > 0)
    };
    assert_eq!(survives(false), (false, false));
    assert_eq!(survives(true), (true, true));
}
