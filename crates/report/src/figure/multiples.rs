//! Small multiples: how far each rule set stands from the record, one small picture each on the same axes.

use std::ops::Range;

use plotters::prelude::*;

use super::canvas::{
    Area, FAINT, HALT, INK, Line, Plot, TEXT, WIDTH, bounds, colour, draw_band, draw_line, font, picture,
    shortened, span,
};
use super::line;
use crate::Error;
use crate::axis::Time;
use crate::show::tick;
use crate::table::Answer;

const ACROSS: u32 = 3;
const TALL: u32 = 170;
/// So much of a name fits over a small picture.
const LETTERS: usize = 36;
const COLUMNS: [&str; 3] = ["mark_median_pct", "mark_low_pct", "mark_high_pct"];

/// The rule sets after the first, against the record in percent; nothing where there are fewer than two of them.
pub(crate) fn multiples(prices: &Answer, rule_sets: &[String]) -> Result<Option<String>, Error> {
    let mut all = Vec::new();
    for (place, name) in rule_sets.iter().enumerate().skip(1) {
        let small = line(prices, name, colour(place), COLUMNS)?;
        if small.middle.len() > 1 {
            all.push((name.as_str(), small));
        }
    }
    let Some(time) = span(all.iter().map(|(_, line)| line)).filter(|_| all.len() > 1) else {
        return Ok(None);
    };
    let values = all.iter().flat_map(|(_, line)| line.values());
    let (least, most) = bounds(values.chain([0.0])).unwrap_or((0.0, 1.0));
    let room = ((most - least) * 0.06).max(1e-3);
    let down = (all.len() as u32).div_ceil(ACROSS);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, down * TALL)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        for ((name, line), area) in all
            .iter()
            .zip(root.split_evenly((down as usize, ACROSS as usize)))
        {
            draw(&area, name, line, &time, least - room..most + room)?;
        }
        root.present().map_err(picture)?;
    }
    Ok(Some(svg))
}

fn draw(
    area: &Area<'_>,
    name: &str,
    line: &Line,
    time: &Range<f64>,
    values: Range<f64>,
) -> Result<(), Error> {
    let mut chart: Plot<'_, '_> = ChartBuilder::on(area)
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
    draw_band(&mut chart, line, time)?;
    draw_line(&mut chart, line, time)?;
    area.draw(&Text::new(shortened(name, LETTERS), (50, 6), font(TEXT - 2)))
        .map_err(picture)
}
