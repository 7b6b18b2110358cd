//! What a query may take, as it is typed.

use std::time::Duration;

/// Limits that hold where they are given.
#[derive(clap::Args)]
pub(crate) struct LimitArguments {
    /// Memory that a query may hold, such as 512MB or 4GB; nothing is written to disk instead
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) memory: Option<usize>,
    /// Time that a query may take, such as 30s or 10m
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) timeout: Option<Duration>,
}

/// Reads a size in bytes.
///
/// # Errors
/// What would have been right.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];
    let found = units.iter().find_map(|(unit, bytes)| {
        let count: usize = text.strip_suffix(unit)?.trim().parse().ok()?;
        count.checked_mul(*bytes)
    });
    found
        .filter(|bytes| *bytes > 0)
        .ok_or_else(|| "it should be a whole number of kB, MB or GB, such as 512MB".to_owned())
}

/// Reads a time.
///
/// # Errors
/// What would have been right.
pub(crate) fn time(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000)];
    let found = units.iter().find_map(|(unit, millis)| {
        let count: u64 = text.strip_suffix(unit)?.trim().parse().ok()?;
        count.checked_mul(*millis)
    });
    found
        .filter(|millis| (1..=86_400_000).contains(millis))
        .map(Duration::from_millis)
        .ok_or_else(|| {
            "it should be a whole number of seconds, minutes or hours up to a day, such as 30s or 10m"
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        assert_eq!(size("512MB"), Ok(512_000_000));
        assert_eq!(size("4 GB"), Ok(4_000_000_000));
        assert_eq!(time("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(time("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(time("2h"), Ok(Duration::from_secs(7_200)));
        for text in [
            "",
            "1",
            "MB",
            "-1GB",
            "0GB",
            "1.5GB",
            "99999999999999999999GB",
            "99999999999999GB",
        ] {
            assert!(size(text).is_err(), "{text}");
        }
        for text in ["", "1", "s", "0s", "25h", "-1s", "1d"] {
            assert!(time(text).is_err(), "{text}");
        }
    }
}
