//! Still pictures read back: what stands beside their axes is a scale, and on it every mark is the cell it stands for.

use std::ops::Range;

use aftershock_market::Timestamp;
use aftershock_query::cells::{Cell, Rows};
use anyhow::{Context, Result, bail, ensure};
use roxmltree::Node;

use super::cells::{Again, has_digit};
use super::page::parameter;
use super::svg::{Panel, Scale, Shape, panels};

/// Checks the picture of a figure against the queries that the figure names.
pub fn asked_again(again: &mut Again<'_>, figure: Node<'_, '_>) -> Result<()> {
    let Some(svg) = figure.descendants().find(|node| node.tag_name().name() == "svg") else {
        return Ok(());
    };
    let queries = figure
        .attribute("data-query")
        .context("a figure without a query")?;
    let parameter = parameter(figure)?;
    let mut drawing = Drawing { again, parameter };
    let anchored = |node: Node<'_, '_>| node.attribute("text-anchor") == Some("start");
    let at = |node: Node<'_, '_>, x: &str| anchored(node) && node.attribute("x") == Some(x);
    let large = |node: Node<'_, '_>| {
        at(node, "12")
            && node
                .attribute("font-size")
                .is_some_and(|size| size.starts_with("14.5"))
    };
    let checked = match queries {
        "comparison/drawdowns" => drawing.falls(&panels(svg, |_| false)?),
        "comparison/tornado" => drawing.tornado(&panels(svg, large)?),
        "comparison/attribution" => drawing.mechanisms(&panels(svg, large)?),
        "comparison/price_paths" => drawing.multiples(&panels(svg, anchored)?),
        "liquidation/level_map comparison/price_paths" => drawing.level_map(&panels(svg, anchored)?),
        "liquidation/levels comparison/price_paths" => drawing.levels(&panels(svg, anchored)?),
        _ if queries.starts_with("comparison/price_paths ") => {
            drawing.crash(&panels(svg, |node| at(node, "84"))?)
        }
        _ if queries.starts_with("synthetic/") => axes_alone(&panels(svg, |node| at(node, "84"))?),
        _ => bail!("a picture of {queries} that nobody reads back"),
    };
    checked.with_context(|| format!("the picture of {queries}"))
}

/// Whether a text is a name, of which the middle may be left out.
fn names(text: &str, name: &str) -> bool {
    text.split_once('…').map_or(text == name, |(head, tail)| {
        name.starts_with(head) && name.ends_with(tail)
    })
}

/// Nothing with a digit is written but what is known to be a name.
fn names_alone(panels: &[Panel], known: &[String]) -> Result<()> {
    let written = panels
        .iter()
        .flat_map(|panel| panel.labels.iter().chain([&panel.title]));
    for text in written.filter(|text| has_digit(text)) {
        ensure!(
            known.iter().any(|name| names(text, name)),
            "{text:?} is no name of {known:?}"
        );
    }
    Ok(())
}

fn axes_alone(panels: &[Panel]) -> Result<()> {
    let marks: usize = panels
        .iter()
        .map(|panel| panel.up.len() + panel.across.len())
        .sum();
    ensure!(marks > 0, "no axis");
    Ok(())
}

/// Instants along the bottom of a picture are those of their places in the window.
fn clock(marks: &[(f64, String)], pixels: Range<f64>, window: &Range<f64>) -> Result<()> {
    let second = (window.end - window.start) / (pixels.end - pixels.start);
    let mut found = Vec::new();
    for (px, text) in marks {
        let about = window.start + (px - pixels.start) * second;
        // To the minute; the first of a day is written as its date.
        let minutes = (about / 60.0) as i64 - 1440..(about / 60.0) as i64 + 1440;
        let written = |minute: &i64| {
            let full = Timestamp::from_seconds(minute * 60).to_string();
            if &full[11..16] == "00:00" {
                full[5..10] == **text
            } else {
                full[11..16] == **text
            }
        };
        let nearest = minutes
            .filter(written)
            .min_by_key(|minute| (*minute as f64 * 60.0 - about).abs() as i64);
        let minute = nearest.with_context(|| format!("{text} is no instant near {px}"))?;
        ensure!(
            (minute as f64 * 60.0 - about).abs() <= 2.5 * second,
            "{text} stands at {px}"
        );
        found.push(minute);
    }
    let even = found
        .windows(3)
        .all(|three| three[2] - three[1] == three[1] - three[0]);
    ensure!(even && !found.is_empty(), "uneven instants: {marks:?}");
    Ok(())
}

/// Least and most pixel of lines, bands, dots and bars.
fn extent(panel: &Panel, bars: bool) -> Option<[f64; 2]> {
    let ys = panel.shapes.iter().flat_map(|shape| match shape {
        Shape::Path { points, width } if *width == 2.0 && !bars => {
            points.iter().map(|point| point.1).collect()
        }
        Shape::Area { points } if !bars => points.iter().map(|point| point.1).collect(),
        Shape::Dot { y, .. } if !bars => vec![*y],
        Shape::Rect { y, solid: true, .. } if bars => y.to_vec(),
        _ => Vec::new(),
    });
    ys.fold(None, |known, y| {
        let [least, most] = known.unwrap_or([y, y]);
        Some([f64::min(least, y), f64::max(most, y)])
    })
}

/// Ends of lines of two pixels that lie flat, in order.
fn flat(panel: &Panel) -> Vec<[f64; 2]> {
    let ends = panel.shapes.iter().filter_map(|shape| match shape {
        Shape::Path { points, width } if *width == 2.0 && points.len() == 2 && points[0].1 == points[1].1 => {
            Some([points[0].0, points[1].0])
        }
        _ => None,
    });
    ends.collect()
}

fn rects(panel: &Panel, below: f64) -> Vec<([f64; 2], [f64; 2])> {
    let rects = panel.shapes.iter().filter_map(|shape| match shape {
        Shape::Rect {
            x, y, solid: true, ..
        } if y[0] >= below => Some((*x, *y)),
        _ => None,
    });
    rects.collect()
}

struct Drawing<'a, 'b> {
    again: &'a mut Again<'b>,
    parameter: (&'static str, &'a str),
}

impl Drawing<'_, '_> {
    fn answer(&mut self, query: &str) -> Result<Rows> {
        let parameter = self.parameter;
        Ok(self.again.answer(query, parameter)?.clone())
    }

    fn window(&mut self) -> Result<Range<f64>> {
        let paths = self.answer("comparison/price_paths")?;
        let times = instants(&paths, "event_at");
        let end = |fold: fn(f64, f64) -> f64| times.iter().copied().reduce(fold).context("no instants");
        Ok(end(f64::min)?..end(f64::max)?)
    }

    fn rule_sets(&mut self) -> Result<Vec<String>> {
        let runs = self.answer("quality/runs")?;
        Ok((0..runs.rows.len())
            .map(|row| text(&runs, row, "rule_set"))
            .collect())
    }

    /// Falls, line by line: the dot and the interval of each.
    fn falls(&mut self, panels: &[Panel]) -> Result<()> {
        let answer = self.answer("comparison/drawdowns")?;
        let [panel] = panels else {
            bail!("{} panels", panels.len())
        };
        let scale = Scale::of(&panel.across).context("no axis")?;
        let dots: Vec<f64> = panel
            .shapes
            .iter()
            .filter_map(|shape| {
                if let Shape::Dot { x, .. } = shape {
                    Some(*x)
                } else {
                    None
                }
            })
            .collect();
        let spans = panel.shapes.iter().filter_map(|shape| match shape {
            Shape::Path { points, width } if *width == 4.0 => Some([points[0].0, points[1].0]),
            _ => None,
        });
        let mut spans = spans;
        let lines: Vec<&String> = panel
            .labels
            .iter()
            .filter(|label| !label.starts_with("fall from"))
            .collect();
        ensure!(
            lines.len() == dots.len() && !dots.is_empty(),
            "{} lines, {} dots",
            lines.len(),
            dots.len()
        );
        for (line, dot) in lines.into_iter().zip(dots) {
            let row = (0..answer.rows.len()).find(|&row| names(line, &text(&answer, row, "line")));
            let row = row.with_context(|| format!("no line {line:?}"))?;
            let median = value(&answer, row, "median_pct").context("no median")?;
            ensure!(scale.shows(median, dot), "{line}: {median} at {dot}");
            if let (Some(low), Some(high)) = (value(&answer, row, "low_pct"), value(&answer, row, "high_pct"))
            {
                let [from, to] = spans.next().context("an interval is missing")?;
                ensure!(
                    scale.shows(low, from) && scale.shows(high, to),
                    "{line}: {low} to {high} at {from} to {to}"
                );
            }
        }
        Ok(())
    }

    /// Unknowns of each figure: two halves of a bar from the median.
    fn tornado(&mut self, panels: &[Panel]) -> Result<()> {
        let answer = self.answer("comparison/tornado")?;
        let title = |row: usize| match text(&answer, row, "rule_set").as_str() {
            "record" => text(&answer, row, "line"),
            other => format!("{other}: {}", text(&answer, row, "line")),
        };
        for panel in panels.iter().filter(|panel| !panel.title.is_empty()) {
            let scale = Scale::of(&panel.across).context("no axis")?;
            let bars = rects(panel, 34.0);
            let unknowns: Vec<&String> = panel
                .labels
                .iter()
                .filter(|label| !label.contains("or low first") && !label.contains("or high first"))
                .collect();
            ensure!(
                bars.len() == 2 * unknowns.len() && !unknowns.is_empty(),
                "{} halves of {}",
                bars.len(),
                unknowns.len()
            );
            let named = |row: usize, name: &str| text(&answer, row, "unknown") == *name;
            let titled = |row: usize| names(&panel.title, &title(row));
            for (name, halves) in unknowns.into_iter().zip(bars.chunks(2)) {
                let row = (0..answer.rows.len()).find(|&row| titled(row) && named(row, name));
                let row = row.with_context(|| format!("no {name:?} of {:?}", panel.title))?;
                let middle = value(&answer, row, "median").context("no median")?;
                for ((x, _), end) in halves.iter().zip(["low", "high"]) {
                    let end = value(&answer, row, end).context("no end")?;
                    let (from, to) = (middle.min(end), middle.max(end));
                    ensure!(
                        scale.shows(from, x[0]) && scale.shows(to, x[1]),
                        "{name}: {from} to {to} at {x:?}"
                    );
                }
            }
        }
        let known: Vec<String> = (0..answer.rows.len())
            .flat_map(|row| [title(row), text(&answer, row, "unknown")])
            .collect();
        names_alone(panels, &known)
    }

    /// Mechanisms of each clock: shares one after the other, their reach, and all of them together.
    fn mechanisms(&mut self, panels: &[Panel]) -> Result<()> {
        let answer = self.answer("comparison/attribution")?;
        let mut known = Vec::new();
        let mut row = 0;
        for panel in panels.iter().filter(|panel| !panel.title.is_empty()) {
            let scale = Scale::of(&panel.across).context("no axis")?;
            let (bars, reaches) = (rects(panel, 0.0), flat(panel));
            ensure!(
                bars.len() == reaches.len() + 1 && bars.len() == panel.labels.len(),
                "{} bars",
                bars.len()
            );
            let clock = value(&answer, row, "clock_s").context("no clock")?;
            let total = value(&answer, row, "total").context("no total")?;
            known.push(format!("share of log amplification, clock {} min", clock / 60.0));
            ensure!(
                known.last() == Some(&panel.title),
                "{:?} is {known:?}",
                panel.title
            );
            let mut from = 0.0;
            for ((x, _), reach) in bars.iter().zip(&reaches) {
                let of = |column| value(&answer, row, column).with_context(|| format!("no {column}"));
                let (share, alone, last) = (of("median")?, of("alone")?, of("last")?);
                let (low, high) = (f64::min(from, from + share), f64::max(from, from + share));
                ensure!(
                    scale.shows(low, x[0]) && scale.shows(high, x[1]),
                    "row {row}: {low} to {high} at {x:?}"
                );
                ensure!(
                    scale.shows(from + alone, reach[0]) && scale.shows(from + last, reach[1]),
                    "row {row}: reach {reach:?}"
                );
                from += share;
                row += 1;
            }
            let (all, _) = bars[bars.len() - 1];
            ensure!(
                scale.shows(total.min(0.0), all[0]) && scale.shows(total.max(0.0), all[1]),
                "all together at {all:?}"
            );
        }
        ensure!(
            row == answer.rows.len(),
            "{row} of {} mechanisms",
            answer.rows.len()
        );
        names_alone(panels, &known)
    }

    /// Each rule set against the record: the least and the most of its line and band.
    fn multiples(&mut self, panels: &[Panel]) -> Result<()> {
        let (answer, window, known) = (
            self.answer("comparison/price_paths")?,
            self.window()?,
            self.rule_sets()?,
        );
        for panel in panels.iter().filter(|panel| !panel.title.is_empty()) {
            let left = known.iter().position(|name| names(&panel.title, name));
            let left = left.context("an unknown rule set")?;
            let rows = rows_of(&answer, &known[left]);
            reach(
                panel,
                &spread(
                    &answer,
                    &rows,
                    &["mark_median_pct", "mark_low_pct", "mark_high_pct"],
                    1.0,
                ),
            )?;
            let left = 1000.0 / 3.0 * ((left - 1) % 3) as f64;
            clock(&panel.across, left + 48.0..left + 1000.0 / 3.0 - 14.0, &window)?;
        }
        names_alone(panels, &known)
    }

    /// The map of levels under the first rule set: each cell that holds a hundredth of the fullest, in its place, in the colour of its
    /// side, as strong as the root of what it holds.
    fn level_map(&mut self, panels: &[Panel]) -> Result<()> {
        let answer = self.answer("liquidation/level_map")?;
        let (paths, window) = (self.answer("comparison/price_paths")?, self.window()?);
        let first = self.rule_sets()?.into_iter().next().context("no rule set")?;
        let [map, ..] = panels else { bail!("no panel") };
        let price = Scale::of(&map.up).context("no axis of price")?;
        clock(&map.across, 76.0..976.0, &window)?;
        reach(
            map,
            &spread(&paths, &rows_of(&paths, &first), &["mark_median_usd"], 1.0),
        )?;
        let mut rows = rows_of(&answer, &first);
        let fullest = spread(&answer, &rows, &["notional_usd"], 1.0)
            .into_iter()
            .fold(0.0, f64::max);
        let at = |row: usize, column: &str| instants_of(&answer, &[row], column).first().copied();
        rows.retain(|&row| at(row, "event_at") < at(row, "until_at"));
        let all = rows.clone();
        rows.retain(|&row| value(&answer, row, "notional_usd").is_some_and(|usd| usd >= 0.01 * fullest));
        let (reached, cells): (Vec<_>, Vec<_>) = map
            .shapes
            .iter()
            .filter_map(|shape| match shape {
                Shape::Rect {
                    x, y, opacity, fill, ..
                } => Some((*x, *y, *opacity, fill.as_str())),
                _ => None,
            })
            .partition(|(.., fill)| *fill == "none");
        ensure!(
            cells.len() == rows.len() && !rows.is_empty(),
            "{} cells of {}",
            cells.len(),
            rows.len()
        );
        let of = |row, column: &str| value(&answer, row, column).with_context(|| format!("no {column}"));
        let stands = |row, x: [f64; 2], y: [f64; 2], columns: [&str; 2]| {
            let [from, to] = [of(row, columns[0])?, of(row, columns[1])?];
            ensure!(
                price.shows(to, y[0]) && price.shows(from, y[1]),
                "row {row}: {from} to {to} at {y:?}"
            );
            for (px, column) in x.into_iter().zip(["event_at", "until_at"]) {
                let share =
                    (at(row, column).context("no instant")? - window.start) / (window.end - window.start);
                ensure!(
                    (px - 76.0 - 900.0 * share).abs() <= 2.0,
                    "row {row}: {column} at {px}"
                );
            }
            Ok(())
        };
        let mut stretches = all.clone();
        stretches.dedup_by_key(|&mut row| text(&answer, row, "event_at"));
        ensure!(stretches.len() == reached.len(), "{} stretches", reached.len());
        for (row, (x, y, ..)) in stretches.into_iter().zip(reached) {
            stands(row, x, y, ["lowest_usd", "highest_usd"])?;
        }
        for (row, (x, y, opacity, fill)) in rows.into_iter().zip(cells) {
            stands(row, x, y, ["from_usd", "to_usd"])?;
            let usd = of(row, "notional_usd")?;
            let colour = match text(&answer, row, "side").as_str() {
                "long" => "#D55E00",
                "short" => "#009E73",
                other => bail!("row {row}: a side {other:?}"),
            };
            ensure!(fill == colour, "row {row}: {fill}");
            ensure!(
                (opacity - (usd / fullest).sqrt()).abs() <= 0.0051,
                "row {row}: {usd} of {fullest} at {opacity}"
            );
        }
        names_alone(panels, &[])
    }

    /// Levels under the first rule set: boxes of time and price, bars of amounts.
    fn levels(&mut self, panels: &[Panel]) -> Result<()> {
        let answer = self.answer("liquidation/levels")?;
        let (paths, window) = (self.answer("comparison/price_paths")?, self.window()?);
        let first = self.rule_sets()?.into_iter().next().context("no rule set")?;
        let rows = rows_of(&answer, &first);
        let [map, amounts, ..] = panels else {
            bail!("{} panels", panels.len())
        };
        let price = Scale::of(&map.up).context("no axis of price")?;
        let amount = Scale::of(&amounts.across).context("no axis of amounts")?;
        clock(&map.across, 76.0..740.0, &window)?;
        reach(
            map,
            &spread(&paths, &rows_of(&paths, &first), &["mark_median_usd"], 1.0),
        )?;
        let (boxes, bars) = (rects(map, 0.0), rects(amounts, 0.0));
        ensure!(
            boxes.len() == rows.len() && bars.len() == rows.len(),
            "{} boxes of {}",
            boxes.len(),
            rows.len()
        );
        for ((row, (x, y)), (long, high)) in rows.into_iter().zip(boxes).zip(bars) {
            let of = |column| value(&answer, row, column).with_context(|| format!("no {column}"));
            let (from, to, usd) = (of("from_usd")?, of("to_usd")?, of("notional_usd")?);
            ensure!(
                price.shows(to, y[0]) && price.shows(from, y[1]),
                "row {row}: {from} to {to} at {y:?}"
            );
            ensure!(
                (y[0] - high[0]).abs() <= 1.0,
                "row {row}: bar and box at {y:?} and {high:?}"
            );
            ensure!(amount.shows(usd * 1e-6, long[1]), "row {row}: {usd} at {long:?}");
            let first_at = instants_of(&answer, &[row], "first_at")[0];
            let px = 76.0 + (first_at - window.start) / (window.end - window.start) * 664.0;
            ensure!(
                (x[0] - px).abs() <= 2.0,
                "row {row}: first met at {x:?}, not {px}"
            );
        }
        names_alone(panels, &[])
    }

    /// The crash on one axis of time: the least and the most of what each panel draws.
    fn crash(&mut self, panels: &[Panel]) -> Result<()> {
        let window = self.window()?;
        let mut known = self.rule_sets()?;
        let moments = self.answer("market/moments")?;
        known.extend((0..moments.rows.len()).map(|row| text(&moments, row, "mark")));
        let drawn = ["null", "mark"]
            .map(|of| move |unit: &str| ["median", "low", "high"].map(|part| format!("{of}_{part}_{unit}")));
        for panel in panels.iter().filter(|panel| !panel.title.is_empty()) {
            let (query, columns, factor) = match panel.title.split(',').next().unwrap_or_default() {
                "price" => (
                    "comparison/price_paths",
                    [drawn[0]("usd"), drawn[1]("usd")].concat(),
                    1.0,
                ),
                "against the record" => (
                    "comparison/price_paths",
                    [drawn[0]("pct"), drawn[1]("pct")].concat(),
                    1.0,
                ),
                "forced selling by the hour" => {
                    ("liquidation/flow_by_hour", vec!["sell_usd".to_owned()], 1e-6)
                }
                "added to the hour's move by forced flow" => (
                    "liquidation/feedback_by_hour",
                    vec!["added_log".to_owned()],
                    100.0,
                ),
                "least depth of the thinner side in a bar" => {
                    ("liquidation/depth_paths", vec!["lowest".to_owned()], 1.0)
                }
                // Steps that begin before the window, and what each tape holds: their axes alone.
                title if title.starts_with("initial margin") || title.starts_with("recorded ") => continue,
                title => bail!("a panel {title:?} that nobody reads back"),
            };
            let answer = self.answer(query)?;
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let rows: Vec<usize> = (0..answer.rows.len()).collect();
            reach(panel, &spread(&answer, &rows, &columns, factor))?;
        }
        let below = panels
            .iter()
            .rev()
            .find(|panel| !panel.across.is_empty())
            .context("no axis of time")?;
        clock(&below.across, 76.0..976.0, &window)?;
        let named: Vec<String> = known.iter().map(|one| one.to_owned()).collect();
        names_alone(panels, &named)
    }
}

/// The least and the most of what a panel draws are the least and the most of its cells.
fn reach(panel: &Panel, values: &[f64]) -> Result<()> {
    let scale = Scale::of(&panel.up).with_context(|| format!("{:?} has no axis", panel.title))?;
    let bars = panel.title.starts_with("forced selling");
    let [top, bottom] =
        extent(panel, bars).with_context(|| format!("nothing is drawn in {:?}", panel.title))?;
    let end = |fold: fn(f64, f64) -> f64| values.iter().copied().reduce(fold).context("no values");
    let (least, most) = (end(f64::min)?, end(f64::max)?);
    let least = if bars { 0.0 } else { least };
    ensure!(
        scale.shows(most, top) && scale.shows(least, bottom),
        "{:?}: {least} to {most} drawn from {bottom} to {top}: {:?}",
        panel.title,
        panel.up
    );
    Ok(())
}

fn text(rows: &Rows, row: usize, column: &str) -> String {
    rows.get(row, column).map(ToString::to_string).unwrap_or_default()
}

fn value(rows: &Rows, row: usize, column: &str) -> Option<f64> {
    rows.get(row, column).and_then(Cell::number)
}

fn rows_of(rows: &Rows, rule_set: &str) -> Vec<usize> {
    (0..rows.rows.len())
        .filter(|&row| text(rows, row, "rule_set") == rule_set)
        .collect()
}

fn spread(rows: &Rows, of: &[usize], columns: &[&str], factor: f64) -> Vec<f64> {
    let cells = of
        .iter()
        .flat_map(|&row| columns.iter().filter_map(move |column| value(rows, row, column)));
    cells.map(|value| value * factor).collect()
}

fn instants(rows: &Rows, column: &str) -> Vec<f64> {
    instants_of(rows, &(0..rows.rows.len()).collect::<Vec<_>>(), column)
}

fn instants_of(rows: &Rows, of: &[usize], column: &str) -> Vec<f64> {
    let times = of
        .iter()
        .filter_map(|&row| rows.get(row, column).and_then(Cell::time));
    times.map(|at| at.micros() as f64 / 1e6).collect()
}
