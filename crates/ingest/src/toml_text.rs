//! TOML as its author sees it: errors that give line, column and key.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::TomlError;

/// Reads a TOML text.
pub(crate) fn parse<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, TomlError> {
    toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        error_at(file, text, at, key_at(text, at), error.message().to_owned())
    })
}

/// An error at the value of a dotted key, or at the deepest part of it that is there.
pub(crate) fn error_in(file: &str, text: &str, key: &str, reason: String) -> TomlError {
    error_at(file, text, offset_of(text, key), Some(key.to_owned()), reason)
}

fn error_at(file: &str, text: &str, at: usize, key: Option<String>, reason: String) -> TomlError {
    let before = &text[..text.floor_char_boundary(at)];
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    TomlError {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        key,
        reason,
    }
}

/// A part of a table or array: its name, where the name is written, and its value.
type Part<'a> = (String, Option<Range<usize>>, &'a Spanned<DeValue<'a>>);

/// The parts of a value. Those of an array count from 1.
fn parts<'a>(value: &'a DeValue<'_>) -> Vec<Part<'a>> {
    match value {
        DeValue::Table(table) => table_parts(table),
        DeValue::Array(array) => array
            .iter()
            .enumerate()
            .map(|(index, part)| ((index + 1).to_string(), None, part))
            .collect(),
        _ => Vec::new(),
    }
}

fn table_parts<'a>(table: &'a DeTable<'_>) -> Vec<Part<'a>> {
    table
        .iter()
        .map(|(key, part)| (key.get_ref().to_string(), Some(key.span()), part))
        .collect()
}

fn offset_of(text: &str, key: &str) -> usize {
    let Ok(document) = DeTable::parse(text) else {
        return 0;
    };
    let mut offset = 0;
    let mut inside = table_parts(document.get_ref());
    for name in key.split('.') {
        let Some((_, _, part)) = inside.into_iter().find(|(found, _, _)| found == name) else {
            break;
        };
        offset = part.span().start;
        inside = parts(part.get_ref());
    }
    offset
}

/// The innermost key whose name or value lies at `at`.
fn key_at(text: &str, at: usize) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let mut path = Vec::new();
    descend(table_parts(document.get_ref()), at, &mut path).then(|| path.join("."))
}

/// Extends `path` to the innermost part at `at`. A `[table]` spans its header alone, so every table is looked into.
fn descend(inside: Vec<Part<'_>>, at: usize, path: &mut Vec<String>) -> bool {
    for (name, key, part) in inside {
        path.push(name);
        let here = part.span().contains(&at) || key.is_some_and(|key| key.contains(&at));
        if descend(parts(part.get_ref()), at, path) || here {
            return true;
        }
        path.pop();
    }
    false
}
