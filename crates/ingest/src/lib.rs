//! What came in, in the words of a tape: episodes as researchers describe them, the embedded sample of the
//! record, and where each of its files was cut from.
//!
//! Nothing here knows a rule or a replay. Read [`Episode`] first, then [`Catalog`] and [`sample`].

mod catalog;
pub mod episode;
mod error;
pub mod fetch;
mod provenance;
mod sample;
mod toml_text;

use include_dir::{Dir, include_dir};

pub use catalog::Catalog;
pub use episode::Episode;
pub use error::{IngestError, TomlError};
pub use provenance::{Original, Provenance, SampleFile};
pub use sample::{Sample, embedded_sample_files, sample};

static EPISODES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/episodes");
static SAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/sample");
