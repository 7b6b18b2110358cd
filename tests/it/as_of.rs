//! `ASOF JOIN` beside a search of every row for its match.

use std::fmt::Write;

use aftershock_query::cells::Rows;
use aftershock_query::{CatalogTables, Session};
use anyhow::Result;

/// A row of either side: instant, key, name.
type Row = (Option<i64>, Option<&'static str>, usize);

const KEYS: [Option<&str>; 4] = [Some("a"), Some("b"), Some("c"), None];

fn session() -> Result<(tempfile::TempDir, Session)> {
    let folder = tempfile::tempdir()?;
    let session = Session::open(folder.path(), CatalogTables::empty())?;
    Ok((folder, session))
}

/// Rows at instants that come in no order, no two of a key alike; every seventeenth has none, every fourth no key.
fn rows(count: usize, step: u64, offset: i64) -> Vec<Row> {
    (0..count)
        .map(|name| {
            let at = (name as u64 * step % 997) as i64 + offset;
            let at = (name % 17 != 0).then_some(at);
            (at, KEYS[name % KEYS.len()], name)
        })
        .collect()
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from("(VALUES ");
    for (place, (at, key, name)) in rows.iter().enumerate() {
        let comma = if place > 0 { ", " } else { "" };
        let at = at.map_or("NULL".to_owned(), |at| at.to_string());
        let key = key.map_or("NULL".to_owned(), |key| format!("'{key}'"));
        write!(
            text,
            "{comma}(CAST({at} AS BIGINT), CAST({key} AS VARCHAR), {name})"
        )
        .expect("a text takes all");
    }
    text.push(')');
    text
}

/// The names of all rows of the left side with their matches, in order of the names.
fn asked(
    session: &Session,
    left: &str,
    right: &str,
    compare: &str,
    on: &str,
) -> Result<Vec<(String, String)>> {
    let sql = format!(
        "SELECT l.name, r.name FROM {left} AS l(at, key, name) ASOF JOIN {right} AS r(at, key, name) \
         MATCH_CONDITION (l.at {compare} r.at) {on} ORDER BY l.name"
    );
    let found = Rows::of(&session.sql(&sql)?);
    Ok(found
        .rows
        .iter()
        .map(|row| (row[0].to_string(), row[1].to_string()))
        .collect())
}

/// The nearest row of the right side that stands so to a row of the left one.
fn searched(left: &[Row], right: &[Row], compare: &str, keyed: bool) -> Vec<(String, String)> {
    let stands = |a: i64, b: i64| match compare {
        ">=" => a >= b,
        ">" => a > b,
        "<=" => a <= b,
        _ => a < b,
    };
    let matched = |(at, key, _): &Row| {
        let at = (*at)?;
        let candidates = right.iter().filter_map(|(other, kind, name)| {
            let other = (*other)?;
            let fits = stands(at, other) && (!keyed || (key.is_some() && key == kind));
            fits.then_some(((at - other).abs(), *name))
        });
        candidates.min().map(|(_, name)| name)
    };
    left.iter()
        .map(|row| {
            (
                row.2.to_string(),
                matched(row).map_or("-".to_owned(), |name| name.to_string()),
            )
        })
        .collect()
}

#[test]
fn every_row_meets_what_a_search_finds() -> Result<()> {
    let (_folder, session) = session()?;
    let (left, right) = (rows(400, 389, 3), rows(150, 611, 0));
    for compare in [">=", ">", "<=", "<"] {
        let found = asked(
            &session,
            &table(&left),
            &table(&right),
            compare,
            "ON l.key = r.key",
        )?;
        assert_eq!(found, searched(&left, &right, compare, true), "{compare}");
        assert!(found.iter().any(|(_, name)| name == "-") && found.iter().any(|(_, name)| name != "-"));
        // The sides may be named either way round.
        let turned = match compare {
            ">=" => "<=",
            ">" => "<",
            "<=" => ">=",
            _ => ">",
        };
        let sql = format!(
            "SELECT l.name, r.name FROM {} AS l(at, key, name) ASOF JOIN {} AS r(at, key, name) \
             MATCH_CONDITION (r.at {turned} l.at) ON r.key = l.key ORDER BY l.name",
            table(&left),
            table(&right)
        );
        let rows = Rows::of(&session.sql(&sql)?).rows;
        let again: Vec<_> = rows
            .iter()
            .map(|row| (row[0].to_string(), row[1].to_string()))
            .collect();
        assert_eq!(again, found, "{compare}");
    }
    Ok(())
}

#[test]
fn without_keys_and_with_an_empty_side() -> Result<()> {
    let (_folder, session) = session()?;
    let (left, right) = (rows(200, 389, 3), rows(60, 613, 0));
    for compare in [">=", "<"] {
        let found = asked(&session, &table(&left), &table(&right), compare, "")?;
        assert_eq!(found, searched(&left, &right, compare, false), "{compare}");
    }
    let nothing = "(SELECT CAST(1 AS BIGINT), 'a', 2 WHERE false)";
    let found = asked(&session, &table(&left), nothing, ">=", "ON l.key = r.key")?;
    assert_eq!(found, searched(&left, &[], ">=", true));
    assert!(asked(&session, nothing, &table(&right), ">=", "ON l.key = r.key")?.is_empty());
    Ok(())
}

/// More batches than are held at once, of 20,000 and 300,000 rows: each left row meets the last multiple of seven.
#[test]
fn long_sides_are_walked_once() -> Result<()> {
    let (_folder, session) = session()?;
    let sql = "SELECT count(*), sum(CASE WHEN r.at = l.at - l.at % 7 THEN 1 ELSE 0 END), sum(l.at), sum(r.at) \
               FROM (SELECT value * 15 AS at, value % 3 AS key FROM generate_series(0, 19999)) AS l \
               ASOF JOIN (SELECT value * 7 AS at FROM generate_series(0, 42857)) AS r MATCH_CONDITION (l.at >= r.at)";
    let row = &Rows::of(&session.sql(sql)?).rows[0];
    let cells: Vec<String> = row.iter().map(ToString::to_string).collect();
    let left: i64 = (0..20_000).map(|n| n * 15).sum();
    let right: i64 = (0..20_000).map(|n: i64| n * 15 - n * 15 % 7).sum();
    assert_eq!(cells, ["20000", "20000", &left.to_string(), &right.to_string()]);
    Ok(())
}

#[test]
fn conditions_on_the_left_side_go_below_the_join_and_those_on_matches_stay() -> Result<()> {
    let (_folder, session) = session()?;
    let (left, right) = (rows(300, 389, 3), rows(100, 613, 0));
    let sql = |text: &str| {
        format!(
            "{text} FROM {} AS l(at, key, name) ASOF JOIN {} AS r(at, key, name) MATCH_CONDITION (l.at >= r.at) \
             ON l.key = r.key WHERE l.at > 500 AND r.name > 20 ORDER BY l.name",
            table(&left),
            table(&right)
        )
    };
    let found = Rows::of(&session.sql(&sql("SELECT l.name, r.name"))?).rows;
    let expected: Vec<Vec<String>> = searched(&left, &right, ">=", true)
        .into_iter()
        .filter(|(name, other)| {
            let row = &left[name.parse::<usize>().expect("a number")];
            row.0.is_some_and(|at| at > 500) && other.parse::<usize>().is_ok_and(|other| other > 20)
        })
        .map(|(name, other)| vec![name, other])
        .collect();
    let found: Vec<Vec<String>> = found
        .iter()
        .map(|row| row.iter().map(ToString::to_string).collect())
        .collect();
    assert!(!found.is_empty());
    assert_eq!(found, expected);
    let plan = Rows::of(&session.sql(&sql("EXPLAIN SELECT l.name, r.name"))?).rows;
    let plan: String = plan.iter().flatten().map(ToString::to_string).collect();
    assert!(plan.contains("AsOfJoin") && plan.contains("AsOfExec"), "{plan}");
    Ok(())
}

#[test]
fn what_is_no_as_of_join_is_refused_in_words() -> Result<()> {
    let (_folder, session) = session()?;
    let refused = |condition: &str, on: &str| {
        let sql = format!(
            "SELECT 1 FROM (VALUES (1, 'a')) AS l(at, key) ASOF JOIN (VALUES (1, 'a')) AS r(at, key) \
             MATCH_CONDITION ({condition}) {on}"
        );
        session.sql(&sql).expect_err("refused")
    };
    for (condition, on, says, at) in [
        ("l.at = r.at", "", ">=, >, <= or <", "l.at = r.at"),
        (
            "l.at >= l.at",
            "",
            "of the left table with one of the right",
            "l.at >= l.at",
        ),
        (
            "l.key >= r.key",
            "",
            "timestamps, dates or whole numbers",
            "l.key >= r.key",
        ),
        (
            "(l.at) + 0.5 > r.at",
            "",
            "timestamps, dates or whole numbers",
            "l.at) + 0.5 > r.at",
        ),
        (
            "l.at >= r.at",
            "ON l.at = r.at AND (l.key > r.key)",
            "equalities",
            "l.key > r.key",
        ),
        ("l.at >= r.at", "ON l.key = 'a'", "equalities", "l.key = 'a'"),
        ("l.at >= r.at", "USING (key)", "ON left.key = right.key", "key"),
    ] {
        let error = refused(condition, on);
        let text = error.to_string();
        assert!(text.contains(says), "{condition} {on}: {text}");
        for inner in ["CAST", "match_condition", "Utf8(", "Int64("] {
            assert!(!text.contains(inner), "{condition} {on}: {text}");
        }
        let place = error.place().unwrap_or_else(|| panic!("no place: {text}"));
        let meant: String = place
            .text
            .chars()
            .skip(place.column - 1)
            .take(place.width)
            .collect();
        assert_eq!(meant, at, "{condition} {on}: {text}");
    }
    Ok(())
}

#[test]
fn the_mark_of_a_join_is_nothing_to_call() -> Result<()> {
    let (_folder, session) = session()?;
    let listed = session.sql("SELECT DISTINCT routine_name FROM information_schema.routines ORDER BY 1")?;
    let listed: Vec<String> = Rows::of(&listed)
        .rows
        .iter()
        .map(|row| row[0].to_string())
        .collect();
    assert!(listed.contains(&"realized_variance".to_owned()), "{listed:?}");
    let marks = |name: &&String| name.contains("match");
    let found: Vec<&String> = listed
        .iter()
        .filter(marks)
        .filter(|name| !name.starts_with("regexp"))
        .collect();
    assert!(found.is_empty(), "{found:?}");
    for mark in ["as_of_match", "match_condition_0"] {
        let sql = format!(
            "SELECT 1 FROM (VALUES (1)) AS l(at) LEFT JOIN (VALUES (1)) AS r(at) ON {mark}(l.at >= r.at)"
        );
        let refused = session.sql(&sql).expect_err("refused").to_string();
        assert_eq!(refused, format!("no function is named `{mark}`"));
    }
    Ok(())
}
