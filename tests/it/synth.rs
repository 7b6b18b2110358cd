//! A generated tape from the command line: asked in SQL, the same bytes again, and no truth in it.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cli::User;
use crate::ingest::tree;

/// Twenty minutes with a fall of 5 % from the tenth on; one market shows all, one the largest of each second.
const DECLARED: &str = r#"
duration_s = 1200
amplification = "as-declared"
amplification_clock_s = 10
ramp = { size = 0.05, start_s = 600.0, length_s = 300.0 }
venues = [
    { name = "open" },
    { name = "inverse", contract = "inverse", coverage = "one-a-second" },
]
"#;

/// Words of the truth that no column and no list of the tape may hold.
const HIDDEN: [&str; 7] = [
    "parent",
    "generation",
    "news",
    "additional",
    "amplification",
    "leverage",
    "ramp",
];

#[test]
fn a_generated_tape_is_asked_in_sql() -> Result<()> {
    let user = User::new()?;
    fs::write(user.path("d.toml"), DECLARED)?;
    let synth = ["synth", "--seed", "3", "--declared", "d.toml", "--out"];
    let make = |out: &str| user.says(&[&synth[..], &[out]].concat())?.fine();
    let said = make("one")?;
    ensure!(said.text()?.contains("synthetic-inverse"), "{}", said.text()?);
    ensure!(said.stderr.contains("one/truth/truth.json"), "{}", said.stderr);
    make("two")?;
    ensure!(
        tree(&user.path("one"))? == tree(&user.path("two"))?,
        "other bytes"
    );
    user.says(&[&synth[..], &["one"]].concat())?
        .refused(&["one holds a tape already", "--out"])?;

    let truth: Value = serde_json::from_slice(&fs::read(user.path("one/truth/truth.json"))?)?;
    let ask = |sql: &str| -> Result<Vec<Vec<String>>> {
        let said = user
            .says(&["sql", "--tape", "one/tape", sql, "--format", "csv"])?
            .fine()?;
        let cells = |line: &str| line.split(',').map(str::to_owned).collect();
        Ok(said.text()?.lines().skip(1).map(cells).collect())
    };
    let printed = ask(
        "SELECT venue, count(*), count(DISTINCT date_trunc('second', liquidated_at)), sum(quantity), min(coverage) \
         FROM recorded.liquidations GROUP BY venue ORDER BY venue DESC",
    )?;
    ensure!(printed.len() == 2, "{printed:?}");
    for (row, (market, coverage)) in printed.iter().zip([(0, "complete"), (1, "throttled")]) {
        let feed = &truth["markets"][market]["feed"];
        ensure!(feed["printed"] == row[1].parse::<u64>()?, "{row:?} {feed}");
        ensure!(row[4] == coverage, "{row:?}");
        ensure!(market == 0 || row[1] == row[2], "two prints in a second: {row:?}");
    }
    // All fills of the market that shows all, counted from the truth.
    let orders = &truth["orders"];
    let column = |name: &str| orders[name].as_array().context("orders have columns");
    let mut filled = 0.0;
    for (market, quantity) in column("market")?.iter().zip(column("quantity")?) {
        filled += if market == 0 {
            quantity.as_f64().unwrap_or(f64::NAN)
        } else {
            0.0
        };
    }
    let shown: f64 = printed[0][3].parse()?;
    ensure!(
        filled > 0.0 && (shown / filled - 1.0).abs() < 1e-9,
        "{shown} of {filled}"
    );

    let rows = ask(
        "SELECT venue, (SELECT count(*) FROM recorded.open_interest o WHERE o.venue = t.venue) AS held, \
         (SELECT count(*) FROM recorded.depth_bands d WHERE d.venue = t.venue) AS resting, min(traded_at), count(episode) \
         FROM recorded.trades t GROUP BY venue ORDER BY venue",
    )?;
    for row in &rows {
        // Every minute from 0 to 20; every half minute eight bands.
        ensure!(
            row[0].starts_with("synthetic-") && row[1] == "21" && row[2] == "328",
            "{row:?}"
        );
        ensure!(
            row[3].starts_with("2099-01-01T00:00:01") && row[4] == "0",
            "{row:?}"
        );
    }
    let sources = ask("SELECT dialect, sha256, what FROM recorded.sources")?;
    ensure!(sources.len() == 1 && sources[0][0] == "synthetic", "{sources:?}");
    ensure!(truth["declared_sha256"] == sources[0][1].as_str(), "{sources:?}");

    let mut names = fs::read_to_string(user.path("one/tape/tape.json"))?;
    for table in ["trades", "liquidations", "open_interest", "depth_bands", "marks"] {
        let columns = ask(&format!(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'recorded' AND table_name = '{table}'"
        ))?;
        ensure!(columns.len() > 5, "{table} {columns:?}");
        names.push_str(&columns.concat().join(" "));
    }
    for word in HIDDEN {
        ensure!(!names.contains(word), "`{word}` stands in the tape");
    }
    Ok(())
}

#[test]
fn a_declaration_that_makes_no_tape_is_refused() -> Result<()> {
    let user = User::new()?;
    fs::write(user.path("d.toml"), "news_flow_correlation = 2.0\n")?;
    user.says(&["synth", "--declared", "d.toml"])?.refused(&[
        "d.toml",
        "news_flow_correlation is 2, should be 0 or more and below 1",
    ])?;
    user.says(&["synth", "--declared", "none.toml"])?
        .refused(&["none.toml", "--template"])?;
    let template = user.says(&["synth", "--template"])?.fine()?;
    fs::write(
        user.path("t.toml"),
        template.text()?.replace("duration_s = 21600", "duration_s = 5"),
    )?;
    user.says(&["synth", "--declared", "t.toml"])?
        .refused(&["duration_s is 5"])?;
    Ok(())
}
