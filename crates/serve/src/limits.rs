//! What one query may take.

use std::fmt;
use std::time::Duration;

use aftershock_query::Error;

/// What one query may take, and how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that sorts, joins and groups of one query may hold; nothing is written to disk instead.
    pub memory: usize,
    /// From the moment a query arrives until its last row is taken.
    pub time: Duration,
    /// Rows that one query may send.
    pub rows: u64,
    /// Queries that run at the same time; others wait for their turn.
    pub queries: usize,
    /// Connections at the same time, of each protocol.
    pub connections: usize,
}

impl Default for Limits {
    /// 1 GB, five minutes, ten million rows, four queries, 64 connections.
    fn default() -> Self {
        Self {
            memory: 1_000_000_000,
            time: Duration::from_secs(300),
            rows: 10_000_000,
            queries: 4,
            connections: 64,
        }
    }
}

impl Limits {
    /// The query took too long.
    pub(crate) fn of_time(&self) -> Error {
        Error::Limit {
            primary: format!("the query takes longer than the {} it may", seconds(self.time)),
            hint: "ask for less, or start the server with a higher --timeout".to_owned(),
        }
    }

    /// The query was never begun.
    pub(crate) fn of_queries(&self) -> Error {
        Error::Limit {
            primary: format!(
                "all {} places for queries were taken for {}",
                self.queries,
                seconds(self.time)
            ),
            hint: "ask again later, or start the server with more --queries".to_owned(),
        }
    }

    /// The answer is too long; rows already sent are not all of it.
    pub(crate) fn of_rows(&self) -> Error {
        Error::Limit {
            primary: format!("the answer has more than the {} rows that may be sent", self.rows),
            hint: "add a LIMIT or aggregate, or start the server with a higher --rows".to_owned(),
        }
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} MB of memory, {} and {} rows a query, {} queries at once",
            self.memory / 1_000_000,
            seconds(self.time),
            self.rows,
            self.queries
        )
    }
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}
