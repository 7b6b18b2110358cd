//! The tables of the schema `catalog`: episodes, published figures, rule sets, kinds of rule, venues, scores, gates and
//! calibrations.

mod calibrations;
mod gates;
pub(crate) mod recovery;
mod rules;
mod venues;

use std::path::Path;

use aftershock_archive::cut::cut_of;
use aftershock_archive::{Cut, Departure};
use aftershock_ingest::{Catalog, Episode, sample};
use aftershock_market::Shock;
use aftershock_query::catalog::{EpisodeRow, PublishedRow, RuleSetRow};
use aftershock_query::{CatalogTables, Embedded, RecordBatch};
use aftershock_rules::RuleSetFile;

use crate::{Result, rule_sets};

const RECOVERY: &str = include_str!("../../../data/recovery.csv");

/// `catalog.*`: the embedded episodes and rule sets, a rule set of the user's own beside them, and the scenarios of
/// shocked runs.
///
/// # Errors
/// This program was built with malformed files, or a departure names an episode that is not here.
pub fn tables(own_rules: &[&RuleSetFile], departures: &[Departure]) -> Result<CatalogTables> {
    let catalog = Catalog::embedded()?;
    let episodes = catalog.episodes();
    let embedded = rule_sets::all()?;
    let mut sets: Vec<&RuleSetFile> = embedded.iter().collect();
    sets.extend(
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
    let rule_rows: Vec<RuleSetRow> = sets
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
    Ok(CatalogTables {
        venues: CatalogTables::of_venues(&venues::rows()?),
        rules: CatalogTables::of_rules(&rules::rows()),
        gates: CatalogTables::of_gates(&gates::rows()),
        cuts: cuts(&catalog),
        ..CatalogTables::new(
            &episode_rows,
            &published,
            &rule_rows,
            &recovery::parse("data/recovery.csv", RECOVERY)?,
        )
    })
}

/// `catalog.calibrations`: what is in the data folder now. A file that cannot be read is a row that says why.
pub fn calibrations(data: &Path) -> RecordBatch {
    CatalogTables::of_calibrations(&calibrations::rows(data))
}

/// The cuts that replays of the embedded episodes would write.
fn cuts(catalog: &Catalog) -> Embedded {
    let episodes = catalog.episodes().iter();
    let episodes = episodes.map(|episode| episode.id.clone()).collect();
    Embedded::new(episodes, |id| made(id).map_err(|error| error.to_string()))
}

fn made(id: &str) -> Result<Cut> {
    let sample = sample(Catalog::embedded()?.find(id)?)?;
    Ok(cut_of(id, &sample.bars, &sample.perp_daily)?)
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
