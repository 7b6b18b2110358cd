//! Many replays: every draw, intra-bar order and rule set of an episode, side by side.
//!
//! One thread a replay, rayon across replays; results are gathered in order, so that the number of threads changes
//! nothing. It knows no SQL. Read [`Case`], then [`ensemble`]; for accounts of the
//! user's own at [`own`].

mod assumptions;
mod case;
mod ensemble;
mod journal;
mod levels;
mod measured;
pub mod own;
mod shock;
mod spread;
mod verdicts;

pub use case::{Case, Context, SweepError};
pub use ensemble::{Progress, ensemble};

/// SHA-256 of the sources that decide what a run comes to.
pub const ENGINE_SHA256: &str = env!("AFTERSHOCK_ENGINE_SHA256");

/// Below this number of draws no 5–95 % interval is given.
pub const DRAWS_FOR_INTERVAL: u32 = 100;

/// Runs `work` on so many threads.
///
/// # Errors
/// The threads cannot be started.
pub fn on_threads<T: Send>(
    threads: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, rayon::ThreadPoolBuildError> {
    Ok(rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?
        .install(work))
}
