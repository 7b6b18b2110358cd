//! What the binary carries: rule sets, priors, margin tables and scores. Episodes and the sample record are in `ingest`.

mod recovery;

use aftershock_archive::Departure;
use aftershock_calibrate::Priors;
use aftershock_ingest::{Catalog, Episode};
use aftershock_market::{Shock, Timestamp};
use aftershock_protocol::Brackets;
use aftershock_query::CatalogTables;
use aftershock_query::catalog::{EpisodeRow, PublishedRow, RuleSetRow};
use aftershock_rules::record::{self, Dated, Rule, Venue};
use aftershock_rules::{Hold, RuleSetFile};
use anyhow::{Context, Result};
use include_dir::{Dir, include_dir};

use crate::failure::Mistake;

static RULE_SETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/rule-sets");
const PRIORS: &str = include_str!("../../../data/priors.toml");
const RECOVERY: &str = include_str!("../../../data/recovery.csv");
static VENUES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/venues");

/// The venue whose margin brackets a replay uses.
pub(crate) const MARGIN_VENUE: &str = "binance-usdm";
/// The instrument whose brackets they are.
pub(crate) const MARGIN_INSTRUMENT: &str = "BTCUSDT";
/// After the name of a rule set that changes margin: holders keep what they post, and hold less.
const HOLD_EQUITY: &str = "-hold-equity";
/// All rule sets, margins with both things that holders may keep.
pub(crate) const CATALOGUE: &str = "catalogue";
/// The rule set that is history.
pub(crate) const RECORD: &str = "record";
/// Rule sets of a replay that names none.
pub(crate) const DEFAULT_RULE_SETS: [&str; 3] =
    ["volatility-margin", "price-band", "cross-protocol-clearing"];

pub(crate) fn priors() -> Result<Priors> {
    Ok(Priors::parse("data/priors.toml", PRIORS)?)
}

/// A venue by name.
pub(crate) fn venue(name: &str) -> Result<Venue> {
    known_venue(name)?.ok_or_else(|| {
        Mistake::new(format!("there is no venue '{name}'"))
            .hint(format!(
                "{}known are {}",
                near(record::names(), name),
                record::names().collect::<Vec<_>>().join(", ")
            ))
            .into()
    })
}

/// A venue by name, where there is one of that name.
pub(crate) fn known_venue(name: &str) -> Result<Option<Venue>> {
    if !record::names().any(|known| known == name) {
        return Ok(None);
    }
    let path = format!("{name}.toml");
    let file = VENUES
        .get_file(&path)
        .with_context(|| format!("data/venues/{path} is missing"))?;
    let text = file
        .contents_utf8()
        .with_context(|| format!("data/venues/{path} is not UTF-8"))?;
    Ok(Some(Venue::parse(name, text)?))
}

/// All venues.
pub(crate) fn venues() -> Result<Vec<Venue>> {
    record::names().map(venue).collect()
}

/// Margin brackets in force, and the rule that set them.
#[derive(Clone, Debug)]
pub(crate) struct MarginTable {
    pub(crate) brackets: Brackets,
    pub(crate) rule: Rule,
}

/// The margin brackets of replays at an instant.
pub(crate) fn margin_table(at: Timestamp) -> Result<MarginTable> {
    let venue = venue(MARGIN_VENUE)?;
    let found = venue
        .brackets(MARGIN_INSTRUMENT, at)
        .map_err(|error| Mistake::new(error.reason))?;
    let (brackets, rule) =
        found.with_context(|| format!("{MARGIN_VENUE} has no brackets of {MARGIN_INSTRUMENT} at {at}"))?;
    Ok(MarginTable {
        brackets,
        rule: rule.clone(),
    })
}

/// The rules of record but for the brackets of another date.
pub(crate) fn brackets_of(at: Timestamp) -> Result<RuleSetFile> {
    let MarginTable { brackets, rule } = margin_table(at)?;
    let since = rule.valid_from.to_string();
    let day = since.split('T').next().unwrap_or(&since);
    let held = match (rule.stand_in, rule.dated) {
        (true, _) => format!("a stand-in taken since {day}, not the table of that time"),
        (false, Dated::Announced) => format!("in force since {day}"),
        (false, Dated::Observed) => format!("in force by {day}, from when a copy has it"),
        (false, Dated::Assumed) => format!("taken to be in force since {day}"),
    };
    let source = format!("{MARGIN_VENUE} {MARGIN_INSTRUMENT}: {}", rule.source);
    Ok(RuleSetFile::of_brackets(day, &held, &source, &brackets))
}

/// `did you mean x? `, or nothing where nothing is known.
fn near<'a>(names: impl Iterator<Item = &'a str>, typed: &str) -> String {
    let typed = &typed.to_lowercase();
    let nearest =
        names.max_by(|a, b| strsim::jaro_winkler(a, typed).total_cmp(&strsim::jaro_winkler(b, typed)));
    nearest.map_or(String::new(), |nearest| format!("did you mean {nearest}? "))
}

/// All rule sets by name, history first, then by name: those of `data/rule-sets`, and each kind of rule alone with its
/// defaults.
pub(crate) fn rule_sets() -> Result<Vec<RuleSetFile>> {
    let mut sets = Vec::new();
    for file in RULE_SETS
        .files()
        .filter(|file| file.path().extension().is_some_and(|ending| ending == "toml"))
    {
        let name = format!("data/rule-sets/{}", file.path().display());
        let text = file
            .contents_utf8()
            .with_context(|| format!("{name} is not UTF-8"))?;
        sets.push(RuleSetFile::parse(&name, text)?);
    }
    for set in aftershock_rules::kinds().filter_map(RuleSetFile::of_kind) {
        if sets.iter().all(|known: &RuleSetFile| known.name != set.name) {
            sets.push(set);
        }
    }
    sets.sort_by_key(|set| (set.name != RECORD, set.name.clone()));
    Ok(sets)
}

/// A rule set by name or from a TOML file, with `-hold-equity` after it or not; or several joined by `+`, which act in that
/// order.
pub(crate) fn rule_set(name: &str) -> Result<RuleSetFile> {
    if let Some((first, rest)) = name.split_once('+') {
        let (first, rest) = (rule_set(first)?, rule_set(rest)?);
        return Ok(first.then(&rest)?);
    }
    if name.is_empty() {
        return Err(Mistake::new("a rule set beside a '+' has no name")
            .hint("write a+b, of names or of paths that end in .toml")
            .into());
    }
    if name == CATALOGUE || name.strip_suffix(HOLD_EQUITY) == Some(CATALOGUE) {
        return Err(
            Mistake::new(format!("'{CATALOGUE}' is all rule sets, each by itself"))
                .hint(format!(
                    "write --rules {CATALOGUE} alone, and rule sets that act together as a+b"
                ))
                .into(),
        );
    }
    if let Some(of) = name.strip_suffix(HOLD_EQUITY) {
        let set = rule_set(of)?;
        if !set.rules.sets_margin() {
            return Err(Mistake::new(format!(
                "{of} changes no margin, so that holders keep what they have"
            ))
            .hint(format!("name it without '{HOLD_EQUITY}'"))
            .into());
        }
        return Ok(set.holding(Hold::Equity));
    }
    if name.ends_with(".toml") {
        let text =
            std::fs::read_to_string(name).with_context(|| format!("cannot read the rule set {name}"))?;
        let own = RuleSetFile::parse(name, &text)?;
        if own.name == CATALOGUE || own.name.ends_with(HOLD_EQUITY) {
            return Err(
                Mistake::new(format!("{name} is named '{}', which is a word of ours", own.name))
                    .hint(format!(
                        "give it a name that is not '{CATALOGUE}' and does not end in '{HOLD_EQUITY}'"
                    ))
                    .into(),
            );
        }
        if rule_sets()?
            .iter()
            .any(|set| set.name == own.name && set.toml != own.toml)
        {
            return Err(Mistake::new(format!(
                "{name} is named '{}', as one of ours with other contents is",
                own.name
            ))
            .hint("give it a name of its own")
            .into());
        }
        return Ok(own);
    }
    let sets = rule_sets()?;
    let names: Vec<String> = sets.iter().map(|set| set.name.clone()).collect();
    sets.into_iter().find(|set| set.name == name).ok_or_else(|| {
        let near = near(names.iter().map(String::as_str), name);
        Mistake::new(format!("there is no rule set '{name}'"))
            .hint(format!(
                "{near}known are {}; a path ending in .toml is read as a rule set of your own",
                names.join(", ")
            ))
            .into()
    })
}

/// Every rule set but history, and after each that changes margin the same with what holders post kept.
pub(crate) fn catalogue() -> Result<Vec<RuleSetFile>> {
    let mut all = Vec::new();
    for set in rule_sets()?.into_iter().filter(|set| set.name != RECORD) {
        let equity = set.rules.sets_margin().then(|| set.holding(Hold::Equity));
        all.push(set);
        all.extend(equity);
    }
    Ok(all)
}

/// `catalog.*`: the embedded episodes and rule sets, a rule set of the user's own beside them, and the scenarios of
/// shocked runs.
pub(crate) fn catalog_tables(own_rules: &[&RuleSetFile], departures: &[Departure]) -> Result<CatalogTables> {
    let catalog = Catalog::embedded()?;
    let episodes = catalog.episodes();
    let embedded = rule_sets()?;
    let mut rules: Vec<&RuleSetFile> = embedded.iter().collect();
    rules.extend(
        own_rules
            .iter()
            .filter(|own| embedded.iter().all(|set| set.name != own.name)),
    );
    let published: Vec<PublishedRow> = episodes
        .iter()
        .flat_map(|episode| {
            episode.published.iter().map(|figure| PublishedRow {
                episode: episode.id.clone(),
                measure: figure.measure.clone(),
                value: figure.value,
                unit: figure.unit.name().into(),
                scope: figure.scope.clone(),
                covers: figure.covers.name().into(),
                timing: figure.when.name().into(),
                source: figure.source.clone(),
                trust: figure.trust.name().into(),
            })
        })
        .collect();
    let rule_rows: Vec<RuleSetRow> = rules
        .iter()
        .map(|set| RuleSetRow {
            rule_set: set.name.clone(),
            title: set.title.clone(),
            summary: set.summary.clone(),
            cost: set.costs.clone(),
            toml: set.toml.clone(),
            source: set.sources.join("; "),
        })
        .collect();
    let mut episode_rows: Vec<EpisodeRow> = episodes.iter().map(episode_row).collect();
    for departure in departures {
        let scenario = scenario_row(catalog.find(&departure.episode)?, departure.shock());
        if episode_rows.iter().all(|known| known.episode != scenario.episode) {
            episode_rows.push(scenario);
        }
    }
    Ok(CatalogTables::new(
        &episode_rows,
        &published,
        &rule_rows,
        &recovery::parse("data/recovery.csv", RECOVERY)?,
    ))
}

/// An episode with a move in it that did not happen. It has nothing published: that is of the episode.
fn scenario_row(episode: &Episode, shock: Shock) -> EpisodeRow {
    EpisodeRow {
        episode: shock.scenario(&episode.id),
        title: format!("Made up: {}, with a further move of {shock}", episode.title),
        aliases: String::new(),
        kind: "made up".into(),
        summary: format!(
            "This did not happen. A move of {shock} from {} on was added to the record of {}, and the forced flow answers \
             to it. Of the episode itself: {}",
            episode.window.replay_from, episode.id, episode.summary
        ),
        ..episode_row(episode)
    }
}

fn episode_row(episode: &Episode) -> EpisodeRow {
    let window = &episode.window;
    EpisodeRow {
        episode: episode.id.clone(),
        title: episode.title.clone(),
        aliases: episode.aliases.join(", "),
        kind: episode.kind.name().into(),
        summary: episode.summary.clone(),
        tape_from: window.tape_from,
        tape_to: window.tape_to,
        trigger_at: window.trigger_at,
        trigger_source: window.trigger_source.clone(),
        trigger_trust: window.trigger_trust.name().into(),
        replay_from: window.replay_from,
        replay_to: window.replay_to,
        instrument: episode.record.instrument.clone(),
        fineness: episode.record.fineness.clone(),
        bar_s: f64::from(episode.record.bar_s),
        mark: episode.record.mark.name().into(),
        absent: episode.record.absent.join(", "),
        venues: episode.scope.venues.join(", "),
        volume: episode.scope.volume.name().into(),
        open_interest_btc: episode.open_interest.as_ref().map(|level| level.level_btc),
        open_interest_source: episode.open_interest.as_ref().map(|level| level.source.clone()),
    }
}
