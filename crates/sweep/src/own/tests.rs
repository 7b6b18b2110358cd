//! Accounts on made-up paths, against figures worked out by hand.
//!
//! The long of most tests holds 2 BTC from 8,000 with 1,600 of collateral. With a maintenance ratio `r` it is closed at
//! `(1,600 - 16,000) / (2 (r - 1))`: 7,228.92 at 0.4 %, 7,346.94 at 2 %. Shares and logs were taken in Python.

use aftershock_calibrate::synthetic;
use aftershock_market::journal::OwnAccountRow;
use aftershock_market::{BarOrder, Cash, Coin, Shock, Side, Timestamp};
use aftershock_protocol::{Brackets, Position, RuleSet, Slot, Tier, View};
use aftershock_replay::{
    Exogenous, ForcedOrder, Liquidity, MarginInForce, Mechanisms, Mode, Observer, Parameters, Path, Replay,
    Silent, Waypoint, lead_in,
};
use aftershock_rules::RuleSetFile;

use super::*;

pub(super) const HEADER: &str = "account,venue,instrument,side,quantity,entry_usd,collateral_usd,margin\n";
pub(super) const LONG: &str = "mine,binance-usdm,BTCUSDT,long,2,8000,1600,isolated\n";
/// Between two waypoints, s.
const STEP_S: i64 = 60;
const LEAD: usize = 60;

fn book(rows: &str) -> OwnBook {
    OwnBook::parse("own.csv", &format!("{HEADER}{rows}")).unwrap_or_else(|error| panic!("{error}"))
}

fn brackets() -> Brackets {
    let tier = Tier {
        floor_usd: 0.0,
        cap_usd: f64::INFINITY,
        maintenance_ratio: 0.004,
        max_leverage: 125.0,
        maintenance_amount_usd: 0.0,
    };
    Brackets::new(vec![tier]).unwrap_or_else(|error| panic!("{error}"))
}

fn rules(rule: &str) -> RuleSetFile {
    let head = "name = \"x\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n\n[[rule]]\nkind = \"declared\"\nname = \"r\"\n";
    RuleSetFile::parse("x.toml", &format!("{head}{rule}\nreason = \"r\"\n"))
        .unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
        "{found} is not {expected}"
    );
}

/// Follows accounts over `marks`, a minute apart; during the minutes of `halted` nothing trades. The book is as deep as
/// `usd_per_log`.
fn follow(
    own: &OwnBook,
    rules: &RuleSet,
    marks: &[f64],
    halted: std::ops::Range<usize>,
    usd_per_log: f64,
) -> Vec<OwnAccountRow> {
    let brackets = brackets();
    let mut watch = Watch::new(own.accounts(), &brackets, rules, 1.0);
    for (index, &mark_usd) in marks.iter().enumerate() {
        let at = Timestamp::from_seconds(STEP_S * index as i64);
        let log_mark = libm::log(mark_usd);
        if !halted.contains(&index) {
            let liquidity = Liquidity {
                usd_per_log,
                refill_s: f64::INFINITY,
                end_log: 0.1,
                band: None,
            };
            watch.liquidity(at, log_mark, &liquidity);
            watch.margin_call(&View {
                now: at,
                mark_usd,
                mean_mark_1h_usd: mark_usd,
                volatility_1h: 0.04,
                volatility_24h: 0.04,
                volatility_normal: 0.04,
                open_interest_usd: 1e9,
                forced_usd: 0.0,
                insurance_usd: 0.0,
            });
        }
        watch.waypoint(&Waypoint {
            index,
            log_mark,
            log_null: log_mark,
            impact_log: 0.0,
            depth_ratio: 1.0,
            halted: halted.contains(&index),
        });
    }
    watch
        .rows(0, BarOrder::HighFirst)
        .unwrap_or_else(|error| panic!("{error}"))
}

fn minute(number: i64) -> Option<Timestamp> {
    Some(Timestamp::from_seconds(STEP_S * number))
}

#[test]
fn a_long_is_closed_at_the_first_mark_below_its_price_and_filled_after_the_latency() {
    let own = book(LONG);
    let rows = follow(
        &own,
        &RuleSet::default(),
        &[8_000.0, 7_229.0, 7_228.0, 7_100.0, 7_500.0],
        0..0,
        1e6,
    );
    let [row] = rows.as_slice() else {
        panic!("{rows:?}")
    };
    assert_eq!(
        (row.fate, row.triggered_at, row.filled_at),
        ("liquidated", minute(2), minute(3))
    );
    close(row.trigger_usd.unwrap_or(0.0), 7_228.0);
    // 14,200 USD walk a book of a million a unit of log to 0.0142, at 0.0071 on average.
    close(row.fill_usd.unwrap_or(0.0), 7_049.768_532_722_68);
    close(
        row.bad_debt_usd,
        -(1_600.0 + 2.0 * (7_049.768_532_722_68 - 8_000.0)),
    );
    assert_eq!((row.loss_usd, row.end_equity_usd), (1_600.0, 0.0));
    close(row.closing_usd.unwrap_or(0.0), 7_228.915_662_650_603);
    // Equity 56 over maintenance 57.824.
    close(row.lowest_ratio.unwrap_or(0.0), 56.0 / 57.824);
    assert_eq!(row.lowest_at, minute(2));
}

#[test]
fn with_twice_the_collateral_it_survives_and_keeps_what_the_last_mark_leaves() {
    let own = book("mine,binance-usdm,BTCUSDT,long,2,8000,3200,\n");
    let rows = follow(&own, &RuleSet::default(), &[8_000.0, 7_100.0, 7_500.0], 0..0, 1e6);
    let row = &rows[0];
    assert_eq!(
        (row.fate, row.triggered_at, row.fill_usd),
        ("survived", None, None)
    );
    close(row.end_equity_usd, 2_200.0);
    close(row.loss_usd, 1_000.0);
    assert_eq!(row.bad_debt_usd, 0.0);
    // Equity 1,400 over maintenance 56.8.
    close(row.lowest_ratio.unwrap_or(0.0), 1_400.0 / 56.8);
}

/// Long 2 and short 1 from 8,000: apart, the long goes at 7,228.92 and the short gains. Together, with 2,400, they go
/// where `2,400 - 8,000 + P = 0.012 P`, at 5,668.02.
#[test]
fn what_is_crossed_holds_where_what_is_isolated_goes() {
    let short = "mine,binance-usdm,BTCUSDT,short,1,8000,800,isolated\n";
    let apart = book(&format!("{LONG}{short}"));
    let together = book(&format!("{LONG}{short}").replace("isolated", "cross"));
    let marks = [8_000.0, 7_200.0, 7_200.0];
    let rows = follow(&apart, &RuleSet::default(), &marks, 0..0, 1e15);
    let fates: Vec<&str> = rows.iter().map(|row| row.fate).collect();
    assert_eq!(fates, ["liquidated", "survived"]);
    close(rows[1].end_equity_usd, 1_600.0);
    let rows = follow(&together, &RuleSet::default(), &marks, 0..0, 1e15);
    assert_eq!(
        (rows.len(), rows[0].fate, rows[0].margin),
        (1, "survived", "cross")
    );
    close(rows[0].end_equity_usd, 1_600.0);
    assert_eq!((rows[0].net_btc, rows[0].collateral_usd), (1.0, 2_400.0));
    assert_eq!(rows[0].closing_usd, None);
    for (mark, fate) in [(5_668.1, "survived"), (5_668.0, "liquidated")] {
        let rows = follow(&together, &RuleSet::default(), &[8_000.0, mark, mark], 0..0, 1e15);
        assert_eq!(rows[0].fate, fate, "{mark}");
    }
    assert_eq!(rows[0].holding, "long 2 at 8000, short 1 at 8000");
}

#[test]
fn a_halt_delays_the_fill_to_the_reopening() {
    let own = book(LONG);
    let marks = [8_000.0, 7_228.0, 7_228.0, 7_228.0, 6_900.0];
    let rows = follow(&own, &RuleSet::default(), &marks, 2..4, 1e15);
    assert_eq!((rows[0].triggered_at, rows[0].filled_at), (minute(1), minute(4)));
    close(rows[0].fill_usd.unwrap_or(0.0), 6_900.0);
    close(rows[0].bad_debt_usd, 600.0);
    let rows = follow(&own, &RuleSet::default(), &marks, 2..5, 1e15);
    assert_eq!((rows[0].fate, rows[0].filled_at), ("closing", None));
}

/// Half of it goes at 7,228 for a loss of 772. The other half then has equity 56 over maintenance 28.912, and stands.
#[test]
fn a_rule_may_close_a_part() {
    let half = rules("on = \"liquidate\"\nwhen = \"notional_usd > 10000\"\nthen.fraction = \"0.5\"");
    let rows = follow(
        &book(LONG),
        &half.rules,
        &[8_000.0, 7_228.0, 7_228.0, 7_300.0],
        0..0,
        1e15,
    );
    assert_eq!(rows[0].fate, "reduced");
    close(rows[0].end_equity_usd, 1_600.0 - 772.0 - 700.0);
    close(rows[0].loss_usd, 1_472.0);
}

/// A path at 8,000 for an hour and then at `marks`, a minute apart, without ordinary flow.
fn path(marks: &[f64]) -> Path {
    let mut path = Path {
        first: LEAD,
        ..Path::default()
    };
    // The lead-in moves by a hair: without any volatility nothing is normal.
    let lead = (0..LEAD).map(|i| 8_000.0 + 0.5 * (i % 2) as f64);
    for (i, mark) in lead.chain(marks.iter().copied()).enumerate() {
        path.at.push(Timestamp::from_seconds(STEP_S * i as i64));
        path.log_price.push(libm::log(mark));
        path.volume_usd.push(1e6);
        path.ordinary_usd.push(0.0);
        path.bar_close.push(true);
        path.recorded.push(true);
    }
    path
}

fn parameters(usd_per_log: f64) -> Parameters {
    Parameters {
        brackets: brackets(),
        book_usd_per_log: usd_per_log,
        ..synthetic::parameters(0.5)
    }
}

/// The path as news, with nothing else that moves the price.
fn news(path: &Path) -> Exogenous {
    let log_price = path.log_price[path.first..].to_vec();
    Exogenous {
        ordinary_depth: vec![1.0; log_price.len()],
        ordinary_usd: vec![0.0; log_price.len()],
        log_null: log_price.clone(),
        log_price,
    }
}

#[test]
fn a_rule_that_raises_maintenance_closes_earlier_in_a_replay() {
    let raised = rules(
        "on = \"assess_margin\"\nwhen = \"tier == 1\"\nthen.maintenance_ratio = \"0.02\"\nthen.initial_ratio = \"0.04\"",
    );
    let own = book(LONG);
    let path = path(&[8_000.0, 7_347.0, 7_346.9, 7_300.0, 7_228.9, 7_228.9]);
    let (parameters, table, exogenous) = (parameters(1e15), synthetic::decay_table(), news(&path));
    for (rules, triggered, mark) in [
        (&RuleSet::default(), LEAD as i64 + 4, 7_228.9),
        (&raised.rules, LEAD as i64 + 2, 7_346.9),
    ] {
        let replay = Replay {
            path: &path,
            parameters: &parameters,
            table: &table,
            rules,
        };
        let mut watch = Watch::new(own.accounts(), &parameters.brackets, rules, parameters.latency_s);
        let start = lead_in(&replay, &mut watch).unwrap_or_else(|error| panic!("{error}"));
        let off = Mode::closed_loop(&exogenous, Mechanisms::from_mask(0));
        replay
            .run(start, off, &mut watch)
            .unwrap_or_else(|error| panic!("{error}"));
        let rows = watch
            .rows(0, BarOrder::HighFirst)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(
            (rows[0].fate, rows[0].triggered_at),
            ("liquidated", minute(triggered))
        );
        close(rows[0].trigger_usd.unwrap_or(0.0), mark);
    }
}

/// An account and the replay's own forced orders.
struct Both<'a> {
    watch: Watch<'a>,
    orders: Vec<ForcedOrder>,
}

impl Observer for Both<'_> {
    fn margin(&mut self, margin: &MarginInForce) {
        self.watch.margin(margin);
    }
    fn liquidity(&mut self, at: Timestamp, log_mark: f64, liquidity: &Liquidity) {
        self.watch.liquidity(at, log_mark, liquidity);
    }
    fn margin_call(&mut self, view: &View) {
        self.watch.margin_call(view);
    }
    fn waypoint(&mut self, waypoint: &Waypoint) {
        self.watch.waypoint(waypoint);
    }
    fn forced_order(&mut self, order: &ForcedOrder) {
        self.orders.push(*order);
    }
}

/// The replay holds the same long itself: both go out at one instant and fill at one price, in a shallow book.
#[test]
fn an_own_account_fares_as_the_same_position_of_the_replay() {
    let own = book(LONG);
    let path = path(&[8_000.0, 7_500.0, 7_220.0, 7_180.0, 7_300.0]);
    let (parameters, table, exogenous) = (parameters(1e6), synthetic::decay_table(), news(&path));
    let rules = RuleSet::default();
    let replay = Replay {
        path: &path,
        parameters: &parameters,
        table: &table,
        rules: &rules,
    };
    let held = |side: Side, margin: f64| {
        let (quantity, entry_value, margin) = (
            Coin::from_f64(2.0),
            Cash::from_f64(16_000.0),
            Cash::from_f64(margin),
        );
        let key = Position::key(side, quantity, entry_value, margin, 0.0, 1.0);
        let position = Position {
            key,
            quantity,
            entry_value,
            margin,
        };
        let slot = Slot {
            tier: 0,
            linked: false,
        };
        (side, slot, position)
    };
    let start = lead_in(&replay, &mut Silent)
        .unwrap_or_else(|error| panic!("{error}"))
        .with_positions(vec![held(Side::Long, 1_600.0), held(Side::Short, 1e6)]);
    let mut both = Both {
        watch: Watch::new(own.accounts(), &parameters.brackets, &rules, parameters.latency_s),
        orders: Vec::new(),
    };
    let off = Mode::closed_loop(&exogenous, Mechanisms::from_mask(0));
    replay
        .run(start, off, &mut both)
        .unwrap_or_else(|error| panic!("{error}"));
    let order = both.orders.first().expect("the long of the replay is closed");
    let rows = both
        .watch
        .rows(0, BarOrder::HighFirst)
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rows[0].triggered_at, Some(order.triggered_at));
    assert_eq!(rows[0].filled_at, Some(order.executed_at));
    close(rows[0].fill_usd.unwrap_or(0.0), order.fill_usd);
    assert!(order.fill_usd < 7_150.0, "{}", order.fill_usd);
    let shortfall: f64 = both.orders.iter().map(|order| order.shortfall_usd).sum();
    assert!(
        (rows[0].bad_debt_usd - shortfall).abs() < 1e-4,
        "{} is not {shortfall}",
        rows[0].bad_debt_usd
    );
}

#[test]
fn a_shock_of_minus_thirty_percent_ends_at_seven_tenths_where_nothing_answers() {
    let marks = [8_000.0, 7_900.0, 8_100.0, 8_050.0, 8_000.0, 8_200.0];
    let path = path(&marks);
    let (parameters, table, mut exogenous) = (parameters(1e15), synthetic::decay_table(), news(&path));
    let from = path.at[LEAD - 1];
    let shock = Shock {
        move_bp: -3_000,
        over_s: 240,
    };
    crate::shock::add(shock, from, &path, &mut exogenous);
    let rules = RuleSet::default();
    let replay = Replay {
        path: &path,
        parameters: &parameters,
        table: &table,
        rules: &rules,
    };
    let start = lead_in(&replay, &mut Silent).unwrap_or_else(|error| panic!("{error}"));
    let off = Mode::closed_loop(&exogenous, Mechanisms::from_mask(0));
    let replayed = replay
        .run(start, off, &mut Silent)
        .unwrap_or_else(|error| panic!("{error}"));
    let found: Vec<f64> = replayed
        .log_mark
        .iter()
        .map(|log_mark| libm::exp(*log_mark))
        .collect();
    close(found[5], 0.7 * 8_200.0);
    close(found[3], 0.7 * 8_050.0);
    // Half of the time is half of the logarithm: a factor of the root of 0.7.
    close(found[1], 0.836_660_026_534_075_5 * 7_900.0);
}

#[test]
fn what_the_episode_does_not_trade_or_would_have_closed_before_is_refused() {
    let brackets = brackets();
    let traded = Traded {
        episode: "2020-03-12-black-thursday",
        venue: "binance-usdm",
        instrument: "BTCUSDT",
        brackets: &brackets,
        mark_usd: 7_228.0,
        at: Timestamp::from_seconds(1_584_006_300),
    };
    let refused = |rows: &str| book(rows).check(&traded).expect_err(rows).to_string();
    assert_eq!(
        refused(&LONG.replace("BTCUSDT", "ETHUSDT")),
        "own.csv:2: instrument is `ETHUSDT`; the replay of 2020-03-12-black-thursday trades BTCUSDT under the margin table \
         of binance-usdm, so it should be `BTCUSDT`"
    );
    assert!(refused(&LONG.replace("binance-usdm", "okx")).contains("venue is `okx`"));
    // Equity 56, maintenance 57.824: 1,601.82 and a little more would have stood.
    assert_eq!(
        refused(LONG),
        "own.csv:2: account `mine` would have been closed before the replay begins: at the mark of 7228.00 USD \
         (2020-03-12T09:45:00Z) its equity is 56.00 USD and its maintenance margin 57.82; its collateral should be more \
         than 1601.82 USD"
    );
    assert!(book(&LONG.replace("1600", "1602")).check(&traded).is_ok());
}
