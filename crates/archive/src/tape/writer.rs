//! Adding to a tape: stage sources, then commit them all at once or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::*;

use super::list::{LIST, is_part};
use super::merge::{Merged, merge};
use super::order::Sources;
use super::stage::{Run, next_file};
use super::{Kind, PartEntry, PartKey, SourceEntry, Staged, Staging, Tape, TapeList};
use crate::store::{Lock, Scratch};
use crate::{ArchiveError, Version};

/// The one writer of a tape.
pub struct TapeWriter {
    tape: Tape,
    list: TapeList,
    version: Option<Version>,
    runs: BTreeMap<PartKey, Vec<Run>>,
    sources: Vec<SourceEntry>,
    // Dropped in this order: the files first, then the right to write.
    scratch: Scratch,
    _lock: Lock,
}

/// What a commit did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Rows of each new source that are in the tape.
    pub kept: BTreeMap<String, u64>,
    /// Parts that are new or have other rows than before.
    pub parts: usize,
    /// Rows in those parts that share a venue's id with another and say something else.
    pub conflicts: u64,
}

impl TapeWriter {
    pub(super) fn new(tape: Tape) -> Result<Self, ArchiveError> {
        let lock = tape.store.lock()?;
        let scratch = tape.store.scratch()?;
        let (list, version) = tape.read()?;
        Ok(Self {
            tape,
            list,
            version,
            runs: BTreeMap::new(),
            sources: Vec::new(),
            scratch,
            _lock: lock,
        })
    }

    /// What the tape holds before the commit.
    pub fn list(&self) -> &TapeList {
        &self.list
    }

    /// A place for the rows of one source; several may be filled at once, on several threads.
    pub fn stage(&self, source: &str) -> Staging {
        Staging::new(self.scratch.path(), source)
    }

    /// A folder for unfinished files of the caller, gone with the writer.
    pub fn scratch(&self) -> &std::path::Path {
        self.scratch.path()
    }

    /// Takes the staged rows of a source.
    pub fn add(&mut self, source: SourceEntry, staged: Staged) {
        for (key, runs) in staged.runs {
            self.runs.entry(key).or_default().extend(runs);
        }
        self.sources.push(source);
    }

    /// Another name under which a file that is held already was met: of all names the first is kept.
    pub fn met_again(&mut self, met: &SourceEntry) {
        let named = |entry: &SourceEntry| (entry.source.clone(), entry.dialect.clone(), entry.what.clone());
        let entries = self.list.sources.iter_mut().chain(&mut self.sources);
        for entry in entries.filter(|entry| named(entry) == named(met)) {
            if met.name < entry.name {
                entry.name.clone_from(&met.name);
            }
        }
    }

    /// Puts all that was added into the tape.
    ///
    /// # Errors
    /// A refusal of the store, or a part that does not read; the tape is then as it was.
    pub fn commit(self) -> Result<Committed, ArchiveError> {
        let names = self
            .list
            .sources
            .iter()
            .chain(&self.sources)
            .map(|entry| entry.source.clone());
        let sources = Sources::new(names);
        let existing: BTreeMap<&PartKey, &PartEntry> =
            self.list.parts.iter().map(|part| (&part.key, part)).collect();
        let runs: Vec<(&PartKey, &Vec<Run>)> = self.runs.iter().collect();
        let merged = runs
            .into_par_iter()
            .map(|(key, runs)| Ok((key, self.merged(key, runs, existing.get(key).copied(), &sources)?)))
            .collect::<Result<Vec<_>, ArchiveError>>()?;

        let fresh: BTreeSet<&str> = self.sources.iter().map(|entry| entry.source.as_str()).collect();
        let mut committed = Committed::default();
        let mut list = TapeList {
            format: self.list.format,
            parts: Vec::new(),
            sources: self.list.sources.iter().chain(&self.sources).cloned().collect(),
        };
        let mut replaced: BTreeMap<PartKey, PartEntry> = existing
            .iter()
            .map(|(key, part)| ((*key).clone(), (*part).clone()))
            .collect();
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for (key, Merged { written, by_source }) in merged {
            for (source, rows) in by_source {
                if fresh.contains(source.as_str()) && key.kind != Kind::Rejects {
                    *committed.kept.entry(source).or_default() += rows;
                }
            }
            let path = key.path(&written.facts.sha256);
            if replaced.get(key).is_some_and(|part| part.path == path) {
                continue;
            }
            committed.parts += 1;
            committed.conflicts += written.facts.conflicts;
            files.push((written.file, path.clone()));
            replaced.insert(
                key.clone(),
                PartEntry {
                    key: key.clone(),
                    path,
                    facts: written.facts,
                },
            );
        }
        list.parts = replaced.into_values().collect();
        let bytes = list.encode();
        if bytes == self.list.clone().encode() && self.version.is_some() {
            // Without a lock, parts that nobody names yet may be those of a writer at work.
            if self.tape.store.local_folder().is_some() {
                self.remove(&self.unnamed(&list));
            }
            return Ok(committed);
        }
        // Parts never lie there without a list, so that a list that is gone is told from one that never was.
        let version = match self.version.clone() {
            Some(version) => version,
            None => {
                self.tape.store.put_if(LIST, &self.list.clone().encode(), None)?;
                let held = self.tape.store.get(LIST)?.map(|(_, version)| version);
                held.ok_or_else(|| ArchiveError::corrupt(LIST, "it went away while it was written"))?
            }
        };
        for (file, path) in &files {
            self.tape.store.put_file(file, path)?;
        }
        // Whoever put other parts there began at the list before, and can no longer commit once it is replaced.
        let unnamed = self.unnamed(&list);
        self.tape.store.put_if(LIST, &bytes, Some(&version))?;
        self.remove(&unnamed);
        Ok(committed)
    }

    fn merged(
        &self,
        key: &PartKey,
        runs: &[Run],
        existing: Option<&PartEntry>,
        sources: &Sources,
    ) -> Result<Merged, ArchiveError> {
        if let ([run], None) = (runs, existing)
            && run.single
        {
            return Ok(Merged {
                written: run.written.clone(),
                by_source: [(run.source.clone(), run.written.facts.rows)].into(),
            });
        }
        let mut files: Vec<PathBuf> = runs.iter().map(|run| run.written.file.clone()).collect();
        if let Some(part) = existing {
            let folder = self.scratch.path().join(&part.facts.sha256);
            std::fs::create_dir_all(&folder).map_err(ArchiveError::io("create", &folder))?;
            files.push(self.tape.store.fetch(&part.path, &folder)?);
        }
        merge(key.kind, &files, sources, next_file(self.scratch.path()))
    }

    /// Parts that neither the new list nor the one before it names: what earlier commits replaced, or what is left of
    /// one that was stopped. What this commit replaces stays until the next, so that a reader of either list finds its
    /// files.
    fn unnamed(&self, list: &TapeList) -> Vec<String> {
        let (before, now) = (self.list.paths(), list.paths());
        let named = |path: &str| before.contains(path) || now.contains(path);
        let mut paths = self.tape.store.list("").unwrap_or_default();
        paths.retain(|path| is_part(path) && !named(path));
        paths
    }

    /// The tape is what its list says whatever lies beside it: what cannot be removed now, the next writer removes.
    fn remove(&self, parts: &[String]) {
        for path in parts {
            let _ = self.tape.store.delete(path);
        }
    }
}
