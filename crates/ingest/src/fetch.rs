//! Downloads the raw files of public archives, as their owners publish them, into `data/raw`.
//!
//! A [`SourceFile`] says what an archive holds, from when, and what is missing. [`plan`] turns a request into a
//! list of files and says beforehand what will not come. [`download`] fetches the plan: in parallel, continued
//! after a cut, compared with the archive's own checksum. A file has its final name only once it is whole.
//!
//! Nothing here reads what is inside a file.

mod checksum;
mod client;
mod download;
mod error;
mod part;
mod pattern;
mod plan;
mod source;
#[cfg(test)]
mod tests;

pub use download::{Fetched, FetchedFile, Options, Outcome, Progress, download};
pub use error::{FetchError, FileError};
pub use plan::{About, Plan, PlannedFile, Request, Told, plan};
pub use source::{Dataset, Free, Hole, KINDS, Period, SourceFile};
