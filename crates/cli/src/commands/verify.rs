//! `aftershock verify`.

use std::path::Path;

use aftershock_archive::{check_run, journal_digests};
use aftershock_rules::RuleSetFile;
use aftershock_study::{Own, Prepared, Study};
use anyhow::Result;

use crate::commands::replay;
use crate::failure::{Defect, Mistake};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run to rebuild
    run: String,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let manifest = check_run(data, &arguments.run)?;
    crate::say!("every table is as its manifest says; rebuilding");
    let name = format!("{} (manifest)", manifest.run);
    let study = Study {
        prepared: Prepared::open(data, manifest.recorded_episode())?,
        sets: vec![RuleSetFile::parse(&name, &manifest.rule_set_toml)?],
        seed: manifest.seed,
        draws: manifest.draws,
        own: Own::of_manifest(&manifest)?,
    };
    let rebuilt = &study.manifests()[0];
    let inputs = [
        ("cut", &manifest.cut_sha256, &rebuilt.cut_sha256),
        (
            "calibration",
            &manifest.calibration_sha256,
            &rebuilt.calibration_sha256,
        ),
        ("engine", &manifest.engine_sha256, &rebuilt.engine_sha256),
    ];
    let changed: Vec<&str> = inputs
        .iter()
        .filter(|(_, then, now)| then != now)
        .map(|(name, _, _)| *name)
        .collect();
    if !changed.is_empty() {
        return Err(Mistake::new(format!(
            "run {} stood on another {}",
            manifest.run,
            changed.join(" and ")
        ))
        .hint("replay the episode for a run of today's, or verify with the version that made this one")
        .into());
    }
    let journals = replay::with_progress(&study, None)?;
    let digests = journal_digests(&journals[0], &manifest.labels());
    if digests == manifest.tables {
        println!(
            "{}: {} tables rebuilt, all digests equal",
            manifest.run,
            digests.len()
        );
        return Ok(());
    }
    let differing: Vec<&String> = manifest
        .tables
        .keys()
        .filter(|table| digests.get(*table) != manifest.tables.get(*table))
        .collect();
    Err(Defect(format!(
        "run {} was rebuilt differently: {differing:?}",
        manifest.run
    ))
    .into())
}
