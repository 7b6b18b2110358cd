//! The gates from the command line: a row each, and how the command ends.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::cli::User;

/// Rows of a drawn table: cells by the lines between columns, folded lines of a cell put together.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('│')).skip(1) {
        let cells: Vec<&str> = line.trim_matches('│').split('│').map(str::trim).collect();
        if !cells[0].is_empty() {
            rows.push(vec![String::new(); cells.len()]);
        }
        let Some(row) = rows.last_mut() else { continue };
        for (whole, cell) in row.iter_mut().zip(cells) {
            if !whole.is_empty() && !cell.is_empty() {
                whole.push(' ');
            }
            whole.push_str(cell);
        }
    }
    rows
}

#[test]
fn every_gate_has_a_row_and_holds() -> Result<()> {
    let user = User::new()?;
    let said = user.says(&["check", "--seed", "2"])?.fine()?;
    let rows = rows(said.text()?);
    let gates: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    ensure!(gates == ["G0", "G1", "G2", "G14", "G15", "G17"], "{gates:?}");
    for row in &rows {
        ensure!(row[3] == "pass", "{row:?}");
    }
    let first = |place: usize| -> Result<f64> {
        let word = rows[place][1].split(' ').next().context("a figure has words")?;
        Ok(word.parse()?)
    };
    ensure!(
        first(0)? == 0.0 && first(1)? == 0.0 && first(5)? == 0.0,
        "{rows:?}"
    );
    ensure!(
        first(2)? <= 1e-9 && first(3)? <= 0.1 && first(4)? <= 1e-12,
        "{rows:?}"
    );
    ensure!(rows[2][1].contains("1 outage"), "{:?}", rows[2]);
    ensure!(
        said.stderr.contains("says nothing about a venue"),
        "{}",
        said.stderr
    );
    user.nothing_is_left()
}

#[test]
fn what_a_crash_cannot_decide_is_no_failure() -> Result<()> {
    let user = User::new()?;
    let template = user.says(&["check", "--template"])?.fine()?;
    let calm = template.text()?.replace("\"as-declared\"", "1.0");
    fs::write(user.path("calm.toml"), calm)?;
    let said = user
        .says(&[
            "check",
            "--declared",
            "calm.toml",
            "--gate",
            "G2",
            "--gate",
            "g15",
        ])?
        .fine()?;
    for row in rows(said.text()?) {
        ensure!(row[3].starts_with("not measurable: nothing is forced"), "{row:?}");
    }
    let refused = user.says(&["check", "--gate", "G4"])?;
    ensure!(refused.code == Some(2), "{:?}", refused.code);
    ensure!(
        refused.stderr.contains("others need a record"),
        "{}",
        refused.stderr
    );
    Ok(())
}

#[test]
fn small_causes_are_measured() -> Result<()> {
    let user = User::new()?;
    fs::write(
        user.path("small.toml"),
        "duration_s = 400\namplification = \"as-declared\"\namplification_clock_s = 10\n\
         ramp = { size = 0.06, start_s = 100.0, length_s = 100.0 }\nvenues = [{ name = \"alpha\" }]\n",
    )?;
    let said = user
        .says(&["check", "--sensitivity", "--declared", "small.toml"])?
        .fine()?;
    let rows = rows(said.text()?);
    let measures: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    let expected = [
        "gain, 1 USD",
        "gain, 1 % of OI",
        "finite-size Lyapunov exponent",
        "susceptibility",
        "avalanches",
        "all leverage scaled",
        "critical leverage",
        "hysteresis of open interest",
        "hysteresis of the price",
    ];
    ensure!(measures == expected, "{measures:?}");
    ensure!(rows.iter().all(|row| !row[1].contains("NaN")), "{rows:?}");
    Ok(())
}
