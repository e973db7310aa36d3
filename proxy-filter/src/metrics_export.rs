//! A record as OTLP metrics: cumulative, since the record began.

use crate::ledger::{DROPS, FAILURES};
use crate::record::{Record, Series};
use sightline_core::names;
use sightline_core::otlp::{
    Attribute, HistogramPoint, NumberPoint, Temporality, Writer, write_gauge, write_histogram,
    write_sum,
};

/// The items of an export request.
pub fn items(record: &Record, unix_nanos: u64) -> Vec<u8> {
    let mut items = Writer::new();
    let times = Times {
        start: record.start_unix_nanos,
        now: unix_nanos,
    };
    write_requests(record, times, &mut items);
    write_durations(record, times, &mut items);
    write_gauge(
        &mut items,
        names::HTTP_REQUESTS_IN_PROGRESS,
        "{request}",
        |add| {
            for series in record.series() {
                let labels = labels(series);
                add(&times.gauge(&labels, series.in_progress()));
            }
        },
    );
    write_ledger(record, times, &mut items);
    items.into_bytes()
}

#[derive(Clone, Copy)]
struct Times {
    start: u64,
    now: u64,
}

impl Times {
    fn sum<'a>(self, attributes: &'a [Attribute<'a>], value: u64) -> NumberPoint<'a> {
        NumberPoint {
            attributes,
            start_unix_nanos: self.start,
            unix_nanos: self.now,
            value: i64::try_from(value).unwrap_or(i64::MAX),
        }
    }

    fn gauge<'a>(self, attributes: &'a [Attribute<'a>], value: u64) -> NumberPoint<'a> {
        NumberPoint {
            start_unix_nanos: 0,
            ..self.sum(attributes, value)
        }
    }
}

fn labels(series: &Series) -> [Attribute<'_>; 2] {
    [
        Attribute::str(names::METHOD, series.method()),
        Attribute::str(names::ENDPOINT, &series.route),
    ]
}

fn write_requests(record: &Record, times: Times, items: &mut Writer) {
    let temporality = Temporality::Cumulative;
    write_sum(
        items,
        names::HTTP_REQUESTS,
        "{request}",
        temporality,
        |add| {
            for series in record.series() {
                let [method, endpoint] = labels(series);
                for (status, count) in &series.statuses {
                    let status = status.to_string();
                    let status = Attribute::str(names::STATUS_CODE, &status);
                    add(&times.sum(&[method, endpoint, status], *count));
                }
            }
        },
    );
}

fn write_durations(record: &Record, times: Times, items: &mut Writer) {
    let temporality = Temporality::Cumulative;
    write_histogram(
        items,
        names::HTTP_REQUEST_DURATION,
        "s",
        temporality,
        |add| {
            for series in record
                .series()
                .iter()
                .filter(|series| series.durations.count() > 0)
            {
                add(&HistogramPoint {
                    attributes: &labels(series),
                    start_unix_nanos: times.start,
                    unix_nanos: times.now,
                    bucket_counts: series.durations.counts(),
                    explicit_bounds: series.durations.bounds(),
                    sum: series.durations.sum(),
                });
            }
        },
    );
}

fn write_ledger(record: &Record, times: Times, items: &mut Writer) {
    let ledger = &record.ledger;
    let temporality = Temporality::Cumulative;
    for (name, unit, value) in [
        (names::EDGE_SPANS_PRODUCED, "{span}", ledger.produced),
        (names::EDGE_SPANS_EXPORTED, "{span}", ledger.exported),
        (names::EDGE_SERIES_OVERFLOW, "{request}", ledger.overflow),
    ] {
        write_sum(items, name, unit, temporality, |add| {
            add(&times.sum(&[], value))
        });
    }
    for (name, unit, counts, reasons) in [
        (names::EDGE_SPANS_DROPPED, "{span}", &ledger.dropped, &DROPS),
        (
            names::EDGE_EXPORT_FAILURES,
            "{request}",
            &ledger.failures,
            &FAILURES,
        ),
    ] {
        write_sum(items, name, unit, temporality, |add| {
            for (reason, count) in reasons.iter().zip(counts) {
                let reason = Attribute::str(names::REASON, reason);
                add(&times.sum(&[reason], *count));
            }
        });
    }
    write_gauge(items, names::EDGE_SPANS_QUEUED, "{span}", |add| {
        add(&times.gauge(&[], record.queued()));
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record_of_two_requests;
    use crate::resource::Resource;
    use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    use prost::Message;

    #[test]
    fn the_record_decodes_as_otlp() {
        let record = record_of_two_requests();
        let service = crate::config::Service {
            name: "edge".to_owned(),
            version: Some("1".to_owned()),
            namespace: None,
            environment: None,
        };
        let body = Resource::new(&service, record.instance).export_request(&items(&record, 9));
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
        let data = |name: &str| {
            metrics
                .iter()
                .find(|metric| metric.name == name)
                .unwrap()
                .data
                .clone()
                .unwrap()
        };
        let Data::Sum(requests) = data("http_requests_total") else {
            panic!("no sum")
        };
        assert_eq!(requests.data_points.len(), 2);
        assert_eq!(
            requests.data_points[0].start_time_unix_nano,
            record.start_unix_nanos
        );
        let Data::Histogram(durations) = data("http_request_duration_seconds") else {
            panic!("no histogram")
        };
        assert_eq!(durations.data_points[0].count, 2);
        assert_eq!(durations.data_points[0].explicit_bounds.len(), 11);
        let Data::Gauge(progress) = data("http_requests_in_progress") else {
            panic!("no gauge")
        };
        assert_eq!(progress.data_points.len(), record.series().len());
        let Data::Sum(dropped) = data("sightline_edge_spans_dropped_total") else {
            panic!("no sum")
        };
        assert_eq!(
            dropped.data_points.len(),
            DROPS.len(),
            "zeros are said, too"
        );
    }
}
