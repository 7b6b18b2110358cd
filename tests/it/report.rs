//! A post-mortem of the synthetic fixture, read back: no number outside an element that names its cell, and every
//! cell asked for again.
//!
//! Covered is what a reader sees: story, summary and limits, tables, the cells that the chart shows and lays under the
//! mouse, the text and the marks of the pictures, the Markdown twin, and the page of all runs. Not covered are the marks
//! beside the axes of the chart that the browser draws, which are pixels of the script's own arithmetic, and the shapes
//! in the pictures of a made-up crash, of which the axes are read back.

mod cells;
mod changed;
mod chart;
mod contents;
mod copies;
mod drawn;
mod league;
mod long;
mod page;
mod svg;
mod twin;

use std::sync::OnceLock;

use aftershock_query::Session;
use aftershock_query::cells::Rows;
use aftershock_report::Report;
use anyhow::{Result, anyhow};

pub use self::cells::shows;
pub use self::copies::{copied, report_on};
pub use self::page::asked_again;
pub use self::twin::twin_asked_again;

const EPISODE: &str = "2000-01-01-made-up";
const STEM: &str = "made-up";

/// A session of the runs that belong together, and the report on them; made once.
pub fn made() -> Result<&'static (Session, Report)> {
    static MADE: OnceLock<Result<(Session, Report)>> = OnceLock::new();
    let made = MADE.get_or_init(make).as_ref();
    made.map_err(|error| anyhow!("{error:#}"))
}

fn make() -> Result<(Session, Report)> {
    let root = crate::workspace::root().join("tests/fixtures/sql");
    let all = crate::sql::fixture()?;
    let together = Rows::of(&all.sql_with(
        "SELECT run FROM catalog.runs WHERE episode = $episode AND draws = 100 ORDER BY run",
        &[("episode", EPISODE)],
    )?);
    let runs: Vec<&str> = together.rows.iter().filter_map(|row| row[0].text()).collect();
    let session = Session::open_runs(
        &root.join("data"),
        crate::sql::catalog(&root.join("catalog"))?,
        &runs,
    )?;
    let report = Report::build(&session, EPISODE, STEM)?;
    Ok((session, report))
}
