//! The manifest of a run: what it was made from and what it came to.

use std::collections::BTreeMap;
use std::path::Path;

use aftershock_market::Shock;
use serde::{Deserialize, Serialize};

use crate::journal::Labels;
use crate::{ArchiveError, sha256_hex};

/// What decides every byte of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    /// SHA-256 of the cut.
    pub cut_sha256: String,
    /// SHA-256 of the rule set's text.
    pub rule_set_sha256: String,
    /// SHA-256 of the calibration.
    pub calibration_sha256: String,
    /// SHA-256 of the code that a run depends on.
    pub engine_sha256: String,
    /// Seed of the ensemble.
    pub seed: u64,
    /// Draws of the ensemble, without the central one.
    pub draws: u32,
    /// The user's own positions as CSV, where there are any.
    pub positions_csv: Option<String>,
    /// The move that was added to the record, where one was.
    pub shock: Option<Shock>,
}

/// Rows and digest of one table of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableDigest {
    /// Number of rows.
    pub rows: u64,
    /// SHA-256 of the Parquet file.
    pub sha256: String,
}

/// How a shocked run departs from the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Departure {
    /// The episode whose record was shocked; the run's own `episode` names the scenario.
    pub episode: String,
    /// Move of the price, hundredths of a percent.
    pub move_bp: i32,
    /// Time it takes, s.
    pub over_s: u32,
}

impl Departure {
    /// The move.
    pub fn shock(&self) -> Shock {
        Shock {
            move_bp: self.move_bp,
            over_s: self.over_s,
        }
    }
}

/// `manifest.json` of a run. The fields are in the order of the file, which is alphabetical.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// SHA-256 of the calibration.
    pub calibration_sha256: String,
    /// Name and version of the program that wrote the run.
    pub created_by: String,
    /// SHA-256 of the cut.
    pub cut_sha256: String,
    /// Draws of the ensemble, without the central one.
    pub draws: u32,
    /// SHA-256 of the code that the run depends on.
    pub engine_sha256: String,
    /// The episode replayed.
    pub episode: String,
    /// What was replayed, `venue:symbol`.
    pub instrument: String,
    /// The user's own positions as CSV, so that the run can be rebuilt from its manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub positions_csv: Option<String>,
    /// Name of the rule set.
    pub rule_set: String,
    /// SHA-256 of the rule set's text.
    pub rule_set_sha256: String,
    /// The rule set, verbatim, so that the run can be rebuilt from its manifest.
    pub rule_set_toml: String,
    /// Name of the run, as [`run_id`] gives it.
    pub run: String,
    /// Seed of the ensemble.
    pub seed: u64,
    /// Where the price is not the record's: how it departs from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shock: Option<Departure>,
    /// Rows and digest of each table; filled in when the run is written.
    pub tables: BTreeMap<String, TableDigest>,
}

impl Manifest {
    /// The manifest of a run about to be written; `tables` is still empty. A shocked run goes by the name of its
    /// scenario, not by that of the episode.
    pub fn new(labels: &Labels<'_>, rule_set_toml: &str, digests: &Digests, created_by: &str) -> Self {
        Self {
            calibration_sha256: digests.calibration_sha256.clone(),
            created_by: created_by.to_owned(),
            cut_sha256: digests.cut_sha256.clone(),
            draws: digests.draws,
            engine_sha256: digests.engine_sha256.clone(),
            episode: name(labels.episode, digests),
            instrument: labels.instrument.to_owned(),
            positions_csv: digests.positions_csv.clone(),
            rule_set: labels.rule_set.to_owned(),
            rule_set_sha256: digests.rule_set_sha256.clone(),
            rule_set_toml: rule_set_toml.to_owned(),
            run: run_id(labels.episode, labels.rule_set, digests),
            seed: digests.seed,
            shock: digests.shock.map(|shock| Departure {
                episode: labels.episode.to_owned(),
                move_bp: shock.move_bp,
                over_s: shock.over_s,
            }),
            tables: BTreeMap::new(),
        }
    }

    /// The episode whose record was replayed, shocked or not.
    pub fn recorded_episode(&self) -> &str {
        self.shock.as_ref().map_or(&self.episode, |shock| &shock.episode)
    }

    /// Whether the two runs replay the same with the same beliefs, so that whatever they differ by is their rules'. A shocked
    /// run is told by its episode, which is the scenario's.
    pub fn differs_by_rules_alone(&self, other: &Manifest) -> bool {
        self.inputs() == other.inputs()
    }

    /// All that decides a run but its rules.
    fn inputs(&self) -> (&str, &str, &str, &str, u64, u32, Option<&str>) {
        (
            &self.episode,
            &self.cut_sha256,
            &self.calibration_sha256,
            &self.engine_sha256,
            self.seed,
            self.draws,
            self.positions_csv.as_deref(),
        )
    }

    /// The columns that are the same in every row of the run.
    pub fn labels(&self) -> Labels<'_> {
        Labels {
            episode: &self.episode,
            rule_set: &self.rule_set,
            instrument: &self.instrument,
        }
    }

    /// Names of the tables whose digests differ between two manifests.
    pub fn differing_tables(&self, other: &Manifest) -> Vec<String> {
        let mut names: Vec<&String> = self.tables.keys().chain(other.tables.keys()).collect();
        names.sort();
        names.dedup();
        names
            .into_iter()
            .filter(|name| self.tables.get(*name) != other.tables.get(*name))
            .cloned()
            .collect()
    }

    pub(crate) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("text and numbers have a JSON form");
        text.push('\n');
        text
    }

    pub(crate) fn from_json(path: &Path, bytes: &[u8]) -> Result<Self, ArchiveError> {
        serde_json::from_slice(bytes).map_err(|error| ArchiveError::corrupt(path, error))
    }
}

/// What a run goes by: the episode, or the scenario of a shocked one.
fn name(episode: &str, digests: &Digests) -> String {
    let scenario = digests.shock.map(|shock| shock.scenario(episode));
    scenario.unwrap_or_else(|| episode.to_owned())
}

/// The name of a run: `<episode>.<rule-set>.<first 8 digits of the digest of all that decides it>`, with the scenario
/// in place of the episode where the price is shocked.
pub fn run_id(episode: &str, rule_set: &str, digests: &Digests) -> String {
    let Digests {
        cut_sha256,
        rule_set_sha256,
        calibration_sha256,
        engine_sha256,
        seed,
        draws,
        positions_csv,
        shock,
    } = digests;
    let mut inputs =
        format!("{cut_sha256}\n{rule_set_sha256}\n{calibration_sha256}\n{engine_sha256}\n{seed}\n{draws}\n");
    // Written only where they are, so that a run without them keeps its name.
    if let Some(positions) = positions_csv {
        inputs += &format!("positions {}\n", sha256_hex(positions.as_bytes()));
    }
    if let Some(Shock { move_bp, over_s }) = shock {
        inputs += &format!("shock {move_bp} {over_s}\n");
    }
    let episode = name(episode, digests);
    format!("{episode}.{rule_set}.{}", &sha256_hex(inputs.as_bytes())[..8])
}
