//! What the tape shows of one market, read for a calibration.

use aftershock_archive::tape::Tape;
use aftershock_calibrate::observed::{Bars, Marks, Observed, Prints, Readings};
use aftershock_market::Timestamp;
use aftershock_query::Session;
use aftershock_query::columns::Columns;
use anyhow::Result;

use crate::failure::Mistake;

/// Bars before the span from which positions are built, days at most.
const HISTORY_DAYS: i64 = 7;

/// How long before the span a reading may stand that is still held at its start, s.
const HELD_S: f64 = 3_600.0;

/// One market and span of a tape.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) venue: String,
    pub(crate) instrument: String,
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

/// Quantities in contracts of a known size are counted in its unit.
const QUANTITY: &str =
    "CASE WHEN quantity_unit = 'contract' THEN quantity * contract_size ELSE quantity END AS quantity,
    CASE WHEN quantity_unit = 'contract' THEN contract_unit ELSE quantity_unit END AS unit";

/// A market with trades: venue, instrument, first and last of them.
pub(crate) fn markets(tape: &Tape) -> Result<Vec<Wanted>> {
    let list = tape.list()?;
    let mut found: Vec<Wanted> = Vec::new();
    for part in &list.parts {
        if part.key.kind != aftershock_archive::tape::Kind::Trades {
            continue;
        }
        let (from, to) = (Timestamp(part.facts.first_us), Timestamp(part.facts.last_us));
        let (venue, instrument) = (part.key.venue.clone(), part.key.instrument.clone());
        match found
            .iter_mut()
            .find(|one| one.venue == venue && one.instrument == instrument)
        {
            Some(one) => {
                one.from = one.from.min(from);
                one.to = one.to.max(to);
            }
            None => found.push(Wanted {
                venue,
                instrument,
                from,
                to,
            }),
        }
    }
    Ok(found)
}

/// Reads all that the tape shows of a market from its bars before the span to the span's end.
pub(crate) fn read(session: &Session, wanted: &Wanted) -> Result<Observed> {
    let Wanted {
        venue, instrument, ..
    } = wanted;
    let ask = |columns: &str, table: &str, at: &str, from: Timestamp, order: &str| {
        let sql = format!(
            "SELECT {columns} FROM recorded.{table} WHERE venue = $venue AND instrument = $instrument
             AND {at} >= CAST($from AS TIMESTAMP) AND {at} <= CAST($to AS TIMESTAMP) ORDER BY {order}"
        );
        let (from, to) = (from.to_string(), wanted.to.to_string());
        let given = [
            ("venue", venue.as_str()),
            ("instrument", instrument.as_str()),
            ("from", &from),
            ("to", &to),
        ];
        session.sql_with(&sql, &given)
    };
    let batches = ask(
        &format!("traded_at, price, side, {QUANTITY}, first_trade_id IS NOT NULL AS aggregated"),
        "trades",
        "traded_at",
        wanted.from,
        "traded_at, trade_id, trade_key, price, quantity, side",
    )?;
    let trades = Columns(&batches);
    let aggregated = trades.numbers("aggregated")?;
    let share = aggregated.iter().sum::<f64>() / aggregated.len().max(1) as f64;
    if share > 0.0 && share < 1.0 {
        return Err(Mistake::new(format!(
            "{venue}:{instrument} has trades and aggregated trades on the tape, which count the volume twice"
        ))
        .hint("take the files of one of the two out with `aftershock tape --remove`")
        .into());
    }
    let unit = unit(&trades, venue, instrument, "trades")?;
    let prints = Prints {
        at: trades.times("traded_at")?,
        price_usd: trades.numbers("price")?,
        quantity: trades.numbers("quantity")?,
        buys: sides(&trades, venue, instrument, "trades")?,
    };

    let batches = ask(
        &format!("liquidated_at, COALESCE(average_price, price) AS price, side, {QUANTITY}, coverage"),
        "liquidations",
        "liquidated_at",
        wanted.from,
        "liquidated_at, liquidation_key, price, quantity, side",
    )?;
    let forced = Columns(&batches);
    if forced.rows() > 0 && unit != self::unit(&forced, venue, instrument, "liquidations")? {
        return Err(Mistake::new(format!(
            "{venue}:{instrument} counts trades and liquidations in different units"
        ))
        .into());
    }
    let coverage = forced.words("coverage")?;
    let liquidations = Prints {
        at: forced.times("liquidated_at")?,
        price_usd: forced.numbers("price")?,
        quantity: forced.numbers("quantity")?,
        buys: sides(&forced, venue, instrument, "liquidations")?,
    };

    let held = wanted.from.plus_seconds(-HELD_S);
    let batches = ask(
        "read_at, quantity, quantity_unit AS unit, notional_quote",
        "open_interest",
        "read_at",
        held,
        "read_at",
    )?;
    let readings = Columns(&batches);
    let counted = readings.words("unit")?;
    if let Some(other) = counted.iter().find(|one| *one != unit) {
        return Err(Mistake::new(format!(
            "{venue}:{instrument} counts open interest in {other} and trades in {unit}"
        ))
        .hint("one unit is needed: take the file of open interest out of the tape, or map it to the unit of the trades")
        .into());
    }
    let open_interest = Readings {
        at: readings.times("read_at")?,
        quantity: readings.numbers("quantity")?,
        notional_usd: readings.numbers("notional_quote")?,
    };

    let batches = ask(
        "taken_at, band_pct, quantity, notional_quote",
        "depth_bands",
        "taken_at",
        held,
        "taken_at, band_pct",
    )?;
    let resting = Columns(&batches);
    let depth = Readings {
        at: resting.times("taken_at")?,
        quantity: resting.numbers("quantity")?,
        notional_usd: resting.numbers("notional_quote")?,
    };

    let batches = ask(
        "marked_at, mark_price, mid_price",
        "marks",
        "marked_at",
        held,
        "marked_at",
    )?;
    let marked = Columns(&batches);
    let (mark_usd, mid_usd) = (marked.numbers("mark_price")?, marked.numbers("mid_price")?);
    // A column with gaps would be held over them as if it stood; what is not whole is not used.
    let whole = |column: Vec<f64>| {
        if column.iter().all(|one| one.is_finite()) {
            column
        } else {
            Vec::new()
        }
    };
    let (mark_usd, mid_usd) = (whole(mark_usd), whole(mid_usd));
    let marks = if mid_usd.is_empty() {
        Marks::default()
    } else {
        Marks {
            at: marked.times("marked_at")?,
            mark_usd,
            mid_usd,
        }
    };

    let before = Timestamp(wanted.from.0 - HISTORY_DAYS * 86_400 * 1_000_000);
    let batches = ask(
        "open_at, close_at, interval_s, price_kind, open, high, low, close, COALESCE(quote_volume,
            CASE WHEN volume_unit = 'quote' THEN volume WHEN volume_unit = 'base' THEN volume * close END) AS volume_usd",
        "bars",
        "open_at",
        before,
        "open_at, interval_s",
    )?;
    Ok(Observed {
        venue: venue.clone(),
        instrument: instrument.clone(),
        quantity_unit: unit,
        coverage: word(&coverage),
        trades: prints,
        liquidations,
        open_interest,
        depth_band_pct: resting.numbers("band_pct")?,
        depth,
        marks,
        bars: bars(&Columns(&batches), wanted.from)?,
    })
}

/// Bars that close before the span, of the finest length that has any.
fn bars(read: &Columns<'_>, from: Timestamp) -> Result<Bars> {
    let length = read.numbers("interval_s")?;
    let kind = read.words("price_kind")?;
    let (open_at, close_at) = (read.times("open_at")?, read.times("close_at")?);
    let columns = ["open", "high", "low", "close", "volume_usd"].map(|name| read.numbers(name));
    let [open, high, low, close, volume] = columns;
    let (open, high, low, close, volume) = (open?, high?, low?, close?, volume?);
    // Of several lengths the one that covers most, and the finer of two.
    let traded = |place: usize| kind[place] == "last" && length[place] > 0.0 && close_at[place] <= from;
    let covered = |one: f64| {
        let count = (0..length.len())
            .filter(|place| traded(*place) && length[*place] == one)
            .count();
        count as f64 * one
    };
    let mut lengths: Vec<f64> = (0..length.len())
        .filter(|place| traded(*place))
        .map(|place| length[place])
        .collect();
    lengths.sort_by(f64::total_cmp);
    lengths.dedup();
    let chosen = lengths.iter().copied().fold(f64::NAN, |best, one| {
        if covered(one) > 1.01 * covered(best) || best.is_nan() {
            one
        } else {
            best
        }
    });
    let mut bars = Bars::default();
    for place in 0..open_at.len() {
        if !traded(place) || length[place] != chosen {
            continue;
        }
        bars.open_at.push(open_at[place]);
        bars.close_at.push(close_at[place]);
        bars.open_usd.push(open[place]);
        bars.high_usd.push(high[place]);
        bars.low_usd.push(low[place]);
        bars.close_usd.push(close[place]);
        bars.volume_usd.push(if volume[place].is_finite() {
            volume[place]
        } else {
            0.0
        });
    }
    Ok(bars)
}

/// The one unit of a table's quantities.
fn unit(read: &Columns<'_>, venue: &str, instrument: &str, table: &str) -> Result<&'static str> {
    let units = read.words("unit")?;
    match units.first().map(String::as_str) {
        Some(first) if units.iter().any(|unit| unit != first) => Err(Mistake::new(format!(
            "{venue}:{instrument} counts {table} in several units"
        ))
        .into()),
        Some("base") => Ok("base"),
        Some("quote") => Ok("quote"),
        Some(other) => Err(Mistake::new(format!(
            "{venue}:{instrument} counts {table} in {other:?}, should be base or quote, or contracts of a known size"
        ))
        .into()),
        None => Err(Mistake::new(format!("the tape has no {table} of {venue}:{instrument} in this span"))
            .hint("`aftershock tape` lists what it has")
            .into()),
    }
}

fn sides(read: &Columns<'_>, venue: &str, instrument: &str, table: &str) -> Result<Vec<bool>> {
    let sides = read.words("side")?;
    if let Some(row) = sides.iter().position(|side| side != "buy" && side != "sell") {
        return Err(Mistake::new(format!(
            "row {} of {table} of {venue}:{instrument} has no side; impact cannot be told without",
            row + 1
        ))
        .into());
    }
    Ok(sides.iter().map(|side| side == "buy").collect())
}

fn word(coverage: &[String]) -> &'static str {
    let all = |word: &str| !coverage.is_empty() && coverage.iter().all(|one| one == word);
    if all("complete") {
        "complete"
    } else if coverage.iter().any(|one| one == "throttled") {
        "throttled"
    } else {
        "unknown"
    }
}
