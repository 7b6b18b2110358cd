//! Portfolio margin: the worst loss of everything held over a grid of moves in price and volatility, and what is added for
//! what the grid does not see.
//!
//! The venue chooses the grid; what a portfolio wins or loses in a [`Shock`] is the caller's to say, so nothing here prices
//! an option. Deribit's, as its documents have it. Not here, because no document gives the formula: its extended table of
//! far moves, the shock for a large delta, and the least volatility that is moved up.

/// What portfolio margin a venue asks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PortfolioMargin {
    /// Largest price move, over the price; down and up.
    pub price_range: f64,
    /// Moves a side, evenly spaced; the grid also holds the price as it is.
    pub moves_a_side: usize,
    /// Moves of volatility.
    pub volatility: VolatilityRange,
    /// What is added to the worst loss.
    pub contingency: Contingency,
    /// Initial margin over worst loss and contingencies.
    pub initial_factor: f64,
    /// Maintenance margin over the same.
    pub maintenance_factor: f64,
}

/// How far implied volatility is moved: `range * (30 / days to expiry) ^ power` of itself.
///
/// That the move is a part of the volatility, not points of it, is our reading of "maximum implied volatility change".
///
/// Source: Deribit, "Portfolio margin" (older page; support 25944756247837); Deribit API, `private/simulate`, example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VolatilityRange {
    /// Of an option with 30 days to go, up.
    pub up: f64,
    /// And down.
    pub down: f64,
    /// Power up to 30 days.
    pub short_power: f64,
    /// Power beyond.
    pub long_power: f64,
}

/// What is added to the worst loss. Each is zero where a venue does not ask it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Contingency {
    /// A year's move of one expiry against another: each expiry's delta is charged the part of it up to its expiry.
    pub annual_roll: f64,
    /// The least part of a delta that is so charged.
    pub least_roll: f64,
    /// Over the underlying value of options short in net, strike by strike.
    pub short_options: f64,
    /// Over the underlying value of futures that offset each other.
    pub offsetting_futures: f64,
}

/// What contingencies are charged on, in the same unit as profits: coin, or dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Exposure<'a> {
    /// Days to an expiry (0 of a perpetual) and the delta held in it.
    pub deltas: &'a [(f64, f64)],
    /// Underlying value of options short in net, summed over strikes; above zero.
    pub short_options: f64,
    /// Underlying value of futures long against others short; above zero.
    pub offsetting_futures: f64,
}

/// One scenario of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shock {
    /// Move of the price over the price.
    pub price_move: f64,
    /// Move of volatility.
    pub volatility: VolatilityMove,
    range: VolatilityRange,
}

/// Direction of a move of volatility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolatilityMove {
    /// Up by the range.
    Up,
    /// As it is.
    Same,
    /// Down by the range.
    Down,
}

/// What must stand behind a portfolio, in the unit of the profits given.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Required {
    /// The largest loss over the grid, zero or more.
    pub worst_loss: f64,
    /// The scenario it stands in, the first where several are equal; absent where nothing loses.
    pub worst: Option<Shock>,
    /// What is added to it.
    pub contingency: f64,
    /// To open.
    pub initial: f64,
    /// To keep.
    pub maintenance: f64,
}

impl VolatilityRange {
    const DAYS: f64 = 30.0;

    /// What a volatility is multiplied by with `days`, above zero, to expiry; never below zero.
    pub fn factor(&self, volatility: VolatilityMove, days: f64) -> f64 {
        let power = if days <= Self::DAYS {
            self.short_power
        } else {
            self.long_power
        };
        let term = libm::pow(Self::DAYS / days, power);
        match volatility {
            VolatilityMove::Up => 1.0 + self.up * term,
            VolatilityMove::Same => 1.0,
            VolatilityMove::Down => (1.0 - self.down * term).max(0.0),
        }
    }
}

impl Shock {
    /// What the implied volatility of an option with `days`, above zero, to expiry is multiplied by.
    pub fn volatility_factor(&self, days: f64) -> f64 {
        self.range.factor(self.volatility, days)
    }
}

impl Contingency {
    /// What is charged on an exposure.
    ///
    /// Source: Deribit API, `private/simulate`, whose example has a roll shock of 1 % of each expiry's delta at a year's
    /// move of 7.5 % and a least of 1 %; that the year's move counts by time, not by its root, is what agrees with it.
    /// Short options and offsetting futures: Deribit, "Portfolio margin", older page.
    pub fn charge(&self, exposure: &Exposure<'_>) -> f64 {
        let roll =
            |(days, delta): &(f64, f64)| delta.abs() * (self.annual_roll * days / 365.0).max(self.least_roll);
        exposure.deltas.iter().map(roll).sum::<f64>()
            + self.short_options * exposure.short_options
            + self.offsetting_futures * exposure.offsetting_futures
    }
}

impl PortfolioMargin {
    /// The scenarios, from the largest fall to the largest rise, volatility up, same, down in each.
    pub fn shocks(&self) -> impl Iterator<Item = Shock> {
        let Self {
            price_range,
            moves_a_side,
            volatility: range,
            ..
        } = *self;
        let side = moves_a_side as i64;
        (-side..=side).flat_map(move |step| {
            [VolatilityMove::Up, VolatilityMove::Same, VolatilityMove::Down].map(|volatility| Shock {
                price_move: price_range * step as f64 / side.max(1) as f64,
                volatility,
                range,
            })
        })
    }

    /// What a portfolio needs, of which `profit` says what it wins (a loss is negative) in each scenario.
    ///
    /// ```
    /// use aftershock_protocol::venue::portfolio::{Contingency, Exposure, PortfolioMargin, VolatilityRange};
    /// let terms = PortfolioMargin {
    ///     price_range: 0.16,
    ///     moves_a_side: 4,
    ///     volatility: VolatilityRange { up: 0.5, down: 0.25, short_power: 0.3, long_power: 0.13 },
    ///     contingency: Contingency::default(),
    ///     initial_factor: 1.0,
    ///     maintenance_factor: 0.8,
    /// };
    /// // One coin long of a future in dollars, at 50,000.
    /// let required = terms.require(&Exposure::default(), |shock| 50_000.0 * shock.price_move);
    /// assert_eq!((required.initial, required.maintenance), (8_000.0, 6_400.0));
    /// ```
    pub fn require(&self, exposure: &Exposure<'_>, mut profit: impl FnMut(&Shock) -> f64) -> Required {
        let (mut worst_loss, mut worst) = (0.0, None);
        for shock in self.shocks() {
            let lost = -profit(&shock);
            if lost > worst_loss {
                (worst_loss, worst) = (lost, Some(shock));
            }
        }
        let contingency = self.contingency.charge(exposure);
        let needed = worst_loss + contingency;
        Required {
            worst_loss,
            worst,
            contingency,
            initial: needed * self.initial_factor,
            maintenance: needed * self.maintenance_factor,
        }
    }
}

#[cfg(test)]
#[path = "portfolio_tests.rs"]
mod tests;
