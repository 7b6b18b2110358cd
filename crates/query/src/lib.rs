//! Answers questions about recorded and replayed history in SQL.
//!
//! Four schemas are there: `recorded` (the tape and the cuts), `replayed` (the journals of runs), `synthetic` (made-up
//! crashes, of which nothing was recorded) and `catalog` (episodes, published figures, rule sets, scores on made-up crashes, runs, functions). A [`Session`] reads; nothing in SQL can write.
//! The questions we ask ourselves are files under `queries/`, embedded as [`queries`].
//!
//! The functions of the field, beside those that the engine brings, are in [`functions`].
//!
//! It never replays and knows no rule. Read [`Session`] first.

mod ahead;
mod as_of;
pub mod catalog;
pub mod cells;
pub mod columns;
mod cuts;
mod embedded;
mod error;
pub mod extension;
pub mod format;
pub mod functions;
mod meaning;
mod near;
mod pauses;
mod place;
pub mod queries;
mod reader;
mod replayed;
mod runs;
mod session;
pub mod shape;
pub mod statements;
mod synthetic;
mod tables;
mod tape;

pub use arrow::record_batch::RecordBatch;
pub use catalog::CatalogTables;
pub use embedded::Embedded;
pub use error::{Error, Result};
pub use extension::Functions;
pub use place::Place;
pub use reader::{Planned, Reader};
pub use session::{CATALOG, SCHEMA, Session};
