//! B3 read and written, by the same trust as `traceparent`.

use super::*;

const TRACE: &str = "463ac35c9f6413ad48485a3953bb6124";
const SPAN: &str = "a2fb4a1d1a96d312";
const TRUSTED: &str = "127.0.0.1:4000";
const STRANGER: &str = "203.0.113.9:4000";

fn with(mode: &str, ratio: f64) -> Settings {
    let more = format!(r#", "trace": {{"b3": "{mode}", "sample_ratio": {ratio}}}"#);
    settings(&more)
}

/// What was done to B3 headers.
fn on_b3(done: &Done) -> Vec<(&str, &str, &str)> {
    let all = done.iter();
    all.filter(|(_, name, _)| name.contains("b3"))
        .map(|(what, name, value)| (*what, name.as_str(), value.as_str()))
        .collect()
}

#[test]
fn a_callers_trace_goes_on_by_b3_as_far_as_it_is_trusted() {
    let single = |state: &str| vec![("b3", format!("{TRACE}-{SPAN}{state}"))];
    let multi = |name, value: &str| {
        vec![
            ("x-b3-traceid", TRACE.to_owned()),
            ("x-b3-spanid", SPAN.to_owned()),
            (name, value.to_owned()),
        ]
    };
    for (address, ratio, headers, flags, state, why) in [
        (TRUSTED, 0.0, single("-1"), "01", None, "sampled"),
        (TRUSTED, 1.0, single("-0"), "00", None, "denied"),
        (TRUSTED, 0.0, single("-d"), "01", None, "debug"),
        (
            TRUSTED,
            1.0,
            single(""),
            "01",
            Some("ot=th:0"),
            "deferred: the edge decides",
        ),
        (
            TRUSTED,
            0.0,
            multi("x-b3-sampled", "1"),
            "01",
            None,
            "several headers",
        ),
        (TRUSTED, 0.0, multi("x-b3-flags", "1"), "01", None, "debug"),
        (
            STRANGER,
            1.0,
            single("-0"),
            "01",
            Some("ot=th:0"),
            "can't switch it off",
        ),
        (STRANGER, 0.0, single("-1"), "00", None, "can't force it on"),
        (STRANGER, 0.0, single("-d"), "00", None, "nor by debug"),
    ] {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .chain([("tracestate", &b"a=1"[..])])
            .collect();
        let (session, done) = begin_from(address, &with("extract", ratio), &headers);
        let sent = value(&done, "set", "traceparent").unwrap();
        assert!(sent.starts_with(&format!("00-{TRACE}-")), "{why}: {sent}");
        assert!(sent.ends_with(&format!("-{flags}")), "{why}: {sent}");
        let parent = session.trace.parent.unwrap();
        assert_eq!(parent.to_hex().as_str(), SPAN, "{why}");
        assert!(!sent.contains(SPAN), "{why}: a span of its own");
        assert_eq!(session.trace.state.as_deref(), state, "{why}");
        let removed = on_b3(&done).iter().all(|(what, ..)| *what == "remove");
        assert!(removed, "{why}: {done:?}");
    }
}

#[test]
fn a_decision_can_stand_alone() {
    for (address, ratio, said, ends) in [
        (TRUSTED, 1.0, "0", "-02"),
        (TRUSTED, 0.0, "1", "-03"),
        (TRUSTED, 0.0, "d", "-03"),
        (STRANGER, 1.0, "0", "-03"),
        (STRANGER, 0.0, "d", "-02"),
    ] {
        let rules = with("single", ratio);
        let (session, done) = begin_from(address, &rules, &[("b3", said.as_bytes())]);
        let sent = value(&done, "set", "traceparent").unwrap();
        assert!(sent.ends_with(ends), "{address} {said}: {sent}");
        assert_eq!(session.trace.parent, None);
        let b3 = value(&done, "set", "b3").unwrap();
        let is_debug = said == "d" && address == TRUSTED;
        assert_eq!(b3.ends_with("-d"), is_debug, "{address} {said}: {b3}");
    }
}

#[test]
fn what_is_sent_on_is_this_requests_own() {
    let received = [
        ("b3", &b"0"[..]),
        ("x-b3-traceid", b"x"),
        ("x-b3-spanid", b"x"),
        ("x-b3-parentspanid", b"x"),
        ("x-b3-sampled", b"0"),
        ("x-b3-flags", b"1"),
    ];
    let removed = |names: &[&'static str]| -> Vec<_> {
        names.iter().map(|name| ("remove", *name, "")).collect()
    };
    for (mode, headers) in [
        ("single", &received[..]),
        ("single", &[]),
        ("multi", &received),
        ("multi", &[]),
    ] {
        let (session, done) = begin_from(STRANGER, &with(mode, 1.0), headers);
        let context = session.trace.context;
        let (trace_id, span_id) = (context.trace_id.to_hex(), context.span_id.to_hex());
        let (trace_id, span_id) = (trace_id.as_str(), span_id.as_str());
        let single = format!("{trace_id}-{span_id}-1");
        let (set, others) = if mode == "single" {
            (
                vec![("set", "b3", single.as_str())],
                &[
                    "x-b3-traceid",
                    "x-b3-spanid",
                    "x-b3-parentspanid",
                    "x-b3-sampled",
                    "x-b3-flags",
                ][..],
            )
        } else {
            let set = vec![
                ("set", "x-b3-traceid", trace_id),
                ("set", "x-b3-spanid", span_id),
                ("set", "x-b3-sampled", "1"),
            ];
            (set, &["b3", "x-b3-parentspanid", "x-b3-flags"][..])
        };
        let mut expected = set;
        if !headers.is_empty() {
            expected.extend(removed(others));
        }
        expected.sort();
        let mut got = on_b3(&done);
        got.sort();
        assert_eq!(got, expected, "{mode} {headers:?}");
    }
    let (_, done) = begin_from(TRUSTED, &with("multi", 0.0), &[("b3", b"d")]);
    assert_eq!(
        value(&done, "set", "x-b3-flags"),
        Some("1"),
        "debug goes on"
    );
    assert_eq!(value(&done, "set", "x-b3-sampled"), None, "and implies it");
}

#[test]
fn a_valid_traceparent_counts_before_b3() {
    let b3 = format!("{TRACE}-{SPAN}-d");
    for (lines, continued) in [
        (&[CALLER][..], "0af7651916cd43dd8448eb211c80319c"),
        (&["00-garbage"], TRACE),
        (&[CALLER, CALLER], TRACE),
    ] {
        let mut headers: Vec<_> = lines
            .iter()
            .map(|line| ("traceparent", line.as_bytes()))
            .collect();
        headers.push(("b3", b3.as_bytes()));
        let (_, done) = begin_from(TRUSTED, &with("single", 1.0), &headers);
        let sent = value(&done, "set", "b3").unwrap();
        assert!(sent.starts_with(continued), "{lines:?}: {sent}");
        assert_eq!(
            sent.ends_with("-d"),
            continued == TRACE,
            "{lines:?}: {sent}"
        );
    }
}

#[test]
fn b3_that_is_malformed_or_off_is_no_trace() {
    let good = format!("{TRACE}-{SPAN}-0");
    for (mode, headers, why) in [
        ("off", vec![("b3", good.as_str())], "off"),
        ("extract", vec![("b3", "garbage")], "malformed"),
        ("extract", vec![("b3", &good), ("b3", &good)], "twice"),
        (
            "extract",
            vec![
                ("x-b3-traceid", TRACE),
                ("x-b3-spanid", SPAN),
                ("x-b3-spanid", SPAN),
            ],
            "twice among several",
        ),
    ] {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes()))
            .collect();
        let (session, done) = begin_from(TRUSTED, &with(mode, 1.0), &headers);
        assert_eq!(session.trace.parent, None, "{why}");
        let sent = value(&done, "set", "traceparent").unwrap();
        assert!(
            sent.ends_with("-03") && !sent.contains(TRACE),
            "{why}: {sent}"
        );
        assert_eq!(on_b3(&done).is_empty(), mode == "off", "{why}");
    }
}
