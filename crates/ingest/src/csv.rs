//! Fields of a line.

/// The fields of a CSV line, without quotes around them; a doubled quote inside is left doubled.
///
/// Vendors' files hold numbers and words; a field with a line end in it does not occur and is not read.
///
/// ```
/// use aftershock_ingest::csv::fields;
/// let mut found = [b"".as_slice(); 3];
/// assert_eq!(fields(b"1,\"a,b\",", &mut found), 3);
/// assert_eq!(found, [b"1".as_slice(), b"a,b", b""]);
/// ```
///
/// Returns how many fields the line has; those beyond the room are counted and not kept.
#[inline]
pub fn fields<'a>(line: &'a [u8], found: &mut [&'a [u8]]) -> usize {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    const LOW: u64 = !HIGH;
    /// The high bit of each byte of a word that is this byte, and no other bit.
    #[inline]
    const fn equal(word: u64, byte: u8) -> u64 {
        let differs = word ^ (ONES * byte as u64);
        !(((differs & LOW) + LOW) | differs | LOW)
    }

    let (mut count, mut start) = (0, 0);
    let mut words = line.chunks_exact(8);
    let mut place = 0;
    for chunk in &mut words {
        let word = u64::from_le_bytes(chunk.try_into().expect("a chunk has eight bytes"));
        if equal(word, b'"') != 0 {
            return quoted_fields(line, found);
        }
        let mut commas = equal(word, b',');
        while commas != 0 {
            let comma = place + (commas.trailing_zeros() / 8) as usize;
            if let Some(slot) = found.get_mut(count) {
                *slot = &line[start..comma];
            }
            count += 1;
            start = comma + 1;
            commas &= commas - 1;
        }
        place += 8;
    }
    for (byte, comma) in words.remainder().iter().zip(place..) {
        if *byte == b'"' {
            return quoted_fields(line, found);
        }
        if *byte == b',' {
            if let Some(slot) = found.get_mut(count) {
                *slot = &line[start..comma];
            }
            count += 1;
            start = comma + 1;
        }
    }
    if let Some(slot) = found.get_mut(count) {
        *slot = &line[start..];
    }
    count + 1
}

/// As [`fields`], for a line with quotes in it.
#[cold]
fn quoted_fields<'a>(line: &'a [u8], found: &mut [&'a [u8]]) -> usize {
    let mut count = 0;
    let mut rest = line;
    loop {
        let (field, after) = if rest.first() == Some(&b'"') {
            quoted(rest)
        } else {
            match memchr::memchr(b',', rest) {
                Some(comma) => (&rest[..comma], Some(&rest[comma + 1..])),
                None => (rest, None),
            }
        };
        if let Some(place) = found.get_mut(count) {
            *place = field;
        }
        count += 1;
        match after {
            Some(after) => rest = after,
            None => return count,
        }
    }
}

fn quoted(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut place = 1;
    while let Some(quote) = memchr::memchr(b'"', &text[place..]) {
        let end = place + quote;
        match text.get(end + 1) {
            Some(b'"') => place = end + 2,
            Some(b',') => return (&text[1..end], Some(&text[end + 2..])),
            None => return (&text[1..end], None),
            Some(_) => place = end + 1,
        }
    }
    (text, None)
}

/// Places of named columns in a header line.
///
/// ```
/// use aftershock_ingest::csv::Header;
/// let header = Header::of(b"symbol,price");
/// assert_eq!(header.place("price"), Some(1));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    names: Vec<String>,
}

impl Header {
    /// The names of a header line.
    pub fn of(line: &[u8]) -> Self {
        let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let mut found = vec![b"".as_slice(); line.iter().filter(|byte| **byte == b',').count() + 1];
        let count = fields(line, &mut found);
        Self {
            names: found[..count]
                .iter()
                .map(|name| String::from_utf8_lossy(name).trim().to_owned())
                .collect(),
        }
    }

    /// Place of a column, from 0.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own == name)
    }

    /// True where the header is exactly these names.
    pub fn is(&self, names: &[&str]) -> bool {
        self.names == names
    }

    /// True where the header begins with these names.
    pub fn begins(&self, names: &[&str]) -> bool {
        self.names.len() >= names.len() && self.names.iter().zip(names).all(|(own, name)| own == name)
    }

    /// The names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}
