//! The tables of `synthetic`: made-up crashes, which no record is and which stand in a schema of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aftershock_archive::synthetic::{self, FOLDER, LAST, TABLES};
use datafusion::common::DataFusionError;
use datafusion::datasource::TableProvider;
use datafusion::datasource::empty::EmptyTable;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};

use crate::{Error, Result};

/// Folder of a crash's truth, beside its tape.
const TRUTH: &str = "truth";

/// Journals of made-up crashes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Worlds(Vec<PathBuf>);

impl Worlds {
    /// All in the folder `synthetic` of a data folder.
    ///
    /// # Errors
    /// Where the folder is there and cannot be listed.
    pub(crate) fn in_data(data_dir: &Path) -> Result<Self> {
        let folder = data_dir.join("synthetic");
        if !folder.exists() {
            return Ok(Self::default());
        }
        let unreadable = |error: std::io::Error| Error::Data {
            path: folder.clone(),
            reason: error.to_string(),
        };
        let mut journals = Vec::new();
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let journal = entry.map_err(unreadable)?.path().join(TRUTH).join(FOLDER);
            if is_whole(&journal) {
                journals.push(journal);
            }
        }
        journals.sort();
        Ok(Self(journals))
    }

    /// The one crash of a folder, as it was generated.
    ///
    /// # Errors
    /// Where the folder holds none.
    pub(crate) fn of(folder: &Path) -> Result<Self> {
        let journal = folder.join(TRUTH).join(FOLDER);
        if is_whole(&journal) {
            return Ok(Self(vec![journal]));
        }
        Err(Error::Data {
            path: folder.to_owned(),
            reason: format!("it holds no {TRUTH}/{FOLDER}, as `aftershock synth --out` writes it"),
        })
    }

    pub(crate) fn tables(&self) -> Result<Vec<(&'static str, Arc<dyn TableProvider>)>> {
        let of = |name: &'static str| {
            let table = self.table(name).map_err(|error| Error::Data {
                path: self.0.first().cloned().unwrap_or_default(),
                reason: error.to_string(),
            })?;
            Ok((name, table))
        };
        TABLES.iter().map(|table| of(table.name)).collect()
    }

    fn table(&self, name: &str) -> std::result::Result<Arc<dyn TableProvider>, DataFusionError> {
        let schema = synthetic::schema(name).expect("every table has a schema");
        if self.0.is_empty() {
            return Ok(Arc::new(EmptyTable::new(schema)));
        }
        let urls = self
            .files(name)
            .map(|file| ListingTableUrl::parse(std::path::absolute(file)?.to_string_lossy()))
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let options = ListingOptions::new(Arc::new(ParquetFormat::default())).with_file_extension(".parquet");
        let config = ListingTableConfig::new_with_multi_paths(urls)
            .with_listing_options(options)
            .with_schema(schema);
        Ok(Arc::new(ListingTable::try_new(config)?))
    }

    fn files(&self, name: &str) -> impl Iterator<Item = PathBuf> {
        self.0
            .iter()
            .map(move |journal| journal.join(format!("{name}.parquet")))
    }

    /// The first file that is not there or does not open, and why.
    pub(crate) fn damaged(&self) -> Option<(PathBuf, String)> {
        let mut files = TABLES.iter().flat_map(|table| self.files(table.name));
        files.find_map(|path| crate::tables::unreadable(&path).map(|reason| (path, reason)))
    }
}

/// Its last table is written when all others are.
fn is_whole(journal: &Path) -> bool {
    journal.join(format!("{LAST}.parquet")).is_file()
}

/// What a table of `synthetic` holds.
pub(crate) fn about(table: &str) -> Option<&'static str> {
    synthetic::table(table).map(|table| table.about)
}

/// What a column of it means.
pub(crate) fn column_about(table: &str, column: &str) -> Option<&'static str> {
    synthetic::table(table)?.column_about(column)
}
