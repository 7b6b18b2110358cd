//! A column map as it is written: TOML with few keys, all others refused.

use std::collections::BTreeMap;
use std::fmt;

use aftershock_archive::tape::Form;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::map::{Constant, Joint, Long, Name};
use super::pattern::{Part, parts};
use crate::text::calendar;

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl Visitor<'_> for NameVisitor {
            type Value = Name;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("the name of a column or its place from 0")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Name, E> {
                Name::of(text).map_err(E::custom)
            }
            fn visit_i64<E: Error>(self, place: i64) -> Result<Name, E> {
                let place = usize::try_from(place).map_err(|_| E::custom("places count from 0"))?;
                Ok(Name::Place(place))
            }
        }
        deserializer.deserialize_any(NameVisitor)
    }
}

impl Name {
    fn of(text: &str) -> Result<Self, String> {
        if !text.contains('{') {
            return Ok(Self::Named(text.to_owned()));
        }
        let joint = |part| match part {
            Part::Literal(text) => Joint::Literal(text),
            Part::Hole(name) => Joint::Column(name),
            Part::Any => Joint::Literal("*".to_owned()),
        };
        Ok(Self::Joined(parts(text)?.into_iter().map(joint).collect()))
    }
}

/// A text or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Texts {
    One(String),
    Several(Vec<String>),
}

impl Texts {
    pub(super) fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Several(texts) => texts,
        }
    }
}

/// A plain value of TOML.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Flag(bool),
    Int(i64),
    Real(f64),
    Text(String),
}

impl Scalar {
    pub(super) fn constant(&self, form: Form) -> Result<Constant, String> {
        match (form, self) {
            (Form::At, Self::Text(text)) => calendar(text.as_bytes())
                .map(|instant| Constant::At(instant.micros))
                .ok_or_else(|| format!("`{text}` is no instant; expected one such as 2020-03-12T10:00:00Z")),
            (Form::Int, Self::Int(value)) => Ok(Constant::Int(*value)),
            (Form::Real, Self::Int(value)) => Ok(Constant::Real(*value as f64)),
            (Form::Real, Self::Real(value)) if value.is_finite() => Ok(Constant::Real(*value)),
            (Form::Word | Form::Text, Self::Text(text)) if !text.is_empty() => {
                Ok(Constant::Word(text.clone()))
            }
            (Form::Flag, Self::Flag(value)) => Ok(Constant::Flag(*value)),
            _ => Err(format!("{self} does not fit; expected {}", form_text(form))),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(value) => write!(out, "{value}"),
            Self::Int(value) => write!(out, "{value}"),
            Self::Real(value) => write!(out, "{value}"),
            Self::Text(text) => write!(out, "`{text}`"),
        }
    }
}

fn form_text(form: Form) -> &'static str {
    match form {
        Form::At => "an instant as text",
        Form::Int => "a whole number",
        Form::Real => "a number",
        Form::Word | Form::Text => "a text",
        Form::Flag => "true or false",
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawMap {
    pub(super) about: String,
    pub(super) files: Option<String>,
    pub(super) header: Option<u16>,
    pub(super) separator: Option<String>,
    pub(super) records: Option<String>,
    pub(super) wide: Option<RawWide>,
    pub(super) long: Option<Long>,
    #[serde(default)]
    pub(super) leave: BTreeMap<String, Texts>,
    #[serde(default)]
    pub(super) set: BTreeMap<String, Scalar>,
    #[serde(default)]
    pub(super) from: BTreeMap<String, RawFeed>,
    pub(super) table: Vec<RawTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWide {
    pub(super) columns: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTable {
    pub(super) kind: String,
    #[serde(default, rename = "where")]
    pub(super) filters: BTreeMap<String, Texts>,
    #[serde(default)]
    pub(super) set: BTreeMap<String, Scalar>,
    #[serde(default)]
    pub(super) from: BTreeMap<String, RawFeed>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFrom {
    pub(super) column: Names,
    pub(super) unit: Option<String>,
    pub(super) decimals: Option<i32>,
    pub(super) words: Option<BTreeMap<String, Scalar>>,
    #[serde(default)]
    pub(super) abs: bool,
    #[serde(default)]
    pub(super) inclusive: bool,
}

/// One column or several in order of preference.
#[derive(Clone, Debug, Default)]
pub(super) struct Names(pub(super) Vec<Name>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;
        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = Names;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a column by name or by place from 0, or a list of them")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Names, E> {
                Name::of(text).map(|name| Names(vec![name])).map_err(E::custom)
            }
            fn visit_i64<E: Error>(self, place: i64) -> Result<Names, E> {
                let place = usize::try_from(place).map_err(|_| E::custom("places count from 0"))?;
                Ok(Names(vec![Name::Place(place)]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Names, A::Error> {
                let mut all = Vec::new();
                while let Some(name) = names.next_element()? {
                    all.push(name);
                }
                if all.is_empty() {
                    return Err(A::Error::custom("an empty list names no column"));
                }
                Ok(Names(all))
            }
        }
        deserializer.deserialize_any(NamesVisitor)
    }
}

/// `"name"`, a place, or a table with more to say.
#[derive(Clone, Debug)]
pub(super) struct RawFeed(pub(super) RawFrom);

impl<'de> Deserialize<'de> for RawFeed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FromVisitor;
        impl<'de> Visitor<'de> for FromVisitor {
            type Value = RawFeed;
            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a column by name or by place from 0, or a table with the key `column`")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<RawFeed, E> {
                short(Name::of(text).map_err(E::custom)?)
            }
            fn visit_i64<E: Error>(self, place: i64) -> Result<RawFeed, E> {
                short(Name::Place(
                    usize::try_from(place).map_err(|_| E::custom("places count from 0"))?,
                ))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawFeed, A::Error> {
                RawFrom::deserialize(MapAccessDeserializer::new(map)).map(RawFeed)
            }
        }
        fn short<E: Error>(name: Name) -> Result<RawFeed, E> {
            Ok(RawFeed(RawFrom {
                column: Names(vec![name]),
                ..RawFrom::default()
            }))
        }
        deserializer.deserialize_any(FromVisitor)
    }
}
