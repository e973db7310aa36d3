//! Requests in, effects out.

use super::*;
use crate::header_map::{HeaderMap, serialize};
use proptest::prelude::*;

mod b3;
mod trace;
mod trust;

const CALLER: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

fn settings(more: &str) -> Settings {
    let document =
        format!(r#"{{"service": {{"name": "edge"}}, "export": {{"cluster": "otel"}}{more}}}"#);
    Settings::from_document(document.as_bytes()).unwrap()
}

/// What became of the headers: `set`, `remove` or `add`, name, value.
type Done = Vec<(&'static str, String, String)>;

fn note(done: &mut Done) -> impl FnMut(Effect<'_>) {
    |effect| {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        done.push(match effect {
            Effect::SetOnRequest(name, value) => ("set", name.to_owned(), text(value)),
            Effect::RemoveFromRequest(name) => ("remove", name.to_owned(), String::new()),
            Effect::SetOnResponse(name, value) => ("answer", name.to_owned(), text(value)),
            Effect::AddToResponse(name, value) => ("add", name.to_owned(), text(value)),
        });
    }
}

fn begin(settings: &Settings, headers: &[(&str, &[u8])]) -> (Session, Done) {
    begin_from("127.0.0.1:4000", settings, headers)
}

fn begin_from(address: &str, settings: &Settings, headers: &[(&str, &[u8])]) -> (Session, Done) {
    let bytes = serialize(headers);
    let head = Head::read(HeaderMap::new(&bytes), &settings.request_id_header);
    let mut done = Done::new();
    let mut next = 0u8;
    let mut entropy = |buffer: &mut [u8]| {
        next += 1;
        buffer.fill(next);
    };
    let session = Session::begin(
        settings,
        &head,
        1000,
        &mut |_| true,
        &mut || address.as_bytes().to_vec(),
        &mut entropy,
        &mut note(&mut done),
    );
    (session, done)
}

/// Whether a request with this end leaves a span, and what for if its trace is
/// not sampled.
fn kept(session: Session, settings: &Settings, status: Option<u16>) -> (bool, Option<&str>) {
    let end = End {
        status,
        duration_nanos: 5_000_000,
        ..End::default()
    };
    let span = session.end(settings, &end, 0, Vec::new);
    (span.is_some(), span.and_then(|span| span.kept_for))
}

fn value<'a>(done: &'a Done, what: &str, name: &str) -> Option<&'a str> {
    let found = done
        .iter()
        .find(|(kind, key, _)| (*kind, key.as_str()) == (what, name));
    found.map(|(_, _, value)| value.as_str())
}

#[test]
fn a_sane_id_is_kept_and_answered() {
    let settings = settings("");
    let (session, done) = begin(&settings, &[("x-request-id", b"req_42")]);
    assert_eq!(
        value(&done, "set", "x-request-id"),
        None,
        "it stands there already"
    );
    let mut done = Done::new();
    session.respond(&settings, &mut note(&mut done));
    assert_eq!(value(&done, "answer", "x-request-id"), Some("req_42"));
}

#[test]
fn an_id_is_made_where_none_can_be_kept() {
    let long = [b'a'; 129];
    for (headers, why) in [
        (vec![], "missing"),
        (vec![("x-request-id", &b"a b"[..])], "a blank"),
        (vec![("x-request-id", b"")], "empty"),
        (vec![("x-request-id", b"\xff\xfe")], "not UTF-8"),
        (vec![("x-request-id", &long)], "too long"),
        (
            vec![("x-request-id", b"one"), ("x-request-id", b"two")],
            "two lines",
        ),
    ] {
        let (_, done) = begin(&settings(""), &headers);
        let id = value(&done, "set", "x-request-id").unwrap();
        assert_eq!((id.len(), id.get(14..15)), (36, Some("4")), "{why}");
    }
    let by_time = settings(r#", "request_id": {"format": "uuid_v7"}"#);
    let (_, done) = begin(&by_time, &[]);
    let id = value(&done, "set", "x-request-id").unwrap();
    assert!(
        id.starts_with("00000000-0000-7"),
        "1000 ns after the epoch: {id}"
    );
    let renamed = settings(r#", "request_id": {"header": "X-Correlation-ID"}"#);
    let (_, done) = begin(&renamed, &[("x-correlation-id", b"a b")]);
    assert!(value(&done, "set", "x-correlation-id").is_some());
}

#[test]
fn only_new_traces_are_sampled_by_ratio() {
    let none = settings(r#", "trace": {"sample_ratio": 0}"#);
    let (session, done) = begin(&none, &[]);
    assert!(value(&done, "set", "traceparent").unwrap().ends_with("-02"));
    assert!(!kept(session, &none, Some(200)).0);
    let (session, _) = begin(&none, &[("traceparent", CALLER.as_bytes())]);
    assert!(kept(session, &none, Some(200)).0, "the caller has decided");
    let unsampled = CALLER.replace("-01", "-00");
    let (session, done) = begin(&settings(""), &[("traceparent", unsampled.as_bytes())]);
    assert!(value(&done, "set", "traceparent").unwrap().ends_with("-00"));
    assert!(!kept(session, &none, Some(200)).0);
    let silent = Settings::from_document(br#"{"service": {"name": "edge"}}"#).unwrap();
    assert!(
        !kept(begin(&silent, &[]).0, &silent, None).0,
        "nobody would take the span"
    );
}

#[test]
fn errors_and_slow_requests_leave_a_span_in_any_case() {
    for (trace, status, expected) in [
        (r#""sample_ratio": 0"#, Some(200), (false, None)),
        (r#""sample_ratio": 0"#, Some(499), (false, None)),
        (r#""sample_ratio": 0"#, Some(500), (true, Some("error"))),
        (r#""sample_ratio": 0"#, None, (true, Some("error"))),
        (
            r#""sample_ratio": 0, "slow_ms": 4"#,
            Some(200),
            (true, Some("slow")),
        ),
        (
            r#""sample_ratio": 0, "slow_ms": 5"#,
            Some(200),
            (false, None),
        ),
        (r#""slow_ms": 4"#, Some(500), (true, None)),
    ] {
        let settings = settings(&format!(r#", "trace": {{{trace}}}"#));
        let (session, _) = begin(&settings, &[]);
        let got = kept(session, &settings, status);
        assert_eq!(got, expected, "{trace} {status:?}");
    }
}

#[test]
fn whose_id_is_kept_is_the_operators_choice() {
    for (keep, address, kept) in [
        ("trusted", "127.0.0.1:4000", true),
        ("trusted", "203.0.113.9:4000", false),
        ("trusted", "127.0.0.1:0", false),
        ("any", "203.0.113.9:4000", true),
        ("none", "127.0.0.1:4000", false),
    ] {
        let rules = settings(&format!(r#", "request_id": {{"keep": "{keep}"}}"#));
        let (_, done) = begin_from(address, &rules, &[("x-request-id", b"req_42")]);
        let made = value(&done, "set", "x-request-id").is_some();
        assert_eq!(made, !kept, "{keep} {address}");
    }
}

#[test]
fn the_answer_tells_the_page_its_trace() {
    for (name, metric) in [
        ("traceparent", Some("traceparent")),
        ("trace", Some("trace")),
        ("off", None),
    ] {
        let settings = settings(&format!(r#", "trace": {{"server_timing": "{name}"}}"#));
        let (session, done) = begin(&settings, &[]);
        let sent = value(&done, "set", "traceparent").unwrap().to_owned();
        let mut done = Done::new();
        session.respond(&settings, &mut note(&mut done));
        let expected = metric.map(|metric| format!("{metric};desc=\"{sent}\""));
        assert_eq!(value(&done, "add", "server-timing"), expected.as_deref());
    }
}

#[test]
fn paths_decide_what_kind_of_request_it_is() {
    let settings = settings(r#", "metrics": {"path": "/sightline/metrics"}"#);
    for (method, path, class) in [
        ("GET", "/", Class::Traced),
        ("GET", "/sightline/metrics", Class::MetricsPage),
        ("HEAD", "/sightline/metrics?x=1", Class::MetricsPage),
        ("POST", "/sightline/metrics", Class::Excluded),
        ("POST", "/sightline/v1/traces", Class::Excluded),
        ("GET", "/sightline", Class::Excluded),
        ("GET", "/sightlines", Class::Traced),
        ("GET", "/sightline/../x", Class::Excluded),
        ("GET", "", Class::Traced),
    ] {
        let head = Head {
            method: method.as_bytes(),
            path: path.as_bytes(),
            ..Head::default()
        };
        assert_eq!(classify(&settings, &head), class, "{method} {path}");
    }
    let odd = Head {
        path: b"/sightline/\xff",
        ..Head::default()
    };
    assert_eq!(classify(&settings, &odd), Class::Traced);
}

#[test]
fn routes_are_templates_or_made_of_segments() {
    let settings = settings(r#", "routes": ["/products/{id}", "/odd/{x}"]"#);
    for (path, name, is_template) in [
        (&b"/products/7?token=x"[..], "/products/{id}", true),
        (b"/orders/1234", "/orders/{id}", false),
        (b"/health", "/health", false),
        (b"/odd/\xff", "/odd/{x}", true),
        (b"/else/\xff", "/else/{id}", false),
        (b"", "_unknown", true),
    ] {
        let route = route_of(&settings, path, &mut Vec::new);
        assert_eq!(
            (&*route.name, route.origin == Origin::Template),
            (name, is_template)
        );
    }
}

#[test]
fn the_span_is_the_one_that_the_upstream_knows() {
    let settings = settings("");
    let (session, done) = begin(
        &settings,
        &[(":method", b"GET"), ("traceparent", CALLER.as_bytes())],
    );
    let end = End {
        status: Some(204),
        duration_nanos: 7,
        ..End::default()
    };
    let span = session.end(&settings, &end, 3, || b"HTTP/2".to_vec());
    let span = span.unwrap();
    let traceparent = span.context.to_traceparent();
    assert_eq!(
        value(&done, "set", "traceparent"),
        Some(traceparent.as_str())
    );
    assert_eq!(
        (
            span.series,
            span.outcome.status_code(),
            span.start_unix_nanos,
            span.duration_nanos
        ),
        (3, Some(204), 1000, 7)
    );
}

proptest! {
    #[test]
    fn whatever_comes_in_what_goes_out_is_well_formed(
        lines in proptest::collection::vec((0usize..13, proptest::collection::vec(any::<u8>(), 0..80)), 0..12),
    ) {
        const NAMES: [&str; 13] = [":method", ":path", ":authority", ":scheme", "x-request-id", "traceparent", "tracestate", "user-agent", "x-other", "baggage", "b3", "x-b3-traceid", "x-b3-sampled"];
        let headers: Vec<_> = lines.iter().map(|(name, value)| (NAMES[*name], value.as_slice())).collect();
        let settings = settings(r#", "trace": {"b3": "single"}"#);
        let (session, mut done) = begin(&settings, &headers);
        session.respond(&settings, &mut note(&mut done));
        for (what, name, value) in &done {
            prop_assert!(value.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{} {} {:?}", what, name, value);
        }
        prop_assert_eq!(value(&done, "set", "traceparent").map(str::len), Some(55));
        let end = End::default();
        let _ = session.end(&settings, &end, 0, || b"\xff".to_vec());
    }
}
