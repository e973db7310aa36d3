//! Attributes of a record, gathered one by one. Not inlined: a call takes a
//! third of the bytes of building an attribute in place.

use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::otlp::Attribute;

/// Attributes so far.
#[derive(Debug, Default)]
pub struct Attributes<'a>(Vec<Attribute<'a>>);

impl<'a> Attributes<'a> {
    /// Adds a text, unless it is empty.
    #[inline(never)]
    pub fn text(&mut self, key: &'static str, value: &'a str) {
        if !value.is_empty() {
            append::item(&mut self.0, Attribute::str(key, value));
        }
    }

    /// Adds a whole number.
    #[inline(never)]
    pub fn int(&mut self, key: &'static str, value: i64) {
        append::item(&mut self.0, Attribute::int(key, value));
    }

    /// Adds a number.
    #[inline(never)]
    pub fn double(&mut self, key: &'static str, value: f64) {
        append::item(&mut self.0, Attribute::double(key, value));
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Attribute<'a>] {
        &self.0
    }
}
