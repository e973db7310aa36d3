//! Whose trace context counts: decided by the caller's address, which no
//! header of its own can change.

use crate::setup::{Edge, envoy_present, filter, filter_with};
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use std::time::Duration;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn caller(flags: &str) -> String {
    format!("00-{TRACE}-b7ad6b7169203331-{flags}")
}

/// What the upstream got of a call with these flags: whether the trace goes
/// on, the flags, the number of `tracestate` lines.
fn passed_on(edge: &Edge, flags: &str, forwarded_for: Option<&str>) -> (bool, String, usize) {
    let traceparent = caller(flags);
    let mut headers = vec![
        ("traceparent", traceparent.as_str()),
        ("tracestate", "dd=s:-1"),
    ];
    headers.extend(forwarded_for.map(|address| ("x-forwarded-for", address)));
    let seen = edge.get("/", &headers);
    let sent = seen.upstream("traceparent");
    let (_, flags) = sent.rsplit_once('-').unwrap();
    let foreign = seen.upstream_all("tracestate");
    let foreign = foreign.iter().filter(|line| line.contains("dd="));
    (sent.contains(TRACE), flags.to_owned(), foreign.count())
}

#[test]
fn a_stranger_continues_its_trace_but_does_not_decide_on_sampling() {
    if !envoy_present() {
        return;
    }
    let elsewhere = json!(["10.0.0.0/8", "fd00::/8"]);
    for (ratio, flags, sent) in [(1, "00", "01"), (0, "01", "00"), (1, "02", "03")] {
        let trace = json!({"trusted": elsewhere, "sample_ratio": ratio});
        let edge = Edge::start(filter_with("/trace", trace), 1);
        for forwarded_for in [
            None,
            Some("10.1.1.1"),
            Some("10.1.1.1:4000"),
            Some("fd00::1"),
        ] {
            let got = passed_on(&edge, flags, forwarded_for);
            assert_eq!(got, (true, sent.to_owned(), 0), "{flags} {forwarded_for:?}");
        }
    }
}

#[test]
fn a_trusted_caller_decides_unless_a_header_says_who_it_is() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    assert_eq!(passed_on(&edge, "00", None), (true, "00".to_owned(), 1));
    // Envoy takes this address for the caller's; who wrote it is unknown.
    let got = passed_on(&edge, "00", Some("127.0.0.1"));
    assert_eq!(got, (true, "01".to_owned(), 0));
}

#[test]
fn behind_proxies_the_address_that_they_forward_decides() {
    if !envoy_present() {
        return;
    }
    let trace = json!({"trusted": ["10.0.0.0/8"], "address_from": "x_forwarded_for"});
    let edge = Edge::start(filter_with("/trace", trace), 1);
    for (forwarded_for, trusted) in [
        (Some("203.0.113.9, 10.1.1.1"), true),
        (Some("10.1.1.1, 203.0.113.9"), false),
        (Some("not an address"), false),
        (None, false),
    ] {
        let (_, flags, _) = passed_on(&edge, "00", forwarded_for);
        assert_eq!(flags == "00", trusted, "{forwarded_for:?}");
    }
}

#[test]
fn a_restarted_trace_links_to_the_callers() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let collector = Collector::start(stores.path(), None).unwrap();
    let trace = json!({"trusted": [], "untrusted": "restart_with_link"});
    let filter = filter_with("/trace", trace);
    let edge = Edge::start_with_collector(filter, 1, collector.internal_port);
    let (continued, _, _) = passed_on(&edge, "01", None);
    assert!(!continued);
    let file = wait_for("the span", Duration::from_secs(30), || {
        let file = std::fs::read_to_string(&collector.traces)?;
        Ok(file.ends_with('\n').then_some(file))
    })
    .unwrap();
    let link = format!("\"links\":[{{\"traceId\":\"{TRACE}\",\"spanId\":\"b7ad6b7169203331\"");
    assert!(file.contains(&link), "{file}");
}
