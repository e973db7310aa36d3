//! Finished spans, decoded as a collector would.

use super::*;
use crate::texts::MAX_TEXT;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span as Decoded;
use proptest::prelude::*;
use prost::Message;
use sightline_core::id::TraceId;
use sightline_core::otlp::{Source, export_request};
use sightline_core::trace_context::TraceFlags;

const LABEL: Label<'static> = Label {
    method: "GET",
    route: Some("/products/{id}"),
};

/// A span of a request for this path.
pub(crate) fn span(path: &[u8]) -> FinishedSpan {
    let mut texts = Texts::default();
    texts.push(Text::Path, path);
    texts.push(Text::Authority, b"shop.example:8443");
    texts.push(Text::Scheme, b"https");
    texts.push(Text::UserAgent, b"curl/8");
    texts.push(Text::RequestId, b"req_1");
    FinishedSpan {
        context: SpanContext {
            trace_id: TraceId::from_entropy([7; 16]),
            span_id: SpanId::from_entropy([9; 8]),
            flags: TraceFlags::SAMPLED,
        },
        parent: Some(SpanId::from_entropy([3; 8])),
        link: None,
        trace_state: Some(Box::from("a=b")),
        series: 0,
        kept_for: None,
        outcome: Outcome::new(Some(200), 0),
        start_unix_nanos: 1_700_000_000_000_000_000,
        duration_nanos: 5,
        protocol: b"HTTP/1.1".to_vec(),
        texts: Rc::new(texts),
    }
}

fn decode(span: &FinishedSpan, label: &Label<'_>) -> Decoded {
    let mut items = Writer::new();
    span.write(label, "http.request.header.x-request-id", &mut items);
    let source = Source {
        resource: &[],
        scope: "",
        scope_version: "",
    };
    let body = export_request(&source, &items.into_bytes());
    let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
    request.resource_spans[0].scope_spans[0].spans[0].clone()
}

fn attribute(span: &Decoded, key: &str) -> Option<Any> {
    let found = span.attributes.iter().find(|pair| pair.key == key)?;
    found.value.clone()?.value
}

fn text(span: &Decoded, key: &str) -> Option<String> {
    match attribute(span, key)? {
        Any::StringValue(text) => Some(text),
        other => panic!("{key} is {other:?}"),
    }
}

#[test]
fn a_span_says_what_the_conventions_ask_for() {
    let span = decode(&span(b"/products/7"), &LABEL);
    assert_eq!(
        (span.name.as_str(), span.kind, span.flags),
        ("GET /products/{id}", 2, 0x301)
    );
    assert_eq!(span.trace_state, "a=b");
    assert_eq!(span.end_time_unix_nano - span.start_time_unix_nano, 5);
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/products/{id}"),
        ("url.path", "/products/7"),
        ("url.scheme", "https"),
        ("server.address", "shop.example"),
        ("user_agent.original", "curl/8"),
        ("network.protocol.version", "1.1"),
    ] {
        assert_eq!(text(&span, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(
        attribute(&span, "http.response.status_code"),
        Some(Any::IntValue(200))
    );
    assert_eq!(attribute(&span, "server.port"), Some(Any::IntValue(8443)));
    for absent in [
        "error.type",
        "http.request.method_original",
        "url.query",
        "",
    ] {
        assert_eq!(attribute(&span, absent), None, "{absent}");
    }
    assert!(span.status.is_none());
    let id = attribute(&span, "http.request.header.x-request-id");
    assert!(matches!(id, Some(Any::ArrayValue(list)) if list.values.len() == 1));
}

#[test]
fn server_errors_and_missing_responses_are_errors() {
    for (status, error) in [
        (Some(200), None),
        (Some(404), None),
        (Some(500), Some("500")),
        (Some(503), Some("503")),
        (None, Some("no_response")),
    ] {
        let decoded = decode(
            &FinishedSpan {
                outcome: Outcome::new(status, 0),
                ..span(b"/")
            },
            &LABEL,
        );
        assert_eq!(text(&decoded, "error.type").as_deref(), error);
        assert_eq!(
            decoded.status.as_ref().map(|status| status.code),
            error.map(|_| 2)
        );
        assert_eq!(
            attribute(&decoded, "http.response.status_code").is_some(),
            status.is_some()
        );
    }
}

#[test]
fn what_is_unknown_is_left_out() {
    let mut bare = span(b"");
    let mut texts = Texts::default();
    texts.push(Text::Method, b"BREW");
    bare.texts = Rc::new(texts);
    bare.protocol = Vec::new();
    bare.parent = None;
    let label = Label {
        method: names::METHOD_OTHER,
        route: None,
    };
    let decoded = decode(&bare, &label);
    assert_eq!(decoded.name, "_OTHER");
    assert_eq!(decoded.flags, 1, "a root span says nothing of its parent");
    assert_eq!(
        text(&decoded, "http.request.method_original").as_deref(),
        Some("BREW")
    );
    for absent in [
        "http.route",
        "url.path",
        "server.address",
        "user_agent.original",
    ] {
        assert_eq!(attribute(&decoded, absent), None, "{absent}");
    }
}

#[test]
fn a_trace_that_was_not_continued_is_linked() {
    let mut restarted = span(b"/");
    let caller = SpanContext {
        trace_id: TraceId::from_entropy([5; 16]),
        ..restarted.context
    };
    restarted.link = Some(caller);
    let decoded = decode(&restarted, &LABEL);
    assert_eq!(decoded.links.len(), 1);
    assert_eq!(decoded.links[0].trace_id, [5; 16]);
    assert_eq!(decoded.links[0].span_id, [9; 8]);
    assert!(decode(&span(b"/"), &LABEL).links.is_empty());
}

#[test]
fn secrets_do_not_leave() {
    let decoded = decode(&span(b"/reset/token=abc/u/ada@example.org"), &LABEL);
    assert_eq!(
        text(&decoded, "url.path").unwrap(),
        "/reset/token=REDACTED/u/REDACTED"
    );
}

#[test]
fn authorities_are_host_and_port() {
    for (authority, host, port) in [
        ("shop.example", "shop.example", None),
        ("shop.example:8443", "shop.example", Some(8443)),
        ("[::1]:80", "::1", Some(80)),
        ("[::1]", "::1", None),
        ("::1", "::1", None),
        ("shop.example:no", "shop.example", None),
        ("shop.example:99999", "shop.example", None),
    ] {
        assert_eq!(host_and_port(authority), (host, port), "{authority}");
    }
}

proptest! {
    #[test]
    fn any_bytes_become_a_span(path in proptest::collection::vec(any::<u8>(), 0..3000), other in proptest::collection::vec(any::<u8>(), 0..40)) {
        let mut odd = span(&path);
        odd.protocol = other.clone();
        let texts = Rc::get_mut(&mut odd.texts).unwrap();
        for text in [Text::Authority, Text::Scheme, Text::UserAgent, Text::RequestId, Text::Method] {
            texts.push(text, &other);
        }
        let decoded = decode(&odd, &LABEL);
        prop_assert!(text(&decoded, "url.path").is_none_or(|path| path.len() <= 3 * MAX_TEXT));
    }
}
