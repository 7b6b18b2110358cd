//! The open interest beyond which nobody opens.

use aftershock_market::{Coin, Side};
use aftershock_protocol::CapInterest;

use super::engine::World;
use crate::ReplayError;

impl World<'_> {
    /// The cap is put to the rules; told where it changes.
    pub(super) fn decide_cap(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let market = &mut self.markets[place];
        let view = market.view(at, spec);
        let step = CapInterest {
            history_usd: spec.parameters.open_interest_usd,
            open_interest_usd: view.open_interest_usd,
            cap_usd: f64::INFINITY,
        };
        let verdict = self.rules.cap_interest(step, &view)?;
        if verdict.step.cap_usd != market.cap_usd {
            market.cap_usd = verdict.step.cap_usd;
            self.tell_rules(at, "cap_interest", &spec.name, None, &verdict.interventions);
        }
        Ok(())
    }

    /// Share of an order that new positions take over: as many as parameters say, and no more than the cap has room for
    /// when the order's own positions are gone.
    pub(super) fn reopen_share(&self, place: usize, side: Side, quantity: Coin, kept: f64) -> f64 {
        let market = &self.markets[place];
        let share = self.spec.instruments[place].parameters.reopen_share;
        if market.cap_usd == f64::INFINITY {
            return share;
        }
        // Both sides were equal before the order's positions were taken out of theirs.
        let open = market.open_interest(self.held_by_accounts(place))[side.opposite().index()];
        let log_price = market.frame.log_price(kept);
        let left_usd = market.frame.notional_usd(open - quantity, log_price);
        let room_usd = (market.cap_usd - left_usd).max(0.0);
        share.min(room_usd / market.frame.notional_usd(quantity, log_price))
    }
}
