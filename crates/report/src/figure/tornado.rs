//! Which unknown moves each headline figure: from the lowest fifth of its values to the highest.

use plotters::prelude::*;

use super::canvas::{Area, INK, RULES, TEXT, WIDTH, bounds, font, picture, rows, shortened};
use crate::Error;
use crate::table::Answer;

const LEGEND: u32 = 34;
const TITLE: u32 = 34;
const ROW: u32 = 30;
const AXIS: u32 = 40;
const NAMES: u32 = 250;
const TITLE_LETTERS: usize = 100;
const LOWEST: RGBColor = RULES[4];
const HIGHEST: RGBColor = RULES[0];

/// One figure under one rule set, and what moves it.
struct Panel {
    title: String,
    median: f64,
    /// Unknown, figure in its lowest fifth and in its highest.
    bars: Vec<(String, f64, f64)>,
}

/// The rows of `comparison/tornado` that `rows` names, a panel for each figure of each rule set; nothing without rows.
pub(crate) fn tornado(answer: &Answer, rows: &[usize]) -> Result<Option<String>, Error> {
    let panels = panels(answer, rows)?;
    if panels.is_empty() {
        return Ok(None);
    }
    let tall = |panel: &Panel| TITLE + ROW * panel.bars.len() as u32 + AXIS;
    let height = LEGEND + panels.iter().map(tall).sum::<u32>();
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(picture)?;
        let keys = [
            (LOWEST, "fifth of draws with the lowest values, or high first"),
            (HIGHEST, "with the highest, or low first"),
        ];
        for ((shade, label), x) in keys.into_iter().zip([12, 450]) {
            root.draw(&Rectangle::new([(x, 11), (x + 22, 23)], shade.filled()))
                .map_err(picture)?;
            root.draw(&Text::new(label, (x + 29, 9), font(TEXT)))
                .map_err(picture)?;
        }
        let mut top = LEGEND;
        for panel in &panels {
            let area = root.clone().shrink((0, top), (WIDTH, tall(panel)));
            draw(&area, panel)?;
            top += tall(panel);
        }
        root.present().map_err(picture)?;
    }
    Ok(Some(svg))
}

fn panels(answer: &Answer, rows: &[usize]) -> Result<Vec<Panel>, Error> {
    let mut panels: Vec<Panel> = Vec::new();
    for &row in rows {
        let text = |column: &str| Ok::<_, Error>(answer.get(row, column)?.to_string());
        let rule_set = text("rule_set")?;
        let under = if rule_set == "record" {
            String::new()
        } else {
            format!("{rule_set}: ")
        };
        let title = format!("{under}{}", text("line")?);
        let numbers = ["low", "median", "high"].map(|column| answer.number(row, column));
        let [Some(low), Some(median), Some(high)] = numbers else {
            continue;
        };
        if panels.last().is_none_or(|last| last.title != title) {
            panels.push(Panel {
                title,
                median,
                bars: Vec::new(),
            });
        }
        if let Some(panel) = panels.last_mut() {
            panel.bars.push((text("unknown")?, low, high));
        }
    }
    Ok(panels)
}

fn draw(area: &Area<'_>, panel: &Panel) -> Result<(), Error> {
    let ends = panel.bars.iter().flat_map(|&(_, low, high)| [low, high]);
    let (least, most) = bounds(ends.chain([panel.median])).unwrap_or((0.0, 1.0));
    let room = ((most - least) * 0.06).max(most.abs() * 1e-6).max(1e-9);
    let count = panel.bars.len() as f64;
    let mut chart = rows(area, [TITLE, NAMES, AXIS], least - room..most + room, count)?;
    for (index, (name, low, high)) in panel.bars.iter().enumerate() {
        let middle = count - index as f64 - 0.5;
        // Both may lie on one side of the median, so each has its own half of the bar.
        let halves = [(*low, LOWEST, 0.0, 0.38), (*high, HIGHEST, -0.38, 0.0)];
        let shapes = halves.map(|(end, shade, under, over)| {
            let corners = [(panel.median, middle + under), (end, middle + over)];
            Rectangle::new(corners, shade.filled())
        });
        chart.draw_series(shapes).map_err(picture)?;
        let at = (12, (TITLE + ROW * index as u32) as i32 + 6);
        area.draw(&Text::new(name.as_str(), at, font(TEXT)))
            .map_err(picture)?;
    }
    let line = vec![(panel.median, 0.0), (panel.median, count)];
    chart
        .draw_series([PathElement::new(line, INK.stroke_width(2))])
        .map_err(picture)?;
    area.draw(&Text::new(
        shortened(&panel.title, TITLE_LETTERS),
        (12, 10),
        font(TEXT + 1),
    ))
    .map_err(picture)
}
