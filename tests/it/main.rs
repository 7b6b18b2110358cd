//! Integration tests: what no crate can show of itself alone.

mod report;
mod sql;
mod tidy;
mod workspace;
