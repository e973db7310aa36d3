//! Takes secrets and personal data out of text before it leaves: URLs, error
//! messages, stacks. On by default everywhere; there is no list of exceptions.
//!
//! Bodies, cookies and header values never come here: they are never read.

use alloc::borrow::Cow;
use alloc::string::String;

use crate::search::{
    after_last, cut, find, has, is_any, position, split, split_once, trim_end, trim_start,
};
use crate::url::{split_authority, split_scheme};

/// What stands in place of what was taken out.
pub const REDACTED: &str = "REDACTED";

/// Names whose value is a secret, compared without case, as the end of a key.
const SECRET_KEYS: [&str; 12] = [
    "token",
    "secret",
    "password",
    "passwd",
    "pwd",
    "apikey",
    "api_key",
    "api-key",
    "auth",
    "authorization",
    "signature",
    "session",
];

/// How the keys of well-known issuers begin: AWS, GitHub, GitLab, Google, Slack,
/// Stripe. Nobody need name them for them to open a door.
const TOKEN_PREFIXES: [&str; 10] = [
    "AKIA",
    "ghp_",
    "gho_",
    "github_pat_",
    "glpat-",
    "AIza",
    "xoxb-",
    "xoxp-",
    "sk_live_",
    "rk_live_",
];
/// A shorter word is no key, whatever it begins with.
const MIN_TOKEN_LEN: usize = 16;

/// A URL that can be kept: without user name and password, without fragment,
/// the values of its query replaced, its path redacted as text.
pub fn url(url: &str) -> String {
    let (url, _) = cut(url, b"#");
    let (location, query) = cut(url, b"?");
    let mut kept = String::with_capacity(url.len());
    match split_scheme(location) {
        Some((scheme, rest)) => {
            kept.push_str(scheme);
            kept.push_str("://");
            let (authority, path) = split_authority(rest);
            kept.push_str(after_last(authority, b"@"));
            kept.push_str(&text(path));
        }
        None => kept.push_str(&text(location)),
    }
    if let Some(query) = query.get(1..) {
        redact_query(query, &mut kept);
    }
    kept
}

fn redact_query(query: &str, kept: &mut String) {
    let mut separator = "?";
    for pair in split(query, b'&').filter(|pair| !pair.is_empty()) {
        kept.push_str(separator);
        separator = "&";
        let (key, value) = cut(pair, b"=");
        kept.push_str(&text(key));
        if value.len() > 1 {
            kept.push('=');
            kept.push_str(REDACTED);
        }
    }
}

/// Text with what looks secret or personal replaced: e-mail addresses, JSON
/// Web Tokens, keys of well-known issuers, `Bearer`/`Basic` credentials, values of keys such as
/// `password=` or `"api_key":`, card numbers (13 to 19 digits that pass the
/// Luhn check), and the query of every URL in it.
pub fn text(text: &str) -> Cow<'_, str> {
    let mut kept = String::new();
    let mut changed = false;
    let mut before = Before::Anything;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let in_word = !is_separator(first);
        let end = rest.find(|c| is_separator(c) == in_word);
        let Some((piece, after)) = rest.split_at_checked(end.unwrap_or(rest.len())) else {
            break;
        };
        rest = after;
        let word = in_word.then(|| redact_word(piece, before)).flatten();
        kept.push_str(word.as_deref().unwrap_or(piece));
        changed |= word.is_some();
        if in_word {
            before = before.then(piece);
        }
    }
    changed |= redact_cards(&mut kept);
    if changed {
        Cow::Owned(kept)
    } else {
        Cow::Borrowed(text)
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

impl Before {
    fn then(self, word: &str) -> Self {
        let name = word.strip_suffix(":").or_else(|| word.strip_suffix("="));
        match (self, name) {
            (Self::Key | Self::Secret, Some("")) => Self::Secret,
            _ if is_auth_scheme(word) || name.is_some_and(is_secret_key) => Self::Secret,
            _ if is_secret_key(word) => Self::Key,
            _ => Self::Anything,
        }
    }
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || u8::try_from(c).is_ok_and(|c| is_any(c, b"\"'`,;()<>[]{}|"))
}

/// `Bearer`, `Basic`, also as the value of a key.
fn is_auth_scheme(word: &str) -> bool {
    let word = after_last(word, b":=");
    word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic")
}

/// The word as it may stay, if it may not stay as it is.
fn redact_word(word: &str, before: Before) -> Option<Cow<'static, str>> {
    let is_sign = word == ":" || word == "=";
    if before == Before::Secret && !is_sign && !is_auth_scheme(word) && word != REDACTED {
        return Some(Cow::Borrowed(REDACTED));
    }
    if split_scheme(word).is_some() && position(word, b"?#@").is_some() {
        // A stack frame ends in `:line:column`, which belongs to no query.
        let end = trim_end(word, b"0123456789:");
        let (value, position) = cut(word.strip_prefix(end)?, b":");
        let location = word.get(..end.len().saturating_add(value.len()))?;
        let mut kept = url(location);
        kept.push_str(position);
        return (kept != word).then_some(Cow::Owned(kept));
    }
    if !has(word, b'/') {
        return redact_atom(word);
    }
    let mut kept = String::new();
    let mut changed = false;
    let mut before = "";
    for (at, part) in split(word, b'/').enumerate() {
        if at > 0 {
            kept.push('/');
        }
        let redacted = match is_secret_key(before) && looks_random(part) {
            true => Some(Cow::Borrowed(REDACTED)),
            false => redact_atom(part),
        };
        kept.push_str(redacted.as_deref().unwrap_or(part));
        changed |= redacted.is_some();
        before = part;
    }
    changed.then_some(Cow::Owned(kept))
}

/// Whether a path's segment behind the name of a secret is one, as in
/// `/reset-password/3f9a…`, and not a word, as in `/auth/callback`, or a file.
fn looks_random(segment: &str) -> bool {
    segment.len() >= MIN_TOKEN_LEN
        && position(segment, b"0123456789").is_some()
        && !has(segment, b'.')
}

/// A word without slashes.
fn redact_atom(word: &str) -> Option<Cow<'static, str>> {
    if is_jwt(word) || is_token(word) || is_email(word) {
        return Some(Cow::Borrowed(REDACTED));
    }
    let (key, value) = cut(word, b"=:");
    let value = value.get(1..)?;
    if value.is_empty() || value == REDACTED || is_auth_scheme(value) || !is_secret_key(key) {
        return None;
    }
    let mut kept = String::from(word.strip_suffix(value)?);
    kept.push_str(REDACTED);
    Some(Cow::Owned(kept))
}

/// Whether a name says that its value is a secret: a key of a query, of JSON,
/// or the name of a header.
pub fn is_secret_key(key: &str) -> bool {
    let bytes = key.as_bytes();
    SECRET_KEYS.iter().any(|secret| {
        let from = bytes.len().saturating_sub(secret.len());
        bytes
            .get(from..)
            .is_some_and(|end| end.eq_ignore_ascii_case(secret.as_bytes()))
    })
}

fn is_email(word: &str) -> bool {
    let word = trim_start(trim_end(word, b".:!?"), b".:!?");
    let at = split_once(word, "@").or_else(|| split_once(word, "%40"));
    at.is_some_and(|(name, domain)| {
        !name.is_empty()
            && !has(name, b'/')
            && has(domain, b'.')
            && split(domain, b'.').all(|label| !label.is_empty())
    })
}

fn is_jwt(word: &str) -> bool {
    find(word, "eyJ").is_some_and(|at| {
        let token = word.get(at..).unwrap_or_default();
        token.len() >= 20 && has(token, b'.')
    })
}

fn is_token(word: &str) -> bool {
    let word = after_last(word, b"=:").as_bytes();
    let mut prefixes = TOKEN_PREFIXES.iter();
    word.len() >= MIN_TOKEN_LEN && prefixes.any(|prefix| word.starts_with(prefix.as_bytes()))
}

/// Replaces card numbers, written with or without blanks or dashes.
fn redact_cards(text: &mut String) -> bool {
    let mut kept = String::new();
    let mut kept_to = 0;
    let mut from = 0;
    while let Some((start, end)) = next_digit_run(text, from) {
        from = end;
        if is_card(text.get(start..end).unwrap_or_default()) {
            kept.push_str(text.get(kept_to..start).unwrap_or_default());
            kept.push_str(REDACTED);
            kept_to = end;
        }
    }
    if kept.is_empty() {
        return false;
    }
    kept.push_str(text.get(kept_to..).unwrap_or_default());
    *text = kept;
    true
}

/// The next run of digits with single blanks or dashes between them.
fn next_digit_run(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let tail = bytes.get(from..)?;
    let start = from.saturating_add(tail.iter().position(u8::is_ascii_digit)?);
    let mut end = start;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        at = at.saturating_add(1);
        match byte {
            b'0'..=b'9' => end = at,
            b' ' | b'-' if at == end.saturating_add(1) => {}
            _ => break,
        }
    }
    Some((start, end))
}

fn is_card(run: &str) -> bool {
    let digits = || run.bytes().filter(u8::is_ascii_digit);
    let count = digits().count();
    if !(13..=19).contains(&count) {
        return false;
    }
    let sum = digits().rev().enumerate().fold(0u32, |sum, (at, digit)| {
        let value = u32::from(digit.wrapping_sub(b'0'));
        let doubled = match (at & 1, value) {
            (0, _) => value,
            (_, 0..=4) => value.wrapping_mul(2),
            _ => value.wrapping_mul(2).wrapping_sub(9),
        };
        sum.wrapping_add(doubled)
    });
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests;
