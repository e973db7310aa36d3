//! The document load span, from Navigation Timing. It is a child of the edge's
//! span where `Server-Timing` tells it. Resources have no spans here.

use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::otlp::{Event, Span, SpanKind, Status, Writer};

use crate::attributes::Attributes;
use crate::clock::Clock;
use crate::navigation::Navigation;
use crate::page::Page;

/// Encodes the span, from activation to this end; the phases are its events.
pub fn span(page: &Page, clock: Clock, navigation: &Navigation, end_ms: f64) -> Writer {
    let start_ms = navigation.activation_ms;
    let mut events = Vec::new();
    for (name, at) in navigation.phases() {
        let event = Event {
            unix_nanos: clock.unix_nanos(at),
            name,
            attributes: &[],
        };
        append::item(&mut events, event);
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
