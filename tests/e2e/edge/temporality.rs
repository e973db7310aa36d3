//! Delta temporality: increments of all workers together add up to what was
//! sent, though some exports fail and the leading worker changes.

use crate::setup::{Edge, envoy_present, filter_with};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use prost::Message;
use serde_json::json;
use sightline_tests::http::{Kind, load};
use sightline_tests::http_server::{Answer, HttpServer};
use sightline_tests::process::wait_for;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// A receiver that takes only every other export of metrics.
struct Receiver {
    port: u16,
    taken: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
    refused: Arc<AtomicU64>,
    _server: HttpServer,
}

impl Receiver {
    fn start() -> Self {
        let taken: Arc<Mutex<Vec<_>>> = Arc::default();
        let refused: Arc<AtomicU64> = Arc::default();
        let (list, count) = (Arc::clone(&taken), Arc::clone(&refused));
        let is_refused = AtomicBool::new(false);
        let server = HttpServer::start(move |request| {
            if request.target != "/v1/metrics" {
                return Answer::new(200, "");
            }
            if !is_refused.fetch_not(Ordering::SeqCst) {
                count.fetch_add(1, Ordering::SeqCst);
                return Answer::new(503, "");
            }
            let decoded = ExportMetricsServiceRequest::decode(request.body.as_slice());
            list.lock().unwrap().push(decoded.unwrap());
            Answer::new(200, "")
        })
        .unwrap();
        Self {
            port: server.port,
            taken,
            refused,
            _server: server,
        }
    }

    /// The sum of all increments of `http_requests_total`, and whether every
    /// one begins where another ended or at the start.
    fn requests(&self) -> i64 {
        let taken = self.taken.lock().unwrap();
        let metrics = taken.iter().flat_map(|body| {
            let scopes = body
                .resource_metrics
                .iter()
                .flat_map(|it| &it.scope_metrics);
            scopes.flat_map(|scope| &scope.metrics)
        });
        let mut sum = 0;
        let mut last_end = 0;
        for metric in metrics.filter(|metric| metric.name == "http_requests_total") {
            let Some(Data::Sum(data)) = &metric.data else {
                panic!("no sum")
            };
            assert_eq!(data.aggregation_temporality, 1, "delta");
            let (start, end) = (
                data.data_points[0].start_time_unix_nano,
                data.data_points[0].time_unix_nano,
            );
            assert!(start >= last_end && end > start, "{start} {end} {last_end}");
            last_end = end;
            for point in &data.data_points {
                let Some(Value::AsInt(count)) = point.value else {
                    panic!("no count")
                };
                sum += count;
            }
        }
        sum
    }
}

#[test]
fn increments_of_all_workers_add_up_though_exports_fail() {
    if !envoy_present() {
        return;
    }
    let receiver = Receiver::start();
    let export = json!({"cluster": "collector", "interval_ms": 100, "temporality": "delta"});
    let edge = Edge::start_with_collector(filter_with("/export", export.clone()), 4, receiver.port);
    let kinds = [Kind {
        method: "GET",
        path: "/products/1",
    }];
    let mut sent = 0;
    for version in ["2", "3", "4"] {
        load(&edge.url(""), &kinds, 500, 8).unwrap();
        sent += 500;
        let mut next = edge.listener.clone();
        let mut filter = filter_with("/service/version", json!(version));
        filter["export"] = export.clone();
        next.filter = Some(filter);
        assert_eq!(edge.envoy.update(&[next]).unwrap(), None);
    }
    wait_for("the increments to add up", LIMIT, || {
        let requests = receiver.requests();
        anyhow::ensure!(requests <= sent, "{requests} of {sent}: counted twice");
        Ok((requests == sent).then_some(()))
    })
    .unwrap();
    assert!(receiver.refused.load(Ordering::SeqCst) > 0);
}
