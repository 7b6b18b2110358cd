//! Post-mortems: the answers of `queries/` as one HTML page and its Markdown twin.
//!
//! Invariants:
//! - It knows nothing but tables. Every number shown is a cell of a query and says which: query, parameter, row and
//!   column stand on the element that holds it.
//! - The page needs no network and may use none: its policy allows its own scripts and nothing else. Without scripts
//!   every figure is there too, and a drawing in place of the chart.
//! - What limits the answer stands above the first number.
//! - Whatever comes from data is text: it can name no element, script or address.
//!
//! Read [`Report`] first.

mod axis;
mod beside;
mod chart;
mod columns;
mod figure;
mod kind;
mod league;
mod page;
mod policy;
mod recovery;
mod series;
mod show;
mod synthetic;
mod table;

pub use league::Link;

use aftershock_query::Session;

/// A post-mortem of one episode, or the page of a made-up crash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The page, complete in itself.
    pub html: String,
    /// Its twin; refers to the pictures by their file names.
    pub markdown: String,
    /// Pictures to be written beside the Markdown.
    pub pictures: Vec<Picture>,
}

/// A picture of the Markdown twin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Name of its file.
    pub file: String,
    /// The drawing.
    pub svg: String,
}

/// A report that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A question got no answer.
    #[error(transparent)]
    Query(#[from] aftershock_query::Error),
    /// There is no run to report on.
    #[error("there is no run of episode `{episode}` to report on")]
    NoRun {
        /// The episode.
        episode: String,
    },
    /// There is no made-up crash of this name.
    #[error("there is no made-up crash `{world}` to report on")]
    NoWorld {
        /// The crash.
        world: String,
    },
    /// Two runs would stand in the same place.
    #[error("two runs of the rule set `{rule_set}` cannot stand in one report")]
    Ambiguous {
        /// The rule set.
        rule_set: String,
    },
    /// A query lost a column that the report shows.
    #[error("query `{query}` has no column `{column}`")]
    NoColumn {
        /// The query.
        query: String,
        /// The column.
        column: String,
    },
    /// A picture could not be drawn.
    #[error("cannot draw: {0}")]
    Picture(String),
    /// A template is at fault.
    #[error("cannot fill the page: {0}")]
    Template(#[from] minijinja::Error),
}

impl Report {
    /// The report on all runs of `episode` that `session` sees; open it with [`Session::open_runs`]. Files are to be
    /// named `<stem>.html`, `<stem>.md` and as [`Picture::file`] says.
    ///
    /// # Errors
    /// Where there is no run, two runs share a rule set, or a query fails.
    pub fn build(session: &Session, episode: &str, stem: &str) -> Result<Self, Error> {
        page::build(session, episode, stem)
    }

    /// The page of all runs that `session` sees: what each rule set changed in each episode, side by side. An episode is linked
    /// where `link` knows the address of a post-mortem of it and these runs in the form of the page: `html` or `md`. The page names the runs that were
    /// `left_out` because they are damaged.
    ///
    /// # Errors
    /// Where a query fails.
    pub fn league(session: &Session, link: &Link<'_>, left_out: &[String]) -> Result<Self, Error> {
        league::build(session, link, left_out)
    }

    /// The page of the made-up crash `world`; open the session with [`Session::open_synthetic`]. Its files are named as
    /// those of [`Report::build`].
    ///
    /// # Errors
    /// Where there is no such crash, or a query fails.
    pub fn synthetic(session: &Session, world: &str, stem: &str) -> Result<Self, Error> {
        synthetic::build(session, world, stem)
    }
}
