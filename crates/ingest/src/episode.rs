//! Episodes: what a researcher writes down about a crash, or about a quiet time to compare it with.
//!
//! One file an episode, `data/episodes/<id>.toml`. Unknown keys are refused, and every refusal names file, line,
//! column, key and what is allowed.

use std::collections::BTreeSet;
use std::path::Path;

use aftershock_market::Timestamp;
use chrono::{NaiveDate, TimeDelta};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use toml::value::{Datetime, Offset};

use crate::TomlError;
use crate::toml_text::{error_in, parse};

const HOUR_S: f64 = 3_600.0;

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }
        impl $name {
            /// The word in files and tables.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }
        }
    };
}

words! {
    /// What an episode is for.
    Kind {
        /// A crash to take apart.
        Crash = "crash",
        /// A time without one, to compare with.
        Quiet = "quiet",
    }
}

words! {
    /// How far a published figure can be trusted.
    Trust {
        /// Two sources agree, or one with its method.
        High = "high",
        /// One source.
        Medium = "medium",
        /// Doubtful; shown with that word.
        Low = "low",
    }
}

words! {
    /// How far the time of the trigger can be trusted.
    TriggerTrust {
        /// Two sources agree, or one with its method.
        High = "high",
        /// One source.
        Medium = "medium",
        /// Doubtful.
        Low = "low",
        /// Nobody published it; the author chose it and says how.
        Declared = "declared",
    }
}

words! {
    /// Where a published figure stands against the trigger.
    When {
        /// Known before it.
        Before = "before",
        /// Of the fall itself.
        During = "during",
        /// Of what it left.
        After = "after",
    }
}

words! {
    /// What a published figure covers, against the venues, coin and span of the replay.
    Covers {
        /// Just these.
        Same = "same",
        /// These and others.
        More = "more",
        /// A part of these.
        Less = "less",
        /// Others, or some of them and some of others: neither contains the other.
        Other = "other",
    }
}

words! {
    /// Unit of a published figure.
    Unit {
        /// Plain ratio: 0.05 is five percent.
        Ratio = "ratio",
        /// US dollars.
        Usd = "usd",
        /// Bitcoin.
        Btc = "btc",
        /// US dollars for one bitcoin.
        UsdPerBtc = "usd_per_btc",
        /// Number of accounts.
        Accounts = "accounts",
        /// US dollars for one of another coin.
        UsdPerToken = "usd_per_token",
        /// Ether.
        Eth = "eth",
        /// Another coin, which the scope names.
        Tokens = "tokens",
        /// Number of what the measure names.
        Count = "count",
        /// Points of an index.
        Points = "points",
        /// Price of Ethereum's gas.
        Gwei = "gwei",
        /// Seconds; of a time, from the trigger.
        Seconds = "s",
    }
}

words! {
    /// What stands for the mark price.
    Mark {
        /// The spot price; no mark is recorded.
        SpotProxy = "spot-proxy",
        /// The last price of the perpetual.
        PerpLast = "perp-last",
    }
}

words! {
    /// Which table holds the volume that scales impact.
    Volume {
        /// Days of perpetual futures.
        PerpDaily = "perp_daily",
        /// The bars themselves.
        Bars = "bars",
    }
}

/// One crash or quiet time.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Episode {
    /// `<date>-<short-name>`, the stem of its file's name.
    pub id: String,
    /// One line.
    pub title: String,
    /// Other names; the bare date is one of them.
    pub aliases: Vec<String>,
    /// Crash or quiet.
    pub kind: Kind,
    /// What happened, in a few sentences.
    pub summary: String,
    /// Which time.
    pub window: Window,
    /// How fine the record is.
    pub record: Record,
    /// Which venues the figures cover.
    pub scope: Scope,
    /// A published level before the event, where there is one for exactly the venues of `scope`.
    pub open_interest: Option<OpenInterest>,
    /// Figures to show or to score against; never inputs.
    #[serde(default)]
    pub published: Vec<Published>,
}

/// The time an episode covers. TOML datetimes must carry their zone.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Start of the record.
    #[serde(deserialize_with = "instant")]
    pub tape_from: Timestamp,
    /// Last second of the record, inclusive; see [`Window::tape_end`].
    #[serde(deserialize_with = "instant")]
    pub tape_to: Timestamp,
    /// When it began.
    #[serde(deserialize_with = "instant")]
    pub trigger_at: Timestamp,
    /// Where that time comes from.
    pub trigger_source: String,
    /// How far it can be trusted.
    pub trigger_trust: TriggerTrust,
    /// Start of the replay: a bar's start.
    #[serde(deserialize_with = "instant")]
    pub replay_from: Timestamp,
    /// End of the replay, exclusive.
    #[serde(deserialize_with = "instant")]
    pub replay_to: Timestamp,
}

impl Window {
    /// End of the record, exclusive: one second after [`Window::tape_to`].
    pub fn tape_end(&self) -> Timestamp {
        self.tape_to.plus_seconds(1.0)
    }
}

/// What the record is, in words a reader sees.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// What is replayed, `venue:symbol`.
    pub instrument: String,
    /// Length of its bars, such as `15m`.
    pub fineness: String,
    /// Coarsest bar within the replay, s; for dollar bars the declared variance clock.
    pub bar_s: u32,
    /// What stands for the mark price.
    pub mark: Mark,
    /// What is not recorded.
    pub absent: Vec<String>,
}

/// The venues that forced flow and the volume that scales impact cover, both of them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// The venues.
    pub venues: Vec<String>,
    /// Where their volume is recorded.
    pub volume: Volume,
}

/// A published level of open interest before the event.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenInterest {
    /// One side, BTC.
    pub level_btc: f64,
    /// When it was that.
    #[serde(deserialize_with = "instant")]
    pub at: Timestamp,
    /// The venues it covers: those of [`Scope::venues`].
    pub scope: Vec<String>,
    /// Who published it.
    pub source: String,
    /// How far it can be trusted.
    pub trust: Trust,
}

/// A published figure.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// What was measured, snake_case.
    pub measure: String,
    /// The figure.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// Which venues, instruments and span it covers, in words.
    pub scope: String,
    /// The same against what is replayed; `other` where it is left out.
    #[serde(default = "neither")]
    pub covers: Covers,
    /// Against the trigger.
    pub when: When,
    /// Who published it.
    pub source: String,
    /// How far it can be trusted.
    pub trust: Trust,
}

fn neither() -> Covers {
    Covers::Other
}

impl Episode {
    /// Reads an episode from the text of `file`, whose stem must be its id.
    ///
    /// # Errors
    /// [`TomlError`] with line, column, key and what is allowed.
    pub fn parse(file: &str, text: &str) -> Result<Self, TomlError> {
        let episode: Self = parse(file, text)?;
        match episode.fault(file) {
            Some((key, reason)) => Err(error_in(file, text, &key, reason)),
            None => Ok(episode),
        }
    }

    /// The first key whose value cannot stand, and why.
    fn fault(&self, file: &str) -> Option<(String, String)> {
        self.name_fault(file)
            .or_else(|| self.window_fault())
            .or_else(|| self.record_fault())
            .or_else(|| self.open_interest_fault())
            .or_else(|| self.published_fault())
    }

    fn name_fault(&self, file: &str) -> Option<(String, String)> {
        let stem = Path::new(file).file_stem().unwrap_or_default().to_string_lossy();
        if self.id != stem {
            return fault(
                "id",
                format!("`{}` is not the file's name; expected `{stem}`", self.id),
            );
        }
        let dated = self
            .id
            .get(..10)
            .filter(|date| date.parse::<NaiveDate>().is_ok() && self.id[10..].starts_with('-'));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let Some(date) = dated.filter(|_| self.id.len() > 11 && self.id.bytes().all(plain)) else {
            return fault(
                "id",
                format!(
                    "`{}` is not `<date>-<short-name>`; expected one such as `2020-03-12-black-thursday`",
                    self.id
                ),
            );
        };
        if !self.aliases.iter().any(|alias| alias == date) {
            return fault(
                "aliases",
                format!("the bare date is not among them; expected `{date}`"),
            );
        }
        None
    }

    fn window_fault(&self) -> Option<(String, String)> {
        let Window {
            tape_from,
            trigger_at,
            replay_from,
            replay_to,
            ..
        } = self.window;
        let after = |key: &str, this: Timestamp, other: &str, bound: Timestamp| {
            fault(
                key,
                format!("{this} is out of order; expected it {other} {bound}"),
            )
        };
        if replay_from <= tape_from {
            return after("window.replay_from", replay_from, "after tape_from", tape_from);
        }
        if trigger_at < replay_from {
            return after(
                "window.trigger_at",
                trigger_at,
                "at or after replay_from",
                replay_from,
            );
        }
        if replay_to <= trigger_at {
            return after("window.replay_to", replay_to, "after trigger_at", trigger_at);
        }
        if replay_to > self.window.tape_end() {
            return after(
                "window.replay_to",
                replay_to,
                "at or before the end of the record",
                self.window.tape_end(),
            );
        }
        let least = trigger_at.plus_seconds(24.0 * HOUR_S);
        if self.kind == Kind::Crash && replay_to < least {
            return fault(
                "window.replay_to",
                format!(
                    "{replay_to} is less than 24 hours after the trigger of a crash; expected {least} or later"
                ),
            );
        }
        empty("window.trigger_source", &self.window.trigger_source)
    }

    fn record_fault(&self) -> Option<(String, String)> {
        if self.record.bar_s == 0 {
            return fault(
                "record.bar_s",
                "0 is no length; expected seconds, such as 900".to_owned(),
            );
        }
        let instrument = &self.record.instrument;
        if !instrument
            .split_once(':')
            .is_some_and(|(venue, symbol)| !venue.is_empty() && !symbol.is_empty())
        {
            return fault(
                "record.instrument",
                format!("`{instrument}` is not `venue:symbol`; expected one such as `binance-spot:BTCUSDT`"),
            );
        }
        if self.scope.venues.is_empty() {
            return fault("scope.venues", "no venue; expected at least one".to_owned());
        }
        None
    }

    fn open_interest_fault(&self) -> Option<(String, String)> {
        let level = self.open_interest.as_ref()?;
        let covered: BTreeSet<&String> = level.scope.iter().collect();
        let expected: BTreeSet<&String> = self.scope.venues.iter().collect();
        if covered != expected {
            return fault(
                "open_interest.scope",
                format!(
                    "forced flow and the volume that scales impact must cover the same venue set: open interest \
                     covers {}, scope.venues is {}",
                    quoted(&level.scope),
                    quoted(&self.scope.venues)
                ),
            );
        }
        if !(level.level_btc.is_finite() && level.level_btc > 0.0) {
            return fault(
                "open_interest.level_btc",
                format!("{} is no level; expected BTC above zero", level.level_btc),
            );
        }
        if level.at > self.window.trigger_at {
            return fault(
                "open_interest.at",
                format!(
                    "{} is after the trigger, and a figure from after it is scored and never an input; expected {} or \
                     earlier",
                    level.at, self.window.trigger_at
                ),
            );
        }
        empty("open_interest.source", &level.source)
    }

    fn published_fault(&self) -> Option<(String, String)> {
        self.published.iter().enumerate().find_map(|(index, figure)| {
            let key = |name: &str| format!("published.{}.{name}", index + 1);
            let snake = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            if figure.measure.is_empty() || !figure.measure.bytes().all(snake) {
                return fault(
                    &key("measure"),
                    format!(
                        "`{}` is not snake_case; expected one such as `open_interest_change`",
                        figure.measure
                    ),
                );
            }
            if !figure.value.is_finite() {
                return fault(
                    &key("value"),
                    format!("{} is no figure; expected a finite number", figure.value),
                );
            }
            empty(&key("source"), &figure.source)
        })
    }
}

fn fault(key: &str, reason: String) -> Option<(String, String)> {
    Some((key.to_owned(), reason))
}

fn empty(key: &str, text: &str) -> Option<(String, String)> {
    if text.trim().is_empty() {
        return fault(key, "nothing is written; expected where it comes from".to_owned());
    }
    None
}

fn quoted(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("[{}]", names.join(", "))
}

fn instant<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let written = Datetime::deserialize(deserializer)?;
    timestamp(&written).ok_or_else(|| {
        D::Error::custom(format!(
            "`{written}` is no instant; expected date, time and zone, such as `2021-09-07T14:00:00Z`"
        ))
    })
}

/// The instant of a TOML datetime that has date, time and zone; anything finer than a microsecond is cut off.
fn timestamp(written: &Datetime) -> Option<Timestamp> {
    let (date, time, offset) = (written.date?, written.time?, written.offset?);
    let ahead = match offset {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let local = NaiveDate::from_ymd_opt(date.year.into(), date.month.into(), date.day.into())?
        .and_hms_nano_opt(
            time.hour.into(),
            time.minute.into(),
            time.second.unwrap_or(0).into(),
            time.nanosecond.unwrap_or(0),
        )?;
    Some(Timestamp(
        (local - TimeDelta::minutes(ahead)).and_utc().timestamp_micros(),
    ))
}
