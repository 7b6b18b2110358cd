//! BitMEX: the daily archive of trades and quotes, and the tables its interface sends as JSON.
//!
//! Trades and quotes of all instruments of a day stand in one file, by instrument. Stamps are in UTC, to the
//! nanosecond in the archive and to the millisecond in the interface. Sizes are contracts: of one US dollar for XBTUSD
//! (`quote`), of one coin where the row's own `homeNotional` equals its size (`base`), else of a size that the files do
//! not say. `homeNotional` and `foreignNotional` are kept as `base_quantity` and `quote_quantity`.
//! Bars are stamped with the END of their bucket and open at the close before, so that their open may lie outside of
//! high and low; buckets without a trade are bars too. The table `liquidation` lists orders as they are placed and has
//! no stamp of its own: only a capture that writes the time of arrival before each message can be dated.
//! Symbols that begin with a point are indices: their prints go to `marks`.
//!
//! Source: <https://www.bitmex.com/api/explorer/>, <https://public.bitmex.com/?prefix=data/>.

mod archive;
mod interface;
mod tables;

use crate::{Head, IngestError, Recognised, Source};

/// BitMEX, its archive and its interface.
pub struct Bitmex;

impl Source for Bitmex {
    fn name(&self) -> &'static str {
        "bitmex"
    }

    fn tried(&self) -> &'static str {
        "real file (bars), documentation sample (trades, quotes, funding), untested on real data (liquidations)"
    }

    fn about(&self) -> &'static str {
        "BitMEX trades, quotes and funding CSV; trade, quote, bucketed, funding and liquidation JSON"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let venue = head.hints.venue.as_deref().unwrap_or("bitmex");
        match archive::recognise(head, venue) {
            Some(recognised) => Ok(Some(recognised)),
            None => interface::recognise(head, venue),
        }
    }
}

#[cfg(test)]
mod tests;
