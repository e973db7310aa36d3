//! Searching in text by ASCII bytes, for separators of URLs, paths and lists.
//! The standard library's searchers for characters and texts are faster on long
//! texts; with them come their panics, with those the formatting machinery, and
//! all that costs the browser engine more code than redaction and routes do.
//!
//! Separators are ASCII, so every piece is whole characters.

/// Where a text first has one of these bytes.
pub fn position(text: &str, separators: &[u8]) -> Option<usize> {
    for (at, byte) in text.bytes().enumerate() {
        if is_any(byte, separators) {
            return Some(at);
        }
    }
    None
}

/// Whether a text has this byte.
pub fn has(text: &str, byte: u8) -> bool {
    position(text, &[byte]).is_some()
}

/// The text before the first of these bytes, and the rest from it on.
pub fn cut<'a>(text: &'a str, separators: &[u8]) -> (&'a str, &'a str) {
    let at = position(text, separators).unwrap_or(text.len());
    split_at(text, at)
}

/// The texts before and after a place between two characters.
#[inline(never)]
fn split_at(text: &str, at: usize) -> (&str, &str) {
    let before = text.get(..at).unwrap_or(text);
    (before, text.get(at..).unwrap_or_default())
}

/// The text after the last of these bytes; all of it without one.
pub fn after_last<'a>(text: &'a str, separators: &[u8]) -> &'a str {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next_back() {
        if is_any(byte, separators) {
            let start = bytes.len().wrapping_add(1);
            return text.get(start..).unwrap_or_default();
        }
    }
    text
}

/// The text without these bytes at its end.
pub fn trim_end<'a>(mut text: &'a str, bytes: &[u8]) -> &'a str {
    while let Some(last) = text.as_bytes().last()
        && is_any(*last, bytes)
        && let Some(rest) = text.get(..text.len().wrapping_sub(1))
    {
        text = rest;
    }
    text
}

/// The text without these bytes at its start.
pub fn trim_start<'a>(mut text: &'a str, bytes: &[u8]) -> &'a str {
    while let Some(first) = text.as_bytes().first()
        && is_any(*first, bytes)
        && let Some(rest) = text.get(1..)
    {
        text = rest;
    }
    text
}

/// The pieces between a byte, of which there is always one.
pub fn split(text: &str, separator: u8) -> Pieces<'_> {
    Pieces {
        rest: Some(text),
        separator,
    }
}

/// See [`split`].
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    rest: Option<&'a str>,
    separator: u8,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let (piece, rest) = cut(self.rest?, &[self.separator]);
        self.rest = rest.get(1..);
        Some(piece)
    }
}

impl<'a> Pieces<'a> {
    /// What is left, in one piece.
    pub fn rest(&self) -> &'a str {
        self.rest.unwrap_or_default()
    }
}

/// Where a short text first stands in another.
pub fn find(text: &str, needle: &str) -> Option<usize> {
    find_bytes(text.as_bytes(), needle.as_bytes())
}

/// Where a few bytes first stand among others.
#[inline(never)]
pub fn find_bytes(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    for at in 0..bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.starts_with(needle) {
            return Some(at);
        }
    }
    None
}

/// The texts before and after the first place where `needle` stands.
pub fn split_once<'a>(text: &'a str, needle: &str) -> Option<(&'a str, &'a str)> {
    let (before, rest) = split_at(text, find(text, needle)?);
    Some((before, rest.get(needle.len()..)?))
}

/// Whether a byte is one of these: `contains` without its fast path for long
/// lists.
pub fn is_any(byte: u8, bytes: &[u8]) -> bool {
    for one in bytes {
        if *one == byte {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_the_standard_library_finds(text in "[ab\u{e9}:/]{0,20}", needle in "[ab\u{e9}:/]{1,3}") {
            let any = [':', '/'];
            prop_assert_eq!(find(&text, &needle), text.find(&needle));
            prop_assert_eq!(split_once(&text, &needle), text.split_once(&needle));
            prop_assert_eq!(has(&text, b':'), text.contains(':'));
            prop_assert_eq!(position(&text, b":/"), text.find(any));
            prop_assert_eq!(cut(&text, b":/").0, text.split(any).next().unwrap());
            prop_assert_eq!(after_last(&text, b":/"), text.rsplit(any).next().unwrap());
            prop_assert_eq!(trim_end(&text, b":/"), text.trim_end_matches(any));
            prop_assert_eq!(trim_start(&text, b":/"), text.trim_start_matches(any));
            prop_assert_eq!(
                split(&text, b'/').collect::<Vec<_>>(),
                text.split('/').collect::<Vec<_>>()
            );
        }
    }
}
