//! What stands on the page, in which order.

use aftershock_query::Session;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, context};

use crate::columns;
use crate::figure::{self, Paths};
use crate::show::Show::{Block, Plain};
use crate::table::{Answer, View};
use crate::{Error, Picture, Report};

const HTML: &str = include_str!("../templates/post-mortem.html");
const MARKDOWN: &str = include_str!("../templates/post-mortem.md");
const STYLE: &str = include_str!("../templates/style.css");

/// Interventions listed one by one; all of them are counted.
const LISTED: usize = 12;

pub(crate) fn build(session: &Session, episode: &str, stem: &str) -> Result<Report, Error> {
    let ask = |query: &'static str| Answer::ask(session, query, ("episode", episode));
    let runs = ask("quality/runs")?;
    let rule_sets = rule_sets(&runs)?;
    let Some(first) = rule_sets.first() else {
        return Err(Error::NoRun {
            episode: episode.to_owned(),
        });
    };
    let run = runs.get(0, "run")?.to_string();

    let about = ask("market/episode")?;
    let known = !about.rows.rows.is_empty();
    let about_cell = |column: &'static str| -> Result<Option<View>, Error> {
        known.then(|| about.cell(0, column, Plain)).transpose()
    };
    let assumptions = Answer::ask(session, "quality/assumptions", ("run", &run))?;
    let falls = ask("comparison/drawdowns")?;
    let amplification = ask("comparison/amplification")?;
    let losses = ask("solvency/losses")?;
    let prices = ask("comparison/price_paths")?;
    let flows = ask("liquidation/flow_paths")?;
    let margins = ask("liquidation/margins")?;
    let halts = ask("liquidation/halts")?;
    let rules = ask("comparison/rules")?;
    let counts = ask("liquidation/intervention_counts")?;
    let interventions = ask("liquidation/interventions")?;
    let attribution = ask("comparison/attribution")?;
    let sensitivities = ask("comparison/sensitivities")?;
    let overlap = ask("comparison/overlap_curve")?;
    let published = ask("comparison/published")?;
    let record = ask("quality/recorded_bars")?;
    let days = ask("market/perpetual_days")?;
    let gates = ask("quality/gates")?;

    let all = |answer: &Answer| answer.rows_where(|_| true);
    let headline =
        falls.rows_where(|row| falls.is(row, "rule_set", first) || falls.is(row, "series", "mark"));
    let statements = assumptions.rows_where(|row| {
        assumptions
            .rows
            .get(row, "value")
            .is_some_and(|value| value.is_null())
    });
    let given = assumptions.rows_where(|row| !statements.contains(&row));
    let priors = assumptions.rows_where(|row| assumptions.is(row, "origin", "prior"));
    let derived = assumptions.rows_where(|row| assumptions.is(row, "origin", "derived"));
    let cells = |answer: &Answer, rows: &[usize], column: &'static str| {
        rows.iter()
            .map(|&row| answer.cell(row, column, Plain))
            .collect::<Result<Vec<_>, _>>()
    };
    let listed = interventions.rows_where(|row| {
        let number = interventions
            .rows
            .get(row, "number")
            .and_then(|cell| cell.number());
        interventions.is(row, "bar_order", "high_first") && number.is_some_and(|n| n <= LISTED as f64)
    });

    let crash = figure::crash(
        &Paths {
            prices: &prices,
            flows: &flows,
            margins: &margins,
            halts: &halts,
        },
        &rule_sets,
    )?;
    let drawn = figure::falls(&falls, &headline, &rule_sets)?;
    let falls_file = format!("{stem}.falls.svg");
    let crash_file = format!("{stem}.svg");

    let all_runs = cells(&runs, &all(&runs), "run")?;
    let page = context! {
        style => Value::from_safe_string(STYLE.to_owned()),
        episode => episode,
        runs => all_runs,
        falls_svg => Value::from_safe_string(drawn.clone()),
        crash_svg => crash.clone().map(Value::from_safe_string),
        falls_file => &falls_file,
        crash_file => &crash_file,
        title => about_cell("title")?,
        summary => about_cell("summary")?,
        spot_proxy => known && about.is(0, "mark", "spot-proxy"),
        no_flow => known && about.get(0, "absent")?.to_string().contains("liquidations"),
        hourly => !record.rows_where(|row| record.is(row, "taker_origin", "hourly")).is_empty(),
        rebuilt => !record.rows_where(|row| record.is(row, "price_origin", "reconstructed")).is_empty(),
        absent => about_cell("absent")?,
        statements => statements
            .iter()
            .map(|&row| {
                Ok(context! {
                    name => assumptions.cell(row, "name", Plain)?,
                    text => assumptions.cell(row, "text", Plain)?,
                })
            })
            .collect::<Result<Vec<Value>, Error>>()?,
        statement_table => assumptions.table(&statements, columns::STATEMENTS)?,
        priors => cells(&assumptions, &priors, "name")?,
        prior_table => assumptions.table(&priors, columns::PRIORS)?,
        derived => cells(&assumptions, &derived, "text")?,
        derived_table => assumptions.table(&derived, columns::DERIVED)?,
        about => if known { Some(about.table(&[0], columns::ABOUT)?) } else { None },
        headline => falls.table(&headline, columns::HEADLINE)?,
        amplification => amplification.table(&all(&amplification), columns::AMPLIFICATION)?,
        losses => losses.table(
            &losses.rows_where(|row| !losses.is(row, "measure", "halted") && !losses.is(row, "measure", "open interest")),
            columns::LOSSES,
        )?,
        rules => all(&rules)
            .into_iter()
            .map(|row| {
                Ok(context! {
                    name => rules.cell(row, "rule_set", Plain)?,
                    title => rules.cell(row, "title", Plain)?,
                    summary => rules.cell(row, "summary", Plain)?,
                    source => rules.cell(row, "source", Plain)?,
                    toml => rules.cell(row, "toml", Block)?,
                })
            })
            .collect::<Result<Vec<Value>, Error>>()?,
        rule_table => rules.table(&all(&rules), columns::RULES)?,
        counts => counts.table(&all(&counts), columns::COUNTS)?,
        interventions => interventions.table(&listed, columns::INTERVENTIONS)?,
        halts => halts.table(&all(&halts), columns::HALTS)?,
        attribution => attribution.table(&all(&attribution), columns::ATTRIBUTION)?,
        sensitivities => sensitivities.table(
            &sensitivities.rows_where(|row| sensitivities.is(row, "rule_set", first)),
            columns::SENSITIVITIES,
        )?,
        overlap => overlap.table(&all(&overlap), columns::OVERLAP)?,
        published => published.table(&all(&published), columns::PUBLISHED)?,
        record => record.table(&all(&record), columns::RECORD)?,
        days => days.table(&replayed_days(&days, &about)?, columns::DAYS)?,
        assumptions => assumptions.table(&given, columns::ASSUMPTIONS)?,
        gates => gates.table(&all(&gates), columns::GATES)?,
        made_from => runs.table(&all(&runs), columns::MADE_FROM)?,
    };

    let mut templates = Environment::new();
    templates.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    templates.add_template("post-mortem.html", HTML)?;
    templates.add_template("post-mortem.md", MARKDOWN)?;
    templates.add_filter("line", |text: String| one_line(&text));
    let mut pictures = vec![Picture {
        file: falls_file,
        svg: drawn,
    }];
    pictures.extend(crash.map(|svg| Picture {
        file: crash_file,
        svg,
    }));
    Ok(Report {
        html: templates.get_template("post-mortem.html")?.render(&page)?,
        markdown: templates.get_template("post-mortem.md")?.render(&page)?,
        pictures,
    })
}

/// The rule sets of the runs in their order, the rules of record first.
fn rule_sets(runs: &Answer) -> Result<Vec<String>, Error> {
    let mut found: Vec<String> = Vec::new();
    for row in 0..runs.rows.rows.len() {
        let rule_set = runs.get(row, "rule_set")?.to_string();
        if found.contains(&rule_set) {
            return Err(Error::Ambiguous { rule_set });
        }
        found.push(rule_set);
    }
    Ok(found)
}

/// Days of the perpetual that the replay touches, rather than the month before it.
fn replayed_days(days: &Answer, about: &Answer) -> Result<Vec<usize>, Error> {
    const DAY_S: f64 = 86_400.0;
    if about.rows.rows.is_empty() {
        return Ok(Vec::new());
    }
    let from = about.get(0, "replay_from")?.time();
    let to = about.get(0, "replay_to")?.time();
    Ok(days.rows_where(|row| {
        let day = days.rows.get(row, "day_at").and_then(|cell| cell.time());
        match (day, from, to) {
            (Some(day), Some(from), Some(to)) => day.plus_seconds(DAY_S) > from && day < to,
            _ => false,
        }
    }))
}

/// Text that keeps to one cell of a Markdown table.
fn one_line(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|").trim().to_owned()
}
