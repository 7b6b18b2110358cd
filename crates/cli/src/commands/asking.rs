//! What `sql` and `query` share: which tables are asked, with which values, and how the answer is written.

use std::fs::File;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use aftershock_archive::{Departure, list_runs};
use aftershock_ingest::Catalog;
use aftershock_query::{Session, format};
use aftershock_study::{catalog, sql};
use anyhow::{Context, Result};

use crate::failure::Mistake;
use crate::limits::LimitArguments;
use crate::table;
use crate::tape::TapeArgument;

#[derive(clap::Args)]
pub(crate) struct Asking {
    /// Value of a `$name` in the query; repeat for several
    #[arg(short, long = "param", value_name = "NAME=VALUE")]
    parameters: Vec<String>,
    #[command(flatten)]
    tables: Tables,
    #[command(flatten)]
    limits: LimitArguments,
    /// How the answer is written
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Write the answer to a file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Which tables there are.
#[derive(clap::Args)]
pub(crate) struct Tables {
    #[command(flatten)]
    tape: TapeArgument,
    /// The made-up crash under `synthetic`: a folder that `synth --out` wrote; all of `synthetic` in the data folder where
    /// it is not given
    #[arg(long, value_name = "DIR")]
    synthetic: Option<PathBuf>,
}

impl Tables {
    /// The tables as they are now.
    pub(crate) fn session(&self, data: &Path) -> Result<Session> {
        let shocked: Vec<Departure> = list_runs(data)?
            .runs
            .into_iter()
            .filter_map(|run| run.shock)
            .collect();
        let tape = self.tape.open(data)?;
        let mut tables = catalog::tables(&[], &shocked)?;
        tables.calibrations = catalog::calibrations(data);
        let session = match &self.synthetic {
            Some(folder) => {
                crate::checked(folder)?;
                Session::open_beside(data, tape, folder, tables)?
            }
            None => Session::open_tape(data, tape, tables)?,
        };
        Ok(session.with(&sql::functions(data))?)
    }
}

#[derive(Clone, Copy, PartialEq, clap::ValueEnum)]
enum Format {
    Table,
    Csv,
    Jsonl,
    Parquet,
}

impl Asking {
    /// The tables that are asked, within the limits that were given.
    pub(crate) fn session(&self, data: &Path) -> Result<Session> {
        let mut session = self.tables.session(data)?;
        session.limit(self.limits.memory, self.limits.timeout)?;
        Ok(session)
    }

    /// Names, without the dollar, and values as they were given; another name of an episode becomes its id.
    pub(crate) fn parameters(&self) -> Result<Vec<(&str, String)>> {
        let catalog = Catalog::embedded()?;
        self.parameters
            .iter()
            .map(|text| {
                let (name, value) = text.split_once('=').ok_or_else(|| {
                    Mistake::new(format!("'{text}' is no parameter"))
                        .hint("write NAME=VALUE, such as episode=2026-02-05-day-long-slide")
                })?;
                let name = name.trim_start_matches('$');
                // Scenarios and patterns are asked for by the same parameter, and are no names of the catalog.
                let episode = catalog.find(value).ok().filter(|_| name == "episode");
                Ok((
                    name,
                    episode.map_or_else(|| value.to_owned(), |episode| episode.id.clone()),
                ))
            })
            .collect()
    }

    /// Whether the answer is a table for a reader.
    pub(crate) fn is_table(&self) -> bool {
        self.format == Format::Table
    }

    /// Whether what is written is a file, which holds one answer.
    pub(crate) fn is_one_file(&self) -> bool {
        self.output.is_some() || self.format == Format::Parquet
    }

    /// Asks, and writes the answer where and how it is wanted.
    pub(crate) fn answer(&self, session: &Session, sql: &str) -> Result<()> {
        let parameters = self.parameters()?;
        let parameters: Vec<(&str, &str)> = parameters
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let batches = session.sql_with(sql, &parameters)?;
        let mut bytes = Vec::new();
        match self.format {
            Format::Table if self.output.is_none() => {
                return table::print_answer(&format::text_table(&batches));
            }
            Format::Table => {
                return Err(Mistake::new("a table goes to standard output")
                    .hint("use --format csv, jsonl or parquet")
                    .into());
            }
            Format::Csv => format::write_csv(&batches, &mut bytes)?,
            Format::Jsonl => format::write_json_lines(&batches, &mut bytes)?,
            Format::Parquet if self.output.is_none() && std::io::stdout().is_terminal() => {
                return Err(Mistake::new("Parquet is not for a terminal")
                    .hint("add --output FILE, or pipe it")
                    .into());
            }
            Format::Parquet => format::write_parquet(&batches, &mut bytes)?,
        }
        match &self.output {
            None => std::io::stdout().lock().write_all(&bytes)?,
            Some(path) => {
                let mut file =
                    File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
                file.write_all(&bytes)
                    .with_context(|| format!("cannot write {}", path.display()))?;
            }
        }
        Ok(())
    }
}
