//! What the collector has acknowledged arrives, though it is killed again and again
//! and its stores are down for a while.

use super::SETTLE_LIMIT;
use super::store::{self, Store};
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::otlp_json::{self, event, logs, pair, text, traces};
use sightline_tests::parts;
use sightline_tests::process::free_port;
use sightline_tests::process::wait_for;
use sightline_tests::prometheus::Prometheus;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tempfile::TempDir;

/// Bodies of each signal that must have been acknowledged between two deaths.
const BETWEEN: usize = 60;
const DEATHS: usize = 3;
const SENDERS: usize = 4;
const SIGNALS: [&str; 3] = ["logs", "traces", "metrics"];

/// A body of one item of this signal, by whose number it is known again.
fn body(signal: &str, number: u64) -> String {
    let name = format!("n{number}");
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let resource = format!(
        r#""resource":{{"attributes":[{}]}}"#,
        text("service.name", "durable")
    );
    match signal {
        "logs" => logs("durable", "1", &[event(&name, 1, &[])]),
        "traces" => {
            let now = now.to_string();
            let span = json!({
                "traceId": format!("{number:032x}"), "spanId": format!("{number:016x}"),
                "name": name, "kind": 1, "startTimeUnixNano": now, "endTimeUnixNano": now,
            });
            traces(&[pair("service.name", "durable")], &[span])
        }
        _ => format!(
            r#"{{"resourceMetrics":[{{{resource},"scopeMetrics":[{{"metrics":[{{"name":"durable","gauge":{{"dataPoints":[{{"timeUnixNano":"{now}","asDouble":1,"attributes":[{}]}}]}}}}]}}]}}]}}"#,
            text("name", &name)
        ),
    }
}

/// Has the senders end, also where the test fails before.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn what_was_acknowledged_arrives_though_it_is_killed_and_stores_are_down() {
    if !parts::all_present(&[parts::OTELCOL, parts::PROMETHEUS]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let prometheus_port = free_port().unwrap();
    let mut prometheus = None;
    let mut collector = Collector::start_for(folder.path(), prometheus_port).unwrap();
    let (store, server) = Store::start();
    collector.forward_to(server.port).unwrap();

    let acknowledged = SIGNALS.map(|_| Mutex::new(BTreeSet::new()));
    let mut crashes = 0;
    let is_over = AtomicBool::new(false);
    let sent = AtomicU64::new(1);
    let port = collector.internal_port;
    let count = || {
        let counts = acknowledged
            .each_ref()
            .map(|names| names.lock().unwrap().len());
        counts.into_iter().min().unwrap()
    };
    std::thread::scope(|scope| {
        let _end = Ends(&is_over);
        for _ in 0..SENDERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let number = sent.fetch_add(1, Ordering::SeqCst);
                    let at = number as usize % SIGNALS.len();
                    let answer = otlp_json::post(port, SIGNALS[at], &body(SIGNALS[at], number));
                    // Who is not answered would send it again.
                    if answer.is_ok_and(|answer| answer.status == 200) {
                        acknowledged[at].lock().unwrap().insert(number);
                    }
                }
            });
        }
        for death in 1..=DEATHS {
            let least = count() + BETWEEN;
            wait_for("some of each", SETTLE_LIMIT, || {
                crashes += collector.supervise()?;
                Ok((count() >= least).then_some(()))
            })
            .unwrap();
            collector.kill();
            // The stores are up from the second death on.
            if death == 2 {
                store.is_up.store(true, Ordering::SeqCst);
                let started =
                    Prometheus::start_with(folder.path(), prometheus_port, "global: {}\n", &[]);
                prometheus = Some(started.unwrap());
            }
            crashes += collector.supervise().unwrap() - 1;
        }
    });
    let [logs, traces, metrics] = acknowledged.map(|names| names.into_inner().unwrap());
    let missing = |had: &BTreeSet<u64>, has: &Mutex<BTreeSet<u64>>| {
        had.difference(&has.lock().unwrap()).count()
    };
    let mut left = (0, 0, 0);
    let arrived = wait_for("all that was acknowledged", SETTLE_LIMIT, || {
        crashes += collector.supervise()?;
        let series = prometheus
            .as_ref()
            .unwrap()
            .query("last_over_time(durable[1h])")?;
        let there = series
            .iter()
            .map(|sample| store::number(sample.label("name")));
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
    println!("{counts:?} acknowledged in {DEATHS} deaths and {crashes} crashes, all there");
}
