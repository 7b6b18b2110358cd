//! What is replayed: an episode under rule sets, so many draws of a seed, and what the user brings.

use aftershock_archive::{Digests, Labels, Manifest, sha256_hex};
use aftershock_market::journal::Journal;
use aftershock_rules::RuleSetFile;
use aftershock_sweep::own::OwnBook;
use aftershock_sweep::{ENGINE_SHA256, Progress, ensemble};

use crate::{Error, Own, Prepared, Result};

/// An episode under rule sets: all that decides its runs.
#[derive(Debug)]
pub struct Study {
    /// The episode.
    pub prepared: Prepared,
    /// Rule sets, a run each.
    pub sets: Vec<RuleSetFile>,
    /// Names the ensemble of draws.
    pub seed: u64,
    /// Draws besides the central one.
    pub draws: u32,
    /// Positions and a move of the user's own, where there are any.
    pub own: Own,
}

impl Study {
    /// What names the run of each rule set, in their order.
    pub fn manifests(&self) -> Vec<Manifest> {
        self.sets.iter().map(|set| self.manifest(set)).collect()
    }

    fn manifest(&self, set: &RuleSetFile) -> Manifest {
        let Self { prepared, own, .. } = self;
        let digests = Digests {
            cut_sha256: prepared.cut.sha256.clone(),
            rule_set_sha256: sha256_hex(set.toml.as_bytes()),
            calibration_sha256: prepared.calibration_sha256(),
            engine_sha256: ENGINE_SHA256.into(),
            seed: self.seed,
            draws: self.draws,
            positions_csv: own.book.as_ref().map(OwnBook::to_csv),
            shock: own.shock,
        };
        let labels = Labels {
            episode: &prepared.episode.id,
            rule_set: &set.name,
            instrument: &prepared.episode.record.instrument,
        };
        Manifest::new(
            &labels,
            &set.toml,
            &digests,
            concat!("aftershock ", env!("CARGO_PKG_VERSION")),
        )
    }

    /// Replays every draw; one journal a rule set, in their order. The same on any number of threads, all cores where none
    /// is given.
    ///
    /// # Errors
    /// The first replay that stops, or threads that cannot be started.
    pub fn replay(&self, threads: Option<u16>, progress: Progress<'_>) -> Result<Vec<Journal>> {
        let case = self.prepared.case(self.seed, self.draws, &self.own);
        let sets: Vec<&RuleSetFile> = self.sets.iter().collect();
        let work = || ensemble(&case, &sets, progress);
        let journals = match threads.map(usize::from) {
            Some(threads) => aftershock_sweep::on_threads(threads, work).map_err(|error| Error::Threads {
                threads,
                reason: error.to_string(),
            })?,
            None => work(),
        };
        Ok(journals?)
    }
}
