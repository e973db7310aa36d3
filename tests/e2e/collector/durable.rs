//! What the collector has acknowledged arrives, though it is killed again and again
//! and its stores are down for a while.

use super::{SETTLE_LIMIT, Stage};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use sightline_tests::http_server::{Answer, HttpServer};
use sightline_tests::otlp_json::{self, event, logs, text};
use sightline_tests::process::wait_for;
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Bodies of each signal that must have been acknowledged between two deaths.
const BETWEEN: usize = 60;
const DEATHS: usize = 3;
const SENDERS: usize = 4;
const SIGNALS: [&str; 3] = ["logs", "traces", "metrics"];

/// A store that takes traces and logs, when it is up.
#[derive(Default)]
struct Store {
    is_up: AtomicBool,
    logs: Mutex<BTreeSet<String>>,
    traces: Mutex<BTreeSet<String>>,
}

impl Store {
    fn take(&self, path: &str, body: &[u8]) -> u16 {
        if !self.is_up.load(Ordering::SeqCst) {
            return 503;
        }
        let mut bytes = Vec::new();
        let mut gzip = flate2::read::GzDecoder::new(body);
        gzip.read_to_end(&mut bytes).unwrap();
        if path == "/v1/logs" {
            let request = ExportLogsServiceRequest::decode(bytes.as_slice()).unwrap();
            let scopes = request.resource_logs.into_iter();
            let scopes = scopes.flat_map(|resource| resource.scope_logs);
            let records = scopes.flat_map(|scope| scope.log_records);
            self.logs
                .lock()
                .unwrap()
                .extend(records.map(|record| record.event_name));
        } else {
            let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
            let scopes = request.resource_spans.into_iter();
            let scopes = scopes.flat_map(|resource| resource.scope_spans);
            let spans = scopes.flat_map(|scope| scope.spans);
            self.traces
                .lock()
                .unwrap()
                .extend(spans.map(|span| span.name));
        }
        200
    }
}

/// A body of one item of this signal, by whose name it is known again.
fn body(signal: &str, name: &str) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let resource = format!(
        r#""resource":{{"attributes":[{}]}}"#,
        text("service.name", "durable")
    );
    match signal {
        "logs" => logs("durable", "1", &[event(name, 1, &[])]),
        "traces" => format!(
            r#"{{"resourceSpans":[{{{resource},"scopeSpans":[{{"spans":[{{"name":"{name}","kind":1,"traceId":"{:032x}","spanId":"{:016x}","startTimeUnixNano":"{now}","endTimeUnixNano":"{now}"}}]}}]}}]}}"#,
            now + 1,
            now as u64,
        ),
        _ => format!(
            r#"{{"resourceMetrics":[{{{resource},"scopeMetrics":[{{"metrics":[{{"name":"durable","gauge":{{"dataPoints":[{{"timeUnixNano":"{now}","asDouble":1,"attributes":[{}]}}]}}}}]}}]}}]}}"#,
            text("name", name)
        ),
    }
}

#[test]
fn what_was_acknowledged_arrives_though_it_is_killed_and_stores_are_down() {
    let Some(mut stage) = Stage::start() else {
        return;
    };
    let store = Arc::new(Store::default());
    let takes = Arc::clone(&store);
    let server = HttpServer::start(move |request| {
        Answer::new(takes.take(request.path(), &request.body), "")
    })
    .unwrap();
    stage.collector.forward_to(server.port).unwrap();

    let acknowledged = SIGNALS.map(|_| Mutex::new(BTreeSet::new()));
    let is_over = AtomicBool::new(false);
    let sent = AtomicUsize::new(0);
    let port = stage.collector.internal_port;
    let count = || {
        let counts = acknowledged
            .each_ref()
            .map(|names| names.lock().unwrap().len());
        counts.into_iter().min().unwrap()
    };
    std::thread::scope(|scope| {
        for _ in 0..SENDERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let number = sent.fetch_add(1, Ordering::SeqCst);
                    let name = format!("n{number}");
                    let at = number % SIGNALS.len();
                    let answer = otlp_json::post(port, SIGNALS[at], &body(SIGNALS[at], &name));
                    // Who is not answered would send it again.
                    if answer.is_ok_and(|answer| answer.status == 200) {
                        acknowledged[at].lock().unwrap().insert(name);
                    }
                }
            });
        }
        for death in 1..=DEATHS {
            let least = count() + BETWEEN;
            wait_for("some of each", SETTLE_LIMIT, || {
                Ok((count() >= least).then_some(()))
            })
            .unwrap();
            stage.collector.kill();
            // Up from the second death on.
            store.is_up.store(death > 1, Ordering::SeqCst);
            stage.collector.start_again().unwrap();
        }
        is_over.store(true, Ordering::SeqCst);
    });
    let [logs, traces, metrics] = acknowledged.map(|names| names.into_inner().unwrap());
    let missing = |had: &BTreeSet<String>, has: &Mutex<BTreeSet<String>>| {
        had.difference(&has.lock().unwrap()).count()
    };
    let mut left = (0, 0, 0);
    let arrived = wait_for("all that was acknowledged", SETTLE_LIMIT, || {
        let series = stage.prometheus.query("last_over_time(durable[1h])")?;
        let there = series.iter().map(|sample| sample.label("name").to_owned());
        let there = Mutex::new(there.collect());
        left = (
            missing(&logs, &store.logs),
            missing(&traces, &store.traces),
            missing(&metrics, &there),
        );
        Ok((left == (0, 0, 0)).then_some(()))
    });
    let counts = (logs.len(), traces.len(), metrics.len());
    assert!(arrived.is_ok(), "missing {left:?} of {counts:?}");
    println!("{counts:?} acknowledged in {DEATHS} deaths, all there");
}
