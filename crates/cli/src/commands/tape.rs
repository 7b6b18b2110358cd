//! `aftershock tape`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use aftershock_archive::tape::{Kind, PartEntry, SourceEntry, Tape, TapeList};
use aftershock_ingest::{Catalog, Episode};
use aftershock_market::Timestamp;
use anyhow::Result;
use indicatif::{HumanBytes, HumanCount};

use crate::failure::Mistake;
use crate::table::{self, counted};
use crate::tape::TapeArgument;

/// More instruments than this of one venue and kind are one line.
const LONGEST: usize = 8;
/// More episodes than this are counted.
const MOST_EPISODES: usize = 2;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    tape: TapeArgument,
    /// A line for each instrument, however many there are
    #[arg(long)]
    all: bool,
    /// Compare every part with the list, and say which files to ingest again where one is damaged
    #[arg(long)]
    check: bool,
    /// Take the rows of one file out of the tape: its `source` or its `name` in recorded.sources
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["all", "check"])]
    remove: Option<String>,
}

pub(crate) fn run(data: &Path, arguments: Arguments) -> Result<()> {
    let tape = arguments.tape.open(data)?;
    if let Some(source) = &arguments.remove {
        return remove(&tape, source, &arguments.tape);
    }
    let list = tape.list()?;
    if list.parts.is_empty() {
        crate::say!(
            "nothing is in the tape at {}; `aftershock ingest` adds to it",
            tape.store().location()
        );
        return Ok(());
    }
    let catalog = Catalog::embedded()?;
    let mut groups: BTreeMap<(Kind, &str), BTreeMap<&str, Held>> = BTreeMap::new();
    for part in &list.parts {
        let instruments = groups.entry((part.key.kind, &part.key.venue)).or_default();
        instruments
            .entry(&part.key.instrument)
            .or_default()
            .add(part, catalog.episodes());
    }
    let mut rows = Vec::new();
    for ((kind, venue), instruments) in &groups {
        if instruments.len() > LONGEST && !arguments.all {
            let mut all = Held::default();
            instruments.values().for_each(|held| all.join(held));
            rows.push(all.row(*kind, venue, &format!("{} instruments", instruments.len())));
        } else {
            rows.extend(
                instruments
                    .iter()
                    .map(|(instrument, held)| held.row(*kind, venue, instrument)),
            );
        }
    }
    let headers = [
        "kind",
        "venue",
        "instrument",
        "first",
        "last",
        "rows",
        "gaps",
        "fineness",
        "bytes",
        "conflicts",
        "episodes",
    ];
    table::print(&table::headers(&headers), &rows)?;
    let (rows, bytes) = list.parts.iter().fold((0, 0), |(rows, bytes), part| {
        (rows + part.facts.rows, bytes + part.facts.bytes)
    });
    crate::say!(
        "{} in {}, {}, from {}",
        counted(rows, "row"),
        counted(list.parts.len() as u64, "part"),
        HumanBytes(bytes),
        counted(list.sources.len() as u64, "file")
    );
    let both = groups
        .iter()
        .filter(|((kind, _), _)| *kind == Kind::Trades)
        .flat_map(|(_, instruments)| instruments.values())
        .filter(|held| held.aggregated > 0 && held.aggregated < held.rows)
        .count() as u64;
    if both > 0 {
        crate::say!(
            "WARNING: {} with trades and aggregated trades, which count the volume twice where they overlap: {}",
            counted(both, "instrument"),
            arguments.tape.sql("--named quality/aggregated")
        );
    }
    if arguments.check {
        return check(&tape, &list);
    }
    Ok(())
}

/// Says of every part that is not as the list says what is wrong with it, and which files mend it.
fn check(tape: &Tape, list: &TapeList) -> Result<()> {
    let bad = tape.check()?;
    for (part, reason) in &bad {
        crate::say!("damaged: {}: {reason}", part.path);
    }
    if bad.is_empty() {
        crate::say!("every part is as the list says");
        return Ok(());
    }
    let mends = |entry: &&SourceEntry| bad.iter().any(|(part, _)| part.may_hold(entry));
    let mut files: Vec<&str> = list
        .sources
        .iter()
        .filter(mends)
        .map(|entry| entry.name.as_str())
        .collect();
    files.sort_unstable();
    files.iter().for_each(|name| crate::say!("has rows of {name}"));
    let parts = counted(list.parts.len() as u64, "part");
    let (file, them) = if files.len() == 1 {
        ("this file", "")
    } else {
        ("these files", ", all at once,")
    };
    Err(
        Mistake::new(format!("{} of {parts} not as the list says", bad.len()))
            .hint(format!(
                "ingest {file} again{them} with `aftershock ingest --again PATH…`"
            ))
            .into(),
    )
}

/// Takes one file out of the tape, and says what else has to be done for the tape to be as if it had never been there.
fn remove(tape: &Tape, named: &str, place: &TapeArgument) -> Result<()> {
    let mut writer = tape.write()?;
    let list = writer.list().clone();
    let entries: Vec<&SourceEntry> = list
        .sources
        .iter()
        .filter(|entry| entry.source == named || entry.name == named)
        .collect();
    let sources: BTreeSet<&str> = entries.iter().map(|entry| entry.source.as_str()).collect();
    let mut names = sources.iter();
    let source = match (names.next(), names.next()) {
        (Some(source), None) => *source,
        (None, _) => {
            return Err(Mistake::new(format!(
                "no file in the tape has the source or the name `{named}`"
            ))
            .hint(format!(
                "{} lists them",
                place.sql("\"SELECT source, name, what FROM recorded.sources\"")
            ))
            .into());
        }
        _ => {
            let sources: Vec<&str> = sources.into_iter().collect();
            return Err(
                Mistake::new(format!("{} files in the tape are named `{named}`", sources.len()))
                    .hint(format!("name one by its source: {}", sources.join(", ")))
                    .into(),
            );
        }
    };
    let rows = |list: &TapeList| -> u64 {
        let parts = list.parts.iter().filter(|part| part.key.kind != Kind::Rejects);
        parts.map(|part| part.facts.rows).sum()
    };
    writer.remove(source);
    writer.commit()?;
    let gone = rows(&list) - rows(&tape.list()?);
    for entry in list.sources.iter().filter(|entry| entry.source == source) {
        crate::say!("taken out: {} ({source}), {}", entry.name, entry.what);
    }
    crate::say!("the tape has {} less", counted(gone, "row"));
    let overlapping = list.overlapping(source);
    if !overlapping.is_empty() {
        crate::say!(
            "WARNING: of rows that several files gave the tape keeps one, and those kept from this file are gone; \
             `aftershock ingest --again PATH…` puts back what these files have of them:"
        );
        overlapping
            .iter()
            .for_each(|entry| crate::say!("  {}", entry.name));
    }
    Ok(())
}

/// What is held of one instrument, or of several.
#[derive(Clone, Debug, Default)]
struct Held {
    span: Option<(i64, i64)>,
    rows: u64,
    /// Trades among them that stand for several.
    aggregated: u64,
    bytes: u64,
    conflicts: u64,
    gaps: usize,
    gap_us: i64,
    /// Time that the parts cover, each from its first row to its last.
    covered_us: i64,
    intervals_s: BTreeSet<i64>,
    episodes: BTreeSet<String>,
}

impl Held {
    fn add(&mut self, part: &PartEntry, episodes: &[Episode]) {
        let facts = &part.facts;
        let stamped = part.key.kind.stamp().map(|_| (facts.first_us, facts.last_us));
        let held = Self {
            span: stamped,
            rows: facts.rows,
            aggregated: part.aggregated,
            bytes: facts.bytes,
            conflicts: facts.conflicts,
            gaps: facts.outages.len(),
            gap_us: facts
                .outages
                .iter()
                .map(|outage| outage.to_us - outage.from_us)
                .sum(),
            covered_us: stamped.map_or(0, |(first, last)| last - first),
            intervals_s: facts.intervals_s.iter().copied().collect(),
            episodes: stamped.map_or_else(BTreeSet::new, |span| touched(episodes, span)),
        };
        self.join(&held);
    }

    fn join(&mut self, other: &Self) {
        self.span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.rows += other.rows;
        self.aggregated += other.aggregated;
        self.bytes += other.bytes;
        self.conflicts += other.conflicts;
        self.gaps += other.gaps;
        self.gap_us += other.gap_us;
        self.covered_us += other.covered_us;
        self.intervals_s.extend(&other.intervals_s);
        self.episodes.extend(other.episodes.iter().cloned());
    }

    fn row(&self, kind: Kind, venue: &str, instrument: &str) -> Vec<String> {
        let stamp = |at: Option<i64>| at.map_or_else(|| "-".to_owned(), |at| Timestamp(at).to_string());
        let gaps = match self.gaps {
            0 => "-".to_owned(),
            gaps => format!("{gaps}, {} in all", duration(self.gap_us as f64 / 1e6)),
        };
        let conflicts = match self.conflicts {
            0 => "-".to_owned(),
            conflicts => HumanCount(conflicts).to_string(),
        };
        let episodes: Vec<&str> = self.episodes.iter().map(String::as_str).collect();
        vec![
            kind.name().to_owned(),
            venue.to_owned(),
            instrument.to_owned(),
            stamp(self.span.map(|span| span.0)),
            stamp(self.span.map(|span| span.1)),
            HumanCount(self.rows).to_string(),
            gaps,
            self.fineness(kind),
            HumanBytes(self.bytes).to_string(),
            conflicts,
            match episodes.len() {
                0 => "-".to_owned(),
                few if few <= MOST_EPISODES => episodes.join(", "),
                many => format!("{many} episodes"),
            },
        ]
    }

    /// Length of the bars, or how often there is a row.
    fn fineness(&self, kind: Kind) -> String {
        if kind == Kind::Bars {
            let lengths = self.intervals_s.iter().map(|&length| match length {
                0 => "not by time".to_owned(),
                length => duration(length as f64),
            });
            return lengths.collect::<Vec<_>>().join(", ");
        }
        let covered_s = self.covered_us as f64 / 1e6;
        if covered_s <= 0.0 || self.rows < 2 {
            return "-".to_owned();
        }
        let rate = self.rows as f64 / covered_s;
        if rate >= 1.0 {
            format!("{rate:.1} rows/s")
        } else {
            format!("a row in {}", duration(1.0 / rate))
        }
    }
}

/// The episodes whose record's window a span touches.
fn touched(episodes: &[Episode], (first, last): (i64, i64)) -> BTreeSet<String> {
    let near = episodes.iter().filter(|episode| {
        let window = &episode.window;
        window.tape_from.micros() <= last && first < window.tape_end().micros()
    });
    near.map(|episode| episode.id.clone()).collect()
}

/// `90 s`, `15 min`, `8 h`, `2.5 d`: the largest unit that leaves one or more.
fn duration(seconds: f64) -> String {
    let units = [(86_400.0, "d"), (3_600.0, "h"), (60.0, "min")];
    let fits = units.iter().find(|(length, _)| seconds >= *length);
    let (value, unit) = fits.map_or((seconds, "s"), |(length, unit)| (seconds / length, unit));
    let rounded = (value * 10.0).round() / 10.0;
    format!("{rounded} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_said_in_their_own_unit() {
        assert_eq!(duration(59.94), "59.9 s");
        assert_eq!(duration(60.0), "1 min");
        assert_eq!(duration(28_800.0), "8 h");
        assert_eq!(duration(129_600.0), "1.5 d");
    }
}
