//! Bybit: the public archive of trades, and its feed of liquidations.
//!
//! Files of contracts hold one instrument and one day; stamps are seconds with a fraction, whole seconds in 2022.
//! Sizes are US dollars for inverse contracts (`BTCUSD`, `BTCUSDM22`: `quote`) and coins for all others (`base`).
//! `homeNotional` is the size itself and `foreignNotional` the value in the other asset: coins where the contract is
//! inverse, dollars where it is linear. Spot files name the symbol in their own name alone, and their ids start at 1 in
//! every file, so that they are no ids of the venue and are left out.
//! The feed gives the side of the POSITION: `Buy` is a long, which a sale closes; its price is the bankruptcy price.
//!
//! Source: <https://public.bybit.com/>,
//! <https://bybit-exchange.github.io/docs/v5/websocket/public/all-liquidation>.

mod archive;
mod feed;
#[cfg(test)]
mod tests;

use crate::{Head, IngestError, Recognised, Source, text};

/// Bybit, its archive and its feed of liquidations.
pub struct Bybit;

impl Source for Bybit {
    fn name(&self) -> &'static str {
        "bybit"
    }

    fn tried(&self) -> &'static str {
        "documentation sample"
    }

    fn about(&self) -> &'static str {
        "Bybit public archive: trades of contracts and spot; liquidation messages"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        match archive::recognise(head)? {
            Some(recognised) => Ok(Some(recognised)),
            None => Ok(feed::recognise(head)),
        }
    }
}

/// The venue of a contract: inverse ones end in `USD`, with or without a delivery month.
pub(super) fn venue(symbol: &str) -> &'static str {
    let symbol = symbol.as_bytes();
    let perpetual = match symbol {
        [pair @ .., l, y, z] if text::is_delivery_month(&[*l, *y, *z]) => pair,
        _ => symbol,
    };
    if perpetual.ends_with(b"USD") {
        "bybit-inverse"
    } else {
        "bybit-linear"
    }
}
