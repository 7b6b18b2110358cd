//! The embedded record of an episode.

use std::path::Path;

use aftershock_archive::cut::{bars_from_bytes, perp_daily_from_bytes};
use aftershock_market::{Bar, PerpDay, Timestamp};

use crate::episode::{Episode, Volume};
use crate::{IngestError, Provenance, SAMPLE};

/// A record may begin this much after its window and end this much before it: one of its coarsest bars.
const SLACK_S: f64 = 3_600.0;

/// What is recorded of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Bars by start.
    pub bars: Vec<Bar>,
    /// Days of perpetual futures; empty where nothing is recorded.
    pub perp_daily: Vec<PerpDay>,
}

/// The embedded record of an episode, compared with its provenance and with what the episode says it holds.
///
/// # Errors
/// [`IngestError::MissingSample`] where none is embedded, [`IngestError::UnfitSample`] where it does not cover the
/// episode, [`IngestError::Provenance`] or [`IngestError::Archive`] where this program was built from faulty files.
pub fn sample(episode: &Episode) -> Result<Sample, IngestError> {
    let provenance = Provenance::embedded()?;
    let path = format!("{}/bars.parquet", episode.id);
    let bars = SAMPLE.get_file(&path).ok_or_else(|| IngestError::MissingSample {
        episode: episode.id.clone(),
        known: known(),
    })?;
    let bars = load(&provenance, &path, bars.contents(), bars_from_bytes)?;
    let path = format!("{}/perp_daily.parquet", episode.id);
    let perp_daily = match SAMPLE.get_file(&path) {
        Some(days) => load(&provenance, &path, days.contents(), perp_daily_from_bytes)?,
        None => Vec::new(),
    };
    let sample = Sample { bars, perp_daily };
    match sample.fault(episode) {
        Some(reason) => Err(IngestError::UnfitSample {
            episode: episode.id.clone(),
            reason,
        }),
        None => Ok(sample),
    }
}

/// Paths below `data/sample` of the embedded tables, each with its bytes.
pub fn embedded_sample_files() -> Vec<(String, &'static [u8])> {
    SAMPLE
        .dirs()
        .flat_map(|folder| folder.files())
        .filter(|file| {
            file.path()
                .extension()
                .is_some_and(|extension| extension == "parquet")
        })
        .map(|file| (file.path().to_string_lossy().replace('\\', "/"), file.contents()))
        .collect()
}

fn known() -> Vec<String> {
    SAMPLE
        .dirs()
        .map(|folder| folder.path().display().to_string())
        .collect()
}

fn load<R>(
    provenance: &Provenance,
    path: &str,
    bytes: &[u8],
    read: fn(&Path, &[u8]) -> Result<Vec<R>, aftershock_archive::ArchiveError>,
) -> Result<Vec<R>, IngestError> {
    let entry = provenance.verify(path, bytes)?;
    let rows = read(&Path::new("data/sample").join(path), bytes)?;
    if rows.len() as u64 != entry.rows {
        return Err(IngestError::Provenance {
            path: path.to_owned(),
            reason: format!("it has {} rows; expected {}", rows.len(), entry.rows),
        });
    }
    Ok(rows)
}

impl Sample {
    /// What the episode says is recorded and is not.
    fn fault(&self, episode: &Episode) -> Option<String> {
        let instrument = &episode.record.instrument;
        let bars: Vec<&Bar> = self
            .bars
            .iter()
            .filter(|bar| bar.instrument_id() == *instrument)
            .collect();
        let window = &episode.window;
        let (Some(first), Some(last)) = (bars.first(), bars.last()) else {
            return Some(format!("it has no bars of `{instrument}`"));
        };
        let ends = [
            (
                "begins",
                first.open_at,
                "at or before",
                window.tape_from.plus_seconds(SLACK_S),
                true,
            ),
            (
                "ends",
                last.close_at,
                "at or after",
                window.tape_end().plus_seconds(-SLACK_S),
                false,
            ),
            ("begins", first.open_at, "at or before", window.replay_from, true),
            ("ends", last.close_at, "at or after", window.replay_to, false),
        ];
        let short = ends.into_iter().find(
            |(_, found, _, bound, begins)| {
                if *begins { found > bound } else { found < bound }
            },
        );
        if let Some((verb, found, side, bound, _)) = short {
            return Some(format!("it {verb} {found}; expected {side} {bound}"));
        }
        if !bars.iter().any(|bar| bar.open_at == window.replay_from) {
            return Some(format!(
                "no bar of `{instrument}` begins at window.replay_from {}; nearest before it is {}",
                window.replay_from,
                start_before(&bars, window.replay_from)
            ));
        }
        if episode.scope.volume == Volume::PerpDaily {
            let covered = |venue: &String| self.perp_daily.iter().any(|day| day.venue == *venue);
            if let Some(venue) = episode.scope.venues.iter().find(|venue| !covered(venue)) {
                return Some(format!(
                    "scope.volume is `perp_daily`, but it has no days of `{venue}`; expected them in perp_daily.parquet"
                ));
            }
        }
        None
    }
}

fn start_before(bars: &[&Bar], at: Timestamp) -> Timestamp {
    bars.iter()
        .map(|bar| bar.open_at)
        .take_while(|start| *start <= at)
        .last()
        .unwrap_or(at)
}
