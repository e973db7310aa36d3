//! What the collector has acknowledged arrives, though it is killed again and again
//! and its stores are down for a while.

use super::store::{self, Store};
use super::{SETTLE_LIMIT, Stage};
use sightline_tests::otlp_json::{self, event, logs, text};
use sightline_tests::process::wait_for;
use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
        "traces" => format!(
            r#"{{"resourceSpans":[{{{resource},"scopeSpans":[{{"spans":[{{"name":"{name}","kind":1,"traceId":"{:032x}","spanId":"{:016x}","startTimeUnixNano":"{now}","endTimeUnixNano":"{now}"}}]}}]}}]}}"#,
            number, number,
        ),
        _ => format!(
            r#"{{"resourceMetrics":[{{{resource},"scopeMetrics":[{{"metrics":[{{"name":"durable","gauge":{{"dataPoints":[{{"timeUnixNano":"{now}","asDouble":1,"attributes":[{}]}}]}}}}]}}]}}]}}"#,
            text("name", &name)
        ),
    }
}

#[test]
fn what_was_acknowledged_arrives_though_it_is_killed_and_stores_are_down() {
    let Some(mut stage) = Stage::start() else {
        return;
    };
    let (store, server) = Store::start();
    stage.collector.forward_to(server.port).unwrap();

    let acknowledged = SIGNALS.map(|_| Mutex::new(BTreeSet::new()));
    let is_over = AtomicBool::new(false);
    let sent = AtomicU64::new(1);
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
    let missing = |had: &BTreeSet<u64>, has: &Mutex<BTreeSet<u64>>| {
        had.difference(&has.lock().unwrap()).count()
    };
    let mut left = (0, 0, 0);
    let arrived = wait_for("all that was acknowledged", SETTLE_LIMIT, || {
        let series = stage.prometheus.query("last_over_time(durable[1h])")?;
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
    println!("{counts:?} acknowledged in {DEATHS} deaths, all there");
}
