//! Where in a query something is wrong.

use std::fmt;

use datafusion::common::Span;

/// A place in the text of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, counted from 1.
    pub line: usize,
    /// First character on it, counted from 1.
    pub column: usize,
    /// How many characters are meant, at least one.
    pub width: usize,
    /// The whole line.
    pub text: String,
}

/// Most characters of a line that are shown before the place, and from it on.
const SHOWN: usize = 80;

/// The line, or the part of a long one around the place, and a caret under each character that is meant.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.column - 1;
        let skipped = before.saturating_sub(SHOWN);
        let mut shown: String = self.text.chars().skip(skipped).take(2 * SHOWN).collect();
        if self.text.chars().count() > skipped + 2 * SHOWN {
            shown.push('…');
        }
        let mut blank: String = shown
            .chars()
            .take(before - skipped)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        if skipped > 0 {
            shown.insert(0, '…');
            blank.insert(0, ' ');
        }
        let at = format!("line {}, column {}: ", self.line, self.column);
        let indent = " ".repeat(at.len());
        let carets = "^".repeat(self.width.min(SHOWN));
        write!(f, "{at}{shown}\n{indent}{blank}{carets}")
    }
}

impl Place {
    /// Which character of the whole query it begins at, counted from 1.
    pub fn position(&self, sql: &str) -> usize {
        let before = sql.split('\n').take(self.line - 1);
        before.map(|line| line.chars().count() + 1).sum::<usize>() + self.column
    }

    /// The place at a line and column, as wide as the word there.
    pub(crate) fn at(sql: &str, line: usize, column: usize) -> Option<Self> {
        let text = sql.lines().nth(line.checked_sub(1)?)?;
        let rest = text.chars().skip(column.checked_sub(1)?);
        let word = rest.take_while(|c| c.is_alphanumeric() || *c == '_').count();
        Some(Self {
            line,
            column,
            width: word.max(1),
            text: text.to_owned(),
        })
    }

    /// The place that the engine names.
    pub(crate) fn of_span(sql: &str, span: Span) -> Option<Self> {
        let (line, column) = (span.start.line as usize, span.start.column as usize);
        let mut place = Self::at(sql, line, column)?;
        let length = place.text.chars().count();
        let end = if span.end.line == span.start.line {
            span.end.column as usize
        } else {
            length + 1
        };
        place.width = end.min(length + 1).saturating_sub(column).max(1);
        Some(place)
    }

    /// The end of the query, where something is lacking.
    pub(crate) fn end(sql: &str) -> Option<Self> {
        let sql = sql.trim_end();
        let line = sql.lines().count();
        let column = sql.lines().last()?.chars().count() + 1;
        Self::at(sql, line, column)
    }

    /// The only place where a function is called outside text, quoted names and comments; none where there are several.
    pub(crate) fn of_call(sql: &str, function: &str) -> Option<Self> {
        let mut found = None;
        for (line, text) in (1..).zip(sql.lines()) {
            for (column, here) in words(text) {
                let mut after = text.chars().skip(column - 1 + here.chars().count());
                let called = after.find(|c| !c.is_whitespace()) == Some('(');
                if called && here.eq_ignore_ascii_case(function) {
                    if found.is_some() {
                        return None;
                    }
                    found = Some((line, column));
                }
            }
        }
        let (line, column) = found?;
        Self::at(sql, line, column)
    }
}

/// Words of a line with the column each begins at, up to a comment; what is quoted is passed over.
fn words(line: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut letters = (1..).zip(line.chars()).peekable();
    let mut open = false;
    while let Some((column, letter)) = letters.next() {
        if letter.is_alphanumeric() || letter == '_' {
            if !open {
                found.push((column, String::new()));
            }
            if let Some((_, word)) = found.last_mut() {
                word.push(letter);
            }
            open = true;
            continue;
        }
        open = false;
        match letter {
            '\'' | '"' => {
                letters.by_ref().find(|(_, c)| *c == letter);
            }
            '-' if letters.peek().is_some_and(|(_, c)| *c == '-') => break,
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_under_its_line() {
        let sql = "SELECT a,\n  medrv(at) -- medrv\nFROM t";
        let place = Place::of_call(sql, "MEDRV").map(|place| place.to_string());
        let shown = "line 2, column 3:   medrv(at) -- medrv\n                    ^^^^^";
        assert_eq!(place.as_deref(), Some(shown));
        assert_eq!(
            Place::of_call(sql, "medrv").map(|place| place.position(sql)),
            Some(13)
        );
        assert_eq!(Place::of_call("a(1), a(2)", "a"), None);
        assert_eq!(Place::of_call("SELECT a, 'a()', \"a\"()", "a"), None);
        let end = Place::end("SELECT (1\n").map(|place| (place.line, place.column, place.width));
        assert_eq!(end, Some((1, 10, 1)));
        assert_eq!(Place::at("SELECT", 3, 1), None);
    }
}
