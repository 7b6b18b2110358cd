//! Addresses with blanks: `{symbol}-trades-{date}.zip`.

use chrono::NaiveDate;

/// The blanks a pattern may have.
const BLANKS: [&str; 7] = ["symbol", "interval", "date", "month", "yyyy", "mm", "dd"];

/// What goes into the blanks.
pub(super) struct Words<'a> {
    pub(super) symbol: &'a str,
    pub(super) interval: &'a str,
    pub(super) day: NaiveDate,
}

/// Fills the blanks of a checked pattern.
pub(super) fn fill(pattern: &str, words: &Words<'_>) -> String {
    let date = words.day.to_string();
    pattern
        .replace("{date}", &date)
        .replace("{month}", &date[..7])
        .replace("{yyyy}", &date[..4])
        .replace("{mm}", &date[5..7])
        .replace("{dd}", &date[8..])
        .replace("{interval}", words.interval)
        .replace("{symbol}", words.symbol)
}

/// Why a pattern is no path below an archive's root.
pub(super) fn fault(pattern: &str) -> Option<String> {
    let mut rest = pattern;
    while let Some((_, after)) = rest.split_once('{') {
        let name = after.split_once('}').map_or(after, |(name, _)| name);
        if !BLANKS.contains(&name) {
            return Some(format!(
                "`{{{name}}}` is no blank; expected {}",
                BLANKS.map(|blank| format!("{{{blank}}}")).join(", ")
            ));
        }
        rest = &after[name.len()..];
    }
    let bad = |part: &str| part.is_empty() || part.starts_with('.');
    if pattern.split('/').any(bad) {
        return Some(format!(
            "`{pattern}` is no path below base_url; expected one such as `data/trade/{{yyyy}}{{mm}}{{dd}}.csv.gz`"
        ));
    }
    None
}

/// Whether a word may stand in a blank: it becomes part of an address and of a path.
pub(super) fn fits(word: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    !word.is_empty() && !word.starts_with('.') && word.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_every_blank() {
        let words = Words {
            symbol: "BTCUSDT",
            interval: "1m",
            day: NaiveDate::from_ymd_opt(2020, 3, 5).unwrap(),
        };
        assert_eq!(
            fill("a/{symbol}/{interval}/{symbol}-{interval}-{date}.zip", &words),
            "a/BTCUSDT/1m/BTCUSDT-1m-2020-03-05.zip"
        );
        assert_eq!(fill("{month}/{yyyy}{mm}{dd}", &words), "2020-03/20200305");
    }

    #[test]
    fn refuses_what_is_no_path() {
        assert!(fault("a/{symbol}.zip").is_none());
        assert!(fault("a/{hour}.zip").unwrap().contains("`{hour}` is no blank"));
        for pattern in ["/a", "a/../b", "a//b", "a/.b", ""] {
            assert!(fault(pattern).is_some(), "{pattern}");
        }
        for word in ["BTC-USD_1.2", "1m"] {
            assert!(fits(word), "{word}");
        }
        for word in ["", "..", "a/b", "a b", "{date}", "a?b"] {
            assert!(!fits(word), "{word}");
        }
    }
}
