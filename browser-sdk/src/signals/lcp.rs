//! Largest Contentful Paint ([definition](https://web.dev/articles/lcp)) and
//! its sub-parts. Which paint is the largest, and that none counts after
//! input, is the browser's knowledge; a page hidden meanwhile is ours.

use alloc::string::String;

use sightline_core::names::web_vital as name;
use sightline_core::redact;
use sightline_core::web_vital;

use super::vital::{self, Vital};
use crate::page::{MAX_URL, truncated};
use crate::record::Record;

/// Milliseconds.
pub const LCP: Vital = Vital::new(&web_vital::LCP, 0, 1e3);

/// A contentful paint larger than all before it. Times are since the time
/// origin; those of the resource are 0 without one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Paint<'a> {
    /// When.
    pub paint_ms: f64,
    /// The interaction that led to it, of a soft navigation; else 0.
    pub interaction_id: f64,
    /// When the resource was asked for.
    pub request_ms: f64,
    /// When it was there.
    pub response_end_ms: f64,
    /// The resource.
    pub url: &'a str,
    /// The element.
    pub target: &'a str,
}

/// The largest paint so far.
#[derive(Clone, Debug, Default)]
pub struct Lcp {
    value: Option<f64>,
    request: f64,
    response_end: f64,
    url: String,
    target: String,
    is_final: bool,
}

impl Lcp {
    /// A candidate larger than all before it, in a view whose times count from
    /// `origin_ms`.
    pub fn candidate(&mut self, paint: &Paint<'_>, origin_ms: f64, hidden_ms: f64) {
        if let Some(value) = super::fcp::value(paint.paint_ms, origin_ms, hidden_ms)
            && !self.is_final
        {
            self.value = Some(value);
            self.request = paint.request_ms - origin_ms;
            self.response_end = paint.response_end_ms - origin_ms;
            self.url = redact::url(truncated(paint.url, MAX_URL));
            self.target = vital::kept(paint.target);
        }
    }

    /// From now on the value stays: the person used the page, or left.
    pub fn finish(&mut self) {
        self.is_final = true;
    }

    /// The value, once it stays.
    pub fn value(&self) -> Option<f64> {
        self.value.filter(|_| self.is_final)
    }

    /// Adds what the value is made of, after a first byte at this time.
    pub fn describe(&self, first_byte: f64, record: &mut Record) {
        let value = self.value.unwrap_or_default();
        let request = self.request.max(first_byte);
        // What goes on loading after its paint ends with it.
        let response_end = self.response_end.max(request).min(value);
        record.text(name::TARGET, &self.target);
        record.text(name::URL, &self.url);
        record.double(name::TIME_TO_FIRST_BYTE, first_byte);
        record.double(name::RESOURCE_LOAD_DELAY, request - first_byte);
        record.double(name::RESOURCE_LOAD_DURATION, response_end - request);
        record.double(name::ELEMENT_RENDER_DELAY, value - response_end);
    }
}

#[cfg(test)]
mod tests {
    use super::super::vital::told_of;
    use super::*;
    use alloc::vec::Vec;

    const NEVER: f64 = f64::INFINITY;

    fn at(paint_ms: f64) -> Paint<'static> {
        Paint {
            paint_ms,
            ..Paint::default()
        }
    }

    #[test]
    fn the_last_candidate_counts() {
        let mut lcp = Lcp::default();
        lcp.candidate(&at(100.0), 0.0, NEVER);
        lcp.candidate(&at(900.5), 0.0, NEVER);
        assert_eq!(lcp.value(), None, "a larger one may come");
        lcp.finish();
        assert_eq!(lcp.value(), Some(900.5));
    }

    #[test]
    fn nothing_counts_after_the_end_or_in_the_background() {
        let mut lcp = Lcp::default();
        lcp.finish();
        lcp.candidate(&at(100.0), 0.0, NEVER);
        assert_eq!(lcp.value(), None);

        let mut lcp = Lcp::default();
        lcp.candidate(&at(100.0), 0.0, 500.0);
        lcp.candidate(&at(900.0), 0.0, 500.0);
        lcp.finish();
        assert_eq!(lcp.value(), Some(100.0));
    }

    #[test]
    fn the_parts_add_up() {
        let image = Paint {
            request_ms: 300.0,
            response_end_ms: 700.0,
            ..at(1000.0)
        };
        for (paint, origin, first_byte, expected, why) in [
            (image, 0.0, 100.0, [100.0, 200.0, 400.0, 300.0], "an image"),
            (at(1000.0), 0.0, 100.0, [100.0, 0.0, 0.0, 900.0], "text"),
            (
                image,
                200.0,
                0.0,
                [0.0, 100.0, 400.0, 300.0],
                "since a soft navigation",
            ),
            (
                Paint {
                    response_end_ms: 5000.0,
                    ..image
                },
                0.0,
                100.0,
                [100.0, 200.0, 700.0, 0.0],
                "a video goes on loading",
            ),
            (
                Paint {
                    request_ms: 20.0,
                    response_end_ms: 40.0,
                    ..image
                },
                0.0,
                100.0,
                [100.0, 0.0, 0.0, 900.0],
                "there before the document",
            ),
        ] {
            let mut lcp = Lcp::default();
            lcp.candidate(&paint, origin, NEVER);
            let parts = told_of(|attributes| lcp.describe(first_byte, attributes));
            let numbers: Vec<f64> = parts.iter().filter_map(|(_, value)| *value).collect();
            assert_eq!(numbers, expected, "{why}");
        }
    }
}
