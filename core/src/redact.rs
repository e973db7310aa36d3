//! Takes secrets and personal data out of text before it leaves: URLs, error
//! messages, stacks, the headers that an operator lists for the access log. On by
//! default everywhere; there is no list of exceptions.
//!
//! Bodies and cookies never come here: they are never read.

use alloc::string::String;

use crate::append;
use crate::search::{after_last, cut, find, has, is_any, position, split, trim_end, trim_start};
use crate::url::{split_authority, split_email, split_scheme};

/// What stands in place of what was taken out.
pub const REDACTED: &str = "REDACTED";

/// Names whose value is a secret, compared without case, as the end of a key.
pub const SECRET_KEYS: &str =
    "token secret password passwd pwd apikey api_key api-key auth authorization signature session";

/// How the keys of well-known issuers begin: AWS, GitHub, GitLab, Google, Slack,
/// Stripe. Nobody need name them for them to open a door.
pub const TOKEN_PREFIXES: &str =
    "AKIA ghp_ gho_ github_pat_ glpat- AIza xoxb- xoxp- sk_live_ rk_live_";
/// A shorter word is no key, whatever it begins with.
const MIN_TOKEN_LEN: usize = 16;
/// Digits of a card number.
const MIN_CARD_LEN: u32 = 13;
const MAX_CARD_LEN: u32 = 19;

/// A URL that can be kept: without user name and password, without fragment,
/// the values of its query replaced, its path redacted as text.
pub fn url(url: &str) -> String {
    let mut kept = String::new();
    write_url(url, &mut kept);
    without_cards(kept)
}

/// Text with what looks secret or personal replaced: e-mail addresses, JSON
/// Web Tokens, keys of well-known issuers, `Bearer`/`Basic` credentials, values
/// of keys such as `password=` or `"api_key":`, card numbers (13 to 19 digits
/// that pass the Luhn check and don't begin with 0 or 1), and the query of every
/// URL in it.
pub fn text(text: &str) -> String {
    let mut kept = String::new();
    write_text(text, &mut kept);
    without_cards(kept)
}

/// Whether [`text`], and [`url`] of a path, leave a text as it is. It goes through
/// it once and is a fraction of the work, for who has the same harmless words in
/// every request; `false` says nothing.
pub fn is_harmless(text: &[u8]) -> bool {
    // Bytes of the word so far, and digits that may be those of one number.
    let (mut word, mut digits) = (0usize, 0u32);
    for (at, byte) in text.iter().enumerate() {
        let class = CLASSES.get(usize::from(*byte)).copied().unwrap_or(SIGN);
        if class & SIGN != 0 {
            return false;
        }
        if class & LETTER_B != 0 && word == 0 && begins_with_auth_scheme(text.get(at..)) {
            return false;
        }
        word = match class & SEPARATES {
            0 => word.wrapping_add(1),
            _ => 0,
        };
        digits = match class & (DIGIT | BETWEEN_DIGITS) {
            0 => 0,
            _ => digits.wrapping_add((class & DIGIT).into()),
        };
        if word >= MIN_TOKEN_LEN || digits >= MIN_CARD_LEN {
            return false;
        }
    }
    true
}

/// What a byte can be, as bits: a digit is one.
const DIGIT: u8 = 1;
const BETWEEN_DIGITS: u8 = 2;
/// Ends a word, or a segment of a path.
const SEPARATES: u8 = 4;
/// Makes a URL, an address, or a key and its value, or hides one; or it is no ASCII.
const SIGN: u8 = 8;
/// What `Bearer` and `Basic` begin with.
const LETTER_B: u8 = 16;

static CLASSES: [u8; 256] = classes();

// Carried out by the compiler, which refuses what would panic.
#[allow(clippy::arithmetic_side_effects, clippy::indexing_slicing)]
const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut at = 0;
    while at < SEPARATORS.len() {
        classes[SEPARATORS[at] as usize] = SEPARATES;
        at += 1;
    }
    classes[b'/' as usize] = SEPARATES;
    classes[b' ' as usize] |= BETWEEN_DIGITS;
    classes[b'-' as usize] = BETWEEN_DIGITS;
    classes[b'B' as usize] = LETTER_B;
    classes[b'b' as usize] = LETTER_B;
    at = b'0' as usize;
    while at <= b'9' as usize {
        classes[at] = DIGIT;
        at += 1;
    }
    let signs = b"?#@:=%";
    at = 0;
    while at < signs.len() {
        classes[signs[at] as usize] = SIGN;
        at += 1;
    }
    at = 0x80;
    while at < classes.len() {
        classes[at] = SIGN;
        at += 1;
    }
    classes
}

fn begins_with_auth_scheme(text: Option<&[u8]>) -> bool {
    [BEARER, BASIC].iter().any(|scheme| {
        let start = text.unwrap_or_default().get(..scheme.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(scheme.as_bytes()))
    })
}

fn write_url(url: &str, kept: &mut String) {
    let (url, _) = cut(url, b"#");
    let (location, query) = cut(url, b"?");
    let mut path = location;
    if let Some((scheme, rest)) = split_scheme(location) {
        let (authority, behind) = split_authority(rest);
        append::text(kept, scheme);
        append::text(kept, "://");
        append::text(kept, after_last(authority, b"@"));
        path = behind;
    }
    write_text(path, kept);
    let mut separator = "?";
    for pair in split(query.get(1..).unwrap_or_default(), b'&') {
        if !pair.is_empty() {
            append::text(kept, separator);
            separator = "&";
            let (key, value) = cut(pair, b"=");
            write_text(key, kept);
            if value.len() > 1 {
                append::text(kept, "=");
                append::text(kept, REDACTED);
            }
        }
    }
}

/// What the words so far say of the next one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    Anything,
    /// The name of a secret: if a sign follows, then its value.
    Key,
    /// The next word is the value of a secret.
    Secret,
}

fn write_text(text: &str, kept: &mut String) {
    let mut before = Before::Anything;
    let (mut start, mut at) = (0usize, 0usize);
    while at < text.len() {
        let len = separator_len(text.as_bytes().get(at..).unwrap_or_default());
        let end = at.wrapping_add(len);
        if len > 0 {
            before = write_word(text.get(start..at).unwrap_or_default(), before, kept);
            append::text(kept, text.get(at..end).unwrap_or_default());
            start = end;
        }
        at = end.max(at.wrapping_add(1));
    }
    write_word(text.get(start..).unwrap_or_default(), before, kept);
}

/// What stands between words, of ASCII.
const SEPARATORS: &[u8] = b"\t\n\x0b\x0c\r \"'`,;()<>[]{}|";

/// Bytes of the separator that stands here; 0 for none. Beside those of ASCII:
/// U+0085, blanks of other widths, dashes and quotation marks (U+2000 to U+205F,
/// U+1680, U+3000).
fn separator_len(text: &[u8]) -> usize {
    match text {
        [0xc2, 0x85 | 0xa0, ..] => 2,
        [0xe2, 0x80, ..] | [0xe2, 0x81, ..=0x9f, ..] => 3,
        [0xe1, 0x9a, 0x80, ..] | [0xe3, 0x80, 0x80, ..] => 3,
        [byte, ..] => is_any(*byte, SEPARATORS).into(),
        [] => 0,
    }
}

/// Writes the word as it may stay; what it says of the next one.
fn write_word(word: &str, before: Before, kept: &mut String) -> Before {
    let name = trim_end(word, b":=");
    if name.is_empty() {
        append::text(kept, word);
        return match before {
            Before::Key if !word.is_empty() => Before::Secret,
            _ => before,
        };
    }
    let is_scheme = is_auth_scheme(word);
    if before == Before::Secret && !is_scheme {
        append::text(kept, REDACTED);
    } else if split_scheme(word).is_some() && position(word, b"?#@").is_some() {
        // A stack frame ends in `:line:column`, which belongs to no query.
        let end = trim_end(word, b"0123456789:");
        let (_, position) = cut(word.strip_prefix(end).unwrap_or_default(), b":");
        write_url(word.strip_suffix(position).unwrap_or(end), kept);
        append::text(kept, position);
    } else {
        let mut before = "";
        let mut separator = "";
        for part in split(word, b'/') {
            append::text(kept, separator);
            separator = "/";
            if (is_secret_key(before) && looks_random(part)) || hides_secret(part) {
                append::text(kept, REDACTED);
            } else {
                write_atom(part, kept);
            }
            before = part;
        }
    }
    match is_secret_key(name) {
        _ if is_scheme => Before::Secret,
        true if name.len() < word.len() => Before::Secret,
        true => Before::Key,
        false => Before::Anything,
    }
}

/// Schemes of `Authorization`: credentials follow them.
const BEARER: &str = "bearer";
const BASIC: &str = "basic";

/// `Bearer`, `Basic`, also as the value of a key.
fn is_auth_scheme(word: &str) -> bool {
    let word = after_last(word, b":=");
    word.eq_ignore_ascii_case(BEARER) || word.eq_ignore_ascii_case(BASIC)
}

/// Whether a path's segment behind the name of a secret is one, as in
/// `/reset-password/3f9a…`, and not a word, as in `/auth/callback`, or a file.
fn looks_random(segment: &str) -> bool {
    segment.len() >= MIN_TOKEN_LEN
        && position(segment, b"0123456789").is_some()
        && !has(segment, b'.')
}

/// `=`, `:`, `?`, `#` and `"` as they stand in a URL's path.
const ENCODED_SIGNS: &str = "3D 3A 3F 23 22";

/// Whether a segment has a sign encoded that a secret can follow, or credentials:
/// what somebody typed, a whole URL, JSON. None of it is worth a look into it.
fn hides_secret(segment: &str) -> bool {
    let (word, encoded) = cut(segment, b"%");
    let mut pieces = split(encoded, b'%');
    !encoded.is_empty()
        && (is_auth_scheme(word)
            || pieces.any(|piece| {
                let digits = piece.get(..2).unwrap_or_default();
                split(ENCODED_SIGNS, b' ').any(|sign| sign.eq_ignore_ascii_case(digits))
            }))
}

/// A word without slashes.
fn write_atom(word: &str, kept: &mut String) {
    let (key, value) = cut(word, b"=:");
    let is_secret = is_jwt(word) || is_token(word) || is_email(word);
    if !is_secret && (value.len() < 2 || is_auth_scheme(value) || !is_secret_key(key)) {
        append::text(kept, word);
        return;
    }
    if !is_secret {
        append::text(kept, key);
        append::text(kept, value.get(..1).unwrap_or_default());
    }
    append::text(kept, REDACTED);
}

/// Whether a name says that its value is a secret: a key of a query, of JSON,
/// or the name of a header.
pub fn is_secret_key(key: &str) -> bool {
    let bytes = key.as_bytes();
    let last = bytes.last().map_or(0, u8::to_ascii_lowercase);
    // Most words are none by their last letter.
    is_any(last, b"dehnty")
        && split(SECRET_KEYS, b' ').any(|secret| {
            let from = bytes.len().saturating_sub(secret.len());
            bytes
                .get(from..)
                .is_some_and(|end| end.eq_ignore_ascii_case(secret.as_bytes()))
        })
}

fn is_email(word: &str) -> bool {
    let word = trim_start(trim_end(word, b".:!?"), b".:!?");
    split_email(word).is_some_and(|(name, domain)| {
        let (first, _) = cut(domain, b".");
        !name.is_empty()
            && !first.is_empty()
            && first.len() < domain.len()
            && find(domain, "..").is_none()
    })
}

fn is_jwt(word: &str) -> bool {
    find(word, "eyJ").is_some_and(|at| {
        let token = word.get(at..).unwrap_or_default();
        token.len() >= 20 && has(token, b'.')
    })
}

/// Whether a key of a well-known issuer is in a word.
pub(crate) fn is_token(word: &str) -> bool {
    word.len() >= MIN_TOKEN_LEN
        && split(TOKEN_PREFIXES, b' ').any(|prefix| {
            let before = find(word, prefix).unwrap_or(word.len());
            word.len().saturating_sub(before) >= MIN_TOKEN_LEN
        })
}

/// The text with card numbers replaced, written with or without single blanks
/// or dashes between the digits.
fn without_cards(text: String) -> String {
    let mut kept = String::new();
    let mut kept_to = 0usize;
    let mut start = 0usize;
    let mut end = 0usize;
    let mut digits = 0u32;
    // The Luhn sum, should the last digit be the last of all, and should it not.
    let (mut sum, mut other) = (0u32, 0u32);
    // A character behind the last ends the last run.
    for at in 0..text.len().wrapping_add(1) {
        let byte = text.as_bytes().get(at).copied().unwrap_or_default();
        let digit = u32::from(byte.wrapping_sub(b'0'));
        if digit < 10 {
            if digits == 0 {
                start = at;
                // A time in milliseconds begins with 1, and no bank's card with 0 or 1.
                digits = if digit < 2 { MAX_CARD_LEN } else { 0 };
            }
            digits = digits.wrapping_add(1);
            end = at.wrapping_add(1);
            let twice = digit.wrapping_mul(2);
            let twice = if digit < 5 {
                twice
            } else {
                twice.wrapping_sub(9)
            };
            (sum, other) = (other.wrapping_add(digit), sum.wrapping_add(twice));
        } else if at != end || !is_any(byte, b" -") {
            if (MIN_CARD_LEN..=MAX_CARD_LEN).contains(&digits) && sum.is_multiple_of(10) {
                append::text(&mut kept, text.get(kept_to..start).unwrap_or_default());
                append::text(&mut kept, REDACTED);
                kept_to = end;
            }
            (digits, sum, other) = (0, 0, 0);
        }
    }
    if kept_to == 0 {
        return text;
    }
    append::text(&mut kept, text.get(kept_to..).unwrap_or_default());
    kept
}

#[cfg(test)]
mod tests;
