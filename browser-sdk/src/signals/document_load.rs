//! The document load span, from Navigation Timing. It is a child of the edge's
//! span where `Server-Timing` tells it. Resources have no spans here.

use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::otlp::{Event, Span, SpanKind, Status, Writer};

use crate::attributes::Attributes;
use crate::clock::Clock;
use crate::page::Page;

/// The phases that become events of the span: members of
/// `PerformanceNavigationTiming`, in the order that [`span`] wants their times.
pub const PHASES: [&str; 12] = [
    "fetchStart",
    "domainLookupStart",
    "connectStart",
    "secureConnectionStart",
    "requestStart",
    "responseStart",
    "responseEnd",
    "domInteractive",
    "domContentLoadedEventStart",
    "domContentLoadedEventEnd",
    "domComplete",
    "loadEventStart",
];

const RESPONSE_START: usize = 5;

/// When the first byte came, by the times of [`PHASES`].
pub fn response_start(phases_ms: &[f64]) -> f64 {
    phases_ms.get(RESPONSE_START).copied().unwrap_or_default()
}

/// Encodes the span. `phases_ms` are the times of [`PHASES`] since the time
/// origin; one that is zero has not been reached, or is not told.
pub fn span(page: &Page, clock: Clock, phases_ms: &[f64], start_ms: f64, end_ms: f64) -> Writer {
    let mut events = Vec::new();
    for (name, at) in PHASES.iter().zip(phases_ms) {
        if *at > 0.0 {
            let event = Event {
                unix_nanos: clock.unix_nanos(*at),
                name,
                attributes: &[],
            };
            append::item(&mut events, event);
        }
    }
    let mut attributes = Attributes::default();
    attributes.text("url.full", &page.location.full);
    page.location.describe(&mut attributes);
    let mut items = Writer::new();
    Span {
        context: page.context,
        trace_state: "",
        parent: page.parent,
        parent_is_remote: page.parent.map(|_| true),
        name: "documentLoad",
        kind: SpanKind::Internal,
        start_unix_nanos: clock.unix_nanos(start_ms),
        end_unix_nanos: clock.unix_nanos(end_ms.max(start_ms)),
        attributes: attributes.as_slice(),
        events: &events,
        links: &[],
        status: Status::Unset,
    }
    .write(&mut items);
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_is_the_phase_of_that_name() {
        assert_eq!(PHASES[RESPONSE_START], "responseStart");
    }
}
