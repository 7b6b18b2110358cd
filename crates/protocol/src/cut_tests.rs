use aftershock_market::{Cash, Coin};

use super::*;
use crate::{PositionBook, Tier};

/// Source: Certora/aave-v4-pub, `LiquidationLogic.DebtToTargetHealthFactor.t.sol`: debt of 10,000 at a health of 0.8, a bonus of 1.5
/// and a collateral factor of 0.5 repays 9,000 to reach 1.25, and 8,000 (4 at 2,000) to reach 1. Collateral is `0.8 · 10,000 / 0.5 =
/// 16,000`, so equity is 0.375 of it; 13,500 and 12,000 of it are sold for those.
#[test]
fn what_is_closed_is_what_aave_has_repaid() {
    let (equity, cost) = (6_000.0 / 16_000.0, 1.0 - 1.0 / 1.5);
    let of = |health: f64| health_fraction(equity, 1.0 - 0.5 / health, cost);
    assert!((of(1.25) - 13_500.0 / 16_000.0).abs() < 1e-12);
    assert!((of(1.0) - 12_000.0 / 16_000.0).abs() < 1e-12);
}

/// V-AV2, derived from Aave v3: collateral of 10,000 against 8,200, 4,305 of it sold for 4,100, leaves 5,695 against 4,100.
#[test]
fn what_was_closed_at_half_is_found_from_where_it_led() {
    let found = health_fraction(0.18, 1.0 - 4_100.0 / 5_695.0, 1.0 - 1.0 / 1.05);
    assert!((found - 0.4305).abs() < 1e-12, "{found}");
}

/// By hand: 1 % of equity and a target of 2 % at no cost halve the position; at the target nothing is closed; where a sale costs what
/// equity there is, or more than the target, no share helps.
#[test]
fn no_share_helps_whom_the_sale_costs_all() {
    assert_eq!(health_fraction(0.01, 0.02, 0.0), 0.5);
    assert_eq!(health_fraction(0.02, 0.02, 0.0), 0.0);
    assert_eq!(health_fraction(0.03, 0.02, 0.0), 0.0);
    assert_eq!(health_fraction(0.01, 0.02, 0.01), 1.0);
    assert_eq!(health_fraction(0.01, 0.02, 0.03), 1.0);
    assert_eq!(health_fraction(-0.01, 0.02, 0.0), 1.0);
    assert!(health_fraction(0.010_001, 0.02, 0.01) < 1.0);
}

/// By hand: a quarter of the way from 100 to 90 is 97.5, and of a short's from 100 to 110 it is 102.5. Sales in two goes add up:
/// `1 - (1 - 1/4) (1 - 1/3) = 1/2`, the second from 97.5 to 95 of 7.5.
#[test]
fn a_band_is_sold_in_proportion_to_the_price() {
    assert_eq!(band_fraction(Side::Long, 100.0, 90.0, 97.5), 0.25);
    assert_eq!(band_fraction(Side::Short, 100.0, 110.0, 102.5), 0.25);
    assert!((band_fraction(Side::Long, 97.5, 90.0, 95.0) - 1.0 / 3.0).abs() < 1e-15);
    assert_eq!(band_fraction(Side::Long, 100.0, 90.0, 101.0), 0.0);
    assert_eq!(band_fraction(Side::Long, 100.0, 90.0, 89.0), 1.0);
    assert_eq!(band_fraction(Side::Long, 100.0, 100.0, 100.0), 1.0);
    assert_eq!(band_fraction(Side::Short, 100.0, 90.0, 100.0), 1.0);
}

fn position(side: Side, quantity: f64, entry: f64, leverage: f64, amount: f64) -> Position {
    let (value, margin) = (
        Cash::from_f64(quantity * entry),
        Cash::from_f64(quantity * entry / leverage),
    );
    let quantity = Coin::from_f64(quantity);
    Position {
        key: Position::key(side, quantity, value, margin, amount, 1.0),
        quantity,
        entry_value: value,
        margin,
    }
}

const ONE: Slot = Slot {
    tier: 0,
    linked: false,
};

fn cut(part: Part) -> [Option<Cut>; 1] {
    [Some(Cut {
        part,
        fraction: 1.0,
        keeps_margin: false,
    })]
}

/// By hand, a long and a short of 10 at 40,000 with 40,000 of margin: bankrupt at 36,000 and 44,000, liquidated at `36,000 / 0.995 =
/// 36,180.90` and `44,000 / 1.005 = 43,781.09`. At half of the way between them half is sold, at three quarters of the way half of
/// that, and at the same mark nothing: whichever way the mark came there, a quarter is left.
#[test]
fn what_is_left_in_a_band_depends_on_the_deepest_mark_alone() {
    for side in Side::BOTH {
        let bankrupt = 40_000.0 - side.sign() * 4_000.0;
        let top = bankrupt / (1.0 - side.sign() * 0.005);
        let at = |depth: f64| top + depth * (bankrupt - top);
        let part = Part::InBand {
            beyond_ratio: 0.0,
            mean: 0.0,
        };
        for way in [vec![0.5, 0.75, 0.75], vec![0.1, 0.4, 0.6, 0.75], vec![0.75]] {
            let mut book = PositionBook::new(&[0.005]);
            book.fill([(side, ONE, position(side, 10.0, 40_000.0, 10.0, 0.0))]);
            let (mut taken, mut left) = (Vec::new(), Vec::new());
            for depth in &way {
                book.take_cut(side, at(*depth), at(*depth), &cut(part), &mut taken, &mut left);
                book.put_back(side, &mut left);
            }
            let held = book.quantity(side).to_f64();
            assert!((held - 2.5).abs() < 1e-6, "{side:?} {way:?} {held}");
            assert!(book.triggered(side, at(0.751)) && !book.triggered(side, at(0.75)));
        }
    }
}

/// By hand: where the last is sold at a loss of 2 % of value beyond the margin, the band of that long ends at `36,000 / 1.02 =
/// 35,294.12`: at 36,000 the share `(36,180.90 - 36,000) / (36,180.90 - 35,294.12) = 0.204` is sold. With funding of 100 a contract
/// so far, keys and marks are 100 less and the values that ratios are taken of are not: the prices are the same.
#[test]
fn a_band_may_end_beyond_the_margin() {
    for funding in [0.0, 100.0] {
        let mut book = PositionBook::new(&[0.005]);
        let mut long = position(Side::Long, 10.0, 40_000.0, 10.0, 0.0);
        long.entry_value -= Cash::from_f64(10.0 * funding);
        long.key -= funding;
        book.fill([(Side::Long, ONE, long)]);
        book.set_funding(funding);
        let part = Part::InBand {
            beyond_ratio: 0.02,
            mean: 0.0,
        };
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        let mark = 36_000.0 - funding;
        book.take_cut(Side::Long, mark, mark, &cut(part), &mut taken, &mut left);
        let sold = taken[0].position.quantity.to_f64();
        assert!((sold - 2.04).abs() < 1e-4, "{sold}");
    }
}

/// By hand: 10 long at 40,000 with 40,000 at a mark of 36,150 have `361,500 - 360,000 = 1,500` left, 0.4149 % of 361,500. To come to
/// 1 % without a cost `(1 - 0.4149) / 1 = 58.506 %` is closed. The cap of a rule before it holds.
#[test]
fn each_position_is_closed_as_far_as_its_own_equity_asks() {
    let part = Part::ToHealth {
        target_ratio: 0.01,
        cost_ratio: 0.0,
        mean: 0.9,
    };
    for (fraction, expected) in [(1.0, 5.850_622), (0.3, 3.0)] {
        let mut book = PositionBook::new(&[0.005]);
        book.fill([(Side::Long, ONE, position(Side::Long, 10.0, 40_000.0, 10.0, 0.0))]);
        let cut = Cut {
            part,
            fraction,
            keeps_margin: true,
        };
        let (mut taken, mut left) = (Vec::new(), Vec::new());
        book.take_cut(
            Side::Long,
            36_170.0,
            36_150.0,
            &[Some(cut)],
            &mut taken,
            &mut left,
        );
        let closed = taken[0];
        assert!((closed.position.quantity.to_f64() - expected).abs() < 1e-6);
        let rest = closed.rest.expect("something waits");
        assert_eq!(closed.position.quantity + rest.quantity, Coin::from_f64(10.0));
        assert_eq!(closed.position.margin + rest.margin, Cash::from_f64(40_000.0));
        assert!(left.is_empty() && book.is_empty());
    }
}

/// Brackets of 1 % to 100,000 and 2 % above, with an amount of 1,000.
fn brackets() -> Brackets {
    let tier = |floor_usd, cap_usd, maintenance_ratio, maintenance_amount_usd| Tier {
        floor_usd,
        cap_usd,
        maintenance_ratio,
        max_leverage: 20.0,
        maintenance_amount_usd,
    };
    Brackets::new(vec![
        tier(0.0, 1e5, 0.01, 0.0),
        tier(1e5, f64::INFINITY, 0.02, 1_000.0),
    ])
    .expect("a table")
}

/// By hand: five accounts of 400,000 each hold 200 long at 10,000 in all, with 100,000 of margin and amounts of 5,000: the key is
/// `(2,000,000 - 105,000) / 200 = 9,475`. At 9,600 an account is worth 384,000. Of 70 % closed at a loss of 56,000 the rest of 60
/// keeps 44,000; an account of `12 · 9,600 = 115,200` stands in the second bracket still, its amount is 1,000 as before: the key is
/// `(600,000 - 49,000) / 60 = 9,183.33`. Of 75 %, the rest of 50 keeps 40,000, an account of 96,000 stands in the first, without an amount:
/// `(500,000 - 40,000) / 50 = 9,200`. The price that liquidates it is that of the one account alone: 10 at 10,000 with 8,000.
#[test]
fn who_comes_down_a_bracket_stands_in_it() {
    let whole = position(Side::Long, 200.0, 10_000.0, 20.0, 5_000.0);
    assert_eq!(whole.key, 9_475.0);
    let slot = Slot {
        tier: 1,
        linked: false,
    };
    for (closed, margin, tier, key) in [
        (140.0, 44_000.0, 1, 551_000.0 / 60.0),
        (150.0, 40_000.0, 0, 9_200.0),
    ] {
        let mut rest = whole;
        rest.take(Coin::from_f64(closed));
        let left = Left {
            slot,
            position: rest,
            margin: Cash::from_f64(margin),
            share: 1.0 - closed / 200.0,
        };
        let (stands, position) = left.stands(Side::Long, &brackets(), 1.0, 9_600.0);
        assert_eq!((stands.tier, position.margin), (tier, Cash::from_f64(margin)));
        assert!((position.key - key).abs() < 1e-9, "{}", position.key);
    }
    let alone = brackets().liquidation(Side::Long, 10.0, 10_000.0, 8_000.0);
    assert!(alone.is_some_and(|(tier, price)| tier == 0 && (price - 9_200.0 / 0.99).abs() < 1e-9));
}

/// By hand: an account that comes down to the edge of 100,000 to the cent belongs to the first bracket; a short's key lies above.
#[test]
fn an_edge_belongs_to_the_bracket_below() {
    let whole = position(Side::Short, 40.0, 10_000.0, 20.0, 1_000.0);
    let mut rest = whole;
    rest.take(Coin::from_f64(30.0));
    let left = Left {
        slot: Slot {
            tier: 1,
            linked: false,
        },
        position: rest,
        margin: Cash::from_f64(7_000.0),
        share: 0.25,
    };
    let (slot, position) = left.stands(Side::Short, &brackets(), 1.0, 10_000.0);
    assert_eq!((slot.tier, position.key), (0, 10_700.0));
    let (slot, _) = left.stands(Side::Short, &brackets(), 1.0, 10_000.01);
    assert_eq!(slot.tier, 1);
}

/// By hand: of a holder with half of his position at risk, 1,000 of margin is 2,000 of cushion in his key, before and after.
#[test]
fn margin_counts_as_often_as_the_rest_is_at_risk() {
    let value = Cash::from_f64(100_000.0);
    let quantity = Coin::from_f64(10.0);
    let key = Position::key(Side::Long, quantity, value, Cash::from_f64(5_000.0), 0.0, 0.5);
    assert_eq!(key, 9_000.0);
    let mut position = Position {
        key,
        quantity,
        entry_value: value,
        margin: Cash::from_f64(5_000.0),
    };
    position.take(Coin::from_f64(5.0));
    let left = Left {
        slot: Slot {
            tier: 0,
            linked: true,
        },
        position,
        margin: Cash::from_f64(3_500.0),
        share: 0.5,
    };
    let (_, stands) = left.stands(Side::Long, &brackets(), 0.5, 9_000.0);
    assert_eq!(stands.key, (50_000.0 - 7_000.0) / 5.0);
}
