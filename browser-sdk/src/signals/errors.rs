//! Uncaught errors and unhandled rejections as `exception` events
//! ([conventions](https://opentelemetry.io/docs/specs/semconv/exceptions/exceptions-logs/)).
//! Stacks stay the text that the browser made; they are not parsed here.

use alloc::string::String;

use sightline_core::append;
use sightline_core::fingerprint::{Fnv, fingerprint};
use sightline_core::otlp::Severity;
use sightline_core::redact;
use sightline_core::trace_context::SpanContext;

use crate::attributes::Attributes;
use crate::breadcrumbs::Breadcrumbs;
use crate::page::{Location, truncated};
use crate::record::Record;
use crate::view::View;

/// So many different errors of one page are told.
const MAX_DISTINCT: usize = 64;
const MAX_TYPE: usize = 128;
const MAX_MESSAGE: usize = 1024;
const MAX_STACK: usize = 8192;

/// An error that nothing caught, or that the page's own code tells.
#[derive(Clone, Copy, Debug)]
pub struct Thrown<'a> {
    /// Its class, or the type of the value that was thrown.
    pub kind: &'a str,
    /// Its message.
    pub message: &'a str,
    /// Its stack, as the browser wrote it; may be empty.
    pub stack: &'a str,
    /// `location.href` at the time.
    pub url: &'a str,
    /// How it came, such as `unhandled_rejection`.
    pub source: &'a str,
    /// The `traceparent` of what led to it; may be empty.
    pub parent: &'a str,
    /// When, in milliseconds since the time origin.
    pub at_ms: f64,
    /// What the page's own code says of it.
    pub attributes: Attributes<'a>,
}

/// What becomes of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is new: tell it.
    Tell,
    /// The same one was told before.
    Duplicate,
    /// The page has told too many different ones.
    TooMany,
}

/// The errors that a page told.
#[derive(Clone, Debug)]
pub struct Errors {
    told: [u64; MAX_DISTINCT],
    count: usize,
}

impl Default for Errors {
    fn default() -> Self {
        Self {
            told: [0; MAX_DISTINCT],
            count: 0,
        }
    }
}

impl Errors {
    /// Whether what these texts say is to be told.
    pub fn judge(&mut self, texts: &[&str]) -> Verdict {
        let mut hash = Fnv::default();
        for text in texts {
            hash.word(text);
        }
        let identity = hash.0;
        for told in self.told.iter().take(self.count) {
            if *told == identity {
                return Verdict::Duplicate;
            }
        }
        let Some(place) = self.told.get_mut(self.count) else {
            return Verdict::TooMany;
        };
        *place = identity;
        self.count = self.count.wrapping_add(1);
        Verdict::Tell
    }
}

/// The event.
pub fn event(
    thrown: &Thrown<'_>,
    location: &Location,
    view: &View,
    breadcrumbs: &Breadcrumbs,
    page: &SpanContext,
    unix_nanos: u64,
) -> Record {
    let parent = SpanContext::parse(thrown.parent.as_bytes());
    let context = parent.as_ref().unwrap_or(page);
    let mut event = Record::event("exception", Severity::Error, unix_nanos, Some(context));
    // Cut after redacting: a secret may not escape by being cut in two.
    let mut add = |key, text, bytes| event.text(key, truncated(&redact::text(text), bytes));
    add("exception.type", thrown.kind, MAX_TYPE);
    add("exception.message", thrown.message, MAX_MESSAGE);
    add("exception.stacktrace", thrown.stack, MAX_STACK);
    let mut digits = String::new();
    let hash = fingerprint(thrown.kind, thrown.message, thrown.stack);
    append::hex(&mut digits, &hash.to_be_bytes());
    event.text("sightline.exception.fingerprint", &digits);
    event.text("sightline.exception.source", thrown.source);
    event.lines("sightline.breadcrumbs", &breadcrumbs.lines);
    view.describe(location, &mut event);
    thrown.attributes.describe(&mut event);
    event
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn tells_the_same_error_once() {
        let mut errors = Errors::default();
        assert_eq!(errors.judge(&["TypeError", "a"]), Verdict::Tell);
        assert_eq!(errors.judge(&["TypeError", "a"]), Verdict::Duplicate);
        assert_eq!(errors.judge(&["TypeError", "b"]), Verdict::Tell);
        let moved = errors.judge(&["TypeErrora", ""]);
        assert_eq!(moved, Verdict::Tell, "texts do not run together");
    }

    #[test]
    fn a_storm_of_different_errors_ends() {
        let mut errors = Errors::default();
        for at in 0..10_000 {
            let expected = if at < MAX_DISTINCT {
                Verdict::Tell
            } else {
                Verdict::TooMany
            };
            assert_eq!(errors.judge(&[&format!("error {at}")]), expected);
        }
        assert_eq!(errors.judge(&["error 3"]), Verdict::Duplicate);
    }
}
