//! What must stand behind a position when it is opened and while it is held.

use super::contract::MaintenanceOn;
use super::maintenance::{MarginSchedule, SizeLinear};

/// How initial margin is found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum InitialTerms {
    /// Value over leverage, up to the largest leverage of the position's tier.
    ByLeverage {
        /// Largest leverage where the schedule gives none.
        max_leverage: f64,
    },
    /// A ratio that grows with the position.
    SizeLinear(SizeLinear),
    /// A ratio that grows with open interest, see [`super::maintenance::open_interest_initial_ratio`].
    OpenInterestScaled {
        /// Ratio below the lower cap.
        base_ratio: f64,
        /// Open interest up to which it holds, USD.
        lower_cap_usd: f64,
        /// Open interest from which a position needs all of its value, USD.
        upper_cap_usd: f64,
    },
}

/// Margin of a venue's contract.
#[derive(Clone, Debug, PartialEq)]
pub struct MarginTerms {
    /// To open.
    pub initial: InitialTerms,
    /// To keep.
    pub maintenance: MarginSchedule,
    /// The value that maintenance is charged on.
    pub on: MaintenanceOn,
    /// Fee for closing that is set aside, over the value at the mark.
    pub closing_fee: f64,
}
