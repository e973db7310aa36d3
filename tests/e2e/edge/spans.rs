//! Spans at the collector, and what happens when there is none.

use crate::setup::{Edge, envoy_present, filter, filter_with};
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::http::{Kind, load};
use sightline_tests::otlp;
use sightline_tests::parts;
use sightline_tests::process::{free_port, wait_for};
use std::time::Duration;

/// As `sightline_core::names` has it.
const EDGE_KEPT_FOR: &str = "sightline.edge.kept_for";
const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn a_sampled_request_leaves_a_server_span() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let collector = Collector::start(stores.path(), None).unwrap();
    let edge = Edge::start_with_collector(filter(), 2, collector.internal_port);
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let seen = edge.get("/products/7?token=secret", &[("traceparent", parent)]);
    edge.get("/status/503", &[("traceparent", parent)]);
    let unsampled = parent.replace("-01", "-00");
    edge.get("/products/8", &[("traceparent", &unsampled)]);

    let spans = wait_for("both spans", LIMIT, || {
        let spans = otlp::spans(&collector.traces)?;
        Ok((spans.len() >= 2).then_some(spans))
    })
    .unwrap();
    assert_eq!(spans.len(), 2, "the unsampled one is not sent: {spans:?}");
    let span = spans.iter().find(|span| span.status != 2).unwrap();
    assert_eq!(
        (span.service.as_str(), span.name.as_str(), span.kind),
        ("edge", "GET /products/{id}", 2)
    );
    assert_eq!(span.trace_id, "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.parent_id, "b7ad6b7169203331");
    assert!(seen.upstream("traceparent").contains(&span.span_id));
    assert!(span.end >= span.start && span.start > 1_700_000_000_000_000_000);
    assert_eq!(span.attributes["http.request.method"], "GET");
    assert_eq!(span.attributes["http.route"], "/products/{id}");
    assert_eq!(span.attributes["http.response.status_code"], 200);
    assert_eq!(span.attributes["url.path"], "/products/7");
    assert_eq!(span.attributes["url.scheme"], "http");
    let failed = spans
        .iter()
        .find(|span| span.status == 2)
        .expect("5xx is an error");
    assert_eq!(failed.attributes["error.type"], "503");
    let file = std::fs::read_to_string(&collector.traces).unwrap();
    assert!(!file.contains("secret"), "a query string left the edge");
}

#[test]
fn a_collector_that_is_down_harms_nobody_and_every_loss_is_counted() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let port = free_port().unwrap();
    let edge = Edge::start_with_collector(
        filter_with(
            "/export",
            json!({"cluster": "collector", "interval_ms": 100, "max_queue_bytes": 65536}),
        ),
        2,
        port,
    );
    for _ in 0..2000 {
        assert_eq!(edge.get("/products/1", &[]).answer.status, 200);
    }
    let down = wait_for("every span to be queued or dropped", LIMIT, || {
        let [produced, exported, dropped, queued] = edge.account("spans");
        anyhow::ensure!(
            produced == 2000.0 && produced == exported + dropped + queued,
            "{produced} {exported} {dropped} {queued}"
        );
        Ok((dropped > 0.0).then_some([exported, dropped, queued]))
    })
    .unwrap();
    assert_eq!(down[0], 0.0, "nothing was exported");
    assert!(down[2] > 0.0, "the queue holds what fits");

    // The collector comes: what waited arrives, exactly.
    let stores = tempfile::TempDir::new().unwrap();
    let collector = Collector::start_on(stores.path(), None, port).unwrap();
    let [_, exported, dropped, _] = wait_for("the queue to drain", LIMIT, || {
        let ledger = edge.account("spans");
        Ok((ledger[3] == 0.0).then_some(ledger))
    })
    .unwrap();
    assert_eq!(exported + dropped, 2000.0);
    wait_for("the collector to hold them", LIMIT, || {
        let spans = otlp::spans(&collector.traces)?.len();
        anyhow::ensure!(spans as f64 == exported, "{spans} of {exported}");
        Ok(Some(()))
    })
    .unwrap();
}

#[test]
fn errors_and_slow_requests_leave_a_span_though_nothing_is_sampled() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let collector = Collector::start(stores.path(), None).unwrap();
    let trace = json!({"sample_ratio": 0, "slow_ms": 250});
    let filter = filter_with("/trace", trace);
    let edge = Edge::start_with_collector(filter, 1, collector.internal_port);
    let sent = ["/products/1", "/status/404", "/status/500", "/slow/300"]
        .map(|path| edge.get(path, &[]).upstream("traceparent"));
    assert!(sent.iter().all(|sent| sent.ends_with("-02")), "{sent:?}");
    let refused = edge.client.get(&edge.url("/refused"), &[]).unwrap();
    assert_eq!(refused.status, 503);
    wait_for("every span to arrive", LIMIT, || {
        let [produced, exported, dropped, queued] = edge.account("spans");
        anyhow::ensure!(produced <= 3.0 && dropped + queued <= 3.0);
        Ok((exported == 3.0).then_some(()))
    })
    .unwrap();
    let spans = wait_for("the collector to hold them", LIMIT, || {
        let spans = otlp::spans(&collector.traces)?;
        Ok((spans.len() >= 3).then_some(spans))
    })
    .unwrap();
    let mut kept: Vec<_> = spans
        .iter()
        .map(|span| (span.name.as_str(), &span.attributes[EDGE_KEPT_FOR]))
        .collect();
    kept.sort_by_key(|(name, _)| *name);
    assert_eq!(
        kept,
        [
            ("GET /refused", &json!("error")),
            ("GET /slow/{ms}", &json!("slow")),
            ("GET /status/{code}", &json!("error")),
        ]
    );
}

#[test]
fn the_share_of_new_traces_is_sampled() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter_with("/trace", json!({"sample_ratio": 0})), 1);
    let flags = edge.get("/", &[]).upstream("traceparent");
    assert!(flags.ends_with("-02"), "random, not sampled: {flags}");
    assert_eq!(edge.account("spans")[0], 0.0);
}

#[test]
fn much_that_waits_does_not_wait_for_the_interval() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let collector = Collector::start(stores.path(), None).unwrap();
    let export = json!({"cluster": "collector", "interval_ms": 3_600_000,
        "max_queue_bytes": 1 << 26});
    let edge =
        Edge::start_with_collector(filter_with("/export", export), 1, collector.internal_port);
    let sent = 8000;
    let kind = Kind {
        method: "GET",
        path: "/direct",
    };
    load(&format!("http://127.0.0.1:{}", edge.port), &[kind], sent, 4).unwrap();
    // What remains is less than is much.
    wait_for("most spans", LIMIT, || {
        let spans = otlp::spans(&collector.traces)?.len();
        anyhow::ensure!(spans > 6000, "{spans} of {sent}");
        Ok(Some(()))
    })
    .unwrap();
    let [produced, exported, dropped, queued] = edge.account("spans");
    assert_eq!(produced, exported + dropped + queued);
    assert_eq!(dropped, 0.0);
}
