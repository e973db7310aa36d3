//! Log records and events: OTLP `LogRecord`.

use super::attribute::{self, Attribute, Value};
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
            record.fixed64(1, self.unix_nanos);
            record.varint(2, self.severity as u64);
            if !self.body.is_empty() {
                attribute::write_value(record, 5, Value::Str(self.body));
            }
            for item in self.attributes {
                attribute::write(record, 6, item);
            }
            if let Some(context) = &self.context {
                record.fixed32(8, u32::from(context.flags.bits()));
                record.bytes(9, context.trace_id.as_bytes());
                record.bytes(10, context.span_id.as_bytes());
            }
            record.fixed64(11, self.unix_nanos);
            record.string(12, self.event_name);
        });
    }
}
