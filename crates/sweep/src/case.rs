//! What is to be replayed.

use aftershock_calibrate::{Priors, Recorded};
use aftershock_market::{Shock, Timestamp};
use aftershock_protocol::Brackets;
use aftershock_replay::ReplayError;

use crate::own::OwnBook;

/// One episode, ready for any number of rule sets.
#[derive(Clone, Debug)]
pub struct Case<'a> {
    /// Identifier of the episode.
    pub episode: &'a str,
    /// The record.
    pub recorded: &'a Recorded,
    /// A time without a crash, in which the machinery should add nothing.
    pub quiet: bool,
    /// Start of the replay.
    pub from: Timestamp,
    /// Coarsest bar of the record, s: the finest variance clock.
    pub bar_s: u32,
    /// Margin table of the era.
    pub brackets: &'a Brackets,
    /// What is believed.
    pub priors: &'a Priors,
    /// Names the ensemble.
    pub seed: u64,
    /// Number of draws besides the central one.
    pub draws: u32,
    /// The user's own accounts, where any are followed.
    pub own: Option<&'a OwnBook>,
    /// A move added to the record; the record is then not what is replayed.
    pub shock: Option<Shock>,
    /// Sentences a reader needs before the first number, and what else the record does not say.
    pub context: Context<'a>,
}

/// Facts about the record that the report must carry.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Instrument of the price, `venue:symbol`.
    pub instrument: &'a str,
    /// Whether spot stands for the mark.
    pub spot_for_mark: bool,
    /// What the record lacks.
    pub absent: &'a [String],
    /// How the trigger is known.
    pub trigger: &'a str,
    /// Whether prices or stamps of the record were reconstructed.
    pub reconstructed: bool,
    /// Lowest perpetual price of the replayed days over the lowest of the record, where spot stands for the mark.
    pub perpetual_low_ratio: Option<f64>,
    /// Venues in scope, joined.
    pub venues: &'a str,
    /// Whether the volume in scope is a perpetual's.
    pub perpetual_volume: bool,
    /// Where the margin table comes from.
    pub brackets_source: &'a str,
    /// Whether the margin table only stands in.
    pub brackets_stand_in: bool,
    /// Source of a published open interest.
    pub open_interest_source: &'a str,
}

impl Case<'_> {
    /// Variance clocks: the record's bar, then 15 minutes, an hour and four, as far as they are coarser.
    pub fn clocks_s(&self) -> Vec<i32> {
        let bar = self.bar_s as i32;
        let mut clocks = vec![bar];
        clocks.extend([900, 3_600, 14_400].into_iter().filter(|clock| *clock > bar));
        clocks
    }
}

/// Why a sweep stops.
#[derive(Debug, thiserror::Error)]
#[error("{rule_set}, draw {draw}: {cause}")]
pub struct SweepError {
    /// Rule set under which it happened.
    pub rule_set: String,
    /// Draw in which it happened.
    pub draw: u32,
    /// What happened.
    pub cause: ReplayError,
}
