//! Spans: OTLP `Span` with events, links and status.

use super::attribute::{self, Attribute};
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
            span.bytes(1, self.context.trace_id.as_bytes());
            span.bytes(2, self.context.span_id.as_bytes());
            span.string(3, self.trace_state);
            if let Some(parent) = &self.parent {
                span.bytes(4, parent.as_bytes());
            }
            span.string(5, self.name);
            span.varint(6, self.kind as u64);
            span.fixed64(7, self.start_unix_nanos);
            span.fixed64(8, self.end_unix_nanos);
            for item in self.attributes {
                attribute::write(span, 9, item);
            }
            for event in self.events {
                span.message(11, |message| {
                    message.fixed64(1, event.unix_nanos);
                    message.string(2, event.name);
                    for item in event.attributes {
                        attribute::write(message, 3, item);
                    }
                });
            }
            for link in self.links {
                span.message(13, |message| {
                    message.bytes(1, link.context.trace_id.as_bytes());
                    message.bytes(2, link.context.span_id.as_bytes());
                    for item in link.attributes {
                        attribute::write(message, 4, item);
                    }
                    message.fixed32(6, flags(link.context, None));
                });
            }
            if let Status::Error(text) = self.status {
                span.message(15, |status| {
                    status.string(2, text);
                    status.varint(3, 2);
                });
            }
            span.fixed32(16, flags(self.context, self.parent_is_remote));
        });
    }
}

/// Bits 0–7 the trace flags, bit 8 whether bit 9 is known, bit 9 whether the
/// parent is remote.
fn flags(context: SpanContext, remote: Option<bool>) -> u32 {
    let remote = match remote {
        None => 0,
        Some(false) => 0x100,
        Some(true) => 0x300,
    };
    u32::from(context.flags.bits()) | remote
}
