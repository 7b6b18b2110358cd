//! What a tape holds, as tables: its parts, its sources and its outages.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftershock_archive::tape::{Kind, Outage, PartEntry, SourceEntry, TapeList};
use aftershock_market::Timestamp;
use arrow::array::Int64Array;
use arrow::datatypes::{DataType, Field};
use datafusion::common::DataFusionError;
use datafusion::datasource::{MemTable, TableProvider};

use super::Named;
use crate::catalog::Columns;

/// A table about the tape itself.
pub(crate) struct List {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) columns: &'static [(&'static str, &'static str)],
}

/// All of them.
pub(crate) const LISTS: [List; 3] = [
    List {
        name: "parts",
        about: "One file of the tape.",
        columns: &[
            ("kind", "The table it belongs to."),
            ("venue", "Its venue."),
            ("instrument", "Its instrument."),
            ("span", "The time it covers: a day, a month, a year, or `all`."),
            ("rows", "Its rows."),
            ("bytes", "Its bytes."),
            ("sha256", "SHA-256 of its bytes."),
            ("first_at", "First stamp; null in rejects, which have none."),
            ("last_at", "Last stamp, likewise."),
            (
                "conflicts",
                "Rows that share a venue's id with another and say something else.",
            ),
            (
                "aggregated",
                "Trades that stand for several of the venue's; beside its single trades they count the volume twice.",
            ),
            ("path", "Where it lies below the tape."),
        ],
    },
    List {
        name: "sources",
        about: "One file that was ingested.",
        columns: &[
            ("source", "Its name in the column `source` of every other table."),
            ("dialect", "The dialect it was read by."),
            ("sha256", "SHA-256 of the file as it lay on the disk."),
            ("bytes", "Its bytes."),
            (
                "name",
                "File name, with the member behind `!` where it is an archive.",
            ),
            ("what", "What it was taken for."),
            ("records", "Records that were read."),
            ("rejected", "Records that were rejected."),
            (
                "rows",
                "Rows it gave, by table, before repetitions were taken out.",
            ),
            (
                "kept",
                "Rows that the tape has from it, rejects left out: of equal rows of several files one is kept.",
            ),
        ],
    },
    List {
        name: "outages",
        about: "One time in which rows were due and did not come, or hardly any; it says not why.",
        columns: &[
            ("kind", "The table."),
            ("venue", "The venue."),
            ("instrument", "The instrument."),
            ("from_at", "Its start."),
            ("to_at", "Its end, exclusive."),
            (
                "evidence",
                "`no rows`, `no bars`, or `few trades`: bars with hardly a trade.",
            ),
            (
                "due",
                "What was due: rows at the part's mean rate, bars, or trades at the part's median.",
            ),
            ("found", "What came."),
        ],
    },
];

/// The tables of a list.
pub(crate) fn tables(list: &TapeList) -> Result<Vec<Named>, DataFusionError> {
    let memory = |name, columns: Columns| -> Result<Named, DataFusionError> {
        let batch = columns.batch();
        let table = MemTable::try_new(batch.schema(), vec![vec![batch]])?;
        Ok((name, Arc::new(table) as Arc<dyn TableProvider>))
    };
    Ok(vec![
        memory("parts", parts(&list.parts))?,
        memory("sources", sources(list))?,
        memory("outages", outages(&list.parts))?,
    ])
}

fn parts(parts: &[PartEntry]) -> Columns {
    let at = |part: &PartEntry, micros: i64| part.key.kind.stamp().map(|_| Timestamp(micros));
    Columns::default()
        .text("kind", parts, |part| part.key.kind.name())
        .text("venue", parts, |part| &part.key.venue)
        .text("instrument", parts, |part| &part.key.instrument)
        .text("span", parts, |part| &part.key.span)
        .count("rows", parts, |part| part.facts.rows)
        .count("bytes", parts, |part| part.facts.bytes)
        .text("sha256", parts, |part| &part.facts.sha256)
        .optional_time("first_at", parts, |part| at(part, part.facts.first_us))
        .optional_time("last_at", parts, |part| at(part, part.facts.last_us))
        .count("conflicts", parts, |part| part.facts.conflicts)
        .count("aggregated", parts, |part| part.aggregated)
        .text("path", parts, |part| &part.path)
}

fn sources(list: &TapeList) -> Columns {
    let kept = list.kept().map(|kept| {
        let mut by_source: BTreeMap<&str, i64> = BTreeMap::new();
        for ((source, kind), rows) in kept {
            *by_source.entry(source).or_default() += if kind == Kind::Rejects { 0 } else { rows as i64 };
        }
        by_source
    });
    let sources = &list.sources;
    let kept: Int64Array = sources
        .iter()
        .map(|entry| Some(kept.as_ref()?.get(entry.source.as_str()).copied().unwrap_or(0)))
        .collect();
    let rows: Vec<(&SourceEntry, String)> = sources
        .iter()
        .map(|entry| {
            let tables = entry.rows.iter().map(|(table, rows)| format!("{table} {rows}"));
            (entry, tables.collect::<Vec<_>>().join(", "))
        })
        .collect();
    Columns::default()
        .text("source", &rows, |(entry, _)| &entry.source)
        .text("dialect", &rows, |(entry, _)| &entry.dialect)
        .text("sha256", &rows, |(entry, _)| &entry.sha256)
        .count("bytes", &rows, |(entry, _)| entry.bytes)
        .text("name", &rows, |(entry, _)| &entry.name)
        .text("what", &rows, |(entry, _)| &entry.what)
        .count("records", &rows, |(entry, _)| entry.records)
        .count("rejected", &rows, |(entry, _)| entry.rejected)
        .text("rows", &rows, |(_, rows)| rows)
        .with(Field::new("kept", DataType::Int64, true), Arc::new(kept))
}

fn outages(parts: &[PartEntry]) -> Columns {
    let rows: Vec<(&PartEntry, &Outage)> = parts
        .iter()
        .flat_map(|part| part.facts.outages.iter().map(move |outage| (part, outage)))
        .collect();
    Columns::default()
        .text("kind", &rows, |(part, _)| Kind::name(part.key.kind))
        .text("venue", &rows, |(part, _)| &part.key.venue)
        .text("instrument", &rows, |(part, _)| &part.key.instrument)
        .time("from_at", &rows, |(_, outage)| Timestamp(outage.from_us))
        .time("to_at", &rows, |(_, outage)| Timestamp(outage.to_us))
        .text("evidence", &rows, |(_, outage)| &outage.evidence)
        .number("due", &rows, |(_, outage)| Some(outage.due))
        .number("found", &rows, |(_, outage)| Some(outage.found))
}
