//! The tables of a tape: one a kind of record, and three that say what the tape holds.
//!
//! A tape is read through its list alone, so that unfinished and superseded files are never met.

mod episodes;
mod lists;
mod parts;

use std::path::Path;
use std::sync::Arc;

use aftershock_archive::Store;
use aftershock_archive::tape::{Kind, ORIGIN, Tape, TapeList};
use datafusion::datasource::TableProvider;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::object_store::path::Path as Key;
use datafusion::prelude::SessionContext;

use crate::{Error, Result};
pub(crate) use episodes::Windows;
pub(crate) use lists::LISTS;
use parts::{Parts, Place};

type Named = (&'static str, Arc<dyn TableProvider>);

/// What else every table of a tape has, with its meaning.
const PLACE: [(&str, &str); 2] = [
    ("venue", "The venue's slug, such as `binance-usdm`."),
    (
        "instrument",
        "The venue's own symbol; for lending the collateral asset, for pools the pool.",
    ),
];
const EPISODE: (&str, &str) = (
    "episode",
    "The episode whose record's window holds the stamp; null outside all of them.",
);

/// The tables of a tape under SQL.
///
/// # Errors
/// When its list cannot be read.
pub(crate) fn tables(context: &SessionContext, tape: &Tape, windows: &Windows) -> Result<Vec<Named>> {
    let list = tape.list().map_err(|error| Error::Data {
        path: tape.store().location().into(),
        reason: error.to_string(),
    })?;
    let place = place(context, tape.store())?;
    let kinds = Kind::ALL.iter().map(|&kind| {
        let parts = list.parts.iter().filter(|part| part.key.kind == kind);
        let table = Parts::new(kind, parts, &place, windows.clone())?;
        Ok((kind.name(), Arc::new(table) as Arc<dyn TableProvider>))
    });
    let mut tables = kinds.collect::<Result<Vec<_>>>()?;
    tables.extend(lists::tables(&list).map_err(Error::of_execution)?);
    Ok(tables)
}

/// Where the engine finds the files of a store.
fn place(context: &SessionContext, store: &Store) -> Result<Place> {
    let unreadable = |reason: String| Error::Data {
        path: store.location().into(),
        reason,
    };
    if let Some(objects) = store.objects() {
        let url = ObjectStoreUrl::parse(&objects.bucket).map_err(|error| unreadable(error.to_string()))?;
        context.register_object_store(url.as_ref(), objects.objects);
        return Ok(Place {
            url,
            prefix: objects.prefix,
        });
    }
    let folder = store.local_folder().unwrap_or(Path::new("."));
    let absolute = std::path::absolute(folder).map_err(|error| unreadable(error.to_string()))?;
    Ok(Place {
        url: ObjectStoreUrl::local_filesystem(),
        prefix: Key::from_absolute_path(absolute).map_err(|error| unreadable(error.to_string()))?,
    })
}

/// What a table of `recorded` holds.
pub(crate) fn about(table: &str) -> Option<&'static str> {
    let kind = Kind::named(table).map(Kind::about);
    kind.or_else(|| {
        LISTS
            .iter()
            .find(|list| list.name == table)
            .map(|list| list.about)
    })
}

/// What a column of a table of `recorded` means.
pub(crate) fn column_about(table: &str, column: &str) -> Option<&'static str> {
    let of = |columns: &[(&str, &'static str)]| {
        let found = columns.iter().find(|(name, _)| *name == column);
        found.map(|(_, about)| *about)
    };
    if let Some(list) = LISTS.iter().find(|list| list.name == table) {
        return of(list.columns);
    }
    let kind = Kind::named(table)?;
    let own = kind
        .own_columns()
        .iter()
        .chain(ORIGIN)
        .find(|own| own.name == column);
    own.map(|own| own.about)
        .or_else(|| of(&PLACE))
        .or_else(|| of(&[EPISODE]))
}

/// The first part on this machine that is not there or does not open, and why.
pub(crate) fn damaged(tape: &Tape) -> Option<(std::path::PathBuf, String)> {
    let folder = tape.store().local_folder()?;
    let TapeList { parts, .. } = tape.list().ok()?;
    parts.iter().map(|part| folder.join(&part.path)).find_map(|path| {
        let reason = crate::tables::unreadable(&path)?;
        Some((
            path,
            format!("{reason}; `aftershock tape --check` says what mends it"),
        ))
    })
}
