//! Panels on one time axis, and what is drawn in them.

use std::fmt::Display;
use std::ops::Range;

use aftershock_query::cells::Cell;
use plotters::coord::Shift;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;

use crate::Error;
use crate::axis::Time;
use crate::show::tick;

pub(super) const WIDTH: u32 = 1000;
const LABELS: u32 = 76;
pub(super) const RIGHT: u32 = 24;
const LEGEND: u32 = 34;
const LEGEND_LINE: i32 = 24;
/// So much of a name fits into a legend.
const KEY: usize = 60;
const HOURS: u32 = 28;
/// The moment from which the replay is laid out.
const TRIGGER: &str = "trigger";
/// The strip above the panels in which moments are named.
const MOMENTS: u32 = 20;
pub(super) const TEXT: i32 = 17;
pub(super) const INK: RGBColor = RGBColor(26, 26, 26);
pub(super) const FAINT: RGBColor = RGBColor(226, 226, 226);
pub(super) const HALT: RGBColor = RGBColor(120, 120, 120);
/// Okabe and Ito's colours, told apart by readers who see colours differently.
pub(super) const NULL: RGBColor = RGBColor(0, 114, 178);
pub(super) const RULES: [RGBColor; 5] = [
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Plot<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<Time, RangedCoordf64>>;

pub(super) type Rows<'a, 'b> = ChartContext<'b, SVGBackend<'a>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// A line, with a band where one is known.
pub(super) struct Line {
    pub(super) colour: RGBColor,
    pub(super) dashed: bool,
    /// Readings at instants, with nothing said of the time between them.
    pub(super) dots: bool,
    pub(super) middle: Vec<(f64, f64)>,
    pub(super) band: Vec<(f64, f64, f64)>,
}

impl Line {
    /// One with nothing on it yet.
    pub(super) fn new(colour: RGBColor) -> Self {
        Self {
            colour,
            dashed: false,
            dots: false,
            middle: Vec::new(),
            band: Vec::new(),
        }
    }

    /// All values of it and its band.
    pub(super) fn values(&self) -> impl Iterator<Item = f64> {
        let band = self.band.iter().flat_map(|&(_, low, high)| [low, high]);
        self.middle.iter().map(|&(_, middle)| middle).chain(band)
    }
}

/// Selling in one hour: when it began, under which of how many rule sets, how much.
pub(super) struct Bar {
    pub(super) at: f64,
    pub(super) place: usize,
    pub(super) of: usize,
    pub(super) height: f64,
}

/// What one panel draws.
pub(super) enum Marks {
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
            Self::Lines(lines) => bounds(lines.iter().flat_map(Line::values)),
            Self::Bars(bars) => bounds(bars.iter().map(|bar| bar.height)),
        };
        known.unwrap_or((0.0, 1.0))
    }
}

/// One panel of a picture.
pub(super) struct Panel {
    /// What it shows, with its unit.
    pub(super) title: String,
    /// Its height.
    pub(super) tall: u32,
    /// Least height of its value axis, in its unit: a line that hardly moves is not blown up.
    pub(super) span: f64,
    pub(super) marks: Marks,
}

/// What a line of a picture is called.
pub(super) struct Key {
    pub(super) label: String,
    pub(super) colour: RGBColor,
    pub(super) dashed: bool,
}

/// An instant that is marked in every panel, and its name above them.
pub(super) struct Moment {
    pub(super) at: f64,
    pub(super) name: String,
}

/// What is drawn behind every panel of a picture.
#[derive(Default)]
pub(super) struct Behind {
    /// When trading was halted.
    pub(super) halts: Vec<(f64, f64)>,
    /// In order of time.
    pub(super) moments: Vec<Moment>,
}

/// The shade in which dashed lines are drawn before they are dashed; no other mark has it.
const DASHED: RGBColor = RGBColor(1, 114, 178);
/// The same for the dotted lines of moments.
const DOTTED: RGBColor = RGBColor(119, 120, 120);

/// Panels above each other on one time axis, those with nothing in them left out; grey where trading was halted, dotted
/// at each moment.
pub(super) fn on_one_axis(
    keys: &[Key],
    mut panels: Vec<Panel>,
    time: &Range<f64>,
    behind: &Behind,
) -> Result<String, Error> {
    panels.retain(|panel| !panel.marks.is_empty());
    let places = legend_places(keys, !behind.halts.is_empty());
    let lines = places.last().map_or(0, |(_, y)| *y / LEGEND_LINE) as u32;
    let strip = if behind.moments.is_empty() { 0 } else { MOMENTS };
    let above = LEGEND + lines * LEGEND_LINE as u32 + strip;
    let mut svg = String::new();
    {
        let height = above + panels.iter().map(|panel| panel.tall).sum::<u32>() + HOURS;
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        legend(&root, keys, &places)?;
        named(&root, (above - strip) as i32, &behind.moments, time)?;
        let mut top = above;
        for (index, one) in panels.iter().enumerate() {
            let hours = if index + 1 == panels.len() { HOURS } else { 0 };
            let area = root.clone().shrink((0, top), (WIDTH, one.tall + hours));
            panel(&area, one, time, behind, hours)?;
            top += one.tall;
        }
        root.present().map_err(picture)?;
    }
    Ok(dashed(&svg))
}

/// Dashes lines as one element each: the drawing library would make an element of every dash.
fn dashed(svg: &str) -> String {
    let stroke = |RGBColor(red, green, blue)| format!("stroke=\"#{red:02X}{green:02X}{blue:02X}\"");
    let dashes = |shade, colour, dashes: &str| {
        (
            stroke(shade),
            format!("{} stroke-dasharray=\"{dashes}\"", stroke(colour)),
        )
    };
    [dashes(DASHED, NULL, "7 5"), dashes(DOTTED, HALT, "2 3")]
        .into_iter()
        .fold(svg.to_owned(), |svg, (solid, broken)| {
            svg.replace(&solid, &broken)
        })
}

/// The shade that a line is drawn in: [`DASHED`] stands for the one colour that dashed lines have.
fn shade(colour: RGBColor, is_dashed: bool) -> RGBColor {
    if is_dashed { DASHED } else { colour }
}

/// No more than four points for each of so many columns of the picture, the least and the most of it among them.
fn thinned<T: Copy>(points: &[T], time: &Range<f64>, of: impl Fn(T) -> (f64, f64)) -> Vec<T> {
    const COLUMNS: f64 = WIDTH as f64 / 4.0;
    let dot = |point: T| ((of(point).0 - time.start) / (time.end - time.start) * COLUMNS) as i64;
    let mut kept = Vec::new();
    for chunk in points.chunk_by(|a, b| dot(*a) == dot(*b)) {
        let value = |index: &usize| of(chunk[*index]).1;
        let by = |a: &usize, b: &usize| value(a).total_cmp(&value(b));
        let least = (0..chunk.len()).min_by(by).unwrap_or(0);
        let most = (0..chunk.len()).max_by(by).unwrap_or(0);
        let mut places = [0, least.min(most), least.max(most), chunk.len() - 1].to_vec();
        places.dedup();
        kept.extend(places.into_iter().map(|place| chunk[place]));
    }
    kept
}

/// Black for the rules of record, then the palette in the order of the rule sets.
pub(super) fn colour(place: usize) -> RGBColor {
    if place == 0 {
        INK
    } else {
        RULES[(place - 1) % RULES.len()]
    }
}

/// Where each key stands, and after them that of halts; a key that does not fit begins a new line.
fn legend_places(keys: &[Key], halted: bool) -> Vec<(i32, i32)> {
    const LETTER: i32 = 7;
    let (mut x, mut y) = (12, 0);
    let letters = |key: &Key| shortened(&key.label, KEY).chars().count() as i32;
    let widths = keys.iter().map(|key| 53 + letters(key) * LETTER);
    let halts = halted.then_some(53 + 6 * LETTER);
    let mut places = Vec::new();
    for width in widths.chain(halts) {
        if x > 12 && x + width > WIDTH as i32 {
            (x, y) = (12, y + LEGEND_LINE);
        }
        places.push((x, y));
        x += width;
    }
    places
}

fn legend(root: &Area<'_>, keys: &[Key], places: &[(i32, i32)]) -> Result<(), Error> {
    for (key, &(x, y)) in keys.iter().zip(places) {
        let style = shade(key.colour, key.dashed).stroke_width(3);
        let sample = PathElement::new(vec![(x, y + 17), (x + 22, y + 17)], style);
        root.draw(&sample).map_err(picture)?;
        root.draw(&Text::new(
            shortened(&key.label, KEY),
            (x + 29, y + 9),
            font(TEXT),
        ))
        .map_err(picture)?;
    }
    if let Some(&(x, y)) = places.get(keys.len()) {
        let sample = Rectangle::new([(x, y + 9), (x + 22, y + 25)], HALT.mix(0.25).filled());
        root.draw(&sample).map_err(picture)?;
        root.draw(&Text::new("halted", (x + 29, y + 9), font(TEXT)))
            .map_err(picture)?;
    }
    Ok(())
}

/// Names of moments above the panels; those that would stand over each other are written as one.
fn named(root: &Area<'_>, top: i32, moments: &[Moment], time: &Range<f64>) -> Result<(), Error> {
    let plot = f64::from(WIDTH - LABELS - RIGHT);
    let at = |moment: &Moment| {
        let share = (moment.at - time.start) / (time.end - time.start);
        (0.0..=1.0)
            .contains(&share)
            .then(|| LABELS as i32 + (share * plot) as i32)
    };
    let placed = moments
        .iter()
        .filter_map(|moment| Some((at(moment)?, moment.name.as_str())));
    for (x, text) in merged(placed) {
        root.draw(&Text::new(text.as_str(), (x, top), font(TEXT)))
            .map_err(picture)?;
    }
    Ok(())
}

/// Where names begin that are centred at their places, in order; neighbours without room between them are one name.
fn merged<'a>(places: impl Iterator<Item = (i32, &'a str)>) -> Vec<(i32, String)> {
    const LETTER: i32 = 8;
    type Group<'a> = (i32, i32, Vec<&'a str>);
    let span = |(from, to, names): &Group<'_>| {
        let width = LETTER * together(names).chars().count() as i32;
        let x = ((from + to - width) / 2).min(WIDTH as i32 - width);
        (x, x + width)
    };
    let mut groups: Vec<Group<'a>> = Vec::new();
    for (at, name) in places {
        groups.push((at, at, vec![name]));
        // What is merged is wider, and may touch what stands before it.
        while let [.., before, last] = groups.as_mut_slice()
            && span(before).1 + LETTER > span(last).0
        {
            before.1 = last.1;
            before.2.append(&mut last.2);
            groups.pop();
        }
    }
    groups
        .iter()
        .map(|group| (span(group).0, together(&group.2)))
        .collect()
}

/// Names of moments that stand close together; the trigger is named whatever stands beside it.
fn together(names: &[&str]) -> String {
    let (trigger, others): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| **name == TRIGGER);
    let others = match others.as_slice() {
        [first, .., last] if others.len() > 2 => format!("{first} to {last}"),
        others => others.join(", "),
    };
    let parts = trigger.into_iter().map(str::to_owned).chain(Some(others));
    parts
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(", ")
}

fn panel(area: &Area<'_>, one: &Panel, time: &Range<f64>, behind: &Behind, hours: u32) -> Result<(), Error> {
    let Panel { title, marks, .. } = one;
    let (least, most) = marks.bounds();
    let lacking = (0.5 * (one.span - (most - least))).max(0.0);
    let (least, most) = (least - lacking, most + lacking);
    // A line that does not move stands in the middle of an axis with readable marks.
    let flat = if most > least { 1e-6 } else { 0.1 };
    let room = ((most - least) * 0.06).max(most.abs() * flat).max(1e-9);
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
        .y_label_formatter(&|value| {
            // A mark at zero that rounding has moved.
            let noise = value.abs() < 1e-9 * (ceiling - floor);
            tick(if noise { 0.0 } else { *value })
        })
        .draw()
        .map_err(picture)?;
    let shades = behind
        .halts
        .iter()
        .map(|&(from, until)| Rectangle::new([(from, floor), (until, ceiling)], HALT.mix(0.18).filled()));
    chart.draw_series(shades).map_err(picture)?;
    let within = behind.moments.iter().filter(|moment| time.contains(&moment.at));
    let lines = within.map(|moment| {
        PathElement::new(
            vec![(moment.at, floor), (moment.at, ceiling)],
            DOTTED.stroke_width(1),
        )
    });
    chart.draw_series(lines).map_err(picture)?;
    match marks {
        Marks::Lines(lines) => {
            lines
                .iter()
                .try_for_each(|line| draw_band(&mut chart, line, time))?;
            lines
                .iter()
                .try_for_each(|line| draw_line(&mut chart, line, time))?;
        }
        Marks::Bars(bars) => draw_bars(&mut chart, bars, time)?,
    }
    let at = (LABELS as i32 + 8, 12);
    area.draw(&Text::new(title.as_str(), at, font(TEXT)))
        .map_err(picture)
}

/// A chart of rows under a title: values across, `count` rows up, whose names stand left of it.
pub(super) fn rows<'a, 'b>(
    area: &'b Area<'a>,
    [title, names, axis]: [u32; 3],
    values: Range<f64>,
    count: f64,
) -> Result<Rows<'a, 'b>, Error> {
    let noise = 1e-9 * (values.end - values.start);
    let mut chart = ChartBuilder::on(area)
        .margin_top(title)
        .margin_right(RIGHT + 20)
        .x_label_area_size(axis - 6)
        .y_label_area_size(names)
        .build_cartesian_2d(values, 0.0..count)
        .map_err(picture)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .bold_line_style(FAINT)
        .light_line_style(TRANSPARENT)
        .axis_style(HALT)
        .label_style(font(TEXT))
        .x_labels(7)
        // A mark at zero that rounding has moved.
        .x_label_formatter(&|value| tick(if value.abs() < noise { 0.0 } else { *value }))
        .draw()
        .map_err(picture)?;
    Ok(chart)
}

/// The band of a line.
pub(super) fn draw_band(chart: &mut Plot<'_, '_>, line: &Line, time: &Range<f64>) -> Result<(), Error> {
    if line.band.is_empty() {
        return Ok(());
    }
    let upper = thinned(&line.band, time, |(at, _, high)| (at, high));
    let lower = thinned(&line.band, time, |(at, low, _)| (at, low));
    let upper = upper.into_iter().map(|(at, _, high)| (at, high));
    let lower = lower.into_iter().rev().map(|(at, low, _)| (at, low));
    let outline: Vec<_> = upper.chain(lower).collect();
    let area = Polygon::new(outline, line.colour.mix(0.16).filled());
    chart.draw_series([area]).map(drop).map_err(picture)
}

/// A line, or its points where it is no path.
pub(super) fn draw_line(chart: &mut Plot<'_, '_>, line: &Line, time: &Range<f64>) -> Result<(), Error> {
    let style = shade(line.colour, line.dashed).stroke_width(2);
    if line.dots {
        let dots = line
            .middle
            .iter()
            .map(|&at| Circle::new(at, 3, line.colour.filled()));
        return chart.draw_series(dots).map(drop).map_err(picture);
    }
    let path = thinned(&line.middle, time, |point| point);
    chart
        .draw_series(LineSeries::new(path, style))
        .map(drop)
        .map_err(picture)
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

pub(super) fn font(size: i32) -> TextStyle<'static> {
    ("sans-serif", size).into_font().color(&INK)
}

/// A name of at most so many letters; of a longer one the middle is left out.
pub(super) fn shortened(name: &str, letters: usize) -> String {
    let count = name.chars().count();
    if count <= letters {
        return name.to_owned();
    }
    let end = letters / 3;
    let head: String = name.chars().take(letters - end - 1).collect();
    let tail: String = name.chars().skip(count - end).collect();
    format!("{head}…{tail}")
}

pub(super) fn seconds(cell: &Cell) -> Option<f64> {
    cell.time().map(|at| at.micros() as f64 / 1e6)
}

pub(super) fn span<'a>(lines: impl IntoIterator<Item = &'a Line>) -> Option<Range<f64>> {
    let (from, to) = bounds(
        lines
            .into_iter()
            .flat_map(|line| line.middle.iter().map(|&(at, _)| at)),
    )?;
    (from < to).then_some(from..to)
}

pub(super) fn bounds(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |known, value| {
        let (least, most) = known.unwrap_or((value, value));
        Some((f64::min(least, value), f64::max(most, value)))
    })
}

pub(super) fn picture(error: impl Display) -> Error {
    Error::Picture(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_without_room_between_them_are_one() {
        let names = |places: &[(i32, &'static str)]| merged(places.iter().copied());
        assert_eq!(
            names(&[(100, "b"), (300, "c")]),
            [(96, "b".to_owned()), (296, "c".to_owned())]
        );
        assert_eq!(names(&[(100, "b"), (110, "c")]), [(89, "b, c".to_owned())]);
        let close = [(100, "b"), (104, "c"), (108, "d"), (400, "e")];
        assert_eq!(names(&close), [(80, "b to d".to_owned()), (396, "e".to_owned())]);
        let around = [(100, "a"), (102, "trigger"), (104, "b"), (106, "c")];
        assert_eq!(names(&around), [(43, "trigger, a to c".to_owned())]);
    }
}
