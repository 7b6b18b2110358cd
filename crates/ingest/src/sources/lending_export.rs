//! Liquidations of loans as queries and subgraphs export them: one row an event, in four layouts.
//!
//! | layout | known by | quantities |
//! |---|---|---|
//! | subgraph of Aave v2, CSV | `collateralReserve`, `principalReserve` | whole units of the contract in older rows, decimals in newer ones |
//! | Dune's decoded event, CSV | `evt_tx_hash`, `liquidatedCollateralAmount` | whole units |
//! | Messari's subgraph with transactions, Parquet | `tx_hash`, `collateral_amount_raw` | both |
//! | the same without, Parquet | `amount_tokens`, `liquidatee` | decimals |
//!
//! **Units of the first layout** change inside a file. A row tells by itself: older rows are whole numbers and carry
//! `priceUSDTCollateral`, newer ones have a point or an exponent and carry `liquidator`. Both marks must agree, else the
//! row is rejected (`unit`). `amount_origin` says what was done. Values in dollars of older rows are of the same whole
//! units and are left out; so are `profit_usd`, which is corrupt in the recorded files, and `protocol_fee_usd`.
//!
//! **One event, several files.** No id is in all of them: the key is second, borrower and collateral to twelve digits,
//! within venue and collateral asset. In the recorded file with transactions 9 of 4,619 rows share a key with another
//! row of theirs (4 keys, all of different transactions), so rows of one key are counted, not merged.
//! Measured with pandas on the four recorded files, 22,604 rows: 1,164 of the 1,168 WBTC rows of the CSV are in the file
//! of all BTC collateral, which has 21 more in the span; 4,618 of 4,619 with transactions and 219 of 219 cbBTC are in it
//! too. 6,001 rows are such copies, 16,603 events remain.
//!
//! Sources: `github.com/TheRensselaerIDEA/IDEA-Blockchain` (first layout), `github.com/Vlad-3D/liquidations-analytics`
//! (the last two), <https://docs.dune.com/data-catalog/evm/overview> (`evt_` columns).

mod columns;
mod rows;

use crate::csv::Header;
use crate::{Head, IngestError, Recognised, Source};
use columns::Batches;
use rows::{Dune, Subgraph};

/// Exports of lending liquidations.
pub struct LendingExport;

impl Source for LendingExport {
    fn name(&self) -> &'static str {
        "lending-export"
    }

    fn tried(&self) -> &'static str {
        "real file (subgraph CSV, both Parquet layouts), untested on real data (Dune)"
    }

    fn about(&self) -> &'static str {
        "query exports of Aave liquidations: subgraph and Dune CSV, Parquet"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let venue = head.hints.venue.clone();
        if let Some(schema) = &head.schema {
            return Ok(Batches::of(schema, venue.clone()).map(|batches| Recognised {
                what: batches.what().to_owned(),
                venue: venue.unwrap_or_else(|| "aave-v3".to_owned()),
                parser: Box::new(batches),
            }));
        }
        let header = Header::of(head.first_line());
        let booked = venue.clone().unwrap_or_else(|| "aave-v2".to_owned());
        if let Some(subgraph) = Subgraph::of(&header, venue.clone()) {
            return Ok(Some(Recognised {
                what: "an export of Aave v2's liquidations from its subgraph".to_owned(),
                venue: booked,
                parser: Box::new(subgraph),
            }));
        }
        Ok(Dune::of(&header, venue).map(|dune| Recognised {
            what: "Aave's LiquidationCall events, decoded by Dune".to_owned(),
            venue: booked,
            parser: Box::new(dune),
        }))
    }
}

/// Slug of Aave's market of a version on Ethereum.
fn aave(version: &str) -> Option<&'static str> {
    match version {
        "V2" | "v2" | "2" => Some("aave-v2"),
        "V3" | "v3" | "3" => Some("aave-v3"),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
