//! Values below were read off the rows of the fixtures by hand.

use aftershock_archive::tape::Kind;

use crate::Hints;
use crate::testing::{Parsed, cells, fixture, parse_bytes};

fn parsed(file: &str) -> Parsed {
    let parsed =
        parse_bytes(file, &fixture(&format!("deribit/{file}")), &Hints::default()).expect("recognised");
    assert_eq!(parsed.source, "deribit", "{file}");
    parsed
}

#[test]
fn a_perpetual_counts_dollars() {
    let answer = parsed("last-trades-by-instrument.json");
    assert_eq!((answer.read, answer.rejected), (1, 0));
    let shown = [
        "traded_at",
        "trade_id",
        "sequence",
        "price",
        "quantity",
        "quantity_unit",
        "side",
        "tick",
    ];
    let trades = answer.rows(Kind::Trades, "deribit", "BTC-PERPETUAL");
    assert_eq!(
        cells(trades, 0, shown),
        [
            "2020-05-26T07:05:08.320Z",
            "277976",
            "36798",
            "8767.08",
            "100.0",
            "quote",
            "sell",
            "2"
        ]
    );
    assert_eq!(
        cells(trades, 0, ["index_price", "mark_price", "liquidation"]),
        ["8878.53", "8829.7", ""]
    );
    let ether = parsed("last-trades-by-instrument-and-time.json");
    let trades = ether.rows(Kind::Trades, "deribit", "ETH-PERPETUAL");
    assert_eq!(cells(trades, 0, ["trade_id", "trade_key"]), ["", "ETH-2696055"]);
}

#[test]
fn an_option_counts_coins_and_its_volatility_is_a_ratio() {
    let answer = parsed("last-trades-by-currency-and-time.json");
    let trades = answer.rows(Kind::Trades, "deribit", "BTC-25SEP20-6000-P");
    assert_eq!(
        cells(
            trades,
            0,
            [
                "price",
                "quantity",
                "quantity_unit",
                "implied_volatility",
                "mark_price"
            ]
        ),
        ["0.032", "0.5", "base", "0.7474", "0.04070324"]
    );
}

#[test]
fn messages_of_the_channel() {
    let messages = parsed("trades-subscription.jsonl");
    assert_eq!((messages.read, messages.rejected), (2, 0));
    let perpetual = messages.rows(Kind::Trades, "deribit", "BTC-PERPETUAL");
    assert_eq!(cells(perpetual, 0, ["trade_id", "price"]), ["48079269", "8950.0"]);
    let option = messages.rows(Kind::Trades, "deribit", "BTC-27MAY20-9000-C");
    assert_eq!(
        cells(option, 0, ["implied_volatility", "quantity"]),
        ["0.4758", "3.0"]
    );
}

#[test]
fn a_recorded_answer() {
    let answer = parsed("last-trades-recorded-eth.json");
    assert_eq!((answer.read, answer.rejected), (3, 0));
    let trades = answer.rows(Kind::Trades, "deribit", "ETH-PERPETUAL");
    assert_eq!(
        cells(
            trades,
            2,
            [
                "traded_at",
                "trade_key",
                "sequence",
                "price",
                "quantity",
                "contracts",
                "side"
            ]
        ),
        [
            "2025-12-21T15:47:59.917Z",
            "ETH-284830854",
            "203024596",
            "2968.3",
            "106.0",
            "106.0",
            "buy"
        ]
    );
}

#[test]
fn a_combination_brings_its_legs_and_a_test_network_is_no_venue() {
    let answer = parsed("last-trades-testnet-combo.json");
    assert_eq!((answer.read, answer.rejected), (3, 0));
    let whole = answer.rows(Kind::Trades, "deribit-testnet", "BTC-CS-19MAY26-70000_75000");
    assert_eq!(
        cells(whole, 0, ["trade_id", "price", "quantity_unit"]),
        ["244365193", "0.0639", "base"]
    );
    let leg = answer.rows(Kind::Trades, "deribit-testnet", "BTC-19MAY26-70000-C");
    assert_eq!(
        cells(leg, 0, ["trade_id", "block", "side", "implied_volatility"]),
        ["244365194", "244365193", "sell", "0.8339"]
    );
}

#[test]
fn the_flag_says_whose_side_was_liquidated() {
    let answer = parsed("constructed-liquidations.json");
    assert_eq!((answer.read, answer.rejected), (5, 1));
    let trades = answer.rows(Kind::Trades, "deribit", "BTC-PERPETUAL");
    let flags: Vec<String> = (0..4)
        .map(|row| cells(trades, row, ["liquidation"])[0].clone())
        .collect();
    assert_eq!(flags, ["taker", "maker", "both", ""]);
    let forced = answer.rows(Kind::Liquidations, "deribit", "BTC-PERPETUAL");
    assert_eq!(forced.num_rows(), 4);
    let shown = ["liquidation_key", "side", "quantity", "price", "coverage"];
    assert_eq!(
        cells(forced, 0, shown),
        ["900000001", "sell", "5000.0", "3980.5", "complete"]
    );
    assert_eq!(
        cells(forced, 1, shown),
        ["900000002", "sell", "120.0", "3981.0", "complete"],
        "the maker sold"
    );
    assert_eq!(
        cells(forced, 2, ["liquidation_key", "side"]),
        ["900000003", "buy"]
    );
    assert_eq!(
        cells(forced, 3, ["liquidation_key", "side"]),
        ["900000003", "sell"]
    );
    assert_eq!(
        cells(answer.table(Kind::Rejects), 0, ["reason", "source_row"]),
        ["price", "4"]
    );
}

#[test]
fn answers_and_trades_one_a_line() {
    let mut lines = Vec::new();
    for file in [
        "last-trades-by-instrument.json",
        "last-trades-by-instrument-and-time.json",
    ] {
        lines.extend(fixture(&format!("deribit/{file}")));
    }
    let parsed = parse_bytes("pages.jsonl", &lines, &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.read, parsed.rejected), ("deribit", 2, 0));
    let array = br#"[{"trade_seq":1,"trade_id":"5","timestamp":1590476708320,"price":8767.08,"instrument_name":"BTC-PERPETUAL","direction":"sell","amount":100}]"#;
    let parsed = parse_bytes("trades.json", array, &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.read, parsed.rejected), ("deribit", 1, 0));
}
