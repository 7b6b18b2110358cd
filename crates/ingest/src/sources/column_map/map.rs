//! The language of column maps: what a TOML text says, checked against the tables of the tape.
//!
//! A map renames, moves the decimal point and chooses words. It never computes, so every value stays what was written.

use std::collections::BTreeMap;
use std::fmt;

use aftershock_archive::tape::{ColumnSpec, Form, Kind};
use serde::Deserialize;

use super::pattern::Pattern;
use super::raw::{RawFeed, RawFrom, RawMap, RawTable, Scalar, Texts};
use crate::TomlError;
use crate::text::Epoch;
use crate::toml_text::{error_in, parse};

/// A map that holds together.
#[derive(Clone, Debug)]
pub(super) struct Map {
    /// The map's file, as errors name it.
    pub(super) file: String,
    /// What files it is for.
    pub(super) about: String,
    /// Names of the files.
    pub(super) files: Option<Pattern>,
    /// CSV: lines before the first record.
    pub(super) header: usize,
    /// CSV: what stands between fields.
    pub(super) separator: u8,
    /// JSON: key of the array of records.
    pub(super) records: Option<String>,
    /// Columns that become rows.
    pub(super) wide: Option<Pattern>,
    /// Rows that become columns.
    pub(super) long: Option<Long>,
    /// Rows that are meant to be left out.
    pub(super) leave: Vec<Filter>,
    /// What is made of a row.
    pub(super) tables: Vec<Table>,
}

/// The column that names a field, and the one that holds its value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Long {
    pub(super) field: Name,
    pub(super) value: Name,
}

/// Rows in which a column holds one of these texts.
#[derive(Clone, Debug)]
pub(super) struct Filter {
    pub(super) column: Name,
    pub(super) texts: Vec<String>,
}

/// One table of the tape and how its columns are fed.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) kind: Kind,
    pub(super) filters: Vec<Filter>,
    pub(super) feeds: Vec<Feed>,
}

/// What is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Target {
    Venue,
    Instrument,
    /// Place among the table's own columns.
    Column(usize),
}

/// One target and where its values come from.
#[derive(Clone, Debug)]
pub(super) struct Feed {
    pub(super) target: Target,
    pub(super) value: FeedValue,
}

#[derive(Clone, Debug)]
pub(super) enum FeedValue {
    /// The same in every row.
    Set(Constant),
    /// From the file.
    From(From),
}

/// A value of the target's form.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Constant {
    At(i64),
    Int(i64),
    Real(f64),
    /// A word or a text.
    Word(String),
    Flag(bool),
}

/// Where a value stands in the file and how it is written there.
#[derive(Clone, Debug)]
pub(super) struct From {
    /// The first of these that is not missing.
    pub(super) columns: Vec<Name>,
    pub(super) form: Form,
    pub(super) stamp: Stamp,
    /// Places that the decimal point moves to the left.
    pub(super) decimals: i32,
    pub(super) words: Words,
    pub(super) abs: bool,
    pub(super) inclusive: bool,
}

/// How an instant is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stamp {
    /// A count whose unit shows in its size, or a calendar text.
    Told,
    Count(Epoch),
    /// The number of a block.
    Block,
    /// A pattern of `chrono`.
    Written(String),
}

/// What becomes of the file's words.
#[derive(Clone, Debug)]
pub(super) enum Words {
    /// They are taken as they are; where the list is not empty, only these.
    Kept(&'static [&'static str]),
    /// Only these are known.
    Known(BTreeMap<String, Constant>),
    /// By the sign of a number.
    Sign { plus: Constant, minus: Constant },
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// By place, from 0.
    Place(usize),
    /// By name; in JSON a text that begins with `/` is a path.
    Named(String),
    /// A text put together from columns.
    Joined(Vec<Joint>),
}

/// A part of a text that is put together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Joint {
    Literal(String),
    Column(String),
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => write!(out, "{place}"),
            Self::Named(name) => write!(out, "{name}"),
            Self::Joined(joints) => joints.iter().try_for_each(|joint| match joint {
                Joint::Literal(text) => write!(out, "{text}"),
                Joint::Column(name) => write!(out, "{{{name}}}"),
            }),
        }
    }
}

/// Decimal units: how many places the point moves to the left.
const UNITS: &[(&str, i32)] = &[
    ("percent", 2),
    ("bps", 4),
    ("satoshi", 8),
    ("gwei", 9),
    ("wei", 18),
];

const UNIT_WORDS: &[&str] = &["base", "quote", "contract"];

/// The words of a column whose list is closed; empty where it is open.
fn closed_words(kind: Kind, column: &str) -> &'static [&'static str] {
    match (kind, column) {
        (Kind::Depth, "side") => &["bid", "ask"],
        (_, "side") => &["buy", "sell"],
        (_, "quantity_unit" | "volume_unit") => UNIT_WORDS,
        (_, "contract_unit") => &["base", "quote"],
        (_, "price_kind") => &["last", "mark", "index", "premium"],
        (_, "price_origin") => &["recorded", "derived"],
        (_, "coverage") => &["complete", "throttled", "aggregated", "unknown"],
        (_, "option_type") => &["call", "put"],
        (_, "amount_origin") => &["decimal", "scaled", "raw"],
        (Kind::Funding, "rate_kind") => &["settled", "predicted", "predicted_next", "daily_sum"],
        (Kind::LongShort, "measure") => &[
            "accounts",
            "top_trader_accounts",
            "top_trader_positions",
            "taker_volume",
        ],
        _ => &[],
    }
}

/// What a column holds where a map does not say.
const DEFAULTS: &[(&str, &str)] = &[
    ("price_kind", "last"),
    ("price_origin", "recorded"),
    ("coverage", "unknown"),
];

/// Reads one map; knows where its parts stand.
struct Checker<'a> {
    file: &'a str,
    text: &'a str,
}

impl Map {
    /// Reads a map from the text of `file`.
    ///
    /// # Errors
    /// [`TomlError`] with line, column, key and what is allowed.
    pub(super) fn parse(file: &str, text: &str) -> Result<Self, TomlError> {
        let raw: RawMap = parse(file, text)?;
        Checker { file, text }.map(raw)
    }
}

impl Checker<'_> {
    fn error(&self, key: &str, reason: impl Into<String>) -> TomlError {
        error_in(self.file, self.text, key, reason.into())
    }

    fn pattern(&self, key: &str, text: Option<&str>) -> Result<Option<Pattern>, TomlError> {
        text.map(|text| Pattern::parse(text).map_err(|reason| self.error(key, reason)))
            .transpose()
    }

    fn map(&self, raw: RawMap) -> Result<Map, TomlError> {
        let wide = self.pattern(
            "wide.columns",
            raw.wide.as_ref().map(|wide| wide.columns.as_str()),
        )?;
        if wide
            .as_ref()
            .is_some_and(|pattern| pattern.holes().next().is_none())
        {
            return Err(self.error(
                "wide.columns",
                "names no part of a column; expected one such as `{instrument}_oi`",
            ));
        }
        if wide.is_some() && raw.long.is_some() {
            return Err(self.error(
                "long",
                "a file is wide or long, not both; expected one of `wide` and `long`",
            ));
        }
        if raw.table.is_empty() {
            return Err(self.error("table", "feeds nothing; expected at least one [[table]]"));
        }
        let separator = raw.separator.as_deref().unwrap_or(",");
        let &[separator] = separator.as_bytes() else {
            return Err(self.error(
                "separator",
                format!("is `{separator}`; expected one character such as `;`"),
            ));
        };
        self.shared_keys(&raw)?;
        let tables = raw
            .table
            .iter()
            .enumerate()
            .map(|(index, table)| self.table(index + 1, table, &raw))
            .collect::<Result<_, _>>()?;
        Ok(Map {
            file: self.file.to_owned(),
            about: raw.about,
            files: self.pattern("files", raw.files.as_deref())?,
            header: usize::from(raw.header.unwrap_or(1)),
            separator,
            records: raw.records,
            wide,
            long: raw.long,
            leave: filters(&raw.leave),
            tables,
        })
    }

    /// A key beside the tables must belong to one of them.
    fn shared_keys(&self, raw: &RawMap) -> Result<(), TomlError> {
        let keys = raw.set.keys().map(|key| ("set", key));
        for (verb, key) in keys.chain(raw.from.keys().map(|key| ("from", key))) {
            let known =
                |table: &RawTable| Kind::named(&table.kind).is_some_and(|kind| target(kind, key).is_some());
            if !raw.table.iter().any(known) {
                let reason =
                    format!("no table here has a column `{key}`; expected columns of the tables below");
                return Err(self.error(&format!("{verb}.{key}"), reason));
            }
        }
        Ok(())
    }

    fn table(&self, number: usize, raw: &RawTable, map: &RawMap) -> Result<Table, TomlError> {
        let key = format!("table.{number}");
        let kind = Kind::named(&raw.kind)
            .filter(|kind| *kind != Kind::Rejects)
            .ok_or_else(|| {
                let kinds = Kind::ALL.iter().filter(|kind| **kind != Kind::Rejects);
                let known: Vec<&str> = kinds.map(|kind| kind.name()).collect();
                let reason = format!("no table `{}`; expected {}", raw.kind, known.join(", "));
                self.error(&format!("{key}.kind"), reason)
            })?;
        let mut feeds: BTreeMap<Target, FeedValue> = BTreeMap::new();
        // What is shared comes first, so that the table's own word replaces it, whichever verb either uses.
        for (name, scalar) in &map.set {
            if let Some(target) = target(kind, name) {
                feeds.insert(target, self.set(kind, target, &format!("set.{name}"), scalar)?);
            }
        }
        for (name, from) in &map.from {
            if let Some(target) = target(kind, name) {
                feeds.insert(target, self.from(kind, target, &format!("from.{name}"), from)?);
            }
        }
        for (name, scalar) in &raw.set {
            let key = format!("{key}.set.{name}");
            let target = self.target(kind, &key, name)?;
            feeds.insert(target, self.set(kind, target, &key, scalar)?);
        }
        for (name, from) in &raw.from {
            if raw.set.contains_key(name) {
                return Err(self.error(
                    &format!("{key}.from.{name}"),
                    "is in `set` too; expected it in one of them",
                ));
            }
            let key = format!("{key}.from.{name}");
            let target = self.target(kind, &key, name)?;
            feeds.insert(target, self.from(kind, target, &key, from)?);
        }
        self.complete(kind, &key, &mut feeds)?;
        Ok(Table {
            kind,
            filters: filters(&raw.filters),
            feeds: feeds
                .into_iter()
                .map(|(target, value)| Feed { target, value })
                .collect(),
        })
    }

    fn target(&self, kind: Kind, key: &str, name: &str) -> Result<Target, TomlError> {
        target(kind, name).ok_or_else(|| {
            let mut known: Vec<&str> = kind.own_columns().iter().map(|column| column.name).collect();
            known.extend(["venue", "instrument"]);
            let likest = known
                .iter()
                .map(|column| (strsim::jaro_winkler(column, name), column))
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .filter(|(likeness, _)| *likeness > 0.8)
                .map(|(_, column)| format!("did you mean `{column}`? "))
                .unwrap_or_default();
            let table = kind.name();
            self.error(
                key,
                format!("no column of {table}; {likest}{table} has {}", known.join(", ")),
            )
        })
    }

    fn set(&self, kind: Kind, target: Target, key: &str, scalar: &Scalar) -> Result<FeedValue, TomlError> {
        let constant = scalar
            .constant(form(kind, target))
            .map_err(|reason| self.error(key, reason))?;
        self.word(kind, target, key, &constant)?;
        Ok(FeedValue::Set(constant))
    }

    /// Refuses a word that its column does not know.
    fn word(&self, kind: Kind, target: Target, key: &str, constant: &Constant) -> Result<(), TomlError> {
        let allowed = closed(kind, target);
        match constant {
            Constant::Word(word) if !allowed.is_empty() && !allowed.contains(&word.as_str()) => {
                Err(self.error(key, format!("is `{word}`; expected {}", allowed.join(", "))))
            }
            _ => Ok(()),
        }
    }

    fn from(&self, kind: Kind, target: Target, key: &str, feed: &RawFeed) -> Result<FeedValue, TomlError> {
        let RawFeed(raw) = feed;
        let form = form(kind, target);
        let refuse = |what: &str, given: bool, reason: &str| {
            if given {
                return Err(self.error(&format!("{key}.{what}"), reason));
            }
            Ok(())
        };
        let number = form == Form::Real;
        refuse(
            "abs",
            raw.abs && !number,
            "drops the sign of a number; this column holds none",
        )?;
        refuse(
            "decimals",
            raw.decimals.is_some() && !number,
            "moves the point of a number; this column holds none",
        )?;
        refuse(
            "decimals",
            raw.decimals.is_some() && raw.unit.is_some(),
            "the unit moves the point already; expected one of `unit` and `decimals`",
        )?;
        refuse(
            "words",
            raw.words.is_some() && form == Form::At,
            "an instant has no words",
        )?;
        let end = kind == Kind::Bars && spec(kind, target).is_some_and(|column| column.name == "close_at");
        refuse(
            "inclusive",
            raw.inclusive && !end,
            "belongs to `close_at` of bars alone",
        )?;
        let (stamp, decimals) = match form {
            Form::At => (self.stamp(key, raw)?, 0),
            _ => (Stamp::Told, self.decimals(key, raw, form)?),
        };
        let words = match &raw.words {
            Some(words) => self.words(kind, target, key, words)?,
            None => Words::Kept(closed(kind, target)),
        };
        Ok(FeedValue::From(From {
            columns: raw.column.0.clone(),
            form,
            stamp,
            decimals,
            words,
            abs: raw.abs,
            inclusive: raw.inclusive,
        }))
    }

    fn stamp(&self, key: &str, raw: &RawFrom) -> Result<Stamp, TomlError> {
        Ok(match raw.unit.as_deref() {
            None => Stamp::Told,
            Some("s") => Stamp::Count(Epoch::S),
            Some("ms") => Stamp::Count(Epoch::Ms),
            Some("us") => Stamp::Count(Epoch::Us),
            Some("ns") => Stamp::Count(Epoch::Ns),
            Some("block") => Stamp::Block,
            Some(pattern) if pattern.contains('%') => {
                use chrono::format::{Item, StrftimeItems};
                if StrftimeItems::new(pattern).any(|item| item == Item::Error) {
                    return Err(self.error(
                        &format!("{key}.unit"),
                        format!(
                            "`{pattern}` is no pattern of a time; expected one such as `%d.%m.%Y %H:%M:%S`"
                        ),
                    ));
                }
                Stamp::Written(pattern.to_owned())
            }
            Some(unit) => {
                return Err(self.error(
                    &format!("{key}.unit"),
                    format!(
                        "is `{unit}`; expected s, ms, us, ns, block or a pattern such as `%d.%m.%Y %H:%M:%S`"
                    ),
                ));
            }
        })
    }

    fn decimals(&self, key: &str, raw: &RawFrom, form: Form) -> Result<i32, TomlError> {
        let Some(unit) = raw.unit.as_deref() else {
            return Ok(raw.decimals.unwrap_or_default());
        };
        let known = UNITS.iter().find(|(name, _)| *name == unit && form == Form::Real);
        known.map(|(_, places)| *places).ok_or_else(|| {
            let names: Vec<&str> = UNITS.iter().map(|(name, _)| *name).collect();
            let reason = match form {
                Form::Real => format!(
                    "is `{unit}`; expected {}, or `decimals = <places>`",
                    names.join(", ")
                ),
                _ => "this column holds neither an instant nor a number with a fraction".to_owned(),
            };
            self.error(&format!("{key}.unit"), reason)
        })
    }

    fn words(
        &self,
        kind: Kind,
        target: Target,
        key: &str,
        words: &BTreeMap<String, Scalar>,
    ) -> Result<Words, TomlError> {
        let mut known = BTreeMap::new();
        for (word, scalar) in words {
            let key = format!("{key}.words.{word}");
            let constant = scalar
                .constant(form(kind, target))
                .map_err(|reason| self.error(&key, reason))?;
            self.word(kind, target, &key, &constant)?;
            known.insert(word.clone(), constant);
        }
        if !known.contains_key("+") && !known.contains_key("-") {
            return Ok(Words::Known(known));
        }
        match (known.remove("+"), known.remove("-"), known.is_empty()) {
            (Some(plus), Some(minus), true) => Ok(Words::Sign { plus, minus }),
            _ => Err(self.error(
                &format!("{key}.words"),
                "reads a sign and something else; expected `+` and `-` and no other word",
            )),
        }
    }

    /// Adds what goes without saying and refuses a table that lacks what its rows need.
    fn complete(
        &self,
        kind: Kind,
        key: &str,
        feeds: &mut BTreeMap<Target, FeedValue>,
    ) -> Result<(), TomlError> {
        let fed = |feeds: &BTreeMap<Target, FeedValue>, name: &str| {
            target(kind, name).is_some_and(|target| feeds.contains_key(&target))
        };
        if kind == Kind::Depth && !fed(feeds, "snapshot") {
            let snapshot =
                target(kind, "snapshot").expect("levels of a book say whether they are a snapshot");
            feeds.insert(snapshot, FeedValue::Set(Constant::Flag(false)));
        }
        for (name, word) in DEFAULTS {
            if let Some(target) = target(kind, name) {
                feeds
                    .entry(target)
                    .or_insert_with(|| FeedValue::Set(Constant::Word((*word).to_owned())));
            }
        }
        if fed(feeds, "volume") && !fed(feeds, "volume_unit") {
            let reason = format!(
                "feeds volume without volume_unit; expected one of {}",
                UNIT_WORDS.join(", ")
            );
            return Err(self.error(key, reason));
        }
        let mut missing: Vec<&str> = kind
            .own_columns()
            .iter()
            .filter(|column| column.required && !fed(feeds, column.name))
            .map(|column| column.name)
            .collect();
        if kind == Kind::Bars {
            // Two of start, end and length give the third.
            let given = |name: &&str| fed(feeds, name);
            if ["open_at", "close_at", "interval_s"]
                .iter()
                .filter(|name| given(name))
                .count()
                >= 2
            {
                missing.retain(|name| !["open_at", "close_at", "interval_s"].contains(name));
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let also = if missing.iter().any(|name| ["open_at", "close_at"].contains(name)) {
            " (of open_at, close_at and interval_s two give the third)"
        } else {
            ""
        };
        let reason = format!(
            "{} needs {}; expected them in `from` or `set`{also}",
            kind.name(),
            missing.join(", ")
        );
        Err(self.error(key, reason))
    }
}

fn filters(raw: &BTreeMap<String, Texts>) -> Vec<Filter> {
    raw.iter()
        .map(|(column, texts)| Filter {
            column: Name::Named(column.clone()),
            texts: texts.clone().into_vec(),
        })
        .collect()
}

fn target(kind: Kind, name: &str) -> Option<Target> {
    match name {
        "venue" => Some(Target::Venue),
        "instrument" => Some(Target::Instrument),
        name => kind
            .own_columns()
            .iter()
            .position(|column| column.name == name)
            .map(Target::Column),
    }
}

fn spec(kind: Kind, target: Target) -> Option<&'static ColumnSpec> {
    match target {
        Target::Venue | Target::Instrument => None,
        Target::Column(place) => kind.own_columns().get(place),
    }
}

fn form(kind: Kind, target: Target) -> Form {
    spec(kind, target).map_or(Form::Word, |column| column.form)
}

fn closed(kind: Kind, target: Target) -> &'static [&'static str] {
    spec(kind, target).map_or(&[], |column| closed_words(kind, column.name))
}
