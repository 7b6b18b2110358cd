//! A position on the command line, and what its venue asks of it.

use aftershock_market::{Cash, Price, Side, Timestamp};
use aftershock_protocol::venue::contract::Contract;
use aftershock_rules::record::{InForce, Rule, Trust, Venue};
use aftershock_study::position::{self, COUNTED, Position};
use anyhow::Result;

use crate::failure::Mistake;
use crate::table;

#[derive(clap::Args)]
pub(super) struct PositionArguments {
    /// Contracts of a long whose margin and liquidation price to print instead of the rules
    #[arg(long, value_name = "CONTRACTS", group = "side", requires_all = ["name", "entry", "leverage"], value_parser = positive)]
    long: Option<f64>,
    /// Contracts of a short, likewise
    #[arg(long, value_name = "CONTRACTS", group = "side", requires_all = ["name", "entry", "leverage"], value_parser = positive)]
    short: Option<f64>,
    /// Price at which it was opened, USD
    #[arg(long, value_name = "USD", requires = "side", value_parser = positive)]
    entry: Option<f64>,
    /// Value over margin when it was opened
    #[arg(long, value_name = "TIMES", requires = "side", value_parser = positive)]
    leverage: Option<f64>,
}

/// Above zero and within what is counted exactly: 1e-8 to 9e10.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if COUNTED.contains(&number) => Ok(number),
        _ => Err("should be a number from 0.00000001 to 90000000000".into()),
    }
}

impl PositionArguments {
    /// The position asked about, if one is.
    pub(super) fn of(&self) -> Option<Position> {
        let (side, contracts) = match (self.long, self.short) {
            (Some(contracts), _) => (Side::Long, contracts),
            (_, Some(contracts)) => (Side::Short, contracts),
            _ => return None,
        };
        Some(Position {
            side,
            contracts,
            entry_usd: self.entry?,
            leverage: self.leverage?,
        })
    }
}

/// Prints what a venue asked of a position at an instant.
pub(super) fn print(venue: &Venue, instrument: &str, at: Timestamp, position: &Position) -> Result<()> {
    let terms = position::terms(venue, instrument, at, position)?;
    let title = &venue.file.title;
    let (asset, contract) = match terms.contract {
        Contract::Linear { multiplier } => ("USD", format!("a contract of {} coin", multiplier.to_f64())),
        Contract::Inverse { usd } => (
            "coin",
            format!("a contract of {} USD settled in coin", usd.to_f64()),
        ),
    };
    println!(
        "{title} {instrument} at {at}, isolated, {contract} at {}:",
        position.entry_usd
    );
    let found =
        |price: Option<Price>| price.map_or("none: no price closes it".into(), |price| units(price.0.into()));
    let money = |cash: Cash| units(cash.0);
    let mut rows = vec![
        vec![format!("value, {asset}"), money(terms.value)],
        vec![format!("initial margin, {asset}"), money(terms.initial_margin)],
    ];
    if let Some([maintenance, with_fee]) = terms.maintenance {
        rows.push(vec![
            format!("maintenance margin at entry, {asset}"),
            money(maintenance),
        ]);
        rows.push(vec![
            format!("the same with the closing fee set aside, {asset}"),
            money(with_fee),
        ]);
    }
    rows.push(vec!["liquidation price, USD".into(), found(terms.liquidation)]);
    if terms.maintenance.is_some() {
        rows.push(vec!["bankruptcy price, USD".into(), found(terms.bankruptcy)]);
    }
    let side = match position.side {
        Side::Long => "long",
        Side::Short => "short",
    };
    let what = format!("{side} of {} with {}x", position.contracts, position.leverage);
    table::print(&[what, "amount".into()], &rows)?;
    println!("Funding, borrowing and impact that would come on top are not counted.");
    let rules = venue
        .in_force(instrument, at)
        .map_err(|error| Mistake::new(error.reason))?;
    for (what, weak) in [
        (
            "stand-ins, not what was in force",
            weak(&rules, |rule| rule.stand_in),
        ),
        (
            "unconfirmed values",
            weak(&rules, |rule| !rule.stand_in && rule.trust == Trust::Unconfirmed),
        ),
    ] {
        if !weak.is_empty() {
            println!("The venue's rules hold {what}: {weak}.");
        }
    }
    Ok(())
}

/// Rules of some kind, joined.
fn weak(rules: &InForce<'_>, is: impl Fn(&Rule) -> bool) -> String {
    let names: Vec<&str> = rules
        .rules()
        .filter(|rule| is(rule))
        .map(|rule| rule.parameter.as_str())
        .collect();
    names.join(", ")
}

/// Units of 1e-8, in full.
fn units(units: i128) -> String {
    let (sign, whole) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    format!("{sign}{}.{:08}", whole / 100_000_000, whole % 100_000_000)
}
