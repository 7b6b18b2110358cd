//! Fills of Hyperliquid as Chainticks publishes them: a JSON object whose `fills` are legs of trades.
//!
//! A leg has its role, so that the taker's side is that of a taker's leg and the other one of a maker's. There is no
//! price: `quote_notional` is price times `quantity` without rounding, and the price is their exact ratio, marked
//! `derived`. `leg_id` names a leg and not a trade, so trades are known by their content; both legs of one give the same.
//! The coin stands in none of the rows: the name of the file tells it (`hyperliquid_btc_fills_…`), or `--instrument`.
//!
//! Source: <https://huggingface.co/datasets/Chainticks/perp-data> (CC BY 4.0).

use aftershock_archive::tape::{Kind, trades};
use serde::Deserialize;

use crate::json::{self, Scalar};
use crate::text::{self, Epoch, Fault};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Source};

/// Chainticks' fills.
pub struct Chainticks;

const VENUE: &str = "hyperliquid";

impl Source for Chainticks {
    fn name(&self) -> &'static str {
        "chainticks"
    }

    fn tried(&self) -> &'static str {
        "real file"
    }

    fn about(&self) -> &'static str {
        "Chainticks' JSON of Hyperliquid fills"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let has = |word: &[u8]| memchr::memmem::find(head.bytes, word).is_some();
        if !(head.is_json() && has(b"\"fills\"") && has(b"\"block_time_ns\"") && has(b"\"quote_notional\"")) {
            return Ok(None);
        }
        let named = head.hints.instrument.clone().or_else(|| coin_of(head));
        let instrument = named.ok_or_else(|| IngestError::Underspecified {
            path: head.path.to_owned(),
            what: "fills of Chainticks".to_owned(),
            missing: "its rows do not say of which coin".to_owned(),
            option: "--instrument",
        })?;
        let venue = head.hints.venue.as_deref().unwrap_or(VENUE).to_owned();
        Ok(Some(Recognised {
            what: format!("Chainticks' fills of {instrument} on {venue}"),
            venue: venue.clone(),
            parser: Box::new(Fills { venue, instrument }),
        }))
    }
}

/// The coin in a name such as `hyperliquid_btc_fills_chainticks.zip`.
fn coin_of(head: &Head<'_>) -> Option<String> {
    head.parts().rev().find_map(|part| {
        let (before, _) = part.split_once("_fills")?;
        let coin = before.rsplit('_').next()?;
        (!coin.is_empty()).then(|| coin.to_ascii_uppercase())
    })
}

struct Fills {
    venue: String,
    instrument: String,
}

#[derive(Deserialize)]
struct Fill<'a> {
    #[serde(borrow)]
    time_ns: Scalar<'a>,
    #[serde(borrow)]
    block_time_ns: Option<Scalar<'a>>,
    #[serde(borrow)]
    node_local_time_ns: Option<Scalar<'a>>,
    #[serde(borrow)]
    quantity: Scalar<'a>,
    #[serde(borrow)]
    quote_notional: Scalar<'a>,
    #[serde(borrow)]
    role: Scalar<'a>,
    #[serde(borrow)]
    side: Scalar<'a>,
}

impl Parser for Fills {
    fn framing(&self) -> Framing {
        Framing::JsonArray { key: Some("fills") }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        for (row, record) in block.records() {
            output.read += 1;
            if let Err(fault) = self.fill(row, record, output) {
                output.reject(row, fault, record);
            }
        }
        Ok(())
    }
}

impl Fills {
    fn fill(&self, row: u64, record: &[u8], output: &mut Output) -> Result<(), Fault> {
        let fill: Fill<'_> = json::parse(record)?;
        let instant = |count: Scalar<'_>| {
            let count = text::integer(count.bytes()).ok_or(Fault::Stamp)?;
            text::stamp_in(count, Epoch::Ns).ok_or(Fault::Stamp)
        };
        let at = instant(fill.block_time_ns.unwrap_or(fill.time_ns))?;
        let received = fill.node_local_time_ns.map(instant).transpose()?;
        let taker_buys = match (fill.role.text(), fill.side.text()) {
            ("taker", "buy") | ("maker", "sell") => true,
            ("taker", "sell") | ("maker", "buy") => false,
            _ => return Err(Fault::Word),
        };
        let price = ratio(fill.quote_notional.text(), fill.quantity.text())?;
        let rows = output.rows(Kind::Trades, &self.venue, &self.instrument);
        rows.begin(row);
        rows.at(trades::TRADED_AT, at.micros);
        if at.nanos != 0 {
            rows.int(trades::NANOSECONDS, at.nanos);
        }
        rows.number(trades::PRICE, price.as_bytes())?;
        rows.word(trades::PRICE_ORIGIN, "derived");
        rows.number(trades::QUANTITY, fill.quantity.bytes())?;
        rows.word(trades::QUANTITY_UNIT, "base");
        rows.number(trades::QUOTE_QUANTITY, fill.quote_notional.bytes())?;
        rows.word(trades::SIDE, if taker_buys { "buy" } else { "sell" });
        if let Some(received) = received {
            rows.at(trades::RECEIVED_AT, received.micros);
        }
        Ok(())
    }
}

/// `notional / quantity` where it has at most twelve decimals, which it has where the notional was not rounded.
fn ratio(notional: &str, quantity: &str) -> Result<String, Fault> {
    let (above, above_places) = digits(notional)?;
    let (below, below_places) = digits(quantity)?;
    if below == 0 {
        return Err(Fault::Quantity);
    }
    if above == 0 {
        return Err(Fault::Price);
    }
    const PLACES: u32 = 12;
    let shift = PLACES + below_places;
    let scaled = shift
        .checked_sub(above_places)
        .and_then(|shift| 10_i128.checked_pow(shift))
        .and_then(|power| above.checked_mul(power))
        .ok_or(Fault::Number)?;
    if scaled % below != 0 {
        return Err(Fault::Number);
    }
    Ok(crate::chain::scaled(
        &(scaled / below).to_string(),
        PLACES as usize,
    ))
}

/// A plain decimal without sign, as a whole number and its decimals.
fn digits(text: &str) -> Result<(i128, u32), Fault> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number = format!("{whole}{fraction}");
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Fault::Number);
    }
    let places = u32::try_from(fraction.len()).map_err(|_| Fault::Number)?;
    Ok((number.parse().map_err(|_| Fault::Number)?, places))
}

#[cfg(test)]
mod tests {
    use aftershock_archive::Store;
    use aftershock_archive::tape::Tape;

    use super::*;
    use crate::testing::{Silent, cells, fixture, parse_bytes, recorded_path};
    use crate::{Hints, Options, ingest};

    const SHOWN: [&str; 9] = [
        "traded_at",
        "nanoseconds",
        "price",
        "quantity",
        "quote_quantity",
        "side",
        "price_origin",
        "received_at",
        "exact",
    ];

    /// Read off the fixture by eye; 73.6580 / 0.001.
    #[test]
    fn price_is_the_exact_ratio_and_the_makers_leg_is_the_same_trade() {
        let parse = |file: &str| {
            let bytes = fixture(&format!("chainticks/{file}"));
            parse_bytes(file, &bytes, &Hints::default()).unwrap()
        };
        let takers = parse("hyperliquid_btc_fills_admitted.json");
        assert_eq!(
            (takers.source, takers.read, takers.rejected),
            ("chainticks", 10, 0)
        );
        let first = cells(takers.table(Kind::Trades), 0, SHOWN);
        assert_eq!(
            first,
            [
                "2026-06-01T00:00:00.533856Z",
                "605",
                "73658.0",
                "0.001",
                "73.658",
                "buy",
                "derived",
                "2026-06-01T00:00:01.050067Z",
                ""
            ]
        );
        let makers = parse("hyperliquid_btc_fills_maker-rebates.json");
        assert_eq!((makers.read, makers.rejected), (3, 0));
        assert_eq!(cells(makers.table(Kind::Trades), 0, SHOWN), first);
    }

    #[test]
    fn ratios_are_exact_or_refused() {
        assert_eq!(ratio("16526.633970", "0.27753").unwrap(), "59549.000000000000");
        assert_eq!(ratio("1", "3"), Err(Fault::Number));
        assert_eq!(ratio("1", "0.0"), Err(Fault::Quantity));
        assert_eq!(ratio("", "1"), Err(Fault::Number));
    }

    #[test]
    fn without_a_coin_the_option_is_named() {
        let bytes = fixture("chainticks/hyperliquid_btc_fills_admitted.json");
        let error = parse_bytes("admitted.json", &bytes, &Hints::default())
            .err()
            .unwrap();
        assert!(error.to_string().contains("--instrument says it"), "{error}");
    }

    /// The three members of the registry's file hold 363, 1,262 and 3 legs; by their ids 1,589 are different takers' legs,
    /// and the three makers' legs are of trades that are there (Python, over the raw members).
    #[test]
    fn the_real_file_is_read_whole_and_each_trade_is_kept_once() {
        let Some(file) = recorded_path("registry/hyperliquid_btc_fills_chainticks_CCBY4.zip") else {
            return;
        };
        let folder = tempfile::tempdir().unwrap();
        let tape = Tape::new(Store::open(folder.path().to_str().unwrap()).unwrap());
        let report = ingest(&tape, &[file], &Options::default(), &Silent).unwrap();
        let mut records: Vec<(u64, u64)> = report
            .files
            .iter()
            .map(|file| (file.records, file.rejected))
            .collect();
        records.sort_unstable();
        assert_eq!(records, [(3, 0), (363, 0), (1_262, 0)]);
        assert_eq!(report.files.iter().map(|file| file.kept).sum::<u64>(), 1_589);
    }
}
