//! A rule in a crate that is not of this workspace, with the whole command line.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use tempfile::TempDir;

use crate::cli::User;
use crate::determinism::{cargo, target};
use crate::workspace::{root, text};

/// The crate, copied out of the workspace and built: its binary.
fn built() -> Result<PathBuf> {
    let fixture = root().join("tests/fixtures/outside-rule");
    let outside = TempDir::new()?;
    let folder = outside.path();
    fs::create_dir(folder.join("src"))?;
    for file in ["src/main.rs", "src/margin_multiple.rs"] {
        fs::copy(fixture.join(file), folder.join(file))?;
    }
    let crates = root().join("crates");
    let manifest = fs::read_to_string(fixture.join("Cargo.toml"))?;
    fs::write(
        folder.join("Cargo.toml"),
        manifest.replace("../../../crates", &crates.to_string_lossy()),
    )?;
    // The same versions and profile, so that what the workspace has built is not built again.
    fs::copy(root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    let workspace: toml::Table = toml::from_str(&text("Cargo.toml")?)?;
    let mut profile = toml::Table::new();
    profile.insert("profile".into(), workspace["profile"].clone());
    let config = folder.join("profile.toml");
    fs::write(&config, profile.to_string())?;
    let target = target()?;
    let output = cargo()
        .current_dir(folder)
        .args(["build", "--quiet", "--offline", "--config"])
        .arg(&config)
        .arg("--target-dir")
        .arg(&target)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(target.join("debug/margin-multiple"))
}

#[test]
fn a_rule_of_another_crate_is_listed_explained_refused_and_replayed() -> Result<()> {
    let user = User::with(built()?)?;
    let listed = user.says(&["rules"])?.fine()?;
    ensure!(listed.text()?.contains("of another crate") && listed.text()?.contains("margin-multiple"));
    let explained = user.says(&["rules", "margin-multiple"])?.fine()?;
    ensure!(
        explained.text()?.contains("margin over the venue's"),
        "{}",
        explained.text()?
    );
    let head = "name = \"own\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n\n";
    fs::write(
        user.path("own.toml"),
        format!("{head}[[rule]]\nkind = \"margin-multiple\"\ntimes = 11\n"),
    )?;
    user.says(&["replay", "2026-02-05", "--rules", "own.toml"])?
        .refused(&["own.toml", "times", "10"])?;

    user.says(&[
        "replay",
        "2026-02-05",
        "--draws",
        "4",
        "--rules",
        "margin-multiple",
    ])?
    .fine()?;
    // The rule says 2, so that whatever the venue asks of a bracket is asked twice.
    let query = "SELECT min(after / before) AS least, max(after / before) AS most FROM replayed.interventions \
                 WHERE rule = 'margin-multiple'";
    let asked = user.says(&["sql", "--format", "csv", query])?.fine()?;
    ensure!(asked.text()?.contains("2.0,2.0"), "{}", asked.text()?);
    let inside = query.replace(
        "replayed.interventions",
        "replay('2026-02-05', 'margin-multiple', 'interventions', draws => 1)",
    );
    let asked = user.says(&["sql", "--format", "csv", &inside])?.fine()?;
    ensure!(asked.text()?.contains("2.0,2.0"), "{}", asked.text()?);
    Ok(())
}
