//! Durations are Envoy's own: each request is in the bucket that Envoy's access
//! log gives it, and a quantile that Prometheus computes from the buckets lies
//! in the bucket of the exact one.

use crate::setup::{Edge, envoy_present, filter};
use sightline_tests::collector::Collector;
use sightline_tests::http::Client;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use sightline_tests::prometheus::Prometheus;
use sightline_tests::red::{parse_page, total};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);
/// What the upstream waits: some near bounds, some far from any.
const MILLIS: [u64; 12] = [0, 1, 4, 7, 9, 20, 24, 60, 99, 180, 260, 600];
const ROUNDS: usize = 8;

#[test]
fn quantiles_lie_in_the_bucket_of_the_exact_ones() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL, parts::PROMETHEUS]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let prometheus = Prometheus::start(stores.path()).unwrap();
    let collector = Collector::start(stores.path(), Some(&prometheus)).unwrap();
    let edge = Edge::start_with_collector(filter(), 2, collector.internal_port);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let base = edge.url("/slow/");
            scope.spawn(move || {
                let client = Client::default();
                for millis in MILLIS.repeat(ROUNDS / 4) {
                    let answer = client.get(&format!("{base}{millis}"), &[]).unwrap();
                    assert_eq!(answer.status, 200);
                }
            });
        }
    });
    let count = MILLIS.len() * ROUNDS;
    let mut exact = wait_for("Envoy to log every request", LIMIT, || {
        let exact = edge.logged_seconds("/slow/")?;
        anyhow::ensure!(exact.len() == count, "{} of {count}", exact.len());
        Ok(Some(exact))
    })
    .unwrap();
    exact.sort_by(f64::total_cmp);

    let page = wait_for("the page to hold every request", LIMIT, || {
        let page = parse_page(&edge.page())?;
        let counted = total(&page, "http_request_duration_seconds_count");
        Ok((counted == count as f64).then_some(page))
    })
    .unwrap();
    let buckets: Vec<(f64, f64)> = page
        .iter()
        .filter(|sample| sample.name == "http_request_duration_seconds_bucket")
        .map(|sample| {
            let bound = sample.label("le").parse().unwrap_or(f64::INFINITY);
            (bound, sample.value)
        })
        .collect();
    for (bound, below) in &buckets {
        let logged = exact.iter().filter(|seconds| *seconds <= bound).count();
        assert_eq!(*below, logged as f64, "at or below {bound} s");
    }
    let sum = total(&page, "http_request_duration_seconds_sum");
    let logged: f64 = exact.iter().sum();
    // The log has whole milliseconds.
    assert!(
        (sum - logged).abs() <= 0.0005 * count as f64,
        "{sum} s, logged {logged} s"
    );

    wait_for("Prometheus to hold every request", LIMIT, || {
        let samples = prometheus.query("sum(http_request_duration_seconds_count)")?;
        let held = samples.first().map_or(0.0, |sample| sample.value);
        anyhow::ensure!(held == count as f64, "{held} of {count}");
        Ok(Some(()))
    })
    .unwrap();
    for quantile in [0.1, 0.5, 0.75, 0.9, 0.95, 0.99] {
        let query = format!(
            "histogram_quantile({quantile}, sum by (le) (http_request_duration_seconds_bucket))"
        );
        let computed = prometheus.query(&query).unwrap()[0].value;
        let rank = ((quantile * count as f64).ceil() as usize).max(1);
        let value = exact[rank - 1];
        let above = buckets
            .iter()
            .position(|(bound, _)| value <= *bound)
            .unwrap();
        let lower = above.checked_sub(1).map_or(0.0, |below| buckets[below].0);
        let upper = buckets[above].0;
        assert!(
            lower <= computed && computed <= upper,
            "{quantile}: {computed} s, exact {value} s in {lower} to {upper}"
        );
    }
}
