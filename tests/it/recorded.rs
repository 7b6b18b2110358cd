//! The embedded record against finer records of the same market, where those are at hand.

use std::fs;

use aftershock_ingest::{Catalog, sample};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

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
