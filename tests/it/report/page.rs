//! A page read back: no number outside an element that names its cell, and every cell asked for again.

use aftershock_query::cells::Cell;
use aftershock_query::{Session, queries};
use anyhow::{Context, Result, bail, ensure};
use roxmltree::{Document, Node, ParsingOptions};

use super::cells::{Again, has_digit, shows};
use super::{chart, drawn};

/// A cell outside a table, which says of itself where it comes from.
fn is_cell(node: Node<'_, '_>) -> bool {
    (node.has_tag_name("data") || node.has_tag_name("span")) && node.attribute("class") == Some("cell")
}

/// The table around a place, where it is one of a query.
pub fn table_of<'a, 'b>(node: Node<'a, 'b>) -> Option<Node<'a, 'b>> {
    let table = node.ancestors().find(|one| one.has_tag_name("table"))?;
    table.attribute("data-query").map(|_| table)
}

/// The one parameter that an element names beside its query.
pub fn parameter<'a>(node: Node<'a, '_>) -> Result<(&'static str, &'a str)> {
    let mut named = ["episode", "run", "world", "rule_set"]
        .into_iter()
        .filter_map(|name| Some((name, node.attribute(format!("data-{name}").as_str())?)));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        _ => bail!("an element names neither episode nor run nor world nor rule set, or several"),
    }
}

/// A page as a document.
pub fn document(html: &str) -> Result<Document<'_>> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Ok(Document::parse_with_options(html, options)?)
}

/// All text below a node, but for signs of what a figure is.
fn words(node: Node<'_, '_>) -> String {
    node.descendants()
        .filter(|one| one.is_text())
        .filter(|one| {
            one.ancestors()
                .all(|above| above.attribute("class") != Some("kind"))
        })
        .filter_map(|one| one.text())
        .collect()
}

/// Whether the full value of a cell stands on its element.
fn full(node: Node<'_, '_>, cell: &Cell) -> bool {
    let full = match cell {
        Cell::Null => String::new(),
        Cell::Float(value) => value.to_string(),
        other => other.to_string().replace('\n', " "),
    };
    // Words are their own value.
    node.attribute("value")
        .map_or(matches!(cell, Cell::Text(_)), |value| value == full)
}

fn factor_of(node: Node<'_, '_>) -> Result<f64> {
    Ok(node.attribute("data-factor").map_or(Ok(1.0), str::parse)?)
}

/// Asks every cell of a page again, and fails for a number outside one; the number of cells.
pub fn asked_again(session: &Session, html: &str) -> Result<usize> {
    let mut again = Again::new(session);
    check(&mut again, html)?;
    Ok(again.checked)
}

/// The same of a page or a part of one.
pub fn check(again: &mut Again<'_>, html: &str) -> Result<()> {
    let page = document(html)?;
    for node in page.descendants() {
        if node.is_text() && has_digit(node.text().unwrap_or_default()) {
            number_stands_in_a_cell(node)?;
        }
        for name in ["title", "aria-label", "alt", "placeholder"] {
            let said = node.attribute(name).unwrap_or_default();
            ensure!(!has_digit(said), "a number outside a cell: {name}={said:?}");
        }
        if node.attribute("class") == Some("kind") {
            let sign = node.text().unwrap_or_default();
            ensure!(["●", "■", "◐", "◆", "△"].contains(&sign), "the sign {sign:?}");
        }
        if is_cell(node) {
            cell_asked_again(again, node)?;
        }
        if node.has_tag_name("td") {
            place_asked_again(again, node)?;
        }
        if node.has_tag_name("script") && node.attribute("class") == Some("cells") {
            chart::block_asked_again(again, node)?;
        }
        if node.has_tag_name("figure") {
            parameter(node)?;
            for query in node
                .attribute("data-query")
                .context("a figure without a query")?
                .split(' ')
            {
                queries::named(query)?;
            }
            drawn::asked_again(again, node)?;
        }
    }
    let text_of = |tag: &str| Some(words(page.descendants().find(|node| node.has_tag_name(tag))?));
    let title = text_of("title").unwrap_or_default();
    let heading = text_of("h1").unwrap_or_default();
    ensure!(
        !has_digit(&title) || title.ends_with(&format!(": {heading}")),
        "the title {title:?} over {heading:?}"
    );
    for written in text_of("style").unwrap_or_default().split("content:").skip(1) {
        ensure!(
            !has_digit(written.split(';').next().unwrap_or_default())
                || !written.trim_start().starts_with('"'),
            "a number in the style"
        );
    }
    chart::layout_names_what_is_there(again, &page)
}

/// Text with a digit is a cell, a place of a table, or part of a picture, which is read back by itself.
fn number_stands_in_a_cell(text: Node<'_, '_>) -> Result<()> {
    let stands_in = |one: Node<'_, '_>| {
        is_cell(one)
            || (one.has_tag_name("td") && table_of(one).is_some())
            || one.tag_name().name() == "svg" && one.ancestors().any(|above| above.has_tag_name("figure"))
            || ["style", "title", "script"]
                .iter()
                .any(|tag| one.has_tag_name(*tag))
    };
    ensure!(
        text.ancestors().any(stands_in),
        "a number outside a cell: {:?}",
        text.text().unwrap_or_default().trim()
    );
    Ok(())
}

/// A cell outside a table.
fn cell_asked_again(again: &mut Again<'_>, node: Node<'_, '_>) -> Result<()> {
    let query = node.attribute("data-query").context("a cell without a query")?;
    let row = node
        .attribute("data-row")
        .context("a cell without a row")?
        .parse()?;
    let column = node.attribute("data-column").context("a cell without a column")?;
    let cell = again.cell(query, parameter(node)?, row, column)?;
    let text = words(node);
    ensure!(
        shows(&text, &cell, factor_of(node)?) && full(node, &cell),
        "{query}, row {row}, {column}: shown {text:?}, value {:?}, is {cell:?}",
        node.attribute("value")
    );
    Ok(())
}

/// One place of a table: the heading over it names its columns, the row before it its row.
fn place_asked_again(again: &mut Again<'_>, place: Node<'_, '_>) -> Result<()> {
    let table = table_of(place).context("a table without a query")?;
    let query = table.attribute("data-query").context("a query")?;
    let row = place.parent().and_then(|row| row.attribute("data-row"));
    let row: usize = row.context("a row without a number")?.parse()?;
    let number = place.prev_siblings().filter(|one| one.has_tag_name("td")).count() - 1;
    let heading = table
        .descendants()
        .filter(|one| one.has_tag_name("th"))
        .nth(number)
        .context("a place without a heading")?;
    let columns: Vec<&str> = heading
        .attribute("data-columns")
        .context("a heading without columns")?
        .split(' ')
        .collect();
    let factor = factor_of(heading)?;
    let cells = columns
        .iter()
        .map(|column| again.cell(query, parameter(table)?, row, column))
        .collect::<Result<Vec<_>>>()?;
    let figures: Vec<Node<'_, '_>> = place
        .descendants()
        .filter(|one| one.has_tag_name("data"))
        .collect();
    if figures.is_empty() {
        let text = words(place);
        let Cell::Text(is) = &cells[0] else {
            bail!("{query}, row {row}, {}: {text:?} is {:?}", columns[0], cells[0]);
        };
        ensure!(
            text.trim() == is.trim(),
            "{query}, row {row}: shown {text:?}, is {is:?}"
        );
        return Ok(());
    }
    if figures.len() < cells.len() {
        ensure!(
            figures.len() == 1 && cells[1..].iter().any(Cell::is_null),
            "{query}, row {row}: an interval is left out"
        );
    }
    for (figure, cell) in figures.iter().zip(&cells) {
        let text = words(*figure);
        ensure!(
            shows(&text, cell, factor) && full(*figure, cell),
            "{query}, row {row}, {columns:?}: shown {text:?}, value {:?}, is {cell:?}",
            figure.attribute("value")
        );
    }
    // Nothing but the figures and what holds them apart.
    let rest: String = place
        .descendants()
        .filter(|one| one.is_text() && one.ancestors().all(|above| !above.has_tag_name("data")))
        .filter_map(|one| one.text())
        .collect();
    ensure!(
        !has_digit(&rest),
        "{query}, row {row}: {rest:?} beside its figures"
    );
    Ok(())
}

#[test]
fn every_number_of_the_page_is_the_cell_it_names() -> Result<()> {
    let (session, report) = super::made()?;
    let checked = asked_again(session, &report.html)?;
    ensure!(checked > 3000, "only {checked} cells");
    let page = document(&report.html)?;
    let text_of = |tag: &str| page.descendants().find(|node| node.has_tag_name(tag)).map(words);
    let (title, heading) = (
        text_of("title").context("no title")?,
        text_of("h1").context("no heading")?,
    );
    ensure!(title == format!("Aftershock post-mortem: {heading}"), "{title}");
    Ok(())
}
