//! Values below were read off the raw lines by hand, or counted by a separate Python script over the raw file.

use aftershock_archive::tape::Kind;

use crate::Hints;
use crate::testing::{Parsed, cells, fixture, parse_bytes, recognised_by, recorded, sum, unpacked};

use super::BinanceStream;

fn parsed(path: &str, lines: &str) -> Parsed {
    parse_bytes(path, lines.as_bytes(), &Hints::default()).expect("recognised")
}

#[test]
fn messages_of_futures_as_documented() {
    let bytes = fixture("binance_stream/binance-um-docs.jsonl");
    let parsed = parse_bytes("binance-um-docs.jsonl", &bytes, &Hints::default()).expect("recognised");
    assert_eq!(parsed.source, "binance-stream");
    assert_eq!((parsed.read, parsed.rejected), (6, 0));

    let depth = parsed.rows(Kind::Depth, "binance-coinm", "BTCUSD_200626");
    let shown = [
        "updated_at",
        "event_at",
        "update_id",
        "first_update_id",
        "previous_update_id",
        "snapshot",
        "side",
        "price",
        "quantity",
        "quantity_unit",
    ];
    assert_eq!(
        [0, 1].map(|row| cells(depth, row, shown)),
        [
            [
                "2020-06-04T11:31:00.891Z",
                "2020-06-04T11:31:00.907Z",
                "17285702",
                "17285681",
                "17285675",
                "false",
                "bid",
                "9517.6",
                "10.0",
                "contract",
            ],
            [
                "2020-06-04T11:31:00.891Z",
                "2020-06-04T11:31:00.907Z",
                "17285702",
                "17285681",
                "17285675",
                "false",
                "ask",
                "9518.5",
                "45.0",
                "contract",
            ],
        ]
        .map(|row| row.map(str::to_owned))
    );

    let shown = [
        "liquidated_at",
        "event_at",
        "liquidation_key",
        "side",
        "price",
        "average_price",
        "quantity",
        "filled_quantity",
        "quantity_unit",
        "contract_size",
        "status",
        "order_type",
        "coverage",
    ];
    assert_eq!(
        cells(
            parsed.rows(Kind::Liquidations, "binance-coinm", "BTCUSD_200925"),
            0,
            shown
        ),
        [
            "2020-06-03T03:17:20.949Z",
            "2020-06-03T03:17:20.950Z",
            "1591154240949",
            "sell",
            "9425.5",
            "9496.5",
            "1.0",
            "1.0",
            "contract",
            "100.0",
            "FILLED",
            "LIMIT IOC",
            "unknown",
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Liquidations, "binance-usdm", "BTCUSDT"),
            0,
            ["liquidated_at", "quantity", "quantity_unit", "contract_size"]
        ),
        ["2019-09-09T07:34:20.893Z", "0.014", "base", ""]
    );

    let shown = ["marked_at", "mark_price", "index_price", "settlement_price"];
    assert_eq!(
        cells(parsed.rows(Kind::Marks, "binance-usdm", "BTCUSDT"), 0, shown),
        [
            "2019-07-05T05:43:00Z",
            "11794.15",
            "11784.62659091",
            "11784.25641265"
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Marks, "binance-coinm", "BTCUSD_201225"),
            0,
            shown
        ),
        [
            "2020-07-30T07:55:25Z",
            "10934.62615417",
            "10933.62615417",
            "10962.17178236"
        ]
    );
    let shown = ["funded_at", "rate", "rate_kind", "settles_at"];
    assert_eq!(
        cells(parsed.rows(Kind::Funding, "binance-usdm", "BTCUSDT"), 0, shown),
        [
            "2019-07-05T05:43:00Z",
            "0.00038167",
            "predicted",
            "2019-07-05T06:00:00Z"
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Funding, "binance-coinm", "BTCUSD_PERP"),
            0,
            shown
        ),
        ["2020-07-30T07:55:25Z", "0.0", "predicted", "2020-07-30T08:00:00Z"]
    );
    // A contract with a delivery date has no funding.
    let dated = |place: &crate::Place| place.kind == Kind::Funding && place.instrument == "BTCUSD_201225";
    assert!(!parsed.tables.iter().any(|(place, _)| dated(place)));
}

#[test]
fn messages_of_spot_as_documented() {
    let bytes = fixture("binance_stream/binance-spot-docs.jsonl");
    let parsed = parse_bytes("binance-spot-docs.jsonl", &bytes, &Hints::default()).expect("recognised");
    assert_eq!(parsed.what, "websocket lines of BNBBTC on binance-spot");
    let rows = parsed.rows(Kind::Trades, "binance-spot", "BNBBTC");
    let shown = [
        "traded_at",
        "trade_id",
        "first_trade_id",
        "last_trade_id",
        "price",
        "quantity",
        "side",
    ];
    assert_eq!(
        cells(rows, 0, shown),
        [
            "2022-12-31T19:43:02.136Z",
            "12345",
            "100",
            "105",
            "0.001",
            "100.0",
            "sell"
        ]
    );
    assert_eq!(cells(rows, 1, shown)[1..4], ["12345", "", ""]);
}

#[test]
fn lines_in_wrappers_behind_stamps_and_in_arrays() {
    let lines = concat!(
        "1723161255088176367 {\"stream\":\"btcusdt@trade\",\"data\":{\"e\":\"trade\",\"E\":1723161256322,",
        "\"T\":1723161256321,\"s\":\"BTCUSDT\",\"t\":5266583935,\"p\":\"61800.30\",\"q\":\"0.006\",",
        "\"X\":\"INSURANCE_FUND\",\"m\":false}}\n",
        "{\"result\": null, \"id\": 1}\n",
        "{\"stream\": \"!markPrice@arr\", \"data\": [{\"e\": \"markPriceUpdate\", \"E\": 1723161257000, \"s\": ",
        "\"ETHUSDT\", \"p\": 2600.5, \"i\": \"2601\", \"P\": \"\", \"r\": \"0.0001\", \"T\": 1723190400000}, ",
        "{\"e\": \"markPriceUpdate\", \"E\": 1723161257000, \"s\": \"XRPUSDT\", \"p\": \"0\", \"r\": \"0.0001\", ",
        "\"T\": 1723190400000}]}\n",
        "not json\n",
    );
    let parsed = parsed("lines.txt", lines);
    // Four lines, one of them with two messages.
    assert_eq!((parsed.read, parsed.rejected), (5, 3));
    assert_eq!(
        cells(
            parsed.rows(Kind::Trades, "binance-usdm", "BTCUSDT"),
            0,
            [
                "traded_at",
                "event_at",
                "received_at",
                "trade_id",
                "trade_type",
                "side"
            ]
        ),
        [
            "2024-08-08T23:54:16.321Z",
            "2024-08-08T23:54:16.322Z",
            "2024-08-08T23:54:15.088176Z",
            "5266583935",
            "INSURANCE_FUND",
            "buy"
        ]
    );
    assert_eq!(
        cells(
            parsed.rows(Kind::Marks, "binance-usdm", "ETHUSDT"),
            0,
            ["mark_price", "index_price", "settlement_price"]
        ),
        ["2600.5", "2601.0", ""]
    );
    let rejects = parsed.table(Kind::Rejects);
    let reasons = [0, 1, 2].map(|row| cells(rejects, row, ["reason", "source_row"]));
    assert_eq!(
        reasons,
        [["word", "1"], ["price", "2"], ["json", "3"]].map(|row| row.map(str::to_owned))
    );
    // The rate of the message without a mark went with it.
    let funding: Vec<&str> = parsed
        .tables
        .iter()
        .filter(|(place, _)| place.kind == Kind::Funding)
        .map(|(place, _)| place.instrument.as_str())
        .collect();
    assert_eq!(funding, ["ETHUSDT"]);
}

#[test]
fn a_bad_level_takes_its_message_with_it() {
    let update = |id: u64, quantity: &str| {
        format!(
            "{{\"e\":\"depthUpdate\",\"E\":1723161256299,\"T\":1723161256298,\"s\":\"BTCUSDT\",\"U\":{id},\"u\":{id},\
             \"pu\":1,\"b\":[[\"58710.20\",\"0.014\"],[\"61496.50\",\"{quantity}\"]],\"a\":[]}}\n"
        )
    };
    let lines = [update(7, "0.000"), update(8, "x"), update(9, "1")].concat();
    let parsed = parsed("depth.jsonl", &lines);
    assert_eq!((parsed.read, parsed.rejected), (3, 1));
    let rows = parsed.rows(Kind::Depth, "binance-usdm", "BTCUSDT");
    let ids: Vec<String> = (0..rows.num_rows())
        .map(|row| cells(rows, row, ["update_id"]).concat())
        .collect();
    assert_eq!(ids, ["7", "7", "9", "9"]);
}

#[test]
fn spot_quotes_and_partial_books_are_known_by_their_shape() {
    let lines = concat!(
        "1723161255088176367 {\"u\":400900217,\"s\":\"BNBUSDT\",\"b\":\"25.35190000\",\"B\":\"31.21000000\",",
        "\"a\":\"25.36520000\",\"A\":\"40.66000000\"}\n",
        "1723161255088176367 {\"stream\":\"bnbusdt@depth5\",\"data\":{\"lastUpdateId\":160,",
        "\"bids\":[[\"0.0024\",\"10\",[]]],\"asks\":[[\"0.0026\",\"100\"]]}}\n",
        "{\"u\":400900218,\"s\":\"BNBUSDT\",\"b\":\"25\",\"B\":\"31\",\"a\":\"26\",\"A\":\"40\"}\n",
    );
    let parsed = parsed("lines.txt", lines);
    assert_eq!(parsed.what, "websocket lines of BNBUSDT on binance-spot");
    // Without any stamp a quote is nowhere in time.
    assert_eq!((parsed.read, parsed.rejected), (3, 1));
    assert_eq!(
        cells(
            parsed.rows(Kind::Quotes, "binance-spot", "BNBUSDT"),
            0,
            [
                "quoted_at",
                "received_at",
                "event_at",
                "bid_price",
                "ask_quantity"
            ]
        ),
        [
            "2024-08-08T23:54:15.088176Z",
            "2024-08-08T23:54:15.088176Z",
            "",
            "25.3519",
            "40.66"
        ]
    );
    let depth = parsed.rows(Kind::Depth, "binance-spot", "BNBUSDT");
    assert_eq!(
        cells(
            depth,
            1,
            ["snapshot", "level", "side", "price", "quantity", "update_id"]
        ),
        ["true", "0", "ask", "0.0026", "100.0", "160"]
    );
}

#[test]
fn other_lines_are_none_of_binance() {
    for lines in [
        "{\"topic\":\"publicTrade.BTCUSDT\",\"type\":\"snapshot\",\"ts\":1672304486868,\"data\":[]}\n",
        "{\"table\":\"trade\",\"action\":\"insert\",\"data\":[]}\n",
        "[[1621209600000,46426.83,46514.75,46358.14,46506.0,121.330795]]\n",
        "timestamp,price\n1723161255088176367,1\n",
    ] {
        let found = recognised_by(&BinanceStream, "lines.txt", lines.as_bytes());
        assert!(!found, "{lines}");
    }
}

#[test]
fn a_real_recording() {
    let Some(bytes) = recorded("recorded/binance-um-raw-2024-08-08/usdm_btcusdt_20240808.gz") else {
        return;
    };
    let parsed =
        parse_bytes("usdm_btcusdt_20240808", &unpacked(bytes), &Hints::default()).expect("recognised");
    assert_eq!(parsed.what, "websocket lines of BTCUSDT on binance-usdm");
    assert_eq!((parsed.read, parsed.rejected), (93_954, 0));
    let of = |kind| parsed.rows(kind, "binance-usdm", "BTCUSDT");
    assert_eq!(of(Kind::Trades).num_rows(), 21_313);
    assert!((sum(of(Kind::Trades), "quantity") - 2_429.366).abs() < 1e-6);
    assert_eq!(of(Kind::Quotes).num_rows(), 66_089);
    // Levels of 6551 changes and of one snapshot with 1000 on each side.
    assert_eq!(of(Kind::Depth).num_rows(), 445_521);
    assert_eq!(
        cells(
            of(Kind::Depth),
            0,
            [
                "updated_at",
                "event_at",
                "received_at",
                "first_update_id",
                "update_id",
                "previous_update_id",
                "side",
                "price",
                "quantity"
            ]
        ),
        [
            "2024-08-08T23:54:16.298Z",
            "2024-08-08T23:54:16.299Z",
            "2024-08-08T23:54:15.030314Z",
            "5123107832006",
            "5123107837557",
            "5123107831937",
            "bid",
            "58710.2",
            "0.014"
        ]
    );
    assert_eq!(
        cells(
            of(Kind::Trades),
            0,
            [
                "traded_at",
                "received_at",
                "trade_id",
                "price",
                "quantity",
                "trade_type",
                "side",
                "source_row"
            ]
        ),
        [
            "2024-08-08T23:54:16.322Z",
            "2024-08-08T23:54:15.088176Z",
            "5266583935",
            "61800.3",
            "0.006",
            "MARKET",
            "buy",
            "2"
        ]
    );
    assert_eq!(
        cells(
            of(Kind::Quotes),
            0,
            [
                "quoted_at",
                "update_id",
                "bid_price",
                "bid_quantity",
                "ask_price",
                "ask_quantity"
            ]
        ),
        [
            "2024-08-08T23:54:16.313Z",
            "5123107839020",
            "61800.2",
            "2.507",
            "61800.3",
            "2.51"
        ]
    );
    let depth = of(Kind::Depth);
    let last = depth.num_rows() - 1;
    assert_eq!(
        cells(
            depth,
            last,
            [
                "updated_at",
                "update_id",
                "side",
                "price",
                "quantity",
                "source_row"
            ]
        ),
        [
            "2024-08-09T00:00:01.054Z",
            "5123135475514",
            "bid",
            "61632.6",
            "0.0",
            "93953"
        ]
    );
    let snapshot = (0..depth.num_rows())
        .find(|row| cells(depth, *row, ["snapshot"]) == ["true"])
        .expect("the file has a snapshot");
    assert_eq!(
        cells(
            depth,
            snapshot,
            [
                "updated_at",
                "update_id",
                "level",
                "side",
                "price",
                "quantity",
                "source_row"
            ]
        ),
        [
            "2024-08-08T23:54:16.493Z",
            "5123107852948",
            "0",
            "bid",
            "61800.2",
            "2.909",
            "54"
        ]
    );
}
