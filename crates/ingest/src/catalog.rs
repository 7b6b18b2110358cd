//! The episodes this program was built with.

use std::collections::BTreeMap;

use crate::{EPISODES, Episode, IngestError};

/// A name must be at least this like what was typed to be offered instead (Jaro-Winkler, 1 is equal).
const LIKENESS: f64 = 0.75;
const OFFERED: usize = 3;

/// Episodes by id.
#[derive(Clone, Debug)]
pub struct Catalog {
    episodes: Vec<Episode>,
}

impl Catalog {
    /// The embedded episodes.
    ///
    /// # Errors
    /// [`IngestError::Toml`] or [`IngestError::AmbiguousName`] where this program was built from faulty files.
    pub fn embedded() -> Result<Self, IngestError> {
        let episodes = EPISODES
            .files()
            .filter(|file| {
                file.path()
                    .extension()
                    .is_some_and(|extension| extension == "toml")
            })
            .map(|file| {
                let name = format!("data/episodes/{}", file.path().display());
                let text = String::from_utf8_lossy(file.contents());
                Ok(Episode::parse(&name, &text)?)
            })
            .collect::<Result<Vec<_>, IngestError>>()?;
        Self::new(episodes)
    }

    /// A catalogue of these episodes.
    ///
    /// # Errors
    /// [`IngestError::AmbiguousName`] where an id or alias names two of them.
    pub fn new(mut episodes: Vec<Episode>) -> Result<Self, IngestError> {
        episodes.sort_by(|a, b| a.id.cmp(&b.id));
        let mut names: BTreeMap<&str, &str> = BTreeMap::new();
        for episode in &episodes {
            for name in names_of(episode) {
                if let Some(first) = names.insert(name, &episode.id) {
                    return Err(IngestError::AmbiguousName {
                        name: name.to_owned(),
                        first: first.to_owned(),
                        second: episode.id.clone(),
                    });
                }
            }
        }
        Ok(Self { episodes })
    }

    /// All episodes by id.
    pub fn episodes(&self) -> &[Episode] {
        &self.episodes
    }

    /// The episode with this id or alias.
    ///
    /// # Errors
    /// [`IngestError::UnknownEpisode`] with the names that look like it.
    pub fn find(&self, name: &str) -> Result<&Episode, IngestError> {
        self.episodes
            .iter()
            .find(|episode| names_of(episode).any(|own| own == name))
            .ok_or_else(|| IngestError::UnknownEpisode {
                name: name.to_owned(),
                nearest: self.nearest(name),
            })
    }

    /// For each of the likest episodes, the likest of its names.
    fn nearest(&self, name: &str) -> Vec<String> {
        let typed = name.to_lowercase();
        let mut likest: Vec<(f64, &str)> = self
            .episodes
            .iter()
            .filter_map(|episode| {
                names_of(episode)
                    .map(|own| (strsim::jaro_winkler(&typed, own), own))
                    .max_by(|a, b| a.0.total_cmp(&b.0))
            })
            .filter(|(likeness, _)| *likeness >= LIKENESS)
            .collect();
        likest.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
        likest
            .into_iter()
            .take(OFFERED)
            .map(|(_, own)| own.to_owned())
            .collect()
    }
}

fn names_of(episode: &Episode) -> impl Iterator<Item = &str> {
    std::iter::once(episode.id.as_str()).chain(episode.aliases.iter().map(String::as_str))
}
