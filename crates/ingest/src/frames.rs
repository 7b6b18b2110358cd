//! Records out of a stream of bytes: blocks of whole lines, or of whole elements of a JSON array.

use crate::IngestError;

/// Elements of an array, found byte by byte as the text comes in.
///
/// The array is the outermost one, or the first that is the value of `key` at any depth. Only the shape is looked at:
/// what an element holds is the parser's to judge.
#[derive(Debug)]
pub(crate) struct Elements {
    key: Option<&'static str>,
    state: State,
    /// Open brackets of the element at hand.
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// The last text outside of any element, to find the key.
    text: Vec<u8>,
    key_seen: bool,
    /// True once the element at hand has a byte.
    begun: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Before,
    Inside,
    After,
}

impl Elements {
    pub(crate) fn new(key: Option<&'static str>) -> Self {
        Self {
            key,
            state: State::Before,
            depth: 0,
            in_text: false,
            escaped: false,
            text: Vec::new(),
            key_seen: false,
            begun: false,
        }
    }

    /// Takes more text: whole elements go to `elements`, each with a line end, and their ends to `ends`. A part of
    /// an element at the end stays in `elements` behind the last end.
    pub(crate) fn push(&mut self, text: &[u8], elements: &mut Vec<u8>, ends: &mut Vec<usize>) {
        for &byte in text {
            match self.state {
                State::Before => self.before(byte),
                State::Inside => self.inside(byte, elements, ends),
                State::After => {}
            }
        }
    }

    /// True once the array was closed.
    pub(crate) fn closed(&self) -> bool {
        self.state == State::After
    }

    fn before(&mut self, byte: u8) {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => self.text.push(byte),
            }
            return;
        }
        match byte {
            b'"' => {
                self.in_text = true;
                self.text.clear();
                self.key_seen = false;
            }
            b':' => {
                self.key_seen = self.key.is_some_and(|key| self.text == key.as_bytes());
            }
            b'[' if self.key.is_none() || self.key_seen => self.state = State::Inside,
            byte if byte.is_ascii_whitespace() => {}
            _ => self.key_seen = false,
        }
    }

    fn inside(&mut self, byte: u8, elements: &mut Vec<u8>, ends: &mut Vec<usize>) {
        if self.in_text {
            elements.push(byte);
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_text = false,
                _ => {}
            }
            return;
        }
        if self.depth == 0 && (byte == b',' || byte == b']') {
            if self.begun {
                ends.push(elements.len());
                elements.push(b'\n');
                self.begun = false;
            }
            if byte == b']' {
                self.state = State::After;
            }
            return;
        }
        match byte {
            b'"' => self.in_text = true,
            b'[' | b'{' => self.depth += 1,
            b']' | b'}' => self.depth = self.depth.saturating_sub(1),
            byte if byte.is_ascii_whitespace() => {
                if self.begun && self.depth > 0 {
                    elements.push(b' ');
                }
                return;
            }
            _ => {}
        }
        self.begun = true;
        elements.push(byte);
    }
}

/// All elements of an array in memory.
#[cfg(test)]
pub(crate) fn elements_of(
    path: &str,
    bytes: &[u8],
    key: Option<&'static str>,
) -> Result<(Vec<u8>, Vec<usize>), IngestError> {
    let mut array = Elements::new(key);
    let (mut elements, mut ends) = (Vec::new(), Vec::new());
    array.push(bytes, &mut elements, &mut ends);
    if !array.closed() {
        return Err(cut_array(path));
    }
    Ok((elements, ends))
}

pub(crate) fn cut_array(path: &str) -> IngestError {
    IngestError::BadFile {
        path: path.to_owned(),
        reason: "its JSON array has no end; expected a whole file".to_owned(),
    }
}
