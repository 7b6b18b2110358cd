//! Where the amplification comes from: what each mechanism adds, one after the other, up to all of them together.

use plotters::prelude::*;

use super::canvas::{Area, HALT, INK, RULES, TEXT, WIDTH, bounds, font, picture, rows, shortened};
use crate::Error;
use crate::show::tick;
use crate::table::Answer;

const TITLE: u32 = 34;
const ROW: u32 = 34;
const AXIS: u32 = 34;
const NAMES: u32 = 270;
const LETTERS: usize = 28;

/// One clock: its mechanisms in order, and all of them together.
struct Panel {
    clock_s: f64,
    steps: Vec<Step>,
    total: f64,
}

struct Step {
    name: String,
    share: f64,
    /// What it adds alone, and taken out last: how far the order matters.
    alone: f64,
    last: f64,
}

/// The answer of `comparison/attribution`, a panel a clock; nothing without rows.
pub(crate) fn waterfall(answer: &Answer) -> Result<Option<String>, Error> {
    let panels = panels(answer)?;
    if panels.is_empty() {
        return Ok(None);
    }
    let tall = |panel: &Panel| TITLE + ROW * (panel.steps.len() as u32 + 1) + AXIS;
    let mut svg = String::new();
    {
        let height = panels.iter().map(tall).sum::<u32>();
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        let mut top = 0;
        for panel in &panels {
            draw(&root.clone().shrink((0, top), (WIDTH, tall(panel))), panel)?;
            top += tall(panel);
        }
        root.present().map_err(picture)?;
    }
    Ok(Some(svg))
}

fn panels(answer: &Answer) -> Result<Vec<Panel>, Error> {
    let mut panels: Vec<Panel> = Vec::new();
    for row in answer.all() {
        let numbers =
            ["clock_s", "median", "alone", "last", "total"].map(|column| answer.number(row, column));
        let [Some(clock_s), Some(share), Some(alone), Some(last), Some(total)] = numbers else {
            continue;
        };
        if panels.last().is_none_or(|panel| panel.clock_s != clock_s) {
            panels.push(Panel {
                clock_s,
                steps: Vec::new(),
                total,
            });
        }
        let name = answer.get(row, "mechanism")?.to_string().replace('_', " ");
        if let Some(panel) = panels.last_mut() {
            panel.steps.push(Step {
                name,
                share,
                alone,
                last,
            });
        }
    }
    Ok(panels)
}

fn draw(area: &Area<'_>, panel: &Panel) -> Result<(), Error> {
    let mut from = 0.0;
    let mut bars = Vec::new();
    for step in &panel.steps {
        bars.push((step, from));
        from += step.share;
    }
    let ends = bars
        .iter()
        .flat_map(|&(step, from)| [0.0, step.share, step.alone, step.last].map(|part| from + part));
    let (least, most) = bounds(ends.chain([0.0, panel.total])).unwrap_or((0.0, 1.0));
    let room = ((most - least) * 0.06).max(1e-6);
    let count = panel.steps.len() as f64 + 1.0;
    let mut chart = rows(area, [TITLE, NAMES, AXIS], least - room..most + room, count)?;
    let label = |index: usize, name: &str| {
        let at = (12, (TITLE + ROW * index as u32) as i32 + 8);
        area.draw(&Text::new(shortened(name, LETTERS), at, font(TEXT)))
            .map_err(picture)
    };
    for (index, &(step, from)) in bars.iter().enumerate() {
        let middle = count - index as f64 - 0.5;
        let corners = [(from, middle - 0.32), (from + step.share, middle + 0.32)];
        let bar = Rectangle::new(corners, RULES[index % RULES.len()].filled());
        chart.draw_series([bar]).map_err(picture)?;
        let reach = vec![(from + step.alone, middle), (from + step.last, middle)];
        let ends = [step.alone, step.last].map(|part| {
            let at = from + part;
            PathElement::new(
                vec![(at, middle - 0.14), (at, middle + 0.14)],
                INK.stroke_width(2),
            )
        });
        let line = PathElement::new(reach, INK.stroke_width(2));
        chart
            .draw_series([line].into_iter().chain(ends))
            .map_err(picture)?;
        // The next one begins where this one ends.
        let edge = from + step.share;
        let link = PathElement::new(vec![(edge, middle), (edge, middle - 1.0)], HALT.stroke_width(1));
        chart.draw_series([link]).map_err(picture)?;
        label(index, &step.name)?;
    }
    let all = Rectangle::new([(0.0, 0.18), (panel.total, 0.82)], INK.filled());
    chart.draw_series([all]).map_err(picture)?;
    label(panel.steps.len(), "all together")?;
    let zero = PathElement::new(vec![(0.0, 0.0), (0.0, count)], INK.stroke_width(1));
    chart.draw_series([zero]).map_err(picture)?;
    let title = format!(
        "share of log amplification, clock {} min",
        tick(panel.clock_s / 60.0)
    );
    area.draw(&Text::new(title, (12, 10), font(TEXT + 1)))
        .map_err(picture)
}
