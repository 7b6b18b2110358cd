//! The kinds of rule, a row a parameter.

use aftershock_query::catalog::RuleRow;
use aftershock_rules::{Kind, Parameter, families};

/// Every kind by family with each of its parameters; one without any has one row.
pub(super) fn rows() -> Vec<RuleRow> {
    let mut rows = Vec::new();
    for family in families() {
        for kind in family.kinds {
            if kind.parameters.is_empty() {
                rows.push(row(family.name, kind, None));
            }
            let parameters = kind.parameters.iter();
            rows.extend(parameters.map(|parameter| row(family.name, kind, Some(parameter))));
        }
    }
    rows
}

fn row(family: &str, kind: &Kind, parameter: Option<&Parameter>) -> RuleRow {
    RuleRow {
        rule: kind.name.into(),
        family: family.into(),
        what: kind.what.into(),
        changes: kind.changes.into(),
        helps: kind.helps.into(),
        costs: kind.costs.into(),
        parameter: parameter.map(|one| one.name.into()),
        default_value: parameter.map(|one| one.default),
        lowest: parameter.map(|one| one.allowed[0]),
        highest: parameter.map(|one| one.allowed[1]),
        meaning: parameter.map(|one| one.meaning.into()),
        example: kind.example.into(),
        source: kind.sources.join("; "),
    }
}
