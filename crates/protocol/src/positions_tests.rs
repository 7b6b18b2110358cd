use super::*;
use crate::liquidation_price;

const ONE: Slot = Slot {
    tier: 0,
    linked: false,
};

fn position(side: Side, coins: f64, entry: f64, leverage: f64) -> Position {
    let quantity = Coin::from_f64(coins);
    let entry_value = Cash::from_f64(coins * entry);
    let margin = Cash::from_f64(coins * entry / leverage);
    Position {
        key: Position::key(side, quantity, entry_value, margin, 0.0, 1.0),
        quantity,
        entry_value,
        margin,
    }
}

/// By hand: two coins at 40,000 with 8,000 of margin, half of them at risk, and an amount of 100: 16,100 over two coins
/// below the entry, or above it.
#[test]
fn a_key_is_a_price_of_one_coin() {
    let (value, margin) = (Cash::from_f64(80_000.0), Cash::from_f64(8_000.0));
    let key =
        |side, amount, exposure| Position::key(side, Coin::from_f64(2.0), value, margin, amount, exposure);
    assert_eq!(key(Side::Long, 0.0, 1.0), 36_000.0);
    assert_eq!(key(Side::Long, 100.0, 0.5), 31_950.0);
    assert_eq!(key(Side::Short, 100.0, 0.5), 48_050.0);
    assert_eq!(key(Side::Short, 100.0, 0.0), f64::INFINITY);
}

/// By hand: ten times leverage at 40,000 goes bankrupt at 36,000, under 0.5, 1 and 4 % of maintenance at 36,000 over
/// 0.995, 0.99 and 0.96; the highest goes first.
#[test]
fn each_slot_has_its_own_maintenance_ratio() {
    let mut book = PositionBook::new(&[0.005, 0.01]);
    let slot = |tier, linked| Slot { tier, linked };
    let one = position(Side::Long, 1.0, 40_000.0, 10.0);
    book.insert(Side::Long, slot(0, false), one);
    book.insert(Side::Long, slot(1, false), one);
    book.insert(Side::Long, slot(1, true), one);
    book.set_maintenance(slot(1, true), 0.04);
    for (ratio, expected) in [
        (0.04, slot(1, true)),
        (0.01, slot(1, false)),
        (0.005, slot(0, false)),
    ] {
        let trigger = book.trigger(Side::Long);
        assert!((trigger - 36_000.0 / (1.0 - ratio)).abs() < 1e-6, "{trigger}");
        let mut taken = Vec::new();
        book.take_triggered(Side::Long, trigger, 1.0, &mut taken);
        let slots: Vec<Slot> = taken.iter().map(|closed| closed.slot).collect();
        assert_eq!(slots, [expected]);
    }
}

/// By hand, with 100 of funding paid on a coin and 1 % of maintenance on the price itself: `M - 36,000 = 0.01 (M + 100)` for
/// a long at ten times leverage, `44,000 - M = 0.01 (M + 100)` for a short, M being the price less funding.
#[test]
fn maintenance_is_charged_on_the_price_with_funding() {
    let mut book = PositionBook::new(&[0.01]);
    for side in Side::BOTH {
        book.insert(side, ONE, position(side, 1.0, 40_000.0, 10.0));
    }
    book.set_funding(100.0);
    assert!((book.trigger(Side::Long) - 36_001.0 / 0.99).abs() < 1e-6);
    assert!((book.trigger(Side::Short) - 43_999.0 / 1.01).abs() < 1e-6);
}

#[test]
fn a_position_of_nothing_is_no_position() {
    let mut book = PositionBook::new(&[0.005]);
    let empty = Position {
        quantity: Coin::ZERO,
        ..position(Side::Long, 1.0, 40_000.0, 10.0)
    };
    book.fill([(Side::Long, ONE, empty)]);
    book.insert(Side::Long, ONE, empty);
    assert!(book.is_empty());
    assert_eq!(book.trigger(Side::Long), 0.0);
}

/// By hand: 3 coins in one slot and 1 in another. Half of the three is liquidated: 1.5 and 1 are left, of which 1.25
/// is taken as 0.75 and 0.5.
#[test]
fn open_interest_follows_all_that_comes_and_goes() {
    let mut book = PositionBook::new(&[0.005, 0.005]);
    let second = Slot {
        tier: 1,
        linked: false,
    };
    book.insert(Side::Long, ONE, position(Side::Long, 1.0, 40_000.0, 2.0));
    book.insert(Side::Long, second, position(Side::Long, 3.0, 40_000.0, 50.0));
    assert_eq!(book.quantity(Side::Long), Coin::from_f64(4.0));
    assert_eq!(book.quantity(Side::Short), Coin::ZERO);
    let mut taken = Vec::new();
    assert_eq!(book.triggered_quantity(Side::Long, 39_000.0), Coin::from_f64(3.0));
    book.take_triggered(Side::Long, 39_000.0, 0.5, &mut taken);
    assert_eq!(book.quantity(Side::Long), Coin::from_f64(2.5));
    taken.clear();
    book.take_furthest(Side::Long, Coin::from_f64(1.25), &mut taken);
    let parts: Vec<_> = taken
        .iter()
        .map(|closed| (closed.slot, closed.position.quantity))
        .collect();
    assert_eq!(
        parts,
        [(ONE, Coin::from_f64(0.5)), (second, Coin::from_f64(0.75))]
    );
    assert_eq!(book.quantity(Side::Long), Coin::from_f64(1.25));
}

/// Three slots of one unit each: two thirds of a unit is none, so the first two give the whole of theirs.
#[test]
fn what_rounding_keeps_is_taken_slot_by_slot() {
    let mut book = PositionBook::new(&[0.005, 0.005]);
    let unit = Position {
        quantity: Coin(1),
        ..position(Side::Long, 1.0, 40_000.0, 10.0)
    };
    let slots = [(0, false), (0, true), (1, false)].map(|(tier, linked)| Slot { tier, linked });
    book.fill(slots.map(|slot| (Side::Long, slot, unit)));
    let mut taken = Vec::new();
    book.take_furthest(Side::Long, Coin(2), &mut taken);
    let parts: Vec<_> = taken
        .iter()
        .map(|closed| (closed.slot, closed.position.quantity))
        .collect();
    assert_eq!(parts, [(slots[0], Coin(1)), (slots[1], Coin(1))]);
    assert_eq!((book.quantity(Side::Long), book.len(Side::Long)), (Coin(1), 1));
}

/// By hand: shorts by leverage, 50 and 10 of them whole or in part; then the rest in proportion to the slots, 0.5 and 1.
#[test]
fn the_highest_score_is_taken_first() {
    let mut book = PositionBook::new(&[0.005, 0.005]);
    let second = Slot {
        tier: 1,
        linked: true,
    };
    let short = |leverage| position(Side::Short, 1.0, 40_000.0, leverage);
    book.fill([
        (Side::Short, ONE, short(10.0)),
        (Side::Short, second, short(50.0)),
        (Side::Short, second, short(2.0)),
    ]);
    let mut ranked = book.ranked(Side::Short, |_, held| held.leverage());
    let order: Vec<_> = ranked.iter().map(|one| (one.score.round(), one.slot)).collect();
    assert_eq!(order, [(50.0, second), (10.0, ONE), (2.0, second)]);
    ranked.truncate(2);
    ranked[1].quantity = Coin::from_f64(0.5);
    let mut taken = Vec::new();
    book.take_ranked(Side::Short, &ranked, &mut taken);
    assert_eq!(book.quantity(Side::Short), Coin::from_f64(1.5));
    assert_eq!(book.len(Side::Short), 2);
    let price = liquidation_price(Side::Short, 1.0, 40_000.0, 4_000.0, 0.005, 0.0);
    assert!((book.trigger(Side::Short) - price).abs() < 1e-6);
    taken.clear();
    book.take_furthest(Side::Short, Coin::from_f64(0.75), &mut taken);
    let parts: Vec<_> = taken
        .iter()
        .map(|closed| (closed.slot, closed.position.quantity))
        .collect();
    assert_eq!(
        parts,
        [(ONE, Coin::from_f64(0.25)), (second, Coin::from_f64(0.5))]
    );
}

#[test]
fn the_book_triggers_at_the_closed_form() {
    for side in Side::BOTH {
        let mut book = PositionBook::new(&[0.005]);
        for leverage in [3.0, 10.0, 50.0] {
            book.insert(side, ONE, position(side, 1.0, 40_000.0, leverage));
        }
        for leverage in [50.0, 10.0, 3.0] {
            let price = liquidation_price(side, 1.0, 40_000.0, 40_000.0 / leverage, 0.005, 0.0);
            assert!((book.trigger(side) - price).abs() < 1e-6, "{side:?} {leverage}");
            let before = price * (1.0 + side.sign() * 1e-9);
            let after = price * (1.0 - side.sign() * 1e-9);
            assert!(!book.triggered(side, before) && book.triggered(side, after));
            let mut taken = Vec::new();
            book.take_triggered(side, after, 1.0, &mut taken);
            assert_eq!(taken.len(), 1);
            assert!((taken[0].position.leverage() - leverage).abs() < 1e-9);
        }
        assert!(book.is_empty());
    }
}

#[test]
fn a_raised_maintenance_ratio_moves_every_trigger() {
    let mut book = PositionBook::new(&[0.005]);
    book.fill([(Side::Long, ONE, position(Side::Long, 1.0, 40_000.0, 10.0))]);
    book.set_maintenance(ONE, 0.05);
    let price = liquidation_price(Side::Long, 1.0, 40_000.0, 4_000.0, 0.05, 0.0);
    assert!((book.trigger(Side::Long) - price).abs() < 1e-6);
}

#[test]
fn parts_add_up_to_the_whole() {
    let mut book = PositionBook::new(&[0.005]);
    let whole = position(Side::Long, 0.123_456_78, 39_999.99, 20.0);
    book.fill([(Side::Long, ONE, whole)]);
    let mut taken = Vec::new();
    while !book.is_empty() {
        book.take_triggered(Side::Long, 1.0, 0.3, &mut taken);
    }
    assert_eq!(
        taken.iter().map(|part| part.position.quantity).sum::<Coin>(),
        whole.quantity
    );
    assert_eq!(
        taken.iter().map(|part| part.position.entry_value).sum::<Cash>(),
        whole.entry_value
    );
    assert_eq!(
        taken.iter().map(|part| part.position.margin).sum::<Cash>(),
        whole.margin
    );
}

#[test]
fn a_small_position_behind_a_large_one_is_gone_once_it_is_taken() {
    let mut book = PositionBook::new(&[0.005]);
    let mut small = position(Side::Long, 1.0, 40_000.0, 20.0);
    small.quantity = Coin(1);
    book.fill([
        (Side::Long, ONE, position(Side::Long, 1.0, 40_000.0, 50.0)),
        (Side::Long, ONE, small),
    ]);
    let mut taken = Vec::new();
    book.take_triggered(Side::Long, 1.0, 0.2, &mut taken);
    book.take_triggered(Side::Long, 1.0, 0.2, &mut taken);
    assert_eq!(book.len(Side::Long), 1);
    assert_eq!(taken.len(), 3);
}

#[test]
fn holders_furthest_from_liquidation_close_first() {
    for side in Side::BOTH {
        let mut book = PositionBook::new(&[0.005]);
        book.fill([2.0, 10.0, 50.0].map(|leverage| (side, ONE, position(side, 1.0, 40_000.0, leverage))));
        let mut taken = Vec::new();
        book.take_furthest(side, Coin::from_f64(1.5), &mut taken);
        let leverages: Vec<f64> = taken
            .iter()
            .map(|closed| closed.position.leverage().round())
            .collect();
        assert_eq!(leverages, [2.0, 10.0]);
        assert_eq!(book.quantity(side), Coin::from_f64(1.5));
    }
}

#[test]
fn a_fully_offset_position_is_never_liquidated() {
    let mut book = PositionBook::new(&[0.005]);
    let quantity = Coin::from_f64(1.0);
    let (entry_value, margin) = (Cash::from_f64(40_000.0), Cash::from_f64(400.0));
    let key = Position::key(Side::Long, quantity, entry_value, margin, 0.0, 0.0);
    book.insert(
        Side::Long,
        ONE,
        Position {
            key,
            quantity,
            entry_value,
            margin,
        },
    );
    assert!(!book.triggered(Side::Long, 0.01));
    assert_eq!(book.triggered_quantity(Side::Long, 0.01), Coin::ZERO);
    assert_eq!(book.triggered_quantity(Side::Long, 0.0), Coin::ZERO);
}

/// By hand, with 100 of funding paid on a coin: `M - 36,000 = r (M + 100)` for a long at ten times leverage, `44,000 - M = r (M + 100)`
/// for a short, M being the price less funding; a short of which nothing is at risk has no level.
#[test]
fn all_that_is_held_is_told_with_its_level() {
    let mut book = PositionBook::new(&[0.005, 0.01]);
    let slot = |tier, linked| Slot { tier, linked };
    let (long, short) = (
        position(Side::Long, 1.0, 40_000.0, 10.0),
        position(Side::Short, 4.0, 40_000.0, 10.0),
    );
    let offset = Position {
        key: f64::INFINITY,
        ..short
    };
    book.fill([
        (Side::Long, slot(1, true), long),
        (Side::Long, slot(0, false), long),
        (
            Side::Long,
            slot(0, false),
            position(Side::Long, 2.0, 40_000.0, 5.0),
        ),
        (Side::Short, slot(0, false), short),
        (Side::Short, slot(1, true), offset),
    ]);
    book.set_funding(100.0);
    let told = |side| -> Vec<(Slot, f64, Option<f64>)> {
        let held = book.held(side);
        held.map(|(slot, held, trigger)| (slot, held.quantity.to_f64(), trigger))
            .collect()
    };
    for (side, expected) in [
        (
            Side::Long,
            vec![
                (slot(0, false), 1.0, Some(36_000.5 / 0.995)),
                (slot(0, false), 2.0, Some(32_000.5 / 0.995)),
                (slot(1, true), 1.0, Some(36_001.0 / 0.99)),
            ],
        ),
        (
            Side::Short,
            vec![
                (slot(0, false), 4.0, Some(43_999.5 / 1.005)),
                (slot(1, true), 4.0, None),
            ],
        ),
    ] {
        let found = told(side);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.into_iter().zip(expected) {
            assert_eq!((found.0, found.1), (expected.0, expected.1));
            match (found.2, expected.2) {
                (Some(found), Some(expected)) => {
                    assert!((found - expected).abs() < 1e-6, "{found}, {expected}")
                }
                (found, expected) => assert_eq!(found, expected),
            }
        }
    }
}
