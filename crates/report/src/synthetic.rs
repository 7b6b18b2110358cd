//! The page of a made-up crash: what stands on it, in which order.

use std::collections::BTreeMap;

use aftershock_query::Session;
use minijinja::{Value, context};

use crate::columns::synthetic as columns;
use crate::show::Show::Plain;
use crate::table::Answer;
use crate::{Error, Picture, Report, figure, page};

/// Families that are listed under each rule set; all of them are in the query.
const LISTED: f64 = 5.0;

pub(crate) fn build(session: &Session, world: &str, stem: &str) -> Result<Report, Error> {
    let ask = |query| Answer::ask(session, query, ("world", world));
    let crash = ask("synthetic/crash")?;
    if crash.is_empty() {
        return Err(Error::NoWorld {
            world: world.to_owned(),
        });
    }
    let page = Page { session, world };
    let rules = ask("synthetic/made_up_rules")?;
    let (pictures, figures) = page.figures(stem, &rules)?;
    let head = page.head(&crash)?;
    let (results, details) = (page.results()?, page.details(&rules)?);
    let whole = context! { ..head, ..figures, ..results, ..details };
    page::rendered("synthetic-crash", whole, pictures, false)
}

struct Page<'a> {
    session: &'a Session,
    world: &'a str,
}

impl Page<'_> {
    fn ask(&self, query: &'static str) -> Result<Answer, Error> {
        Answer::ask(self.session, query, ("world", self.world))
    }

    fn table(&self, query: &'static str, columns: &[crate::columns::Column]) -> Result<Value, Error> {
        let answer = self.ask(query)?;
        answer.table(&answer.all(), columns)
    }

    /// What it is, and what to know of it.
    fn head(&self, crash: &Answer) -> Result<Value, Error> {
        let limits = self.ask("synthetic/made_up_limits")?;
        let mut topics = Vec::new();
        for topic in ["made up", "the comparison", "the model", "not modelled"] {
            let rows = limits.rows_where(|row| limits.is(row, "topic", topic));
            topics.push(context! { topic, texts => limits.cells(&rows, "text")? });
        }
        Ok(context! {
            kind => "Aftershock synthetic crash",
            world => self.world,
            title => crash.cell(0, "title", Plain)?,
            seed => crash.cell(0, "seed", Plain)?,
            template => crash.cell(0, "template", Plain)?,
            stamp => crash.table(&crash.all(), columns::STAMP)?,
            about => crash.table(&crash.all(), columns::CRASH)?,
            topics,
            limits => limits.table(&limits.all(), columns::LIMITS)?,
            markets => self.table("synthetic/made_up_markets", columns::MARKETS)?,
            behind => self.table("synthetic/made_up_markets", columns::BEHIND)?,
            again => crash.table(&crash.all(), columns::AGAIN)?,
        })
    }

    fn figures(&self, stem: &str, rules: &Answer) -> Result<(Vec<Picture>, Value), Error> {
        let paths = self.ask("synthetic/venue_paths")?;
        let clock = self.ask("synthetic/clock_paths")?;
        let rule_sets = rules
            .all()
            .into_iter()
            .map(|row| Ok(rules.get(row, "rule_set")?.to_string()))
            .collect::<Result<Vec<String>, Error>>()?;
        let first = rule_sets.first().map_or("", String::as_str);
        let drawn = [
            ("markets", figure::markets(&paths, first)?),
            ("machinery", figure::machinery(&paths, &clock, first)?),
            ("rules", figure::rules(&paths, &clock, &rule_sets)?),
        ];
        let mut pictures = Vec::new();
        let mut named = BTreeMap::new();
        for (name, svg) in drawn {
            let Some(svg) = svg else { continue };
            let file = format!("{stem}.{name}.svg");
            let view = context! { file => &file, svg => Value::from_safe_string(svg.clone()) };
            named.insert(format!("{name}_picture"), view);
            pictures.push(Picture { file, svg });
        }
        Ok((pictures, Value::from(named)))
    }

    /// What each rule set came to.
    fn results(&self) -> Result<Value, Error> {
        let outcomes = self.ask("synthetic/rule_outcomes")?;
        let clocks = self.ask("synthetic/amplification_by_clock")?;
        let together = clocks.rows_where(|row| clocks.is(row, "venue", "all"));
        Ok(context! {
            falls => outcomes.table(&outcomes.all(), columns::FALLS)?,
            volumes => outcomes.table(&outcomes.all(), columns::VOLUMES)?,
            shares => outcomes.table(&outcomes.all(), columns::SHARES)?,
            venues => self.table("synthetic/venue_outcomes", columns::VENUES)?,
            venue_volumes => self.table("synthetic/venue_outcomes", columns::VENUE_VOLUMES)?,
            amplification => clocks.table(&together, columns::AMPLIFICATION)?,
            waterfall => self.table("synthetic/waterfall", columns::WATERFALL)?,
            channels => self.table("synthetic/channels", columns::CHANNELS)?,
        })
    }

    /// The causal tree, the response, the rules and what was checked.
    fn details(&self, rules: &Answer) -> Result<Value, Error> {
        let families = self.ask("synthetic/families")?;
        let listed = families.rows_where(|row| {
            families
                .number(row, "number")
                .is_some_and(|number| number <= LISTED)
        });
        let texts = rules
            .all()
            .into_iter()
            .map(|row| page::rule_text(rules, row))
            .collect::<Result<Vec<Value>, Error>>()?;
        Ok(context! {
            generations => self.table("synthetic/generations", columns::GENERATIONS)?,
            families => families.table(&listed, columns::FAMILIES)?,
            response => self.table("synthetic/response_at_peak", columns::RESPONSE)?,
            rules => texts,
            rule_table => rules.table(&rules.all(), crate::columns::RULES)?,
            declared => self.table("synthetic/declared", columns::DECLARED)?,
            checks => self.table("synthetic/checks", columns::CHECKS)?,
        })
    }
}
