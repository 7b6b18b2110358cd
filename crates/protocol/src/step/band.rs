use super::Step;

/// How trading begins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reopening {
    /// Orders that waited go to the book one after the other.
    Continuous,
    /// Orders that waited meet in one auction: forced and ordinary flow is summed, and all of it fills at one price.
    Auction,
}

/// Which markets a halt stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halts {
    /// The one whose price left the band.
    Market,
    /// All of them.
    AllMarkets,
}

/// An edge of a price band, and what happens where a price would pass it.
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// Where it stands, USD.
    pub usd: f64,
    /// How long trading goes on at the edge, and nowhere beyond it, before it halts, s; it goes on freely where the price
    /// comes back by then. 0 halts at once.
    pub limit_s: f64,
    /// Length of the halt, s.
    pub halt_s: f64,
    /// How far beyond the edge the reopening price may lie, as a ratio of it; a halt is extended where it lies further, and
    /// the distance grows by itself with each extension. Infinite where any price will do.
    pub collar_ratio: f64,
    /// By how much a halt is extended, s.
    pub extend_s: f64,
    /// How trading begins again.
    pub reopening: Reopening,
    /// Which markets halt.
    pub halts: Halts,
    /// Which of the rule's levels it is, from 1; 0 where it has one alone.
    pub level: u8,
    /// Name of the rule that set it; empty where it does not say.
    pub by: &'static str,
}

impl Edge {
    /// Halts this market at once and for so long, and reopens at any price.
    pub const fn halting(usd: f64, halt_s: f64, by: &'static str) -> Self {
        Self {
            usd,
            limit_s: 0.0,
            halt_s,
            collar_ratio: f64::INFINITY,
            extend_s: 1.0,
            reopening: Reopening::Continuous,
            halts: Halts::Market,
            level: 0,
            by,
        }
    }

    fn breach(&self) -> Option<String> {
        let sound =
            self.limit_s >= 0.0 && self.halt_s > 0.0 && self.collar_ratio > 0.0 && self.extend_s > 0.0;
        (!sound).then(|| {
            format!(
                "limit state {} s >= 0, halt {} s > 0, collar {} > 0 and extension {} s > 0",
                self.limit_s, self.halt_s, self.collar_ratio, self.extend_s
            )
        })
    }
}

/// The price range outside which nothing trades, until it is set again.
#[derive(Clone, Debug, PartialEq)]
pub struct SetBand {
    /// Lower edge; at 0 where there is none.
    pub lower: Edge,
    /// Upper edge; infinite where there is none.
    pub upper: Edge,
}

impl SetBand {
    /// No band at all: any price trades.
    pub const OPEN: Self = Self {
        lower: Edge::halting(0.0, 1.0, ""),
        upper: Edge::halting(f64::INFINITY, 1.0, ""),
    };
}

impl Step for SetBand {
    const NAME: &'static str = "set_band";
    fn breach(&self) -> Option<String> {
        let (lower_usd, upper_usd) = (self.lower.usd, self.upper.usd);
        if !(0.0 <= lower_usd && lower_usd < upper_usd) {
            return Some(format!("0 <= lower {lower_usd} < upper {upper_usd}"));
        }
        self.lower.breach().or_else(|| self.upper.breach())
    }
    fn value(&self) -> f64 {
        self.lower.usd
    }
}
