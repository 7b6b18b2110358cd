//! Known answers of generated tapes.

use super::news::{news, tick_at, ticks};
use super::*;
use crate::observed::Prints;

/// An hour with a fall of 6 % from the twentieth minute on.
pub(super) fn hour() -> Declared {
    Declared {
        duration_s: 3_600,
        ramp: Ramp {
            size: 0.06,
            start_s: 1_200.0,
            ..Ramp::default()
        },
        ..Declared::default()
    }
}

fn made(declared: &Declared) -> Generated {
    generate(declared).expect("it can be generated")
}

#[test]
fn the_template_is_the_default() {
    let template = Declared::parse("default.toml", Declared::TEMPLATE).expect("it is a declaration");
    assert_eq!(template, Declared::default());
    let whole = Declared::parse("whole.toml", &Declared::default().to_toml()).expect("it is a declaration");
    assert_eq!(whole, Declared::default());
    assert_eq!(whole.sha256(), template.sha256());
}

#[test]
fn nonsense_is_refused_by_name() {
    let cases = [
        (
            "news_flow_correlation = 1.0",
            "news_flow_correlation is 1, should be 0 or more and below 1",
        ),
        (
            "amplification = 0.5",
            "amplification is 0.5, should be from 1 to 20",
        ),
        ("amplification = \"big\"", "as-declared"),
        ("amplification_clock_s = 7_200", "amplification_clock_s is 7200"),
        ("duration_s = 2_000_000", "shorter or coarser"),
        (
            "ramp.start_s = 21_500.0",
            "the ramp ends at 22100 s, the tape at 21600 s",
        ),
        ("ramp.shape = \"bent\"", "unknown variant `bent`"),
        (
            "impact.weights = [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]",
            "shares of impact.weights sum to 2",
        ),
        (
            "snapshots.depth_s = 0.7",
            "snapshots.depth_s is 0.7, should be a multiple of half the time between ticks, 0.5 s",
        ),
        ("snapshots.depth_bands_pct = [5.0, 1.0]", "rising"),
        (
            "[[assets]]\nname = \"btc\"",
            "assets.name is btc, should be capitals",
        ),
        (
            "[[venues]]\nname = \"one\"\n[[venues]]\nname = \"one\"",
            "another name",
        ),
        (
            "[[venues]]\nleverage = [[300.0, 1.0]]",
            "venue alpha: leverage is 300, should be from 1 to 200",
        ),
        (
            "[[venues]]\ncoverage = { share = 0.0 }",
            "venue alpha: coverage.share is 0",
        ),
        ("[[venues]]\nfunding_interval_h = 7.0", "a whole part of a day"),
        ("[[venues]]\nthroughput_usd_per_s = nan", "inf for no limit"),
        ("[[venues]]\ncontract = \"spot\"", "a perpetual at one of them"),
        ("colour = 3", "unknown field `colour`"),
    ];
    for (text, expected) in cases {
        let error = Declared::parse("d.toml", text).expect_err(text).to_string();
        assert!(
            error.starts_with("d.toml") && error.contains(expected),
            "{text}: {error}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (one, two) = (made(&hour()), made(&hour()));
    assert_eq!(one.printed, two.printed);
    assert_eq!(one.truth.to_json(), two.truth.to_json());
    let other = made(&Declared { seed: 2, ..hour() });
    assert_ne!(one.printed.markets[0].trades, other.printed.markets[0].trades);
}

/// Fisher: the standard error of a correlation is `(1 - r²)/√n`.
#[test]
fn news_and_flow_correlate_as_declared() {
    for declared in [0.0, 0.3, 0.6] {
        let news = news(&Declared {
            news_flow_correlation: declared,
            ..Declared::default()
        });
        let count = news.innovation[0].len() as f64;
        for flow in &news.ordinary_usd {
            let found = correlation(&news.innovation[0], flow);
            let error = (1.0 - declared * declared) / count.sqrt();
            assert!((found - declared).abs() < 3.0 * error, "{declared}: {found}");
        }
    }
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let (mean_a, mean_b) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    product(a, mean_a, b, mean_b) / (product(a, mean_a, a, mean_a) * product(b, mean_b, b, mean_b)).sqrt()
}

/// 20,000,000,000 USD a day are 231,481.48 a second; 1.08 of that is 250,000. News of 3 % a day moves 0.0102 % a second.
#[test]
fn news_and_flow_have_their_scale() {
    let news = news(&Declared {
        ramp: Ramp {
            size: 0.0,
            ..Ramp::default()
        },
        ..Declared::default()
    });
    let deviation = |x: &[f64]| (x.iter().map(|x| x * x).sum::<f64>() / x.len() as f64).sqrt();
    // 21,600 values give a standard deviation to half a percent.
    assert!((deviation(&news.ordinary_usd[0]) / 250_000.0 - 1.0).abs() < 0.02);
    let steps: Vec<f64> = news.log_price[0]
        .windows(2)
        .map(|pair| pair[1] - pair[0])
        .collect();
    assert!((deviation(&steps) / 1.0206e-4 - 1.0).abs() < 0.02);
}

/// The straight ramp of 6 % in 600 s from 1,200 s on has come 300.5 s far at tick 1,500, which stands at 1,500.5 s.
#[test]
fn the_ramp_is_in_the_news() {
    let flat = Declared {
        ramp: Ramp {
            size: 0.0,
            ..hour().ramp
        },
        ..hour()
    };
    let (with, without) = (news(&hour()), news(&flat));
    for (tick, fallen) in [
        (0, 0.0),
        (1_199, 0.0),
        (1_500, 0.06 * 300.5 / 600.0),
        (1_800, 0.06),
        (3_599, 0.06),
    ] {
        let found = without.log_price[0][tick] - with.log_price[0][tick];
        assert!((found - fallen).abs() < 1e-12, "{tick}: {found}");
    }
    assert_eq!(with.ordinary_usd, without.ordinary_usd);
    assert_eq!(tick_at(&hour(), 1_500).seconds_since(START), 1_500.5);
}

#[test]
fn without_positions_there_is_no_amplification() {
    let declared = Declared {
        amplification: Target::Ratio(1.0),
        ..hour()
    };
    let Generated { printed, truth } = made(&declared);
    assert_eq!(truth.amplification(), Some(1.0));
    for null in &truth.nulls {
        assert_eq!(null.log_price, truth.nulls[0].log_price, "{}", null.name);
        assert!(
            null.whole
                .iter()
                .all(|one| one.all.is_none_or(|ratio| ratio == 1.0))
        );
    }
    for market in &printed.markets {
        assert!(market.liquidations.is_empty());
        assert_eq!(market.trades.len(), ticks(&declared));
        assert!(market.open_interest.quantity.iter().all(|held| *held == 0.0));
    }
    assert_eq!(truth.branching.at_all, None);
}

#[test]
fn the_target_is_reached() {
    for target in [1.05, 1.1, 1.25] {
        let declared = Declared {
            amplification: Target::Ratio(target),
            ..hour()
        };
        let truth = made(&declared).truth;
        let found = truth.amplification().expect("an hour has sixty minutes");
        assert!((found.ln() - target.ln()).abs() <= 0.01, "{target}: {found}");
        let last = truth.search.last().expect("it was searched");
        assert_eq!(last.amplification, found);
        let open_interest_usd = 0.3 * 2e10 * last.open_interest_scale;
        assert!((truth.markets[0].open_interest_usd / open_interest_usd - 1.0).abs() < 1e-12);
    }
}

#[test]
fn what_a_feed_shows_is_what_it_says() {
    let mut declared = hour();
    let shares = [
        (Coverage::Complete, "complete"),
        (Coverage::Share(0.3), "unknown"),
        (Coverage::OneASecond, "throttled"),
    ];
    for (coverage, word) in shares {
        declared.venues[0].coverage = coverage;
        declared.amplification = Target::AsDeclared;
        let Generated { printed, truth } = made(&declared);
        let (market, feed) = (&printed.markets[0], &truth.markets[0].feed);
        assert_eq!(market.coverage, word);
        assert_eq!(feed.printed, market.liquidations.len());
        // All that was filled, counted from the orders: 1e-8 of a coin an order is lost to doubles.
        let filled: f64 = (0..truth.orders.id.len())
            .filter(|order| truth.orders.market[*order] == 0)
            .map(|order| truth.orders.quantity[order])
            .sum();
        let sum = |prints: &Prints| prints.quantity.iter().sum::<f64>();
        match coverage {
            Coverage::Complete => assert!((sum(&market.liquidations) / filled - 1.0).abs() < 1e-9),
            Coverage::Share(share) => {
                let count = feed.liquidated as f64;
                let error = (share * (1.0 - share) * count).sqrt();
                assert!(count > 1_000.0 && (feed.printed as f64 - share * count).abs() < 4.0 * error);
            }
            Coverage::OneASecond => {
                let seconds: std::collections::BTreeSet<i64> =
                    market.liquidations.at.iter().map(|at| at.0 / 1_000_000).collect();
                assert_eq!(seconds.len(), market.liquidations.len());
                assert!(sum(&market.liquidations) < 0.9 * filled);
            }
        }
        // A fall closes longs, and each print is a trade too.
        assert!(market.liquidations.buys.iter().filter(|buys| !**buys).count() > feed.printed / 2);
        for place in 0..market.liquidations.len() {
            let (at, quantity) = (market.liquidations.at[place], market.liquidations.quantity[place]);
            // A trade is stamped at the end of its second.
            let from = market.trades.at.partition_point(|other| *other < at);
            let found = (from..market.trades.len())
                .take_while(|trade| market.trades.at[*trade].0 < at.0 + 1_000_000)
                .any(|trade| market.trades.quantity[trade] == quantity);
            assert!(found, "{at}");
        }
    }
}

/// Coverage, latency and rules of a venue change nothing of what comes from outside.
#[test]
fn noise_is_shared() {
    let plain = Declared {
        amplification: Target::AsDeclared,
        ..hour()
    };
    let mut other = plain.clone();
    other.venues[0].latency_s = 5.0;
    other.venues[0].coverage = Coverage::Share(0.1);
    other.venues[0].leverage = vec![(20.0, 1.0)];
    let (plain, other) = (made(&plain).truth, made(&other).truth);
    assert_eq!(plain.exogenous.log_price, other.exogenous.log_price);
    assert_eq!(plain.exogenous.ordinary_usd, other.exogenous.ordinary_usd);
    assert_eq!(plain.entries, other.entries);
    assert_ne!(plain.orders, other.orders);
}

/// Every kind of contract, engine, mark and shape in one world of six venues and two assets: the books close.
#[test]
fn every_part_can_be_declared() {
    let venue = |name: &str, contract, engine, mark| Venue {
        name: name.into(),
        contract,
        engine,
        mark,
        insurance_ratio: 1e-5,
        throughput_usd_per_s: 5e6,
        ..Venue::default()
    };
    let partial = Engine::FractionThenAll {
        threshold_usd: 1e5,
        fraction: 0.2,
        cooldown_s: 30.0,
    };
    let small = Engine::Incremental {
        step_usd: 1e5,
        pause_s: 2.0,
    };
    let mut declared = Declared {
        duration_s: 1_800,
        amplification: Target::AsDeclared,
        ramp: Ramp {
            size: 0.12,
            start_s: 600.0,
            shape: Shape::Jumps,
            ..Ramp::default()
        },
        ..Declared::default()
    };
    declared.assets = vec![
        Asset::default(),
        Asset {
            name: "SYN2".into(),
            price_usd: 2_000.0,
            ramp_share: 1.5,
            ..Asset::default()
        },
    ];
    declared.venues = vec![
        venue("one", Contract::Linear, Engine::Whole, Mark::Last),
        venue("two", Contract::Inverse, partial, Mark::FundingBasis),
        venue("three", Contract::Linear, small, Mark::MedianOfThree),
        venue("four", Contract::Inverse, small, Mark::Last),
        venue("five", Contract::Spot, Engine::Whole, Mark::Last),
        venue("six", Contract::Linear, partial, Mark::OracleMedian),
    ];
    declared.venues[0].deleverages = false;
    declared.venues[0].vault_ratio = 1e-5;
    let Generated { printed, truth } = made(&declared);
    assert_eq!((truth.contracts_imbalance, truth.money_imbalance), (0, 0));
    assert_eq!(printed.markets.len(), 12);
    for market in &truth.markets {
        assert_eq!(market.contracts_at_start[0], market.contracts_at_start[1]);
        assert_eq!(market.contracts_at_end[0], market.contracts_at_end[1]);
        assert!(market.venue == "five" || market.feed.liquidated > 0, "{market:?}");
        for side in [
            |class: &LeverageClass| class.long,
            |class: &LeverageClass| class.short,
        ] {
            let sum: f64 = market.leverage.iter().map(side).sum();
            assert!(market.leverage.is_empty() || (sum - 1.0).abs() < 1e-9);
        }
    }
    assert!(
        truth.markets[0].bad_debt > 0.0,
        "a jump of 2 % leaves holders of 50 times with nothing to pay from"
    );
    assert!(truth.nulls.iter().all(|null| null.log_price.len() == 12));
}

/// The default crash has a spot market, perpetuals and funding, and nobody with collateral or several positions; without funding it
/// lacks that too.
#[test]
fn what_a_declared_crash_lacks() {
    use aftershock_protocol::{Need, ProtocolRule, RuleSet};

    #[derive(Debug)]
    struct All;
    impl ProtocolRule for All {
        fn name(&self) -> &str {
            "all"
        }
        fn needs(&self) -> &[Need] {
            &[
                Need::Index,
                Need::Funding,
                Need::Markets,
                Need::Marks,
                Need::Portfolios,
                Need::Collateral,
            ]
        }
    }
    let rules = RuleSet::new(vec![Box::new(All)]);
    let mut declared = hour();
    let found = lacks(&declared, &rules).expect("makes a world");
    assert_eq!(found, [Need::Portfolios, Need::Collateral]);
    for venue in &mut declared.venues {
        venue.funding_interval_h = 0.0;
    }
    let found = lacks(&declared, &rules).expect("makes a world");
    assert_eq!(found, [Need::Funding, Need::Portfolios, Need::Collateral]);
}
