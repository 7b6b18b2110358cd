//! Names of freqtrade's files.

use aftershock_archive::tape::Kind;

use crate::{Head, IngestError};

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Trades,
    Funding,
    /// Bars of this price.
    Bars(&'static str),
}

impl Content {
    pub(super) const fn kind(self) -> Kind {
        match self {
            Self::Trades => Kind::Trades,
            Self::Funding => Kind::Funding,
            Self::Bars(_) => Kind::Bars,
        }
    }

    pub(super) fn says(self) -> String {
        match self {
            Self::Trades => "trades".to_owned(),
            Self::Funding => "funding rates".to_owned(),
            Self::Bars(price) => format!("{price} bars"),
        }
    }
}

/// How long a bar is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timeframe {
    /// Of so many seconds.
    Seconds(i64),
    /// Of so many calendar months.
    Months(u32),
}

impl Timeframe {
    fn of(text: &str) -> Option<Self> {
        let unit = text.find(|letter: char| !letter.is_ascii_digit())?;
        let count: i64 = text[..unit].parse().ok()?;
        let seconds = match &text[unit..] {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 604_800,
            "M" | "Mo" | "mo" => return Some(Self::Months(u32::try_from(count).ok()?)),
            _ => return None,
        };
        Some(Self::Seconds(count * seconds))
    }
}

/// A name such as `BTC_USDT_USDT-5m-futures`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    base: String,
    quote: String,
    /// The asset that margins a futures contract; older names leave it out.
    settle: Option<String>,
    /// Delivery date of a dated contract, `240628`.
    expiry: Option<String>,
    pub(super) content: Content,
    pub(super) timeframe: Timeframe,
    futures: bool,
}

impl Name {
    /// The parts of a name without its extension; a tail such as `_2021-05-18_to_20` of a cut file is overlooked.
    pub(super) fn of(stem: &str) -> Option<Self> {
        let mut parts = stem.split('-');
        let mut pair = parts.next()?.split('_');
        let (base, quote) = (pair.next()?, pair.next()?);
        let settle = pair.next().filter(|asset| !asset.is_empty());
        let asset = |name: &str| {
            !name.is_empty()
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        if !asset(base) || !asset(quote) || settle.is_some_and(|name| !asset(name)) || pair.next().is_some() {
            return None;
        }
        let mut rest = parts.next()?;
        let mut expiry = None;
        if rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_digit()) {
            expiry = Some(rest.to_owned());
            rest = parts.next()?;
        }
        let (base, quote, settle) = (base.to_owned(), quote.to_owned(), settle.map(str::to_owned));
        if rest == "trades" {
            return Some(Self {
                futures: settle.is_some(),
                base,
                quote,
                settle,
                expiry,
                content: Content::Trades,
                timeframe: Timeframe::Seconds(0),
            });
        }
        let timeframe = Timeframe::of(rest.split('_').next()?)?;
        let candle = parts.next().filter(|_| !rest.contains('_'));
        let content = match candle {
            None | Some("spot" | "futures") => Content::Bars("last"),
            Some("mark") => Content::Bars("mark"),
            Some("index") => Content::Bars("index"),
            Some("premiumIndex") => Content::Bars("premium"),
            Some("funding_rate") => Content::Funding,
            Some(_) => return None,
        };
        Some(Self {
            futures: settle.is_some() || !matches!(candle, None | Some("spot")),
            base,
            quote,
            settle,
            expiry,
            content,
            timeframe,
        })
    }

    /// Venue and instrument, as the venue calls it.
    ///
    /// # Errors
    /// Where neither the path nor the user names an exchange whose names are known here.
    pub(super) fn place(&self, head: &Head<'_>) -> Result<(String, String), IngestError> {
        let exchange = head
            .parts()
            .rev()
            .flat_map(|part| part.split(|letter: char| !letter.is_ascii_alphanumeric()))
            .find_map(|token| {
                ["binance", "bybit", "okx", "hyperliquid"]
                    .into_iter()
                    .find(|exchange| token.eq_ignore_ascii_case(exchange))
            });
        let known = exchange.and_then(|exchange| self.on(exchange));
        let (venue, instrument) = (head.hints.venue.clone(), head.hints.instrument.clone());
        let missing = |missing: &str, option| IngestError::Underspecified {
            path: head.path.to_owned(),
            what: format!("{} kept by freqtrade", self.content.says()),
            missing: missing.to_owned(),
            option,
        };
        match (venue, instrument, known) {
            (Some(venue), Some(instrument), _) => Ok((venue, instrument)),
            (Some(venue), None, _) => match self.on(venue.split('-').next().unwrap_or_default()) {
                Some((_, instrument)) => Ok((venue, instrument)),
                None => Err(missing(
                    "how the venue calls the instrument is not known",
                    "`--instrument`",
                )),
            },
            (None, instrument, Some((venue, own))) => Ok((venue.to_owned(), instrument.unwrap_or(own))),
            (None, _, None) => Err(missing(
                "no folder of its path is that of an exchange, as `binance` is",
                "`--venue`",
            )),
        }
    }

    /// Venue and symbol on an exchange.
    fn on(&self, exchange: &str) -> Option<(&'static str, String)> {
        let (base, quote) = (&self.base, &self.quote);
        // A contract that its own base margins is inverse.
        let inverse = self.settle.as_ref().is_some_and(|settle| settle == base);
        let dated = |symbol: String| match &self.expiry {
            Some(expiry) => format!("{symbol}_{expiry}"),
            None => symbol,
        };
        Some(match (exchange, self.futures) {
            ("binance", false) => ("binance-spot", format!("{base}{quote}")),
            ("binance", true) if inverse => match &self.expiry {
                Some(_) => ("binance-coinm", dated(format!("{base}{quote}"))),
                None => ("binance-coinm", format!("{base}{quote}_PERP")),
            },
            ("binance", true) => ("binance-usdm", dated(format!("{base}{quote}"))),
            ("bybit", false) => ("bybit-spot", format!("{base}{quote}")),
            ("bybit", true) if self.expiry.is_none() => {
                let venue = if inverse { "bybit-inverse" } else { "bybit-linear" };
                (venue, format!("{base}{quote}"))
            }
            ("okx", false) => ("okx-spot", format!("{base}-{quote}")),
            ("okx", true) => match &self.expiry {
                Some(expiry) => ("okx-futures", format!("{base}-{quote}-{expiry}")),
                None => ("okx-swap", format!("{base}-{quote}-SWAP")),
            },
            ("hyperliquid", true) if self.expiry.is_none() => ("hyperliquid", base.clone()),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hints;

    #[test]
    fn names_say_what_files_hold() {
        let of = |stem| Name::of(stem).map(|name| (name.content, name.timeframe));
        let seconds = Timeframe::Seconds;
        assert_eq!(of("BTC_USDT-1m"), Some((Content::Bars("last"), seconds(60))));
        assert_eq!(
            of("BTC_USDT_USDT-5m-futures"),
            Some((Content::Bars("last"), seconds(300)))
        );
        assert_eq!(
            of("BTC_USDT-8h-mark"),
            Some((Content::Bars("mark"), seconds(28_800)))
        );
        assert_eq!(
            of("BTC_USDT_USDT-1h-funding_rate"),
            Some((Content::Funding, seconds(3_600)))
        );
        assert_eq!(
            of("BTC_USDT-1Mo"),
            Some((Content::Bars("last"), Timeframe::Months(1)))
        );
        assert_eq!(
            of("ADA_USDT-1m_2021-05-18_to_20"),
            Some((Content::Bars("last"), seconds(60)))
        );
        assert_eq!(of("BTC_USDT-trades").map(|of| of.0), Some(Content::Trades));
        assert_eq!(of("BTCUSDT-1m-2024-01"), None);
        assert_eq!(of("btcusdt_binance_perp_1m"), None);
    }

    #[test]
    fn pairs_are_called_as_their_venue_does() -> Result<(), IngestError> {
        let hints = Hints::default();
        for (path, venue, instrument) in [
            (
                "user_data/data/binance/BTC_USDT-1m.json",
                "binance-spot",
                "BTCUSDT",
            ),
            (
                "user_data/data/binance/futures/BTC_USDT_USDT-5m-futures.feather",
                "binance-usdm",
                "BTCUSDT",
            ),
            (
                "user_data/data/binance/futures/BTC_USD_BTC-1h-mark.feather",
                "binance-coinm",
                "BTCUSD_PERP",
            ),
            (
                "user_data/data/binance/futures/BTC_USDT_USDT-240628-1h-futures.feather",
                "binance-usdm",
                "BTCUSDT_240628",
            ),
            (
                "binance-um-5m-2022-06/BTC_USDT-8h-funding_rate.json",
                "binance-usdm",
                "BTCUSDT",
            ),
            (
                "user_data/data/okx/futures/ETH_USDT_USDT-1h-futures.json",
                "okx-swap",
                "ETH-USDT-SWAP",
            ),
            (
                "user_data/data/hyperliquid/futures/BTC_USDC_USDC-1h-futures.feather",
                "hyperliquid",
                "BTC",
            ),
        ] {
            let head = Head {
                path,
                bytes: b"",
                schema: None,
                hints: &hints,
            };
            let place = Name::of(head.stem()).map(|name| name.place(&head)).transpose()?;
            assert_eq!(place, Some((venue.to_owned(), instrument.to_owned())), "{path}");
        }
        Ok(())
    }

    #[test]
    fn an_exchange_nobody_named_is_asked_for() {
        let hints = Hints::default();
        let head = Head {
            path: "BTC_USDT-1m.json",
            bytes: b"",
            schema: None,
            hints: &hints,
        };
        let error = Name::of(head.stem())
            .map(|name| name.place(&head))
            .unwrap()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "BTC_USDT-1m.json is last bars kept by freqtrade, but no folder of its path is that of an exchange, as \
             `binance` is; `--venue` says it"
        );
        let hints = Hints {
            venue: Some("binance-spot".to_owned()),
            ..Hints::default()
        };
        let head = Head {
            path: "BTC_USDT-1m.json",
            bytes: b"",
            schema: None,
            hints: &hints,
        };
        let place = Name::of(head.stem()).unwrap().place(&head).unwrap();
        assert_eq!(place, ("binance-spot".to_owned(), "BTCUSDT".to_owned()));
    }
}
