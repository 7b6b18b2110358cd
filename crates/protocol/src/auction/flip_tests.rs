use super::*;
use crate::auction::cat::{Cat, Chunk};
use crate::auction::{Ilk, Limit, Vault};
use crate::fixed::{RAY, decimal};
use proptest::prelude::*;

fn wad(value: f64) -> U256 {
    decimal(value, 18).unwrap_or_else(|| panic!("{value} is no wad"))
}

fn rad(value: f64) -> U256 {
    decimal(value, 45).unwrap_or_else(|| panic!("{value} is no rad"))
}

const START: u64 = 1_584_000_000;

/// ETH-A on 2020-03-12: 3 % at least, ten minutes, three days.
fn eth() -> Flip {
    Flip::new(FlipTerms {
        beg: wad(1.03),
        ttl_s: 600,
        tau_s: 259_200,
    })
}

/// 2020-03-12: a lot of 50 ETH goes for the least bid there is, because nobody else bids for ten minutes.
///
/// Source: makerdao/dss, `src/flip.sol` @03c6df6f; lot and time from the executive of 2020-03-12.
#[test]
fn a_bid_of_almost_nothing_wins() {
    let mut flip = eth();
    let id = flip.kick(rad(4_000.0), wad(50.0), START);
    let nothing = flip.tend(id, 7, wad(50.0), U256::ZERO, START + 30);
    assert_eq!(nothing, Err(Refused::RaiseTooSmall));
    let least = U256::from(1);
    let moved = flip.tend(id, 7, wad(50.0), least, START + 30);
    assert_eq!(moved.map(|moved| (moved.outbid, moved.raised)), Ok((None, least)));
    assert_eq!(flip.deal(id, START + 630), Err(Refused::NotFinished));
    let late = flip.tend(id, 8, wad(50.0), rad(4_000.0), START + 630);
    assert_eq!(late, Err(Refused::Finished));
    let won = flip.deal(id, START + 631);
    assert_eq!(
        won.map(|won| (won.bidder, won.bid, won.lot)),
        Ok((Some(7), least, wad(50.0)))
    );
    assert_eq!(flip.get(id), None);
}

/// Source: makerdao/dss, `src/flip.sol` @c103b307, both phases.
#[test]
fn dai_rises_then_the_lot_falls() {
    let mut flip = eth();
    let id = flip.kick(rad(100.0), wad(50.0), START);
    let tend = |flip: &mut Flip, who, bid| flip.tend(id, who, wad(50.0), rad(bid), START + 1);
    assert_eq!(tend(&mut flip, 1, 90.0).map(|moved| moved.raised), Ok(rad(90.0)));
    assert_eq!(tend(&mut flip, 2, 92.0), Err(Refused::RaiseTooSmall));
    let outbid = tend(&mut flip, 2, 99.0).map(|moved| (moved.outbid, moved.refund, moved.raised));
    assert_eq!(outbid, Ok((Some(1), rad(90.0), rad(9.0))));
    assert_eq!(tend(&mut flip, 3, 101.0), Err(Refused::AboveDebt));
    assert_eq!(
        flip.dent(id, 3, wad(40.0), rad(99.0), START + 2),
        Err(Refused::DebtNotBid)
    );
    assert!(tend(&mut flip, 3, 100.0).is_ok());
    assert_eq!(
        flip.dent(id, 4, wad(49.0), rad(100.0), START + 2),
        Err(Refused::CutTooSmall)
    );
    let cut = flip.dent(id, 4, wad(45.0), rad(100.0), START + 2);
    assert_eq!(
        cut.map(|moved| (moved.outbid, moved.refund, moved.returned)),
        Ok((Some(3), rad(100.0), wad(5.0)))
    );
    let now = flip.get(id).map(|one| (one.bidder, one.bid, one.lot, one.tic_at));
    assert_eq!(now, Some((Some(4), rad(100.0), wad(45.0), START + 602)));
    assert_eq!(flip.yank(id), Err(Refused::DebtBid));
    assert_eq!(flip.deal(id, START + 603).map(|won| won.lot), Ok(wad(45.0)));
}

/// Source: the same: a raise or a cut of exactly 3 % is enough, a unit less is not.
#[test]
fn the_least_step_is_a_step() {
    let mut flip = eth();
    let id = flip.kick(rad(200.0), wad(51.5), START);
    let unit = U256::from(1);
    let mut tend = |bid| {
        flip.tend(id, 1, wad(51.5), bid, START + 1)
            .map(|moved| moved.raised)
    };
    assert_eq!(tend(rad(100.0)), Ok(rad(100.0)));
    assert_eq!(tend(rad(103.0) - unit), Err(Refused::RaiseTooSmall));
    assert_eq!(tend(rad(103.0)), Ok(rad(3.0)));
    assert_eq!(tend(rad(200.0)), Ok(rad(97.0)));
    let mut dent = |lot| {
        flip.dent(id, 2, lot, rad(200.0), START + 2)
            .map(|moved| moved.returned)
    };
    assert_eq!(dent(wad(50.0) + unit), Err(Refused::CutTooSmall));
    assert_eq!(dent(wad(50.0)), Ok(wad(1.5)));
}

#[test]
fn an_auction_without_bids_starts_again() {
    let mut flip = eth();
    let id = flip.kick(rad(100.0), wad(50.0), START);
    let over = START + 259_200;
    assert_eq!(flip.tick(id, over), Err(Refused::NotFinished));
    assert_eq!(
        flip.tend(id, 1, wad(50.0), rad(50.0), over),
        Err(Refused::Finished)
    );
    assert_eq!(flip.deal(id, over + 1), Err(Refused::NotFinished));
    assert_eq!(flip.tick(id, over + 1), Ok(()));
    assert!(flip.tend(id, 1, wad(50.0), rad(50.0), over + 2).is_ok());
    assert_eq!(flip.tick(id, over + 300_000), Err(Refused::HasBid));
    assert_eq!(flip.yank(id).map(|withdrawn| withdrawn.bid), Ok(rad(50.0)));
    assert_eq!(flip.deal(9, over), Err(Refused::NotRunning));
}

fn vault(collateral: f64, debt: f64) -> Vault {
    Vault {
        collateral: wad(collateral),
        debt: wad(debt),
    }
}

/// A vault of 120 ETH and 10,000 DAI is three auctions of 50, 50 and 20 ETH.
///
/// Source: makerdao/dss, `src/cat.sol` up to 1.1; the shares of the debt and 13 % on them by hand.
#[test]
fn a_vault_is_sold_lot_by_lot() {
    let ilk = Ilk {
        rate: RAY,
        spot: decimal(80.0, 27).unwrap_or_default(),
        dust: rad(20.0),
    };
    let mut cat = Cat {
        chop: wad(1.13),
        chunk: Chunk::Collateral { lump: wad(50.0) },
    };
    let mut held = vault(120.0, 9_999.0);
    let lots: Vec<_> = std::iter::from_fn(|| cat.bite(&ilk, &mut held).ok())
        .map(|seized| (seized.lot, seized.debt, seized.tab))
        .collect();
    let expected = [
        (wad(50.0), wad(4_166.25), rad(4_707.862_5)),
        (wad(50.0), wad(4_166.25), rad(4_707.862_5)),
        (wad(20.0), wad(1_666.5), rad(1_883.145)),
    ];
    assert_eq!(lots, expected);
    assert_eq!(held, vault(0.0, 0.0));
    assert_eq!(cat.claw(rad(1.0)), Ok(()));
}

/// Source: makerdao/dss, `src/cat.sol` @bbc54b85; values of the executive of 2020-08-28.
#[test]
fn the_limit_of_1_2_leaves_the_rest_in_the_vault() {
    let ilk = Ilk {
        rate: RAY,
        spot: decimal(80.0, 27).unwrap_or_default(),
        dust: rad(100.0),
    };
    let mut cat = Cat {
        chop: wad(1.13),
        chunk: Chunk::Debt {
            dunk: rad(50_000.0),
            limit: Limit::new(rad(113_000.0)),
        },
    };
    let mut held = vault(12_000.0, 1_000_000.0);
    let mut raised = Vec::new();
    let refused = loop {
        match cat.bite(&ilk, &mut held) {
            Ok(seized) => raised.push(seized.tab),
            Err(refused) => break refused,
        }
    };
    assert_eq!(refused, Refused::LimitHit);
    // 50,000, 50,000 and 13,000, each less what rounding to a wad of debt keeps.
    assert_eq!(raised.len(), 3);
    let sum: U256 = raised.iter().sum();
    assert!(sum <= rad(113_000.0) && sum > rad(112_999.999_999));
    assert_eq!(cat.claw(raised[0]), Ok(()));
    assert!(cat.bite(&ilk, &mut held).is_ok());
}

/// Source: makerdao/dss, `src/cat.sol` @bbc54b85: there must be room for the dust, of 100 here.
#[test]
fn room_for_less_than_dust_is_no_room() {
    let ilk = Ilk {
        rate: RAY,
        spot: decimal(80.0, 27).unwrap_or_default(),
        dust: rad(100.0),
    };
    let within = |most| {
        let limit = Limit::new(rad(most));
        let dunk = rad(50_000.0);
        let mut cat = Cat {
            chop: wad(1.13),
            chunk: Chunk::Debt { dunk, limit },
        };
        cat.bite(&ilk, &mut vault(12_000.0, 1_000_000.0)).map(|_| ())
    };
    assert_eq!(within(99.0), Err(Refused::LimitHit));
    assert_eq!(within(100.0), Ok(()));
}

proptest! {
    /// The protocol is paid what the last bidder bid, every other bidder gets back what he paid, and the lot goes to
    /// the winner and to the vault's owner.
    #[test]
    fn nothing_is_lost(
        bids in proptest::collection::vec((0_u64..5, 0_u64..1_200, 0_u64..700), 0..40),
    ) {
        let (tab, lot) = (rad(1_000.0), wad(50.0));
        let mut flip = eth();
        let id = flip.kick(tab, lot, START);
        let mut now = START;
        let mut paid = [rad(0.0); 5];
        let (mut protocol, mut owner) = (rad(0.0), rad(0.0));
        for (who, thousandths, wait) in bids {
            now += wait;
            let of = |whole: U256| whole * U256::from(thousandths) / U256::from(1_000);
            let Some(one) = flip.get(id).copied() else { break };
            let moved = if one.bid == tab {
                flip.dent(id, who, of(one.lot), tab, now)
            } else {
                flip.tend(id, who, lot, of(tab).min(tab), now)
            };
            if let Ok(moved) = moved {
                paid[who as usize] += moved.refund + moved.raised;
                protocol += moved.raised;
                owner += moved.returned;
                match moved.outbid {
                    Some(outbid) => paid[outbid as usize] -= moved.refund,
                    None => prop_assert!(moved.refund.is_zero()),
                }
            }
        }
        let Some(one) = flip.get(id).copied() else { return Ok(()) };
        prop_assert_eq!(protocol, one.bid);
        prop_assert_eq!(owner + one.lot, lot);
        for (who, paid) in (0..).zip(paid) {
            let due = if one.bidder == Some(who) { one.bid } else { U256::ZERO };
            prop_assert_eq!(paid, due);
        }
    }

    /// All auctions together never raise more than the limit of 1.2.
    #[test]
    fn the_limit_holds(
        vaults in proptest::collection::vec((20.0..5_000.0_f64, 1.0..200.0_f64), 1..60),
        most in 50.0..20_000.0_f64,
        dunk in 50.0..5_000.0_f64,
        rate in 1.0..1.5_f64,
    ) {
        let ilk = Ilk {
            rate: decimal(rate, 27).unwrap_or_default(),
            spot: decimal(2.0, 27).unwrap_or_default(),
            dust: rad(20.0),
        };
        let chunk = Chunk::Debt { dunk: rad(dunk), limit: Limit::new(rad(most)) };
        let mut cat = Cat { chop: wad(1.13), chunk };
        for (debt, collateral) in vaults {
            let mut held = vault(collateral, debt);
            let before = held;
            if let Ok(seized) = cat.bite(&ilk, &mut held) {
                prop_assert_eq!(held.collateral + seized.lot, before.collateral);
                prop_assert_eq!(held.debt + seized.debt, before.debt);
                prop_assert!(seized.tab <= rad(dunk));
            }
            let Chunk::Debt { limit, .. } = cat.chunk else { unreachable!() };
            prop_assert!(limit.used <= limit.most);
        }
    }
}
