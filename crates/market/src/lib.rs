//! The vocabulary of the market: instants, exact quantities, sides, recorded bars and the rows of a journal.
//!
//! It knows no file format, no protocol and no clock. Money and coin are integers
//! ([`Cash`], [`Coin`]); prices that move continuously are `f64` log prices.
//! Read [`Bar`] first, then [`journal`]; for made-up crashes [`synthetic`].

mod bar;
pub mod journal;
mod quantity;
mod shock;
mod side;
pub mod synthetic;
mod time;

pub use bar::{Bar, PerpDay};
pub use quantity::{Cash, Coin, Price, Rest, UNITS_PER_ONE};
pub use shock::Shock;
pub use side::{BarOrder, Side};
pub use time::{MICROS_PER_SECOND, Timestamp};
