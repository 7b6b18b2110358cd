//! How answers such as the page's fare where the truth is known.

use std::collections::BTreeSet;

use aftershock_query::Session;
use minijinja::{Value, context};

use crate::columns::WHOLE;
use crate::show::Show::Plain;
use crate::table::Answer;
use crate::{Error, columns};

/// The ways that stand beside each other: as an episode of bars is answered, and as more of a record would allow.
const WAYS: [&str; 2] = ["prior-only on bars", "calibrated"];

/// Scores in words and as a table, of the clocks on which bars were answered; the query has the others.
pub(crate) fn section(session: &Session, episode: &str, from_priors: bool) -> Result<Value, Error> {
    let parameter = ("episode", episode);
    let words = Answer::ask(session, "quality/recovery_in_words", parameter)?;
    let scores = Answer::ask(session, "quality/recovery", parameter)?;
    let clock = |row| scores.number(row, "clock_s").map(f64::to_bits);
    let on_bars: BTreeSet<Option<u64>> = scores
        .rows_where(|row| scores.is(row, "way", WAYS[0]))
        .into_iter()
        .map(clock)
        .collect();
    let shown = scores
        .rows_where(|row| on_bars.contains(&clock(row)) && WAYS.iter().any(|way| scores.is(row, "way", way)));
    let way = WAYS[usize::from(!from_priors)];
    let alike = scores.rows_where(|row| {
        on_bars.contains(&clock(row))
            && scores.is(row, "way", way)
            && scores.is(row, "figure", "amplification")
    });
    let fared = alike
        .iter()
        .map(|&row| {
            Ok(context! {
                covered => scores.cell(row, "covered_pct", WHOLE)?,
                crashes => scores.cell(row, "crashes", WHOLE)?,
                family => scores.cell(row, "family", Plain)?,
            })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    Ok(context! {
        from_priors,
        fared,
        fared_table => scores.table(&alike, columns::FARED)?,
        recovery_texts => words.cells(&words.all(), "text")?,
        recovery_words => words.table(&words.all(), columns::RECOVERY_IN_WORDS)?,
        recovery => scores.table(&shown, columns::RECOVERY)?,
    })
}
