//! A world of one market, as a lead-in leaves it: an episode of one instrument.

use aftershock_market::{Cash, Side, Timestamp};
use aftershock_protocol::RuleSet;
use aftershock_protocol::venue::deleveraging::Ranking;
use aftershock_protocol::venue::funding::Averaging;
use aftershock_protocol::venue::liquidation::{LiquidationRule, OrderKind};

use super::engine::{World, entry};
use super::frame::Frame;
use super::journal::{Entry, EntryKind, Holder, Journal};
use super::market::Market;
use super::spec::{Asset, Channels, InstrumentSpec, Liquidation, Mark, Venue, WorldSpec};
use crate::inventory::Start;
use crate::response::cross_impact::CrossImpact;
use crate::{DecayTable, Parameters, ReplayError};

/// Longer than any episode, s.
const NEVER_S: f64 = 1e9;

impl WorldSpec {
    /// One linear perpetual: its mark is its price, positions that break are closed whole as fast as they come, and what
    /// its pools cannot pay is bad debt. Nobody carries or arbitrates, and no funding is paid: no record of an episode
    /// tells of a second market.
    ///
    /// # Errors
    /// Parameters that do not fit.
    pub fn of_one(parameters: &Parameters, table: &DecayTable) -> Result<Self, ReplayError> {
        let spec = Self {
            venues: vec![Venue {
                name: "scope".to_owned(),
            }],
            assets: vec![Asset::of_one("asset", 0)],
            instruments: vec![InstrumentSpec {
                name: "perpetual".to_owned(),
                venue: 0,
                asset: 0,
                inverse: false,
                parameters: parameters.clone(),
                liquidation: Some(Liquidation {
                    rule: LiquidationRule::Whole {
                        order_kind: OrderKind::ImmediateOrCancel,
                    },
                    ranking: Ranking::Bitmex,
                    latency_s: parameters.latency_s,
                    throughput_usd_per_s: f64::INFINITY,
                    keeps_remainder: false,
                    vault: Cash::ZERO,
                    deleverages: false,
                }),
                funding: None,
                mark: Mark::Last,
                arbitrage: None,
                carry: None,
            }],
            cross_impact: CrossImpact::none(1),
            table: table.clone(),
            arbitrage_s: NEVER_S,
            decision_s: NEVER_S,
            clock_s: NEVER_S,
            transfer_s: 0.0,
        };
        spec.check()?;
        Ok(spec)
    }
}

impl<'a> World<'a> {
    /// A world whose one market begins as its lead-in left it, at the instant and log price of the lead-in's end.
    ///
    /// # Panics
    /// Where the world has not one market.
    pub fn of_one(
        spec: &'a WorldSpec,
        rules: &'a RuleSet,
        channels: Channels,
        start: Start,
        at: Timestamp,
        log_price: f64,
    ) -> Self {
        let [one] = spec.instruments.as_slice() else {
            panic!("a world of one market has {}", spec.instruments.len());
        };
        let cap_usd = start.cap_usd;
        let mut journal = Journal::default();
        for side in Side::BOTH {
            journal.entries.push(Entry {
                side,
                quantity: start.book.quantity(side),
                margin: start.ledger.margin(side),
                entry_value: start.ledger.entry_value(side),
                ..entry(at.0, 0, EntryKind::Endow, Holder::Cohort)
            });
        }
        let openings = start.margins.openings(&one.parameters, false);
        let mut market = Market::new(
            &one.parameters,
            Frame::new(one.inverse),
            start.book,
            start.ledger,
            start.margins,
            openings,
            start.market,
            start.variance_normal,
            log_price,
            at.0,
            None,
            None,
            Averaging::Time,
        );
        market.begin_with(start.ordinary, start.depth);
        market.cap_usd = cap_usd;
        World::assemble(spec, rules, channels, vec![market], journal)
    }
}
