//! What forced orders are charged, what bids funded beforehand pay, and what winners give up.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::{
    Decision, Position, PositionBook, ProtocolRule, RuleSet, SetLiquidity, Shared, Slot, View,
};

use super::testing::{begin_coarsely, crash, three};
use super::*;

/// A tenth of a percent of takers.
#[derive(Debug)]
struct Charges;

impl ProtocolRule for Charges {
    fn name(&self) -> &str {
        "charges"
    }
    fn set_liquidity(&self, step: &SetLiquidity, _: &View<'_>) -> Decision<SetLiquidity> {
        let amended = SetLiquidity {
            taker_fee_ratio: 0.001,
            ..step.clone()
        };
        Decision::Amend(amended, "so".into())
    }
}

/// Every order pays a tenth of a percent of its value, on the linear market in dollars and on the inverse one in coin; funding, which
/// moves what exits are counted in, is less than a hundredth of that. A fee of a unit more in the books is found.
#[test]
fn a_fee_is_a_share_of_the_value() {
    let (spec, rules) = (three(), RuleSet::new(vec![Box::new(Charges)]));
    let world = begin_coarsely(&spec, &rules);
    let reserves = world.reserves();
    let mut run = world.run(&crash(0.06, 1_500), Drive::Record).expect("runs");
    audit(&run, &reserves).expect("both ledgers agree");
    let mut seen = [0, 0];
    for row in &run.journal.orders {
        let entries = run.journal.entries.iter();
        let of = entries.filter(|one| one.kind == EntryKind::Fee && one.order == Some(row.id));
        let fee: f64 = of.map(|one| one.amount.to_f64()).sum();
        let fee_usd = if spec.instruments[row.market].inverse {
            fee * libm::exp(row.log_fill)
        } else {
            fee
        };
        assert!(
            (fee_usd / (0.001 * row.notional_usd) - 1.0).abs() < 0.01,
            "{fee_usd} {row:?}"
        );
        seen[row.market] += 1;
    }
    assert!(seen[0] > 10 && seen[1] > 10, "{seen:?}");
    let mut fees = run.journal.entries.iter_mut();
    let fee = fees.find(|one| one.kind == EntryKind::Fee).expect("a fee");
    fee.amount += Cash(1);
    let market = fee.market;
    let wrong = audit(&run, &reserves).expect_err("a unit is missing");
    assert_eq!(wrong.what, format!("paid and not received in market {market}"));
    assert_eq!((wrong.found, wrong.engine), (-1, 0));
}

/// By hand: bids of 495,000 at 1 % under 10,000 take 50 of 100 coins at 9,900; what walks down to 9,800 beside them makes an average of
/// 9,850. Of 1,000,000 contracts of a dollar they take 495,000, and the average is harmonic: `1 / (0.495 / 9,900 + 0.505 / 9,800) =
/// 9,849.246`. Who buys back gets none, nor who comes when they are spent.
#[test]
fn bids_funded_beforehand_pay_their_own_price() {
    let (spec, rules) = (three(), RuleSet::default());
    let mut world = begin_coarsely(&spec, &rules);
    let hand = [(0, 100.0, 0.5, 9_850.0), (1, 1e6, 0.495, 9_849.246_231)];
    for (place, quantity, share, average) in hand {
        let market = &mut world.markets[place];
        market.liquidity.backstop_usd = 495_000.0;
        market.liquidity.backstop_discount_ratio = 0.01;
        let quantity = Coin::from_f64(quantity);
        let bids = market.backstop(Side::Long, quantity, libm::log(10_000.0));
        assert!((bids.share - share).abs() < 1e-9, "{bids:?}");
        assert!((libm::exp(bids.log_price) - 9_900.0).abs() < 1e-8);
        let found = libm::exp(bids.average(market, libm::log(9_800.0)));
        assert!((found - average).abs() < 1e-6, "{found}");
        assert_eq!(
            market.backstop(Side::Short, quantity, libm::log(10_000.0)).share,
            0.0
        );
        market.backstop_used_usd = 495_000.0;
        let spent = market.backstop(Side::Long, quantity, libm::log(10_000.0));
        assert_eq!(spent.share, 0.0);
        assert_eq!(spent.average(market, 9.0), 9.0);
    }
}

fn row(market: usize) -> OrderRow {
    OrderRow {
        id: 0,
        parent: None,
        additional: false,
        generation: 0,
        cause: Cause::Liquidation,
        market,
        side: Side::Long,
        triggered_at: Timestamp(0),
        executed_at: Timestamp(0),
        log_trigger: 0.0,
        log_before: 0.0,
        log_fill: 0.0,
        quantity: Coin::ZERO,
        notional_usd: 0.0,
        deleveraged: Coin::ZERO,
        deleveraged_usd: 0.0,
        deleveraged_profit_usd: 0.0,
        keeper_usd: 0.0,
        deficit: Cash::ZERO,
        covered: Cash::ZERO,
        socialised: Cash::ZERO,
        bad_debt: Cash::ZERO,
        margin_lost: Cash::ZERO,
        fees: Cash::ZERO,
    }
}

/// By hand: shorts of 4 coins closed at 9,200 where the mark is 9,000 give up `4 · 200 = 800`. Shorts of 36,000 contracts of a dollar
/// give up `36,000 · (1 / 9,000 - 1 / 9,200)` = 0.0869565 coin, 782.61 at the mark.
#[test]
fn winners_give_up_what_lies_between_mark_and_price() {
    let (spec, rules) = (three(), RuleSet::default());
    let hand = [
        (0, 4.0, Side::Short, 4.0 * 9_200.0, 42_000.0, 800.0),
        (
            1,
            36_000.0,
            Side::Long,
            36_000.0 / 9_200.0,
            36_000.0 / 10_500.0,
            782.608_695,
        ),
    ];
    for (place, quantity, side, value, entry_value, given_up) in hand {
        let mut world = begin_coarsely(&spec, &rules);
        let market = &mut world.markets[place];
        market.log_mark = libm::log(9_000.0);
        market.book = PositionBook::new(&[0.005]);
        let quantity = Coin::from_f64(quantity);
        let slot = Slot {
            tier: 0,
            linked: false,
        };
        let position = Position {
            key: entry_value / quantity.to_f64(),
            quantity,
            entry_value: Cash::from_f64(entry_value),
            margin: Cash::from_f64(entry_value / 5.0),
        };
        market.book.insert(side, slot, position);
        let mut row = row(place);
        let owed = world.deleverage(
            0,
            place,
            side,
            quantity,
            Cash::from_f64(value),
            Shared::Queue,
            &mut row,
        );
        assert_eq!(owed, Cash::ZERO);
        assert!((row.deleveraged_profit_usd - given_up).abs() < 1e-3, "{row:?}");
        assert!(world.markets[place].book.is_empty());
    }
}
