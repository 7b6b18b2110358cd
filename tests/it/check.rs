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
    let refused = user.says(&["check", "--gate", "G99"])?;
    ensure!(refused.code == Some(2), "{:?}", refused.code);
    ensure!(
        refused.stderr.contains("there are G0, G1, G2, G4") && refused.stderr.contains("G3, G18 and G19"),
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

/// G9 fails where news moves flow at once: then the recorded response holds that news, and no impact does.
#[test]
fn a_calibration_is_judged_by_one_tape() -> Result<()> {
    let user = User::new()?;
    let said = user.says(&["check", "--calibration"])?;
    let rows = rows(said.text()?);
    let gates: Vec<&str> = rows.iter().map(|row| row[0].as_str()).collect();
    ensure!(
        gates == ["G4", "G5", "G6", "G7", "G8", "G9", "G10", "G12"],
        "{gates:?}"
    );
    let failing: Vec<&str> = rows
        .iter()
        .filter(|row| row[3] == "fail")
        .map(|row| row[0].as_str())
        .collect();
    ensure!(
        rows.iter().all(|row| row[3] == "pass" || row[3] == "fail"),
        "{rows:?}"
    );
    let ends = if failing.is_empty() { 0 } else { 1 };
    ensure!(said.code == Some(ends), "{:?} with {failing:?}", said.code);
    let named = format!("of 8 gates fail: {}", failing.join(", "));
    ensure!(
        failing.is_empty() || said.stderr.contains(&named),
        "{}",
        said.stderr
    );
    ensure!(
        said.stderr.contains("own 62: amplification 1.25"),
        "{}",
        said.stderr
    );
    user.nothing_is_left()
}

#[test]
fn a_calibration_is_judged_by_a_tape_of_ones_own() -> Result<()> {
    let user = User::new()?;
    fs::write(
        user.path("mine.toml"),
        "duration_s = 3600\namplification = \"as-declared\"\namplification_clock_s = 60\n\
         ramp = { size = 0.1, start_s = 1200.0, length_s = 600.0 }\nvenues = [{ name = \"alpha\" }]\n",
    )?;
    let said = user.says(&[
        "check",
        "--declared",
        "mine.toml",
        "--seed",
        "3",
        "--gate",
        "G10",
        "--gate",
        "G8",
    ])?;
    let rows = rows(said.text()?);
    ensure!(
        rows.len() == 2 && rows[0][0] == "G8" && rows[1][0] == "G10",
        "{rows:?}"
    );
    ensure!(rows[1][1].starts_with("first-stage F"), "{rows:?}");
    ensure!(
        said.stderr
            .contains("synthetic-alpha:SYN-PERP of the declared crash, seed 3"),
        "{}",
        said.stderr
    );
    Ok(())
}

#[test]
fn gates_that_stand_elsewhere_say_where() -> Result<()> {
    let user = User::new()?;
    let said = user.says(&["check", "--gate", "G11", "--gate", "G16"])?.fine()?;
    let rows = rows(said.text()?);
    ensure!(
        rows[0][3].starts_with("not measurable") && rows[0][3].contains("quality/gates"),
        "{rows:?}"
    );
    ensure!(
        rows[1][3].starts_with("not measurable") && rows[1][3].contains("14.12.14"),
        "{rows:?}"
    );
    for wrong in [
        &["check", "--gate", "G0", "--foreign", "propagator"][..],
        &["check", "--gate", "G13", "--foreign", "order-book"],
        &["check", "--out", "scores.csv"],
    ] {
        let refused = user.says(wrong)?;
        ensure!(
            refused.code == Some(1) && refused.stderr.contains("hint:"),
            "{wrong:?}: {}",
            refused.stderr
        );
    }
    user.nothing_is_left()
}

/// Source of the shares: `synth/default.toml`; a fall of a tenth breaks neither 3x nor 5x.
#[test]
fn known_answers_are_printed() -> Result<()> {
    let user = User::new()?;
    let said = user
        .says(&[
            "check",
            "--known",
            "leverage",
            "--seeds",
            "1",
            "--out",
            "leverage.csv",
        ])?
        .fine()?;
    let rows = rows(said.text()?);
    ensure!(rows.len() == 18, "{rows:?}");
    let truths: Vec<&str> = rows[..6].iter().map(|row| row[2].as_str()).collect();
    ensure!(
        truths == ["0.200", "0.250", "0.300", "0.150", "0.070", "0.030"],
        "{truths:?}"
    );
    ensure!(rows[0][8] == "0/1" && rows[2][8] == "1/1", "{rows:?}");
    let file = fs::read_to_string(user.path("leverage.csv"))?;
    ensure!(
        file.lines().count() == 19 && file.starts_with("coverage,seed,leverage,truth"),
        "{file}"
    );
    let said = user
        .says(&["check", "--known", "impact", "--seeds", "1"])?
        .fine()?;
    let text = said.text()?;
    ensure!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
    ensure!(
        text.contains("as documented") && text.contains("power law 0.4"),
        "{text}"
    );
    Ok(())
}
