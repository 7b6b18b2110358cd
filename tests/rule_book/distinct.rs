//! No two rules do the same.

use aftershock_rules::{Kind, RuleSetFile, kinds};
use anyhow::{Context, Result, ensure};

use super::{Tape, block, journal, pages, root};

/// Every tape of the rule book.
fn tapes() -> Result<Vec<Tape>> {
    let mut tapes = Vec::new();
    for file in pages()? {
        let page = std::fs::read_to_string(root().join("tests/rules").join(&file))?;
        let mut from = 0;
        while let Some((start, end)) = block(&page, "tape", from) {
            tapes.push(Tape::parse(&page[start..end]).with_context(|| file.clone())?);
            from = end;
        }
    }
    Ok(tapes)
}

/// The first rule set of a kind's own page.
fn of_page(kind: &Kind) -> Result<RuleSetFile> {
    let name = format!("tests/rules/{}.md", kind.name);
    let page = std::fs::read_to_string(root().join(&name)).with_context(|| name.clone())?;
    let (start, end) = block(&page, "toml", 0).with_context(|| format!("{name} has a rule set"))?;
    Ok(RuleSetFile::parse(&name, &page[start..end])?)
}

/// Whether the text of one says of the other.
fn says(one: &Kind, other: &Kind) -> bool {
    [one.what, one.changes, one.helps, one.costs, one.example]
        .iter()
        .any(|text| text.contains(other.name))
}

#[test]
fn no_two_kinds_act_alike_unless_their_text_says_so() -> Result<()> {
    let tapes = tapes()?;
    let record = RuleSetFile::parse(
        "record.toml",
        "name = \"record\"\ntitle = \"t\"\nsummary = \"s\"\ncosts = \"c\"\n",
    )?;
    let told = |set: &RuleSetFile, name: &str| -> Result<Vec<String>> {
        let one = |tape| Ok(journal(set, tape)?.replace(name, "rule"));
        tapes.iter().map(one).collect()
    };
    let history = told(&record, "record")?;
    let mut all: Vec<(&Kind, Vec<String>)> = Vec::new();
    // What needs more than the tapes of the book have cannot be told apart by them.
    for kind in kinds() {
        let Some(set) = RuleSetFile::of_kind(kind).filter(|set| set.rules.needs().is_empty()) else {
            continue;
        };
        let mut found = told(&set, kind.name)?;
        // With its defaults it may have nothing to do on tapes this small.
        if found == history {
            found = told(&of_page(kind)?, kind.name)?;
        }
        all.push((kind, found));
    }
    ensure!(all.len() > 30, "only {} kinds", all.len());
    let mut alike = Vec::new();
    for (turn, (one, told)) in all.iter().enumerate() {
        if *told == history {
            alike.push(format!("{} and the rules of record", one.name));
        }
        for (other, others) in &all[..turn] {
            if told == others && !says(one, other) && !says(other, one) {
                alike.push(format!("{} and {}", other.name, one.name));
            }
        }
    }
    ensure!(alike.is_empty(), "alike on every tape: {}", alike.join("; "));
    Ok(())
}
