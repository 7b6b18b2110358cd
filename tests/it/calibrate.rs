//! A calibration from the command line: of a made-up tape whose truth is known, and of tapes that it refuses.

use std::fs;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::cli::User;

/// Two hours of one venue with a fall of 8 % and as much open interest as makes prices vary by a quarter more.
const DECLARED: &str = r#"
duration_s = 7200
amplification = 1.25
amplification_tolerance = 0.03
ramp = { size = 0.08, start_s = 3600.0, length_s = 600.0 }
venues = [{ name = "open" }]
"#;

#[test]
fn a_tape_tells_what_was_declared() -> Result<()> {
    let user = User::new()?;
    fs::write(user.path("d.toml"), DECLARED)?;
    user.says(&["synth", "--seed", "5", "--declared", "d.toml", "--out", "made"])?
        .fine()?;
    // Whoever calibrates has the tape alone.
    fs::rename(user.path("made/truth"), user.path("truth"))?;
    let calibrate = [
        "calibrate",
        "--tape",
        "made/tape",
        "--maintenance",
        "0.005",
        "--replays",
        "24",
        "--out",
    ];
    let make = |out: &str| user.says(&[&calibrate[..], &[out]].concat())?.fine();
    make("one.toml")?;
    make("two.toml")?;
    let text = fs::read_to_string(user.path("one.toml"))?;
    ensure!(
        text == fs::read_to_string(user.path("two.toml"))?,
        "the same tape gives other bytes"
    );
    ensure!(text.contains("square root, decay 1.00 times"), "{text}");

    let truth: Value = serde_json::from_slice(&fs::read(user.path("truth/truth.json"))?)?;
    let off_book = &truth["nulls"][1];
    ensure!(off_book["name"] == "off-book");
    let on = off_book["whole"].as_array().context("clocks")?;
    let amplification = on
        .iter()
        .find(|one| one["clock_s"] == 60)
        .and_then(|one| one["all"].as_f64())
        .context("amplification on a minute")?;

    let file: toml::Table = toml::from_str(&text)?;
    let figures = file["figures"].as_array().context("figures")?;
    let found = figures
        .iter()
        .find(|one| {
            one["figure"].as_str() == Some("amplification") && one["clock_s"].as_integer() == Some(60)
        })
        .context("amplification on a minute")?;
    let [low, high] = ["low", "high"].map(|key| found[key].as_float().unwrap_or(f64::NAN));
    ensure!(
        low <= amplification && amplification <= high,
        "true amplification {amplification} lies outside [{low}, {high}]"
    );
    ensure!(high / low < 1.6, "[{low}, {high}] says nothing");

    // What is a prior says so, and what was read says from where.
    let parameters = file["parameters"].as_array().context("parameters")?;
    let origin = |name: &str| {
        let found = parameters.iter().find(|one| one["name"].as_str() == Some(name));
        found.and_then(|one| one["origin"].as_str())
    };
    ensure!(origin("open_interest_usd") == Some("recorded"), "{parameters:?}");
    ensure!(origin("reopen_share") == Some("prior"), "{parameters:?}");
    ensure!(
        origin("reporting_share") == Some("recorded"),
        "the feed is complete"
    );
    let inputs = file["inputs"].as_array().context("inputs")?;
    ensure!(inputs.len() == 1 && inputs[0]["name"].as_str() == Some("synthetic-5"));
    let held = truth["markets"][0]["open_interest_usd"]
        .as_f64()
        .context("open interest")?;
    let read = parameters
        .iter()
        .find(|one| one["name"].as_str() == Some("open_interest_usd"))
        .and_then(|one| one["value"].as_float())
        .context("open interest")?;
    ensure!((read / held - 1.0).abs() < 0.01, "{read} is not {held}");

    // In SQL it is its lines, and a file that is none says so and spoils nothing.
    fs::create_dir_all(user.path("data/calibrations"))?;
    fs::copy(user.path("one.toml"), user.path("data/calibrations/one.toml"))?;
    fs::write(user.path("data/calibrations/torn.toml"), "priors_sha256 = ")?;
    for (part, key) in [
        ("figure", "figures"),
        ("parameter", "parameters"),
        ("impact", "impact"),
        ("leverage", "leverage"),
        ("limit", "limits"),
    ] {
        let lines = file[key].as_array().context(key)?.len();
        let counted =
            format!("SELECT count(*) FROM catalog.calibrations WHERE file = 'one.toml' AND part = '{part}'");
        ensure!(
            user.asked(&counted)? == lines.to_string(),
            "{part}: {lines} lines"
        );
    }
    let from = file["span"]["from"].as_str().context("a start")?;
    let minute = format!(
        "SELECT low || ' ' || high || ' ' || venue || ' ' || (from_at = '{from}')
         FROM catalog.calibrations WHERE name = 'amplification' AND clock_s = 60"
    );
    ensure!(user.asked(&minute)? == format!("{low} {high} synthetic-open true"));
    let torn = "SELECT fault IS NOT NULL AND part IS NULL FROM catalog.calibrations WHERE file = 'torn.toml'";
    ensure!(user.asked(torn)? == "true");
    Ok(())
}

#[test]
fn what_cannot_be_calibrated_is_said() -> Result<()> {
    let user = User::new()?;
    user.says(&["calibrate"])?
        .refused(&["has no trades", "aftershock ingest"])?;
    fs::write(
        user.path("d.toml"),
        "duration_s = 600\namplification = \"as-declared\"\namplification_clock_s = 10\n\
         ramp = { start_s = 100.0, length_s = 300.0 }\nvenues = [{ name = \"one\" }, { name = \"two\" }]\n",
    )?;
    user.says(&["synth", "--declared", "d.toml", "--out", "made"])?
        .fine()?;
    let calibrate = |more: &[&str]| user.says(&[&["calibrate", "--tape", "made/tape"], more].concat());
    calibrate(&[])?.refused(&["2 markets have trades", "--venue synthetic-one"])?;
    let one = ["--venue", "synthetic-one"];
    calibrate(&one)?.refused(&["no margin brackets", "--maintenance"])?;
    let with = |more: &[&str]| calibrate(&[&one[..], &["--maintenance", "0.005"], more].concat());
    with(&["--from", "2020-01-01", "--to", "2020-01-02"])?.refused(&["is no span of the trades"])?;
    let said = with(&["--from", "yesterday"])?;
    ensure!(said.stderr.contains("is no instant"), "{}", said.stderr);
    with(&["--step", "0"])?.refused(&["should lie in 0.05 to 60"])?;
    calibrate(&["--venue", "synthetic-three"])?.refused(&["no trades of this market", "synthetic-two"])?;
    calibrate(&[&one[..], &["--maintenance", "2"]].concat())?.refused(&["--maintenance 2"])?;
    Ok(())
}
