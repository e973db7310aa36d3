//! Attributes: OTLP `KeyValue` and `AnyValue`, without maps and bytes.

use super::wire::{LENGTH_DELIMITED, Writer};
use crate::search::find_bytes;

/// The value of an attribute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Text.
    Str(&'a str),
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Double(f64),
    /// A list of texts.
    StrList(&'a [&'a str]),
}

/// A name with its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attribute<'a> {
    /// The name.
    pub key: &'a str,
    /// The value.
    pub value: Value<'a>,
}

impl<'a> Attribute<'a> {
    /// A text.
    pub const fn str(key: &'a str, value: &'a str) -> Self {
        let value = Value::Str(value);
        Self { key, value }
    }

    /// A whole number.
    pub const fn int(key: &'a str, value: i64) -> Self {
        let value = Value::Int(value);
        Self { key, value }
    }

    /// A floating-point number.
    pub const fn double(key: &'a str, value: f64) -> Self {
        let value = Value::Double(value);
        Self { key, value }
    }

    /// A truth value.
    pub const fn bool(key: &'a str, value: bool) -> Self {
        let value = Value::Bool(value);
        Self { key, value }
    }
}

/// Fields of `KeyValue`.
const KEY: u32 = 1;
const VALUE: u32 = 2;
/// Fields of `AnyValue`.
const BOOL: u32 = 2;
const INT: u32 = 3;
const DOUBLE: u32 = 4;

/// Attributes as this field of a message. One by one, where what they say is
/// not kept; a caller that has them together uses [`Attribute`].
impl Writer {
    /// Writes an attribute.
    pub fn attribute(&mut self, field: u32, attribute: &Attribute<'_>) {
        let key = attribute.key;
        match attribute.value {
            Value::Str(text) => self.text(field, key, text),
            Value::Bool(truth) => self.bool(field, key, truth),
            Value::Int(number) => self.int(field, key, number),
            Value::Double(number) => self.double(field, key, number),
            Value::StrList(texts) => self.texts(field, key, texts.iter().copied()),
        }
    }

    /// Whether an attribute of this key was written. A value never has the tag of one
    /// behind it; what stands within a text just like a key is taken for one.
    pub fn has(&self, key: &str) -> bool {
        let mut written = Self::new();
        written.string(KEY, key);
        written.key(VALUE, LENGTH_DELIMITED);
        find_bytes(self.as_bytes(), written.as_bytes()).is_some()
    }

    /// Writes a text.
    pub fn text(&mut self, field: u32, key: &str, value: &str) {
        self.pair(field, key, |any| any.set_bytes(1, value.as_bytes()));
    }

    /// Writes a truth value.
    pub fn bool(&mut self, field: u32, key: &str, value: bool) {
        self.number(field, key, BOOL, u64::from(value));
    }

    /// Writes a whole number.
    pub fn int(&mut self, field: u32, key: &str, value: i64) {
        self.number(field, key, INT, value.cast_unsigned());
    }

    /// Writes a floating-point number.
    pub fn double(&mut self, field: u32, key: &str, value: f64) {
        self.number(field, key, DOUBLE, value.to_bits());
    }

    /// Writes a list of texts.
    pub fn texts<'a>(&mut self, field: u32, key: &str, values: impl Iterator<Item = &'a str>) {
        self.pair(field, key, |any| {
            any.message(5, |array| {
                for text in values {
                    write_text(array, 1, text);
                }
            });
        });
    }

    /// Writes a number as this field of the `AnyValue`. Not inlined: one place for
    /// three types.
    #[inline(never)]
    fn number(&mut self, field: u32, key: &str, value_field: u32, value: u64) {
        self.pair(field, key, |any| match value_field {
            DOUBLE => any.set_fixed64(value_field, value),
            _ => any.set_varint(value_field, value),
        });
    }

    /// A `KeyValue`, and the `AnyValue` in it.
    fn pair(&mut self, field: u32, key: &str, write: impl FnOnce(&mut Self)) {
        self.message(field, |pair| {
            pair.string(KEY, key);
            pair.message(VALUE, write);
        });
    }
}

/// Writes an `AnyValue` that is a text as this field of the message.
pub(super) fn write_text(writer: &mut Writer, field: u32, text: &str) {
    writer.message(field, |any| any.set_bytes(1, text.as_bytes()));
}
