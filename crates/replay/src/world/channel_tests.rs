//! What passes from one market to another, and what each channel is worth.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::RuleSet;

use super::testing::{PRICE, begin, crash, entries, three};
use super::*;
use crate::response::cross_impact::CrossImpact;

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
        let run = seed(&spec, &rules, Channels::ALL, start, &prices, &entries(400))
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
