//! Margin tables by date, read from a venue's TOML.

use aftershock_market::Timestamp;
use aftershock_protocol::{Brackets, Tier};
use serde::Deserialize;

use crate::toml_file::{self, FileError};

/// A margin table and where it comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct MarginTable {
    /// Symbol it is for.
    pub instrument: String,
    /// In force from.
    pub valid_from: Timestamp,
    /// Where it comes from.
    pub source: String,
    /// `high`, `medium` or `low`.
    pub trust: String,
    /// Whether it was not the one in force.
    pub stand_in: bool,
    /// The brackets.
    pub brackets: Brackets,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VenueToml {
    brackets: Vec<TableToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableToml {
    instrument: String,
    valid_from: toml::value::Datetime,
    source: String,
    trust: String,
    #[expect(dead_code, reason = "for the reader of the file")]
    note: String,
    stand_in: bool,
    tiers: Vec<TierToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TierToml {
    floor_usd: f64,
    cap_usd: Option<f64>,
    maintenance_ratio: f64,
    max_leverage: f64,
    maintenance_amount_usd: f64,
}

/// A venue's margin tables in order of date.
#[derive(Clone, Debug, PartialEq)]
pub struct MarginTables(Vec<MarginTable>);

impl MarginTables {
    /// Reads a venue's tables; `file` is named in errors.
    ///
    /// # Errors
    /// Malformed TOML, an unknown key, a date that is none, or brackets that are no table.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let fail = |reason: String| FileError {
            file: file.into(),
            reason,
        };
        let parsed: VenueToml = toml_file::read(file, text)?;
        let mut tables = Vec::new();
        for table in parsed.brackets {
            let named = |reason: String| fail(format!("table of {}: {reason}", table.valid_from));
            let valid_from = instant(&table.valid_from).ok_or_else(|| {
                named("valid_from should be an instant in UTC, such as 2021-03-18T00:00:00Z".into())
            })?;
            let tiers = table.tiers.iter().map(|tier| Tier {
                floor_usd: tier.floor_usd,
                cap_usd: tier.cap_usd.unwrap_or(f64::INFINITY),
                maintenance_ratio: tier.maintenance_ratio,
                max_leverage: tier.max_leverage,
                maintenance_amount_usd: tier.maintenance_amount_usd,
            });
            let brackets = Brackets::new(tiers.collect()).map_err(|error| named(error.to_string()))?;
            tables.push(MarginTable {
                instrument: table.instrument,
                valid_from,
                source: table.source,
                trust: table.trust,
                stand_in: table.stand_in,
                brackets,
            });
        }
        tables.sort_by_key(|table| table.valid_from);
        Ok(Self(tables))
    }

    /// The table in force for `instrument` at an instant.
    pub fn at(&self, instrument: &str, at: Timestamp) -> Option<&MarginTable> {
        self.0
            .iter()
            .rev()
            .find(|table| table.instrument == instrument && table.valid_from <= at)
    }
}

fn instant(value: &toml::value::Datetime) -> Option<Timestamp> {
    let (date, time) = (value.date?, value.time?);
    if value.offset != Some(toml::value::Offset::Z) {
        return None;
    }
    let (year, month) = (i64::from(date.year), i64::from(date.month));
    // Days since 1970-01-01 of the proleptic Gregorian calendar, years beginning in March.
    let (y, m) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let days = 365 * y + y.div_euclid(4) - y.div_euclid(100)
        + y.div_euclid(400)
        + (153 * m + 2) / 5
        + i64::from(date.day)
        - 719_469;
    let seconds =
        i64::from(time.hour) * 3_600 + i64::from(time.minute) * 60 + i64::from(time.second.unwrap_or(0));
    Some(Timestamp::from_seconds(days * 86_400 + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "[[brackets]]\ninstrument = \"BTCUSDT\"\nvalid_from = 2021-03-18T00:00:00Z\nsource = \"s\"\n\
        trust = \"high\"\nnote = \"\"\nstand_in = false\ntiers = [{ floor_usd = 0.0, maintenance_ratio = 0.004, \
        max_leverage = 125.0, maintenance_amount_usd = 0.0 }]\n";

    #[test]
    fn the_table_of_the_date_is_found() {
        let tables = MarginTables::parse("v.toml", TABLE).expect("it is a table");
        let from = Timestamp::from_seconds(1_616_025_600);
        assert_eq!(
            tables
                .at("BTCUSDT", from)
                .map(|table| table.valid_from.to_string())
                .as_deref(),
            Some("2021-03-18T00:00:00Z")
        );
        assert_eq!(tables.at("BTCUSDT", Timestamp(from.0 - 1)), None);
        assert_eq!(tables.at("ETHUSDT", from), None);
    }

    #[test]
    fn errors_name_file_and_line() {
        let error = MarginTables::parse("v.toml", &TABLE.replace("trust =", "thrust =")).unwrap_err();
        assert!(
            error.to_string().starts_with("v.toml:5: unknown field `thrust`"),
            "{error}"
        );
        let error = MarginTables::parse("v.toml", &TABLE.replace("125.0", "500.0")).unwrap_err();
        assert!(error.to_string().contains("bracket 1: leverage 500"), "{error}");
    }
}
