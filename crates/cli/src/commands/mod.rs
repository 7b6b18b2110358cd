//! One file a subcommand.

pub(crate) mod asking;
pub(crate) mod calibrate;
pub(crate) mod check;
pub(crate) mod compare;
pub(crate) mod episodes;
pub(crate) mod fetch;
pub(crate) mod ingest;
pub(crate) mod query;
pub(crate) mod repl;
pub(crate) mod replay;
pub(crate) mod report;
pub(crate) mod rules;
pub(crate) mod runs;
#[cfg(feature = "serve")]
pub(crate) mod serve;
pub(crate) mod sql;
pub(crate) mod synth;
pub(crate) mod tape;
pub(crate) mod venues;
pub(crate) mod verify;
