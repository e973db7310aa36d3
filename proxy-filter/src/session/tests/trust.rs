//! Trusted and other callers.

use super::*;

const TRACE: &str = "00-0af7651916cd43dd8448eb211c80319c-";
const IDS: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331";

#[test]
fn who_is_not_trusted_never_decides_on_sampling() {
    const STRANGER: &str = "203.0.113.9:4000";
    for (address, ratio, flags, sent, why) in [
        (STRANGER, 1, "00", "-01", "can't switch it off"),
        (STRANGER, 0, "01", "-00", "can't force it on"),
        (STRANGER, 1, "02", "-03", "random is said of the id"),
        ("127.0.0.1:0", 0, "01", "-00", "an address out of a header"),
        ("127.0.0.1:4000", 0, "01", "-01", "a trusted one decides"),
        ("127.0.0.1:4000", 1, "00", "-00", "a trusted one decides"),
    ] {
        let settings = settings(&format!(r#", "trace": {{"sample_ratio": {ratio}}}"#));
        let caller = format!("{IDS}-{flags}");
        let headers = [
            ("traceparent", caller.as_bytes()),
            ("tracestate", b"dd=s:-1"),
        ];
        let (session, done) = begin_from(address, &settings, &headers);
        let traceparent = value(&done, "set", "traceparent").unwrap();
        assert!(traceparent.starts_with(TRACE), "{why}: it goes on");
        assert!(traceparent.ends_with(sent), "{why}: {traceparent}");
        let parent = session.trace.parent.unwrap();
        assert_eq!(parent.to_hex().as_str(), "b7ad6b7169203331", "{why}");
        let kept = session.trace.state.as_deref() == Some("dd=s:-1");
        assert_eq!(kept, address == "127.0.0.1:4000", "{why}");
        let touched = done.iter().any(|(_, name, _)| name == "tracestate");
        assert_eq!(touched, !kept, "{why}");
    }
}

#[test]
fn a_restart_can_leave_a_link() {
    let rules = r#", "trace": {"trusted": ["10.0.0.0/8"], "incoming": "continue", "untrusted": "#;
    let strict = settings(&[rules, r#""restart_with_link"}"#].concat());
    let silent = settings(&[rules, r#""restart"}"#].concat());
    for (address, settings, continued, linked) in [
        ("10.0.0.1:9", &strict, true, false),
        ("127.0.0.1:9", &strict, false, true),
        ("127.0.0.1:9", &silent, false, false),
    ] {
        let headers = [("traceparent", CALLER.as_bytes())];
        let (session, _) = begin_from(address, settings, &headers);
        let trace = &session.trace;
        assert_eq!(trace.parent.is_some(), continued);
        assert_eq!(
            trace.context.to_traceparent().as_str().starts_with(TRACE),
            continued
        );
        let link = trace.link.map(|link| link.to_traceparent());
        let link = link.as_ref().map(|link| link.as_str());
        assert_eq!(link, linked.then_some(CALLER));
    }
}

#[test]
fn the_address_is_asked_for_only_where_it_matters() {
    let valid = [("traceparent", CALLER.as_bytes())];
    for (more, headers, expected) in [
        ("", &valid[..], 1),
        ("", &[], 0),
        ("", &[("traceparent", b"garbage")], 0),
        ("", &[("baggage", b"a=1")], 1),
        ("", &[("x-request-id", b"req_42")], 1),
        ("", &[("x-request-id", b"not sane")], 0),
        (
            r#", "request_id": {"keep": "any"}"#,
            &[("x-request-id", b"req_42")],
            0,
        ),
        ("", &[("baggage", b"garbage")], 0),
        (
            "",
            &[("traceparent", CALLER.as_bytes()), ("baggage", b"a=1")],
            1,
        ),
        (r#", "trace": {"trusted": []}"#, &valid, 0),
        (r#", "trace": {"incoming": "restart"}"#, &valid, 0),
        (r#", "trace": {"untrusted": "restart"}"#, &valid, 1),
    ] {
        let bytes = serialize(headers);
        let settings = settings(more);
        let head = Head::read(HeaderMap::new(&bytes), "x-request-id");
        let mut asked = 0;
        let mut address = || {
            asked += 1;
            Vec::new()
        };
        let mut entropy = |buffer: &mut [u8]| buffer.fill(1);
        let sample = &mut |_| true;
        Session::begin(
            &settings,
            &head,
            0,
            sample,
            &mut address,
            &mut entropy,
            &mut |_| {},
        );
        assert_eq!(asked, expected, "{more} {headers:?}");
    }
}

#[test]
fn baggage_is_passed_on_for_who_is_trusted() {
    let trusted = "127.0.0.1:4000";
    let stranger = "203.0.113.9:4000";
    let rules = settings("");
    for (address, lines, expected, why) in [
        (trusted, &[][..], None, "there is none"),
        (trusted, &[&b"a=1;p, b=2"[..]], None, "it may stay as it is"),
        (
            trusted,
            &[b"a=1", b"b=2"],
            Some(("set", "a=1,b=2")),
            "two lines",
        ),
        (
            trusted,
            &[b"a"],
            Some(("remove", "")),
            "against the grammar",
        ),
        (stranger, &[b"a=1"], Some(("remove", "")), "not trusted"),
        (
            "127.0.0.1:0",
            &[b"a=1"],
            Some(("remove", "")),
            "by a header",
        ),
    ] {
        let headers: Vec<_> = lines.iter().map(|line| ("baggage", *line)).collect();
        let (_, done) = begin_from(address, &rules, &headers);
        let mut effects = done.iter().filter(|(_, name, _)| name == "baggage");
        let effect = effects
            .next()
            .map(|(what, _, value)| (*what, value.as_str()));
        assert_eq!(effect, expected, "{why}");
        assert_eq!(effects.next(), None, "{why}");
    }
    let restart = settings(r#", "trace": {"incoming": "restart"}"#);
    let (_, done) = begin_from(trusted, &restart, &[("baggage", b"a=1")]);
    let touched = done.iter().any(|(_, name, _)| name == "baggage");
    assert!(!touched, "it belongs to no trace");
}
