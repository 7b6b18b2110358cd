//! Real files read by the embedded maps, found by name and columns alone. Numbers are those of the raw files.

use arrow::record_batch::RecordBatch;

use super::tests::{ingested, stored};
use crate::Hints;
use crate::testing::{cells, recorded_path};
use aftershock_archive::tape::Kind;

/// What the map counts and gives for a file: records, rejects, rows left out, rows.
fn counts(path: &str) -> Option<((u64, u64, u64, u64), tempfile::TempDir)> {
    let (report, folder) = ingested(&[recorded_path(path)?], Hints::default());
    let file = &report.files[0];
    assert!(file.what.contains(" by the map "), "{path}: {}", file.what);
    Some(((file.records, file.rejected, file.left_out, file.rows), folder))
}

/// The row of a stamp.
fn row<const N: usize>(batch: &RecordBatch, at: &str, columns: [&str; N]) -> [String; N] {
    let stamp = batch.schema().field(0).name().clone();
    let mut rows = (0..batch.num_rows()).filter(|row| cells(batch, *row, [stamp.as_str()])[0] == at);
    let row = rows.next().unwrap_or_else(|| panic!("no row of {at}"));
    assert!(rows.next().is_none(), "several rows of {at}");
    cells(batch, row, columns)
}

#[test]
fn the_476_perpetuals() {
    let path = "recorded/binance-um-1h-2025-10/binance_um_1h_all_2025-10-09_to_2025-10-13.csv.gz";
    let Some((found, tape)) = counts(path) else { return };
    assert_eq!(found, (45_558, 0, 0, 45_558));
    let instruments = tape.path().join("tape/bars/venue=binance-usdm");
    assert_eq!(
        std::fs::read_dir(instruments)
            .expect("the venue is there")
            .count(),
        476
    );
    let columns = [
        "close_at",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "quote_volume",
        "trades",
    ];
    assert_eq!(
        row(
            &stored(tape.path(), Kind::Bars, "binance-usdm", "BTCUSDT"),
            "2025-10-10T21:00:00Z",
            columns
        ),
        [
            "2025-10-10T22:00:00Z",
            "114200.4",
            "115075.6",
            "101516.5",
            "113253.6",
            "131850.219",
            "14480884725.8013",
            "2742106"
        ]
    );
    assert_eq!(
        row(
            &stored(tape.path(), Kind::Bars, "binance-usdm", "ZRXUSDT"),
            "2025-10-12T23:00:00Z",
            ["low", "trades"]
        ),
        ["0.2113", "2720"]
    );
}

#[test]
fn seven_venues_each_by_its_own_names_and_units() {
    let Some((found, tape)) = counts("recorded/multi-venue-1h-2025-2026/candles.parquet") else {
        return;
    };
    assert_eq!(found, (121_122, 0, 0, 121_122));
    let columns = [
        "interval_s",
        "open",
        "high",
        "low",
        "close",
        "volume",
        "volume_unit",
    ];
    assert_eq!(
        row(
            &stored(tape.path(), Kind::Bars, "okx-swap", "BTC-USDT-SWAP"),
            "2025-12-05T11:00:00Z",
            columns
        ),
        [
            "3600",
            "91234.8",
            "91522.9",
            "91079.0",
            "91309.9",
            "196500.88",
            "contract"
        ]
    );
    assert_eq!(
        row(
            &stored(tape.path(), Kind::Bars, "kraken-futures", "PF_XBTUSD"),
            "2025-12-12T03:00:00Z",
            columns
        ),
        [
            "3600", "92626.0", "92798.0", "92205.0", "92322.0", "64.1472", "base"
        ]
    );
    let Some((found, tape)) = counts("recorded/multi-venue-1h-2025-2026/open_interest.parquet") else {
        return;
    };
    assert_eq!(found, (18_477, 0, 0, 18_477));
    let interest = stored(tape.path(), Kind::OpenInterest, "hyperliquid", "BTC");
    assert_eq!(
        row(&interest, "2025-12-07T11:00:00Z", ["quantity", "quantity_unit"]),
        ["1934030909.9089077", "quote"]
    );
}

#[test]
fn daily_columns_of_perpetuals() {
    let folder = "recorded/binance-um-daily-2022";
    let day = "2022-04-01T00:00:00Z";
    let Some((found, tape)) = counts(&format!("{folder}/liquidations_daily.csv")) else {
        return;
    };
    // 132 columns of 106 days.
    assert_eq!(found, (13_992, 0, 0, 13_992));
    let liquidations = stored(tape.path(), Kind::Liquidations, "binance-usdm", "PEOPLEUSDT");
    let columns = [
        "liquidated_at",
        "side",
        "quantity",
        "quantity_unit",
        "coverage",
        "interval_s",
    ];
    let found: Vec<_> = (0..2).map(|row| cells(&liquidations, row, columns)).collect();
    for expected in [
        [day, "sell", "3199405.0", "base", "aggregated", "86400"],
        [day, "buy", "771404.0", "base", "aggregated", "86400"],
    ] {
        assert!(
            found.contains(&expected.map(str::to_owned)),
            "{expected:?} in {found:?}"
        );
    }
    let Some((found, tape)) = counts(&format!("{folder}/funding_rate_daily.csv")) else {
        return;
    };
    assert_eq!(found, (12_614, 0, 0, 12_614));
    // -0.068996 percent.
    let funding = stored(tape.path(), Kind::Funding, "binance-usdm", "WAVESUSDT");
    assert_eq!(row(&funding, day, ["rate"]), ["-0.00068996"]);
    let Some((_, tape)) = counts(&format!("{folder}/open_interest_daily.csv")) else {
        return;
    };
    let interest = stored(tape.path(), Kind::OpenInterest, "binance-usdm", "BTCUSDT");
    assert_eq!(
        row(&interest, day, ["quantity", "quantity_unit"]),
        ["73327.679", "base"]
    );
    assert_eq!(
        row(&interest, "2022-05-12T00:00:00Z", ["quantity"]),
        ["71382.737"]
    );
}

#[test]
fn a_million_signed_trades() {
    let path = "recorded/bitmex-xbtusd-trades-2018-01/xbtusd_bitmex_trades_1M_20180101_20180105_AGPL.csv.gz";
    let Some((found, tape)) = counts(path) else { return };
    assert_eq!(found, (1_000_000, 0, 0, 1_000_000));
    let trades = stored(tape.path(), Kind::Trades, "bitmex", "XBTUSD");
    let columns = [
        "traded_at",
        "price",
        "quantity",
        "quantity_unit",
        "side",
        "source_row",
    ];
    assert_eq!(
        cells(&trades, 0, columns),
        ["2018-01-01T00:00:02.610Z", "13873.0", "10.0", "quote", "buy", "0"]
    );
    assert_eq!(
        cells(&trades, 999_999, columns),
        [
            "2018-01-05T03:13:32.822Z",
            "15015.0",
            "50.0",
            "quote",
            "buy",
            "999999"
        ]
    );
    let sides = trades.column_by_name("side").expect("the trades have a side");
    let sides = arrow::array::AsArray::as_string::<i32>(sides);
    // Counted in the raw file: sizes that begin with a minus.
    assert_eq!(sides.iter().filter(|side| *side == Some("sell")).count(), 499_466);
}

#[test]
fn a_long_file_of_ten_perpetuals() {
    let path = "registry/binance_perp_daily_funding_top10_20210101_20260909.parquet";
    let Some((found, tape)) = counts(path) else { return };
    // 16,502 days with prices, 20,776 with funding, 20,780 rows of the field `eligible`.
    assert_eq!(found, (37_278, 0, 20_780, 37_278));
    let day = "2022-11-09T00:00:00Z";
    let bars = stored(tape.path(), Kind::Bars, "binance-usdm", "BTCUSDT");
    assert_eq!(
        row(&bars, day, ["close_at", "open", "low", "quote_volume"]),
        ["2022-11-10T00:00:00Z", "18533.9", "15462.6", "35439309964.8887"]
    );
    let funding = stored(tape.path(), Kind::Funding, "binance-usdm", "BTCUSDT");
    assert_eq!(
        row(&funding, day, ["rate", "rate_kind"]),
        ["-6.882749129373213", "daily_sum"]
    );
}

#[test]
fn levels_of_six_books() {
    for (venue, rows) in [
        ("binance-us", 7_187),
        ("bitstamp", 26_131),
        ("bybit", 38_092),
        ("coinbase", 135_935),
        ("kraken", 16_643),
        ("okx", 76_102),
    ] {
        let Some((found, tape)) = counts(&format!("registry/l2_20260825_tickvault/{venue}.parquet")) else {
            return;
        };
        assert_eq!(found, (rows, 0, 0, rows), "{venue}");
        if venue != "okx" {
            continue;
        }
        let depth = stored(tape.path(), Kind::Depth, "okx", "BTC-USDT");
        let columns = [
            "updated_at",
            "received_at",
            "snapshot",
            "side",
            "price",
            "quantity",
            "update_id",
            "previous_update_id",
        ];
        let first = (0..depth.num_rows()).find(|row| cells(&depth, *row, ["source_row"]) == ["0"]);
        assert_eq!(
            cells(&depth, first.expect("the first row is kept"), columns),
            [
                "2026-08-25T05:55:54.900Z",
                "2026-08-25T05:55:54.945811Z",
                "true",
                "bid",
                "80783.6",
                "0.50313885",
                "80297681088",
                ""
            ]
        );
        let last = (0..depth.num_rows()).find(|row| cells(&depth, *row, ["source_row"]) == ["76101"]);
        assert_eq!(
            cells(&depth, last.expect("the last row is kept"), columns),
            [
                "2026-08-25T06:00:55.400Z",
                "2026-08-25T06:00:55.334899Z",
                "false",
                "ask",
                "80856.0",
                "0.00025948",
                "80297856093",
                "80297856042"
            ]
        );
    }
}

#[test]
fn prices_and_gas_of_lending_crashes() {
    let Some((found, tape)) = counts("recorded/prices-2022-lending/UST_usd_2022-05-05_to_2022-05-20.csv")
    else {
        return;
    };
    assert_eq!(found, (360, 0, 0, 360));
    let marks = stored(tape.path(), Kind::Marks, "coingecko", "UST");
    assert_eq!(
        cells(&marks, 359, ["marked_at", "index_price"]),
        ["2022-05-19T23:11:07.648Z", "0.0817398302794623"]
    );
    let Some((found, _)) = counts("recorded/chain-2020-03-12/gas_03-12-2020.json") else {
        return;
    };
    // 144 intervals of ten minutes, six values each.
    assert_eq!(found, (864, 0, 0, 864));
}
