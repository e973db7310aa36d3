//! Numbers with a fraction. Envoy makes texts of them where its configuration
//! is YAML: `0.25` arrives as `"0.25"`, so that has to be a number here, too.

use serde::de::{Deserializer, Error, Visitor};
use std::fmt;

/// Reads a number, or a text that is one.
pub fn read<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    from.deserialize_any(Number)
}

/// The same for a number that may be missing.
pub fn read_some<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    read(from).map(Some)
}

struct Number;

impl Visitor<'_> for Number {
    type Value = f64;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a number")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        Ok(value)
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<f64, E> {
        Ok(value as f64)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<f64, E> {
        value
            .parse()
            .map_err(|_| E::invalid_type(serde::de::Unexpected::Str(value), &self))
    }
}
