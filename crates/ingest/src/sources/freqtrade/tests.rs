//! Values below were read off the raw arrays by hand, or summed by a separate Python script over the raw file.

use aftershock_archive::tape::Kind;

use crate::Hints;
use crate::testing::{Parsed, cells, fixture, parse_bytes, recognised_by, recorded, sum};

use super::Freqtrade;

fn kept(file: &str) -> Parsed {
    let path = format!("user_data/data/{file}");
    let parsed =
        parse_bytes(&path, &fixture(&format!("freqtrade/{file}")), &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.rejected), ("freqtrade", 0), "{file}");
    parsed
}

const BAR: [&str; 10] = [
    "open_at",
    "close_at",
    "interval_s",
    "price_kind",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "volume_unit",
];

#[test]
fn bars_are_the_same_in_json_and_feather() {
    let json = kept("binance/futures/BTC_USDT_USDT-1m-futures.json");
    let feather = kept("binance/futures/BTC_USDT_USDT-1m-futures.feather");
    assert_eq!(
        json.what,
        "last bars of BTCUSDT on binance-usdm, kept by freqtrade"
    );
    let rows = json.rows(Kind::Bars, "binance-usdm", "BTCUSDT");
    assert_eq!(rows.num_rows(), 10);
    assert_eq!(
        cells(rows, 0, BAR),
        [
            "2024-01-15T00:00:00Z",
            "2024-01-15T00:01:00Z",
            "60",
            "last",
            "41734.9",
            "41797.5",
            "41720.0",
            "41763.1",
            "568.072",
            "base"
        ]
    );
    assert_eq!(rows, feather.rows(Kind::Bars, "binance-usdm", "BTCUSDT"));
}

#[test]
fn trades_are_the_same_in_json_and_feather() {
    let json = kept("binance/BTC_USDT-trades.json");
    let feather = kept("binance/BTC_USDT-trades.feather");
    let rows = json.rows(Kind::Trades, "binance-spot", "BTCUSDT");
    assert_eq!(
        cells(
            rows,
            1,
            [
                "traded_at",
                "trade_id",
                "trade_key",
                "price",
                "quantity",
                "quantity_unit",
                "side"
            ]
        ),
        [
            "2024-01-01T00:00:00.001Z",
            "2807759892",
            "",
            "42283.59",
            "0.00144",
            "base",
            "buy"
        ]
    );
    assert_eq!(rows, feather.rows(Kind::Trades, "binance-spot", "BTCUSDT"));
}

#[test]
fn a_funding_rate_stands_where_bars_have_their_open() {
    let parsed = kept("binance/futures/BTC_USDT_USDT-8h-funding_rate.json");
    let rows = parsed.rows(Kind::Funding, "binance-usdm", "BTCUSDT");
    assert_eq!(rows.num_rows(), 22);
    assert_eq!(
        cells(rows, 0, ["funded_at", "rate", "rate_kind", "interval_h"]),
        ["2024-01-01T00:00:00Z", "0.00037409", "settled", "8.0"]
    );
    // Since release 2025.12 every file says one hour.
    let hourly = parse_bytes(
        "binance/futures/BTC_USDT_USDT-1h-funding_rate.json",
        b"[[1758268800005, 2.109e-05, 0.0, 0.0, 0.0, 0.0]]",
        &Hints::default(),
    )
    .expect("recognised");
    assert_eq!(
        cells(
            hourly.rows(Kind::Funding, "binance-usdm", "BTCUSDT"),
            0,
            ["funded_at", "rate", "interval_h"]
        ),
        ["2025-09-19T08:00:00.005Z", "0.00002109", ""]
    );
}

#[test]
fn months_end_with_the_calendar() {
    let parsed = parse_bytes(
        "binance/BTC_USDT-1Mo.json",
        b"[[1706745600000, 1.0, 2.0, 0.5, 1.5, null]]",
        &Hints::default(),
    )
    .expect("recognised");
    assert_eq!(
        cells(
            parsed.table(Kind::Bars),
            0,
            ["open_at", "close_at", "interval_s", "volume"]
        ),
        ["2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z", "2505600", ""]
    );
}

#[test]
fn bad_rows_are_kept_with_their_reason() {
    let parsed = parse_bytes(
        "binance/BTC_USDT-1m.json",
        b"[[1706745600000,1,2,0.5,1.5,3],[1706745660000,1,0.5,2,1.5,3],[1706745720000,0,2,1,1.5,3],\
          [1706745780000,1,2,1,1.5,-3],[1706745840000,1,2,1,null,3],[1706745840000,1,2,1,1.5],{},[17,1,2,1,1.5,3]]",
        &Hints::default(),
    )
    .expect("recognised");
    assert_eq!((parsed.read, parsed.rejected), (8, 7));
    let rejects = parsed.table(Kind::Rejects);
    let reasons: Vec<String> = (0..7)
        .map(|row| cells(rejects, row, ["reason"]).concat())
        .collect();
    assert_eq!(
        reasons,
        [
            "extremes", "price", "quantity", "number", "columns", "json", "stamp"
        ]
    );
}

#[test]
fn other_arrays_are_not_freqtrades() {
    for (path, text) in [
        ("binance/klines.json", "[[1706745600000,1,2,0.5,1.5,3]]"),
        ("binance/BTC_USDT-1m.json", "[[1706745600000,1,2,0.5,1.5]]"),
        ("binance/BTC_USDT-1m.json", "[{\"open\":1}]"),
        ("binance/BTC_USDT-trades.json", "[[1706745600000,1,2,0.5,1.5,3]]"),
    ] {
        assert!(!recognised_by(&Freqtrade, path, text.as_bytes()), "{path} {text}");
    }
}

fn real(
    path: &str,
    kind: Kind,
    venue: &str,
    instrument: &str,
    rows: usize,
) -> Option<arrow::array::RecordBatch> {
    let parsed = parse_bytes(path, &recorded(path)?, &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.rejected), ("freqtrade", 0), "{path}");
    let found = parsed.rows(kind, venue, instrument).clone();
    assert_eq!(found.num_rows(), rows, "{path}");
    Some(found)
}

fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= expected * 1e-10,
        "{found} is not {expected}"
    );
}

#[test]
fn real_bars() {
    let futures = |path, instrument, rows| real(path, Kind::Bars, "binance-usdm", instrument, rows);
    if let Some(rows) = futures(
        "recorded/binance-um-5m-2022-06/BTC_USDT-5m-futures.json",
        "BTCUSDT",
        6_336,
    ) {
        near(sum(&rows, "volume"), 15_898_562.783);
        assert_eq!(
            cells(&rows, 5_142, BAR),
            [
                "2022-06-18T20:30:00Z",
                "2022-06-18T20:35:00Z",
                "300",
                "last",
                "17710.6",
                "17820.0",
                "17593.2",
                "17777.6",
                "12885.352",
                "base"
            ]
        );
    }
    if let Some(rows) = futures(
        "recorded/binance-um-5m-2025-10/BTC_USDT_USDT-5m-futures.json",
        "BTCUSDT",
        11_123,
    ) {
        near(sum(&rows, "volume"), 5_509_622.839);
        assert_eq!(
            cells(&rows, 6_304, BAR),
            [
                "2025-10-10T21:20:00Z",
                "2025-10-10T21:25:00Z",
                "300",
                "last",
                "103441.3",
                "109550.0",
                "101516.5",
                "108473.0",
                "18875.923",
                "base"
            ]
        );
    }
    futures(
        "recorded/binance-um-5m-2025-10/BTC_USDT_USDT-15m-futures.json",
        "BTCUSDT",
        3_355,
    );
    futures(
        "recorded/binance-um-5m-2025-10/ETH_USDT_USDT-5m-futures.json",
        "ETHUSDT",
        8_819,
    );
    let spot = |path, instrument, rows| real(path, Kind::Bars, "binance-spot", instrument, rows);
    if let Some(rows) = spot(
        "recorded/binance-spot-1m-2021-05/BTC_USDT-1m.json",
        "BTCUSDT",
        5_561,
    ) {
        near(sum(&rows, "volume"), 825_822.330_545);
        assert_eq!(
            cells(&rows, 3_670, ["open_at", "open", "high", "low", "close"]),
            [
                "2021-05-19T13:10:00Z",
                "30101.0",
                "31474.97",
                "30000.0",
                "31392.53"
            ]
        );
    }
    if let Some(rows) = spot(
        "recorded/binance-spot-1m-2021-05/ADA_USDT-1m_2021-05-18_to_20.csv",
        "ADAUSDT",
        4_121,
    ) {
        assert_eq!(
            cells(&rows, 0, ["open_at", "open", "high", "low", "close", "volume"]),
            [
                "2021-05-18T00:00:00Z",
                "2.0301",
                "2.0439",
                "2.0301",
                "2.0428",
                "571514.27"
            ]
        );
    }
}

#[test]
fn real_marks_and_funding() {
    let path = "recorded/binance-um-5m-2022-06/ETH_USDT-8h-mark.json";
    if let Some(rows) = real(path, Kind::Bars, "binance-usdm", "ETHUSDT", 66) {
        assert_eq!(
            cells(&rows, 53, BAR),
            [
                "2022-06-18T16:00:00Z",
                "2022-06-19T00:00:00Z",
                "28800",
                "mark",
                "989.21",
                "1009.79764509",
                "880.58782737",
                "994.67378578",
                "",
                ""
            ]
        );
    }
    let path = "recorded/binance-um-5m-2025-10/BTC_USDT_USDT-8h-funding_rate.json";
    if let Some(rows) = real(path, Kind::Funding, "binance-usdm", "BTCUSDT", 115) {
        near(sum(&rows, "rate"), 0.003_645_29);
        let shown = ["funded_at", "rate", "interval_h"];
        assert_eq!(
            cells(&rows, 1, shown),
            ["2025-09-19T08:00:00.005Z", "0.00002109", "8.0"]
        );
        assert_eq!(cells(&rows, 66, shown), ["2025-10-11T00:00:00Z", "0.0001", "8.0"]);
    }
}
