//! Rule sets by name, from a file or as text: those of `data/rule-sets`, each kind of rule alone, and the user's own.

use aftershock_rules::{Hold, RuleSetFile};
use include_dir::{Dir, include_dir};

use crate::{Error, Result};

static RULE_SETS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../data/rule-sets");

/// After the name of a rule set that changes margin: holders keep what they post, and hold less.
const HOLD_EQUITY: &str = "-hold-equity";
/// All rule sets, margins with both things that holders may keep.
pub const CATALOGUE: &str = "catalogue";
/// The rule set that is history.
pub const RECORD: &str = "record";
/// Rule sets of a replay that names none.
pub const USUAL: [&str; 3] = ["volatility-margin", "price-band", "cross-protocol-clearing"];

/// What a name that ends in `.toml` is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// The path of a rule set of the user's own.
    Read,
    /// Nothing: whoever asks may be on another machine.
    Refused,
}

/// All rule sets by name, history first, then by name: those of `data/rule-sets`, and each kind of rule alone with its
/// defaults.
///
/// # Errors
/// This program was built with a malformed one.
pub fn all() -> Result<Vec<RuleSetFile>> {
    let mut sets = Vec::new();
    for file in RULE_SETS
        .files()
        .filter(|file| file.path().extension().is_some_and(|ending| ending == "toml"))
    {
        let name = format!("data/rule-sets/{}", file.path().display());
        let text = file
            .contents_utf8()
            .ok_or_else(|| Error::Missing(format!("the text of {name}")))?;
        sets.push(RuleSetFile::parse(&name, text)?);
    }
    for set in aftershock_rules::kinds().filter_map(RuleSetFile::of_kind) {
        if sets.iter().all(|known: &RuleSetFile| known.name != set.name) {
            sets.push(set);
        }
    }
    sets.sort_by_key(|set| (set.name != RECORD, set.name.clone()));
    Ok(sets)
}

/// A rule set by name or from a TOML file, with `-hold-equity` after it or not; or several joined by `+`, which act in that
/// order.
///
/// # Errors
/// A name that is unknown or reserved, a malformed file, or rules that do not go together.
pub fn named(name: &str, files: Files) -> Result<RuleSetFile> {
    if let Some((first, rest)) = name.split_once('+') {
        let (first, rest) = (named(first, files)?, named(rest, files)?);
        return Ok(first.then(&rest)?);
    }
    if name.is_empty() {
        return Err(
            Error::asked("a rule set beside a '+' has no name").or_rather(match files {
                Files::Read => "write a+b, of names or of paths that end in .toml",
                Files::Refused => "write 'a+b', of names; catalog.rule_sets has them",
            }),
        );
    }
    if name == CATALOGUE || name.strip_suffix(HOLD_EQUITY) == Some(CATALOGUE) {
        return Err(
            Error::asked(format!("'{CATALOGUE}' is all rule sets, each by itself")).or_rather(match files {
                Files::Read => {
                    format!("write --rules {CATALOGUE} alone, and rule sets that act together as a+b")
                }
                Files::Refused => "name them; rule sets that act together are written 'a+b'".to_owned(),
            }),
        );
    }
    if let Some(of) = name.strip_suffix(HOLD_EQUITY) {
        let set = named(of, files)?;
        if !set.rules.sets_margin() {
            return Err(Error::asked(format!(
                "{of} changes no margin, so that holders keep what they have"
            ))
            .or_rather(format!("name it without '{HOLD_EQUITY}'")));
        }
        return Ok(set.holding(Hold::Equity));
    }
    if files == Files::Read && name.ends_with(".toml") {
        let text = std::fs::read_to_string(name).map_err(|source| Error::Unreadable {
            what: format!("the rule set {name}"),
            source,
        })?;
        return own(name, &text);
    }
    let sets = all()?;
    let names: Vec<String> = sets.iter().map(|set| set.name.clone()).collect();
    sets.into_iter().find(|set| set.name == name).ok_or_else(|| {
        let near = crate::near(names.iter().map(String::as_str), name);
        let own = match files {
            Files::Read => "a path ending in .toml is read as a rule set of your own",
            Files::Refused => "one of your own is given as its TOML text; files are not read here",
        };
        Error::asked(format!("there is no rule set '{name}'"))
            .or_rather(format!("{near}known are {}; {own}", names.join(", ")))
    })
}

/// A rule set of the user's own from its TOML text; `file` is named in errors.
///
/// # Errors
/// Malformed text, or a name that means something else here.
pub fn own(file: &str, text: &str) -> Result<RuleSetFile> {
    let own = RuleSetFile::parse(file, text)?;
    if own.name == CATALOGUE || own.name.ends_with(HOLD_EQUITY) {
        return Err(
            Error::asked(format!("{file} is named '{}', which is a word of ours", own.name)).or_rather(
                format!("give it a name that is not '{CATALOGUE}' and does not end in '{HOLD_EQUITY}'"),
            ),
        );
    }
    if all()?
        .iter()
        .any(|set| set.name == own.name && set.toml != own.toml)
    {
        return Err(Error::asked(format!(
            "{file} is named '{}', as one of ours with other contents is",
            own.name
        ))
        .or_rather("give it a name of its own"));
    }
    Ok(own)
}

/// Every rule set but history, and after each that changes margin the same with what holders post kept.
///
/// # Errors
/// As [`all`].
pub fn catalogue() -> Result<Vec<RuleSetFile>> {
    let mut every = Vec::new();
    for set in all()?.into_iter().filter(|set| set.name != RECORD) {
        let equity = set.rules.sets_margin().then(|| set.holding(Hold::Equity));
        every.push(set);
        every.extend(equity);
    }
    Ok(every)
}

/// The rules of record first, then these, each once; [`CATALOGUE`] is all of them.
///
/// # Errors
/// As [`named`], and two that share a name.
pub fn with_record<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Vec<RuleSetFile>> {
    let mut asked = vec![(RECORD, named(RECORD, Files::Read)?)];
    for name in names {
        if name == CATALOGUE {
            asked.extend(catalogue()?.into_iter().map(|set| (name, set)));
        } else {
            asked.push((name, named(name, Files::Read)?));
        }
    }
    each_once(asked)
}

/// Rule sets with how each was asked for; one asked for twice is kept once.
///
/// # Errors
/// Two that share a name and not their text.
pub fn each_once(asked: Vec<(&str, RuleSetFile)>) -> Result<Vec<RuleSetFile>> {
    let mut sets: Vec<RuleSetFile> = Vec::new();
    for (name, set) in asked {
        let Some(same) = sets.iter().find(|known| known.name == set.name) else {
            sets.push(set);
            continue;
        };
        if same.toml != set.toml {
            return Err(Error::asked(format!("two rule sets are named '{}'", set.name))
                .or_rather(format!("give the one in {name} another name")));
        }
    }
    Ok(sets)
}

/// What a rule set needs that no record of an episode has, in words; `None` where the record suffices.
pub fn lacks(set: &RuleSetFile) -> Option<String> {
    let needs: Vec<&str> = set.rules.needs().into_iter().map(|need| need.what()).collect();
    (!needs.is_empty()).then(|| needs.join(" and "))
}

/// Refuses a rule set that the record of an episode cannot measure.
///
/// # Errors
/// It needs what the record lacks.
pub fn measurable(set: &RuleSetFile, episode: &str) -> Result<()> {
    let Some(needs) = lacks(set) else {
        return Ok(());
    };
    Err(Error::asked(format!(
        "{} is not measurable on the record of {episode}: it needs {needs}",
        set.name
    ))
    .or_rather("`aftershock synth --rules` replays it on a made-up crash"))
}
