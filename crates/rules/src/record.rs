//! Rules of record: what venues had chosen, by date, with the source of each choice.
//!
//! A venue is a file of dated parameters (`data/venues/<name>.toml`, see [`VenueFile`]) and one file of code here that makes
//! of the parameters in force what [`Protocol`] says. The files come in as text; their every date and instrument is built
//! when they are read, so that a parameter nobody knows, or one that is missing, is refused then.

mod aave;
mod compound;
mod file;
mod in_force;
mod maker;
mod whole;

use aftershock_market::Timestamp;
use aftershock_protocol::Brackets;
use aftershock_protocol::auction::Auctions;
use aftershock_protocol::lending::Lending;
use aftershock_protocol::venue::maintenance::MarginSchedule;
use aftershock_protocol::venue::perpetual::Perpetual;

pub use file::{Conflict, Dated, Gap, Rule, Trust, VenueFile};
pub use in_force::{InForce, RecordError};

/// What a venue had chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Protocol {
    /// A perpetual on an order book.
    Perpetual(Box<Perpetual>),
    /// An asset of a lending pool.
    Lending(Box<Lending>),
    /// Vaults of a collateral type, and the auctions they end in.
    Auctions(Box<Auctions>),
}

/// The parameter that holds margin brackets.
const BRACKETS: &str = "brackets";

/// A venue's code.
#[derive(Clone, Copy, Debug)]
struct Code {
    /// Name of the venue's file.
    name: &'static str,
    build: fn(&InForce<'_>) -> Result<Protocol, RecordError>,
}

/// Every venue; a new one is one line here.
const VENUES: &[Code] = &[
    Code {
        name: "aave-v2",
        build: aave::build,
    },
    Code {
        name: "aave-v3",
        build: aave::build,
    },
    Code {
        name: "compound-v2",
        build: compound::build_v2,
    },
    Code {
        name: "compound-v3",
        build: compound::build_v3,
    },
    Code {
        name: "maker",
        build: maker::build,
    },
];

/// Names of the venues, in order.
pub fn names() -> impl Iterator<Item = &'static str> {
    VENUES.iter().map(|code| code.name)
}

/// A venue whose every date and instrument has been built.
#[derive(Clone, Debug)]
pub struct Venue {
    /// What its file says.
    pub file: VenueFile,
    build: fn(&InForce<'_>) -> Result<Protocol, RecordError>,
}

impl Venue {
    /// Reads a venue's file; `name` is the venue's, and the file's name without its ending.
    ///
    /// # Errors
    /// A venue without code, malformed TOML, or a parameter that is unknown, missing or out of its range at any of its
    /// dates.
    pub fn parse(name: &str, text: &str) -> Result<Self, RecordError> {
        let file = VenueFile::parse(name, text)?;
        let known = VENUES.iter().map(|code| code.name).collect::<Vec<_>>();
        let code = VENUES.iter().find(|code| code.name == name).ok_or_else(|| {
            file.error(
                1,
                format!("no code reads a venue '{name}'; known are {}", known.join(", ")),
            )
        })?;
        let venue = Self {
            file,
            build: code.build,
        };
        for instrument in venue.file.instruments() {
            for at in venue.dates(&instrument) {
                venue.at(&instrument, at)?;
            }
        }
        Ok(venue)
    }

    /// What it had chosen for an instrument at an instant.
    ///
    /// # Errors
    /// An instrument it has no rules of, or an instant before its first.
    pub fn at(&self, instrument: &str, at: Timestamp) -> Result<Protocol, RecordError> {
        let rules = self.in_force(instrument, at)?;
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
        let Protocol::Perpetual(perpetual) = self.at(instrument, at)? else {
            return Ok(None);
        };
        let MarginSchedule::Brackets(table) = perpetual.margin.maintenance else {
            return Ok(None);
        };
        let held =
            self.file.rules.iter().filter(|rule| {
                rule.parameter == BRACKETS && rule.is_for(instrument) && rule.valid_from <= at
            });
        let rule = held.max_by_key(|rule| (rule.instrument.is_some(), rule.valid_from));
        Ok(rule.map(|rule| (table, rule)))
    }

    /// The instants at which a rule of an instrument changes, from the first at which all are there.
    pub fn dates(&self, instrument: &str) -> Vec<Timestamp> {
        self.file.dates(instrument)
    }
}

#[cfg(test)]
mod tests;
