use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use aftershock_archive::Store;
use aftershock_archive::tape::{Kind, Tape};
use arrow::array::{
    ArrayRef, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array,
    StringArray, TimestampNanosecondArray,
};
use arrow::datatypes::Int32Type;
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;
use parquet::arrow::ArrowWriter;

use super::*;
use crate::testing::{Parsed, cells, fixture, parse_bytes};
use crate::{Hints, Options, Progress, Report, ingest};

fn with_map(text: &str) -> Hints {
    Hints {
        map: Some(("my.toml".to_owned(), text.to_owned())),
        ..Hints::default()
    }
}

fn parse(text: &str, path: &str, bytes: &[u8]) -> Parsed {
    parse_bytes(path, bytes, &with_map(text)).unwrap_or_else(|error| panic!("{error}"))
}

/// What is said of a map that does not hold together, or does not fit the file.
fn refusal(text: &str, path: &str, bytes: &[u8]) -> String {
    parse_bytes(path, bytes, &with_map(text))
        .err()
        .expect("the map is refused")
        .to_string()
}

const TRADES: &str = r#"about = "trades"
[[table]]
kind = "trades"
set = { venue = "v", instrument = "I", quantity_unit = "base" }
from = { traded_at = "t", price = "p", quantity = "q", side = { column = "s", words = { B = "buy", S = "sell" } } }
"#;

#[test]
fn every_embedded_map_holds_together() {
    for (name, map) in EMBEDDED.iter() {
        if let Err(error) = map {
            panic!("{name}: {error}");
        }
    }
    assert_eq!(embedded_maps().count(), EMBEDDED.len());
    assert!(embedded("tickvault").is_some() && embedded("no-such").is_none());
}

#[test]
fn a_row_is_kept_or_rejected_with_its_reason() {
    let csv = b"t,p,q,s\n\
        1704067200000,42283.58000000,0.00069,B\n\
        2024-01-01 00:00:00.5,\"42,1\",1,S\n\
        1704067200,42283.58,1,S\n\
        1704067201,0,1,B\n\
        1704067201,1,-1,B\n\
        1704067201,1,1,X\n\
        12,1,1,B\n\
        1704067201,1,1\n\
        1704067201,1,1,\n";
    let parsed = parse(TRADES, "x.csv", csv);
    assert_eq!((parsed.read, parsed.rejected), (9, 6));
    let trades = parsed.rows(Kind::Trades, "v", "I");
    let columns = ["traded_at", "price", "quantity", "side", "source_row"];
    assert_eq!(
        cells(trades, 0, columns),
        ["2024-01-01T00:00:00Z", "42283.58", "0.00069", "buy", "0"]
    );
    assert_eq!(
        cells(trades, 1, columns),
        ["2024-01-01T00:00:00Z", "42283.58", "1.0", "sell", "2"]
    );
    // A side that is missing is not known; only a word of no meaning is a fault.
    assert_eq!(
        cells(trades, 2, columns),
        ["2024-01-01T00:00:01Z", "1.0", "1.0", "", "8"]
    );
    let rejects = parsed.table(Kind::Rejects);
    let reasons: Vec<_> = (0..6)
        .map(|row| cells(rejects, row, ["reason", "source_row"]))
        .collect();
    let expected = [
        ("columns", "7"),
        ("number", "1"),
        ("price", "3"),
        ("quantity", "4"),
        ("word", "5"),
        ("stamp", "6"),
    ];
    assert_eq!(
        reasons,
        expected.map(|(reason, row)| [reason.to_owned(), row.to_owned()])
    );
    assert_eq!(cells(rejects, 4, ["raw"]), ["1704067201,1,1,X"]);
}

#[test]
fn units_move_the_point_and_lose_no_digit() {
    let map = r#"about = "amounts"
header = 0
separator = ";"
[[table]]
kind = "lending_liquidations"
set = { venue = "aave-v2", instrument = "WETH", event = "LiquidationCall", amount_origin = "scaled" }
[table.from]
liquidated_at = { column = 0, unit = "%d.%m.%Y %H:%M" }
collateral_quantity = { column = 1, unit = "wei" }
debt_quantity = { column = 2, decimals = 6 }
debt_usd = { column = 3, unit = "percent" }
"#;
    let csv = b"28.07.2021 00:01;330855192754556269;55144569141;-2.5e3\n28.07.2021 00:02;1;;1\n";
    let parsed = parse(map, "x.csv", csv);
    let rows = parsed.rows(Kind::LendingLiquidations, "aave-v2", "WETH");
    let columns = [
        "liquidated_at",
        "collateral_quantity",
        "debt_quantity",
        "debt_usd",
        "exact",
    ];
    // 330855192754556269 wei are 0.330855192754556269 ether, three digits more than a double gives back.
    assert_eq!(
        cells(rows, 0, columns),
        [
            "2021-07-28T00:01:00Z",
            "0.33085519275455627",
            "55144.569141",
            "-25.0",
            "collateral_quantity=0.330855192754556269"
        ]
    );
    assert_eq!(
        cells(rows, 1, columns),
        ["2021-07-28T00:02:00Z", "1e-18", "", "0.01", ""]
    );
}

#[test]
fn stamps_tell_their_unit_or_are_told_it() {
    let map = |unit: &str| {
        format!(
            "about = \"levels\"\n[[table]]\nkind = \"levels\"\nset = {{ venue = \"v\", instrument = \"I\", measure = \
             \"m\", unit = \"u\" }}\nfrom = {{ read_at = {{ column = \"t\"{unit} }}, value = \"v\" }}\n"
        )
    };
    // 2020-03-12 10:00:00.25 UTC in eight ways of writing.
    let told = "1584007200.25\n1584007200250\n1584007200250000\n1584007200250000000\n1.58400720025e9\n\
                2020-03-12T10:00:00.250Z\n2020/03/12 12:00:00.25+02:00\n2020-03-12D10:00:00.250000000\n";
    let csv: String = told.lines().map(|stamp| format!("{stamp},1\n")).collect();
    let parsed = parse(&map(""), "x.csv", format!("t,v\n{csv}").as_bytes());
    let rows = parsed.rows(Kind::Levels, "v", "I");
    for row in 0..8 {
        assert_eq!(
            cells(rows, row, ["read_at"]),
            ["2020-03-12T10:00:00.250Z"],
            "{row}"
        );
    }
    // A count of seconds is none of milliseconds: nothing is guessed where the unit was said.
    let parsed = parse(
        &map(", unit = \"ms\""),
        "x.csv",
        b"t,v\n1584007200,1\n1584007200250,1\n",
    );
    assert_eq!((parsed.read, parsed.rejected), (2, 1));
    let mut hints = with_map(&map(", unit = \"block\""));
    hints.blocks = vec![(14_805_947, 1_652_949_553), (14_806_247, 1_652_953_600)];
    let parsed = parse_bytes("x.csv", b"t,v\n14806247,1\n14806248,1\n", &hints).unwrap();
    assert_eq!(parsed.rejected, 1);
    assert_eq!(
        cells(parsed.rows(Kind::Levels, "v", "I"), 0, ["read_at"]),
        ["2022-05-19T09:46:40Z"]
    );
    let error = refusal(&map(", unit = \"block\""), "x.csv", b"t,v\n1,1\n");
    assert!(error.contains("--blocks"), "{error}");
}

#[test]
fn bars_need_two_of_start_end_and_length() {
    let bars = |from: &str, set: &str| {
        format!(
            "about = \"bars\"\n[[table]]\nkind = \"bars\"\nset = {{ venue = \"v\", instrument = \"I\"{set} }}\n\
             from = {{ {from}, open = \"o\", high = \"h\", low = \"l\", close = \"c\" }}\n"
        )
    };
    let csv = b"t,u,o,h,l,c\n2024-01-01 00:59:59.999,2024-01-01 00:00:00,1,3,0.5,2\n2024-01-01 01:59:59,2024-01-01 \
        01:00:00,1,0.4,0.5,2\n";
    let columns = ["open_at", "close_at", "interval_s", "price_kind", "price_origin"];
    let expected = [
        "2024-01-01T00:00:00Z",
        "2024-01-01T01:00:00Z",
        "3600",
        "last",
        "recorded",
    ];
    for (from, set) in [
        (
            "close_at = { column = \"t\", inclusive = true }",
            ", interval_s = 3600",
        ),
        ("open_at = \"u\"", ", interval_s = 3600"),
        (
            "open_at = \"u\", close_at = { column = \"t\", inclusive = true }",
            "",
        ),
    ] {
        let parsed = parse(&bars(from, set), "x.csv", csv);
        assert_eq!(
            cells(parsed.rows(Kind::Bars, "v", "I"), 0, columns),
            expected,
            "{from}"
        );
        assert_eq!(cells(parsed.table(Kind::Rejects), 0, ["reason"]), ["extremes"]);
    }
    let error = refusal(&bars("open_at = \"u\"", ""), "x.csv", csv);
    assert!(error.contains("bars needs interval_s, close_at"), "{error}");
}

#[test]
fn the_sign_of_a_size_is_its_side() {
    let map = r#"about = "signed"
[[table]]
kind = "trades"
set = { venue = "bitmex", instrument = "XBTUSD", quantity_unit = "quote" }
[table.from]
traded_at = "timestamp"
price = "price"
quantity = { column = "size", abs = true }
side = { column = "size", words = { "+" = "buy", "-" = "sell" } }
"#;
    let parsed = parse(
        map,
        "x.csv",
        b"timestamp,price,size\n1514764802610,13873.0,10\n1514764806057,13873.0,-3000\n",
    );
    let trades = parsed.rows(Kind::Trades, "bitmex", "XBTUSD");
    assert_eq!(cells(trades, 0, ["quantity", "side"]), ["10.0", "buy"]);
    assert_eq!(cells(trades, 1, ["quantity", "side"]), ["3000.0", "sell"]);
}

/// One row feeds funding and open interest, each where it has something to say.
const TICKER: &str = r#"about = "ticker"
leave = { kind = "heartbeat" }
[set]
venue = "bybit-linear"
[from]
instrument = "symbol"
[[table]]
kind = "funding"
set = { rate_kind = "predicted", interval_h = 8 }
from = { funded_at = "at", rate = "/funding/rate" }
[[table]]
kind = "open_interest"
where = { kind = ["ticker", "oi"] }
set = { quantity_unit = "base" }
from = { read_at = ["at", "ts"], quantity = "oi" }
"#;

#[test]
fn one_row_feeds_several_tables() {
    let map = TICKER.replace("[\"at\", \"ts\"]", "{ column = [\"at\", \"ts\"] }");
    let lines = br#"{"kind":"ticker","symbol":"BTCUSDT","at":1760130000000,"funding":{"rate":"-0.00037409"},"oi":51234.5}
{"kind":"oi","symbol":"ETH\u0055SDT","ts":"2025-10-10T21:00:00Z","oi":"12"}
{"kind":"heartbeat","symbol":"BTCUSDT"}
{"kind":"other","symbol":"BTCUSDT","at":1760130000000}
{"kind":
"#;
    let array = br#"{"result":{"list":[{"kind":"oi","symbol":"BTCUSDT","at":1760130000000,"oi":1},null]}}"#;
    let parsed = parse(&map, "x.jsonl", lines);
    assert_eq!((parsed.read, parsed.rejected, parsed.left_out), (5, 2, 1));
    let funding = parsed.rows(Kind::Funding, "bybit-linear", "BTCUSDT");
    assert_eq!(
        cells(funding, 0, ["rate", "funded_at"]),
        ["-0.00037409", "2025-10-10T21:00:00Z"]
    );
    let interest = parsed.rows(Kind::OpenInterest, "bybit-linear", "ETHUSDT");
    assert_eq!(
        cells(interest, 0, ["quantity", "read_at"]),
        ["12.0", "2025-10-10T21:00:00Z"]
    );
    let rejects = parsed.table(Kind::Rejects);
    assert_eq!(cells(rejects, 0, ["reason"]), ["json"]);
    assert_eq!(cells(rejects, 1, ["reason", "source_row"]), ["number", "3"]);

    let keyed = format!("records = \"list\"\n{map}").replace("{ column = [\"at\", \"ts\"] }", "\"at\"");
    let keyed = keyed.replace("\"/funding/rate\"", "\"oi\"");
    let parsed = parse(&keyed, "x.json", array);
    assert_eq!((parsed.read, parsed.rejected), (3, 1));
    let error = refusal(&map, "x.json", b"{\n\"result\": []\n}\n");
    assert!(error.contains("`records`"), "{error}");
}

#[test]
fn arrays_of_arrays_are_read_by_place() {
    let map = r#"about = "rows"
[[table]]
kind = "bars"
set = { venue = "binance-spot", instrument = "BTCUSDT", interval_s = 60, volume_unit = "base" }
from = { open_at = 0, open = 1, high = 2, low = 3, close = 4, volume = 5 }
"#;
    for text in [
        "[[1621209600000,46426.83,46514.75,46358.14,46506.0,121.330795],[1621209660000,1,1,1,1,1]]",
        "[1621209600000,46426.83,46514.75,46358.14,46506.0,121.330795]\n[1621209660000,1,1,1,1,1]\n",
    ] {
        let parsed = parse(map, "x.json", text.as_bytes());
        let bars = parsed.rows(Kind::Bars, "binance-spot", "BTCUSDT");
        assert_eq!(bars.num_rows(), 2);
        assert_eq!(
            cells(bars, 0, ["open_at", "low", "volume"]),
            ["2021-05-17T00:00:00Z", "46358.14", "121.330795"]
        );
    }
}

const LONG: &str = r#"about = "long"
long = { field = "field", value = "value" }
leave = { field = ["eligible"] }
set = { venue = "binance-usdm" }
from = { instrument = "symbol" }
[[table]]
kind = "bars"
set = { interval_s = 86400 }
from = { open_at = "ts", open = "open", high = "high", low = "low", close = "close" }
[[table]]
kind = "funding"
set = { rate_kind = "daily_sum" }
from = { funded_at = "ts", rate = "funding" }
"#;

#[test]
fn rows_of_a_long_file_meet() {
    let csv = b"ts,symbol,field,value\n2021-01-01,B,open,1\n2021-01-01,B,high,4\n2021-01-02,B,open,2\n2021-01-01,B,low,0.5\n\
        2021-01-01,B,eligible,1\n2021-01-01,B,close,3\n2021-01-01,B,funding,-0.25\n2021-01-01,B,close,9\n\
        2021-01-01,B,nonsense,9\n2021-01-03,B,open,\n";
    let parsed = parse(LONG, "x.csv", csv);
    let bars = parsed.rows(Kind::Bars, "binance-usdm", "B");
    assert_eq!(bars.num_rows(), 1);
    assert_eq!(
        cells(bars, 0, ["open", "high", "low", "close", "source_row"]),
        ["1.0", "4.0", "0.5", "3.0", "0"]
    );
    let funding = parsed.rows(Kind::Funding, "binance-usdm", "B");
    assert_eq!(
        cells(funding, 0, ["rate", "funded_at"]),
        ["-0.25", "2021-01-01T00:00:00Z"]
    );
    // A second close, a field nobody asks for, and a day that lacks three of its four prices.
    let rejects = parsed.table(Kind::Rejects);
    let found: Vec<_> = (0..3)
        .map(|row| cells(rejects, row, ["reason", "source_row"]).join(" "))
        .collect();
    assert_eq!(found, ["columns 7", "word 8", "number 2"]);
    assert_eq!((parsed.read, parsed.left_out), (5, 1));
}

#[test]
fn columns_of_a_wide_file_become_rows() {
    let map = r#"about = "wide"
[wide]
columns = "{instrument}_PERP.A_{what}"
[[table]]
kind = "liquidations"
set = { venue = "binance-usdm", quantity_unit = "base", coverage = "aggregated", interval_s = 86400 }
from = { liquidated_at = "", instrument = "instrument", quantity = "value", side = { column = "what", words = { longliq = "sell", shortliq = "buy" } } }
"#;
    let csv = b",AUSDT_PERP.A_longliq,AUSDT_PERP.A_shortliq,BUSDT_PERP.A_longliq\n2022-04-01,3199405.0,771404.0,\n2022-04-02,1,x,2\n";
    let parsed = parse(map, "x.csv", csv);
    assert_eq!((parsed.read, parsed.rejected), (5, 1));
    let rows = parsed.rows(Kind::Liquidations, "binance-usdm", "AUSDT");
    assert_eq!(
        cells(rows, 0, ["liquidated_at", "side", "quantity"]),
        ["2022-04-01T00:00:00Z", "sell", "3199405.0"]
    );
    assert_eq!(
        cells(rows, 2, ["liquidated_at", "side", "quantity"]),
        ["2022-04-01T00:00:00Z", "buy", "771404.0"]
    );
    assert_eq!(
        parsed
            .rows(Kind::Liquidations, "binance-usdm", "BUSDT")
            .num_rows(),
        1
    );
}

#[test]
fn names_of_files_say_what_their_rows_do_not() {
    let map = r#"about = "named"
files = "{base}_{quote}-{interval}_*"
[[table]]
kind = "bars"
set = { venue = "binance-spot" }
[table.from]
instrument = "{base}{quote}"
interval_s = { column = "interval", words = { 1m = 60, 1h = 3600 } }
open_at = "t"
open = "o"
high = "o"
low = "o"
close = "o"
"#;
    let parsed = parse(map, "raw/ADA_USDT-1h_2021.csv", b"t,o\n1621296000000,2\n");
    let bars = parsed.rows(Kind::Bars, "binance-spot", "ADAUSDT");
    assert_eq!(
        cells(bars, 0, ["interval_s", "close_at"]),
        ["3600", "2021-05-18T01:00:00Z"]
    );
    let error = refusal(map, "other.csv", b"t,o\n1621296000000,2\n");
    assert!(error.contains("asks for `base`, `quote`, `interval`"), "{error}");
    // What the user says stands over the map.
    let mut hints = with_map(map);
    hints.instrument = Some("ADA".to_owned());
    let parsed = parse_bytes("ADA_USDT-1m_x.csv", b"t,o\n1621296000000,2\n", &hints).unwrap();
    assert_eq!(parsed.rows(Kind::Bars, "binance-spot", "ADA").num_rows(), 1);
}

#[test]
fn a_map_that_does_not_hold_together_says_where_and_what_is_allowed() {
    let csv = b"t,p,q,s\n1704067200000,1,1,B\n";
    for (from, to, place, says) in [
        (
            "kind = ",
            "knd = ",
            "my.toml:3:1",
            "expected one of `kind`, `where`, `set`, `from`",
        ),
        (
            "\"trades\"\nset",
            "\"trade\"\nset",
            "my.toml:3:8",
            "expected trades, bars, ",
        ),
        (
            "price =",
            "prize =",
            "my.toml:5:35",
            "did you mean `price`? trades has traded_at, ",
        ),
        (
            "\"p\"",
            "{ column = \"p\", unt = \"wei\" }",
            "my.toml:5",
            "expected one of `column`, `unit`, ",
        ),
        (
            "\"p\"",
            "{ column = \"p\", unit = \"ms\" }",
            "my.toml:5:58",
            "expected percent, bps, satoshi, gwei, wei",
        ),
        (
            "\"t\"",
            "{ column = \"t\", unit = \"min\" }",
            "my.toml:5:45",
            "expected s, ms, us, ns, block or a pattern",
        ),
        (
            "\"t\"",
            "{ column = \"t\", decimals = 3 }",
            "my.toml:5:49",
            "this column holds none",
        ),
        (
            "\"buy\"",
            "\"bid\"",
            "my.toml:5:93",
            "is `bid`; expected buy, sell",
        ),
        (
            "\"base\"",
            "\"coins\"",
            "my.toml:4:56",
            "expected base, quote, contract",
        ),
        (
            ", quantity_unit = \"base\"",
            "",
            "my.toml:2",
            "trades needs quantity_unit; expected them in `from` or `set`",
        ),
        ("about = \"trades\"\n", "", "my.toml:1:1", "missing field `about`"),
        (
            "[[table]]",
            "files = \"{\"\n[[table]]",
            "my.toml:2:9",
            "opens a `{`",
        ),
        (
            "[[table]]",
            "from = { rate = \"x\" }\n[[table]]",
            "my.toml:2:17",
            "no table here has a column `rate`",
        ),
    ] {
        let error = refusal(&TRADES.replacen(from, to, 1), "x.csv", csv);
        assert!(error.starts_with(place), "{to}: {error}");
        assert!(error.contains(says), "{to}: {error}");
    }
    let error = refusal(&TRADES.replace("\"q\"", "\"size\""), "data/x.csv", csv);
    assert_eq!(
        error,
        "data/x.csv: the map my.toml asks for `size`, which it does not have; it has `t`, `p`, `q`, `s`"
    );
    let error = refusal(&TRADES.replace("venue = \"v\", ", ""), "x.csv", csv);
    assert!(
        error.contains("nothing says its venue; --venue says it"),
        "{error}"
    );
}

struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: usize, _: u64) {}
    fn advance(&self, _: u64, _: u64) {}
    fn commit(&self) {}
}

/// Ingests files as the command does; the report and the folder of the tape.
pub(super) fn ingested(files: &[String], hints: Hints) -> (Report, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let location = folder.path().join("tape").to_string_lossy().into_owned();
    let tape = Tape::new(Store::open(&location).expect("a place for a tape"));
    let options = Options {
        hints,
        ..Options::default()
    };
    let report = ingest(&tape, files, &options, &Quiet).unwrap_or_else(|error| panic!("{error}"));
    (report, folder)
}

/// All rows of one instrument.
pub(super) fn stored(folder: &Path, kind: Kind, venue: &str, instrument: &str) -> RecordBatch {
    let parts = folder.join(format!(
        "tape/{}/venue={venue}/instrument={instrument}",
        kind.name()
    ));
    let mut files: Vec<_> = std::fs::read_dir(&parts)
        .unwrap_or_else(|error| panic!("{}: {error}", parts.display()))
        .map(|entry| entry.expect("the entry reads").path())
        .collect();
    files.sort();
    let batches: Vec<RecordBatch> = files
        .iter()
        .flat_map(|file| {
            batches("a part", &std::fs::read(file).expect("the part reads")).expect("it is Parquet")
        })
        .collect();
    arrow::compute::concat_batches(&batches[0].schema(), &batches).expect("the parts are alike")
}

/// Types that researchers' Parquet and Arrow files come in.
fn typed_batch() -> RecordBatch {
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "at",
            Arc::new(
                TimestampNanosecondArray::from(vec![
                    Some(1_760_130_000_000_000_007),
                    None,
                    Some(1_760_130_002_000_000_000),
                ])
                .with_timezone("UTC"),
            ),
        ),
        (
            "price",
            Arc::new(Float64Array::from(vec![
                Some(101_516.5),
                Some(1.0),
                Some(f64::NAN),
            ])),
        ),
        ("small", Arc::new(Float32Array::from(vec![0.5, 0.25, 1.0]))),
        ("wei", Arc::new(Int64Array::from(vec![207_018_060, 1, 2]))),
        (
            "exact",
            Arc::new(
                Decimal128Array::from(vec![12_345_678_901_234_567_890, 1, 2])
                    .with_precision_and_scale(38, 4)
                    .expect("the scale fits"),
            ),
        ),
        (
            "side",
            Arc::new(
                vec!["b", "s", "b"]
                    .into_iter()
                    .collect::<DictionaryArray<Int32Type>>(),
            ),
        ),
        ("day", Arc::new(Date32Array::from(vec![20_371, 20_371, 20_371]))),
        ("name", Arc::new(StringArray::from(vec!["A", "A", "A"]))),
    ];
    RecordBatch::try_from_iter(columns).expect("the columns are of one length")
}

const TYPED: &str = r#"about = "typed"
[[table]]
kind = "trades"
where = { name = "A" }
set = { venue = "v", instrument = "I", quantity_unit = "base" }
[table.from]
traded_at = "at"
received_at = "day"
price = "price"
quantity = { column = "wei", decimals = 9 }
quote_quantity = "exact"
base_quantity = "small"
side = { column = "side", words = { b = "buy", s = "sell" } }
"#;

#[test]
fn files_of_columns_keep_their_types() {
    let folder = tempfile::tempdir().expect("a folder");
    let parquet = folder.path().join("x.parquet");
    let feather = folder.path().join("x.feather");
    let batch = typed_batch();
    let mut writer = ArrowWriter::try_new(File::create(&parquet).expect("a file"), batch.schema(), None)
        .expect("a writer");
    writer.write(&batch).expect("it writes");
    writer.close().expect("it closes");
    let mut writer =
        FileWriter::try_new(File::create(&feather).expect("a file"), &batch.schema()).expect("a writer");
    writer.write(&batch).expect("it writes");
    writer.finish().expect("it closes");
    for file in [parquet, feather] {
        let (report, tape) = ingested(&[file.to_string_lossy().into_owned()], with_map(TYPED));
        assert_eq!(
            (
                report.files[0].records,
                report.files[0].rejected,
                report.files[0].kept
            ),
            (3, 2, 1)
        );
        let trades = stored(tape.path(), Kind::Trades, "v", "I");
        let columns = [
            "traded_at",
            "nanoseconds",
            "received_at",
            "price",
            "quantity",
            "quote_quantity",
            "exact",
            "base_quantity",
            "side",
        ];
        assert_eq!(
            cells(&trades, 0, columns),
            [
                "2025-10-10T21:00:00Z",
                "7",
                "2025-10-10T00:00:00Z",
                "101516.5",
                "0.20701806",
                "1234567890123456.8",
                "quote_quantity=1234567890123456.7890",
                "0.5",
                "buy"
            ]
        );
    }
}

/// Registry files cut into fixtures are recognised without a word from the user.
#[test]
fn known_layouts_are_recognised_by_name_and_columns() {
    let bytes = fixture("map/ethusdt_binance_spot_1h_2024.csv");
    let parsed = parse_bytes("map/ethusdt_binance_spot_1h_2024.csv", &bytes, &Hints::default()).unwrap();
    assert_eq!((parsed.source, parsed.read, parsed.rejected), ("map", 24, 0));
    let bars = parsed.rows(Kind::Bars, "binance-spot", "ETHUSDT");
    let columns = ["open_at", "close_at", "open", "high", "low", "close", "volume"];
    // The first line: `2024-01-01 00:59:59.999,2281.87,2297.18,2281.27,2295.51,10771.9183`.
    assert_eq!(
        cells(bars, 0, columns),
        [
            "2024-01-01T00:00:00Z",
            "2024-01-01T01:00:00Z",
            "2281.87",
            "2297.18",
            "2281.27",
            "2295.51",
            "10771.9183"
        ]
    );

    let path = "map/btcusdt_binance_perp_funding_20240101_20240108.json";
    let parsed = parse_bytes(path, &fixture(path), &Hints::default()).unwrap();
    assert_eq!((parsed.source, parsed.read, parsed.rejected), ("map", 22, 0));
    let funding = parsed.rows(Kind::Funding, "binance-usdm", "BTCUSDT");
    let columns = ["funded_at", "rate", "mark_price", "rate_kind", "interval_h"];
    assert_eq!(
        cells(funding, 0, columns),
        ["2024-01-01T00:00:00Z", "0.00037409", "42313.9", "settled", "8.0"]
    );
    // The last but two was settled one millisecond late.
    assert_eq!(
        cells(funding, 19, columns),
        [
            "2024-01-07T08:00:00.001Z",
            "0.0001",
            "44071.99074823",
            "settled",
            "8.0"
        ]
    );

    let path = "map/btcusdt_binance_spot_1h_20170817_20240101.csv";
    let parsed = parse_bytes(path, &fixture(path), &Hints::default()).unwrap();
    // 04:00 and 12:00 of 2018-01-04 are one and the same bar there, and both are marked.
    assert_eq!(
        (parsed.what.as_str(), parsed.rejected),
        ("bars by the map binance-spot-dated-filled", 0)
    );
    assert_eq!((parsed.read, parsed.left_out), (12, 2));
}
