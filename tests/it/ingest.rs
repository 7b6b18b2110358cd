//! Files into the tape, from the command line: counts, repetition, order, damage, rejects.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use aftershock_archive::sha256_hex;
use anyhow::{Context, Result, ensure};

use crate::cli::User;
use crate::workspace::root;

/// Twenty aggregated trades of Binance spot, as the venue's archive has them.
pub const TRADES: &str =
    "tests/fixtures/ingest/binance_archive/spot/aggTrades/BTCUSDT-aggTrades-2024-01-01.csv";
const NAME: &str = "BTCUSDT-aggTrades-2024-01-01";

/// Lines of the fixture.
pub fn lines() -> Result<Vec<String>> {
    let text = fs::read_to_string(root().join(TRADES))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// A zip of one member.
pub fn zipped(member: &str, content: &[u8]) -> Result<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(member, zip::write::SimpleFileOptions::default())?;
    zip.write_all(content)?;
    Ok(zip.finish()?.into_inner())
}

/// Digest of every file of a tape, by path; files of a running writer have names with a point.
pub fn tree(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(below) = folders.pop() {
        let Ok(entries) = fs::read_dir(&below) else {
            continue;
        };
        for entry in entries {
            let path = entry?.path();
            let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if !name.starts_with('.') {
                found.insert(name, sha256_hex(&fs::read(&path)?));
            }
        }
    }
    Ok(found)
}

impl User {
    /// Writes a file below the user's folder; its path.
    fn writes(&self, name: &str, content: &[u8]) -> Result<String> {
        let path = self.path(name);
        fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
        fs::write(&path, content)?;
        Ok(name.to_owned())
    }

    /// The lines of a CSV answer, without its header.
    pub fn asks(&self, sql: &str) -> Result<Vec<String>> {
        let said = self.says(&["sql", sql, "--format", "csv"])?.fine()?;
        Ok(said.text()?.lines().skip(1).map(str::to_owned).collect())
    }

    pub fn tape(&self) -> Result<BTreeMap<String, String>> {
        tree(&self.path("data/tape"))
    }
}

#[test]
fn a_file_is_ingested_once_and_every_value_can_be_asked_for() -> Result<()> {
    let user = User::new()?;
    let path = root().join(TRADES);
    let path = path.to_str().context("a path of text")?;
    let said = user.says(&["ingest", path])?.fine()?;
    for word in ["aggTrades of BTCUSDT", "binance-spot", "20"] {
        ensure!(said.text()?.contains(word), "no `{word}` in {}", said.text()?);
    }
    ensure!(!said.stderr.contains("WARNING"), "{}", said.stderr);
    // The file's first and last line, read by eye.
    let rows = user.asks(
        "SELECT traded_at, trade_id, price, quantity, side, venue, instrument, source_row FROM recorded.trades \
         WHERE source_row IN (0, 19) ORDER BY source_row",
    )?;
    ensure!(
        rows == [
            "2024-01-01T00:00:00Z,2807759891,42283.58,0.00069,sell,binance-spot,BTCUSDT,0",
            "2024-01-01T00:00:00.916Z,2807759910,42283.59,0.00352,buy,binance-spot,BTCUSDT,19",
        ],
        "{rows:?}"
    );
    let before = user.tape()?;
    ensure!(before.len() == 2, "a list and a part: {before:?}");
    let again = user.says(&["ingest", path, path])?.fine()?;
    ensure!(again.stderr.contains("already in the tape"), "{}", again.stderr);
    ensure!(user.tape()? == before, "the same file again changes nothing");

    let held = user.says(&["tape", "--check"])?.fine()?;
    for word in [
        "trades",
        "binance-spot",
        "BTCUSDT",
        "2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00.916Z",
    ] {
        ensure!(held.text()?.contains(word), "no `{word}` in {}", held.text()?);
    }
    ensure!(
        held.stderr.contains("every part is as the list says"),
        "{}",
        held.stderr
    );
    let part = before
        .keys()
        .find(|name| name.ends_with(".parquet"))
        .context("a part")?;
    let part = user.path("data/tape").join(part);
    let mut bytes = fs::read(&part)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&part, bytes)?;
    let said = user.says(&["tape", "--check"])?;
    for word in [
        "sha256",
        "1 of 1 part",
        &format!("has rows of {NAME}.csv"),
        "ingest --again",
    ] {
        ensure!(
            said.code == Some(1) && said.stderr.contains(word),
            "{}",
            said.stderr
        );
    }
    user.says(&["ingest", path])?.fine()?;
    ensure!(
        user.tape()? != before,
        "a file that is held is not read without a word"
    );
    user.says(&["ingest", path, "--again"])?.fine()?;
    ensure!(user.tape()? == before, "its file mends a part");
    user.says(&["tape", "--check"])?.fine()?;
    fs::remove_file(&part)?;
    let said = user.says(&["sql", "SELECT sum(price) FROM recorded.trades"])?;
    said.refused(&["2024-01-01-", "tape --check"])?;
    user.says(&["ingest", path, "--again"])?.fine()?;
    ensure!(user.tape()? == before, "likewise one that is gone");
    Ok(())
}

#[test]
fn a_file_is_taken_out_and_those_that_gave_its_rows_too_are_named() -> Result<()> {
    let user = User::new()?;
    let lines = lines()?;
    // Of the twenty, the file `a` has fourteen and `b` twelve, so that six are in both.
    user.writes(
        &format!("a/{NAME}.csv"),
        (lines[..14].join("\n") + "\n").as_bytes(),
    )?;
    let twice = user.writes(
        "b/again-BTCUSDT-aggTrades.csv",
        (lines[8..].join("\n") + "\n").as_bytes(),
    )?;
    user.says(&["ingest", "b", "--venue", "binance-spot"])?.fine()?;
    let alone = user.tape()?;
    user.says(&["ingest", "a"])?.fine()?;
    user.says(&["tape", "--remove", "c.csv"])?
        .refused(&["c.csv", "recorded.sources"])?;
    let name = format!("{NAME}.csv");
    let said = user.says(&["tape", "--remove", &name])?.fine()?;
    for word in [
        "taken out: BTCUSDT-aggTrades-2024-01-01.csv",
        "ingest --again",
        "again-BTCUSDT",
    ] {
        ensure!(said.stderr.contains(word), "no `{word}` in {}", said.stderr);
    }
    ensure!(user.asks("SELECT name FROM recorded.sources")? == ["again-BTCUSDT-aggTrades.csv"]);
    user.says(&["ingest", &twice, "--again", "--venue", "binance-spot"])?
        .fine()?;
    user.says(&["ingest", &twice, "--venue", "binance-spot"])?
        .fine()?;
    ensure!(user.tape()? == alone, "as if `a` had never been there");
    let source = &user.asks("SELECT source FROM recorded.sources")?[0];
    let said = user.says(&["tape", "--remove", source])?.fine()?;
    ensure!(said.stderr.contains("12 rows less"), "{}", said.stderr);
    ensure!(!said.stderr.contains("WARNING"), "{}", said.stderr);
    ensure!(user.asks("SELECT count(*) FROM recorded.trades")? == ["0"]);
    Ok(())
}

#[test]
fn what_a_tape_has_from_each_file_adds_up() -> Result<()> {
    let lines = lines()?;
    // The digits of the digest decide which of two files keeps a row; whichever it is, the sums must hold.
    let kept = |said: &crate::cli::Said| -> Result<u64> {
        let text = said.text()?;
        let row = text.lines().find(|line| line.contains(NAME)).context("a row")?;
        let cells: Vec<&str> = row.split('│').map(str::trim).collect();
        ensure!(
            cells[4].parse::<u64>()? == cells[5].parse::<u64>()? + cells[6].parse::<u64>()?,
            "{row}"
        );
        Ok(cells[5].parse()?)
    };
    for order in [["a", "b"], ["b", "a"]] {
        let user = User::new()?;
        let mut last = 0;
        for name in order {
            let of = if name == "a" { &lines[..14] } else { &lines[8..] };
            // Six rows are in both.
            let grown = if name == order[0] { of.len() } else { of.len() - 6 };
            let path = user.writes(&format!("{name}/{NAME}.csv"), (of.join("\n") + "\n").as_bytes())?;
            let said = user.says(&["ingest", &path])?.fine()?;
            last = kept(&said)?;
            ensure!(
                said.stderr.contains(&format!("{grown} rows more")),
                "{}",
                said.stderr
            );
            let over = last as usize - grown;
            ensure!(
                said.stderr.contains("from other files") == (over > 0),
                "{over} taken over: {}",
                said.stderr
            );
        }
        let counts = user.asks("SELECT kept FROM recorded.sources ORDER BY kept")?;
        let counts: Vec<u64> = counts
            .iter()
            .map(|count| Ok(count.parse()?))
            .collect::<Result<_>>()?;
        ensure!(
            counts.iter().sum::<u64>() == 20 && counts.contains(&last),
            "{counts:?}"
        );
    }
    Ok(())
}

#[test]
fn overlapping_files_give_one_tape_in_any_order() -> Result<()> {
    let lines = lines()?;
    let first = lines[..14].join("\n") + "\n";
    let second = lines[8..].join("\n") + "\n";
    let mut tapes = Vec::new();
    for order in [["a", "b"], ["b", "a"]] {
        let user = User::new()?;
        for name in order {
            let content = if name == "a" { &first } else { &second };
            let path = user.writes(&format!("{name}/{NAME}.csv"), content.as_bytes())?;
            user.says(&["ingest", &path])?.fine()?;
        }
        // The part that the second file replaced goes with the next write.
        ensure!(user.tape()?.len() == 3, "{:?}", user.tape()?);
        user.says(&["ingest", "a"])?.fine()?;
        ensure!(user.tape()?.len() == 2, "{:?}", user.tape()?);
        ensure!(user.asks("SELECT count(*), count(DISTINCT trade_id) FROM recorded.trades")? == ["20,20"]);
        tapes.push(user.tape()?);
    }
    let user = User::new()?;
    user.writes(&format!("a/{NAME}.csv"), first.as_bytes())?;
    user.writes(&format!("b/{NAME}.csv"), second.as_bytes())?;
    let said = user.says(&["ingest", "a", "b"])?.fine()?;
    ensure!(said.text()?.contains("2 files"), "{}", said.text()?);
    tapes.push(user.tape()?);
    ensure!(tapes[0] == tapes[1] && tapes[1] == tapes[2], "{tapes:?}");
    Ok(())
}

#[test]
fn a_damaged_file_leaves_the_tape_as_it_was() -> Result<()> {
    let user = User::new()?;
    let lines = lines()?;
    let good = user.writes(
        &format!("good/{NAME}.csv"),
        (lines[..5].join("\n") + "\n").as_bytes(),
    )?;
    user.says(&["ingest", &good])?.fine()?;
    let before = user.tape()?;

    let zip = zipped(&format!("{NAME}.csv"), lines.join("\n").as_bytes())?;
    let cut = user.writes(&format!("cut/{NAME}.zip"), &zip[..zip.len() / 2])?;
    user.says(&["ingest", &cut])?.refused(&[&format!("{NAME}.zip")])?;
    ensure!(user.tape()? == before, "after a truncated archive");

    let whole = user.writes(&format!("whole/{NAME}.zip"), &zip)?;
    let wrong = "0".repeat(64);
    let sum = user.writes(
        &format!("whole/{NAME}.zip.CHECKSUM"),
        format!("{wrong}  {NAME}.zip\n").as_bytes(),
    )?;
    user.says(&["ingest", &whole])?.refused(&[
        &sha256_hex(&zip),
        &wrong,
        "CHECKSUM",
        "fetch the file again",
    ])?;
    // One bad file among good ones: none of them is taken.
    user.says(&["ingest", "whole", "good"])?.refused(&["CHECKSUM"])?;
    ensure!(user.tape()? == before, "after a wrong checksum");

    user.writes(&sum, format!("{}  {NAME}.zip\n", sha256_hex(&zip)).as_bytes())?;
    user.says(&["ingest", &whole])?.fine()?;
    ensure!(user.asks("SELECT count(*) FROM recorded.trades")? == ["20"]);
    Ok(())
}

#[test]
fn bad_rows_are_kept_with_their_reason_and_can_be_limited() -> Result<()> {
    let user = User::new()?;
    let mut lines = lines()?;
    lines[3] = lines[3].replacen("42283.58", "4x283.58", 1);
    lines[3] = lines[3].replacen("42283.59", "4x283.59", 1);
    let bad = lines[3].clone();
    let path = user.writes(&format!("{NAME}.csv"), (lines.join("\n") + "\n").as_bytes())?;
    user.says(&["ingest", &path, "--max-rejects", "0"])?
        .refused(&["more than 0 rows are rejected", "row 3 (number in price)"])?;
    ensure!(user.tape()?.is_empty(), "nothing was kept");
    let said = user.says(&["ingest", &path, "--max-rejects", "1"])?.fine()?;
    ensure!(said.stderr.contains("WARNING: 1 rejected"), "{}", said.stderr);
    ensure!(said.stderr.contains("recorded.rejects"), "{}", said.stderr);
    let rows = user.asks("SELECT source_row, raw, \"column\" FROM recorded.rejects")?;
    ensure!(rows == [format!("3,\"{bad}\",price")], "{rows:?}");
    ensure!(user.asks("SELECT count(*) FROM recorded.trades")? == ["19"]);
    let named = user
        .says(&["sql", "--named", "quality/rejects", "--format", "csv"])?
        .fine()?;
    ensure!(named.text()?.contains("4x283"), "{}", named.text()?);
    Ok(())
}

#[test]
fn what_cannot_be_read_is_said() -> Result<()> {
    let user = User::new()?;
    let unknown = user.writes("notes/shopping.csv", b"eggs;12\nmilk;1\n")?;
    user.says(&["ingest", &unknown])?.refused(&[
        "shopping.csv",
        "no known source",
        "eggs;12",
        "ingest --list",
    ])?;
    user.says(&["ingest", "nowhere.csv"])?
        .refused(&["nowhere.csv", "no such file"])?;
    user.says(&["ingest", &unknown, "--source", "binanse"])?
        .refused(&["binanse", "binance-archive"])?;
    user.says(&["ingest", &unknown, "--map", "no-such.toml"])?
        .refused(&["no-such.toml", "ingest --list"])?;
    let blocks = user.writes(
        "blocks.csv",
        b"block_number,timestamp\n10861674,1600000000\n10861675,soon\n",
    )?;
    user.says(&["ingest", &unknown, "--blocks", &blocks])?.refused(&[
        "blocks.csv:3",
        "10861675,soon",
        "block_number,timestamp",
    ])?;
    user.says(&["ingest", &unknown, "--tape", "ftp://somewhere"])?
        .refused(&["ftp://somewhere", "s3://"])?;

    // In a folder an unknown file is told of, and the rest is taken.
    user.writes(&format!("notes/{NAME}.csv"), &fs::read(root().join(TRADES))?)?;
    let said = user.says(&["ingest", "notes"])?.fine()?;
    ensure!(
        said.stderr.contains("not taken: notes/shopping.csv"),
        "{}",
        said.stderr
    );
    ensure!(user.asks("SELECT count(*) FROM recorded.trades")? == ["20"]);
    Ok(())
}

#[test]
fn a_tape_lives_where_it_is_told_to() -> Result<()> {
    let user = User::new()?;
    let path = root().join(TRADES);
    let path = path.to_str().context("a path of text")?;
    user.says(&["ingest", path, "--tape", "elsewhere"])?.fine()?;
    ensure!(user.tape()?.is_empty() && !tree(&user.path("elsewhere"))?.is_empty());
    let sql = "SELECT count(*) FROM recorded.trades";
    let said = user
        .says(&["sql", sql, "--format", "csv", "--tape", "elsewhere"])?
        .fine()?;
    ensure!(said.text()?.lines().nth(1) == Some("20"), "{}", said.text()?);
    ensure!(user.asks(sql)? == ["0"]);
    Ok(())
}

#[test]
fn what_is_no_file_of_ours_is_said_as_the_user_knows_it() -> Result<()> {
    let user = User::new()?;
    let text = fs::read(root().join(TRADES))?;
    // The first bytes of each format, from its own description.
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    let cases: [(&str, &[u8], &[&str]); 7] = [
        ("d/empty.csv", b"", &["d/empty.csv: it is empty"]),
        (
            "d/a.csv.xz",
            b"\xfd7zXZ\0rest",
            &["d/a.csv.xz: it is packed by xz", "unpack it"],
        ),
        ("d/a.tar", &tar, &["d/a.tar: it is a tar archive", "unpack it"]),
        (
            "d/a.7z",
            b"7z\xbc\xaf\x27\x1crest",
            &["d/a.7z: it is a 7z archive"],
        ),
        (
            "d/a.rar",
            b"Rar!\x1a\x07\x01\0",
            &["d/a.rar: it is a rar archive"],
        ),
        ("d/a.csv.bz2", b"BZh91AY", &["d/a.csv.bz2: it is packed by bzip2"]),
        (
            "d/a.zip",
            &zipped("README.md", b"# words\n")?,
            &["d/a.zip!README.md", "# words"],
        ),
    ];
    for (name, content, words) in cases {
        let path = user.writes(name, content)?;
        user.says(&["ingest", &path])?.refused(words)?;
    }
    fs::create_dir_all(user.path("d/nothing"))?;
    user.says(&["ingest", "d/nothing"])?
        .refused(&["d/nothing: it holds no file"])?;
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", user.path("d/link.csv"))?;
        user.says(&["ingest", "d/link.csv"])?
            .refused(&["d/link.csv: it is a link to nowhere"])?;
        let made = std::process::Command::new("mkfifo")
            .arg(user.path("d/pipe.csv"))
            .status()?;
        ensure!(made.success());
        user.says(&["ingest", "d/pipe.csv"])?
            .refused(&["d/pipe.csv: it is a pipe"])?;
        user.says(&["ingest", "/dev/null"])?
            .refused(&["/dev/null: it is a pipe, a socket or a device"])?;
    }
    // None of them stops a folder; in an archive with a file of ours the word beside it does not stop that one.
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (member, content) in [
        ("about/README.md", &b"# words\n"[..]),
        (&format!("{NAME}.csv"), &text),
    ] {
        zip.start_file(member, zip::write::SimpleFileOptions::default())?;
        zip.write_all(content)?;
    }
    user.writes("d/both.zip", &zip.finish()?.into_inner())?;
    let said = user.says(&["ingest", "d"])?.fine()?;
    for name in [
        "d/empty.csv",
        "d/a.csv.xz",
        "d/a.tar",
        "d/a.7z",
        "d/a.rar",
        "d/a.csv.bz2",
        "d/a.zip!README.md",
        "d/both.zip!about/README.md",
    ] {
        ensure!(
            said.stderr.contains(&format!("not taken: {name}")),
            "no {name}: {}",
            said.stderr
        );
    }
    ensure!(
        said.text()?.contains("both.zip!BTCUSDT-aggTrades-2024-01-01.csv"),
        "{}",
        said.text()?
    );
    ensure!(user.asks("SELECT count(*) FROM recorded.trades")? == ["20"]);

    let path = user.writes(&format!("e/{NAME}.csv"), &text)?;
    user.says(&["ingest", "d/nothing", "--source", "binanse"])?
        .refused(&["no source `binanse`", "binance-archive", "tardis"])?;
    user.says(&["ingest", &path, "--source", "bitmex"])?
        .refused(&[&path, "not what the source `bitmex` reads"])?;
    let sum = user.writes(&format!("{path}.CHECKSUM"), b"")?;
    user.says(&["ingest", &path])?
        .refused(&[&sum, "is empty", "64 digits"])?;
    user.writes(&sum, b"soon\n")?;
    user.says(&["ingest", &path])?
        .refused(&[&sum, "begins with `soon`"])?;
    Ok(())
}

#[test]
fn a_packed_file_is_named_with_its_ending() -> Result<()> {
    let user = User::new()?;
    let broken = user.writes("f/broken.csv.gz", b"\x1f\x8b\x08\0\0\0\0\0\0\x03broken")?;
    user.says(&["ingest", &broken])?.refused(&["f/broken.csv.gz"])?;
    // A line without an end is not gathered for ever.
    let mut endless = (lines()?[0].clone() + "\n").into_bytes();
    endless.resize(40 << 20, b'1');
    let endless = user.writes(
        &format!("f/{NAME}.zip"),
        &zipped(&format!("{NAME}.csv"), &endless)?,
    )?;
    user.says(&["ingest", &endless])?.refused(&[
        "f/BTCUSDT-aggTrades-2024-01-01.zip!BTCUSDT-aggTrades-2024-01-01.csv",
        "no record end",
    ])?;
    Ok(())
}

#[test]
fn a_tape_of_a_newer_version_is_not_taken_for_a_damaged_one() -> Result<()> {
    let user = User::new()?;
    user.writes(
        "data/tape/tape.json",
        b"{\"format\": 2, \"parts\": {}, \"more\": []}",
    )?;
    let path = root().join(TRADES);
    for arguments in [&["tape"][..], &["ingest", path.to_str().context("text")?]] {
        let said = user.says(arguments)?;
        said.refused(&["tape.json", "newer version", "format is 2"])?;
        for word in ["remove", "again", "corrupt"] {
            ensure!(!said.stderr.contains(word), "{}", said.stderr);
        }
    }
    Ok(())
}

#[test]
fn what_rows_name_themselves_stands_and_is_said() -> Result<()> {
    let user = User::new()?;
    let folder = root().join("tests/fixtures/ingest/bitmex/trade.json");
    let path = folder.to_str().context("text")?;
    let said = user.says(&["ingest", path, "--instrument", "MADEUP"])?.fine()?;
    ensure!(
        said.stderr.contains("note: --instrument") && said.stderr.contains("XBTUSD"),
        "{}",
        said.stderr
    );
    ensure!(user.asks("SELECT DISTINCT instrument FROM recorded.trades")? == ["XBTUSD"]);
    let path = root().join(TRADES);
    let path = path.to_str().context("text")?;
    let said = user.says(&["ingest", path, "--instrument", "ETHUSDT"])?.fine()?;
    ensure!(
        !said.stderr.contains("note:"),
        "a name gives way: {}",
        said.stderr
    );
    Ok(())
}

#[test]
fn trades_and_aggregated_ones_of_an_instrument_are_told_of() -> Result<()> {
    let user = User::new()?;
    let folder = root().join("tests/fixtures/ingest/binance_archive/spot");
    let below = |kind: &str| folder.join(kind).to_string_lossy().into_owned();
    user.says(&["ingest", &below("aggTrades")])?.fine()?;
    let said = user.says(&["tape"])?.fine()?;
    ensure!(!said.stderr.contains("WARNING"), "{}", said.stderr);
    user.says(&["ingest", &below("trades")])?.fine()?;
    let said = user.says(&["tape"])?.fine()?;
    ensure!(
        said.stderr.contains("WARNING") && said.stderr.contains("quality/aggregated"),
        "{}",
        said.stderr
    );
    let counted = user.asks("SELECT sum(aggregated) FROM recorded.parts")?;
    ensure!(counted == user.asks("SELECT count(first_trade_id) FROM recorded.trades")?);
    Ok(())
}
