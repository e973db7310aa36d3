//! What is written as OTLP is read by `opentelemetry-proto` as what it was: any
//! record, with any attributes, as many as there are.

use arbitrary::{Arbitrary, Unstructured};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::metrics::v1::{metric::Data, number_data_point};
use prost::Message;
use sightline_core::id::{SpanId, TraceId};
use sightline_core::otlp::{
    Attribute, Event, HistogramPoint, Instrument, Link, LogRecord, Number, NumberPoint,
    RESOURCE_ATTRIBUTES, Severity, Source, Span, SpanKind, Status, Temporality, Value, Writer,
    encode, export_request, write_gauge, write_histogram, write_sum,
};
use sightline_core::trace_context::{SpanContext, TraceFlags};

#[derive(Debug, Arbitrary)]
enum Given<'a> {
    Str(&'a str),
    Bool(bool),
    Int(i64),
    Double(f64),
    StrList(Vec<&'a str>),
}

type Pairs<'a> = Vec<(&'a str, Given<'a>)>;

#[derive(Debug, Arbitrary)]
struct Record<'a> {
    name: &'a str,
    text: &'a str,
    unix_nanos: [u64; 2],
    entropy: [u8; 16],
    chosen: u8,
    attributes: Pairs<'a>,
    further: Pairs<'a>,
    numbers: Vec<f64>,
    whole: i64,
}

pub fn otlp(bytes: &[u8]) {
    let mut unstructured = Unstructured::new(bytes);
    let resource = Pairs::arbitrary(&mut unstructured).unwrap_or_default();
    let mut records = Vec::new();
    while !unstructured.is_empty() && records.len() < 20 {
        match Record::arbitrary(&mut unstructured) {
            Ok(record) => records.push(record),
            Err(_) => break,
        }
    }
    logs(&records, &resource);
    spans(&records, &resource);
    metrics(&records);
}

fn body(resource: &Pairs<'_>, items: Writer) -> Vec<u8> {
    let resource = with(resource, |attributes| {
        encode(RESOURCE_ATTRIBUTES, attributes)
    });
    let source = Source {
        resource: &resource,
        scope: "fuzz",
        scope_version: "1",
    };
    export_request(&source, &items.into_bytes())
}

/// Uses the pairs as attributes.
fn with<R>(pairs: &Pairs<'_>, run: impl FnOnce(&[Attribute<'_>]) -> R) -> R {
    let attributes: Vec<Attribute<'_>> = pairs
        .iter()
        .map(|(key, value)| {
            let value = match value {
                Given::Str(text) => Value::Str(text),
                Given::Bool(truth) => Value::Bool(*truth),
                Given::Int(number) => Value::Int(*number),
                Given::Double(number) => Value::Double(*number),
                Given::StrList(texts) => Value::StrList(texts),
            };
            Attribute { key, value }
        })
        .collect();
    run(&attributes)
}

fn assert_same(read: &[KeyValue], pairs: &Pairs<'_>) {
    assert_eq!(read.len(), pairs.len());
    for (read, (key, given)) in read.iter().zip(pairs) {
        assert_eq!(read.key, *key);
        let value = read.value.as_ref().and_then(|value| value.value.as_ref());
        let is_same = match (given, value.expect("a value")) {
            (Given::Str(text), Any::StringValue(read)) => read == text,
            (Given::Bool(truth), Any::BoolValue(read)) => read == truth,
            (Given::Int(number), Any::IntValue(read)) => read == number,
            (Given::Double(number), Any::DoubleValue(read)) => read.to_bits() == number.to_bits(),
            (Given::StrList(texts), Any::ArrayValue(read)) => {
                let read = read.values.iter().map(|value| value.value.clone());
                read.eq(texts
                    .iter()
                    .map(|text| Some(Any::StringValue((*text).to_owned()))))
            }
            _ => false,
        };
        assert!(is_same, "{given:?} was read as {value:?}");
    }
}

fn context(record: &Record<'_>) -> SpanContext {
    let [one, two, three, four, five, six, seven, eight, ..] = record.entropy;
    SpanContext {
        trace_id: TraceId::from_entropy(record.entropy),
        span_id: SpanId::from_entropy([one, two, three, four, five, six, seven, eight]),
        flags: match record.chosen & 1 {
            0 => TraceFlags::SAMPLED,
            _ => TraceFlags::default(),
        },
    }
}

fn logs(records: &[Record<'_>], resource: &Pairs<'_>) {
    let severities = [
        Severity::Unspecified,
        Severity::Info,
        Severity::Warn,
        Severity::Error,
    ];
    let severity = |record: &Record<'_>| severities[usize::from(record.chosen) % 4];
    let mut items = Writer::new();
    for record in records {
        with(&record.attributes, |attributes| {
            let context = (record.chosen & 8 == 0).then(|| context(record));
            LogRecord {
                unix_nanos: record.unix_nanos[0],
                severity: severity(record),
                body: record.text,
                event_name: record.name,
                attributes,
                context,
            }
            .write(&mut items);
        });
    }
    let read = ExportLogsServiceRequest::decode(&body(resource, items)[..]).expect("OTLP");
    let group = &read.resource_logs[0];
    let told = group.resource.as_ref().map_or(&[][..], |it| &it.attributes);
    assert_same(told, resource);
    let read = &group.scope_logs[0].log_records;
    assert_eq!(read.len(), records.len());
    for (read, record) in read.iter().zip(records) {
        assert_eq!(read.time_unix_nano, record.unix_nanos[0]);
        assert_eq!(read.severity_number, severity(record) as i32);
        assert_eq!(read.event_name, record.name);
        assert_eq!(read.body.is_some(), !record.text.is_empty());
        assert_eq!(read.trace_id.is_empty(), record.chosen & 8 != 0);
        assert_same(&read.attributes, &record.attributes);
    }
}

fn spans(records: &[Record<'_>], resource: &Pairs<'_>) {
    let kinds = [SpanKind::Internal, SpanKind::Server, SpanKind::Client];
    let kind = |record: &Record<'_>| kinds[usize::from(record.chosen) % 3];
    let mut items = Writer::new();
    for record in records {
        let [start_unix_nanos, end_unix_nanos] = record.unix_nanos;
        let context = context(record);
        with(&record.attributes, |attributes| {
            with(&record.further, |further| {
                let event = Event {
                    unix_nanos: end_unix_nanos,
                    name: record.text,
                    attributes: further,
                };
                let link = Link {
                    context,
                    attributes: further,
                };
                Span {
                    context,
                    trace_state: record.text,
                    parent: (record.chosen & 4 == 0).then_some(context.span_id),
                    parent_is_remote: (record.chosen & 16 == 0).then_some(record.chosen & 32 == 0),
                    name: record.name,
                    kind: kind(record),
                    start_unix_nanos,
                    end_unix_nanos,
                    attributes,
                    events: &[event],
                    links: &[link, link],
                    status: match record.chosen & 8 {
                        0 => Status::Error(record.text),
                        _ => Status::Unset,
                    },
                }
                .write(&mut items);
            });
        });
    }
    let read = ExportTraceServiceRequest::decode(&body(resource, items)[..]).expect("OTLP");
    let read = &read.resource_spans[0].scope_spans[0].spans;
    assert_eq!(read.len(), records.len());
    for (read, record) in read.iter().zip(records) {
        assert_eq!(read.name, record.name);
        assert_eq!(read.trace_id, context(record).trace_id.as_bytes());
        assert_eq!(read.span_id, context(record).span_id.as_bytes());
        assert_eq!(read.parent_span_id.is_empty(), record.chosen & 4 != 0);
        assert_eq!(read.kind, kind(record) as i32);
        assert_eq!(
            [read.start_time_unix_nano, read.end_time_unix_nano],
            record.unix_nanos
        );
        assert_eq!(read.trace_state, record.text);
        assert_eq!((read.events.len(), read.links.len()), (1, 2));
        assert_same(&read.events[0].attributes, &record.further);
        assert_same(&read.links[1].attributes, &record.further);
        assert_same(&read.attributes, &record.attributes);
        let status = read.status.as_ref().map(|status| status.message.as_str());
        assert_eq!(status, (record.chosen & 8 == 0).then_some(record.text));
    }
}

fn metrics(records: &[Record<'_>]) {
    let mut items = Writer::new();
    for record in records {
        let of = Instrument {
            name: record.name,
            description: record.text,
            unit: "s",
        };
        let [start_unix_nanos, unix_nanos] = record.unix_nanos;
        let temporality = match record.chosen & 1 {
            0 => Temporality::Delta,
            _ => Temporality::Cumulative,
        };
        let counts: Vec<u64> = record.numbers.iter().map(|it| it.to_bits()).collect();
        with(&record.attributes, |attributes| {
            let point = NumberPoint {
                attributes,
                start_unix_nanos,
                unix_nanos,
                value: Number::Int(record.whole),
            };
            let histogram = HistogramPoint {
                attributes,
                start_unix_nanos,
                unix_nanos,
                bucket_counts: &counts,
                explicit_bounds: &record.numbers,
                sum: record.numbers.first().copied().unwrap_or_default(),
                exemplars: &[],
            };
            write_sum(&mut items, &of, temporality, |each| each(&point));
            write_gauge(&mut items, &of, |each| {
                each(&point);
                each(&point);
            });
            write_histogram(&mut items, &of, temporality, |each| each(&histogram));
        });
    }
    let body = body(&Pairs::new(), items);
    let read = ExportMetricsServiceRequest::decode(&body[..]).expect("OTLP");
    let read = &read.resource_metrics[0].scope_metrics[0].metrics;
    assert_eq!(read.len(), records.len() * 3);
    for (read, record) in read.chunks(3).zip(records) {
        for metric in read {
            assert_eq!(metric.name, record.name);
            assert_eq!(metric.description, record.text);
            match metric.data.as_ref().expect("data") {
                Data::Sum(sum) => {
                    let point = &sum.data_points[0];
                    let whole = number_data_point::Value::AsInt(record.whole);
                    assert_eq!(point.value, Some(whole));
                    assert_same(&point.attributes, &record.attributes);
                }
                Data::Gauge(gauge) => assert_eq!(gauge.data_points.len(), 2),
                Data::Histogram(histogram) => {
                    let point = &histogram.data_points[0];
                    let bits =
                        |numbers: &[f64]| numbers.iter().map(|it| it.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&point.explicit_bounds), bits(&record.numbers));
                    assert_eq!(point.bucket_counts, bits(&record.numbers));
                    assert_same(&point.attributes, &record.attributes);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}
