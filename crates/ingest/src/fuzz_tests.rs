//! Every text parser against bytes that nobody meant: fixtures with bytes changed, cut and repeated, and noise.
//!
//! A parser may reject and may refuse a file; it may not panic, and no record may vanish. `cargo test` runs each for a
//! moment; `BOLERO_RANDOM_TEST_TIME_MS=60000 cargo test -p aftershock-ingest --lib fuzz_tests` runs each for a minute.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use bolero::check;
use bolero::generator::*;

use crate::testing::parse_bytes;
use crate::{Hints, container, frames, text};

/// How a fixture is spoilt.
#[derive(Clone, Debug, TypeGenerator)]
enum Change {
    /// One byte becomes another.
    Byte(u16, u8),
    /// One character that numbers, lists and texts are made of comes in.
    Mark(u16, #[generator(0..16)] u8),
    /// Some bytes go.
    Cut(u16, u8),
    /// Some bytes come twice.
    Repeat(u16, u8),
    /// All that follows goes.
    End(u16),
}

const MARKS: &[u8; 16] = b",.-+eE\"{}[]:\n\r\\0";

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        if bytes.is_empty() {
            return;
        }
        let place = |at: u16| usize::from(at) % bytes.len();
        match *self {
            Self::Byte(at, byte) => {
                let at = place(at);
                bytes[at] = byte;
            }
            Self::Mark(at, mark) => {
                let at = place(at);
                bytes.insert(at, MARKS[usize::from(mark)]);
            }
            Self::Cut(at, count) => {
                let at = place(at);
                let end = (at + usize::from(count)).min(bytes.len());
                bytes.drain(at..end);
            }
            Self::Repeat(at, count) => {
                let at = place(at);
                let end = (at + usize::from(count)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                bytes.splice(at..at, piece);
            }
            Self::End(at) => bytes.truncate(place(at)),
        }
    }
}

/// The committed fixtures of one source: path and bytes.
fn fixtures(source: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../tests/fixtures/ingest")
        .join(source);
    let mut folders = vec![folder];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|ending| ending != "md") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
        .into_iter()
        .filter_map(|path| {
            let bytes = std::fs::read(&path).ok()?;
            Some((path.display().to_string(), bytes))
        })
        // Of files of columns, arrow reads what is spoilt before any parser sees it.
        .filter(|(_, bytes)| bytes.len() < 65_536 && !bytes.starts_with(b"ARROW1"))
        .collect()
}

/// Parses a spoilt fixture; records are kept or rejected, and there are no more rejects than records.
fn run(fixtures: &[(String, Vec<u8>)], which: u8, changes: &[Change]) {
    let Some((path, bytes)) = fixtures.get(usize::from(which) % fixtures.len().max(1)) else {
        return;
    };
    let mut bytes = bytes.clone();
    changes.iter().for_each(|change| change.apply(&mut bytes));
    if let Ok(parsed) = parse_bytes(path, &bytes, &Hints::default()) {
        assert!(
            parsed.rejected <= parsed.read,
            "{path}: more rejects than records"
        );
        let rows: usize = parsed.tables.iter().map(|(_, batch)| batch.num_rows()).sum();
        assert!(
            parsed.read == 0 || rows > 0 || parsed.left_out > 0,
            "{path}: records vanished"
        );
    }
}

macro_rules! sources {
    ($($test:ident $source:literal)*) => {
        $(
            #[test]
            fn $test() {
                static FIXTURES: OnceLock<Vec<(String, Vec<u8>)>> = OnceLock::new();
                let fixtures = FIXTURES.get_or_init(|| fixtures($source));
                assert!(!fixtures.is_empty(), "no fixture of {}", $source);
                check!()
                    .with_iterations(2_000)
                    .with_type::<(u8, Vec<Change>)>()
                    .for_each(|(which, changes)| run(fixtures, *which, changes));
            }
        )*
    };
}

sources! {
    binance_archive_survives "binance_archive"
    binance_stream_survives "binance_stream"
    bitmex_survives "bitmex"
    bybit_survives "bybit"
    chainticks_survives "chainticks"
    deribit_survives "deribit"
    evm_logs_survives "evm_logs"
    freqtrade_survives "freqtrade"
    hyperliquid_survives "hyperliquid"
    lending_export_survives "lending_export"
    okx_survives "okx"
    tardis_survives "tardis"
}

#[test]
fn numbers_and_stamps_survive_noise() {
    check!()
        .with_iterations(20_000)
        .with_type::<Vec<u8>>()
        .for_each(|bytes| {
            if let Some(number) = text::number(bytes) {
                let text = std::str::from_utf8(bytes).expect("a number is plain text");
                let expected: f64 = text
                    .parse()
                    .expect("what we take for a number is one for the standard library");
                assert_eq!(number.value.to_bits(), expected.to_bits(), "{text}");
            }
            if let Some(integer) = text::integer(bytes) {
                let text = std::str::from_utf8(bytes).expect("a number is plain text");
                assert_eq!(Ok(integer), text.parse());
            }
            let _ = (
                text::calendar(bytes),
                text::seconds(bytes),
                text::stamp_text(bytes),
            );
        });
}

/// Digits that look like prices reach further than noise.
#[test]
fn numbers_are_those_of_the_standard_library() {
    check!()
        .with_iterations(50_000)
        .with_type::<(i64, u8, bool)>()
        .for_each(|(mantissa, point, zeros)| {
            let mut text = mantissa.to_string();
            let place = text
                .len()
                .saturating_sub(usize::from(*point % 19))
                .max(usize::from(*mantissa < 0) + 1);
            if place < text.len() {
                text.insert(place, '.');
                if *zeros {
                    text.push_str("00");
                }
            }
            let number = text::number(text.as_bytes()).expect("digits are a number");
            let expected: f64 = text.parse().expect("digits are a number");
            assert_eq!(number.value.to_bits(), expected.to_bits(), "{text}");
            let significant = text.trim_start_matches('-').replace('.', "");
            let significant = significant.trim_start_matches('0').trim_end_matches('0');
            if significant.len() <= 15 {
                assert!(number.exact, "{text}: fifteen digits come back the same");
            }
        });
}

#[test]
fn arrays_survive_noise() {
    check!()
        .with_iterations(5_000)
        .with_type::<Vec<u8>>()
        .for_each(|bytes| {
            let mut text = b"{\"result\":[".to_vec();
            text.extend_from_slice(bytes);
            let _ = frames::elements_of("noise", &text, Some("result"));
            let _ = frames::elements_of("noise", bytes, None);
        });
}

/// Contents that say they are packed and are not, or are cut off.
#[test]
fn containers_survive_noise() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("noise");
    let magics: [&[u8]; 5] = [
        b"PK\x03\x04",
        b"\x1f\x8b\x08",
        b"\x04\x22\x4d\x18",
        b"\x28\xb5\x2f\xfd",
        b"",
    ];
    check!()
        .with_iterations(2_000)
        .with_type::<(u8, Vec<u8>)>()
        .for_each(|(magic, noise)| {
            let mut bytes = magics[usize::from(*magic) % magics.len()].to_vec();
            bytes.extend_from_slice(noise);
            std::fs::write(&path, bytes).expect("the folder takes a file");
            let read = std::sync::Arc::default();
            let _ =
                container::each_content(&path, container::Limits::default(), &read, &mut |mut content| {
                    let mut out = Vec::new();
                    let _ = std::io::Read::read_to_end(&mut content.reader, &mut out);
                    Ok(())
                });
        });
}
