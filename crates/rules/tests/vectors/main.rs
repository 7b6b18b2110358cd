//! The worked examples of venues, and what follows from their formulas: expected beside ours, every row asserted.
//!
//! `cargo test -p aftershock-rules --test vectors -- --nocapture` prints the table.

mod aave;
mod amplification;
mod binance;
mod bitmex;
mod breakers;
mod bybit;
mod clearing;
mod compound;
mod deribit;
mod drift;
mod dydx;
mod gmx;
mod hyperliquid;
mod liquidity;
mod maker;
mod okx;
mod order_book;
mod synthetix;
mod table;

use std::fs;
use std::path::Path;

use aftershock_market::Timestamp;
use aftershock_rules::record::{Protocol, Venue};

/// A venue from the project's own file.
fn venue(name: &str) -> Venue {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/venues");
    let path = folder.join(format!("{name}.toml"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Venue::parse(name, &text).unwrap_or_else(|error| panic!("{error}"))
}

/// What a venue had chosen for an instrument on a day, `2020-03-12`.
fn at(name: &str, instrument: &str, day: &str) -> Protocol {
    let day: Timestamp = day.parse().unwrap_or_else(|error| panic!("{error}"));
    venue(name)
        .at(instrument, day)
        .unwrap_or_else(|error| panic!("{error}"))
}
