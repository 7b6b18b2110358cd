//! The two Parquet layouts.

use aftershock_archive::tape::{Kind, lending_liquidations as columns};
use arrow::array::{Array, ArrayRef, AsArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, Int64Type, Schema};

use super::aave;
use crate::chain::{Asset, event_key, is_whole, scaled};
use crate::text::{self, Epoch, Fault};
use crate::{Block, Framing, IngestError, Output, Parser};

/// A Parquet export.
pub(super) struct Batches {
    /// Name of the column with the collateral in units of the token, in the layout with transactions.
    hashed: Option<String>,
    venue: Option<String>,
}

const COMMON: [&str; 4] = ["timestamp", "version", "liquidatee", "liquidator"];
const HASHED: [&str; 6] = [
    "id",
    "block_number",
    "tx_hash",
    "collateral_asset_address",
    "collateral_amount_raw",
    "collateral_amount_usd",
];
const PLAIN: [&str; 4] = [
    "collateral_key",
    "collateral_symbol",
    "amount_tokens",
    "amount_usd",
];

impl Batches {
    pub(super) fn of(schema: &Schema, venue: Option<String>) -> Option<Self> {
        let has = |names: &[&str]| names.iter().all(|name| schema.field_with_name(name).is_ok());
        if !has(&COMMON) {
            return None;
        }
        if has(&PLAIN) {
            return Some(Self { hashed: None, venue });
        }
        // Named after the token: `collateral_amount_wbtc`, `collateral_amount_btc`.
        let amount = schema.fields().iter().map(|field| field.name()).find(|name| {
            let token = name.strip_prefix("collateral_amount_");
            token.is_some_and(|token| !matches!(token, "raw" | "usd"))
        })?;
        has(&HASHED).then(|| Self {
            hashed: Some(amount.clone()),
            venue,
        })
    }

    pub(super) fn what(&self) -> &'static str {
        if self.hashed.is_some() {
            "an export of Aave's liquidations with transactions"
        } else {
            "an export of Aave's liquidations"
        }
    }
}

impl Parser for Batches {
    fn framing(&self) -> Framing {
        Framing::Batches
    }

    fn parse(&self, _block: Block<'_>, _output: &mut Output) -> Result<(), IngestError> {
        unreachable!("a parser of batches is given batches")
    }

    fn parse_batch(
        &self,
        batch: &RecordBatch,
        first_row: u64,
        output: &mut Output,
    ) -> Result<(), IngestError> {
        let columns = Columns::of(batch, self.hashed.as_deref())?;
        for (place, row) in (first_row..).enumerate().take(batch.num_rows()) {
            output.read += 1;
            if let Err(fault) = columns.row(place, row, self.venue.as_deref(), output) {
                output.reject(row, fault, columns.shown(place).as_bytes());
            }
        }
        Ok(())
    }
}

/// The columns of a batch, in the types they are read as.
struct Columns {
    second: PrimitiveArray<Int64Type>,
    version: StringArray,
    borrower: StringArray,
    liquidator: StringArray,
    /// Address in the layout with transactions, else the symbol.
    asset: StringArray,
    quantity: PrimitiveArray<Float64Type>,
    usd: PrimitiveArray<Float64Type>,
    hashed: Option<Hashed>,
}

struct Hashed {
    raw: StringArray,
    block: PrimitiveArray<Int64Type>,
    transaction: StringArray,
}

impl Columns {
    fn of(batch: &RecordBatch, amount: Option<&str>) -> Result<Self, IngestError> {
        let column = |name: &str, form: &DataType| -> Result<ArrayRef, IngestError> {
            let column = batch.column_by_name(name).expect("recognised by its columns");
            cast(column, form).map_err(|error| IngestError::BadFile {
                path: format!("column `{name}`"),
                reason: format!("{error}; expected {form}"),
            })
        };
        let texts =
            |name: &str| Ok::<_, IngestError>(column(name, &DataType::Utf8)?.as_string::<i32>().clone());
        let numbers = |name: &str| {
            let column = column(name, &DataType::Float64)?;
            Ok::<_, IngestError>(column.as_primitive::<Float64Type>().clone())
        };
        let wholes = |name: &str| {
            let column = column(name, &DataType::Int64)?;
            Ok::<_, IngestError>(column.as_primitive::<Int64Type>().clone())
        };
        let [asset, quantity, usd] = match amount {
            Some(amount) => ["collateral_asset_address", amount, "collateral_amount_usd"],
            None => ["collateral_symbol", "amount_tokens", "amount_usd"],
        };
        Ok(Self {
            second: wholes("timestamp")?,
            version: texts("version")?,
            borrower: texts("liquidatee")?,
            liquidator: texts("liquidator")?,
            asset: texts(asset)?,
            quantity: numbers(quantity)?,
            usd: numbers(usd)?,
            hashed: amount
                .map(|_| {
                    Ok::<_, IngestError>(Hashed {
                        raw: texts("collateral_amount_raw")?,
                        block: wholes("block_number")?,
                        transaction: texts("tx_hash")?,
                    })
                })
                .transpose()?,
        })
    }

    /// A row as text, for its reject.
    fn shown(&self, place: usize) -> String {
        let text = |column: &StringArray| value(column.is_valid(place), || column.value(place).to_owned());
        let second = value(self.second.is_valid(place), || {
            self.second.value(place).to_string()
        });
        let quantity = value(self.quantity.is_valid(place), || {
            self.quantity.value(place).to_string()
        });
        [
            second,
            text(&self.version),
            text(&self.borrower),
            text(&self.liquidator),
            text(&self.asset),
            quantity,
        ]
        .join(",")
    }

    fn row(&self, place: usize, row: u64, venue: Option<&str>, output: &mut Output) -> Result<(), Fault> {
        let text = |column: &StringArray| column.is_valid(place).then(|| column.value(place).to_owned());
        let second = self
            .second
            .is_valid(place)
            .then(|| self.second.value(place))
            .ok_or(Fault::Stamp)?;
        let at = text::stamp_in(second, Epoch::S).ok_or(Fault::Stamp)?;
        let version = text(&self.version).ok_or(Fault::Instrument)?;
        let venue = venue.or_else(|| aave(&version)).ok_or(Fault::Instrument)?;
        let borrower = text(&self.borrower).ok_or(Fault::Columns)?;
        let called = text(&self.asset).ok_or(Fault::Instrument)?;
        let asset = match &self.hashed {
            Some(_) => Asset::at(&called.to_ascii_lowercase()),
            None => Asset::named(&called),
        };
        let quantity = Some(self.quantity.value(place)).filter(|_| self.quantity.is_valid(place));
        let quantity = quantity
            .filter(|quantity| quantity.is_finite())
            .ok_or(Fault::Number)?;
        if quantity < 0.0 {
            return Err(Fault::Quantity);
        }
        let raw = self.hashed.as_ref().and_then(|hashed| text(&hashed.raw));
        if let Some(raw) = &raw {
            agree(raw, &asset, quantity)?;
        }

        let rows = output.rows(Kind::LendingLiquidations, venue, asset.name());
        rows.begin(row);
        rows.at(columns::LIQUIDATED_AT, at.micros);
        rows.text(columns::EVENT_KEY, &event_key(second, &borrower, quantity));
        rows.word(columns::EVENT, "LiquidationCall");
        rows.text(columns::COLLATERAL_ASSET, asset.name());
        rows.real(columns::COLLATERAL_QUANTITY, quantity);
        if let Some(raw) = raw {
            rows.text(columns::COLLATERAL_QUANTITY_RAW, &raw);
        }
        if self.usd.is_valid(place) && self.usd.value(place).is_finite() {
            rows.real(columns::COLLATERAL_USD, self.usd.value(place));
        }
        rows.text(columns::BORROWER, &borrower);
        if let Some(liquidator) = text(&self.liquidator) {
            rows.text(columns::LIQUIDATOR, &liquidator);
        }
        if let Some(hashed) = &self.hashed {
            if hashed.block.is_valid(place) {
                rows.int(columns::BLOCK_NUMBER, hashed.block.value(place));
            }
            if let Some(transaction) = text(&hashed.transaction) {
                rows.text(columns::TRANSACTION, &transaction);
            }
        }
        rows.word(columns::AMOUNT_ORIGIN, "decimal");
        Ok(())
    }
}

/// A file that writes a quantity twice must mean the same by both, where the token's decimals are known.
fn agree(raw: &str, asset: &Asset, quantity: f64) -> Result<(), Fault> {
    if !is_whole(raw) {
        return Err(Fault::Number);
    }
    let Some(decimals) = asset.decimals() else {
        return Ok(());
    };
    let counted = text::number(scaled(raw, decimals).as_bytes())
        .ok_or(Fault::Number)?
        .value;
    let near = (counted - quantity).abs() <= 1e-9 * counted.max(quantity);
    if near { Ok(()) } else { Err(Fault::Unit) }
}

fn value(valid: bool, text: impl FnOnce() -> String) -> String {
    if valid { text() } else { String::new() }
}
