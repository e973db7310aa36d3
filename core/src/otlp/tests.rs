//! Every message decoded by `opentelemetry-proto`, field by field.

use super::*;
use crate::id::{SpanId, TraceId};
use crate::trace_context::{SpanContext, TraceFlags};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::metrics::v1::{exemplar, metric::Data, number_data_point};
use proptest::prelude::*;
use prost::Message;

fn body_of(items: Writer) -> Vec<u8> {
    let source = Source {
        resource: &encode(
            RESOURCE_ATTRIBUTES,
            &[Attribute::str("service.name", "edge")],
        ),
        scope: "sightline.edge",
        scope_version: "0.1.0",
    };
    export_request(&source, &items.into_bytes())
}

fn context() -> SpanContext {
    SpanContext {
        trace_id: TraceId::from_entropy([7; 16]),
        span_id: SpanId::from_entropy([9; 8]),
        flags: TraceFlags::SAMPLED,
    }
}

fn pairs(attributes: &[KeyValue]) -> Vec<(String, Any)> {
    let pair = |kv: &KeyValue| (kv.key.clone(), kv.value.clone().unwrap().value.unwrap());
    attributes.iter().map(pair).collect()
}

#[test]
fn a_span_decodes_with_every_field() {
    let parent = SpanId::from_entropy([3; 8]);
    let mut items = Writer::new();
    Span {
        context: context(),
        trace_state: "a=b",
        parent: Some(parent),
        parent_is_remote: Some(true),
        name: "GET /products/{id}",
        kind: SpanKind::Server,
        start_unix_nanos: 1_700_000_000_000_000_001,
        end_unix_nanos: 1_700_000_000_000_000_009,
        attributes: &[
            Attribute::str("http.route", "/products/{id}"),
            Attribute::int("http.response.status_code", 503),
            Attribute::int("negative", -1),
            Attribute::double("ratio", 0.0),
            Attribute::bool("no", false),
            Attribute {
                key: "list",
                value: Value::StrList(&["a", ""]),
            },
        ],
        events: &[Event {
            unix_nanos: 5,
            name: "first",
            attributes: &[Attribute::int("n", 1)],
        }],
        links: &[Link {
            context: context(),
            attributes: &[],
        }],
        status: Status::Error("upstream"),
    }
    .write(&mut items);
    let body = body_of(items);

    let request = ExportTraceServiceRequest::decode(&body[..]).unwrap();
    let group = &request.resource_spans[0];
    let resource = group.resource.as_ref().unwrap();
    assert_eq!(
        pairs(&resource.attributes),
        [(
            "service.name".to_string(),
            Any::StringValue("edge".to_string())
        )]
    );
    let scope = group.scope_spans[0].scope.as_ref().unwrap();
    assert_eq!(
        (scope.name.as_str(), scope.version.as_str()),
        ("sightline.edge", "0.1.0")
    );
    let span = &group.scope_spans[0].spans[0];
    assert_eq!(span.trace_id, context().trace_id.as_bytes());
    assert_eq!(span.span_id, context().span_id.as_bytes());
    assert_eq!(span.parent_span_id, parent.as_bytes());
    assert_eq!(span.trace_state, "a=b");
    assert_eq!(span.name, "GET /products/{id}");
    assert_eq!(span.kind, 2);
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 8);
    assert_eq!(span.flags, 0x301);
    let values: Vec<_> = pairs(&span.attributes)
        .into_iter()
        .map(|(_, value)| value)
        .collect();
    assert_eq!(
        values[..5],
        [
            Any::StringValue("/products/{id}".to_string()),
            Any::IntValue(503),
            Any::IntValue(-1),
            Any::DoubleValue(0.0),
            Any::BoolValue(false),
        ]
    );
    assert!(matches!(&values[5], Any::ArrayValue(list) if list.values.len() == 2));
    assert_eq!(
        (span.events[0].time_unix_nano, span.events[0].name.as_str()),
        (5, "first")
    );
    assert_eq!(span.links[0].trace_id, context().trace_id.as_bytes());
    let status = span.status.as_ref().unwrap();
    assert_eq!((status.code, status.message.as_str()), (2, "upstream"));
}

#[test]
fn a_log_record_decodes_with_every_field() {
    let mut items = Writer::new();
    LogRecord {
        unix_nanos: 42,
        severity: Severity::Error,
        body: "boom",
        event_name: "exception",
        attributes: &[Attribute::str("exception.type", "TypeError")],
        context: Some(context()),
    }
    .write(&mut items);
    let body = body_of(items);

    let request = ExportLogsServiceRequest::decode(&body[..]).unwrap();
    let record = &request.resource_logs[0].scope_logs[0].log_records[0];
    assert_eq!(
        (record.time_unix_nano, record.observed_time_unix_nano),
        (42, 42)
    );
    assert_eq!(record.severity_number, 17);
    assert_eq!(record.event_name, "exception");
    assert_eq!(
        record.body.clone().unwrap().value,
        Some(Any::StringValue("boom".to_string()))
    );
    assert_eq!(record.attributes.len(), 1);
    assert_eq!(
        (record.flags, &record.trace_id[..]),
        (1, &context().trace_id.as_bytes()[..])
    );
    assert_eq!(record.span_id, context().span_id.as_bytes());
}

#[test]
fn metrics_decode_with_every_field() {
    let labels = [Attribute::str("method", "GET")];
    let number = NumberPoint {
        attributes: &labels,
        start_unix_nanos: 1,
        unix_nanos: 2,
        value: Number::Int(0),
    };
    let of = |name, unit| Instrument {
        name,
        description: "What it says.",
        unit,
    };
    let mut items = Writer::new();
    write_sum(
        &mut items,
        &of("http_requests_total", ""),
        Temporality::Cumulative,
        |add| {
            add(&number);
            add(&NumberPoint {
                value: Number::Int(7),
                ..number
            });
        },
    );
    write_gauge(
        &mut items,
        &of("http_requests_in_progress", "{request}"),
        |add| {
            add(&NumberPoint {
                value: Number::Int(-1),
                ..number
            })
        },
    );
    write_histogram(
        &mut items,
        &of("http_request_duration_seconds", "s"),
        Temporality::Delta,
        |add| {
            add(&HistogramPoint {
                attributes: &labels,
                start_unix_nanos: 1,
                unix_nanos: 2,
                bucket_counts: &[1, 0, 2],
                explicit_bounds: &[0.005, 0.01],
                sum: 0.25,
                exemplars: &[Exemplar {
                    unix_nanos: 3,
                    value: 0.2,
                    trace_id: context().trace_id,
                    span_id: context().span_id,
                }],
            });
        },
    );
    let body = body_of(items);

    let request = ExportMetricsServiceRequest::decode(&body[..]).unwrap();
    let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
    let Some(Data::Sum(sum)) = &metrics[0].data else {
        panic!("no sum")
    };
    assert!(sum.is_monotonic && sum.aggregation_temporality == 2);
    let values: Vec<_> = sum
        .data_points
        .iter()
        .map(|point| point.value.unwrap())
        .collect();
    assert_eq!(
        values,
        [
            number_data_point::Value::AsInt(0),
            number_data_point::Value::AsInt(7)
        ]
    );
    let Some(Data::Gauge(gauge)) = &metrics[1].data else {
        panic!("no gauge")
    };
    assert_eq!(
        gauge.data_points[0].value,
        Some(number_data_point::Value::AsInt(-1))
    );
    assert_eq!(metrics[1].unit, "{request}");
    let Some(Data::Histogram(histogram)) = &metrics[2].data else {
        panic!("no histogram")
    };
    let point = &histogram.data_points[0];
    assert_eq!((point.count, point.sum), (3, Some(0.25)));
    assert_eq!(point.bucket_counts, [1, 0, 2]);
    assert_eq!(point.explicit_bounds, [0.005, 0.01]);
    assert_eq!(histogram.aggregation_temporality, 1);
    let exemplar = &point.exemplars[0];
    assert_eq!(
        (exemplar.time_unix_nano, exemplar.value),
        (3, Some(exemplar::Value::AsDouble(0.2)))
    );
    assert_eq!(exemplar.trace_id, context().trace_id.as_bytes());
    assert_eq!(exemplar.span_id, context().span_id.as_bytes());
    assert_eq!(metrics[2].description, "What it says.");
    let double = NumberPoint {
        value: Number::Double(2.5),
        ..number
    };
    let mut items = Writer::new();
    write_gauge(&mut items, &of("x", "1"), |add| add(&double));
    let body = body_of(items);
    let request = ExportMetricsServiceRequest::decode(&body[..]).unwrap();
    let metric = &request.resource_metrics[0].scope_metrics[0].metrics[0];
    let Some(Data::Gauge(gauge)) = &metric.data else {
        panic!("no gauge")
    };
    assert_eq!(
        gauge.data_points[0].value,
        Some(number_data_point::Value::AsDouble(2.5))
    );
}

proptest! {
    #[test]
    fn any_text_and_length_decodes(name in ".{0,300}", count in 0usize..40) {
        let mut items = Writer::new();
        for _ in 0..count {
            let record = LogRecord {
                unix_nanos: u64::MAX,
                severity: Severity::Info,
                body: &name,
                event_name: &name,
                attributes: &[Attribute::str(&name, &name)],
                context: None,
            };
            record.write(&mut items);
        }
        let body = body_of(items);
        let request = ExportLogsServiceRequest::decode(&body[..]).unwrap();
        let records = &request.resource_logs[0].scope_logs[0].log_records;
        prop_assert_eq!(records.len(), count);
        prop_assert!(records.iter().all(|record| record.event_name == name));
    }
}

#[test]
fn one_value_is_the_histogram_that_has_only_it() {
    let of = Instrument {
        name: "browser.web_vital.lcp",
        description: "",
        unit: "s",
    };
    let bounds = [1.0, 2.5, 4.0];
    for (value, bucket) in [(0.0, 0), (1.0, 0), (2.5, 1), (2.6, 2), (9.0, 3)] {
        let mut fields = Writer::new();
        write_one_value(&mut fields, &of, [1, 2], value, &bounds, |point, field| {
            point.text(field, "url.template", "/a");
        });
        let mut one = Writer::new();
        write_item(&mut one, &fields.into_bytes());

        let mut bucket_counts = [0; 4];
        bucket_counts[bucket] = 1;
        let mut other = Writer::new();
        write_histogram(&mut other, &of, Temporality::Delta, |add| {
            add(&HistogramPoint {
                attributes: &[Attribute::str("url.template", "/a")],
                start_unix_nanos: 1,
                unix_nanos: 2,
                bucket_counts: &bucket_counts,
                explicit_bounds: &bounds,
                sum: value,
                exemplars: &[],
            });
        });
        assert_eq!(one.into_bytes(), other.into_bytes(), "{value}");
    }
}
