//! The map of liquidation levels: what was held, at which price it would have been closed by force, and how that moved.

use std::ops::Range;

use plotters::prelude::*;

use super::canvas::{
    Area, FAINT, HALT, INK, Line, Plot, RIGHT, TEXT, WIDTH, bounds, draw_line, font, picture, seconds, span,
};
use super::levels::{BUY, LABELS, SELL};
use super::line;
use crate::Error;
use crate::axis::Time;
use crate::show::tick;
use crate::table::Answer;

const TALL: u32 = 400;
/// A cell that holds less than this share of the fullest is not drawn.
const LEAST: f64 = 0.01;

/// A step of price over a stretch of time: whose positions, and how much of the fullest cell.
struct Cell {
    usd: (f64, f64),
    at: (f64, f64),
    longs: bool,
    share: f64,
}

/// A stretch of time, and the lowest and highest price in it.
struct Stretch {
    at: (f64, f64),
    usd: (f64, f64),
}

/// The answer of `liquidation/level_map` under one rule set, under its price; nothing where nothing is held.
pub(crate) fn level_map(answer: &Answer, prices: &Answer, rule_set: &str) -> Result<Option<String>, Error> {
    let price = line(prices, rule_set, INK, ["mark_median_usd"; 3])?;
    let cells = cells(answer, rule_set)?;
    let Some(time) = span([&price]).filter(|_| !cells.is_empty()) else {
        return Ok(None);
    };
    let stretches = stretches(answer, rule_set)?;
    let edges = cells.iter().map(|cell| cell.usd);
    let edges = edges
        .chain(stretches.iter().map(|stretch| stretch.usd))
        .flat_map(|(low, high)| [low, high]);
    let (least, most) = bounds(price.values().chain(edges)).unwrap_or((0.0, 1.0));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, TALL)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        draw(&root, &cells, &stretches, &price, &time, least..most)?;
        root.present().map_err(picture)?;
    }
    Ok(Some(svg))
}

fn cells(answer: &Answer, rule_set: &str) -> Result<Vec<Cell>, Error> {
    let mut cells = Vec::new();
    let rows = answer.rows_where(|row| answer.is(row, "rule_set", rule_set));
    let held = |row| answer.number(row, "notional_usd").unwrap_or(0.0);
    let fullest = rows.iter().map(|&row| held(row)).fold(0.0, f64::max);
    for row in rows {
        let at = |column| Ok::<_, Error>(seconds(answer.get(row, column)?));
        let usd = ["from_usd", "to_usd"].map(|column| answer.number(row, column));
        let share = held(row) / fullest;
        if let ([Some(low), Some(high)], Some(from), Some(until)) = (usd, at("event_at")?, at("until_at")?)
            && from < until
            && share >= LEAST
        {
            cells.push(Cell {
                usd: (low, high),
                at: (from, until),
                longs: answer.is(row, "side", "long"),
                share,
            });
        }
    }
    Ok(cells)
}

fn stretches(answer: &Answer, rule_set: &str) -> Result<Vec<Stretch>, Error> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for row in answer.rows_where(|row| answer.is(row, "rule_set", rule_set)) {
        let at = |column| Ok::<_, Error>(seconds(answer.get(row, column)?));
        let usd = ["lowest_usd", "highest_usd"].map(|column| answer.number(row, column));
        if let ([Some(low), Some(high)], Some(from), Some(until)) = (usd, at("event_at")?, at("until_at")?)
            && from < until
            && stretches.last().is_none_or(|last| last.at.0 < from)
        {
            stretches.push(Stretch {
                at: (from, until),
                usd: (low, high),
            });
        }
    }
    Ok(stretches)
}

fn draw(
    area: &Area<'_>,
    cells: &[Cell],
    stretches: &[Stretch],
    price: &Line,
    time: &Range<f64>,
    usd: Range<f64>,
) -> Result<(), Error> {
    let mut chart: Plot<'_, '_> = ChartBuilder::on(area)
        .margin_top(34)
        .margin_right(RIGHT)
        .x_label_area_size(28)
        .y_label_area_size(LABELS)
        .build_cartesian_2d(Time(time.clone()), usd)
        .map_err(picture)?;
    chart
        .configure_mesh()
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .axis_style(HALT)
        .label_style(font(TEXT))
        .x_labels(12)
        .y_labels(7)
        .y_label_formatter(&|value| tick(*value))
        .draw()
        .map_err(picture)?;
    let boxes = cells.iter().map(|cell| {
        let shade = if cell.longs { SELL } else { BUY };
        // To a hundredth: what is not seen need not be written.
        let opacity = (100.0 * cell.share.sqrt()).round() / 100.0;
        Rectangle::new(
            [(cell.at.0, cell.usd.0), (cell.at.1, cell.usd.1)],
            shade.mix(opacity).filled(),
        )
    });
    chart.draw_series(boxes).map_err(picture)?;
    let reached = stretches.iter().map(|stretch| {
        let ((from, until), (low, high)) = (stretch.at, stretch.usd);
        Rectangle::new([(from, low), (until, high)], INK.stroke_width(1))
    });
    chart.draw_series(reached).map_err(picture)?;
    draw_line(&mut chart, price, time)?;
    area.draw(&Text::new(
        "at which price what was held would have been closed by force, USD per BTC",
        (LABELS as i32, 8),
        font(TEXT),
    ))
    .map_err(picture)
}
