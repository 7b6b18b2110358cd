//! Cuts survive the disk, and what cannot be true is named.

use std::fs;
use std::path::Path;

use aftershock_archive::{ArchiveError, cut, read_bars, read_cut, write_cut};
use aftershock_market::{Bar, PerpDay, Timestamp};

type Outcome = Result<(), Box<dyn std::error::Error>>;

fn bar(hour: i64, venue: &str) -> Bar {
    Bar {
        open_at: Timestamp::from_seconds(hour * 3600),
        close_at: Timestamp::from_seconds((hour + 1) * 3600),
        venue: venue.to_owned(),
        instrument: "BTCUSDT".to_owned(),
        open_usd: 100.0,
        high_usd: 103.5,
        low_usd: 98.25,
        close_usd: 101.0 + hour as f64 / 10.0,
        volume_btc: Some(12.5),
        volume_usd: (hour % 2 == 0).then_some(1250.0),
        taker_buy_usd: None,
        price_origin: "recorded".to_owned(),
        taker_origin: (hour % 3 == 0).then(|| "hourly".to_owned()),
        source: "a.csv".to_owned(),
        source_row: hour,
    }
}

fn day(day: i64) -> PerpDay {
    PerpDay {
        day_at: Timestamp::from_seconds(day * 86_400),
        venue: "binance-usdm".to_owned(),
        instrument: "BTCUSDT".to_owned(),
        open_usd: 100.0,
        high_usd: 101.0,
        low_usd: 99.0,
        close_usd: 100.5,
        volume_btc: 5.0,
        volume_usd: 500.0,
        funding_usd_per_btc: (day == 1).then_some(-0.25),
        funding_origin: "derived".to_owned(),
        source: "b.csv".to_owned(),
        source_row: day,
    }
}

fn bars() -> Vec<Bar> {
    let spot = (0..20).map(|hour| bar(hour, "binance-spot"));
    spot.chain((0..5).map(|hour| bar(hour, "binance-usdm"))).collect()
}

#[test]
fn a_cut_in_memory_is_the_one_on_the_disk() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut shuffled = bars();
    shuffled.reverse();
    let made = cut::cut_of("2020-01-01-test", &shuffled, &[day(2), day(1)])?;
    write_cut(folder.path(), "2020-01-01-test", &shuffled, &[day(2), day(1)])?;
    assert_eq!(made, read_cut(folder.path(), "2020-01-01-test")?);
    let empty = cut::cut_of("2020-01-01-test", &[], &[]);
    assert!(matches!(empty, Err(ArchiveError::EmptyCut { .. })), "{empty:?}");
    Ok(())
}

#[test]
fn a_cut_comes_back_in_its_one_order() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut shuffled = bars();
    shuffled.reverse();
    let written = write_cut(folder.path(), "2020-01-01-test", &shuffled, &[day(2), day(1)])?;
    let cut = read_cut(folder.path(), "2020-01-01-test")?;
    assert_eq!(cut.sha256, written.sha256);
    assert_eq!(cut.perp_daily, [day(1), day(2)]);
    let mut expected = bars();
    expected.sort_by_key(|bar| (bar.open_at, bar.venue.clone()));
    assert_eq!(cut.bars, expected);
    assert_eq!(
        written.parts.keys().collect::<Vec<_>>(),
        [
            "bars/episode=2020-01-01-test/venue=binance-spot/part-0.parquet",
            "bars/episode=2020-01-01-test/venue=binance-usdm/part-0.parquet",
            "perp_daily/episode=2020-01-01-test/venue=binance-usdm/part-0.parquet",
        ]
    );
    Ok(())
}

#[test]
fn the_bytes_depend_on_the_rows_alone() -> Outcome {
    let (one, two) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let first = write_cut(one.path(), "x", &bars(), &[day(1)])?;
    let second = write_cut(two.path(), "x", &bars(), &[day(1)])?;
    assert_eq!(first, second);
    assert_eq!(write_cut(one.path(), "x", &bars(), &[day(1)])?, first);

    let fewer = write_cut(one.path(), "x", &bars()[..20], &[])?;
    assert_ne!(fewer.sha256, first.sha256);
    assert_eq!(fewer.parts.len(), 1);
    assert!(
        !one.path().join("cuts/perp_daily/episode=x").exists(),
        "an old part was left behind"
    );
    Ok(())
}

#[test]
fn a_changed_byte_is_found_and_written_anew() -> Outcome {
    let folder = tempfile::tempdir()?;
    let digest = write_cut(folder.path(), "x", &bars(), &[])?;
    let part = folder
        .path()
        .join("cuts")
        .join(digest.parts.keys().next().expect("a part"));
    let mut bytes = fs::read(&part)?;
    bytes[40] ^= 1;
    fs::write(&part, &bytes)?;
    let error = read_cut(folder.path(), "x").expect_err("a byte was changed");
    assert!(
        matches!(&error, ArchiveError::Corrupt { path, .. } if *path == part),
        "{error}"
    );

    assert_eq!(write_cut(folder.path(), "x", &bars(), &[])?, digest);
    assert_eq!(read_cut(folder.path(), "x")?.sha256, digest.sha256);
    Ok(())
}

#[test]
fn a_stored_file_reads_alone_and_takes_its_venue_from_its_folder() -> Outcome {
    let folder = tempfile::tempdir()?;
    write_cut(folder.path(), "x", &[bar(0, "binance-spot")], &[])?;
    let path = folder
        .path()
        .join("cuts/bars/episode=x/venue=binance-spot/part-0.parquet");
    assert_eq!(read_bars(&path)?, [bar(0, "binance-spot")]);

    let moved = folder.path().join("bars.parquet");
    fs::copy(&path, &moved)?;
    let error = read_bars(&moved).expect_err("its venue is unknown").to_string();
    assert!(error.contains("no column `venue`"), "{error}");
    Ok(())
}

#[test]
fn an_impossible_row_is_named_with_what_would_have_been_right() -> Outcome {
    type Change = fn(&mut Vec<Bar>);
    let cases: &[(Change, usize, &str)] = &[
        (|bars| bars[3].high_usd = 100.5, 3, "expected at least 101.3"),
        (|bars| bars[2].low_usd = 100.5, 2, "expected at most 100"),
        (
            |bars| bars[1].low_usd = 0.0,
            1,
            "low_usd is 0; expected a positive price",
        ),
        (
            |bars| bars[1].close_usd = f64::NAN,
            1,
            "close_usd is NaN; expected a positive price",
        ),
        (
            |bars| bars[4].close_at = bars[4].open_at,
            4,
            "a bar ends after it begins",
        ),
        (
            |bars| bars[0].volume_btc = Some(-1.0),
            0,
            "volume_btc is -1; expected zero or more",
        ),
        (
            |bars| bars[5].price_origin = "guess".into(),
            5,
            "expected recorded, reconstructed, derived",
        ),
        (
            |bars| bars[5].taker_origin = Some("guess".into()),
            5,
            "expected recorded, hourly",
        ),
        (
            |bars| bars[5].close_at = bars[5].close_at.plus_seconds(1.0),
            6,
            "expected 1970-01-01T06:00:01Z or later",
        ),
    ];
    let folder = tempfile::tempdir()?;
    for (change, row, reason) in cases {
        let mut bars: Vec<Bar> = (0..10).map(|hour| bar(hour, "binance-spot")).collect();
        change(&mut bars);
        let error = write_cut(folder.path(), "x", &bars, &[]).expect_err(reason);
        assert!(
            matches!(&error, ArchiveError::BadRow { row: found, .. } if found == row),
            "{error}"
        );
        assert!(error.to_string().contains(reason), "{error}");
    }
    let mut late = day(1);
    late.day_at = late.day_at.plus_seconds(60.0);
    let error = write_cut(folder.path(), "x", &bars(), &[late]).expect_err("not a day");
    assert!(error.to_string().contains("expected 00:00 UTC"), "{error}");
    assert_eq!(
        fs::read_dir(folder.path())?.count(),
        0,
        "a bad cut left something behind"
    );
    Ok(())
}

#[test]
fn what_is_not_a_table_of_bars_is_refused() -> Outcome {
    let name = Path::new("bars.parquet");
    let error = cut::bars_from_bytes(name, b"PAR1 no")
        .expect_err("not Parquet")
        .to_string();
    assert!(
        error.starts_with("bars.parquet is corrupt: it does not read as Parquet"),
        "{error}"
    );

    let folder = tempfile::tempdir()?;
    let digest = write_cut(folder.path(), "x", &bars(), &[day(1)])?;
    let days = digest.parts.keys().next_back().expect("a part of days");
    let error = read_bars(&folder.path().join("cuts").join(days))
        .expect_err("not bars")
        .to_string();
    assert!(
        error.contains("unknown column `day_at`; expected open_at, close_at"),
        "{error}"
    );
    Ok(())
}

#[test]
fn what_is_missing_or_cannot_be_named_is_said() -> Outcome {
    let folder = tempfile::tempdir()?;
    let missing = read_cut(folder.path(), "x").expect_err("never written");
    assert!(matches!(missing, ArchiveError::MissingCut { .. }), "{missing}");
    let empty = write_cut(folder.path(), "x", &[], &[]).expect_err("no bars");
    assert!(matches!(empty, ArchiveError::EmptyCut { .. }), "{empty}");
    let name = write_cut(folder.path(), "../x", &bars(), &[]).expect_err("a path");
    assert!(
        name.to_string().starts_with("`../x` cannot name an episode"),
        "{name}"
    );
    Ok(())
}
