//! A map against one file: which of the file's columns feeds what.

use std::collections::BTreeMap;

use aftershock_archive::tape::{Form, Kind};

use super::map::{Constant, Feed, FeedValue, Filter, From, Joint, Map, Name, Stamp, Target};
use crate::{Head, IngestError};

/// The columns that a file has.
#[derive(Clone, Debug)]
pub(super) enum Fields {
    /// Named, in order.
    Named(Vec<String>),
    /// Without names: how many there are.
    Counted(usize),
    /// JSON objects with these keys.
    Keys(Vec<String>),
}

/// Where a column of the plan comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A field of the file by place.
    Field(usize),
    /// A value of a JSON object: keys and places from the outside in.
    Path(Vec<String>),
    /// A part of the file's name.
    Same(String),
    /// A part of the name of a wide column.
    WideHole(usize),
    /// The value of a wide column.
    WideValue,
    /// The value of one field of a long file.
    LongField(String),
}

/// What is read of a file and what is made of it.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The columns to read.
    pub(super) origins: Vec<Origin>,
    /// Wide columns: which of the origins, and what stands in the holes of its name.
    pub(super) wide: Vec<(usize, Vec<String>)>,
    /// Which of the origins names the field of a long file, and which holds its value.
    pub(super) long: Option<(usize, usize)>,
    pub(super) leave: Vec<PlannedFilter>,
    pub(super) tables: Vec<PlannedTable>,
}

/// A filter whose column is one of the plan's.
#[derive(Clone, Debug)]
pub(super) struct PlannedFilter {
    pub(super) column: usize,
    pub(super) texts: Vec<String>,
}

#[derive(Clone, Debug)]
pub(super) struct PlannedTable {
    pub(super) kind: Kind,
    pub(super) filters: Vec<PlannedFilter>,
    pub(super) feeds: Vec<PlannedFeed>,
}

#[derive(Clone, Debug)]
pub(super) struct PlannedFeed {
    pub(super) target: Target,
    pub(super) value: PlannedValue,
}

#[derive(Clone, Debug)]
pub(super) enum PlannedValue {
    Set(Constant),
    /// The first of these that is not missing.
    From(Vec<Source>, From),
}

/// A column of the plan or a text of several.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Column(usize),
    Joined(Vec<JoinedPart>),
}

#[derive(Clone, Debug)]
pub(super) enum JoinedPart {
    Literal(String),
    Column(usize),
}

/// Why a map does not read a file.
#[derive(Debug)]
pub(super) enum Unfit {
    /// It asks for columns that the file does not have.
    Columns(Vec<String>),
    /// Something that only the user can say.
    Unsaid {
        missing: &'static str,
        option: &'static str,
    },
}

impl Unfit {
    pub(super) fn error(self, map: &Map, fields: &Fields, head: &Head<'_>) -> IngestError {
        match self {
            Self::Columns(missing) => IngestError::BadFile {
                path: head.path.to_owned(),
                reason: format!(
                    "the map {} asks for {}, which it does not have; it has {}",
                    map.file,
                    quoted(&missing),
                    fields.text()
                ),
            },
            Self::Unsaid { missing, option } => IngestError::Underspecified {
                path: head.path.to_owned(),
                what: format!("read by the map {}", map.file),
                missing: missing.to_owned(),
                option,
            },
        }
    }
}

fn quoted(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

impl Fields {
    fn text(&self) -> String {
        match self {
            Self::Named(names) | Self::Keys(names) => quoted(names),
            Self::Counted(count) => format!("{count} columns without names, from 0"),
        }
    }

    fn origin(&self, name: &Name) -> Option<Origin> {
        match (self, name) {
            (Self::Named(names), Name::Named(name)) => {
                names.iter().position(|own| own == name).map(Origin::Field)
            }
            (Self::Named(names), Name::Place(place)) => {
                (*place < names.len()).then_some(Origin::Field(*place))
            }
            (Self::Counted(count), Name::Place(place)) => (place < count).then_some(Origin::Field(*place)),
            (Self::Keys(keys), Name::Named(name)) => {
                let path: Vec<String> = match name.strip_prefix('/') {
                    Some(path) => path.split('/').map(str::to_owned).collect(),
                    None => vec![name.clone()],
                };
                keys.contains(&path[0]).then_some(Origin::Path(path))
            }
            _ => None,
        }
    }
}

/// Finds the columns of a plan.
struct Finder<'a> {
    map: &'a Map,
    fields: &'a Fields,
    /// Parts of the file's name.
    captures: BTreeMap<String, String>,
    holes: Vec<String>,
    origins: Vec<Origin>,
    missing: Vec<String>,
}

impl Finder<'_> {
    fn place(&mut self, origin: Origin) -> usize {
        self.origins
            .iter()
            .position(|known| *known == origin)
            .unwrap_or_else(|| {
                self.origins.push(origin);
                self.origins.len() - 1
            })
    }

    fn origin(&self, name: &Name) -> Option<Origin> {
        if let Name::Named(name) = name {
            if let Some(hole) = self.holes.iter().position(|hole| hole == name) {
                return Some(Origin::WideHole(hole));
            }
            if !self.holes.is_empty() && name == "value" {
                return Some(Origin::WideValue);
            }
            if let Some(capture) = self.captures.get(name) {
                return Some(Origin::Same(capture.clone()));
            }
        }
        self.fields.origin(name).or_else(|| match name {
            Name::Named(name) if self.map.long.is_some() => Some(Origin::LongField(name.clone())),
            _ => None,
        })
    }

    /// A column of the plan; what is missing is noted, and any place stands for it.
    fn column(&mut self, name: &Name) -> usize {
        match self.origin(name) {
            Some(origin) => self.place(origin),
            None => {
                let name = name.to_string();
                if !self.missing.contains(&name) {
                    self.missing.push(name);
                }
                0
            }
        }
    }

    fn source(&mut self, name: &Name) -> Source {
        match name {
            Name::Joined(joints) => Source::Joined(
                joints
                    .iter()
                    .map(|joint| match joint {
                        Joint::Literal(text) => JoinedPart::Literal(text.clone()),
                        Joint::Column(name) => JoinedPart::Column(self.column(&Name::Named(name.clone()))),
                    })
                    .collect(),
            ),
            name => Source::Column(self.column(name)),
        }
    }

    fn filter(&mut self, filter: &Filter) -> PlannedFilter {
        PlannedFilter {
            column: self.column(&filter.column),
            texts: filter.texts.clone(),
        }
    }

    fn feed(&mut self, feed: &Feed) -> PlannedFeed {
        let value = match &feed.value {
            FeedValue::Set(constant) => PlannedValue::Set(constant.clone()),
            FeedValue::From(from) => {
                let sources = from.columns.iter().map(|name| self.source(name)).collect();
                PlannedValue::From(sources, from.clone())
            }
        };
        PlannedFeed {
            target: feed.target,
            value,
        }
    }
}

impl Plan {
    /// How a map reads a file that has these columns.
    ///
    /// # Errors
    /// What the map asks for and the file does not have.
    pub(super) fn new(map: &Map, fields: &Fields, head: &Head<'_>) -> Result<Self, Unfit> {
        let captures = map.files.as_ref().and_then(|files| {
            let found = files.captures(head.name())?;
            Some(files.holes().map(str::to_owned).zip(found).collect())
        });
        let mut finder = Finder {
            map,
            fields,
            captures: captures.unwrap_or_default(),
            holes: map
                .wide
                .as_ref()
                .map_or(Vec::new(), |wide| wide.holes().map(str::to_owned).collect()),
            origins: Vec::new(),
            missing: Vec::new(),
        };
        let mut tables = Vec::new();
        for table in &map.tables {
            let mut feeds: Vec<PlannedFeed> = Vec::new();
            for (target, hint) in [
                (Target::Venue, &head.hints.venue),
                (Target::Instrument, &head.hints.instrument),
            ] {
                if let Some(word) = hint {
                    let value = PlannedValue::Set(Constant::Word(word.clone()));
                    feeds.push(PlannedFeed { target, value });
                }
            }
            for feed in &table.feeds {
                if feeds.iter().all(|hinted| hinted.target != feed.target) {
                    feeds.push(finder.feed(feed));
                }
            }
            tables.push(PlannedTable {
                kind: table.kind,
                filters: table.filters.iter().map(|filter| finder.filter(filter)).collect(),
                feeds,
            });
        }
        let leave = map.leave.iter().map(|filter| finder.filter(filter)).collect();
        let long = map
            .long
            .as_ref()
            .map(|long| (finder.column(&long.field), finder.column(&long.value)));
        let mut wide = Vec::new();
        if let (Some(pattern), Fields::Named(names)) = (&map.wide, fields) {
            for (place, name) in names.iter().enumerate() {
                if let Some(captures) = pattern.captures(name) {
                    wide.push((finder.place(Origin::Field(place)), captures));
                }
            }
        }
        if map.wide.is_some() && wide.is_empty() {
            finder
                .missing
                .push("a column that fits `wide.columns`".to_owned());
        }
        if !finder.missing.is_empty() {
            return Err(Unfit::Columns(finder.missing));
        }
        let says = |target: Target| {
            let feeds = |table: &PlannedTable| table.feeds.iter().any(|feed| feed.target == target);
            tables.iter().all(feeds)
        };
        for (target, missing, option) in [
            (Target::Venue, "nothing says its venue", "--venue"),
            (Target::Instrument, "nothing says its instrument", "--instrument"),
        ] {
            if !says(target) {
                return Err(Unfit::Unsaid { missing, option });
            }
        }
        let plan = Self {
            origins: finder.origins,
            wide,
            long,
            leave,
            tables,
        };
        if head.hints.blocks.is_empty() && plan.stamps().any(|(_, from)| from.stamp == Stamp::Block) {
            return Err(Unfit::Unsaid {
                missing: "its stamps are numbers of blocks without times",
                option: "--blocks",
            });
        }
        Ok(plan)
    }

    /// The venue, where all tables have the same.
    pub(super) fn venue(&self) -> Option<&str> {
        let venues = self.tables.iter().map(|table| {
            table
                .feeds
                .iter()
                .find_map(|feed| match (&feed.target, &feed.value) {
                    (Target::Venue, PlannedValue::Set(Constant::Word(venue))) => Some(venue.as_str()),
                    _ => None,
                })
        });
        let mut venues = venues.collect::<Option<Vec<_>>>()?;
        venues.dedup();
        match venues[..] {
            [venue] => Some(venue),
            _ => None,
        }
    }

    /// Columns that feed instants, and how.
    fn stamps(&self) -> impl Iterator<Item = (&Source, &From)> {
        let feeds = self.tables.iter().flat_map(|table| &table.feeds);
        feeds
            .filter_map(|feed| match &feed.value {
                PlannedValue::From(sources, from) if from.form == Form::At => Some((sources, from)),
                _ => None,
            })
            .flat_map(|(sources, from)| sources.iter().map(move |source| (source, from)))
    }

    /// Fields of the file that feed instants, and how.
    pub(super) fn stamped(&self) -> impl Iterator<Item = (usize, &From)> {
        self.stamps()
            .filter_map(|(source, from)| match source {
                Source::Column(column) => Some((column, from)),
                Source::Joined(_) => None,
            })
            .filter_map(|(column, from)| match self.origins[*column] {
                Origin::Field(place) => Some((place, from)),
                _ => None,
            })
    }
}
