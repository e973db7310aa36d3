//! A record as it is written: the fields that each has, then its attributes one
//! by one. Not inlined: a call takes a third of the bytes of what it does.

use alloc::vec::Vec;

use sightline_core::append;
use sightline_core::id::SpanId;
use sightline_core::otlp::{
    Instrument, LOG_ATTRIBUTES, RESOURCE_ATTRIBUTES, SPAN_ATTRIBUTES, Severity, SpanKind, Writer,
    write_event, write_one_value, write_span,
};
use sightline_core::search::split;
use sightline_core::trace_context::SpanContext;

use crate::signals::vital::Vital;

/// A log record, a span, or the resource of both.
#[derive(Debug)]
pub struct Record {
    /// Its fields.
    pub fields: Writer,
    attributes: u32,
}

impl Record {
    /// An event.
    #[inline(never)]
    pub fn event(
        name: &str,
        severity: Severity,
        unix_nanos: u64,
        context: Option<&SpanContext>,
    ) -> Self {
        let mut fields = Writer::new();
        write_event(&mut fields, name, severity, unix_nanos, context);
        Self {
            fields,
            attributes: LOG_ATTRIBUTES,
        }
    }

    /// A span, with its start and end; its parent with whether that is on another
    /// machine.
    #[inline(never)]
    pub fn span(
        name: &str,
        kind: SpanKind,
        context: &SpanContext,
        parent: Option<(&SpanId, bool)>,
        unix_nanos: [u64; 2],
    ) -> Self {
        let mut fields = Writer::new();
        let parent = parent.map_or((None, None), |(id, remote)| (Some(id), Some(remote)));
        write_span(&mut fields, name, kind, context, parent, unix_nanos);
        Self {
            fields,
            attributes: SPAN_ATTRIBUTES,
        }
    }

    /// A histogram of a single value: its name is `browser.web_vital.` and this
    /// one, its bounds have the vital's thresholds among them.
    pub fn histogram(
        vital: &Vital,
        value: f64,
        unix_nanos: [u64; 2],
        labels: impl FnOnce(&mut Writer, u32),
    ) -> Self {
        let mut name = append::owned("browser.web_vital.");
        append::text(&mut name, vital.name);
        let of = Instrument {
            name: &name,
            description: "",
            unit: vital.unit,
        };
        let mut fields = Writer::new();
        let value = value / vital.per_unit;
        write_one_value(&mut fields, &of, unix_nanos, value, &vital.bounds(), labels);
        Self {
            fields,
            attributes: 0,
        }
    }

    /// A resource.
    pub fn resource() -> Self {
        Self {
            fields: Writer::new(),
            attributes: RESOURCE_ATTRIBUTES,
        }
    }

    /// Adds a text, unless it is empty.
    #[inline(never)]
    pub fn text(&mut self, key: &str, value: &str) {
        if !value.is_empty() {
            self.fields.text(self.attributes, key, value);
        }
    }

    /// Adds a whole number.
    #[inline(never)]
    pub fn int(&mut self, key: &str, value: i64) {
        self.fields.int(self.attributes, key, value);
    }

    /// Adds a number.
    #[inline(never)]
    pub fn double(&mut self, key: &str, value: f64) {
        self.fields.double(self.attributes, key, value);
    }

    /// Adds a truth value.
    pub fn bool(&mut self, key: &str, value: bool) {
        self.fields.bool(self.attributes, key, value);
    }

    /// Adds the lines as a list of texts, unless there are none.
    pub fn lines(&mut self, key: &str, lines: &str) {
        if !lines.is_empty() {
            self.fields.texts(self.attributes, key, split(lines, b'\n'));
        }
    }

    /// Its fields, encoded.
    pub fn into_bytes(self) -> Vec<u8> {
        self.fields.into_bytes()
    }
}
