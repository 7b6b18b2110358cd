//! Rules of record: what venues had chosen, by date, with the source of each choice.
//!
//! A venue is a file of dated parameters (`data/venues/<name>.toml`, see [`VenueFile`]) and one file of code here that makes
//! of the parameters in force what [`Protocol`] says. The files come in as text; their every date and instrument is built
//! when they are read, so that a parameter nobody knows, or one that is missing, is refused then.

mod aave;
mod binance;
mod bitmex;
mod bybit;
mod compound;
mod deribit;
mod drift;
mod dydx;
mod file;
mod gmx;
mod hyperliquid;
mod in_force;
mod maker;
mod okx;
mod order_book;
mod synthetix;
mod whole;

use std::collections::BTreeMap;

use aftershock_market::{Price, Timestamp};
use aftershock_protocol::auction::Auctions;
use aftershock_protocol::lending::Lending;
use aftershock_protocol::pool::gmx::liquidation::ClosingCost;
use aftershock_protocol::venue::contract::{Contract, Holding};
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::margin::MarginTerms;
use aftershock_protocol::venue::perpetual::Perpetual;
use aftershock_protocol::venue::portfolio::PortfolioMargin;
use aftershock_protocol::{Brackets, pool};

pub use file::{Conflict, Dated, Gap, Rule, Trust, VenueFile};
pub use in_force::{InForce, RecordError};

/// What a venue had chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Protocol {
    /// A perpetual on an order book.
    Perpetual(Box<Perpetual>),
    /// Margin of a portfolio over a grid of scenarios.
    Portfolio(PortfolioMargin),
    /// A perpetual on dYdX's chain, with what the chain decides besides.
    Dydx(Box<aftershock_protocol::dydx::Market>),
    /// A perpetual of Drift's program, with what it decides when an account falls short.
    Drift(Box<aftershock_protocol::drift::Market>),
    /// A market against a pool, priced by the imbalance of its open interest.
    Gmx(Box<pool::gmx::Market>),
    /// A market against all stakers, priced by its skew.
    Synthetix(Box<pool::synthetix::Market>),
    /// An asset of a lending pool.
    Lending(Box<Lending>),
    /// Vaults of a collateral type, and the auctions they end in.
    Auctions(Box<Auctions>),
}

impl Protocol {
    /// The perpetual, where there is an order book.
    pub fn perpetual(&self) -> Option<&Perpetual> {
        match self {
            Self::Perpetual(perpetual) => Some(perpetual),
            Self::Dydx(market) => Some(&market.perpetual),
            _ => None,
        }
    }

    /// The contract and its margin, where margin goes by [`MarginTerms`]; Drift's is that of a small position.
    pub fn margin(&self) -> Option<(Contract, &MarginTerms)> {
        match self {
            Self::Drift(market) => Some((market.contract, &market.margin)),
            _ => self.perpetual().map(|one| (one.contract, &one.margin)),
        }
    }

    /// What a position of it pays; none where nobody holds positions.
    pub fn contract(&self) -> Option<Contract> {
        match self {
            Self::Gmx(_) | Self::Synthetix(_) => Some(Contract::COIN),
            _ => self.margin().map(|(contract, _)| contract),
        }
    }

    /// Equity that a position has to keep at a price, with what closing it costs, settlement asset; as for
    /// [`Protocol::liquidation_price`], without impact, and with nothing owed.
    pub fn required(&self, held: &Holding, price: Price) -> Option<f64> {
        let contract = self.contract()?;
        let value = held.quantity.to_f64() * contract.unit_value(price.to_f64());
        match self {
            Self::Drift(market) => Some(value * market.maintenance_ratio(held.quantity)),
            Self::Gmx(market) => {
                let need = market
                    .liquidation
                    .requirement(held.opening_value, &ClosingCost::default());
                Some(held.opening_value.to_f64() * need.maintenance_ratio - need.maintenance_amount)
            }
            Self::Synthetix(market) => Some(market.liquidation.maintenance_usd(held.quantity, value)),
            _ => {
                let (contract, terms) = self.margin()?;
                Some(terms.required(contract, held, price).to_f64())
            }
        }
    }

    /// The largest leverage of a small position, where it is the venue's and no tier's.
    pub fn max_leverage(&self) -> Option<f64> {
        match self {
            Self::Gmx(market) => Some(1.0 / market.liquidation.min_collateral_ratio),
            Self::Synthetix(market) => Some(market.max_leverage),
            _ => None,
        }
    }

    /// The price at which an isolated position is liquidated; `None` where no positive price does, or where nothing is
    /// held as such a position.
    ///
    /// GMX's is that of a close that makes imbalance and moves no price: the rest depends on the open interest of the
    /// moment, see [`pool::gmx::LiquidationTerms::requirement`].
    pub fn liquidation_price(&self, held: &Holding) -> Option<Price> {
        match self {
            Self::Drift(market) => market.liquidation_price(held).map(Price::from_f64),
            Self::Gmx(market) => market.liquidation.liquidation_price(held).map(Price::from_f64),
            Self::Synthetix(market) => market.liquidation.liquidation_price(held).map(Price::from_f64),
            _ => {
                let (contract, terms) = self.margin()?;
                terms.liquidation_price(contract, held)
            }
        }
    }
}

/// Whether two margin tables differ in nothing but where their last bracket ends, which changes no margin.
pub fn same_margins(one: &Brackets, other: &Brackets) -> bool {
    let endless = |table: &Brackets| {
        let mut tiers = table.tiers().to_vec();
        if let Some(last) = tiers.last_mut() {
            last.cap_usd = f64::INFINITY;
        }
        tiers
    };
    endless(one) == endless(other)
}

/// The parameter that holds margin brackets.
const BRACKETS: &str = "brackets";

/// Makes of the parameters in force what the venue had chosen.
type Build = fn(&InForce<'_>) -> Result<Protocol, RecordError>;

/// Every venue by the name of its file; a new one is one line here.
const VENUES: &[(&str, Build)] = &[
    ("aave-v2", aave::build),
    ("aave-v3", aave::build),
    ("binance-usdm", binance::build),
    ("bitmex", bitmex::build),
    ("bybit", bybit::build),
    ("compound-v2", compound::build_v2),
    ("compound-v3", compound::build_v3),
    ("deribit", deribit::build),
    ("deribit-portfolio", deribit::build_portfolio),
    ("drift-v2", drift::build),
    ("dydx-v4", dydx::build),
    ("gmx-v2", gmx::build),
    ("hyperliquid", hyperliquid::build),
    ("maker", maker::build),
    ("okx", okx::build),
    ("synthetix-perps-v2", synthetix::build),
];

/// Names of the venues, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    VENUES.iter().map(|(name, _)| *name)
}

/// A venue whose every date and instrument has been built.
#[derive(Clone, Debug)]
pub struct Venue {
    /// What its file says.
    pub file: VenueFile,
    build: Build,
    dates: BTreeMap<String, Vec<Timestamp>>,
}

impl Venue {
    /// Reads a venue's file; `name` is the venue's, and the file's name without its ending.
    ///
    /// # Errors
    /// A venue without code, malformed TOML, or a parameter that is unknown, missing or out of its range at any date from
    /// the first on at which its rules are complete.
    pub fn parse(name: &str, text: &str) -> Result<Self, RecordError> {
        let file = VenueFile::parse(name, text)?;
        let Some((_, build)) = VENUES.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = names().collect();
            let reason = format!("no code reads a venue '{name}'; known are {}", known.join(", "));
            return Err(file.error(1, reason));
        };
        let mut venue = Self {
            file,
            build: *build,
            dates: BTreeMap::new(),
        };
        for instrument in venue.file.instruments() {
            let dates = venue.complete(&instrument)?;
            venue.dates.insert(instrument, dates);
        }
        Ok(venue)
    }

    /// The instants at which a rule of an instrument changes, from the first at which what there is amounts to a protocol;
    /// it has to at every later one.
    fn complete(&self, instrument: &str) -> Result<Vec<Timestamp>, RecordError> {
        let (mut dates, mut incomplete) = (Vec::new(), None);
        for at in self.file.changes(instrument) {
            match self.at(instrument, at) {
                Ok(_) => dates.push(at),
                Err(error) if dates.is_empty() => incomplete = Some(error),
                Err(error) => return Err(error),
            }
        }
        match incomplete {
            Some(error) if dates.is_empty() => Err(error),
            _ => Ok(dates),
        }
    }

    /// What it had chosen for an instrument at an instant.
    ///
    /// # Errors
    /// An instrument it has no rules of, or an instant before its first.
    pub fn at(&self, instrument: &str, at: Timestamp) -> Result<Protocol, RecordError> {
        let rules = self.in_force(instrument, at)?;
        if let Some(first) = self.dates(instrument).first().filter(|first| at < **first) {
            let reason = format!(
                "{} has no complete rules of {instrument} at {at}, but from {first} on",
                self.file.title
            );
            return Err(self.file.error(1, reason));
        }
        let built = (self.build)(&rules)?;
        rules.all_read()?;
        Ok(built)
    }

    /// The parameters of an instrument at an instant, with their sources.
    ///
    /// # Errors
    /// As [`Venue::at`].
    pub fn in_force<'a>(&'a self, instrument: &'a str, at: Timestamp) -> Result<InForce<'a>, RecordError> {
        InForce::new(&self.file, instrument, at)
    }

    /// The margin brackets of an instrument at an instant, and the rule that sets them; none where the venue has none.
    ///
    /// # Errors
    /// As [`Venue::at`].
    pub fn brackets(
        &self,
        instrument: &str,
        at: Timestamp,
    ) -> Result<Option<(Brackets, &Rule)>, RecordError> {
        let protocol = self.at(instrument, at)?;
        let Some(MarginSchedule::Brackets(table)) = protocol.perpetual().map(|one| one.margin.maintenance())
        else {
            return Ok(None);
        };
        let held = self
            .file
            .rules
            .iter()
            .filter(|rule| rule.parameter == BRACKETS && rule.is_for(instrument) && rule.holds(at));
        let rule = held.max_by_key(|rule| (rule.instrument.is_some(), rule.valid_from));
        Ok(rule.map(|rule| (table.clone(), rule)))
    }

    /// The instants at which a rule of an instrument changes, from the first at which its rules are complete.
    pub fn dates(&self, instrument: &str) -> &[Timestamp] {
        self.dates.get(instrument).map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests;
