//! What was typed or piped in, one statement or command after the other.

use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Location, Token, Tokenizer};

/// A statement or a command among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    /// As it was typed, from its first word on, without the semicolon and the spaces before it.
    pub text: &'a str,
    /// The byte of the whole at which it begins.
    pub at: usize,
    /// The line of the whole on which it begins, counted from 1.
    pub line: usize,
    /// What it is.
    pub kind: Kind,
}

/// What a [`Piece`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A statement that a semicolon ends.
    Ended,
    /// The last statement, which no semicolon ends; it may stop within a quote or a comment.
    Open,
    /// The line of a command that begins with a backslash.
    Command,
}

/// The statements and commands of a text. A semicolon in quotes, in dollar quotes or in a comment ends nothing; what holds
/// comments alone is no statement. A command begins where a statement could, and goes to the end of its line.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(length) = up_to_command(text, from, &mut found) {
        from += length;
    }
    found
}

/// Adds what there is from a place on up to the end of the first command, and says how far that is; `None` at the end of all.
fn up_to_command<'a>(whole: &'a str, from: usize, found: &mut Vec<Piece<'a>>) -> Option<usize> {
    let text = &whole[from..];
    let mut piece = |begin: usize, end: usize, kind| {
        let line = whole[..from + begin].matches('\n').count() + 1;
        let text = match kind {
            Kind::Open => &text[begin..end],
            Kind::Ended | Kind::Command => text[begin..end].trim_end(),
        };
        let at = from + begin;
        found.push(Piece { text, at, line, kind });
    };
    let mut tokens = Vec::new();
    // A quote or comment that does not end is an error after the tokens before it; it belongs to the last statement.
    let whole_text = Tokenizer::new(&GenericDialect {}, text).tokenize_with_location_into_buf(&mut tokens);
    let mut places = Places::of(text);
    let (mut begun, mut after) = (None, 0);
    for token in &tokens {
        match token.token {
            Token::Whitespace(_) | Token::EOF => {}
            Token::SemiColon => {
                let end = places.byte(token.span.start);
                if let Some(begin) = begun.take() {
                    piece(begin, end, Kind::Ended);
                }
                after = end + 1;
            }
            Token::Backslash if begun.is_none() => {
                let begin = places.byte(token.span.start);
                let length = text[begin..].find('\n').unwrap_or(text.len() - begin);
                piece(begin, begin + length, Kind::Command);
                return Some(begin + length);
            }
            _ => {
                if begun.is_none() {
                    begun = Some(places.byte(token.span.start));
                }
            }
        }
    }
    let rest = &text[after..];
    let unread = whole_text.is_err().then(|| text.len() - rest.trim_start().len());
    if let Some(begin) = begun.or(unread) {
        piece(begin, text.len(), Kind::Open);
    }
    None
}

/// Bytes of a text by line and column; they are asked for in their order.
struct Places<'a> {
    letters: std::str::CharIndices<'a>,
    at: Location,
    length: usize,
}

impl<'a> Places<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            letters: text.char_indices(),
            at: Location::new(1, 1),
            length: text.len(),
        }
    }

    fn byte(&mut self, place: Location) -> usize {
        while (self.at.line, self.at.column) < (place.line, place.column) {
            match self.letters.next() {
                Some((_, '\n')) => self.at = Location::new(self.at.line + 1, 1),
                Some(_) => self.at.column += 1,
                None => return self.length,
            }
        }
        self.letters.offset().min(self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(&str, usize, Kind)> {
        let found = pieces(text);
        found.iter().map(|one| (one.text, one.line, one.kind)).collect()
    }

    #[test]
    fn a_semicolon_ends_a_statement_where_it_stands_alone() {
        use Kind::{Command, Ended, Open};
        assert_eq!(
            of(
                "SELECT 1; SELECT ';' AS \";\";\n\n/* ; */ SELECT $$;$$, $a$;$a$ -- ;\n;; SELECT 'é'';' ;SELECT 2\n"
            ),
            [
                ("SELECT 1", 1, Ended),
                ("SELECT ';' AS \";\"", 1, Ended),
                ("SELECT $$;$$, $a$;$a$ -- ;", 3, Ended),
                ("SELECT 'é'';'", 4, Ended),
                ("SELECT 2\n", 4, Open),
            ]
        );
        assert_eq!(
            of("-- tables\n\\d\nSELECT 1\n;\\df it's\n\\q"),
            [
                ("\\d", 2, Command),
                ("SELECT 1", 3, Ended),
                ("\\df it's", 4, Command),
                ("\\q", 5, Command)
            ]
        );
        for (open, line) in [
            ("SELECT 1; SELECT 'a;", 1),
            ("SELECT 1;\n'a;\nb", 2),
            ("SELECT 1; SELECT /* ;", 1),
            ("SELECT 1; SELECT $x$;", 1),
        ] {
            let found = of(open);
            assert_eq!(found.len(), 2, "{found:?}");
            assert_eq!((found[1].1, found[1].2), (line, Open), "{found:?}");
        }
        assert_eq!(of(" ;\n-- nothing;\n"), []);
    }
}
