//! What a replay believes before it starts: priors and their draws, the recorded path as the engine takes it,
//! generated tapes whose truth is known, and the gates a figure must pass.
//!
//! Invariants: every draw is named by episode, priors and number, never by a rule set, so that rule sets share their
//! noise; nothing after an instant enters what is believed at it. Read [`Priors`], then [`Recorded`]; for generated tapes
//! [`synth`], of several venues and with everything a venue prints, [`synthetic`], the one market that the gates run, and
//! [`foreign`], whose equations are not the replay's.

pub mod calibration;
pub mod check;
pub mod clocked;
pub mod fit;
pub mod foreign;
pub mod gates;
pub mod known;
pub mod observed;
mod priors;
mod recorded;
pub mod recover;
pub mod synth;
pub mod synthetic;
mod toml_file;

pub use aftershock_protocol::Brackets;
pub use priors::{Believed, Draw, Prior, Priors};
pub use recorded::{FlowOrigin, OpenInterest, Recorded, RecordedError, Scope, Window};
pub use toml_file::FileError;
