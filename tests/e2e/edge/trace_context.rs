//! Trace context on the request, upstream and in the answer.

use crate::setup::{Edge, Seen, envoy_present, filter, filter_with};
use serde_json::json;

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn traceparent() -> String {
    format!("00-{TRACE}-{PARENT}-01")
}

/// The parts of the `traceparent` that reached the upstream.
fn sent_on(seen: &Seen) -> [String; 4] {
    let value = seen.upstream("traceparent");
    let parts: Vec<_> = value.split('-').map(str::to_owned).collect();
    parts.try_into().expect("four parts")
}

/// A valid trace id that is not [`TRACE`], in whichever case.
fn is_new_trace(id: &str) -> bool {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    id.len() == 32 && id.chars().all(hex) && id != "0".repeat(32) && id != TRACE
}

#[test]
fn a_trace_is_started_continued_or_restarted() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    let [version, trace, span, flags] = sent_on(&edge.get("/", &[]));
    assert_eq!(
        (version.as_str(), flags.as_str()),
        ("00", "03"),
        "sampled and random"
    );
    assert!(trace.len() == 32 && span.len() == 16);

    let headers = [
        ("traceparent", traceparent()),
        ("tracestate", "rojo=1,congo=2".to_owned()),
    ];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let seen = edge.get("/", &headers);
    let [_, trace, span, flags] = sent_on(&seen);
    assert_eq!((trace.as_str(), flags.as_str()), (TRACE, "01"));
    assert_ne!(span, PARENT, "the edge's span is the upstream's parent");
    assert_eq!(seen.upstream("tracestate"), "rojo=1,congo=2");

    let edge = Edge::start(filter_with("/trace", json!({"incoming": "restart"})), 1);
    let seen = edge.get("/", &headers);
    assert_ne!(sent_on(&seen)[1], TRACE);
    assert_eq!(
        seen.upstream("tracestate"),
        "ot=th:0",
        "only the edge's own"
    );
}

#[test]
fn what_is_no_trace_context_starts_a_new_trace() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    let upper = format!("00-{}-{PARENT}-01", TRACE.to_uppercase());
    let forbidden = format!("ff-{TRACE}-{PARENT}-01");
    let zero = format!("00-{}-{PARENT}-01", "0".repeat(32));
    for (value, why) in [
        ("", "empty"),
        ("garbage", "malformed"),
        (&upper, "upper case"),
        (&forbidden, "version ff"),
        (&zero, "all-zero trace id"),
    ] {
        let seen = edge.get("/", &[("traceparent", value), ("tracestate", "a=1")]);
        let [_, trace, ..] = sent_on(&seen);
        assert!(is_new_trace(&trace), "{why}: {trace}");
        let state = seen.upstream("tracestate");
        assert_eq!(
            state, "ot=th:0",
            "{why}: the caller's tracestate must go, too"
        );
    }
    let twice = traceparent();
    let seen = edge.get("/", &[("traceparent", &twice), ("traceparent", &twice)]);
    assert!(is_new_trace(&sent_on(&seen)[1]), "sent twice");
}

#[test]
fn a_sampled_trace_says_with_which_probability_it_was_kept() {
    if !envoy_present() {
        return;
    }
    // Half of all ids: these are the first kept and the last that is not.
    let trace = json!({"sample_ratio": 0.5, "trusted": []});
    let edge = Edge::start(filter_with("/trace", trace), 1);
    for (bits, flags, state) in [
        ("80000000000000", "01", &["ot=th:8"][..]),
        ("7fffffffffffff", "00", &[]),
    ] {
        let traceparent = format!("00-0af7651916cd43dd84{bits}-{PARENT}-01");
        let seen = edge.get(
            "/",
            &[
                ("traceparent", &traceparent),
                ("tracestate", "ot=th:0;rv:ffffffffffffff"),
            ],
        );
        assert_eq!(sent_on(&seen)[3], flags, "{bits}");
        assert_eq!(seen.upstream_all("tracestate"), state, "{bits}");
    }
    let edge = Edge::start(filter(), 1);
    let headers = [
        ("traceparent", traceparent()),
        ("tracestate", "a=1,ot=th:8;rv:00000000000000;x:y".to_owned()),
    ];
    let headers = headers
        .each_ref()
        .map(|(name, value)| (*name, value.as_str()));
    let seen = edge.get("/", &headers);
    assert_eq!(
        seen.upstream("tracestate"),
        "ot=rv:00000000000000;x:y,a=1",
        "a threshold that can't be true goes, the rest stays"
    );
}

#[test]
fn the_answer_tells_the_page_its_trace() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    let seen = edge.get("/", &[("traceparent", &traceparent())]);
    let expected = format!("traceparent;desc=\"{}\"", seen.upstream("traceparent"));
    let timings: Vec<_> = seen.answer.all("server-timing");
    assert!(
        timings.iter().any(|line| line.contains(&expected)),
        "{timings:?}"
    );
    assert!(
        timings.iter().any(|line| line.contains("app;dur=1")),
        "the app's own stays: {timings:?}"
    );

    let edge = Edge::start(filter_with("/trace", json!({"server_timing": "off"})), 1);
    let timings = edge.get("/", &[]).answer;
    assert_eq!(timings.all("server-timing"), ["app;dur=1"]);
}

#[test]
fn excluded_paths_pass_untouched() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter_with("/exclude", json!(["/status/200"])), 1);
    let seen = edge.get("/status/200", &[]);
    assert!(seen.upstream_all("traceparent").is_empty());
    assert!(seen.answer.header("x-request-id").is_none());
    assert!(!edge.page().contains("/status/"));
}
