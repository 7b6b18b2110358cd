//! `liquidation_price(venue, instrument, side, contracts, entry_usd, leverage, at)`: where a venue closed a position.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftershock_market::{Side, Timestamp};
use aftershock_query::functions::Described;
use aftershock_rules::record::{Protocol, Venue};
use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Float64Array, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Float64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, TypeSignature, Volatility,
};

use super::said;
use crate::position::{self, COUNTED, Position, Refusal};
use crate::{Error, venues};

/// What `catalog.functions` says of it.
pub(super) const DESCRIBED: Described = Described {
    name: "liquidation_price",
    kind: "scalar",
    signature: "liquidation_price(venue, instrument, side, contracts, entry_usd, leverage, at) → decimal(38, 8)",
    meaning: "The mark at which a venue began to close an isolated position under its rules of that day, to the unit of 1e-8. \
              `side` is long or short. NULL where no price closes it, where the venue would not have opened it (too much \
              leverage, beyond the margin table), and before its rules are known. Funding, borrowing and impact that come on \
              top are not counted.",
    units: "contracts of the venue, USD, value over margin; USD",
    order: "none",
    source: "catalog.venues",
};

const NAME: &str = "liquidation_price";
const PARAMETERS: [&str; 7] = [
    "venue",
    "instrument",
    "side",
    "contracts",
    "entry_usd",
    "leverage",
    "at",
];

/// The function.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct LiquidationPrice {
    signature: Signature,
}

impl Default for LiquidationPrice {
    fn default() -> Self {
        let signature = Signature::new(TypeSignature::UserDefined, Volatility::Immutable)
            .with_parameter_names(PARAMETERS.to_vec())
            .expect("a signature of our own takes any names");
        Self { signature }
    }
}

fn instant() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

/// Units of 1e-8, as everything exact in SQL.
fn exact() -> DataType {
    DataType::Decimal128(38, 8)
}

impl ScalarUDFImpl for LiquidationPrice {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(exact())
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        use DataType::{Float64, Utf8};
        if given.len() != PARAMETERS.len() {
            return plan_err!(
                "{NAME} takes {} arguments ({}), not {}",
                PARAMETERS.len(),
                PARAMETERS.join(", "),
                given.len()
            );
        }
        for (kind, parameter) in given.iter().zip(PARAMETERS).skip(3).take(3) {
            if !(kind.is_numeric() || kind.is_null()) {
                return plan_err!(
                    "{parameter} of {NAME} is no number but {kind}; a parameter that comes as text is written \
                     CAST(${parameter} AS DOUBLE)"
                );
            }
        }
        Ok(vec![Utf8, Utf8, Utf8, Float64, Float64, Float64, instant()])
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let single = arguments
            .args
            .iter()
            .all(|one| matches!(one, ColumnarValue::Scalar(_)));
        let rows = if single { 1 } else { arguments.number_rows };
        let columns = arguments
            .args
            .iter()
            .map(|one| one.to_array(rows))
            .collect::<Result<Vec<_>>>()?;
        let prices: ArrayRef = Arc::new(prices(&columns).map_err(|error| said(&error).through())?);
        Ok(if single {
            ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&prices, 0)?)
        } else {
            ColumnarValue::Array(prices)
        })
    }
}

fn prices(columns: &[ArrayRef]) -> crate::Result<Decimal128Array> {
    let [venue, instrument, side, contracts, entry, leverage, at] = columns else {
        unreachable!("types are given for each parameter");
    };
    let words = |column: &ArrayRef| column.as_string::<i32>().clone();
    let numbers = |column: &ArrayRef| column.as_primitive::<Float64Type>().clone();
    let (venue, instrument, side): (StringArray, StringArray, StringArray) =
        (words(venue), words(instrument), words(side));
    let (contracts, entry, leverage): (Float64Array, Float64Array, Float64Array) =
        (numbers(contracts), numbers(entry), numbers(leverage));
    let at: TimestampMicrosecondArray = at.as_primitive::<TimestampMicrosecondType>().clone();
    let mut rules = Rules::default();
    let mut prices = Vec::with_capacity(venue.len());
    for row in 0..venue.len() {
        if columns.iter().any(|column| column.is_null(row)) {
            prices.push(None);
            continue;
        }
        let position = Position {
            side: side_named(side.value(row))?,
            contracts: counted("contracts", contracts.value(row))?,
            entry_usd: counted("entry_usd", entry.value(row))?,
            leverage: counted("leverage", leverage.value(row))?,
        };
        let at = Timestamp(at.value(row));
        prices.push(rules.price(venue.value(row), instrument.value(row), at, &position)?);
    }
    let prices: Decimal128Array = prices.into_iter().collect();
    Ok(prices.with_data_type(exact()))
}

fn side_named(side: &str) -> crate::Result<Side> {
    match side {
        "long" => Ok(Side::Long),
        "short" => Ok(Side::Short),
        _ => Err(Error::asked(format!("side of {NAME} is '{side}'")).or_rather("it is 'long' or 'short'")),
    }
}

fn counted(parameter: &str, number: f64) -> crate::Result<f64> {
    if COUNTED.contains(&number) {
        return Ok(number);
    }
    Err(
        Error::asked(format!("{parameter} of {NAME} is {number}")).or_rather(format!(
            "it should be a number from {} to {}",
            COUNTED.start(),
            COUNTED.end()
        )),
    )
}

/// What venues had chosen, built once for each spell between two changes.
#[derive(Default)]
struct Rules(BTreeMap<(&'static str, String, usize), Protocol>);

impl Rules {
    /// The price in units of 1e-8, where there is one.
    fn price(
        &mut self,
        venue: &str,
        instrument: &str,
        at: Timestamp,
        position: &Position,
    ) -> crate::Result<Option<i128>> {
        let venue: &'static Venue = venues::named(venue)?;
        let known = venue.file.instruments();
        if !known.iter().any(|one| one == instrument) {
            return Err(Error::asked(format!(
                "{} has no rules of an instrument '{instrument}'",
                venue.file.title
            ))
            .or_rather(format!("known are {}", known.join(", "))));
        }
        let spell = venue.dates(instrument).partition_point(|change| *change <= at);
        if spell == 0 {
            return Ok(None);
        }
        let key = (venue.file.name.as_str(), instrument.to_owned(), spell);
        let protocol = match self.0.entry(key) {
            std::collections::btree_map::Entry::Occupied(built) => built.into_mut(),
            std::collections::btree_map::Entry::Vacant(empty) => empty.insert(venue.at(instrument, at)?),
        };
        match position::of(protocol, position) {
            Ok(terms) => Ok(terms.liquidation.map(|price| price.0.into())),
            Err(Refusal::NotOpened(_)) => Ok(None),
            Err(Refusal::NoPositions) => Err(Error::asked(format!(
                "{} has no positions with a liquidation price of their own",
                venue.file.title
            ))
            .or_rather("ask a venue of perpetuals; catalog.venues has them")),
        }
    }
}
