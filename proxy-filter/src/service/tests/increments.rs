//! Delta temporality: increments since the last export that was acknowledged,
//! whichever worker made it.

use super::*;
use crate::record::tests::{finished, route};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{AggregationTemporality, number_data_point};
use prost::Message;

fn delta_service() -> Service {
    let settings = settings(r#", "export": {"cluster": "otel", "temporality": "delta"}"#);
    let mut service = Service::new(&settings);
    service.enter(ROOT, settings, NOW);
    service
}

/// Requests in an export, and the beginning and end of what it covers.
fn requests(call: &ExportCall) -> (i64, u64, u64) {
    let body = ExportMetricsServiceRequest::decode(call.body.as_slice()).unwrap();
    let metrics = &body.resource_metrics[0].scope_metrics[0].metrics;
    let found = metrics
        .iter()
        .find(|metric| metric.name == "http_requests_total");
    let Some(Data::Sum(sum)) = found.and_then(|metric| metric.data.clone()) else {
        return (0, 0, 0);
    };
    let delta = AggregationTemporality::Delta as i32;
    assert_eq!(sum.aggregation_temporality, delta);
    let counts = sum.data_points.iter().map(|point| match point.value {
        Some(number_data_point::Value::AsInt(count)) => count,
        other => panic!("{other:?}"),
    });
    let first = &sum.data_points[0];
    let times = (first.start_time_unix_nano, first.time_unix_nano);
    (counts.sum(), times.0, times.1)
}

struct Edge {
    record: Record,
    shared: EnvoySharedData,
    now: Now,
}

impl Edge {
    /// Counts, publishes and exports; the answer has this status.
    fn export(
        &mut self,
        service: &mut Service,
        worker: WorkerId,
        count: u64,
        status: u16,
    ) -> (i64, u64, u64) {
        let series = service
            .red
            .series_of(b"GET", &route("/a"), &crate::red::Limits::NONE);
        for _ in 0..count {
            service.red.count(series, &finished(Some(200), 1));
        }
        self.now.monotonic_nanos += 600_000_000_000;
        self.now.unix_nanos += 600_000_000_000;
        self.record
            .add(&service.contribution(worker, self.now, false));
        service.published(&self.record, false);
        let calls = service.due_calls(&self.record, worker, self.now, &mut self.shared);
        let [call] = calls.as_slice() else {
            panic!("{} calls", calls.len())
        };
        service.called(call, ROOT, Some(5), self.now, 0);
        service.answered(ROOT, 5, &answer(status), self.now, 0, &mut self.shared);
        requests(call)
    }
}

#[test]
fn increments_begin_where_the_last_acknowledged_export_ended() {
    let mut edge = Edge {
        record: Record::new(7, [1; 16]),
        shared: shared(),
        now: NOW,
    };
    let mut one = delta_service();
    let (count, start, first_end) = edge.export(&mut one, 1, 3, 200);
    assert_eq!((count, start), (3, 7), "since the record began");
    let (count, start, _) = edge.export(&mut one, 1, 4, 503);
    assert_eq!((count, start), (4, first_end));
    let (count, start, third_end) = edge.export(&mut one, 1, 5, 200);
    assert_eq!((count, start), (9, first_end), "what failed is in the next");
    // Another worker's turn.
    edge.now.monotonic_nanos += 600_000_000_000;
    let mut two = delta_service();
    let (count, start, _) = edge.export(&mut two, 2, 6, 200);
    assert_eq!((count, start), (6, third_end));
    assert_eq!(edge.export(&mut two, 2, 0, 200).0, 0, "nothing new");
}
