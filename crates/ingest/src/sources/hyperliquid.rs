//! What a Hyperliquid node writes, and the venue's archive of asset contexts.
//!
//! The layouts of `s3://hl-mainnet-node-data`, JSON lines in LZ4 frames, one file an hour (all coins together):
//!
//! | folder | from, until | line |
//! |---|---|---|
//! | `node_trades` | 2025-03-22, 2025-06-21 | one trade; `side` is the taker's, `side_info` its two accounts |
//! | `node_fills` | 2025-05-25, 2025-07-27 | `[account, fill]`, the fill as the API has it |
//! | `node_fills_by_block` | 2025-07-27 | a block: `block_time`, `local_time`, `events` of `[account, fill]` |
//!
//! and of `s3://hyperliquid-archive`: `asset_ctxs/<date>.csv.lz4`, from 2023-05-20, a row a coin and minute.
//!
//! Sources: <https://hyperliquid.gitbook.io/hyperliquid-docs/historical-data>,
//! <https://hyperliquid.gitbook.io/hyperliquid-docs/for-developers/nodes/l1-data-schemas>,
//! <https://www.dwellir.com/docs/hyperliquid/trade-data> (the dates).

mod contexts;
mod fills;

use crate::{Framing, Head, IngestError, Recognised, Source};
use fills::{Layout, Node};

/// Hyperliquid's node data and asset contexts.
pub struct Hyperliquid;

/// Slug of the venue, and of its spot books.
const VENUE: &str = "hyperliquid";
const SPOT: &str = "hyperliquid-spot";

impl Source for Hyperliquid {
    fn name(&self) -> &'static str {
        "hyperliquid"
    }

    fn tried(&self) -> &'static str {
        "documentation sample"
    }

    fn about(&self) -> &'static str {
        "Hyperliquid node data (node_trades, node_fills, node_fills_by_block) and asset contexts"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let recognised = |what: &str, parser| Recognised {
            what: what.to_owned(),
            venue: VENUE.to_owned(),
            parser,
        };
        if let Some(contexts) = contexts::Contexts::of(head.first_line()) {
            return Ok(Some(recognised(
                "asset contexts of Hyperliquid",
                Box::new(contexts),
            )));
        }
        Ok(Layout::of(head).map(|layout| recognised(layout.what(), Box::new(Node { layout }))))
    }
}

/// Venue and instrument of a coin: perpetuals go by their name (`BTC`, `xyz:TSLA`), spot books by number or pair.
fn venue_of(coin: &str) -> &'static str {
    if coin.starts_with('@') || coin.contains('/') {
        SPOT
    } else {
        VENUE
    }
}

/// Lines without a header.
const LINES: Framing = Framing::Lines { header: 0 };

#[cfg(test)]
mod tests;
