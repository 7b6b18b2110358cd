//! What can go wrong between an episode's name and its replayed journals.

use aftershock_archive::ArchiveError;
use aftershock_calibrate::{FileError, RecordedError};
use aftershock_ingest::IngestError;
use aftershock_rules::RuleError;
use aftershock_rules::record::RecordError;
use aftershock_sweep::SweepError;
use aftershock_sweep::own::OwnError;

use crate::catalog::recovery::Refused;

/// The result of a step of a study.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no study.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for cannot be had as asked.
    #[error("{primary}")]
    Asked {
        /// What is wrong.
        primary: String,
        /// What would have been right.
        hint: Option<String>,
    },
    /// A file that was named cannot be read.
    #[error("cannot read {what}")]
    Unreadable {
        /// What it was to be, with its path.
        what: String,
        /// Why.
        source: std::io::Error,
    },
    /// The record of an episode cannot be replayed.
    #[error("episode {episode} cannot be replayed")]
    Record {
        /// The episode.
        episode: String,
        /// Why.
        source: RecordedError,
    },
    /// No episode of that name, or its sample is not the one of its provenance.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// A cut or a run is not what it should be.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A rule set is malformed.
    #[error(transparent)]
    RuleSet(#[from] RuleError),
    /// A venue's file is malformed, or has no rules of what is asked.
    #[error(transparent)]
    Venue(#[from] RecordError),
    /// The priors are malformed.
    #[error(transparent)]
    Priors(#[from] FileError),
    /// The user's own positions cannot be followed.
    #[error(transparent)]
    Own(#[from] OwnError),
    /// A replay stopped.
    #[error(transparent)]
    Sweep(#[from] SweepError),
    /// The embedded scores are malformed.
    #[error(transparent)]
    Recovery(#[from] Refused),
    /// Threads for the replay cannot be started.
    #[error("cannot start {threads} threads: {reason}")]
    Threads {
        /// How many.
        threads: usize,
        /// Why.
        reason: String,
    },
    /// Nobody waits for the replay any more.
    #[error("the replay was given up")]
    GivenUp,
    /// This program was built without a file that it needs.
    #[error("{0} is missing from this program")]
    Missing(String),
}

impl Error {
    /// A mistake in what was asked.
    pub fn asked(primary: impl Into<String>) -> Self {
        Self::Asked {
            primary: primary.into(),
            hint: None,
        }
    }

    /// The same mistake with what would have been right; any other error as it is.
    pub fn or_rather(self, right: impl Into<String>) -> Self {
        match self {
            Self::Asked { primary, .. } => Self::Asked {
                primary,
                hint: Some(right.into()),
            },
            other => other,
        }
    }

    /// What would have been right, where that is known.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Asked { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }

    /// Whether what was asked is at fault rather than this program.
    pub fn is_askers(&self) -> bool {
        !matches!(self, Self::Sweep(_) | Self::Missing(_) | Self::Recovery(_))
    }

    /// The error of a crate below that this one stands for; else itself.
    pub fn inner(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Ingest(error) => error,
            Self::Archive(error) => error,
            Self::RuleSet(error) => error,
            Self::Venue(error) => error,
            Self::Priors(error) => error,
            Self::Own(error) => error,
            Self::Sweep(error) => error,
            Self::Recovery(error) => error,
            _ => self,
        }
    }
}
