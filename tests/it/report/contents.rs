//! What a post-mortem says, and where: limits first, nothing from elsewhere.

use aftershock_query::Session;
use aftershock_report::Report;
use anyhow::{Context, Result, ensure};
use roxmltree::Document;

use super::{EPISODE, STEM, asked_again, made, twin_asked_again};

#[test]
fn what_limits_the_answer_stands_above_the_first_number() -> Result<()> {
    let (session, report) = made()?;
    let (before, after) = report
        .html
        .split_once("<section class=\"honesty\" id=\"first\">")
        .context("no section of limits")?;
    let (limits, _) = after
        .split_once("</section>")
        .context("the section does not end")?;
    let queries = |text: &str| -> Vec<String> {
        text.split("data-query=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next().map(str::to_owned))
            .collect()
    };
    ensure!(queries(before) == ["market/episode"], "{:?}", queries(before));
    for query in queries(limits) {
        ensure!(
            ["quality/limits", "quality/recovery"].contains(&query.as_str()),
            "{query}"
        );
    }
    for words in [
        "mark proxied by spot",
        "by construction",
        "are priors",
        "href=\"#limits\"",
        "prior-only",
    ] {
        ensure!(limits.to_lowercase().contains(words), "{words}");
    }
    // What is short above stands whole below.
    let (_, whole) = after
        .split_once("<section id=\"limits\">")
        .context("no whole section of limits")?;
    let (whole, _) = whole
        .split_once("</section>")
        .context("the section does not end")?;
    let asked = session.ask("quality/limits", &[("episode", EPISODE)])?;
    let stated = whole.matches("data-query=\"quality/limits\"").count();
    ensure!(
        stated == asked.rows.len(),
        "{stated} of {} limits",
        asked.rows.len()
    );
    ensure!(whole.contains("Priors, not measurements"));
    let place = |text: &str| report.markdown.find(text).with_context(|| format!("no {text:?}"));
    ensure!(place("query: quality/limits")? < place("query: comparison/drawdowns")?);
    Ok(())
}

#[test]
fn scores_where_the_truth_is_known_stand_above_the_first_result() -> Result<()> {
    let (_, report) = made()?;
    for page in [&report.html, &report.markdown] {
        let place = |text: &str| page.find(text).with_context(|| format!("no {text:?}"));
        let first = place("made-up crashes whose truth is known")?;
        let scores = place("query=\"quality/recovery\"").or_else(|_| place("query: quality/recovery |"))?;
        let happened = place("<h2>What happened").or_else(|_| place("## What happened"))?;
        ensure!(first < scores && scores < happened && happened < place("comparison/drawdowns")?);
        ensure!(place("quality/recovery_in_words")? > happened);
        // Bars were answered on one clock of the fixture's two, and from the priors on the tape's clock beside it.
        ensure!(!page.contains("| prior-only |") && !page.contains(">prior-only<"));
        ensure!(!page.contains("Nothing was measured"));
    }
    Ok(())
}

#[test]
fn without_scores_the_page_says_that_nothing_was_measured() -> Result<()> {
    let root = crate::workspace::root().join("tests/fixtures/sql");
    let mut catalog = crate::sql::catalog(&root.join("catalog"))?;
    catalog.recovery = catalog.recovery.slice(0, 0);
    let (_, full) = made()?;
    let runs = full
        .html
        .split_once("data-runs=\"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .context("no runs")?
        .0;
    let runs: Vec<&str> = runs.split(' ').collect();
    let session = Session::open_runs(&root.join("data"), catalog, &runs)?;
    let report = Report::build(&session, EPISODE, STEM)?;
    for page in [&report.html, &report.markdown] {
        ensure!(page.contains("Nothing was measured"));
        ensure!(!page.contains("query=\"quality/recovery") && !page.contains("query: quality/recovery"));
    }
    asked_again(&session, &report.html)?;
    twin_asked_again(&session, &report.markdown)?;
    Ok(())
}

#[test]
fn the_page_needs_no_network_and_may_use_none() -> Result<()> {
    let (_, report) = made()?;
    let mut html = report.html.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    let policy = "content=\"default-src &#x27;none&#x27;; script-src &#x27;sha256-";
    ensure!(html.contains(policy), "no policy");
    // Only the library that draws names an address: its own, in a comment.
    while let Some((before, rest)) = html.split_once("<script") {
        let (script, after) = rest.split_once("</script>").context("a script without an end")?;
        ensure!(!script.split('>').next().unwrap_or_default().contains("src"));
        html = format!("{before}{after}");
    }
    for needle in [
        "http:",
        "https:",
        "src=",
        "@import",
        "url(",
        "<link",
        "onclick",
        "javascript:",
    ] {
        ensure!(!html.contains(needle), "{needle}");
    }
    for picture in &report.pictures {
        ensure!(
            report.markdown.contains(&format!("({})", picture.file)),
            "{}",
            picture.file
        );
        Document::parse(&picture.svg)?;
    }
    ensure!(report.pictures.len() == 7);
    Ok(())
}

#[test]
fn two_runs_of_one_rule_set_do_not_share_a_report() -> Result<()> {
    let all = crate::sql::fixture()?;
    let error = Report::build(&all, EPISODE, STEM).err().context("it was built")?;
    ensure!(
        error.to_string() == "two runs of the rule set `record` cannot stand in one report",
        "{error}"
    );
    let error = Report::build(&all, "unknown", STEM)
        .err()
        .context("it was built")?;
    ensure!(
        error.to_string() == "there is no run of episode `unknown` to report on",
        "{error}"
    );
    Ok(())
}

#[test]
fn prices_of_the_record_bear_its_sign_beside_published_ones() -> Result<()> {
    let (_, report) = made()?;
    let (_, section) = report
        .markdown
        .split_once("## Beside what was published")
        .context("no such section")?;
    let section = section.split("\n## ").next().unwrap_or_default();
    let before_the_rest = section.split("<details>").next().unwrap_or_default();
    let mut recorded = None;
    let mut found = [0, 0];
    for line in before_the_rest.lines().filter(|line| line.starts_with('|')) {
        if line.contains("published ■") {
            recorded = Some(line.contains("the record ●"));
            ensure!(
                line.contains("the record ●") != line.contains("ours, median"),
                "{line}"
            );
        } else if let Some(recorded) = recorded.filter(|_| !line.starts_with("|---")) {
            ensure!(line.contains("| price_") == recorded, "{line}");
            found[usize::from(recorded)] += 1;
        }
    }
    ensure!(found[0] > 0 && found[1] > 0, "{found:?}");
    Ok(())
}
