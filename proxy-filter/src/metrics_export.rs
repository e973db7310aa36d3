//! Metric families as OTLP metrics.

use crate::exemplar;
use crate::families::{Family, Labels, Point, Value};
use sightline_core::metric::Kind;
use sightline_core::otlp::{
    Attribute, Exemplar, HistogramPoint, Instrument, Number, NumberPoint, Temporality, Writer,
    write_gauge, write_histogram, write_sum,
};
use std::borrow::Cow;

/// What time the points cover.
#[derive(Clone, Copy, Debug)]
pub struct Period {
    /// Since the start, or since the last export.
    pub temporality: Temporality,
    /// Its beginning, in nanoseconds since the Unix epoch.
    pub start_unix_nanos: u64,
    /// Its end.
    pub unix_nanos: u64,
}

/// The items of an export request, and how many points they have. An
/// increment of nothing is not sent.
pub fn items(families: Vec<Family<'_>>, period: Period) -> (Vec<u8>, usize) {
    let mut items = Writer::new();
    let mut points = 0usize;
    for mut family in families {
        if period.temporality == Temporality::Delta && family.kind != Kind::Gauge {
            family.points.retain(|point| !point.value.is_nothing());
        }
        if !family.points.is_empty() {
            points = points.saturating_add(family.points.len());
            write(&family, period, &mut items);
        }
    }
    (items.into_bytes(), points)
}

fn write(family: &Family<'_>, period: Period, items: &mut Writer) {
    let of = Instrument {
        name: family.name,
        description: family.help,
        unit: family.unit,
    };
    let temporality = period.temporality;
    let numbers = |add: &mut dyn FnMut(&NumberPoint<'_>)| {
        for point in &family.points {
            let value = match point.value {
                Value::Int(value) => Number::Int(i64::try_from(value).unwrap_or(i64::MAX)),
                Value::Float(value) => Number::Double(value),
                Value::Histogram(..) => continue,
            };
            let is_gauge = family.kind == Kind::Gauge;
            add(&NumberPoint {
                attributes: &attributes(&point.labels),
                start_unix_nanos: if is_gauge { 0 } else { start(point, period) },
                unix_nanos: period.unix_nanos,
                value,
            });
        }
    };
    match family.kind {
        Kind::Counter => write_sum(items, &of, temporality, numbers),
        Kind::Gauge => write_gauge(items, &of, numbers),
        Kind::Histogram => write_histogram(items, &of, temporality, |add| {
            for point in &family.points {
                let Value::Histogram(histogram, exemplars) = &point.value else {
                    continue;
                };
                let exemplars: Vec<_> = exemplars.iter().map(exemplar).collect();
                add(&HistogramPoint {
                    attributes: &attributes(&point.labels),
                    start_unix_nanos: start(point, period),
                    unix_nanos: period.unix_nanos,
                    bucket_counts: histogram.counts(),
                    explicit_bounds: histogram.bounds(),
                    sum: histogram.sum(),
                    exemplars: &exemplars,
                });
            }
        }),
    }
}

/// A series that came later has not counted since the start.
fn start(point: &Point<'_>, period: Period) -> u64 {
    period.start_unix_nanos.max(point.start_unix_nanos)
}

fn exemplar(of: &exemplar::Exemplar) -> Exemplar {
    Exemplar {
        unix_nanos: of.unix_nanos,
        value: of.seconds,
        trace_id: of.trace_id,
        span_id: of.span_id,
    }
}

/// Labels as attributes. A status is a number in the conventions and a text
/// as a label.
fn attributes<'a>(labels: &'a Labels<'a>) -> Vec<Attribute<'a>> {
    let attribute = |label: &'a (&'static str, Cow<'a, str>)| {
        let (key, value) = (label.0, &*label.1);
        let is_status = key == "http.response.status_code";
        match is_status.then(|| value.parse().ok()).flatten() {
            Some(status) => Attribute::int(key, status),
            None => Attribute::str(key, value),
        }
    };
    labels.iter().map(attribute).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{Naming, families};
    use crate::ledger::Ledger;
    use crate::now::Now;
    use crate::record::tests::{contribution, finished, record_of_two_requests};
    use crate::record::{Contribution, Record};
    use crate::red::{Limits, Red};
    use crate::resource::Resource;
    use crate::session::{Origin, Route};
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::common::v1::any_value;
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use opentelemetry_proto::tonic::metrics::v1::{HistogramDataPoint, Metric, number_data_point};
    use prost::Message;
    use sightline_core::names::reason;

    fn decode(record: &Record, naming: Naming) -> Vec<Metric> {
        let service = crate::config::Service {
            name: "edge".to_owned(),
            version: Some("1".to_owned()),
            namespace: None,
            environment: None,
        };
        let period = Period {
            temporality: Temporality::Cumulative,
            start_unix_nanos: record.start_unix_nanos,
            unix_nanos: 9,
        };
        let (items, points) = items(families(record, naming, Now::default()), period);
        let body = Resource::new(&service, record.instance).export_request(&items);
        let request = ExportMetricsServiceRequest::decode(body.as_slice()).unwrap();
        let resource = request.resource_metrics[0].resource.as_ref().unwrap();
        let keys: Vec<_> = resource
            .attributes
            .iter()
            .map(|kv| kv.key.as_str())
            .collect();
        assert_eq!(
            keys,
            ["service.name", "service.instance.id", "service.version"]
        );
        let metrics = &request.resource_metrics[0].scope_metrics[0].metrics;
        let count = |metric: &Metric| match metric.data.as_ref().unwrap() {
            Data::Sum(sum) => sum.data_points.len(),
            Data::Gauge(gauge) => gauge.data_points.len(),
            Data::Histogram(histogram) => histogram.data_points.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!(metrics.iter().map(count).sum::<usize>(), points);
        metrics.clone()
    }

    fn data(metrics: &[Metric], name: &str) -> Data {
        let found = metrics.iter().find(|metric| metric.name == name);
        found.unwrap().data.clone().unwrap()
    }

    fn texts(point: &HistogramDataPoint) -> Vec<(&str, String)> {
        let text = |value: &any_value::Value| match value {
            any_value::Value::StringValue(text) => text.clone(),
            any_value::Value::IntValue(number) => format!("{number}"),
            other => panic!("{other:?}"),
        };
        let pairs = point.attributes.iter();
        pairs
            .map(|pair| {
                let value = pair.value.as_ref().unwrap().value.as_ref().unwrap();
                (pair.key.as_str(), text(value))
            })
            .collect()
    }

    #[test]
    fn the_record_decodes_as_otlp() {
        let record = record_of_two_requests();
        let metrics = decode(&record, Naming::Prometheus);
        let Data::Sum(requests) = data(&metrics, "http_requests_total") else {
            panic!("no sum")
        };
        assert_eq!(requests.data_points.len(), 2);
        assert_eq!(
            requests.data_points[0].start_time_unix_nano,
            record.start_unix_nanos
        );
        let Data::Histogram(durations) = data(&metrics, "http_request_duration_seconds") else {
            panic!("no histogram")
        };
        assert_eq!(durations.data_points[0].count, 2);
        assert_eq!(durations.data_points[0].explicit_bounds.len(), 11);
        assert_eq!(durations.data_points[0].exemplars[0].trace_id, [7; 16]);
        let Data::Gauge(progress) = data(&metrics, "http_requests_in_progress") else {
            panic!("no gauge")
        };
        assert_eq!(progress.data_points.len(), record.series().len());
        let Data::Sum(dropped) = data(&metrics, "sightline_edge_spans_dropped_total") else {
            panic!("no sum")
        };
        assert_eq!(
            dropped.data_points.len(),
            reason::DROPS.len(),
            "zeros are said, too"
        );
    }

    #[test]
    fn by_option_requests_have_the_names_of_the_conventions() {
        let metrics = decode(&record_of_two_requests(), Naming::OpenTelemetry);
        let Data::Histogram(durations) = data(&metrics, "http.server.request.duration") else {
            panic!("no histogram")
        };
        let attributes: Vec<_> = durations.data_points.iter().map(texts).collect();
        assert_eq!(
            attributes,
            [
                vec![
                    ("http.request.method", "GET".to_owned()),
                    ("url.scheme", "https".to_owned()),
                    ("http.route", "/a\"b\\".to_owned()),
                    ("http.response.status_code", "200".to_owned()),
                    ("network.protocol.version", "1.1".to_owned()),
                ],
                vec![
                    ("http.request.method", "GET".to_owned()),
                    ("http.route", "/a\"b\\".to_owned()),
                    ("http.response.status_code", "503".to_owned()),
                    ("error.type", "connect_failure".to_owned()),
                ],
            ]
        );
        let Data::Histogram(sizes) = data(&metrics, "http.server.response.body.size") else {
            panic!("no histogram")
        };
        let point = &sizes.data_points[1];
        assert_eq!((point.count, point.sum), (1, Some(100.0)));
        assert!(
            metrics
                .iter()
                .all(|metric| metric.name != "http_requests_total")
        );
    }

    #[test]
    fn a_series_that_comes_back_has_a_start_of_its_own() {
        let mut record = Record::new(5, [0; 16]);
        let mut idle = contribution(1, &Red::default(), &Ledger::default()).limits;
        idle.idle_nanos = 1;
        let route = |name| Route {
            name: Cow::Borrowed(name),
            origin: Origin::Segments,
        };
        for (now_nanos, names) in [(0, ["/a", "/b"]), (2, ["/b", "/b"]), (3, ["/a", "/b"])] {
            let mut red = Red::default();
            for name in names {
                let series = red.series_of(b"GET", &route(name), &Limits::NONE);
                red.count(series, &finished(Some(503), 1));
            }
            record.add(&Contribution {
                now_nanos,
                unix_nanos: 70,
                limits: idle,
                ..contribution(1, &red, &Ledger::default())
            });
        }
        let metrics = decode(&record, Naming::Prometheus);
        let of = |name: &str| {
            let metric = metrics.iter().find(|metric| metric.name == name).unwrap();
            let Some(Data::Sum(sum)) = &metric.data else {
                panic!("{name} is no sum")
            };
            sum.data_points.clone()
        };
        let requests: Vec<_> = of("http_requests_total")
            .iter()
            .map(|point| (point.start_time_unix_nano, point.value))
            .collect();
        let int = |count| Some(number_data_point::Value::AsInt(count));
        assert_eq!(requests, [(70, int(1)), (5, int(4))], "/a went meanwhile");
        let errors = of("errors_total").into_iter().map(|point| point.value);
        assert!(
            errors.into_iter().any(|errors| errors == int(6)),
            "none is forgotten"
        );
    }
}
