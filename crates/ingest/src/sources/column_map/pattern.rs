//! Patterns with holes: `{symbol}_binance_spot_*` for names of files and columns, `{coin}USDT` for texts put together.

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Text as it stands.
    Literal(String),
    /// `{name}`: any text but none, kept under this name.
    Hole(String),
    /// `*`: any text, also none.
    Any,
}

/// A pattern of literals and holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    parts: Vec<Part>,
}

/// The parts of a text with holes.
///
/// # Errors
/// Says what is wrong with it.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(place) = rest.find(['{', '}', '*']) {
        let (literal, special) = rest.split_at(place);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal.to_owned()));
        }
        let (part, length) = match special.as_bytes()[0] {
            b'*' => (Part::Any, 1),
            b'{' => {
                let end = special
                    .find('}')
                    .filter(|end| *end > 1)
                    .ok_or_else(|| format!("`{text}` opens a `{{` that no name and `}}` follow"))?;
                (Part::Hole(special[1..end].to_owned()), end + 1)
            }
            _ => return Err(format!("`{text}` closes a `}}` that was not opened")),
        };
        parts.push(part);
        rest = &special[length..];
    }
    if !rest.is_empty() {
        parts.push(Part::Literal(rest.to_owned()));
    }
    Ok(parts)
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let parts = parts(text)?;
        let hole = |part: &Part| !matches!(part, Part::Literal(_));
        if parts.windows(2).any(|pair| pair.iter().all(hole)) {
            return Err(format!("`{text}` has two holes with nothing between them"));
        }
        Ok(Self { parts })
    }

    /// Names of its holes.
    pub(super) fn holes(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Hole(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// What stands in the holes of a text that fits; a hole takes as little as it can.
    pub(super) fn captures(&self, text: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        fit(&self.parts, text, &mut found).then_some(found)
    }
}

fn fit(parts: &[Part], text: &str, found: &mut Vec<String>) -> bool {
    let Some((part, rest)) = parts.split_first() else {
        return text.is_empty();
    };
    match part {
        Part::Literal(literal) => text
            .strip_prefix(literal.as_str())
            .is_some_and(|after| fit(rest, after, found)),
        Part::Any | Part::Hole(_) => {
            let hole = matches!(part, Part::Hole(_));
            let shortest = usize::from(hole);
            let ends = text.char_indices().map(|(place, _)| place).chain([text.len()]);
            for end in ends.skip(shortest) {
                let depth = found.len();
                if hole {
                    found.push(text[..end].to_owned());
                }
                if fit(rest, &text[end..], found) {
                    return true;
                }
                found.truncate(depth);
            }
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_take_as_little_as_they_can() {
        let pattern = Pattern::parse("{base}_{quote}-1m_*").unwrap();
        let captures = pattern.captures("ADA_USDT-1m_2021-05-18_to_20.csv").unwrap();
        assert_eq!(captures, ["ADA", "USDT"]);
        assert_eq!(pattern.captures("ADAUSDT-1m_"), None);
        let columns = Pattern::parse("{instrument}_PERP.A_{what}").unwrap();
        assert_eq!(
            columns.captures("PEOPLEUSDT_PERP.A_longliq").unwrap(),
            ["PEOPLEUSDT", "longliq"]
        );
        assert_eq!(columns.captures("_PERP.A_longliq"), None);
        assert_eq!(columns.captures("t"), None);
    }

    #[test]
    fn a_bad_pattern_says_why() {
        for (text, why) in [
            ("{", "opens"),
            ("{}", "opens"),
            ("a}", "closes"),
            ("{a}{b}", "nothing between"),
        ] {
            assert!(Pattern::parse(text).unwrap_err().contains(why), "{text}");
        }
    }
}
