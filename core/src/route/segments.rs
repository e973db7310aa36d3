//! Names for paths that no template matches, made of their segments: what looks
//! like an identifier becomes a placeholder. A segment of plain words stays, be
//! it one of many: too many of them are the business of who counts.

use alloc::string::String;

use super::{path_of, segments_of};
use crate::append;
use crate::redact::is_token;
use crate::search::has;
use crate::url::split_email;

/// A path with more segments than this ends in `/*`.
const MAX_SEGMENTS: usize = 8;
/// A segment longer than this is taken for an identifier.
const MAX_LITERAL: usize = 64;
/// Likewise one that has a piece, between dots and colons, longer than this.
const MAX_PIECE: u32 = 32;

/// Names a path by its segments: what looks like an identifier becomes `{id}`,
/// a date `{date}`, an e-mail address `{email}`; a deep path ends in `/*`.
/// Empty segments, `.` and matrix parameters are left out.
pub fn infer(path: &str) -> String {
    let path = path_of(path);
    let mut route = String::new();
    let mut left = MAX_SEGMENTS;
    for segment in segments_of(path).filter(|segment| !matches!(*segment, "" | ".")) {
        append::text(&mut route, "/");
        if left == 0 {
            append::text(&mut route, "*");
            break;
        }
        left = left.wrapping_sub(1);
        append::text(&mut route, placeholder_for(segment).unwrap_or(segment));
    }
    if route.is_empty() {
        append::text(&mut route, "/");
    }
    route
}

fn placeholder_for(segment: &str) -> Option<&'static str> {
    if is_date(segment) {
        Some("{date}")
    } else if is_email(segment) {
        Some("{email}")
    } else if is_identifier(segment) {
        Some("{id}")
    } else {
        None
    }
}

/// `2026-11-21` or the week `2026-W47`.
fn is_date(segment: &str) -> bool {
    let is_week = segment.len() == 8;
    (is_week || segment.len() == 10)
        && segment.bytes().enumerate().all(|(at, byte)| match at {
            4 => byte == b'-',
            5 if is_week => byte == b'W',
            7 if !is_week => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// Something, `@`, and something with a dot.
fn is_email(segment: &str) -> bool {
    split_email(segment).is_some_and(|(name, host)| !name.is_empty() && has(host, b'.'))
}

fn is_identifier(segment: &str) -> bool {
    if segment.len() > MAX_LITERAL || is_token(segment) {
        return true;
    }
    let len = segment.len() as u32;
    let (mut whole, mut piece, mut word) = (Run::default(), Run::default(), Run::default());
    for at in 0..segment.len().wrapping_add(1) {
        // A dot ends the last piece, too.
        let byte = segment.as_bytes().get(at).copied().unwrap_or(b'.');
        // Files and verbs have pieces: `42.json`, `app.3f2a9c.js`,
        // `42:cancel`, `v1.Greeter`; pieces have words.
        let ends_piece = matches!(byte, b'.' | b':');
        if ends_piece || matches!(byte, b'-' | b'_' | b'~') {
            let is_part = piece.len != len;
            if word.is_token(is_part) || (ends_piece && piece.is_number(whole.len == piece.len)) {
                return true;
            }
            word = Run::default();
            if ends_piece {
                piece = Run::default();
                whole.len = whole.len.wrapping_add(1);
                continue;
            }
        } else if byte.is_ascii_alphanumeric() {
            word.add(byte);
        } else {
            // Encoded, or of another alphabet: typed by somebody.
            return true;
        }
        piece.add(byte);
        whole.add(byte);
    }
    // Numbers, dates, addresses, `..`; but `/-/` and `/_/` are words.
    whole.letters == 0 && (whole.digits > 0 || has(segment, b'.'))
}

/// What a run of bytes is made of.
#[derive(Default)]
struct Run {
    len: u32,
    letters: u32,
    digits: u32,
    /// Bytes that are no hexadecimal digits.
    others: u32,
    /// How often small letters, capital letters and digits follow each other.
    changes: u32,
    /// The class of the last byte.
    class: u8,
}

impl Run {
    fn add(&mut self, byte: u8) {
        let class = match byte {
            b'0'..=b'9' => 1,
            b'A'..=b'Z' => 2,
            b'a'..=b'z' => 3,
            _ => 4,
        };
        // A segment is short: nothing wraps.
        let add = |count: u32, when| count.wrapping_add(u32::from(when));
        self.len = add(self.len, true);
        self.digits = add(self.digits, class == 1);
        self.letters = add(self.letters, class == 2 || class == 3);
        self.others = add(self.others, !byte.is_ascii_hexdigit());
        self.changes = add(self.changes, self.class != class);
        self.class = class;
    }

    /// Whether a word is one that nobody chose. In a file's name a shorter hash
    /// is one.
    fn is_token(&self, in_file: bool) -> bool {
        let is_hash = self.others == 0 && self.len >= if in_file { 6 } else { 8 };
        // ULIDs, object ids, keys. `oauth2`, `256gb` and `web3auth` are words.
        let is_mixed = self.len >= 12 && self.digits >= 3;
        // `dQw4w9WgXcQ`, but not `oauth2Callback` or `iPhone15Pro`.
        let is_scrambled = self.changes.wrapping_sub(1) > self.len / 2 && self.len >= 8;
        let is_number = self.letters == 0 && self.len >= 5;
        self.digits > 0 && (is_hash || is_mixed || is_scrambled || is_number)
    }

    /// Whether a piece is a number, or as good as one.
    fn is_number(&self, is_first: bool) -> bool {
        // Version numbers stay: `v1.2`, `jquery-3.6.0.js`.
        let is_plain = self.letters == 0 && self.digits > 0 && (is_first || self.len > 3);
        // Order and part numbers: `ORD-2024-0001`.
        let is_code = self.len > 8 && self.digits > self.letters;
        is_plain || is_code || self.len > MAX_PIECE
    }
}

#[cfg(test)]
mod tests;
