//! Traces: started, continued, and what is said of them.

use super::*;

#[test]
fn a_valid_trace_goes_on_with_the_edges_span() {
    let (session, done) = begin(
        &settings(""),
        &[("traceparent", CALLER.as_bytes()), ("tracestate", b"a=1")],
    );
    let sent = value(&done, "set", "traceparent").unwrap();
    assert!(sent.starts_with("00-0af7651916cd43dd8448eb211c80319c-") && sent.ends_with("-01"));
    assert!(!sent.contains("b7ad6b7169203331"), "the edge's own span");
    assert_eq!(
        session.trace.parent.unwrap().to_hex().as_str(),
        "b7ad6b7169203331"
    );
    assert_eq!(
        value(&done, "set", "tracestate"),
        None,
        "it may stay as it is"
    );
    assert_eq!(session.trace.state.as_deref(), Some("a=1"));
}

#[test]
fn what_is_no_trace_context_starts_a_new_trace() {
    let upper = CALLER.to_uppercase();
    let longer = format!("{CALLER}-x");
    for (lines, why) in [
        (vec![], "missing"),
        (vec![&b""[..]], "empty"),
        (vec![upper.as_bytes()], "upper case"),
        (vec![longer.as_bytes()], "too long for version 00"),
        (vec![b"00-\xff\xfe"], "not UTF-8"),
        (vec![CALLER.as_bytes(), CALLER.as_bytes()], "twice"),
    ] {
        let mut headers: Vec<_> = lines.iter().map(|line| ("traceparent", *line)).collect();
        headers.push(("tracestate", b"a=1"));
        let (session, done) = begin(&settings(""), &headers);
        let sent = value(&done, "set", "traceparent").unwrap();
        assert!(!sent.contains("0af7651916cd43dd8448eb211c80319c"), "{why}");
        assert!(sent.ends_with("-03"), "{why}: sampled and random");
        assert_eq!(value(&done, "set", "tracestate"), Some("ot=th:0"), "{why}");
        assert_eq!(
            (session.trace.parent, session.trace.state.as_deref()),
            (None, Some("ot=th:0")),
            "{why}"
        );
    }
    let restart = settings(r#", "trace": {"incoming": "restart"}"#);
    let (session, _) = begin(&restart, &[("traceparent", CALLER.as_bytes())]);
    assert_eq!(session.trace.parent, None);
}

#[test]
fn a_sampled_trace_says_with_which_probability_it_was_kept() {
    let id = "0af7651916cd43dd84c0000000000000";
    let stranger = "203.0.113.9:4000";
    let trusted = "127.0.0.1:4000";
    for (address, ratio, flags, state, sent, why) in [
        (
            stranger,
            "0.25",
            "00",
            "",
            Some("ot=th:c"),
            "the edge decides",
        ),
        (stranger, "0.125", "01", "", None, "and keeps fewer"),
        (
            stranger,
            "1",
            "01",
            "ot=th:8,a=1",
            Some("ot=th:0"),
            "in place of what is claimed",
        ),
        (
            trusted,
            "1",
            "01",
            "a=1",
            Some("a=1"),
            "nobody knows how the caller decided",
        ),
        (
            trusted,
            "1",
            "01",
            "a=1,ot=th:8",
            Some("a=1,ot=th:8"),
            "the caller's own",
        ),
        (
            trusted,
            "1",
            "01",
            "a=1,ot=th:e;k:v",
            Some("ot=k:v,a=1"),
            "which can't be true",
        ),
        (
            trusted,
            "1",
            "01",
            "ot=th:e;rv:e0000000000000",
            Some("ot=th:e;rv:e0000000000000"),
            "true by its randomness",
        ),
        (
            trusted,
            "1",
            "00",
            "ot=rv:e0000000000000",
            Some("ot=rv:e0000000000000"),
            "randomness stays",
        ),
    ] {
        let settings = settings(&format!(r#", "trace": {{"sample_ratio": {ratio}}}"#));
        let traceparent = format!("00-{id}-b7ad6b7169203331-{flags}");
        let headers = [
            ("traceparent", traceparent.as_bytes()),
            ("tracestate", state.as_bytes()),
        ];
        let (session, done) = begin_from(address, &settings, &headers);
        let kept = Some(state).filter(|_| value(&done, "remove", "tracestate").is_none());
        let passed_on = value(&done, "set", "tracestate").or(kept);
        assert_eq!(passed_on, sent, "{why}");
        assert_eq!(session.trace.state.as_deref(), sent, "{why}: on the span");
    }
}

#[test]
fn several_tracestates_become_one_and_a_bad_one_goes() {
    let caller = ("traceparent", CALLER.as_bytes());
    let (_, done) = begin(
        &settings(""),
        &[caller, ("tracestate", b"a=1"), ("tracestate", b"b=2")],
    );
    assert_eq!(value(&done, "set", "tracestate"), Some("a=1,b=2"));
    let (_, done) = begin(&settings(""), &[caller, ("tracestate", b"a=\xff")]);
    assert_eq!(value(&done, "remove", "tracestate"), Some(""));
    let (_, done) = begin(&settings(""), &[caller]);
    assert_eq!(
        value(&done, "remove", "tracestate"),
        None,
        "nothing to remove"
    );
}
