//! The tape: everything that was ingested, one table a [`Kind`], as hive-partitioned Parquet.
//!
//! Its parts never change: new rows make a new part and a new list of parts. The list is one small file that is
//! replaced as a whole, so that a tape is either before or after an ingest, whenever that was stopped. What a
//! tape holds depends on which sources were ingested and not on their order.
//!
//! Read [`Kind`] first, then [`Tape`].

mod kind;
mod list;
mod merge;
mod order;
mod part;
mod silence;
mod stage;
mod writer;

pub use kind::*;
pub use list::{PartEntry, SourceEntry, Tape, TapeList};
pub use part::{Facts, PartKey, nulls};
pub use silence::Outage;
pub use stage::{Staged, Staging};
pub use writer::{Committed, TapeWriter};
