//! Values of JSON as they were written.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::text::Fault;

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
