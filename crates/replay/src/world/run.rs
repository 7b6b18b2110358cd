//! The loop: events from outside and what the world does in between, in one order.

use aftershock_market::{Cash, Timestamp};

use super::engine::{Drive, World, WorldRun};
use super::tape::{OTHER, WorldTape};
use crate::ReplayError;

impl World<'_> {
    /// Runs a tape to its end. A build with debug assertions audits the run.
    ///
    /// # Errors
    /// A broken tape, a rule that breaks a step, or a second ledger that disagrees.
    pub fn run(mut self, tape: &WorldTape, drive: Drive<'_>) -> Result<WorldRun, ReplayError> {
        tape.check(self.markets.len(), self.spec.venues.len())?;
        tape.check_all_trade(self.markets.len())?;
        let (news, depths) = match drive {
            Drive::Record => (None, None),
            Drive::Exogenous { log_news, depth } => (Some(log_news), Some(depth)),
            Drive::News => (Some(&tape.log_price[..]), None),
        };
        if let (Some(news), Some(depths)) = (news, depths)
            && (news.len() != tape.len() || depths.len() != tape.len())
        {
            return Err(ReplayError::World(format!(
                "exogenous inputs have {} and {} entries, the tape {}",
                news.len(),
                depths.len(),
                tape.len()
            )));
        }
        let (start, end) = tape
            .span()
            .ok_or_else(|| ReplayError::World("the tape is empty".to_owned()))?;
        let returns = self.abducts && depths.is_none();
        let mut exogenous = returns.then(|| (Vec::with_capacity(tape.len()), Vec::with_capacity(tape.len())));
        self.on_grid = tape.grid.is_some();
        let reserves = self.reserves();
        self.begin(start.0)?;
        self.tell_start(start.0);
        self.go_through(tape, news, depths, &mut exogenous)?;
        self.end(end, tape.len() as u64, exogenous, &reserves)
    }

    /// Runs a tape that comes in blocks, one after the other, and so need never be in memory as a whole: what stays is
    /// the positions, the journal of what happened, and what is exogenous unless that is left out. `news` says that the
    /// blocks' prices are news; otherwise they are the record. A market that never trades is not noticed.
    ///
    /// # Errors
    /// As [`World::run`]; a block that begins before the one before it ends, or that is of bars.
    pub fn run_blocks(
        mut self,
        blocks: impl IntoIterator<Item = WorldTape>,
        news: bool,
    ) -> Result<WorldRun, ReplayError> {
        let mut exogenous = self.abducts.then(Default::default);
        let reserves = self.reserves();
        let mut end: Option<Timestamp> = None;
        let mut events = 0;
        for block in blocks {
            block.check(self.markets.len(), self.spec.venues.len())?;
            let Some((first, last)) = block.span() else {
                continue;
            };
            if block.grid.is_some() {
                return Err(ReplayError::World("bars do not come in blocks".to_owned()));
            }
            match end {
                Some(end) if first < end => {
                    let text =
                        format!("a block begins at {first}, before the end of the one before it at {end}");
                    return Err(ReplayError::World(text));
                }
                Some(_) => {}
                None => {
                    self.begin(first.0)?;
                    self.tell_start(first.0);
                }
            }
            let news = news.then_some(&block.log_price[..]);
            self.go_through(&block, news, None, &mut exogenous)?;
            end = Some(last);
            events += block.len() as u64;
        }
        let end = end.ok_or_else(|| ReplayError::World("no block has an event".to_owned()))?;
        self.end(end, events, exogenous, &reserves)
    }

    fn end(
        mut self,
        end: Timestamp,
        events: u64,
        exogenous: Option<(Vec<f64>, Vec<f64>)>,
        reserves: &[[Cash; 2]],
    ) -> Result<WorldRun, ReplayError> {
        self.until(end.0)?;
        let books = self.books;
        let run = self.finish(events, exogenous);
        if cfg!(debug_assertions) && books {
            super::audit(&run, reserves)
                .map_err(|error| ReplayError::World(format!("the second ledger disagrees: {error}")))?;
        }
        Ok(run)
    }

    fn go_through(
        &mut self,
        tape: &WorldTape,
        news: Option<&[f64]>,
        depths: Option<&[f64]>,
        exogenous: &mut Option<(Vec<f64>, Vec<f64>)>,
    ) -> Result<(), ReplayError> {
        let mut k = 0;
        while k < tape.len() {
            let at = tape.at[k];
            if self.agenda.next < at {
                self.until(at - 1)?;
            }
            let found = match &tape.grid {
                _ if tape.market[k] == OTHER => {
                    self.outside(at, tape.event(k).1)?;
                    (tape.log_price[k], 1.0)
                }
                Some(grid) => {
                    let given = (news.map(|news| news[k]), depths.map(|depths| depths[k]));
                    self.waypoint(k, tape, grid, given)?
                }
                None => {
                    k = self.ticks(k, tape, news, depths, exogenous)?;
                    continue;
                }
            };
            if let Some((news, depths)) = exogenous {
                news.push(found.0);
                depths.push(found.1);
            }
            k += 1;
        }
        Ok(())
    }

    /// Goes from tick to tick while nothing is due, and looks where a mark has come as far as somebody; the place of the
    /// first event that is left. A tick that touches nobody stays in this loop, and what is rare is kept out of it.
    #[inline(never)]
    fn ticks(
        &mut self,
        from: usize,
        tape: &WorldTape,
        news: Option<&[f64]>,
        depths: Option<&[f64]>,
        exogenous: &mut Option<(Vec<f64>, Vec<f64>)>,
    ) -> Result<usize, ReplayError> {
        let ticks = tape.at[from..].iter().zip(&tape.market[from..]);
        let moves = tape.log_price[from..].iter().zip(&tape.ordinary_usd[from..]);
        let mut k = from;
        for ((&at, &market), (&log_price, &ordinary_usd)) in ticks.zip(moves) {
            if at > self.agenda.next || market == OTHER {
                break;
            }
            let place = usize::from(market);
            let given = (news.map(|news| news[k]), depths.map(|depths| depths[k]));
            let (log_news, depth) = self.tick(at, place, log_price, ordinary_usd, given);
            k += 1;
            if let Some((news, depths)) = exogenous {
                news.push(log_news);
                depths.push(depth);
            }
            if self.markets[place].alarmed() {
                self.look(at, place)?;
            }
        }
        Ok(k)
    }

    /// A market's price moves; what is exogenous in it, and the depth that its ordinary flow met.
    #[inline(always)]
    fn tick(
        &mut self,
        at: i64,
        place: usize,
        log_price: f64,
        ordinary_usd: f64,
        (given_news, given_depth): (Option<f64>, Option<f64>),
    ) -> (f64, f64) {
        let market = &mut self.markets[place];
        let dt = at - market.ticked_at;
        market.advance(at, &self.spec.table);
        // Makers look at the market at the same instants whether or not it is known what ordinary flow met.
        let modelled = market.depth(at, ordinary_usd > 0.0);
        let depth = given_depth.unwrap_or(modelled);
        if market.halted_until.is_some() {
            let parameters = &self.spec.instruments[place].parameters;
            market.queued_usd += ordinary_usd * (1.0 - parameters.cancelled_share);
        } else {
            market.trade_ordinary(ordinary_usd + market.queued_usd, depth);
            market.queued_usd = 0.0;
        }
        let (impact, null_impact) = market.impacts();
        let (log_news, open) = match given_news {
            Some(news) => (news, news + impact),
            None => (log_price - impact, log_price),
        };
        market.log_news = log_news;
        if market.halted_until.is_none() {
            market.log_price = open;
            if market.band.is_some() {
                self.hold(at, place);
            }
            let market = &mut self.markets[place];
            if dt > 0 {
                let keep = market.volatility_kept(dt, &self.spec.table);
                market.state.step(Timestamp(at), market.log_price, dt, keep);
                market.ticked_at = at;
            }
            market.publish_mark(at);
        }
        let market = &mut self.markets[place];
        let mut null = market.log_mark;
        if market.answering {
            null += log_news + null_impact - market.log_price;
        }
        market.null_reached = [market.null_reached[0].min(null), market.null_reached[1].max(null)];
        (log_news, depth)
    }
}
