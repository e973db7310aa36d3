//! The third way out: Envoy's own statistics, with the tags that are shipped.

use crate::setup::{Edge, envoy_present, filter_with};
use serde_json::json;
use sightline_tests::http::{Kind, load};
use sightline_tests::process::wait_for;
use sightline_tests::red::{self, parse_page, total};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

#[test]
fn envoys_own_statistics_say_the_same_as_the_page() {
    if !envoy_present() {
        return;
    }
    let metrics = json!({"path": "/sightline/metrics", "envoy_stats": true});
    let edge = Edge::start(filter_with("/metrics", metrics.clone()), 2);
    let kinds = [
        Kind {
            method: "GET",
            path: "/products/1",
        },
        Kind {
            method: "POST",
            path: "/status/503",
        },
        Kind {
            method: "GET",
            path: "/odd%7Cname",
        },
        Kind {
            method: "GET",
            path: "/slow/20",
        },
    ];
    load(&edge.url(""), &kinds, 50, 4).unwrap();
    // Another configuration of the same service counts on.
    let mut next = edge.listener.clone();
    next.filter = Some(filter_with("/service/version", json!("2")));
    next.filter.as_mut().unwrap()["metrics"] = metrics;
    assert_eq!(edge.envoy.update(&[next]).unwrap(), None);
    load(&edge.url(""), &kinds, 50, 4).unwrap();

    wait_for("both to say the same", LIMIT, || {
        let page = parse_page(&edge.page())?;
        let stats = edge.envoy.admin("/stats/prometheus")?;
        let ours = stats.lines().filter(|line| {
            let ours = ["http_re", "errors_total"];
            ours.iter().any(|prefix| line.starts_with(prefix))
        });
        let stats = parse_page(&ours.collect::<Vec<_>>().join("\n"))?;
        let (seen, told) = (red::requests(&page), red::requests(&stats));
        anyhow::ensure!(
            seen.values().sum::<u64>() == 400 && seen == told,
            "{seen:?} {told:?}"
        );
        for name in [
            "errors_total",
            "http_request_duration_seconds_count",
            "http_request_duration_seconds_bucket",
            "http_requests_in_progress",
            "http_response_bytes_total",
        ] {
            let (seen, told) = (total(&page, name), total(&stats, name));
            anyhow::ensure!(seen == told, "{name}: {seen} {told}");
        }
        let sums = "http_request_duration_seconds_sum";
        let (seen, told) = (total(&page, sums), total(&stats, sums));
        anyhow::ensure!(
            seen >= 2.0 && told <= seen,
            "whole seconds, the rest is carried over: {seen} {told}"
        );
        Ok(Some(()))
    })
    .unwrap();
}
