//! Tables on a terminal.

use std::io::Write;

use tabled::builder::Builder;
use tabled::settings::Style;

/// Prints rows under headers to stdout.
pub(crate) fn print(headers: &[String], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let mut builder = Builder::default();
    builder.push_record(headers);
    for row in rows {
        builder.push_record(row);
    }
    let mut table = builder.build();
    table.with(Style::sharp());
    writeln!(std::io::stdout().lock(), "{table}")?;
    Ok(())
}

/// The same of string slices.
pub(crate) fn headers(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// `1 part`, `1,234 parts`.
pub(crate) fn counted(count: u64, one: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {one}{plural}", indicatif::HumanCount(count))
}
