//! A price band as a market keeps it: its edges, what follows at them, and who is turned away there.

use aftershock_market::Side;
use aftershock_protocol::{Edge, Reopening, SetBand, Verdict};

use super::market::Market;

/// What follows at an edge, and what is told of it.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) edge: Edge,
    pub(crate) rule: String,
    pub(crate) reason: String,
}

/// Prices between which a market trades, as rules have set them.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// Lowest and highest log price.
    pub(crate) log_edges: [f64; 2],
    pub(crate) terms: [Terms; 2],
}

impl Band {
    /// The band that rules leave; absent where none of them set any.
    pub(crate) fn of(verdict: Verdict<SetBand>) -> Option<Box<Self>> {
        let last = verdict.interventions.last().filter(|_| verdict.allowed)?;
        let terms = |edge: Edge| {
            let setter = verdict.interventions.iter().rfind(|one| one.rule == edge.by);
            let told = setter.unwrap_or(last);
            Terms {
                edge,
                rule: told.rule.clone(),
                reason: told.reason.0.clone(),
            }
        };
        let SetBand { lower, upper } = verdict.step.clone();
        Some(Box::new(Self {
            log_edges: [libm::log(lower.usd), libm::log(upper.usd)],
            terms: [terms(lower), terms(upper)],
        }))
    }

    /// The edge that a log price lies beyond: 0 the lower, 1 the upper.
    pub(crate) fn crossed(&self, log_price: f64) -> Option<usize> {
        let [low, high] = self.log_edges;
        if log_price < low {
            Some(0)
        } else if log_price > high {
            Some(1)
        } else {
            None
        }
    }

    /// The price in the band nearest to a log price.
    pub(crate) fn held(&self, log_price: f64) -> f64 {
        let [low, high] = self.log_edges;
        log_price.clamp(low, high)
    }
}

/// A price that stands at an edge before trading halts there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    /// 0 the lower, 1 the upper.
    pub(crate) edge: usize,
    /// When it halts.
    pub(crate) until: i64,
}

/// A halt that is under way.
#[derive(Clone, Debug)]
pub(crate) struct Halt {
    pub(crate) terms: Terms,
    /// The edge that was crossed: 0 the lower, 1 the upper.
    pub(crate) edge: usize,
    /// How often it was extended.
    pub(crate) extensions: u32,
}

/// The price of an auction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Auction {
    /// Where it would be without forced orders, log.
    pub(crate) log_before: f64,
    /// At which all that waited is filled, log.
    pub(crate) log_price: f64,
    /// Depth that the forced orders of it meet together.
    pub(crate) depth: f64,
}

impl Market {
    /// Whether an order that closes a side of the frame cannot meet the book now: the market is closed, or stands at an edge
    /// that the order would push it through. Nobody bids there: an order the other way fills at the edge.
    pub(crate) fn turns_away(&self, side: Side) -> bool {
        let outward = |limit: Limit| match self.frame.side(side) {
            Side::Long => limit.edge == 0,
            Side::Short => limit.edge == 1,
        };
        self.closed() || self.limit.is_some_and(outward)
    }

    /// A log price as far as the band lets it go.
    pub(crate) fn held(&self, log_price: f64) -> f64 {
        self.band.as_ref().map_or(log_price, |band| band.held(log_price))
    }

    /// Whether what waits for this market meets in an auction.
    pub(crate) fn auctions(&self) -> bool {
        let reopening = self.halt.as_ref().map(|halt| halt.terms.edge.reopening);
        reopening == Some(Reopening::Auction)
    }
}
