//! The document load span, from Navigation Timing. It is a child of the edge's
//! span where `Server-Timing` tells it. Resources have no spans here.

use sightline_core::names::URL_FULL;
use sightline_core::otlp::{SpanKind, write_span_event};

use crate::clock::Clock;
use crate::navigation::Navigation;
use crate::page::Page;
use crate::record::Record;

/// The span, from activation to this end; the phases are its events.
pub fn span(page: &Page, clock: Clock, navigation: &Navigation, end_ms: f64) -> Record {
    let start_ms = navigation.activation_ms;
    let kind = SpanKind::Internal;
    let mut span = Record::span(
        "documentLoad",
        kind,
        &page.context,
        page.parent.as_ref().map(|parent| (parent, true)),
        clock.span(start_ms, end_ms),
    );
    for (name, at) in navigation.phases() {
        write_span_event(&mut span.fields, name, clock.unix_nanos(at), |_| {});
    }
    span.text(URL_FULL, &page.location.full);
    page.location.describe(&mut span);
    span
}
