//! The world: what is in it, and what it does between two ticks.

use aftershock_market::{Cash, Coin, Side, Timestamp};
use aftershock_protocol::{Intervention, RuleSet, SetBand};

use super::account::Account;
use super::band::Band;
use super::journal::{Entry, EntryKind, Holder, Journal};
use super::market::Market;
use super::order::{Agenda, Order, What};
use super::spec::{Asset, Channels, WorldSpec};
use super::tape::WorldEvent;
use crate::observer::{Observer, listener};
use crate::{ReplayError, Silent};

/// What drives prices.
#[derive(Clone, Copy, Debug)]
pub enum Drive<'a> {
    /// The tape's prices are the record; what is exogenous follows and is returned.
    Record,
    /// What is exogenous is given, an entry an event of the tape: log prices less all impact, and the depth that ordinary
    /// flow met.
    Exogenous {
        /// Log price less impact.
        log_news: &'a [f64],
        /// Depth against normal.
        depth: &'a [f64],
    },
    /// The tape's prices are news, without any impact: a world is made up. What is exogenous is returned.
    News,
}

/// What a world came to.
#[derive(Clone, Debug)]
pub struct WorldRun {
    /// All it did.
    pub journal: Journal,
    /// Where nothing exogenous was given and it was asked for: log price less impact and depth, an entry an event of the
    /// tape.
    pub exogenous: Option<(Vec<f64>, Vec<f64>)>,
    /// Accounts at the end.
    pub accounts: Vec<Account>,
    /// Reserves of each market at the end: funds of its pools, and vault.
    pub reserves: Vec<[Cash; 2]>,
    /// Losses of each market charged to winners, settlement asset: claims that their margins do not show.
    pub socialised: Vec<Cash>,
    /// Unpaid losses of each market.
    pub bad_debt: Vec<Cash>,
    /// Open interest of each market, long and short in its frame.
    pub open_interest: Vec<[Coin; 2]>,
    /// Funding of each market, settlement asset a contract, paid by longs.
    pub funding_paid: Vec<f64>,
    /// Of each market, since when and until when it is halted where the end of the tape came first.
    pub halted: Vec<Option<(Timestamp, Timestamp)>>,
    /// Largest difference between long and short open interest, and largest residual of the books, seen after any order.
    pub imbalance: (Coin, Cash),
    /// Events of the tape.
    pub events: u64,
    /// Things that happened in between.
    pub actions: u64,
}

/// A world that can be run.
pub struct World<'a> {
    pub(crate) spec: &'a WorldSpec,
    /// Assets, with their indexes as rules have made them.
    pub(super) assets: Vec<Asset>,
    pub(crate) rules: &'a RuleSet,
    pub(crate) channels: Channels,
    pub(crate) markets: Vec<Market>,
    pub(crate) accounts: Vec<Account>,
    pub(crate) agenda: Agenda,
    pub(crate) orders: Vec<Option<Order>>,
    /// Generation of every order that was sent, by its number.
    pub(crate) generations: Vec<u32>,
    /// Orders that wait for a market to open, by market.
    pub(crate) waiting: Vec<Vec<usize>>,
    pub(crate) journal: Journal,
    pub(crate) imbalance: (Coin, Cash),
    /// Log marks beyond which an account is looked at, by account and holding or collateral.
    pub(crate) bands: Vec<Vec<(usize, f64, f64)>>,
    pub(crate) scratch: Vec<aftershock_protocol::Closed>,
    /// Who is told; absent where nobody listens.
    pub(crate) observer: Option<&'a mut dyn Observer>,
    /// Whether the books are written down, entry by entry.
    pub(crate) books: bool,
    /// Whether what is exogenous is returned.
    pub(super) abducts: bool,
    /// The order that is being filled.
    pub(crate) filling: Option<u32>,
    /// Whether orders wait for a waypoint.
    pub(crate) on_grid: bool,
    /// What rules did before the tape, by step and subject, to be told at its start.
    pub(super) before: Vec<(&'static str, String, Vec<Intervention>)>,
    /// Whether rules were asked how marks are made.
    pub(super) marks_by_rule: bool,
    pub(super) actions: u64,
}

impl<'a> World<'a> {
    pub(crate) fn assemble(
        spec: &'a WorldSpec,
        rules: &'a RuleSet,
        channels: Channels,
        markets: Vec<Market>,
        journal: Journal,
    ) -> Self {
        let waiting = vec![Vec::new(); markets.len()];
        Self {
            spec,
            assets: spec.assets.clone(),
            rules,
            channels,
            markets,
            accounts: Vec::new(),
            agenda: Agenda::new(),
            orders: Vec::new(),
            generations: Vec::new(),
            waiting,
            journal,
            imbalance: (Coin::ZERO, Cash::ZERO),
            bands: Vec::new(),
            scratch: Vec::new(),
            observer: None,
            books: true,
            filling: None,
            abducts: true,
            on_grid: false,
            before: Vec::new(),
            marks_by_rule: false,
            actions: 0,
        }
    }

    /// Tells an observer what happens.
    pub fn observed(mut self, observer: &'a mut dyn Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Reserves of each market as they stand, funds of its pools and vault, settlement asset: what [`super::audit`] has to
    /// be told.
    pub fn reserves(&self) -> Vec<[Cash; 2]> {
        self.markets.iter().map(Market::reserves).collect()
    }

    /// Leaves the books unwritten: the run can then not be audited.
    pub fn without_books(mut self) -> Self {
        self.books = false;
        self.journal.entries.clear();
        self
    }

    /// Keeps nothing an event: what is exogenous is not returned, and memory grows with what happens alone.
    pub fn without_exogenous(mut self) -> Self {
        self.abducts = false;
        self
    }

    /// What comes from outside beside ticks.
    pub(super) fn outside(&mut self, at: i64, event: WorldEvent) -> Result<(), ReplayError> {
        match event {
            WorldEvent::Depth {
                market,
                side,
                log_residual,
            } => {
                self.markets[usize::from(market)].hold_residual(at, side == Side::Short, log_residual);
            }
            WorldEvent::Outage { venue, down } => {
                for place in 0..self.markets.len() {
                    if self.spec.instruments[place].venue == usize::from(venue) {
                        self.arbitrage(at, place)?;
                        if down {
                            let log_null = self.markets[place].log_null();
                            self.markets[place].log_null_down = log_null;
                        }
                        self.markets[place].down = down;
                        if let Some(parameters) = self.spec.instruments[place].arbitrage {
                            self.markets[place].arbitrage.set_open(!down, &parameters);
                        }
                        if !down {
                            self.release(at, place);
                            self.look(at, place)?;
                        }
                    }
                }
            }
            WorldEvent::Tick { .. } => {}
        }
        Ok(())
    }

    /// Does all that is due up to an instant.
    pub(super) fn until(&mut self, until: i64) -> Result<(), ReplayError> {
        while let Some((at, what)) = self.agenda.take(until) {
            self.actions += 1;
            match what {
                What::Reopen(market) => self.reopen(at, market)?,
                What::Limit(market) => self.end_limit(at, market)?,
                What::Order(order) => self.execute(at, order)?,
                What::Transfer { account, amount } => self.arrive(at, account, Cash(i128::from(amount)))?,
                What::Recheck(market) => self.look(at, market)?,
                _ => self.timer(at, what)?,
            }
        }
        Ok(())
    }

    /// Looks at everybody whom the mark may have broken.
    #[cold]
    pub(crate) fn look(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        if self.markets[place].closed() {
            return Ok(());
        }
        if self.spec.instruments[place].liquidation.is_some() {
            self.break_levels(at, place)?;
        }
        let [low, high] = self.markets[place].watch;
        let mark = self.markets[place].log_mark;
        if mark <= low || mark >= high {
            for turn in 0..self.markets[place].holders.len() {
                let account = self.markets[place].holders[turn];
                let touched = self.bands[account]
                    .iter()
                    .any(|(market, low, high)| *market == place && (mark <= *low || mark >= *high));
                if touched {
                    self.check_account(at, account)?;
                }
            }
        }
        Ok(())
    }

    /// A row of the books.
    pub(crate) fn enter(&mut self, entry: Entry) {
        if self.books {
            self.journal.entries.push(Entry {
                order: self.filling,
                ..entry
            });
        }
    }

    /// Margins and bands of all markets are put to the rules.
    pub(crate) fn decide(&mut self, at: i64) -> Result<(), ReplayError> {
        for place in 0..self.markets.len() {
            if self.spec.instruments[place].liquidation.is_none() || self.markets[place].down {
                continue;
            }
            self.decide_on(at, place)?;
            self.look(at, place)?;
        }
        Ok(())
    }

    /// Margins and the band of a market are put to the rules.
    pub(crate) fn decide_on(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let market = &mut self.markets[place];
        market.state.close(Timestamp(at), market.log_mark);
        let mut silent = Silent;
        let observer = listener(&mut self.observer, &mut silent);
        market.assess(at, spec, self.rules, observer)?;
        self.decide_cap(at, place)?;
        self.decide_trading(at, place)
    }

    /// Fees, capital beside the makers' and the band of a market are put to the rules.
    pub(crate) fn decide_trading(&mut self, at: i64, place: usize) -> Result<(), ReplayError> {
        let spec = &self.spec.instruments[place];
        let market = &mut self.markets[place];
        let mut silent = Silent;
        let observer = listener(&mut self.observer, &mut silent);
        market.decide_liquidity(at, spec, self.rules, observer)?;
        let spec = &self.spec.instruments[place];
        let market = &mut self.markets[place];
        // While a price stands at an edge the edge stands too.
        if market.halted_until.is_none() && market.limit.is_none() {
            market.band = Band::of(self.rules.set_band(SetBand::OPEN, &market.view(at, spec))?);
        }
        Ok(())
    }

    /// Open interest that accounts hold in a market.
    pub(crate) fn held_by_accounts(&self, place: usize) -> [Coin; 2] {
        let mut held = [Coin::ZERO; 2];
        for account in &self.markets[place].holders {
            for one in &self.accounts[*account].holdings {
                if one.market == place {
                    held[one.side.index()] += one.quantity;
                }
            }
        }
        held
    }

    /// Counts money and contracts of a market again.
    pub(crate) fn count(&mut self, place: usize) {
        let market = &self.markets[place];
        let [long, short] = market.open_interest(self.held_by_accounts(place));
        let gap = Coin((long - short).0.abs());
        let residual = Cash(market.ledger.residual().0.abs());
        self.imbalance = (self.imbalance.0.max(gap), self.imbalance.1.max(residual));
    }

    pub(super) fn finish(mut self, events: u64, exogenous: Option<(Vec<f64>, Vec<f64>)>) -> WorldRun {
        for row in &mut self.journal.orders {
            let [low, high] = self.markets[row.market].null_reached;
            row.additional = row.parent.is_some()
                && match row.side {
                    Side::Long => row.log_trigger < low,
                    Side::Short => row.log_trigger > high,
                };
        }
        for place in 0..self.markets.len() {
            self.count(place);
        }
        let open_interest = (0..self.markets.len())
            .map(|place| self.markets[place].open_interest(self.held_by_accounts(place)))
            .collect();
        WorldRun {
            exogenous,
            reserves: self.markets.iter().map(Market::reserves).collect(),
            socialised: self
                .markets
                .iter()
                .map(|market| market.ledger.socialised())
                .collect(),
            bad_debt: self
                .markets
                .iter()
                .map(|market| market.ledger.bad_debt().iter().copied().sum())
                .collect(),
            open_interest,
            funding_paid: self
                .markets
                .iter()
                .map(|market| {
                    if market.frame.inverse {
                        -market.frame.funding
                    } else {
                        market.frame.funding
                    }
                })
                .collect(),
            halted: self
                .markets
                .iter()
                .map(|market| Some((Timestamp(market.halt_began.0), Timestamp(market.halted_until?))))
                .collect(),
            journal: self.journal,
            accounts: self.accounts,
            imbalance: self.imbalance,
            events,
            actions: self.actions,
        }
    }
}

/// A line of the books with nothing in it.
pub(crate) fn entry(at: i64, market: usize, kind: EntryKind, holder: Holder) -> Entry {
    Entry {
        at: Timestamp(at),
        order: None,
        market,
        kind,
        holder,
        side: Side::Long,
        quantity: Coin::ZERO,
        margin: Cash::ZERO,
        entry_value: Cash::ZERO,
        exit_value: Cash::ZERO,
        amount: Cash::ZERO,
    }
}
