//! What becomes of fetches and of the document load: spans, or nothing.

use super::*;

fn fetched() -> Fetched<'static> {
    Fetched {
        traceparent: FETCH,
        parent: "",
        method: "GET",
        url: "https://shop.example:8443/products/42?q=secret",
        status: 200,
        error: "",
        start_ms: 100.0,
        end_ms: 150.5,
    }
}

#[test]
fn fetches_have_the_ids_that_were_sent_and_link_the_page() {
    let mut session = session();
    session.on(Input::Fetched(fetched()));
    let (_, spans) = sent(&mut session);
    let span = &spans[0];
    assert_eq!(
        (span.trace_id.as_slice(), span.span_id.as_slice()),
        (&[0x11; 16][..], &[0x22; 8][..])
    );
    assert!(span.parent_span_id.is_empty());
    assert_eq!((span.name.as_str(), span.kind), ("GET /products/{id}", 3));
    assert_eq!(
        span.end_time_unix_nano - span.start_time_unix_nano,
        50_500_000
    );
    assert_eq!(text(&span.attributes, "http.request.method"), "GET");
    assert_eq!(
        text(&span.attributes, "url.full"),
        "https://shop.example:8443/products/42?q=REDACTED"
    );
    assert_eq!(text(&span.attributes, "server.address"), "shop.example");
    assert_eq!(
        value(&span.attributes, "server.port"),
        Some(&Value::IntValue(8443))
    );
    assert_eq!(
        value(&span.attributes, "http.response.status_code"),
        Some(&Value::IntValue(200))
    );
    assert_eq!(value(&span.attributes, "error.type"), None);
    assert_eq!(span.status.clone().unwrap_or_default().code, 0);
    assert_eq!(span.links[0].span_id, [7; 8]);
}

#[test]
fn what_failed_says_how() {
    for (fetched, error_type, status_code) in [
        (
            Fetched {
                status: 404,
                ..fetched()
            },
            "404",
            Some(404),
        ),
        (
            Fetched {
                status: 503,
                ..fetched()
            },
            "503",
            Some(503),
        ),
        (
            Fetched {
                status: 0,
                error: "AbortError",
                ..fetched()
            },
            "AbortError",
            None,
        ),
        (
            Fetched {
                status: 0,
                error: "TypeError",
                ..fetched()
            },
            "TypeError",
            None,
        ),
    ] {
        let mut session = session();
        session.on(Input::Fetched(fetched));
        let (_, spans) = sent(&mut session);
        assert_eq!(text(&spans[0].attributes, "error.type"), error_type);
        let sent_status = value(&spans[0].attributes, "http.response.status_code").cloned();
        assert_eq!(sent_status, status_code.map(Value::IntValue));
        assert_eq!(spans[0].status.clone().unwrap_or_default().code, 2);
    }
}

#[test]
fn what_has_no_place_in_a_trace_makes_no_span() {
    for (traceparent, why) in [
        (
            "00-11111111111111111111111111111111-2222222222222222-02",
            "not sampled",
        ),
        ("", "no ids"),
        ("00-1-2-03", "malformed"),
    ] {
        let mut session = session();
        session.on(Input::Fetched(Fetched {
            traceparent,
            ..fetched()
        }));
        assert_eq!(sent(&mut session).1, [], "{why}");
    }
}

#[test]
fn methods_nobody_knows_have_one_name() {
    let mut session = session();
    session.on(Input::Fetched(Fetched {
        method: "BREW",
        ..fetched()
    }));
    let (_, spans) = sent(&mut session);
    assert_eq!(spans[0].name, "HTTP /products/{id}");
    assert_eq!(text(&spans[0].attributes, "http.request.method"), "_OTHER");
}

#[test]
fn the_document_load_is_told_once_and_only_if_sampled() {
    let mut session = session();
    let phases = [0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 5.0, 45.0];
    session.on(Input::DocumentLoad {
        end_ms: 900.0,
        phases_ms: &phases,
    });
    session.on(Input::DocumentLoad {
        end_ms: 950.0,
        phases_ms: &phases,
    });
    let (_, spans) = sent(&mut session);
    assert_eq!(spans.len(), 1);
    let span = &spans[0];
    assert_eq!((span.name.as_str(), span.kind), ("documentLoad", 1));
    assert_eq!(
        span.parent_span_id,
        [0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31]
    );
    assert_eq!(span.flags, 0x301);
    assert_eq!(span.start_time_unix_nano, 1_763_000_000_000_000_000);
    assert_eq!(span.end_time_unix_nano, 1_763_000_000_900_000_000);
    let events: Vec<_> = span
        .events
        .iter()
        .map(|event| event.name.as_str())
        .collect();
    assert_eq!(
        events,
        [
            "fetchStart",
            "domainLookupStart",
            "requestStart",
            "responseStart"
        ]
    );

    let unsampled = PageStart {
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-0707070707070707-00",
        ..START
    };
    let mut session = Session::new(&OPTIONS, &unsampled);
    session.on(Input::DocumentLoad {
        end_ms: 900.0,
        phases_ms: &phases,
    });
    let (logs, spans) = sent(&mut session);
    assert_eq!(spans, []);
    assert_eq!(
        vitals(&logs),
        [("ttfb", 45.0, 45.0)],
        "vitals are always told"
    );
}
