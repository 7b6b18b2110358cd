//! What happens from outside, in one order: ticks, depth, outages.

use aftershock_market::{Side, Timestamp};

use crate::ReplayError;

/// One event from outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WorldEvent {
    /// A market's price, and the ordinary flow that traded since its last one.
    Tick {
        /// Place of the market.
        market: u16,
        /// Log price (of USD a coin): what was recorded or, where exogenous inputs drive, what stands without impact.
        log_price: f64,
        /// Ordinary signed aggressive flow, USD, buys positive.
        ordinary_usd: f64,
    },
    /// What the depth of a side is beyond what the model says, log; held until the next one.
    Depth {
        /// Place of the market.
        market: u16,
        /// Bids (long) or asks (short).
        side: Side,
        /// Log residual.
        log_residual: f64,
    },
    /// A venue goes down or comes back: a fact of the record.
    Outage {
        /// Place of the venue.
        venue: u16,
        /// True from now on: no orders and no marks; false: back.
        down: bool,
    },
}

/// Events in time order, a column each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorldTape {
    pub(crate) at: Vec<i64>,
    /// Market of a tick; `MARK_DEPTH` and `MARK_OUTAGE` and above point into `others`.
    pub(crate) market: Vec<u16>,
    pub(crate) log_price: Vec<f64>,
    pub(crate) ordinary_usd: Vec<f64>,
    pub(crate) others: Vec<WorldEvent>,
    pub(crate) grid: Option<Grid>,
}

/// What a tape of bars says of its ticks: they are waypoints on a line drawn through a bar's prices, and the next one, not
/// the clock, is when an order meets the book and when rules decide.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grid {
    /// Of each event, whether the record has a price here; others enter no measure of volatility.
    pub recorded: Vec<bool>,
    /// Of each event, whether a bar ends here: rules decide.
    pub bar_close: Vec<bool>,
    /// Whether forced orders are part of the ordinary flow, as they are of a venue's taker volume: where the record
    /// drives, what is regenerated is taken out of it, or it would push the price twice.
    pub ordinary_holds_forced: bool,
}

/// A place in the column of markets that says: the event is in `others`, at the place in `log_price`.
pub(crate) const OTHER: u16 = u16::MAX;

impl WorldTape {
    /// An empty tape with room.
    pub fn with_capacity(events: usize) -> Self {
        Self {
            at: Vec::with_capacity(events),
            market: Vec::with_capacity(events),
            log_price: Vec::with_capacity(events),
            ordinary_usd: Vec::with_capacity(events),
            others: Vec::new(),
            grid: None,
        }
    }

    /// Says that the ticks are waypoints of bars.
    pub fn on_grid(mut self, grid: Grid) -> Self {
        self.grid = Some(grid);
        self
    }

    /// Adds an event; order and finiteness are looked at by [`WorldTape::check`].
    pub fn push(&mut self, at: Timestamp, event: WorldEvent) {
        self.at.push(at.0);
        if let WorldEvent::Tick {
            market,
            log_price,
            ordinary_usd,
        } = event
        {
            self.market.push(market);
            self.log_price.push(log_price);
            self.ordinary_usd.push(ordinary_usd);
        } else {
            self.market.push(OTHER);
            self.log_price.push(self.others.len() as f64);
            self.ordinary_usd.push(0.0);
            self.others.push(event);
        }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// First and last instant.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        Some((Timestamp(*self.at.first()?), Timestamp(*self.at.last()?)))
    }

    /// The event at a place.
    pub fn event(&self, index: usize) -> (Timestamp, WorldEvent) {
        let market = self.market[index];
        let event = if market == OTHER {
            self.others[self.log_price[index] as usize]
        } else {
            WorldEvent::Tick {
                market,
                log_price: self.log_price[index],
                ordinary_usd: self.ordinary_usd[index],
            }
        };
        (Timestamp(self.at[index]), event)
    }

    /// The same tape without what comes at `end` and later.
    pub fn until(&self, end: Timestamp) -> Self {
        let cut = self.at.partition_point(|at| *at < end.0);
        Self {
            at: self.at[..cut].to_vec(),
            market: self.market[..cut].to_vec(),
            log_price: self.log_price[..cut].to_vec(),
            ordinary_usd: self.ordinary_usd[..cut].to_vec(),
            others: self.others.clone(),
            grid: self.grid.as_ref().map(|grid| Grid {
                recorded: grid.recorded[..cut].to_vec(),
                bar_close: grid.bar_close[..cut].to_vec(),
                ordinary_holds_forced: grid.ordinary_holds_forced,
            }),
        }
    }

    /// Checks order, places and finiteness.
    ///
    /// # Errors
    /// The first event that is wrong.
    pub fn check(&self, markets: usize, venues: usize) -> Result<(), ReplayError> {
        let fail = |index: usize, text: String| {
            Err(ReplayError::World(format!(
                "event {index} at {}: {text}",
                Timestamp(self.at[index])
            )))
        };
        if let Some(grid) = &self.grid
            && (grid.recorded.len() != self.len() || grid.bar_close.len() != self.len())
        {
            return Err(ReplayError::World(format!(
                "{} events, {} say whether they are recorded and {} whether a bar ends",
                self.len(),
                grid.recorded.len(),
                grid.bar_close.len()
            )));
        }
        // A column at a time; the first of all that are wrong is told.
        let early = self.at.windows(2).position(|pair| pair[1] < pair[0]);
        let stranger = |market: &u16| usize::from(*market) >= markets && *market != OTHER;
        let infinite = |values: &[f64]| values.iter().position(|value| !value.is_finite());
        let wrong = [
            early.map(|index| index + 1),
            self.market.iter().position(stranger),
            infinite(&self.log_price),
            infinite(&self.ordinary_usd),
            self.wrong_other(markets, venues),
        ];
        if let Some(index) = wrong.into_iter().flatten().min() {
            return fail(index, self.what_is_wrong(index, markets, venues));
        }
        Ok(())
    }

    /// Checks that every market has a tick.
    ///
    /// # Errors
    /// The first that has none.
    pub(crate) fn check_all_trade(&self, markets: usize) -> Result<(), ReplayError> {
        let mut seen = vec![false; markets];
        for market in &self.market {
            if let Some(seen) = seen.get_mut(usize::from(*market)) {
                *seen = true;
            }
        }
        match seen.iter().position(|seen| !seen) {
            Some(market) => Err(ReplayError::World(format!("market {market} has no tick"))),
            None => Ok(()),
        }
    }

    /// The first event beside ticks that names what is not there.
    fn wrong_other(&self, markets: usize, venues: usize) -> Option<usize> {
        let wrong = self.others.iter().position(|event| match event {
            WorldEvent::Depth {
                market, log_residual, ..
            } => usize::from(*market) >= markets || !log_residual.is_finite(),
            WorldEvent::Outage { venue, .. } => usize::from(*venue) >= venues,
            WorldEvent::Tick { .. } => false,
        })?;
        (0..self.len()).find(|&index| self.market[index] == OTHER && self.log_price[index] == wrong as f64)
    }

    fn what_is_wrong(&self, index: usize, markets: usize, venues: usize) -> String {
        if index > 0 && self.at[index] < self.at[index - 1] {
            return "comes before the one before it".to_owned();
        }
        match self.event(index).1 {
            WorldEvent::Tick { market, .. } if usize::from(market) >= markets => {
                format!("market {market}, there are {markets}")
            }
            WorldEvent::Tick {
                log_price,
                ordinary_usd,
                ..
            } => format!("log price {log_price} and flow {ordinary_usd} should be finite"),
            WorldEvent::Depth {
                market, log_residual, ..
            } => format!("market {market} of {markets}, residual {log_residual}"),
            WorldEvent::Outage { venue, .. } => format!("venue {venue}, there are {venues}"),
        }
    }
}
