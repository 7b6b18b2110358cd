//! Fixtures: `tests/fixtures/ingest/hyperliquid`, their origin in `SOURCE.md` there.

use aftershock_archive::tape::Kind;

use crate::testing::{Fixture, fixture};

fn node(name: &str) -> Fixture {
    fixture("hyperliquid", name)
}

/// Source: <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/nodes/l1-data-schemas>, read by eye.
#[test]
fn trades_of_a_node_carry_the_takers_side() {
    let parsed = node("node_trades.jsonl").parsed();
    assert_eq!((parsed.source, parsed.read, parsed.rejected), ("hyperliquid", 2, 0));
    let comp = parsed.rows(Kind::Trades, "hyperliquid", "COMP");
    assert_eq!(comp, ["2024-07-26T08:26:25.899 price=51.367 quantity=0.31 side=buy"]);
}
