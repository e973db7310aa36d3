//! RED: totals equal what was sent, exactly, over all workers and across
//! reloads, on every way out.

use crate::setup::{Edge, envoy_present, filter, filter_with};
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::http::{Kind, load};
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use sightline_tests::prometheus::Prometheus;
use sightline_tests::red::{self, Requests, parse_page};
use std::collections::BTreeMap;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

const KINDS: [Kind; 5] = [
    Kind {
        method: "GET",
        path: "/products/1",
    },
    Kind {
        method: "GET",
        path: "/products/2?token=secret",
    },
    Kind {
        method: "POST",
        path: "/status/503",
    },
    Kind {
        method: "DELETE",
        path: "/status/404",
    },
    Kind {
        method: "GET",
        path: "/refused",
    },
];

/// What the load generator counted, by route as the configuration names it.
fn by_route(sent: &BTreeMap<(String, String, u16), u64>) -> Requests {
    let mut requests = Requests::new();
    for ((method, path, status), count) in sent {
        let route = match path.split('/').nth(1) {
            Some("products") => "/products/{id}",
            Some("status") => "/status/{code}",
            _ => "/refused",
        };
        *requests
            .entry((method.clone(), route.to_owned(), *status))
            .or_default() += count;
    }
    requests
}

fn add(total: &mut Requests, more: &Requests) {
    for (key, count) in more {
        *total.entry(key.clone()).or_default() += count;
    }
}

#[test]
fn totals_are_exact_at_four_workers_across_reloads() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL, parts::PROMETHEUS]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let prometheus = Prometheus::start(stores.path()).unwrap();
    let collector = Collector::start(stores.path(), Some(&prometheus)).unwrap();
    let edge = Edge::start_with_collector(filter(), 4, collector.internal_port);
    let mut sent = Requests::new();
    for generation in 0..3 {
        // Requests run while the listener, and with it the filter, is replaced.
        let counted = std::thread::scope(|scope| {
            let load = scope.spawn(|| load(&edge.url(""), &KINDS, 300, 8).unwrap());
            let mut next = edge.listener.clone();
            next.filter = Some(filter_with(
                "/service",
                json!({"name": "edge", "version": format!("1.2.{generation}")}),
            ));
            assert_eq!(edge.envoy.update(&[next]).unwrap(), None);
            load.join().unwrap()
        });
        add(&mut sent, &by_route(&counted));
    }
    assert_eq!(sent.values().sum::<u64>(), 3 * 5 * 300);

    let page = wait_for("the page to say what was sent", LIMIT, || {
        let page = parse_page(&edge.page())?;
        let seen = red::requests(&page);
        anyhow::ensure!(seen == sent, "sent {sent:?}, page {seen:?}");
        Ok(Some(page))
    })
    .unwrap();
    assert_eq!(red::total(&page, "http_requests_in_progress"), 0.0);
    assert_eq!(
        red::total(&page, "http_request_duration_seconds_count"),
        4500.0
    );
    let top = page.iter().filter(|sample| {
        sample.name == "http_request_duration_seconds_bucket" && sample.label("le") == "+Inf"
    });
    assert_eq!(top.map(|sample| sample.value).sum::<f64>(), 4500.0);

    wait_for("Prometheus to hold what was sent", LIMIT, || {
        let samples = prometheus.query("http_requests_total{job=\"edge\"}")?;
        let seen = red::requests(&samples);
        anyhow::ensure!(seen == sent, "sent {sent:?}, Prometheus {seen:?}");
        Ok(Some(()))
    })
    .unwrap();
    let counts = prometheus
        .query("sum(http_request_duration_seconds_count)")
        .unwrap();
    assert_eq!(counts[0].value, 4500.0);
    let bounds = prometheus
        .query("count by (le) (http_request_duration_seconds_bucket)")
        .unwrap();
    let mut bounds: Vec<_> = bounds
        .iter()
        .map(|sample| sample.label("le").to_owned())
        .collect();
    bounds.sort();
    let mut expected = [
        "0.005", "0.01", "0.025", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "5", "10", "+Inf",
    ];
    expected.sort_unstable();
    assert_eq!(bounds, expected);
}

#[test]
fn durations_fall_into_their_bucket() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    for _ in 0..3 {
        edge.get("/slow/300", &[]);
    }
    let count_below = |bound: &str| {
        let page = parse_page(&edge.page()).unwrap();
        let bucket = page.iter().find(|sample| {
            sample.name == "http_request_duration_seconds_bucket"
                && sample.label("endpoint") == "/slow/{ms}"
                && sample.label("le") == bound
        });
        bucket.map(|sample| sample.value)
    };
    // Slower than its wait a request may be on a busy machine; never faster.
    assert_eq!(count_below("0.25"), Some(0.0));
    assert_eq!(count_below("+Inf"), Some(3.0));
}

#[test]
fn the_page_passes_promtool() {
    if !envoy_present() || !parts::all_present(&[parts::PROMTOOL]) {
        return;
    }
    let edge = Edge::start(filter(), 2);
    edge.get("/products/1", &[]);
    let page = edge.page();
    assert!(page.ends_with("# EOF\n"), "OpenMetrics ends with EOF");
    let mut promtool = std::process::Command::new(parts::require(parts::PROMTOOL).unwrap())
        .args(["check", "metrics"])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut promtool.stdin.take().unwrap(), page.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaints}\n{page}");
}

#[test]
fn routes_beyond_the_budget_fall_into_one() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(
        filter_with(
            "/metrics",
            json!({"path": "/sightline/metrics", "max_series": 20}),
        ),
        1,
    );
    for at in 0..200 {
        edge.get(&format!("/made-up-{}", "x".repeat(at % 27 + 1)), &[]);
        edge.get("/products/1", &[]);
    }
    let page = parse_page(&edge.page()).unwrap();
    let counted = red::requests(&page);
    assert_eq!(counted.values().sum::<u64>(), 400, "nothing is lost");
    assert!(counted.keys().any(|(_, route, _)| route == "_other"));
    assert!(counted.len() <= 21, "{} series", counted.len());
    assert_eq!(
        counted.get(&("GET".to_owned(), "/products/{id}".to_owned(), 200)),
        Some(&200)
    );
}
