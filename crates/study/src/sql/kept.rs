//! What has been replayed in a session, kept so that a join with itself replays once.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aftershock_archive::{Manifest, journal};
use aftershock_market::Shock;
use arrow::record_batch::RecordBatch;

use crate::{Error, Result, Study};

/// Most studies kept; the one asked for longest ago goes first.
const MOST: usize = 8;
/// Bytes of all that are kept, beyond which the oldest go as well.
const MOST_BYTES: usize = 256 << 20;

/// What decides a study in one data folder.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Key {
    pub(super) episode: String,
    /// The text of each rule set.
    pub(super) rules: Vec<String>,
    pub(super) draws: u32,
    pub(super) seed: u64,
    pub(super) shock: Option<Shock>,
}

/// A run that was replayed: what names it, and all its tables.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) manifest: Manifest,
    tables: Vec<(&'static str, RecordBatch)>,
}

impl Run {
    /// A table of the journal, as [`journal::schema`] has it.
    pub(super) fn table(&self, name: &str) -> Option<&RecordBatch> {
        let found = self.tables.iter().find(|(table, _)| *table == name);
        found.map(|(_, rows)| rows)
    }

    /// What its tables hold.
    pub(super) fn bytes(&self) -> usize {
        let tables = self.tables.iter();
        tables.map(|(_, rows)| rows.get_array_memory_size()).sum()
    }
}

/// All studies kept, the latest last.
#[derive(Debug, Default)]
pub(super) struct Kept(Mutex<VecDeque<(Key, Arc<Place>)>>);

/// The place of one study: empty until somebody has replayed it.
#[derive(Debug, Default)]
pub(super) struct Place {
    watchers: AtomicUsize,
    bytes: AtomicUsize,
    runs: Mutex<Option<Arc<Vec<Run>>>>,
}

/// Somebody who waits for a study; without any it is given up.
pub(super) struct Watcher(Arc<Place>);

impl Drop for Watcher {
    fn drop(&mut self) {
        self.0.watchers.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Kept {
    /// The place of a study.
    pub(super) fn place(&self, key: &Key) -> Arc<Place> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter().position(|(known, _)| known == key);
        let entry = found
            .and_then(|index| kept.remove(index))
            .unwrap_or_else(|| (key.clone(), Arc::default()));
        let place = Arc::clone(&entry.1);
        kept.push_back(entry);
        let bytes = |kept: &VecDeque<(Key, Arc<Place>)>| -> usize {
            let places = kept.iter();
            places.map(|(_, place)| place.bytes.load(Ordering::Relaxed)).sum()
        };
        while kept.len() > MOST || (kept.len() > 1 && bytes(&kept) > MOST_BYTES) {
            kept.pop_front();
        }
        place
    }
}

impl Place {
    pub(super) fn watch(self: &Arc<Self>) -> Watcher {
        self.watchers.fetch_add(1, Ordering::Relaxed);
        Watcher(Arc::clone(self))
    }

    /// The runs of the study; replayed here where nobody has, waited for where somebody does.
    pub(super) fn runs(&self, study: impl FnOnce() -> Result<Study>) -> Result<Arc<Vec<Run>>> {
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runs) = &*runs {
            return Ok(Arc::clone(runs));
        }
        let study = study()?;
        let journals = self.unless_given_up(&study)?;
        let of = |(manifest, journal): (Manifest, _)| Run {
            tables: journal::batches(&journal, &manifest.labels()),
            manifest,
        };
        let made: Vec<Run> = study.manifests().into_iter().zip(journals).map(of).collect();
        self.bytes
            .store(made.iter().map(Run::bytes).sum(), Ordering::Relaxed);
        let made = Arc::new(made);
        *runs = Some(Arc::clone(&made));
        Ok(made)
    }

    /// Replays until nobody waits. The sweep can only be left by unwinding, which its threads pass on.
    fn unless_given_up(&self, study: &Study) -> Result<Vec<aftershock_market::journal::Journal>> {
        struct GivenUp;
        let progress = |_, _| {
            if self.watchers.load(Ordering::Relaxed) == 0 {
                resume_unwind(Box::new(GivenUp));
            }
        };
        match catch_unwind(AssertUnwindSafe(|| study.replay(None, &progress))) {
            Ok(journals) => journals,
            Err(thrown) if thrown.is::<GivenUp>() => Err(Error::GivenUp),
            Err(thrown) => resume_unwind(thrown),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::rule_sets::{self, Files, RECORD};
    use crate::{Own, Prepared};

    fn key(seed: u64) -> Key {
        Key {
            episode: "2026-02-05".into(),
            rules: Vec::new(),
            draws: 1,
            seed,
            shock: None,
        }
    }

    fn study() -> Result<Study> {
        Ok(Study {
            prepared: Prepared::look(Path::new("no such folder"), "2026-02-05")?,
            sets: vec![rule_sets::named(RECORD, Files::Refused)?],
            seed: 1,
            draws: 1,
            own: Own::default(),
        })
    }

    #[test]
    fn a_study_is_replayed_once_and_the_oldest_goes_first() -> Result<()> {
        let kept = Kept::default();
        let first = kept.place(&key(0));
        let _watcher = first.watch();
        let made = first.runs(study)?;
        let again = kept
            .place(&key(0))
            .runs(|| Err(Error::asked("it is made twice")))?;
        assert!(Arc::ptr_eq(&made, &again));
        assert_eq!(made[0].table("outcomes").map(RecordBatch::num_rows), Some(4));

        for seed in 1..MOST as u64 {
            kept.place(&key(seed));
        }
        assert!(Arc::ptr_eq(&kept.place(&key(0)), &first));
        kept.place(&key(MOST as u64));
        let second = kept.place(&key(1));
        assert!(second.runs(|| Err(Error::asked("it is gone"))).is_err());
        assert!(Arc::ptr_eq(&kept.place(&key(0)), &first));
        Ok(())
    }

    #[test]
    fn what_nobody_waits_for_is_given_up_and_can_be_had_later() -> Result<()> {
        let place = Arc::new(Place::default());
        drop(place.watch());
        assert!(matches!(place.runs(study), Err(Error::GivenUp)));
        let _watcher = place.watch();
        assert_eq!(place.runs(study)?.len(), 1);
        Ok(())
    }
}
