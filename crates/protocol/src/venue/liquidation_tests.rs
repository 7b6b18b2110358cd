use super::*;
use crate::venue::maintenance::{RateTier, SizeBy, SizeLinear, hyperliquid_brackets};
use crate::{Brackets, Tier};
use proptest::prelude::*;

#[path = "liquidation_cut_tests.rs"]
mod cuts;

fn coins(value: f64) -> Coin {
    Coin::from_f64(value)
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_seconds(1_600_000_000).plus_seconds(seconds)
}

/// Source: Binance announcement of 2021-03-18, BTCUSDT leverage and margin tiers.
fn binance() -> MarginSchedule {
    let rows = [
        (0.0, 50e3, 0.004, 125.0, 0.0),
        (50e3, 250e3, 0.005, 100.0, 50.0),
        (250e3, 1e6, 0.01, 50.0, 1_300.0),
        (1e6, 10e6, 0.025, 20.0, 16_300.0),
        (10e6, 20e6, 0.05, 10.0, 266_300.0),
    ];
    let tiers = rows.map(
        |(floor_usd, cap_usd, maintenance_ratio, max_leverage, maintenance_amount_usd)| Tier {
            floor_usd,
            cap_usd,
            maintenance_ratio,
            max_leverage,
            maintenance_amount_usd,
        },
    );
    MarginSchedule::Brackets(Brackets::new(tiers.into()).expect("the venue's own table"))
}

fn account(margins: &MarginSchedule, quantity: f64, mark_usd: f64, equity: f64) -> Account<'_> {
    Account {
        contract: Contract::COIN,
        quantity: coins(quantity),
        mark_usd,
        equity: Cash::from_f64(equity),
        opening_value: Cash::from_f64(quantity * mark_usd),
        margins,
        on: MaintenanceOn::MarkValue,
        lot: coins(0.001),
        at: at(0.0),
        last: None,
    }
}

#[track_caller]
fn sent(action: Action) -> Proposal {
    match action {
        Action::Send(proposal) => proposal,
        other => panic!("{other:?} is no order"),
    }
}

/// Source: Hyperliquid, "Liquidations", by third parties: 500,000 below maintenance sends 100,000, and 30 s
/// later all that is left.
#[test]
fn a_fifth_then_everything() {
    let margins =
        MarginSchedule::Brackets(hyperliquid_brackets(&[(0.0, 40.0), (150e6, 20.0)]).expect("tiers"));
    let rule = LiquidationRule::HYPERLIQUID;
    let mut account = account(&margins, 5.0, 100_000.0, 6_000.0);
    let first = sent(rule.propose(&account));
    assert_eq!(
        (first.quantity, first.order_kind),
        (coins(1.0), OrderKind::Market)
    );
    assert_eq!(first.earliest_next_at, at(30.0));
    account.quantity = coins(4.0);
    account.equity = Cash::from_f64(4_000.0);
    account.last = Some(Forced {
        earliest_next_at: first.earliest_next_at,
        filled: true,
    });
    account.at = at(29.9);
    assert_eq!(rule.propose(&account), Action::Wait { until_at: at(30.0) });
    account.at = at(30.0);
    assert_eq!(sent(rule.propose(&account)).quantity, coins(4.0));
    account.equity = Cash::from_f64(5_000.0);
    assert_eq!(rule.propose(&account), Action::Sound);
    account.equity = Cash::from_f64(100.0);
    account.quantity = coins(1.0);
    account.last = None;
    assert_eq!(sent(rule.propose(&account)).quantity, coins(1.0));
}

/// Source: OKX help on partial liquidation: 15,000 contracts where tier 1 ends at 2,000 close 13,000. The
/// ratios are stated inputs.
#[test]
fn okx_goes_down_to_its_first_tier() {
    let tier = |cap, maintenance_ratio| RateTier {
        cap,
        maintenance_ratio,
    };
    let tiers = vec![tier(2_000.0, 0.005), tier(10_000.0, 0.01), tier(20_000.0, 0.015)];
    let margins = MarginSchedule::whole_rate(SizeBy::Contracts, tiers).expect("rising tiers");
    let mut account = account(&margins, 15_000.0, 9_000.0, 0.01);
    account.contract = Contract::Inverse {
        usd: Cash::from_f64(100.0),
    };
    account.lot = coins(1.0);
    let cut = sent(LiquidationRule::OKX.propose(&account));
    assert_eq!(
        (cut.quantity, cut.order_kind),
        (coins(13_000.0), OrderKind::Market)
    );
    assert_eq!(cut.earliest_next_at, at(60.0));
    account.quantity = coins(10_000.0);
    let whole = sent(LiquidationRule::OKX.propose(&account));
    assert_eq!(
        (whole.quantity, whole.order_kind),
        (coins(10_000.0), OrderKind::TakeOver)
    );
}

/// Source: Bybit, "Liquidation process (USDC)", on the brackets of Binance: 30 coins at 50,000 are 1.5M, the
/// tier below ends at 1M.
#[test]
fn bybit_cuts_the_excess_or_takes_all() {
    let margins = binance();
    let rule = LiquidationRule::BYBIT;
    let mut account = account(&margins, 30.0, 50_000.0, 1_000.0);
    let cut = sent(rule.propose(&account));
    assert_eq!(
        (cut.quantity, cut.order_kind),
        (coins(10.0), OrderKind::FillOrKill)
    );
    account.last = Some(Forced {
        earliest_next_at: cut.earliest_next_at,
        filled: false,
    });
    let whole = sent(rule.propose(&account));
    assert_eq!(
        (whole.quantity, whole.order_kind),
        (coins(30.0), OrderKind::TakeOver)
    );
    // Filled, it stands in the tier below and is cut again: 20 coins to 250,000 dollars.
    account.quantity = coins(20.0);
    account.last = Some(Forced {
        earliest_next_at: cut.earliest_next_at,
        filled: true,
    });
    assert_eq!(sent(rule.propose(&account)).quantity, coins(15.0));
    account.quantity = coins(1.0);
    account.equity = Cash::from_f64(10.0);
    assert_eq!(sent(rule.propose(&account)).order_kind, OrderKind::TakeOver);
}

/// Source: by hand on Binance's table of 2021. 500,000 dollars need 3,700 (the venue's own example); with
/// 3,000 left the account is compliant at 430,000, so 1.4 of 10 coins go. With a fee of 0.4 % it is `3,700 -
/// 0.6 % c = 3,000`: c = 116,667 dollars.
#[test]
fn the_least_that_makes_an_account_compliant() {
    let margins = binance();
    let mut account = account(&margins, 10.0, 50_000.0, 3_000.0);
    let free = sent(LiquidationRule::SmartIoc { fee: 0.0 }.propose(&account));
    assert_eq!(
        (free.quantity, free.order_kind),
        (coins(1.4), OrderKind::ImmediateOrCancel)
    );
    let rule = LiquidationRule::SmartIoc { fee: 0.004 };
    assert_eq!(sent(rule.propose(&account)).quantity, coins(2.334));
    // Closing costs more than it frees: nothing helps, everything goes.
    let dear = LiquidationRule::SmartIoc { fee: 0.012_5 };
    assert_eq!(sent(dear.propose(&account)).quantity, coins(10.0));
    account.equity = Cash::from_f64(-1.0);
    assert_eq!(sent(rule.propose(&account)).quantity, coins(10.0));
    account.last = Some(Forced {
        earliest_next_at: at(0.0),
        filled: false,
    });
    assert_eq!(sent(rule.propose(&account)).order_kind, OrderKind::TakeOver);
}

/// Source: Deribit, maintenance 1 % + 0.005 % a coin: 100 coins need 1.5, after 10 steps of one coin 90 need
/// 1.305.
#[test]
fn steps_until_margin_is_met() {
    let margins = MarginSchedule::SizeLinear(SizeLinear::DERIBIT_BTC_MAINTENANCE);
    let rule = LiquidationRule::Incremental {
        step: coins(50_000.0),
        pause_s: 1.0,
    };
    let mut account = account(&margins, 5e6, 50_000.0, 1.31);
    account.contract = Contract::DOLLAR;
    let mut steps = 0;
    while let Action::Send(order) = rule.propose(&account) {
        account.quantity -= order.quantity;
        account.at = order.earliest_next_at;
        steps += 1;
    }
    assert_eq!(
        (steps, account.quantity, account.at),
        (10, coins(4.5e6), at(10.0))
    );
}

/// Source: Bybit, "Liquidation price (USDT contract)": one coin long at 20,000 with 400 of margin and 0.5 %
/// of the entry value is liquidated at 19,700. Of the mark's value 98.5 are needed there, of the entry value
/// 100.
#[test]
fn maintenance_is_charged_on_the_value_that_is_named() {
    let half_a_percent = SizeLinear {
        base: 0.005,
        per_unit: 0.0,
    };
    let margins = MarginSchedule::SizeLinear(half_a_percent);
    let rule = LiquidationRule::Whole {
        order_kind: OrderKind::TakeOver,
    };
    let at_mark = |mark_usd: f64, on| Account {
        opening_value: Cash::from_f64(20_000.0),
        on,
        ..account(&margins, 1.0, mark_usd, 400.0 + mark_usd - 20_000.0)
    };
    let sound = |mark_usd, on| rule.propose(&at_mark(mark_usd, on)) == Action::Sound;
    assert!(sound(19_700.0, MaintenanceOn::EntryValue));
    assert!(!sound(19_699.99, MaintenanceOn::EntryValue));
    assert!(sound(19_699.99, MaintenanceOn::MarkValue));
    let two_coins = |equity| Account {
        opening_value: Cash::from_f64(40_000.0),
        on: MaintenanceOn::EntryValue,
        ..account(&margins, 2.0, 19_700.0, equity)
    };
    assert_eq!(rule.propose(&two_coins(200.0)), Action::Sound);
    assert_ne!(rule.propose(&two_coins(199.99)), Action::Sound);
}

/// Source: Hyperliquid, "Liquidations": two thirds of the maintenance margin.
#[test]
fn the_backstop_steps_in_below_two_thirds() {
    let backstop = Backstop::HYPERLIQUID;
    assert!(!backstop.takes_over(2_000.0, 3_000.0) && backstop.takes_over(1_999.0, 3_000.0));
}

/// Source: Chitra et al. on auto-deleveraging, appendix: 0.40 % at 1.30 on 0.5 is 0.0026; 20 bp of the mark
/// and 10 bp of the fill at 1.32 are 0.00196.
#[test]
fn fees_of_the_deleveraging_paper() {
    let (mark, fill) = (Cash::from_f64(0.65), Cash::from_f64(0.66));
    let fee = |on_mark, on_fill| LiquidationFee { on_mark, on_fill }.charge(mark, fill);
    assert_eq!(fee(0.004, 0.0), Cash::from_f64(0.002_6));
    assert_eq!(fee(0.002, 0.001), Cash::from_f64(0.001_96));
}

proptest! {
    #[test]
    fn no_order_is_for_more_than_is_held(
        on_entry in any::<bool>(),
        quantity in 1..=50_000_000_000_i64,
        mark in 1_000.0..100_000.0_f64,
        equity in -1e6..1e6_f64,
        lot in 1..=1_000_000_i64,
        filled in prop::option::of(any::<bool>()),
    ) {
        let margins = binance();
        let account = Account {
            quantity: Coin(quantity),
            lot: Coin(lot),
            on: if on_entry { MaintenanceOn::EntryValue } else { MaintenanceOn::MarkValue },
            opening_value: Cash(quantity as i128 * 30_000),
            last: filled.map(|filled| Forced { earliest_next_at: at(0.0), filled }),
            ..account(&margins, 1.0, mark, equity)
        };
        let rules = [
            LiquidationRule::Whole { order_kind: OrderKind::TakeOver },
            LiquidationRule::OKX,
            LiquidationRule::BYBIT,
            LiquidationRule::HYPERLIQUID,
            LiquidationRule::Incremental { step: Coin(1_000_000), pause_s: 1.0 },
            LiquidationRule::SmartIoc { fee: 0.004 },
        ];
        let unit_value = if on_entry { 30_000.0 } else { mark };
        let needed = margins.maintenance(account.quantity.to_f64(), unit_value);
        for rule in rules {
            match rule.propose(&account) {
                Action::Sound => prop_assert!(equity >= needed - 1e-6),
                Action::Wait { .. } => prop_assert!(false, "nothing to wait for"),
                Action::Send(order) => {
                    prop_assert!(Coin::ZERO < order.quantity && order.quantity <= account.quantity);
                    prop_assert!(order.earliest_next_at >= account.at);
                }
            }
        }
    }

    /// What a smart order leaves is compliant, and one lot less would not be.
    #[test]
    fn the_least_is_enough_and_no_more(
        quantity in 100..=50_000_i64,
        share in 0.05..0.99_f64,
        fee in 0.0..0.006_f64,
    ) {
        let margins = binance();
        let mark = 50_000.0;
        let held = quantity as f64 / 1_000.0;
        let account = account(&margins, held, mark, share * margins.maintenance(held, mark));
        let order = sent(LiquidationRule::SmartIoc { fee }.propose(&account));
        let surplus = |closed: Coin| {
            account.equity.to_f64()
                - fee * mark * closed.to_f64()
                - margins.maintenance((account.quantity - closed).to_f64(), mark)
        };
        if order.quantity < account.quantity {
            prop_assert!(surplus(order.quantity) >= 0.0);
            prop_assert!(surplus(order.quantity - account.lot) < 0.0);
        } else {
            for lots in 0..quantity {
                prop_assert!(surplus(Coin(lots * account.lot.0)) < 0.0);
            }
        }
    }
}

/// Source: dYdX v4 chain under the limits of its genesis file, by hand: of 10 coins at 50,000 a tenth in the first block,
/// then a tenth of the 9 that are left.
#[test]
fn a_block_takes_what_its_limits_allow() {
    let margins = binance();
    let rule = LiquidationRule::BlockLimited {
        limits: BlockLimits {
            max_portion_ppm: 100_000,
            min_notional: Cash::from_f64(1_000.0),
            max_notional: Cash::from_f64(100_000.0),
            max_insurance_loss: Cash::from_f64(1_000_000.0),
        },
        block_s: 1.5,
    };
    let first = sent(rule.propose(&account(&margins, 10.0, 50_000.0, 0.0)));
    assert_eq!(
        (first.quantity, first.order_kind),
        (coins(1.0), OrderKind::ImmediateOrCancel)
    );
    assert_eq!(first.earliest_next_at, at(1.5));
    let next = Account {
        last: Some(Forced {
            earliest_next_at: first.earliest_next_at,
            filled: true,
        }),
        ..account(&margins, 9.0, 50_000.0, 0.0)
    };
    assert_eq!(rule.propose(&next), Action::Wait { until_at: at(1.5) });
    let later = Account { at: at(1.5), ..next };
    assert_eq!(sent(rule.propose(&later)).quantity, coins(0.9));
}

/// Source: Hyperliquid's announcement of partial liquidations, by hand: of 500,000 first 100,000; in the 30 s after it all
/// that is left, and later a fifth of what is left.
#[test]
fn within_the_cooldown_everything_goes() {
    let margins = MarginSchedule::Brackets(
        hyperliquid_brackets(&[(0.0, 40.0), (150e6, 20.0)]).expect("the venue's own table"),
    );
    let rule = LiquidationRule::FractionFirst {
        threshold_usd: 100_000.0,
        fraction: 0.2,
        window_s: 30.0,
        block_s: 0.2,
    };
    let first = sent(rule.propose(&account(&margins, 5.0, 100_000.0, 0.0)));
    assert_eq!((first.quantity, first.earliest_next_at), (coins(1.0), at(0.2)));
    let next = |seconds| {
        rule.propose(&Account {
            at: at(seconds),
            last: Some(Forced {
                earliest_next_at: first.earliest_next_at,
                filled: true,
            }),
            ..account(&margins, 4.0, 100_000.0, 0.0)
        })
    };
    assert_eq!(next(0.1), Action::Wait { until_at: at(0.2) });
    assert_eq!(sent(next(0.2)).quantity, coins(4.0));
    assert_eq!(sent(next(29.9)).quantity, coins(4.0));
    assert_eq!(sent(next(30.0)).quantity, coins(0.8));
    let small = account(&margins, 1.0, 100_000.0, 0.0);
    assert_eq!(sent(rule.propose(&small)).quantity, coins(1.0));
}
