//! What tables and their columns mean, for readers.

/// A table, with what one row of it is and what its columns mean.
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) columns: &'static [(&'static str, &'static str)],
}

/// What one row of a table is.
pub(crate) fn about(tables: &[Table], table: &str) -> Option<&'static str> {
    let found = tables.iter().find(|known| known.name == table);
    found.map(|table| table.about)
}

/// What a column of a table means; `common` columns mean the same in each.
pub(crate) fn column_about(
    tables: &[Table],
    common: &[(&str, &'static str)],
    table: &str,
    column: &str,
) -> Option<&'static str> {
    let table = tables.iter().find(|known| known.name == table)?;
    let own = table.columns.iter().chain(common);
    own.copied()
        .find(|(name, _)| *name == column)
        .map(|(_, about)| about)
}
