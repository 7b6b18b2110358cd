//! `ASOF JOIN`: each row of one table beside the last row of another that was known at its instant.
//!
//! ```sql
//! SELECT trades.event_at, trades.price_usd, funding.rate
//! FROM recorded.trades AS trades
//! ASOF JOIN recorded.funding AS funding
//!   MATCH_CONDITION (trades.event_at >= funding.event_at)
//!   ON trades.venue = funding.venue AND trades.instrument = funding.instrument
//! ```
//!
//! The form is Snowflake's. Every row of the left table comes out once, in order; where no row of the right one matches, its
//! columns are NULL. `>=` and `>` look back, `<=` and `<` ahead. Of several rows of one instant, looking back, the last is taken of
//! a table that is sorted, as tapes are, and any else. NULL matches nothing. `ON` holds equalities and may be left out.
//!
//! Both sides are read once, side by side in the order of their instants, with one place a key: what is sorted already, as tapes
//! are, is never sorted again. Read [`rewrite`] first: it marks the join in the statement by a function of its own that
//! the planner is told of, `rule` finds the mark in the plan, and `planner` makes the operator of it.

mod exec;
mod filter;
mod marker;
mod merge;
mod node;
mod planner;
mod rule;
mod statement;

use std::sync::Arc;

use datafusion::execution::SessionStateBuilder;
use datafusion::prelude::SessionContext;

use crate::functions::Described;

pub(crate) use statement::rewrite;

/// What `catalog.functions` says of it.
pub(crate) const DESCRIBED: Described = Described {
    name: "asof join",
    kind: "join",
    signature: "left ASOF JOIN right MATCH_CONDITION (left.at >= right.at) [ON left.key = right.key [AND …]]",
    meaning: "Each row of the left table beside the last row of the right one that was known at its instant: every row of the left table once, with NULLs where none matches, in an order of its own: say ORDER BY. `>=` and `>` look back, `<=` and `<` ahead. Of rows stamped alike a tape's last is taken. NULL matches nothing. Sides that are sorted by their instants, as tapes are, are read once side by side; others are sorted first.",
    units: "the columns of both tables",
    order: "imposed",
    source: "the form is Snowflake's; the meaning that of kdb+'s `aj`",
};

/// A context that knows the join.
pub(crate) fn context(builder: SessionStateBuilder) -> SessionContext {
    let state = builder
        .with_query_planner(Arc::new(planner::AsOfPlanner))
        .with_analyzer_rule(Arc::new(rule::AsOfRule))
        .with_optimizer_rule(Arc::new(filter::FilterThroughAsOf))
        .build();
    SessionContext::new_with_state(state)
}
