//! Fetching from a public archive into the tape, against a server on the loopback with the archive's layout.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;

use aftershock_archive::sha256_hex;
use anyhow::{Result, ensure};

use crate::cli::User;
use crate::ingest::{lines, zipped};

/// Serves some paths; everything else is not found.
struct Archive {
    address: SocketAddr,
}

impl Archive {
    fn serve(files: BTreeMap<String, Vec<u8>>) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let files = Arc::new(files);
        // The thread ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let files = Arc::clone(&files);
                std::thread::spawn(move || answer(stream, &files));
            }
        });
        Ok(Self { address })
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

fn answer(mut stream: TcpStream, files: &BTreeMap<String, Vec<u8>>) -> std::io::Result<()> {
    let mut request = BufReader::new(stream.try_clone()?).lines();
    let first = request.next().transpose()?.unwrap_or_default();
    for header in request {
        if header?.is_empty() {
            break;
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let (status, body) = match files.get(path) {
        Some(body) => ("200 OK", body.as_slice()),
        None => ("404 Not Found", &b""[..]),
    };
    write!(
        stream,
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

/// A day of the archive: the zip and its checksum, or a wrong one.
fn day(files: &mut BTreeMap<String, Vec<u8>>, date: &str, lines: &[String], honest: bool) -> Result<()> {
    let name = format!("BTCUSDT-aggTrades-{date}");
    let zip = zipped(&format!("{name}.csv"), (lines.join("\n") + "\n").as_bytes())?;
    let sum = if honest { sha256_hex(&zip) } else { "0".repeat(64) };
    let path = format!("/data/spot/daily/aggTrades/BTCUSDT/{name}.zip");
    files.insert(
        format!("{path}.CHECKSUM"),
        format!("{sum}  {name}.zip\n").into_bytes(),
    );
    files.insert(path, zip);
    Ok(())
}

fn fetch<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![
        "fetch",
        "black-thursday",
        "--source",
        "binance",
        "--kind",
        "spot-aggTrades",
        "--symbol",
        "BTC",
    ];
    words.extend(["--from", "2024-01-01", "--to", "2024-01-03", "--base-url", url]);
    words.extend(more);
    words
}

#[test]
fn what_an_archive_has_is_fetched_verified_and_ingested() -> Result<()> {
    let mut files = BTreeMap::new();
    day(&mut files, "2024-01-01", &lines()?, true)?;
    let archive = Archive::serve(files)?;
    let url = archive.url();
    let user = User::new()?;

    let said = user.says(&fetch(&url, &["--dry-run"]))?.fine()?;
    ensure!(said.stderr.contains("2 files are asked for"), "{}", said.stderr);
    ensure!(
        said.stderr.contains("unconfirmed"),
        "what nobody confirmed is told first: {}",
        said.stderr
    );
    ensure!(!user.path("data").exists(), "a dry run writes nothing");

    let said = user.says(&fetch(&url, &[]))?.fine()?;
    let (text, told) = (said.text()?, &said.stderr);
    ensure!(
        text.contains("its checksum agrees") && text.contains("absent"),
        "{text}"
    );
    ensure!(told.contains("2 files are asked for"), "{told}");
    let raw = "data/raw/binance/data/spot/daily/aggTrades/BTCUSDT/BTCUSDT-aggTrades-2024-01-01.zip";
    ensure!(user.path(raw).exists());
    ensure!(user.asks("SELECT count(*), min(venue) FROM recorded.trades")? == ["20,binance-spot"]);

    let before = user.tape()?;
    let again = user.says(&fetch(&url, &[]))?.fine()?;
    ensure!(
        again.text()?.contains("held") && again.stderr.contains("already in the tape"),
        "{}",
        again.stderr
    );
    ensure!(user.tape()? == before);
    Ok(())
}

#[test]
fn a_wrong_checksum_is_an_error_and_what_came_stays() -> Result<()> {
    let mut files = BTreeMap::new();
    day(&mut files, "2024-01-01", &lines()?, false)?;
    let archive = Archive::serve(files.clone())?;
    let user = User::new()?;
    let said = user.says(&fetch(&archive.url(), &[]))?;
    ensure!(said.code == Some(1), "{:?}", said.code);
    ensure!(
        said.text()?.contains("failed") && said.text()?.contains("0000000"),
        "{}",
        said.text()?
    );
    ensure!(
        said.stderr.contains("1 of 2 files did not come"),
        "{}",
        said.stderr
    );
    ensure!(user.tape()?.is_empty(), "the tape is as it was");

    let other: Vec<String> = lines()?
        .iter()
        .map(|line| line.replace(",170406720", ",170415360"))
        .collect();
    day(&mut files, "2024-01-02", &other, true)?;
    let archive = Archive::serve(files)?;
    let said = user.says(&fetch(&archive.url(), &[]))?;
    ensure!(said.code == Some(1), "{:?}", said.code);
    ensure!(
        user.asks("SELECT count(*), min(traded_at) FROM recorded.trades")? == ["20,2024-01-02T00:00:00Z"]
    );
    Ok(())
}

#[test]
fn a_slip_in_a_request_is_met_with_what_there_is() -> Result<()> {
    let user = User::new()?;
    user.says(&["fetch", "black-thursdy"])?
        .refused(&["black-thursday"])?;
    user.says(&["fetch", "black-thursday", "--source", "binanse"])?
        .refused(&["binanse", "binance"])?;
    user.says(&["fetch", "black-thursday", "--kind", "tradings"])?
        .refused(&["`tradings`", "trades"])?;
    let twisted = [
        "fetch",
        "black-thursday",
        "--from",
        "2020-03-14",
        "--to",
        "2020-03-13",
    ];
    user.says(&twisted)?.refused(&["empty"])?;
    Ok(())
}
