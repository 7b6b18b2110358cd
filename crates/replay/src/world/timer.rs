//! What happens by the clock: arbitrage, funding, decisions, resales, rows.

use aftershock_market::{Side, Timestamp};
use aftershock_measure::spectral::spectral_radius;

use aftershock_protocol::venue::index::{MAX_SOURCES, Source};

use super::engine::World;
use super::journal::{ClockRow, PriceRow};
use super::order::What;
use crate::ReplayError;
use crate::response::basis::closing_usd;
use crate::response::carry::YEAR_S;

/// Flow of traders below this is not worth a trade, USD.
const LEAST_FLOW_USD: f64 = 1.0;
/// From one making of an index and a mark to the next where a rule makes them, s.
const MARK_S: f64 = 1.0;
/// The fall for which forced flow is counted in the response matrix, log price.
const PROBE_LOG: f64 = 0.01;

impl World<'_> {
    /// Puts what recurs on the agenda.
    pub(super) fn begin(&mut self, start: i64) -> Result<(), ReplayError> {
        let after = |seconds: f64| start + (seconds * 1e6) as i64;
        let trades = |one: &super::InstrumentSpec| one.arbitrage.is_some() || one.carry.is_some();
        if self.spec.instruments.iter().any(trades) {
            self.agenda.put(after(self.spec.arbitrage_s), What::Traders);
        }
        for (place, spec) in self.spec.instruments.iter().enumerate() {
            if let Some(funding) = spec.funding {
                self.agenda.put(after(funding.sample_s), What::Sample(place));
                self.begin_interval(start, place, &funding)?;
            }
        }
        if !self.rules.is_record() {
            for (place, market) in self.markets.iter().enumerate() {
                if market.follows_index {
                    self.agenda.put(after(MARK_S), What::Mark(place));
                }
            }
            self.agenda.put(after(self.spec.decision_s), What::Decide);
        }
        self.agenda.put(start, What::Clock);
        Ok(())
    }

    pub(super) fn timer(&mut self, at: i64, what: What) -> Result<(), ReplayError> {
        let again = |seconds: f64| at + ((seconds * 1e6) as i64).max(1);
        match what {
            What::Traders => {
                self.share_withdrawal(at);
                for place in 0..self.markets.len() {
                    self.arbitrage(at, place)?;
                    self.carry(at, place)?;
                }
                self.agenda.put(again(self.spec.arbitrage_s), What::Traders);
            }
            What::Sample(place) => {
                self.sample(at, place)?;
                let every = self.spec.instruments[place]
                    .funding
                    .map_or(60.0, |one| one.sample_s);
                self.agenda.put(again(every), What::Sample(place));
            }
            What::Mark(place) => {
                self.mark(at, place)?;
                self.agenda.put(again(MARK_S), What::Mark(place));
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
            What::Reopen(_) | What::Limit(_) | What::Order(_) | What::Transfer { .. } | What::Recheck(_) => {}
        }
        Ok(())
    }

    /// Makers share one limit on risk: a calm book joins part of what the others take away on average.
    fn share_withdrawal(&mut self, at: i64) {
        let mut sum = 0.0;
        for market in &self.markets {
            sum += market.own_withdrawal_log();
        }
        let mean = sum / self.markets.len() as f64;
        for market in &mut self.markets {
            market.join_withdrawal(at, mean);
        }
    }

    /// Arbitrageurs trade part of the gap between a market and its reference away. They look at what machinery did to the
    /// gap: what the record had of it, and what was traded against that, is in the news of both.
    pub(super) fn arbitrage(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let Some(parameters) = spec.arbitrage else {
            return Ok(());
        };
        let reference = self.spec.assets[spec.asset].reference;
        for moved in [place, reference] {
            self.markets[moved].advance(at, &self.spec.table);
        }
        let withdraws = self.channels.depth_withdrawal;
        let open = !self.markets[place].closed() && !self.markets[reference].closed();
        let gap = self.answer(place) - self.answer(reference);
        let closing = if gap == 0.0 || !open || !self.channels.arbitrage {
            0.0
        } else {
            let of = &self.spec.instruments[reference];
            closing_usd(
                gap,
                &self.markets[place].leg(spec, gap < 0.0, withdraws),
                &self.markets[reference].leg(of, gap > 0.0, withdraws),
            )
        };
        let flow = self.markets[place].arbitrage.trade(at, closing, &parameters);
        for (moved, usd) in [(place, flow.venue_usd), (reference, flow.reference_usd)] {
            self.markets[moved].arbitrage_usd += usd;
            self.trade(at, moved, usd)?;
        }
        Ok(())
    }

    /// Carry traders build, unwind and sell what is naked: both legs trade on their markets.
    fn carry(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        if spec.funding.is_none() {
            return Ok(());
        }
        let reference = self.spec.assets[spec.asset].reference;
        if self.markets[place].closed() || self.markets[reference].closed() {
            return Ok(());
        }
        let market = &mut self.markets[place];
        let capital = market.arbitrage.free();
        let annual = market.funding_rate * YEAR_S / market.funding_interval_s;
        let sampled = market.sampled;
        let price_usd = libm::exp(market.log_price);
        let Some((carry, parameters)) = &mut market.carry else {
            return Ok(());
        };
        let wanted = if sampled {
            parameters.desired_usd(annual, capital)
        } else {
            // Nothing is known of the next payment yet.
            carry.perp_coin() * price_usd
        };
        let flow = carry.advance(at, wanted, price_usd, parameters);
        let by = market.unhedged_by;
        if !self.channels.carry {
            return Ok(());
        }
        for (moved, usd) in [(place, flow.perp_usd), (reference, flow.spot_usd)] {
            self.markets[moved].carry_usd += usd;
            self.trade(at, moved, usd)?;
        }
        if let (Some(order), true) = (by, flow.spot_usd < 0.0) {
            self.remember(at, reference, order, flow.spot_usd);
        }
        Ok(())
    }

    /// Flow that nobody was forced to send meets a market.
    fn trade(&mut self, at: i64, place: usize, usd: f64) -> Result<(), ReplayError> {
        if usd.abs() < LEAST_FLOW_USD {
            return Ok(());
        }
        let market = &mut self.markets[place];
        market.advance(at, &self.spec.table);
        let depth = if self.channels.depth_withdrawal {
            market.depth(at, usd > 0.0)
        } else {
            1.0
        };
        market.trade_endogenous(usd, depth);
        self.reprice(at, place);
        if self.markets[place].alarmed() {
            self.look(at, place)?;
        }
        Ok(())
    }

    /// The index of an asset; the reference market's last price where no source is open.
    pub(super) fn log_index(&self, asset: usize) -> f64 {
        let of = &self.assets[asset];
        let fallback = self.markets[of.reference].log_price;
        if let [(place, _)] = of.sources[..] {
            return self.markets[place].log_price;
        }
        let mut sources = [Source {
            price_usd: None,
            weight: 0.0,
        }; MAX_SOURCES];
        let count = of.sources.len().min(MAX_SOURCES);
        for (slot, &(place, weight)) in sources.iter_mut().zip(&of.sources) {
            let market = &self.markets[place];
            let price_usd = (!market.closed()).then(|| libm::exp(market.log_price));
            *slot = Source { price_usd, weight };
        }
        of.index.index(&sources[..count]).map_or(fallback, libm::log)
    }

    /// Price, index and mark of a market as they stand now.
    pub(super) fn reprice(&mut self, at: i64, place: usize) {
        let spec = &self.spec.instruments[place];
        let log_index = self.log_index(spec.asset);
        let market = &mut self.markets[place];
        let open = !market.closed();
        if open {
            market.log_price = market.log_news + market.impact();
        }
        market.log_index = log_index;
        if open && market.band.is_some() {
            self.hold(at, place);
        }
        if open {
            self.markets[place].publish_mark(at);
        }
    }

    /// Makes index and mark anew where nothing trades.
    fn mark(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        self.markets[place].advance(at, &self.spec.table);
        self.reprice(at, place);
        if self.markets[place].alarmed() {
            self.look(at, place)?;
        }
        Ok(())
    }

    /// Log price that the machinery's flow adds to a market.
    fn answer(&self, place: usize) -> f64 {
        let market = &self.markets[place];
        market.log_news + market.impact() - market.log_null()
    }

    /// Rows of all markets, and of the world.
    fn clock(&mut self, at: i64) {
        let count = self.markets.len();
        for place in 0..count {
            let held = self.held_by_accounts(place);
            let market = &mut self.markets[place];
            market.advance(at, &self.spec.table);
            if !market.closed() {
                market.log_price = market.held(market.log_news + market.impact());
            }
            // As it stood: a row that is written changes nothing.
            let depth_ratio = market.depth_seen();
            self.journal.prices.push(PriceRow {
                at: Timestamp(at),
                market: place,
                log_price: market.log_price,
                log_mark: market.log_mark,
                log_null: if market.down {
                    market.log_null_down
                } else {
                    market.log_null()
                },
                depth_ratio,
                backlog_usd: market.backlog_usd,
                open_interest: market.open_interest(held)[0],
                funding_rate: market.funding_rate,
                arbitrage_usd: market.arbitrage_usd,
                carry_usd: market.carry_usd,
                closed: market.closed(),
            });
        }
        let response = self.response();
        let free: Vec<f64> = self
            .spec
            .instruments
            .iter()
            .zip(&self.markets)
            .filter(|(spec, _)| spec.arbitrage.is_some())
            .map(|(_, market)| market.arbitrage.free())
            .collect();
        self.journal.clock.push(ClockRow {
            at: Timestamp(at),
            spectral_radius: spectral_radius(&response).unwrap_or(f64::INFINITY),
            response: response.concat(),
            arbitrage_capital: free.into_iter().fold(1.0, f64::min),
        });
    }

    /// `R = K·G` at this instant, for a fall: forced flow that a fall of one in log price sets free in a market, times what
    /// it does to each market's price at once. Arbitrage takes time and is not in it.
    fn response(&self) -> Vec<Vec<f64>> {
        let count = self.markets.len();
        let mut response = vec![vec![0.0; count]; count];
        for (from, (spec, market)) in self.spec.instruments.iter().zip(&self.markets).enumerate() {
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
                let to = self.spec.assets[other].reference;
                let weight = self.spec.cross_impact.weight(other, spec.asset);
                if other != spec.asset && weight != 0.0 {
                    let slope = self.markets[to].slope(&self.spec.instruments[to], false);
                    response[to][from] = weight * slope * freed;
                }
            }
        }
        response
    }
}
