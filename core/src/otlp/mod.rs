//! OTLP bodies in protobuf ([opentelemetry-proto](https://opentelemetry.io/docs/specs/otlp/)),
//! written straight into bytes. Only what Sightline sends is covered; nothing
//! is read. The tests decode every message with `opentelemetry-proto`.
//!
//! Items (spans, metrics, log records) are encoded one by one into a buffer of
//! the caller's, whose length is then the exact size of what waits; a request
//! body wraps such a buffer with the resource and the scope.

mod attribute;
mod log;
mod metric;
mod span;
mod wire;

pub use attribute::{Attribute, Value};
pub use log::{LOG_ATTRIBUTES, LogRecord, Severity, write_event};
pub use metric::{
    Exemplar, HistogramPoint, Instrument, Number, NumberPoint, Temporality, write_gauge,
    write_histogram, write_one_value, write_sum,
};
pub use span::{
    Event, Link, SPAN_ATTRIBUTES, Span, SpanKind, Status, write_error, write_link, write_span,
    write_span_event,
};
pub use wire::Writer;

/// Who sends, and with which instrumentation.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Attributes of the resource, `service.name` among them, [encoded](encode)
    /// as [`RESOURCE_ATTRIBUTES`].
    pub resource: &'a [u8],
    /// Name of the instrumentation scope.
    pub scope: &'a str,
    /// Version of the instrumentation scope.
    pub scope_version: &'a str,
}

/// The body of an export request for any of the three signals: they have the
/// same shape. `items` are spans, metrics or log records, each written by its
/// own `write`.
pub fn export_request(source: &Source<'_>, items: &[u8]) -> alloc::vec::Vec<u8> {
    let mut writer = Writer::new();
    // ExportTraceServiceRequest.resource_spans, and so on.
    writer.message(1, |resource_items| {
        resource_items.set_bytes(1, source.resource);
        resource_items.message(2, |scope_items| {
            scope_items.message(1, |scope| {
                scope.string(1, source.scope);
                scope.string(2, source.scope_version);
            });
            scope_items.raw(items);
        });
    });
    writer.into_bytes()
}

/// The field of a resource that holds its attributes.
pub const RESOURCE_ATTRIBUTES: u32 = 1;

/// Attributes as fields of a message.
pub fn encode(field: u32, attributes: &[Attribute<'_>]) -> alloc::vec::Vec<u8> {
    let mut writer = Writer::new();
    for item in attributes {
        writer.attribute(field, item);
    }
    writer.into_bytes()
}

/// Appends an item whose fields are written already to those of an export
/// request.
pub fn write_item(items: &mut Writer, fields: &[u8]) {
    items.set_bytes(2, fields);
}

#[cfg(test)]
mod tests;
