//! Whether the check of a page would find a wrong number: every digit that a reader sees is changed once, in each part of
//! the page by itself, and every one must be found.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::cells::Again;
use super::made;
use super::page::check;

/// Every stretch of a page from `open` to the `close` after it.
fn parts<'a>(html: &'a str, open: &'a str, close: &'a str) -> impl Iterator<Item = &'a str> {
    let begins = html.match_indices(open).map(|(at, _)| &html[at..]);
    begins.filter_map(move |rest| Some(&rest[..rest.find(close)? + close.len()]))
}

/// Places of the digits of a part that stand outside its tags, and in the values that a click shows.
fn digits(part: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let (mut tag, mut value, mut entity) = (false, false, false);
    for (at, letter) in part.char_indices() {
        match letter {
            '&' => entity = true,
            ';' => entity = false,
            _ if entity => {}
            '<' => tag = true,
            '>' => tag = false,
            '"' if tag => value = !value && part[..at].ends_with(" value="),
            _ if letter.is_ascii_digit() && (!tag || value) => found.push(at),
            _ => {}
        }
    }
    found
}

fn with_other_digit(part: &str, at: usize) -> String {
    let other = if &part[at..=at] == "9" { "1" } else { "9" };
    format!("{}{other}{}", &part[..at], &part[at + 1..])
}

/// Changes the digits of a part one by one; how many there were.
fn all_found(again: &mut Again<'_>, part: &str, places: &[usize]) -> Result<usize> {
    let whole = |part: &str| format!("<main>{part}</main>");
    check(again, &whole(part)).with_context(|| format!("unchanged: {}", &part[..part.len().min(300)]))?;
    for &at in places {
        let wrong = with_other_digit(part, at);
        let near = |text: &str| {
            text.chars()
                .skip(text[..at].chars().count().saturating_sub(120))
                .take(160)
                .collect::<String>()
        };
        ensure!(
            check(again, &whole(&wrong)).is_err(),
            "not found: {}",
            near(&wrong)
        );
    }
    Ok(places.len())
}

#[test]
fn a_changed_digit_is_found_wherever_it_stands() -> Result<()> {
    let (session, report) = made()?;
    let mut again = Again::new(session);
    let mut found: BTreeMap<&str, usize> = BTreeMap::new();
    // Rows of tables, each under the head of its table.
    for table in parts(&report.html, "<table data-query", "</table>") {
        let (head, body) = table.split_once("<tbody>").context("a table without a body")?;
        for row in parts(body, "<tr", "</tr>") {
            let part = format!("{head}<tbody>{row}</tbody></table>");
            let row_at = head.len() + "<tbody>".len();
            let places: Vec<usize> = digits(&part).into_iter().filter(|at| *at >= row_at).collect();
            *found.entry("tables").or_default() += all_found(&mut again, &part, &places)?;
        }
    }
    // The story, the summary, limits, rules as written.
    for (open, close) in [
        ("<p>", "</p>"),
        ("<li>", "</li>"),
        ("<h1>", "</h1>"),
        ("<pre>", "</pre>"),
    ] {
        for part in parts(&report.html, open, close) {
            *found.entry("text").or_default() += all_found(&mut again, part, &digits(part))?;
        }
    }
    // Pictures: what is written beside their axes and into them, and their captions.
    for part in parts(&report.html, "<figure", "</figure>") {
        *found.entry("pictures").or_default() += all_found(&mut again, part, &digits(part))?;
    }
    // What the chart draws and shows under the mouse: the first and the last step of every column.
    for part in parts(
        &report.html,
        "<script type=\"application/json\" class=\"cells\"",
        "</script>",
    ) {
        let mut places = Vec::new();
        for (at, mark) in part.match_indices("\"steps\":[") {
            let steps = at + mark.len()..at + part[at..].find(']').context("steps without an end")?;
            let mut digits = part[steps.clone()]
                .char_indices()
                .filter(|(_, letter)| letter.is_ascii_digit());
            places.extend(digits.next().map(|(digit, _)| steps.start + digit));
            places.extend(digits.next_back().map(|(digit, _)| steps.start + digit));
        }
        *found.entry("chart").or_default() += all_found(&mut again, part, &places)?;
    }
    println!("{found:?}");
    for (part, least) in [("tables", 3000), ("text", 40), ("pictures", 150), ("chart", 60)] {
        ensure!(
            found.get(part).is_some_and(|count| *count >= least),
            "{part}: {found:?}"
        );
    }
    Ok(())
}

#[test]
fn a_moved_mark_of_a_picture_is_found() -> Result<()> {
    let (session, report) = made()?;
    let mut again = Again::new(session);
    let falls = parts(
        &report.html,
        "<figure data-query=\"comparison/drawdowns\"",
        "</figure>",
    )
    .next();
    let falls = falls.context("no picture of falls")?;
    check(&mut again, falls)?;
    for (mark, by) in [("cx=\"", 30.0), ("points=\"", 30.0)] {
        // The last of them: a dot, and the interval beside it.
        let (before, after) = falls.rsplit_once(mark).context("no mark")?;
        let (at, rest) = after.split_at(after.find(['"', ',']).context("no end")?);
        let wrong = format!("{before}{mark}{}{rest}", at.parse::<f64>()? + by);
        ensure!(
            check(&mut again, &wrong).is_err(),
            "{mark} was moved and not missed"
        );
    }
    Ok(())
}

#[test]
fn a_changed_cell_of_the_map_of_levels_is_found() -> Result<()> {
    let (session, report) = made()?;
    let mut again = Again::new(session);
    let map = parts(
        &report.html,
        "<figure data-query=\"liquidation/level_map",
        "</figure>",
    )
    .next();
    let map = map.context("no map of levels")?;
    check(&mut again, map)?;
    let tags: Vec<&str> = map
        .match_indices("<rect ")
        .map(|(at, _)| &map[at..at + map[at..].find("/>").map_or(0, |end| end + 2)])
        .collect();
    let is_box = |tag: &&&str| tag.contains("fill=\"none\"");
    let cell = tags.iter().rfind(|tag| !is_box(tag)).context("no cell")?;
    let reached = tags.iter().rfind(is_box).context("no box of prices")?;
    ensure!(tags.len() > 50, "only {} cells", tags.len());
    let mut missed = |tag: &str, other: &str| check(&mut again, &map.replacen(tag, other, 1)).is_ok();
    // Moved, stretched, left out.
    for tag in [cell, reached] {
        for (name, by) in [("x", 4.0), ("y", 30.0), ("width", 4.0), ("height", 30.0)] {
            let other = changed(tag, name, by)?;
            ensure!(!missed(tag, &other), "{name} was not missed: {tag}");
        }
        ensure!(!missed(tag, ""), "{tag} was not missed");
    }
    // Paler, of the other side.
    ensure!(!missed(cell, &changed(cell, "opacity", 0.02)?));
    let colours = ["#D55E00", "#009E73"];
    let place = colours
        .iter()
        .position(|one| cell.contains(one))
        .context("a colour")?;
    ensure!(!missed(cell, &cell.replace(colours[place], colours[1 - place])));
    Ok(())
}

/// A tag with one number of it greater.
fn changed(tag: &str, name: &str, by: f64) -> Result<String> {
    let (head, rest) = tag.split_once(&format!(" {name}=\"")).context("no mark")?;
    let (value, tail) = rest.split_at(rest.find('"').context("no end")?);
    Ok(format!("{head} {name}=\"{}{tail}", value.parse::<f64>()? + by))
}
