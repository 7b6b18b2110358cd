//! A run is there as a whole, once, and as it was written.

use std::fs;
use std::path::Path;

use aftershock_archive::{
    ArchiveError, Digests, Labels, Manifest, check_run, journal, journal_digests, list_runs, read_manifest,
    remove_run, run_id, run_path, sha256_hex, write_run,
};
use aftershock_market::journal::{BandRow, InterventionRow, Journal, PriceRow};
use aftershock_market::{BarOrder, Shock, Timestamp};
use arrow::datatypes::{DataType, TimeUnit};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const LABELS: Labels<'_> = Labels {
    episode: "2020-01-01-test",
    rule_set: "record",
    instrument: "binance-spot:BTCUSDT",
};

fn digests() -> Digests {
    Digests {
        cut_sha256: "a".repeat(64),
        rule_set_sha256: "b".repeat(64),
        calibration_sha256: "c".repeat(64),
        engine_sha256: "d".repeat(64),
        seed: 7,
        draws: 200,
        positions_csv: None,
        shock: None,
    }
}

fn manifest() -> Manifest {
    Manifest::new(&LABELS, "name = \"record\"\n", &digests(), "aftershock 0.1.0")
}

fn price(order: BarOrder, second: i64) -> PriceRow {
    PriceRow {
        bar_order: order,
        event_at: Timestamp::from_seconds(second),
        recorded_usd: 100.0,
        mark_usd: 99.5,
        null_usd: 99.75,
        impact_log: -0.0025,
        depth_ratio: 0.5,
        halted: false,
        bar_close: true,
    }
}

fn some_journal() -> Journal {
    Journal {
        prices: [BarOrder::HighFirst, BarOrder::LowFirst]
            .into_iter()
            .flat_map(|order| (0..50).map(move |second| price(order, second)))
            .collect(),
        bands: vec![BandRow {
            event_at: Timestamp(5),
            series: "mark_usd",
            p05: None,
            p50: 1.0,
            p95: Some(2.0),
        }],
        interventions: vec![InterventionRow {
            bar_order: BarOrder::LowFirst,
            event_at: Timestamp(9),
            rule: "price-band".to_owned(),
            step: "set_band",
            decision: "halt",
            subject: "mark".to_owned(),
            before: None,
            after: Some(1.5),
            until_at: Some(Timestamp(10)),
            reason: "mark moved 12 percent".to_owned(),
        }],
        ..Journal::default()
    }
}

#[test]
fn every_table_has_a_schema_and_its_run_s_constants() {
    assert_eq!(journal::table_names().len(), 16);
    for table in journal::table_names() {
        let schema = journal::schema(table).expect("a named table has a schema");
        assert_eq!(schema.field(0).name(), "episode");
        assert_eq!(schema.field(1).name(), "rule_set");
    }
    assert!(journal::schema("trades").is_none());
    let prices = journal::schema("prices").expect("prices");
    let at = prices.field_with_name("event_at").expect("event_at");
    assert_eq!(
        *at.data_type(),
        DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
    );
    assert!(prices.field_with_name("instrument").is_ok());
    let bands = journal::schema("bands").expect("bands");
    assert!(
        bands
            .field_with_name("p05")
            .is_ok_and(|field| field.is_nullable())
    );
    assert!(
        bands
            .field_with_name("p50")
            .is_ok_and(|field| !field.is_nullable())
    );
}

#[test]
fn a_run_is_written_as_its_digests_in_memory_foretell() -> Outcome {
    let folder = tempfile::tempdir()?;
    let written = write_run(folder.path(), &manifest(), &some_journal())?;
    assert!(written.written);
    assert_eq!(written.path, run_path(folder.path(), &manifest().run));
    let kept = check_run(folder.path(), &manifest().run)?;
    assert_eq!(kept.tables, journal_digests(&some_journal(), &LABELS));
    assert_eq!(kept.tables["prices"].rows, 100);
    assert_eq!(kept.tables["gates"].rows, 0);
    assert_eq!(fs::read_dir(&written.path)?.count(), 17);
    let file = fs::read(written.path.join("bands.parquet"))?;
    assert_eq!(sha256_hex(&file), kept.tables["bands"].sha256);

    let batch = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(fs::File::open(
        written.path.join("interventions.parquet"),
    )?)?
    .build()?
    .next()
    .expect("one batch")?;
    let expected = journal::batches(&some_journal(), &LABELS).swap_remove(3).1;
    assert_eq!(batch.columns(), expected.columns());
    Ok(())
}

#[test]
fn the_manifest_is_sorted_and_strict() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = write_run(folder.path(), &manifest(), &some_journal())?.path;
    let text = fs::read_to_string(path.join("manifest.json"))?;
    let keys: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("  \""))
        .filter_map(|line| line.split('"').nth(1))
        .collect();
    assert_eq!(keys.len(), 13);
    assert!(keys.is_sorted(), "{keys:?}");

    fs::write(path.join("manifest.json"), text.replace("\"seed\"", "\"sed\""))?;
    let error = read_manifest(&path).expect_err("unknown field").to_string();
    assert!(error.contains("unknown field `sed`, expected one of"), "{error}");
    Ok(())
}

#[test]
fn the_same_run_is_left_alone_and_another_is_not_reproducible() -> Outcome {
    let folder = tempfile::tempdir()?;
    write_run(folder.path(), &manifest(), &some_journal())?;
    let again = write_run(folder.path(), &manifest(), &some_journal())?;
    assert!(!again.written);

    let mut other = some_journal();
    other.prices[0].mark_usd += 1e-9;
    let error = write_run(folder.path(), &manifest(), &other).expect_err("another price");
    assert!(
        matches!(&error, ArchiveError::NotReproducible { tables, .. } if tables == "prices"),
        "{error}"
    );
    assert_eq!(
        check_run(folder.path(), &manifest().run)?.tables,
        journal_digests(&some_journal(), &LABELS)
    );
    assert_eq!(fs::read_dir(folder.path().join("runs"))?.count(), 1);
    Ok(())
}

#[test]
fn a_changed_byte_is_found() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = write_run(folder.path(), &manifest(), &some_journal())?
        .path
        .join("prices.parquet");
    let mut bytes = fs::read(&path)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, bytes)?;
    let error = check_run(folder.path(), &manifest().run).expect_err("a byte was changed");
    assert!(
        matches!(&error, ArchiveError::Corrupt { path: found, .. } if *found == path),
        "{error}"
    );
    Ok(())
}

#[test]
fn runs_are_listed_with_the_broken_apart_and_can_be_removed() -> Outcome {
    let folder = tempfile::tempdir()?;
    assert!(list_runs(folder.path())?.runs.is_empty());
    write_run(folder.path(), &manifest(), &some_journal())?;
    fs::create_dir_all(folder.path().join("runs/run=broken"))?;
    fs::create_dir_all(folder.path().join("runs/.partial-x-1"))?;
    let list = list_runs(folder.path())?;
    assert_eq!(
        list.runs.iter().map(|found| &found.run).collect::<Vec<_>>(),
        [&manifest().run]
    );
    assert_eq!(list.broken.len(), 1);
    assert!(list.broken[0].path.ends_with("run=broken"));

    remove_run(folder.path(), "broken")?;
    remove_run(folder.path(), &manifest().run)?;
    let missing = remove_run(folder.path(), &manifest().run).expect_err("gone");
    assert!(matches!(missing, ArchiveError::MissingRun { .. }), "{missing}");
    assert!(list_runs(folder.path())?.broken.is_empty());
    Ok(())
}

#[test]
fn a_refusal_of_the_system_is_told_in_its_words_and_leaves_nothing() -> Outcome {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("a-file");
    fs::write(&file, "")?;
    let error = write_run(&file, &manifest(), &some_journal()).expect_err("the folder is a file");
    let expected = format!("cannot create {}: not a directory", file.join("runs").display());
    assert_eq!(error.to_string(), expected);

    // The run's folder cannot take its name: a link to nowhere does not exist, and is not replaced by a folder.
    #[cfg(unix)]
    {
        let runs = folder.path().join("runs");
        fs::create_dir(&runs)?;
        std::os::unix::fs::symlink(Path::new("nowhere"), run_path(folder.path(), &manifest().run))?;
        let error = write_run(folder.path(), &manifest(), &some_journal()).expect_err("the name is taken");
        assert!(error.to_string().starts_with("cannot create "), "{error}");
        assert_eq!(
            fs::read_dir(&runs)?.count(),
            1,
            "the partial folder was left behind"
        );
    }
    Ok(())
}

#[test]
fn whatever_decides_a_run_is_in_its_name() {
    let name = |digests: &Digests| run_id("e", "r", digests);
    let first = name(&digests());
    assert!(first.starts_with("e.r.") && first.len() == 12, "{first}");
    assert_ne!(first, name(&Digests { seed: 8, ..digests() }));
    assert_ne!(
        first,
        name(&Digests {
            draws: 0,
            ..digests()
        })
    );
    assert_ne!(
        first,
        name(&Digests {
            engine_sha256: "e".repeat(64),
            ..digests()
        })
    );
}

/// The digest of a run without positions and shock is that of the six lines it always was; with them, of the lines more.
/// Source: Python, `hashlib.sha256` of the lines.
#[test]
fn positions_and_shocks_name_runs_of_their_own() {
    let committed = Digests {
        cut_sha256: "fbd6b110b4946d2b90bc68db9e0b16b69fb5a1aab6fe2a37eda433f72a6091c4".into(),
        rule_set_sha256: "80026780e28d6ac11efdb60e696ecf294bc17af9fc34ed2c0f791c30ed077359".into(),
        calibration_sha256: "ebaf4430209ffcdd147e0c6dc9d89b885f99c0c610665abbda10b56c597adf87".into(),
        engine_sha256: "4949147fa39d0ea650bb838e7b2cdb788751dfaac22c18fad08af74704a8e691".into(),
        seed: 1,
        ..digests()
    };
    // As the first post-mortem of Black Thursday named it.
    let run = run_id("2020-03-12-black-thursday", "record", &committed);
    assert_eq!(run, "2020-03-12-black-thursday.record.7cc58c19");
    let mut digests = digests();
    assert_eq!(run_id("e", "r", &digests), "e.r.5f9d8f7b");
    digests.positions_csv = Some("account\n".into());
    assert_eq!(run_id("e", "r", &digests), "e.r.acbe980d");
    digests.shock = Some(Shock {
        move_bp: -1_250,
        over_s: 5_400,
    });
    let run = run_id("e", "r", &digests);
    assert_eq!(run, "e.shock-minus-12.5pct-over-90m.r.4bba539d");
    let manifest = Manifest::new(&LABELS, "", &digests, "");
    assert_eq!(manifest.episode, "2020-01-01-test.shock-minus-12.5pct-over-90m");
    assert_eq!(manifest.labels().episode, manifest.episode);
    assert_eq!(manifest.recorded_episode(), "2020-01-01-test");
}
