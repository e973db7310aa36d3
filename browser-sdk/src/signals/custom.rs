//! Events and spans that the page's own code tells, or a watcher of the package
//! whose signal needs no rule of the engine's.

use sightline_core::append;
use sightline_core::otlp::{Severity, SpanKind, write_error, write_link};
use sightline_core::redact;
use sightline_core::search::find;
use sightline_core::trace_context::SpanContext;

use crate::attributes::Attributes;
use crate::clock::Clock;
use crate::page::{Location, truncated};
use crate::record::Record;
use crate::view::View;

const MAX_NAME: usize = 128;

/// An event.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// Its name.
    pub name: &'a str,
    /// `location.href` at the time.
    pub url: &'a str,
    /// When, in milliseconds since the time origin.
    pub at_ms: f64,
    /// Whether the same one is told once, and so many different ones.
    pub is_bounded: bool,
    /// What it tells.
    pub attributes: Attributes<'a>,
}

/// A span.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// Its own `traceparent`.
    pub traceparent: &'a str,
    /// That of its parent; empty without one.
    pub parent: &'a str,
    /// Its name; one that ends in a blank is followed by the route.
    pub name: &'a str,
    /// `location.href` when it ended.
    pub url: &'a str,
    /// When it began, in milliseconds since the time origin.
    pub start_ms: f64,
    /// When it ended.
    pub end_ms: f64,
    /// What it tells; with `error.type` its status is an error.
    pub attributes: Attributes<'a>,
}

/// The event as it leaves.
pub fn event(
    event: &Event<'_>,
    location: &Location,
    view: &View,
    page: &SpanContext,
    clock: Clock,
) -> Record {
    let name = redact::text(event.name);
    let at = clock.unix_nanos(event.at_ms);
    let mut record = Record::event(truncated(&name, MAX_NAME), Severity::Info, at, Some(page));
    view.describe(location, &mut record);
    event.attributes.describe(&mut record);
    record
}

/// The span as it leaves.
pub fn span(
    span: &Span<'_>,
    context: &SpanContext,
    location: &Location,
    view: &View,
    page: &SpanContext,
    clock: Clock,
) -> Record {
    let mut name = redact::text(span.name);
    if name.as_bytes().last() == Some(&b' ') {
        append::text(&mut name, &location.template);
    }
    let mut record = begun(
        truncated(&name, MAX_NAME),
        SpanKind::Internal,
        context,
        span.parent,
        page,
        clock.span(span.start_ms, span.end_ms),
    );
    view.describe(location, &mut record);
    span.attributes.describe(&mut record);
    if find(span.attributes.texts, "serror.type\0").is_some() {
        write_error(&mut record.fields, "");
    }
    record
}

/// A child of this parent; without one, a root that is linked to the page: a page
/// may live for hours, its trace should not.
pub fn begun(
    name: &str,
    kind: SpanKind,
    context: &SpanContext,
    parent: &str,
    page: &SpanContext,
    unix_nanos: [u64; 2],
) -> Record {
    let parent = SpanContext::parse(parent.as_bytes());
    let parent_id = parent.as_ref().map(|parent| (&parent.span_id, false));
    let mut record = Record::span(name, kind, context, parent_id, unix_nanos);
    if parent.is_none() {
        write_link(&mut record.fields, page, |_| {});
    }
    record
}
