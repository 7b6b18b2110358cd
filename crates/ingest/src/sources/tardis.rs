//! Tardis: comma-separated files of a day, one or many instruments of one venue.
//!
//! Stamps are microseconds of UTC, the venue's (`timestamp`) and the recorder's (`local_timestamp`); where the venue
//! gave none both are the recorder's. Quantities are as the venue counts them. `trades` and `liquidations` have the same
//! columns, as have `quotes` and `book_ticker`, so that the name of the file or of a folder must say which it is.
//! The side of a liquidation is that of the forced order, its price the bankruptcy price on Bybit and OKX.
//! A row of `derivative_ticker` becomes one of `marks`; its open interest and funding rates are written where they
//! differ from the row before, for venues send them again with every tick.
//! Volatilities are in percent on Deribit and ratios elsewhere; here they are ratios.
//!
//! Source: <https://docs.tardis.dev/downloadable-csv-files/data-types>.

mod books;
mod options;
#[cfg(test)]
mod tests;
mod tickers;
mod trades;
mod venues;

use crate::csv::{self, Header};
use crate::text::{self, Fault, Instant};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Source};

/// Files of Tardis.
pub struct Tardis;

impl Source for Tardis {
    fn name(&self) -> &'static str {
        "tardis"
    }

    fn tried(&self) -> &'static str {
        "documentation sample"
    }

    fn about(&self) -> &'static str {
        "Tardis CSV: trades, quotes, book_ticker, liquidations, derivative_ticker, book_snapshot_5/25, \
         incremental_book_L2, options_chain"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        if head.bytes.is_empty() {
            return Ok(empty(head));
        }
        let header = Header::of(head.first_line());
        let Some(kind) = kind_of(&header, head)? else {
            return Ok(None);
        };
        let mut first = [b"".as_slice(); 2];
        csv::fields(head.line(1), &mut first);
        let venue = match (&head.hints.venue, first.map(text::name)) {
            (Some(venue), _) => venue.clone(),
            (None, [Ok(exchange), Ok(symbol)]) => venues::slug(exchange, symbol).to_owned(),
            _ => "tardis".to_owned(),
        };
        Ok(Some(Recognised {
            what: format!("{} of {venue} by Tardis", kind.name()),
            venue,
            parser: Box::new(File {
                venue: head.hints.venue.clone(),
                kind,
                columns: header.names().len(),
            }),
        }))
    }
}

/// A packed file of nothing, which the vendor gives for a day without a message, such as one of an outage. A file
/// that lost its content on the way is not packed and keeps its second ending.
///
/// Source: <https://docs.tardis.dev/downloadable-csv-files/api>.
fn empty(head: &Head<'_>) -> Option<Recognised> {
    let (exchange, kind, date) = match head.stem().split('_').collect::<Vec<_>>().as_slice() {
        [exchange, kind @ .., date, _] if !kind.is_empty() => (*exchange, kind.join("_"), *date),
        _ => return None,
    };
    let known = |own: &&FileKind| {
        own.name() == kind || (own.name() == "book_snapshot" && kind.starts_with(own.name()))
    };
    let found = FileKind::ALL.iter().find(known)?;
    (head.name().ends_with(".csv") && text::calendar(date.as_bytes()).is_some()).then(|| Recognised {
        what: format!("{kind} of {exchange} by Tardis: nothing on {date}"),
        venue: venues::slug(exchange, "").to_owned(),
        parser: Box::new(File {
            venue: None,
            kind: *found,
            columns: 0,
        }),
    })
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileKind {
    Trades,
    Liquidations,
    Quotes,
    BookTicker,
    /// Levels on either side.
    Snapshot(usize),
    Incremental,
    Ticker,
    Options,
}

impl FileKind {
    const ALL: &[Self] = &[
        Self::Trades,
        Self::Liquidations,
        Self::Quotes,
        Self::BookTicker,
        Self::Snapshot(0),
        Self::Incremental,
        Self::Ticker,
        Self::Options,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Liquidations => "liquidations",
            Self::Quotes => "quotes",
            Self::BookTicker => "book_ticker",
            Self::Snapshot(_) => "book_snapshot",
            Self::Incremental => "incremental_book_L2",
            Self::Ticker => "derivative_ticker",
            Self::Options => "options_chain",
        }
    }
}

/// Columns that every file begins with.
const COMMON: &[&str] = &["exchange", "symbol", "timestamp", "local_timestamp"];
/// Columns of the widest layout, a snapshot of 50 levels.
const WIDEST: usize = 4 + 4 * 50;

fn kind_of(header: &Header, head: &Head<'_>) -> Result<Option<FileKind>, IngestError> {
    if !header.begins(COMMON) {
        return Ok(None);
    }
    let own: Vec<&str> = header.names()[COMMON.len()..]
        .iter()
        .map(String::as_str)
        .collect();
    Ok(Some(match own.as_slice() {
        trades::COLUMNS => one_of(head, [FileKind::Trades, FileKind::Liquidations])?,
        books::QUOTE_COLUMNS => one_of(head, [FileKind::Quotes, FileKind::BookTicker])?,
        books::CHANGE_COLUMNS => FileKind::Incremental,
        tickers::COLUMNS => FileKind::Ticker,
        options::COLUMNS => FileKind::Options,
        levels => match books::depth(levels) {
            Some(depth) => FileKind::Snapshot(depth),
            None => return Ok(None),
        },
    }))
}

/// The kind that the name or a folder says last.
fn one_of(head: &Head<'_>, kinds: [FileKind; 2]) -> Result<FileKind, IngestError> {
    let said = kinds
        .into_iter()
        .filter_map(|kind| Some((head.path.rfind(kind.name())?, kind)))
        .max_by_key(|(place, _)| *place);
    said.map(|(_, kind)| kind)
        .ok_or_else(|| IngestError::Underspecified {
            path: head.path.to_owned(),
            what: "a file of Tardis".to_owned(),
            missing: format!(
                "its columns fit `{}` and `{}` alike",
                kinds[0].name(),
                kinds[1].name()
            ),
            option: "the vendor's own file name, such as `deribit_trades_2021-09-01_PERPETUALS.csv.gz`,",
        })
}

/// The columns that every row begins with.
#[derive(Clone, Copy)]
struct Row<'a> {
    source_row: u64,
    /// The venue's slug.
    venue: &'a str,
    symbol: &'a str,
    at: Instant,
    received_at: i64,
}

struct File {
    venue: Option<String>,
    kind: FileKind,
    columns: usize,
}

impl Parser for File {
    fn framing(&self) -> Framing {
        Framing::Lines { header: 1 }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        let mut tickers = tickers::Last::default();
        let mut field = [b"".as_slice(); WIDEST];
        for (source_row, line) in block.records() {
            output.read += 1;
            let kept = if csv::fields(line, &mut field) == self.columns {
                self.keep(source_row, &field[..self.columns], &mut tickers, output)
            } else {
                Err(Fault::Columns)
            };
            if let Err(fault) = kept {
                output.reject(source_row, fault, line);
            }
        }
        Ok(())
    }
}

impl File {
    #[inline]
    fn keep<'a>(
        &self,
        source_row: u64,
        field: &[&'a [u8]],
        tickers: &mut tickers::Last<'a>,
        output: &mut Output,
    ) -> Result<(), Fault> {
        let (exchange, symbol) = (text::name(field[0])?, text::name(field[1])?);
        let row = Row {
            source_row,
            venue: self.venue.as_deref().unwrap_or(venues::slug(exchange, symbol)),
            symbol,
            at: text::stamp_text(field[2]).ok_or(Fault::Stamp)?,
            received_at: text::stamp_text(field[3]).ok_or(Fault::Stamp)?.micros,
        };
        let own = &field[COMMON.len()..];
        match self.kind {
            FileKind::Trades => trades::keep(row, own, output),
            FileKind::Liquidations => trades::keep_liquidation(row, own, output),
            FileKind::Quotes => books::keep_quote(row, "derived", own, output),
            FileKind::BookTicker => books::keep_quote(row, "recorded", own, output),
            FileKind::Snapshot(_) => books::keep_snapshot(row, own, output),
            FileKind::Incremental => books::keep_change(row, own, output),
            FileKind::Ticker => tickers::keep(row, [field[0], field[1]], own, tickers, output),
            FileKind::Options => options::keep(row, exchange, own, output),
        }
    }
}
