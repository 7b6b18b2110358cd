//! The vendor's names of venues and ours.

use crate::sources::{bybit, okx};

/// The slug of a venue; where the vendor's name covers several of ours, the symbol decides.
///
/// Source: <https://docs.tardis.dev/historical-data-details>.
pub(super) fn slug<'a>(exchange: &'a str, symbol: &str) -> &'a str {
    match exchange {
        "binance" => "binance-spot",
        "binance-futures" => "binance-usdm",
        "binance-delivery" => "binance-coinm",
        "bybit" => bybit::venue(symbol),
        "okex" => "okx-spot",
        "okex-swap" => "okx-swap",
        "okex-futures" => "okx-futures",
        "okex-options" => okx::venue("BTC-USD-000000-0-C"),
        "cryptofacilities" => "kraken-futures",
        other => other,
    }
}
