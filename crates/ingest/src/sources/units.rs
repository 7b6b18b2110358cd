//! What a quantity counts, by venue and instrument, where the venue documents it.

/// Unit of a quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    /// `base`, `quote` or `contract`.
    pub(super) word: &'static str,
    /// Size of a contract and its unit, where they are known.
    pub(super) contract: Option<(f64, &'static str)>,
}

const fn plain(word: &'static str) -> Unit {
    Unit { word, contract: None }
}

const fn contracts_of(size: f64, unit: &'static str) -> Unit {
    Unit {
        word: "contract",
        contract: Some((size, unit)),
    }
}

/// The unit of an instrument's quantities. Contracts of an unknown size are said to be just that.
pub(super) fn unit(venue: &str, instrument: &str) -> Unit {
    match venue {
        "bitmex" => bitmex(instrument),
        "deribit" => deribit(instrument),
        "bybit-inverse" => plain("quote"),
        "binance-coinm" => binance_coinm(instrument),
        "okx-swap" => okx_swap(instrument),
        "binance-usdm" | "bybit-linear" | "hyperliquid" | "dydx" | "dydx-v4" | "ftx" => plain("base"),
        venue if venue.ends_with("-spot") || SPOT_ONLY.contains(&venue) => plain("base"),
        _ => plain("contract"),
    }
}

/// Venues of Tardis that trade spot alone under their name.
///
/// Source: <https://docs.tardis.dev/historical-data-details>.
const SPOT_ONLY: &[&str] = &[
    "binance-us",
    "binance-jersey",
    "bitfinex",
    "bitflyer",
    "bitstamp",
    "coinbase",
    "ftx-us",
    "gate-io",
    "gemini",
    "huobi",
    "kraken",
    "kucoin",
    "okcoin",
    "poloniex",
    "upbit",
];

/// A contract of XBTUSD is one US dollar; the sizes of the others are in no file of the archive.
///
/// Source: <https://www.bitmex.com/app/contract/XBTUSD>.
fn bitmex(instrument: &str) -> Unit {
    plain(if instrument == "XBTUSD" {
        "quote"
    } else {
        "contract"
    })
}

/// US dollars for inverse perpetuals and futures, the base coin for options, linear contracts and spot.
///
/// Source: <https://docs.deribit.com/#public-get_last_trades_by_instrument>, `amount`.
fn deribit(instrument: &str) -> Unit {
    let mut parts = instrument.split('-');
    let (underlying, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let linear_or_spot = underlying.contains('_');
    let option = matches!(instrument.rsplit('-').next(), Some("C" | "P"));
    let combination = !second.is_empty() && second.bytes().all(|byte| byte.is_ascii_uppercase());
    let of_options = combination && !matches!(second, "PERPETUAL" | "FS");
    plain(if linear_or_spot || option || of_options {
        "base"
    } else {
        "quote"
    })
}

/// A contract is 100 US dollars on bitcoin and 10 on every other coin.
///
/// Source: <https://developers.binance.com/docs/derivatives/coin-margined-futures/market-data/rest-api/Exchange-Information>,
/// `contractSize`.
fn binance_coinm(instrument: &str) -> Unit {
    contracts_of(
        if instrument.starts_with("BTCUSD") {
            100.0
        } else {
            10.0
        },
        "quote",
    )
}

/// Sizes that an answer of the venue's instruments shows; others change and are not guessed.
///
/// Source: <https://www.okx.com/docs-v5/en/#public-data-rest-api-get-instruments>, `ctVal`; answer kept in
/// nautechsystems/nautilus_trader, `crates/adapters/okx/test_data/http_get_instruments_swap.json`.
fn okx_swap(instrument: &str) -> Unit {
    match instrument {
        "BTC-USD-SWAP" => contracts_of(100.0, "quote"),
        "BTC-USDT-SWAP" => contracts_of(0.01, "base"),
        "ETH-USDT-SWAP" => contracts_of(0.1, "base"),
        _ => plain("contract"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deribit_counts_dollars_only_where_it_says_so() {
        for inverse in ["BTC-PERPETUAL", "ETH-25DEC26", "BTC-FS-25DEC26_PERP"] {
            assert_eq!(unit("deribit", inverse).word, "quote", "{inverse}");
        }
        let base = [
            "BTC-25SEP20-6000-P",
            "BTC_USDC-PERPETUAL",
            "XRP_USDC-30AUG24-0D55-C",
            "BTC-CS-19MAY26-70000_75000",
            "BTC_USDC",
        ];
        for linear in base {
            assert_eq!(unit("deribit", linear).word, "base", "{linear}");
        }
    }

    #[test]
    fn an_unknown_size_stays_unknown() {
        assert_eq!(unit("okx-swap", "DYDX-USDT-SWAP"), plain("contract"));
        assert_eq!(unit("bitmex", "ETHUSD"), plain("contract"));
        assert_eq!(unit("huobi-dm-swap", "BTC-USD"), plain("contract"));
        assert_eq!(unit("okx-swap", "BTC-USD-SWAP").contract, Some((100.0, "quote")));
    }
}
