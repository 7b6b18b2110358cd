//! Raw logs of Ethereum, as `eth_getLogs` answers: lending liquidations, collateral auctions, pools.
//!
//! A file is a JSON-RPC answer (`result`), a bare array, or one log a line; numbers are hexadecimal or decimal. Events
//! are known by their first topic, decoded from the signatures in `events.rs`:
//!
//! | protocol | events | table |
//! |---|---|---|
//! | Aave v2 and v3 | `LiquidationCall` | `lending_liquidations` |
//! | Compound v2 | `LiquidateBorrow` | `lending_liquidations` |
//! | Compound v3 | `AbsorbCollateral`, `AbsorbDebt`; `BuyCollateral` | `lending_liquidations`; `auctions` |
//! | Maker | `Bite`, `Bark`; `Kick`, `Take`, `Redo` and the notes `tend`, `dent`, `deal`, `yank` | `auctions` |
//! | Uniswap v2 and v3 | `Swap`, `Sync`, `Mint`, `Burn`, `Collect` | `pools` |
//!
//! A log carries its block's time (`blockTimestamp`; Etherscan's `timeStamp`) or not: then `--blocks` must. Protocols
//! share events with their forks, so the contract tells the venue: those of `data/tokens.toml` are known, for
//! others `--venue` must say it. Integers are kept as the contract counts them, and as a quantity of the token where
//! its decimals are known.

mod auctions;
mod events;
mod lending;
mod pools;

use aftershock_archive::tape::{At, Int, Text};
use alloy_primitives::{Address, B256, hex};
use serde::Deserialize;

use crate::chain::{Contract, Registry};
use crate::frames::Elements;
use crate::json::{self, Scalar};
use crate::text::{self, Epoch, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Rows, Source};

/// Raw logs.
pub struct EvmLogs;

impl Source for EvmLogs {
    fn name(&self) -> &'static str {
        "evm-logs"
    }

    fn tried(&self) -> &'static str {
        "real logs quoted by others (Maker's first auctions, Uniswap), untested on real data (lending, Maker's later auctions)"
    }

    fn about(&self) -> &'static str {
        "eth_getLogs JSON: Aave, Compound and Maker liquidations and auctions, Uniswap pools"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        if !head.is_json() {
            return Ok(None);
        }
        let begins = head.bytes.trim_ascii_start();
        let of_lines = || json::parse::<RawLog<'_>>(head.first_line()).is_ok();
        let (framing, key) = match begins.first() {
            Some(b'[') => (Framing::JsonArray { key: None }, None),
            _ if of_lines() => (Framing::Lines { header: 0 }, None),
            _ => (Framing::JsonArray { key: Some("result") }, Some("result")),
        };
        let mut elements = Vec::new();
        let mut ends = Vec::new();
        if framing == (Framing::Lines { header: 0 }) {
            elements.extend_from_slice(head.bytes);
            ends.extend(memchr::memchr_iter(b'\n', head.bytes));
        } else {
            Elements::new(key).push(head.bytes, &mut elements, &mut ends);
        }
        let block = Block {
            bytes: &elements,
            ends: &ends,
            first_row: 0,
        };
        let logs: Vec<RawLog<'_>> = (block.records().take_while(|_| !ends.is_empty()))
            .map_while(|(_, record)| json::parse(record).ok())
            .collect();
        let Some(first) = logs.first() else {
            return Ok(None);
        };
        let underspecified = |missing: String, option| IngestError::Underspecified {
            path: head.path.to_owned(),
            what: "logs of Ethereum".to_owned(),
            missing,
            option,
        };
        if first.stamp().is_none() && head.hints.blocks.is_empty() {
            let missing = "its logs carry no time of their blocks".to_owned();
            return Err(underspecified(missing, "--blocks"));
        }
        let venue = head.hints.venue.clone().or_else(|| {
            let known = logs.iter().filter_map(|log| Log::of(log).ok());
            let mut venues = known.filter_map(|log| log.venue(None).ok().map(str::to_owned));
            venues.next()
        });
        let venue = venue.ok_or_else(|| {
            let contract = first.address.text();
            underspecified(
                format!("the protocol of contract {contract} is not known"),
                "--venue",
            )
        })?;
        let mut blocks = head.hints.blocks.clone();
        blocks.sort_unstable();
        Ok(Some(Recognised {
            what: format!("logs of Ethereum, the first of {venue}"),
            venue,
            parser: Box::new(Logs {
                framing,
                venue: head.hints.venue.clone(),
                instrument: head.hints.instrument.clone(),
                blocks,
            }),
        }))
    }
}

struct Logs {
    framing: Framing,
    venue: Option<String>,
    instrument: Option<String>,
    blocks: Vec<(u64, i64)>,
}

impl Parser for Logs {
    fn framing(&self) -> Framing {
        self.framing.clone()
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, record) in block.records() {
            output.read += 1;
            if let Err(fault) = self.log(row, record, output) {
                output.reject(row, fault, record);
            }
        }
        Ok(())
    }
}

impl Logs {
    fn log(&self, row: u64, record: &[u8], output: &mut Output) -> Result<(), Fault> {
        let raw: RawLog<'_> = json::parse(record)?;
        if raw.removed == Some(true) {
            return Err(Fault::Withdrawn);
        }
        let log = Log::of(&raw)?;
        let known = |number: u64| {
            let place = self.blocks.binary_search_by_key(&number, |block| block.0).ok()?;
            Some(self.blocks[place].1)
        };
        let event = Event {
            row,
            second: raw.stamp().or_else(|| known(log.block?)).ok_or(Fault::Stamp)?,
            venue: log.venue(self.venue.as_deref())?,
            instrument: self.instrument.as_deref(),
            log: &log,
        };
        lending::read(&event, output)
            .or_else(|| auctions::read(&event, output))
            .or_else(|| pools::read(&event, output))
            .unwrap_or(Err(Fault::Event))
    }
}

/// A log as it stands in the file. Nodes write `blockTimestamp`, Etherscan `timeStamp`, exports of either sort snake case.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawLog<'a> {
    #[serde(borrow)]
    address: Scalar<'a>,
    #[serde(borrow)]
    topics: Vec<Scalar<'a>>,
    #[serde(borrow)]
    data: Scalar<'a>,
    #[serde(borrow, alias = "block_number")]
    block_number: Option<Scalar<'a>>,
    #[serde(borrow, alias = "transaction_hash")]
    transaction_hash: Option<Scalar<'a>>,
    #[serde(borrow, alias = "log_index")]
    log_index: Option<Scalar<'a>>,
    #[serde(borrow, alias = "timeStamp", alias = "block_timestamp", alias = "timestamp")]
    block_timestamp: Option<Scalar<'a>>,
    removed: Option<bool>,
}

impl RawLog<'_> {
    /// Time of the block, s: a count or a calendar text.
    fn stamp(&self) -> Option<i64> {
        let written = self.block_timestamp?;
        let counted = whole(written).and_then(|count| text::stamp_in(i64::try_from(count).ok()?, Epoch::S));
        let instant = counted.or_else(|| text::calendar(written.bytes()))?;
        Some(instant.micros.div_euclid(1_000_000))
    }
}

/// A number, hexadecimal with `0x` or decimal.
fn whole(text: Scalar<'_>) -> Option<u64> {
    match text.text().strip_prefix("0x") {
        Some("") => Some(0),
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.text().parse().ok(),
    }
}

/// A log with its words decoded.
struct Log {
    /// In lower case.
    address: String,
    contract: Option<&'static Contract>,
    topics: Vec<B256>,
    data: Vec<u8>,
    block: Option<u64>,
    transaction: Option<String>,
    index: Option<u64>,
}

impl Log {
    fn of(raw: &RawLog<'_>) -> Result<Self, Fault> {
        let address = raw.address.text().to_ascii_lowercase();
        address.parse::<Address>().map_err(|_| Fault::Json)?;
        let topics = raw.topics.iter().map(|topic| topic.text().parse());
        let data = raw.data.text().strip_prefix("0x").ok_or(Fault::Json)?;
        Ok(Self {
            contract: Registry::ethereum().contract(&address),
            address,
            topics: topics.collect::<Result<_, _>>().map_err(|_| Fault::Json)?,
            data: hex::decode(data).map_err(|_| Fault::Json)?,
            block: raw
                .block_number
                .map(|number| whole(number).ok_or(Fault::Json))
                .transpose()?,
            transaction: raw.transaction_hash.map(|hash| hash.text().to_ascii_lowercase()),
            index: raw
                .log_index
                .map(|index| whole(index).ok_or(Fault::Json))
                .transpose()?,
        })
    }

    /// Where it belongs: what the user says, what the contract is, or Maker for events that only Maker logs.
    fn venue<'a>(&'a self, said: Option<&'a str>) -> Result<&'a str, Fault> {
        let topic = self.topics.first().ok_or(Fault::Event)?;
        if !events::is_known(topic, self.topics.len()) {
            return Err(Fault::Event);
        }
        let known = said.or_else(|| self.contract.map(|contract| contract.venue.as_str()));
        known
            .or_else(|| auctions::is_makers(topic).then_some("maker"))
            .ok_or(Fault::Instrument)
    }
}

/// A log of which everything but its own words is known.
struct Event<'a> {
    row: u64,
    second: i64,
    venue: &'a str,
    instrument: Option<&'a str>,
    log: &'a Log,
}

/// Columns that the three tables share.
struct Origin {
    at: At,
    block: Int,
    transaction: Text,
    index: Int,
}

impl Event<'_> {
    /// Opens a row and fills what every event has.
    fn begin(&self, rows: &mut Rows, columns: &Origin) {
        rows.begin(self.row);
        rows.at(columns.at, self.second * 1_000_000);
        let number = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok());
        if let Some(block) = number(self.log.block) {
            rows.int(columns.block, block);
        }
        if let Some(transaction) = &self.log.transaction {
            rows.text(columns.transaction, transaction);
        }
        if let Some(index) = number(self.log.index) {
            rows.int(columns.index, index);
        }
    }

    /// Symbol of what the contract lends; empty where it is not known.
    fn lends(&self) -> &'static str {
        let lends = self.log.contract.and_then(|contract| contract.lends.as_deref());
        lends.unwrap_or_default()
    }

    /// Transaction and place of the log, which no other log shares.
    fn key(&self) -> Option<String> {
        let (transaction, index) = (self.log.transaction.as_ref()?, self.log.index?);
        Some(format!("{transaction}:{index}"))
    }
}

/// Arguments as JSON, every number a text.
fn raw_json(arguments: &[(&str, String)]) -> String {
    let arguments: Vec<String> = arguments
        .iter()
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    format!("{{{}}}", arguments.join(","))
}

#[cfg(test)]
mod tests;
