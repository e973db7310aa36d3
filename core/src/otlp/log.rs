//! Log records and events: OTLP `LogRecord`.

use super::attribute::{self, Attribute};
use super::wire::Writer;
use crate::trace_context::SpanContext;

/// Severity numbers of the
/// [log data model](https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing is said.
    Unspecified = 0,
    /// 9: normal.
    Info = 9,
    /// 13: worth a look.
    Warn = 13,
    /// 17: failed.
    Error = 17,
}

/// A log record; an event where it has an event name.
#[derive(Clone, Copy, Debug)]
pub struct LogRecord<'a> {
    /// When it happened, in nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// The severity.
    pub severity: Severity,
    /// The text; empty for an event that its attributes describe.
    pub body: &'a str,
    /// The name of the event; may be empty.
    pub event_name: &'a str,
    /// More about it.
    pub attributes: &'a [Attribute<'a>],
    /// The span that it happened in.
    pub context: Option<SpanContext>,
}

impl LogRecord<'_> {
    /// Appends the record as an item of an export request.
    pub fn write(&self, items: &mut Writer) {
        items.message(2, |record| {
            let Self {
                unix_nanos,
                severity,
                event_name,
                ref context,
                ..
            } = *self;
            write_event(record, event_name, severity, unix_nanos, context.as_ref());
            if !self.body.is_empty() {
                attribute::write_text(record, 5, self.body);
            }
            for item in self.attributes {
                record.attribute(LOG_ATTRIBUTES, item);
            }
        });
    }
}

/// The field of a log record that holds its attributes.
pub const LOG_ATTRIBUTES: u32 = 6;

/// Writes the fields of an event, or of a record that has no name, without its
/// attributes.
pub fn write_event(
    record: &mut Writer,
    name: &str,
    severity: Severity,
    unix_nanos: u64,
    context: Option<&SpanContext>,
) {
    record.fixed64(1, unix_nanos);
    record.varint(2, severity as u64);
    if let Some(context) = context {
        record.fixed32(8, u32::from(context.flags.bits()));
        record.bytes(9, context.trace_id.as_bytes());
        record.bytes(10, context.span_id.as_bytes());
    }
    record.fixed64(11, unix_nanos);
    record.string(12, name);
}
