//! The same inputs give the same bytes: at any number of threads, optimised or not.

use std::path::PathBuf;
use std::process::Command;

use aftershock_archive::{Labels, journal_digests};
use aftershock_rules::RuleSetFile;
use aftershock_sweep::on_threads;
use anyhow::{Context, Result, ensure};

use crate::workspace::{Loaded, root, rule_set, text};

const RULE_SETS: [&str; 5] = [
    "record",
    "volatility-margin",
    "price-band",
    "cross-protocol-clearing",
    "partial-liquidation",
];

#[test]
fn threads_change_nothing() -> Result<()> {
    let loaded = Loaded::new("2021-09-07")?;
    let sets = RULE_SETS.map(rule_set).into_iter().collect::<Result<Vec<_>>>()?;
    let sets: Vec<&RuleSetFile> = sets.iter().collect();
    let run = |threads| -> Result<_> {
        let case = loaded.case(7, 2);
        Ok(on_threads(threads, || {
            aftershock_sweep::ensemble(&case, &sets, &|_, _| {})
        })??)
    };
    let (one, two) = (run(1)?, run(2)?);
    for ((set, one), two) in sets.iter().zip(&one).zip(&two) {
        let labels = Labels {
            episode: &loaded.episode.id,
            rule_set: &set.name,
            instrument: &loaded.episode.record.instrument,
        };
        ensure!(one == two, "{} differs between one thread and two", set.name);
        ensure!(journal_digests(one, &labels) == journal_digests(two, &labels));
    }
    let other = on_threads(2, || {
        aftershock_sweep::ensemble(&loaded.case(8, 2), &sets, &|_, _| {})
    })??;
    ensure!(other != one, "the seed names the ensemble");
    Ok(())
}

/// Where cargo builds, so that nested builds find what is built already.
pub fn target() -> Result<PathBuf> {
    let binary = std::env::current_exe()?;
    let target = binary
        .ancestors()
        .nth(3)
        .context("tests run from target/*/deps")?;
    Ok(target.to_owned())
}

/// Cargo as a user calls it, without what the cargo that runs the tests says of this package: a build script that reads it (that
/// of `ring` does) would be run again, and all that stands on it built again.
pub fn cargo() -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    for (name, _) in std::env::vars_os() {
        let ours = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_MANIFEST") || name.starts_with("CARGO_PKG") || name == "OUT_DIR"
        });
        if ours {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// What the example prints when it is built with these arguments.
fn digest(arguments: &[String]) -> Result<String> {
    let output = cargo()
        .current_dir(root())
        .args(["run", "-q", "-p", "aftershock-calibrate", "--example", "digest"])
        .arg("--target-dir")
        .arg(target()?.join("determinism"))
        .args(arguments)
        .output()?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

#[test]
fn optimisation_changes_nothing() -> Result<()> {
    // The dev profile optimises our own crates; here nothing is to be.
    let manifest: toml::Table = toml::from_str(&text("Cargo.toml")?)?;
    let profiles = manifest["profile"]["dev"]["package"]
        .as_table()
        .context("packages of the dev profile")?;
    let mut plain = Vec::new();
    for name in profiles.keys().filter(|name| *name != "*") {
        plain.push("--config".to_owned());
        plain.push(format!("profile.dev.package.{name}.opt-level=0"));
    }
    let unoptimised = digest(&plain)?;
    let release = digest(&["--release".to_owned()])?;
    ensure!(unoptimised.trim().len() == 64, "{unoptimised}");
    ensure!(
        unoptimised == release,
        "unoptimised {unoptimised}, release {release}"
    );
    Ok(())
}
