//! What happens by the clock: arbitrage, funding, decisions, resales, rows.

use aftershock_market::{Coin, Side, Timestamp};
use aftershock_measure::depth::walk_book;
use aftershock_measure::spectral::spectral_radius;

use super::engine::World;
use super::journal::{Cause, ClockRow, PriceRow};
use super::order::{Behind, What};
use super::spec::Mark;
use crate::ReplayError;

/// From one sale of deleveraged winners to the next, µs.
const RESALE_US: i64 = 1_000_000;
/// Sales below this are not worth an order, USD.
const LEAST_RESALE_USD: f64 = 1.0;
/// The fall for which forced flow is counted in the response matrix, log price.
const PROBE_LOG: f64 = 0.01;

impl World<'_> {
    /// Puts what recurs on the agenda.
    pub(super) fn begin(&mut self, start: i64) {
        let after = |seconds: f64| start + (seconds * 1e6) as i64;
        if self.spec.instruments.iter().any(|one| one.arbitrage.is_some()) {
            self.agenda.put(after(self.spec.arbitrage_s), What::Arbitrage);
        }
        for (place, spec) in self.spec.instruments.iter().enumerate() {
            if let Some(funding) = spec.funding {
                self.agenda.put(after(funding.sample_s), What::Sample(place));
                // Payments fall on whole intervals of the day, as venues have them.
                let interval = (funding.interval_s * 1e6) as i64;
                let next = (start.div_euclid(interval) + 1) * interval;
                self.markets[place].pays_at = next;
                self.agenda.put(next, What::Pay(place));
            }
        }
        if !self.rules.is_record() {
            self.agenda.put(after(self.spec.decision_s), What::Decide);
        }
        self.agenda.put(start, What::Clock);
    }

    pub(super) fn timer(&mut self, at: i64, what: What) -> Result<(), ReplayError> {
        let again = |seconds: f64| at + ((seconds * 1e6) as i64).max(1);
        match what {
            What::Arbitrage => {
                self.arbitrage(at)?;
                self.agenda.put(again(self.spec.arbitrage_s), What::Arbitrage);
            }
            What::Sample(place) => {
                self.sample(at, place);
                let every = self.spec.instruments[place].funding.map_or(60.0, |one| one.sample_s);
                self.agenda.put(again(every), What::Sample(place));
            }
            What::Pay(place) => self.pay(at, place)?,
            What::Decide => {
                self.decide(at)?;
                self.agenda.put(again(self.spec.decision_s), What::Decide);
            }
            What::Clock => {
                self.clock(at);
                self.agenda.put(again(self.spec.clock_s), What::Clock);
            }
            What::Resale(place) => self.resale(at, place),
            What::Reopen(_) | What::Order(_) | What::Transfer { .. } | What::Recheck(_) => {}
        }
        Ok(())
    }

    /// Arbitrageurs trade part of each gap away: against it in the market, with it in the reference.
    fn arbitrage(&mut self, at: i64) -> Result<(), ReplayError> {
        for place in 0..self.markets.len() {
            let spec = &self.spec.instruments[place];
            let Some(arbitrage) = spec.arbitrage else { continue };
            let reference = self.spec.assets[spec.asset].1;
            let dt_s = (at - self.markets[place].arbitrage_at) as f64 * 1e-6;
            let market = &mut self.markets[place];
            market.arbitrage_at = at;
            market.arbitrage_used_usd *= libm::exp2(-dt_s / arbitrage.return_half_life_s);
            for moved in [place, reference] {
                let spec = &self.spec.instruments[moved];
                let market = &mut self.markets[moved];
                market.advance(at, &self.spec.table);
                if !market.closed() {
                    market.log_price = market.log_news + market.impact(spec);
                }
            }
            // The reference is the index; several sources are one here.
            self.markets[place].log_index = self.markets[reference].log_price;
            let open = !self.markets[place].closed() && !self.markets[reference].closed();
            if self.channels.arbitrage && open {
                // What machinery did to the gap; what the record had of it is in the news of both.
                let gap = self.answer(place) - self.answer(reference);
                let free = (arbitrage.capital_usd - self.markets[place].arbitrage_used_usd).max(0.0);
                let depth = spec.parameters.book_usd_per_log;
                let wanted = -gap * (1.0 - libm::exp(-arbitrage.speed_per_s * dt_s)) * depth;
                let flow = wanted.clamp(-free, free);
                if flow.abs() >= 1.0 {
                    self.markets[place].arbitrage_used_usd += flow.abs();
                    for (moved, flow) in [(place, flow), (reference, -flow)] {
                        let spec = &self.spec.instruments[moved];
                        let withdraws = self.channels.depth_withdrawal;
                        let depth = self.markets[moved].depth_for(at, spec, flow > 0.0, withdraws);
                        self.markets[moved].trade_endogenous(flow, depth);
                        self.markets[moved].log_price =
                            self.markets[moved].log_news + self.markets[moved].impact(spec);
                    }
                }
            }
            for moved in [place, reference] {
                let spec = &self.spec.instruments[moved];
                let market = &mut self.markets[moved];
                if market.closed() {
                    continue;
                }
                market.publish_mark(at, spec);
                if market.alarmed() {
                    self.look(at, moved)?;
                }
            }
        }
        Ok(())
    }

    /// Log price that the machinery's flow adds to a market.
    fn answer(&self, place: usize) -> f64 {
        let market = &self.markets[place];
        let spec = &self.spec.instruments[place];
        market.log_news + market.impact(spec) - market.log_null(spec)
    }

    /// Samples the premium: how far the impact bid stands above the index, less how far it stands above the impact ask.
    fn sample(&mut self, at: i64, place: usize) {
        let spec = &self.spec.instruments[place];
        let Some(funding) = spec.funding else { return };
        let reference = self.spec.assets[spec.asset].1;
        self.markets[place].log_index = self.markets[reference].log_price;
        let market = &mut self.markets[place];
        if market.closed() {
            return;
        }
        let depth = market.depth(at, spec);
        let (_, mean) = walk_book(spec.parameters.book_usd_per_log * depth, funding.impact_notional_usd);
        let gap = market.log_price - market.log_index;
        let bid_over = libm::expm1(gap - mean).max(0.0);
        let index_over_ask = (-libm::expm1(gap + mean)).max(0.0);
        let premium = bid_over - index_over_ask;
        market.premium.0 += premium;
        market.premium.1 += 1.0;
        let mean_premium = market.premium.0 / market.premium.1;
        let rate = mean_premium + (funding.interest - mean_premium).clamp(-funding.clamp, funding.clamp);
        market.funding_rate = rate.clamp(-funding.cap, funding.cap);
        if matches!(spec.mark, Mark::Fair) {
            market.publish_mark(at, spec);
        }
    }

    /// Pays funding: the frame moves, and with it all positions.
    fn pay(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let Some(funding) = spec.funding else { return Ok(()) };
        let market = &mut self.markets[place];
        let rate = std::mem::take(&mut market.funding_rate);
        market.premium = (0.0, 0.0);
        let a_contract = rate * market.frame.y(market.log_mark);
        market.frame.funding += if market.frame.inverse { -a_contract } else { a_contract };
        market.book.set_funding(market.frame.funding);
        market.refresh_alarm();
        market.pays_at = at + (funding.interval_s * 1e6) as i64;
        self.agenda.put(market.pays_at, What::Pay(place));
        for turn in 0..self.markets[place].holders.len() {
            let account = self.markets[place].holders[turn];
            self.check_account(at, account)?;
        }
        self.look(at, place)
    }

    /// Deleveraged winners sell part of what they still hold.
    fn resale(&mut self, at: i64, place: usize) {
        let spec = &self.spec.instruments[place];
        let Some(carry) = spec.carry else { return };
        let market = &mut self.markets[place];
        let share = 1.0 - libm::exp(-(RESALE_US as f64) * 1e-6 / carry.resell_s);
        let mut usd = market.unhedged_usd * share;
        if market.unhedged_usd - usd < LEAST_RESALE_USD {
            usd = market.unhedged_usd;
        }
        market.unhedged_usd -= usd;
        let parent = market.unhedged_parent;
        if market.unhedged_usd > 0.0 {
            self.agenda.put(at + RESALE_US, What::Resale(place));
        } else {
            market.unhedged_usd = 0.0;
        }
        if usd <= 0.0 || !self.channels.resale {
            return;
        }
        let reference = self.spec.assets[spec.asset].1;
        let to = &self.markets[reference];
        let quantity = to.frame.quantity(usd, to.log_price);
        if quantity > Coin::ZERO {
            let side = to.frame.side(Side::Long);
            self.send(at, reference, side, quantity, Cause::Resale, parent, Behind::Nobody);
        }
    }

    /// Rows of all markets, and of the world.
    fn clock(&mut self, at: i64) {
        let count = self.markets.len();
        for place in 0..count {
            let held = self.held_by_accounts(place);
            let spec = &self.spec.instruments[place];
            let market = &mut self.markets[place];
            market.advance(at, &self.spec.table);
            if !market.closed() {
                market.log_price = market.log_news + market.impact(spec);
            }
            let depth_ratio = market.depth(at, spec);
            self.journal.prices.push(PriceRow {
                at: Timestamp(at),
                market: place,
                log_price: market.log_price,
                log_mark: market.log_mark,
                log_null: market.log_null(spec),
                depth_ratio,
                backlog_usd: market.backlog_usd,
                open_interest: market.open_interest(held)[0],
                funding_rate: market.funding_rate,
                closed: market.closed(),
            });
        }
        let response = self.response();
        let (mut used, mut capital) = (0.0, 0.0);
        for (spec, market) in self.spec.instruments.iter().zip(&self.markets) {
            if let Some(arbitrage) = spec.arbitrage {
                capital += arbitrage.capital_usd;
                used += market.arbitrage_used_usd.min(arbitrage.capital_usd);
            }
        }
        self.journal.clock.push(ClockRow {
            at: Timestamp(at),
            spectral_radius: spectral_radius(&response).unwrap_or(f64::INFINITY),
            response: response.concat(),
            arbitrage_capital: if capital > 0.0 { 1.0 - used / capital } else { 1.0 },
        });
    }

    /// `R = K·G` at this instant, for a fall: forced flow that a fall of one in log price sets free in a market, times what
    /// it does to each market's price at once. Arbitrage takes time and is not in it.
    fn response(&self) -> Vec<Vec<f64>> {
        let count = self.markets.len();
        let mut response = vec![vec![0.0; count]; count];
        for from in 0..count {
            let spec = &self.spec.instruments[from];
            let market = &self.markets[from];
            let frame = market.frame;
            let side = frame.side(Side::Long);
            let quantity = market
                .book
                .triggered_quantity(side, frame.kept(market.log_mark - PROBE_LOG));
            let freed = frame.notional_usd(quantity, market.log_mark) / PROBE_LOG;
            if freed == 0.0 {
                continue;
            }
            let withdraws = self.channels.depth_withdrawal;
            response[from][from] = market.slope(spec, withdraws) * freed;
            for other in 0..self.spec.assets.len() {
                let to = self.spec.assets[other].1;
                let weight = self.spec.cross_impact[other][spec.asset];
                if other != spec.asset && weight != 0.0 {
                    let slope = self.markets[to].slope(&self.spec.instruments[to], false);
                    response[to][from] = weight * slope * freed;
                }
            }
        }
        response
    }
}
