//! How an error ends: primary, detail and hint on stderr; 1 where the user can mend it, 2 where we must.

use std::path::Path;
use std::process::ExitCode;

use aftershock_archive::{ArchiveError, way_out};
use aftershock_ingest::IngestError;
use aftershock_query::Error as QueryError;
use aftershock_study::Error as StudyError;

/// A mistake of the user's, with what would have been right.
#[derive(Debug)]
pub(crate) struct Mistake {
    primary: String,
    hint: Option<String>,
}

impl Mistake {
    pub(crate) fn new(primary: impl Into<String>) -> Self {
        Self {
            primary: primary.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl std::fmt::Display for Mistake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.primary)
    }
}

impl std::error::Error for Mistake {}

/// A defect of ours.
#[derive(Debug)]
pub(crate) struct Defect(pub(crate) String);

impl std::fmt::Display for Defect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Defect {}

/// Prints the error and says how the process ends.
pub(crate) fn print(error: &anyhow::Error) -> ExitCode {
    if is_closed_pipe(error) {
        return ExitCode::SUCCESS;
    }
    crate::say!("error: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !said.contains(&cause) {
            crate::say!("  because {cause}");
            said.push_str(&cause);
        }
    }
    if let Some(place) = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<QueryError>()?.place())
    {
        crate::say!("{place}");
    }
    if let Some(hint) = hint(error) {
        crate::say!("  hint: {hint}");
    }
    ExitCode::from(if is_ours(error) { 2 } else { 1 })
}

/// Ends the program where a line could not be said: quietly if whoever read has seen enough.
pub(crate) fn unsaid(error: &std::io::Error) -> ! {
    let quiet = error.kind() == std::io::ErrorKind::BrokenPipe;
    if !quiet {
        crate::say!("error: cannot write to standard output: {error}");
    }
    std::process::exit(if quiet { 0 } else { 2 })
}

fn hint(error: &anyhow::Error) -> Option<String> {
    error.chain().find_map(|cause| {
        let mistake = cause
            .downcast_ref::<Mistake>()
            .and_then(|mistake| mistake.hint.clone());
        mistake
            .or_else(|| cause.downcast_ref::<QueryError>().and_then(QueryError::hint))
            .or_else(|| cause.downcast_ref::<StudyError>()?.hint().map(str::to_owned))
            .or_else(|| damaged(cause))
    })
}

/// How to get rid of a file that is not what was written.
fn damaged(cause: &(dyn std::error::Error + 'static)) -> Option<String> {
    let cause = cause.downcast_ref().map_or(cause, StudyError::inner);
    let error = cause.downcast_ref().or_else(|| match cause.downcast_ref() {
        Some(IngestError::Archive(error)) => Some(error),
        _ => None,
    })?;
    match error {
        ArchiveError::Corrupt { path, .. } => Some(way_out(path).into()),
        ArchiveError::MissingObject { path, .. } => Some(way_out(Path::new(path)).into()),
        _ => None,
    }
}

fn is_ours(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let study = cause.downcast_ref::<StudyError>();
        let cause = study.map_or(cause, StudyError::inner);
        cause.is::<Defect>()
            || study.is_some_and(|error| !error.is_askers())
            || matches!(cause.downcast_ref(), Some(ArchiveError::NotReproducible { .. }))
            || cause
                .downcast_ref::<QueryError>()
                .is_some_and(|error| !error.is_users())
    })
}

/// Whoever read our output has seen enough.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
