//! The workspace keeps its own house rules: arrows, the code map, provenance, headers, pages, top level.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use aftershock_archive::sha256_hex;
use aftershock_calibrate::{Recorded, RecordedError};
use aftershock_ingest::{Catalog, sample};
use aftershock_rules::kinds;
use anyhow::{Context, Result, bail, ensure};

use crate::workspace::{Loaded, committed, names, root, text, window_and_scope};

/// What a crate may use of ours; every crate may use `market`.
const ARROWS: [(&str, &[&str]); 13] = [
    ("market", &[]),
    ("measure", &[]),
    ("protocol", &["measure"]),
    ("rules", &["protocol", "measure"]),
    ("replay", &["protocol", "measure"]),
    ("calibrate", &["replay", "measure", "protocol"]),
    ("archive", &["protocol"]),
    ("ingest", &["archive"]),
    (
        "sweep",
        &["measure", "calibrate", "replay", "rules", "protocol", "archive"],
    ),
    ("query", &["archive", "measure"]),
    ("report", &["query"]),
    ("serve", &["query"]),
    (
        "study",
        &[
            "sweep",
            "calibrate",
            "rules",
            "protocol",
            "ingest",
            "archive",
            "query",
        ],
    ),
];
/// Stands above all others.
const TOP: &str = "cli";
/// May link the query engine: it and what stands above it.
const WITH_ENGINE: [&str; 5] = ["query", "report", "serve", "study", "cli"];
/// Decide or count, and so know no file format.
const WITHOUT_TABLES: [&str; 7] = [
    "market",
    "protocol",
    "rules",
    "measure",
    "replay",
    "calibrate",
    "sweep",
];
const TOP_LEVEL: [&str; 9] = [
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "LICENSE",
    "crates",
    "data",
    "queries",
    "reports",
    "tests",
];
const COMMITTED_DATA_BYTES: u64 = 12_000_000;

/// Direct dependencies of each crate.
fn dependencies() -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut all = BTreeMap::new();
    for name in names("crates")? {
        let path = format!("crates/{name}/Cargo.toml");
        if !root().join(&path).exists() {
            continue;
        }
        let manifest: toml::Table = toml::from_str(&text(&path)?).with_context(|| path.clone())?;
        ensure!(
            manifest["package"]["name"].as_str() == Some(&format!("aftershock-{name}")),
            "{path}: packages are named after their folder"
        );
        let table = manifest.get("dependencies").and_then(toml::Value::as_table);
        let used = table.into_iter().flat_map(|table| table.keys().cloned());
        all.insert(name, used.collect());
    }
    Ok(all)
}

/// Those of ours among dependencies, by folder.
fn ours(used: &BTreeSet<String>) -> BTreeSet<&str> {
    used.iter()
        .filter_map(|name| name.strip_prefix("aftershock-"))
        .collect()
}

#[test]
fn arrows_point_one_way() -> Result<()> {
    let all = dependencies()?;
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).chain([TOP]).collect();
    let there: BTreeSet<&str> = all.keys().map(String::as_str).collect();
    ensure!(
        known == there,
        "crates are {there:?}, arrows are known for {known:?}"
    );
    for (name, allowed) in ARROWS {
        let leaf = matches!(name, "market" | "measure");
        for used in ours(&all[name]) {
            let fine = allowed.contains(&used) || (used == "market" && !leaf);
            ensure!(
                fine,
                "crates/{name} uses {used}; allowed are market and {allowed:?}"
            );
        }
    }
    Ok(())
}

#[test]
fn only_the_query_engine_and_what_stands_above_it_link_datafusion() -> Result<()> {
    let all = dependencies()?;
    let mut links: BTreeSet<&str> = BTreeSet::new();
    // As many rounds as crates reach every crate above another.
    for _ in 0..all.len() {
        for (name, used) in &all {
            if used.contains("datafusion") || ours(used).iter().any(|one| links.contains(one)) {
                links.insert(name);
            }
        }
    }
    ensure!(links == BTreeSet::from(WITH_ENGINE), "{links:?} link datafusion");
    for name in WITHOUT_TABLES {
        for format in ["arrow", "parquet", "datafusion"] {
            ensure!(!all[name].contains(format), "crates/{name} uses {format}");
        }
    }
    Ok(())
}

#[test]
fn the_code_map_is_true() -> Result<()> {
    let map = text("crates/README.md")?;
    let all = dependencies()?;
    let mut seen = BTreeSet::new();
    for section in map.split("\n## ").skip(1) {
        let (name, body) = section.split_once('\n').unwrap_or((section, ""));
        ensure!(seen.insert(name.to_owned()), "`{name}` stands twice in the map");
        let used = all
            .get(name)
            .with_context(|| format!("the map shows `{name}`, which is no crate"))?;
        let line = |key: &str| {
            let found = body.lines().find_map(|line| line.strip_prefix(key));
            found.with_context(|| format!("`{name}` has no line `{key}`"))
        };
        let said: BTreeSet<&str> = line("Uses:")?
            .split(',')
            .map(|one| one.trim().trim_matches('`').trim_end_matches('.'))
            .filter(|one| !one.is_empty() && *one != "nothing of ours")
            .collect();
        ensure!(
            said == ours(used),
            "`{name}` is said to use {said:?}, its manifest says {:?}",
            ours(used)
        );
        ensure!(
            !line("Never knows:")?.trim().is_empty(),
            "`{name}` must say what it never knows"
        );
    }
    let missing: Vec<&String> = all.keys().filter(|name| !seen.contains(*name)).collect();
    ensure!(missing.is_empty(), "not in the map: {missing:?}");
    Ok(())
}

#[test]
fn every_sample_file_has_a_provenance() -> Result<()> {
    let provenance: toml::Table = toml::from_str(&text("data/sample/PROVENANCE.toml")?)?;
    let rows = provenance["file"].as_array().context("an array of files")?;
    let mut listed = BTreeSet::new();
    for row in rows {
        let said = |row: &toml::Value, key: &str| -> Result<String> {
            let value = row.get(key).and_then(toml::Value::as_str);
            let value = value.with_context(|| format!("no {key} in {row}"))?;
            ensure!(!value.is_empty(), "empty {key} in {row}");
            Ok(value.to_owned())
        };
        let path = said(row, "path")?;
        let also = row.get("also").and_then(toml::Value::as_array);
        for original in std::iter::once(row).chain(also.into_iter().flatten()) {
            for key in ["package", "package_version", "licence", "original"] {
                said(original, key)?;
            }
            let digest = said(original, "original_sha256")?;
            let hex = digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            ensure!(digest.len() == 64 && hex, "{path}: {digest} is no SHA-256");
        }
        let bytes = fs::read(root().join("data/sample").join(&path)).with_context(|| path.clone())?;
        ensure!(
            sha256_hex(&bytes) == said(row, "sha256")?,
            "{path} is not the file that its provenance names"
        );
        ensure!(listed.insert(path.clone()), "{path} is listed twice");
    }
    let cut: BTreeSet<String> = committed()?
        .iter()
        .filter_map(|path| path.strip_prefix("data/sample/"))
        .filter(|path| path.contains('/'))
        .map(str::to_owned)
        .collect();
    ensure!(
        listed == cut,
        "listed and not there, or there and not listed: {:?}",
        listed.symmetric_difference(&cut)
    );
    for file in ["data/sample/PROVENANCE.toml", "data/sample/cut.py"] {
        for address in ["http", "www."] {
            ensure!(!text(file)?.contains(address), "{file} holds an address");
        }
    }
    Ok(())
}

#[test]
fn every_query_has_a_header_an_order_and_a_page() -> Result<()> {
    let mut questions = BTreeSet::new();
    for topic in names("queries")? {
        if !root().join("queries").join(&topic).is_dir() {
            continue;
        }
        for file in names(&format!("queries/{topic}"))? {
            let path = format!("queries/{topic}/{file}");
            let question = file.strip_suffix(".sql").with_context(|| path.clone())?;
            let sql = text(&path)?;
            for (line, key) in sql.lines().zip(["Question", "Grain", "Units", "Reads"]) {
                let rest = line.strip_prefix(&format!("-- {key}: "));
                ensure!(
                    rest.is_some_and(|rest| !rest.trim().is_empty()),
                    "{path} should say `-- {key}: …` where it says `{line}`"
                );
            }
            let ends = sql
                .lines()
                .rev()
                .map(str::trim_end)
                .find(|line| !line.starts_with(' '));
            ensure!(
                ends.is_some_and(|line| line.starts_with("ORDER BY")),
                "{path} should end in an ORDER BY of its own, not in {ends:?}"
            );
            let page = format!("tests/sql/{question}.slt");
            ensure!(root().join(&page).exists(), "{path} has no page {page}");
            ensure!(
                questions.insert(question.to_owned()),
                "two queries are named {question}"
            );
        }
    }
    ensure!(questions.len() >= 12, "{} questions", questions.len());
    for page in names("tests/sql")? {
        if let Some(stem) = page.strip_suffix(".slt") {
            ensure!(questions.contains(stem), "tests/sql/{page} belongs to no query");
        }
    }
    Ok(())
}

#[test]
fn every_source_is_in_the_readme_with_what_it_was_tried_on() -> Result<()> {
    let line = |source: &&dyn aftershock_ingest::Source| {
        format!(
            "| `{}` | {} | {} |\n",
            source.name(),
            source.about(),
            source.tried()
        )
    };
    let table: String = aftershock_ingest::sources::SOURCES.iter().map(line).collect();
    let readme = text("README.md")?;
    let head = "| source | reads | tried on |\n|---|---|---|\n";
    let found = readme.split_once(head).context("a table of sources")?.1;
    let found = found.split_once("\n\n").map_or(found, |(table, _)| table);
    ensure!(
        found == table.trim_end(),
        "README.md should have this table of sources:\n{head}{table}"
    );
    Ok(())
}

#[test]
fn every_rule_has_a_page() -> Result<()> {
    let pages: BTreeSet<String> = names("tests/rules")?.into_iter().collect();
    let written = pages
        .iter()
        .map(|page| text(&format!("tests/rules/{page}")))
        .collect::<Result<Vec<_>>>()?;
    for kind in kinds() {
        let line = format!("kind = \"{}\"", kind.name);
        ensure!(
            written.iter().any(|page| page.contains(&line)),
            "no page of tests/rules shows the kind {}",
            kind.name
        );
    }
    for file in names("data/rule-sets")? {
        let Some(name) = file.strip_suffix(".toml").filter(|name| *name != "record") else {
            continue;
        };
        ensure!(
            pages.contains(&format!("{name}.md")),
            "no page tests/rules/{name}.md"
        );
    }
    Ok(())
}

#[test]
fn the_top_level_holds_what_it_may() -> Result<()> {
    for path in committed()? {
        let top = path.split('/').next().unwrap_or(&path);
        ensure!(
            top.starts_with('.') || TOP_LEVEL.contains(&top),
            "{top} has no place at the top level"
        );
    }
    for name in ["Cargo.toml", "Cargo.lock", "LICENSE", "crates", "data", "queries"] {
        ensure!(root().join(name).exists(), "{name} is missing");
    }
    Ok(())
}

#[test]
fn committed_data_is_small_and_no_file_knows_its_author_s_machine() -> Result<()> {
    // Written in two parts so that this file does not hold them.
    let anywhere = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let outside_tests = [concat!("../", "shared")];
    let mut data = 0;
    for path in committed()? {
        let bytes = fs::read(root().join(&path)).with_context(|| path.clone())?;
        if path.starts_with("data/") {
            data += bytes.len() as u64;
        }
        let Ok(content) = std::str::from_utf8(&bytes) else {
            continue;
        };
        for needle in anywhere {
            ensure!(!content.contains(needle), "{path} mentions {needle}");
        }
        if !path.starts_with("tests/") {
            for needle in outside_tests {
                ensure!(!content.contains(needle), "{path} mentions {needle}");
            }
        }
    }
    ensure!(data < COMMITTED_DATA_BYTES, "{data} bytes of data are committed");
    Ok(())
}

#[test]
fn every_episode_can_be_replayed() -> Result<()> {
    let catalog = Catalog::embedded()?;
    ensure!(
        catalog.episodes().len() >= 20,
        "{} episodes",
        catalog.episodes().len()
    );
    for episode in catalog.episodes() {
        let loaded = Loaded::new(&episode.id)?;
        ensure!(loaded.episode.window.trigger_at >= loaded.episode.window.replay_from);
        ensure!(
            loaded.recorded.close_at.len() >= 30,
            "{}: {} bars",
            episode.id,
            loaded.recorded.close_at.len()
        );
        let date = &episode.id[..10];
        ensure!(
            episode.aliases.iter().any(|alias| alias == date),
            "{}: the date is no alias",
            episode.id
        );
    }
    Ok(())
}

#[test]
fn flow_and_volume_of_different_venues_do_not_load() -> Result<()> {
    let mut tried = 0;
    for episode in Catalog::embedded()?.episodes() {
        let sample = sample(episode)?;
        let (window, mut scope) = window_and_scope(episode);
        if !scope.perpetual {
            continue;
        }
        scope.venues.push("another-venue".into());
        match Recorded::new(&sample.bars, &sample.perp_daily, window, &scope, None) {
            Err(RecordedError::Scope { .. }) => tried += 1,
            other => bail!("{}: {:?}", episode.id, other.map(|_| "loads")),
        }
    }
    ensure!(tried > 0);
    Ok(())
}
