//! What a request said, kept until its span and its log record are written:
//! bytes as received, several texts in one allocation, each bounded.

use sightline_core::redact;
use std::borrow::Cow;

/// The most bytes of a single text that are kept.
pub const MAX_TEXT: usize = 1024;
/// The most bytes of a header line that are kept.
pub const MAX_HEADER: usize = 256;
/// The most header lines that are kept: a client may send one very often.
const MAX_HEADER_LINES: usize = 16;

/// A text that a request said.
#[derive(Clone, Copy, Debug)]
pub enum Text {
    /// The path without query.
    Path,
    /// `:authority`.
    Authority,
    /// `:scheme`.
    Scheme,
    /// `user-agent`.
    UserAgent,
    /// The request id.
    RequestId,
    /// The method, where it is no known one.
    Method,
}

/// Several texts in one allocation.
#[derive(Debug, Default)]
pub struct Texts {
    bytes: Vec<u8>,
    places: [(u32, u32); 6],
    /// Lines of listed headers, each with its number in the list.
    headers: Vec<(usize, (u32, u32))>,
}

impl Texts {
    /// With room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ..Self::default()
        }
    }

    /// Keeps a text, or as much of it as is kept. One that is too long ends
    /// where a word of it ends: half a secret is not recognized as one.
    pub fn push(&mut self, text: Text, value: &[u8]) {
        let place = self.append(value, MAX_TEXT);
        if let Some(kept) = self.places.get_mut(text as usize) {
            *kept = place;
        }
    }

    /// Keeps a line of the header that has this number in a list.
    pub fn push_header(&mut self, number: usize, value: &[u8]) {
        if self.headers.len() < MAX_HEADER_LINES {
            let place = self.append(value, MAX_HEADER);
            self.headers.push((number, place));
        }
    }

    /// The lines of the header that has this number, as received.
    pub fn header(&self, number: usize) -> impl Iterator<Item = &[u8]> {
        let lines = self.headers.iter();
        lines
            .filter(move |(known, _)| *known == number)
            .map(|(_, place)| self.at(*place))
    }

    fn append(&mut self, value: &[u8], max_bytes: usize) -> (u32, u32) {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(whole_words(value, max_bytes));
        let place = |at: usize| u32::try_from(at).unwrap_or_default();
        (place(from), place(self.bytes.len()))
    }

    fn at(&self, (from, to): (u32, u32)) -> &[u8] {
        let range =
            usize::try_from(from).unwrap_or_default()..usize::try_from(to).unwrap_or_default();
        self.bytes.get(range).unwrap_or_default()
    }

    /// A text as received; empty if there is none.
    pub fn get(&self, text: Text) -> &[u8] {
        self.at(self.places.get(text as usize).copied().unwrap_or_default())
    }

    /// A text as text, with marks in place of what is no UTF-8.
    pub fn lossy(&self, text: Text) -> Option<Cow<'_, str>> {
        let text = self.get(text);
        (!text.is_empty()).then(|| lossy(text))
    }

    /// The path without query and secrets.
    pub fn safe_path(&self) -> Option<Cow<'_, str>> {
        self.safe(Text::Path, redact::url)
    }

    /// The `user-agent` without secrets.
    pub fn safe_user_agent(&self) -> Option<Cow<'_, str>> {
        self.safe(Text::UserAgent, redact::text)
    }

    fn safe(&self, text: Text, redact: fn(&str) -> String) -> Option<Cow<'_, str>> {
        let text = self.lossy(text)?;
        match redact::is_harmless(text.as_bytes()) {
            true => Some(text),
            false => Some(Cow::Owned(redact(&text))),
        }
    }
}

/// [`String::from_utf8_lossy`], which is slower where all is text.
fn lossy(text: &[u8]) -> Cow<'_, str> {
    match core::str::from_utf8(text) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(text),
    }
}

/// As many words from the beginning as go into so many bytes.
fn whole_words(value: &[u8], max_bytes: usize) -> &[u8] {
    let Some((kept, _)) = value.split_at_checked(max_bytes) else {
        return value;
    };
    if kept.len() == value.len() {
        return value;
    }
    let is_end = |byte: &u8| matches!(byte, b'/' | b' ' | b',' | b';' | b'&' | b'(' | b')');
    let end = kept.iter().rposition(is_end).map(|at| at.saturating_add(1));
    kept.get(..end.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_kept_apart() {
        let mut texts = Texts::default();
        texts.push(Text::Path, b"/a");
        texts.push(Text::UserAgent, b"caf\xe9");
        assert_eq!(texts.get(Text::Path), b"/a");
        assert_eq!(texts.lossy(Text::UserAgent).unwrap(), "caf\u{fffd}");
        assert_eq!(texts.lossy(Text::Method), None);
    }

    #[test]
    fn few_lines_of_headers_are_kept() {
        let mut texts = Texts::default();
        texts.push_header(1, b"a");
        texts.push_header(0, b"b");
        texts.push_header(1, &[b'c'; 9000]);
        let lines: Vec<_> = texts.header(1).collect();
        assert_eq!(lines, [&b"a"[..], b""]);
        for _ in 0..99 {
            texts.push_header(2, b"d");
        }
        assert_eq!(texts.header(2).count(), MAX_HEADER_LINES - 3);
    }

    #[test]
    fn what_is_too_long_ends_with_a_whole_word() {
        for (value, kept, why) in [
            (&b"/a/secret"[..], &b"/a/secret"[..], "just fits"),
            (b"/a/secret1", b"/a/", "the last segment would be cut"),
            (b"0123456789", b"", "a single word"),
            (b"a b;c,defg", b"a b;c,", "other ends of words"),
        ] {
            assert_eq!(whole_words(value, 9), kept, "{why}");
        }
    }
}
