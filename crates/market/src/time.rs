//! Instants.

use std::fmt;

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;

/// An instant in UTC: microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The instant `seconds` after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds * MICROS_PER_SECOND)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Seconds from `earlier` to `self`; negative where `self` comes first.
    #[inline]
    pub fn seconds_since(self, earlier: Self) -> f64 {
        (self.0 - earlier.0) as f64 / MICROS_PER_SECOND as f64
    }

    /// This instant moved by `seconds`, rounded to the microsecond.
    #[inline]
    pub fn plus_seconds(self, seconds: f64) -> Self {
        Self(self.0 + (seconds * MICROS_PER_SECOND as f64).round() as i64)
    }
}

/// RFC 3339 in UTC, to the second where nothing finer is there: `2026-02-05T13:00:00Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match chrono::DateTime::from_timestamp_micros(self.0) {
            Some(at) => f.write_str(&at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)),
            None => write!(f, "{}us", self.0),
        }
    }
}

/// Why a text is no instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoInstant(String);

impl fmt::Display for NoInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is no instant, should be a day as 2020-03-12 or an instant as 2020-03-12T10:30:00Z",
            self.0
        )
    }
}

impl std::error::Error for NoInstant {}

/// A day, which begins it, or an instant of RFC 3339.
impl std::str::FromStr for Timestamp {
    type Err = NoInstant;

    fn from_str(text: &str) -> Result<Self, NoInstant> {
        let day = || {
            chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
                .ok()?
                .and_hms_opt(0, 0, 0)
        };
        let instant = chrono::DateTime::parse_from_rfc3339(text).map(|at| at.timestamp_micros());
        instant
            .ok()
            .or_else(|| Some(day()?.and_utc().timestamp_micros()))
            .map(Self)
            .ok_or_else(|| NoInstant(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_rfc3339() {
        assert_eq!(
            Timestamp::from_seconds(1_583_978_400).to_string(),
            "2020-03-12T02:00:00Z"
        );
        assert_eq!(Timestamp(1_500_000).to_string(), "1970-01-01T00:00:01.500Z");
    }

    #[test]
    fn reads_what_it_prints_and_days() {
        assert_eq!(
            "2020-03-12T02:00:00Z".parse(),
            Ok(Timestamp::from_seconds(1_583_978_400))
        );
        assert_eq!("2020-03-12".parse(), Ok(Timestamp::from_seconds(1_583_971_200)));
        assert!("12.3.2020".parse::<Timestamp>().is_err());
    }
}
