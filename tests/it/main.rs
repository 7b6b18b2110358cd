//! Integration tests: what no crate can show of itself alone.

mod report;
mod rules_book;
mod sql;
mod tidy;
mod workspace;
