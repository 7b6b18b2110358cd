//! Integration tests: what no crate can show of itself alone.

mod browser;
mod calibrate;
mod check;
mod cli;
mod conservation;
mod determinism;
mod fetch;
mod functions;
mod inert;
mod ingest;
mod known_answers;
mod outside_rule;
mod own;
mod plain;
mod published;
mod recorded;
mod report;
mod serve;
mod sql;
mod synth;
mod synth_report;
mod tidy;
mod venues;
mod what_if;
mod workspace;
