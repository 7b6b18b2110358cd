//! The two CSV layouts.

use aftershock_archive::tape::{Kind, lending_liquidations as columns};

use crate::chain::{Amount, Asset, Registry, event_key, is_whole};
use crate::csv::{self, Header};
use crate::text::{self, Epoch, Fault};
use crate::{Block, Framing, IngestError, Output, Parser, Rows};

/// Room for the fields of a line; the widest layout has 22 columns.
const ROOM: usize = 32;

/// Places of named columns in a header, if it has them all and no more than there is room for.
fn places<const N: usize>(header: &Header, names: [&str; N]) -> Option<[usize; N]> {
    if header.names().len() > ROOM {
        return None;
    }
    let mut places = [0; N];
    for (place, name) in places.iter_mut().zip(names) {
        *place = header.place(name)?;
    }
    Some(places)
}

/// The fields of a line at their places.
fn fields<'a, const N: usize>(
    line: &'a [u8],
    count: usize,
    places: &[usize; N],
) -> Result<[&'a str; N], Fault> {
    let mut found = [b"".as_slice(); ROOM];
    if csv::fields(line, &mut found) != count {
        return Err(Fault::Columns);
    }
    let mut texts = [""; N];
    for (text, place) in texts.iter_mut().zip(places) {
        *text = std::str::from_utf8(found[*place]).map_err(|_| Fault::Encoding)?;
    }
    Ok(texts)
}

fn parse(
    block: Block<'_>,
    output: &mut Output,
    line: impl Fn(u64, &[u8], &mut Output) -> Result<(), Fault>,
) -> Result<(), IngestError> {
    for (row, record) in block.records() {
        output.read += 1;
        if let Err(fault) = line(row, record, output) {
            output.reject(row, fault, record);
        }
    }
    Ok(())
}

/// Checks that a text is a quantity.
fn quantity(digits: &str) -> Result<f64, Fault> {
    let value = text::number(digits.as_bytes()).ok_or(Fault::Number)?.value;
    if value < 0.0 {
        Err(Fault::Quantity)
    } else {
        Ok(value)
    }
}

/// The subgraph's export.
pub(super) struct Subgraph {
    places: [usize; 12],
    count: usize,
    venue: Option<String>,
}

impl Subgraph {
    pub(super) fn of(header: &Header, venue: Option<String>) -> Option<Self> {
        let names = [
            "timestamp",
            "user",
            "type",
            "pool",
            "collateralReserve",
            "collateralAmount",
            "principalReserve",
            "principalAmount",
            "priceUSDTCollateral",
            "liquidator",
            "amountUSDCollateral",
            "amountUSDPrincipal",
        ];
        Some(Self {
            places: places(header, names)?,
            count: header.names().len(),
            venue,
        })
    }

    fn line(&self, row: u64, line: &[u8], output: &mut Output) -> Result<(), Fault> {
        let [
            timestamp,
            borrower,
            event,
            pool,
            collateral,
            taken,
            principal,
            repaid,
            price,
            liquidator,
            taken_usd,
            repaid_usd,
        ] = fields(line, self.count, &self.places)?;
        let second = text::integer(timestamp.as_bytes()).ok_or(Fault::Stamp)?;
        let at = text::stamp_in(second, Epoch::S).ok_or(Fault::Stamp)?;
        if event != "liquidation" {
            return Err(Fault::Word);
        }
        let known = Registry::ethereum().contract(pool);
        let venue = self
            .venue
            .as_deref()
            .or(known.map(|contract| contract.venue.as_str()));
        let venue = venue.ok_or(Fault::Instrument)?;
        if collateral.is_empty() {
            return Err(Fault::Instrument);
        }
        let (collateral, principal) = (reserve(collateral, venue), reserve(principal, venue));
        let decimal = is_decimal([taken, repaid], price, liquidator)?;
        let (taken_value, _) = (quantity(taken)?, quantity(repaid)?);
        for digits in [taken_usd, repaid_usd] {
            if decimal && !digits.is_empty() {
                quantity(digits)?;
            }
        }

        let rows = output.rows(Kind::LendingLiquidations, venue, collateral.name());
        rows.begin(row);
        rows.at(columns::LIQUIDATED_AT, at.micros);
        rows.word(columns::EVENT, "LiquidationCall");
        rows.text(columns::BORROWER, borrower);
        rows.text(columns::POOL, pool);
        if !liquidator.is_empty() {
            rows.text(columns::LIQUIDATOR, liquidator);
        }
        if decimal {
            rows.text(columns::EVENT_KEY, &event_key(second, borrower, taken_value));
            rows.text(columns::COLLATERAL_ASSET, collateral.name());
            rows.text(columns::DEBT_ASSET, principal.name());
            rows.number(columns::COLLATERAL_QUANTITY, taken.as_bytes())?;
            rows.number(columns::DEBT_QUANTITY, repaid.as_bytes())?;
            rows.optional_number(columns::COLLATERAL_USD, taken_usd.as_bytes())?;
            rows.optional_number(columns::DEBT_USD, repaid_usd.as_bytes())?;
            rows.word(columns::AMOUNT_ORIGIN, "decimal");
            return Ok(());
        }
        let amounts = [
            collateral.amount(taken.to_owned()),
            principal.amount(repaid.to_owned()),
        ];
        write_whole(second, borrower, &amounts, rows)
    }
}

impl Parser for Subgraph {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 1 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        parse(block, output, |row, line, output| self.line(row, line, output))
    }
}

/// The asset of a reserve. The AMM market calls the tokens it shares with the main market `AmmWETH` and so on.
/// Source: bgd-labs/aave-address-book, `src/AaveV2EthereumAMM.sol`.
fn reserve(symbol: &str, venue: &str) -> Asset {
    let shared = symbol.strip_prefix("Amm").filter(|_| venue == "aave-v2-amm");
    let shared = shared.filter(|symbol| Registry::ethereum().token_named(symbol).is_some());
    Asset::named(shared.unwrap_or(symbol))
}

/// Whether a row is of the newer kind: by its digits and by the columns it fills, which must say the same.
fn is_decimal(quantities: [&str; 2], price: &str, liquidator: &str) -> Result<bool, Fault> {
    let whole = quantities.map(is_whole);
    match (price.is_empty(), liquidator.is_empty()) {
        (false, true) if whole == [true, true] => Ok(false),
        (true, false) if whole != [true, true] => Ok(true),
        _ => Err(Fault::Unit),
    }
}

/// Quantities in whole units of the contracts: collateral taken, debt repaid.
fn write_whole(second: i64, borrower: &str, amounts: &[Amount; 2], rows: &mut Rows) -> Result<(), Fault> {
    let [taken, repaid] = amounts;
    let counted = quantity(taken.scaled.as_ref().unwrap_or(&taken.raw))?;
    rows.text(columns::EVENT_KEY, &event_key(second, borrower, counted));
    taken.write(
        rows,
        (
            columns::COLLATERAL_ASSET,
            columns::COLLATERAL_QUANTITY,
            columns::COLLATERAL_QUANTITY_RAW,
        ),
    )?;
    repaid.write(
        rows,
        (
            columns::DEBT_ASSET,
            columns::DEBT_QUANTITY,
            columns::DEBT_QUANTITY_RAW,
        ),
    )?;
    let known = amounts.iter().all(|amount| amount.scaled.is_some());
    rows.word(columns::AMOUNT_ORIGIN, if known { "scaled" } else { "raw" });
    Ok(())
}

/// Dune's table of one decoded event.
pub(super) struct Dune {
    places: [usize; 11],
    count: usize,
    venue: Option<String>,
}

impl Dune {
    pub(super) fn of(header: &Header, venue: Option<String>) -> Option<Self> {
        let names = [
            "evt_block_time",
            "evt_block_number",
            "evt_tx_hash",
            "evt_index",
            "contract_address",
            "collateralAsset",
            "liquidatedCollateralAmount",
            "debtAsset",
            "debtToCover",
            "liquidator",
            "user",
        ];
        Some(Self {
            places: places(header, names)?,
            count: header.names().len(),
            venue,
        })
    }

    fn line(&self, row: u64, line: &[u8], output: &mut Output) -> Result<(), Fault> {
        let [
            time,
            number,
            transaction,
            index,
            pool,
            collateral,
            taken,
            debt,
            repaid,
            liquidator,
            borrower,
        ] = fields(line, self.count, &self.places)?;
        let at = text::calendar(time.as_bytes()).ok_or(Fault::Stamp)?;
        let known = Registry::ethereum().contract(pool);
        let venue = self
            .venue
            .as_deref()
            .or(known.map(|contract| contract.venue.as_str()));
        let venue = venue.ok_or(Fault::Instrument)?;
        if !(is_whole(taken) && is_whole(repaid)) {
            return Err(Fault::Unit);
        }
        if collateral.is_empty() {
            return Err(Fault::Instrument);
        }
        let whole = |digits: &str| text::integer(digits.as_bytes()).ok_or(Fault::Number);
        let (number, index) = (whole(number)?, whole(index)?);
        let amounts = [
            Asset::at(collateral).amount(taken.to_owned()),
            Asset::at(debt).amount(repaid.to_owned()),
        ];

        let rows = output.rows(Kind::LendingLiquidations, venue, amounts[0].asset.name());
        rows.begin(row);
        rows.at(columns::LIQUIDATED_AT, at.micros);
        rows.int(columns::BLOCK_NUMBER, number);
        rows.text(columns::TRANSACTION, transaction);
        rows.int(columns::LOG_INDEX, index);
        rows.word(columns::EVENT, "LiquidationCall");
        rows.text(columns::BORROWER, borrower);
        rows.text(columns::LIQUIDATOR, liquidator);
        rows.text(columns::POOL, pool);
        write_whole(at.micros.div_euclid(1_000_000), borrower, &amounts, rows)
    }
}

impl Parser for Dune {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 1 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        parse(block, output, |row, line, output| self.line(row, line, output))
    }
}
