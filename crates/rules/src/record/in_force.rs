//! The parameters of one instrument in force at one instant.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aftershock_market::Timestamp;
use serde::de::DeserializeOwned;

use super::{Rule, VenueFile};

/// Why a venue's file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {reason}")]
pub struct RecordError {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// The rules of one instrument at one instant: of each parameter the latest, the instrument's own before that of all.
#[derive(Debug)]
pub struct InForce<'a> {
    file: &'a VenueFile,
    instrument: &'a str,
    at: Timestamp,
    rules: BTreeMap<&'a str, &'a Rule>,
    unread: RefCell<BTreeMap<&'a str, usize>>,
}

impl<'a> InForce<'a> {
    /// # Errors
    /// An instrument or an instant of which the file has no rules.
    pub(super) fn new(file: &'a VenueFile, instrument: &'a str, at: Timestamp) -> Result<Self, RecordError> {
        let known = file.instruments();
        if !known.iter().any(|one| one == instrument) {
            let reason = format!(
                "{} has no rules of an instrument '{instrument}'; known are {}",
                file.title,
                known.join(", ")
            );
            return Err(file.error(1, reason));
        }
        let mut rules: BTreeMap<&str, &Rule> = BTreeMap::new();
        let held = file
            .rules
            .iter()
            .filter(|rule| rule.is_for(instrument) && rule.holds(at));
        for rule in held {
            let known = rules.entry(&rule.parameter).or_insert(rule);
            let own = (rule.instrument.is_some(), rule.valid_from);
            if own > (known.instrument.is_some(), known.valid_from) {
                *known = rule;
            }
        }
        if rules.is_empty() {
            let first = file.changes(instrument).first().map(Timestamp::to_string);
            let reason = format!(
                "{} has no rules of {instrument} at {at}; the first are of {}",
                file.title,
                first.unwrap_or_default()
            );
            return Err(file.error(1, reason));
        }
        let unread = rules.iter().map(|(name, rule)| (*name, rule.line)).collect();
        Ok(Self {
            file,
            instrument,
            at,
            rules,
            unread: RefCell::new(unread),
        })
    }

    /// The instrument.
    pub fn instrument(&self) -> &str {
        self.instrument
    }

    /// The instant.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The rules in force, by parameter.
    pub fn rules(&self) -> impl Iterator<Item = &'a Rule> {
        self.rules.values().copied()
    }

    /// A number.
    ///
    /// # Errors
    /// The parameter is not set, or is no number.
    pub fn number(&self, parameter: &str) -> Result<f64, RecordError> {
        let found = self.optional_number(parameter)?;
        found.ok_or_else(|| self.missing(parameter))
    }

    /// A number, where the parameter is set.
    ///
    /// # Errors
    /// It is no number.
    pub fn optional_number(&self, parameter: &str) -> Result<Option<f64>, RecordError> {
        let Some(rule) = self.read(parameter) else {
            return Ok(None);
        };
        let value = &rule.value;
        let number = value.as_float().or(value.as_integer().map(|whole| whole as f64));
        match number.filter(|number| number.is_finite()) {
            Some(number) => Ok(Some(number)),
            None => Err(self.refuse(parameter, format!("is {value}, should be a number"))),
        }
    }

    /// A number in [0, 1].
    ///
    /// # Errors
    /// As [`InForce::number`], or outside.
    pub fn ratio(&self, parameter: &str) -> Result<f64, RecordError> {
        let ratio = self.number(parameter)?;
        if (0.0..=1.0).contains(&ratio) {
            return Ok(ratio);
        }
        Err(self.refuse(parameter, format!("is {ratio}, should be a ratio from 0 to 1")))
    }

    /// A number above zero.
    ///
    /// # Errors
    /// As [`InForce::number`], or not above zero.
    pub fn positive(&self, parameter: &str) -> Result<f64, RecordError> {
        let number = self.number(parameter)?;
        if number > 0.0 {
            return Ok(number);
        }
        Err(self.refuse(parameter, format!("is {number}, should be above 0")))
    }

    /// One of the words that are known.
    ///
    /// # Errors
    /// The parameter is not set, or another word.
    pub fn word<T: Clone>(&self, parameter: &str, known: &[(&str, T)]) -> Result<T, RecordError> {
        let rule = self.read(parameter).ok_or_else(|| self.missing(parameter))?;
        let found = known.iter().find(|(word, _)| rule.value.as_str() == Some(word));
        found.map(|(_, meant)| meant.clone()).ok_or_else(|| {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            let reason = format!("is {}, should be one of {}", rule.value, words.join(", "));
            self.refuse(parameter, reason)
        })
    }

    /// Rows of a table.
    ///
    /// # Errors
    /// The parameter is not set, is no table, or a row is not as `T` has it.
    pub fn rows<T: DeserializeOwned>(&self, parameter: &str) -> Result<Vec<T>, RecordError> {
        let rule = self.read(parameter).ok_or_else(|| self.missing(parameter))?;
        rule.value.clone().try_into().map_err(|error: toml::de::Error| {
            self.refuse(
                parameter,
                format!("has rows that cannot be: {}", error.message().trim()),
            )
        })
    }

    /// Whether a parameter is set.
    pub fn has(&self, parameter: &str) -> bool {
        self.rules.contains_key(parameter)
    }

    /// An error about a parameter, at its line and date.
    pub fn refuse(&self, parameter: &str, reason: impl Into<String>) -> RecordError {
        let line = self.rules.get(parameter).map_or(1, |rule| rule.line);
        let instrument = match self.instrument {
            "" => String::new(),
            named => format!(" of {named}"),
        };
        let reason = format!("{parameter}{instrument} at {}: {}", self.at, reason.into());
        self.file.error(line, reason)
    }

    fn read(&self, parameter: &str) -> Option<&'a Rule> {
        self.unread.borrow_mut().remove(parameter);
        self.rules.get(parameter).copied()
    }

    fn missing(&self, parameter: &str) -> RecordError {
        self.refuse(parameter, "is not set, and the venue needs it")
    }

    /// # Errors
    /// A parameter that the venue's code has not asked for.
    pub(super) fn all_read(&self) -> Result<(), RecordError> {
        match self.unread.borrow().first_key_value() {
            None => Ok(()),
            Some((parameter, _)) => {
                Err(self.refuse(parameter, "nothing reads it at this date; is the name right?"))
            }
        }
    }
}
