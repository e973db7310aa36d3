//! What all web vitals have in common: rating, delta, and the
//! `browser.web_vital` event. How each is measured stands in its own file.

use alloc::string::String;

use sightline_core::append;
use sightline_core::otlp::{LogRecord, Severity, Writer};
use sightline_core::redact;
use sightline_core::trace_context::SpanContext;

use crate::attributes::Attributes;
use crate::page::truncated;
use crate::view::View;

/// A vital: its name, and the bounds of its ratings as
/// [web.dev](https://web.dev/articles/vitals) has them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Vital {
    /// Lower-case name, as the semantic conventions want it.
    pub name: &'static str,
    /// Its place among the vitals of a view, from 0: LCP, INP, CLS, FCP, TTFB.
    pub place: usize,
    /// The highest value that is rated `good`.
    pub good: f64,
    /// The highest value that is not rated `poor`.
    pub fair: f64,
}

impl Vital {
    /// `good`, `needs-improvement` or `poor`.
    pub fn rating(&self, value: f64) -> &'static str {
        if value > self.fair {
            "poor"
        } else if value > self.good {
            "needs-improvement"
        } else {
            "good"
        }
    }
}

/// A value to be told, with what it adds to the last one told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The value.
    pub value: f64,
    /// The value without what was told before.
    pub delta: f64,
}

/// Remembers what was told of a vital.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told(Option<f64>);

impl Told {
    /// The report of a value, unless it was told already. A first value of
    /// zero is told too.
    pub fn tell(&mut self, value: f64) -> Option<Report> {
        let delta = value - self.0.unwrap_or(0.0);
        if self.0.is_some() && delta == 0.0 {
            return None;
        }
        self.0 = Some(value);
        Some(Report { value, delta })
    }
}

/// The longest text that is kept of what a value is made of, in bytes.
const MAX_TEXT: usize = 200;

/// A text, such as a selector, as it may leave the page: an id may be
/// somebody's.
#[inline(never)]
pub fn kept(text: &str) -> String {
    append::owned(truncated(&redact::text(text), MAX_TEXT))
}

/// Encodes the event, with what the value is made of.
pub fn event(
    vital: &Vital,
    report: Report,
    view: &View,
    attributes: Attributes<'_>,
    context: SpanContext,
    unix_nanos: u64,
) -> Writer {
    let mut attributes = attributes;
    let mut id = append::owned(view.id());
    append::text(&mut id, "-");
    append::text(&mut id, vital.name);
    attributes.text("browser.web_vital.id", &id);
    attributes.text("browser.web_vital.name", vital.name);
    attributes.double("browser.web_vital.value", report.value);
    attributes.double("browser.web_vital.delta", report.delta);
    attributes.text("browser.web_vital.rating", vital.rating(report.value));
    attributes.text("browser.web_vital.navigation_type", &view.navigation_type);
    view.describe(&view.location, &mut attributes);
    let mut items = Writer::new();
    LogRecord {
        unix_nanos,
        severity: Severity::Info,
        body: "",
        event_name: "browser.web_vital",
        attributes: attributes.as_slice(),
        context: Some(context),
    }
    .write(&mut items);
    items
}

/// What a description adds: each key with its number, if it is one.
#[cfg(test)]
pub fn told_of<'a>(
    describe: impl FnOnce(&mut Attributes<'a>),
) -> alloc::vec::Vec<(String, Option<f64>)> {
    use sightline_core::otlp::Value;
    let mut attributes = Attributes::default();
    describe(&mut attributes);
    let pairs = attributes.as_slice().iter();
    pairs
        .map(|pair| match pair.value {
            Value::Double(number) => (append::owned(pair.key), Some(number)),
            _ => (append::owned(pair.key), None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_the_bound_has_the_better_rating() {
        let vital = Vital {
            name: "lcp",
            place: 0,
            good: 2500.0,
            fair: 4000.0,
        };
        for (value, rating) in [
            (0.0, "good"),
            (2500.0, "good"),
            (2500.1, "needs-improvement"),
            (4000.0, "needs-improvement"),
            (4000.1, "poor"),
        ] {
            assert_eq!(vital.rating(value), rating);
        }
    }

    #[test]
    fn tells_a_value_once_and_its_growth_as_delta() {
        let mut told = Told::default();
        let report = |value, delta| Some(Report { value, delta });
        assert_eq!(told.tell(0.0), report(0.0, 0.0));
        assert_eq!(told.tell(0.0), None);
        assert_eq!(told.tell(0.25), report(0.25, 0.25));
        assert_eq!(told.tell(1.0), report(1.0, 0.75));
    }
}
