//! What all web vitals have in common: rating, delta, and the
//! `browser.web_vital` event. How each is measured stands in its own file.

use alloc::string::String;

use sightline_core::append;
use sightline_core::otlp::Severity;
use sightline_core::redact;
use sightline_core::trace_context::SpanContext;
use sightline_core::web_vital::{self, WebVital};

use crate::page::truncated;
use crate::record::Record;
use crate::view::View;

/// A vital of a page, whose values are in milliseconds where the histogram's unit
/// is the second.
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
    /// The unit of its histogram by [UCUM](https://ucum.org).
    pub unit: &'static str,
    /// How many of its values are one of that unit: they are milliseconds.
    pub per_unit: f64,
}

impl Vital {
    /// A vital as `core` knows it.
    pub const fn new(known: &WebVital, place: usize, per_unit: f64) -> Self {
        Self {
            name: known.name,
            place,
            good: known.good * per_unit,
            fair: known.fair * per_unit,
            unit: known.metric.unit,
            per_unit,
        }
    }

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

    /// Upper bounds of its histogram, in its unit.
    // Inlined like what it calls: else the engine is 48 bytes larger.
    #[inline(always)]
    pub fn bounds(&self) -> [f64; 7] {
        web_vital::bounds(self.good, self.fair, self.per_unit)
    }
}

/// A value to be told, with what it adds to the last one told.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Report {
    /// The value.
    pub value: f64,
    /// The value without what was told before.
    pub delta: f64,
    /// Nothing was told before.
    pub is_first: bool,
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
        let is_first = self.0.replace(value).is_none();
        Some(Report {
            value,
            delta,
            is_first,
        })
    }
}

/// How the view began.
pub const NAVIGATION_TYPE: &str = "browser.web_vital.navigation_type";

/// The longest text that is kept of what a value is made of, in bytes.
const MAX_TEXT: usize = 200;

/// A text, such as a selector, as it may leave the page: an id may be
/// somebody's.
#[inline(never)]
pub fn kept(text: &str) -> String {
    append::owned(truncated(&redact::text(text), MAX_TEXT))
}

/// The event, without what the value is made of.
pub fn event(
    vital: &Vital,
    report: Report,
    view: &View,
    context: &SpanContext,
    unix_nanos: u64,
) -> Record {
    let mut id = append::owned(view.id());
    append::text(&mut id, "-");
    append::text(&mut id, vital.name);
    let severity = Severity::Info;
    let mut event = Record::event("browser.web_vital", severity, unix_nanos, Some(context));
    event.text("browser.web_vital.id", &id);
    event.text("browser.web_vital.name", vital.name);
    event.double("browser.web_vital.value", report.value);
    event.double("browser.web_vital.delta", report.delta);
    event.text("browser.web_vital.rating", vital.rating(report.value));
    event.text(NAVIGATION_TYPE, &view.navigation_type);
    view.describe(&view.location, &mut event);
    event
}

/// What a description adds: each key with its number, if it is one.
#[cfg(test)]
pub fn told_of(describe: impl FnOnce(&mut Record)) -> alloc::vec::Vec<(String, Option<f64>)> {
    use opentelemetry_proto::tonic::{common::v1::any_value::Value, logs::v1::LogRecord};
    use prost::Message;
    let mut record = Record::event("", Severity::Info, 0, None);
    describe(&mut record);
    let record = LogRecord::decode(record.into_bytes().as_slice()).unwrap();
    let pairs = record.attributes.into_iter();
    pairs
        .map(|pair| match pair.value.unwrap().value {
            Some(Value::DoubleValue(number)) => (pair.key, Some(number)),
            _ => (pair.key, None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_on_the_bound_has_the_better_rating() {
        let vital = super::super::lcp::LCP;
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
    fn milliseconds_come_to_the_bounds_of_core() {
        use super::super::{cls::CLS, fcp::FCP, inp::INP, lcp::LCP, ttfb::TTFB};
        let vitals = [LCP, INP, CLS, FCP, TTFB];
        assert_eq!(vitals.len(), web_vital::ALL.len());
        for (place, (vital, known)) in vitals.iter().zip(web_vital::ALL).enumerate() {
            assert_eq!((vital.name, vital.place), (known.name, place));
            assert_eq!(vital.bounds(), known.bounds(), "{}", known.name);
        }
        let ratings = vitals.map(|vital| (vital.good, vital.fair));
        let expected = [
            (2500.0, 4000.0),
            (200.0, 500.0),
            (0.1, 0.25),
            (1800.0, 3000.0),
            (800.0, 1800.0),
        ];
        assert_eq!(ratings, expected);
    }

    #[test]
    fn tells_a_value_once_and_its_growth_as_delta() {
        let mut told = Told::default();
        let mut is_first = true;
        let mut report = |value, delta| {
            let is_first = core::mem::take(&mut is_first);
            Some(Report {
                value,
                delta,
                is_first,
            })
        };
        assert_eq!(told.tell(0.0), report(0.0, 0.0));
        assert_eq!(told.tell(0.0), None);
        assert_eq!(told.tell(0.25), report(0.25, 0.25));
        assert_eq!(told.tell(1.0), report(1.0, 0.75));
    }
}
