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
use contexts::Contexts;
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
        "documentation sample (trades, fills), untested on real data (asset contexts)"
    }

    fn about(&self) -> &'static str {
        "Hyperliquid node data (node_trades, node_fills, node_fills_by_block) and asset contexts"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let venue = Venue(head.hints.venue.clone());
        let recognised = |what: &str, parser| Recognised {
            what: what.to_owned(),
            venue: venue.of_perpetuals().to_owned(),
            parser,
        };
        if let Some(contexts) = Contexts::of(head.first_line(), &venue) {
            return Ok(Some(recognised(
                "asset contexts of Hyperliquid",
                Box::new(contexts),
            )));
        }
        let node = |layout| Node {
            layout,
            venue: venue.clone(),
        };
        Ok(Layout::of(head).map(|layout| recognised(layout.what(), Box::new(node(layout)))))
    }
}

/// The venue that the user names, if any.
#[derive(Clone, Debug)]
struct Venue(Option<String>);

impl Venue {
    fn of_perpetuals(&self) -> &str {
        self.0.as_deref().unwrap_or(VENUE)
    }

    /// Perpetuals go by their name (`BTC`, `xyz:TSLA`), spot books by number or pair (`@107`, `PURR/USDC`).
    fn of(&self, coin: &str) -> &str {
        let spot = coin.starts_with('@') || coin.contains('/');
        self.0.as_deref().unwrap_or(if spot { SPOT } else { VENUE })
    }
}

/// Lines without a header.
const LINES: Framing = Framing::Lines { header: 0 };

#[cfg(test)]
mod tests;
