//! What travels beside `traceparent`: baggage, and B3 where it is wanted.

use crate::setup::{Edge, Seen, envoy_present, filter, filter_with};
use serde_json::json;

#[test]
fn baggage_reaches_the_upstream_from_trusted_callers_only() {
    if !envoy_present() {
        return;
    }
    let trusting = Edge::start(filter(), 1);
    let elsewhere = json!({"trusted": ["10.0.0.0/8"]});
    let strict = Edge::start(filter_with("/trace", elsewhere), 1);
    let long = format!("a={}", "x".repeat(8192));
    for (lines, sent, why) in [
        (
            &["tenant=7;p=1, plan = pro"][..],
            &["tenant=7;p=1, plan = pro"][..],
            "as it was",
        ),
        (&["a=1", "b=2"], &["a=1,b=2"], "two lines"),
        (&["a=1,b"], &[], "against the grammar"),
        (&[long.as_str()], &[], "too long"),
    ] {
        let headers: Vec<_> = lines.iter().map(|line| ("baggage", *line)).collect();
        assert_eq!(
            trusting.get("/", &headers).upstream_all("baggage"),
            sent,
            "{why}"
        );
        let untrusted = strict.get("/", &headers).upstream_all("baggage");
        assert!(untrusted.is_empty(), "{why}: {untrusted:?}");
    }
}

const TRACE: &str = "463ac35c9f6413ad48485a3953bb6124";
const SPAN: &str = "a2fb4a1d1a96d312";

/// Every B3 header that reached the upstream.
fn b3_upstream(seen: &Seen) -> Vec<(&'static str, String)> {
    const NAMES: [&str; 6] = [
        "b3",
        "x-b3-traceid",
        "x-b3-spanid",
        "x-b3-parentspanid",
        "x-b3-sampled",
        "x-b3-flags",
    ];
    let lines = |name| {
        seen.upstream_all(name)
            .into_iter()
            .map(move |value| (name, value))
    };
    NAMES.into_iter().flat_map(lines).collect()
}

#[test]
fn b3_is_read_and_written_as_asked() {
    if !envoy_present() {
        return;
    }
    let single = format!("{TRACE}-{SPAN}-1");
    let headers = [("b3", single.as_str())];
    for mode in ["off", "extract", "single", "multi"] {
        let edge = Edge::start(filter_with("/trace", json!({"b3": mode})), 1);
        let seen = edge.get("/", &headers);
        let traceparent = seen.upstream("traceparent");
        let [_, trace, span, _] = traceparent
            .split('-')
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        assert_eq!(trace == TRACE, mode != "off", "{mode}: {traceparent}");
        assert_ne!(span, SPAN, "{mode}: a span of its own");
        let expected = match mode {
            "off" => vec![("b3", single.clone())],
            "extract" => vec![],
            "single" => vec![("b3", format!("{TRACE}-{span}-1"))],
            _ => vec![
                ("x-b3-traceid", TRACE.to_owned()),
                ("x-b3-spanid", span.to_owned()),
                ("x-b3-sampled", "1".to_owned()),
            ],
        };
        assert_eq!(b3_upstream(&seen), expected, "{mode}");
    }
}

#[test]
fn a_strangers_b3_does_not_decide_on_sampling() {
    if !envoy_present() {
        return;
    }
    let trace = json!({"b3": "multi", "trusted": []});
    let edge = Edge::start(filter_with("/trace", trace), 1);
    for headers in [
        &[("b3", "0")][..],
        &[("X-B3-Sampled", "0")],
        &[
            ("x-b3-sampled", "0"),
            ("x-b3-sampled", "0"),
            ("b3", "0"),
            ("b3", "0"),
        ],
        &[
            ("x-b3-traceid", TRACE),
            ("x-b3-spanid", SPAN),
            ("x-b3-sampled", "0"),
            ("x-b3-parentspanid", SPAN),
        ],
    ] {
        let seen = edge.get("/", headers);
        let traceparent = seen.upstream("traceparent");
        let [_, trace, span, flags] = traceparent
            .split('-')
            .collect::<Vec<_>>()
            .try_into()
            .unwrap();
        assert!(["01", "03"].contains(&flags), "{headers:?}: {traceparent}");
        let expected = [
            ("x-b3-traceid", trace.to_owned()),
            ("x-b3-spanid", span.to_owned()),
            ("x-b3-sampled", "1".to_owned()),
        ];
        assert_eq!(b3_upstream(&seen), expected, "{headers:?}");
    }
}
