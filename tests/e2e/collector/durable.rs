//! What the collector has acknowledged arrives, though it is killed again and again
//! and its stores are down for a while.

use super::SETTLE_LIMIT;
use crate::store::{self, Store};
use serde_json::json;
use sightline_core::web_vital;
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
const SENDERS: usize = 12;
const SIGNALS: [&str; 4] = ["logs", "traces", "metrics", "pages"];

/// What the histograms of pages come to.
const VIEWS: &str = "browser_web_vital_lcp_seconds_count";

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
        "pages" => {
            let bounds = web_vital::LCP.bounds();
            let view = otlp_json::histogram("browser.web_vital.lcp", (1, 0.1), 0, &bounds, &[]);
            otlp_json::metrics("shop-browser", "1", &[view])
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
    let (port, browser_port) = (collector.internal_port, collector.browser_port);
    let count = || {
        let counts = acknowledged[..3]
            .iter()
            .map(|names| names.lock().unwrap().len());
        counts.min().unwrap()
    };
    std::thread::scope(|scope| {
        let _end = Ends(&is_over);
        for _ in 0..SENDERS {
            scope.spawn(|| {
                while !is_over.load(Ordering::SeqCst) {
                    let number = sent.fetch_add(1, Ordering::SeqCst);
                    let at = number as usize % SIGNALS.len();
                    // A counter that begins anew shows it only where it falls behind
                    // what it was: most views are told before it is first written.
                    let is_late = store.is_up.load(Ordering::SeqCst) && number % 40 > 3;
                    if SIGNALS[at] == "pages" && is_late {
                        continue;
                    }
                    let body = body(SIGNALS[at], number);
                    let answer = match SIGNALS[at] {
                        "pages" => otlp_json::post(browser_port, "metrics", &body),
                        signal => otlp_json::post(port, signal, &body),
                    };
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
                // Twice, so that what comes again is not all.
                let written = prometheus.as_ref().is_none_or(|prometheus: &Prometheus| {
                    let writes = prometheus.query(&format!("changes({VIEWS}[1h])"));
                    writes.is_ok_and(|writes| writes.iter().any(|write| write.value >= 1.0))
                });
                Ok((count() >= least && written).then_some(()))
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
    let [logs, traces, metrics, pages] = acknowledged.map(|names| names.into_inner().unwrap());
    let missing = |had: &BTreeSet<u64>, has: &Mutex<BTreeSet<u64>>| {
        had.difference(&has.lock().unwrap()).count()
    };
    let mut left = (0, 0, 0, 0);
    let arrived = wait_for("all that was acknowledged", SETTLE_LIMIT, || {
        crashes += collector.supervise()?;
        let prometheus = prometheus.as_ref().unwrap();
        let views = prometheus.counted(VIEWS)?;
        let series = prometheus.query("last_over_time(durable[1h])")?;
        let there = series
            .iter()
            .filter_map(|sample| store::number(sample.label("name")));
        let there = Mutex::new(there.collect());
        left = (
            missing(&logs, &store.logs),
            missing(&traces, &store.traces),
            missing(&metrics, &there),
            pages.len().saturating_sub(views as usize),
        );
        Ok((left == (0, 0, 0, 0)).then_some(()))
    });
    let counts = (logs.len(), traces.len(), metrics.len(), pages.len());
    assert!(
        arrived.is_ok(),
        "missing {left:?} of {counts:?} after {crashes} crashes"
    );
    println!("{counts:?} acknowledged in {DEATHS} deaths and {crashes} crashes, all there");
}
