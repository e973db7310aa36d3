//! Metrics: OTLP sums, gauges and histograms with explicit bounds.

use super::attribute::Attribute;
use super::wire::Writer;
use crate::id::{SpanId, TraceId};

/// What the points of a sum or histogram cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Temporality {
    /// Since the last report.
    Delta = 1,
    /// Since the start.
    Cumulative = 2,
}

/// One series of a sum or gauge.
#[derive(Clone, Copy, Debug)]
pub struct NumberPoint<'a> {
    /// The labels.
    pub attributes: &'a [Attribute<'a>],
    /// Since when, in nanoseconds since the Unix epoch; 0 for a gauge.
    pub start_unix_nanos: u64,
    /// At what time, in nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// The value.
    pub value: Number,
}

/// The value of a sum or gauge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// A floating-point number.
    Double(f64),
}

/// One series of a histogram.
#[derive(Clone, Copy, Debug)]
pub struct HistogramPoint<'a> {
    /// The labels.
    pub attributes: &'a [Attribute<'a>],
    /// Since when, in nanoseconds since the Unix epoch.
    pub start_unix_nanos: u64,
    /// At what time, in nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// The count of each bucket, one more than there are bounds.
    pub bucket_counts: &'a [u64],
    /// Upper bounds, inclusive, ascending.
    pub explicit_bounds: &'a [f64],
    /// The sum of all values.
    pub sum: f64,
    /// Single values, each with the span that it was measured in.
    pub exemplars: &'a [Exemplar],
}

/// A single value, and the span that it was measured in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exemplar {
    /// When, in nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// The value.
    pub value: f64,
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
}

/// What a metric is called, and what it says.
#[derive(Clone, Copy, Debug)]
pub struct Instrument<'a> {
    /// The name.
    pub name: &'a str,
    /// What it says; may be empty.
    pub description: &'a str,
    /// The unit by [UCUM](https://ucum.org).
    pub unit: &'a str,
}

fn write_metric(items: &mut Writer, of: &Instrument<'_>, data: impl FnOnce(&mut Writer)) {
    items.message(2, |metric| {
        write_instrument(metric, of);
        data(metric);
    });
}

fn write_instrument(metric: &mut Writer, of: &Instrument<'_>) {
    metric.string(1, of.name);
    metric.string(2, of.description);
    metric.string(3, of.unit);
}

/// The field of a histogram's point that holds its attributes.
const POINT_ATTRIBUTES: u32 = 9;

/// The fields of a histogram's point that every one has.
fn write_buckets(
    point: &mut Writer,
    [start_unix_nanos, unix_nanos]: [u64; 2],
    (count, sum): (u64, f64),
    buckets: impl ExactSizeIterator<Item = u64>,
    explicit_bounds: &[f64],
) {
    point.fixed64(2, start_unix_nanos);
    point.fixed64(3, unix_nanos);
    point.fixed64(4, count);
    point.set_double(5, sum);
    point.packed_fixed64(6, buckets);
    point.packed_fixed64(7, explicit_bounds.iter().map(|bound| bound.to_bits()));
}

/// Writes the fields of a histogram that is told a single value, with its start and
/// end. `labels` writes each attribute as the field that it is given.
pub fn write_one_value(
    metric: &mut Writer,
    of: &Instrument<'_>,
    times: [u64; 2],
    value: f64,
    explicit_bounds: &[f64],
    labels: impl FnOnce(&mut Writer, u32),
) {
    write_instrument(metric, of);
    metric.message(9, |histogram| {
        histogram.message(1, |point| {
            // Bounds are inclusive.
            let below = explicit_bounds.iter().filter(|bound| **bound < value);
            let bucket = below.count();
            let buckets = 0..explicit_bounds.len().saturating_add(1);
            let buckets = buckets.map(|at| u64::from(at == bucket));
            write_buckets(point, times, (1, value), buckets, explicit_bounds);
            labels(point, POINT_ATTRIBUTES);
        });
        histogram.varint(2, Temporality::Delta as u64);
    });
}

fn write_number(writer: &mut Writer, point: &NumberPoint<'_>) {
    writer.message(1, |message| {
        message.fixed64(2, point.start_unix_nanos);
        message.fixed64(3, point.unix_nanos);
        match point.value {
            Number::Double(value) => message.set_double(4, value),
            Number::Int(value) => message.set_fixed64(6, value.cast_unsigned()),
        }
        for item in point.attributes {
            message.attribute(7, item);
        }
    });
}

/// Appends a monotonic sum. `points` is called once and writes each point by
/// the function it is given, so that no list of points need exist.
pub fn write_sum(
    items: &mut Writer,
    of: &Instrument<'_>,
    temporality: Temporality,
    points: impl FnOnce(&mut dyn FnMut(&NumberPoint<'_>)),
) {
    write_metric(items, of, |metric| {
        metric.message(7, |sum| {
            points(&mut |point| write_number(sum, point));
            sum.varint(2, temporality as u64);
            sum.varint(3, 1);
        });
    });
}

/// Appends a gauge; `points` as in [`write_sum`].
pub fn write_gauge(
    items: &mut Writer,
    of: &Instrument<'_>,
    points: impl FnOnce(&mut dyn FnMut(&NumberPoint<'_>)),
) {
    write_metric(items, of, |metric| {
        metric.message(5, |gauge| points(&mut |point| write_number(gauge, point)));
    });
}

/// Appends a histogram; `points` as in [`write_sum`].
pub fn write_histogram(
    items: &mut Writer,
    of: &Instrument<'_>,
    temporality: Temporality,
    points: impl FnOnce(&mut dyn FnMut(&HistogramPoint<'_>)),
) {
    write_metric(items, of, |metric| {
        metric.message(9, |histogram| {
            points(&mut |point| {
                histogram.message(1, |message| {
                    let count = point.bucket_counts.iter();
                    let count = count.fold(0u64, |sum, bucket| sum.saturating_add(*bucket));
                    let times = [point.start_unix_nanos, point.unix_nanos];
                    let buckets = point.bucket_counts.iter().copied();
                    let (total, bounds) = ((count, point.sum), point.explicit_bounds);
                    write_buckets(message, times, total, buckets, bounds);
                    for exemplar in point.exemplars {
                        message.message(8, |message| {
                            message.fixed64(2, exemplar.unix_nanos);
                            message.set_double(3, exemplar.value);
                            message.bytes(4, exemplar.span_id.as_bytes());
                            message.bytes(5, exemplar.trace_id.as_bytes());
                        });
                    }
                    for item in point.attributes {
                        message.attribute(POINT_ATTRIBUTES, item);
                    }
                });
            });
            histogram.varint(2, temporality as u64);
        });
    });
}
