//! The files of Binance's public archive.
//!
//! A file is told by its header where it has one, else by the shape of its first line. Its market stands in the
//! folders (`spot`, `futures/um`, `futures/cm`), and so does whether its klines are of trades, of the mark, of the
//! index or of the premium: their names and columns are the same.
//!
//! Source: <https://github.com/binance/binance-public-data> (columns; stamps in microseconds on spot from 2025 on).

mod bars;
mod book;
mod futures;
mod layout;
mod trades;

use aftershock_archive::tape::Kind;

use super::binance::{Market, contract_usd, symbol_of};
use crate::text::Fault;
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Rows, Source};
use layout::{Family, Layout, Table};

/// Binance's public archive.
pub struct BinanceArchive;

impl Source for BinanceArchive {
    fn name(&self) -> &'static str {
        "binance-archive"
    }

    fn tried(&self) -> &'static str {
        "real file (aggTrades, trades, klines), documentation sample (the others)"
    }

    fn about(&self) -> &'static str {
        "Binance public archive, spot, USD-M and COIN-M: aggTrades, trades, klines, mark, index and premium klines, \
         fundingRate, metrics, bookDepth, bookTicker, liquidationSnapshot"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let Some(layout) = Layout::of(head) else {
            return Ok(None);
        };
        let Some(instrument) = symbol_of(head) else {
            return Err(IngestError::Underspecified {
                path: head.path.to_owned(),
                what: format!("{} of Binance's archive", layout.table.name()),
                missing: "its name has no symbol".to_owned(),
                option: "`--instrument BTCUSDT`",
            });
        };
        let market = market_of(head, &instrument, layout.family);
        let file = File {
            venue: head
                .hints
                .venue
                .clone()
                .unwrap_or_else(|| market.venue().to_owned()),
            contract_usd: (market == Market::CoinM).then(|| contract_usd(&instrument)),
            instrument,
            market,
            header: layout.header,
        };
        let (venue, mut what) = (file.venue.clone(), file.says(layout.table.name()));
        let parser: Box<dyn Parser> = match layout.table {
            Table::AggTrades => file.lines(Kind::Trades, trades::aggregated),
            Table::Trades => file.lines(Kind::Trades, trades::single),
            Table::Klines => {
                let bars = bars::Bars::of(head)?;
                what = file.says(&format!("{} klines", bars.price_kind));
                file.lines(Kind::Bars, move |file, line, rows| bars.read(file, line, rows))
            }
            Table::FundingRate => file.lines(Kind::Funding, futures::funding),
            Table::Metrics => Box::new(futures::Metrics::of(head, file)),
            Table::BookDepth => file.lines(Kind::DepthBands, book::band),
            Table::BookTicker => file.lines(Kind::Quotes, book::quote),
            Table::LiquidationSnapshot => file.lines(Kind::Liquidations, futures::liquidation),
        };
        Ok(Some(Recognised { what, venue, parser }))
    }
}

/// The market, by what the user said, what only one market has, the symbol, and the path, in this order.
fn market_of(head: &Head<'_>, symbol: &str, family: Option<Family>) -> Market {
    if let Some(said) = head.hints.venue.as_deref().and_then(Market::of_venue) {
        return said;
    }
    let dated = Market::of_symbol(symbol).filter(|_| symbol.contains('_'));
    let named = dated.or_else(|| match Market::of_path(head)? {
        // "futures" and "perp" do not tell USD-M from COIN-M; a symbol in dollars does.
        Market::UsdM => Market::of_symbol(symbol).or(Some(Market::UsdM)),
        other => Some(other),
    });
    match family {
        Some(Family::Spot) => Market::Spot,
        Some(Family::CoinM) => Market::CoinM,
        Some(Family::Futures) => named
            .or_else(|| Market::of_symbol(symbol))
            .filter(|market| *market != Market::Spot)
            .unwrap_or(Market::UsdM),
        None => named.unwrap_or(Market::Spot),
    }
}

/// A file of the archive: whose it is and how it begins.
#[derive(Clone, Debug)]
struct File {
    venue: String,
    instrument: String,
    market: Market,
    /// Worth of a contract where quantities are contracts.
    contract_usd: Option<f64>,
    header: bool,
}

impl File {
    fn says(&self, table: &str) -> String {
        format!("{table} of {} on {}", self.instrument, self.venue)
    }

    fn framing(&self) -> Framing {
        Framing::Lines {
            header: u64::from(self.header),
        }
    }

    /// A parser whose every line is a row of one table.
    fn lines<F>(self, kind: Kind, read: F) -> Box<dyn Parser>
    where
        F: Fn(&File, &[u8], &mut Rows) -> Result<(), Fault> + Send + Sync + 'static,
    {
        Box::new(Lines {
            file: self,
            kind,
            read,
        })
    }
}

struct Lines<F> {
    file: File,
    kind: Kind,
    read: F,
}

impl<F> Parser for Lines<F>
where
    F: Fn(&File, &[u8], &mut Rows) -> Result<(), Fault> + Send + Sync,
{
    fn framing(&self) -> Framing {
        self.file.framing()
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        let File {
            venue, instrument, ..
        } = &self.file;
        output.keep_all(self.kind, venue, instrument, block, |line, rows| {
            (self.read)(&self.file, line, rows)
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
