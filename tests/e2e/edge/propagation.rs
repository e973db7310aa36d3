//! What travels beside `traceparent`: baggage, and B3 where it is wanted.

use crate::setup::{Edge, envoy_present, filter, filter_with};
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
