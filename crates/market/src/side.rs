//! Which side of a contract, and in which order a bar's extremes are taken.

/// The side of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Gains when the price rises; its liquidation sells.
    Long,
    /// Gains when the price falls; its liquidation buys.
    Short,
}

impl Side {
    /// Both sides, longs first.
    pub const BOTH: [Side; 2] = [Side::Long, Side::Short];

    /// +1 for a long, -1 for a short.
    #[inline]
    pub const fn sign(self) -> f64 {
        match self {
            Side::Long => 1.0,
            Side::Short => -1.0,
        }
    }

    /// The other side.
    #[inline]
    pub const fn opposite(self) -> Side {
        match self {
            Side::Long => Side::Short,
            Side::Short => Side::Long,
        }
    }

    /// Position in arrays that hold one value a side: long 0, short 1.
    #[inline]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The name in tables: `long` or `short`.
    pub const fn name(self) -> &'static str {
        match self {
            Side::Long => "long",
            Side::Short => "short",
        }
    }

    /// The order that closes this side: `sell` closes a long, `buy` a short.
    pub const fn closing_order(self) -> &'static str {
        match self {
            Side::Long => "sell",
            Side::Short => "buy",
        }
    }
}

/// The order in which a bar's extremes are taken. The record does not say, so both are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BarOrder {
    /// Open, high, low, close.
    HighFirst,
    /// Open, low, high, close.
    LowFirst,
}

impl BarOrder {
    /// Both orders, high first.
    pub const BOTH: [BarOrder; 2] = [BarOrder::HighFirst, BarOrder::LowFirst];

    /// The name in tables: `high_first` or `low_first`.
    pub const fn name(self) -> &'static str {
        match self {
            BarOrder::HighFirst => "high_first",
            BarOrder::LowFirst => "low_first",
        }
    }
}
