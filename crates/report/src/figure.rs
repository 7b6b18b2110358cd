//! Pictures: the crash on one time axis, and how far the price fell under each rule set.

mod canvas;
mod level_map;
mod levels;
mod multiples;
mod tornado;
mod venues;
mod waterfall;

use std::ops::Range;

use plotters::prelude::*;

use self::canvas::{
    Bar, Behind, FAINT, HALT, INK, Key, Line, Marks, Moment, NULL, Panel, RIGHT, TEXT, WIDTH, bounds, colour,
    font, picture, seconds, shortened, span,
};
use crate::Error;
use crate::beside;
use crate::show::tick;
use crate::table::Answer;

pub(crate) use level_map::level_map;
pub(crate) use levels::levels;
pub(crate) use multiples::multiples;
pub(crate) use tornado::tornado;
pub(crate) use venues::{machinery, markets, rules};
pub(crate) use waterfall::waterfall;

/// The answers that the picture on the time axis draws.
pub(crate) struct Paths<'a> {
    pub(crate) prices: &'a Answer,
    pub(crate) flows: &'a Answer,
    pub(crate) margins: &'a Answer,
    pub(crate) halts: &'a Answer,
    pub(crate) depths: &'a Answer,
    pub(crate) feedback: &'a Answer,
    pub(crate) moments: &'a Answer,
    pub(crate) beside: &'a Answer,
}

/// Price, forced flow, margin, depth and what else is recorded on one time axis, with halts shaded and moments marked;
/// nothing where no price is there. The replay under the first rule set is left out where it is the record.
pub(crate) fn crash(
    paths: &Paths<'_>,
    rule_sets: &[String],
    record_is_replay: bool,
) -> Result<Option<String>, Error> {
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
    for (index, rule_set) in rule_sets.iter().enumerate().skip(usize::from(record_is_replay)) {
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
    let behind = Behind {
        halts: halts(paths.halts, rule_sets)?,
        moments: moments(paths.moments)?,
    };
    let panel = |title: &str, tall, marks| Panel {
        title: title.to_owned(),
        tall,
        span: 0.0,
        marks,
    };
    let mut panels = vec![
        panel("price, USD per BTC", 300, Marks::Lines(prices)),
        panel("against the record, percent", 210, Marks::Lines(gaps)),
        panel(
            "forced selling by the hour, million USD",
            170,
            Marks::Bars(flows(paths.flows, rule_sets)?),
        ),
        panel(
            "added to the hour's move by forced flow, log percent",
            150,
            Marks::Lines(added(paths.feedback, rule_sets, &time)?),
        ),
        panel(
            "initial margin of the lowest bracket, percent of notional",
            140,
            Marks::Lines(margins(paths.margins, rule_sets, &time)?),
        ),
        panel(
            "least depth of the thinner side in a bar, over normal",
            140,
            Marks::Lines(depths(paths.depths, rule_sets)?),
        ),
    ];
    for group in beside::groups(paths.beside)? {
        panels.push(panel(
            &group.title,
            120,
            Marks::Lines(readings(paths.beside, &group)?),
        ));
    }
    let key = |label: &str, colour, dashed| Key {
        label: label.to_owned(),
        colour,
        dashed,
    };
    let mut keys = vec![
        key("recorded", INK, false),
        key("forced flow off the book", NULL, true),
    ];
    let others = rule_sets.iter().enumerate().skip(usize::from(record_is_replay));
    keys.extend(others.map(|(index, rule_set)| key(rule_set, colour(index), false)));
    canvas::on_one_axis(&keys, panels, &time, &behind).map(Some)
}

/// The fall as recorded, without forced flow, and under each rule set, with intervals; `rows` are rows of `falls`.
pub(crate) fn falls(falls: &Answer, rows: &[usize], rule_sets: &[String]) -> Result<String, Error> {
    const ROW: u32 = 34;
    const LETTER: u32 = 9;
    let names = rows.iter().map(|&row| {
        falls
            .get(row, "line")
            .map(|line| line.to_string().chars().count())
    });
    let longest = names
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .max()
        .unwrap_or(0);
    let labels = (24 + LETTER * longest as u32).clamp(270, WIDTH / 2);
    let fits = ((labels - 24) / LETTER) as usize;
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
            .y_label_area_size(labels)
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
            root.draw(&Text::new(shortened(&label, fits), at, font(TEXT + 1)))
                .map_err(picture)?;
        }
        root.present().map_err(picture)?;
    }
    Ok(svg)
}

fn line(answer: &Answer, rule_set: &str, colour: RGBColor, columns: [&str; 3]) -> Result<Line, Error> {
    let mut line = Line::new(colour);
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

/// What forced flow added to each hour, as steps with gaps where that is not known.
fn added(answer: &Answer, rule_sets: &[String], time: &Range<f64>) -> Result<Vec<Line>, Error> {
    const HOUR_S: f64 = 3600.0;
    let mut lines = Vec::new();
    for (place, rule_set) in rule_sets.iter().enumerate() {
        let mut line = Line::new(colour(place));
        for row in answer.rows_where(|row| answer.is(row, "rule_set", rule_set)) {
            let at = seconds(answer.get(row, "hour_at")?);
            if let Some((at, log)) = at.zip(answer.number(row, "added_log")) {
                let ends = [at, at + HOUR_S].map(|end| end.clamp(time.start, time.end));
                line.middle.extend(ends.map(|end| (end, 100.0 * log)));
            } else {
                lines.push(std::mem::replace(&mut line, Line::new(colour(place))));
            }
        }
        lines.push(line);
    }
    lines.retain(|line| !line.middle.is_empty());
    // The first rule set is drawn last, and so on top.
    lines.reverse();
    Ok(lines)
}

/// The least depth of each bar.
fn depths(answer: &Answer, rule_sets: &[String]) -> Result<Vec<Line>, Error> {
    let of = |(place, rule_set): (usize, &String)| line(answer, rule_set, colour(place), ["lowest"; 3]);
    // The first rule set is drawn last, and so on top.
    let lines = rule_sets
        .iter()
        .enumerate()
        .rev()
        .map(of)
        .collect::<Result<Vec<_>, _>>()?;
    let plain = lines.into_iter().map(|line| Line {
        band: Vec::new(),
        ..line
    });
    Ok(plain.collect())
}

/// What the tape holds beside the price, a line for each market.
fn readings(answer: &Answer, group: &beside::Group) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for (place, market) in group.markets.iter().enumerate() {
        let mut line = Line::new(colour(place));
        line.dots = group.dots;
        for &row in &market.rows {
            let at = seconds(answer.get(row, "event_at")?);
            line.middle.extend(at.zip(answer.number(row, "value")));
        }
        lines.push(line);
    }
    Ok(lines)
}

fn moments(answer: &Answer) -> Result<Vec<Moment>, Error> {
    let mut moments = Vec::new();
    for row in answer.all() {
        let name = answer.get(row, "mark")?.to_string();
        let at = seconds(answer.get(row, "event_at")?);
        moments.extend(at.map(|at| Moment { at, name }));
    }
    Ok(moments)
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
    let lowest = lowest_tier(answer);
    let mut lines = Vec::new();
    for (index, rule_set) in rule_sets.iter().enumerate() {
        let rows = answer
            .rows_where(|row| answer.is(row, "rule_set", rule_set) && answer.number(row, "tier") == lowest);
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
                middle: steps,
                ..Line::new(colour(index))
            });
        }
    }
    Ok(lines)
}

/// The lowest bracket of an answer with margins.
pub(crate) fn lowest_tier(answer: &Answer) -> Option<f64> {
    let tiers = answer.all().into_iter();
    bounds(tiers.filter_map(|row| answer.number(row, "tier"))).map(|(lowest, _)| lowest)
}

/// Halts of the order that meets the high first, under these rule sets.
fn halts(answer: &Answer, rule_sets: &[String]) -> Result<Vec<(f64, f64)>, Error> {
    let mut halts = Vec::new();
    let drawn = |row| {
        rule_sets
            .iter()
            .any(|rule_set| answer.is(row, "rule_set", rule_set))
    };
    for row in answer.rows_where(|row| answer.is(row, "bar_order", "high_first") && drawn(row)) {
        let from = seconds(answer.get(row, "from_at")?);
        let until = seconds(answer.get(row, "until_at")?);
        halts.extend(from.zip(until));
    }
    Ok(halts)
}
