//! Laws of partial closing and of auctions, in the made-up world of three venues.

use aftershock_market::{Cash, Coin};
use aftershock_protocol::{Brackets, Decision, Liquidate, Part, ProtocolRule, RuleSet, Sale, Tier, View};

use super::testing::{begin_coarsely, crash, three};
use super::*;

/// Amends every liquidation alike.
#[derive(Debug)]
struct Closes(fn(&Liquidate) -> Liquidate);

impl ProtocolRule for Closes {
    fn name(&self) -> &str {
        "closes"
    }
    fn liquidate(&self, step: &Liquidate, _: &View<'_>) -> Decision<Liquidate> {
        Decision::Amend(self.0(step), "so".into())
    }
}

fn share(step: &Liquidate) -> Liquidate {
    if step.notional_usd < 1e6 {
        return step.clone();
    }
    Liquidate {
        fraction: step.fraction.min(0.3),
        keeps_margin: true,
        pause_s: 10.0,
        ..step.clone()
    }
}

fn to_health(step: &Liquidate) -> Liquidate {
    Liquidate {
        part: Part::ToHealth {
            target_ratio: 2.0 * step.maintenance_ratio,
            cost_ratio: 0.001,
            mean: 0.5,
        },
        keeps_margin: true,
        ..step.clone()
    }
}

fn in_band(step: &Liquidate) -> Liquidate {
    Liquidate {
        part: Part::InBand {
            beyond_ratio: 0.01,
            mean: 0.5,
        },
        pause_s: 20.0,
        ..step.clone()
    }
}

fn tiered(step: &Liquidate) -> Liquidate {
    let excess = 1.0 - 0.9 * step.tier_floor_usd / step.account_usd;
    Liquidate {
        fraction: if excess > 0.0 { excess } else { 1.0 },
        keeps_margin: step.tier_floor_usd > 0.0,
        ..step.clone()
    }
}

fn auction(step: &Liquidate) -> Liquidate {
    Liquidate {
        sale: Sale::DutchAuction {
            above_ratio: 0.02,
            cut_ratio: 0.01,
            step_s: 10,
            tail_s: 60,
        },
        ..step.clone()
    }
}

fn share_by_auction(step: &Liquidate) -> Liquidate {
    auction(&share(step))
}

/// The three venues with three brackets, accounts in each of them and engines that send slowly.
fn bracketed() -> WorldSpec {
    let tier = |floor_usd, cap_usd, maintenance_ratio, max_leverage, maintenance_amount_usd| Tier {
        floor_usd,
        cap_usd,
        maintenance_ratio,
        max_leverage,
        maintenance_amount_usd,
    };
    let brackets = Brackets::new(vec![
        tier(0.0, 1e5, 0.005, 100.0, 0.0),
        tier(1e5, 5e5, 0.01, 50.0, 500.0),
        tier(5e5, f64::INFINITY, 0.025, 20.0, 8_000.0),
    ])
    .expect("a table");
    let mut spec = three();
    for one in &mut spec.instruments {
        one.parameters.brackets = brackets.clone();
        one.parameters.mix.account_sizes = vec![(5e4, 0.3), (3e5, 0.3), (2e6, 0.4)];
        if let Some(liquidation) = &mut one.liquidation {
            liquidation.throughput_usd_per_s = 3e7;
        }
    }
    spec
}

/// Contracts and money are conserved by both ledgers, on the linear and on the inverse market, with funding and orders in pieces.
fn conserves(form: fn(&Liquidate) -> Liquidate) {
    let spec = bracketed();
    let rules = RuleSet::new(vec![Box::new(Closes(form))]);
    let world = begin_coarsely(&spec, &rules);
    let reserves = world.reserves();
    let run = world.run(&crash(0.12, 1_500), Drive::Record).expect("runs");
    assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
    audit(&run, &reserves).expect("both ledgers agree");
    for market in 0..2 {
        assert!(
            run.journal.orders.iter().any(|row| row.market == market),
            "{market}"
        );
    }
    assert!(run.journal.orders.len() < 5_000, "{}", run.journal.orders.len());
}

#[test]
fn shares_conserve() {
    conserves(share);
}

#[test]
fn health_conserves() {
    conserves(to_health);
}

#[test]
fn bands_conserve() {
    conserves(in_band);
}

#[test]
fn brackets_conserve() {
    conserves(tiered);
}

#[test]
fn auctions_conserve() {
    conserves(auction);
}

#[test]
fn auctions_of_shares_conserve() {
    conserves(share_by_auction);
}

/// A rule that accepts everything is the record in a world of brackets too, bit by bit.
#[test]
fn brackets_that_nobody_changes_are_sold_together() {
    #[derive(Debug)]
    struct Inert;
    impl ProtocolRule for Inert {
        fn name(&self) -> &str {
            "inert"
        }
    }
    let (spec, none, inert) = (
        bracketed(),
        RuleSet::default(),
        RuleSet::new(vec![Box::new(Inert)]),
    );
    let tape = crash(0.12, 1_500);
    let run = |rules| {
        begin_coarsely(&spec, rules)
            .run(&tape, Drive::Record)
            .expect("runs")
    };
    let (record, same) = (run(&none), run(&inert));
    assert!(record.journal.orders.len() > 20);
    assert_eq!(record.journal.orders, same.journal.orders);
    assert_eq!(record.reserves, same.reserves);
}

/// What a keeper keeps is what the positions were charged; he never pays more than 0.99 of what the book gives him, and what is
/// put up at two per cent above its mark cannot be sold before the third step.
#[test]
fn a_keeper_lives_off_the_auction() {
    let spec = bracketed();
    let rules = RuleSet::new(vec![Box::new(Closes(auction))]);
    let run = begin_coarsely(&spec, &rules)
        .run(&crash(0.08, 1_500), Drive::Record)
        .expect("runs");
    let mut late = 0;
    for row in &run.journal.orders {
        let kept = row.keeper_usd / (row.keeper_usd + row.notional_usd);
        assert!(
            row.quantity == Coin::ZERO || (0.01 - 1e-9..0.1).contains(&kept),
            "{row:?}"
        );
        late += usize::from(row.executed_at.seconds_since(row.triggered_at) >= 30.0);
    }
    assert!(late > 0 && 2 * late >= run.journal.orders.len(), "{late}");
    let rows = run.journal.orders.iter().filter(|row| row.market == 0);
    let kept_usd: f64 = rows.map(|row| row.keeper_usd).sum();
    let entries = run.journal.entries.iter();
    let charged = entries.filter(|one| one.market == 0 && one.kind == EntryKind::Fee);
    let charged: f64 = charged.map(|one| one.amount.to_f64()).sum();
    assert!((charged - kept_usd).abs() < 1e-3, "{charged} {kept_usd}");
}

/// Margin that stays spares positions: less is sold than where each part takes its own along.
#[test]
fn margin_that_stays_spares_positions() {
    let spec = bracketed();
    let sold = |form| {
        let rules = RuleSet::new(vec![Box::new(Closes(form))]);
        let run = begin_coarsely(&spec, &rules)
            .run(&crash(0.03, 1_500), Drive::Record)
            .expect("runs");
        let orders = run.journal.orders.iter();
        orders.map(|row| row.notional_usd).sum::<f64>()
    };
    let along = sold(|step| Liquidate {
        keeps_margin: false,
        ..share(step)
    });
    let stays = sold(share);
    assert!(stays < 0.95 * along, "{stays} {along}");
}

/// A rule's pause holds for its bracket alone: while the second waits an hour, the first and the third go on being sold.
#[test]
fn a_bracket_waits_alone() {
    #[derive(Debug)]
    struct Second;
    impl ProtocolRule for Second {
        fn name(&self) -> &str {
            "second"
        }
        fn liquidate(&self, step: &Liquidate, view: &View<'_>) -> Decision<Liquidate> {
            match step.tier {
                2 => Decision::Defer {
                    until: view.now.plus_seconds(3_600.0),
                    reason: "an hour".into(),
                },
                _ => Decision::Accept,
            }
        }
    }
    let spec = bracketed();
    let (none, second) = (RuleSet::default(), RuleSet::new(vec![Box::new(Second)]));
    let tape = crash(0.12, 1_500);
    let left = |rules| {
        let run = begin_coarsely(&spec, rules)
            .run(&tape, Drive::Record)
            .expect("runs");
        run.open_interest[0][0].to_f64()
    };
    let (record, waits) = (left(&none), left(&second));
    let all = 1.5e9 / 10_000.0;
    // Of all contracts 0.3 stand in the second bracket and none of those is closed as broken; of the rest as many break as ever.
    assert!(
        waits > record + 0.1 * all && waits < 0.9 * all,
        "{record} {waits} {all}"
    );
}
