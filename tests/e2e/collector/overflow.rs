//! A store that stays down until nothing more fits on disk: senders are refused, what
//! was acknowledged is counted once, and arrives when the store is back.

use super::{SETTLE_LIMIT, Stage};
use crate::store::Store;
use serde_json::json;
use sightline_tests::otlp_json::{self, pair, traces};
use sightline_tests::process::wait_for;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::UNIX_EPOCH;

/// Room on disk for each queue.
const ROOM: u32 = 400_000;
/// More than fits: each is a kilobyte and more.
const MOST: u64 = 4_000;
/// Refusals after which nobody takes any more.
const REFUSALS: usize = 20;

#[test]
fn a_full_disk_refuses_and_counts_nothing_twice() {
    let Some(mut stage) = Stage::start() else {
        return;
    };
    let (store, server) = Store::start();
    stage.collector.queue_bytes = ROOM;
    stage.collector.forward_to(server.port).unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut refused = Vec::new();
    let is_full = || {
        let size = "otelcol_exporter_queue_size";
        let waits = stage.collector.own(size, "otlp_http/traces").unwrap();
        waits > f64::from(ROOM) * 0.9
    };
    for number in 1..=MOST {
        let now = UNIX_EPOCH.elapsed().unwrap().as_nanos().to_string();
        let span = json!({
            "traceId": format!("{number:032x}"), "spanId": format!("{number:016x}"),
            "name": "GET /", "kind": 2, "startTimeUnixNano": now, "endTimeUnixNano": now,
            "attributes": [pair("large", &"x".repeat(1000))],
        });
        let body = traces(&[pair("service.name", "overflow")], &[span]);
        let answer = otlp_json::post(stage.collector.internal_port, "traces", &body).unwrap();
        if answer.status == 200 {
            acknowledged.insert(number);
        } else {
            refused.push(answer.status);
            // The queue before it is full: it may have to find its way first.
            wait_for("the store's queue to be full", SETTLE_LIMIT, || {
                Ok(is_full().then_some(()))
            })
            .unwrap();
        }
        if refused.len() == REFUSALS {
            break;
        }
    }
    assert_eq!(refused.len(), REFUSALS, "{} fit", acknowledged.len());
    assert!(
        refused.iter().all(|status| *status == 503),
        "try again: {refused:?}"
    );
    let least = 2 * ROOM as usize / 3000;
    assert!(acknowledged.len() > least, "{} fit", acknowledged.len());

    store.is_up.store(true, Ordering::SeqCst);
    let mut left = 0;
    let arrived = wait_for("all that was acknowledged", SETTLE_LIMIT, || {
        left = acknowledged
            .difference(&store.traces.lock().unwrap())
            .count();
        Ok((left == 0).then_some(()))
    });
    assert!(arrived.is_ok(), "missing {left} of {}", acknowledged.len());
    assert_eq!(
        *store.traces.lock().unwrap(),
        acknowledged,
        "nothing that was refused"
    );
    stage.wait_sum(
        r#"traces_span_metrics_calls_total{job="overflow"}"#,
        acknowledged.len() as f64,
    );
}
