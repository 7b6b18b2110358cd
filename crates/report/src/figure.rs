//! Pictures: the crash on one time axis, and how far the price fell under each rule set.

use std::fmt::Display;
use std::ops::Range;

use aftershock_query::cells::Cell;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::Error;
use crate::axis::Time;
use crate::show::tick;
use crate::table::Answer;

const WIDTH: u32 = 1000;
const LABELS: u32 = 76;
const RIGHT: u32 = 24;
const TEXT: i32 = 17;
const INK: RGBColor = RGBColor(26, 26, 26);
const FAINT: RGBColor = RGBColor(226, 226, 226);
const HALT: RGBColor = RGBColor(120, 120, 120);
/// Okabe and Ito's colours, told apart by readers who see colours differently.
const NULL: RGBColor = RGBColor(0, 114, 178);
const RULES: [RGBColor; 5] = [
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<Time, RangedCoordf64>>;

/// The answers that the picture on the time axis draws.
pub(crate) struct Paths<'a> {
    pub(crate) prices: &'a Answer,
    pub(crate) flows: &'a Answer,
    pub(crate) margins: &'a Answer,
    pub(crate) halts: &'a Answer,
}

/// A line, with a band where one is known.
struct Line {
    colour: RGBColor,
    dashed: bool,
    middle: Vec<(f64, f64)>,
    band: Vec<(f64, f64, f64)>,
}

/// Price, forced flow and margin on one time axis, with halts shaded; empty where no price is there.
pub(crate) fn crash(paths: &Paths<'_>, rule_sets: &[String]) -> Result<Option<String>, Error> {
    let mut prices = Vec::new();
    let baseline = rule_sets.first().map_or("", String::as_str);
    prices.push(line(
        paths.prices,
        baseline,
        NULL,
        ["null_median_usd", "null_low_usd", "null_high_usd"],
        1.0,
    )?);
    prices[0].dashed = true;
    for (index, rule_set) in rule_sets
        .iter()
        .enumerate()
        .skip(usize::from(baseline == "record"))
    {
        let columns = ["mark_median_usd", "mark_low_usd", "mark_high_usd"];
        prices.push(line(paths.prices, rule_set, colour(index), columns, 1.0)?);
    }
    let recorded = ["recorded_usd", "recorded_usd", "recorded_usd"];
    let mut record = line(paths.prices, baseline, INK, recorded, 1.0)?;
    record.band.clear();
    prices.push(record);
    let Some(time) = span(&prices) else {
        return Ok(None);
    };
    let mut flows = Vec::new();
    for (index, rule_set) in rule_sets.iter().enumerate() {
        let columns = ["sell_median_usd", "sell_low_usd", "sell_high_usd"];
        flows.push(line(paths.flows, rule_set, colour(index), columns, 1e-6)?);
    }
    let margins = margins(paths.margins, rule_sets, &time)?;
    let halts = halts(paths.halts)?;

    let mut svg = String::new();
    let panels = [
        ("price, USD per BTC", 360, prices, false),
        (
            "forced selling in each bar, million USD, median",
            190,
            without_bands(flows),
            true,
        ),
        (
            "initial margin of the lowest bracket, percent of notional",
            150,
            margins,
            true,
        ),
    ];
    let panels: Vec<_> = panels
        .into_iter()
        .filter(|(.., lines, _)| lines.iter().any(|line| !line.middle.is_empty()))
        .collect();
    let height = 34 + panels.iter().map(|(_, height, ..)| height).sum::<u32>() + 28;
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        legend(&root, rule_sets, !halts.is_empty())?;
        let mut top = 34;
        let last = panels.len() - 1;
        for (index, (title, tall, lines, from_zero)) in panels.into_iter().enumerate() {
            let bottom = if index == last { 28 } else { 0 };
            let area = root.clone().shrink((0, top), (WIDTH, tall + bottom));
            panel(&area, title, &time, &lines, from_zero, &halts, bottom)?;
            top += tall;
        }
        root.present().map_err(picture)?;
    }
    Ok(Some(svg))
}

/// The fall as recorded, without forced flow, and under each rule set, with intervals; `rows` are rows of `falls`.
pub(crate) fn falls(falls: &Answer, rows: &[usize], rule_sets: &[String]) -> Result<String, Error> {
    let number = |row: usize, column: &str| Ok::<_, Error>(falls.get(row, column)?.number());
    let mut marks = Vec::new();
    for &row in rows {
        let rule_set = falls.get(row, "rule_set")?.to_string();
        let place = rule_sets.iter().position(|known| *known == rule_set).unwrap_or(0);
        let shade = if falls.is(row, "series", "null") {
            NULL
        } else {
            colour(place)
        };
        marks.push((
            falls.get(row, "line")?.to_string(),
            shade,
            number(row, "low_pct")?,
            number(row, "median_pct")?,
            number(row, "high_pct")?,
        ));
    }
    let known: Vec<f64> = marks
        .iter()
        .flat_map(|mark| [mark.2, mark.3, mark.4])
        .flatten()
        .collect();
    let (least, most) = bounds(known.iter().copied()).unwrap_or((0.0, 1.0));
    let room = ((most - least) * 0.12).max(0.2);
    let range = (least - room).max(0.0)..most + room;
    let height = 46 + 34 * marks.len() as u32;
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        let mut chart = ChartBuilder::on(&root)
            .margin_right(RIGHT)
            .margin_top(4)
            .x_label_area_size(42)
            .y_label_area_size(270)
            .build_cartesian_2d(range, 0.0..marks.len() as f64)
            .map_err(picture)?;
        chart
            .configure_mesh()
            .disable_y_mesh()
            .disable_y_axis()
            .bold_line_style(FAINT)
            .light_line_style(TRANSPARENT)
            .axis_style(HALT)
            .label_style(font(TEXT))
            .x_labels(8)
            .x_label_formatter(&|value| tick(*value))
            .x_desc("fall from the running high, percent")
            .draw()
            .map_err(picture)?;
        for (index, (label, shade, low, median, high)) in marks.iter().enumerate() {
            let y = marks.len() as f64 - index as f64 - 0.5;
            if let (Some(low), Some(high)) = (low, high) {
                let whisker = PathElement::new(vec![(*low, y), (*high, y)], shade.stroke_width(4));
                chart.draw_series([whisker]).map_err(picture)?;
            }
            if let Some(median) = median {
                chart
                    .draw_series([Circle::new((*median, y), 6, shade.filled())])
                    .map_err(picture)?;
            }
            let at = (8, 4 + 34 * index as i32 + 11);
            root.draw(&Text::new(label.clone(), at, font(TEXT + 1)))
                .map_err(picture)?;
        }
        root.present().map_err(picture)?;
    }
    Ok(svg)
}

/// Black for the rules of record, then the palette in the order of the rule sets.
fn colour(place: usize) -> RGBColor {
    if place == 0 {
        INK
    } else {
        RULES[(place - 1) % RULES.len()]
    }
}

fn line(
    answer: &Answer,
    rule_set: &str,
    colour: RGBColor,
    [middle, low, high]: [&str; 3],
    factor: f64,
) -> Result<Line, Error> {
    let mut line = Line {
        colour,
        dashed: false,
        middle: Vec::new(),
        band: Vec::new(),
    };
    for row in answer.rows_where(|row| answer.is(row, "rule_set", rule_set)) {
        let number = |column| Ok::<_, Error>(answer.get(row, column)?.number().map(|value| value * factor));
        let Some(at) = seconds(answer.get(row, "event_at")?) else {
            continue;
        };
        if let Some(middle) = number(middle)? {
            line.middle.push((at, middle));
        }
        if let (Some(low), Some(high)) = (number(low)?, number(high)?) {
            line.band.push((at, low, high));
        }
    }
    Ok(line)
}

fn without_bands(mut lines: Vec<Line>) -> Vec<Line> {
    lines.iter_mut().for_each(|line| line.band.clear());
    lines
}

/// Margin of the lowest bracket as steps: of the first rule set, and of those under which it moves.
fn margins(answer: &Answer, rule_sets: &[String], time: &Range<f64>) -> Result<Vec<Line>, Error> {
    let lowest = answer
        .rows
        .rows
        .iter()
        .enumerate()
        .filter_map(|(row, _)| answer.get(row, "tier").ok().and_then(Cell::number));
    let Some((lowest, _)) = bounds(lowest) else {
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    for (index, rule_set) in rule_sets.iter().enumerate() {
        let mut line = Line {
            colour: colour(index),
            dashed: false,
            middle: Vec::new(),
            band: Vec::new(),
        };
        for row in answer.rows_where(|row| answer.is(row, "rule_set", rule_set)) {
            let (Some(from), Some(ratio)) = (
                seconds(answer.get(row, "from_at")?),
                answer.get(row, "initial_ratio")?.number(),
            ) else {
                continue;
            };
            if answer.get(row, "tier")?.number() != Some(lowest) {
                continue;
            }
            let from = from.max(time.start);
            if let Some(&(_, before)) = line.middle.last() {
                line.middle.push((from, before));
            }
            line.middle.push((from, ratio * 100.0));
        }
        let moves = line.middle.len() > 1;
        if let Some(&(_, last)) = line.middle.last() {
            line.middle.push((time.end, last));
        }
        if index == 0 || moves {
            lines.push(line);
        }
    }
    Ok(lines)
}

/// Halts of the order that meets the high first.
fn halts(answer: &Answer) -> Result<Vec<(f64, f64)>, Error> {
    let mut halts = Vec::new();
    for row in answer.rows_where(|row| answer.is(row, "bar_order", "high_first")) {
        let from = seconds(answer.get(row, "from_at")?);
        let until = seconds(answer.get(row, "until_at")?);
        halts.extend(from.zip(until));
    }
    Ok(halts)
}

fn legend(root: &Area<'_>, rule_sets: &[String], halted: bool) -> Result<(), Error> {
    let mut entries = vec![
        ("recorded".to_owned(), INK, false),
        ("forced flow off the book".to_owned(), NULL, true),
    ];
    for (index, rule_set) in rule_sets.iter().enumerate() {
        if rule_set != "record" {
            entries.push((rule_set.clone(), colour(index), false));
        }
    }
    let mut x = 12;
    for (label, shade, dashed) in entries {
        let sample = if dashed {
            vec![(x, x + 8), (x + 14, x + 22)]
        } else {
            vec![(x, x + 22)]
        };
        for (from, to) in sample {
            root.draw(&PathElement::new(
                vec![(from, 17), (to, 17)],
                shade.stroke_width(3),
            ))
            .map_err(picture)?;
        }
        x += 29;
        root.draw(&Text::new(label.clone(), (x, 9), font(TEXT)))
            .map_err(picture)?;
        x += label.len() as i32 * 7 + 24;
    }
    if halted {
        root.draw(&Rectangle::new([(x, 9), (x + 22, 25)], HALT.mix(0.25).filled()))
            .map_err(picture)?;
        root.draw(&Text::new("halted", (x + 29, 9), font(TEXT)))
            .map_err(picture)?;
    }
    Ok(())
}

fn panel(
    area: &Area<'_>,
    title: &str,
    time: &Range<f64>,
    lines: &[Line],
    from_zero: bool,
    halts: &[(f64, f64)],
    bottom: u32,
) -> Result<(), Error> {
    let values = lines.iter().flat_map(|line| {
        let band = line.band.iter().flat_map(|&(_, low, high)| [low, high]);
        line.middle.iter().map(|&(_, middle)| middle).chain(band)
    });
    let (least, most) = bounds(values).unwrap_or((0.0, 1.0));
    let least = if from_zero { 0.0 } else { least };
    let room = ((most - least) * 0.05).max(f64::MIN_POSITIVE);
    let range = if from_zero {
        least..most + 4.0 * room
    } else {
        least - room..most + 3.0 * room
    };
    let (floor, ceiling) = (range.start, range.end);
    let mut chart: Plot<'_, '_> = ChartBuilder::on(area)
        .margin_top(10)
        .margin_right(RIGHT)
        .x_label_area_size(bottom)
        .y_label_area_size(LABELS)
        .build_cartesian_2d(Time(time.clone()), range)
        .map_err(picture)?;
    chart
        .configure_mesh()
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .axis_style(HALT)
        .label_style(font(TEXT))
        .x_labels(12)
        .y_labels(5)
        .y_label_formatter(&|value| tick(*value))
        .draw()
        .map_err(picture)?;
    let shades = halts
        .iter()
        .map(|&(from, until)| Rectangle::new([(from, floor), (until, ceiling)], HALT.mix(0.18).filled()));
    chart.draw_series(shades).map_err(picture)?;
    for line in lines.iter().filter(|line| !line.band.is_empty()) {
        let upper = line.band.iter().map(|&(at, _, high)| (at, high));
        let lower = line.band.iter().rev().map(|&(at, low, _)| (at, low));
        let outline: Vec<_> = upper.chain(lower).collect();
        chart
            .draw_series([Polygon::new(outline, line.colour.mix(0.14).filled())])
            .map_err(picture)?;
    }
    for line in lines {
        let path = line.middle.iter().copied();
        let style = line.colour.stroke_width(2);
        if line.dashed {
            chart
                .draw_series(DashedLineSeries::new(path, 7, 5, style))
                .map_err(picture)?;
        } else {
            chart.draw_series(LineSeries::new(path, style)).map_err(picture)?;
        }
    }
    let at = (LABELS as i32 + 8, 12);
    area.draw(&Text::new(title.to_owned(), at, font(TEXT)))
        .map_err(picture)
}

fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

fn seconds(cell: &Cell) -> Option<f64> {
    cell.time().map(|at| at.micros() as f64 / 1e6)
}

fn span(lines: &[Line]) -> Option<Range<f64>> {
    let (from, to) = bounds(
        lines
            .iter()
            .flat_map(|line| line.middle.iter().map(|&(at, _)| at)),
    )?;
    (from < to).then_some(from..to)
}

fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |known, value| {
        let (least, most) = known.unwrap_or((value, value));
        Some((f64::min(least, value), f64::max(most, value)))
    })
}

fn picture(error: impl Display) -> Error {
    Error::Picture(error.to_string())
}
