//! Time: drives a recorded path through positions, responses of the world and rules, and tells an [`Observer`].
//!
//! Invariants: no I/O, no randomness, no clock but the path's; the engine never looks past the waypoint it stands on;
//! a trade moves the price only through the impact state, and without a trade nothing but decay and news does.
//! Read [`Path`], then [`Replay`].

mod decay;
mod inventory;
mod market_state;
mod mode;
mod observer;
mod parameters;
mod path;
pub mod response;
pub mod world;

pub use decay::DecayTable;
pub use inventory::{Opening, Start, lead_in};
pub use mode::{Drive, Exogenous, Mode, Replay, Replayed, Totals};
pub use observer::{
    ForcedOrder, Fund, Held, Liquidity, MarginInForce, Noted, Observer, Silent, Standing, Waypoint,
};
pub use parameters::{LeverageMix, Mechanisms, Parameters, Pool};
pub use path::Path;

/// Why a replay stops.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The path cannot be replayed.
    #[error("path: {0}")]
    Path(String),
    /// The world or its tape cannot be replayed.
    #[error("world: {0}")]
    World(String),
    /// A rule broke a step.
    #[error(transparent)]
    Rule(#[from] aftershock_protocol::RuleBreach),
    /// Forced flow feeds on itself without end: impact and positions are beyond the critical point.
    #[error(
        "forced flow runs away: at {at} it stands at a price of {usd:.1e} USD, beyond any that is told exactly"
    )]
    Runaway {
        /// When.
        at: aftershock_market::Timestamp,
        /// Where.
        usd: f64,
    },
    /// Nothing is left of the positions opened before the replay, so open interest cannot be placed.
    #[error(
        "no {side} position opened before the replay survives to its start, so open interest cannot be placed"
    )]
    NoInventory {
        /// `long` or `short`.
        side: &'static str,
    },
}
