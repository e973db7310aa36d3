//! Header lines in, verdicts and effects out.

use super::*;
use crate::config::Settings;
use crate::header_map::serialize;
use sightline_core::names::ingest::RESULTS;

const GOOD: [(&str, &str); 8] = [
    (":method", "POST"),
    (":path", "/sightline/v1/logs"),
    (":scheme", "https"),
    (":authority", "shop.example"),
    ("origin", "https://shop.example"),
    ("content-type", "application/x-protobuf"),
    ("content-length", "100"),
    ("content-encoding", "gzip"),
];

fn settings() -> Ingest {
    let document = br#"{"service": {"name": "edge"}, "ingest": {
        "origins": ["https://app.example"], "max_body_bytes": 2000
    }}"#;
    Settings::from_document(document).unwrap().ingest.unwrap()
}

fn bytes(lines: &[(&str, &str)]) -> Vec<u8> {
    let lines = lines.iter().map(|(name, value)| (*name, value.as_bytes()));
    serialize(&lines.collect::<Vec<_>>())
}

/// The name of the verdict, and who is to hear of it.
fn check(lines: &[(&str, &str)]) -> (&'static str, Option<String>) {
    let bytes = bytes(lines);
    let (verdict, origin) = Head::read(HeaderMap::new(&bytes)).check(&settings());
    let origin = origin.map(|origin| String::from_utf8(origin.to_vec()).unwrap());
    (RESULTS[verdict as usize], origin)
}

/// A good request with one header otherwise; without it where there is no value.
fn with<'a>(name: &'a str, value: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut lines: Vec<_> = GOOD.into_iter().filter(|line| line.0 != name).collect();
    lines.extend(value.map(|value| (name, value)));
    lines
}

#[test]
fn only_what_a_collector_can_take_passes() {
    assert_eq!(check(&GOOD).0, "accepted");
    for (name, value, expected, why) in [
        (
            ":path",
            Some("/sightline/v1/traces"),
            "accepted",
            "a signal",
        ),
        (
            ":path",
            Some("/sightline/v1/metrics"),
            "accepted",
            "a signal",
        ),
        (
            ":path",
            Some("/sightline/v1/logs?a=/../b"),
            "accepted",
            "a query",
        ),
        (
            ":path",
            Some("/sightline/v1/profiles"),
            "not_found",
            "no signal",
        ),
        (
            ":path",
            Some("/sightline/v1/logs/"),
            "not_found",
            "another path",
        ),
        (
            ":path",
            Some("/sightline/v1/logs/../../admin"),
            "not_found",
            "leads elsewhere",
        ),
        (
            ":path",
            Some("/sightline/v1/%6cogs"),
            "not_found",
            "written otherwise",
        ),
        (
            ":path",
            Some("/sightline/v1/LOGS"),
            "not_found",
            "paths have case",
        ),
        (":path", Some("/sightline/v1/"), "not_found", "nothing"),
        (":path", Some("/sightline/v1"), "not_found", "nothing"),
        (":method", Some("GET"), "method", "a person looks"),
        (":method", Some("PUT"), "method", "not OTLP/HTTP"),
        (":method", Some("post"), "method", "methods have case"),
        (
            ":method",
            Some("OPTIONS"),
            "method",
            "pages of the listener need not ask",
        ),
        (
            "origin",
            Some("https://evil.example"),
            "origin",
            "a page of somebody else",
        ),
        ("origin", None, "origin", "no page"),
        (
            "content-type",
            Some("application/json"),
            "accepted",
            "OTLP as JSON",
        ),
        (
            "content-type",
            Some("Application/JSON; charset=utf-8"),
            "accepted",
            "with a parameter",
        ),
        (
            "content-type",
            Some("text/plain"),
            "content_type",
            "needs no preflight",
        ),
        (
            "content-type",
            Some("application/jsonp"),
            "content_type",
            "only begins alike",
        ),
        (
            "content-type",
            None,
            "content_type",
            "nobody knows what it is",
        ),
        ("content-encoding", None, "accepted", "not compressed"),
        ("content-encoding", Some("identity"), "accepted", "the same"),
        (
            "content-encoding",
            Some("GZIP"),
            "accepted",
            "encodings have no case",
        ),
        (
            "content-encoding",
            Some("br"),
            "content_encoding",
            "the collector can't",
        ),
        (
            "content-encoding",
            Some("gzip, gzip"),
            "content_encoding",
            "a bomb",
        ),
        ("content-encoding", Some(""), "content_encoding", "not said"),
        ("content-length", Some("0"), "accepted", "nothing is little"),
        ("content-length", Some("2000"), "accepted", "the most"),
        ("content-length", Some("2001"), "too_large", "more"),
        (
            "content-length",
            Some("99999999999999999999999"),
            "too_large",
            "no number has room for it",
        ),
        ("content-length", None, "no_length", "as long as it likes"),
        ("content-length", Some(""), "no_length", "no number"),
        (
            "content-length",
            Some("+5"),
            "no_length",
            "no number of HTTP",
        ),
        ("content-length", Some("5, 5"), "no_length", "two"),
        (
            "transfer-encoding",
            Some("chunked"),
            "no_length",
            "the length does not count",
        ),
        (
            "upgrade",
            Some("websocket"),
            "no_length",
            "what follows is no body",
        ),
    ] {
        assert_eq!(
            check(&with(name, value)).0,
            expected,
            "{name}: {value:?}: {why}"
        );
    }
    for name in [
        "content-type",
        "content-encoding",
        "content-length",
        "origin",
    ] {
        let value = GOOD.iter().find(|line| line.0 == name).unwrap().1;
        let mut lines = GOOD.to_vec();
        lines.push((name, value));
        assert_ne!(check(&lines).0, "accepted", "{name} twice");
    }
}

#[test]
fn pages_of_a_listed_origin_may_ask_and_send() {
    let listed = Some("https://app.example".to_owned());
    let from = |origin| with("origin", Some(origin));
    assert_eq!(
        check(&from("https://app.example")),
        ("accepted", listed.clone())
    );
    let mut asks = vec![
        (":method", "OPTIONS"),
        (":path", "/sightline/v1/traces"),
        ("origin", "https://app.example"),
        ("access-control-request-method", "POST"),
        (
            "access-control-request-headers",
            "content-encoding,content-type",
        ),
    ];
    assert_eq!(check(&asks), ("preflight", listed.clone()));
    asks[2].1 = "https://evil.example";
    assert_eq!(check(&asks), ("origin", None));
    asks[2].1 = "https://app.example";
    asks.remove(3);
    assert_eq!(check(&asks), ("method", listed.clone()), "no preflight");
    let mut refused = from("https://app.example");
    refused.push(("transfer-encoding", "chunked"));
    assert_eq!(check(&refused), ("no_length", listed), "the page hears why");
}

#[test]
fn what_tells_of_a_person_stays_at_the_edge() {
    let mut lines = GOOD.to_vec();
    lines[1].1 = "/sightline/v1/logs?user=ada#x";
    let personal = [
        ("cookie", "session=1"),
        ("cookie", "b=2"),
        ("authorization", "Bearer abc"),
        ("proxy-authorization", "Basic abc"),
        ("x-forwarded-for", "203.0.113.7"),
        ("forwarded", "for=203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("x-envoy-external-address", "203.0.113.7"),
        ("referer", "https://shop.example/u/ada"),
        ("user-agent", "Mozilla/5.0"),
        ("accept-language", "de"),
        ("x-request-id", "abc"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("x-of-tomorrow", "1"),
    ];
    lines.extend(personal);
    let bytes = bytes(&lines);
    let mut removed = Vec::new();
    let mut set = Vec::new();
    strip(HeaderMap::new(&bytes), &mut |effect| match effect {
        Effect::RemoveFromRequest(name) => removed.push(name.to_owned()),
        Effect::SetOnRequest(name, value) => set.push((name.to_owned(), value.to_vec())),
        other => panic!("{other:?}"),
    });
    let mut expected = vec!["origin"];
    expected.extend(personal.map(|(name, _)| name));
    assert_eq!(removed, expected);
    assert_eq!(set, [(":path".to_owned(), b"/sightline/v1/logs".to_vec())]);
}

#[test]
fn answers_say_what_to_do_and_to_whom_they_may_be_shown() {
    let origin = b"https://app.example".as_slice();
    assert_eq!(Verdict::Accepted.answer(Some(origin), 0), None);
    let header = |answer: &Answer, name: &str| {
        let line = answer.headers.iter().find(|line| line.0 == name);
        line.map(|line| String::from_utf8(line.1.clone()).unwrap())
    };
    for (verdict, status, name, value) in [
        (Verdict::NotFound, 404, "content-type", "application/json"),
        (Verdict::Method, 405, "allow", "POST"),
        (Verdict::Origin, 403, "cache-control", "no-store"),
        (
            Verdict::ContentType,
            415,
            "content-type",
            "application/json",
        ),
        (Verdict::ContentEncoding, 415, "accept-encoding", "gzip"),
        (Verdict::NoLength, 411, "content-type", "application/json"),
        (Verdict::TooLarge, 413, "content-type", "application/json"),
        (Verdict::RateLimited, 429, "retry-after", "2"),
    ] {
        let answer = verdict.answer(None, 1_000_000_001).unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(header(&answer, name).as_deref(), Some(value), "{status}");
        assert_eq!(header(&answer, "access-control-allow-origin"), None);
        let body: serde_json::Value = serde_json::from_str(answer.body).unwrap();
        assert!(
            body["message"].is_string(),
            "google.rpc.Status, as OTLP has it"
        );
    }
    let soon = Verdict::RateLimited.answer(Some(origin), 1).unwrap();
    assert_eq!(header(&soon, "retry-after").as_deref(), Some("1"));
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-expose-headers", "retry-after"),
        ("vary", "origin"),
    ] {
        assert_eq!(header(&soon, name).as_deref(), Some(value));
    }
    let preflight = Verdict::Preflight.answer(Some(origin), 0).unwrap();
    assert_eq!((preflight.status, preflight.body), (204, ""));
    for (name, value) in [
        ("access-control-allow-origin", "https://app.example"),
        ("access-control-allow-methods", "POST"),
        (
            "access-control-allow-headers",
            "content-type, content-encoding",
        ),
        ("access-control-max-age", "7200"),
    ] {
        assert_eq!(header(&preflight, name).as_deref(), Some(value));
    }
}

proptest::proptest! {
    #[test]
    fn any_headers_are_survived(
        lines in proptest::collection::vec((0usize..9, proptest::collection::vec(proptest::prelude::any::<u8>(), 0..30)), 0..20),
        noise in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200),
    ) {
        let names = GOOD.map(|(name, _)| name);
        let lines: Vec<_> = lines
            .iter()
            .map(|(at, value)| (*names.get(*at).unwrap_or(&"sec-fetch-site"), value.as_slice()))
            .collect();
        for bytes in [serialize(&lines), noise] {
            let headers = HeaderMap::new(&bytes);
            let (verdict, origin) = Head::read(headers).check(&settings());
            let _ = verdict.answer(origin, u64::MAX);
            strip(headers, &mut |_| {});
        }
    }
}
