//! The declaration, parameter by parameter, with the words that the template has for each.

use std::collections::BTreeMap;

use aftershock_market::synthetic::ParameterRow;

use super::declared::Declared;

/// Lists whose members have names.
const NAMED: [&str; 2] = ["assets", "venues"];

/// All parameters in the order of the declaration's tables.
pub(super) fn rows(declared: &Declared) -> Vec<ParameterRow> {
    let about = about(Declared::TEMPLATE);
    let usual: BTreeMap<String, String> = flat(&Declared::default()).into_iter().collect();
    let rows = flat(declared).into_iter().enumerate();
    rows.map(|(number, (name, value))| ParameterRow {
        number: number as i32,
        about: about.get(&unnamed(&name)).cloned().unwrap_or_default(),
        changed: name != "seed" && usual.get(&name) != Some(&value),
        name,
        value,
    })
    .collect()
}

/// How the declaration differs from the template, its seed aside, in words.
pub(super) fn template(declared: &Declared) -> String {
    let mine: BTreeMap<String, String> = flat(declared).into_iter().collect();
    let usual: BTreeMap<String, String> = flat(&Declared::default()).into_iter().collect();
    let changed = mine
        .iter()
        .filter(|(name, value)| *name != "seed" && usual.get(*name) != Some(*value));
    let changed = changed.count() + usual.keys().filter(|name| !mine.contains_key(*name)).count();
    match changed {
        0 => "the template as it is".to_owned(),
        1 => "the template with 1 parameter changed".to_owned(),
        _ => format!("the template with {changed} parameters changed"),
    }
}

fn flat(declared: &Declared) -> Vec<(String, String)> {
    let table: toml::Table =
        toml::from_str(&declared.to_toml()).expect("what was written as TOML reads as TOML");
    let mut found = Vec::new();
    gather("", &table, &mut found);
    found
}

/// Values first, then the tables below.
fn gather(before: &str, table: &toml::Table, found: &mut Vec<(String, String)>) {
    let name = |key: &str| {
        if before.is_empty() {
            key.to_owned()
        } else {
            format!("{before}.{key}")
        }
    };
    let is_below =
        |key: &str, value: &toml::Value| NAMED.contains(&key) || value.is_table() && is_section(key);
    for (key, value) in table.iter().filter(|(key, value)| !is_below(key, value)) {
        found.push((name(key), text(value)));
    }
    for (key, value) in table.iter().filter(|(key, value)| is_below(key, value)) {
        match value {
            toml::Value::Table(below) => gather(&name(key), below, found),
            toml::Value::Array(members) => {
                for member in members.iter().filter_map(toml::Value::as_table) {
                    let called = member
                        .get("name")
                        .and_then(toml::Value::as_str)
                        .unwrap_or_default();
                    gather(&name(&format!("{key}.{called}")), member, found);
                }
            }
            _ => {}
        }
    }
}

/// `engine` and `coverage` may be tables, and are values all the same.
fn is_section(key: &str) -> bool {
    !["engine", "coverage"].contains(&key)
}

fn text(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => text.clone(),
        toml::Value::Float(number) if number.is_finite() && number.abs() >= 1e6 => format!("{number:e}"),
        toml::Value::Float(number) => number.to_string(),
        toml::Value::Array(members) => {
            let members: Vec<String> = members.iter().map(text).collect();
            format!("[{}]", members.join(", "))
        }
        toml::Value::Table(table) => {
            let members: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", text(value)))
                .collect();
            format!("{{ {} }}", members.join(", "))
        }
        other => other.to_string(),
    }
}

/// `venues.alpha.latency_s` is `venues.latency_s` in the template.
fn unnamed(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    match parts[..] {
        [list, _, key] if NAMED.contains(&list) => format!("{list}.{key}"),
        _ => name.to_owned(),
    }
}

/// What the template says beside each of its values.
fn about(template: &str) -> BTreeMap<String, String> {
    let mut section = String::new();
    let mut last = None;
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    for line in template.lines() {
        let (code, words) = line.split_once('#').unwrap_or((line, ""));
        let (code, words) = (code.trim(), words.trim());
        if code.starts_with('[') {
            section = format!("{}.", code.trim_matches(['[', ']']));
            last = None;
        } else if let Some((key, _)) = code.split_once(" = ") {
            let name = format!("{}{key}", if section == "." { "" } else { &section });
            found.entry(name.clone()).or_insert_with(|| words.to_owned());
            last = Some(name);
        } else if let (true, Some(text)) = (
            code.is_empty() && !words.is_empty(),
            last.as_ref().and_then(|name| found.get_mut(name)),
        ) {
            text.push(' ');
            text.push_str(words);
        } else {
            last = None;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_has_its_words() {
        let rows = rows(&Declared::default());
        for row in &rows {
            assert!(!row.about.is_empty(), "{} has no words in the template", row.name);
            assert!(!row.changed, "{}", row.name);
        }
        let of = |name: &str| rows.iter().find(|row| row.name == name).expect(name);
        assert_eq!(of("ramp.size").value, "0.05");
        assert_eq!(of("ramp.size").about, "log; below 0 a rise");
        assert_eq!(of("venues.beta.volume_daily_usd").value, "5e9");
        assert!(
            of("amplification")
                .about
                .ends_with("amplification what comes of it")
        );
    }

    #[test]
    fn what_differs_from_the_template_is_counted() {
        let mut declared = Declared {
            seed: 9,
            ..Declared::default()
        };
        assert_eq!(template(&declared), "the template as it is");
        declared.ramp.size = 0.08;
        assert_eq!(template(&declared), "the template with 1 parameter changed");
        assert_eq!(rows(&declared).iter().filter(|row| row.changed).count(), 1);
    }
}
