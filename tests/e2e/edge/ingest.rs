//! Telemetry that pages send through the edge: what is good reaches the
//! collector as it is, and nothing else does, whoever sends it and however much.

mod client;
mod harm;
mod stage;

use crate::setup::envoy_present;
use flate2::Compression;
use flate2::write::GzEncoder;
use opentelemetry_proto::tonic::collector::{
    logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest,
    trace::v1::ExportTraceServiceRequest,
};
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value as Any};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::http::Answer;
use sightline_tests::process::wait_for;
use sightline_tests::{otlp, otlp_json, parts};
use stage::{OWN, Plan, Recorder, Stage};
use std::io::Write;
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(30);

fn resource() -> Option<Resource> {
    let name = AnyValue {
        value: Some(Any::StringValue("shop-browser".to_owned())),
    };
    Some(Resource {
        attributes: vec![KeyValue {
            key: "service.name".to_owned(),
            value: Some(name),
            ..KeyValue::default()
        }],
        ..Resource::default()
    })
}

fn event(name: &str) -> Vec<u8> {
    let record = LogRecord {
        event_name: name.to_owned(),
        time_unix_nano: 1,
        ..LogRecord::default()
    };
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: resource(),
            scope_logs: vec![ScopeLogs {
                log_records: vec![record],
                ..ScopeLogs::default()
            }],
            ..ResourceLogs::default()
        }],
    };
    request.encode_to_vec()
}

fn span(name: &str) -> Vec<u8> {
    let span = Span {
        name: name.to_owned(),
        trace_id: vec![7; 16],
        span_id: vec![7; 8],
        start_time_unix_nano: 1,
        end_time_unix_nano: 2,
        ..Span::default()
    };
    let request = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: resource(),
            scope_spans: vec![ScopeSpans {
                spans: vec![span],
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        }],
    };
    request.encode_to_vec()
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn what_the_sdk_sends_arrives() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let collector = Collector::start(folder.path(), None).unwrap();
    let stage = Stage::start(Plan {
        collector: collector.browser_port,
        ..Plan::default()
    });
    let json = otlp_json::logs("shop-browser", "1", &[otlp_json::event("as.json", 1, &[])]);
    let metrics = ExportMetricsServiceRequest::default().encode_to_vec();
    let protobuf = "content-type: application/x-protobuf";
    let zipped = "content-encoding: gzip";
    let mut client = stage.client(2);
    for (signal, body, headers) in [
        ("logs", event("as.it.is"), vec![protobuf, OWN]),
        ("logs", gzip(&event("zipped")), vec![protobuf, zipped, OWN]),
        ("traces", gzip(&span("a view")), vec![protobuf, zipped, OWN]),
        ("metrics", metrics, vec![protobuf, OWN]),
        (
            "logs",
            json.into_bytes(),
            vec!["content-type: application/json", OWN],
        ),
        (
            "logs",
            event("same.origin"),
            vec![protobuf, "origin: null", "sec-fetch-site: same-origin"],
        ),
    ] {
        let line = format!("POST /sightline/v1/{signal} HTTP/1.1");
        let length = format!("content-length: {}", body.len());
        let lines = [&[&*line, "host: shop.test", &length], headers.as_slice()].concat();
        let answer = client.send(&lines, &body).unwrap();
        assert_eq!(answer.status, 200, "{headers:?}: {}", answer.body);
    }
    let mut seen = Vec::new();
    wait_for("all of it to arrive", LIMIT, || {
        let logs = otlp::logs(&collector.logs)?
            .into_iter()
            .map(|log| log.event);
        let spans = otlp::spans(&collector.traces)?
            .into_iter()
            .map(|span| span.name);
        seen = logs.chain(spans).collect();
        Ok((seen.len() >= 5).then_some(()))
    })
    .unwrap();
    seen.sort();
    let expected = ["a view", "as.it.is", "as.json", "same.origin", "zipped"];
    assert_eq!(seen, expected);
    assert_eq!(stage.results(), [("accepted".to_owned(), 6)]);
    stage.assert_no_trace();
}

#[test]
fn what_tells_of_a_person_never_reaches_the_collector() {
    if !envoy_present() {
        return;
    }
    let recorder = Recorder::start();
    let stage = Stage::start(Plan {
        collector: recorder.port,
        ..Plan::default()
    });
    let lines = [
        "POST /sightline/v1/logs?user=ada HTTP/1.1",
        "host: shop.test",
        OWN,
        "content-type: application/json",
        "content-length: 2",
        "Cookie: session=secret",
        "cookie: another=secret",
        "authorization: Bearer secret",
        "proxy-authorization: Basic secret",
        "x-forwarded-for: 203.0.113.7",
        "forwarded: for=203.0.113.7",
        "x-real-ip: 203.0.113.7",
        "x-envoy-external-address: 203.0.113.7",
        "referer: http://shop.test/u/ada",
        "user-agent: Mozilla/5.0",
        "accept-language: de",
        "x-request-id: abc",
        "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "baggage: user=ada",
    ];
    let answer = stage.client(2).send(&lines, b"{}").unwrap();
    assert_eq!(answer.status, 200);
    for name in [
        "x-request-id",
        "server-timing",
        "access-control-allow-origin",
    ] {
        assert_eq!(answer.header(name), None, "{name}");
    }
    let mut seen = recorder.take();
    let request = seen.pop().unwrap();
    assert_eq!((seen.len(), request.method.as_str()), (0, "POST"));
    assert_eq!(
        (request.target.as_str(), &*request.body),
        ("/v1/logs", &b"{}"[..])
    );
    let mut names: Vec<_> = request.headers.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    // The last two are Envoy's own, and say nothing of who sent it.
    let expected = [
        "content-length",
        "content-type",
        "host",
        "x-envoy-original-path",
        "x-forwarded-proto",
    ];
    assert_eq!(names, expected, "{:?}", request.headers);
    let said = format!("{:?}", request.headers);
    for personal in ["secret", "203.0.113.7", "127.0.0.2", "ada"] {
        assert!(!said.contains(personal), "{personal}: {said}");
    }
    stage.assert_no_trace();
}

#[test]
fn pages_of_a_listed_origin_ask_and_send_and_read_the_answer() {
    if !envoy_present() {
        return;
    }
    let recorder = Recorder::start();
    let stage = Stage::start(Plan {
        collector: recorder.port,
        ingest: json!({
            "origins": ["https://app.test"],
            "per_client": {"requests_per_minute": 1, "burst": 1},
        }),
        ..Plan::default()
    });
    let mut client = stage.client(2);
    let mut ask = |origin: &str| {
        let lines = [
            "OPTIONS /sightline/v1/logs HTTP/1.1",
            "host: shop.test",
            &format!("origin: {origin}"),
            "sec-fetch-site: cross-site",
            "access-control-request-method: POST",
            "access-control-request-headers: content-encoding,content-type",
        ];
        client.send(&lines, &[]).unwrap()
    };
    let allowed = |answer: &Answer| {
        answer
            .header("access-control-allow-origin")
            .map(str::to_owned)
    };
    let asked = ask("https://app.test");
    assert_eq!(
        (asked.status, allowed(&asked)),
        (204, Some("https://app.test".to_owned()))
    );
    let headers = asked.header("access-control-allow-headers").unwrap();
    assert!(headers.contains("content-encoding") && headers.contains("content-type"));
    let foreign = ask("https://evil.test");
    assert_eq!((foreign.status, allowed(&foreign)), (403, None));
    let lines = [
        "POST /sightline/v1/logs HTTP/1.1",
        "host: shop.test",
        "origin: https://app.test",
        "content-type: application/json",
        "content-length: 2",
    ];
    for status in [200, 429] {
        let sent = client.send(&lines, b"{}").unwrap();
        assert_eq!(
            (sent.status, allowed(&sent)),
            (status, Some("https://app.test".to_owned()))
        );
        assert_eq!(
            sent.header("access-control-expose-headers"),
            Some("retry-after")
        );
        assert!(sent.all("vary").contains(&"origin"), "{:?}", sent.headers);
    }
    assert_eq!((stage.passed_on(), recorder.take().len()), (1, 1));
    let expected = [
        ("accepted", 1),
        ("preflight", 1),
        ("origin", 1),
        ("rate_limited", 1),
    ];
    assert_eq!(
        stage.results(),
        expected.map(|(name, count)| (name.to_owned(), count))
    );
    stage.assert_no_trace();
}
