//! What a venue asks of one isolated position, and where it is liquidated.

use aftershock_market::{Cash, Coin, Price, Side, Timestamp};
use aftershock_protocol::venue::contract::{Contract, Holding};
use aftershock_protocol::venue::maintenance::{MarginSchedule, SizeBy};
use aftershock_protocol::venue::margin::MarginTerms;
use aftershock_rules::record::{InForce, Rule, Trust, Venue};
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

/// A position to be opened.
pub(super) struct Position {
    side: Side,
    contracts: f64,
    entry_usd: f64,
    leverage: f64,
}

/// Above zero and within what is counted exactly: 1e-8 to 9e10.
fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (1e-8..=9e10).contains(&number) => Ok(number),
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
    let protocol = venue
        .at(instrument, at)
        .map_err(|error| Mistake::new(error.reason))?;
    let title = &venue.file.title;
    let Some(contract) = protocol.contract() else {
        return Err(Mistake::new(format!(
            "{title} has no positions with a liquidation price of their own"
        ))
        .hint("ask a venue of perpetuals; `aftershock venues` lists them")
        .into());
    };
    let (quantity, price) = (
        Coin::from_f64(position.contracts),
        Price::from_f64(position.entry_usd),
    );
    let value = contract.opening_value(position.side, quantity, price);
    // Elsewhere what is asked of a position depends on more than its venue's terms.
    let terms = protocol.perpetual().map(|perpetual| &perpetual.margin);
    let refused = |why: String| Mistake::new(format!("{title} {instrument} at {at}: {why}"));
    let margin = match terms {
        // Open interest is at least the position itself.
        Some(terms) => terms
            .initial_margin(contract, quantity, price, Some(position.leverage), value)
            .map_err(|error| refused(error.to_string()))?,
        None => Cash::from_f64(value.to_f64() / position.leverage),
    };
    if let Some(largest) = protocol
        .max_leverage()
        .filter(|largest| position.leverage > *largest)
    {
        return Err(refused(format!(
            "leverage {} is above {largest}, the largest",
            position.leverage
        ))
        .into());
    }
    if let Some(end) = terms.and_then(|terms| end(terms, value, quantity)) {
        return Err(refused(end).into());
    }
    let held = Holding {
        side: position.side,
        quantity,
        opening_value: value,
        margin,
    };
    if protocol
        .required(&held, price)
        .is_some_and(|asked| asked > margin.to_f64() * (1.0 + 1e-9))
    {
        let why = format!(
            "with {}x it would be liquidated as it is opened",
            position.leverage
        );
        return Err(refused(why).into());
    }
    let liquidated_at = protocol.liquidation_price(&held);
    let asset = match contract {
        Contract::Linear { .. } => "USD",
        Contract::Inverse { .. } => "coin",
    };
    let found =
        |price: Option<Price>| price.map_or("none: no price closes it".into(), |price| units(price.0.into()));
    let money = |cash: Cash| units(cash.0);
    println!(
        "{title} {instrument} at {at}, isolated, {} at {}:",
        asset_note(contract),
        position.entry_usd
    );
    let mut rows = vec![
        vec![format!("value, {asset}"), money(value)],
        vec![format!("initial margin, {asset}"), money(margin)],
    ];
    if let Some(terms) = terms {
        rows.push(vec![
            format!("maintenance margin at entry, {asset}"),
            money(terms.maintenance_margin(contract, &held, price)),
        ]);
        rows.push(vec![
            format!("the same with the closing fee set aside, {asset}"),
            money(terms.required(contract, &held, price)),
        ]);
    }
    rows.push(vec!["liquidation price, USD".into(), found(liquidated_at)]);
    if let Some(terms) = terms {
        rows.push(vec![
            "bankruptcy price, USD".into(),
            found(terms.bankruptcy_price(contract, &held)),
        ]);
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

/// Says so where a position is larger than the venue's table goes.
fn end(terms: &MarginTerms, value: Cash, quantity: Coin) -> Option<String> {
    let (size, end) = match terms.maintenance() {
        MarginSchedule::Brackets(table) => (value.to_f64(), table.tiers().last()?.cap_usd),
        MarginSchedule::WholeRate { by, tiers } => {
            let size = match by {
                SizeBy::Value => value.to_f64(),
                SizeBy::Contracts => quantity.to_f64(),
            };
            (size, tiers.last()?.cap)
        }
        MarginSchedule::SizeLinear(_) => return None,
    };
    (size > end).then(|| format!("a position of {size} is beyond the end of the margin table, {end}"))
}

/// Units of 1e-8, in full.
fn units(units: i128) -> String {
    let (sign, whole) = (if units < 0 { "-" } else { "" }, units.unsigned_abs());
    format!("{sign}{}.{:08}", whole / 100_000_000, whole % 100_000_000)
}

fn asset_note(contract: Contract) -> String {
    match contract {
        Contract::Linear { multiplier } => format!("a contract of {} coin", multiplier.to_f64()),
        Contract::Inverse { usd } => format!("a contract of {} USD settled in coin", usd.to_f64()),
    }
}
