//! Answers questions about recorded and replayed history in SQL.
//!
//! Four schemas are there: `recorded` (the tape and the cuts), `replayed` (the journals of runs), `synthetic` (made-up
//! crashes, of which nothing was recorded) and `catalog` (episodes, published figures, rule sets, scores on made-up crashes, runs). A [`Session`] reads; nothing in SQL can write.
//! The questions we ask ourselves are files under `queries/`, embedded as [`queries`].
//!
//! It never replays and knows no rule. Read [`Session`] first.

pub mod catalog;
pub mod cells;
pub mod columns;
mod error;
pub mod format;
mod near;
pub mod queries;
mod reader;
mod session;
mod synthetic;
mod tables;
mod tape;

pub use arrow::record_batch::RecordBatch;
pub use catalog::CatalogTables;
pub use error::{Error, Result};
pub use reader::{Planned, Reader};
pub use session::Session;
