//! Rules on marks, indexes, funding and accounts, in a world whose markets stand still.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::venue::index::IndexRule;
use aftershock_protocol::venue::mark::MarkRule;
use aftershock_protocol::{
    ChargeFunding, ChooseIndex, ChooseMark, Decision, Need, NetMargin, ProtocolRule, RuleSet,
    ScheduleFunding, ValueCollateral, View,
};

use super::testing::{PRICE, begin, crash, three};
use super::*;

/// What a test asks for; the rest is history.
#[derive(Clone, Debug, Default)]
struct Asks {
    mark: Option<Mark>,
    index: Option<IndexRule>,
    interval_s: Option<f64>,
    needs: Vec<Need>,
}

impl ProtocolRule for Asks {
    fn name(&self) -> &str {
        "asks"
    }
    fn needs(&self) -> &[Need] {
        &self.needs
    }
    fn choose_mark(&self, _: &ChooseMark) -> Decision<ChooseMark> {
        self.mark.map_or(Decision::Accept, |mark| {
            Decision::Amend(ChooseMark { mark }, "asked".into())
        })
    }
    fn choose_index(&self, step: &ChooseIndex) -> Decision<ChooseIndex> {
        self.index.map_or(Decision::Accept, |index| {
            let step = ChooseIndex {
                index,
                everywhere: true,
                ..step.clone()
            };
            Decision::Amend(step, "asked".into())
        })
    }
    fn schedule_funding(&self, step: &ScheduleFunding, _: &View<'_>) -> Decision<ScheduleFunding> {
        self.interval_s.map_or(Decision::Accept, |interval_s| {
            let step = ScheduleFunding {
                interval_s,
                ..step.clone()
            };
            Decision::Amend(step, "asked".into())
        })
    }
}

fn set(asks: Asks) -> RuleSet {
    RuleSet::new(vec![Box::new(asks)])
}

/// Three markets a tick a minute at these prices, from 13:46:40 on, for so many minutes; nobody trades between them.
fn still(prices: [f64; 3], minutes: i64) -> (WorldSpec, WorldTape) {
    let mut spec = three();
    for one in &mut spec.instruments {
        (one.carry, one.arbitrage) = (None, None);
    }
    let mut tape = WorldTape::default();
    for minute in 0..minutes {
        for (market, price) in prices.iter().enumerate() {
            let tick = WorldEvent::Tick {
                market: market as u16,
                log_price: libm::log(*price),
                ordinary_usd: 0.0,
            };
            tape.push(Timestamp(1_000_000_000_000 + minute * 60_000_000), tick);
        }
    }
    (spec, tape)
}

fn last_of(run: &WorldRun, market: usize) -> &PriceRow {
    let mut rows = run.journal.prices.iter().filter(|row| row.market == market);
    rows.next_back().expect("a row a clock")
}

/// Nothing trades and no premium is sampled, and still an index of all three markets, and a mark by it, is the mean of
/// 10,000, 10,000 and 9,700: they have the same volume.
#[test]
fn an_index_is_made_where_nothing_trades() {
    let (mut spec, tape) = still([PRICE, PRICE, 9_700.0], 3);
    for one in &mut spec.instruments {
        one.funding = None;
    }
    let rules = set(Asks {
        mark: Some(Mark::Rule {
            rule: MarkRule::Index,
            every_s: 1.0,
        }),
        index: Some(IndexRule::WeightedMean { guard: 0.05 }),
        ..Asks::default()
    });
    let run = begin(&spec, &rules, Channels::from_mask(1))
        .run(&tape, Drive::News)
        .expect("runs");
    let row = last_of(&run, 0);
    assert!(
        (libm::exp(row.log_mark) - 9_900.0).abs() < 1e-9,
        "{}",
        libm::exp(row.log_mark)
    );
    assert!((libm::exp(row.log_price) - PRICE).abs() < 1e-9);
}

/// Funding of four hours in place of one: without a premium 0.01 % / 2 is paid at 16:00 alone. A mark that looks ahead to
/// it by history's hour stands at 14:00, two hours before, half of that over the index.
#[test]
fn a_longer_interval_pays_its_part_and_marks_look_ahead_to_it() {
    let (mut spec, tape) = still([PRICE; 3], 13 + 150);
    spec.clock_s = 800.0;
    spec.instruments[0].mark = Mark::Rule {
        rule: MarkRule::FundingBasis { interval_s: 3_600.0 },
        every_s: 1.0,
    };
    let rules = set(Asks {
        interval_s: Some(14_400.0),
        ..Asks::default()
    });
    let run = begin(&spec, &rules, Channels::from_mask(1))
        .run(&tape, Drive::News)
        .expect("runs");
    // 800 s after 13:46:40 it is 14:00; the mark there was made at the tick before, 13:59:40.
    let at = Timestamp(1_000_800_000_000);
    let row = run
        .journal
        .prices
        .iter()
        .find(|row| row.market == 0 && row.at == at);
    let over = libm::exp(row.expect("a row").log_mark) / PRICE - 1.0;
    let until_h = 2.0 + 20.0 / 3_600.0;
    assert!((over - 0.00005 * until_h / 4.0).abs() < 1e-9, "{over}");
    let paid = run.funding_paid[0];
    let mark = PRICE * (1.0 + 0.00005 * 40.0 / 14_400.0);
    assert!((paid - 0.00005 * mark).abs() < 1e-3, "{paid}");
    assert_eq!(run.journal.orders.len(), 0);
}

/// A rule that answers every question with what it was asked is history, to the bit.
#[test]
fn what_is_amended_to_itself_is_history() {
    #[derive(Debug)]
    struct Same;
    impl ProtocolRule for Same {
        fn name(&self) -> &str {
            "same"
        }
        fn charge_funding(&self, step: &ChargeFunding, _: &View<'_>) -> Decision<ChargeFunding> {
            Decision::Amend(step.clone(), "same".into())
        }
        fn schedule_funding(&self, step: &ScheduleFunding, _: &View<'_>) -> Decision<ScheduleFunding> {
            Decision::Amend(step.clone(), "same".into())
        }
        fn choose_mark(&self, step: &ChooseMark) -> Decision<ChooseMark> {
            Decision::Amend(step.clone(), "same".into())
        }
        fn choose_index(&self, step: &ChooseIndex) -> Decision<ChooseIndex> {
            Decision::Amend(step.clone(), "same".into())
        }
        fn value_collateral(&self, step: &ValueCollateral, _: &View<'_>) -> Decision<ValueCollateral> {
            Decision::Amend(step.clone(), "same".into())
        }
        fn net_margin(&self, step: &NetMargin, _: &View<'_>) -> Decision<NetMargin> {
            Decision::Amend(step.clone(), "same".into())
        }
    }
    let spec = three();
    let run = |rules: &RuleSet| {
        let mut world = begin(&spec, rules, Channels::ALL);
        let mut account = Account::new("mine", Owner(1), 0, Cash::from_f64(2_000.0));
        for (side, coins) in [(Side::Long, 10.0), (Side::Short, 2.0)] {
            account.holdings.push(Holding {
                market: 0,
                side,
                quantity: Coin::from_f64(coins),
                entry_value: Cash::from_f64(coins * PRICE),
                under_way: Coin::ZERO,
            });
        }
        account.collateral.push(Collateral {
            asset: 0,
            quantity: Coin::from_f64(0.2),
            haircut: 0.1,
        });
        world
            .add_account(account, Timestamp(1_000_000_000_000))
            .expect("fits");
        let run = world.run(&crash(0.08, 3_600), Drive::Record).expect("runs");
        assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
        run
    };
    let (history, same) = (run(&RuleSet::default()), run(&RuleSet::new(vec![Box::new(Same)])));
    assert!(history.accounts[0].is_flat());
    assert_eq!(history.journal.orders, same.journal.orders);
    assert_eq!(history.journal.prices, same.journal.prices);
    assert_eq!(history.accounts[0].cash, same.accounts[0].cash);
    assert_eq!(
        (history.reserves, history.funding_paid),
        (same.reserves, same.funding_paid)
    );
}

#[test]
fn what_rules_need_and_a_world_does_not_have() {
    let all = [
        Need::Index,
        Need::Funding,
        Need::Markets,
        Need::Marks,
        Need::Portfolios,
        Need::Collateral,
    ];
    let rules = set(Asks {
        needs: all.to_vec(),
        ..Asks::default()
    });
    let mut spec = three();
    assert_eq!(
        begin(&spec, &rules, Channels::ALL).lacks(),
        [Need::Portfolios, Need::Collateral]
    );
    for one in &mut spec.instruments {
        one.funding = None;
    }
    assert_eq!(
        begin(&spec, &rules, Channels::ALL).lacks(),
        [Need::Funding, Need::Portfolios, Need::Collateral]
    );
    assert!(
        begin(&spec, &RuleSet::default(), Channels::ALL)
            .lacks()
            .is_empty()
    );
}
