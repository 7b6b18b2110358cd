//! The Markdown twin read back: the comment above a table, a line or a picture names its cells.

use aftershock_query::cells::Cell;
use aftershock_query::{Session, queries};
use anyhow::{Context, Result, bail, ensure};

use super::cells::{Again, has_digit, shows};

/// What a comment of the Markdown says of the cells below it.
struct Claim {
    query: String,
    parameter: (String, String),
    /// Absent for a picture.
    rows: Option<Vec<usize>>,
    columns: Vec<Shown>,
    /// The line below is a sentence, and the cells are what stands in bold in it.
    in_bold: bool,
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
            in_bold: false,
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
                "in" if value == "bold" => claim.in_bold = true,
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
        if claim.in_bold {
            let [before, text, after] = below.split("**").collect::<Vec<_>>()[..] else {
                bail!("not one figure in bold: {below}");
            };
            ensure!(
                !has_digit(before) && !has_digit(after),
                "a number outside a cell: {below}"
            );
            claim.check(&mut again, rows[0], &claim.columns[0], text)?;
        } else if below.starts_with('|') {
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
    let (session, report) = super::made()?;
    let checked = twin_asked_again(session, &report.markdown)?;
    ensure!(checked > 300, "only {checked} cells");
    Ok(())
}

/// The story: the page and its twin say the same words about the same figures.
#[test]
fn both_forms_tell_the_same_story() -> Result<()> {
    let (_, report) = super::made()?;
    let (_, story) = report
        .html
        .split_once("<section id=\"happened\">")
        .context("no story")?;
    let story = story.split("<table").next().unwrap_or_default();
    let mut plain = String::new();
    let mut tag = false;
    for letter in story.chars() {
        match letter {
            '<' => tag = true,
            '>' => tag = false,
            _ if !tag => plain.push(letter),
            _ => {}
        }
    }
    let words = |text: &str| {
        text.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
            .join(" ")
    };
    let plain = words(&plain);
    let (_, twin) = report
        .markdown
        .split_once("## What happened")
        .context("no story in the twin")?;
    let twin = twin.split("\n## ").next().unwrap_or_default();
    let sentences: Vec<&str> = twin.lines().filter(|line| line.contains("**")).collect();
    ensure!(sentences.len() >= 3, "{sentences:?}");
    for sentence in &sentences {
        let sentence = words(&sentence.replace("**", ""));
        ensure!(plain.contains(&sentence), "{sentence:?} is not in {plain:?}");
    }
    let figures = story.matches("data-column=\"median").count() + story.matches("deepest_generation").count();
    ensure!(
        figures == sentences.len(),
        "{figures} figures, {} sentences",
        sentences.len()
    );
    Ok(())
}
