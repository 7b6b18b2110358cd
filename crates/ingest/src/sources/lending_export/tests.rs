//! Fixtures and their origin: `tests/fixtures/ingest/lending_export/SOURCE.md`. Counts of the recorded files were made with
//! pandas, separately.

use aftershock_archive::Store;
use aftershock_archive::tape::{Kind, Tape};
use arrow::array::{AsArray, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::testing::{Parsed, Silent, cells, fixture, parse_bytes, recorded, recorded_path};
use crate::{Head, Hints, Options, Output, Place, Source, ingest};

fn parsed(file: &str) -> Parsed {
    let bytes = fixture(&format!("lending_export/{file}"));
    let parsed = parse_bytes(&format!("raw/{file}"), &bytes, &Hints::default()).expect("recognised");
    assert_eq!(parsed.source, "lending-export", "{file}");
    parsed
}

const QUANTITIES: [&str; 10] = [
    "liquidated_at",
    "collateral_asset",
    "collateral_quantity",
    "collateral_quantity_raw",
    "collateral_usd",
    "debt_asset",
    "debt_quantity",
    "debt_quantity_raw",
    "debt_usd",
    "amount_origin",
];

/// Both rows are the same event told in the two units; by eye.
#[test]
fn each_row_tells_its_unit_by_itself() {
    let parsed = parsed("constructed-aave-v2-export.csv");
    assert_eq!((parsed.read, parsed.rejected), (8, 4));
    let bitcoin = parsed.rows(Kind::LendingLiquidations, "aave-v2", "WBTC");
    assert_eq!(
        cells(bitcoin, 0, QUANTITIES),
        [
            "2021-07-27T00:00:00Z",
            "WBTC",
            "0.05000001",
            "5000001",
            "",
            "USDC",
            "1234.56789",
            "1234567890",
            "",
            "scaled"
        ]
    );
    assert_eq!(
        cells(bitcoin, 1, QUANTITIES),
        [
            "2021-07-28T00:00:00Z",
            "WBTC",
            "0.05000001",
            "",
            "1650.00033",
            "USDC",
            "1234.56789",
            "",
            "1234.56789",
            "decimal"
        ]
    );
    let keys = [0, 1].map(|row| cells(bitcoin, row, ["event_key"])[0].clone());
    let borrower = "0x1111111111111111111111111111111111111111";
    assert_eq!(
        keys,
        [
            format!("1627344000:{borrower}:5.00000100000e-2"),
            format!("1627430400:{borrower}:5.00000100000e-2")
        ]
    );
    let ether = parsed.rows(Kind::LendingLiquidations, "aave-v2", "WETH");
    assert_eq!(
        cells(ether, 0, ["collateral_quantity", "exact"]),
        ["0.0000145257", ""]
    );
    // The token of a pool of the AMM market has decimals that are not known here.
    let share = parsed.rows(Kind::LendingLiquidations, "aave-v2-amm", "AmmUniWBTCWETH");
    assert_eq!(
        cells(
            share,
            0,
            [
                "collateral_quantity",
                "collateral_quantity_raw",
                "debt_asset",
                "debt_quantity",
                "amount_origin"
            ]
        ),
        ["", "61813", "DAI", "0.0001", "raw"]
    );
}

#[test]
fn rows_whose_unit_cannot_be_told_are_rejected() {
    let parsed = parsed("constructed-aave-v2-export.csv");
    let rejects = parsed.rows(Kind::Rejects, "aave-v2", "all");
    let reasons: Vec<[String; 2]> = (0..4)
        .map(|row| cells(rejects, row, ["source_row", "reason"]))
        .collect();
    // Whole numbers in the newer layout, a point in the older one, a pool nobody knows, no stamp.
    assert_eq!(
        reasons,
        [["4", "unit"], ["5", "unit"], ["6", "instrument"], ["7", "stamp"]]
    );
}

#[test]
fn dunes_rows_are_whole_units_with_their_log() {
    let parsed = parsed("constructed-dune-evt_liquidationcall.csv");
    assert_eq!((parsed.read, parsed.rejected), (3, 1));
    let bitcoin = parsed.rows(Kind::LendingLiquidations, "aave-v2", "WBTC");
    assert_eq!(
        cells(
            bitcoin,
            0,
            [
                "liquidated_at",
                "event_key",
                "block_number",
                "log_index",
                "collateral_quantity",
                "debt_quantity"
            ]
        ),
        [
            "2022-06-13T00:00:00Z",
            "1655078400:0x1111111111111111111111111111111111111111:5.00000100000e-2",
            "14953917",
            "7",
            "0.05000001",
            "1234.56789"
        ]
    );
    let ether = parsed.rows(Kind::LendingLiquidations, "aave-v2", "WETH");
    let largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935";
    assert_eq!(cells(ether, 0, ["debt_quantity_raw"]), [largest]);
}

/// The raw log, Dune's row and the row of the Parquet export of one event have one key.
#[test]
fn one_event_has_one_key_in_all_layouts() {
    let log = fixture("evm_logs/constructed-lending.jsonl");
    let log = parse_bytes("logs.jsonl", &log, &Hints::default()).unwrap();
    let dune = parsed("constructed-dune-evt_liquidationcall.csv");
    let key = |parsed: &Parsed| {
        let rows = parsed.rows(Kind::LendingLiquidations, "aave-v2", "WBTC");
        cells(rows, 0, ["event_key"])
    };
    assert_eq!(key(&log), key(&dune));
    let tables = parquet("constructed-with-hash.parquet");
    let (_, rows) = &tables[0];
    assert_eq!(cells(rows, 0, ["event_key"]), key(&dune));
}

/// Reads a Parquet fixture as the core would.
fn parquet(file: &str) -> Vec<(Place, RecordBatch)> {
    let bytes = arrow::buffer::Buffer::from_vec(fixture(&format!("lending_export/{file}")));
    let mut named = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut named, bytes.as_slice()).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(named).unwrap();
    let hints = Hints::default();
    let head = Head {
        path: file,
        bytes: b"PAR1",
        schema: Some(reader.schema().clone()),
        hints: &hints,
    };
    let recognised = super::LendingExport
        .recognise(&head)
        .unwrap()
        .expect("recognised");
    let mut output = Output::new(0);
    for batch in reader.build().unwrap() {
        recognised
            .parser
            .parse_batch(&batch.unwrap(), 0, &mut output)
            .unwrap();
    }
    output.finish("0123456789abcdef", &recognised.venue)
}

#[test]
fn parquet_with_transactions() {
    let tables = parquet("constructed-with-hash.parquet");
    let places: Vec<(&str, &str)> = tables
        .iter()
        .map(|(place, _)| (place.venue.as_str(), place.instrument.as_str()))
        .collect();
    assert_eq!(places, [("aave-v3", "WBTC"), ("aave-v2", "WBTC")]);
    assert_eq!(
        cells(
            &tables[1].1,
            0,
            [
                "liquidated_at",
                "collateral_quantity",
                "collateral_quantity_raw",
                "collateral_usd",
                "block_number",
                "amount_origin"
            ]
        ),
        [
            "2022-06-13T00:00:12Z",
            "2.5",
            "250000000",
            "65000.0",
            "14953918",
            "decimal"
        ]
    );
}

#[test]
fn parquet_without_transactions() {
    let tables = parquet("constructed-without-hash.parquet");
    let places: Vec<(&str, &str)> = tables
        .iter()
        .map(|(place, _)| (place.kind.name(), place.instrument.as_str()))
        .collect();
    assert_eq!(
        places,
        [
            ("lending_liquidations", "WBTC"),
            ("lending_liquidations", "cbBTC"),
            ("rejects", "all")
        ]
    );
    assert_eq!(
        cells(&tables[2].1, 0, ["reason", "source_row"]),
        ["instrument", "2"]
    );
}

/// The four recorded files as a user ingests them. Pandas: 22,604 rows, of them 6,001 of an event that another file
/// holds too; no event is merged that one file holds twice.
#[test]
fn the_recorded_files_overlap_and_no_event_is_lost() {
    let Some(folder) = recorded_path("recorded/aave-liquidations") else {
        return;
    };
    let scratch = tempfile::tempdir().unwrap();
    let tape = Tape::new(Store::open(scratch.path().to_str().unwrap()).unwrap());
    let report = ingest(&tape, &[folder], &Options::default(), &Silent).unwrap();
    let counts: Vec<(&str, u64, u64)> = report
        .files
        .iter()
        .map(|file| (file.path.rsplit('/').next().unwrap(), file.records, file.rejected))
        .collect();
    assert_eq!(
        counts,
        [
            ("aave_btc_collateral_2020-12_2026-02.parquet", 6_269, 0),
            ("aave_cbbtc_2024-11_2026-02.parquet", 219, 0),
            ("aave_v2_all_collaterals_2020-12_2022-04.csv", 11_497, 0),
            ("aave_wbtc_2022-02_2026-02.parquet", 4_619, 0),
        ]
    );
    let kept: u64 = report.files.iter().map(|file| file.kept).sum();
    let copies: u64 = report.files.iter().map(|file| file.duplicate()).sum();
    assert_eq!((kept, copies, report.conflicts), (16_603, 6_001, 0));
}

/// Sums by Python's `decimal` over the raw file: older rows divided by ten to the token's decimals, newer as they are.
#[test]
fn the_recorded_csv_is_in_one_unit_throughout() {
    let Some(bytes) = recorded("recorded/aave-liquidations/aave_v2_all_collaterals_2020-12_2022-04.csv")
    else {
        return;
    };
    let parsed = parse_bytes("aave_v2.csv", &bytes, &Hints::default()).unwrap();
    assert_eq!((parsed.read, parsed.rejected, parsed.left_out), (11_497, 0, 0));
    for (symbol, rows, sum) in [
        ("LINK", 2_081, 3_978_076.775_046_331),
        ("USDC", 210, 22_024_046.883_013),
        ("WBTC", 1_168, 3_968.197_092_23),
    ] {
        let batch = parsed.rows(Kind::LendingLiquidations, "aave-v2", symbol);
        assert_eq!(batch.num_rows(), rows, "{symbol}");
        let quantities = batch.column_by_name("collateral_quantity").unwrap();
        let quantities = quantities.as_primitive::<arrow::datatypes::Float64Type>();
        let ours: f64 = quantities.iter().flatten().sum();
        assert!((ours / sum - 1.0).abs() < 1e-12, "{symbol}: {ours}");
    }
    let origins = parsed.tables.iter().flat_map(|(_, batch)| {
        (0..batch.num_rows()).map(|row| cells(batch, row, ["amount_origin"])[0].clone())
    });
    let mut counts = std::collections::BTreeMap::new();
    origins.for_each(|origin| *counts.entry(origin).or_insert(0) += 1);
    let expected = [("decimal", 5_266), ("raw", 31), ("scaled", 6_200)];
    assert_eq!(
        counts,
        expected.map(|(origin, rows)| (origin.to_owned(), rows)).into()
    );
}
