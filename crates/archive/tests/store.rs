//! A store that is a folder: whole or absent, replaced only by who has seen it, one writer at a time.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use aftershock_archive::{ArchiveError, Store};

fn open(folder: &Path) -> Store {
    Store::open(folder.to_str().expect("an ASCII path")).expect("a folder")
}

/// Runs [`second_process`] to do `what` at `location`; it has begun when this returns.
fn start(what: &str, location: &str) -> Child {
    let mut child = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", "second_process", "--ignored", "--nocapture"])
        .env("STORE_TEST_DOES", what)
        .env("STORE_TEST_AT", location)
        .stdout(Stdio::piped())
        .spawn()
        .expect("this binary starts");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    assert!(
        lines.any(|line| line.expect("text").ends_with("it has begun")),
        "the second process ended before it began"
    );
    // Read on, so that the process can write its last lines.
    thread::spawn(move || lines.for_each(drop));
    child
}

#[test]
#[ignore = "the other tests start it as a second process"]
fn second_process() {
    let Ok(what) = std::env::var("STORE_TEST_DOES") else {
        return;
    };
    let store = Store::open(&std::env::var("STORE_TEST_AT").unwrap()).unwrap();
    match what.as_str() {
        "count" => {
            println!("it has begun");
            count(&store, 50);
        }
        "hold" => {
            let _lock = store.lock().unwrap();
            let scratch = store.scratch().unwrap();
            fs::write(scratch.path().join("unfinished"), b"half of").unwrap();
            println!("it has begun");
            thread::park();
        }
        other => panic!("nothing is called {other}"),
    }
}

/// Adds one so many times to the number in `count`, starting over whenever somebody else was quicker.
fn count(store: &Store, times: u32) {
    for _ in 0..times {
        loop {
            let seen = store.get("count").expect("readable");
            let (number, version) = match &seen {
                Some((bytes, version)) => (
                    String::from_utf8_lossy(bytes).parse::<u32>().expect("a number"),
                    Some(version),
                ),
                None => (0, None),
            };
            match store.put_if("count", (number + 1).to_string().as_bytes(), version) {
                Err(ArchiveError::Conflict { .. }) => {}
                put => break put.expect("writable"),
            }
        }
    }
}

#[test]
fn an_object_is_replaced_only_by_who_has_seen_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("not/there/yet"));
    assert!(store.get("manifest.json").unwrap().is_none());
    store.put_if("manifest.json", b"one", None).unwrap();
    let (bytes, first) = store.get("manifest.json").unwrap().unwrap();
    assert_eq!(bytes, b"one");

    let again = store.put_if("manifest.json", b"other", None).unwrap_err();
    assert!(matches!(again, ArchiveError::Conflict { .. }), "{again}");
    store.put_if("manifest.json", b"two", Some(&first)).unwrap();
    let late = store.put_if("manifest.json", b"three", Some(&first)).unwrap_err();
    assert!(
        late.to_string().contains("`manifest.json`") && late.to_string().contains("somebody else wrote it"),
        "{late}"
    );
    assert_eq!(store.get("manifest.json").unwrap().unwrap().0, b"two");

    let absent = store.put_if("none.json", b"x", Some(&first)).unwrap_err();
    assert!(matches!(absent, ArchiveError::Conflict { .. }), "{absent}");
    assert_eq!(store.list("").unwrap(), ["manifest.json"]);
}

#[test]
fn no_write_of_several_processes_and_threads_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let location = folder.path().to_str().unwrap();
    let others = [start("count", location), start("count", location)];
    let store = open(folder.path());
    thread::scope(|scope| {
        scope.spawn(|| count(&store, 50));
        scope.spawn(|| count(&store.clone(), 50));
    });
    for mut other in others {
        assert!(other.wait().unwrap().success());
    }
    assert_eq!(store.get("count").unwrap().unwrap().0, b"200");
}

#[test]
fn a_reader_sees_the_old_bytes_or_the_new_ones() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let page = |letter: u8| vec![letter; 300_000];
    store.put_if("manifest.json", &page(b'a'), None).unwrap();
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for letter in b'b'..=b'z' {
                let (_, version) = store.get("manifest.json").unwrap().unwrap();
                store
                    .put_if("manifest.json", &page(letter), Some(&version))
                    .unwrap();
            }
        });
        while !writer.is_finished() {
            let (bytes, _) = store.get("manifest.json").unwrap().unwrap();
            assert_eq!(bytes, page(bytes[0]));
        }
    });
}

#[test]
fn a_finished_file_is_moved_whole() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let scratch = store.scratch().unwrap();
    assert!(scratch.path().starts_with(folder.path().join(".staging")));
    let local = scratch.path().join("part.parquet");
    fs::write(&local, b"rows").unwrap();
    let path = "parts/kind=trades/part.parquet";
    store.put_file(&local, path).unwrap();
    assert!(!local.exists());
    let there = store.fetch(path, Path::new("/nowhere")).unwrap();
    assert_eq!(there, folder.path().join(path));
    assert_eq!(fs::read(there).unwrap(), b"rows");

    let absent = store.put_file(&local, "parts/none.parquet").unwrap_err();
    assert!(
        absent
            .to_string()
            .contains("part.parquet: no such file or directory"),
        "{absent}"
    );
    assert_eq!(store.list("").unwrap(), [path]);

    store.delete(path).unwrap();
    store.delete(path).unwrap();
    let missing = store.fetch(path, scratch.path()).unwrap_err();
    assert!(matches!(missing, ArchiveError::MissingObject { .. }), "{missing}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_of_another_file_system_is_copied_first() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    let memory = Path::new("/dev/shm");
    if device(memory).is_none() || device(memory) == device(folder.path()) {
        println!("skipped: there is no second file system at /dev/shm");
        return;
    }
    let elsewhere = tempfile::tempdir_in(memory).unwrap();
    let local = elsewhere.path().join("part");
    fs::write(&local, b"rows").unwrap();
    let store = open(folder.path());
    store.put_file(&local, "parts/part").unwrap();
    assert!(!local.exists());
    assert_eq!(fs::read(folder.path().join("parts/part")).unwrap(), b"rows");
    let staged = fs::read_dir(folder.path().join(".staging")).unwrap();
    let staged: Vec<_> = staged.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(staged, [".guard"]);
}

#[test]
fn one_writer_at_a_time_and_a_dead_one_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let staging = folder.path().join(".staging");
    let unfinished = || {
        let entries = fs::read_dir(&staging).unwrap();
        let folders = entries.filter(|entry| entry.as_ref().unwrap().path().is_dir());
        folders.count()
    };

    let mut other = start("hold", folder.path().to_str().unwrap());
    let locked = store.lock().unwrap_err();
    assert!(matches!(locked, ArchiveError::Locked { .. }), "{locked}");
    assert!(
        locked.to_string().contains("another ingest is writing to"),
        "{locked}"
    );
    let mine = store.scratch().unwrap();
    assert_eq!(unfinished(), 2, "the other process lives");

    other.kill().unwrap();
    other.wait().unwrap();
    let lock = store.lock().unwrap();
    let second = store.scratch().unwrap();
    assert_eq!(unfinished(), 2, "both are of this process");
    assert!(mine.path().is_dir() && second.path().is_dir() && mine.path() != second.path());

    let here = store.lock().unwrap_err();
    assert!(matches!(here, ArchiveError::Locked { .. }), "{here}");
    drop((lock, mine, second));
    assert_eq!(unfinished(), 0);
    // A process that another test is starting may share the file for an instant.
    let again = (0..100).find_map(|_| {
        thread::sleep(Duration::from_millis(10));
        store.lock().ok()
    });
    assert!(again.is_some());
}

#[test]
fn a_list_is_sorted_and_leaves_out_what_is_hidden() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    assert!(store.list("").unwrap().is_empty());
    let _held = (store.lock().unwrap(), store.scratch().unwrap());
    for path in ["parts/b", "parts/a/2", "parts/a/10", "partsy", "manifest.json"] {
        store.put_if(path, b"x", None).unwrap();
    }
    fs::create_dir(folder.path().join("parts/.cache")).unwrap();
    fs::write(folder.path().join("parts/.cache/x"), b"x").unwrap();
    fs::write(folder.path().join("parts/.b.tmp"), b"x").unwrap();
    fs::write(folder.path().join("my notes.txt"), b"x").unwrap();
    assert_eq!(
        store.list("").unwrap(),
        ["manifest.json", "parts/a/10", "parts/a/2", "parts/b", "partsy"]
    );
    assert_eq!(
        store.list("parts").unwrap(),
        ["parts/a/10", "parts/a/2", "parts/b"]
    );
    assert_eq!(store.list("parts/a/").unwrap(), ["parts/a/10", "parts/a/2"]);
    assert!(store.list("none").unwrap().is_empty());
    assert!(store.list("parts/b").unwrap().is_empty());
}

#[test]
fn no_path_leads_out_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    for path in [
        "",
        "/etc/passwd",
        "../x",
        "a/../b",
        ".lock",
        "a//b",
        "a/",
        "a\\b",
        "ä",
    ] {
        let error = store.put_if(path, b"x", None).unwrap_err();
        assert!(
            matches!(error, ArchiveError::BadObjectPath { .. }),
            "{path}: {error}"
        );
    }
}

#[test]
fn a_place_is_a_path_or_a_url() {
    let folder = tempfile::tempdir().unwrap();
    let spaced = folder.path().join("my tape");
    let url = format!("file://{}/my%20tape", folder.path().display());
    let store = Store::open(&url).unwrap();
    assert_eq!(store.location(), url);
    assert_eq!(store.local_folder(), Some(spaced.as_path()));
    assert!(!spaced.exists(), "only a write makes the folder");

    for (location, reason) in [
        ("", "it is empty"),
        ("ftp://host/tape", "`ftp` is no kind of store"),
        ("file://tape", "it names no folder of this machine"),
        ("s3://bucket/tape?x=1", "a place has no `?`"),
    ] {
        let error = Store::open(location).unwrap_err().to_string();
        assert!(
            error.contains(reason) && error.contains("expected a folder"),
            "{error}"
        );
    }
}
