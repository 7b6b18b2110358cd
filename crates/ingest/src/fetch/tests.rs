//! Downloads from a server on the loopback that is laid out like an archive, and misbehaves like one.

mod planning;
mod server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use chrono::NaiveDate;

use super::*;
use server::{Asked, Reply, Server};

/// SHA-256 of [`body`], by Python's hashlib of `bytes((i*7+i//251) & 255 for i in range(300000))`.
const SHA256: &str = "5a67e7e545f6c42a3662c41aa6e0ede53d2a9011915681169310b402a518bf24";
const LEN: usize = 300_000;
const TAG: &str = "\"first\"";

fn body() -> Vec<u8> {
    (0..LEN).map(|i| (i * 7 + i / 251) as u8).collect()
}

fn checksum() -> Reply {
    Reply::whole(200, format!("{SHA256}  day.zip\n").as_bytes())
}

/// The file from a byte on, as a server that knows ranges sends it; `sent` bytes, then the connection ends.
fn ranged(asked: &Asked, sent: usize) -> Reply {
    let from: usize = asked.range.as_ref().map_or(0, |range| {
        range
            .strip_prefix("bytes=")
            .unwrap()
            .strip_suffix('-')
            .unwrap()
            .parse()
            .unwrap()
    });
    let length = ("Content-Length", (LEN - from).to_string());
    let tag = ("ETag", TAG.to_owned());
    let rest = &body()[from..LEN.min(from + sent)];
    if asked.range.is_none() {
        return Reply::new(200, &[length, tag]).then(0, rest);
    }
    let range = ("Content-Range", format!("bytes {from}-{}/{LEN}", LEN - 1));
    Reply::new(206, &[length, tag, range]).then(0, rest)
}

fn options() -> Options {
    Options {
        workers: 2,
        requests_per_second: 1_000.0,
        tries: 4,
        first_pause: Duration::from_millis(10),
        longest_pause: Duration::from_secs(2),
        connect_timeout: Duration::from_secs(2),
        idle_timeout: Duration::from_millis(300),
        largest_file_bytes: 1_000_000,
        environment_proxy: false,
    }
}

/// A plan of one file, `day.zip`, with a checksum or without.
fn one(server: &Server, checked: bool) -> Plan {
    Plan {
        files: vec![planned(&server.url(), "day.zip", checked)],
        told: Vec::new(),
    }
}

fn planned(base: &str, name: &str, checked: bool) -> PlannedFile {
    let url = format!("{base}/data/{name}");
    PlannedFile {
        source: "archive".to_owned(),
        dataset: "trades".to_owned(),
        kind: "trades".to_owned(),
        product: "spot".to_owned(),
        symbol: None,
        day: NaiveDate::from_ymd_opt(2020, 3, 12).unwrap(),
        checksum_url: checked.then(|| format!("{url}.CHECKSUM")),
        url,
        path: PathBuf::from("archive/data").join(name),
    }
}

fn run(plan: &Plan, folder: &Path) -> Outcome {
    run_with(plan, folder, &options())
}

fn run_with(plan: &Plan, folder: &Path, options: &Options) -> Outcome {
    let mut fetched = download(plan, folder, options, &());
    fetched.files.pop().unwrap().outcome
}

#[track_caller]
fn assert_fetched(outcome: &Outcome, as_verified: bool) {
    match outcome {
        Outcome::Fetched {
            bytes,
            sha256,
            verified,
        } => {
            assert_eq!(
                (*bytes, sha256.as_str(), *verified),
                (LEN as u64, SHA256, as_verified)
            );
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn failed(outcome: Outcome) -> FileError {
    match outcome {
        Outcome::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Names in the folder of the file.
fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.join("archive/data")) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn content(folder: &Path) -> Vec<u8> {
    fs::read(folder.join("archive/data/day.zip")).unwrap()
}

const WHOLE: [&str; 2] = ["day.zip", "day.zip.sha256"];

#[test]
fn a_file_comes_once_and_is_held_afterwards() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/data/day.zip" => ranged(asked, LEN),
        "/data/day.zip.CHECKSUM" => checksum(),
        _ => Reply::whole(404, b""),
    });
    for checked in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let before = server.asked("day.zip").len();
        let plan = one(&server, checked);
        assert_fetched(&run(&plan, folder.path()), checked);
        assert_eq!(content(folder.path()), body());
        assert_eq!(names(folder.path()), WHOLE);
        assert!(matches!(run(&plan, folder.path()), Outcome::Held));
        assert_eq!(server.asked("day.zip").len(), before + 1);
        // A damaged file is not held.
        fs::write(folder.path().join("archive/data/day.zip"), "damaged").unwrap();
        assert_fetched(&run(&plan, folder.path()), checked);
        assert_eq!(content(folder.path()), body());
    }
}

#[test]
fn a_file_without_our_record_or_a_checksum_is_not_trusted() {
    let server = Server::start(|asked| ranged(asked, LEN));
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("archive/data")).unwrap();
    fs::write(folder.path().join("archive/data/day.zip"), "half of").unwrap();
    assert_fetched(&run(&one(&server, false), folder.path()), false);
    assert_eq!(content(folder.path()), body());
}

#[test]
fn a_file_that_does_not_exist_is_no_failure() {
    let server = Server::start(|_| Reply::whole(404, b"<Code>NoSuchKey</Code>"));
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(run(&one(&server, true), folder.path()), Outcome::Absent));
    assert_eq!(names(folder.path()), [""; 0]);
    assert_eq!(server.asked("day.zip").len(), 1);
}

#[test]
fn a_missing_checksum_leaves_the_file_unverified() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/data/day.zip" => ranged(asked, LEN),
        _ => Reply::whole(404, b""),
    });
    let folder = tempfile::tempdir().unwrap();
    assert_fetched(&run(&one(&server, true), folder.path()), false);
}

#[test]
fn a_wrong_checksum_leaves_nothing() {
    let wrong = "0".repeat(64);
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/data/day.zip" => ranged(asked, LEN),
        _ => Reply::whole(200, format!("{wrong}  day.zip\n").as_bytes()),
    });
    let folder = tempfile::tempdir().unwrap();
    let error = failed(run(&one(&server, true), folder.path()));
    assert!(
        matches!(&error, FileError::WrongChecksum { found, .. } if found == SHA256),
        "{error}"
    );
    assert_eq!(names(folder.path()), [""; 0]);
    assert_eq!(server.asked("day.zip").len(), 1);
}

#[test]
fn a_page_in_place_of_a_checksum_is_an_error() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/data/day.zip" => ranged(asked, LEN),
        _ => Reply::whole(200, b"<html>please log in</html>"),
    });
    let folder = tempfile::tempdir().unwrap();
    let error = failed(run(&one(&server, true), folder.path()));
    assert!(matches!(error, FileError::NoChecksum { .. }), "{error}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_cut_connection_is_continued_where_it_was_cut() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/data/day.zip" => ranged(asked, if asked.nth == 0 { 100_000 } else { LEN }),
        _ => checksum(),
    });
    let folder = tempfile::tempdir().unwrap();
    assert_fetched(&run(&one(&server, true), folder.path()), true);
    assert_eq!(content(folder.path()), body());
    assert_eq!(names(folder.path()), WHOLE);
    let asked = server.asked("day.zip");
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].range, None);
    assert_eq!(asked[1].range.as_deref(), Some("bytes=100000-"));
    assert_eq!(asked[1].if_range.as_deref(), Some(TAG));
}

#[test]
fn a_server_without_ranges_starts_over() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/data/day.zip" => {
            let head = [("Content-Length", LEN.to_string()), ("ETag", TAG.to_owned())];
            Reply::new(200, &head).then(0, &body()[..if asked.nth == 0 { 100_000 } else { LEN }])
        }
        _ => checksum(),
    });
    let folder = tempfile::tempdir().unwrap();
    assert_fetched(&run(&one(&server, true), folder.path()), true);
    assert_eq!(content(folder.path()), body());
    assert_eq!(server.asked("day.zip")[1].range.as_deref(), Some("bytes=100000-"));
}

#[test]
fn a_server_that_answers_another_range_is_not_believed() {
    let server = Server::start(|asked| match asked.nth {
        0 => ranged(asked, 100_000),
        1 => {
            let head = [
                ("Content-Length", "200001".to_owned()),
                ("Content-Range", format!("bytes 99999-{}/{LEN}", LEN - 1)),
            ];
            Reply::new(206, &head).then(0, &body()[99_999..])
        }
        _ => ranged(asked, LEN),
    });
    let folder = tempfile::tempdir().unwrap();
    assert_fetched(&run(&one(&server, false), folder.path()), false);
    assert_eq!(server.asked("day.zip")[2].range, None);
}

#[test]
fn without_a_name_for_the_edition_only_a_checksum_allows_to_continue() {
    let nameless = |asked: &Asked| {
        let mut from = 0;
        if let Some(range) = &asked.range {
            from = range
                .strip_prefix("bytes=")
                .unwrap()
                .strip_suffix('-')
                .unwrap()
                .parse()
                .unwrap();
        }
        let rest = &body()[from..];
        let mut head = vec![("Content-Length", rest.len().to_string())];
        if from > 0 {
            head.push(("Content-Range", format!("bytes {from}-{}/{LEN}", LEN - 1)));
        }
        let sent = if asked.nth == 0 { 50_000 } else { rest.len() };
        Reply::new(if from > 0 { 206 } else { 200 }, &head).then(0, &rest[..sent])
    };
    let server = Server::start(move |asked| match asked.path.as_str() {
        "/data/day.zip.CHECKSUM" => checksum(),
        _ => nameless(asked),
    });
    let folder = tempfile::tempdir().unwrap();
    assert_fetched(&run(&one(&server, true), folder.path()), true);
    assert_eq!(server.asked("day.zip")[1].range.as_deref(), Some("bytes=50000-"));

    let server = Server::start(nameless);
    let folder = tempfile::tempdir().unwrap();
    assert_fetched(&run(&one(&server, false), folder.path()), false);
    assert_eq!(server.asked("day.zip")[1].range, None);
}

#[test]
fn a_beginning_of_another_edition_is_dropped() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/data/day.zip" => ranged(asked, LEN),
        _ => checksum(),
    });
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("archive/data");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("day.zip.part"), "these bytes are of another edition").unwrap();
    fs::write(place.join("day.zip.part.edition"), TAG).unwrap();
    assert_fetched(&run(&one(&server, true), folder.path()), true);
    assert_eq!(content(folder.path()), body());
    let asked = server.asked("day.zip");
    assert_eq!(asked[0].range.as_deref(), Some("bytes=34-"));
    assert_eq!(asked[1].range, None);
    assert_eq!(names(folder.path()), WHOLE);
}

#[test]
fn a_whole_part_needs_its_name_alone() {
    let server = Server::start(|asked| {
        assert_eq!(asked.range.as_deref(), Some("bytes=300000-"));
        Reply::new(416, &[("Content-Range", format!("bytes */{LEN}"))])
    });
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("archive/data");
    fs::create_dir_all(&place).unwrap();
    fs::write(place.join("day.zip.part"), body()).unwrap();
    fs::write(place.join("day.zip.part.edition"), TAG).unwrap();
    assert_fetched(&run(&one(&server, false), folder.path()), false);
    assert_eq!(names(folder.path()), WHOLE);
}

#[test]
fn a_silent_server_is_left_and_asked_again() {
    let begun = Instant::now();
    let server = Server::start(|asked| match asked.nth {
        0 => ranged(asked, 1_000).then(1_500, b""),
        _ => ranged(asked, LEN),
    });
    let folder = tempfile::tempdir().unwrap();
    assert_fetched(&run(&one(&server, false), folder.path()), false);
    assert_eq!(content(folder.path()), body());
    let asked = server.asked("day.zip");
    assert_eq!(asked[1].range.as_deref(), Some("bytes=1000-"));
    assert!(asked[1].at - asked[0].at >= Duration::from_millis(300));
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_server_that_trickles_is_left() {
    let begun = Instant::now();
    // A byte every 100 ms never runs into the time-out of one read, which is 300 ms.
    let server = Server::start(|asked| {
        let mut reply = ranged(asked, 0);
        for at in 0..15 {
            reply = reply.then(100, &body()[at..=at]);
        }
        reply
    });
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        tries: 1,
        ..options()
    };
    let error = failed(run_with(&one(&server, false), folder.path(), &options));
    assert!(matches!(&error, FileError::GaveUp { tries: 1, .. }), "{error}");
    assert!(
        begun.elapsed() < Duration::from_millis(1_200),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(names(folder.path()), ["day.zip.part", "day.zip.part.edition"]);
}

#[test]
fn a_busy_server_is_given_the_time_it_asks_for() {
    let server = Server::start(|asked| match asked.nth {
        0 => Reply::new(
            429,
            &[
                ("Retry-After", "1".to_owned()),
                ("Content-Length", "0".to_owned()),
            ],
        ),
        1 => Reply::new(503, &[("Content-Length", "0".to_owned())]),
        _ => ranged(asked, LEN),
    });
    let folder = tempfile::tempdir().unwrap();
    assert_fetched(&run(&one(&server, false), folder.path()), false);
    let asked = server.asked("day.zip");
    assert_eq!(asked.len(), 3);
    assert!(asked[1].at - asked[0].at >= Duration::from_millis(990));
    assert!(asked[2].at - asked[1].at < Duration::from_millis(500));
}

#[test]
fn a_server_that_asks_for_more_time_than_allowed_is_left() {
    let server = Server::start(|_| {
        Reply::new(
            429,
            &[
                ("Retry-After", "3600".to_owned()),
                ("Content-Length", "0".to_owned()),
            ],
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let error = failed(run(&one(&server, false), folder.path()));
    assert!(error.to_string().contains("asking to wait 3600 s"), "{error}");
    assert_eq!(server.asked("day.zip").len(), 1);
}

#[test]
fn tries_and_pauses_are_bounded() {
    let server = Server::start(|_| Reply::whole(500, b"oh"));
    let folder = tempfile::tempdir().unwrap();
    let error = failed(run(&one(&server, false), folder.path()));
    assert!(
        matches!(&error, FileError::GaveUp { tries: 4, reason, .. } if reason == "status 500"),
        "{error}"
    );
    let asked = server.asked("day.zip");
    assert_eq!(asked.len(), 4);
    // 10 ms, then 20, then 40.
    assert!(asked[3].at - asked[2].at >= Duration::from_millis(40));
}

#[test]
fn a_refusal_is_not_tried_again() {
    let server = Server::start(|_| Reply::whole(401, b"key please"));
    let folder = tempfile::tempdir().unwrap();
    let error = failed(run(&one(&server, false), folder.path()));
    assert!(matches!(error, FileError::Status { status: 401, .. }), "{error}");
    assert_eq!(server.asked("day.zip").len(), 1);
}

#[test]
fn a_file_larger_than_allowed_is_stopped_announced_or_not() {
    let announced = Server::start(|asked| ranged(asked, LEN));
    let chunk = b"10\r\n0123456789abcdef\r\n".repeat(2_000);
    let unannounced = Server::start(move |_| {
        Reply::new(200, &[("Transfer-Encoding", "chunked".to_owned())])
            .then(0, &chunk)
            .then(0, b"0\r\n\r\n")
    });
    for (server, at_least) in [(announced, LEN as u64), (unannounced, 20_001)] {
        let folder = tempfile::tempdir().unwrap();
        let options = Options {
            largest_file_bytes: 20_000,
            ..options()
        };
        let error = failed(run_with(&one(&server, false), folder.path(), &options));
        match error {
            FileError::TooLarge {
                bytes, limit: 20_000, ..
            } => assert!(bytes >= at_least, "{bytes}"),
            other => panic!("{other}"),
        }
        assert_eq!(names(folder.path()), [""; 0]);
        assert_eq!(server.asked("day.zip").len(), 1);
    }
}

#[test]
fn a_body_whose_end_cannot_be_told_needs_a_checksum() {
    let endless = |_: &Asked| Reply::new(200, &[]).then(0, &body());
    let server = Server::start(endless);
    let folder = tempfile::tempdir().unwrap();
    let error = failed(run(&one(&server, false), folder.path()));
    assert!(matches!(error, FileError::NoLength { .. }), "{error}");

    let server = Server::start(move |asked| match asked.path.as_str() {
        "/data/day.zip" => endless(asked),
        _ => checksum(),
    });
    assert_fetched(&run(&one(&server, true), folder.path()), true);
}

/// Hears how many bodies have begun and not ended.
#[derive(Default)]
struct Heard(Mutex<BTreeMap<PathBuf, u64>>);

impl Progress for Heard {
    fn advanced(&self, file: &PlannedFile, bytes: u64) {
        *self.0.lock().unwrap().entry(file.path.clone()).or_default() += bytes;
    }
}

#[test]
fn two_workers_fetch_two_files_at_a_time_in_the_order_of_the_plan() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/data/3.zip" => Reply::whole(404, b""),
        _ => ranged(asked, 1_000).then(100, &body()[1_000..]),
    });
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        files: (0..6)
            .map(|day| planned(&server.url(), &format!("{day}.zip"), false))
            .collect(),
        told: Vec::new(),
    };
    let heard = Heard::default();
    let fetched = download(&plan, folder.path(), &options(), &heard);
    assert_eq!(server.busiest(), 2);
    assert_eq!(fetched.paths().count(), 5);
    assert_eq!(fetched.failures().count(), 0);
    for (at, file) in fetched.files.iter().enumerate() {
        assert_eq!(file.file, plan.files[at]);
        assert_eq!(
            matches!(file.outcome, Outcome::Absent),
            at == 3,
            "{at}: {:?}",
            file.outcome
        );
        assert_eq!(file.path.exists(), at != 3);
    }
    assert!(
        heard
            .0
            .into_inner()
            .unwrap()
            .values()
            .all(|bytes| *bytes == LEN as u64)
    );
}

#[test]
fn requests_keep_their_distance() {
    let server = Server::start(|_| Reply::whole(404, b""));
    let folder = tempfile::tempdir().unwrap();
    let plan = Plan {
        files: (0..5)
            .map(|day| planned(&server.url(), &format!("{day}.zip"), false))
            .collect(),
        told: Vec::new(),
    };
    let options = Options {
        workers: 5,
        requests_per_second: 20.0,
        ..options()
    };
    let begun = Instant::now();
    download(&plan, folder.path(), &options, &());
    // Four distances of 50 ms between five requests.
    assert!(
        begun.elapsed() >= Duration::from_millis(195),
        "{:?}",
        begun.elapsed()
    );
}

#[test]
fn two_downloads_do_not_write_one_file() {
    let server = Server::start(|asked| ranged(asked, 1_000).then(200, &body()[1_000..]));
    let folder = tempfile::tempdir().unwrap();
    let plan = one(&server, false);
    let (mine, other) = std::thread::scope(|scope| {
        let other = scope.spawn(|| run(&plan, folder.path()));
        (run(&plan, folder.path()), other.join().unwrap())
    });
    let mut outcomes = [mine, other];
    outcomes.sort_by_key(|outcome| matches!(outcome, Outcome::Failed(_)));
    assert_fetched(&outcomes[0], false);
    assert!(
        matches!(&outcomes[1], Outcome::Failed(FileError::Busy { .. })),
        "{:?}",
        outcomes[1]
    );
    assert_eq!(content(folder.path()), body());
}

const CHILD_URL: &str = "AFTERSHOCK_TEST_FETCH_URL";
const CHILD_FOLDER: &str = "AFTERSHOCK_TEST_FETCH_FOLDER";

/// The process that [`killed_half_way_it_is_continued`] kills; by itself it does nothing.
#[test]
fn child_that_is_killed() {
    let (Ok(url), Ok(folder)) = (std::env::var(CHILD_URL), std::env::var(CHILD_FOLDER)) else {
        return;
    };
    let plan = Plan {
        files: vec![planned(&url, "day.zip", true)],
        told: Vec::new(),
    };
    let options = Options {
        idle_timeout: Duration::from_secs(10),
        ..options()
    };
    download(&plan, Path::new(&folder), &options, &());
}

#[test]
fn killed_half_way_it_is_continued() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/data/day.zip.CHECKSUM" => checksum(),
        _ if asked.nth == 0 => ranged(asked, 120_000).then(3_000, b""),
        _ => ranged(asked, LEN),
    });
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "fetch::tests::child_that_is_killed"])
        .env(CHILD_URL, server.url())
        .env(CHILD_FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let part = folder.path().join("archive/data/day.zip.part");
    let begun = Instant::now();
    while fs::metadata(&part).map_or(0, |part| part.len()) < 120_000 {
        assert!(
            begun.elapsed() < Duration::from_secs(10),
            "the child does not get on"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(names(folder.path()), ["day.zip.part", "day.zip.part.edition"]);
    assert_fetched(&run(&one(&server, true), folder.path()), true);
    assert_eq!(content(folder.path()), body());
    assert_eq!(names(folder.path()), WHOLE);
    assert_eq!(server.asked("day.zip")[1].range.as_deref(), Some("bytes=120000-"));
}
