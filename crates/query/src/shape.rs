//! Queries whose text alone is too much: the planner has no limits of its own, and what it holds nobody counts.

use std::collections::HashMap;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{Cte, ObjectName, Query, Visit, Visitor};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use crate::{Error, Reader, Result};

/// Deep queries recurse; this much stack a thread, in bytes, holds the deepest that the limits here let through.
pub const STACK_BYTES: usize = 256 << 20;

/// Longest text of a query.
const BYTES: usize = 1 << 20;
/// Most operators and joins; a chain of them nests as deep as it is long, and the planner recurses.
const OPERATORS: usize = 1_000;
/// Most tables once every `WITH` is written out where it is used; each use may double what is planned.
const TABLES: u64 = 1_000;

/// Refuses a query that would take the planner too much.
///
/// # Errors
/// When its text is too long, too deep, or unfolds to too many tables.
pub(crate) fn check(reader: &Reader, sql: &str) -> Result<()> {
    if sql.len() > BYTES {
        return Err(too_much(
            format!("the query is {} bytes long, and {BYTES} are taken", sql.len()),
            "ask several shorter ones",
        ));
    }
    let operators = operators(sql);
    if operators > OPERATORS {
        return Err(too_much(
            format!("the query has {operators} operators and joins, and {OPERATORS} are taken"),
            "write a chain of OR as IN (…), and one of UNION ALL as VALUES",
        ));
    }
    // What is not SQL is refused by who plans it, in better words.
    let Ok(statement) = reader
        .context()
        .state()
        .sql_to_statement(sql, &datafusion::config::Dialect::Generic)
    else {
        return Ok(());
    };
    let tables = tables(&statement);
    if tables > TABLES {
        return Err(too_much(
            format!("the query unfolds to {tables} or more tables, and {TABLES} are taken"),
            "each use of a WITH counts all that it uses",
        ));
    }
    Ok(())
}

fn too_much(primary: String, hint: &str) -> Error {
    Error::Limit {
        primary,
        hint: hint.to_owned(),
    }
}

/// Counts what nests without brackets; brackets the parser counts itself.
pub fn operators(sql: &str) -> usize {
    let tokens = Tokenizer::new(&GenericDialect {}, sql)
        .tokenize()
        .unwrap_or_default();
    let nests = |token: &&Token| match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::UNION
                | Keyword::INTERSECT
                | Keyword::EXCEPT
                | Keyword::JOIN
                | Keyword::IS
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::BETWEEN
                | Keyword::COLLATE
                | Keyword::XOR
                | Keyword::DIV
                | Keyword::AT
                | Keyword::IN
        ),
        Token::Whitespace(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::Placeholder(_)
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::SemiColon
        | Token::EOF => false,
        _ => true,
    };
    tokens.iter().filter(nests).count()
}

fn tables(statement: &Statement) -> u64 {
    let mut count = Unfolded::default();
    match statement {
        Statement::Explain(explained) => return tables(&explained.statement),
        Statement::Statement(statement) => {
            let _ = statement.visit(&mut count);
        }
        _ => {}
    }
    count.total
}

/// Counts tables with every name of a `WITH` standing for all that it uses.
#[derive(Default)]
struct Unfolded {
    /// Tables of the queries that are open, outermost first.
    open: Vec<u64>,
    /// Names of queries met in a `WITH`, by where they stand.
    named: HashMap<*const Query, String>,
    /// What a name stands for; the most of all that bear it.
    weights: HashMap<String, u64>,
    total: u64,
}

impl Visitor for Unfolded {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let members = query.with.iter().flat_map(|with| &with.cte_tables);
        for Cte { alias, query, .. } in members {
            self.named
                .insert(&raw const **query, alias.name.value.to_lowercase());
        }
        self.open.push(0);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let count = self.open.pop().unwrap_or_default();
        match self.named.get(&(&raw const *query)) {
            Some(name) => {
                let weight = self.weights.entry(name.clone()).or_default();
                *weight = (*weight).max(count.saturating_add(1));
            }
            None => self.add(count),
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = relation.to_string().trim_matches('"').to_lowercase();
        let weight = self.weights.get(&name).copied().unwrap_or(1);
        self.add(weight);
        ControlFlow::Continue(())
    }
}

impl Unfolded {
    fn add(&mut self, count: u64) {
        match self.open.last_mut() {
            Some(open) => *open = open.saturating_add(count),
            None => self.total = self.total.saturating_add(count),
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;

    use super::*;

    fn unfolded(sql: &str) -> u64 {
        let state = SessionContext::new().state();
        let statement = state.sql_to_statement(sql, &datafusion::config::Dialect::Generic);
        tables(&statement.expect("valid SQL"))
    }

    #[test]
    fn a_with_counts_wherever_it_is_used() {
        assert_eq!(unfolded("SELECT 1"), 0);
        assert_eq!(unfolded("SELECT * FROM a, b JOIN c ON true"), 3);
        // d is one table and itself; e uses it twice.
        assert_eq!(unfolded("WITH d AS (SELECT * FROM a) SELECT * FROM d"), 2);
        assert_eq!(
            unfolded(
                "EXPLAIN WITH d AS (SELECT * FROM a), e AS (SELECT * FROM d, d AS x) SELECT * FROM e, e AS y"
            ),
            10
        );
        let mut bomb = "WITH t0 AS (SELECT 1 AS n)".to_owned();
        for level in 1..=60 {
            let below = level - 1;
            bomb.push_str(&format!(", t{level} AS (SELECT a.n FROM t{below} a, t{below} b)"));
        }
        bomb.push_str(" SELECT * FROM t60");
        assert!(unfolded(&bomb) > 1 << 60);
    }

    #[test]
    fn what_nests_is_counted_and_lists_are_not() {
        assert_eq!(operators("SELECT 1, 2, 3 FROM t"), 0);
        assert_eq!(
            operators("SELECT a + b * c FROM t JOIN u ON t.x = u.x AND NOT t.y"),
            6
        );
        assert_eq!(operators(&format!("SELECT {}1", "1+".repeat(5_000))), 5_000);
        assert_eq!(operators(&format!("SELECT x IN ({}1)", "1, ".repeat(5_000))), 1);
    }
}
