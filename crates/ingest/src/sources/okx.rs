//! OKX: the public archive of trades and funding, and what its interface says of liquidations and funding.
//!
//! A file of the archive covers a day of UTC+8, of one instrument or of all (`allswap`, `optionchain`). Sizes are
//! contracts, on spot coins; the size of a contract is kept for the few instruments where it is known. Files of 2021
//! to 2023 have five bilingual headings (GBK or UTF-8, such as `trade_id/…`) and name the instrument only in their own
//! name. Trade ids count within an instrument.
//! The channel of liquidations shows at most one order a second and contract; its price is the bankruptcy price.
//!
//! Source: <https://www.okx.com/historical-data>,
//! <https://www.okx.com/docs-v5/en/#public-data-websocket-liquidation-orders-channel>,
//! <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-funding-rate-history>.

mod archive;
mod interface;
#[cfg(test)]
mod tests;

use crate::{Head, IngestError, Recognised, Source};

/// OKX, its archive and its interface.
pub struct Okx;

impl Source for Okx {
    fn name(&self) -> &'static str {
        "okx"
    }

    fn tried(&self) -> &'static str {
        "documentation sample"
    }

    fn about(&self) -> &'static str {
        "OKX archive: trades and funding; liquidation and funding JSON"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        match archive::recognise(head)? {
            Some(recognised) => Ok(Some(recognised)),
            None => Ok(interface::recognise(head)),
        }
    }
}

/// The venue of an instrument: `BTC-USDT`, `BTC-USDT-SWAP`, `BTC-USD-240329`, `BTC-USD-240329-60000-C`.
pub(super) fn venue(instrument: &str) -> &'static str {
    match instrument.split('-').collect::<Vec<_>>().as_slice() {
        [_, _] => "okx-spot",
        [_, _, "SWAP"] => "okx-swap",
        [_, _, _, _, "C" | "P"] => "okx-options",
        _ => "okx-futures",
    }
}
