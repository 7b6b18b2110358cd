//! A post-mortem of the synthetic fixture, read back: no number outside an element that names its cell, and every
//! cell asked for again.

use std::collections::BTreeMap;

use aftershock_query::cells::{Cell, Rows};
use aftershock_query::{Session, queries};
use aftershock_report::Report;
use anyhow::{Context, Result, bail, ensure};
use roxmltree::{Document, Node, ParsingOptions};

const EPISODE: &str = "2000-01-01-made-up";
const STEM: &str = "made-up";

/// A session of the runs that belong together, and the report on them.
fn made() -> Result<(Session, Report)> {
    let root = crate::workspace::root().join("tests/fixtures/sql");
    let all = crate::sql::fixture()?;
    let together = Rows::of(&all.sql_with(
        "SELECT run FROM catalog.runs WHERE episode = $episode AND draws = 100 ORDER BY run",
        &[("episode", EPISODE)],
    )?);
    let runs: Vec<&str> = together.rows.iter().filter_map(|row| row[0].text()).collect();
    let session = Session::open_runs(
        &root.join("data"),
        crate::sql::catalog(&root.join("catalog"))?,
        &runs,
    )?;
    let report = Report::build(&session, EPISODE, STEM)?;
    Ok((session, report))
}

/// Answers already asked for, by query and parameter.
struct Again<'a> {
    session: &'a Session,
    answers: BTreeMap<(String, String, String), Rows>,
    checked: usize,
}

impl<'a> Again<'a> {
    fn new(session: &'a Session) -> Self {
        Self {
            session,
            answers: BTreeMap::new(),
            checked: 0,
        }
    }

    /// The cell that a place on the page claims to show.
    fn cell(&mut self, query: &str, parameter: (&str, &str), row: usize, column: &str) -> Result<Cell> {
        let key = (query.to_owned(), parameter.0.to_owned(), parameter.1.to_owned());
        if !self.answers.contains_key(&key) {
            let answer = self.session.ask(query, &[parameter])?;
            self.answers.insert(key.clone(), answer);
        }
        self.checked += 1;
        let answer = &self.answers[&key];
        let cell = answer.get(row, column);
        cell.cloned()
            .with_context(|| format!("{query} has no row {row} or column {column}"))
    }
}

/// Whether a reader who sees `text` is told the truth about `cell`.
fn shows(text: &str, cell: &Cell, factor: f64) -> bool {
    match cell {
        Cell::Null => !has_digit(text),
        Cell::Time(at) => {
            let full = at.to_string().replace('T', " ");
            text == full.trim_end_matches('Z') || text == full.trim_end_matches(":00Z")
        }
        Cell::Int(_) | Cell::Float(_) => {
            let value = cell.number().unwrap_or(f64::NAN) * factor;
            let plain = text.replace('−', "-").replace([',', '+'], "");
            let Ok(shown) = plain.parse::<f64>() else {
                return false;
            };
            let (digits, power) = plain.split_once('e').unwrap_or((&plain, "0"));
            let decimals = digits.split_once('.').map_or(0, |(_, rest)| rest.len()) as i32;
            let last = 10f64.powi(power.parse::<i32>().unwrap_or(0) - decimals);
            (shown - value).abs() <= 0.5 * last * (1.0 + 1e-6)
        }
        other => text == other.to_string(),
    }
}

fn has_digit(text: &str) -> bool {
    text.chars().any(|letter| letter.is_ascii_digit())
}

fn is_cell(node: Node<'_, '_>) -> bool {
    node.has_tag_name("data") && node.attribute("class") == Some("cell")
}

/// The one parameter that an element names beside its query.
fn parameter<'a>(node: Node<'a, '_>) -> Result<(&'static str, &'a str)> {
    let mut named = ["episode", "run", "world"]
        .into_iter()
        .filter_map(|name| Some((name, node.attribute(format!("data-{name}").as_str())?)));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        _ => bail!("an element names neither episode nor run nor world, or several"),
    }
}

/// A page as a document.
fn document(html: &str) -> Result<Document<'_>> {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    Ok(Document::parse_with_options(html, options)?)
}

/// Asks every cell of a page again, and fails for a number outside one; the number of cells.
pub fn asked_again(session: &Session, html: &str) -> Result<usize> {
    let page = document(html)?;
    let mut again = Again::new(session);
    for node in page.descendants() {
        if node.is_text() && has_digit(node.text().unwrap_or_default()) {
            let stands_in = |node: Node<'_, '_>| {
                is_cell(node)
                    || (node.has_tag_name("figure") && node.attribute("data-query").is_some())
                    || node.has_tag_name("style")
                    || node.has_tag_name("title")
            };
            ensure!(
                node.ancestors().any(stands_in),
                "a number outside a cell: {:?}",
                node.text().unwrap_or_default().trim()
            );
        }
        if is_cell(node) {
            let query = node.attribute("data-query").context("a cell without a query")?;
            let row = node
                .attribute("data-row")
                .context("a cell without a row")?
                .parse()?;
            let column = node.attribute("data-column").context("a cell without a column")?;
            let factor = node.attribute("data-factor").map_or(Ok(1.0), str::parse)?;
            let cell = again.cell(query, parameter(node)?, row, column)?;
            let text = node.text().unwrap_or_default();
            ensure!(
                shows(text, &cell, factor),
                "{query}, row {row}, {column}: shown {text:?}, is {cell:?}"
            );
            let full = match &cell {
                Cell::Null => String::new(),
                Cell::Float(value) => value.to_string(),
                other => other.to_string().replace('\n', " "),
            };
            ensure!(
                node.attribute("value") == Some(&full),
                "{query}, row {row}, {column}: value {:?}",
                node.attribute("value")
            );
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
        }
    }
    Ok(again.checked)
}

#[test]
fn every_number_of_the_page_is_the_cell_it_names() -> Result<()> {
    let (session, report) = made()?;
    let checked = asked_again(&session, &report.html)?;
    ensure!(checked > 300, "only {checked} cells");
    let page = document(&report.html)?;
    let text_of = |tag: &str| {
        let node = page.descendants().find(|node| node.has_tag_name(tag))?;
        Some(
            node.descendants()
                .filter_map(|node| if node.is_text() { node.text() } else { None })
                .collect::<String>(),
        )
    };
    let (title, heading) = (
        text_of("title").context("no title")?,
        text_of("h1").context("no heading")?,
    );
    ensure!(title == format!("Aftershock post-mortem: {heading}"), "{title}");
    Ok(())
}

#[test]
fn what_limits_the_answer_stands_above_the_first_number() -> Result<()> {
    let (_, report) = made()?;
    let (before, after) = report
        .html
        .split_once("<section class=\"honesty\">")
        .context("no section of limits")?;
    let (limits, _) = after
        .split_once("</section>")
        .context("the section does not end")?;
    let queries = |text: &str| -> Vec<String> {
        text.split("data-query=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next().map(str::to_owned))
            .collect()
    };
    ensure!(queries(before) == ["market/episode"], "{:?}", queries(before));
    for query in queries(limits) {
        ensure!(
            ["quality/limits", "quality/assumptions"].contains(&query.as_str()),
            "{query}"
        );
    }
    for words in [
        "mark proxied by spot",
        "by construction",
        "are priors",
        "not modelled",
        "Priors, not measurements",
    ] {
        ensure!(limits.to_lowercase().contains(&words.to_lowercase()), "{words}");
    }
    let place = |text: &str| report.markdown.find(text).with_context(|| format!("no {text:?}"));
    ensure!(place("query: quality/limits")? < place("query: comparison/drawdowns")?);
    Ok(())
}

#[test]
fn scores_where_the_truth_is_known_stand_above_the_first_result() -> Result<()> {
    let (_, report) = made()?;
    for page in [&report.html, &report.markdown] {
        let place = |text: &str| page.find(text).with_context(|| format!("no {text:?}"));
        let heading = place("How such answers fare where the truth is known")?;
        ensure!(heading < place("quality/recovery_in_words")? && heading < place("What happened")?);
        ensure!(place("quality/recovery_in_words")? < place("comparison/drawdowns")?);
        ensure!(
            place("prior-only on bars</data>").or_else(|_| place("| prior-only on bars |"))?
                < place("What happened")?
        );
        // Bars were answered on one clock of the fixture's two, and from the priors on the tape's clock beside it.
        ensure!(!page.contains("| prior-only |") && !page.contains(">prior-only<"));
        ensure!(!page.contains("Nothing was measured"));
    }
    Ok(())
}

#[test]
fn without_scores_the_page_says_that_nothing_was_measured() -> Result<()> {
    let root = crate::workspace::root().join("tests/fixtures/sql");
    let mut catalog = crate::sql::catalog(&root.join("catalog"))?;
    catalog.recovery = catalog.recovery.slice(0, 0);
    let (_, full) = made()?;
    let runs = full
        .html
        .split_once("data-runs=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .context("no runs")?
        .0;
    let runs: Vec<&str> = runs.split(' ').collect();
    let session = Session::open_runs(&root.join("data"), catalog, &runs)?;
    let report = Report::build(&session, EPISODE, STEM)?;
    for page in [&report.html, &report.markdown] {
        ensure!(page.contains("Nothing was measured") && !page.contains("quality/recovery"));
    }
    asked_again(&session, &report.html)?;
    twin_asked_again(&session, &report.markdown)?;
    Ok(())
}

#[test]
fn the_page_needs_no_network_and_no_script() -> Result<()> {
    let (_, report) = made()?;
    let html = report.html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for needle in ["http:", "https:", "<script", "src=", "@import", "url(", "<link"] {
        ensure!(!html.contains(needle), "{needle}");
    }
    for picture in &report.pictures {
        ensure!(
            report.markdown.contains(&format!("({})", picture.file)),
            "{}",
            picture.file
        );
        Document::parse(&picture.svg)?;
    }
    ensure!(report.pictures.len() == 3);
    Ok(())
}

#[test]
fn two_runs_of_one_rule_set_do_not_share_a_report() -> Result<()> {
    let all = crate::sql::fixture()?;
    let error = Report::build(&all, EPISODE, STEM).err().context("it was built")?;
    ensure!(
        error.to_string() == "two runs of the rule set `record` cannot stand in one report",
        "{error}"
    );
    let error = Report::build(&all, "unknown", STEM)
        .err()
        .context("it was built")?;
    ensure!(
        error.to_string() == "there is no run of episode `unknown` to report on",
        "{error}"
    );
    Ok(())
}

/// What a comment of the Markdown says of the cells below it.
struct Claim {
    query: String,
    parameter: (String, String),
    /// Absent for a picture.
    rows: Option<Vec<usize>>,
    columns: Vec<Shown>,
}

/// A column of a Markdown table: `name`, or `median [low, high]`, with ` *factor` where there is one.
struct Shown {
    names: Vec<String>,
    factor: f64,
}

impl Claim {
    fn read(comment: &str) -> Result<Self> {
        let mut claim = Self {
            query: String::new(),
            parameter: Default::default(),
            rows: None,
            columns: Vec::new(),
        };
        for field in comment.split(" | ") {
            let (key, value) = field.split_once(':').context("expected `key: value`")?;
            let value = value.trim();
            match key {
                "query" => claim.query = value.to_owned(),
                "episode" | "run" | "world" => claim.parameter = (key.to_owned(), value.to_owned()),
                "rows" => {
                    let rows = value
                        .split_whitespace()
                        .map(str::parse)
                        .collect::<Result<_, _>>()?;
                    claim.rows = Some(rows);
                }
                "columns" => claim.columns = value.split("; ").map(Shown::read).collect::<Result<_>>()?,
                _ => bail!("unknown key {key}"),
            }
        }
        Ok(claim)
    }
}

impl Shown {
    fn read(text: &str) -> Result<Self> {
        let (names, factor) = match text.split_once(" *") {
            Some((names, factor)) => (names, factor.parse()?),
            None => (text, 1.0),
        };
        let names = names.replace(['[', ']', ','], " ");
        Ok(Self {
            names: names.split_whitespace().map(str::to_owned).collect(),
            factor,
        })
    }
}

impl Claim {
    /// Compares the text of one place with the one or three cells it shows.
    fn check(&self, again: &mut Again<'_>, row: usize, shown: &Shown, text: &str) -> Result<()> {
        let parameter = (self.parameter.0.as_str(), self.parameter.1.as_str());
        let cells = shown
            .names
            .iter()
            .map(|name| again.cell(&self.query, parameter, row, name))
            .collect::<Result<Vec<_>>>()?;
        let texts: Vec<&str> = match text.strip_suffix(']').and_then(|text| text.split_once(" [")) {
            Some((median, ends)) if cells.len() == 3 => {
                let (low, high) = ends.split_once(", ").context("an interval has two ends")?;
                vec![median, low, high]
            }
            _ => vec![text],
        };
        if texts.len() < cells.len() {
            ensure!(
                cells[1..].iter().any(Cell::is_null),
                "{}: an interval is left out",
                self.query
            );
        }
        for (text, cell) in texts.iter().zip(&cells) {
            let cell = match cell {
                Cell::Text(words) => Cell::Text(words.replace('\n', " ").trim().to_owned()),
                other => other.clone(),
            };
            ensure!(
                shows(text, &cell, shown.factor),
                "{}, row {row}, {:?}: shown {text:?}, is {cell:?}",
                self.query,
                shown.names
            );
        }
        Ok(())
    }
}

/// Asks every cell of a Markdown twin again, and fails for a number outside one; the number of cells.
pub fn twin_asked_again(session: &Session, markdown: &str) -> Result<usize> {
    let mut again = Again::new(session);
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(comment) = line
            .strip_prefix("<!-- ")
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            ensure!(!has_digit(line), "a number outside a cell: {line:?}");
            continue;
        };
        if comment.starts_with("episode:") || comment.starts_with("world:") {
            continue;
        }
        let claim = Claim::read(comment).with_context(|| line.to_owned())?;
        while lines.next_if(|line| line.is_empty()).is_some() {}
        let below = lines.next().context("a comment at the end")?;
        let Some(rows) = &claim.rows else {
            ensure!(below.starts_with("!["), "not a picture: {below}");
            claim
                .query
                .split(' ')
                .try_for_each(|query| queries::named(query).map(drop))?;
            continue;
        };
        if below.starts_with('|') {
            ensure!(!has_digit(below), "a number in a title: {below}");
            ensure!(lines.next().is_some_and(|line| line.starts_with("|---")));
            for &row in rows {
                let line = lines.next().context("a row is missing")?.replace("\\|", "\u{1}");
                let places: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
                ensure!(places.len() == claim.columns.len(), "{line}");
                for (text, shown) in places.iter().zip(&claim.columns) {
                    claim.check(&mut again, row, shown, &text.replace('\u{1}', "|"))?;
                }
            }
            ensure!(
                lines.peek().is_none_or(|line| !line.starts_with('|')),
                "a row too many"
            );
        } else {
            let text = match below.strip_prefix("```") {
                Some(_) => lines
                    .by_ref()
                    .take_while(|line| *line != "```")
                    .collect::<Vec<_>>()
                    .join(" "),
                None => below.trim_start_matches("# ").to_owned(),
            };
            for shown in &claim.columns {
                claim.check(&mut again, rows[0], shown, &text)?;
            }
        }
    }
    Ok(again.checked)
}

#[test]
fn every_number_of_the_markdown_is_the_cell_it_names() -> Result<()> {
    let (session, report) = made()?;
    let checked = twin_asked_again(&session, &report.markdown)?;
    ensure!(checked > 300, "only {checked} cells");
    Ok(())
}

#[test]
fn a_reader_is_not_told_a_number_that_is_not_there() {
    assert!(shows("1,234.6", &Cell::Float(1_234_567_890.0), 1e-6));
    assert!(!shows("1,234.7", &Cell::Float(1_234_567_890.0), 1e-6));
    assert!(shows("−0.50", &Cell::Float(-0.502), 1.0));
    assert!(!shows("0.50", &Cell::Float(-0.502), 1.0));
    assert!(shows("–", &Cell::Null, 1.0));
    assert!(!shows("0.00", &Cell::Null, 1.0));
    assert!(!shows("not measurable", &Cell::Float(1.0), 1.0));
}
