//! What Binance's archive and its streams have in common: three markets, and what a quantity counts in each.

use crate::Head;

/// One of Binance's markets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Market {
    /// Spot.
    Spot,
    /// Futures margined in USDT or USDC.
    UsdM,
    /// Futures margined in the coin, counted in contracts of so many USD.
    CoinM,
}

impl Market {
    /// The slug of its venue.
    pub(super) const fn venue(self) -> &'static str {
        match self {
            Self::Spot => "binance-spot",
            Self::UsdM => "binance-usdm",
            Self::CoinM => "binance-coinm",
        }
    }

    /// The market of a slug.
    pub(super) fn of_venue(slug: &str) -> Option<Self> {
        [Self::Spot, Self::UsdM, Self::CoinM]
            .into_iter()
            .find(|market| market.venue() == slug)
    }

    /// What its quantities count.
    pub(super) const fn quantity_unit(self) -> &'static str {
        match self {
            Self::Spot | Self::UsdM => "base",
            Self::CoinM => "contract",
        }
    }

    /// The market that the shape of a symbol names: `BTCUSD_PERP`, `BTCUSD_240628` and the index `BTCUSD` are COIN-M,
    /// `BTCUSDT_240628` is USD-M, and `BTCUSDT` may be spot or USD-M.
    pub(super) fn of_symbol(symbol: &str) -> Option<Self> {
        let (pair, dated) = match symbol.split_once('_') {
            Some((pair, _)) => (pair, true),
            None => (symbol, false),
        };
        let stablecoin = ["BUSD", "TUSD", "FDUSD"].iter().any(|coin| pair.ends_with(coin));
        if pair.ends_with("USD") && !stablecoin {
            return Some(Self::CoinM);
        }
        dated.then_some(Self::UsdM)
    }

    /// The market that the folders and names of a path speak of, the innermost first.
    pub(super) fn of_path(head: &Head<'_>) -> Option<Self> {
        let mut futures = None;
        for part in head.parts().rev() {
            for token in part.split(|letter: char| !letter.is_ascii_alphanumeric()) {
                match token.to_ascii_lowercase().as_str() {
                    "spot" => return futures.or(Some(Self::Spot)),
                    "um" | "usdm" => return Some(Self::UsdM),
                    "cm" | "coinm" => return Some(Self::CoinM),
                    "futures" | "perp" => futures = Some(Self::UsdM),
                    _ => {}
                }
            }
        }
        futures
    }
}

/// USD that one COIN-M contract is worth: 100 for BTC, 10 for the other coins.
///
/// Source: <https://www.binance.com/en/support/faq/a4470430e3164c13932be8967961aede>, seen 2026-11-22.
pub(super) fn contract_usd(symbol: &str) -> f64 {
    if symbol.starts_with("BTCUSD") { 100.0 } else { 10.0 }
}

/// The symbol that a path names: what stands before the first hyphen of the name, as the archive has it, or else a
/// word of the path that ends like a pair.
pub(super) fn symbol_of(head: &Head<'_>) -> Option<String> {
    if let Some(said) = &head.hints.instrument {
        return Some(said.clone());
    }
    if let Some((symbol, _)) = head.stem().split_once('-')
        && !symbol.chars().all(|letter| letter.is_ascii_digit())
        && symbol
            .chars()
            .all(|letter| letter == '_' || (letter.is_alphanumeric() && !letter.is_ascii_lowercase()))
    {
        return Some(symbol.to_owned());
    }
    const QUOTES: &[&str] = &["USDT", "USDC", "BUSD", "FDUSD", "TUSD", "USD"];
    head.parts()
        .rev()
        .flat_map(|part| part.split(|letter: char| !letter.is_ascii_alphanumeric()))
        .map(str::to_ascii_uppercase)
        .find(|token| {
            QUOTES
                .iter()
                .any(|quote| token.len() > quote.len() && token.ends_with(quote))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hints;

    fn head<'a>(path: &'a str, hints: &'a Hints) -> Head<'a> {
        Head {
            path,
            bytes: b"",
            schema: None,
            hints,
        }
    }

    #[test]
    fn symbols_name_markets() {
        assert_eq!(Market::of_symbol("BTCUSD_PERP"), Some(Market::CoinM));
        assert_eq!(Market::of_symbol("ETHUSD_240628"), Some(Market::CoinM));
        assert_eq!(Market::of_symbol("BTCUSD"), Some(Market::CoinM));
        assert_eq!(Market::of_symbol("BTCUSDT_240628"), Some(Market::UsdM));
        assert_eq!(Market::of_symbol("BTCBUSD_210129"), Some(Market::UsdM));
        assert_eq!(Market::of_symbol("BTCBUSD"), None);
        assert_eq!(Market::of_symbol("BTCUSDT"), None);
    }

    #[test]
    fn paths_name_markets_and_symbols() {
        let hints = Hints::default();
        for (path, market, symbol) in [
            (
                "data/spot/daily/trades/BTCUSDT/BTCUSDT-trades-2024-01-01.zip!BTCUSDT-trades-2024-01-01.csv",
                Some(Market::Spot),
                "BTCUSDT",
            ),
            (
                "data/futures/um/monthly/klines/BTCUSDT/1m/BTCUSDT-1m-2024-01.zip",
                Some(Market::UsdM),
                "BTCUSDT",
            ),
            (
                "data/futures/cm/daily/indexPriceKlines/BTCUSD/1m/BTCUSD-1m-2024-01-01.zip",
                Some(Market::CoinM),
                "BTCUSD",
            ),
            (
                "btcusdt_binance_perp_1m_20240115.csv",
                Some(Market::UsdM),
                "BTCUSDT",
            ),
            (
                "btcusdt_binance_spot_trades_20250523_90s.zip!binance_trades_btcusdt_2025-05-23_90s.csv",
                Some(Market::Spot),
                "BTCUSDT",
            ),
            ("ALGOUSDT-1m_2025-02-02_to_2025-02-05.csv", None, "ALGOUSDT"),
            ("BTCUSDT-aggTrades-2024-01-01.csv", None, "BTCUSDT"),
        ] {
            let head = head(path, &hints);
            assert_eq!(Market::of_path(&head), market, "{path}");
            assert_eq!(symbol_of(&head).as_deref(), Some(symbol), "{path}");
        }
        assert_eq!(symbol_of(&head("trades.csv", &hints)), None);
    }

    #[test]
    fn a_contract_is_worth_what_the_venue_says() {
        assert_eq!(contract_usd("BTCUSD_PERP"), 100.0);
        assert_eq!(contract_usd("ETHUSD_PERP"), 10.0);
    }
}
