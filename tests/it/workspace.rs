//! Where things stand, and the embedded episodes as cases that can be replayed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use aftershock_calibrate::{Priors, Recorded, Scope, Window};
use aftershock_ingest::episode::{Kind, Mark, Volume};
use aftershock_ingest::{Catalog, Episode, sample};
use aftershock_protocol::Brackets;
use aftershock_rules::RuleSetFile;
use aftershock_rules::record::{Rule, Venue};
use aftershock_sweep::{Case, Context as CaseContext};
use anyhow::{Context, Result, ensure};

/// The top of the workspace.
pub fn root() -> PathBuf {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    cli.ancestors().nth(2).unwrap_or(cli).to_owned()
}

/// The text of a file, by its path below the top.
pub fn text(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| path.to_owned())
}

/// A recorded file below `AFTERSHOCK_SHARED`, or below `shared` beside the workspace; said to be skipped where it is absent.
pub fn recorded(path: &str) -> Option<PathBuf> {
    let shared = std::env::var("AFTERSHOCK_SHARED").map_or_else(|_| root().join("../shared"), Into::into);
    let path = shared.join("data/recorded").join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

/// Names of what a folder holds, sorted.
pub fn names(folder: &str) -> Result<Vec<String>> {
    let entries = fs::read_dir(root().join(folder)).with_context(|| folder.to_owned())?;
    let mut names = entries
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

/// Paths of all committed files below the top, or, without git, of all that would be.
pub fn committed() -> Result<Vec<String>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z"])
        .current_dir(root())
        .output();
    if let Ok(listed) = listed
        && listed.status.success()
    {
        let paths = String::from_utf8(listed.stdout)?;
        // A file that is being moved or removed is still listed.
        let there = paths
            .split('\0')
            .filter(|path| !path.is_empty() && root().join(path).exists());
        return Ok(there.map(str::to_owned).collect());
    }
    let built = [
        "target",
        ".git",
        "data/raw",
        "data/tape",
        "data/cuts",
        "data/runs",
        "data/reports",
        "data/synthetic",
    ];
    let mut found = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for name in names(&folder)? {
            let path = if folder.is_empty() {
                name
            } else {
                format!("{folder}/{name}")
            };
            if built.contains(&path.as_str()) {
                continue;
            }
            if root().join(&path).is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// A rule set of `data/rule-sets`.
pub fn rule_set(name: &str) -> Result<RuleSetFile> {
    let path = format!("data/rule-sets/{name}.toml");
    Ok(RuleSetFile::parse(&path, &text(&path)?)?)
}

/// A venue of `data/venues`.
pub fn venue(name: &str) -> Result<Venue> {
    Ok(Venue::parse(name, &text(&format!("data/venues/{name}.toml"))?)?)
}

/// An embedded episode with all that a replay of it takes.
pub struct Loaded {
    pub episode: Episode,
    pub recorded: Recorded,
    pub brackets: Brackets,
    /// The rule that sets the brackets.
    pub brackets_rule: Rule,
    pub priors: Priors,
    venues: String,
}

/// The window and scope of an episode, in the words of `calibrate`.
pub fn window_and_scope(episode: &Episode) -> (Window, Scope) {
    let window = Window {
        from: episode.window.replay_from,
        to: episode.window.replay_to,
    };
    let scope = Scope {
        venues: episode.scope.venues.clone(),
        perpetual: episode.scope.volume == Volume::PerpDaily,
    };
    (window, scope)
}

impl Loaded {
    /// Loads an episode by id or alias.
    pub fn new(name: &str) -> Result<Self> {
        let episode = Catalog::embedded()?.find(name)?.clone();
        let sample = sample(&episode)?;
        let (window, scope) = window_and_scope(&episode);
        let level = episode.open_interest.as_ref().map(|level| level.level_btc);
        let recorded = Recorded::new(&sample.bars, &sample.perp_daily, window, &scope, level)
            .with_context(|| episode.id.clone())?;
        let venue = venue("binance-usdm")?;
        let found = venue.brackets("BTCUSDT", window.from)?;
        let (brackets, rule) = found.with_context(|| format!("{}: no margin table", episode.id))?;
        ensure!(!brackets.tiers().is_empty());
        Ok(Self {
            venues: episode.scope.venues.join(", "),
            priors: Priors::parse("data/priors.toml", &text("data/priors.toml")?)?,
            episode,
            recorded,
            brackets_rule: rule.clone(),
            brackets,
        })
    }

    /// The case of so many draws.
    pub fn case(&self, seed: u64, draws: u32) -> Case<'_> {
        let episode = &self.episode;
        Case {
            episode: &episode.id,
            recorded: &self.recorded,
            quiet: episode.kind == Kind::Quiet,
            from: episode.window.replay_from,
            bar_s: episode.record.bar_s,
            brackets: &self.brackets,
            priors: &self.priors,
            seed,
            draws,
            own: None,
            shock: None,
            context: CaseContext {
                instrument: &episode.record.instrument,
                spot_for_mark: episode.record.mark == Mark::SpotProxy,
                absent: &episode.record.absent,
                trigger: &episode.window.trigger_source,
                reconstructed: false,
                perpetual_low_ratio: None,
                venues: &self.venues,
                perpetual_volume: episode.scope.volume == Volume::PerpDaily,
                brackets_source: &self.brackets_rule.source,
                brackets_stand_in: self.brackets_rule.stand_in,
                open_interest_source: "",
            },
        }
    }
}
