//! A record as OTLP metrics: cumulative, since the record began.

use crate::ledger::{DROPS, FAILURES};
use crate::record::{Record, Series};
use sightline_core::names;
use sightline_core::otlp::{
    Attribute, HistogramPoint, NumberPoint, Temporality, Writer, write_gauge, write_histogram,
    write_sum,
};
use std::cell::Cell;

/// How many points there are, and the items of an export request.
pub fn items(record: &Record, unix_nanos: u64) -> (usize, Vec<u8>) {
    let mut items = Writer::new();
    let points = Cell::new(0);
    let times = Times {
        start: record.start_unix_nanos,
        now: unix_nanos,
        points: &points,
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
    (points.get(), items.into_bytes())
}

#[derive(Clone, Copy)]
struct Times<'p> {
    start: u64,
    now: u64,
    /// Counts what is made.
    points: &'p Cell<usize>,
}

impl Times<'_> {
    fn count(self) {
        self.points.set(self.points.get().saturating_add(1));
    }

    fn sum<'a>(self, attributes: &'a [Attribute<'a>], value: u64) -> NumberPoint<'a> {
        self.count();
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

fn write_requests(record: &Record, times: Times<'_>, items: &mut Writer) {
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

fn write_durations(record: &Record, times: Times<'_>, items: &mut Writer) {
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
                times.count();
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

fn write_ledger(record: &Record, times: Times<'_>, items: &mut Writer) {
    let ledger = &record.ledger;
    let temporality = Temporality::Cumulative;
    let queued = record.queued();
    for (names, unit, flow, queued) in [
        (names::EDGE_SPANS, "{span}", &ledger.spans, queued.spans),
        (
            names::EDGE_LOG_RECORDS,
            "{record}",
            &ledger.log_records,
            queued.log_records,
        ),
        (
            names::EDGE_METRIC_POINTS,
            "{point}",
            &ledger.metric_points,
            queued.metric_points,
        ),
    ] {
        for (name, value) in [
            (names.produced, flow.produced),
            (names.exported, flow.exported),
        ] {
            write_sum(items, name, unit, temporality, |add| {
                add(&times.sum(&[], value))
            });
        }
        write_reasons(names.dropped, unit, &flow.dropped, &DROPS, times, items);
        write_gauge(items, names.queued, unit, |add| {
            add(&times.gauge(&[], queued));
        });
    }
    for (name, value) in [
        (names::EDGE_SERIES_OVERFLOW, ledger.overflow),
        (names::EDGE_LOGS_SAMPLED_OUT, ledger.logs_sampled_out),
    ] {
        write_sum(items, name, "{request}", temporality, |add| {
            add(&times.sum(&[], value))
        });
    }
    let name = names::EDGE_EXPORT_FAILURES;
    write_reasons(name, "{request}", &ledger.failures, &FAILURES, times, items);
}

fn write_reasons(
    name: &str,
    unit: &str,
    counts: &[u64],
    reasons: &[&str],
    times: Times<'_>,
    items: &mut Writer,
) {
    write_sum(items, name, unit, Temporality::Cumulative, |add| {
        for (reason, count) in reasons.iter().zip(counts) {
            let reason = Attribute::str(names::REASON, reason);
            add(&times.sum(&[reason], *count));
        }
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
        let (points, bytes) = items(&record, 9);
        let body = Resource::new(&service, record.instance).export_request(&bytes);
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
        let counted: usize = metrics
            .iter()
            .map(|metric| match metric.data.as_ref().unwrap() {
                Data::Sum(sum) => sum.data_points.len(),
                Data::Gauge(gauge) => gauge.data_points.len(),
                Data::Histogram(histogram) => histogram.data_points.len(),
                _ => 0,
            })
            .sum();
        assert_eq!(points, counted, "every point is in the ledger");
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
