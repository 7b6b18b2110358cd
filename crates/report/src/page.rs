//! What stands on the page, in which order.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use aftershock_query::Session;
use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Value, context};

use crate::chart::{self, Cast};
use crate::figure::{self, Paths};
use crate::kind::Kind;
use crate::policy::{policy, script};
use crate::show::Show::{Fixed, Plain};
use crate::table::Answer;
use crate::{Error, Picture, Report, beside, columns, recovery};

const TEMPLATES: [(&str, &str); 13] = [
    ("words", include_str!("../templates/words.txt")),
    (
        "synthetic-words",
        include_str!("../templates/synthetic-words.txt"),
    ),
    ("head.html", include_str!("../templates/head.html")),
    ("foot.html", include_str!("../templates/foot.html")),
    ("league-words", include_str!("../templates/league-words.txt")),
    ("league.html", include_str!("../templates/league.html")),
    ("league.md", include_str!("../templates/league.md")),
    ("cells.html", include_str!("../templates/cells.html")),
    ("cells.md", include_str!("../templates/cells.md")),
    (
        "synthetic-crash.html",
        include_str!("../templates/synthetic-crash.html"),
    ),
    (
        "synthetic-crash.md",
        include_str!("../templates/synthetic-crash.md"),
    ),
    ("post-mortem.html", include_str!("../templates/post-mortem.html")),
    ("post-mortem.md", include_str!("../templates/post-mortem.md")),
];
const STYLE: &str = include_str!("../templates/style.css");
const CHART_STYLE: &str = include_str!("../templates/chart.css");
const CELLS_SCRIPT: &str = include_str!("../assets/cells.js");
const CHART_SCRIPT: &str = include_str!("../assets/chart.js");
const CHART_LIBRARY: &str = include_str!("../assets/uPlot.iife.min.js");
const CHART_LICENCE: &str = include_str!("../assets/uPlot.LICENSE");

/// Interventions of a run, and unknowns of a figure, that are listed one by one; the queries have them all.
const LISTED: f64 = 5.0;

/// So many rule sets are all drawn from the start; of more only the first and those whose fall differs most from its fall.
const ALL_DRAWN: usize = 6;
const FEW: usize = 5;

/// Small multiples are small; so many of them are drawn.
const SMALL: usize = 13;

/// Limits that stand above the first number; all of them stand further down.
const FIRST_LIMITS: [&str; 5] = [
    "shock",
    "mark_price",
    "closed_loop",
    "dominated_by_priors",
    "not_modelled",
];

/// Measures of the judgement that other tables of the page hold already.
const TOLD_ELSEWHERE: [&str; 3] = ["insurance used", "forced selling", "bad debt"];

pub(crate) fn build(session: &Session, episode: &str, stem: &str) -> Result<Report, Error> {
    let runs = Answer::ask(session, "quality/runs", ("episode", episode))?;
    let rule_sets = rule_sets(&runs)?;
    if rule_sets.is_empty() {
        return Err(Error::NoRun {
            episode: episode.to_owned(),
        });
    }
    let about = Answer::ask(session, "market/episode", ("episode", episode))?;
    let made_up = runs.number(0, "shock_pct").is_some();
    let from_priors = from_priors(&about)?;
    let mut page = Page {
        session,
        episode,
        recorded_episode: runs.get(0, "recorded_episode")?.to_string(),
        made_up,
        record_is_replay: !made_up && rule_sets[0] == "record" && from_priors,
        from_priors,
        drawn: Vec::new(),
        rule_sets,
        about,
        asked: RefCell::default(),
    };
    page.drawn = drawn(&*page.ask("comparison/drawdowns")?, &page.rule_sets);
    let (pictures, figures) = page.figures(stem)?;
    let (head, results, details) = (page.head()?, page.results()?, page.details()?);
    let recovery = recovery::section(session, episode, page.from_priors)?;
    let made_from = context! {
        runs => runs.cells(&runs.all(), "run")?,
        made_from => runs.table(&runs.all(), columns::RUNS)?,
        asked => ASKED.to_vec(),
    };
    let whole = context! { ..head, ..recovery, ..figures, ..results, ..details, ..made_from };
    rendered("post-mortem", whole, pictures, true)
}

/// Whether the record of an episode lacks forced flow, so that what a replay makes of it comes from priors.
pub(crate) fn from_priors(about: &Answer) -> Result<bool, Error> {
    Ok(!about.is_empty() && about.get(0, "absent")?.to_string().contains("liquidations"))
}

/// Queries whose answers stand on a post-mortem, in the order of the page.
const ASKED: [&str; 32] = [
    "market/episode",
    "quality/limits",
    "quality/recovery",
    "quality/recovery_in_words",
    "comparison/price_paths",
    "liquidation/flow_by_hour",
    "liquidation/feedback_by_hour",
    "liquidation/margins",
    "liquidation/depth_paths",
    "liquidation/halts",
    "market/moments",
    "market/beside_the_price",
    "comparison/amplification",
    "comparison/amplification_by_start",
    "comparison/attribution",
    "liquidation/causal_tree",
    "comparison/drawdowns",
    "comparison/judgement",
    "comparison/rules",
    "liquidation/intervention_counts",
    "liquidation/interventions",
    "comparison/overlap_curve",
    "liquidation/level_map",
    "liquidation/levels",
    "solvency/losses",
    "solvency/own_accounts",
    "comparison/published",
    "comparison/tornado",
    "quality/gates",
    "quality/placebo",
    "quality/assumptions",
    "quality/runs",
];

/// Both forms of a page, the HTML with its style, its scripts and the policy that allows no others.
pub(crate) fn rendered(
    name: &str,
    content: Value,
    pictures: Vec<Picture>,
    with_chart: bool,
) -> Result<Report, Error> {
    let mut scripts = vec![script(CELLS_SCRIPT)];
    let mut style = format!("\n{STYLE}");
    if with_chart {
        let library = format!("/*\n{}\n*/\n{CHART_LIBRARY}", CHART_LICENCE.trim_end());
        scripts.extend([script(&library), script(CHART_SCRIPT)]);
        style.push_str(CHART_STYLE);
    }
    let frame = context! {
        policy => policy(&style, &scripts),
        style => Value::from_safe_string(style),
        scripts => scripts.into_iter().map(Value::from_safe_string).collect::<Vec<_>>(),
    };
    let whole = context! { ..content, ..frame };
    let templates = templates()?;
    Ok(Report {
        html: templates.get_template(&format!("{name}.html"))?.render(&whole)?,
        markdown: templates.get_template(&format!("{name}.md"))?.render(&whole)?,
        pictures,
    })
}

/// The rule sets in the order in which they are drawn: the first, then of many those whose fall differs most from its fall.
fn drawn(falls: &Answer, rule_sets: &[String]) -> Vec<String> {
    if rule_sets.len() <= ALL_DRAWN {
        return rule_sets.to_vec();
    }
    let change = |rule_set: &String| {
        let of = |row: &usize| falls.is(*row, "rule_set", rule_set) && falls.is(*row, "series", "mark");
        let row = falls.all().into_iter().find(of);
        row.and_then(|row| falls.number(row, "median_change"))
            .map_or(0.0, f64::abs)
    };
    let mut drawn = rule_sets.to_vec();
    drawn[1..].sort_by(|a, b| change(b).total_cmp(&change(a)));
    drawn
}

struct Page<'a> {
    session: &'a Session,
    episode: &'a str,
    /// The episode whose record was replayed; another than `episode` where the price is shocked.
    recorded_episode: String,
    /// A move that no record holds was added to the price.
    made_up: bool,
    /// The rules of record first.
    rule_sets: Vec<String>,
    /// The same in the order in which they are drawn.
    drawn: Vec<String>,
    about: Answer,
    /// No forced flow is recorded, so the record and its replay are one line.
    record_is_replay: bool,
    /// No forced flow is recorded, so the answer comes from priors.
    from_priors: bool,
    /// Answers so far: many a question serves more than one part of the page.
    asked: RefCell<BTreeMap<&'static str, Rc<Answer>>>,
}

impl Page<'_> {
    fn ask(&self, query: &'static str) -> Result<Rc<Answer>, Error> {
        if let Some(known) = self.asked.borrow().get(query) {
            return Ok(Rc::clone(known));
        }
        let answer = Answer::ask(self.session, query, ("episode", self.episode))?;
        let answer = Rc::new(answer.with_results(self.results_are()));
        self.asked.borrow_mut().insert(query, Rc::clone(&answer));
        Ok(answer)
    }

    /// What the results of the page are.
    fn results_are(&self) -> Kind {
        if self.from_priors {
            Kind::PriorOnly
        } else {
            Kind::Modelled
        }
    }

    /// How many rule sets are drawn from the start.
    fn shown(&self) -> usize {
        if self.drawn.len() <= ALL_DRAWN {
            self.drawn.len()
        } else {
            FEW
        }
    }

    /// A question about the record, which a scenario does not have of its own.
    fn ask_of_record(&self, query: &'static str) -> Result<Answer, Error> {
        Answer::ask(self.session, query, ("episode", &self.recorded_episode))
    }

    fn table(&self, query: &'static str, columns: &[columns::Column]) -> Result<Value, Error> {
        let answer = self.ask(query)?;
        answer.table(&answer.all(), columns)
    }

    /// Title, limits and what happened.
    fn head(&self) -> Result<Value, Error> {
        let limits = self.ask("quality/limits")?;
        let assumptions = self.ask("quality/assumptions")?;
        let inputs = assumptions.rows_where(|row| assumptions.is(row, "kind", "input"));
        let mut priors = inputs.clone();
        priors.retain(|row| assumptions.is(*row, "origin", "prior"));
        let mut topics = Vec::new();
        for topic in ["made up", "the record", "the model", "not modelled"] {
            let rows = limits.rows_where(|row| limits.is(row, "topic", topic));
            if rows.is_empty() && topic == "made up" {
                continue;
            }
            topics.push(context! { topic, texts => limits.cells(&rows, "text")? });
        }
        let first = limits.rows_where(|row| FIRST_LIMITS.iter().any(|name| limits.is(row, "name", name)));
        let about = |column: &'static str| {
            (!self.about.is_empty())
                .then(|| self.about.cell(0, column, Plain))
                .transpose()
        };
        Ok(context! {
            kind => "Aftershock post-mortem",
            episode => self.episode,
            episode_cell => about("episode")?,
            kinds => Kind::ALL.map(Kind::view).to_vec(),
            recorded_kind => Kind::Recorded.view(),
            published_kind => Kind::Published.view(),
            interpolated_kind => Kind::Interpolated.view(),
            results_kind => self.results_are().view(),
            first_limits => limits.cells(&first, "text")?,
            first_limit_table => limits.table(&first, columns::FIRST_LIMITS)?,
            few_drawn => self.shown() < self.drawn.len(),
            story => self.story()?,
            record_is_replay => self.record_is_replay,
            made_up => self.made_up,
            title => about("title")?,
            summary => about("summary")?,
            about => self.about.table(&self.about.all(), columns::ABOUT)?,
            topics,
            limits => limits.table(&limits.all(), columns::LIMITS)?,
            priors => assumptions.cells(&priors, "name")?,
            prior_table => assumptions.table(&priors, columns::PRIORS)?,
            assumptions => assumptions.table(&inputs, columns::ASSUMPTIONS)?,
        })
    }

    /// The few figures of the paragraph that says what happened.
    fn story(&self) -> Result<Value, Error> {
        let first = &self.rule_sets[0];
        let falls = self.ask("comparison/drawdowns")?;
        let losses = self.ask("solvency/losses")?;
        let tree = self.ask("liquidation/causal_tree")?;
        let said = |answer: &Answer, row: Option<usize>, columns: &[&'static str], show| {
            let Some(row) = row else {
                return Ok(Vec::new());
            };
            columns
                .iter()
                .map(|column| answer.cell(row, column, show))
                .collect::<Result<Vec<_>, Error>>()
        };
        let of_first = |answer: &Answer, column: &str, is: &str| {
            answer.rows_where(|row| answer.is(row, "rule_set", first) && answer.is(row, column, is))
        };
        let fall = |series: &str| {
            let row = of_first(&falls, "series", series).first().copied();
            said(&falls, row, &["median_pct", "low_pct", "high_pct"], Fixed(1.0, 1))
        };
        let sold = of_first(&losses, "measure", "forced selling").first().copied();
        let sold = sold.filter(|&row| losses.number(row, "median").is_some_and(|usd| usd > 0.0));
        let generation = |row: &usize| tree.number(*row, "deepest_generation").unwrap_or(0.0);
        let deepest = of_first(&tree, "bar_order", "high_first")
            .into_iter()
            .max_by(|a, b| generation(a).total_cmp(&generation(b)))
            .filter(|row| generation(row) > 0.0);
        Ok(context! {
            fell => said(&falls, of_first(&falls, "series", "recorded").first().copied(), &["median_pct"], Fixed(1.0, 1))?,
            null_fell => fall("null")?,
            sold => said(&losses, sold, &["median", "low", "high"], Fixed(1e-6, 0))?,
            generation => said(&tree, deepest, &["deepest_generation"], Plain)?,
        })
    }

    /// Rows of `comparison/drawdowns` that are lines of the headline.
    fn headline(&self, falls: &Answer) -> Vec<usize> {
        let first = &self.rule_sets[0];
        falls.rows_where(|row| {
            let of_first = falls.is(row, "rule_set", first);
            let mark = falls.is(row, "series", "mark");
            if of_first {
                !(mark && self.record_is_replay)
            } else {
                mark
            }
        })
    }

    /// Rows of `comparison/tornado` that move a headline figure most: of the first rule set the figures themselves, of the
    /// others that are drawn from the start the difference from it.
    fn unknowns(&self, tornado: &Answer) -> Vec<usize> {
        const OWN: [&str; 5] = [
            "fall beyond the null",
            "fall",
            "amplification",
            "forced selling",
            "bad debt",
        ];
        let first = &self.rule_sets[0];
        tornado.rows_where(|row| {
            let moves = tornado.number(row, "swing").is_some_and(|swing| swing != 0.0);
            let most = tornado.number(row, "number").is_some_and(|n| n <= LISTED);
            let own = tornado.is(row, "rule_set", first)
                && OWN.iter().any(|figure| tornado.is(row, "figure", figure))
                && !(self.record_is_replay && tornado.is(row, "figure", "fall"));
            let shown = self.drawn[..self.shown()]
                .iter()
                .any(|rule_set| tornado.is(row, "rule_set", rule_set));
            moves && most && (own || (shown && tornado.is(row, "figure", "fall against record")))
        })
    }

    fn figures(&self, stem: &str) -> Result<(Vec<Picture>, Value), Error> {
        let falls = self.ask("comparison/drawdowns")?;
        let drawn = figure::falls(&falls, &self.headline(&falls), &self.drawn)?;
        let moments = self.ask_of_record("market/moments")?;
        let beside = self.ask_of_record("market/beside_the_price")?;
        let feedback = self.ask("liquidation/feedback_by_hour")?;
        let paths = Paths {
            prices: &*self.ask("comparison/price_paths")?,
            flows: &*self.ask("liquidation/flow_by_hour")?,
            feedback: &feedback,
            margins: &*self.ask("liquidation/margins")?,
            halts: &*self.ask("liquidation/halts")?,
            depths: &*self.ask("liquidation/depth_paths")?,
            moments: &moments,
            beside: &beside,
        };
        let crash = figure::crash(&paths, &self.drawn[..self.shown()], self.record_is_replay)?;
        let multiples = figure::multiples(paths.prices, &self.drawn[..self.drawn.len().min(SMALL)])?;
        let cast = Cast {
            rule_sets: &self.drawn,
            shown: self.shown(),
            record_is_replay: self.record_is_replay,
            results: self.results_are(),
        };
        let chart = chart::chart(&paths, &cast)?;
        let waterfall = figure::waterfall(&*self.ask("comparison/attribution")?)?;
        let level_map = figure::level_map(
            &*self.ask("liquidation/level_map")?,
            paths.prices,
            &self.rule_sets[0],
        )?;
        let levels = figure::levels(
            &*self.ask("liquidation/levels")?,
            paths.prices,
            &self.rule_sets[0],
        )?;
        let most = feedback.rows_where(|row| {
            feedback.is(row, "rule_set", &self.rule_sets[0])
                && feedback.number(row, "added_log").is_some_and(|log| log != 0.0)
                && feedback.number(row, "number").is_some_and(|n| n <= LISTED)
        });
        let tornado = self.ask("comparison/tornado")?;
        let tornado = figure::tornado(&tornado, &self.unknowns(&tornado))?;
        let named = [
            ("falls.svg", Some(drawn)),
            ("svg", crash),
            ("tornado.svg", tornado),
            ("rules.svg", multiples),
            ("mechanisms.svg", waterfall),
            ("map.svg", level_map),
            ("levels.svg", levels),
        ];
        let pictures: Vec<Option<Picture>> = named
            .into_iter()
            .map(|(ending, svg)| {
                svg.map(|svg| Picture {
                    file: format!("{stem}.{ending}"),
                    svg,
                })
            })
            .collect();
        let view = |picture: &Option<Picture>| {
            picture.as_ref().map(|picture| {
                context! { file => &picture.file, svg => Value::from_safe_string(picture.svg.clone()) }
            })
        };
        let named = context! {
            falls_picture => view(&pictures[0]),
            crash_picture => view(&pictures[1]),
            tornado_picture => view(&pictures[2]),
            multiples_picture => view(&pictures[3]),
            waterfall_picture => view(&pictures[4]),
            level_map_picture => view(&pictures[5]),
            levels_picture => view(&pictures[6]),
            chart,
            moments => moments.table(&moments.all(), columns::MOMENTS)?,
            beside => beside.table(&beside.all(), columns::BESIDE)?,
            absent => beside::absent(&beside),
            feedback => feedback.table(&most, columns::FEEDBACK)?,
        };
        Ok((pictures.into_iter().flatten().collect(), named))
    }

    /// The figures that answer the question.
    fn results(&self) -> Result<Value, Error> {
        let falls = self.ask("comparison/drawdowns")?;
        let losses = self.ask("solvency/losses")?;
        let paid = losses.rows_where(|row| {
            ["forced selling", "insurance used", "bad debt"]
                .iter()
                .any(|measure| losses.is(row, "measure", measure))
        });
        // A clock without a measurable amplification would only repeat the falls.
        let overlap = self.ask("comparison/overlap_curve")?;
        let mut curve = overlap.rows_where(|row| overlap.number(row, "amplification").is_some());
        if curve.is_empty() {
            curve = overlap.all();
        }
        let tornado = self.ask("comparison/tornado")?;
        let published = self.ask("comparison/published")?;
        let left_out = |row| published.is(row, "verdict", "not replayed");
        let beside = published.rows_where(|row| !left_out(row) && !of_record(&published, row));
        let recorded = published.rows_where(|row| of_record(&published, row));
        let alone = published.rows_where(|row| published.is(row, "verdict", "not replayed"));
        let own = self.ask("solvency/own_accounts")?;
        let judgement = self.ask("comparison/judgement")?;
        let moved = judgement.rows_where(|row| {
            let told = TOLD_ELSEWHERE
                .iter()
                .any(|name| judgement.is(row, "measure", name));
            let value = |column| judgement.number(row, column).unwrap_or(0.0);
            let any = ["low", "median", "high"]
                .iter()
                .any(|column| value(column) != 0.0);
            let of_logs = judgement.is(row, "unit", "log");
            any && !told && !of_logs
        });
        let ratios = self.ask("comparison/amplification")?;
        let unmeasured = ratios.rows_where(|row| ratios.number(row, "median").is_none());
        let level_map = self.ask("liquidation/level_map")?;
        let levels = self.ask("liquidation/levels")?;
        let falls_are = |row| {
            if falls.is(row, "series", "recorded") {
                Kind::Recorded
            } else {
                self.results_are()
            }
        };
        let tree = self.ask("liquidation/causal_tree")?;
        let first_order = tree.rows_where(|row| tree.is(row, "bar_order", "high_first"));
        Ok(context! {
            tree => tree.table(&first_order, columns::TREE)?,
            own => own.table(&own.all(), columns::OWN)?,
            own_central => own.table(&own.all(), columns::OWN_CENTRAL)?,
            falls => falls.table_of(&self.headline(&falls), columns::FALLS, |row| Some(falls_are(row)))?,
            judgement => judgement.table(&moved, columns::JUDGEMENT)?,
            not_measurable => ratios.table(&unmeasured, columns::NOT_MEASURABLE)?,
            level_map => level_map.table(&self.first_and_last(&level_map), columns::LEVEL_MAP)?,
            levels => levels.table(&levels.all(), columns::LEVELS)?,
            amplification => ratios.table(&ratios.rows_where(|row| ratios.number(row, "median").is_some()), columns::AMPLIFICATION)?,
            starts => self.table("comparison/amplification_by_start", columns::STARTS)?,
            losses => losses.table(&paid, columns::LOSSES)?,
            attribution => self.table("comparison/attribution", columns::ATTRIBUTION)?,
            tornado => tornado.table(&self.unknowns(&tornado), columns::TORNADO)?,
            placebo => self.table("quality/placebo", columns::PLACEBO)?,
            overlap => overlap.table(&curve, columns::OVERLAP)?,
            published => published.table(&beside, columns::PUBLISHED)?,
            published_of_record => published.table(&recorded, columns::OF_RECORD)?,
            not_replayed => published.table(&alone, columns::NOT_REPLAYED)?,
        })
    }

    /// Rows of the map of levels at its first and its last instant, under the first rule set.
    fn first_and_last(&self, map: &Answer) -> Vec<usize> {
        let of_first = map.rows_where(|row| map.is(row, "rule_set", &self.rule_sets[0]));
        let at = |row: usize| map.rows.get(row, "event_at").and_then(|cell| cell.time());
        let ends = [of_first.first(), of_first.last()].map(|row| row.and_then(|&row| at(row)));
        of_first
            .into_iter()
            .filter(|&row| ends.contains(&at(row)))
            .collect()
    }

    /// What the rules are and did, and what the record is.
    fn details(&self) -> Result<Value, Error> {
        let rules = self.ask("comparison/rules")?;
        let texts = rules
            .all()
            .into_iter()
            .map(|row| rule_text(&rules, row))
            .collect::<Result<Vec<Value>, Error>>()?;
        let interventions = self.ask("liquidation/interventions")?;
        let listed = interventions.rows_where(|row| {
            interventions.is(row, "bar_order", "high_first")
                && interventions.is(row, "phase", "replay")
                && interventions.number(row, "number").is_some_and(|n| n <= LISTED)
        });
        let record = self.ask_of_record("quality/recorded_bars")?;
        let days = self.ask_of_record("market/perpetual_days")?;
        Ok(context! {
            rules => texts,
            rule_table => rules.table(&rules.all(), columns::RULES)?,
            counts => self.table("liquidation/intervention_counts", columns::COUNTS)?,
            interventions => interventions.table(&listed, columns::INTERVENTIONS)?,
            halts => self.table("liquidation/halts", columns::HALTS)?,
            hourly => !record.rows_where(|row| record.is(row, "taker_origin", "hourly")).is_empty(),
            record => record.table(&record.all(), columns::RECORD)?,
            days => days.table(&self.replayed(&days), columns::DAYS)?,
            gates => self.table("quality/gates", columns::GATES)?,
        })
    }

    /// Days of the perpetual that the replay touches, rather than the month before it.
    fn replayed(&self, days: &Answer) -> Vec<usize> {
        const DAY_S: f64 = 86_400.0;
        let bound = |name| self.about.rows.get(0, name).and_then(|cell| cell.time());
        let (Some(from), Some(to)) = (bound("replay_from"), bound("replay_to")) else {
            return Vec::new();
        };
        days.rows_where(|row| {
            let day = days.rows.get(row, "day_at").and_then(|cell| cell.time());
            day.is_some_and(|day| day.plus_seconds(DAY_S) > from && day < to)
        })
    }
}

/// Whether what stands beside a published figure is of the record, which no replay changes.
fn of_record(published: &Answer, row: usize) -> bool {
    published.is(row, "verdict", "identity of the record")
        || published.is(row, "reading", "the record, beside another market or span")
}

/// What a rule set says of itself.
pub(crate) fn rule_text(rules: &Answer, row: usize) -> Result<Value, Error> {
    Ok(context! {
        name => rules.cell(row, "rule_set", Plain)?,
        title => rules.cell(row, "title", Plain)?,
        summary => rules.cell(row, "summary", Plain)?,
        cost => rules.cell(row, "cost", Plain)?,
        source => rules.cell(row, "source", Plain)?,
        toml => rules.cell(row, "toml", Plain)?,
    })
}

/// The rule sets of the runs in their order, the rules of record first.
fn rule_sets(runs: &Answer) -> Result<Vec<String>, Error> {
    let mut found: Vec<String> = Vec::new();
    for row in runs.all() {
        let rule_set = runs.get(row, "rule_set")?.to_string();
        if found.contains(&rule_set) {
            return Err(Error::Ambiguous { rule_set });
        }
        found.push(rule_set);
    }
    Ok(found)
}

pub(crate) fn templates() -> Result<Environment<'static>, Error> {
    let mut templates = Environment::new();
    templates.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()?,
    );
    // Text that keeps to one cell of a Markdown table and is none of its markup.
    templates.add_filter("line", |text: String| {
        text.replace('\n', " ")
            .replace('|', "\\|")
            .replace('<', "\\<")
            .replace("](", "]\\(")
            .trim()
            .to_owned()
    });
    for (name, text) in TEMPLATES {
        templates.add_template(name, text)?;
    }
    Ok(templates)
}
