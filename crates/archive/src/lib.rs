//! Order and permanence: cuts and journals as Parquet, with schemas, digests and atomic writes.
//!
//! Equal rows give equal bytes. A file stands under its name only when it is whole, and a run only when all of
//! its tables are. Nothing here knows a vendor, a rule or SQL.
//! Read [`cut`] first (what a replay reads), then [`journal`] and [`run`] (what a replay did); for
//! made-up crashes [`synthetic`].

mod column;
pub mod cut;
mod digest;
mod error;
mod file;
pub mod journal;
pub mod manifest;
pub mod run;
pub mod store;
pub mod synthetic;
pub mod tape;

pub use cut::{Cut, CutDigest, read_bars, read_cut, read_perp_daily, write_cut};
pub use digest::{sha256_hex, sha256_of_file};
pub use error::{ArchiveError, way_out};
pub use journal::{Labels, journal_digests};
pub use manifest::{Departure, Digests, Manifest, TableDigest, run_id};
pub use run::{
    BrokenRun, RunList, RunPath, check_run, list_runs, read_manifest, remove_run, run_path, write_run,
};
pub use store::{Lock, Objects, Scratch, Store, Version};
pub use tape::{Tape, TapeWriter};
