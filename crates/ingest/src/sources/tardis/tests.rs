//! Values below were read off the rows of the fixtures by hand.

use aftershock_archive::tape::Kind;

use crate::testing::{Parsed, cells, fixture, parse_bytes};
use crate::{Hints, IngestError};

fn parsed(file: &str) -> Parsed {
    let path = format!("datasets/{file}");
    let parsed =
        parse_bytes(&path, &fixture(&format!("tardis/{file}")), &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.rejected), ("tardis", 0), "{file}");
    parsed
}

#[test]
fn trades_by_number_and_by_key() {
    let shown = [
        "traded_at",
        "received_at",
        "trade_id",
        "trade_key",
        "side",
        "price",
        "quantity",
        "quantity_unit",
    ];
    let coins = parsed("binance-futures_trades_2020-02-22_BTCUSDT.csv");
    assert_eq!(coins.read, 6);
    assert_eq!(
        cells(coins.rows(Kind::Trades, "binance-usdm", "BTCUSDT"), 5, shown),
        [
            "2020-02-22T00:00:04.065Z",
            "2020-02-22T00:00:04.185418Z",
            "42377952",
            "",
            "sell",
            "9681.62",
            "0.001",
            "base"
        ]
    );
    let dollars = parsed("bitmex_trades_2020-03-01_XBTUSD.csv");
    assert_eq!(
        cells(dollars.rows(Kind::Trades, "bitmex", "XBTUSD"), 0, shown),
        [
            "2020-03-01T00:00:03.145Z",
            "2020-03-01T00:00:03.307160Z",
            "",
            "ccc3c1fa-212c-e8b0-1706-9b9c4f3d5ecf",
            "sell",
            "8531.5",
            "2152.0",
            "quote"
        ]
    );
}

#[test]
fn quotes_run_from_the_outside_in() {
    let shown = [
        "quoted_at",
        "bid_price",
        "bid_quantity",
        "ask_price",
        "ask_quantity",
        "quantity_unit",
        "quote_origin",
    ];
    let contracts = parsed("huobi-dm-swap_quotes_2020-04-01_BTC-USD.csv");
    assert_eq!(
        cells(contracts.rows(Kind::Quotes, "huobi-dm-swap", "BTC-USD"), 0, shown),
        [
            "2020-04-01T00:00:01.147Z",
            "6422.9",
            "112.0",
            "6423.0",
            "86.0",
            "contract",
            "derived"
        ]
    );
    let coins = parsed("hyperliquid_book_ticker_2026-09-01_BTC.csv");
    assert_eq!(
        cells(coins.rows(Kind::Quotes, "hyperliquid", "BTC"), 0, shown),
        [
            "2026-09-01T00:00:00.019Z",
            "78574.0",
            "10.0",
            "78575.0",
            "2.6",
            "base",
            "recorded"
        ]
    );
}

#[test]
fn names_tell_apart_what_columns_do_not() {
    let bytes = fixture("tardis/bitmex_trades_2020-03-01_XBTUSD.csv");
    let refused = parse_bytes("XBTUSD.csv", &bytes, &Hints::default());
    assert!(matches!(refused, Err(IngestError::Underspecified { .. })));
    let folder = parse_bytes(
        "v1/bitmex/liquidations/2020/03/01/XBTUSD.csv",
        &bytes,
        &Hints::default(),
    );
    let folder = folder.expect("recognised");
    assert_eq!(folder.tables[0].0.kind, Kind::Liquidations);
}

#[test]
fn liquidations_of_many_instruments() {
    let forced = parsed("constructed_deribit_liquidations_2021-09-01_PERPETUALS.csv");
    assert_eq!(forced.read, 3);
    let shown = [
        "liquidated_at",
        "liquidation_key",
        "side",
        "price",
        "quantity",
        "quantity_unit",
        "coverage",
    ];
    assert_eq!(
        cells(
            forced.rows(Kind::Liquidations, "deribit", "BTC-PERPETUAL"),
            0,
            shown
        ),
        [
            "2021-09-01T00:00:00.100Z",
            "170000001",
            "sell",
            "47000.5",
            "5000.0",
            "quote",
            "complete"
        ]
    );
    let contracts = forced.rows(Kind::Liquidations, "binance-coinm", "BTCUSD_PERP");
    assert_eq!(
        cells(
            contracts,
            0,
            [
                "quantity",
                "quantity_unit",
                "contract_size",
                "contract_unit",
                "coverage"
            ]
        ),
        ["3.0", "contract", "100.0", "quote", "throttled"]
    );
}

#[test]
fn a_ticker_becomes_marks_and_what_changes_seldom() {
    let ticker = parsed("deribit_derivative_ticker_2026-08-10_BTC-PERPETUAL.csv");
    let marks = ticker.rows(Kind::Marks, "deribit", "BTC-PERPETUAL");
    assert_eq!((ticker.read, marks.num_rows()), (3, 3));
    assert_eq!(
        cells(marks, 1, ["marked_at", "last_price", "index_price", "mark_price"]),
        ["2026-08-10T00:11:05.637Z", "65255.5", "65221.3", "65237.9"]
    );
    let interest = ticker.rows(Kind::OpenInterest, "deribit", "BTC-PERPETUAL");
    assert_eq!(interest.num_rows(), 1, "it did not change");
    assert_eq!(
        cells(interest, 0, ["quantity", "quantity_unit"]),
        ["705041730.0", "quote"]
    );
    let funding = ticker.rows(Kind::Funding, "deribit", "BTC-PERPETUAL");
    assert_eq!(funding.num_rows(), 2, "it changed once");
    assert_eq!(
        cells(funding, 1, ["rate", "rate_kind"]),
        ["4.52e-6", "continuous"]
    );
}

#[test]
fn empty_columns_of_a_ticker_stay_empty() {
    let ticker = parsed("dydx-v4_derivative_ticker_2025-04-01_PERPETUALS.csv");
    let marks = ticker.rows(Kind::Marks, "dydx-v4", "BTC-USD");
    assert_eq!(
        cells(marks, 0, ["last_price", "index_price", "mark_price"]),
        ["", "", "82546.76734"]
    );
    let funding = ticker.rows(Kind::Funding, "dydx-v4", "BTC-USD");
    assert_eq!(
        cells(funding, 0, ["rate", "rate_kind", "settles_at"]),
        ["0.00004405208333333333", "predicted", ""]
    );
    let settling = parsed("okex-futures_derivative_ticker_2026-08-10_FUTURES.csv");
    let funding = settling.rows(Kind::Funding, "okx-futures", "BTC-USD_UM_XPERP-310404");
    assert_eq!(
        cells(funding, 1, ["rate", "rate_kind", "settles_at"]),
        ["-0.0003962534258591", "predicted", "2026-08-10T08:00:00Z"]
    );
}

#[test]
fn snapshots_level_by_level() {
    let five = parsed("binance-futures_book_snapshot_5_2020-09-01_BTCUSDT.csv");
    let depth = five.rows(Kind::Depth, "binance-usdm", "BTCUSDT");
    assert_eq!((five.read, depth.num_rows()), (2, 20));
    let shown = ["updated_at", "snapshot", "side", "level", "price", "quantity"];
    assert_eq!(
        cells(depth, 9, shown),
        [
            "2020-09-01T00:00:03.696Z",
            "true",
            "bid",
            "4",
            "11655.68",
            "0.111"
        ]
    );
    let short = parsed("hyperliquid_book_snapshot_5_2026-09-01_BTC.csv");
    assert_eq!(
        short.rows(Kind::Depth, "hyperliquid", "BTC").num_rows(),
        8,
        "the fifth level is empty"
    );
    let deep = parsed("constructed_bitmex_book_snapshot_25_2020-04-01_XBTUSD.csv");
    assert_eq!(deep.rows(Kind::Depth, "bitmex", "XBTUSD").num_rows(), 50 + 3 + 4);
}

#[test]
fn a_bad_level_takes_its_snapshot_back() {
    let file = "binance-futures_book_snapshot_5_2020-09-01_BTCUSDT.csv";
    let text = String::from_utf8(fixture(&format!("tardis/{file}"))).expect("text");
    let broken = text.replacen("11655.68,0.111", "11655.68,-1", 1);
    let parsed = parse_bytes(file, broken.as_bytes(), &Hints::default()).expect("recognised");
    assert_eq!((parsed.read, parsed.rejected), (2, 1));
    let depth = parsed.rows(Kind::Depth, "binance-usdm", "BTCUSDT");
    assert_eq!(depth.num_rows(), 10);
    assert_eq!(cells(depth, 0, ["source_row", "quantity"]), ["1", "1.476"]);
    assert_eq!(
        cells(parsed.table(Kind::Rejects), 0, ["reason", "source_row"]),
        ["quantity", "0"]
    );
}

#[test]
fn changes_of_the_book() {
    let real = parsed("deribit_incremental_book_L2_2020-04-01_BTC-PERPETUAL.csv");
    let depth = real.rows(Kind::Depth, "deribit", "BTC-PERPETUAL");
    assert_eq!(
        cells(
            depth,
            3,
            [
                "updated_at",
                "received_at",
                "snapshot",
                "side",
                "price",
                "quantity",
                "quantity_unit",
                "level"
            ]
        ),
        [
            "2020-04-01T00:00:00.245Z",
            "2020-04-01T00:00:00.355684Z",
            "true",
            "ask",
            "6423.0",
            "1400.0",
            "quote",
            ""
        ]
    );
    let made = parsed("constructed_incremental_book_L2_2020-04-01_PERPETUALS.csv");
    let depth = made.rows(Kind::Depth, "deribit", "BTC-PERPETUAL");
    assert_eq!((made.read, depth.num_rows()), (5, 4));
    assert_eq!(
        cells(depth, 3, ["snapshot", "side", "price", "quantity"]),
        ["false", "ask", "6421.5", "0.0"]
    );
}

#[test]
fn chains_of_options() {
    let chain = parsed("deribit_options_chain_2020-06-08_OPTIONS.csv");
    let looks = chain.rows(Kind::Options, "deribit", "BTC-9JUN20-9875-P");
    assert_eq!(
        cells(
            looks,
            0,
            [
                "quoted_at",
                "option_type",
                "strike_price",
                "expires_at",
                "underlying",
                "underlying_price"
            ]
        ),
        [
            "2020-06-07T23:59:59.413Z",
            "put",
            "9875.0",
            "2020-06-09T08:00:00Z",
            "SYN.BTC-9JUN20",
            "9756.36"
        ]
    );
    assert_eq!(
        cells(
            looks,
            0,
            [
                "bid_implied_volatility",
                "ask_implied_volatility",
                "mark_implied_volatility",
                "mark_price",
                "delta",
                "rho"
            ]
        ),
        ["0.5591", "0.6894", "0.6289", "0.02210436", "-0.61752", "-0.22796"]
    );
    let one_sided = parsed("constructed_options_chain_2026-05-01_OPTIONS.csv");
    let looks = one_sided.rows(Kind::Options, "deribit", "AVAX_USDC-29MAY26-8D6-P");
    assert_eq!(
        cells(
            looks,
            1,
            ["bid_price", "bid_implied_volatility", "ask_price", "delta"]
        ),
        ["", "", "0.318", ""]
    );
}

#[test]
fn a_day_of_nothing_is_a_file_and_a_lost_one_is_not() {
    let empty = parse_bytes(
        "deribit_book_snapshot_25_2021-09-01_OPTIONS.csv",
        b"",
        &Hints::default(),
    );
    let empty = empty.expect("recognised");
    assert_eq!((empty.source, empty.read), ("tardis", 0));
    assert_eq!(
        empty.what,
        "book_snapshot_25 of deribit by Tardis: nothing on 2021-09-01"
    );
    for other in ["deribit_trades_2021-09-01_OPTIONS.csv.gz", "trades.csv"] {
        let refused = parse_bytes(other, b"", &Hints::default());
        assert!(
            matches!(refused, Err(IngestError::Unrecognised { .. })),
            "{other}"
        );
    }
}
