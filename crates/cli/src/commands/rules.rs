//! `aftershock rules`.

use aftershock_rules::kinds;
use anyhow::Result;

use crate::{embedded, table};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// A rule set to explain
    name: Option<String>,
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let Some(name) = arguments.name else {
        let sets = embedded::rule_sets()?;
        let rows: Vec<Vec<String>> = sets
            .iter()
            .map(|set| vec![set.name.clone(), set.title.clone()])
            .collect();
        return table::print(&table::headers(&["rule set", "what it asks"]), &rows);
    };
    let set = embedded::rule_set(&name)?;
    println!("{}\n\n{}\n\nWho pays: {}\n", set.title, set.summary, set.costs);
    for source in &set.sources {
        println!("Source: {source}");
    }
    println!("\n{}", set.toml.trim_end());
    for kind in kinds().filter(|kind| set.toml.contains(&format!("kind = \"{}\"", kind.name))) {
        if kind.parameters.is_empty() {
            continue;
        }
        println!("\n{}: {}", kind.name, kind.what);
        let rows: Vec<Vec<String>> = kind
            .parameters
            .iter()
            .map(|one| {
                let [low, high] = one.allowed;
                vec![one.name.into(), format!("{low} to {high}"), one.meaning.into()]
            })
            .collect();
        table::print(&table::headers(&["parameter", "allowed", "meaning"]), &rows)?;
    }
    Ok(())
}
