//! The tape as a whole: what it holds depends on the rows of its files and on nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use aftershock_archive::sha256_hex;
use aftershock_archive::tape::{Kind, SourceEntry, Tape, TapeWriter, trades};
use aftershock_archive::{ArchiveError, Store};
use arrow::array::{Array, AsArray};
use arrow::datatypes::{Float64Type, Int64Type, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::Rows;

/// A trade as a test writes it.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
struct Trade {
    at: i64,
    id: Option<i64>,
    price: f64,
    quantity: f64,
}

/// 2024-01-01, midnight.
const DAY: i64 = 1_704_067_200_000_000;

fn tape_at(folder: &Path) -> Tape {
    Tape::new(Store::open(folder.to_str().expect("a temporary folder has a plain name")).expect("a folder"))
}

/// The right to write. A process that another test starts holds the file of the lock for a moment, until it is itself.
fn writer_of(folder: &Path) -> Result<TapeWriter, ArchiveError> {
    let tape = tape_at(folder);
    for _ in 0..200 {
        match tape.write() {
            Err(ArchiveError::Locked { .. }) => std::thread::sleep(std::time::Duration::from_millis(10)),
            other => return other,
        }
    }
    tape.write()
}

/// Puts files of trades into a tape, `at_once` of them with each commit.
fn fill(folder: &Path, files: &[(String, Vec<Trade>)], at_once: usize) -> Result<(), ArchiveError> {
    for group in files.chunks(at_once) {
        let mut writer = writer_of(folder)?;
        for (source, rows) in group {
            let mut staging = writer.stage(source);
            // Of a few rows a block has three, so that events lie on both sides of a cut.
            let length = (rows.len() / 10).max(3);
            for (block, chunk) in rows.chunks(length).enumerate() {
                let mut table = Rows::new(Kind::Trades);
                for (place, trade) in chunk.iter().enumerate() {
                    table.begin((block * length + place) as u64);
                    table.at(trades::TRADED_AT, trade.at);
                    if let Some(id) = trade.id {
                        table.int(trades::TRADE_ID, id);
                    }
                    table.real(trades::PRICE, trade.price);
                    table.real(trades::QUANTITY, trade.quantity);
                    table.word(trades::QUANTITY_UNIT, "base");
                }
                staging.push(Kind::Trades, "somewhere", "BTCUSDT", table.finish(source))?;
            }
            let staged = staging.finish()?;
            let entry = SourceEntry {
                source: source.clone(),
                dialect: "test".to_owned(),
                sha256: source.clone(),
                bytes: 0,
                name: source.clone(),
                what: "trades".to_owned(),
                records: rows.len() as u64,
                rejected: 0,
                rows: staged.rows_by_table(),
            };
            writer.add(entry, staged);
        }
        writer.commit()?;
    }
    Ok(())
}

/// Path and digest of each file below a folder.
fn tree(folder: &Path) -> BTreeMap<String, String> {
    let store = Store::open(folder.to_str().expect("a plain name")).expect("a folder");
    let paths = store.list("").expect("the folder lists");
    paths
        .into_iter()
        .map(|path| {
            let bytes = fs::read(folder.join(&path)).expect("a listed file reads");
            (path, sha256_hex(&bytes))
        })
        .collect()
}

/// The next write, which adds nothing and removes what no list names any more.
fn tidy(folder: &Path) {
    let writer = writer_of(folder).expect("the lock is free");
    writer.commit().expect("nothing is added");
    let mut named: BTreeSet<String> = parts_of(folder).into_iter().collect();
    named.insert("tape.json".to_owned());
    let found: BTreeSet<String> = tree(folder).into_keys().collect();
    assert_eq!(found, named, "what no list names is removed by the next write");
}

/// Paths of the parts of a tape.
fn parts_of(folder: &Path) -> Vec<String> {
    let list = tape_at(folder).list().expect("the list reads");
    list.parts.into_iter().map(|part| part.path).collect()
}

/// The trades of a tape, in its order, each with its source.
fn trades_of(folder: &Path) -> Vec<(Trade, String)> {
    let list = tape_at(folder).list().expect("the list reads");
    let mut found = Vec::new();
    for part in list.parts {
        let file = fs::File::open(folder.join(&part.path)).expect("a listed part is there");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(ParquetRecordBatchReaderBuilder::build)
            .expect("a part is Parquet");
        for batch in reader {
            let batch = batch.expect("a part reads");
            let column = |name: &str| batch.column_by_name(name).expect("a column of trades").clone();
            let stamps = column("traded_at");
            let stamps = stamps.as_primitive::<TimestampMicrosecondType>();
            let (ids, prices, quantities) = (column("trade_id"), column("price"), column("quantity"));
            let ids = ids.as_primitive::<Int64Type>();
            let (prices, quantities) = (
                prices.as_primitive::<Float64Type>(),
                quantities.as_primitive::<Float64Type>(),
            );
            let sources = column("source");
            let sources = sources.as_string::<i32>();
            for row in 0..batch.num_rows() {
                let trade = Trade {
                    at: stamps.value(row),
                    id: ids.is_valid(row).then(|| ids.value(row)),
                    price: prices.value(row),
                    quantity: quantities.value(row),
                };
                found.push((trade, sources.value(row).to_owned()));
            }
        }
    }
    found
}

/// What a tape of these files must hold, worked out the slow way: trades with an id once for each price and quantity
/// within a millisecond, trades without one as often as the file that has them most often.
fn expected(files: &[(String, Vec<Trade>)]) -> Vec<(i64, Option<i64>, u64, u64, usize)> {
    type Name = (i64, Option<i64>, u64, u64);
    let mut most: BTreeMap<Name, usize> = BTreeMap::new();
    for (_, rows) in files {
        let mut own: BTreeMap<Name, usize> = BTreeMap::new();
        for trade in rows {
            let at = if trade.id.is_some() {
                trade.at.div_euclid(1_000)
            } else {
                trade.at
            };
            *own.entry((at, trade.id, trade.price.to_bits(), trade.quantity.to_bits()))
                .or_default() += 1;
        }
        for (name, count) in own {
            let count = if name.1.is_some() { 1 } else { count };
            let so_far = most.entry(name).or_default();
            *so_far = count.max(*so_far);
        }
    }
    most.into_iter()
        .map(|((at, id, price, quantity), count)| (at, id, price, quantity, count))
        .collect()
}

fn counted(rows: &[(Trade, String)]) -> Vec<(i64, Option<i64>, u64, u64, usize)> {
    let mut counts: BTreeMap<(i64, Option<i64>, u64, u64), usize> = BTreeMap::new();
    for (trade, _) in rows {
        let at = if trade.id.is_some() {
            trade.at.div_euclid(1_000)
        } else {
            trade.at
        };
        *counts
            .entry((at, trade.id, trade.price.to_bits(), trade.quantity.to_bits()))
            .or_default() += 1;
    }
    counts
        .into_iter()
        .map(|((at, id, price, quantity), count)| (at, id, price, quantity, count))
        .collect()
}

fn trade() -> impl Strategy<Value = Trade> {
    // Few stamps, ids and sizes, so that repetitions and conflicts are common; the second day begins at 86,400 s.
    let at = prop_oneof![
        (0_i64..6).prop_map(|ms| DAY + ms * 1_000),
        (0_i64..3_000).prop_map(|us| DAY + us),
        (0_i64..2).prop_map(|ms| DAY + 86_400_000_000 + ms * 1_000),
    ];
    (at, prop::option::of(0_i64..8), 1_u8..3, 1_u8..3).prop_map(|(at, id, price, quantity)| Trade {
        at,
        id,
        price: f64::from(price),
        quantity: f64::from(quantity),
    })
}

/// Files that overlap: each a part of one list of trades, in that order or sorted.
fn files() -> impl Strategy<Value = Vec<(String, Vec<Trade>)>> {
    prop::collection::vec(trade(), 1..24)
        .prop_flat_map(|all| {
            let one = (subsequence(all.clone(), 0..=all.len()), any::<bool>());
            prop::collection::vec(one, 1..5)
        })
        .prop_map(|files| {
            files
                .into_iter()
                .enumerate()
                .map(|(number, (mut rows, sorted))| {
                    if sorted {
                        rows.sort_by_key(|trade| (trade.at, trade.id));
                    }
                    (format!("source-{number}"), rows)
                })
                .collect()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_tape_holds_each_event_once_whatever_the_order_of_its_files(
        files in files(),
        order in any::<prop::sample::Index>(),
        at_once in 1_usize..4,
    ) {
        let first = tempfile::tempdir().expect("a temporary folder");
        fill(first.path(), &files, files.len()).expect("the tape fills");
        let rows = trades_of(first.path());
        prop_assert_eq!(counted(&rows), expected(&files));
        prop_assert!(rows.is_sorted_by_key(|(trade, _)| trade.at));

        let mut turned = files.clone();
        turned.rotate_left(order.index(files.len()));
        turned.reverse();
        let second = tempfile::tempdir().expect("a temporary folder");
        fill(second.path(), &turned, at_once).expect("the tape fills");
        tidy(first.path());
        tidy(second.path());
        prop_assert_eq!(tree(first.path()), tree(second.path()));
    }

    #[test]
    fn a_file_taken_out_leaves_the_tape_as_if_it_had_never_been_there_once_the_others_are_read_again(
        files in files(),
        which in any::<prop::sample::Index>(),
        at_once in 1_usize..4,
    ) {
        let held = tempfile::tempdir().expect("a temporary folder");
        fill(held.path(), &files, files.len()).expect("the tape fills");
        let whole = tree(held.path());
        fill(held.path(), &files, at_once).expect("the tape fills");
        tidy(held.path());
        prop_assert_eq!(&tree(held.path()), &whole, "read again they change nothing");

        let mut others = files.clone();
        let (gone, rows) = others.remove(which.index(files.len()));
        let before = tape_at(held.path()).list().expect("a list");
        let mut writer = writer_of(held.path()).expect("a writer");
        writer.remove(&gone);
        let committed = writer.commit().expect("the tape is written");
        prop_assert!(committed.rows.0 - committed.rows.1 <= rows.len() as u64);
        let left = tape_at(held.path()).list().expect("a list");
        prop_assert!(left.sources.iter().all(|entry| entry.source != gone));
        prop_assert!(left.parts.iter().all(|part| !part.rows_by_source.contains_key(&gone)));

        // What is missing now, the files that are named for it have.
        let named: BTreeSet<&str> = before.overlapping(&gone).iter().map(|entry| entry.source.as_str()).collect();
        let again: Vec<_> = others.iter().filter(|file| named.contains(file.0.as_str())).cloned().collect();
        fill(held.path(), &again, at_once).expect("the tape fills");
        tidy(held.path());
        let without = tempfile::tempdir().expect("a temporary folder");
        fill(without.path(), &[], 1).expect("an empty tape");
        let writer = writer_of(without.path()).expect("a writer");
        writer.commit().expect("an empty tape");
        fill(without.path(), &others, others.len().max(1)).expect("the tape fills");
        prop_assert_eq!(tree(held.path()), tree(without.path()));
    }
}

/// Parts that are gone or changed are all told of, without a trace of the check, and their sources mend them.
#[test]
fn damaged_parts_are_mended_by_their_sources() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = [before_the_kill(), at_the_kill()].concat();
    fill(folder.path(), &files, 3).expect("the tape fills");
    let whole = tree(folder.path());
    let parts = parts_of(folder.path());
    fs::remove_file(folder.path().join(&parts[3])).expect("a part");
    // The thirty-sixth day has rows of all three files.
    let damaged = folder.path().join(&parts[35]);
    let mut bytes = fs::read(&damaged).expect("a part");
    bytes[100] ^= 1;
    fs::write(&damaged, bytes).expect("a part");
    fs::remove_dir_all(folder.path().join(".staging")).expect("what writers leave");
    let bad = tape_at(folder.path()).check().expect("the list reads");
    let named: Vec<&str> = bad.iter().map(|(part, _)| part.path.as_str()).collect();
    assert_eq!(named, [&parts[3], &parts[35]]);
    assert!(
        !folder.path().join(".staging").exists(),
        "whoever may only read can check"
    );

    let holds = |file: &(String, Vec<Trade>)| {
        let mut sources = bad.iter().map(|(part, _)| &part.rows_by_source);
        sources.any(|sources| sources.contains_key(&file.0))
    };
    let owners: Vec<_> = files.iter().filter(|file| holds(file)).cloned().collect();
    assert_eq!(owners.len(), 3);
    assert!(
        fill(folder.path(), &owners[..2], 2).is_err(),
        "the third has rows there"
    );
    // Rows of another source in a damaged part would be lost, so that they are asked for too.
    let other = vec![("other".to_owned(), files[0].1.clone())];
    assert!(fill(folder.path(), &other, 1).is_err());
    fill(folder.path(), &owners, owners.len()).expect("the tape is mended");
    tidy(folder.path());
    assert_eq!(tree(folder.path()), whole);
}

#[test]
fn many_rows_in_any_order_give_one_order() {
    // More rows than a row group holds, backwards and shuffled by a fixed stride, in two files that overlap by half.
    let rows: Vec<Trade> = (0..300_000_i64)
        .map(|id| Trade {
            at: DAY + id * 200_000,
            id: Some(id),
            price: 100.0 + (id % 7) as f64,
            quantity: 1.0,
        })
        .collect();
    let count = rows.len();
    let shuffled: Vec<Trade> = (0..count)
        .map(|place| rows[place * 7_919 % count].clone())
        .collect();
    let in_order = vec![("a".to_owned(), rows.clone())];
    let apart = vec![
        ("a".to_owned(), shuffled),
        ("b".to_owned(), rows[count / 2..].to_vec()),
    ];
    let (first, second) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    fill(first.path(), &in_order, 1).expect("the tape fills");
    fill(second.path(), &apart, 1).expect("the tape fills");
    let (first, second) = (trades_of(first.path()), trades_of(second.path()));
    assert_eq!(first.len(), count);
    assert_eq!(
        first.iter().map(|row| &row.0).collect::<Vec<_>>(),
        second.iter().map(|row| &row.0).collect::<Vec<_>>()
    );
    assert!(
        second.iter().all(|(_, source)| source == "a"),
        "of equal rows the first source's are kept"
    );
}

#[test]
fn one_writer_at_a_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let tape = tape_at(folder.path());
    let held = tape.write().expect("the first writer");
    assert!(matches!(tape.write(), Err(ArchiveError::Locked { .. })));
    drop(held);
    tape.write().expect("the lock is free again");
}

#[test]
fn files_of_others_are_never_removed() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = vec![Trade {
        at: DAY,
        id: Some(1),
        price: 1.0,
        quantity: 1.0,
    }];
    fill(folder.path(), &[("a".to_owned(), rows.clone())], 1).expect("the tape fills");
    let stray = [
        "mine.parquet",
        "trades/venue=x/mine.parquet",
        "trades/venue=x/instrument=y/mine-1.parquet",
    ];
    for path in stray {
        fs::create_dir_all(folder.path().join(path).parent().expect("a folder")).expect("a folder");
        fs::write(folder.path().join(path), b"mine").expect("a file");
    }
    let left = "trades/venue=x/instrument=y/2024-01-01-0123456789ab.parquet";
    fs::write(folder.path().join(left), b"of a commit that was stopped").expect("a file");
    fill(folder.path(), &[("b".to_owned(), rows)], 1).expect("the tape fills");
    let found: BTreeSet<String> = tree(folder.path()).into_keys().collect();
    assert!(stray.iter().all(|path| found.contains(*path)));
    assert!(!found.contains(left));
}

/// A query that read the list goes on reading while the tape is written to.
#[test]
fn whoever_has_the_list_finds_its_files_after_the_next_write() {
    let folder = tempfile::tempdir().expect("a folder");
    let of_day = |source: &str, id: i64| {
        let rows = vec![Trade {
            at: DAY + id,
            id: Some(id),
            price: 1.0,
            quantity: 1.0,
        }];
        vec![(source.to_owned(), rows)]
    };
    let is_there = |path: &String| folder.path().join(path).exists();
    let mut lists = Vec::new();
    for (id, source) in (1..).zip(["a", "b", "c"]) {
        fill(folder.path(), &of_day(source, id), 1).expect("the tape fills");
        lists.push(parts_of(folder.path()));
        assert!(lists.iter().rev().take(2).flatten().all(is_there), "{source}");
    }
    assert_eq!(lists.concat().len(), 3, "one part, replaced twice");
    assert!(!is_there(&lists[0][0]), "two writes later it is gone");
    tidy(folder.path());
}

const KILL_FOLDER: &str = "AFTERSHOCK_TEST_KILL_FOLDER";

/// Trades of forty days, so that a commit has many parts to put in place.
fn of_many_days(first: i64) -> Vec<Trade> {
    (0..80_000)
        .map(|row| Trade {
            at: DAY + (first + row) * 43_200_000,
            id: Some(first + row),
            price: 100.0 + (row % 11) as f64,
            quantity: 1.0 + (row % 5) as f64,
        })
        .collect()
}

fn before_the_kill() -> Vec<(String, Vec<Trade>)> {
    vec![("before".to_owned(), of_many_days(0))]
}

fn at_the_kill() -> Vec<(String, Vec<Trade>)> {
    vec![
        ("after-1".to_owned(), of_many_days(40_000)),
        ("after-2".to_owned(), of_many_days(60_000)),
    ]
}

#[test]
#[ignore = "runs in a process of its own, which the test of kill -9 ends"]
fn fill_until_killed() {
    let folder = std::env::var(KILL_FOLDER).expect("the other test names the folder");
    fill(Path::new(&folder), &at_the_kill(), 2).expect("the tape fills");
}

/// Kill -9 at moments all over an ingest: the tape is the one before or the one after, and goes on from there.
#[test]
fn a_tape_that_is_killed_is_before_or_after() {
    let folder = || tempfile::tempdir().expect("a temporary folder");
    let (before, after) = (folder(), folder());
    fill(before.path(), &before_the_kill(), 1).expect("the tape fills");
    fill(after.path(), &before_the_kill(), 1).expect("the tape fills");
    let start = |path: &Path| {
        std::process::Command::new(std::env::current_exe().expect("this test is a program"))
            .args(["--exact", "tape_tests::fill_until_killed", "--ignored"])
            .env(KILL_FOLDER, path)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("this program starts again")
    };
    let clock = std::time::Instant::now();
    assert!(start(after.path()).wait().expect("it ends").success());
    let whole = clock.elapsed();
    let (old, new) = (
        tape_at(before.path()).list().expect("a list"),
        tape_at(after.path()).list().expect("a list"),
    );
    assert_ne!(old, new);
    tidy(after.path());

    let rounds = 16;
    for round in 0..rounds {
        let tape = folder();
        for (path, _) in tree(before.path()) {
            let target = tape.path().join(&path);
            fs::create_dir_all(target.parent().expect("a folder")).expect("a folder");
            fs::copy(before.path().join(&path), target).expect("a copy");
        }
        let mut child = start(tape.path());
        std::thread::sleep(whole * round / rounds);
        child.kill().expect("it is ours to kill");
        child.wait().expect("it is gone");

        let list = tape_at(tape.path()).list().expect("the list reads");
        assert!(
            list == old || list == new,
            "round {round}: neither before nor after"
        );
        let bad = tape_at(tape.path()).check().expect("the list reads");
        assert!(
            bad.is_empty(),
            "round {round}: every listed part is whole: {bad:?}"
        );
        if list == old {
            fill(tape.path(), &at_the_kill(), 2).expect("the tape goes on");
        }
        tidy(tape.path());
        assert_eq!(
            tree(tape.path()),
            tree(after.path()),
            "round {round}: something is left over"
        );
    }
}

#[test]
fn a_list_that_is_gone_is_an_error_and_costs_no_part() {
    let folder = tempfile::tempdir().expect("a folder");
    fill(folder.path(), &before_the_kill(), 1).expect("the tape fills");
    fs::remove_file(folder.path().join("tape.json")).expect("the list is there");
    let parts = tree(folder.path());
    assert!(parts.len() > 30);
    let tape = tape_at(folder.path());
    assert!(matches!(tape.list(), Err(ArchiveError::Corrupt { .. })));
    assert!(fill(folder.path(), &at_the_kill(), 2).is_err());
    assert_eq!(tree(folder.path()), parts);
}

/// A settlement of 08:00 that one vendor stamps with the venue's twelve milliseconds and another without.
#[test]
fn one_settlement_stamped_by_two_vendors_is_one() {
    use aftershock_archive::tape::funding;
    let folder = tempfile::tempdir().expect("a folder");
    let tape = tape_at(folder.path());
    let mut writer = tape.write().expect("a writer");
    for (source, late) in [("a", 0), ("b", 12_000)] {
        let mut rows = Rows::new(Kind::Funding);
        for settlement in 0..3 {
            rows.begin(settlement);
            rows.at(
                funding::FUNDED_AT,
                DAY + settlement as i64 * 28_800_000_000 + late,
            );
            rows.real(funding::RATE, 0.00005);
            rows.word(funding::RATE_KIND, "settled");
        }
        let mut staging = writer.stage(source);
        staging
            .push(Kind::Funding, "somewhere", "HYPEUSDT", rows.finish(source))
            .expect("staged");
        let entry = SourceEntry {
            source: source.to_owned(),
            dialect: "test".to_owned(),
            sha256: source.to_owned(),
            bytes: 0,
            name: source.to_owned(),
            what: "funding".to_owned(),
            records: 3,
            rejected: 0,
            rows: BTreeMap::new(),
        };
        writer.add(entry, staging.finish().expect("staged"));
    }
    writer.commit().expect("committed");
    let list = tape.list().expect("a list");
    assert_eq!(list.parts.iter().map(|part| part.facts.rows).sum::<u64>(), 3);
}
