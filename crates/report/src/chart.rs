//! The picture on the time axis as a reader can turn it over: which cells it draws, panel by panel.
//!
//! Nothing here holds a figure: panels name columns of the blocks beside them.

use minijinja::{Value, context};
use serde_json::json;

use crate::figure::Paths;
use crate::kind::Kind;
use crate::series::{Block, Kept, harmless, instant, kept};
use crate::table::Answer;
use crate::{Error, beside};

/// What a line of the picture is called where it is no rule set's.
const RECORDED: &str = "recorded";
const NULL: &str = "forced flow off the book";

/// Who is drawn, and in which order.
pub(crate) struct Cast<'a> {
    /// All rule sets, those that are shown from the start first; the first of all is the one the others are compared with.
    pub(crate) rule_sets: &'a [String],
    /// How many are shown from the start; of the others only medians are there.
    pub(crate) shown: usize,
    /// No forced flow is recorded, so that the record and its replay are one line.
    pub(crate) record_is_replay: bool,
    /// What the results of the page are.
    pub(crate) results: Kind,
}

impl Cast<'_> {
    fn label(rule_set: &str) -> &str {
        if rule_set == "record" {
            "rules of record"
        } else {
            rule_set
        }
    }

    fn colour(place: usize) -> String {
        if place == 0 {
            "--ink".to_owned()
        } else {
            format!("--s{}", (place - 1) % 5 + 1)
        }
    }

    /// The fifth colour is followed by the first again, dashed otherwise.
    fn dash(place: usize) -> serde_json::Value {
        match place.saturating_sub(1) / 5 % 3 {
            0 => json!(null),
            1 => json!([8, 4]),
            _ => json!([2, 3]),
        }
    }
}

/// One line: where its cells are.
struct Line<'a> {
    block: &'a str,
    table: usize,
    x: &'a str,
    y: [&'a str; 3],
    banded: bool,
    steps: bool,
    fill: bool,
    /// Readings at instants, with nothing said of the time between them.
    dots: bool,
}

impl<'a> Line<'a> {
    /// A plain line of one column.
    fn new(block: &'a str, table: usize, x: &'a str, y: &'a str) -> Self {
        Self {
            block,
            table,
            x,
            y: [y; 3],
            banded: false,
            steps: false,
            fill: false,
            dots: false,
        }
    }

    /// As it stands in the layout; it is shown with the rule set of its name.
    fn json(&self, name: &str, kind: Kind, colour: &str, dash: &serde_json::Value) -> serde_json::Value {
        self.json_of(name, name, kind, colour, dash)
    }

    /// The same, shown with another set.
    fn json_of(
        &self,
        set: &str,
        name: &str,
        kind: Kind,
        colour: &str,
        dash: &serde_json::Value,
    ) -> serde_json::Value {
        let [middle, low, high] = self.y;
        json!({
            "block": self.block,
            "table": self.table,
            "x": self.x,
            "y": middle,
            "low": self.banded.then_some(low),
            "high": self.banded.then_some(high),
            "name": name,
            "set": set,
            "kind": { "sign": kind.sign(), "word": kind.word() },
            "colour": colour,
            "dash": dash,
            "steps": self.steps,
            "fill": self.fill,
            "dots": self.dots,
        })
    }
}

/// Blocks of cells and the layout that names them, for the template; nothing where no price is there.
pub(crate) fn chart(paths: &Paths<'_>, cast: &Cast<'_>) -> Result<Option<Value>, Error> {
    let Some(first) = cast.rule_sets.first() else {
        return Ok(None);
    };
    let of = |answer: &Answer, rule_set: &str| answer.rows_where(|row| answer.is(row, "rule_set", rule_set));
    if of(paths.prices, first).len() < 2 {
        return Ok(None);
    }
    let mut prices = Block::new("prices", paths.prices);
    let (mut usd, mut percent) = (Vec::new(), Vec::new());
    let recorded = prices.table(of(paths.prices, first), &FIRST)?;
    let none = json!(null);
    let line = |table, y: [&'static str; 3], banded| Line {
        y,
        banded,
        ..Line::new("prices", table, "event_at", y[0])
    };
    usd.push(line(recorded, ["recorded_usd"; 3], false).json(RECORDED, Kind::Recorded, "--ink", &none));
    let gap = json!([7, 5]);
    for (lines, y) in [(&mut usd, NULL_USD), (&mut percent, NULL_PCT)] {
        let banded = prices.has(recorded, &y);
        lines.push(line(recorded, y, banded).json(NULL, cast.results, "--null", &gap));
    }
    for (place, rule_set) in cast.rule_sets.iter().enumerate() {
        if place == 0 && cast.record_is_replay {
            continue;
        }
        let columns: &[Kept] = if place < cast.shown { &MARKS } else { &MEDIANS };
        let table = prices.table(of(paths.prices, rule_set), columns)?;
        for (lines, y) in [(&mut usd, MARK_USD), (&mut percent, MARK_PCT)] {
            if !prices.has(table, &y[..1]) {
                continue;
            }
            let banded = prices.has(table, &y);
            let (name, colour) = (Cast::label(rule_set), Cast::colour(place));
            lines.push(line(table, y, banded).json(name, cast.results, &colour, &Cast::dash(place)));
        }
    }
    let mut blocks = vec![prices];
    let mut panels = vec![
        panel("price, USD per BTC", 280, None, usd),
        panel("against the record, percent", 200, None, percent),
    ];
    for more in [
        flows(paths, cast)?,
        feedback(paths, cast)?,
        margins(paths, cast)?,
        depths(paths, cast)?,
        recorded_beside(paths)?,
    ] {
        blocks.push(more.0);
        panels.extend(more.1);
    }
    let mut halts = Block::new("halts", paths.halts);
    let mut spans = Vec::new();
    for rule_set in cast.rule_sets {
        let rows = paths.halts.rows_where(|row| {
            paths.halts.is(row, "rule_set", rule_set) && paths.halts.is(row, "bar_order", "high_first")
        });
        if !rows.is_empty() {
            let table = halts.table(rows, &[instant("from_at"), instant("until_at")])?;
            let set = Cast::label(rule_set);
            let said = format!("halted under {set}");
            spans.push(
                json!({ "block": "halts", "table": table, "from": "from_at", "set": set, "said": said }),
            );
        }
    }
    let outages = paths
        .beside
        .rows_where(|row| paths.beside.is(row, "kind", beside::OUTAGE));
    if !outages.is_empty() {
        // They stand in the block of what is recorded, which is the last.
        if let Some(block) = blocks.last_mut() {
            let table = block.table(outages, &[instant("event_at"), instant("until_at")])?;
            let said = "the record breaks off";
            spans.push(json!({ "block": "beside", "table": table, "from": "event_at", "set": RECORDED, "said": said }));
        }
    }
    let mut moments = Block::new("moments", paths.moments);
    let mut names = Vec::new();
    if !paths.moments.is_empty() {
        moments.table(paths.moments.all(), &[instant("event_at")])?;
        for row in paths.moments.all() {
            names.push(paths.moments.get(row, "mark")?.to_string());
        }
    }
    blocks.extend([halts, moments]);
    panels.retain(|panel| panel["lines"].as_array().is_some_and(|lines| !lines.is_empty()));
    let layout = json!({
        "panels": panels,
        "sets": sets(cast),
        "spans": spans,
        "moments": names,
    });
    let blocks: Vec<Value> = blocks.iter().map(view).collect();
    Ok(Some(context! {
        layout => Value::from_safe_string(harmless(&layout)),
        blocks,
    }))
}

const NULL_USD: [&str; 3] = ["null_median_usd", "null_low_usd", "null_high_usd"];
const NULL_PCT: [&str; 3] = ["null_median_pct", "null_low_pct", "null_high_pct"];
const MARK_USD: [&str; 3] = ["mark_median_usd", "mark_low_usd", "mark_high_usd"];
const MARK_PCT: [&str; 3] = ["mark_median_pct", "mark_low_pct", "mark_high_pct"];

const FIRST: [Kept; 8] = [
    instant("event_at"),
    kept("recorded_usd", 1.0, 1),
    kept(NULL_USD[0], 1.0, 1),
    kept(NULL_USD[1], 1.0, 1),
    kept(NULL_USD[2], 1.0, 1),
    kept(NULL_PCT[0], 1.0, 3),
    kept(NULL_PCT[1], 1.0, 3),
    kept(NULL_PCT[2], 1.0, 3),
];
const MARKS: [Kept; 7] = [
    instant("event_at"),
    kept(MARK_USD[0], 1.0, 1),
    kept(MARK_USD[1], 1.0, 1),
    kept(MARK_USD[2], 1.0, 1),
    kept(MARK_PCT[0], 1.0, 3),
    kept(MARK_PCT[1], 1.0, 3),
    kept(MARK_PCT[2], 1.0, 3),
];
const MEDIANS: [Kept; 3] = [
    instant("event_at"),
    kept(MARK_USD[0], 1.0, 1),
    kept(MARK_PCT[0], 1.0, 3),
];

type Part<'a> = (Block<'a>, Vec<serde_json::Value>);

/// Forced selling and buying in each hour.
fn flows<'a>(paths: &Paths<'a>, cast: &Cast<'_>) -> Result<Part<'a>, Error> {
    const MILLION: f64 = 1e-6;
    let mut block = Block::new("flows", paths.flows);
    let columns = [
        instant("hour_at"),
        kept("sell_usd", MILLION, 2),
        kept("buy_usd", MILLION, 2),
    ];
    let (mut sold, mut bought) = (Vec::new(), Vec::new());
    for (place, rule_set) in cast.rule_sets.iter().enumerate() {
        let rows = paths
            .flows
            .rows_where(|row| paths.flows.is(row, "rule_set", rule_set));
        let any = |column| {
            rows.iter()
                .any(|&row| paths.flows.number(row, column).is_some_and(|usd| usd > 0.0))
        };
        let moves = [any("sell_usd"), any("buy_usd")];
        if !moves.contains(&true) {
            continue;
        }
        let table = block.table(rows, &columns)?;
        for ((lines, y), moves) in [(&mut sold, "sell_usd"), (&mut bought, "buy_usd")]
            .into_iter()
            .zip(moves)
        {
            if moves {
                lines.push(stepped("flows", table, "hour_at", y, true).json(
                    Cast::label(rule_set),
                    cast.results,
                    &Cast::colour(place),
                    &Cast::dash(place),
                ));
            }
        }
    }
    let panels = vec![
        panel("forced selling in the hour, million USD", 150, Some(0.0), sold),
        panel("forced buying in the hour, million USD", 120, Some(0.0), bought),
    ];
    Ok((block, panels))
}

/// What forced flow added to the move of each hour, under the rule sets that are shown from the start.
fn feedback<'a>(paths: &Paths<'a>, cast: &Cast<'_>) -> Result<Part<'a>, Error> {
    let answer = paths.feedback;
    let mut block = Block::new("feedback", answer);
    let mut lines = Vec::new();
    for (place, rule_set) in cast.rule_sets.iter().enumerate().take(cast.shown) {
        let rows = answer.rows_where(|row| answer.is(row, "rule_set", rule_set));
        let moves = |&row: &usize| answer.number(row, "added_log").is_some_and(|log| log != 0.0);
        if !rows.iter().any(moves) {
            continue;
        }
        let table = block.table(rows, &[instant("hour_at"), kept("added_log", 100.0, 3)])?;
        let (name, colour) = (Cast::label(rule_set), Cast::colour(place));
        let line = stepped("feedback", table, "hour_at", "added_log", false);
        lines.push(line.json(name, cast.results, &colour, &Cast::dash(place)));
    }
    let title = "added to the hour's move by forced flow, log percent";
    Ok((block, vec![panel(title, 130, None, lines)]))
}

/// What the tape holds beside the price, shown and hidden with the record.
fn recorded_beside<'a>(paths: &Paths<'a>) -> Result<Part<'a>, Error> {
    let mut block = Block::new("beside", paths.beside);
    let mut panels = Vec::new();
    for group in beside::groups(paths.beside)? {
        let mut lines = Vec::new();
        for (place, market) in group.markets.into_iter().enumerate() {
            let table = block.table(market.rows, &[instant("event_at"), kept("value", 1.0, 4)])?;
            let line = Line {
                dots: group.dots,
                ..Line::new("beside", table, "event_at", "value")
            };
            let colour = Cast::colour(place);
            lines.push(line.json_of(
                RECORDED,
                &market.name,
                Kind::Recorded,
                &colour,
                &Cast::dash(place),
            ));
        }
        panels.push(panel(&group.title, 110, None, lines));
    }
    Ok((block, panels))
}

/// Margin of the lowest bracket: of the first rule set, and of those under which it moves.
fn margins<'a>(paths: &Paths<'a>, cast: &Cast<'_>) -> Result<Part<'a>, Error> {
    let answer = paths.margins;
    let mut block = Block::new("margins", answer);
    let mut lines = Vec::new();
    let lowest = crate::figure::lowest_tier(answer);
    for (place, rule_set) in cast.rule_sets.iter().enumerate() {
        let rows = answer
            .rows_where(|row| answer.is(row, "rule_set", rule_set) && answer.number(row, "tier") == lowest);
        if rows.is_empty() || (place > 0 && rows.len() < 2) {
            continue;
        }
        let table = block.table(rows, &[instant("from_at"), kept("initial_ratio", 100.0, 3)])?;
        // Under the rules of record they are the venue's, as it published them.
        let kind = if rule_set == "record" {
            Kind::Published
        } else {
            cast.results
        };
        lines.push(stepped("margins", table, "from_at", "initial_ratio", false).json(
            Cast::label(rule_set),
            kind,
            &Cast::colour(place),
            &Cast::dash(place),
        ));
    }
    let title = "initial margin of the lowest bracket, percent of notional";
    Ok((block, vec![panel(title, 130, None, lines)]))
}

/// What the book held at its thinnest in each bar, under the rule sets that are shown from the start.
fn depths<'a>(paths: &Paths<'a>, cast: &Cast<'_>) -> Result<Part<'a>, Error> {
    let mut block = Block::new("depths", paths.depths);
    let mut lines = Vec::new();
    for (place, rule_set) in cast.rule_sets.iter().enumerate().take(cast.shown) {
        let rows = paths
            .depths
            .rows_where(|row| paths.depths.is(row, "rule_set", rule_set));
        if rows.is_empty() {
            continue;
        }
        let table = block.table(rows, &[instant("event_at"), kept("lowest", 1.0, 3)])?;
        let line = Line::new("depths", table, "event_at", "lowest");
        let (name, colour) = (Cast::label(rule_set), Cast::colour(place));
        lines.push(line.json(name, cast.results, &colour, &Cast::dash(place)));
    }
    let title = "least depth of the thinner side in a bar, over normal";
    Ok((block, vec![panel(title, 130, Some(0.0), lines)]))
}

fn stepped<'a>(block: &'a str, table: usize, x: &'a str, y: &'a str, fill: bool) -> Line<'a> {
    Line {
        steps: true,
        fill,
        ..Line::new(block, table, x, y)
    }
}

fn panel(title: &str, tall: u32, floor: Option<f64>, lines: Vec<serde_json::Value>) -> serde_json::Value {
    json!({ "title": title, "tall": tall, "floor": floor, "lines": lines })
}

/// What can be shown and hidden.
fn sets(cast: &Cast<'_>) -> Vec<serde_json::Value> {
    let own = |name: &str, colour: &str, dash: &serde_json::Value| json!({ "name": name, "colour": colour, "dash": dash, "shown": true });
    let mut sets = vec![
        own(RECORDED, "--ink", &json!(null)),
        own(NULL, "--null", &json!([7, 5])),
    ];
    sets.extend(cast.rule_sets.iter().enumerate().map(|(place, rule_set)| {
        json!({
            "name": Cast::label(rule_set),
            "colour": Cast::colour(place),
            "dash": Cast::dash(place),
            "shown": place < cast.shown,
        })
    }));
    sets
}

fn view(block: &Block<'_>) -> Value {
    context! {
        name => block.name,
        query => Value::from_safe_string(block.answer.query.to_owned()),
        parameter => block.answer.parameter.0,
        argument => &block.answer.parameter.1,
        json => Value::from_safe_string(block.json()),
    }
}
