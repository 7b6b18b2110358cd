//! Feeds prepared for hftbacktest: one structured numpy array of market events, alone or in an npz archive.
//!
//! Source: <https://hftbacktest.readthedocs.io/en/latest/data.html> (fields, stamps, the two copies of an event) and
//! <https://docs.rs/hftbacktest/0.9.4/hftbacktest/types/index.html#constants> (bits of `ev`).

use aftershock_archive::tape::{Kind, book_resets, depth, trades};
use npyz::{DType, Endianness, NpyHeader, TypeChar};

use super::units;
use crate::text::{self, Fault, Instant};
use crate::{Block, Framing, Head, IngestError, Output, Parser, Recognised, Rows, Source};

/// Feeds of hftbacktest.
pub struct Hftbacktest;

const MAGIC: &[u8] = b"\x93NUMPY";

/// Bits of `ev`: for whom the event is, and its side.
const EXCHANGE: u64 = 1 << 31;
const LOCAL: u64 = 1 << 30;
const BUY: u64 = 1 << 29;
const SELL: u64 = 1 << 28;
/// What happened, the lowest byte of `ev`.
const CHANGE: u64 = 1;
const TRADE: u64 = 2;
const CLEAR: u64 = 3;
const SNAPSHOT: u64 = 4;

impl Source for Hftbacktest {
    fn name(&self) -> &'static str {
        "hftbacktest"
    }

    fn tried(&self) -> &'static str {
        "documentation sample"
    }

    fn about(&self) -> &'static str {
        "hftbacktest npz and npy: depth, snapshots, clearings, trades"
    }

    fn recognise(&self, head: &Head<'_>) -> Result<Option<Recognised>, IngestError> {
        let Some(layout) = Layout::of(head)? else {
            return Ok(None);
        };
        let name = feed_name(head);
        let underspecified = |missing: &str, option| IngestError::Underspecified {
            path: head.path.to_owned(),
            what: "a feed of hftbacktest".to_owned(),
            missing: missing.to_owned(),
            option,
        };
        let Some(venue) = head.hints.venue.clone() else {
            return Err(underspecified("its venue stands nowhere in it", "--venue"));
        };
        // Its collector names files `btcusdt_20240808`.
        let instrument = match (&head.hints.instrument, name.split('_').next()) {
            (Some(instrument), _) => instrument.clone(),
            (None, Some(symbol)) if name != "data" && !symbol.is_empty() => symbol.to_uppercase(),
            _ => {
                return Err(underspecified(
                    "its instrument stands nowhere in it",
                    "--instrument",
                ));
            }
        };
        Ok(Some(Recognised {
            what: format!("hftbacktest feed of {instrument} on {venue}"),
            venue: venue.clone(),
            parser: Box::new(Feed {
                unit: units::unit(&venue, &instrument).word,
                path: head.path.to_owned(),
                venue,
                instrument,
                layout,
            }),
        }))
    }
}

/// Name of the feed without its ending: an archive holds `data.npy`, so that its own name says more.
fn feed_name<'a>(head: &Head<'a>) -> &'a str {
    let archive = head.path.rsplit_once('!').map(|(archive, _)| archive);
    let name = archive
        .unwrap_or(head.path)
        .rsplit(['/', '\\'])
        .next()
        .unwrap_or_default();
    name.split('.').next().unwrap_or_default()
}

/// Where the fields of a row stand.
#[derive(Clone, Copy, Debug)]
struct Layout {
    header: usize,
    row: usize,
    event: usize,
    exchange_at: usize,
    local_at: usize,
    price: usize,
    quantity: usize,
}

impl Layout {
    /// The layout of an array with the fields of a feed; none where it is another array, or no array.
    fn of(head: &Head<'_>) -> Result<Option<Self>, IngestError> {
        if !head.bytes.starts_with(MAGIC) {
            return Ok(None);
        }
        let Ok(array) = NpyHeader::from_reader(head.bytes) else {
            return Ok(None);
        };
        let DType::Record(fields) = array.dtype() else {
            return Ok(None);
        };
        if !fields.iter().any(|field| field.name == "exch_ts") {
            return Ok(None);
        }
        let bad = |reason: String| IngestError::BadFile {
            path: head.path.to_owned(),
            reason,
        };
        let mut row = 0;
        let mut places = Vec::new();
        for field in &fields {
            let DType::Plain(kind) = &field.dtype else {
                return Err(bad(format!(
                    "its field `{}` is a record; expected a number",
                    field.name
                )));
            };
            let bytes = kind.num_bytes().unwrap_or_default();
            places.push((
                field.name.as_str(),
                row,
                kind.endianness(),
                kind.type_char(),
                bytes,
            ));
            row += bytes;
        }
        let place = |name: &str, form: &[TypeChar]| {
            let found = places.iter().find(|(own, ..)| *own == name);
            match found {
                Some((_, place, Endianness::Little, kind, 8)) if form.contains(kind) => Ok(*place),
                Some(_) => Err(bad(format!(
                    "its field `{name}` is not of eight bytes as hftbacktest 2 writes them"
                ))),
                None => Err(bad(format!(
                    "it has no field `{name}`; a feed of hftbacktest 2 has ev, exch_ts, local_ts, px, qty"
                ))),
            }
        };
        let whole = [TypeChar::Int, TypeChar::Uint];
        let real = [TypeChar::Float];
        if array.shape().len() != 1 {
            return Err(bad(format!(
                "its array has {} dimensions; a feed has one",
                array.shape().len()
            )));
        }
        Ok(Some(Self {
            header: header_bytes(head.bytes),
            row,
            event: place("ev", &whole)?,
            exchange_at: place("exch_ts", &whole)?,
            local_at: place("local_ts", &whole)?,
            price: place("px", &real)?,
            quantity: place("qty", &real)?,
        }))
    }
}

/// Bytes before the first row. Source: <https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html>.
fn header_bytes(bytes: &[u8]) -> usize {
    let byte = |place: usize| usize::from(bytes.get(place).copied().unwrap_or_default());
    match byte(6) {
        1 => 10 + byte(8) + (byte(9) << 8),
        _ => 12 + byte(8) + (byte(9) << 8) + (byte(10) << 16) + (byte(11) << 24),
    }
}

struct Feed {
    venue: String,
    instrument: String,
    unit: &'static str,
    layout: Layout,
    path: String,
}

/// A row of the array.
#[derive(Clone, Copy)]
struct Event<'a> {
    bytes: &'a [u8],
    layout: Layout,
}

impl Event<'_> {
    #[inline]
    fn eight(self, place: usize) -> [u8; 8] {
        self.bytes[place..place + 8]
            .try_into()
            .expect("a field has eight bytes")
    }

    fn flags(self) -> u64 {
        u64::from_le_bytes(self.eight(self.layout.event))
    }

    fn exchange_at(self) -> i64 {
        i64::from_le_bytes(self.eight(self.layout.exchange_at))
    }

    fn local_at(self) -> i64 {
        i64::from_le_bytes(self.eight(self.layout.local_at))
    }

    fn price(self) -> f64 {
        f64::from_le_bytes(self.eight(self.layout.price))
    }

    fn quantity(self) -> f64 {
        f64::from_le_bytes(self.eight(self.layout.quantity))
    }

    /// The row as a reject shows it.
    #[cold]
    fn text(self) -> String {
        format!(
            "ev={} exch_ts={} local_ts={} px={} qty={}",
            self.flags(),
            self.exchange_at(),
            self.local_at(),
            self.price(),
            self.quantity()
        )
    }
}

impl Parser for Feed {
    fn framing(&self) -> Framing {
        Framing::Fixed {
            header: self.layout.header,
            record: self.layout.row,
        }
    }

    fn parse(&self, block: Block<'_>, output: &mut Output) -> Result<(), IngestError> {
        let rows = block.bytes.chunks_exact(self.layout.row);
        if !rows.remainder().is_empty() {
            return Err(IngestError::BadFile {
                path: self.path.clone(),
                reason: format!(
                    "it ends within a row of {} bytes; expected a whole file",
                    self.layout.row
                ),
            });
        }
        for (row, bytes) in (block.first_row..).zip(rows) {
            let event = Event {
                bytes,
                layout: self.layout,
            };
            // Where the clocks of the venue and of the recorder disagree on the order, the feed holds an event
            // twice: once for each of them. The venue's copy is the event.
            if event.flags() & (EXCHANGE | LOCAL) == LOCAL {
                output.left_out += 1;
                continue;
            }
            output.read += 1;
            if let Err(fault) = self.keep(event, row, output) {
                output.reject(row, fault, event.text().as_bytes());
            }
        }
        Ok(())
    }
}

impl Feed {
    #[inline]
    fn keep(&self, event: Event<'_>, row: u64, output: &mut Output) -> Result<(), Fault> {
        let flags = event.flags();
        let at = text::stamp(event.exchange_at()).ok_or(Fault::Stamp)?;
        let received = text::stamp(event.local_at());
        let price = event.price();
        let quantity = event.quantity();
        let positive = price.is_finite() && price > 0.0;
        let counted = quantity.is_finite() && quantity >= 0.0;
        let side = |buy: &'static str, sell: &'static str| match (flags & BUY != 0, flags & SELL != 0) {
            (true, false) => Ok(Some(buy)),
            (false, true) => Ok(Some(sell)),
            (false, false) => Ok(None),
            (true, true) => Err(Fault::Word),
        };
        let what = flags & 0xff;
        match what {
            CHANGE | SNAPSHOT | TRADE if !positive => return Err(Fault::Price),
            CHANGE | SNAPSHOT | TRADE if !counted => return Err(Fault::Quantity),
            _ => {}
        }
        match what {
            CHANGE | SNAPSHOT => {
                let side = side("bid", "ask")?.ok_or(Fault::Word)?;
                let rows = self.rows(output, Kind::Depth, row);
                rows.at(depth::UPDATED_AT, at.micros);
                stamps(rows, received, depth::RECEIVED_AT, at, depth::NANOSECONDS);
                rows.flag(depth::SNAPSHOT, what == SNAPSHOT);
                rows.word(depth::SIDE, side);
                rows.real(depth::PRICE, price);
                rows.real(depth::QUANTITY, quantity);
                rows.word(depth::QUANTITY_UNIT, self.unit);
            }
            TRADE => {
                let side = side("buy", "sell")?;
                let rows = self.rows(output, Kind::Trades, row);
                rows.at(trades::TRADED_AT, at.micros);
                stamps(rows, received, trades::RECEIVED_AT, at, trades::NANOSECONDS);
                rows.real(trades::PRICE, price);
                rows.real(trades::QUANTITY, quantity);
                rows.word(trades::QUANTITY_UNIT, self.unit);
                if let Some(side) = side {
                    rows.word(trades::SIDE, side);
                }
            }
            CLEAR => {
                let side = side("bid", "ask")?;
                let rows = self.rows(output, Kind::BookResets, row);
                rows.at(book_resets::RESET_AT, at.micros);
                stamps(
                    rows,
                    received,
                    book_resets::RECEIVED_AT,
                    at,
                    book_resets::NANOSECONDS,
                );
                if let Some(side) = side {
                    rows.word(book_resets::SIDE, side);
                    // Without a side all is cleared, whatever the price says; so it is where the price is no number.
                    if price.is_finite() {
                        rows.real(book_resets::PRICE, price);
                    }
                }
            }
            // Best bid and ask one at a time, single orders, and what users number from 100 on have no table.
            _ => return Err(Fault::Event),
        }
        Ok(())
    }

    fn rows<'o>(&self, output: &'o mut Output, kind: Kind, row: u64) -> &'o mut Rows {
        let rows = output.rows(kind, &self.venue, &self.instrument);
        rows.begin(row);
        rows
    }
}

use aftershock_archive::tape::{At, Int};

fn stamps(rows: &mut Rows, received: Option<Instant>, received_at: At, at: Instant, nanoseconds: Int) {
    if let Some(received) = received {
        rows.at(received_at, received.micros);
    }
    if at.nanos != 0 {
        rows.int(nanoseconds, at.nanos);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Hints;
    use crate::testing::{cells, fixture, parse_bytes};

    fn hints() -> Hints {
        Hints {
            venue: Some("binance-usdm".to_owned()),
            ..Hints::default()
        }
    }

    /// Rows of the documentation's table of normalized data.
    ///
    /// Source: <https://hftbacktest.readthedocs.io/en/latest/data.html>.
    #[test]
    fn the_documented_rows_come_back() {
        let bytes = fixture("hftbacktest/btcusdt_documented.npy");
        let parsed = parse_bytes("raw/btcusdt_documented.npy", &bytes, &hints()).unwrap();
        assert_eq!(
            (parsed.source, parsed.read, parsed.rejected),
            ("hftbacktest", 20, 0)
        );
        let depth = parsed.rows(Kind::Depth, "binance-usdm", "BTCUSDT");
        assert_eq!(depth.num_rows(), 19);
        let columns = [
            "updated_at",
            "received_at",
            "snapshot",
            "side",
            "price",
            "quantity",
            "quantity_unit",
        ];
        assert_eq!(
            cells(depth, 0, columns),
            [
                "2023-02-15T00:00:05.108Z",
                "2023-02-15T00:00:07.212527Z",
                "false",
                "bid",
                "2218.8",
                "0.603",
                "base"
            ]
        );
        assert_eq!(
            cells(depth, 13, ["side", "price", "quantity"]),
            ["ask", "22171.7", "0.0"]
        );
        let trades = parsed.rows(Kind::Trades, "binance-usdm", "BTCUSDT");
        assert_eq!(
            cells(trades, 0, ["traded_at", "side", "price", "quantity"]),
            ["2023-02-15T00:00:05.116Z", "sell", "22177.9", "0.001"]
        );
    }

    /// The documentation's second table: depth of an earlier stamp that came in after two trades stands there twice,
    /// once for the venue and once for the recorder.
    #[test]
    fn the_recorders_copy_of_an_event_is_not_a_second_one() {
        let bytes = fixture("hftbacktest/btcusdt_reordered.npy");
        let parsed = parse_bytes("raw/btcusdt_reordered.npy", &bytes, &hints()).unwrap();
        assert_eq!((parsed.read, parsed.rejected, parsed.left_out), (17, 0, 13));
        assert_eq!(parsed.rows(Kind::Depth, "binance-usdm", "BTCUSDT").num_rows(), 13);
        assert_eq!(parsed.rows(Kind::Trades, "binance-usdm", "BTCUSDT").num_rows(), 4);
    }

    /// Constructed from the documented layout: flags as its constants say, values made up.
    #[test]
    fn clearings_snapshots_and_strangers() {
        let bytes = fixture("hftbacktest/constructed.npy");
        let mut hints = hints();
        hints.instrument = Some("MADEUP".to_owned());
        let parsed = parse_bytes("constructed.npy", &bytes, &hints).unwrap();
        assert_eq!((parsed.read, parsed.rejected), (11, 6));
        let resets = parsed.rows(Kind::BookResets, "binance-usdm", "MADEUP");
        let columns = ["side", "price"];
        assert_eq!(cells(resets, 0, columns), ["bid", "99.5"]);
        assert_eq!(cells(resets, 1, columns), ["ask", ""]);
        assert_eq!(cells(resets, 2, columns), ["", ""]);
        let depth = parsed.rows(Kind::Depth, "binance-usdm", "MADEUP");
        assert_eq!(
            cells(depth, 0, ["snapshot", "side", "price", "nanoseconds"]),
            ["true", "ask", "100.5", "7"]
        );
        let trades = parsed.rows(Kind::Trades, "binance-usdm", "MADEUP");
        assert_eq!(cells(trades, 0, ["side", "quantity"]), ["", "2.0"]);
        let rejects = parsed.table(Kind::Rejects);
        let reasons: Vec<_> = (0..6)
            .map(|row| cells(rejects, row, ["reason"])[0].clone())
            .collect();
        assert_eq!(reasons, ["stamp", "price", "quantity", "word", "event", "word"]);
    }

    #[test]
    fn what_the_array_does_not_say_is_asked_for() {
        let bytes = fixture("hftbacktest/btcusdt_documented.npy");
        let error = parse_bytes("x/btcusdt.npz!data.npy", &bytes, &Hints::default())
            .err()
            .unwrap();
        assert!(error.to_string().contains("--venue"), "{error}");
        let error = parse_bytes("data.npy", &bytes, &hints()).err().unwrap();
        assert!(error.to_string().contains("--instrument"), "{error}");
        let parsed = parse_bytes("x/ethusdt_20240808.npz!data.npy", &bytes, &hints()).unwrap();
        assert_eq!(parsed.what, "hftbacktest feed of ETHUSDT on binance-usdm");
    }

    #[test]
    fn a_feed_that_is_cut_off_is_an_error() {
        let bytes = fixture("hftbacktest/btcusdt_documented.npy");
        let error = parse_bytes("btcusdt.npy", &bytes[..bytes.len() - 1], &hints())
            .err()
            .unwrap();
        assert!(error.to_string().contains("within a row of 64 bytes"), "{error}");
    }
}
