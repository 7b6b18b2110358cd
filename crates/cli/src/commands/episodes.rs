//! `aftershock episodes`.

use aftershock_ingest::Catalog;
use anyhow::Result;

use crate::table;

#[derive(clap::Args)]
pub(crate) struct Arguments {}

pub(crate) fn run(_: Arguments) -> Result<()> {
    let catalog = Catalog::embedded()?;
    let rows: Vec<Vec<String>> = catalog
        .episodes()
        .iter()
        .map(|episode| {
            let names = episode
                .aliases
                .iter()
                .filter(|alias| !episode.id.starts_with(alias.as_str()));
            vec![
                episode.id.clone(),
                names.cloned().collect::<Vec<_>>().join(", "),
                episode.record.fineness.clone(),
                episode.record.instrument.clone(),
                episode.title.clone(),
            ]
        })
        .collect();
    table::print(
        &table::headers(&["episode", "also", "fineness", "price", "title"]),
        &rows,
    )
}
