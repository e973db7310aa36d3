//! Spans: OTLP `Span` with events, links and status.

use super::attribute::Attribute;
use super::wire::Writer;
use crate::id::SpanId;
use crate::trace_context::SpanContext;

/// The role of a span in its trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Work inside one process.
    Internal = 1,
    /// Answers a request.
    Server = 2,
    /// Sends a request.
    Client = 3,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status<'a> {
    /// Nothing is said.
    Unset,
    /// It failed; the text may be empty.
    Error(&'a str),
}

/// Something that happened while a span ran.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    /// When, in nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// What.
    pub name: &'a str,
    /// More about it.
    pub attributes: &'a [Attribute<'a>],
}

/// Another span that this one belongs together with.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// The other span.
    pub context: SpanContext,
    /// More about it.
    pub attributes: &'a [Attribute<'a>],
}

/// A finished span.
#[derive(Clone, Copy, Debug)]
pub struct Span<'a> {
    /// The trace, this span's own id, and the trace flags.
    pub context: SpanContext,
    /// The `tracestate`; may be empty.
    pub trace_state: &'a str,
    /// The span that this one was started by.
    pub parent: Option<SpanId>,
    /// Whether the parent came from another process; `None` says nothing.
    pub parent_is_remote: Option<bool>,
    /// A name of bounded variety.
    pub name: &'a str,
    /// The role.
    pub kind: SpanKind,
    /// Start, in nanoseconds since the Unix epoch.
    pub start_unix_nanos: u64,
    /// End, in nanoseconds since the Unix epoch.
    pub end_unix_nanos: u64,
    /// More about it.
    pub attributes: &'a [Attribute<'a>],
    /// What happened meanwhile.
    pub events: &'a [Event<'a>],
    /// Other spans.
    pub links: &'a [Link<'a>],
    /// How it ended.
    pub status: Status<'a>,
}

impl Span<'_> {
    /// Appends the span as an item of an export request.
    pub fn write(&self, items: &mut Writer) {
        items.message(2, |span| {
            let parent = (self.parent.as_ref(), self.parent_is_remote);
            let unix_nanos = [self.start_unix_nanos, self.end_unix_nanos];
            write_span(
                span,
                self.name,
                self.kind,
                &self.context,
                parent,
                unix_nanos,
            );
            span.string(3, self.trace_state);
            for item in self.attributes {
                span.attribute(SPAN_ATTRIBUTES, item);
            }
            for event in self.events {
                write_span_event(span, event.name, event.unix_nanos, |message| {
                    for item in event.attributes {
                        message.attribute(3, item);
                    }
                });
            }
            for link in self.links {
                write_link(span, &link.context, |message| {
                    for item in link.attributes {
                        message.attribute(4, item);
                    }
                });
            }
            if let Status::Error(text) = self.status {
                write_error(span, text);
            }
        });
    }
}

/// The field of a span that holds its attributes.
pub const SPAN_ATTRIBUTES: u32 = 9;

/// Writes the fields that every span has; its parent with whether that is
/// remote, its start and end.
pub fn write_span(
    span: &mut Writer,
    name: &str,
    kind: SpanKind,
    context: &SpanContext,
    (parent, parent_is_remote): (Option<&SpanId>, Option<bool>),
    [start_unix_nanos, end_unix_nanos]: [u64; 2],
) {
    span.bytes(1, context.trace_id.as_bytes());
    span.bytes(2, context.span_id.as_bytes());
    if let Some(parent) = parent {
        span.bytes(4, parent.as_bytes());
    }
    span.string(5, name);
    span.varint(6, kind as u64);
    span.fixed64(7, start_unix_nanos);
    span.fixed64(8, end_unix_nanos);
    span.fixed32(16, flags(context, parent_is_remote));
}

/// Writes an event of a span; `more` its attributes, as field 3.
pub fn write_span_event(
    span: &mut Writer,
    name: &str,
    unix_nanos: u64,
    more: impl FnOnce(&mut Writer),
) {
    span.message(11, |event| {
        event.fixed64(1, unix_nanos);
        event.string(2, name);
        more(event);
    });
}

/// Writes a link of a span; `more` its attributes, as field 4.
pub fn write_link(span: &mut Writer, context: &SpanContext, more: impl FnOnce(&mut Writer)) {
    span.message(13, |link| {
        link.bytes(1, context.trace_id.as_bytes());
        link.bytes(2, context.span_id.as_bytes());
        more(link);
        link.fixed32(6, flags(context, None));
    });
}

/// Writes that a span ended in an error, and in words what, if there are any.
pub fn write_error(span: &mut Writer, text: &str) {
    span.message(15, |status| {
        status.string(2, text);
        status.varint(3, 2);
    });
}

/// Bits 0–7 the trace flags, bit 8 whether bit 9 is known, bit 9 whether the
/// parent is remote.
fn flags(context: &SpanContext, remote: Option<bool>) -> u32 {
    let remote = match remote {
        None => 0,
        Some(false) => 0x100,
        Some(true) => 0x300,
    };
    u32::from(context.flags.bits()) | remote
}
