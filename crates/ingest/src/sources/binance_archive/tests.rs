//! Values below were read off the raw rows by hand, or summed by a separate Python script over the raw file.

use aftershock_archive::tape::Kind;
use arrow::array::RecordBatch;

use crate::testing::{Parsed, cells, fixture, parse_bytes, recorded, sum, unpacked};
use crate::{Hints, IngestError};

/// Parses a fixture under the path that the archive gives it.
fn archived(file: &str) -> Parsed {
    let bytes = fixture(&format!("binance_archive/{file}"));
    let parsed = parse_bytes(&format!("data/{file}"), &bytes, &Hints::default()).expect("recognised");
    assert_eq!(parsed.source, "binance-archive", "{file}");
    parsed
}

fn rejects(parsed: &Parsed) -> Vec<[String; 2]> {
    let rejects = parsed.table(Kind::Rejects);
    (0..rejects.num_rows())
        .map(|row| cells(rejects, row, ["reason", "source_row"]))
        .collect()
}

const TRADE: [&str; 8] = [
    "traded_at",
    "trade_id",
    "price",
    "quantity",
    "quantity_unit",
    "side",
    "first_trade_id",
    "best_match",
];
const BAR: [&str; 8] = [
    "open_at",
    "interval_s",
    "price_kind",
    "close_at",
    "open",
    "high",
    "low",
    "close",
];

#[test]
fn aggregated_trades_of_spot_in_milliseconds() {
    let parsed = archived("spot/aggTrades/BTCUSDT-aggTrades-2024-01-01.csv");
    assert_eq!(parsed.what, "aggTrades of BTCUSDT on binance-spot");
    assert_eq!((parsed.read, parsed.rejected), (20, 0));
    let rows = parsed.rows(Kind::Trades, "binance-spot", "BTCUSDT");
    assert_eq!(
        cells(rows, 0, TRADE),
        [
            "2024-01-01T00:00:00Z",
            "2807759891",
            "42283.58",
            "0.00069",
            "base",
            "sell",
            "3344774379",
            "true"
        ]
    );
    assert_eq!(
        cells(rows, 1, ["traded_at", "side", "source_row"]),
        ["2024-01-01T00:00:00.001Z", "buy", "1"]
    );
}

#[test]
fn aggregated_trades_of_spot_in_microseconds() {
    let parsed = archived("spot/aggTrades/BTCUSDT-aggTrades-2025-09-01.csv");
    let rows = parsed.rows(Kind::Trades, "binance-spot", "BTCUSDT");
    assert_eq!(
        cells(rows, 0, ["traded_at", "price", "quantity", "side"]),
        ["2025-09-01T00:00:00.178247Z", "108246.36", "0.00023", "buy"]
    );
}

#[test]
fn single_trades_tell_the_other_quantity() {
    let spot = archived("spot/trades/BTCUSDT-trades-2025-05-23.csv");
    assert_eq!(
        cells(
            spot.rows(Kind::Trades, "binance-spot", "BTCUSDT"),
            0,
            [
                "traded_at",
                "trade_id",
                "price",
                "quantity",
                "quote_quantity",
                "side",
                "best_match"
            ]
        ),
        [
            "2025-05-23T00:00:00.216422Z",
            "4943046521",
            "111696.22",
            "0.00041",
            "45.7954502",
            "buy",
            "true"
        ]
    );
    let linear = archived("futures/um/trades/DOCS-trades-2017-07-12.csv");
    assert_eq!(
        cells(
            linear.rows(Kind::Trades, "binance-usdm", "DOCS"),
            0,
            [
                "price",
                "quantity",
                "quantity_unit",
                "quote_quantity",
                "base_quantity",
                "side",
                "best_match"
            ]
        ),
        ["4.000001", "12.0", "base", "48.0", "", "sell", ""]
    );
    // One contract of 100 USD at 9635 is 0.01037883 BTC, as the row says itself.
    let inverse = archived("futures/cm/trades/BTCUSD_PERP-trades-2020-06-04.csv");
    assert_eq!(
        cells(
            inverse.rows(Kind::Trades, "binance-coinm", "BTCUSD_PERP"),
            0,
            [
                "quantity",
                "quantity_unit",
                "contract_size",
                "contract_unit",
                "quote_quantity",
                "base_quantity"
            ]
        ),
        ["1.0", "contract", "100.0", "quote", "", "0.01037883"]
    );
}

#[test]
fn aggregated_trades_of_futures() {
    let linear = archived("futures/um/aggTrades/DOCS-aggTrades-2017-06-30.csv");
    assert_eq!(
        cells(linear.rows(Kind::Trades, "binance-usdm", "DOCS"), 0, TRADE),
        [
            "2017-06-30T03:35:09.153Z",
            "26129",
            "0.01633102",
            "4.70443515",
            "base",
            "sell",
            "27781",
            ""
        ]
    );
    let inverse = archived("futures/cm/aggTrades/ETHUSD_PERP-aggTrades-2021-01-01.csv");
    let rows = inverse.rows(Kind::Trades, "binance-coinm", "ETHUSD_PERP");
    assert_eq!(
        cells(
            rows,
            1,
            ["price", "quantity", "quantity_unit", "contract_size", "side"]
        ),
        ["742.16", "3.0", "contract", "10.0", "buy"]
    );
}

#[test]
fn klines_end_where_the_next_begins() {
    let futures = archived("futures/um/klines/BTCUSDT-1m-2024-01-15.csv");
    assert_eq!((futures.read, futures.rejected), (10, 0));
    let rows = futures.rows(Kind::Bars, "binance-usdm", "BTCUSDT");
    assert_eq!(
        cells(rows, 0, BAR),
        [
            "2024-01-15T00:00:00Z",
            "60",
            "last",
            "2024-01-15T00:01:00Z",
            "41734.9",
            "41797.5",
            "41720.0",
            "41763.1"
        ]
    );
    let volumes = [
        "volume",
        "volume_unit",
        "quote_volume",
        "trades",
        "taker_buy_volume",
        "taker_buy_quote_volume",
    ];
    assert_eq!(
        cells(rows, 0, volumes),
        [
            "568.072",
            "base",
            "23720103.7217",
            "6604",
            "283.435",
            "11835014.3685"
        ]
    );
    // The last microsecond of an hour, as spot writes it since 2025.
    let spot = archived("spot/klines/DOCS-1h-2025-01-01.csv");
    assert_eq!(
        cells(
            spot.rows(Kind::Bars, "binance-spot", "DOCS"),
            0,
            ["open_at", "close_at", "interval_s", "close"]
        ),
        ["2025-01-01T00:00:00Z", "2025-01-01T01:00:00Z", "3600", "4.1554"]
    );
}

#[test]
fn klines_of_contracts_swap_their_volumes() {
    let parsed = archived("futures/cm/klines/BTCUSD_PERP-1m-2020-06-04.csv");
    assert_eq!(
        cells(
            parsed.rows(Kind::Bars, "binance-coinm", "BTCUSD_PERP"),
            0,
            [
                "volume",
                "volume_unit",
                "base_volume",
                "quote_volume",
                "taker_buy_volume",
                "taker_buy_base_volume"
            ]
        ),
        ["206.0", "contract", "2.13660389", "", "119.0", "1.23424865"]
    );
}

#[test]
fn only_the_folder_tells_whose_price_a_kline_is() {
    for (folder, venue, symbol, kind) in [
        ("futures/um/markPriceKlines", "binance-usdm", "BTCUSDT", "mark"),
        ("futures/um/indexPriceKlines", "binance-usdm", "BTCUSDT", "index"),
        (
            "futures/cm/markPriceKlines",
            "binance-coinm",
            "BTCUSD_PERP",
            "mark",
        ),
    ] {
        let parsed = archived(&format!("{folder}/{symbol}-1m-2020-06-04.csv"));
        assert_eq!(parsed.what, format!("{kind} klines of {symbol} on {venue}"));
        assert_eq!(
            cells(
                parsed.rows(Kind::Bars, venue, symbol),
                0,
                ["price_kind", "open", "low", "volume", "trades"]
            ),
            [kind, "9653.29201333", "9653.07367333", "", ""]
        );
    }
    let premium = archived("futures/um/premiumIndexKlines/BTCUSDT-1m-2023-08-09.csv");
    assert_eq!(
        cells(premium.rows(Kind::Bars, "binance-usdm", "BTCUSDT"), 0, BAR),
        [
            "2023-08-09T17:57:00Z",
            "60",
            "premium",
            "2023-08-09T17:58:00Z",
            "-0.00042931",
            "-0.00023641",
            "-0.00059406",
            "-0.00043659"
        ]
    );
    let bytes = fixture("binance_archive/futures/um/markPriceKlines/BTCUSDT-1m-2020-06-04.csv");
    let error = parse_bytes("BTCUSDT-1m-2020-06-04.csv", &bytes, &Hints::default())
        .err()
        .expect("a mark and an index look alike");
    assert!(matches!(error, IngestError::Underspecified { .. }), "{error}");
    assert!(error.to_string().contains("markPriceKlines"), "{error}");
}

#[test]
fn funding_settlements() {
    let parsed = archived("futures/um/fundingRate/BTCUSDT-fundingRate-2024-01.csv");
    let rows = parsed.rows(Kind::Funding, "binance-usdm", "BTCUSDT");
    assert_eq!(rows.num_rows(), 22);
    assert_eq!(
        cells(rows, 0, ["funded_at", "rate", "rate_kind", "interval_h"]),
        ["2024-01-01T00:00:00Z", "0.00037409", "settled", "8.0"]
    );
}

const INTEREST: [&str; 4] = ["read_at", "quantity", "quantity_unit", "notional_quote"];
const RATIO: [&str; 3] = ["read_at", "measure", "ratio"];

#[test]
fn metrics_are_read_at_the_end_of_their_period() {
    // A row a day, as the archive had it in 2023, is not shifted.
    let daily = archived("futures/um/metrics/BTCUSDT-metrics-2023-01-21.csv");
    assert_eq!(
        cells(
            daily.rows(Kind::OpenInterest, "binance-usdm", "BTCUSDT"),
            0,
            INTEREST
        ),
        ["2023-01-21T00:00:00Z", "98666.163", "base", "2236289208.197267"]
    );
    let ratios = daily.rows(Kind::LongShort, "binance-usdm", "BTCUSDT");
    assert_eq!(
        [0, 1, 2, 3].map(|row| cells(ratios, row, ["measure", "ratio"])),
        [
            ["top_trader_accounts", "0.766568632422291"],
            ["top_trader_positions", "1.1363333457"],
            ["accounts", "0.8332767017782309"],
            ["taker_volume", "0.92530759"],
        ]
        .map(|row| row.map(str::to_owned))
    );

    // From 2026-06-25 the label is the start.
    let relabelled = archived("futures/um/metrics/BTCUSDT-metrics-2026-06-25.csv");
    assert_eq!(
        cells(
            relabelled.rows(Kind::OpenInterest, "binance-usdm", "BTCUSDT"),
            0,
            INTEREST
        ),
        ["2026-06-25T00:05:00Z", "100000.0", "base", "10000000000.0"]
    );
    assert_eq!(
        cells(
            relabelled.rows(Kind::LongShort, "binance-usdm", "BTCUSDT"),
            7,
            RATIO
        ),
        ["2026-06-25T00:10:00Z", "taker_volume", "1.1"]
    );
    // The last row of the file of the day before bears the same label and is read at it.
    let line = "create_time,symbol,sum_open_interest,sum_open_interest_value,count_toptrader_long_short_ratio,\
                sum_toptrader_long_short_ratio,count_long_short_ratio,sum_taker_long_short_vol_ratio\n\
                2026-06-25 00:00:00,BTCUSDT,99999.0,1.0,1,1,1,1\n";
    let before = parse_bytes(
        "data/futures/um/daily/metrics/BTCUSDT/BTCUSDT-metrics-2026-06-24.csv",
        line.as_bytes(),
        &Hints::default(),
    )
    .expect("recognised");
    assert_eq!(
        cells(
            before.rows(Kind::OpenInterest, "binance-usdm", "BTCUSDT"),
            0,
            ["read_at"]
        ),
        ["2026-06-25T00:00:00Z"]
    );
}

#[test]
fn metrics_of_contracts_count_contracts_and_coins() {
    let parsed = archived("futures/cm/metrics/BTCUSD_PERP-metrics-2023-06-25.csv");
    assert_eq!((parsed.read, parsed.rejected), (3, 0));
    let rows = parsed.rows(Kind::OpenInterest, "binance-coinm", "BTCUSD_PERP");
    assert_eq!(rows.num_rows(), 6);
    assert_eq!(
        cells(rows, 0, INTEREST),
        ["2023-06-25T00:05:00Z", "5578700.0", "contract", ""]
    );
    assert_eq!(
        cells(rows, 1, INTEREST),
        ["2023-06-25T00:05:00Z", "18265.00911826", "base", ""]
    );
    // Of the ratios only the takers' is there.
    let ratios = parsed.rows(Kind::LongShort, "binance-coinm", "BTCUSD_PERP");
    assert_eq!(ratios.num_rows(), 3);
    assert_eq!(
        cells(ratios, 2, RATIO),
        ["2023-06-25T00:15:00Z", "taker_volume", "2.90028011"]
    );
}

#[test]
fn bands_of_the_book() {
    let parsed = archived("futures/um/bookDepth/BTCUSDT-bookDepth-2025-05-19.csv");
    let rows = parsed.rows(Kind::DepthBands, "binance-usdm", "BTCUSDT");
    assert_eq!(rows.num_rows(), 10);
    let shown = [
        "taken_at",
        "band_pct",
        "quantity",
        "quantity_unit",
        "notional_quote",
    ];
    assert_eq!(
        cells(rows, 0, shown),
        [
            "2025-05-19T11:07:31Z",
            "-5.0",
            "7885.275",
            "base",
            "647368074.3692"
        ]
    );
    assert_eq!(
        cells(rows, 9, shown),
        [
            "2025-05-19T11:07:31Z",
            "5.0",
            "6491.515",
            "base",
            "555012399.2844"
        ]
    );
}

#[test]
fn best_quotes() {
    let parsed = archived("futures/um/bookTicker/BTCUSDT-bookTicker-2024-01-01.csv");
    let rows = parsed.rows(Kind::Quotes, "binance-usdm", "BTCUSDT");
    assert_eq!(
        cells(
            rows,
            0,
            [
                "quoted_at",
                "event_at",
                "update_id",
                "bid_price",
                "bid_quantity",
                "ask_price",
                "ask_quantity"
            ]
        ),
        [
            "2024-01-01T00:00:00.003Z",
            "2024-01-01T00:00:00.009Z",
            "3728990000001",
            "42314.0",
            "3.489",
            "42314.1",
            "5.575"
        ]
    );
}

#[test]
fn forced_orders_of_contracts() {
    let parsed = archived("futures/cm/liquidationSnapshot/BTCUSD_200925-liquidationSnapshot-2020-06-03.csv");
    let rows = parsed.rows(Kind::Liquidations, "binance-coinm", "BTCUSD_200925");
    assert_eq!(rows.num_rows(), 4);
    let shown = [
        "liquidated_at",
        "liquidation_key",
        "side",
        "price",
        "average_price",
        "quantity",
        "filled_quantity",
        "last_filled_quantity",
        "quantity_unit",
        "contract_size",
        "status",
        "order_type",
        "coverage",
    ];
    assert_eq!(
        cells(rows, 2, shown),
        [
            "2020-06-03T03:18:20.120Z",
            "1591154300120",
            "buy",
            "9620.5",
            "9551.5",
            "76.0",
            "76.0",
            "66.0",
            "contract",
            "100.0",
            "FILLED",
            "LIMIT IOC",
            "throttled"
        ]
    );
    // The archive writes each order twice; all but the origin is equal, and so is the key.
    assert_eq!(cells(rows, 2, shown), cells(rows, 3, shown));
}

#[test]
fn bad_rows_are_kept_with_their_reason() {
    let lines = "1,42283.5,1,1,1,1704067200000,True,True\n\
                 2,42283.5,1,1,1,1704067200000,True\n\
                 3,0,1,1,1,1704067200000,True,True\n\
                 4,1,-1,1,1,1704067200000,True,True\n\
                 5,1,1,1,1,170406720000,True,True\n\
                 6,1,1,1,1,1704067200000,maybe,True\n\
                 7,nan,1,1,1,1704067200000,True,True\n\
                 8,1,1,1\n";
    let parsed = parse_bytes(
        "BTCUSDT-aggTrades-2024-01-01.csv",
        lines.as_bytes(),
        &Hints::default(),
    )
    .expect("recognised");
    assert_eq!((parsed.read, parsed.rejected), (8, 6));
    assert_eq!(
        rejects(&parsed),
        [
            ["price", "2"],
            ["quantity", "3"],
            ["stamp", "4"],
            ["word", "5"],
            ["number", "6"],
            ["columns", "7"],
        ]
        .map(|row| row.map(str::to_owned))
    );
    let rows = parsed.table(Kind::Trades);
    assert_eq!(
        cells(rows, 1, ["trade_id", "best_match", "source_row"]),
        ["2", "", "1"]
    );

    let header = "open_time,open,high,low,close,volume,close_time,quote_volume,count,taker_buy_volume,\
                  taker_buy_quote_volume,ignore\n";
    let good = "1705276800000,1,2,0.5,1.5,10,1705276859999,15,3,4,6,0\n";
    let bad = "1705276860000,1,0.5,2,1.5,10,1705276919999,15,3,4,6,0\n\
               1705276860000,1,2,-1,1.5,10,1705276919999,15,3,4,6,0\n\
               1705276860000,1,2,0.5,1.5,-10,1705276919999,15,3,4,6,0\n\
               1705276860000,1,2,0.5,1.5,10,1705276800000,15,3,4,6,0\n";
    let parsed = parse_bytes(
        "klines/BTCUSDT-1m-2024-01.csv",
        format!("{header}{good}{bad}").as_bytes(),
        &Hints::default(),
    )
    .expect("recognised");
    let reasons: Vec<String> = rejects(&parsed).into_iter().map(|[reason, _]| reason).collect();
    assert_eq!(reasons, ["extremes", "price", "quantity", "stamp"]);
    assert_eq!(parsed.table(Kind::Bars).num_rows(), 1);
}

#[test]
fn what_the_user_says_stands_over_the_name() {
    let hints = Hints {
        venue: Some("binance-usdm".to_owned()),
        instrument: Some("ETHUSDT".to_owned()),
        ..Hints::default()
    };
    let bytes = fixture("binance_archive/spot/klines/DOCS-1m-2020-09-30.csv");
    let parsed = parse_bytes("klines.csv", &bytes, &hints).expect("recognised");
    assert_eq!(parsed.what, "last klines of ETHUSDT on binance-usdm");
    let error = parse_bytes("klines.csv", &bytes, &Hints::default())
        .err()
        .expect("nothing names a symbol");
    assert_eq!(
        error.to_string(),
        "klines.csv is klines of Binance's archive, but its name has no symbol; `--instrument BTCUSDT` says it"
    );
}

/// A real file and what a separate reading of it gives.
fn real(path: &str) -> Option<Parsed> {
    let bytes = unpacked(recorded(path)?);
    let path = path.trim_end_matches(".gz");
    let parsed = parse_bytes(path, &bytes, &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.rejected), ("binance-archive", 0), "{path}");
    Some(parsed)
}

fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= expected * 1e-10,
        "{found} is not {expected}"
    );
}

fn last(rows: &RecordBatch) -> usize {
    rows.num_rows() - 1
}

#[test]
fn a_real_day_of_aggregated_trades() {
    let Some(parsed) = real("registry/BTCUSDT-aggTrades-2024-01-01.zip") else {
        return;
    };
    let rows = parsed.rows(Kind::Trades, "binance-spot", "BTCUSDT");
    assert_eq!((parsed.read, rows.num_rows()), (863_403, 863_403));
    near(sum(rows, "quantity"), 27_174.299_03);
    assert_eq!(
        cells(rows, 500_000, TRADE),
        [
            "2024-01-01T17:07:05.652Z",
            "2808259891",
            "42767.98",
            "0.00134",
            "base",
            "buy",
            "3345399289",
            "true"
        ]
    );
    assert_eq!(
        cells(rows, last(rows), TRADE),
        [
            "2024-01-01T23:59:59.999Z",
            "2808623293",
            "44179.55",
            "0.00223",
            "base",
            "buy",
            "3345889001",
            "true"
        ]
    );
}

#[test]
fn real_trades_in_microseconds() {
    if let Some(parsed) = real("registry/btcusdt_binance_spot_aggtrades_20250901_10k.csv.gz") {
        let rows = parsed.rows(Kind::Trades, "binance-spot", "BTCUSDT");
        assert_eq!(rows.num_rows(), 10_001);
        near(sum(rows, "quantity"), 329.883_79);
        assert_eq!(
            cells(
                rows,
                5_000,
                [
                    "traded_at",
                    "trade_id",
                    "price",
                    "quantity",
                    "side",
                    "last_trade_id"
                ]
            ),
            [
                "2025-09-01T00:05:38.796538Z",
                "3664801852",
                "108097.21",
                "0.00148",
                "sell",
                "5205396542"
            ]
        );
    }
    if let Some(parsed) = real("registry/btcusdt_binance_spot_trades_20250523_90s.zip") {
        let rows = parsed.rows(Kind::Trades, "binance-spot", "BTCUSDT");
        assert_eq!(rows.num_rows(), 5_225);
        near(sum(rows, "quantity"), 19.155_38);
        near(sum(rows, "quote_quantity"), 2_138_712.794_983_2);
        assert_eq!(
            cells(
                rows,
                1_000,
                ["traded_at", "trade_id", "price", "quote_quantity", "side"]
            ),
            [
                "2025-05-23T00:00:14.579270Z",
                "4943047521",
                "111682.3",
                "5.584115",
                "sell"
            ]
        );
    }
}

#[test]
fn real_klines_of_perpetuals() {
    for (path, symbol, volume) in [
        (
            "registry/btcusdt_binance_perp_1m_20240115.csv.gz",
            "BTCUSDT",
            240_059.141,
        ),
        (
            "registry/ethusdt_binance_perp_1m_20240115.csv.gz",
            "ETHUSDT",
            1_818_558.839,
        ),
    ] {
        if let Some(parsed) = real(path) {
            let rows = parsed.rows(Kind::Bars, "binance-usdm", symbol);
            assert_eq!(rows.num_rows(), 1_440);
            near(sum(rows, "volume"), volume);
        }
    }
    // The minute of the lows of 2025-02-03, 02:08.
    for (symbol, volume, low) in [
        ("ALGOUSDT", 1_940_621_855.9, "0.2185"),
        ("AVAXUSDT", 62_635_432.0, "21.219"),
        ("FILUSDT", 335_083_003.5, "2.58"),
        ("NEARUSDT", 258_981_612.0, "2.705"),
    ] {
        let path = format!("recorded/binance-um-1m-vision-2025-02/{symbol}-1m_2025-02-02_to_2025-02-05.csv");
        if let Some(parsed) = real(&path) {
            let rows = parsed.rows(Kind::Bars, "binance-usdm", symbol);
            assert_eq!(rows.num_rows(), 4_320);
            near(sum(rows, "volume"), volume);
            assert_eq!(
                cells(rows, 1_568, ["open_at", "low", "interval_s"]),
                ["2025-02-03T02:08:00Z", low, "60"]
            );
        }
    }
}
