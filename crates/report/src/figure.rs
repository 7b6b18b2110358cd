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
const LEGEND: u32 = 34;
const HOURS: u32 = 28;
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

/// Selling in one hour: when it began, under which of how many rule sets, how much.
struct Bar {
    at: f64,
    place: usize,
    of: usize,
    height: f64,
}

/// What one panel draws.
enum Marks {
    Lines(Vec<Line>),
    Bars(Vec<Bar>),
}

impl Marks {
    fn is_empty(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.iter().all(|line| line.middle.is_empty()),
            Self::Bars(bars) => bars.iter().all(|bar| bar.height <= 0.0),
        }
    }

    /// Least and most value.
    fn bounds(&self) -> (f64, f64) {
        let known = match self {
            Self::Lines(lines) => bounds(lines.iter().flat_map(|line| {
                let band = line.band.iter().flat_map(|&(_, low, high)| [low, high]);
                line.middle.iter().map(|&(_, middle)| middle).chain(band)
            })),
            Self::Bars(bars) => bounds(bars.iter().map(|bar| bar.height)),
        };
        known.unwrap_or((0.0, 1.0))
    }
}

/// Price, forced flow and margin on one time axis, with halts shaded; nothing where no price is there.
pub(crate) fn crash(paths: &Paths<'_>, rule_sets: &[String]) -> Result<Option<String>, Error> {
    let Some(first) = rule_sets.first() else {
        return Ok(None);
    };
    let mut null = line(
        paths.prices,
        first,
        NULL,
        ["null_median_usd", "null_low_usd", "null_high_usd"],
    )?;
    let mut null_gap = line(
        paths.prices,
        first,
        NULL,
        ["null_median_pct", "null_low_pct", "null_high_pct"],
    )?;
    (null.dashed, null_gap.dashed) = (true, true);
    let (mut prices, mut gaps) = (vec![null], vec![null_gap]);
    for (index, rule_set) in rule_sets.iter().enumerate().skip(usize::from(first == "record")) {
        let of = |columns| line(paths.prices, rule_set, colour(index), columns);
        prices.push(of(["mark_median_usd", "mark_low_usd", "mark_high_usd"])?);
        gaps.push(of(["mark_median_pct", "mark_low_pct", "mark_high_pct"])?);
    }
    let mut record = line(paths.prices, first, INK, ["recorded_usd"; 3])?;
    record.band.clear();
    prices.push(record);
    let Some(time) = span(&prices) else {
        return Ok(None);
    };
    let halts = halts(paths.halts)?;
    let mut panels = vec![
        ("price, USD per BTC", 300, Marks::Lines(prices)),
        ("against the record, percent", 210, Marks::Lines(gaps)),
        (
            "forced selling by the hour, million USD",
            170,
            Marks::Bars(flows(paths.flows, rule_sets)?),
        ),
        (
            "initial margin of the lowest bracket, percent of notional",
            140,
            Marks::Lines(margins(paths.margins, rule_sets, &time)?),
        ),
    ];
    panels.retain(|(.., marks)| !marks.is_empty());

    let mut svg = String::new();
    {
        let height = LEGEND + panels.iter().map(|(_, tall, _)| tall).sum::<u32>() + HOURS;
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        legend(&root, rule_sets, !halts.is_empty())?;
        let mut top = LEGEND;
        for (index, (title, tall, marks)) in panels.iter().enumerate() {
            let hours = if index + 1 == panels.len() { HOURS } else { 0 };
            let area = root.clone().shrink((0, top), (WIDTH, tall + hours));
            panel(&area, title, &time, marks, &halts, hours)?;
            top += tall;
        }
        root.present().map_err(picture)?;
    }
    Ok(Some(svg))
}

/// The fall as recorded, without forced flow, and under each rule set, with intervals; `rows` are rows of `falls`.
pub(crate) fn falls(falls: &Answer, rows: &[usize], rule_sets: &[String]) -> Result<String, Error> {
    const ROW: u32 = 34;
    let columns = ["low_pct", "median_pct", "high_pct"];
    let known = bounds(
        rows.iter()
            .flat_map(|&row| columns.map(|column| falls.number(row, column)))
            .flatten(),
    );
    let (least, most) = known.unwrap_or((0.0, 1.0));
    let room = ((most - least) * 0.12).max(0.2);
    let range = (least - room).max(0.0)..most + room;
    let mut svg = String::new();
    {
        let size = (WIDTH, 46 + ROW * rows.len() as u32);
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        let mut chart = ChartBuilder::on(&root)
            .margin_right(RIGHT)
            .margin_top(4)
            .x_label_area_size(42)
            .y_label_area_size(270)
            .build_cartesian_2d(range, 0.0..rows.len() as f64)
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
        for (index, &row) in rows.iter().enumerate() {
            let rule_set = falls.get(row, "rule_set")?.to_string();
            let place = rule_sets.iter().position(|known| *known == rule_set).unwrap_or(0);
            let shade = if falls.is(row, "series", "null") {
                NULL
            } else {
                colour(place)
            };
            let y = rows.len() as f64 - index as f64 - 0.5;
            let [low, median, high] = columns.map(|column| falls.number(row, column));
            if let (Some(low), Some(high)) = (low, high) {
                let ends = vec![(low, y), (high, y)];
                chart
                    .draw_series([PathElement::new(ends, shade.stroke_width(4))])
                    .map_err(picture)?;
            }
            if let Some(median) = median {
                chart
                    .draw_series([Circle::new((median, y), 6, shade.filled())])
                    .map_err(picture)?;
            }
            let label = falls.get(row, "line")?.to_string();
            let at = (8, 15 + (ROW * index as u32) as i32);
            root.draw(&Text::new(label, at, font(TEXT + 1)))
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

fn line(answer: &Answer, rule_set: &str, colour: RGBColor, columns: [&str; 3]) -> Result<Line, Error> {
    let mut line = Line {
        colour,
        dashed: false,
        middle: Vec::new(),
        band: Vec::new(),
    };
    for row in answer.rows_where(|row| answer.is(row, "rule_set", rule_set)) {
        let Some(at) = seconds(answer.get(row, "event_at")?) else {
            continue;
        };
        let [middle, low, high] = columns.map(|column| answer.number(row, column));
        line.middle.extend(middle.map(|middle| (at, middle)));
        line.band.extend(low.zip(high).map(|(low, high)| (at, low, high)));
    }
    Ok(line)
}

fn flows(answer: &Answer, rule_sets: &[String]) -> Result<Vec<Bar>, Error> {
    let mut bars = Vec::new();
    for (place, rule_set) in rule_sets.iter().enumerate() {
        for row in answer.rows_where(|row| answer.is(row, "rule_set", rule_set)) {
            let at = seconds(answer.get(row, "hour_at")?);
            let sold = answer.number(row, "sell_usd");
            bars.extend(at.zip(sold).map(|(at, sold)| Bar {
                at,
                place,
                of: rule_sets.len(),
                height: sold * 1e-6,
            }));
        }
    }
    Ok(bars)
}

/// Margin of the lowest bracket as steps: of the first rule set, and of those under which it moves.
fn margins(answer: &Answer, rule_sets: &[String], time: &Range<f64>) -> Result<Vec<Line>, Error> {
    let tiers = answer
        .all()
        .into_iter()
        .filter_map(|row| answer.number(row, "tier"));
    let Some((lowest, _)) = bounds(tiers) else {
        return Ok(Vec::new());
    };
    let mut lines = Vec::new();
    for (index, rule_set) in rule_sets.iter().enumerate() {
        let rows = answer.rows_where(|row| {
            answer.is(row, "rule_set", rule_set) && answer.number(row, "tier") == Some(lowest)
        });
        let mut steps: Vec<(f64, f64)> = Vec::new();
        for row in rows {
            let from = seconds(answer.get(row, "from_at")?);
            let Some((from, ratio)) = from.zip(answer.number(row, "initial_ratio")) else {
                continue;
            };
            // What was in force before the window matters only as the level it begins at.
            if from <= time.start {
                steps.clear();
            }
            let from = from.max(time.start);
            steps.extend(steps.last().map(|&(_, before)| (from, before)));
            steps.push((from, ratio * 100.0));
        }
        let moves = steps.len() > 1;
        steps.extend(steps.last().map(|&(_, last)| (time.end, last)));
        if index == 0 || moves {
            lines.push(Line {
                colour: colour(index),
                dashed: false,
                middle: steps,
                band: Vec::new(),
            });
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
    const LETTER: i32 = 7;
    let mut entries = vec![("recorded", INK, false), ("forced flow off the book", NULL, true)];
    let others = rule_sets
        .iter()
        .enumerate()
        .filter(|(_, rule_set)| *rule_set != "record");
    entries.extend(others.map(|(index, rule_set)| (rule_set.as_str(), colour(index), false)));
    let mut x = 12;
    for (label, shade, dashed) in entries {
        let samples = if dashed {
            vec![(x, x + 8), (x + 14, x + 22)]
        } else {
            vec![(x, x + 22)]
        };
        for (from, to) in samples {
            let sample = PathElement::new(vec![(from, 17), (to, 17)], shade.stroke_width(3));
            root.draw(&sample).map_err(picture)?;
        }
        root.draw(&Text::new(label, (x + 29, 9), font(TEXT)))
            .map_err(picture)?;
        x += 53 + label.len() as i32 * LETTER;
    }
    if halted {
        let sample = Rectangle::new([(x, 9), (x + 22, 25)], HALT.mix(0.25).filled());
        root.draw(&sample).map_err(picture)?;
        root.draw(&Text::new("halted", (x + 29, 9), font(TEXT)))
            .map_err(picture)?;
    }
    Ok(())
}

fn panel(
    area: &Area<'_>,
    title: &str,
    time: &Range<f64>,
    marks: &Marks,
    halts: &[(f64, f64)],
    hours: u32,
) -> Result<(), Error> {
    let (least, most) = marks.bounds();
    let room = ((most - least) * 0.06).max(most.abs() * 1e-6).max(1e-9);
    let floor = if matches!(marks, Marks::Bars(_)) {
        0.0
    } else {
        least - room
    };
    let ceiling = most + 4.0 * room;
    let mut chart: Plot<'_, '_> = ChartBuilder::on(area)
        .margin_top(10)
        .margin_right(RIGHT)
        .x_label_area_size(hours)
        .y_label_area_size(LABELS)
        .build_cartesian_2d(Time(time.clone()), floor..ceiling)
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
    match marks {
        Marks::Lines(lines) => {
            lines.iter().try_for_each(|line| draw_band(&mut chart, line))?;
            lines.iter().try_for_each(|line| draw_line(&mut chart, line))?;
        }
        Marks::Bars(bars) => draw_bars(&mut chart, bars, time)?,
    }
    let at = (LABELS as i32 + 8, 12);
    area.draw(&Text::new(title, at, font(TEXT))).map_err(picture)
}

fn draw_band(chart: &mut Plot<'_, '_>, line: &Line) -> Result<(), Error> {
    if line.band.is_empty() {
        return Ok(());
    }
    let upper = line.band.iter().map(|&(at, _, high)| (at, high));
    let lower = line.band.iter().rev().map(|&(at, low, _)| (at, low));
    let outline: Vec<_> = upper.chain(lower).collect();
    let area = Polygon::new(outline, line.colour.mix(0.16).filled());
    chart.draw_series([area]).map(drop).map_err(picture)
}

fn draw_line(chart: &mut Plot<'_, '_>, line: &Line) -> Result<(), Error> {
    let path = line.middle.iter().copied();
    let style = line.colour.stroke_width(2);
    let drawn = if line.dashed {
        chart.draw_series(DashedLineSeries::new(path, 7, 5, style))
    } else {
        chart.draw_series(LineSeries::new(path, style))
    };
    drawn.map(drop).map_err(picture)
}

/// The bars of an hour stand side by side, one for each rule set.
fn draw_bars(chart: &mut Plot<'_, '_>, bars: &[Bar], time: &Range<f64>) -> Result<(), Error> {
    const HOUR_S: f64 = 3600.0;
    let shapes = bars.iter().filter(|bar| bar.height > 0.0).map(|bar| {
        let width = 0.84 * HOUR_S / bar.of as f64;
        let from = bar.at + 0.08 * HOUR_S + width * bar.place as f64;
        let within = |at: f64| at.clamp(time.start, time.end);
        let corners = [(within(from), 0.0), (within(from + width), bar.height)];
        Rectangle::new(corners, colour(bar.place).filled())
    });
    chart.draw_series(shapes).map(drop).map_err(picture)
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
