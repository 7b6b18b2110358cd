//! Fixtures and their origin: `tests/fixtures/ingest/hyperliquid/SOURCE.md`. Values were read off the rows by eye.

use std::io::Write;

use aftershock_archive::Store;
use aftershock_archive::tape::{Kind, Tape};

use crate::testing::{Parsed, Silent, cells, fixture, parse_bytes};
use crate::{Hints, Options, ingest};

fn parsed(file: &str) -> Parsed {
    let path = format!("raw/hyperliquid/{file}");
    let parsed =
        parse_bytes(&path, &fixture(&format!("hyperliquid/{file}")), &Hints::default()).expect("recognised");
    assert_eq!(parsed.source, "hyperliquid", "{file}");
    parsed
}

#[test]
fn trades_carry_the_takers_side_and_their_nanoseconds() {
    let parsed = parsed("node_trades.jsonl");
    assert_eq!((parsed.read, parsed.rejected), (2, 0));
    let shown = [
        "traded_at",
        "nanoseconds",
        "price",
        "quantity",
        "quantity_unit",
        "side",
        "trade_id",
    ];
    assert_eq!(
        cells(parsed.rows(Kind::Trades, "hyperliquid", "COMP"), 0, shown),
        [
            "2024-07-26T08:26:25.899Z",
            "",
            "51.367",
            "0.31",
            "base",
            "buy",
            ""
        ]
    );
    assert_eq!(
        cells(parsed.rows(Kind::Trades, "hyperliquid", "PURR"), 0, shown),
        [
            "2025-03-22T23:00:00.000984Z",
            "711",
            "0.12928",
            "1547.0",
            "base",
            "buy",
            ""
        ]
    );
}

#[test]
fn blocks_make_the_stamp_finer_and_a_makers_fill_tells_the_takers_side() {
    let parsed = parsed("node_fills_by_block.jsonl");
    assert_eq!((parsed.read, parsed.rejected), (3, 0));
    assert_eq!(
        cells(
            parsed.rows(Kind::Trades, "hyperliquid", "BTC"),
            0,
            [
                "traded_at",
                "nanoseconds",
                "received_at",
                "price",
                "quantity",
                "side",
                "trade_id",
                "liquidation"
            ]
        ),
        [
            "2025-07-27T08:50:10.273720Z",
            "809",
            "2025-07-27T08:50:10.334741Z",
            "118136.0",
            "0.00009",
            "sell",
            "161270588369408",
            ""
        ]
    );
}

#[test]
fn a_deleveraging_is_no_trade_and_names_both_accounts() {
    let parsed = parsed("node_fills_by_block.jsonl");
    assert!(
        !parsed
            .tables
            .iter()
            .any(|(place, _)| place.kind == Kind::Trades && place.instrument == "AVAX")
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Deleveragings, "hyperliquid", "AVAX"),
            0,
            [
                "deleveraged_at",
                "deleveraging_key",
                "side",
                "price",
                "quantity",
                "account",
                "liquidated_account",
                "closed_profit_quote",
                "mark_price"
            ]
        ),
        [
            "2025-10-10T21:16:04.831874Z",
            "771334864158847",
            "buy",
            "22.075",
            "28.53",
            "0xe92d2041199b18f611b137457f3acee8bedb22d3",
            "0x2e3d94f0562703b25c83308a05046ddaf9a8dd14",
            "194.275035",
            "22.025"
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Liquidations, "hyperliquid", "AVAX"),
            0,
            ["side", "method", "account", "mark_price", "coverage"]
        ),
        [
            "sell",
            "backstop",
            "0x2e3d94f0562703b25c83308a05046ddaf9a8dd14",
            "22.025",
            "complete"
        ]
    );
}

/// The fill is the maker's, who sold: the forced order bought, so a short was closed.
#[test]
fn a_liquidation_is_told_from_the_counterpartys_fill() {
    let parsed = parsed("node_fills_by_block.jsonl");
    assert_eq!(
        cells(
            parsed.rows(Kind::Liquidations, "hyperliquid", "SOL"),
            0,
            [
                "side",
                "price",
                "quantity",
                "method",
                "account",
                "mark_price",
                "liquidation_key"
            ]
        ),
        [
            "buy",
            "72.153",
            "0.58",
            "market",
            "0x5ef843ccf26810073ee689a954f6d05f5b48fccb",
            "72.149",
            "340554939716632"
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Trades, "hyperliquid", "SOL"),
            0,
            ["side", "liquidation", "mark_price"]
        ),
        ["buy", "taker", "72.149"]
    );
}

#[test]
fn both_fills_of_a_trade_give_the_same_rows() {
    let parsed = parsed("constructed-node_fills.jsonl");
    assert_eq!((parsed.read, parsed.rejected), (13, 3));
    let trade = [
        "traded_at",
        "trade_id",
        "price",
        "quantity",
        "side",
        "liquidation",
        "mark_price",
    ];
    let bitcoin = parsed.rows(Kind::Trades, "hyperliquid", "BTC");
    assert_eq!(bitcoin.num_rows(), 2);
    assert_eq!(cells(bitcoin, 0, trade), cells(bitcoin, 1, trade));
    assert_eq!(
        cells(bitcoin, 0, trade),
        ["2025-05-25T00:00:00Z", "11", "107000.5", "0.01", "buy", "", ""]
    );
    let ether = parsed.rows(Kind::Trades, "hyperliquid", "ETH");
    assert_eq!(cells(ether, 0, trade), cells(ether, 1, trade));
    assert_eq!(cells(ether, 1, trade)[4..], ["sell", "taker", "2500.9"]);
    let forced = [
        "liquidation_key",
        "side",
        "method",
        "price",
        "quantity",
        "account",
    ];
    for (coin, side, method) in [
        ("ETH", "sell", "market"),
        ("SOL", "sell", "backstop"),
        ("XPL", "buy", "backstop"),
    ] {
        let rows = parsed.rows(Kind::Liquidations, "hyperliquid", coin);
        assert_eq!(rows.num_rows(), 2, "{coin}");
        assert_eq!(cells(rows, 0, forced), cells(rows, 1, forced), "{coin}");
        assert_eq!(cells(rows, 0, forced)[1..3], [side, method], "{coin}");
    }
    let deleveraged = parsed.rows(Kind::Deleveragings, "hyperliquid", "XPL");
    assert_eq!(deleveraged.num_rows(), 1);
    assert_eq!(
        cells(deleveraged, 0, ["side", "closed_profit_quote"]),
        ["sell", "33.5"]
    );
    assert_eq!(
        parsed.rows(Kind::Trades, "hyperliquid-spot", "@107").num_rows(),
        2
    );
}

#[test]
fn rejects_say_why() {
    let parsed = parsed("constructed-node_fills.jsonl");
    let rejects = parsed.rows(Kind::Rejects, "hyperliquid", "all");
    let reasons: Vec<[String; 2]> = (0..3)
        .map(|row| cells(rejects, row, ["reason", "source_row"]))
        .collect();
    assert_eq!(reasons, [["word", "10"], ["price", "11"], ["json", "12"]]);
}

#[test]
fn contexts_give_funding_open_interest_and_marks() {
    let parsed = parsed("constructed-asset_ctxs-20250101.csv");
    assert_eq!((parsed.read, parsed.rejected), (5, 2));
    let funding = parsed.rows(Kind::Funding, "hyperliquid", "BTC");
    assert_eq!(
        cells(
            funding,
            1,
            [
                "funded_at",
                "rate",
                "rate_kind",
                "interval_h",
                "premium",
                "mark_price"
            ]
        ),
        [
            "2025-01-01T00:01:00Z",
            "-3.12e-6",
            "predicted",
            "1.0",
            "-0.0001",
            "93480.5"
        ]
    );
    let interest = parsed.rows(Kind::OpenInterest, "hyperliquid", "BTC");
    assert_eq!(
        cells(interest, 0, ["quantity", "quantity_unit"]),
        ["23456.7", "base"]
    );
    let marks = parsed.rows(Kind::Marks, "hyperliquid", "OLD");
    assert_eq!(
        cells(
            marks,
            0,
            [
                "mark_price",
                "oracle_price",
                "mid_price",
                "premium",
                "price_day_before"
            ]
        ),
        ["1.5", "1.5", "", "", "1.5"]
    );
    let rejects = parsed.rows(Kind::Rejects, "hyperliquid", "all");
    assert_eq!(cells(rejects, 0, ["reason"]), ["price"]);
    assert_eq!(cells(rejects, 1, ["reason"]), ["columns"]);
}

/// Six rows of trades and six of liquidations are three each, beside one deleveraging: by eye.
#[test]
fn the_tape_holds_a_trade_of_two_fills_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("0.lz4");
    let mut packed = lz4_flex::frame::FrameEncoder::new(std::fs::File::create(&file).unwrap());
    packed
        .write_all(&fixture("hyperliquid/constructed-node_fills.jsonl"))
        .unwrap();
    packed.finish().unwrap();
    let tape = Tape::new(Store::open(folder.path().join("tape").to_str().unwrap()).unwrap());
    let given = [file.to_str().unwrap().to_owned()];
    let report = ingest(&tape, &given, &Options::default(), &Silent).unwrap();
    let [only] = report.files.as_slice() else {
        panic!("{report:?}")
    };
    assert_eq!((only.records, only.rejected), (13, 3));
    assert_eq!((only.rows, only.kept, report.conflicts), (13, 7, 0));
}
