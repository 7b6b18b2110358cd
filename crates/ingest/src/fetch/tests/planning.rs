//! Which files a request means, against addresses written out by hand.

use std::collections::BTreeMap;

use aftershock_market::Timestamp;
use chrono::DateTime;

use crate::fetch::*;

fn at(text: &str) -> Timestamp {
    Timestamp(DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros())
}

fn request(source: &str, kind: &str, symbol: &str, from: &str, to: &str) -> Request {
    let words = |word: &str| word.split_whitespace().map(str::to_owned).collect();
    Request {
        sources: words(source),
        kinds: words(kind),
        symbols: words(symbol),
        from: at(from),
        to: at(to),
        ..Request::default()
    }
}

fn planned(request: &Request) -> Plan {
    plan(&SourceFile::embedded().unwrap(), request).unwrap()
}

fn urls(plan: &Plan) -> Vec<&str> {
    plan.files.iter().map(|file| file.url.as_str()).collect()
}

#[test]
fn the_embedded_sources_read_and_name_themselves_once() {
    let sources = SourceFile::embedded().unwrap();
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    assert_eq!(
        names,
        ["binance", "bitmex", "bybit", "hyperliquid", "okx", "tardis"]
    );
    for source in &sources {
        assert!(!source.described.is_empty(), "{}", source.name);
        for text in &source.described {
            assert!(text.contains("seen 20"), "{}: {text}", source.name);
        }
        for dataset in &source.datasets {
            let at = format!("{} {}", source.name, dataset.name);
            assert!(dataset.source.contains("seen 20"), "{at}: {}", dataset.source);
            for hole in &dataset.holes {
                let last = hole.to.unwrap_or(hole.from);
                assert!(dataset.from <= hole.from && hole.from <= last, "{at}: {hole:?}");
                assert!(dataset.to.is_none_or(|to| last <= to), "{at}: {hole:?}");
            }
        }
    }
}

/// The addresses are those of the archive's own issues and README, for other days.
#[test]
fn the_days_of_a_window_become_addresses() {
    let request = request(
        "binance",
        "um-aggTrades um-klines um-fundingRate",
        "BTC",
        "2020-03-12T10:00:00Z",
        "2020-03-14T00:00:00Z",
    );
    let plan = planned(&request);
    let base = "https://data.binance.vision/data/futures/um";
    assert_eq!(
        urls(&plan),
        [
            format!("{base}/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2020-03-12.zip"),
            format!("{base}/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2020-03-13.zip"),
            format!("{base}/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2020-03-12.zip"),
            format!("{base}/daily/klines/BTCUSDT/1m/BTCUSDT-1m-2020-03-13.zip"),
            format!("{base}/monthly/fundingRate/BTCUSDT/BTCUSDT-fundingRate-2020-03.zip"),
        ]
    );
    let first = &plan.files[0];
    assert_eq!(
        first.checksum_url.as_deref(),
        Some(format!("{}.CHECKSUM", first.url).as_str())
    );
    assert_eq!(
        first.path.to_str(),
        Some("binance/data/futures/um/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2020-03-12.zip")
    );
}

#[test]
fn a_mirror_changes_the_address_and_not_the_place() {
    let mut request = request(
        "bitmex",
        "trade",
        "",
        "2020-03-13T00:00:00Z",
        "2020-03-13T00:00:01Z",
    );
    request.base_urls = BTreeMap::from([("bitmex".to_owned(), "http://127.0.0.1:9/mirror/".to_owned())]);
    let plan = planned(&request);
    assert_eq!(
        urls(&plan),
        ["http://127.0.0.1:9/mirror/data/trade/20200313.csv.gz"]
    );
    assert_eq!(
        plan.files[0].path.to_str(),
        Some("bitmex/data/trade/20200313.csv.gz")
    );
    assert_eq!(plan.files[0].checksum_url, None);
}

/// The archive's index gives the file of 2025-10-01 the stamp 1759248000000, 2025-09-30T16:00Z
/// (https://github.com/ccxt/ccxt/pull/26814, seen 2026-11-22).
#[test]
fn days_that_are_ahead_of_utc_are_taken_by_their_own_midnight() {
    let day = |from, to| {
        let plan = planned(&request("okx", "spot-trades", "BTC", from, to));
        plan.files
            .iter()
            .map(|file| file.day.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        day("2025-09-30T16:00:00Z", "2025-10-01T16:00:00Z"),
        ["2025-10-01"]
    );
    assert_eq!(
        day("2025-09-30T15:59:59Z", "2025-10-01T16:00:01Z"),
        ["2025-09-30", "2025-10-01", "2025-10-02"]
    );
    let plan = planned(&request(
        "okx",
        "spot-trades",
        "BTC",
        "2025-10-01T00:00:00Z",
        "2025-10-01T01:00:00Z",
    ));
    assert_eq!(
        urls(&plan),
        ["https://static.okx.com/cdn/okex/traderecords/trades/daily/20251001/BTC-USDT-trades-2025-10-01.zip"]
    );
}

#[test]
fn a_window_over_the_new_year_takes_both_months() {
    let plan = planned(&request(
        "binance",
        "um-fundingRate",
        "ETH",
        "2021-12-31T23:59:59Z",
        "2022-01-01T00:00:01Z",
    ));
    let days: Vec<String> = plan.files.iter().map(|file| file.day.to_string()).collect();
    assert_eq!(days, ["2021-12-01", "2022-01-01"]);
}

#[test]
fn what_is_missing_is_told_before_starting() {
    let told = |kind, from, to| {
        let plan = planned(&request("binance", kind, "BTC", from, to));
        let lines: Vec<String> = plan.told.iter().map(Told::to_string).collect();
        (plan.files.len(), lines.join("\n"), plan.told)
    };
    // The crash of May 2021 has a hole in the aggregate trades (issue 350 of the archive).
    let (files, text, _) = told("um-aggTrades", "2021-05-18T00:00:00Z", "2021-05-21T00:00:00Z");
    assert_eq!(files, 3);
    assert!(
        text.contains("binance um-aggTrades, 2021-05-19: hole: ") && text.contains("557,026"),
        "{text}"
    );
    let (_, text, _) = told("um-aggTrades", "2021-05-20T00:00:00Z", "2021-05-21T00:00:00Z");
    assert!(!text.contains("hole"), "{text}");
    // Best quotes ended on 2024-03-30.
    let (files, _, all) = told("um-bookTicker", "2024-03-29T00:00:00Z", "2024-04-02T00:00:00Z");
    assert_eq!(files, 2);
    let ended = all.iter().find(|told| told.about == About::Outside).unwrap();
    assert_eq!(
        (ended.from.to_string(), ended.to.to_string()),
        ("2024-03-31".into(), "2024-04-01".into())
    );
    // Liquidations of USD-M were withdrawn: nothing is asked for.
    let (files, text, _) = told(
        "um-liquidationSnapshot",
        "2023-08-17T00:00:00Z",
        "2023-08-18T00:00:00Z",
    );
    assert_eq!(files, 0);
    assert!(text.contains("out of reach: the owner removed"), "{text}");
    // A hole that has not ended reaches the end of every later window.
    let (_, _, all) = told("um-bookDepth", "2026-09-10T00:00:00Z", "2026-09-12T00:00:00Z");
    let frozen = all.iter().find(|told| told.about == About::Hole).unwrap();
    assert_eq!(frozen.to.to_string(), "2026-09-11");
}

#[test]
fn only_free_days_are_asked_for_and_the_rest_is_told() {
    let asked = request(
        "tardis",
        "deribit-trades",
        "BTC",
        "2020-02-28T00:00:00Z",
        "2020-03-14T00:00:00Z",
    );
    let plan = planned(&asked);
    assert_eq!(
        urls(&plan),
        ["https://datasets.tardis.dev/v1/deribit/trades/2020/03/01/BTC-PERPETUAL.csv.gz"]
    );
    assert_eq!(plan.told[0].about, About::OutOfReach);
    let asked = request(
        "tardis",
        "deribit-trades",
        "BTC",
        "2020-03-01T00:00:00Z",
        "2020-03-02T00:00:00Z",
    );
    assert_eq!(planned(&asked).told, []);
}

#[test]
fn who_must_pay_is_told_so() {
    let plan = planned(&request(
        "hyperliquid",
        "",
        "",
        "2025-10-10T00:00:00Z",
        "2025-10-11T00:00:00Z",
    ));
    assert_eq!(plan.files, []);
    assert!(plan.told[0].what.contains("the requester pays"));
}

#[test]
fn kinds_leave_out_what_is_on_request_only() {
    let datasets = |kinds| {
        let plan = planned(&request(
            "binance",
            kinds,
            "BTC",
            "2024-01-01T00:00:00Z",
            "2024-01-02T00:00:00Z",
        ));
        plan.files
            .into_iter()
            .map(|file| file.dataset)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        datasets("trades"),
        ["spot-aggTrades", "um-aggTrades", "cm-aggTrades"]
    );
    assert_eq!(datasets("spot-trades"), ["spot-trades"]);
    assert!(!datasets("").contains(&"um-bookTicker".to_owned()));
}

#[test]
fn assets_symbols_and_unlisted_words_find_their_datasets() {
    let symbols = |words| {
        let plan = planned(&request(
            "binance",
            "bars",
            words,
            "2024-01-01T00:00:00Z",
            "2024-01-02T00:00:00Z",
        ));
        let symbol = |file: PlannedFile| format!("{} {}", file.product, file.symbol.unwrap());
        plan.files.into_iter().map(symbol).collect::<Vec<_>>()
    };
    assert_eq!(symbols("ETH"), ["spot ETHUSDT", "um ETHUSDT", "cm ETHUSD_PERP"]);
    // A listed symbol goes where it is listed; one that nobody lists is tried everywhere.
    assert_eq!(symbols("ETHUSD_PERP"), ["cm ETHUSD_PERP"]);
    assert_eq!(symbols("SOLUSDT"), ["spot SOLUSDT", "um SOLUSDT", "cm SOLUSDT"]);
}

#[test]
fn requests_that_mean_nothing_say_what_would() {
    let sources = SourceFile::embedded().unwrap();
    let day = ("2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z");
    let fault = |request: &Request| plan(&sources, request).unwrap_err().to_string();
    assert_eq!(
        fault(&request("binanse", "", "", day.0, day.1)),
        "no source `binanse`; known are binance, bitmex, bybit, hyperliquid, okx, tardis"
    );
    let text = fault(&request("bitmex", "candles", "", day.0, day.1));
    assert_eq!(text, "no kind `candles`; known are quote, quotes, trade, trades");
    let text = fault(&request("", "", "../../etc", day.0, day.1));
    assert!(text.starts_with("`../../etc` is no symbol"), "{text}");
    let text = fault(&request("", "", "", day.1, day.0));
    assert!(text.contains("is empty"), "{text}");
}

const SOURCE: &str = r#"name = "x"
title = "t"
base_url = "https://x.test"
licence = "terms not checked"
described = []

[[dataset]]
name = "a"
kind = "trades"
product = "spot"
url = "{symbol}-{date}.zip"
period = "day"
from = 2020-01-01
to = 2020-12-31
symbols = { BTC = "BTCUSDT" }
source = "s"

[[dataset.hole]]
from = 2020-02-01
to = 2020-02-02
what = "w"
source = "s"
"#;

/// Each fault stands in a line counted by hand.
#[test]
fn a_faulty_source_file_says_where_and_what() {
    assert!(SourceFile::parse("data/sources/x.toml", SOURCE).is_ok());
    for (old, new, place, part) in [
        ("name = \"x\"", "name = \"y\"", "1:8: name", "expected `x`"),
        ("\"https:", "\"http:", "3:12: base_url", "expected `https://"),
        (
            "\"terms not checked\"",
            "\"\"",
            "4:11: licence",
            "`terms not checked`",
        ),
        (
            "\"trades\"",
            "\"ticks\"",
            "9:8: dataset.1.kind",
            "expected trades, bars",
        ),
        ("{date}", "{hour}", "11:7: dataset.1.url", "`{hour}` is no blank"),
        ("-{date}", "", "11:7: dataset.1.url", "name the period"),
        (
            "\"day\"",
            "\"week\"",
            "12:10: dataset.1.period",
            "`day` or `month`",
        ),
        (
            "2020-01-01",
            "2020-01-01T00:00:00Z",
            "13:8: dataset.1.from",
            "is no day",
        ),
        (
            "2020-12-31",
            "2019-12-31",
            "14:6: dataset.1.to",
            "before 2020-01-01",
        ),
        (
            "2020-02-02",
            "2021-02-02",
            "19:8: dataset.1.hole.1.from",
            "2020-01-01 to 2020-12-31",
        ),
        ("what = ", "why = ", "21:1: dataset.1.hole.1.why", "unknown field"),
    ] {
        let text = SOURCE.replacen(old, new, 1);
        let error = SourceFile::parse("data/sources/x.toml", &text)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with(&format!("data/sources/x.toml:{place}")),
            "{error}"
        );
        assert!(error.contains(part), "{error}");
    }
}
