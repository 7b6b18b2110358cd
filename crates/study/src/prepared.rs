//! From an episode's name to a case that can be replayed.

use std::path::Path;

use aftershock_archive::cut::cut_of;
use aftershock_archive::{ArchiveError, Cut, read_cut, write_cut};
use aftershock_calibrate::{Priors, Recorded, Scope, Window};
use aftershock_ingest::episode::{Kind, Mark, Volume};
use aftershock_ingest::{Catalog, Episode, Sample, sample};
use aftershock_market::{Bar, PerpDay};
use aftershock_protocol::Brackets;
use aftershock_sweep::{Case, Context};

use crate::venues::{self, MARGIN_INSTRUMENT, MarginTable};
use crate::{Error, Own, Result, priors};

/// An episode with its cut, record, margin table and priors.
#[derive(Debug)]
pub struct Prepared {
    /// What was declared of it.
    pub episode: Episode,
    /// The frozen record that its replays read.
    pub cut: Cut,
    recorded: Recorded,
    table: MarginTable,
    priors: Priors,
    trigger: String,
    venues: String,
    perpetual_low_ratio: Option<f64>,
}

impl Prepared {
    /// Finds the episode, writes its cut where there is none, and reads it.
    ///
    /// # Errors
    /// No episode of that name, a damaged cut, or a record that cannot be replayed.
    pub fn open(data: &Path, name: &str) -> Result<Self> {
        Self::with(data, name, |id, sample| {
            write_cut(data, id, &sample.bars, &sample.perp_daily)?;
            read_cut(data, id)
        })
    }

    /// The same without a trace on the disk: a cut that is not there is made in memory, and is the one that
    /// [`Prepared::open`] would write.
    ///
    /// # Errors
    /// As [`Prepared::open`].
    pub fn look(data: &Path, name: &str) -> Result<Self> {
        Self::with(data, name, |id, sample| {
            cut_of(id, &sample.bars, &sample.perp_daily)
        })
    }

    /// The same with a cut made by `missing` where there is none.
    fn with(
        data: &Path,
        name: &str,
        missing: impl FnOnce(&str, &Sample) -> std::result::Result<Cut, ArchiveError>,
    ) -> Result<Self> {
        let episode = Catalog::embedded()?.find(name)?.clone();
        let cut = match read_cut(data, &episode.id) {
            Err(ArchiveError::MissingCut { .. }) => missing(&episode.id, &sample(&episode)?)?,
            cut => cut?,
        };
        Self::of(episode, cut)
    }

    fn of(episode: Episode, cut: Cut) -> Result<Self> {
        let window = Window {
            from: episode.window.replay_from,
            to: episode.window.replay_to,
        };
        let scope = Scope {
            venues: episode.scope.venues.clone(),
            perpetual: episode.scope.volume == Volume::PerpDaily,
        };
        let level_btc = episode.open_interest.as_ref().map(|level| level.level_btc);
        let recorded =
            Recorded::new(&cut.bars, &cut.perp_daily, window, &scope, level_btc).map_err(|source| {
                Error::Record {
                    episode: episode.id.clone(),
                    source,
                }
            })?;
        let table = venues::margin_table(window.from)?;
        let perpetual_low_ratio = (episode.record.mark == Mark::SpotProxy)
            .then(|| perpetual_low_ratio(&cut.bars, &cut.perp_daily, window))
            .flatten();
        Ok(Self {
            trigger: format!(
                "trigger {} ({}): {}",
                episode.window.trigger_at,
                episode.window.trigger_trust.name(),
                episode.window.trigger_source
            ),
            venues: episode.scope.venues.join(", "),
            perpetual_low_ratio,
            recorded,
            table,
            priors: priors()?,
            cut,
            episode,
        })
    }

    /// SHA-256 of what is believed and declared: priors, margin table, and the episode's window, record and scope.
    pub fn calibration_sha256(&self) -> String {
        let Episode {
            window,
            record,
            scope,
            open_interest,
            ..
        } = &self.episode;
        let declared = (window, record, scope, open_interest);
        let text = format!("{}\n{:?}\n{declared:?}", self.priors.sha256, self.table);
        aftershock_archive::sha256_hex(text.as_bytes())
    }

    /// Symbol of the margin table in force.
    pub fn margin_instrument(&self) -> &'static str {
        MARGIN_INSTRUMENT
    }

    /// The margin table in force.
    pub fn brackets(&self) -> &Brackets {
        &self.table.brackets
    }

    /// What a sweep replays.
    pub fn case<'a>(&'a self, seed: u64, draws: u32, own: &'a Own) -> Case<'a> {
        let episode = &self.episode;
        Case {
            episode: &episode.id,
            recorded: &self.recorded,
            quiet: episode.kind == Kind::Quiet,
            from: episode.window.replay_from,
            bar_s: episode.record.bar_s,
            brackets: &self.table.brackets,
            priors: &self.priors,
            seed,
            draws,
            own: own.book.as_ref(),
            shock: own.shock,
            context: Context {
                instrument: &episode.record.instrument,
                spot_for_mark: episode.record.mark == Mark::SpotProxy,
                absent: &episode.record.absent,
                trigger: &self.trigger,
                reconstructed: self
                    .cut
                    .bars
                    .iter()
                    .any(|bar| bar.price_origin == "reconstructed"),
                perpetual_low_ratio: self.perpetual_low_ratio,
                venues: &self.venues,
                perpetual_volume: episode.scope.volume == Volume::PerpDaily,
                brackets_source: &self.table.rule.source,
                brackets_stand_in: self.table.rule.stand_in,
                open_interest_source: episode.open_interest.as_ref().map_or("", |level| &level.source),
            },
        }
    }
}

/// Lowest perpetual price over the lowest bar, on the whole days that the window touches and both records cover.
fn perpetual_low_ratio(bars: &[Bar], days: &[PerpDay], window: Window) -> Option<f64> {
    const DAY_US: i64 = 86_400 * aftershock_market::MICROS_PER_SECOND;
    let covered_from = bars.first()?.open_at.0;
    let covered_to = bars.last()?.close_at.0;
    let touched = |day: &&PerpDay| {
        let (from, to) = (day.day_at.0, day.day_at.0 + DAY_US);
        from < window.to.0 && to > window.from.0 && from >= covered_from && to <= covered_to
    };
    let days: Vec<&PerpDay> = days.iter().filter(touched).collect();
    let (first, last) = (days.first()?.day_at.0, days.last()?.day_at.0 + DAY_US);
    let perpetual = days.iter().map(|day| day.low_usd).fold(f64::INFINITY, f64::min);
    let inside = bars
        .iter()
        .filter(|bar| bar.open_at.0 >= first && bar.close_at.0 <= last);
    let record = inside.map(|bar| bar.low_usd).fold(f64::INFINITY, f64::min);
    record.is_finite().then(|| perpetual / record)
}
