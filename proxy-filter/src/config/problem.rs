//! Problems of a configuration document, all of them at once: a document is
//! read, and where reading fails the problem is noted, the bad value is taken
//! out and the rest is read again.

use super::protobuf_struct;
use core::fmt::Write;
use serde::de::DeserializeOwned;
use serde_json::{Number, Value};
use serde_path_to_error::{Path, Segment};

/// The list ends here: who has that many repairs some and tries again.
const MAX_PROBLEMS: usize = 50;

/// What is wrong with one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands, such as `export.interval_ms` or `routes[3]`; empty for
    /// the document itself.
    pub path: String,
    /// What is wrong, in words for the operator.
    pub message: String,
}

impl core::fmt::Display for Problem {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let separator = if self.path.is_empty() { "" } else { ": " };
        // Both may hold a document's own words, and an entry of a log is one line.
        for letter in [self.path.as_str(), separator, &self.message]
            .into_iter()
            .flat_map(str::chars)
        {
            if letter.is_control() {
                write!(out, "{}", letter.escape_default())?;
            } else {
                out.write_char(letter)?;
            }
        }
        Ok(())
    }
}

/// The problems so far, at most one for each path.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Notes a problem, unless one is known at this path.
    pub fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        let path = path.into();
        let known = self.0.iter().any(|problem| problem.path == path);
        if self.0.len() < MAX_PROBLEMS && !known {
            let message = message.into();
            self.0.push(Problem { path, message });
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub fn into_list(self) -> Vec<Problem> {
        self.0
    }
}

/// Reads a document, JSON or a serialized protobuf `Struct`, as far as it is good.
pub fn read<T: DeserializeOwned + Default>(document: &[u8], problems: &mut Problems) -> T {
    if document.iter().all(u8::is_ascii_whitespace) {
        return T::default();
    }
    // No JSON is a `Struct`, too: every member of a `Struct` has a byte 0x12,
    // which JSON can't have.
    let parsed = match protobuf_struct::read(document) {
        Some(value) => Ok(value),
        None => serde_json::from_slice(document),
    };
    let mut value = match parsed {
        Ok(value @ Value::Object(_)) => value,
        Ok(_) => {
            problems.add("", "must be an object");
            return T::default();
        }
        Err(error) => {
            problems.add("", format!("is not JSON: {error}"));
            return T::default();
        }
    };
    make_whole(&mut value);
    let mut last_path = None;
    // Each turn takes out a value, so that this ends.
    loop {
        let error = match serde_path_to_error::deserialize::<_, T>(&value) {
            Ok(read) => return read,
            Err(error) => error,
        };
        let path = error.path().to_string();
        let repeated = last_path.as_ref() == Some(&path);
        problems.add(path.clone(), error.inner().to_string());
        last_path = Some(path);
        if !take_out(&mut value, error.path(), repeated) {
            return T::default();
        }
    }
}

/// A `Struct` has no whole numbers: `5` arrives as `5.0`.
fn make_whole(value: &mut Value) {
    match value {
        Value::Number(number) => {
            let whole = number
                .as_f64()
                .filter(|float| number.is_f64() && float.fract() == 0.0);
            // Beyond 2^53 a float names no single whole number.
            if let Some(float) = whole.filter(|float| float.abs() <= 9_007_199_254_740_992.0) {
                *number = Number::from(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_whole),
        Value::Object(members) => members.values_mut().for_each(make_whole),
        _ => {}
    }
}

/// Takes the value at this path out. In a list a neutral text stands in for
/// it, so that the positions of the others stay; if that was no help, the
/// whole list goes.
fn take_out(root: &mut Value, path: &Path, repeated: bool) -> bool {
    let mut segments: Vec<&Segment> = path.iter().collect();
    while let Some(Segment::Enum { .. } | Segment::Unknown) = segments.last() {
        segments.pop();
    }
    if repeated && matches!(segments.last(), Some(Segment::Seq { .. })) {
        segments.pop();
    }
    let Some((last, parents)) = segments.split_last() else {
        return false;
    };
    let mut value = root;
    for segment in parents {
        let child = match segment {
            Segment::Seq { index } => value.get_mut(*index),
            Segment::Map { key } => value.get_mut(key.as_str()),
            _ => None,
        };
        match child {
            Some(child) => value = child,
            None => return false,
        }
    }
    match (last, value) {
        (Segment::Map { key }, Value::Object(members)) => members.remove(key).is_some(),
        (Segment::Seq { index }, Value::Array(items)) => {
            let item = items.get_mut(*index);
            item.map(|item| *item = Value::String(String::new()))
                .is_some()
        }
        _ => false,
    }
}
