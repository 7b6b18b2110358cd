//! The levels at which positions were closed by force: how far down the price walked, when, and how much it met there.

use plotters::prelude::*;

use super::canvas::{
    Area, FAINT, HALT, INK, Line, Plot, RULES, TEXT, WIDTH, bounds, draw_line, font, picture, seconds, span,
};
use super::line;
use crate::Error;
use crate::axis::Time;
use crate::show::tick;
use crate::table::Answer;

const TALL: u32 = 330;
pub(super) const LABELS: u32 = 76;
/// Room for the bars of amounts beside the map.
const AMOUNTS: u32 = 230;
pub(super) const SELL: RGBColor = RULES[0];
pub(super) const BUY: RGBColor = RULES[1];

/// One step of price: from when to when orders were triggered there, on which side, and for how much.
struct Level {
    usd: (f64, f64),
    met: (f64, f64),
    sells: bool,
    musd: f64,
}

/// The answer of `liquidation/levels` under one rule set over its price; nothing where no level was met.
pub(crate) fn levels(answer: &Answer, prices: &Answer, rule_set: &str) -> Result<Option<String>, Error> {
    let price = line(prices, rule_set, INK, ["mark_median_usd"; 3])?;
    let mut met = Vec::new();
    for row in answer.rows_where(|row| answer.is(row, "rule_set", rule_set)) {
        let at = |column| Ok::<_, Error>(seconds(answer.get(row, column)?));
        let known = ["from_usd", "to_usd", "notional_usd"].map(|column| answer.number(row, column));
        if let ([Some(from), Some(to), Some(usd)], Some(first), Some(last)) =
            (known, at("first_at")?, at("last_at")?)
        {
            met.push(Level {
                usd: (from, to),
                met: (first, last),
                sells: answer.is(row, "side", "sell"),
                musd: usd * 1e-6,
            });
        }
    }
    let Some(time) = span([&price]).filter(|_| !met.is_empty()) else {
        return Ok(None);
    };
    let values = price
        .values()
        .chain(met.iter().flat_map(|level| [level.usd.0, level.usd.1]));
    let (least, most) = bounds(values).unwrap_or((0.0, 1.0));
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, TALL)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        let (map, amounts) = root.split_horizontally(WIDTH - AMOUNTS);
        draw_map(&map, &price, &met, &time, least..most)?;
        draw_amounts(&amounts, &met, least..most)?;
        root.present().map_err(picture)?;
    }
    Ok(Some(svg))
}

fn shade(level: &Level) -> RGBColor {
    if level.sells { SELL } else { BUY }
}

fn draw_map(
    area: &Area<'_>,
    price: &Line,
    met: &[Level],
    time: &std::ops::Range<f64>,
    usd: std::ops::Range<f64>,
) -> Result<(), Error> {
    let mut chart: Plot<'_, '_> = ChartBuilder::on(area)
        .margin_top(34)
        .margin_right(30)
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
        .x_labels(9)
        .y_labels(6)
        .y_label_formatter(&|value| tick(*value))
        .draw()
        .map_err(picture)?;
    // What is met once and for all would otherwise be too narrow to see.
    let narrow = (time.end - time.start) / 250.0;
    let boxes = met.iter().map(|level| {
        let until = level.met.1.max(level.met.0 + narrow).min(time.end);
        Rectangle::new(
            [(level.met.0, level.usd.0), (until, level.usd.1)],
            shade(level).mix(0.35).filled(),
        )
    });
    chart.draw_series(boxes).map_err(picture)?;
    draw_line(&mut chart, price, time)?;
    area.draw(&Text::new(
        "when orders were triggered at each step of price, USD per BTC",
        (LABELS as i32, 8),
        font(TEXT),
    ))
    .map_err(picture)
}

fn draw_amounts(area: &Area<'_>, met: &[Level], usd: std::ops::Range<f64>) -> Result<(), Error> {
    let most = met.iter().map(|level| level.musd).fold(0.0, f64::max).max(1e-9);
    let mut chart = ChartBuilder::on(area)
        .margin_top(34)
        .margin_right(24)
        .x_label_area_size(28)
        .build_cartesian_2d(0.0..most * 1.05, usd)
        .map_err(picture)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .axis_style(HALT)
        .label_style(font(TEXT))
        .x_labels(4)
        .x_label_formatter(&|value| tick(*value))
        .draw()
        .map_err(picture)?;
    let bars = met.iter().map(|level| {
        Rectangle::new(
            [(0.0, level.usd.0), (level.musd, level.usd.1)],
            shade(level).mix(0.8).filled(),
        )
    });
    chart.draw_series(bars).map_err(picture)?;
    area.draw(&Text::new("closed there, million USD", (4, 8), font(TEXT)))
        .map_err(picture)
}
