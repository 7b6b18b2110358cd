//! The embedded record: in SQL before anybody has replayed it, and against finer records of the same market, where those are
//! at hand.

use std::fs;
use std::path::Path;

use aftershock_ingest::{Catalog, sample};
use aftershock_query::cells::{Cell, Rows};
use aftershock_query::{Error, Session};
use aftershock_study::catalog;
use anyhow::{Context, Result, bail, ensure};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use crate::cli::User;
use crate::workspace;

/// Bars `[start in ms, open, high, low, close, …]`, by start.
fn finer(path: &str) -> Result<Option<Vec<[f64; 5]>>> {
    let Some(path) = workspace::recorded(path) else {
        return Ok(None);
    };
    let text = fs::read_to_string(path)?;
    let rows: Vec<Vec<Value>> = serde_json::from_str(&text)?;
    let mut bars = Vec::new();
    for row in rows {
        let mut bar = [0.0; 5];
        for (value, cell) in bar.iter_mut().zip(&row) {
            *value = cell.as_f64().context("a bar holds numbers")?;
        }
        bars.push(bar);
    }
    bars.sort_by(|a, b| a[0].total_cmp(&b[0]));
    Ok(Some(bars))
}

/// Open, high, low and close of each bar of an episode are those of the finer bars inside it.
///
/// Returns how many bars were covered whole.
fn agree(episode: &str, finer: &[[f64; 5]], finer_s: f64, tolerance: f64) -> Result<usize> {
    let episode = Catalog::embedded()?.find(episode)?.clone();
    let mut compared = 0;
    for bar in sample(&episode)?.bars {
        let (from, to) = (bar.open_at.0 as f64 / 1e3, bar.close_at.0 as f64 / 1e3);
        let inside: Vec<&[f64; 5]> = finer.iter().filter(|one| one[0] >= from && one[0] < to).collect();
        if inside.len() as f64 * finer_s < bar.length_s() {
            continue;
        }
        let (Some(first), Some(last)) = (inside.first(), inside.last()) else {
            continue;
        };
        let high = inside.iter().map(|one| one[2]).fold(0.0, f64::max);
        let low = inside.iter().map(|one| one[3]).fold(f64::INFINITY, f64::min);
        for (name, recorded, expected) in [
            ("open", bar.open_usd, first[1]),
            ("high", bar.high_usd, high),
            ("low", bar.low_usd, low),
            ("close", bar.close_usd, last[4]),
        ] {
            ensure!(
                (recorded / expected - 1.0).abs() <= tolerance,
                "{name} of {} is {recorded}, the finer record says {expected}",
                bar.open_at
            );
        }
        compared += 1;
    }
    Ok(compared)
}

#[test]
fn the_crash_of_may_2021_agrees_with_its_minutes() -> Result<()> {
    let Some(minutes) = finer("binance-spot-1m-2021-05/BTC_USDT-1m.json")? else {
        return Ok(());
    };
    let compared = agree("2021-05-19", &minutes, 60.0, 1e-9)?;
    ensure!(compared >= 300, "{compared} bars compared");
    Ok(())
}

fn session(data: &Path) -> Result<Session> {
    Ok(Session::open(data, catalog::tables(&[], &[])?)?)
}

/// Rows of a sample file by what its own footer says; none where there is no file.
fn rows_of(episode: &str, file: &str) -> Result<i64> {
    let path = workspace::root().join(format!("data/sample/{episode}/{file}.parquet"));
    if !path.exists() {
        return Ok(0);
    }
    let reader = SerializedFileReader::new(fs::File::open(path)?)?;
    Ok(reader.metadata().file_metadata().num_rows())
}

#[test]
fn every_embedded_bar_is_in_sql_once_whether_it_was_replayed_or_not() -> Result<()> {
    const BARS: &str = "SELECT * FROM recorded.episode_bars ORDER BY episode, open_at, venue, instrument";
    const DAYS: &str =
        "SELECT * FROM recorded.episode_perp_daily ORDER BY episode, day_at, venue, instrument";
    let user = User::new()?;
    let data = user.path("data");
    let fresh = session(&data)?;
    let mut bars = 0;
    for episode in Catalog::embedded()?.episodes() {
        let id = &episode.id;
        for (table, file) in [("episode_bars", "bars"), ("episode_perp_daily", "perp_daily")] {
            let expected = rows_of(id, file)?;
            let counted = format!("SELECT count(*) FROM recorded.{table} WHERE episode = '{id}'");
            let found = Rows::of(&fresh.sql(&counted)?);
            ensure!(
                found.rows == [[Cell::Int(expected)]],
                "{table} of {id}: {found:?}"
            );
            bars += if file == "bars" { expected } else { 0 };
        }
    }
    let all = fresh.sql("SELECT count(*) FROM recorded.episode_bars")?;
    ensure!(
        Rows::of(&all).rows == [[Cell::Int(bars)]],
        "{bars} bars are embedded"
    );
    let none = fresh.sql("SELECT count(*) FROM recorded.episode_bars WHERE episode LIKE 'none%'")?;
    ensure!(Rows::of(&none).rows == [[Cell::Int(0)]]);
    ensure!(!data.exists(), "a question wrote into the data folder");
    let before = [Rows::of(&fresh.sql(BARS)?), Rows::of(&fresh.sql(DAYS)?)];

    for episode in ["2026-02-05", "2022-10-15"] {
        user.says(&["replay", episode, "--draws", "1", "--rules", "record"])?
            .fine()?;
    }
    let after = session(&data)?;
    let seen = [Rows::of(&after.sql(BARS)?), Rows::of(&after.sql(DAYS)?)];
    ensure!(before == seen, "rows differ once they were replayed");
    // The one that was open before goes on as it was.
    ensure!(before[0] == Rows::of(&fresh.sql(BARS)?));

    // A cut that was half written is none; one that is damaged is named and not covered up.
    fs::remove_file(data.join("cuts/2022-10-15-quiet-fortnight.sha256"))?;
    ensure!(before[0] == Rows::of(&session(&data)?.sql(BARS)?));
    let part = data.join("cuts/bars/episode=2026-02-05-day-long-slide/venue=binance-spot/part-0.parquet");
    fs::write(&part, b"none")?;
    match session(&data)?.sql(BARS) {
        Err(Error::Data { path, .. }) => {
            ensure!(path == part.canonicalize()? || path.ends_with("part-0.parquet"))
        }
        other => bail!("{other:?}"),
    }
    Ok(())
}

/// A question about one episode reads that episode alone, in its order.
#[test]
fn embedded_bars_come_in_order_and_no_more_than_are_asked_for() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let session = session(folder.path())?;
    let plan = session.sql(
        "EXPLAIN SELECT open_at, close_usd FROM recorded.episode_bars
         WHERE episode = '2026-02-05-day-long-slide' ORDER BY open_at",
    )?;
    let plan = Rows::of(&plan);
    let physical = plan.rows[1][1].text().context("a plan")?;
    ensure!(!physical.contains("SortExec"), "{physical}");
    ensure!(!physical.contains("StreamingTableExec"), "{physical}");
    Ok(())
}
