//! Attributes: OTLP `KeyValue` and `AnyValue`, without maps and bytes.

use super::wire::Writer;

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

/// Writes a `KeyValue` as this field of the message.
pub(super) fn write(writer: &mut Writer, field: u32, attribute: &Attribute<'_>) {
    writer.message(field, |pair| {
        pair.string(1, attribute.key);
        write_value(pair, 2, attribute.value);
    });
}

/// Writes an `AnyValue` as this field of the message.
pub(super) fn write_value(writer: &mut Writer, field: u32, value: Value<'_>) {
    writer.message(field, |any| match value {
        Value::Str(text) => any.set_bytes(1, text.as_bytes()),
        Value::Bool(truth) => any.set_varint(2, u64::from(truth)),
        Value::Int(number) => any.set_varint(3, number.cast_unsigned()),
        Value::Double(number) => any.set_double(4, number),
        Value::StrList(texts) => any.message(5, |array| {
            for text in texts {
                write_value(array, 1, Value::Str(text));
            }
        }),
    });
}
