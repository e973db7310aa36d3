//! What is counted besides requests: failures by type, bytes, exemplars, and
//! counters of the operator.

use crate::setup::{Edge, envoy_present, filter_with};
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use sightline_tests::prometheus::Prometheus;
use sightline_tests::red::{Sample, parse_page, total};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn errors(page: &[Sample], kind: &str) -> f64 {
    let found = page
        .iter()
        .find(|sample| sample.name == "errors_total" && sample.label("type") == kind);
    found
        .unwrap_or_else(|| panic!("no errors_total of type {kind}"))
        .value
}

fn filter() -> serde_json::Value {
    filter_with(
        "/metrics",
        json!({"path": "/sightline/metrics", "counters": [
            {"name": "orders_placed_total", "method": "POST", "route": "/products/{id}"},
            {"name": "bytes_answered_total", "route": "/products/{id}", "sum_header": "content-length"},
        ]}),
    )
}

#[test]
fn failures_are_counted_by_type_and_bodies_by_bytes() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 2);
    let send = |method: &str, path: &str, body: &[u8]| {
        let url = edge.url(path);
        edge.client.send(method, &url, &[], body).unwrap()
    };
    send("GET", "/refused", b"");
    send("GET", "/status/404", b"");
    send("GET", "/status/404", b"");
    send("GET", "/status/429", b"");
    send("GET", "/status/503", b"");
    send("GET", "/timeout/slow/5000", b"");
    let mut answered = 0;
    for _ in 0..3 {
        answered += send("POST", "/products/1", &[b'x'; 1000]).body.len();
    }
    let page = wait_for("all to be counted", LIMIT, || {
        let page = parse_page(&edge.page())?;
        // A VM for each worker, and the main thread's.
        let is_all =
            total(&page, "http_requests_total") == 9.0 && total(&page, "sightline_edge_vms") == 3.0;
        Ok(is_all.then_some(page))
    })
    .unwrap();
    for (kind, count) in [
        ("connect_failure", 1.0),
        ("timeout", 1.0),
        ("rate_limited", 1.0),
        ("4xx", 2.0),
        ("5xx", 1.0),
        ("reset", 0.0),
    ] {
        assert_eq!(errors(&page, kind), count, "{kind}");
    }
    assert_eq!(total(&page, "errors_total"), 6.0, "each under one type");
    let of_products = |name: &str| {
        let samples = page.iter().filter(|sample| sample.name == name);
        let mut products = samples.filter(|sample| sample.label("endpoint") == "/products/{id}");
        products.next().unwrap().value
    };
    assert_eq!(of_products("http_request_bytes_total"), 3000.0);
    assert_eq!(of_products("http_response_bytes_total"), answered as f64);
    assert_eq!(total(&page, "orders_placed_total"), 3.0);
    assert_eq!(total(&page, "bytes_answered_total"), answered as f64);
    assert_eq!(total(&page, "sightline_edge_build_info"), 1.0);
}

#[test]
fn a_bucket_names_a_trace_that_fell_into_it() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    let seen = edge.get("/slow/30", &[]);
    let traceparent = seen.upstream("traceparent");
    let trace = traceparent.split('-').nth(1).unwrap();
    let accept = [("accept", "application/openmetrics-text;version=1.0.0")];
    let page = edge
        .client
        .get(&edge.url("/sightline/metrics"), &accept)
        .unwrap();
    let exemplar = page.body.lines().find(|line| line.contains(trace));
    let exemplar = exemplar.unwrap_or_else(|| panic!("no exemplar in:\n{}", page.body));
    assert!(exemplar.starts_with("http_request_duration_seconds_bucket{"));
    let value = exemplar.split("} ").last().unwrap();
    let seconds: f64 = value.split(' ').next().unwrap().parse().unwrap();
    assert!(seconds >= 0.03, "{exemplar}");
    assert!(!edge.page().contains(trace), "not in the older format");
}

#[test]
fn by_option_prometheus_has_the_names_of_the_conventions() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL, parts::PROMETHEUS]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let prometheus = Prometheus::start(stores.path()).unwrap();
    let collector = Collector::start(stores.path(), Some(&prometheus)).unwrap();
    let export = json!({
        "cluster": "collector", "interval_ms": 200, "metric_names": "opentelemetry",
    });
    let edge =
        Edge::start_with_collector(filter_with("/export", export), 2, collector.internal_port);
    for _ in 0..5 {
        edge.get("/products/1", &[]);
    }
    edge.client.get(&edge.url("/refused"), &[]).unwrap();
    let count = |labels: &str| {
        let query = format!("sum(http_server_request_duration_seconds_count{{{labels}}})");
        let samples = prometheus.query(&query)?;
        Ok::<_, anyhow::Error>(samples.first().map(|sample| sample.value))
    };
    for (labels, expected) in [
        (
            r#"http_route="/products/{id}",http_response_status_code="200",http_request_method="GET",url_scheme="http",network_protocol_version="1.1",error_type="""#,
            5.0,
        ),
        (
            r#"http_response_status_code="503",error_type="connect_failure""#,
            1.0,
        ),
    ] {
        wait_for("Prometheus to hold it", LIMIT, || {
            let seen = count(labels)?;
            anyhow::ensure!(seen == Some(expected), "{labels}: {seen:?}");
            Ok(Some(()))
        })
        .unwrap();
    }
    let none = prometheus.query("http_requests_total").unwrap();
    assert!(none.is_empty(), "{none:?}");
}
