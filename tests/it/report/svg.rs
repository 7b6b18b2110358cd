//! A still picture read back as its panels: the marks beside their axes, the shapes between them, and what is written.

use anyhow::{Context, Result, ensure};
use roxmltree::Node;

use super::cells::has_digit;

/// One thing that is drawn.
pub enum Shape {
    Path {
        points: Vec<(f64, f64)>,
        width: f64,
    },
    Area {
        points: Vec<(f64, f64)>,
    },
    Rect {
        x: [f64; 2],
        y: [f64; 2],
        solid: bool,
        opacity: f64,
        fill: String,
    },
    Dot {
        x: f64,
        y: f64,
    },
}

/// What stands between one title and the one before it.
#[derive(Default)]
pub struct Panel {
    pub title: String,
    /// Pixel and text of the marks of each axis.
    pub across: Vec<(f64, String)>,
    pub up: Vec<(f64, String)>,
    pub shapes: Vec<Shape>,
    pub labels: Vec<String>,
}

/// Panels of a drawing. A text that `is_title` ends its panel; what follows the last is one without a title.
pub fn panels(svg: Node<'_, '_>, is_title: impl Fn(Node<'_, '_>) -> bool) -> Result<Vec<Panel>> {
    let mut panels = Vec::new();
    let mut panel = Panel::default();
    for node in svg.descendants().filter(Node::is_element) {
        match node.tag_name().name() {
            "text" => {
                let text = node.text().unwrap_or_default().trim().to_owned();
                let mark = number(&text).is_some() || is_instant(&text);
                match node.attribute("text-anchor") {
                    Some("end") if mark => panel.up.push((at(node, "y")?, text)),
                    Some("middle") if mark => panel.across.push((at(node, "x")?, text)),
                    _ if is_title(node) => {
                        panel.title = text;
                        panels.push(std::mem::take(&mut panel));
                    }
                    _ => panel.labels.push(text),
                }
            }
            "polyline" => panel.shapes.push(Shape::Path {
                points: points(node)?,
                width: at(node, "stroke-width")?,
            }),
            "polygon" => panel.shapes.push(Shape::Area {
                points: points(node)?,
            }),
            "circle" => panel.shapes.push(Shape::Dot {
                x: at(node, "cx")?,
                y: at(node, "cy")?,
            }),
            "rect" if node.attribute("fill") != Some("#FFFFFF") => {
                let [x, y] = [at(node, "x")?, at(node, "y")?];
                let opacity = at(node, "opacity")?;
                panel.shapes.push(Shape::Rect {
                    x: [x, x + at(node, "width")?],
                    y: [y, y + at(node, "height")?],
                    solid: opacity > 0.3,
                    opacity,
                    fill: node.attribute("fill").unwrap_or_default().to_owned(),
                });
            }
            _ => {}
        }
    }
    panels.push(panel);
    for panel in &panels {
        even(&panel.across).with_context(|| format!("below {:?}", panel.title))?;
        even(&panel.up).with_context(|| format!("beside {:?}", panel.title))?;
    }
    Ok(panels)
}

/// A number as it stands beside an axis.
pub fn number(text: &str) -> Option<f64> {
    let plain = text.replace('−', "-").replace(',', "");
    plain.parse().ok().filter(|_| has_digit(text))
}

fn is_instant(text: &str) -> bool {
    let parts = text.split_once(':').or(text.split_once('-'));
    text.len() == 5
        && parts.is_some_and(|(a, b)| {
            [a, b]
                .iter()
                .all(|part| part.len() == 2 && part.parse::<u32>().is_ok())
        })
}

fn at(node: Node<'_, '_>, name: &str) -> Result<f64> {
    let value = node
        .attribute(name)
        .with_context(|| format!("a shape without {name}"))?;
    Ok(value.parse()?)
}

fn points(node: Node<'_, '_>) -> Result<Vec<(f64, f64)>> {
    let pairs = node
        .attribute("points")
        .context("a path without points")?
        .split_whitespace();
    pairs
        .map(|pair| {
            let (x, y) = pair.split_once(',').context("a point")?;
            Ok((x.parse()?, y.parse()?))
        })
        .collect()
}

/// Marks of an axis lie evenly, at whole multiples of a round step, and their numbers are as far apart as their pixels say.
fn even(marks: &[(f64, String)]) -> Result<()> {
    let found: Vec<(f64, f64)> = marks
        .iter()
        .filter_map(|(at, text)| Some((*at, number(text)?)))
        .collect();
    let [(first_px, first), (next_px, next), ..] = found[..] else {
        return Ok(());
    };
    let step = next - first;
    let power = 10f64.powf(step.abs().log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0, 10.0]
        .iter()
        .any(|whole| (step.abs() / power - whole).abs() < 1e-9);
    ensure!(round, "steps of {step} between {:?}", marks);
    let (last_px, last) = found[found.len() - 1];
    for (place, (px, value)) in found.iter().enumerate() {
        ensure!(
            (value - first - step * place as f64).abs() < 1e-6 * step.abs()
                && (value / step - (value / step).round()).abs() < 1e-6,
            "{value} among {marks:?}"
        );
        let should = first_px + (value - first) / (last - first) * (last_px - first_px);
        ensure!((px - should).abs() <= 1.5, "{value} stands at {px}: {marks:?}");
    }
    ensure!(next_px != first_px, "marks on each other: {marks:?}");
    Ok(())
}

/// A scale from values to pixels, as the marks of an axis give it.
pub struct Scale {
    from: (f64, f64),
    to: (f64, f64),
}

impl Scale {
    /// The scale of marks that are numbers; none where there are fewer than two.
    pub fn of(marks: &[(f64, String)]) -> Option<Self> {
        let at = |mark: &(f64, String)| Some((mark.0, number(&mark.1)?));
        let (from, to) = (at(marks.first()?)?, at(marks.last()?)?);
        (from.1 != to.1).then_some(Self { from, to })
    }

    /// Whether a value is drawn at a pixel, as exactly as whole pixels allow.
    pub fn shows(&self, value: f64, px: f64) -> bool {
        let share = (value - self.from.1) / (self.to.1 - self.from.1);
        let should = self.from.0 + share * (self.to.0 - self.from.0);
        (px - should).abs() <= 2.0 + share.abs().max(1.0)
    }
}
