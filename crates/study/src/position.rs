//! What a venue asks of one isolated position, and where it is liquidated.

use aftershock_market::{Cash, Coin, Price, Side, Timestamp};
use aftershock_protocol::venue::contract::{Contract, Holding};
use aftershock_protocol::venue::maintenance::{MarginSchedule, SizeBy};
use aftershock_protocol::venue::margin::MarginTerms;
use aftershock_rules::record::{Protocol, Venue};

use crate::{Error, Result};

/// What may be asked of contracts, prices and leverage: what is counted exactly, 1e-8 to 9e10.
pub const COUNTED: std::ops::RangeInclusive<f64> = 1e-8..=9e10;

/// A position to be opened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    /// Long or short.
    pub side: Side,
    /// Contracts of the venue, within [`COUNTED`].
    pub contracts: f64,
    /// Price at which it is opened, USD.
    pub entry_usd: f64,
    /// Value over margin when it is opened.
    pub leverage: f64,
}

/// What a venue asks of a position. Money is in what the contract settles in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Terms {
    /// What the position is a position in.
    pub contract: Contract,
    /// Value when it is opened.
    pub value: Cash,
    /// Margin posted when it is opened.
    pub initial_margin: Cash,
    /// Maintenance margin at entry, and the same with the closing fee set aside; absent where it depends on more than the
    /// venue's terms.
    pub maintenance: Option<[Cash; 2]>,
    /// Price at which it is liquidated, USD; absent where no price does.
    pub liquidation: Option<Price>,
    /// Price at which nothing is left of it, USD; absent as the two before.
    pub bankruptcy: Option<Price>,
}

/// Why a venue opens no such position.
#[derive(Clone, Debug, PartialEq)]
pub enum Refusal {
    /// Nobody holds positions with a liquidation price of their own there.
    NoPositions,
    /// It would not have been opened: too large, with too much leverage, or liquidated at once.
    NotOpened(String),
}

/// What a venue asked of a position at an instant.
///
/// # Errors
/// An instrument or instant without rules, and every [`Refusal`].
pub fn terms(venue: &Venue, instrument: &str, at: Timestamp, position: &Position) -> Result<Terms> {
    let title = &venue.file.title;
    let protocol = venue
        .at(instrument, at)
        .map_err(|error| Error::asked(error.reason))?;
    of(&protocol, position).map_err(|refusal| match refusal {
        Refusal::NoPositions => Error::asked(format!(
            "{title} has no positions with a liquidation price of their own"
        ))
        .or_rather("ask a venue of perpetuals; `aftershock venues` lists them"),
        Refusal::NotOpened(why) => Error::asked(format!("{title} {instrument} at {at}: {why}")),
    })
}

/// The same of what a venue had chosen.
///
/// # Errors
/// It opens no such position.
pub fn of(protocol: &Protocol, position: &Position) -> Result<Terms, Refusal> {
    let contract = protocol.contract().ok_or(Refusal::NoPositions)?;
    let (quantity, price) = (
        Coin::from_f64(position.contracts),
        Price::from_f64(position.entry_usd),
    );
    let value = contract.opening_value(position.side, quantity, price);
    // Elsewhere what is asked of a position depends on more than its venue's terms.
    let terms = protocol.perpetual().map(|perpetual| &perpetual.margin);
    let margin = match terms {
        // Open interest is at least the position itself.
        Some(terms) => terms
            .initial_margin(contract, quantity, price, Some(position.leverage), value)
            .map_err(|error| Refusal::NotOpened(error.to_string()))?,
        None => Cash::from_f64(value.to_f64() / position.leverage),
    };
    if let Some(largest) = protocol
        .max_leverage()
        .filter(|largest| position.leverage > *largest)
    {
        return Err(Refusal::NotOpened(format!(
            "leverage {} is above {largest}, the largest",
            position.leverage
        )));
    }
    if let Some(end) = terms.and_then(|terms| end(terms, value, quantity)) {
        return Err(Refusal::NotOpened(end));
    }
    let held = Holding {
        side: position.side,
        quantity,
        opening_value: value,
        margin,
    };
    if protocol
        .required(&held, price)
        .is_some_and(|asked| asked > margin.to_f64() * (1.0 + 1e-9))
    {
        return Err(Refusal::NotOpened(format!(
            "with {}x it would be liquidated as it is opened",
            position.leverage
        )));
    }
    Ok(Terms {
        contract,
        value,
        initial_margin: margin,
        maintenance: terms.map(|terms| {
            [
                terms.maintenance_margin(contract, &held, price),
                terms.required(contract, &held, price),
            ]
        }),
        liquidation: protocol.liquidation_price(&held),
        bankruptcy: terms.and_then(|terms| terms.bankruptcy_price(contract, &held)),
    })
}

/// Says so where a position is larger than the venue's table goes.
fn end(terms: &MarginTerms, value: Cash, quantity: Coin) -> Option<String> {
    let (size, end) = match terms.maintenance() {
        MarginSchedule::Brackets(table) => (value.to_f64(), table.tiers().last()?.cap_usd),
        MarginSchedule::WholeRate { by, tiers } => {
            let size = match by {
                SizeBy::Value => value.to_f64(),
                SizeBy::Contracts => quantity.to_f64(),
            };
            (size, tiers.last()?.cap)
        }
        MarginSchedule::SizeLinear(_) => return None,
    };
    (size > end).then(|| format!("a position of {size} is beyond the end of the margin table, {end}"))
}
