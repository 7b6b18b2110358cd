//! The messages, by the names the venue gives their fields.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::Scalar;

/// The wrapper of combined streams.
#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    pub(super) stream: Option<&'a str>,
    #[serde(borrow)]
    pub(super) data: Option<&'a RawValue>,
}

/// What tells a message from others.
#[derive(Deserialize)]
pub(super) struct Tag<'a> {
    #[serde(rename = "e")]
    pub(super) event: Option<&'a str>,
    #[serde(rename = "s")]
    symbol: Option<&'a str>,
    #[serde(rename = "symbol")]
    long_symbol: Option<&'a str>,
    #[serde(rename = "o", borrow)]
    order: Option<&'a RawValue>,
    #[serde(rename = "lastUpdateId")]
    pub(super) snapshot_id: Option<i64>,
    pub(super) bids: Option<IgnoredAny>,
    #[serde(rename = "T")]
    matched: Option<IgnoredAny>,
    #[serde(rename = "E")]
    sent: Option<IgnoredAny>,
    #[serde(rename = "M")]
    spot_flag: Option<IgnoredAny>,
    #[serde(rename = "A")]
    ask_quantity: Option<IgnoredAny>,
    #[serde(rename = "B")]
    bid_quantity: Option<IgnoredAny>,
}

impl<'a> Tag<'a> {
    /// The symbol; that of a forced order stands in the order.
    pub(super) fn symbol(&self) -> Option<&'a str> {
        #[derive(Deserialize)]
        struct Order<'a> {
            s: Option<&'a str>,
        }
        self.symbol.or(self.long_symbol).or_else(|| {
            let order: Order<'a> = serde_json::from_str(self.order?.get()).ok()?;
            order.s
        })
    }

    /// Best quotes of spot: a symbol and two quantities, and no name.
    pub(super) fn is_spot_quote(&self) -> bool {
        self.event.is_none()
            && self.symbol.is_some()
            && self.ask_quantity.is_some()
            && self.bid_quantity.is_some()
    }

    /// Whether the message can only be of spot, or only of futures, where it shows.
    pub(super) fn is_spot(&self) -> Option<bool> {
        match self.event {
            Some("forceOrder" | "markPriceUpdate") => Some(false),
            // Spot trades have a flag that futures trades have not.
            Some("trade" | "aggTrade") => Some(self.spot_flag.is_some()),
            // Futures stamp the matching of what spot stamps at most the sending of.
            Some("depthUpdate" | "bookTicker") => Some(self.matched.is_none()),
            None if self.snapshot_id.is_some() => Some(self.sent.is_none()),
            None if self.is_spot_quote() => Some(true),
            _ => None,
        }
    }
}

/// Price and quantity of a level; what may stand behind them is not looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level<'a> {
    pub(super) price: Scalar<'a>,
    pub(super) quantity: Scalar<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Level<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair;
        impl<'de> Visitor<'de> for Pair {
            type Value = Level<'de>;
            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("price and quantity")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Level<'de>, A::Error> {
                let mut scalar = || {
                    values
                        .next_element::<Scalar<'de>>()?
                        .ok_or_else(|| A::Error::custom("a level has a price and a quantity"))
                };
                let level = Level {
                    price: scalar()?,
                    quantity: scalar()?,
                };
                while values.next_element::<IgnoredAny>()?.is_some() {}
                Ok(level)
            }
        }
        deserializer.deserialize_seq(Pair)
    }
}

#[derive(Deserialize)]
pub(super) struct Update<'a> {
    #[serde(rename = "E")]
    pub(super) event: i64,
    #[serde(rename = "T")]
    pub(super) matched: Option<i64>,
    #[serde(rename = "U")]
    pub(super) first_id: i64,
    #[serde(rename = "u")]
    pub(super) last_id: i64,
    #[serde(rename = "pu")]
    pub(super) previous_id: Option<i64>,
    #[serde(rename = "b", borrow)]
    pub(super) bids: Vec<Level<'a>>,
    #[serde(rename = "a", borrow)]
    pub(super) asks: Vec<Level<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Snapshot<'a> {
    #[serde(rename = "E")]
    pub(super) event: Option<i64>,
    #[serde(rename = "T")]
    pub(super) matched: Option<i64>,
    #[serde(rename = "lastUpdateId")]
    pub(super) last_id: i64,
    #[serde(borrow)]
    pub(super) bids: Vec<Level<'a>>,
    #[serde(borrow)]
    pub(super) asks: Vec<Level<'a>>,
}

#[derive(Deserialize)]
pub(super) struct Trade<'a> {
    #[serde(rename = "E")]
    pub(super) event: i64,
    #[serde(rename = "T")]
    pub(super) matched: i64,
    #[serde(rename = "t")]
    pub(super) id: i64,
    #[serde(rename = "p", borrow)]
    pub(super) price: Scalar<'a>,
    #[serde(rename = "q", borrow)]
    pub(super) quantity: Scalar<'a>,
    #[serde(rename = "X", borrow)]
    pub(super) class: Option<Scalar<'a>>,
    #[serde(rename = "m")]
    pub(super) maker_buys: bool,
}

#[derive(Deserialize)]
pub(super) struct AggregateTrade<'a> {
    #[serde(rename = "E")]
    pub(super) event: i64,
    #[serde(rename = "T")]
    pub(super) matched: i64,
    #[serde(rename = "a")]
    pub(super) id: i64,
    #[serde(rename = "f")]
    pub(super) first_id: i64,
    #[serde(rename = "l")]
    pub(super) last_id: i64,
    #[serde(rename = "p", borrow)]
    pub(super) price: Scalar<'a>,
    #[serde(rename = "q", borrow)]
    pub(super) quantity: Scalar<'a>,
    #[serde(rename = "m")]
    pub(super) maker_buys: bool,
}

#[derive(Deserialize)]
pub(super) struct BookTicker<'a> {
    #[serde(rename = "E")]
    pub(super) event: Option<i64>,
    #[serde(rename = "T")]
    pub(super) matched: Option<i64>,
    #[serde(rename = "u")]
    pub(super) update_id: i64,
    #[serde(rename = "b", borrow)]
    pub(super) bid: Scalar<'a>,
    #[serde(rename = "B", borrow)]
    pub(super) bid_quantity: Scalar<'a>,
    #[serde(rename = "a", borrow)]
    pub(super) ask: Scalar<'a>,
    #[serde(rename = "A", borrow)]
    pub(super) ask_quantity: Scalar<'a>,
}

#[derive(Deserialize)]
pub(super) struct ForceOrder<'a> {
    #[serde(rename = "E")]
    pub(super) event: i64,
    #[serde(rename = "o", borrow)]
    pub(super) order: ForcedOrder<'a>,
}

#[derive(Deserialize)]
pub(super) struct ForcedOrder<'a> {
    #[serde(rename = "S")]
    pub(super) side: &'a str,
    #[serde(rename = "o")]
    pub(super) order_type: Option<&'a str>,
    #[serde(rename = "f")]
    pub(super) in_force: Option<&'a str>,
    #[serde(rename = "q", borrow)]
    pub(super) quantity: Scalar<'a>,
    #[serde(rename = "p", borrow)]
    pub(super) price: Scalar<'a>,
    #[serde(rename = "ap", borrow)]
    pub(super) average_price: Option<Scalar<'a>>,
    #[serde(rename = "X")]
    pub(super) status: Option<&'a str>,
    #[serde(rename = "l", borrow)]
    pub(super) last_filled: Option<Scalar<'a>>,
    #[serde(rename = "z", borrow)]
    pub(super) filled: Option<Scalar<'a>>,
    #[serde(rename = "T")]
    pub(super) matched: i64,
}

#[derive(Deserialize)]
pub(super) struct MarkPrice<'a> {
    #[serde(rename = "E")]
    pub(super) event: i64,
    #[serde(rename = "p", borrow)]
    pub(super) mark: Scalar<'a>,
    #[serde(rename = "i", borrow)]
    pub(super) index: Option<Scalar<'a>>,
    #[serde(rename = "P", borrow)]
    pub(super) settlement: Option<Scalar<'a>>,
    #[serde(rename = "r", borrow)]
    pub(super) rate: Option<Scalar<'a>>,
    #[serde(rename = "T")]
    pub(super) next_funding: Option<i64>,
}
