//! Several venues and assets at once: one order of events, markets that answer, accounts that break.
//!
//! Read [`WorldSpec`], then [`WorldTape`], then [`World`]. What happens between two events of the tape (a forced order
//! that is due, a funding payment, an arbitrage round) happens at its own instant and not at the next tick, so that the
//! grid of the record does not decide at which price an order fills.

mod account;
mod audit;
mod backstop;
mod band;
mod breach;
mod by_rules;
mod cap;
mod collateral;
mod engine;
mod frame;
mod funding;
mod grid;
mod halts;
mod journal;
mod losses;
mod market;
mod needs;
mod one;
mod order;
mod portfolio;
mod run;
mod seed;
mod settle;
mod spec;
mod tape;
mod tell;
mod timer;
mod watch;
mod winners;

pub use account::{Account, Collateral, Holding, Owner};
pub use audit::{AuditError, audit};
pub use engine::{Drive, World, WorldRun};
pub use frame::Frame;
pub use journal::{Cause, ClockRow, Entry, EntryKind, HaltRow, Holder, Journal, OrderRow, PriceRow};
pub use seed::seed;
pub use spec::{
    Asset, CarryTraders, Channels, Funding, InstrumentSpec, Liquidation, Mark, Redemption, Venue, WorldSpec,
};
pub use tape::{Grid, WorldEvent, WorldTape};

#[cfg(test)]
mod account_tests;
#[cfg(test)]
mod breaker_tests;
#[cfg(test)]
mod by_rules_tests;
#[cfg(test)]
mod channel_tests;
#[cfg(test)]
mod charges_tests;
#[cfg(test)]
mod halt_tests;
#[cfg(test)]
mod loss_tests;
#[cfg(test)]
mod rule_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
