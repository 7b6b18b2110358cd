//! What the chart of a page draws: blocks of cells, and the layout that names them.

use std::collections::BTreeMap;

use aftershock_query::cells::Cell;
use anyhow::{Context, Result, ensure};
use roxmltree::{Document, Node};
use serde_json::Value;

use super::cells::{Again, has_digit, shows};
use super::page::parameter;

/// Cells that a chart draws: their steps added up are the cells of the rows and columns that they name.
pub fn block_asked_again(again: &mut Again<'_>, script: Node<'_, '_>) -> Result<()> {
    let query = script
        .attribute("data-query")
        .context("a block without a query")?;
    let block: Value = serde_json::from_str(script.text().context("an empty block")?)?;
    let tables = block["tables"].as_array().context("tables")?;
    let mut read: Vec<BTreeMap<String, Value>> = Vec::new();
    for table in tables {
        let mut rows: Vec<usize> = Vec::new();
        for stretch in table["rows"].as_array().context("rows")? {
            let first = stretch[0].as_u64().context("a first row")? as usize;
            rows.extend(first..first + stretch[1].as_u64().context("a count")? as usize);
        }
        let mut columns = BTreeMap::new();
        for (name, kept) in table["columns"].as_object().context("columns")? {
            let kept = match kept["as"].as_u64() {
                Some(earlier) => read[earlier as usize][name].clone(),
                None => kept.clone(),
            };
            let decimals = kept["decimals"].as_u64().context("decimals")? as usize;
            let factor = kept["factor"].as_f64().unwrap_or(1.0);
            let steps = kept["steps"].as_array().context("steps")?;
            ensure!(
                steps.len() == rows.len(),
                "{query}, {name}: {} of {} rows",
                steps.len(),
                rows.len()
            );
            let mut sum = 0;
            for (step, &row) in steps.iter().zip(&rows) {
                let cell = again.cell(query, parameter(script)?, row, name)?;
                let Some(step) = step.as_i64() else {
                    ensure!(
                        cell.is_null(),
                        "{query}, row {row}, {name}: left out, is {cell:?}"
                    );
                    continue;
                };
                sum += step;
                let value = sum as f64 / 10f64.powi(decimals as i32);
                let same = match &cell {
                    Cell::Time(at) => (value - at.micros() as f64 / 1e6).abs() < 1e-3,
                    cell => shows(&format!("{value:.decimals$}"), cell, factor),
                };
                ensure!(same, "{query}, row {row}, {name}: drawn {value}, is {cell:?}");
            }
            columns.insert(name.clone(), kept);
        }
        read.push(columns);
    }
    Ok(())
}

/// The layout of a chart holds no figure of its own, and calls lines by names that the runs have.
pub fn layout_names_what_is_there(again: &mut Again<'_>, page: &Document<'_>) -> Result<()> {
    let with_id = |id: &str| page.descendants().find(|one| one.attribute("id") == Some(id));
    let Some(script) = with_id("picture-layout") else {
        return Ok(());
    };
    let episode = page.descendants().find_map(|one| one.attribute("data-episode"));
    let runs = again
        .session
        .ask("quality/runs", &[("episode", episode.context("an episode")?)])?;
    let mut known: Vec<String> = ["recorded", "forced flow off the book", "rules of record"]
        .map(str::to_owned)
        .to_vec();
    known.extend((0..runs.rows.len()).filter_map(|row| Some(runs.get(row, "rule_set")?.to_string())));
    let block = |name: &str| -> Result<(Node<'_, '_>, Value)> {
        let node = with_id(&format!("cells-{name}")).context("no such block")?;
        Ok((
            node,
            serde_json::from_str(node.text().context("an empty block")?)?,
        ))
    };
    let (beside, _) = block("beside")?;
    let beside = again
        .session
        .ask("market/beside_the_price", &[parameter(beside)?])?;
    known.extend((0..beside.rows.len()).filter_map(|row| {
        let of = |column| beside.get(row, column).map(ToString::to_string);
        Some(format!("{} {}", of("venue")?, of("instrument")?))
    }));
    let layout: Value = serde_json::from_str(script.text().context("an empty layout")?)?;
    let (moments, table) = block("moments")?;
    let moments = again.session.ask("market/moments", &[parameter(moments)?])?;
    let marks: Vec<String> = (0..moments.rows.len())
        .filter_map(|row| Some(moments.get(row, "mark")?.to_string()))
        .collect();
    ensure!(
        layout["moments"] == serde_json::json!(marks),
        "{}",
        layout["moments"]
    );
    ensure!(marks.is_empty() || table["tables"][0]["rows"] == serde_json::json!([[0, marks.len()]]));
    for span in layout["spans"].as_array().context("spans")? {
        let (_, of) = block(span["block"].as_str().context("a block")?)?;
        let columns = &of["tables"][span["table"].as_u64().context("a table")? as usize]["columns"];
        let from = span["from"].as_str().context("a beginning")?;
        ensure!(
            columns[from].is_object() && columns["until_at"].is_object(),
            "{span}"
        );
        ensure!(known.iter().any(|one| span["set"] == one.as_str()), "{span}");
    }
    let mut drawn = 0;
    for panel in layout["panels"].as_array().context("panels")? {
        ensure!(!has_digit(panel["title"].as_str().context("a title")?));
        for line in panel["lines"].as_array().context("lines")? {
            let name = line["name"].as_str().context("a name")?;
            ensure!(known.iter().any(|one| one == name), "a line called {name}");
            let (of, block) = block(line["block"].as_str().context("a block")?)?;
            let table = &block["tables"][line["table"].as_u64().context("a table")? as usize];
            for part in ["x", "y", "low", "high"] {
                if let Some(column) = line[part].as_str() {
                    ensure!(
                        table["columns"][column].is_object(),
                        "{name} draws {column}, which is not there"
                    );
                }
            }
            let set = line["set"].as_str().context("a set")?;
            let columns: &[&str] = match set {
                "forced flow off the book" => &[],
                "recorded" if name == "recorded" => &[],
                "recorded" => &["venue", "instrument"],
                _ => &["rule_set"],
            };
            if !columns.is_empty() {
                let query = of.attribute("data-query").context("a query")?;
                for stretch in table["rows"].as_array().context("rows")? {
                    let last = stretch[0]
                        .as_u64()
                        .zip(stretch[1].as_u64())
                        .context("a stretch")?;
                    for row in [last.0, last.0 + last.1 - 1] {
                        let is = columns.iter().map(|column| {
                            Ok(again
                                .cell(query, parameter(of)?, row as usize, column)?
                                .to_string())
                        });
                        let is = is.collect::<Result<Vec<_>>>()?.join(" ");
                        let is = if is == "record" { "rules of record" } else { &is };
                        ensure!(is == name, "{name} draws cells of {is}");
                    }
                }
            }
            drawn += 1;
        }
    }
    ensure!(drawn >= 3, "{drawn} lines");
    Ok(())
}
