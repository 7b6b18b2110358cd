//! Values below were read off the rows of the fixtures by hand.

use aftershock_archive::tape::Kind;

use crate::testing::{Parsed, cells, fixture, parse_bytes};
use crate::{Hints, IngestError};

fn parsed(file: &str) -> Parsed {
    let parsed =
        parse_bytes(file, &fixture(&format!("bybit/{file}")), &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.rejected), ("bybit", 0), "{file}");
    parsed
}

#[test]
fn inverse_contracts_count_dollars_and_their_foreign_notional_is_in_coins() {
    let shown = [
        "traded_at",
        "price",
        "quantity",
        "quantity_unit",
        "base_quantity",
        "quote_quantity",
        "side",
    ];
    let trades = parsed("BTCUSD2023-08-23.csv");
    let trades = trades.rows(Kind::Trades, "bybit-inverse", "BTCUSD");
    assert_eq!(
        cells(trades, 0, shown),
        [
            "2023-08-23T00:00:00.279Z",
            "26027.0",
            "641.0",
            "quote",
            "0.02462827064202559",
            "",
            "sell"
        ]
    );
    assert_eq!(
        cells(trades, 0, ["trade_key", "tick", "settlement_value", "exact"]),
        [
            "80253109-efbb-58ca-9adc-d458b66201e9",
            "ZeroMinusTick",
            "2462827.064202559",
            ""
        ]
    );
}

#[test]
fn stamps_are_seconds_with_any_fraction() {
    let stamp = |file: &str, instrument: &str| {
        let parsed = parsed(file);
        let venue = super::venue(instrument);
        cells(parsed.rows(Kind::Trades, venue, instrument), 0, ["traded_at"])[0].clone()
    };
    assert_eq!(
        stamp("BTCUSD2021-05-14.csv", "BTCUSD"),
        "2021-05-14T23:59:54.507791Z"
    );
    assert_eq!(stamp("BTCUSD2022-05-02.csv", "BTCUSD"), "2022-05-02T00:00:01Z");
    assert_eq!(
        stamp("BTCUSDT2026-07-24.csv", "BTCUSDT"),
        "2026-07-24T00:00:00.054700Z"
    );
}

#[test]
fn linear_contracts_count_coins() {
    let shown = [
        "price",
        "quantity",
        "quantity_unit",
        "quote_quantity",
        "base_quantity",
        "trade_type",
    ];
    let perpetual = parsed("BTCUSDT2026-07-24.csv");
    assert_eq!(
        cells(perpetual.rows(Kind::Trades, "bybit-linear", "BTCUSDT"), 0, shown),
        ["65065.8", "0.038", "base", "2472.5004", "", "0"]
    );
    let dated = parsed("BTC-14MAR252025-03-14.csv");
    assert_eq!(
        cells(dated.rows(Kind::Trades, "bybit-linear", "BTC-14MAR25"), 0, shown),
        ["81095.0", "0.001", "base", "81.095", "", ""]
    );
}

#[test]
fn a_delivery_month_does_not_hide_that_a_contract_is_inverse() {
    for (symbol, venue) in [
        ("BTCUSDM22", "bybit-inverse"),
        ("ETHUSD", "bybit-inverse"),
        ("BTCUSDT", "bybit-linear"),
        ("BTCPERP", "bybit-linear"),
        ("FXSUSDT", "bybit-linear"),
    ] {
        assert_eq!(super::venue(symbol), venue, "{symbol}");
    }
}

#[test]
fn spot_rows_of_one_price_and_instant_are_all_kept_and_their_ids_are_not() {
    let parsed = parsed("BTCUSDT_2025-05-19.csv");
    assert_eq!(parsed.read, 3);
    let trades = parsed.rows(Kind::Trades, "bybit-spot", "BTCUSDT");
    assert_eq!(
        cells(
            trades,
            2,
            ["traded_at", "trade_id", "trade_key", "price", "quantity", "side"]
        ),
        ["2025-05-19T00:00:00.150Z", "", "", "106456.9", "0.0005", "buy"]
    );
}

#[test]
fn a_spot_file_without_a_name_asks_for_the_instrument() {
    let bytes = fixture("bybit/BTCUSDT_2023-10-01.csv");
    let refused = parse_bytes("trades.csv", &bytes, &Hints::default());
    assert!(matches!(
        refused,
        Err(IngestError::Underspecified {
            option: "`--instrument`",
            ..
        })
    ));
    let hints = Hints {
        instrument: Some("BTCUSDT".to_owned()),
        ..Hints::default()
    };
    let parsed = parse_bytes("trades.csv", &bytes, &hints).expect("recognised");
    let trades = parsed.rows(Kind::Trades, "bybit-spot", "BTCUSDT");
    assert_eq!(
        cells(trades, 0, ["traded_at", "price", "quantity"]),
        ["2023-10-01T00:00:03.019Z", "26965.24", "0.000055"]
    );
}

#[test]
fn the_feed_names_the_position_and_the_tape_the_order() {
    let parsed = parsed("all-liquidation.jsonl");
    assert_eq!(parsed.read, 2);
    let shown = [
        "liquidated_at",
        "side",
        "quantity",
        "quantity_unit",
        "bankruptcy_price",
        "price",
        "coverage",
    ];
    assert_eq!(
        cells(
            parsed.rows(Kind::Liquidations, "bybit-linear", "ROSEUSDT"),
            0,
            shown
        ),
        [
            "2025-02-14T03:05:02.929Z",
            "buy",
            "20000.0",
            "base",
            "0.04499",
            "",
            "complete"
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Liquidations, "bybit-linear", "GALAUSDT"),
            0,
            shown
        ),
        [
            "2023-01-09T07:58:11.822Z",
            "sell",
            "1637.0",
            "base",
            "0.03803",
            "",
            "throttled"
        ]
    );
}

#[test]
fn acknowledgements_are_no_events() {
    let mut bytes = br#"{"success":true,"ret_msg":"","conn_id":"c1","op":"subscribe"}"#.to_vec();
    bytes.push(b'\n');
    bytes.extend(fixture("bybit/all-liquidation.jsonl"));
    let parsed = parse_bytes("feed.jsonl", &bytes, &Hints::default()).expect("recognised");
    assert_eq!((parsed.read, parsed.rejected), (3, 1));
    assert_eq!(cells(parsed.table(Kind::Rejects), 0, ["reason"]), ["message"]);
}
