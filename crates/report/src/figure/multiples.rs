//! Small multiples: how far each rule set stands from the record, one small picture each on the same axes.

use std::ops::Range;

use plotters::prelude::*;

use super::canvas::{FAINT, HALT, INK, TEXT, WIDTH, bounds, colour, font, picture, seconds, thinned};
use crate::Error;
use crate::axis::Time;
use crate::show::tick;
use crate::table::Answer;

const ACROSS: u32 = 3;
const TALL: u32 = 170;
const COLUMNS: [&str; 3] = ["mark_median_pct", "mark_low_pct", "mark_high_pct"];

struct Small<'a> {
    name: &'a str,
    shade: RGBColor,
    middle: Vec<(f64, f64)>,
    band: Vec<(f64, f64, f64)>,
}

/// The rule sets after the first, against the record in percent; nothing where there are fewer than two of them.
pub(crate) fn multiples(prices: &Answer, rule_sets: &[String]) -> Result<Option<String>, Error> {
    let mut all = Vec::new();
    for (place, name) in rule_sets.iter().enumerate().skip(1) {
        let small = read(prices, name, colour(place))?;
        if small.middle.len() > 1 {
            all.push(small);
        }
    }
    let at = all.iter().flat_map(|one| one.middle.iter().map(|(at, _)| *at));
    let Some((from, to)) = bounds(at).filter(|_| all.len() > 1) else {
        return Ok(None);
    };
    let values = all.iter().flat_map(|one| {
        let band = one.band.iter().flat_map(|(_, low, high)| [*low, *high]);
        one.middle.iter().map(|(_, value)| *value).chain(band)
    });
    let (least, most) = bounds(values.chain([0.0])).unwrap_or((0.0, 1.0));
    let room = ((most - least) * 0.06).max(1e-3);
    let down = (all.len() as u32).div_ceil(ACROSS);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, down * TALL)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        for (one, area) in all
            .iter()
            .zip(root.split_evenly((down as usize, ACROSS as usize)))
        {
            draw(&area, one, &(from..to), least - room..most + room)?;
        }
        root.present().map_err(picture)?;
    }
    Ok(Some(svg))
}

fn read<'a>(prices: &Answer, name: &'a str, shade: RGBColor) -> Result<Small<'a>, Error> {
    let mut small = Small {
        name,
        shade,
        middle: Vec::new(),
        band: Vec::new(),
    };
    for row in prices.rows_where(|row| prices.is(row, "rule_set", name)) {
        let Some(at) = seconds(prices.get(row, "event_at")?) else {
            continue;
        };
        let [middle, low, high] = COLUMNS.map(|column| prices.number(row, column));
        small.middle.extend(middle.map(|middle| (at, middle)));
        small
            .band
            .extend(low.zip(high).map(|(low, high)| (at, low, high)));
    }
    Ok(small)
}

fn draw(
    area: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    one: &Small<'_>,
    time: &Range<f64>,
    values: Range<f64>,
) -> Result<(), Error> {
    let mut chart = ChartBuilder::on(area)
        .margin_top(26)
        .margin_right(14)
        .x_label_area_size(24)
        .y_label_area_size(48)
        .build_cartesian_2d(Time(time.clone()), values)
        .map_err(picture)?;
    chart
        .configure_mesh()
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .axis_style(HALT)
        .label_style(font(TEXT - 2))
        .x_labels(4)
        .y_labels(4)
        .y_label_formatter(&|value| tick(*value))
        .draw()
        .map_err(picture)?;
    let zero = vec![(time.start, 0.0), (time.end, 0.0)];
    chart
        .draw_series([PathElement::new(zero, INK.stroke_width(1))])
        .map_err(picture)?;
    let width = WIDTH / ACROSS;
    let upper = thinned(&one.band, width, time, |(at, _, high)| (at, high));
    let lower = thinned(&one.band, width, time, |(at, low, _)| (at, low));
    let outline: Vec<(f64, f64)> = upper
        .into_iter()
        .map(|(at, _, high)| (at, high))
        .chain(lower.into_iter().rev().map(|(at, low, _)| (at, low)))
        .collect();
    if !outline.is_empty() {
        chart
            .draw_series([Polygon::new(outline, one.shade.mix(0.16).filled())])
            .map_err(picture)?;
    }
    let path = thinned(&one.middle, width, time, |point| point);
    chart
        .draw_series(LineSeries::new(path, one.shade.stroke_width(2)))
        .map_err(picture)?;
    area.draw(&Text::new(one.name, (50, 6), font(TEXT - 2)))
        .map_err(picture)
}
