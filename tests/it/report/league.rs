//! The page of all runs.

use aftershock_report::Report;
use anyhow::{Result, ensure};

use super::page::document;
use super::{EPISODE, asked_again, twin_asked_again};

#[test]
fn the_page_of_all_runs_has_a_line_an_episode_and_rule_set() -> Result<()> {
    let all = crate::sql::fixture()?;
    let known = |episode: &str, _: &[String], form: &str| {
        (episode == EPISODE).then(|| format!("{episode}/post-mortem.{form}"))
    };
    let report = Report::league(&all, &known, &[])?;
    let lines = all.ask("comparison/across_episodes", &[("rule_set", "%")])?;
    ensure!(asked_again(&all, &report.html)? >= 12 * lines.rows.len());
    ensure!(twin_asked_again(&all, &report.markdown)? >= 12 * lines.rows.len());
    let page = document(&report.html)?;
    let shown = page
        .descendants()
        .filter(|one| {
            one.attribute("data-query") == Some("comparison/across_episodes") && one.has_tag_name("table")
        })
        .flat_map(|table| {
            table
                .descendants()
                .filter(|one| one.attribute("data-row").is_some())
        })
        .count();
    ensure!(shown == lines.rows.len(), "{shown} of {} lines", lines.rows.len());
    let linked = page.descendants().filter(|one| one.has_tag_name("a"));
    let linked: Vec<&str> = linked.filter_map(|one| one.attribute("href")).collect();
    ensure!(linked == [format!("{EPISODE}/post-mortem.html")], "{linked:?}");
    // How many were looked at stands before the first of them.
    ensure!(report.html.find("comparison/multiplicity") < report.html.find("comparison/across_episodes"));
    ensure!(
        report
            .markdown
            .contains(&format!("[post-mortem]({EPISODE}/post-mortem.md)"))
    );
    ensure!(!report.markdown.contains(".html"));
    let unlinked = Report::league(&all, &|_, _, _| None, &[])?;
    ensure!(!unlinked.html.contains("<a href") && !unlinked.markdown.contains("]("));
    Ok(())
}
