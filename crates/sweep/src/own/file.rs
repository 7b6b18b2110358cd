//! The file of the user's own positions: CSV, or the same in TOML.

use std::collections::BTreeMap;

use aftershock_market::Side;
use toml::Spanned;

use super::{OwnBook, OwnPosition};

/// Columns of the CSV and keys of the TOML; the last may be left out.
const COLUMNS: [&str; 8] = [
    "account",
    "venue",
    "instrument",
    "side",
    "quantity",
    "entry_usd",
    "collateral_usd",
    "margin",
];
const OPTIONAL: &str = "margin";
/// Every draw keeps a row for each position under each rule set.
const MOST_POSITIONS: usize = 1_000;

/// Why a file of positions is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct OwnError {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl OwnBook {
    /// Reads positions; a `file` that ends in `.toml` is read as TOML, any other as CSV.
    ///
    /// # Errors
    /// Malformed text, a column that is missing or unknown, or a value that cannot be: file, line and what is right.
    pub fn parse(file: &str, text: &str) -> Result<Self, OwnError> {
        let read = if file.ends_with(".toml") {
            read_toml(text)
        } else {
            read_csv(text)
        };
        let rows = read.and_then(|rows| {
            if rows.is_empty() {
                return Err((1, "there is no position; give at least one".into()));
            }
            if rows.len() > MOST_POSITIONS {
                let (line, _) = rows[MOST_POSITIONS];
                return Err((
                    line,
                    format!(
                        "there are {} positions; at most {MOST_POSITIONS} are followed",
                        rows.len()
                    ),
                ));
            }
            rows.into_iter()
                .map(|(line, values)| position(line, &values).map_err(|reason| (line, reason)))
                .collect()
        });
        rows.map(|positions| Self::new(file, positions))
            .and_then(
                |book| match book.accounts().iter().find(|one| one.collateral_usd <= 0.0) {
                    Some(bare) => Err((
                        bare.line,
                        "collateral_usd is 0; it should be above it, in at least one of the cross positions"
                            .into(),
                    )),
                    None => Ok(book),
                },
            )
            .map_err(|(line, reason)| OwnError {
                file: file.to_owned(),
                line,
                reason,
            })
    }

    /// The positions as CSV: what names them, whatever form they came in.
    pub fn to_csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let mut write = |row: [&str; 8]| writer.write_record(row).expect("memory can be written to");
        write(COLUMNS);
        for position in &self.positions {
            write([
                &position.account,
                &position.venue,
                &position.instrument,
                if position.side == Side::Long {
                    "long"
                } else {
                    "short"
                },
                &position.quantity_btc.to_string(),
                &position.entry_usd.to_string(),
                &position.collateral_usd.to_string(),
                if position.cross { "cross" } else { "isolated" },
            ]);
        }
        let bytes = writer.into_inner().expect("memory can be written to");
        String::from_utf8(bytes).expect("text was written")
    }
}

/// Where and why.
type Refusal = (usize, String);
type Values = BTreeMap<String, String>;

fn read_csv(text: &str) -> Result<Vec<(usize, Values)>, Refusal> {
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(text.as_bytes());
    let header: Vec<String> = match reader.headers() {
        Ok(header) => header.iter().map(str::to_owned).collect(),
        Err(error) => return Err((1, error.to_string())),
    };
    let line = reader.position().line().saturating_sub(1).max(1) as usize;
    check_names(header.iter().map(String::as_str), "column").map_err(|reason| (line, reason))?;
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().map_or(1, csv::Position::line);
            (line as usize, error.to_string())
        })?;
        let line = record.position().map_or(1, |position| position.line() as usize);
        if record.len() != header.len() {
            let reason = format!(
                "has {} values; the header names {} columns",
                record.len(),
                header.len()
            );
            return Err((line, reason));
        }
        let values = header.iter().cloned().zip(record.iter().map(str::to_owned));
        rows.push((line, values.collect()));
    }
    Ok(rows)
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct FileToml {
    #[serde(default)]
    position: Vec<Spanned<toml::Table>>,
}

fn read_toml(text: &str) -> Result<Vec<(usize, Values)>, Refusal> {
    let line_of = |at: usize| text[..at].matches('\n').count() + 1;
    let parsed: FileToml = toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(span.start));
        (line, error.message().replace('\n', ", "))
    })?;
    let mut rows = Vec::new();
    for table in parsed.position {
        let line = line_of(table.span().start);
        let table = table.into_inner();
        check_names(table.keys().map(String::as_str), "key").map_err(|reason| (line, reason))?;
        let values = table.into_iter().map(|(key, value)| match value {
            toml::Value::String(text) => (key, text),
            other => (key, other.to_string()),
        });
        rows.push((line, values.collect()));
    }
    Ok(rows)
}

/// Every name is known, stands once, and none that is needed is missing.
fn check_names<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> Result<(), String> {
    let mut seen: Vec<&str> = Vec::new();
    for name in names {
        if !COLUMNS.contains(&name) {
            return Err(format!(
                "unknown {what} `{name}`; known are {}",
                COLUMNS.join(", ")
            ));
        }
        if seen.contains(&name) {
            return Err(format!("{what} `{name}` stands twice"));
        }
        seen.push(name);
    }
    let missing = COLUMNS
        .into_iter()
        .find(|name| *name != OPTIONAL && !seen.contains(name));
    missing.map_or(Ok(()), |name| {
        Err(format!(
            "no {what} `{name}`; needed are {}",
            COLUMNS[..7].join(", ")
        ))
    })
}

fn position(line: usize, values: &Values) -> Result<OwnPosition, String> {
    let text = |name: &str| values.get(name).map(String::as_str).unwrap_or_default();
    let word = |name: &str| match text(name) {
        "" => Err(format!("{name} is empty; it should be a name")),
        word if word.chars().any(char::is_control) => Err(format!("{name} should be one line of text")),
        word => Ok(word.to_owned()),
    };
    let number = |name: &str, unit: &str, zero: bool| {
        let given = text(name);
        let fits = |value: &f64| value.is_finite() && (*value > 0.0 || (zero && *value == 0.0));
        given.parse::<f64>().ok().filter(fits).ok_or_else(|| {
            let above = if zero { "not below" } else { "above" };
            format!("{name} is `{given}`; it should be a number {above} 0, in {unit}, such as 1250.5")
        })
    };
    let side = match text("side") {
        "long" => Side::Long,
        "short" => Side::Short,
        other => return Err(format!("side is `{other}`; it should be long or short")),
    };
    let cross = match text("margin") {
        "" | "isolated" => false,
        "cross" => true,
        other => return Err(format!("margin is `{other}`; it should be isolated or cross")),
    };
    Ok(OwnPosition {
        line,
        account: word("account")?,
        venue: word("venue")?,
        instrument: word("instrument")?,
        side,
        quantity_btc: number("quantity", "BTC", false)?,
        entry_usd: number("entry_usd", "USD", false)?,
        collateral_usd: number("collateral_usd", "USD", cross)?,
        cross,
    })
}
