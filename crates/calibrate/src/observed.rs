//! What a tape shows of one market: all that a calibration may see.

use aftershock_market::Timestamp;

/// What one venue prints of one market over a span.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Name of the venue; on made-up tapes it begins with `synthetic-`.
    pub venue: String,
    /// Name of the instrument.
    pub instrument: String,
    /// Unit of all quantities: `base`, or `quote` for inverse contracts of one dollar.
    pub quantity_unit: &'static str,
    /// What the feed of liquidations says of itself: `complete`, `throttled` or `unknown`.
    pub coverage: &'static str,
    /// Trades: ordinary flow, forced orders, arbitrage and carry, none of them marked.
    pub trades: Prints,
    /// Liquidations at their fills, as far as the feed shows them; none on spot.
    pub liquidations: Prints,
    /// Open interest of one side; none on spot.
    pub open_interest: Readings,
    /// Distance of each reading of `depth` from the price, percent, bids below 0.
    pub depth_band_pct: Vec<f64>,
    /// What rests up to there.
    pub depth: Readings,
    /// Marks and mids.
    pub marks: Marks,
    /// Bars, where venues print those alone: before the trades begin.
    pub bars: Bars,
}

/// Trades or liquidations, a column each, in the order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Prints {
    /// When.
    pub at: Vec<Timestamp>,
    /// Price, USD a coin.
    pub price_usd: Vec<f64>,
    /// How much, in the market's unit.
    pub quantity: Vec<f64>,
    /// Whether the taker bought; a liquidation that sells closes a long.
    pub buys: Vec<bool>,
}

/// Quantities at instants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readings {
    /// When.
    pub at: Vec<Timestamp>,
    /// How much, in the market's unit.
    pub quantity: Vec<f64>,
    /// Its value, USD.
    pub notional_usd: Vec<f64>,
}

/// Marks at instants.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Marks {
    /// When.
    pub at: Vec<Timestamp>,
    /// What margin is valued at, USD; empty on spot.
    pub mark_usd: Vec<f64>,
    /// Middle of the book, USD.
    pub mid_usd: Vec<f64>,
}

/// Bars, a column each, in the order of time; each stands from its opening to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bars {
    /// When it opens.
    pub open_at: Vec<Timestamp>,
    /// When it closes.
    pub close_at: Vec<Timestamp>,
    /// First price, USD a coin.
    pub open_usd: Vec<f64>,
    /// Highest price.
    pub high_usd: Vec<f64>,
    /// Lowest price.
    pub low_usd: Vec<f64>,
    /// Last price.
    pub close_usd: Vec<f64>,
    /// What traded, USD.
    pub volume_usd: Vec<f64>,
}

impl Observed {
    /// What a quantity of this market is worth at a price, USD.
    pub fn usd(&self, quantity: f64, price_usd: f64) -> f64 {
        if self.quantity_unit == "quote" {
            quantity
        } else {
            quantity * price_usd
        }
    }
}

impl Prints {
    /// Adds a row.
    pub fn push(&mut self, at: Timestamp, price_usd: f64, quantity: f64, buys: bool) {
        self.at.push(at);
        self.price_usd.push(price_usd);
        self.quantity.push(quantity);
        self.buys.push(buys);
    }

    pub(crate) fn extend(&mut self, more: &Self) {
        self.at.extend(&more.at);
        self.price_usd.extend(&more.price_usd);
        self.quantity.extend(&more.quantity);
        self.buys.extend(&more.buys);
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.at.is_empty()
    }

    /// The rows at these places.
    pub(crate) fn only(&self, places: &[usize]) -> Self {
        let mut kept = Self::default();
        for &place in places {
            kept.push(
                self.at[place],
                self.price_usd[place],
                self.quantity[place],
                self.buys[place],
            );
        }
        kept
    }
}

impl Bars {
    /// Number of bars.
    pub fn len(&self) -> usize {
        self.open_at.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.open_at.is_empty()
    }
}
