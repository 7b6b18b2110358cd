//! What a public archive holds: `data/sources/<name>.toml`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use chrono::NaiveDate;
use include_dir::{Dir, include_dir};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::value::Datetime;

use super::pattern;
use crate::TomlError;
use crate::toml_text::{error_in, parse};

static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/sources");

/// The kinds a dataset can be of.
pub const KINDS: [&str; 12] = [
    "trades",
    "bars",
    "mark-bars",
    "index-bars",
    "premium-bars",
    "funding",
    "open-interest",
    "depth",
    "quotes",
    "liquidations",
    "options",
    "asset-contexts",
];

/// One public archive.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceFile {
    /// The stem of its file's name, and of the folder its files go to.
    pub name: String,
    /// One line.
    pub title: String,
    /// What every address begins with.
    pub base_url: String,
    /// What its owner says about use, in words; "terms not checked" where nobody looked.
    pub licence: String,
    /// Where the licence and the layout are described, each with the date it was seen.
    pub described: Vec<String>,
    /// Why nothing can be fetched from it, where that is so.
    pub unavailable: Option<String>,
    /// What it holds.
    #[serde(rename = "dataset", default)]
    pub datasets: Vec<Dataset>,
}

/// Files of one layout.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dataset {
    /// Name within the archive, `<product>-<the archive's own word>`.
    pub name: String,
    /// One of [`KINDS`].
    pub kind: String,
    /// The archive's word for the market: `spot`, `um`, `cm`, `swap`.
    pub product: String,
    /// Address below [`SourceFile::base_url`], with blanks `{symbol} {interval} {date} {month} {yyyy} {mm} {dd}`.
    pub url: String,
    /// What one file spans.
    pub period: Period,
    /// Address of the checksum (sha256sum's format), with the blank `{url}`; absent where the archive has none.
    pub checksum: Option<String>,
    /// First day that exists, in the archive's own days.
    #[serde(deserialize_with = "day")]
    pub from: NaiveDate,
    /// Last day that exists, inclusive; absent where it goes on.
    #[serde(default, deserialize_with = "some_day")]
    pub to: Option<NaiveDate>,
    /// How far the archive's days are ahead of UTC, hours: with 8 a day begins at 16:00 UTC of the day before.
    #[serde(default)]
    pub day_ahead_h: i8,
    /// Which days can be had without a key, where not all can.
    pub free: Option<Free>,
    /// Length of the bars where the request names none.
    pub interval: Option<String>,
    /// Symbols by asset: `BTC = "BTCUSDT"`. Others can be asked for by their own name.
    #[serde(default)]
    pub symbols: BTreeMap<String, String>,
    /// Taken only where the request names the dataset: large, or held by another dataset too.
    #[serde(default)]
    pub on_request: bool,
    /// Why no file of it can be fetched, where that is so.
    pub unavailable: Option<String>,
    /// Where layout and dates come from, with the date seen.
    pub source: String,
    /// What of this was not confirmed by the owner or by two independent records, and why it stands here.
    pub unconfirmed: Option<String>,
    /// What is missing within it.
    #[serde(rename = "hole", default)]
    pub holes: Vec<Hole>,
}

/// What one file spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// A day.
    Day,
    /// A calendar month.
    Month,
}

/// Which days can be had without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Free {
    /// The first day of each month.
    FirstOfMonth,
}

/// A known hole of a dataset.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hole {
    /// First day touched.
    #[serde(deserialize_with = "day")]
    pub from: NaiveDate,
    /// Last day touched, inclusive; absent where its end is not known.
    #[serde(default, deserialize_with = "some_day")]
    pub to: Option<NaiveDate>,
    /// Symbols it was found in; empty where it is for all.
    #[serde(default)]
    pub symbols: Vec<String>,
    /// What is missing or wrong.
    pub what: String,
    /// Who says so, with the date seen.
    pub source: String,
}

impl SourceFile {
    /// The embedded source files, by name.
    ///
    /// # Errors
    /// [`TomlError`] where this program was built from a faulty file.
    pub fn embedded() -> Result<Vec<Self>, TomlError> {
        let mut sources = SOURCES
            .files()
            .filter(|file| {
                file.path()
                    .extension()
                    .is_some_and(|extension| extension == "toml")
            })
            .map(|file| {
                let name = format!("data/sources/{}", file.path().display());
                Self::parse(&name, &String::from_utf8_lossy(file.contents()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        sources.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(sources)
    }

    /// Reads a source from the text of `file`, whose stem must be its name.
    ///
    /// # Errors
    /// [`TomlError`] with line, column, key and what is allowed.
    pub fn parse(file: &str, text: &str) -> Result<Self, TomlError> {
        let source: Self = parse(file, text)?;
        match source.fault(file) {
            Some((key, reason)) => Err(error_in(file, text, &key, reason)),
            None => Ok(source),
        }
    }

    /// The first key whose value cannot stand, and why.
    fn fault(&self, file: &str) -> Option<(String, String)> {
        let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
        if self.name != stem || !pattern::fits(&self.name) {
            return Some((
                "name".to_owned(),
                format!("`{}` is not the file's name; expected `{stem}`", self.name),
            ));
        }
        if self.licence.trim().is_empty() {
            return Some((
                "licence".to_owned(),
                "nothing is written; expected what the owner says, or `terms not checked`".to_owned(),
            ));
        }
        // A plain http address would let anybody on the way change a file that has no checksum.
        if !self.base_url.starts_with("https://") && self.unavailable.is_none() {
            return Some((
                "base_url".to_owned(),
                format!("`{}` is no https address; expected `https://…`", self.base_url),
            ));
        }
        let mut names = BTreeSet::new();
        self.datasets.iter().enumerate().find_map(|(index, dataset)| {
            let (key, reason) = if names.insert(&dataset.name) {
                dataset.fault()?
            } else {
                let reason = format!("two datasets are named `{}`; expected one", dataset.name);
                ("name".to_owned(), reason)
            };
            Some((format!("dataset.{}.{key}", index + 1), reason))
        })
    }
}

impl Dataset {
    fn fault(&self) -> Option<(String, String)> {
        let fault = |key: &str, reason: String| Some((key.to_owned(), reason));
        if !KINDS.contains(&self.kind.as_str()) {
            let reason = format!("`{}` is no kind; expected {}", self.kind, KINDS.join(", "));
            return fault("kind", reason);
        }
        if let Some(reason) = pattern::fault(&self.url) {
            return fault("url", reason);
        }
        let dated = match self.period {
            Period::Day => self.url.contains("{date}") || self.url.contains("{dd}"),
            Period::Month => self.url.contains("{month}") && !self.url.contains("{date}"),
        };
        if !dated {
            let reason = "its blanks do not name the period; expected `{date}` or `{dd}` for a day, `{month}` for a month";
            return fault("url", reason.to_owned());
        }
        if self.url.contains("{interval}") != self.interval.is_some() {
            let reason = "`{interval}` and the key interval go together; expected both or neither";
            return fault("url", reason.to_owned());
        }
        if self.url.contains("{symbol}") == self.symbols.is_empty() {
            let reason = "`{symbol}` and the key symbols go together; expected both or neither";
            return fault("url", reason.to_owned());
        }
        for word in self.symbols.values().chain(&self.interval) {
            if !pattern::fits(word) {
                let reason = format!("`{word}` fits no address; expected letters, digits, `_`, `-` and `.`");
                return fault("symbols", reason);
            }
        }
        if self
            .checksum
            .as_ref()
            .is_some_and(|checksum| !checksum.contains("{url}"))
        {
            return fault("checksum", "expected the blank `{url}` in it".to_owned());
        }
        if !(-23..=23).contains(&self.day_ahead_h) {
            return fault("day_ahead_h", "expected hours between -23 and 23".to_owned());
        }
        if self.to.is_some_and(|to| to < self.from) {
            return fault("to", format!("it is before {}; expected a later day", self.from));
        }
        if self.source.trim().is_empty() {
            return fault(
                "source",
                "nothing is written; expected where it comes from".to_owned(),
            );
        }
        self.holes.iter().enumerate().find_map(|(index, hole)| {
            let (key, reason) = hole.fault(self)?;
            Some((format!("hole.{}.{key}", index + 1), reason))
        })
    }
}

impl Hole {
    fn fault(&self, dataset: &Dataset) -> Option<(String, String)> {
        let last = self.to.unwrap_or(self.from);
        if self.from < dataset.from || last < self.from || dataset.to.is_some_and(|to| last > to) {
            let end = dataset.to.map_or_else(|| "now".to_owned(), |to| to.to_string());
            let reason = format!(
                "{} to {last} is not within the dataset; expected days from {} to {end}",
                self.from, dataset.from
            );
            return Some(("from".to_owned(), reason));
        }
        if self.what.trim().is_empty() || self.source.trim().is_empty() {
            let reason = "what or source is empty; expected what is missing and who says so".to_owned();
            return Some(("what".to_owned(), reason));
        }
        None
    }
}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    let written = Datetime::deserialize(deserializer)?;
    let date = written.date.filter(|_| written.time.is_none());
    date.and_then(|date| NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into()))
        .ok_or_else(|| {
            D::Error::custom(format!(
                "`{written}` is no day; expected one such as `2020-03-12`"
            ))
        })
}

fn some_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    day(deserializer).map(Some)
}
