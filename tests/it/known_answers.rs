//! Answers that others have found, from records that lie beside the workspace and not in it.

use std::collections::BTreeMap;
use std::fs;

use aftershock_calibrate::synth::{Contract, Declared, START, Target, Venue, entries, spec};
use aftershock_measure::overshoot::{Gap, Round, needed_usd, overshoot};
use aftershock_protocol::RuleSet;
use aftershock_replay::world::{Channels, Drive, WorldEvent, WorldRun, WorldSpec, WorldTape, seed};
use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace;

/// The text of a recorded file, where it is at hand.
pub fn recorded(path: &str) -> Option<String> {
    fs::read_to_string(workspace::recorded(path)?).ok()
}

/// Rows of a CSV without quotes: the cells under these headers.
pub fn cells<const N: usize>(text: &str, names: [&str; N]) -> Result<Vec<[f64; N]>> {
    let mut lines = text.lines();
    let headers: Vec<&str> = lines.next().context("a file has headers")?.split(',').collect();
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(names) {
        let found = headers.iter().position(|header| *header == name);
        *place = found.with_context(|| format!("no column {name} in {headers:?}"))?;
    }
    let row = |line: &str| -> Result<[f64; N]> {
        let cells: Vec<&str> = line.split(',').collect();
        let mut row = [0.0; N];
        for (cell, place) in row.iter_mut().zip(places) {
            *cell = cells.get(place).context("a row is short")?.parse()?;
        }
        Ok(row)
    };
    lines.map(row).collect()
}

/// Hyperliquid, 10 October 2025: 16 waves of deleveraging need 15.08 M USD, take 60.1 M, and so 45.0 M too much.
///
/// Source: pluriholonomic/autodeleveraging-analysis (MIT), `headlines.json`: 45,028,665.7191367; arXiv 2602.15182:
/// ΣB_needed 15.1 M, ΣH_prod 60.1 M. Without waves that took too little, 49,405,578, and needs to the cent, are sums of the
/// same columns that an independent Python computation made.
#[test]
fn hyperliquid_took_three_times_too_much() -> Result<()> {
    let folder = "hyperliquid-adl-2025-10-10";
    let files = [
        "two_pass_wave_coin_gap_per_contract.csv",
        "policy_per_wave_metrics.csv",
    ];
    let [Some(gaps), Some(waves)] = files.map(|file| recorded(&format!("{folder}/{file}"))) else {
        return Ok(());
    };
    let mut by_wave: BTreeMap<u64, Vec<Gap>> = BTreeMap::new();
    let rows = cells(&gaps, ["wave", "gap_per_contract_usd", "qty_contracts"])?;
    ensure!(rows.len() == 728, "{} rows", rows.len());
    for [wave, per_contract_usd, contracts] in rows {
        by_wave.entry(wave as u64).or_default().push(Gap {
            per_contract_usd,
            contracts,
        });
    }
    let mut rounds = Vec::new();
    for [wave, published_usd, taken_usd] in cells(&waves, ["wave", "budget_needed", "budget_prod"])? {
        let needed_usd = needed_usd(&by_wave[&(wave as u64)])?;
        ensure!(
            (needed_usd / published_usd - 1.0).abs() < 1e-9,
            "wave {wave}: {needed_usd} {published_usd}"
        );
        rounds.push(Round {
            needed_usd,
            taken_usd,
        });
    }
    ensure!(
        rounds.len() == 16 && by_wave.len() == 16,
        "{} waves",
        rounds.len()
    );
    let needed: f64 = rounds.iter().map(|round| round.needed_usd).sum();
    ensure!((needed - 15_079_669.61).abs() < 0.01, "{needed}");
    let found = overshoot(&rounds)?;
    ensure!(
        (found.signed_usd - 45_028_665.719_136_7).abs() < 0.01,
        "{found:?}"
    );
    ensure!((found.above_usd - 49_405_578.12).abs() < 0.01, "{found:?}");
    Ok(())
}

/// Minutes of BitMEX's inverse perpetual from 09:45 on 12 March 2020 to the end of the 13th: open, high, low, close, USD.
fn black_thursday() -> Result<Option<Vec<[f64; 4]>>> {
    let mut minutes = Vec::new();
    for day in ["12", "13"] {
        let Some(text) = recorded(&format!("bitmex-xbtusd-1m/2020-3-{day}.json")) else {
            return Ok(None);
        };
        let bars: Vec<Value> = serde_json::from_str(&text)?;
        for bar in bars {
            let at = bar["timestamp"].as_str().context("a bar has an instant")?;
            if at >= "2020-03-12T09:45" {
                let price = |name: &str| bar[name].as_f64().context("a bar has prices");
                minutes.push([price("open")?, price("high")?, price("low")?, price("close")?]);
            }
        }
    }
    Ok(Some(minutes))
}

/// Seconds from a trigger to the book.
const LATENCY_S: f64 = 0.73;

/// A venue with one inverse perpetual of a dollar. Positions and engine are declared, since none is on record.
fn inverse(price_usd: f64) -> Declared {
    let mut declared = Declared {
        amplification: Target::AsDeclared,
        ticks_per_s: 0.05,
        venues: vec![Venue {
            name: "bitmex".into(),
            contract: Contract::Inverse,
            volume_daily_usd: 3e9,
            latency_s: LATENCY_S,
            ..Venue::default()
        }],
        ..Declared::default()
    };
    declared.assets[0].price_usd = price_usd;
    declared.positions.reopen_share = 0.0;
    declared
}

/// The recorded path drives: four prices a minute, the low first where the minute rises.
fn driven(minutes: &[[f64; 4]], channels: Channels, throughput_usd_per_s: f64) -> Result<WorldRun> {
    let declared = inverse(minutes[0][0]);
    let mut spec: WorldSpec = spec(&declared, 1.0);
    for one in &mut spec.instruments {
        let liquidation = one.liquidation.as_mut().context("it is a perpetual")?;
        liquidation.throughput_usd_per_s = throughput_usd_per_s;
    }
    let mut tape = WorldTape::with_capacity(4 * minutes.len());
    for (minute, &[open, high, low, close]) in (0_u32..).zip(minutes) {
        let inside = if close > open { [low, high] } else { [high, low] };
        for (quarter, usd) in (0_u32..).zip([open, inside[0], inside[1], close]) {
            tape.push(
                START.plus_seconds(f64::from(60 * minute + 15 * quarter)),
                WorldEvent::Tick {
                    market: 0,
                    log_price: usd.ln(),
                    ordinary_usd: 0.0,
                },
            );
        }
    }
    let rules = RuleSet::default();
    let log_prices = [minutes[0][0].ln()];
    let world = seed(&spec, &rules, channels, START, &log_prices, &entries(&declared))?;
    Ok(world.run(&tape, Drive::Record)?)
}

/// A contract is a dollar, so that the value of an order at its trigger is the number of its contracts.
fn contracts(run: &WorldRun) -> impl Iterator<Item = (i64, i64, f64)> {
    let orders = run.journal.orders.iter();
    orders.map(|row| {
        let usd = (row.quantity + row.deleveraged).to_f64();
        (row.triggered_at.0, row.executed_at.0, usd)
    })
}

/// What waits is what was sent less what was filled, at every row of the clock; the queue is first come, first served, at
/// the engine's rate; it builds up in the fall and is empty at the end.
#[test]
fn a_backlog_builds_up_and_drains() -> Result<()> {
    let Some(minutes) = black_thursday()? else {
        return Ok(());
    };
    ensure!(minutes.len() == 2_295, "{} minutes", minutes.len());
    let low = minutes
        .iter()
        .map(|minute| minute[2])
        .fold(f64::INFINITY, f64::min);
    ensure!(low == 3_596.0, "the low of the record is 3,596, not {low}");
    let throughput = 2e4;
    for channels in [Channels::from_mask(0), Channels::ALL] {
        let run = driven(&minutes, channels, throughput)?;
        let orders: Vec<(i64, i64, f64)> = contracts(&run).collect();
        ensure!(orders.len() >= 20, "{} orders", orders.len());
        let mut most: f64 = 0.0;
        for row in &run.journal.prices {
            let waits = |&&(sent, filled, _): &&(i64, i64, f64)| sent <= row.at.0 && filled > row.at.0;
            let backlog: f64 = orders.iter().filter(waits).map(|order| order.2).sum();
            ensure!((row.backlog_usd - backlog).abs() < 0.01, "{row:?} {backlog}");
            most = most.max(backlog);
        }
        let last = run.journal.prices.last().context("there are rows")?;
        ensure!(
            most > 1e8 && last.backlog_usd < 0.01,
            "{most} {}",
            last.backlog_usd
        );

        let mut by_number: Vec<_> = run.journal.orders.iter().collect();
        by_number.sort_by_key(|row| row.id);
        let mut free_at = i64::MIN;
        for row in by_number {
            let due = (row.triggered_at.0 + (LATENCY_S * 1e6) as i64).max(free_at);
            ensure!((row.executed_at.0 - due).abs() <= 1, "{row:?} is due at {due}");
            let usd = (row.quantity + row.deleveraged).to_f64();
            free_at = due + (usd / throughput * 1e6) as i64;
        }
    }
    Ok(())
}

/// Without a limit nothing waits but for the latency; and where flow moves no price and nobody opens again, so that the
/// same levels break at the same instants, a slower engine has no less waiting at any of them.
#[test]
fn a_slower_engine_has_the_longer_queue() -> Result<()> {
    let Some(minutes) = black_thursday()? else {
        return Ok(());
    };
    let nothing = Channels::from_mask(0);
    let mut before: Option<Vec<f64>> = None;
    for throughput in [f64::INFINITY, 1e6, 1e5, 2e4] {
        let run = driven(&minutes, nothing, throughput)?;
        let waiting: Vec<f64> = run.journal.prices.iter().map(|row| row.backlog_usd).collect();
        if throughput.is_infinite() {
            for row in &run.journal.prices {
                let young = |&(sent, _, _): &(i64, i64, f64)| {
                    sent <= row.at.0 && row.at.0 - sent < (LATENCY_S * 1e6) as i64
                };
                let sent: f64 = contracts(&run).filter(young).map(|order| order.2).sum();
                ensure!((row.backlog_usd - sent).abs() < 0.01, "{row:?} {sent}");
            }
        }
        if let Some(before) = &before {
            let worse = waiting
                .iter()
                .zip(before)
                .position(|(now, then)| *now < then - 0.01);
            ensure!(
                worse.is_none(),
                "{throughput}: row {worse:?} of {}",
                waiting.len()
            );
            ensure!(waiting.iter().sum::<f64>() > before.iter().sum::<f64>());
        }
        before = Some(waiting);
    }
    Ok(())
}
