//! A made-up world of three venues, and laws that hold in it.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_measure::impact::SquareRootImpact;
use aftershock_protocol::venue::deleveraging::Ranking;
use aftershock_protocol::venue::liquidation::{LiquidationRule, OrderKind};
use aftershock_protocol::{
    Brackets, CoverDeficit, Decision, Deleverage, ProtocolRule, RuleSet, Shared, SizeFund, Tier, View,
};

use super::*;
use crate::response::basis::ArbitrageParameters;
use crate::response::carry::CarryParameters;
use crate::response::cross_impact::CrossImpact;
use crate::{DecayTable, LeverageMix, Parameters, Pool};

pub(super) const PRICE: f64 = 10_000.0;

fn parameters(open_interest_usd: f64, volume_daily_usd: f64) -> Parameters {
    let sigma = 0.04;
    Parameters {
        impact: SquareRootImpact {
            y: 1.0,
            sigma_daily: sigma,
            volume_daily_usd,
            j0_usd: 1e-4 * volume_daily_usd,
        },
        impact_weights: [0.25, 0.2, 0.2, 0.15, 0.1, 0.1],
        depth_elasticity: 1.0,
        depth_floor: 0.02,
        book_usd_per_log: volume_daily_usd * 0.005 / (sigma * sigma),
        book_end: 0.1,
        book_refill_s: 60.0,
        latency_s: 0.5,
        open_interest_usd,
        churn_half_life_s: 86_400.0,
        mix: LeverageMix {
            classes: vec![(5.0, 0.3), (10.0, 0.3), (20.0, 0.2), (50.0, 0.2)],
            account_sizes: vec![(1e5, 1.0)],
        },
        brackets: Brackets::new(vec![Tier {
            floor_usd: 0.0,
            cap_usd: f64::INFINITY,
            maintenance_ratio: 0.005,
            max_leverage: 125.0,
            maintenance_amount_usd: 0.0,
        }])
        .expect("one open-ended bracket is a table"),
        reopen_share: 0.5,
        cancelled_share: 0.25,
        overlap: 0.0,
        hold_equity: false,
        pools: vec![Pool {
            name: "fund".into(),
            share: 1.0,
            fund_ratio: 0.001,
        }],
    }
}

fn perpetual(name: &str, venue: usize, inverse: bool, open_interest_usd: f64) -> InstrumentSpec {
    InstrumentSpec {
        name: name.into(),
        venue,
        asset: 0,
        inverse,
        parameters: parameters(open_interest_usd, 1e10),
        liquidation: Some(Liquidation {
            rule: LiquidationRule::Whole {
                order_kind: OrderKind::Market,
            },
            ranking: Ranking::Bitmex,
            latency_s: 0.5,
            throughput_usd_per_s: f64::INFINITY,
            keeps_remainder: true,
            vault: Cash::ZERO,
            deleverages: true,
        }),
        funding: Some(Funding::HYPERLIQUID),
        mark: Mark::Last,
        arbitrage: Some(ArbitrageParameters::prior(5e8)),
        carry: Some(CarryTraders {
            share: 0.3,
            parameters: CarryParameters::prior(1e9),
        }),
    }
}

/// A spot market, a linear perpetual and an inverse one.
pub(super) fn three() -> WorldSpec {
    let mut spot = perpetual("gamma:BTC", 2, false, 0.0);
    spot.liquidation = None;
    spot.funding = None;
    spot.arbitrage = None;
    spot.carry = None;
    let names = ["alpha", "beta", "gamma"];
    WorldSpec {
        venues: names.map(|name| Venue { name: name.into() }).to_vec(),
        assets: vec![Asset::of_one("BTC", 2)],
        instruments: vec![
            perpetual("alpha:BTC-PERP", 0, false, 1.5e9),
            perpetual("beta:XBTUSD", 1, true, 0.8e9),
            spot,
        ],
        cross_impact: CrossImpact::none(1),
        table: DecayTable::new([0.5, 3.0, 20.0, 100.0, 900.0, 21_600.0, 3_600.0]),
        arbitrage_s: 1.0,
        decision_s: 60.0,
        clock_s: 10.0,
        transfer_s: 30.0,
    }
}

pub(super) fn entries() -> Vec<(f64, f64)> {
    (0..400)
        .map(|k| (0.06 * (f64::from(k) - 200.0) / 200.0, 1.0 / 400.0))
        .collect()
}

/// A fall of `fall` in log price within ten minutes of an hour, a tick a market every half second, with noise.
pub(super) fn crash(fall: f64, seconds: i64) -> WorldTape {
    let mut state = 88_172_645_463_325_252_u64;
    let mut noise = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let mut tape = WorldTape::default();
    let mut wander = 0.0;
    for step in 0..2 * seconds {
        let at = 1_000_000_000_000 + step * 500_000;
        wander += 6e-5 * noise();
        let ramp = (((step - 1_200) as f64) / 1_200.0).clamp(0.0, 1.0);
        for market in 0..3_u16 {
            tape.push(
                Timestamp(at + i64::from(market)),
                WorldEvent::Tick {
                    market,
                    log_price: libm::log(PRICE) - fall * ramp + wander + 2e-5 * noise(),
                    ordinary_usd: 2e5 * noise(),
                },
            );
        }
    }
    tape
}

pub(super) fn begin<'a>(spec: &'a WorldSpec, rules: &'a RuleSet, channels: Channels) -> World<'a> {
    let start = Timestamp(1_000_000_000_000);
    seed(spec, rules, channels, start, &[libm::log(PRICE); 3], &entries()).expect("the parts fit")
}

fn reserves(spec: &WorldSpec, rules: &RuleSet) -> Vec<[Cash; 2]> {
    let world = begin(spec, rules, Channels::ALL);
    world
        .markets
        .iter()
        .map(|market| [market.ledger.insurance()[0], market.ledger.insurance()[1]])
        .collect()
}

/// What is abducted from a record gives the record back; and without positions there is nothing to give back.
#[test]
fn what_is_abducted_gives_the_record_back() {
    let (spec, rules) = (three(), RuleSet::default());
    let tape = crash(0.06, 3_600);
    let recorded = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("a tape that can be run");
    let (log_news, depth) = recorded.exogenous.clone().expect("the record drove");
    let closed = begin(&spec, &rules, Channels::ALL)
        .run(
            &tape,
            Drive::Exogenous {
                log_news: &log_news,
                depth: &depth,
            },
        )
        .expect("a tape that can be run");
    assert!(
        recorded.journal.orders.len() > 100,
        "{}",
        recorded.journal.orders.len()
    );
    assert_eq!(recorded.journal.orders.len(), closed.journal.orders.len());
    for (a, b) in recorded.journal.prices.iter().zip(&closed.journal.prices) {
        assert!((a.log_price - b.log_price).abs() < 1e-9, "{a:?} {b:?}");
    }
    for (a, b) in recorded.journal.orders.iter().zip(&closed.journal.orders) {
        assert_eq!(
            (a.id, a.parent, a.executed_at, a.quantity),
            (b.id, b.parent, b.executed_at, b.quantity)
        );
    }
    assert_eq!(recorded.reserves, closed.reserves);
}

/// One market's record is bars of a minute, drawn as waypoints a third of it apart, the others' are ticks.
#[test]
fn bars_and_ticks_may_stand_on_one_tape() {
    let (spec, rules) = (three(), RuleSet::default());
    let ticks = crash(0.06, 3_600);
    let mut tape = WorldTape::default();
    let mut grid = Grid::default();
    for index in 0..ticks.len() {
        let (at, event) = ticks.event(index);
        let bars = matches!(event, WorldEvent::Tick { market: 0, .. });
        let second = (at.0 - 1_000_000_000_000) / 1_000_000;
        let whole = (at.0 - 1_000_000_000_000) % 1_000_000 == 0;
        if bars && !(whole && second % 20 == 0) {
            continue;
        }
        tape.push(at, event);
        grid.recorded.push(true);
        grid.bar_close.push(bars && second % 60 == 0);
    }
    let tape = tape.on_grid(grid);
    let run = |drive: Drive<'_>| {
        begin(&spec, &rules, Channels::ALL)
            .run(&tape, drive)
            .expect("a tape that can be run")
    };
    let recorded = run(Drive::Record);
    let (log_news, depth) = recorded.exogenous.clone().expect("the record drove");
    let closed = run(Drive::Exogenous {
        log_news: &log_news,
        depth: &depth,
    });
    assert!(recorded.journal.orders.len() > 50);
    assert_eq!(recorded.journal.orders.len(), closed.journal.orders.len());
    for (a, b) in recorded.journal.prices.iter().zip(&closed.journal.prices) {
        assert!((a.log_price - b.log_price).abs() < 1e-9, "{a:?} {b:?}");
    }
    // Orders of the market of bars fill at its waypoints.
    for order in recorded.journal.orders.iter().filter(|order| order.market == 0) {
        assert_eq!((order.executed_at.0 - 1_000_000_000_000) % 20_000_000, 0);
    }
}

#[test]
fn money_and_contracts_are_counted_twice() {
    let (spec, rules) = (three(), RuleSet::default());
    for fall in [0.0, 0.03, 0.12] {
        let run = begin(&spec, &rules, Channels::ALL)
            .run(&crash(fall, 3_600), Drive::Record)
            .expect("a tape that can be run");
        assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO), "fall {fall}");
        audit(&run, &reserves(&spec, &rules)).expect("both ledgers agree");
    }
}

/// Without liquidation flow, arbitrage and resale nothing answers: price and null are one.
#[test]
fn without_channels_there_is_only_news() {
    let (spec, rules) = (three(), RuleSet::default());
    let tape = crash(0.06, 3_600);
    let run = begin(&spec, &rules, Channels::from_mask(0))
        .run(&tape, Drive::Record)
        .expect("a tape that can be run");
    assert!(!run.journal.orders.is_empty());
    for row in &run.journal.prices {
        assert_eq!(row.log_price, row.log_null);
    }
    assert_eq!(run.journal.branching_ratio(), Some(0.0));
}

/// What comes later changes nothing before.
#[test]
fn the_future_is_not_seen() {
    let (spec, rules) = (three(), RuleSet::default());
    let tape = crash(0.06, 3_600);
    let cut = Timestamp(1_000_000_000_000 + 1_500_000_000);
    let whole = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let part = begin(&spec, &rules, Channels::ALL)
        .run(&tape.until(cut), Drive::Record)
        .expect("runs");
    let early = |run: &WorldRun| {
        let before = run
            .journal
            .prices
            .iter()
            .filter(|row| row.at.0 < cut.0 - 1_000_000);
        before.cloned().collect::<Vec<_>>()
    };
    assert_eq!(early(&whole), early(&part));
    let (whole, part) = (whole.exogenous.expect("drove"), part.exogenous.expect("drove"));
    assert_eq!(whole.0[..part.0.len()], part.0);
}

/// Every order but the first generation has a parent that was executed before it was triggered.
#[test]
fn parents_come_first() {
    let (spec, rules) = (three(), RuleSet::default());
    let run = begin(&spec, &rules, Channels::ALL)
        .run(&crash(0.12, 3_600), Drive::Record)
        .expect("runs");
    let mut seen = std::collections::BTreeMap::new();
    for row in &run.journal.orders {
        if let Some(parent) = row.parent {
            let (executed_at, generation) = seen[&parent];
            assert!(executed_at <= row.triggered_at, "{row:?}");
            assert_eq!(row.generation, generation + 1_u32);
        } else {
            assert_eq!(row.generation, 0);
        }
        seen.insert(row.id, (row.executed_at, row.generation));
    }
    let ratio = run.journal.branching_ratio().expect("there are orders");
    assert!(ratio > 0.0 && ratio < 1.0, "{ratio}");
}

/// An engine that sends a million dollars a second has a backlog; one without a limit has hardly any.
#[test]
fn a_slow_engine_has_a_backlog() {
    let rules = RuleSet::default();
    let most = |throughput: f64| {
        let mut spec = three();
        if let Some(liquidation) = &mut spec.instruments[1].liquidation {
            liquidation.throughput_usd_per_s = throughput;
        }
        let run = begin(&spec, &rules, Channels::ALL)
            .run(&crash(0.12, 3_600), Drive::Record)
            .expect("runs");
        let rows = run.journal.prices.iter().filter(|row| row.market == 1);
        rows.map(|row| row.backlog_usd).fold(0.0, f64::max)
    };
    let (slow, fast) = (most(1e5), most(f64::INFINITY));
    assert!(slow > 10.0 * fast.max(1.0), "{slow} {fast}");
}

/// While a venue is down no order meets its book and its mark stands still.
#[test]
fn a_venue_that_is_down_does_nothing() {
    let (spec, rules) = (three(), RuleSet::default());
    let full = crash(0.12, 3_600);
    let (down, up) = (1_000_000_000_000 + 800_000_000, 1_000_000_000_000 + 1_000_000_000);
    let mut tape = WorldTape::default();
    for k in 0..full.len() {
        let (at, event) = full.event(k);
        for (when, state) in [(down, true), (up, false)] {
            if k > 0 && full.event(k - 1).0.0 < when && at.0 >= when {
                tape.push(
                    Timestamp(when),
                    WorldEvent::Outage {
                        venue: 1,
                        down: state,
                    },
                );
            }
        }
        let dark = at.0 >= down && at.0 < up && matches!(event, WorldEvent::Tick { market: 1, .. });
        if !dark {
            tape.push(at, event);
        }
    }
    let run = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let within = |row: &&OrderRow| row.market == 1 && row.executed_at.0 > down && row.executed_at.0 < up;
    assert_eq!(run.journal.orders.iter().filter(within).count(), 0);
    assert!(
        run.journal
            .orders
            .iter()
            .any(|row| row.market == 1 && row.executed_at.0 >= up)
    );
    assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
}

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

/// An order is due at its own instant and not at the next tick: with half a second of latency on ticks a second apart, it
/// fills half a second after its trigger.
#[test]
fn the_grid_of_the_record_does_not_decide() {
    let (spec, rules) = (three(), RuleSet::default());
    let fine = crash(0.06, 3_600);
    let mut coarse = WorldTape::default();
    for k in (0..fine.len()).filter(|k| (k / 3) % 8 == 0) {
        let (at, event) = fine.event(k);
        coarse.push(at, event);
    }
    let run = begin(&spec, &rules, Channels::ALL)
        .run(&coarse, Drive::Record)
        .expect("runs");
    assert!(run.journal.orders.len() > 50);
    for row in &run.journal.orders {
        assert_eq!(row.executed_at.0 - row.triggered_at.0, 500_000);
    }
}

/// A venue without a fund closes winners at the bankruptcy price instead of leaving debt, and both sides shrink alike.
#[test]
fn winners_pay_where_no_reserve_is_left() {
    let rules = RuleSet::default();
    let mut spec = three();
    for one in &mut spec.instruments {
        one.parameters.pools[0].fund_ratio = 0.0;
        // A thin book: fills beyond the bankruptcy price.
        one.parameters.book_usd_per_log /= 300.0;
        if let Some(liquidation) = &mut one.liquidation {
            liquidation.keeps_remainder = false;
        }
    }
    let tape = crash(0.12, 3_600);
    let run = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let taken: f64 = run.journal.orders.iter().map(|row| row.deleveraged_usd).sum();
    assert!(taken > 1e6, "{taken}");
    assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
    audit(&run, &reserves(&spec, &rules)).expect("both ledgers agree");
    for one in &mut spec.instruments {
        if let Some(liquidation) = &mut one.liquidation {
            liquidation.deleverages = false;
        }
    }
    let owing = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let debt = |run: &WorldRun| run.bad_debt.iter().map(|debt| debt.to_f64()).collect::<Vec<_>>();
    assert!(
        debt(&owing)[0] > debt(&run)[0],
        "{:?} {:?}",
        debt(&owing),
        debt(&run)
    );
    assert!(
        owing
            .journal
            .orders
            .iter()
            .all(|row| row.deleveraged == Coin::ZERO)
    );
    audit(&owing, &reserves(&spec, &rules)).expect("both ledgers agree");
}

/// Closes winners in one form, or charges them half of what no fund pays.
#[derive(Debug)]
struct OnWinners(Option<Shared>);

impl ProtocolRule for OnWinners {
    fn name(&self) -> &str {
        "on-winners"
    }

    fn size_fund(&self, step: &SizeFund, _: &View<'_>) -> Decision<SizeFund> {
        Decision::Amend(
            SizeFund {
                fund_usd: 1000.0,
                ..step.clone()
            },
            "small".into(),
        )
    }

    fn deleverage(&self, step: &Deleverage, _: &View<'_>) -> Decision<Deleverage> {
        let Some(shared) = self.0 else {
            return Decision::Accept;
        };
        Decision::Amend(
            Deleverage {
                share: 0.5,
                shared,
                ..step.clone()
            },
            "half".into(),
        )
    }

    fn cover_deficit(&self, step: &CoverDeficit, _: &View<'_>) -> Decision<CoverDeficit> {
        let rest = step.deficit - step.from_own - step.from_others;
        Decision::Amend(
            CoverDeficit {
                socialised: Cash(if self.0.is_none() { rest.0 / 2 } else { 0 }),
                ..step.clone()
            },
            "half".into(),
        )
    }
}

/// Whatever rules lay on winners, contracts and money are counted twice and every loss is borne by somebody.
#[test]
fn rules_lay_losses_on_winners_and_the_books_agree() {
    let mut spec = three();
    for one in &mut spec.instruments {
        one.parameters.book_usd_per_log /= 300.0;
        if let Some(liquidation) = &mut one.liquidation {
            (liquidation.keeps_remainder, liquidation.deleverages) = (false, false);
        }
    }
    let lot = Coin::from_f64(0.5);
    let forms = [
        None,
        Some(Shared::Queue),
        Some(Shared::ProRata),
        Some(Shared::WholeLots { lot }),
        Some(Shared::ByProfit),
    ];
    for form in forms {
        let rules = RuleSet::new(vec![Box::new(OnWinners(form))]);
        let reserves = reserves(&spec, &rules);
        assert_eq!(reserves[0][0], Cash::from_f64(1000.0));
        let run = begin(&spec, &rules, Channels::ALL)
            .run(&crash(0.12, 3_600), Drive::Record)
            .expect("runs");
        assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO), "{form:?}");
        audit(&run, &reserves).expect("both ledgers agree");
        let orders = &run.journal.orders;
        assert!(
            orders
                .iter()
                .all(|row| row.deficit == row.covered + row.socialised + row.bad_debt)
        );
        let taken: f64 = orders.iter().map(|row| row.deleveraged_usd).sum();
        let charged: Cash = run.socialised.iter().copied().sum();
        assert_eq!(taken > 1e5, form.is_some(), "{form:?} {taken}");
        assert_eq!(charged > Cash::ZERO, form.is_none(), "{form:?} {charged:?}");
    }
}

/// Only one venue has positions: the other moves with it where arbitrage is on, and not where it is off.
#[test]
fn arbitrage_carries_a_fall_to_the_other_venue() {
    let rules = RuleSet::default();
    let spec = three();
    let tape = crash(0.06, 3_600);
    let deepest = |mask: u32| {
        let run = begin(&spec, &rules, Channels::from_mask(mask))
            .run(&tape, Drive::Record)
            .expect("runs");
        let spot = run.journal.prices.iter().filter(|row| row.market == 2);
        spot.map(|row| row.log_price - row.log_null).fold(0.0, f64::min)
    };
    assert_eq!(deepest(0b00011), 0.0);
    assert!(deepest(0b00111) < -1e-4, "{}", deepest(0b00111));
}

/// A long of one coin at 10,000 without a premium pays 0.01 % / 8 of the mark, 0.125 dollars, every hour.
#[test]
fn funding_is_paid_by_the_hour() {
    let (mut spec, rules) = (three(), RuleSet::default());
    for one in &mut spec.instruments {
        one.carry = None;
    }
    let start = Timestamp(1_000_000_000_000);
    let mut tape = WorldTape::default();
    for step in 0..4 * 3_600 {
        for market in 0..3 {
            tape.push(
                Timestamp(start.0 + step * 1_000_000),
                WorldEvent::Tick {
                    market,
                    log_price: libm::log(PRICE),
                    ordinary_usd: 0.0,
                },
            );
        }
    }
    let mut world = begin(&spec, &rules, Channels::ALL);
    let mut account = Account::new("mine", Owner(1), 0, Cash::from_f64(5_000.0));
    account.holdings.push(Holding {
        market: 0,
        side: Side::Long,
        quantity: Coin::from_f64(1.0),
        entry_value: Cash::from_f64(10_000.0),
        under_way: Coin::ZERO,
    });
    world.add_account(account, start).expect("fits");
    // 1,000,000 s after 1970 is 13:46:40: whole hours pass at 14, 15, 16 and 17 o'clock.
    let run = world.run(&tape, Drive::Record).expect("runs");
    let rows: Vec<f64> = run
        .journal
        .prices
        .iter()
        .filter(|row| row.market == 0)
        .map(|row| row.funding_rate)
        .collect();
    assert!(
        (rows[rows.len() - 1] - 0.0001 / 8.0).abs() < 1e-9,
        "{:?}",
        rows.last()
    );
    let paid = run.funding_paid[0];
    assert!((paid - 4.0 * 0.125).abs() < 1e-6, "{paid}");
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(12))]
    /// However a tape is cut into blocks, and whether or not what is exogenous is kept, a world does the same to the bit:
    /// no tick stands for its neighbours, and none is looked at before its time.
    #[test]
    fn blocks_change_no_bit(
        fall in 0.0..0.15_f64,
        cut in 1_usize..3_000,
        news: bool,
        books: bool,
    ) {
        let (spec, rules) = (three(), RuleSet::default());
        let tape = crash(fall, 1_500);
        let world = || match begin(&spec, &rules, Channels::ALL) {
            world if books => world,
            world => world.without_books(),
        };
        let drive = if news { Drive::News } else { Drive::Record };
        let whole = world().run(&tape, drive).expect("runs");
        let blocks = (0..tape.len()).step_by(cut).map(|from| {
            let mut block = WorldTape::default();
            for k in from..tape.len().min(from + cut) {
                let (at, event) = tape.event(k);
                block.push(at, event);
            }
            block
        });
        let mut parts = world().without_exogenous().run_blocks(blocks.clone(), news).expect("runs");
        proptest::prop_assert!(parts.exogenous.is_none());
        let kept = world().run_blocks(blocks, news).expect("runs");
        proptest::prop_assert_eq!(&kept.exogenous, &whole.exogenous);
        parts.exogenous.clone_from(&whole.exogenous);
        // The shortest form of a number names its bits.
        proptest::prop_assert_eq!(format!("{parts:?}"), format!("{whole:?}"));
        proptest::prop_assert_eq!(format!("{kept:?}"), format!("{whole:?}"));
    }
}

/// A rule that accepts everything is the record.
#[test]
fn an_inert_rule_changes_nothing() {
    #[derive(Debug)]
    struct Inert;
    impl aftershock_protocol::ProtocolRule for Inert {
        fn name(&self) -> &str {
            "inert"
        }
    }
    let (spec, none, inert) = (three(), RuleSet::default(), RuleSet::new(vec![Box::new(Inert)]));
    let tape = crash(0.06, 3_600);
    let (a, b) = (
        begin(&spec, &none, Channels::ALL)
            .run(&tape, Drive::Record)
            .expect("runs"),
        begin(&spec, &inert, Channels::ALL)
            .run(&tape, Drive::Record)
            .expect("runs"),
    );
    assert_eq!(a.journal.orders, b.journal.orders);
    assert_eq!(a.reserves, b.reserves);
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

/// Exact attribution over all 32 sets of channels: the parts add up to the whole, what has no input has no part, and a
/// channel that only passes on does nothing alone.
#[test]
fn channels_share_the_amplification() {
    let rules = RuleSet::default();
    let mut spec = three();
    for one in &mut spec.instruments {
        // Nobody carries, and no account is called.
        one.carry = None;
    }
    let tape = crash(0.06, 3_600);
    let record = begin(&spec, &rules, Channels::ALL)
        .run(&tape, Drive::Record)
        .expect("runs");
    let (log_news, depth) = record.exogenous.expect("the record drove");
    let variance = |mask: u32| {
        let run = begin(&spec, &rules, Channels::from_mask(mask))
            .run(
                &tape,
                Drive::Exogenous {
                    log_news: &log_news,
                    depth: &depth,
                },
            )
            .expect("runs");
        let prices: Vec<f64> = run
            .journal
            .prices
            .iter()
            .filter(|row| row.market == 0)
            .map(|row| row.log_price)
            .collect();
        prices
            .windows(2)
            .map(|pair| (pair[1] - pair[0]).powi(2))
            .sum::<f64>()
    };
    let values: Vec<f64> = (0..32).map(|mask| (variance(mask) / variance(0)).ln()).collect();
    let found = aftershock_measure::shapley::shapley(5, |mask| values[mask as usize]);
    let sum: f64 = found.phi.iter().sum();
    assert!((sum - values[31]).abs() < 1e-12, "{sum} {}", values[31]);
    let of = |name: &str| {
        Channels::NAMES
            .iter()
            .position(|one| *one == name)
            .expect("a channel")
    };
    assert_eq!(found.phi[of("carry")], 0.0);
    assert_eq!(found.phi[of("cross_margin")], 0.0);
    assert_eq!(values[1 << of("arbitrage")], 0.0);
    assert_eq!(values[1 << of("depth_withdrawal")], 0.0);
    assert!(found.phi[of("liquidation")] > 0.0);
}

/// A fall in one asset reaches another through cross impact, and only through it.
#[test]
fn cross_impact_reaches_the_other_asset() {
    let rules = RuleSet::default();
    let moved = |share: f64| {
        let mut spec = three();
        spec.assets.push(Asset::of_one("ETH", 3));
        let mut other = spec.instruments[2].clone();
        (other.name, other.asset) = ("gamma:ETH".into(), 1);
        spec.instruments.push(other);
        let slope = spec.instruments[2].parameters.impact.slope(0.0);
        spec.cross_impact =
            CrossImpact::new(&[slope, slope], &[1.0, share, share, 1.0], 1.0).expect("a correlation");
        let three = crash(0.06, 3_600);
        let mut tape = WorldTape::default();
        for k in 0..three.len() {
            let (at, event) = three.event(k);
            tape.push(at, event);
            if let WorldEvent::Tick { market: 2, .. } = event {
                tape.push(
                    at,
                    WorldEvent::Tick {
                        market: 3,
                        log_price: libm::log(PRICE),
                        ordinary_usd: 0.0,
                    },
                );
            }
        }
        let start = Timestamp(1_000_000_000_000);
        let prices = [libm::log(PRICE); 4];
        let run = seed(&spec, &rules, Channels::ALL, start, &prices, &entries())
            .expect("the parts fit")
            .run(&tape, Drive::News)
            .expect("runs");
        assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
        let eth = run.journal.prices.iter().filter(|row| row.market == 3);
        eth.map(|row| row.log_price - libm::log(PRICE))
            .fold(0.0, f64::min)
    };
    assert_eq!(moved(0.0), 0.0);
    assert!(moved(0.5) < -1e-4, "{}", moved(0.5));
    assert!(moved(0.5) < moved(0.2));
}
