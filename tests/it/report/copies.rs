//! Copies of the fixture's runs that are other than they were, and the report on them.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use aftershock_query::Session;
use aftershock_report::Report;
use anyhow::{Context, Result};
use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::json;

use super::EPISODE;

/// A batch whose text column `name` holds `text` wherever `old` stood, or everywhere.
pub fn renamed(batch: &RecordBatch, name: &str, old: Option<&str>, text: &str) -> Result<RecordBatch> {
    let at = batch.schema().index_of(name)?;
    let before = arrow::compute::cast(batch.column(at), &arrow::datatypes::DataType::Utf8)?;
    let before = before
        .as_any()
        .downcast_ref::<StringArray>()
        .context("a column of text")?;
    let after: StringArray = before
        .iter()
        .map(|value| {
            value.map(|value| {
                if old.is_none_or(|old| old == value) {
                    text
                } else {
                    value
                }
            })
        })
        .collect();
    let mut columns: Vec<ArrayRef> = batch.columns().to_vec();
    columns[at] = arrow::compute::cast(&after, batch.column(at).data_type())?;
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// Copies the fixture's runs that belong together into a folder, every table changed by `change`, which is told its name;
/// the rule set price-band is called `name` there.
pub fn copied(
    folder: &Path,
    name: &str,
    change: impl Fn(&str, RecordBatch) -> Result<RecordBatch>,
) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for run in fs::read_dir(crate::workspace::root().join("tests/fixtures/sql/data/runs"))? {
        let run = run?;
        let folder_name = run.file_name().to_string_lossy().into_owned();
        if !folder_name.contains(EPISODE) || folder_name.contains("fef26b8c") {
            continue;
        }
        names.push(folder_name.trim_start_matches("run=").to_owned());
        let target = folder.join("runs").join(&folder_name);
        fs::create_dir_all(&target)?;
        for file in fs::read_dir(run.path())? {
            let path = file?.path();
            let copy = target.join(path.file_name().context("a name")?);
            if path.extension().is_none_or(|extension| extension != "parquet") {
                let text = fs::read_to_string(&path)?;
                let renamed = format!("\"rule_set\": {}", json!(name));
                fs::write(copy, text.replace("\"rule_set\": \"price-band\"", &renamed))?;
                continue;
            }
            let table = path.file_stem().context("a name")?.to_string_lossy().into_owned();
            let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&path)?)?;
            let schema = Arc::clone(reader.schema());
            let mut writer = ArrowWriter::try_new(fs::File::create(copy)?, schema, None)?;
            for batch in reader.build()? {
                let batch = renamed(&batch?, "rule_set", Some("price-band"), name)?;
                writer.write(&change(&table, batch)?)?;
            }
            writer.close()?;
        }
    }
    Ok(names)
}

/// The report on such a copy, with words of the episode written by `words`.
pub fn report_on(folder: &Path, runs: &[String], words: Option<&str>) -> Result<(Session, Report)> {
    let fixture = crate::workspace::root().join("tests/fixtures/sql");
    let mut catalog = crate::sql::catalog(&fixture.join("catalog"))?;
    for column in ["title", "instrument", "summary"] {
        if let Some(words) = words {
            catalog.episodes = renamed(&catalog.episodes, column, None, words)?;
        }
    }
    let runs: Vec<&str> = runs.iter().map(String::as_str).collect();
    let session = Session::open_runs(folder, catalog, &runs)?;
    let report = Report::build(&session, EPISODE, "changed")?;
    Ok((session, report))
}
