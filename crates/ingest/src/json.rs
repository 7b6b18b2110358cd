//! Values of JSON as they were written.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::Head;
use crate::text::{self, Fault};

/// A number, word or flag as it stands in JSON, without quotes: no digit is lost on the way.
///
/// ```
/// use aftershock_ingest::json::{self, Scalar};
/// #[derive(serde::Deserialize)]
/// struct Trade<'a> {
///     #[serde(borrow)]
///     price: Scalar<'a>,
///     #[serde(borrow)]
///     size: Scalar<'a>,
///     #[serde(borrow)]
///     index: Option<Scalar<'a>>,
/// }
/// let trade: Trade<'_> = json::parse(br#"{"price":"0.044990","size":3.0000000000000003E-4,"index":null}"#).unwrap();
/// assert_eq!(trade.price.bytes(), b"0.044990");
/// assert_eq!(trade.size.bytes(), b"3.0000000000000003E-4");
/// assert!(trade.index.is_none());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar<'a>(&'a str);

impl<'a> Scalar<'a> {
    /// The text.
    pub fn text(self) -> &'a str {
        self.0
    }

    /// Its bytes.
    pub fn bytes(self) -> &'a [u8] {
        self.0.as_bytes()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&RawValue>::deserialize(deserializer)?.get();
        let unquoted = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        Ok(Self(unquoted.unwrap_or(raw)))
    }
}

/// The bytes of a value that may be missing; empty where it is.
pub fn bytes<'a>(scalar: Option<Scalar<'a>>) -> &'a [u8] {
    scalar.map(Scalar::bytes).unwrap_or_default()
}

/// A record of a known shape.
///
/// # Errors
/// [`Fault::Json`] where the text is no JSON or of another shape.
pub fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Fault> {
    serde_json::from_slice(text).map_err(|_| Fault::Json)
}

/// A line of a capture: the message, and its arrival, µs since 1970 UTC, where the recorder wrote that in front.
///
/// ```
/// # use aftershock_ingest::json::captured;
/// assert_eq!(captured(b"{}"), Some((None, b"{}".as_slice())));
/// let (arrival, message) = captured(b"2020-03-13T02:14:59.1234567Z {}").unwrap();
/// assert_eq!((arrival, message), (Some(1_584_065_699_123_456), b"{}".as_slice()));
/// ```
pub fn captured(line: &[u8]) -> Option<(Option<i64>, &[u8])> {
    if line.first() == Some(&b'{') {
        return Some((None, line));
    }
    let blank = memchr::memchr(b' ', line)?;
    let arrival = text::calendar(&line[..blank]).or_else(|| text::stamp_text(&line[..blank]))?;
    Some((Some(arrival.micros), &line[blank + 1..]))
}

/// The messages of the first lines of a capture.
pub fn first_messages<'a>(head: &Head<'a>) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let lines = head.bytes.split(|byte| *byte == b'\n').take(64);
    lines.map_while(|line| Some(captured(line.trim_ascii_end())?.1))
}

/// The fault of a message that is not of the shape looked for: no JSON, or an object that says something else.
pub fn other_message(message: &[u8], fault: Fault) -> Fault {
    let object = serde_json::from_slice::<std::collections::BTreeMap<&str, serde::de::IgnoredAny>>(message);
    if object.is_ok() { Fault::Message } else { fault }
}
