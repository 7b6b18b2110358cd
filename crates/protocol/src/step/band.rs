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

/// The price range outside which trading halts, until it is set again.
#[derive(Clone, Debug, PartialEq)]
pub struct SetBand {
    /// Lower edge, USD; 0 where there is none.
    pub lower_usd: f64,
    /// Upper edge, USD; infinite where there is none.
    pub upper_usd: f64,
    /// How long trading goes on at an edge, and nowhere beyond it, before it halts, s; it goes on freely where the price comes
    /// back by then. 0 halts at once.
    pub limit_s: f64,
    /// Length of the halt when an edge is crossed, s.
    pub halt_s: f64,
    /// Distance from the edge, as a ratio, within which the reopening price has to lie; a halt is extended where it does not,
    /// and the distance grows by itself with each extension. Infinite where any price will do.
    pub collar_ratio: f64,
    /// By how much a halt is extended, s.
    pub extend_s: f64,
    /// How trading begins again.
    pub reopening: Reopening,
    /// Which markets halt.
    pub halts: Halts,
}

impl SetBand {
    /// No band at all: any price trades.
    pub const OPEN: Self = Self {
        lower_usd: 0.0,
        upper_usd: f64::INFINITY,
        limit_s: 0.0,
        halt_s: 1.0,
        collar_ratio: f64::INFINITY,
        extend_s: 1.0,
        reopening: Reopening::Continuous,
        halts: Halts::Market,
    };
}

impl Step for SetBand {
    const NAME: &'static str = "set_band";
    fn breach(&self) -> Option<String> {
        let sound = 0.0 <= self.lower_usd && self.lower_usd < self.upper_usd && self.halt_s > 0.0;
        if !sound {
            return Some(format!(
                "0 <= lower {} < upper {} and halt {} s > 0",
                self.lower_usd, self.upper_usd, self.halt_s
            ));
        }
        let timed = self.limit_s >= 0.0 && self.extend_s > 0.0 && self.collar_ratio > 0.0;
        (!timed).then(|| {
            format!(
                "limit state {} s >= 0, extension {} s > 0 and collar {} > 0",
                self.limit_s, self.extend_s, self.collar_ratio
            )
        })
    }
    fn value(&self) -> f64 {
        self.lower_usd
    }
}
