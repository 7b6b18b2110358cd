//! Values below were read off the raw rows by hand, or summed by a separate Python script over the raw file.

use aftershock_archive::tape::Kind;

use crate::testing::{Parsed, cells, fixture, parse_bytes, recorded};
use crate::{Hints, IngestError};

fn parsed(file: &str) -> Parsed {
    let path = format!("raw/bitmex/{file}");
    let parsed =
        parse_bytes(&path, &fixture(&format!("bitmex/{file}")), &Hints::default()).expect("recognised");
    assert_eq!(parsed.source, "bitmex", "{file}");
    parsed
}

fn rows<'a>(parsed: &'a Parsed, kind: Kind, instrument: &str) -> &'a arrow::array::RecordBatch {
    parsed.rows(kind, "bitmex", instrument)
}

#[test]
fn archive_quotes_in_scientific_notation() {
    let parsed = parsed("quote/20190419.csv");
    assert_eq!((parsed.read, parsed.rejected), (10, 0));
    let quotes = rows(&parsed, Kind::Quotes, "ADAM19");
    assert_eq!(quotes.num_rows(), 10);
    let shown = [
        "quoted_at",
        "bid_price",
        "bid_quantity",
        "ask_price",
        "ask_quantity",
        "quantity_unit",
    ];
    assert_eq!(
        cells(quotes, 0, shown),
        [
            "2019-04-19T00:00:05.759343Z",
            "0.0000158",
            "159977.0",
            "0.00001581",
            "185957.0",
            "contract"
        ]
    );
}

#[test]
fn archive_trades_count_dollars_or_coins() {
    let shown = [
        "traded_at",
        "price",
        "quantity",
        "quantity_unit",
        "base_quantity",
        "quote_quantity",
        "side",
    ];
    let dollars = parsed("trade/20200504.csv");
    assert_eq!(
        cells(rows(&dollars, Kind::Trades, "XBTUSD"), 0, shown),
        [
            "2020-05-04T00:00:03.367608Z",
            "8907.5",
            "1.0",
            "quote",
            "0.00011226",
            "1.0",
            "buy"
        ]
    );
    let coins = parsed("trade/20181205.csv");
    let coins = rows(&coins, Kind::Trades, "ADAZ18");
    assert_eq!(
        cells(coins, 0, shown),
        [
            "2018-12-05T00:00:25.948313Z",
            "9.54e-6",
            "166774.0",
            "base",
            "166774.0",
            "1.591024",
            "sell"
        ]
    );
    assert_eq!(
        cells(coins, 0, ["trade_key", "tick", "settlement_value", "nanoseconds"]),
        [
            "498350a3-8c03-affd-cf87-e6d8a90b70e5",
            "MinusTick",
            "159102396.0",
            ""
        ]
    );
}

#[test]
fn later_columns_indices_and_bad_rows() {
    let parsed = parsed("trade/constructed-20260401.csv");
    assert_eq!((parsed.read, parsed.rejected), (5, 1));
    let dollars = rows(&parsed, Kind::Trades, "XBTUSD");
    assert_eq!(dollars.num_rows(), 2);
    assert_eq!(
        cells(dollars, 0, ["nanoseconds", "trade_type", "book"]),
        ["789", "Regular", "Primary"]
    );
    let quanto = rows(&parsed, Kind::Trades, "ETHUSD");
    assert_eq!(
        cells(quanto, 0, ["quantity", "quantity_unit", "contract_size"]),
        ["5.0", "contract", ""]
    );
    let index = rows(&parsed, Kind::Marks, ".BXBT");
    assert_eq!(
        cells(index, 0, ["marked_at", "index_price"]),
        ["2026-04-01T00:00:01Z", "50001.25"]
    );
    let rejects = parsed.table(Kind::Rejects);
    assert_eq!(cells(rejects, 0, ["reason", "source_row"]), ["stamp", "4"]);
}

#[test]
fn stream_and_answer_give_the_same_trades() {
    let shown = ["traded_at", "price", "quantity", "base_quantity", "trade_key"];
    for file in ["trade-websocket.jsonl", "trade.json"] {
        let parsed = parsed(file);
        assert_eq!((parsed.read, parsed.rejected), (4, 0), "{file}");
        assert_eq!(
            cells(rows(&parsed, Kind::Trades, "XBTUSD"), 3, shown),
            [
                "2018-08-19T07:08:27.085Z",
                "6360.0",
                "8306.0",
                "1.30595238",
                "e986b9e1-a220-cbee-aea3-97a056c3a354"
            ]
        );
    }
}

#[test]
fn buckets_are_stamped_at_their_end() {
    let parsed = parsed("constructed-bucketed-1m.json");
    assert_eq!((parsed.read, parsed.rejected), (4, 0));
    assert_eq!(parsed.what, "bars of 60 s on bitmex");
    let bars = rows(&parsed, Kind::Bars, "XBTUSD");
    assert_eq!(
        cells(
            bars,
            0,
            [
                "open_at",
                "close_at",
                "interval_s",
                "close",
                "volume",
                "volume_unit",
                "trades"
            ]
        ),
        [
            "2021-01-01T00:00:00Z",
            "2021-01-01T00:01:00Z",
            "60",
            "29005.0",
            "2900.0",
            "quote",
            "12"
        ]
    );
    assert_eq!(
        cells(bars, 1, ["trades", "vwap", "last_quantity"]),
        ["0", "", ""],
        "an empty bucket is a bar"
    );
    assert_eq!(
        cells(bars, 2, ["open", "high", "low"]),
        ["29005.0", "29001.0", "29000.0"]
    );
    let quanto = rows(&parsed, Kind::Bars, "ETHUSD");
    assert_eq!(
        cells(quanto, 0, ["volume", "volume_unit", "base_volume"]),
        ["1000.0", "contract", ""]
    );
}

#[test]
fn one_bucket_alone_has_no_length() {
    let whole = fixture("bitmex/constructed-bucketed-1m.json");
    let text = String::from_utf8(whole).expect("text");
    let one = format!("{}}}]", text.split('}').next().expect("one bucket"));
    let refused = parse_bytes("one.json", one.as_bytes(), &Hints::default());
    assert!(matches!(refused, Err(IngestError::Underspecified { .. })));
}

#[test]
fn funding_with_its_interval() {
    let json = parsed("funding.json");
    let shown = ["funded_at", "rate", "rate_kind", "interval_h", "rate_daily"];
    assert_eq!(
        cells(rows(&json, Kind::Funding, "XBTUSD"), 0, shown),
        ["2021-04-01T20:00:00Z", "0.000817", "settled", "8.0", "0.002451"]
    );
    assert_eq!(
        cells(
            rows(&json, Kind::Funding, "SNTUSDT"),
            0,
            ["rate", "rate_daily", "exact"]
        ),
        ["0.0001", "0.00030000000000000003", ""]
    );
    let csv = parsed("constructed-funding.csv");
    assert_eq!(
        cells(rows(&csv, Kind::Funding, "ETHXBT"), 0, ["rate", "interval_h"]),
        ["-0.001662", "24.0"]
    );
}

#[test]
fn liquidations_need_a_time_of_arrival() {
    let undated = parsed("liquidation-websocket.jsonl");
    assert_eq!((undated.read, undated.rejected), (1, 1));
    assert_eq!(cells(undated.table(Kind::Rejects), 0, ["reason"]), ["stamp"]);
    let dated = parsed("constructed-liquidation-stamped.jsonl");
    assert_eq!(
        (dated.read, dated.rejected),
        (3, 2),
        "a change and a removal are no orders"
    );
    let shown = [
        "liquidated_at",
        "side",
        "price",
        "quantity",
        "quantity_unit",
        "coverage",
    ];
    assert_eq!(
        cells(rows(&dated, Kind::Liquidations, "XBTUSD"), 0, shown),
        [
            "2020-03-13T02:14:59.123456Z",
            "sell",
            "3670.5",
            "68000.0",
            "quote",
            "unknown"
        ]
    );
}

/// The outage of 2020-03-13, 02:17 to 02:30 by the stamps of the bucket's end: few trades, and a bar every minute.
#[test]
fn the_recorded_outage_stays_as_it_was() {
    let Some(bytes) = recorded("recorded/bitmex-xbtusd-1m/2020-3-13.json") else {
        return;
    };
    let parsed = parse_bytes("2020-3-13.json", &bytes, &Hints::default()).expect("recognised");
    assert_eq!(
        (parsed.source, parsed.read, parsed.rejected),
        ("bitmex", 1_440, 0)
    );
    let bars = rows(&parsed, Kind::Bars, "XBTUSD");
    assert_eq!(bars.num_rows(), 1_440);
    assert_eq!(
        cells(bars, 0, ["open_at", "close"]),
        ["2020-03-12T23:59:00Z", "4346.0"]
    );
    assert_eq!(
        cells(
            bars,
            137,
            ["open_at", "close_at", "close", "trades", "volume", "base_volume"]
        ),
        [
            "2020-03-13T02:16:00Z",
            "2020-03-13T02:17:00Z",
            "3607.0",
            "1",
            "10.0",
            "0.0027724"
        ]
    );
    let trades: Vec<String> = (137..151)
        .map(|row| cells(bars, row, ["trades"])[0].clone())
        .collect();
    let counted = [
        "1", "5", "13", "9", "2", "0", "0", "0", "2", "0", "4", "9", "12", "3",
    ];
    assert_eq!(trades, counted);
    let outside = cells(bars, 147, ["open", "high", "low"]);
    assert_eq!(
        outside,
        ["3614.5", "3612.0", "3610.0"],
        "the open is the close before"
    );
    let volume: f64 = (0..1_440)
        .map(|row| cells(bars, row, ["volume"])[0].parse::<f64>().expect("a number"))
        .sum();
    assert_eq!(volume, 8_480_591_355.0);
}

#[test]
fn every_recorded_day_is_whole() {
    let days = [
        ("2020-3-11", 2_617_968_445.0),
        ("2020-3-12", 9_866_501_592.0),
        ("2020-3-14", 2_287_228_519.0),
        ("2021-5-18", 2_717_100_111.0),
        ("2021-5-19", 8_621_971_730.0),
        ("2021-5-20", 3_454_865_670.0),
    ];
    for (day, summed) in days {
        let Some(bytes) = recorded(&format!("recorded/bitmex-xbtusd-1m/{day}.json")) else {
            return;
        };
        let parsed = parse_bytes(&format!("{day}.json"), &bytes, &Hints::default()).expect("recognised");
        assert_eq!((parsed.read, parsed.rejected), (1_440, 0), "{day}");
        let bars = rows(&parsed, Kind::Bars, "XBTUSD");
        let volume: f64 = (0..1_440)
            .map(|row| cells(bars, row, ["volume"])[0].parse::<f64>().expect("a number"))
            .sum();
        assert_eq!(volume, summed, "{day}");
        let exact = (0..1_440).filter(|row| !cells(bars, *row, ["exact"])[0].is_empty());
        assert_eq!(exact.count(), 0, "{day}: a double gives every number back");
    }
}
