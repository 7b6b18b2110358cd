//! The tables of a data folder: cuts, journals and manifests as providers.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aftershock_archive::{
    ArchiveError, Cut, Departure, Manifest, check_run, cut, journal, list_runs, run_path, sha256_hex,
};
use arrow::array::{RecordBatch, UInt32Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::datasource::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::logical_expr::{Expr, SortExpr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::{SessionContext, col, lit};
use parquet::file::reader::SerializedFileReader;

use crate::catalog::Columns;
use crate::embedded::{Cuts, Embedded};
use crate::{Error, Result};

type Named = (&'static str, Arc<dyn TableProvider>);

/// The tables of `recorded` that hold cuts, one folder a table below `cuts/`, and what is `embedded` of other episodes.
pub(crate) fn recorded(data_dir: &Path, embedded: &Embedded) -> Result<Vec<Named>> {
    let missing = embedded.missing(data_dir);
    let table = |folder: &str, start, columns, rows: fn(&Cut) -> RecordBatch| {
        let sorted_by = [start, "instrument"];
        let files = Files {
            folder: data_dir.join("cuts").join(folder),
            file: "*.parquet".to_owned(),
            columns,
            hive: &["episode", "venue"],
            sorted_by: sorted_by.to_vec(),
        };
        let cuts: Arc<dyn TableProvider> = Arc::new(Cuts {
            stored: files.provider()?,
            missing: missing.clone(),
            rows,
            sorted_by,
        });
        Ok(cuts)
    };
    let bars = table("bars", "open_at", cut::stored_bars_schema(), |cut| {
        cut::bars_to_batch(&cut.bars)
    })?;
    let days = table("perp_daily", "day_at", cut::stored_perp_daily_schema(), |cut| {
        cut::perp_daily_to_batch(&cut.perp_daily)
    })?;
    Ok(vec![("episode_bars", bars), ("episode_perp_daily", days)])
}

/// The tables of `replayed`: one folder a run below `runs/`, one file a table.
///
/// Only `known` runs are read, so that a damaged folder spoils no answer about the others.
pub(crate) fn replayed(context: &SessionContext, data_dir: &Path, known: &[Manifest]) -> Result<Vec<Named>> {
    journal::table_names()
        .iter()
        .map(|&name| {
            let files = Files {
                folder: data_dir.join("runs"),
                file: format!("{name}.parquet"),
                columns: journal::schema(name).expect("every table of a journal has a schema"),
                hive: &["run"],
                sorted_by: journal::order(name).to_vec(),
            };
            if known.is_empty() {
                return Ok((name, files.empty()));
            }
            let file = |run: &Manifest| run_path(data_dir, &run.run).join(&files.file);
            // A run of an earlier program may have had no such table.
            let having = known.iter().filter(|run| run.tables.contains_key(name));
            if let Some(path) = having.map(file).find(|path: &PathBuf| !path.exists()) {
                let columns = files.empty().schema();
                return Ok((name, Arc::new(Gone { path, columns }) as Arc<dyn TableProvider>));
            }
            let chosen = known.iter().map(|run| lit(run.run.as_str())).collect();
            let view = context
                .read_table(files.provider()?)
                .and_then(|frame| frame.filter(col("run").in_list(chosen, false)))
                .map_err(Error::of_execution)?
                .into_view();
            Ok((name, view))
        })
        .collect()
}

/// The manifests below `runs/`; only those of `chosen` where it is given.
pub(crate) fn manifests(data_dir: &Path, chosen: Option<&[&str]>) -> Result<Vec<Manifest>> {
    let list = list_runs(data_dir).map_err(|error| Error::Data {
        path: data_dir.join("runs"),
        reason: error.to_string(),
    })?;
    let mut known = list.runs;
    if let Some(chosen) = chosen {
        known.retain(|run| chosen.contains(&run.run.as_str()));
    }
    Ok(known)
}

/// `catalog.runs`: what the manifests say, and which run is each one's baseline.
///
/// The baseline of a run replays the same episode under the rules of record with the same cut, calibration,
/// engine, seed, draws, shock and positions; only such a pair may be subtracted.
pub(crate) fn runs(known: &[Manifest]) -> RecordBatch {
    let baselines: Vec<Option<&str>> = known
        .iter()
        .map(|run| {
            known
                .iter()
                .find(|other| other.rule_set == "record" && other.differs_by_rules_alone(run))
                .map(|other| other.run.as_str())
        })
        .collect();
    let rows: Vec<(&Manifest, Option<&str>)> = known.iter().zip(baselines).collect();
    let positions = |run: &Manifest| {
        let text = run.positions_csv.as_ref()?;
        Some(sha256_hex(text.as_bytes()))
    };
    let positions: Vec<Option<String>> = known.iter().map(positions).collect();
    let shock = |run: &Manifest| run.shock.as_ref().map(Departure::shock);
    let draws = UInt32Array::from_iter_values(rows.iter().map(|(run, _)| run.draws));
    let seeds = UInt64Array::from_iter_values(rows.iter().map(|(run, _)| run.seed));
    Columns::default()
        .text("run", &rows, |(run, _)| &run.run)
        .text("episode", &rows, |(run, _)| &run.episode)
        .text("rule_set", &rows, |(run, _)| &run.rule_set)
        .optional_text("baseline", &rows, |(_, baseline)| *baseline)
        .text("instrument", &rows, |(run, _)| &run.instrument)
        .text("rule_set_toml", &rows, |(run, _)| &run.rule_set_toml)
        .text("cut_sha256", &rows, |(run, _)| &run.cut_sha256)
        .text("rule_set_sha256", &rows, |(run, _)| &run.rule_set_sha256)
        .text("calibration_sha256", &rows, |(run, _)| &run.calibration_sha256)
        .text("engine_sha256", &rows, |(run, _)| &run.engine_sha256)
        .with(Field::new("seed", DataType::UInt64, false), Arc::new(seeds))
        .with(Field::new("draws", DataType::UInt32, false), Arc::new(draws))
        .text("recorded_episode", &rows, |(run, _)| run.recorded_episode())
        .number("shock_pct", &rows, |(run, _)| {
            shock(run).map(|shock| 100.0 * shock.ratio())
        })
        .number("shock_over_s", &rows, |(run, _)| {
            shock(run).map(|shock| f64::from(shock.over_s))
        })
        .optional_text("positions_sha256", &positions, |digest| digest.as_deref())
        .text("created_by", &rows, |(run, _)| &run.created_by)
        .batch()
}

/// A table that a file is missing of: whoever asks it is told so, rather than answered without that run.
#[derive(Debug)]
struct Gone {
    path: PathBuf,
    columns: SchemaRef,
}

#[async_trait::async_trait]
impl TableProvider for Gone {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.columns)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn datafusion::catalog::Session,
        _: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> std::result::Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let gone = Error::Data {
            path: self.path.clone(),
            reason: "the file is gone, and its run has it by its manifest".to_owned(),
        };
        Err(gone.through())
    }
}

/// Parquet files of one kind below a folder.
struct Files {
    folder: PathBuf,
    /// Name of the files, a glob.
    file: String,
    /// Columns inside the files.
    columns: SchemaRef,
    /// Columns that are names of folders, outermost first.
    hive: &'static [&'static str],
    /// Order of the rows inside each file.
    sorted_by: Vec<&'static str>,
}

impl Files {
    fn provider(&self) -> Result<Arc<dyn TableProvider>> {
        if !self.folder.exists() {
            return Ok(self.empty());
        }
        let folder = self.folder.canonicalize().map_err(|error| Error::Data {
            path: self.folder.clone(),
            reason: error.to_string(),
        })?;
        self.listing(&folder).map_err(|error| Error::Data {
            path: folder,
            reason: error.to_string(),
        })
    }

    fn empty(&self) -> Arc<dyn TableProvider> {
        let hive = self
            .hive
            .iter()
            .map(|name| Field::new(*name, DataType::Utf8, false));
        let fields: Vec<Field> = self
            .columns
            .fields()
            .iter()
            .map(|field| field.as_ref().clone())
            .chain(hive)
            .collect();
        Arc::new(EmptyTable::new(Arc::new(Schema::new(fields))))
    }

    fn listing(&self, folder: &Path) -> std::result::Result<Arc<dyn TableProvider>, DataFusionError> {
        let url = ListingTableUrl::parse(format!("{}/", folder.display()))?.with_glob(&self.file)?;
        let hive = self
            .hive
            .iter()
            .map(|name| ((*name).to_owned(), DataType::Utf8))
            .collect();
        let order: Vec<SortExpr> = self
            .sorted_by
            .iter()
            .map(|name| col(*name).sort(true, false))
            .collect();
        let mut options = ListingOptions::new(Arc::new(ParquetFormat::default()))
            .with_file_extension(".parquet")
            .with_table_partition_cols(hive);
        if !order.is_empty() {
            options = options.with_file_sort_order(vec![order]);
        }
        let config = ListingTableConfig::new(url)
            .with_listing_options(options)
            .with_schema(Arc::clone(&self.columns));
        Ok(Arc::new(ListingTable::try_new(config)?))
    }
}

/// The first Parquet file of a data folder that does not open, or of its runs that is not what was written, and why.
pub(crate) fn damaged(data_dir: &Path) -> Option<(PathBuf, String)> {
    let mut folders = vec![data_dir.join("runs"), data_dir.join("cuts")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "parquet") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
        .into_iter()
        .find_map(|path| unreadable(&path).map(|reason| (path, reason)))
        .or_else(|| changed(data_dir))
}

/// The first file of a run that opens and is not the one that was written.
fn changed(data_dir: &Path) -> Option<(PathBuf, String)> {
    let runs = list_runs(data_dir).ok()?.runs;
    runs.iter().find_map(|run| match check_run(data_dir, &run.run) {
        Err(ArchiveError::Corrupt { path, reason }) => Some((path, reason)),
        _ => None,
    })
}

/// Why a file does not open as Parquet, where it does not.
pub(crate) fn unreadable(path: &Path) -> Option<String> {
    let opened = File::open(path)
        .map_err(|error| error.to_string())
        .and_then(|file| SerializedFileReader::new(file).map_err(|error| error.to_string()));
    opened.err()
}
