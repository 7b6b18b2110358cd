//! Accounts on made-up paths, against figures worked out by hand.
//!
//! The long of most tests holds 2 BTC from 8,000 with 1,600 of collateral. With a maintenance ratio `r` it is closed at
//! `(1,600 - 16,000) / (2 (r - 1))`: 7,228.92 at 0.4 %, 7,346.94 at 2 %. Shares and logs were taken in Python.

use aftershock_market::journal::OwnAccountRow;
use aftershock_market::{BarOrder, Timestamp};
use aftershock_protocol::{Brackets, NO_PAST, RuleSet, Tier, View};
use aftershock_replay::response::book::{Book, BookParameters, Stress};
use aftershock_replay::{Liquidity, Observer, Waypoint};
use aftershock_rules::RuleSetFile;

use super::*;

pub(super) const HEADER: &str = "account,venue,instrument,side,quantity,entry_usd,collateral_usd,margin\n";
pub(super) const LONG: &str = "mine,binance-usdm,BTCUSDT,long,2,8000,1600,isolated\n";
/// Between two waypoints, s.
pub(super) const STEP_S: i64 = 60;

pub(super) fn book(rows: &str) -> OwnBook {
    OwnBook::parse("own.csv", &format!("{HEADER}{rows}")).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn brackets() -> Brackets {
    let tier = Tier {
        floor_usd: 0.0,
        cap_usd: f64::INFINITY,
        maintenance_ratio: 0.004,
        max_leverage: 125.0,
        maintenance_amount_usd: 0.0,
    };
    Brackets::new(vec![tier]).unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn rules(rule: &str) -> RuleSetFile {
    let head = "name = \"x\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n\n[[rule]]\nkind = \"declared\"\nname = \"r\"\n";
    RuleSetFile::parse("x.toml", &format!("{head}{rule}\nreason = \"r\"\n"))
        .unwrap_or_else(|error| panic!("{error}"))
}

#[track_caller]
pub(super) fn close(found: f64, expected: f64) {
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
            let parameters = BookParameters::prior(usd_per_log);
            let liquidity = Liquidity {
                book: Book::new(at.0, &parameters, &Stress::NONE),
                parameters,
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
                index_usd: None,
                bid_depth_1pct_usd: 1e7,
                depth_ratio: 1.0,
                past: &NO_PAST,
            });
        }
        watch.waypoint(&Waypoint {
            index,
            log_mark,
            log_open: log_mark,
            log_news: log_mark,
            log_null: log_mark,
            ordinary_usd: 0.0,
            ordinary_depth: 1.0,
            impact_log: 0.0,
            depth_ratio: 1.0,
            halted: halted.contains(&index),
            eventful: true,
        });
    }
    watch
        .rows(0, BarOrder::HighFirst)
        .unwrap_or_else(|error| panic!("{error}"))
}

pub(super) fn minute(number: i64) -> Option<Timestamp> {
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
