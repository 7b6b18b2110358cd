//! The questions of `queries/`, carried in the program.

use include_dir::{Dir, include_dir};

use crate::{Error, Result, near};

static FILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../queries");

/// A question asked of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Topic and question, such as `comparison/drawdowns`.
    pub name: &'static str,
    /// The whole file.
    pub sql: &'static str,
}

impl Query {
    /// The question in words.
    pub fn question(&self) -> &'static str {
        self.header("Question")
    }

    /// What one row is.
    pub fn grain(&self) -> &'static str {
        self.header("Grain")
    }

    /// What the columns are measured in.
    pub fn units(&self) -> &'static str {
        self.header("Units")
    }

    /// The tables it reads.
    pub fn reads(&self) -> &'static str {
        self.header("Reads")
    }

    /// Names of its parameters, without the dollar, in order of first use.
    pub fn parameters(&self) -> Vec<String> {
        parameters(self.sql)
    }

    fn header(&self, key: &str) -> &'static str {
        self.sql
            .lines()
            .take_while(|line| line.starts_with("--"))
            .find_map(|line| line.strip_prefix("-- ")?.strip_prefix(key)?.strip_prefix(": "))
            .unwrap_or_default()
    }
}

/// All questions, by name.
pub fn list() -> Vec<Query> {
    let mut found = Vec::new();
    collect(&FILES, &mut found);
    found.sort_by_key(|query| query.name);
    found
}

/// The question called `name`: with its topic, such as `comparison/drawdowns`, or without it where only one is called so.
///
/// # Errors
/// When there is none; the error lists near names.
pub fn named(name: &str) -> Result<Query> {
    let all = list();
    let bare = |query: &Query| query.name.rsplit('/').next().unwrap_or(query.name);
    if let Some(query) = all.iter().find(|query| query.name == name) {
        return Ok(*query);
    }
    let called: Vec<Query> = all.iter().copied().filter(|query| bare(query) == name).collect();
    if let [query] = called[..] {
        return Ok(query);
    }
    let short = name.rsplit('/').next().unwrap_or(name);
    let near = near::nearest(short, all.iter().map(bare));
    let meant = all
        .iter()
        .filter(|query| near.contains(&bare(query)) || bare(query) == name);
    let names: Vec<&str> = meant.map(|query| query.name).collect();
    Err(Error::UnknownQuery {
        name: name.to_owned(),
        hint: Some(if names.is_empty() {
            "`aftershock query --list` has all of them".to_owned()
        } else {
            format!("did you mean {}?", names.join(" or "))
        }),
    })
}

fn collect(dir: &'static Dir<'static>, found: &mut Vec<Query>) {
    for file in dir.files() {
        let name = file.path().to_str().and_then(|path| path.strip_suffix(".sql"));
        if let (Some(name), Some(sql)) = (name, file.contents_utf8()) {
            found.push(Query { name, sql });
        }
    }
    for below in dir.dirs() {
        collect(below, found);
    }
}

/// Names after a dollar, outside strings, quoted names and comments, in order of first use.
pub(crate) fn parameters(sql: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                letters.by_ref().find(|&c| c == letter);
            }
            '-' if letters.peek() == Some(&'-') => {
                letters.by_ref().find(|&c| c == '\n');
            }
            '$' => {
                let mut name = String::new();
                while let Some(&next) = letters.peek() {
                    if !(next.is_alphanumeric() || next == '_') {
                        break;
                    }
                    name.push(next);
                    letters.next();
                }
                if !name.is_empty() && !found.contains(&name) {
                    found.push(name);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_parameters_outside_strings_and_comments() {
        let sql = "-- $not\nSELECT '$nor', \"$this\" FROM t WHERE a = $run AND b = $episode AND c = $run";
        assert_eq!(parameters(sql), vec!["run", "episode"]);
    }

    #[test]
    fn every_query_says_what_it_is() {
        for query in list() {
            for (key, text) in [
                ("Question", query.question()),
                ("Grain", query.grain()),
                ("Units", query.units()),
                ("Reads", query.reads()),
            ] {
                assert!(!text.is_empty(), "{}: no `-- {key}:`", query.name);
            }
            assert!(query.grain().starts_with("one row per "), "{}", query.name);
            assert!(query.sql.contains("\nORDER BY"), "{}: no total order", query.name);
        }
    }
}
