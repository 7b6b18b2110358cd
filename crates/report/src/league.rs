//! The page of all runs: what each rule set changed in each episode, and how many such comparisons stand side by side.

use aftershock_query::Session;
use minijinja::context;

use crate::kind::Kind;
use crate::show::Show::Plain;
use crate::table::Answer;
use crate::{Error, Report, columns, page};

/// Where the post-mortem of an episode stands that holds all of these runs, in one of the forms `html` and `md`.
pub type Link<'a> = dyn Fn(&str, &[String], &str) -> Option<String> + 'a;

/// Every rule set.
const ALL: (&str, &str) = ("rule_set", "%");

pub(crate) fn build(session: &Session, link: &Link<'_>, left_out: &[String]) -> Result<Report, Error> {
    let mut league = Answer::ask(session, "comparison/across_episodes", ALL)?;
    let together = Answer::ask(session, "comparison/multiplicity", ALL)?;
    let mut episodes = Vec::new();
    let mut known: Vec<String> = Vec::new();
    for row in league.all() {
        let episode = league.get(row, "episode")?.to_string();
        if known.contains(&episode) {
            continue;
        }
        league.results = results(session, &episode)?;
        let rows = league.rows_where(|row| league.is(row, "episode", &episode));
        let runs = rows.iter().map(|row| Ok(league.get(*row, "run")?.to_string()));
        let runs = runs.collect::<Result<Vec<String>, Error>>()?;
        episodes.push(context! {
            name => league.cell(row, "episode", Plain)?,
            page => link(&episode, &runs, "html"),
            twin => link(&episode, &runs, "md"),
            lines => league.table(&rows, columns::LEAGUE)?,
        });
        known.push(episode);
    }
    let content = context! {
        kind => "Aftershock: all runs",
        kinds => [Kind::Modelled, Kind::PriorOnly].map(Kind::view).to_vec(),
        episodes,
        left_out => left_out.to_vec(),
        together => together.table(&together.all(), columns::MULTIPLICITY)?,
    };
    page::rendered("league", content, Vec::new(), false)
}

/// What the results of an episode are.
fn results(session: &Session, episode: &str) -> Result<Kind, Error> {
    let about = Answer::ask(session, "market/episode", ("episode", episode))?;
    Ok(if page::from_priors(&about)? {
        Kind::PriorOnly
    } else {
        Kind::Modelled
    })
}
