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
pub use log::{LogRecord, Severity};
pub use metric::{
    Exemplar, HistogramPoint, Instrument, Number, NumberPoint, Temporality, write_gauge,
    write_histogram, write_sum,
};
pub use span::{Event, Link, Span, SpanKind, Status};
pub use wire::Writer;

/// Who sends, and with which instrumentation.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// Attributes of the resource, `service.name` among them.
    pub resource: &'a [Attribute<'a>],
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
        resource_items.message(1, |resource| {
            for item in source.resource {
                attribute::write(resource, 1, item);
            }
        });
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

#[cfg(test)]
mod tests;
