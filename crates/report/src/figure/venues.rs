//! A made-up crash of several markets on one time axis: prices, what the machinery did, and other rule sets.

use plotters::prelude::RGBColor;

use super::canvas::{self, Behind, INK, Key, Line, Marks, NULL, Panel, RULES, colour, seconds, span};
use crate::Error;
use crate::table::Answer;

/// The calm rate of a usual venue, in eight hours: less than that of a move in funding is none, percent.
const FUNDING_PCT: f64 = 0.01;

/// A market as it stands in an answer, and in a legend.
struct Market {
    number: f64,
    label: String,
    colour: RGBColor,
}

/// Prices of the markets under one rule set, against their nulls and against the reference market.
pub(crate) fn markets(paths: &Answer, rule_set: &str) -> Result<Option<String>, Error> {
    let picture = Picture::new(paths, rule_set)?;
    let mut prices = picture.each("price_usd", 1.0)?;
    if let Some(reference) = picture.reference() {
        prices.insert(0, picture.line(reference, "null_usd", 1.0, NULL, true)?);
    }
    let panels = vec![
        lines("price, USD a coin", 300, prices),
        lines(
            "price above its null off-book, percent",
            190,
            picture.each("from_null_pct", 1.0)?,
        ),
        lines(
            "price above the reference market, percent",
            170,
            picture.each("basis_pct", 1.0)?,
        ),
    ];
    let mut keys = picture.keys();
    keys.push(Key {
        label: "null off-book of the reference market".to_owned(),
        colour: NULL,
        dashed: true,
    });
    picture.draw(keys, panels)
}

/// Books, orders under way, open interest, funding and the traders between venues, under one rule set.
pub(crate) fn machinery(paths: &Answer, clock: &Answer, rule_set: &str) -> Result<Option<String>, Error> {
    const MILLION: f64 = 1e-6;
    let picture = Picture::new(paths, rule_set)?;
    let world = |column| series(clock, column, 1.0, INK, |row| clock.is(row, "rule_set", rule_set));
    let panels = vec![
        lines(
            "depth of bids over normal",
            130,
            picture.each("bid_depth_ratio", 1.0)?,
        ),
        lines(
            "depth of asks over normal",
            130,
            picture.each("ask_depth_ratio", 1.0)?,
        ),
        lines(
            "backlog of forced orders, million USD",
            140,
            picture.each("backlog_usd", MILLION)?,
        ),
        lines(
            "open interest of a side, million USD",
            150,
            picture.each("open_interest_usd", MILLION)?,
        ),
        Panel {
            span: FUNDING_PCT,
            ..lines(
                "funding rate, percent an interval",
                130,
                picture.each("funding_pct", 1.0)?,
            )
        },
        lines(
            "arbitrage so far, net purchases, million USD",
            150,
            picture.each("arbitrage_usd", MILLION)?,
        ),
        lines(
            "carry traders so far, net purchases, million USD",
            150,
            picture.each("carry_usd", MILLION)?,
        ),
        lines(
            "arbitrage capital that is free, share",
            120,
            vec![world("arbitrage_capital_ratio")?],
        ),
        lines(
            "spectral radius of the response matrix",
            150,
            vec![world("spectral_radius")?],
        ),
    ];
    let mut keys = picture.keys();
    keys.push(Key {
        label: "all markets".to_owned(),
        colour: INK,
        dashed: false,
    });
    picture.draw(keys, panels)
}

/// The reference market under each rule set against the rules of record, and what each left under way.
pub(crate) fn rules(paths: &Answer, clock: &Answer, rule_sets: &[String]) -> Result<Option<String>, Error> {
    let Some(first) = rule_sets.first().filter(|_| rule_sets.len() > 1) else {
        return Ok(None);
    };
    let picture = Picture::new(paths, first)?;
    let Some(reference) = picture.reference() else {
        return Ok(None);
    };
    let (mut prices, mut gaps, mut backlogs) = (Vec::new(), Vec::new(), Vec::new());
    let mut keys = Vec::new();
    for (place, rule_set) in rule_sets.iter().enumerate() {
        let of_reference = |row: usize| {
            paths.is(row, "rule_set", rule_set) && paths.number(row, "market") == Some(reference.number)
        };
        let shade = colour(place);
        prices.push(series(paths, "price_usd", 1.0, shade, of_reference)?);
        gaps.push(series(paths, "from_record_pct", 1.0, shade, of_reference)?);
        backlogs.push(series(clock, "backlog_usd", 1e-6, shade, |row| {
            clock.is(row, "rule_set", rule_set)
        })?);
        keys.push(Key {
            label: rule_set.clone(),
            colour: shade,
            dashed: false,
        });
    }
    let panels = vec![
        lines("reference market, USD a coin", 260, prices),
        lines("the same above the rules of record, percent", 190, gaps),
        lines("backlog of all markets, million USD", 150, backlogs),
    ];
    picture.draw(keys, panels)
}

struct Picture<'a> {
    paths: &'a Answer,
    rule_set: &'a str,
    markets: Vec<Market>,
}

impl<'a> Picture<'a> {
    fn new(paths: &'a Answer, rule_set: &'a str) -> Result<Self, Error> {
        let mut found: Vec<(f64, String, String)> = Vec::new();
        for row in paths.rows_where(|row| paths.is(row, "rule_set", rule_set)) {
            let Some(number) = paths.number(row, "market") else {
                continue;
            };
            if found.iter().any(|(known, ..)| *known == number) {
                // The first instant names all of them.
                break;
            }
            let name = |column| paths.get(row, column).map(ToString::to_string);
            found.push((number, name("venue")?, name("instrument")?));
        }
        let several = |venue: &str| found.iter().filter(|(_, other, _)| other == venue).count() > 1;
        let markets = found
            .iter()
            .enumerate()
            .map(|(place, (number, venue, instrument))| Market {
                number: *number,
                label: if several(venue) {
                    format!("{venue} {instrument}")
                } else {
                    venue.clone()
                },
                colour: RULES[place % RULES.len()],
            })
            .collect();
        Ok(Self {
            paths,
            rule_set,
            markets,
        })
    }

    /// The market without a basis: the one that others are compared with; of several assets the first's.
    fn reference(&self) -> Option<&Market> {
        let none = |market: &&Market| {
            let rows = self.paths.rows_where(|row| {
                self.paths.is(row, "rule_set", self.rule_set)
                    && self.paths.number(row, "market") == Some(market.number)
            });
            rows.first()
                .is_some_and(|row| self.paths.number(*row, "basis_pct").is_none())
        };
        self.markets.iter().find(none)
    }

    fn keys(&self) -> Vec<Key> {
        let key = |market: &Market| Key {
            label: market.label.clone(),
            colour: market.colour,
            dashed: false,
        };
        self.markets.iter().map(key).collect()
    }

    fn each(&self, column: &str, factor: f64) -> Result<Vec<Line>, Error> {
        let of = |market: &Market| self.line(market, column, factor, market.colour, false);
        self.markets.iter().map(of).collect()
    }

    fn line(
        &self,
        market: &Market,
        column: &str,
        factor: f64,
        colour: RGBColor,
        dashed: bool,
    ) -> Result<Line, Error> {
        let line = series(self.paths, column, factor, colour, |row| {
            self.paths.is(row, "rule_set", self.rule_set)
                && self.paths.number(row, "market") == Some(market.number)
        })?;
        Ok(Line { dashed, ..line })
    }

    fn draw(&self, keys: Vec<Key>, panels: Vec<Panel>) -> Result<Option<String>, Error> {
        let drawn = panels.iter().flat_map(|panel| match &panel.marks {
            Marks::Lines(lines) => lines.as_slice(),
            Marks::Bars(_) => &[],
        });
        let Some(time) = span(drawn) else {
            return Ok(None);
        };
        canvas::on_one_axis(&keys, panels, &time, &Behind::default()).map(Some)
    }
}

/// A panel of lines; none where all of them lie at zero.
fn lines(title: &'static str, tall: u32, mut lines: Vec<Line>) -> Panel {
    lines.retain(|line| line.middle.iter().any(|(_, value)| *value != 0.0));
    Panel {
        title: title.to_owned(),
        tall,
        span: 0.0,
        marks: Marks::Lines(lines),
    }
}

fn series(
    answer: &Answer,
    column: &str,
    factor: f64,
    colour: RGBColor,
    keep: impl Fn(usize) -> bool,
) -> Result<Line, Error> {
    let mut line = Line::new(colour);
    for row in answer.rows_where(keep) {
        let at = seconds(answer.get(row, "event_at")?);
        let value = answer.number(row, column);
        line.middle
            .extend(at.zip(value).map(|(at, value)| (at, value * factor)));
    }
    Ok(line)
}
