//! A post-mortem of the synthetic fixture, read back: no number outside an element that names its cell, and every
//! cell asked for again.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use aftershock_query::cells::{Cell, Rows};
use aftershock_query::{Session, queries};
use aftershock_report::Report;
use anyhow::{Context, Result, anyhow, bail, ensure};
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

const EPISODE: &str = "2000-01-01-made-up";
const STEM: &str = "made-up";

/// A session of the runs that belong together, and the report on them; made once.
pub fn made() -> Result<&'static (Session, Report)> {
    static MADE: OnceLock<Result<(Session, Report)>> = OnceLock::new();
    let made = MADE.get_or_init(make).as_ref();
    made.map_err(|error| anyhow!("{error:#}"))
}

fn make() -> Result<(Session, Report)> {
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
pub fn shows(text: &str, cell: &Cell, factor: f64) -> bool {
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

/// A cell outside a table, which says of itself where it comes from.
fn is_cell(node: Node<'_, '_>) -> bool {
    (node.has_tag_name("data") || node.has_tag_name("span")) && node.attribute("class") == Some("cell")
}

/// The table around a place, where it is one of a query.
fn table_of<'a, 'b>(node: Node<'a, 'b>) -> Option<Node<'a, 'b>> {
    let table = node.ancestors().find(|one| one.has_tag_name("table"))?;
    table.attribute("data-query").map(|_| table)
}

/// The one parameter that an element names beside its query.
fn parameter<'a>(node: Node<'a, '_>) -> Result<(&'static str, &'a str)> {
    let mut named = ["episode", "run", "world", "rule_set"]
        .into_iter()
        .filter_map(|name| Some((name, node.attribute(format!("data-{name}").as_str())?)));
    match (named.next(), named.next()) {
        (Some(one), None) => Ok(one),
        _ => bail!("an element names neither episode nor run nor world nor rule set, or several"),
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
    let page = document(html)?;
    let mut again = Again::new(session);
    for node in page.descendants() {
        if node.is_text() && has_digit(node.text().unwrap_or_default()) {
            let stands_in = |one: Node<'_, '_>| {
                is_cell(one)
                    || (one.has_tag_name("td") && table_of(one).is_some())
                    || (one.has_tag_name("figure") && one.attribute("data-query").is_some())
                    || ["style", "title", "script"]
                        .iter()
                        .any(|tag| one.has_tag_name(*tag))
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
            let cell = again.cell(query, parameter(node)?, row, column)?;
            let text = words(node);
            ensure!(
                shows(&text, &cell, factor_of(node)?) && full(node, &cell),
                "{query}, row {row}, {column}: shown {text:?}, value {:?}, is {cell:?}",
                node.attribute("value")
            );
        }
        if node.has_tag_name("td") {
            place_asked_again(&mut again, node)?;
        }
        if node.has_tag_name("script") && node.attribute("class") == Some("cells") {
            block_asked_again(&mut again, node)?;
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
    layout_names_what_is_there(session, &page)?;
    Ok(again.checked)
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

/// Cells that a chart draws: their steps added up are the cells of the rows and columns that they name.
fn block_asked_again(again: &mut Again<'_>, script: Node<'_, '_>) -> Result<()> {
    let query = script
        .attribute("data-query")
        .context("a block without a query")?;
    let block: Value = serde_json::from_str(script.text().context("an empty block")?)?;
    let tables = block["tables"].as_array().context("tables")?;
    let mut read: Vec<BTreeMap<String, Value>> = Vec::new();
    for table in tables {
        let mut rows: Vec<usize> = Vec::new();
        for stretch in table["rows"].as_array().context("rows")? {
            let first = stretch[0].as_u64().context("a first row")? as usize;
            rows.extend(first..first + stretch[1].as_u64().context("a count")? as usize);
        }
        let mut columns = BTreeMap::new();
        for (name, kept) in table["columns"].as_object().context("columns")? {
            let kept = match kept["as"].as_u64() {
                Some(earlier) => read[earlier as usize][name].clone(),
                None => kept.clone(),
            };
            let decimals = kept["decimals"].as_u64().context("decimals")? as usize;
            let factor = kept["factor"].as_f64().unwrap_or(1.0);
            let steps = kept["steps"].as_array().context("steps")?;
            ensure!(
                steps.len() == rows.len(),
                "{query}, {name}: {} of {} rows",
                steps.len(),
                rows.len()
            );
            let mut sum = 0;
            for (step, &row) in steps.iter().zip(&rows) {
                let cell = again.cell(query, parameter(script)?, row, name)?;
                let Some(step) = step.as_i64() else {
                    ensure!(
                        cell.is_null(),
                        "{query}, row {row}, {name}: left out, is {cell:?}"
                    );
                    continue;
                };
                sum += step;
                let value = sum as f64 / 10f64.powi(decimals as i32);
                let same = match &cell {
                    Cell::Time(at) => (value - at.micros() as f64 / 1e6).abs() < 1e-3,
                    cell => shows(&format!("{value:.decimals$}"), cell, factor),
                };
                ensure!(same, "{query}, row {row}, {name}: drawn {value}, is {cell:?}");
            }
            columns.insert(name.clone(), kept);
        }
        read.push(columns);
    }
    Ok(())
}

/// The layout of a chart holds no figure of its own, and calls lines by names that the runs have.
fn layout_names_what_is_there(session: &Session, page: &Document<'_>) -> Result<()> {
    let with_id = |id: &str| page.descendants().find(|one| one.attribute("id") == Some(id));
    let Some(script) = with_id("picture-layout") else {
        return Ok(());
    };
    let episode = page.descendants().find_map(|one| one.attribute("data-episode"));
    let runs = session.ask("quality/runs", &[("episode", episode.context("an episode")?)])?;
    let mut known: Vec<String> = ["recorded", "forced flow off the book", "rules of record"]
        .map(str::to_owned)
        .to_vec();
    known.extend((0..runs.rows.len()).filter_map(|row| Some(runs.get(row, "rule_set")?.to_string())));
    let block = |name: &str| -> Result<(Node<'_, '_>, Value)> {
        let node = with_id(&format!("cells-{name}")).context("no such block")?;
        Ok((
            node,
            serde_json::from_str(node.text().context("an empty block")?)?,
        ))
    };
    let (beside, _) = block("beside")?;
    let beside = session.ask("market/beside_the_price", &[parameter(beside)?])?;
    known.extend((0..beside.rows.len()).filter_map(|row| {
        let of = |column| beside.get(row, column).map(ToString::to_string);
        Some(format!("{} {}", of("venue")?, of("instrument")?))
    }));
    let layout: Value = serde_json::from_str(script.text().context("an empty layout")?)?;
    let (moments, table) = block("moments")?;
    let moments = session.ask("market/moments", &[parameter(moments)?])?;
    let marks: Vec<String> = (0..moments.rows.len())
        .filter_map(|row| Some(moments.get(row, "mark")?.to_string()))
        .collect();
    ensure!(
        layout["moments"] == serde_json::json!(marks),
        "{}",
        layout["moments"]
    );
    ensure!(marks.is_empty() || table["tables"][0]["rows"] == serde_json::json!([[0, marks.len()]]));
    for span in layout["spans"].as_array().context("spans")? {
        let (_, of) = block(span["block"].as_str().context("a block")?)?;
        let columns = &of["tables"][span["table"].as_u64().context("a table")? as usize]["columns"];
        let from = span["from"].as_str().context("a beginning")?;
        ensure!(
            columns[from].is_object() && columns["until_at"].is_object(),
            "{span}"
        );
        ensure!(known.iter().any(|one| span["set"] == one.as_str()), "{span}");
    }
    let mut drawn = 0;
    for panel in layout["panels"].as_array().context("panels")? {
        ensure!(!has_digit(panel["title"].as_str().context("a title")?));
        for line in panel["lines"].as_array().context("lines")? {
            let name = line["name"].as_str().context("a name")?;
            ensure!(known.iter().any(|one| one == name), "a line called {name}");
            let (_, block) = block(line["block"].as_str().context("a block")?)?;
            let table = &block["tables"][line["table"].as_u64().context("a table")? as usize];
            for part in ["x", "y", "low", "high"] {
                if let Some(column) = line[part].as_str() {
                    ensure!(
                        table["columns"][column].is_object(),
                        "{name} draws {column}, which is not there"
                    );
                }
            }
            drawn += 1;
        }
    }
    ensure!(drawn >= 3, "{drawn} lines");
    Ok(())
}

#[test]
fn every_number_of_the_page_is_the_cell_it_names() -> Result<()> {
    let (session, report) = made()?;
    let checked = asked_again(session, &report.html)?;
    ensure!(checked > 3000, "only {checked} cells");
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
    let (session, report) = made()?;
    let (before, after) = report
        .html
        .split_once("<section class=\"honesty\" id=\"first\">")
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
            ["quality/limits", "quality/recovery"].contains(&query.as_str()),
            "{query}"
        );
    }
    for words in [
        "mark proxied by spot",
        "by construction",
        "are priors",
        "href=\"#limits\"",
        "prior-only",
    ] {
        ensure!(limits.to_lowercase().contains(words), "{words}");
    }
    // What is short above stands whole below.
    let (_, whole) = after
        .split_once("<section id=\"limits\">")
        .context("no whole section of limits")?;
    let (whole, _) = whole
        .split_once("</section>")
        .context("the section does not end")?;
    let asked = session.ask("quality/limits", &[("episode", EPISODE)])?;
    let stated = whole.matches("data-query=\"quality/limits\"").count();
    ensure!(
        stated == asked.rows.len(),
        "{stated} of {} limits",
        asked.rows.len()
    );
    ensure!(whole.contains("Priors, not measurements"));
    let place = |text: &str| report.markdown.find(text).with_context(|| format!("no {text:?}"));
    ensure!(place("query: quality/limits")? < place("query: comparison/drawdowns")?);
    Ok(())
}

#[test]
fn scores_where_the_truth_is_known_stand_above_the_first_result() -> Result<()> {
    let (_, report) = made()?;
    for page in [&report.html, &report.markdown] {
        let place = |text: &str| page.find(text).with_context(|| format!("no {text:?}"));
        let first = place("made-up crashes whose truth is known")?;
        let scores = place("query=\"quality/recovery\"").or_else(|_| place("query: quality/recovery |"))?;
        let happened = place("<h2>What happened").or_else(|_| place("## What happened"))?;
        ensure!(first < scores && scores < happened && happened < place("comparison/drawdowns")?);
        ensure!(place("quality/recovery_in_words")? > happened);
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
        ensure!(page.contains("Nothing was measured"));
        ensure!(!page.contains("query=\"quality/recovery") && !page.contains("query: quality/recovery"));
    }
    asked_again(&session, &report.html)?;
    twin_asked_again(&session, &report.markdown)?;
    Ok(())
}

#[test]
fn the_page_needs_no_network_and_may_use_none() -> Result<()> {
    let (_, report) = made()?;
    let mut html = report.html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    let policy = "content=\"default-src &#x27;none&#x27;; script-src &#x27;sha256-";
    ensure!(html.contains(policy), "no policy");
    // Only the library that draws names an address: its own, in a comment.
    while let Some((before, rest)) = html.split_once("<script") {
        let (script, after) = rest.split_once("</script>").context("a script without an end")?;
        ensure!(!script.split('>').next().unwrap_or_default().contains("src"));
        html = format!("{before}{after}");
    }
    for needle in [
        "http:",
        "https:",
        "src=",
        "@import",
        "url(",
        "<link",
        "onclick",
        "javascript:",
    ] {
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
    ensure!(report.pictures.len() == 6);
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
                "episode" | "run" | "world" | "rule_set" => {
                    claim.parameter = (key.to_owned(), value.to_owned())
                }
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

/// A line without the addresses that its links lead to, which are no figures.
fn without_addresses(line: &str) -> String {
    let mut parts = line.split("](");
    let first = parts.next().unwrap_or_default().to_owned();
    let rest = parts.map(|part| part.split_once(')').map_or("", |(_, rest)| rest));
    first + &rest.collect::<String>()
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
            ensure!(
                !has_digit(&without_addresses(line)),
                "a number outside a cell: {line:?}"
            );
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
                let line = lines.next().context("a row is missing")?;
                let line = line
                    .replace("\\|", "\u{1}")
                    .replace("\\<", "<")
                    .replace("]\\(", "](");
                let places: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
                ensure!(places.len() == claim.columns.len(), "{line}");
                for (text, shown) in places.iter().zip(&claim.columns) {
                    let text = text.trim_start_matches(['●', '■', '◐', '◆', '△']).trim_start();
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
                None => below
                    .trim_start_matches(['#', ' '])
                    .replace("\\|", "|")
                    .replace("\\<", "<")
                    .replace("]\\(", "]("),
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
    let checked = twin_asked_again(session, &report.markdown)?;
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

#[test]
fn the_page_of_all_runs_has_a_line_an_episode_and_rule_set() -> Result<()> {
    let all = crate::sql::fixture()?;
    let known =
        |episode: &str, form: &str| (episode == EPISODE).then(|| format!("{episode}/post-mortem.{form}"));
    let report = Report::league(&all, &known, &[])?;
    let lines = all.ask("comparison/across_episodes", &[("rule_set", "%")])?;
    ensure!(asked_again(&all, &report.html)? >= 12 * lines.rows.len());
    ensure!(twin_asked_again(&all, &report.markdown)? >= 12 * lines.rows.len());
    let page = document(&report.html)?;
    let shown = page
        .descendants()
        .filter(|one| {
            one.attribute("data-query") == Some("comparison/across_episodes") && one.has_tag_name("table")
        })
        .flat_map(|table| {
            table
                .descendants()
                .filter(|one| one.attribute("data-row").is_some())
        })
        .count();
    ensure!(shown == lines.rows.len(), "{shown} of {} lines", lines.rows.len());
    let linked = page.descendants().filter(|one| one.has_tag_name("a"));
    let linked: Vec<&str> = linked.filter_map(|one| one.attribute("href")).collect();
    ensure!(linked == [format!("{EPISODE}/post-mortem.html")], "{linked:?}");
    // How many were looked at stands before the first of them.
    ensure!(report.html.find("comparison/multiplicity") < report.html.find("comparison/across_episodes"));
    ensure!(
        report
            .markdown
            .contains(&format!("[post-mortem]({EPISODE}/post-mortem.md)"))
    );
    ensure!(!report.markdown.contains(".html"));
    let unlinked = Report::league(&all, &|_, _| None, &[])?;
    ensure!(!unlinked.html.contains("<a href") && !unlinked.markdown.contains("]("));
    Ok(())
}
