//! How many traces the edge samples: by route, and by rate over all workers.

use crate::setup::{Edge, envoy_present, filter_with};
use serde_json::json;
use std::time::{Duration, Instant};

/// Whether a new trace on this path is sampled.
fn is_sampled(edge: &Edge, path: &str) -> bool {
    edge.get(path, &[]).upstream("traceparent").ends_with("-03")
}

#[test]
fn a_route_can_have_a_ratio_of_its_own() {
    if !envoy_present() {
        return;
    }
    let routes = json!([{"route": "/products/{id}", "sample_ratio": 1}]);
    let trace = json!({"sample_ratio": 0, "routes": routes});
    let edge = Edge::start(filter_with("/trace", trace), 1);
    for (path, sampled) in [
        ("/products/7?x=1", true),
        ("/products", false),
        ("/", false),
    ] {
        assert_eq!(is_sampled(&edge, path), sampled, "{path}");
    }
}

#[test]
fn no_more_traces_a_second_are_sampled_than_the_process_may() {
    if !envoy_present() {
        return;
    }
    const PER_SECOND: f64 = 20.0;
    for workers in [1, 2] {
        let trace = json!({"max_per_second": PER_SECOND});
        let edge = Edge::start(filter_with("/trace", trace), workers);
        let start = Instant::now();
        let one_client = || {
            let (mut requests, mut sampled) = (0, 0);
            while start.elapsed() < Duration::from_secs(3) {
                requests += 1;
                sampled += u32::from(is_sampled(&edge, "/"));
            }
            (requests, sampled)
        };
        let counts = std::thread::scope(|scope| {
            let clients = [(); 4].map(|()| scope.spawn(one_client));
            clients.map(|client| client.join().unwrap())
        });
        let seconds = start.elapsed().as_secs_f64();
        let requests: u32 = counts.iter().map(|(requests, _)| requests).sum();
        let sampled: u32 = counts.iter().map(|(_, sampled)| sampled).sum();
        println!("{workers} workers: {sampled} of {requests} in {seconds} s");
        // What a second allows may come at once.
        let most = PER_SECOND * (seconds + 1.0) + 1.0;
        assert!(f64::from(requests) > 2.0 * most, "too few to be limited");
        assert!(f64::from(sampled) <= most, "{workers} workers: {sampled}");
        let least = 0.9 * PER_SECOND * seconds;
        assert!(f64::from(sampled) >= least, "{workers} workers: {sampled}");
    }
}
