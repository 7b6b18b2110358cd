//! Funding: the premium is sampled, a rate follows, and at the end of an interval one side pays the other.

use aftershock_market::Timestamp;
use aftershock_protocol::venue::funding::Schedule;
use aftershock_protocol::{ChargeFunding, Intervention, ScheduleFunding};

use super::engine::World;
use super::order::What;
use super::spec::Funding;
use crate::ReplayError;

const EIGHT_HOURS_S: f64 = 28_800.0;

impl World<'_> {
    /// Begins the first interval, or the one after a payment: history's length, unless a rule says otherwise.
    pub(super) fn begin_interval(
        &mut self,
        at: i64,
        place: usize,
        funding: &Funding,
    ) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let history_s = funding.schedule.interval_s();
        let market = &self.markets[place];
        let before_s = match market.paid_rate {
            Some(_) => market.funding_interval_s,
            None => history_s,
        };
        let mut schedule = funding.schedule;
        if !self.rules.is_record() {
            let step = ScheduleFunding {
                interval_s: history_s,
                last_rate_8h: market.paid_rate.map(|rate| rate * (EIGHT_HOURS_S / before_s)),
            };
            let verdict = self.rules.schedule_funding(step, &market.view(at, spec))?;
            if verdict.step.interval_s != history_s {
                schedule = Schedule::new(0, verdict.step.interval_s as i64)
                    .map_err(|error| ReplayError::World(format!("funding of {}: {error}", spec.name)))?;
            }
            if schedule.interval_s() != before_s {
                self.tell_rules(at, "schedule_funding", &spec.name, None, &verdict.interventions);
            }
        }
        let next = schedule.next_after(Timestamp(at)).0;
        let market = &mut self.markets[place];
        market.funding_interval_s = schedule.interval_s();
        market.funding_stretch = history_s / schedule.interval_s();
        market.pays_at = next;
        self.agenda.put(next, What::Pay(place));
        self.markets[place].funding_rate = self.rate(at, place, funding)?.0;
        Ok(())
    }

    /// Rate of the interval as it stands, and what rules did to it.
    fn rate(
        &self,
        at: i64,
        place: usize,
        funding: &Funding,
    ) -> Result<(f64, Vec<Intervention>), ReplayError> {
        let market = &self.markets[place];
        let mut rule = funding.rule;
        rule.divisor *= market.funding_stretch;
        let step = ChargeFunding {
            rule,
            premium: market.premium.mean(),
            previous_rate: market.paid_rate,
            interval_s: market.funding_interval_s,
        };
        if self.rules.is_record() {
            return Ok((step.rate(), Vec::new()));
        }
        let view = market.view(at, &self.spec.instruments[place]);
        let verdict = self.rules.charge_funding(step, &view)?;
        Ok((verdict.step.rate(), verdict.interventions))
    }

    /// Samples the premium: how far the impact bid stands above the index, less how far it stands above the impact ask.
    pub(super) fn sample(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let Some(funding) = spec.funding else {
            return Ok(());
        };
        self.markets[place].log_index = self.log_index(spec.asset);
        let market = &mut self.markets[place];
        if market.closed() {
            return Ok(());
        }
        market.face(at);
        let mean = market.distance(funding.impact_notional_usd);
        let gap = market.log_price - market.log_index;
        let bid_over = libm::expm1(gap - mean).max(0.0);
        let index_over_ask = (-libm::expm1(gap + mean)).max(0.0);
        let premium = bid_over - index_over_ask;
        market.premium.push(premium, funding.sample_s);
        market.sampled = true;
        self.markets[place].funding_rate = self.rate(at, place, &funding)?.0;
        Ok(())
    }

    /// Pays funding: the frame moves, and with it all positions.
    pub(super) fn pay(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let Some(funding) = spec.funding else {
            return Ok(());
        };
        let (rate, interventions) = self.rate(at, place, &funding)?;
        self.tell_rules(at, "charge_funding", &spec.name, None, &interventions);
        let market = &mut self.markets[place];
        market.premium.take();
        market.sampled = false;
        market.paid_rate = Some(rate);
        let a_contract = rate * market.frame.y(market.log_mark);
        market.frame.funding += if market.frame.inverse {
            -a_contract
        } else {
            a_contract
        };
        market.book.set_funding(market.frame.funding);
        market.refresh_alarm();
        self.begin_interval(at, place, &funding)?;
        for turn in 0..self.markets[place].holders.len() {
            let account = self.markets[place].holders[turn];
            self.check_account(at, account)?;
        }
        self.look(at, place)
    }
}
