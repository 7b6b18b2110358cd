//! The dialects, one file a source.

mod binance;
mod binance_archive;
mod binance_stream;
mod bitmex;
mod bybit;
mod chainticks;
#[cfg(test)]
mod claims;
pub mod column_map;
mod deribit;
mod evm_logs;
mod freqtrade;
mod hftbacktest;
mod hyperliquid;
mod lending_export;
mod okx;
mod tardis;
mod units;

use crate::{Head, IngestError, Recognised, Source};

/// All sources, the more particular first: the first that recognises a file reads it.
pub const SOURCES: &[&dyn Source] = &[
    &binance_archive::BinanceArchive,
    &binance_stream::BinanceStream,
    &bitmex::Bitmex,
    &bybit::Bybit,
    &okx::Okx,
    &deribit::Deribit,
    &tardis::Tardis,
    &chainticks::Chainticks,
    &evm_logs::EvmLogs,
    &hyperliquid::Hyperliquid,
    &lending_export::LendingExport,
    &freqtrade::Freqtrade,
    &hftbacktest::Hftbacktest,
    // The most general: what a map describes, another source may know better.
    &column_map::ColumnMap,
];

/// The source that reads a file, and what it takes it for.
///
/// # Errors
/// [`IngestError::UnknownSource`] where `--source` names none, [`IngestError::Unrecognised`] where none fits, and
/// what the source itself is missing.
pub fn recognise(head: &Head<'_>) -> Result<(&'static dyn Source, Recognised), IngestError> {
    // A map is for the map source, whatever else the file looks like.
    let map = head.hints.map.as_ref().map(|_| column_map::ColumnMap.name());
    let wanted = head.hints.source.as_deref().or(map);
    wanted.map_or(Ok(()), check)?;
    for source in SOURCES {
        if wanted.is_none_or(|name| source.name() == name)
            && let Some(recognised) = source.recognise(head)?
        {
            return Ok((*source, recognised));
        }
    }
    let path = head.path.to_owned();
    let begins = String::from_utf8_lossy(&head.first_line()[..head.first_line().len().min(120)]);
    // Bytes that are no text would spoil the terminal.
    let begins: String = begins
        .chars()
        .map(|c| if c.is_control() { '·' } else { c })
        .collect();
    Err(match wanted {
        Some(name) => IngestError::OtherSource {
            path,
            name: name.to_owned(),
            begins,
        },
        None => IngestError::Unrecognised { path, begins },
    })
}

/// Refuses a name that no source has.
pub(crate) fn check(name: &str) -> Result<(), IngestError> {
    if SOURCES.iter().any(|source| source.name() == name) {
        return Ok(());
    }
    Err(IngestError::UnknownSource {
        name: name.to_owned(),
        known: SOURCES.iter().map(|source| source.name()).collect(),
    })
}
