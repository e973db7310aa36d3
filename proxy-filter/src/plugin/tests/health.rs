//! Health, from the tick that asks to the request that is answered.

use super::*;
use crate::call::Call;
use crate::exporter::Answer;

const HEALTHY: &[u8] = br#"{
    "service": {"name": "edge"},
    "metrics": {"path": "/sightline/metrics"},
    "logs": {"access": "envoy"},
    "health": {"probes": [{"cluster": "api"}], "interval_ms": 500}
}"#;

fn worker() -> Worker {
    let mut worker = Worker::new();
    worker.configure(ROOT, HEALTHY).unwrap();
    worker
}

fn tick(worker: &mut Worker, seconds: u64) -> Vec<Call> {
    let shared = &mut worker.shared;
    let now = later(seconds);
    worker.plugin.tick(ROOT, now, shared, &mut entropy).calls
}

fn later(seconds: u64) -> Now {
    Now {
        monotonic_nanos: NOW.monotonic_nanos + seconds * 1_000_000_000,
        ..NOW
    }
}

fn asked(worker: &mut Worker, path: &str) -> Decision {
    worker.plugin.create_stream(2, ROOT);
    let headers = [(":method", &b"GET"[..]), (":path", path.as_bytes())];
    let decision = worker.request(2, &headers);
    worker.end(2, 200);
    decision
}

fn body(worker: &mut Worker, endpoint: Endpoint) -> String {
    worker.plugin.create_stream(3, ROOT);
    let now = later(10);
    let reply = worker.plugin.health(3, endpoint, now, &mut worker.shared);
    worker.delete(3);
    reply.unwrap().body
}

#[test]
fn a_probe_is_asked_answered_and_told() {
    let mut worker = worker();
    assert!(body(&mut worker, Endpoint::Startup).contains("starting"));
    let calls = tick(&mut worker, 9);
    let [call @ Call::Probe(_)] = calls.as_slice() else {
        panic!("{calls:?}")
    };
    let request = call.request().unwrap();
    assert_eq!((request.method, request.path), ("GET", "/"));
    assert_eq!((request.cluster, request.authority), ("api", "api"));
    assert_eq!((request.content_type, request.body), (None, &b""[..]));
    let traceparent = call.traceparent(&mut entropy).unwrap();
    assert!(traceparent.as_str().ends_with("-0707070707070707-02"));
    let now = later(9);
    let plugin = &mut worker.plugin;
    assert_eq!(plugin.called(ROOT, call, Ok(5), now, &mut entropy), None);
    let shared = &mut worker.shared;
    let busy = Answer {
        status: Some(503),
        ..Answer::default()
    };
    let change = plugin.answered(ROOT, 5, &busy, now, shared, &mut entropy);
    assert_eq!(change, None);
    tick(&mut worker, 10);
    assert!(body(&mut worker, Endpoint::Ready).contains("status_503"));
    assert!(body(&mut worker, Endpoint::Startup).contains("started"));
    assert_eq!(worker.total("sightline_edge_probe_up"), 0.0);
    assert!(
        worker
            .page()
            .contains("sightline_edge_probe_up{probe=\"api\"} 0")
    );
}

#[test]
fn without_an_export_nothing_is_late() {
    let mut worker = worker();
    tick(&mut worker, 9);
    assert!(!worker.page().contains("sightline_edge_export_lag_seconds{"));
}

#[test]
fn who_asks_for_health_is_not_counted_whoever_answers() {
    let mut worker = worker();
    for (path, endpoint) in [
        ("/health", Endpoint::Ready),
        ("/health/live?x", Endpoint::Live),
        ("/health/startup", Endpoint::Startup),
    ] {
        let decision = asked(&mut worker, path);
        assert_eq!(decision, Decision::AnswerWithHealth(endpoint));
        // Another filter has answered before this one saw it.
        worker.plugin.create_stream(4, ROOT);
        let mut info = Info {
            status: Some(429),
            headers: serialize(&[(":method", b"HEAD"), (":path", path.as_bytes())]),
            ..Info::default()
        };
        worker.plugin.end(4, &mut info);
        assert_eq!(info.lines, "");
    }
    assert_eq!(worker.total("http_requests_total"), 0.0);
    assert_eq!(asked(&mut worker, "/health/other"), Decision::Continue);
    assert_eq!(worker.total("http_requests_total"), 1.0);
}

#[test]
fn without_the_section_nothing_is_asked_and_nothing_answered() {
    let mut worker = Worker::new();
    assert_eq!(asked(&mut worker, "/health"), Decision::Continue);
    let calls = tick(&mut worker, 9);
    let mut calls = calls.iter();
    assert!(calls.all(|call| matches!(call, Call::Export(_))));
    let keys: Vec<_> = worker.shared.values.keys().collect();
    assert!(
        !keys.iter().any(|key| key.starts_with("health/")),
        "{keys:?}"
    );
    worker.plugin.create_stream(3, ROOT);
    let shared = &mut worker.shared;
    assert_eq!(worker.plugin.health(3, Endpoint::Live, NOW, shared), None);
}
