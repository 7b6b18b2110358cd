//! The tape: everything that was ingested, one table a [`Kind`], hive-partitioned Parquet.

mod kind;

pub use kind::*;
