//! Where the tape lives.

use std::path::Path;

use aftershock_archive::Store;
use aftershock_archive::tape::Tape;
use anyhow::Result;

#[derive(clap::Args)]
pub(crate) struct TapeArgument {
    /// Where the tape lives: a folder, s3://bucket/prefix, gs://bucket/prefix or az://container/prefix; `tape` in the
    /// data folder where it is not given
    #[arg(long, env = "AFTERSHOCK_TAPE", value_name = "LOCATION")]
    tape: Option<String>,
}

impl TapeArgument {
    pub(crate) fn open(&self, data: &Path) -> Result<Tape> {
        let location = match &self.tape {
            Some(location) => location.clone(),
            None => data.join("tape").to_string_lossy().into_owned(),
        };
        Ok(Tape::new(Store::open(&location)?))
    }

    /// The command that asks this tape, to be shown to the user.
    pub(crate) fn sql(&self, sql: &str) -> String {
        let place = self
            .tape
            .as_ref()
            .map_or(String::new(), |tape| format!(" --tape {tape}"));
        format!("aftershock sql{place} {sql}")
    }
}
