//! Numbers and stamps as vendors write them.

/// Why a row cannot be kept: the closed list of `recorded.rejects`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Not as many fields as the header or the dialect says.
    Columns,
    /// No stamp, or one that is no time between 2009 and 2100.
    Stamp,
    /// Text where a finite number belongs.
    Number,
    /// A price that is not above zero.
    Price,
    /// A quantity below zero, or zero where nothing can be nothing.
    Quantity,
    /// A word the dialect does not know, such as a third side.
    Word,
    /// Not JSON, or JSON of another shape.
    Json,
    /// Not UTF-8.
    Encoding,
    /// A high below the low.
    Extremes,
    /// A log of a contract event that is not known.
    Event,
    /// An instrument or venue that cannot be told.
    Instrument,
    /// A message that is no event: an acknowledgement, a heartbeat, a change of something already kept.
    Message,
    /// A quantity whose unit cannot be told.
    Unit,
    /// A record the source took back, such as a log of a block that left the chain.
    Withdrawn,
}

impl Fault {
    /// All reasons.
    pub const ALL: &'static [Self] = &[
        Self::Columns,
        Self::Stamp,
        Self::Number,
        Self::Price,
        Self::Quantity,
        Self::Word,
        Self::Json,
        Self::Encoding,
        Self::Extremes,
        Self::Event,
        Self::Instrument,
        Self::Message,
        Self::Unit,
        Self::Withdrawn,
    ];

    /// The word in `recorded.rejects`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Stamp => "stamp",
            Self::Number => "number",
            Self::Price => "price",
            Self::Quantity => "quantity",
            Self::Word => "word",
            Self::Json => "json",
            Self::Encoding => "encoding",
            Self::Extremes => "extremes",
            Self::Event => "event",
            Self::Instrument => "instrument",
            Self::Message => "message",
            Self::Unit => "unit",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// What would have been right.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Columns => "as many fields as the header",
            Self::Stamp => "a time from 2009 to 2099 in the unit of the dialect",
            Self::Number => "a finite number",
            Self::Price => "a price above zero",
            Self::Quantity => "a quantity of zero or more",
            Self::Word => "a word of the dialect",
            Self::Json => "a JSON value of the dialect's shape",
            Self::Encoding => "UTF-8",
            Self::Extremes => "a high that is not below the low",
            Self::Event => "a log of a known contract event",
            Self::Instrument => "an instrument; `--instrument` and `--venue` name it",
            Self::Message => "a message of an event that a table of the tape holds",
            Self::Unit => "quantities that are plainly whole units of the contract or plainly decimals",
            Self::Withdrawn => "a record that the source stands by",
        }
    }
}

/// A number and whether a double gives its text back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The double nearest to the text.
    pub value: f64,
    /// True where the shortest decimal of `value` is the number that was written.
    pub exact: bool,
}

const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];
/// Every decimal of this many digits survives the way into a double and back (IEEE 754 binary64).
const SAFE_DIGITS: u64 = 1_000_000_000_000_000;

/// The number a text writes: sign, digits, point, exponent; no spaces, no `inf`, no `nan`, no empty text.
///
/// ```
/// # use aftershock_ingest::text::number;
/// assert_eq!(number(b"42283.58000000").unwrap().value, 42283.58);
/// assert!(number(b"0.1").unwrap().exact);
/// assert!(!number(b"0.12345678901234567890").unwrap().exact);
/// assert!(number(b"nan").is_none());
/// ```
#[inline]
pub fn number(text: &[u8]) -> Option<Number> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let mut significant = digits;
    if digits.len() > 16 && digits.contains(&b'.') {
        while let [rest @ .., b'0'] = significant {
            significant = rest;
        }
    }
    if let Some((mantissa, scale)) = short_decimal(significant)
        && mantissa < SAFE_DIGITS
    {
        let value = mantissa as f64 / POWERS[scale];
        return Some(Number {
            value: if negative { -value } else { value },
            exact: true,
        });
    }
    slow_number(text)
}

/// Whole number and digits after the point of a decimal of at most sixteen characters: all characters at once.
#[inline]
fn short_decimal(text: &[u8]) -> Option<(u64, usize)> {
    const ONES: u128 = u128::from_ne_bytes([1; 16]);
    const HIGH: u128 = ONES * 0x80;
    const POINT: u128 = (b'.' ^ b'0') as u128;
    // The last character becomes the lowest byte; where both halves hold a character it is the same one.
    let length = text.len();
    let characters = match length {
        8..=16 => {
            let first = u64::from_be_bytes(text[..8].try_into().ok()?);
            let last = u64::from_be_bytes(text[length - 8..].try_into().ok()?);
            u128::from(first) << (8 * (length - 8)) | u128::from(last)
        }
        4..8 => {
            let first = u32::from_be_bytes(text[..4].try_into().ok()?);
            let last = u32::from_be_bytes(text[length - 4..].try_into().ok()?);
            u128::from(u64::from(first) << (8 * (length - 4)) | u64::from(last))
        }
        1..4 => text.iter().fold(0, |all, byte| all << 8 | u128::from(*byte)),
        _ => return None,
    };
    let digits = (characters ^ (ONES * u128::from(b'0'))) & (u128::MAX >> (128 - 8 * length));
    // A byte above nine sets its high bit.
    let others = (((digits & !HIGH) + ONES * (0x80 - 10)) | digits) & HIGH;
    if others == 0 {
        return Some((sixteen_digits(digits), 0));
    }
    let place = others.trailing_zeros() as usize / 8;
    let one = others & (others - 1) == 0;
    if !one || (digits >> (8 * place)) & 0xff != POINT || length == 1 {
        return None;
    }
    let fraction = digits & ((1 << (8 * place)) - 1);
    let whole = (digits >> (8 * place)) >> 8;
    Some((sixteen_digits(whole << (8 * place) | fraction), place))
}

/// The number that sixteen digits make, a byte each, the last in the lowest byte.
#[inline]
fn sixteen_digits(digits: u128) -> u64 {
    let eight = |digits: u64| {
        const PAIRS: u64 = 0x00ff_00ff_00ff_00ff;
        const FOURS: u64 = 0x0000_ffff_0000_ffff;
        let pairs = (digits & PAIRS) + (digits >> 8 & PAIRS) * 10;
        let fours = (pairs & FOURS) + (pairs >> 16 & FOURS) * 100;
        (fours & 0xffff_ffff) + (fours >> 32) * 10_000
    };
    eight((digits >> 64) as u64) * 100_000_000 + eight(digits as u64)
}

#[cold]
fn slow_number(text: &[u8]) -> Option<Number> {
    let first = text.iter().find(|byte| !b"+-".contains(byte))?;
    if !(first.is_ascii_digit() || *first == b'.') {
        return None;
    }
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    if !value.is_finite() {
        return None;
    }
    let written = decimal(text)?;
    let shortest = decimal(format!("{value:e}").as_bytes())?;
    Some(Number {
        value,
        exact: written == shortest,
    })
}

/// Sign, significant digits and power of ten of a decimal text, zeros at both ends cut.
fn decimal(text: &[u8]) -> Option<(bool, Vec<u8>, i64)> {
    let (negative, text) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let cut = text
        .iter()
        .position(|byte| matches!(byte, b'e' | b'E'))
        .unwrap_or(text.len());
    let mut power: i64 = match text.get(cut + 1..) {
        Some(exponent) => std::str::from_utf8(exponent).ok()?.parse().ok()?,
        None => 0,
    };
    let mut digits = Vec::with_capacity(cut);
    let mut fraction = false;
    for &byte in &text[..cut] {
        if byte == b'.' {
            fraction = true;
        } else {
            digits.push(byte);
            power -= i64::from(fraction);
        }
    }
    while digits.last() == Some(&b'0') {
        digits.pop();
        power += 1;
    }
    let leading = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.drain(..leading);
    if digits.is_empty() {
        return Some((false, digits, 0));
    }
    Some((negative, digits, power))
}

/// A whole number, with sign; no spaces, nothing after it.
#[inline]
pub fn integer(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    if let Some((value, 0)) = short_decimal(digits)
        && digits.last() != Some(&b'.')
    {
        let value = value as i64;
        return Some(if negative { -value } else { value });
    }
    if digits.is_empty() || digits.len() > 19 {
        return None;
    }
    let mut value: u64 = 0;
    for &byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    let value = i64::try_from(value).ok()?;
    Some(if negative { -value } else { value })
}

/// Unit of a stamp that counts from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Epoch {
    /// Seconds.
    S,
    /// Milliseconds.
    Ms,
    /// Microseconds.
    Us,
    /// Nanoseconds.
    Ns,
}

/// Bitcoin's first block and the end of what anybody will record, s.
const FIRST_S: i64 = 1_230_768_000;
const LAST_S: i64 = 4_102_444_800;

/// An instant: µs since 1970 UTC, and the nanoseconds beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instant {
    /// Microseconds since 1970 UTC.
    pub micros: i64,
    /// Nanoseconds beyond, 0 to 999.
    pub nanos: i64,
}

impl Instant {
    /// The instant where it lies between 2009 and 2100.
    fn plausible(micros: i64, nanos: i64) -> Option<Self> {
        (FIRST_S * 1_000_000..LAST_S * 1_000_000)
            .contains(&micros)
            .then_some(Self { micros, nanos })
    }
}

/// The instant of a count in a known unit.
#[inline]
pub fn stamp_in(count: i64, unit: Epoch) -> Option<Instant> {
    match unit {
        Epoch::S => Instant::plausible(count.checked_mul(1_000_000)?, 0),
        Epoch::Ms => Instant::plausible(count.checked_mul(1_000)?, 0),
        Epoch::Us => Instant::plausible(count, 0),
        Epoch::Ns => Instant::plausible(count.div_euclid(1_000), count.rem_euclid(1_000)),
    }
}

/// The instant of a count whose unit shows in its size: between 2009 and 2100 the ranges of seconds, milli-, micro-
/// and nanoseconds do not overlap.
///
/// ```
/// # use aftershock_ingest::text::stamp;
/// assert_eq!(stamp(1_704_067_200_000).unwrap().micros, 1_704_067_200_000_000);
/// assert_eq!(stamp(1_756_684_800_178_247).unwrap().micros, 1_756_684_800_178_247);
/// ```
#[inline]
pub fn stamp(count: i64) -> Option<Instant> {
    let unit = match count {
        ..FIRST_S => return None,
        FIRST_S..LAST_S => Epoch::S,
        1_230_768_000_000..4_102_444_800_000 => Epoch::Ms,
        1_230_768_000_000_000..4_102_444_800_000_000 => Epoch::Us,
        1_230_768_000_000_000_000.. => Epoch::Ns,
        _ => return None,
    };
    stamp_in(count, unit)
}

/// The instant of digits, by [`stamp`].
#[inline]
pub fn stamp_text(digits: &[u8]) -> Option<Instant> {
    stamp(integer(digits)?)
}

/// The instant of a calendar text in UTC: `2020-03-13T02:17:00.000Z`, with a space or BitMEX's `D` for the `T`, with
/// or without fraction (up to nine digits) and with `Z`, `+00:00`, another offset, or nothing behind.
///
/// ```
/// # use aftershock_ingest::text::calendar;
/// assert_eq!(calendar(b"2020-03-12D10:00:00.123456789").unwrap().nanos, 789);
/// assert_eq!(calendar(b"2020-03-13T00:00:00.000Z").unwrap().micros, 1_584_057_600_000_000);
/// ```
pub fn calendar(text: &[u8]) -> Option<Instant> {
    let digits = |from: usize, to: usize| -> Option<i64> {
        let part = text.get(from..to)?;
        part.iter().all(u8::is_ascii_digit).then(|| integer(part))?
    };
    let separators = |places: &[(usize, &[u8])]| {
        places
            .iter()
            .all(|(place, allowed)| text.get(*place).is_some_and(|byte| allowed.contains(byte)))
    };
    if !separators(&[(4, b"-/"), (7, b"-/")]) {
        return None;
    }
    let date = chrono::NaiveDate::from_ymd_opt(
        i32::try_from(digits(0, 4)?).ok()?,
        u32::try_from(digits(5, 7)?).ok()?,
        u32::try_from(digits(8, 10)?).ok()?,
    )?;
    let midnight = date.and_hms_opt(0, 0, 0)?.and_utc().timestamp();
    if text.len() == 10 {
        return stamp_in(midnight, Epoch::S);
    }
    if !separators(&[(10, b"TD "), (13, b":"), (16, b":")]) {
        return None;
    }
    let (hour, minute, second) = (digits(11, 13)?, digits(14, 16)?, digits(17, 19)?);
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut nanos: i64 = 0;
    if rest.first() == Some(&b'.') {
        let length = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        if length == 0 || length > 9 {
            return None;
        }
        nanos = integer(&rest[1..=length])? * 10_i64.pow(9 - length as u32);
        rest = &rest[1 + length..];
    }
    let ahead_s = match rest {
        b"" | b"Z" | b"z" | b" UTC" => 0,
        [sign @ (b'+' | b'-'), h1, h2, tail @ ..] => {
            let minutes = match tail {
                [] => 0,
                [b':', m1, m2] | [m1, m2] => integer(&[*m1, *m2])?,
                _ => return None,
            };
            let seconds = integer(&[*h1, *h2])? * 3_600 + minutes * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let seconds = midnight + hour * 3_600 + minute * 60 + second - ahead_s;
    Instant::plausible(seconds * 1_000_000 + nanos / 1_000, nanos % 1_000)
}

/// The instant of seconds with a fraction of up to nine digits, as Bybit's archive writes it.
///
/// ```
/// # use aftershock_ingest::text::seconds;
/// assert_eq!(seconds(b"1784851200.0547").unwrap().micros, 1_784_851_200_054_700);
/// assert_eq!(seconds(b"1651449601").unwrap().micros, 1_651_449_601_000_000);
/// ```
#[inline]
pub fn seconds(text: &[u8]) -> Option<Instant> {
    let (whole, fraction) = match memchr::memchr(b'.', text) {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, b"0".as_slice()),
    };
    if fraction.is_empty() || fraction.len() > 9 || !fraction.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let nanos = integer(fraction)? * 10_i64.pow(9 - fraction.len() as u32);
    let whole = stamp_in(integer(whole)?, Epoch::S)?;
    Some(Instant {
        micros: whole.micros + nanos / 1_000,
        nanos: nanos % 1_000,
    })
}

/// The name of an instrument or exchange.
///
/// # Errors
/// [`Fault::Instrument`] where it is empty, [`Fault::Encoding`] where it is not UTF-8.
#[inline]
pub fn name(text: &[u8]) -> Result<&str, Fault> {
    if text.is_empty() {
        return Err(Fault::Instrument);
    }
    std::str::from_utf8(text).map_err(|_| Fault::Encoding)
}

/// True for the letter of a delivery month and the two digits of its year, such as `H24`.
pub fn is_delivery_month(code: &[u8]) -> bool {
    matches!(code, [b'F' | b'G' | b'H' | b'J' | b'K' | b'M' | b'N' | b'Q' | b'U' | b'V' | b'X' | b'Z', y, z]
        if y.is_ascii_digit() && z.is_ascii_digit())
}

/// The digits of a percentage as those of a ratio: the point two places to the left, so that no digit is lost.
///
/// ```
/// # use aftershock_ingest::text::ratio_of_percent;
/// let mut room = [0; 40];
/// assert_eq!(ratio_of_percent(b"62.89", &mut room).unwrap(), b"0.6289");
/// assert_eq!(ratio_of_percent(b"-7", &mut room).unwrap(), b"-0.07");
/// ```
#[inline]
pub fn ratio_of_percent<'a>(text: &[u8], room: &'a mut [u8; 40]) -> Option<&'a [u8]> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    let point = memchr::memchr(b'.', digits).unwrap_or(digits.len());
    let (whole, fraction) = (&digits[..point], digits.get(point + 1..).unwrap_or_default());
    let plain = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    if whole.is_empty() || digits.len() > 30 || !plain(whole) || !plain(fraction) {
        return None;
    }
    let mut length = 0;
    let mut push = |bytes: &[u8]| {
        room[length..length + bytes.len()].copy_from_slice(bytes);
        length += bytes.len();
    };
    if negative {
        push(b"-");
    }
    let split = whole.len().saturating_sub(2);
    push(if split == 0 { b"0" } else { &whole[..split] });
    push(b".");
    if whole.len() == 1 {
        push(b"0");
    }
    push(&whole[split..]);
    push(fraction);
    Some(&room[..length])
}
