//! No two rules do the same.

use aftershock_rules::{Kind, RuleSetFile, kinds};
use anyhow::{Context, Result, ensure};

use super::{block, pages, root, told};

/// Every tape of the rule book.
fn tapes() -> Result<Vec<String>> {
    let mut tapes = Vec::new();
    for file in pages()? {
        let page = std::fs::read_to_string(root().join("tests/rules").join(&file))?;
        let mut from = 0;
        while let Some((start, end)) = block(&page, "tape", from) {
            tapes.push(page[start..end].to_owned());
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
    let all_told = |set: &RuleSetFile, name: &str| -> Result<Vec<String>> {
        let one = |tape: &String| {
            let text = told(set, tape).with_context(|| format!("{name} on\n{tape}"))?;
            Ok(text.replace(name, "rule"))
        };
        tapes.iter().map(one).collect()
    };
    let history = all_told(&record, "record")?;
    let mut all: Vec<(&Kind, Vec<String>)> = Vec::new();
    for kind in kinds() {
        // A declared rule is what its expressions make it.
        let Some(set) = RuleSetFile::of_kind(kind) else {
            continue;
        };
        let mut found = all_told(&set, kind.name)?;
        // With its defaults it may have nothing to do on tapes this small.
        if found == history {
            found = all_told(&of_page(kind)?, kind.name)?;
        }
        all.push((kind, found));
    }
    ensure!(all.len() > 30, "only {} kinds", all.len());
    let mut alike = Vec::new();
    for (turn, (one, told)) in all.iter().enumerate() {
        if *told == history && !one.changes.contains("those of the rules of record") {
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
