//! What a tape holds of the episode's market beside its price, and what it does not.

use crate::Error;
use crate::table::Answer;

/// An outage is no reading: it lasts.
pub(crate) const OUTAGE: &str = "outage";

/// Readings of one kind in one unit, which share a panel.
pub(crate) struct Group {
    /// Over the panel, without digits.
    pub(crate) title: String,
    /// Something that happens at instants, rather than a level that is read.
    pub(crate) dots: bool,
    pub(crate) markets: Vec<Market>,
}

/// One market's rows of the answer.
pub(crate) struct Market {
    /// Venue and instrument.
    pub(crate) name: String,
    pub(crate) rows: Vec<usize>,
}

/// The rows of `market/beside_the_price`, a group for each panel.
pub(crate) fn groups(answer: &Answer) -> Result<Vec<Group>, Error> {
    let mut groups: Vec<Group> = Vec::new();
    for row in answer.rows_where(|row| !answer.is(row, "kind", OUTAGE)) {
        let text = |column: &str| Ok::<_, Error>(answer.get(row, column)?.to_string());
        let (kind, unit) = (text("kind")?, text("unit")?);
        let title = title(&kind, &unit);
        if groups.last().is_none_or(|last| last.title != title) {
            groups.push(Group {
                title,
                dots: !["open interest", "depth"].contains(&kind.as_str()),
                markets: Vec::new(),
            });
        }
        let Some(group) = groups.last_mut() else { continue };
        let name = format!("{} {}", text("venue")?, text("instrument")?);
        match group.markets.last_mut().filter(|market| market.name == name) {
            Some(market) => market.rows.push(row),
            None => group.markets.push(Market {
                name,
                rows: vec![row],
            }),
        }
    }
    Ok(groups)
}

/// Kinds of record of which the answer has nothing, in words.
pub(crate) fn absent(answer: &Answer) -> Vec<&'static str> {
    let holds = |kind: &str| !answer.rows_where(|row| starts(answer, row, kind)).is_empty();
    let mut absent = vec!["funding", "open interest", "depth", "forced orders"];
    absent.retain(|kind| !holds(kind));
    // Where there is no record at all, nobody can tell when it broke off.
    if answer.is_empty() {
        absent.push("outages");
    }
    absent
}

fn starts(answer: &Answer, row: usize, kind: &str) -> bool {
    let found = answer.rows.get(row, "kind").and_then(|cell| cell.text());
    found.is_some_and(|found| found.starts_with(kind))
}

fn title(kind: &str, unit: &str) -> String {
    let unit = match unit {
        "base" => "coins",
        "quote" => "quote currency",
        "contract" => "contracts",
        "percent of notional" => unit,
        _ => "as recorded",
    };
    let what = match kind {
        "depth" => "depth within one percent of the price, both sides",
        "funding" | "open interest" => kind,
        "forced orders to buy" => "forced buying by the hour",
        _ => "forced selling by the hour",
    };
    format!("recorded {what}, {unit}")
}
