//! Adding to a tape: stage sources, then commit them all at once or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rayon::prelude::*;

use super::list::{LIST, is_part};
use super::merge::{Input, Merged, merge};
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
    /// Sources whose rows go out.
    removed: BTreeSet<String>,
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
    /// Rows, rejects left out, that the tape had before in the parts that were looked at, and has now.
    pub rows: (u64, u64),
    /// Rows that were those of a source held before and are now those of a new one.
    pub taken_over: u64,
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
            removed: BTreeSet::new(),
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

    /// Takes all rows of a source out of the tape.
    pub fn remove(&mut self, source: &str) {
        self.removed.insert(source.to_owned());
    }

    /// Takes the staged rows of a source, in place of those that it gave before if it is held already.
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

    /// Puts all that was added into the tape, and takes out what was removed.
    ///
    /// A part of which no row stays is made anew without a look at its file, so that ingesting its sources again mends
    /// one that is damaged.
    ///
    /// # Errors
    /// A refusal of the store, or a part that is not what the list says; the tape is then as it was.
    pub fn commit(mut self) -> Result<Committed, ArchiveError> {
        let entries = self.entries();
        let sources = Sources::new(entries.iter().map(|entry| entry.source.clone()));
        let existing: BTreeMap<&PartKey, &PartEntry> =
            self.list.parts.iter().map(|part| (&part.key, part)).collect();
        let merged = self
            .touched()
            .into_par_iter()
            .map(|key| {
                let runs = self.runs.get(key).map_or(&[][..], Vec::as_slice);
                Ok((key, self.merged(key, runs, existing.get(key).copied(), &sources)?))
            })
            .collect::<Result<Vec<_>, ArchiveError>>()?;

        let fresh: BTreeSet<&str> = self.sources.iter().map(|entry| entry.source.as_str()).collect();
        let mut committed = Committed::default();
        let mut parts: BTreeMap<&PartKey, PartEntry> = existing
            .iter()
            .map(|(key, part)| (*key, (*part).clone()))
            .collect();
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for (key, merged) in merged {
            let Merged {
                written,
                by_source,
                aggregated,
            } = merged;
            let before = existing.get(key).copied();
            if key.kind != Kind::Rejects {
                committed.rows.0 += before.map_or(0, |part| part.facts.rows);
                committed.rows.1 += written.facts.rows;
                for (source, rows) in by_source
                    .iter()
                    .filter(|(source, _)| fresh.contains(source.as_str()))
                {
                    *committed.kept.entry(source.clone()).or_default() += rows;
                }
                let held = before.into_iter().flat_map(|part| &part.rows_by_source);
                committed.taken_over += held
                    .filter(|(source, _)| !fresh.contains(source.as_str()) && !self.removed.contains(*source))
                    .map(|(source, rows)| rows.saturating_sub(by_source.get(source).copied().unwrap_or(0)))
                    .sum::<u64>();
            }
            let path = key.path(&written.facts.sha256);
            if before.is_none_or(|part| part.path != path) {
                committed.parts += 1;
                committed.conflicts += written.facts.conflicts;
            }
            if written.facts.rows == 0 {
                parts.remove(key);
                continue;
            }
            files.push((written.file, path.clone()));
            let part = PartEntry {
                key: key.clone(),
                path,
                facts: written.facts,
                rows_by_source: by_source,
                aggregated,
            };
            parts.insert(key, part);
        }
        let mut list = TapeList {
            format: self.list.format,
            parts: parts.into_values().collect(),
            sources: entries,
        };
        let bytes = list.encode();
        if files.is_empty() && bytes == self.list.clone().encode() && self.version.is_some() {
            // Without a lock, parts that nobody names yet may be those of a writer at work.
            if self.tape.store.local_folder().is_some() {
                self.clear(&self.unnamed(&list));
            }
            return Ok(committed);
        }
        // Parts never lie there without a list, so that a list that is gone is told from one that never was.
        let version = match self.version.take() {
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
        self.clear(&unnamed);
        Ok(committed)
    }

    /// The sources of the tape after the commit. One that is added again keeps the first of its names, and one whose
    /// bytes no other entry shares leaves no row where this program does not put it any more.
    fn entries(&mut self) -> Vec<SourceEntry> {
        let held = std::mem::take(&mut self.list.sources);
        let mut stays: Vec<SourceEntry> = Vec::new();
        for old in &held {
            match self
                .sources
                .iter_mut()
                .find(|new| new.identity() == old.identity())
            {
                Some(new) if old.name < new.name => new.name.clone_from(&old.name),
                Some(_) => {}
                None if self.removed.contains(&old.source) => {}
                None => stays.push(old.clone()),
            }
        }
        for new in &self.sources {
            if !stays.iter().any(|other| other.source == new.source) {
                self.removed.insert(new.source.clone());
            }
        }
        self.list.sources = held;
        stays.extend(self.sources.iter().cloned());
        stays
    }

    /// The parts that get rows or lose some.
    fn touched(&self) -> BTreeSet<&PartKey> {
        let gone: Vec<&SourceEntry> = self
            .list
            .sources
            .iter()
            .filter(|entry| self.removed.contains(&entry.source))
            .collect();
        let losing = self
            .list
            .parts
            .iter()
            .filter(|part| gone.iter().any(|entry| part.may_hold(entry)))
            .map(|part| &part.key);
        self.runs.keys().chain(losing).collect()
    }

    fn merged(
        &self,
        key: &PartKey,
        runs: &[Run],
        existing: Option<&PartEntry>,
        sources: &Sources,
    ) -> Result<Merged, ArchiveError> {
        // What a source gives again stands in place of what it gave before.
        let given = runs.iter().map(|run| &run.source);
        let gone: BTreeSet<&str> = given.chain(&self.removed).map(String::as_str).collect();
        let existing = existing.filter(|part| {
            part.rows_by_source.is_empty()
                || part
                    .rows_by_source
                    .keys()
                    .any(|source| !gone.contains(source.as_str()))
        });
        if let ([run], None) = (runs, existing)
            && run.single
        {
            return Ok(Merged {
                written: run.written.clone(),
                by_source: [(run.source.clone(), run.written.facts.rows)].into(),
                aggregated: run.aggregated,
            });
        }
        let whole = |run: &Run| Input {
            file: run.written.file.clone(),
            without: BTreeSet::new(),
        };
        let mut inputs: Vec<Input<'_>> = runs.iter().map(whole).collect();
        if let Some(part) = existing {
            let folder = self.scratch.path().join(&part.facts.sha256);
            std::fs::create_dir_all(&folder).map_err(ArchiveError::io("create", &folder))?;
            let file = self.tape.store.fetch(&part.path, &folder)?;
            part.compare(&file)?;
            inputs.push(Input { file, without: gone });
        }
        merge(key.kind, inputs, sources, next_file(self.scratch.path()))
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
    fn clear(&self, parts: &[String]) {
        for path in parts {
            let _ = self.tape.store.delete(path);
        }
    }
}
