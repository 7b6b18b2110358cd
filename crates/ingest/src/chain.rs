//! What the sources of a chain's events share: tokens, contracts, quantities as contracts count them.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aftershock_archive::tape::{Real, Text};
use serde::Deserialize;

use crate::Rows;
use crate::text::Fault;

/// `data/tokens.toml`; a test reads it, so that it always parses.
const TOKENS: &str = include_str!("../../../data/tokens.toml");

/// A token, or the chain's own coin.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Symbol as the tape writes it.
    pub symbol: String,
    /// Address in lower case; the chain's own coin has none.
    pub address: Option<String>,
    /// A unit of the token is ten to this power of what its contract counts.
    pub decimals: usize,
    /// Other symbols it goes by.
    #[serde(default)]
    pub also: Vec<String>,
}

/// A contract whose protocol is known.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Address in lower case.
    pub address: String,
    /// Slug of the venue.
    pub venue: String,
    /// Symbol of the token that it lends, of a lending market for one token.
    pub lends: Option<String>,
    /// True where values in its events are US dollars of eight decimals.
    #[serde(default)]
    pub values_in_usd: bool,
    /// Collateral type that it auctions.
    pub sells: Option<String>,
    /// Symbols of a pool's two tokens, in the pool's order.
    pub tokens: Option<[String; 2]>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    tokens: Vec<Token>,
    contracts: Vec<Contract>,
}

/// The tokens and contracts that are known.
#[derive(Debug)]
pub struct Registry {
    tokens: Vec<Token>,
    contracts: BTreeMap<String, Contract>,
    by_address: BTreeMap<String, usize>,
    by_symbol: BTreeMap<String, usize>,
}

static REGISTRY: LazyLock<Registry> =
    LazyLock::new(|| Registry::parse(TOKENS).expect("a test parses the embedded table"));

impl Registry {
    /// The embedded one, of Ethereum.
    pub fn ethereum() -> &'static Self {
        &REGISTRY
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        let File { tokens, contracts } = toml::from_str(text)?;
        let mut by_address = BTreeMap::new();
        let mut by_symbol = BTreeMap::new();
        for (place, token) in tokens.iter().enumerate() {
            by_address.extend(token.address.clone().map(|address| (address, place)));
            for symbol in std::iter::once(&token.symbol).chain(&token.also) {
                by_symbol.insert(symbol.to_ascii_lowercase(), place);
            }
        }
        Ok(Self {
            tokens,
            contracts: contracts
                .into_iter()
                .map(|contract| (contract.address.clone(), contract))
                .collect(),
            by_address,
            by_symbol,
        })
    }

    /// The token at an address in lower case.
    pub fn token_at(&self, address: &str) -> Option<&Token> {
        self.by_address.get(address).map(|place| &self.tokens[*place])
    }

    /// The token of a symbol, whatever its case.
    pub fn token_named(&self, symbol: &str) -> Option<&Token> {
        self.by_symbol
            .get(&symbol.to_ascii_lowercase())
            .map(|place| &self.tokens[*place])
    }

    /// The contract at an address in lower case.
    pub fn contract(&self, address: &str) -> Option<&Contract> {
        self.contracts.get(address)
    }
}

/// A token, known or by what the source calls it.
#[derive(Clone, Debug)]
pub struct Asset {
    token: Option<&'static Token>,
    called: String,
}

impl Asset {
    /// The token at an address in lower case.
    pub fn at(address: &str) -> Self {
        Self {
            token: Registry::ethereum().token_at(address),
            called: address.to_owned(),
        }
    }

    /// The token of a symbol.
    pub fn named(symbol: &str) -> Self {
        Self {
            token: Registry::ethereum().token_named(symbol),
            called: symbol.to_owned(),
        }
    }

    /// The tape's symbol of a known token, else what the source calls it; empty where it says nothing.
    pub fn name(&self) -> &str {
        self.token.map_or(&self.called, |token| &token.symbol)
    }

    /// Decimals of a known token.
    pub fn decimals(&self) -> Option<usize> {
        self.token.map(|token| token.decimals)
    }

    /// Whole units of its contract.
    pub fn amount(self, raw: String) -> Amount {
        let scaled = self.token.map(|token| scaled(&raw, token.decimals));
        Amount {
            asset: self,
            raw,
            scaled,
        }
    }
}

/// A quantity as a contract counts it.
#[derive(Clone, Debug)]
pub struct Amount {
    /// Of what.
    pub asset: Asset,
    /// Digits.
    pub raw: String,
    /// In units of the token, where its decimals are known.
    pub scaled: Option<String>,
}

impl Amount {
    /// Sets the asset, the quantity where it is known, and the digits.
    ///
    /// # Errors
    /// [`Fault::Number`] where the digits are none.
    pub fn write(&self, rows: &mut Rows, (asset, quantity, raw): (Text, Real, Text)) -> Result<(), Fault> {
        if !self.asset.name().is_empty() {
            rows.text(asset, self.asset.name());
        }
        if let Some(scaled) = &self.scaled {
            rows.number(quantity, scaled.as_bytes())?;
        }
        rows.text(raw, &self.raw);
        Ok(())
    }
}

/// Whole units of a contract as units of a token: the decimal point set, no digit lost.
///
/// ```
/// use aftershock_ingest::chain::scaled;
/// assert_eq!(scaled("5000001", 8), "0.05000001");
/// assert_eq!(scaled("-12", 1), "-1.2");
/// assert_eq!(scaled("7", 0), "7");
/// ```
pub fn scaled(digits: &str, decimals: usize) -> String {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", digits),
    };
    if decimals == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    format!("{sign}{whole}.{fraction}")
}

/// What all sources of a lending event know of it: second, borrower, collateral taken. Exports round quantities to
/// the sixteen or seventeen digits of a double; twelve are safely the same everywhere.
///
/// ```
/// use aftershock_ingest::chain::event_key;
/// assert_eq!(event_key(1_655_078_400, "0xAB", 0.05000001), "1655078400:0xab:5.00000100000e-2");
/// ```
pub fn event_key(second: i64, borrower: &str, quantity: f64) -> String {
    format!("{second}:{}:{quantity:.11e}", borrower.to_ascii_lowercase())
}

/// True for a whole number as contracts write it: digits only, at most the 78 of 256 bits.
pub fn is_whole(text: &str) -> bool {
    !text.is_empty() && text.len() <= 78 && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_parses_and_its_addresses_are_addresses() {
        let registry = Registry::parse(TOKENS).unwrap();
        let addresses = registry.tokens.iter().filter_map(|token| token.address.as_ref());
        for address in addresses.chain(registry.contracts.keys()) {
            let digits = address.strip_prefix("0x").unwrap();
            assert_eq!(digits.len(), 40, "{address}");
            assert!(
                digits
                    .bytes()
                    .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')),
                "{address}"
            );
        }
        let tokens: Vec<&str> = registry
            .tokens
            .iter()
            .map(|token| token.symbol.as_str())
            .collect();
        assert_eq!(
            registry.by_symbol.len(),
            tokens.len() + 1,
            "a symbol stands twice in {tokens:?}"
        );
        for contract in registry.contracts.values() {
            for symbol in contract.tokens.iter().flatten() {
                assert!(registry.token_named(symbol).is_some(), "{symbol} of {contract:?}");
            }
        }
    }

    /// Source: bgd-labs/aave-address-book, src/AaveV2Ethereum.sol (decimals of GUSD, USDC, WBTC, AMPL).
    #[test]
    fn tokens_are_found_by_address_and_by_any_of_their_symbols() {
        let registry = Registry::ethereum();
        let decimals = |symbol: &str| registry.token_named(symbol).unwrap().decimals;
        assert_eq!(
            [
                decimals("GUSD"),
                decimals("usdc"),
                decimals("wBTC"),
                decimals("AMPL")
            ],
            [2, 6, 8, 9]
        );
        assert_eq!(registry.token_named("PAX").unwrap().symbol, "USDP");
        let weth = registry
            .token_at("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
            .unwrap();
        assert_eq!((weth.symbol.as_str(), weth.decimals), ("WETH", 18));
        assert!(
            registry
                .token_at("0x0000000000000000000000000000000000000000")
                .is_none()
        );
    }
}
