//! Bands, limit states, halts and auctions, on ticks and on a grid.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::{Decision, Edge, Halts, ProtocolRule, Reopening, RuleSet, SetBand, View};
use aftershock_rules::breaker;

use super::testing::{PRICE, START, three};
use super::*;
use crate::Observer;
use crate::observer::Noted;

/// An edge at one place; under a mark that is below it, a fifth lower.
#[derive(Debug)]
struct Fixed(Edge);

impl ProtocolRule for Fixed {
    fn name(&self) -> &str {
        "fixed"
    }

    fn set_band(&self, step: &SetBand, view: &View<'_>) -> Decision<SetBand> {
        let below = view.mark_usd < self.0.usd * (1.0 - 1e-9);
        let lower = Edge {
            usd: if below { 0.8 * view.mark_usd } else { self.0.usd },
            ..self.0.clone()
        };
        let band = SetBand {
            lower,
            ..step.clone()
        };
        Decision::Amend(band, "fixed".into())
    }
}

fn edge(halt_s: f64) -> Edge {
    Edge::halting(9_500.0, halt_s, "fixed")
}

fn fixed(edge: Edge) -> RuleSet {
    RuleSet::new(vec![Box::new(Fixed(edge))])
}

/// Three markets in which nobody but forced orders acts.
pub(super) fn quiet() -> WorldSpec {
    let mut spec = three();
    for one in &mut spec.instruments {
        (one.arbitrage, one.carry, one.funding) = (None, None, None);
        // No loss is beyond reserves.
        one.parameters.pools[0].fund_ratio = 1.0;
    }
    (spec.decision_s, spec.clock_s) = (10.0, 1.0);
    spec
}

/// A tick a second in each of the first markets; the first moves as told by `(second, price)`, the others as `others` says.
pub(super) fn tape(seconds: i64, markets: u16, first: &[(i64, f64)], others: &[(i64, f64)]) -> WorldTape {
    let price = |moves: &[(i64, f64)], second: i64| {
        let last = moves.iter().rfind(|(from, _)| *from <= second);
        last.map_or(PRICE, |(_, price)| *price)
    };
    let mut tape = WorldTape::default();
    for second in 1..=seconds {
        for market in 0..markets {
            let moves = if market == 0 { first } else { others };
            tape.push(
                Timestamp(START + second * 1_000_000 + i64::from(market)),
                WorldEvent::Tick {
                    market,
                    log_price: libm::log(price(moves, second)),
                    ordinary_usd: 0.0,
                },
            );
        }
    }
    tape
}

/// What was told of bands: decision, second, price, until when.
#[derive(Debug, Default)]
pub(super) struct Told(pub(super) Vec<(String, i64, f64, Option<i64>)>);

impl Observer for Told {
    fn intervention(&mut self, noted: &Noted<'_>) {
        if noted.step != "set_band" {
            return;
        }
        let second = |at: Timestamp| (at.0 - START) / 1_000_000;
        self.0.push((
            format!("{} {}", noted.decision, noted.subject),
            second(noted.at),
            noted.after.unwrap_or_default().round(),
            noted.until.map(second),
        ));
    }
}

pub(super) fn run(
    spec: &WorldSpec,
    rules: &RuleSet,
    channels: Channels,
    tape: &WorldTape,
) -> (WorldRun, Told) {
    let mut told = Told::default();
    let entries: Vec<(f64, f64)> = (0..200)
        .map(|k| (0.06 * (f64::from(k) - 100.0) / 100.0, 1.0 / 200.0))
        .collect();
    let prices = vec![libm::log(PRICE); spec.instruments.len()];
    let run = seed(spec, rules, channels, Timestamp(START), &prices, &entries)
        .expect("the parts fit")
        .observed(&mut told)
        .run(tape, Drive::News)
        .expect("runs");
    assert_eq!(run.imbalance, (Coin::ZERO, Cash::ZERO));
    (run, told)
}

/// Market, seconds of beginning and end, edge and reopening, USD, of each halt.
pub(super) fn halts(run: &WorldRun) -> Vec<(usize, i64, i64, f64, f64)> {
    let second = |at: Timestamp| (at.0 - START) / 1_000_000;
    let usd = |log: f64| (100.0 * libm::exp(log)).round() / 100.0;
    let rows = run.journal.halts.iter().map(|row| {
        (
            row.market,
            second(row.from_at),
            second(row.until_at),
            usd(row.log_edge),
            usd(row.log_reopening),
        )
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| row.0);
    rows
}

/// Nothing answers, and so every price is that of the tape: it falls below 9,500 at second 100 and is back at 9,600 at 130.
#[test]
fn a_halt_may_stop_all_markets() {
    let spec = quiet();
    let tape = tape(300, 3, &[(100, 9_400.0), (130, 9_600.0)], &[]);
    let (alone, _) = run(&spec, &fixed(edge(60.0)), Channels::from_mask(0), &tape);
    assert_eq!(halts(&alone), [(0, 100, 160, 9_500.0, 9_600.0)]);
    let all = Edge {
        halts: Halts::AllMarkets,
        ..edge(60.0)
    };
    let (run, told) = run(&spec, &fixed(all), Channels::from_mask(0), &tape);
    assert_eq!(
        halts(&run),
        [
            (0, 100, 160, 9_500.0, 9_600.0),
            (1, 100, 160, 10_000.0, 10_000.0),
            (2, 100, 160, 10_000.0, 10_000.0)
        ]
    );
    let told: Vec<&str> = told
        .0
        .iter()
        .map(|one| one.0.as_str())
        .filter(|one| one.starts_with("halt"))
        .collect();
    assert_eq!(
        told,
        [
            "halt trading",
            "halt trading of beta:XBTUSD",
            "halt trading of gamma:BTC"
        ]
    );
    for market in 0..3 {
        let closed = run
            .journal
            .prices
            .iter()
            .filter(|row| row.market == market && row.closed);
        assert_eq!(closed.count(), 60, "market {market}");
    }
}

/// Source: NYSE Rule 80B: a level halts once a day, all stocks. The first perpetual has its level at 93 % of its own midnight
/// close; the second, which never came to its own, uses its first level up with it, and halts all only at 87 %.
#[test]
fn a_level_halts_all_markets_once() {
    let rule = breaker::MarketWideHalt {
        level_1_pct: 7.0,
        level_2_pct: 13.0,
        level_3_pct: 20.0,
        halt_s: 60.0,
    };
    let spec = quiet();
    let rules = RuleSet::new(vec![Box::new(rule)]);
    // The world begins at 13:46:40, so its day's close is the mark at the next midnight, 36,800 s on.
    let falls = [(36_900, 9_200.0), (37_000, 9_250.0)];
    let tape = tape(37_300, 3, &falls, &[(37_100, 9_000.0), (37_200, 8_600.0)]);
    let (run, _) = run(&spec, &rules, Channels::from_mask(0), &tape);
    assert_eq!(
        halts(&run),
        [
            (0, 36_900, 36_960, 9_300.0, 9_200.0),
            (0, 37_200, 37_260, 9_250.0, 9_250.0),
            (1, 36_900, 36_960, 10_000.0, 10_000.0),
            (1, 37_200, 37_260, 8_700.0, 8_600.0),
            (2, 36_900, 36_960, 10_000.0, 10_000.0),
            (2, 37_200, 37_260, 9_000.0, 8_600.0)
        ]
    );
}

/// Below the edge for 10 s of 15: nobody halts, and the price stands at the edge meanwhile. For 30 s: it halts after 15, at
/// 115, an instant at which no tick is needed.
#[test]
fn a_price_stands_at_the_edge_before_it_halts() {
    let spec = quiet();
    let limit = Edge {
        limit_s: 15.0,
        ..edge(60.0)
    };
    let short = tape(300, 3, &[(100, 9_400.0), (110, 9_600.0)], &[]);
    let (run_short, told) = run(&spec, &fixed(limit.clone()), Channels::from_mask(0), &short);
    assert_eq!(halts(&run_short), []);
    assert_eq!(told.0, [("limit trading".to_owned(), 100, 9_500.0, Some(115))]);
    let at_edge = run_short.journal.prices.iter().filter(|row| {
        row.market == 0 && (libm::exp(row.log_price) - 9_500.0).abs() < 1e-6 && row.log_mark == row.log_price
    });
    assert_eq!(at_edge.count(), 10);
    let long = tape(300, 3, &[(100, 9_400.0), (130, 9_600.0)], &[]);
    let (run_long, _) = run(&spec, &fixed(limit), Channels::from_mask(0), &long);
    assert_eq!(halts(&run_long), [(0, 115, 175, 9_500.0, 9_600.0)]);
}

/// Longs break at the edge, and their sales wait until the price has come back.
#[test]
fn sales_wait_at_a_lower_edge() {
    let spec = quiet();
    let limit = Edge {
        limit_s: 15.0,
        ..edge(60.0)
    };
    let tape = tape(109, 3, &[(100, 9_400.0)], &[]);
    let (at_edge, _) = run(&spec, &fixed(limit.clone()), Channels::ALL, &tape);
    assert_eq!(at_edge.journal.orders, []);
    let longer = self::tape(112, 3, &[(100, 9_400.0), (110, 9_600.0)], &[]);
    let (back, _) = run(&spec, &fixed(limit), Channels::ALL, &longer);
    let first = &back.journal.orders[0];
    assert_eq!((first.market, first.side), (0, Side::Long));
    assert_eq!((first.triggered_at.0 - START) / 1_000_000, 100);
    assert_eq!((first.executed_at.0 - START) / 1_000_000, 110);
    assert!(first.log_fill >= libm::log(9_500.0));
}

/// At a lower edge sales wait, that is orders that close longs; in the frame of an inverse contract those are shorts.
#[test]
fn an_edge_turns_away_what_would_push_through_it() {
    let spec = quiet();
    let rules = RuleSet::default();
    let prices = [libm::log(PRICE); 3];
    let entries = [(0.0, 1.0)];
    let mut world =
        seed(&spec, &rules, Channels::ALL, Timestamp(START), &prices, &entries).expect("the parts fit");
    for (market, sells) in [(0, Side::Long), (1, Side::Short)] {
        assert!(!world.markets[market].turns_away(sells));
        for (edge, turned) in [(0, sells), (1, sells.opposite())] {
            world.markets[market].limit = Some(super::band::Limit { edge, until: 0 });
            assert!(world.markets[market].turns_away(turned));
            assert!(!world.markets[market].turns_away(turned.opposite()));
        }
    }
}

/// At 8,900 the reopening lies 6.3 % beyond the edge: further than 5 %, nearer than the 10 % of one extension.
#[test]
fn a_halt_is_extended_until_the_collar_holds_the_price() {
    let spec = quiet();
    let collar = Edge {
        collar_ratio: 0.05,
        extend_s: 30.0,
        ..edge(60.0)
    };
    for (price, until) in [(9_100.0, 160), (8_900.0, 190), (8_450.0, 220), (11_000.0, 160)] {
        let tape = tape(300, 3, &[(100, 9_400.0), (130, price)], &[]);
        let (run, told) = run(&spec, &fixed(collar.clone()), Channels::from_mask(0), &tape);
        assert_eq!(halts(&run)[0], (0, 100, until, 9_500.0, price), "{price}");
        let extensions = told.0.iter().filter(|one| one.0 == "extend trading");
        assert_eq!(extensions.count() as i64, (until - 160) / 30, "{price}");
    }
}

/// Forced sales that waited go through the book one after the other, or all at the one price at which the market opens.
#[test]
fn an_auction_has_one_price() {
    let mut spec = quiet();
    if let Some(liquidation) = &mut spec.instruments[0].liquidation {
        // So slow that its orders come while the market is halted.
        (liquidation.throughput_usd_per_s, liquidation.latency_s) = (2e6, 5.0);
    }
    // A book far deeper than impact says, so that the price of an auction is where impact puts it.
    spec.instruments[0].parameters.book_usd_per_log *= 1e3;
    let tape = tape(400, 3, &[(95, 9_600.0), (100, 9_400.0)], &[]);
    let waited = |run: &WorldRun| -> Vec<OrderRow> {
        let rows = run.journal.orders.iter();
        let at = run.journal.halts[0].until_at;
        rows.filter(|row| row.market == 0 && row.executed_at == at)
            .cloned()
            .collect()
    };
    // Makers stay, so that depth is normal.
    let channels = Channels::from_mask(1);
    let (continuous, _) = run(&spec, &fixed(edge(60.0)), channels, &tape);
    let auction = Edge {
        reopening: Reopening::Auction,
        ..edge(60.0)
    };
    let (auction, _) = run(&spec, &fixed(auction), channels, &tape);
    let (one_by_one, at_once) = (waited(&continuous), waited(&auction));
    assert!(at_once.len() > 5, "{}", at_once.len());
    assert_eq!(one_by_one.len(), at_once.len());
    let opened = auction.journal.halts[0].log_reopening;
    for row in &at_once {
        assert_eq!(row.log_fill, at_once[0].log_fill);
        assert!((row.log_fill - opened).abs() < 1e-12, "{} {opened}", row.log_fill);
        assert!((libm::exp(row.log_before) - 9_400.0).abs() < 1e-6);
    }
    // The impact of the sum, once.
    let sold: f64 = at_once.iter().map(|row| row.notional_usd).sum();
    let law = spec.instruments[0].parameters.impact;
    let expected = libm::log(9_400.0) + law.log_impact(-sold);
    assert!((opened - expected).abs() < 1e-9, "{opened} {expected}");
    assert!(
        one_by_one
            .iter()
            .any(|row| row.log_fill != one_by_one[0].log_fill)
    );
}

/// A book that ends sooner than impact says sets the price of the auction, and trading goes on where impact leaves it.
#[test]
fn an_auction_needs_the_book() {
    let mut spec = quiet();
    if let Some(liquidation) = &mut spec.instruments[0].liquidation {
        (liquidation.throughput_usd_per_s, liquidation.latency_s) = (2e6, 5.0);
    }
    let tape = tape(400, 3, &[(95, 9_600.0), (100, 9_400.0)], &[]);
    let auction = Edge {
        reopening: Reopening::Auction,
        ..edge(60.0)
    };
    let none = Channels::from_mask(0);
    let (run, _) = run(&spec, &fixed(auction), none, &tape);
    let halt = &run.journal.halts[0];
    let rows: Vec<&OrderRow> = run
        .journal
        .orders
        .iter()
        .filter(|row| row.executed_at == halt.until_at)
        .collect();
    assert!(rows.len() > 5, "{}", rows.len());
    assert!((libm::exp(halt.log_reopening) - 9_400.0).abs() < 1e-6);
    // Depth to a distance x is `D x`: where all that is sold has found its bids.
    let sold: f64 = rows.iter().map(|row| row.quantity.to_f64() * 9_400.0).sum();
    let end = libm::log(9_400.0) - sold / spec.instruments[0].parameters.book_usd_per_log;
    for row in rows {
        assert!((row.log_fill - end).abs() < 1e-9, "{} {end}", row.log_fill);
    }
}

/// On a grid a market that halted for another's sake opens at its own next waypoint.
#[test]
fn a_halt_may_stop_all_markets_of_a_grid() {
    let spec = quiet();
    let ticks = tape(300, 3, &[(100, 9_400.0), (130, 9_600.0)], &[(150, 10_100.0)]);
    let all = vec![true; ticks.len()];
    let grid = Grid {
        recorded: all.clone(),
        bar_close: all,
        ..Grid::default()
    };
    let edge = Edge {
        halts: Halts::AllMarkets,
        ..edge(60.0)
    };
    let (run, _) = run(&spec, &fixed(edge), Channels::from_mask(0), &ticks.on_grid(grid));
    assert_eq!(
        halts(&run),
        [
            (0, 100, 160, 9_500.0, 9_600.0),
            (1, 100, 160, 10_000.0, 10_100.0),
            (2, 100, 160, 10_000.0, 10_100.0)
        ]
    );
}
