//! Attributes that the page's own code gives: redacted as everything that leaves,
//! cut, and so many at most.

use alloc::string::String;
use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::redact::{self, REDACTED};
use sightline_core::search::split;

use crate::input::SEPARATOR;
use crate::page::truncated;
use crate::record::Record;

/// So many are taken of those that come at once.
pub const MAX_ATTRIBUTES: usize = 32;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 1024;
/// Bytes after which no more are taken of those that come at once: with those that
/// every record has, an error of the largest stack still fits a batch.
const MAX_BYTES: usize = 4096;

/// As they cross the border. Of each there is a number, and two texts: its key
/// behind the first letter of its type (`s`tring, `n`umber, `b`oolean), and its
/// value as text.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a> {
    /// What has no number has NaN.
    pub numbers: &'a [f64],
    /// Keys and values by turns.
    pub texts: &'a str,
}

impl Attributes<'_> {
    /// Adds them, but none whose key the record has.
    #[inline(never)]
    pub fn describe(&self, record: &mut Record) {
        let mut texts = split(self.texts, SEPARATOR);
        let most = record.fields.len().wrapping_add(MAX_BYTES);
        for number in self.numbers.iter().take(MAX_ATTRIBUTES) {
            let (Some(key), Some(value)) = (texts.next(), texts.next()) else {
                return;
            };
            if record.fields.len() > most {
                return;
            }
            let (kind, key) = key.split_at_checked(1).unwrap_or_default();
            let whole = *number as i64;
            let is_whole = whole as f64 == *number;
            let clean = match redact::is_secret_key(key) {
                true => append::owned(REDACTED),
                // Its digits may be those of a card, but it is none.
                false if kind == "n" && !is_whole => append::owned(value),
                false => redact::text(value),
            };
            let key = redact::text(key);
            let key = truncated(&key, MAX_KEY);
            if record.fields.has(key) {
                continue;
            }
            // A number can be one of a card.
            let is_clean = clean == value;
            match kind {
                "n" if is_clean && is_whole => record.int(key, whole),
                "n" if is_clean => record.double(key, *number),
                "b" if is_clean => record.bool(key, *number != 0.0),
                _ => record.text(key, truncated(&clean, MAX_VALUE)),
            }
        }
    }
}

/// Those that every record has.
#[derive(Clone, Debug, Default)]
pub struct Common {
    numbers: Vec<f64>,
    texts: String,
}

impl Common {
    /// These, in place of those that were.
    pub fn replace(&mut self, with: &Attributes<'_>) {
        self.numbers.clear();
        for number in with.numbers.iter().take(MAX_ATTRIBUTES) {
            append::item(&mut self.numbers, *number);
        }
        self.texts = append::owned(with.texts);
    }

    /// Adds them.
    pub fn describe(&self, record: &mut Record) {
        let (numbers, texts) = (&self.numbers, &self.texts);
        Attributes { numbers, texts }.describe(record);
    }
}
