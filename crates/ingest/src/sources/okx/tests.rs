//! Values below were read off the rows of the fixtures by hand.

use aftershock_archive::tape::Kind;

use crate::testing::{Parsed, cells, fixture, parse_bytes};
use crate::{Hints, IngestError};

fn parsed(file: &str) -> Parsed {
    let path = format!("traderecords/{file}");
    let parsed = parse_bytes(&path, &fixture(&format!("okx/{file}")), &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.rejected), ("okx", 0), "{file}");
    parsed
}

#[test]
fn swaps_count_contracts_and_spot_counts_coins() {
    let shown = [
        "traded_at",
        "trade_id",
        "side",
        "price",
        "quantity",
        "quantity_unit",
        "contract_size",
        "contract_unit",
    ];
    let swap = parsed("BTC-USDT-SWAP-trades-2025-06-01.csv");
    assert_eq!(
        cells(swap.rows(Kind::Trades, "okx-swap", "BTC-USDT-SWAP"), 0, shown),
        [
            "2025-05-31T16:00:00.008Z",
            "1566502282",
            "sell",
            "104503.0",
            "30.14",
            "contract",
            "0.01",
            "base"
        ],
        "the file's day begins at 16:00 UTC of the day before"
    );
    let spot = parsed("BTC-USDT-trades-2025-06-01.csv");
    assert_eq!(
        cells(spot.rows(Kind::Trades, "okx-spot", "BTC-USDT"), 0, shown),
        [
            "2025-05-31T16:00:00.531Z",
            "747835547",
            "buy",
            "104554.2",
            "0.00001912",
            "base",
            "",
            ""
        ]
    );
}

#[test]
fn an_option_chain_holds_many_instruments() {
    let chain = parsed("BTC-USD-optionchain-trades-2026-09-01.csv");
    let shown = [
        "traded_at",
        "trade_id",
        "price",
        "quantity",
        "quantity_unit",
        "contract_size",
        "trade_type",
    ];
    assert_eq!(
        cells(
            chain.rows(Kind::Trades, "okx-options", "BTC-USD-260901-74000-P"),
            0,
            shown
        ),
        [
            "2026-08-31T20:35:40.365Z",
            "485",
            "0.0001",
            "15.0",
            "contract",
            "",
            "0"
        ]
    );
}

#[test]
fn bilingual_headings_and_the_instrument_in_the_name() {
    let swap = parsed("BTC-USD-SWAP-aggtrades-2021-11-01.csv");
    assert_eq!(swap.read, 2);
    let shown = [
        "traded_at",
        "trade_id",
        "side",
        "price",
        "quantity",
        "contract_size",
        "contract_unit",
    ];
    assert_eq!(
        cells(swap.rows(Kind::Trades, "okx-swap", "BTC-USD-SWAP"), 1, shown),
        [
            "2021-11-01T00:00:00.250Z",
            "1002",
            "sell",
            "48500.4",
            "12.0",
            "100.0",
            "quote"
        ]
    );
    let bytes = fixture("okx/BTC-USD-SWAP-aggtrades-2021-11-01.csv");
    let refused = parse_bytes("trades.csv", &bytes, &Hints::default());
    assert!(matches!(
        refused,
        Err(IngestError::Underspecified {
            option: "`--instrument`",
            ..
        })
    ));
}

#[test]
fn funding_of_the_archive_and_of_the_interface() {
    let shown = ["funded_at", "rate", "rate_kind", "settles_at"];
    let csv = parsed("BTC-USDT-SWAP-fundingrates-2024-01.csv");
    assert_eq!(
        cells(csv.rows(Kind::Funding, "okx-swap", "BTC-USDT-SWAP"), 0, shown),
        ["2023-12-31T16:00:00Z", "0.0002955843024083", "settled", ""]
    );
    let json = parsed("constructed-funding-rate-history.json");
    let rows = json.rows(Kind::Funding, "okx-swap", "BTC-USDT-SWAP");
    assert_eq!(
        (json.read, rows.num_rows()),
        (2, 4),
        "each settlement has what was predicted and what was charged"
    );
    assert_eq!(
        cells(rows, 0, shown),
        ["2024-01-01T00:00:00Z", "0.00015", "settled", ""]
    );
    assert_eq!(
        cells(rows, 1, shown),
        [
            "2024-01-01T00:00:00Z",
            "0.0001515032",
            "predicted",
            "2024-01-01T00:00:00Z"
        ]
    );
}

#[test]
fn liquidations_of_the_channel_are_throttled() {
    let channel = parsed("liquidation-orders.jsonl");
    assert_eq!(channel.read, 2);
    let shown = [
        "liquidated_at",
        "side",
        "quantity",
        "quantity_unit",
        "bankruptcy_price",
        "bankruptcy_loss",
        "coverage",
    ];
    assert_eq!(
        cells(
            channel.rows(Kind::Liquidations, "okx-swap", "IOST-USDT-SWAP"),
            0,
            shown
        ),
        [
            "2023-08-17T10:00:34.010Z",
            "buy",
            "13.0",
            "contract",
            "0.007831",
            "0.0",
            "throttled"
        ]
    );
    let answer = parsed("constructed-liquidation-orders.json");
    assert_eq!(answer.read, 2);
    let rows = answer.rows(Kind::Liquidations, "okx-swap", "BTC-USDT-SWAP");
    assert_eq!(
        cells(
            rows,
            0,
            ["side", "quantity", "contract_size", "contract_unit", "coverage"]
        ),
        ["sell", "3.62", "0.01", "base", "unknown"]
    );
}

#[test]
fn an_answer_over_several_lines() {
    let text = String::from_utf8(fixture("okx/constructed-liquidation-orders.json")).expect("text");
    let pretty = text.replace(',', ",\n  ").replace('[', "[\n ");
    let parsed = parse_bytes("answer.json", pretty.as_bytes(), &Hints::default()).expect("recognised");
    assert_eq!((parsed.source, parsed.read, parsed.rejected), ("okx", 2, 0));
}
