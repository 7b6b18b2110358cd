//! What came in, in the words of a tape: episodes as researchers describe them, the embedded sample of the
//! record, and where each of its files was cut from.
//!
//! Nothing here knows a rule or a replay. Read [`Episode`] first, then [`Catalog`] and [`sample`].

mod arrow_file;
mod catalog;
pub mod chain;
mod container;
pub mod csv;
pub mod episode;
mod error;
pub mod fetch;
mod frames;
#[cfg(test)]
mod fuzz_tests;
mod ingest;
pub mod json;
mod output;
mod paths;
mod provenance;
mod read;
mod rows;
mod sample;
mod source;
pub mod sources;
#[cfg(test)]
mod tape_tests;
#[cfg(test)]
mod testing;
pub mod text;
mod toml_text;

use include_dir::{Dir, include_dir};

pub use catalog::Catalog;
pub use container::Limits;
pub use episode::Episode;
pub use error::{IngestError, TomlError};
pub use ingest::{FileReport, Options, Progress, Report, ingest};
pub use output::{Output, Place};
pub use provenance::{Original, Provenance, SampleFile};
pub use rows::Rows;
pub use sample::{Sample, embedded_sample_files, sample};
pub use source::{Block, Framing, Head, Hints, Parser, Recognised, Records, Source};

static EPISODES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/episodes");
static SAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/sample");
