//! Records as lines, and as log records that are decoded as a collector would.

use super::*;
use crate::finished_span::Label;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::logs::v1::LogRecord as Decoded;
use proptest::prelude::*;
use prost::Message;
use serde_json::Value;
use sightline_core::id::{SpanId, TraceId};
use sightline_core::otlp::{Source, Writer, export_request};
use sightline_core::trace_context::TraceFlags;

const LABEL: Label<'static> = Label {
    method: "GET",
    route: Some("/products/{id}"),
};
const CONTEXT: fn() -> Option<SpanContext> = || {
    Some(SpanContext {
        trace_id: TraceId::from_entropy([7; 16]),
        span_id: SpanId::from_entropy([9; 8]),
        flags: TraceFlags::SAMPLED,
    })
};

fn settings(logs: &str) -> Settings {
    let document = format!(
        r#"{{"service": {{"name": "edge"}}, "trace": {{"slow_ms": 100}},
            "export": {{"cluster": "otel"}}, "logs": {{{logs}}}}}"#
    );
    Settings::from_document(document.as_bytes()).unwrap()
}

fn both() -> Settings {
    settings(r#""access": "both", "headers": ["Referer", "x-tenant"]"#)
}

fn end(status: u16) -> End {
    End {
        status: (status > 0).then_some(status),
        duration_nanos: 12_345_678,
        flags: 0,
        request_bytes: 300,
        response_bytes: 4000,
    }
}

fn texts(path: &[u8], headers: &[(usize, &[u8])]) -> Rc<Texts> {
    let mut texts = Texts::default();
    texts.push(Text::Path, path);
    texts.push(Text::UserAgent, b"curl/8.5.0");
    texts.push(Text::RequestId, b"req_1");
    for (number, value) in headers {
        texts.push_header(*number, value);
    }
    Rc::new(texts)
}

fn record(settings: &Settings, end: End, texts: &Rc<Texts>) -> AccessRecord {
    let at = 1_700_000_000_123_000_000;
    match Logged::decide(settings, CONTEXT(), 0, &end, at, Some(texts)) {
        Logged::Record(record) => record,
        other => panic!("{other:?}"),
    }
}

fn line(record: &AccessRecord) -> Value {
    let mut line = String::from("what was there before");
    write_line(&mut line, record, &both(), &LABEL);
    assert_eq!(line.matches('\n').count(), 1, "{line}");
    assert!(line.ends_with("}\n"));
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

fn decode(record: &AccessRecord) -> Decoded {
    let mut items = Writer::new();
    record.write(&LABEL, "http.request.header.x-request-id", &mut items);
    let source = Source {
        resource: &[],
        scope: "",
        scope_version: "",
    };
    let body = export_request(&source, &items.into_bytes());
    let request = ExportLogsServiceRequest::decode(body.as_slice()).unwrap();
    request.resource_logs[0].scope_logs[0].log_records[0].clone()
}

fn attribute(record: &Decoded, key: &str) -> Option<String> {
    let found = record.attributes.iter().find(|pair| pair.key == key)?;
    Some(match found.value.clone()?.value? {
        Any::StringValue(text) => text,
        Any::IntValue(number) => number.to_string(),
        Any::DoubleValue(number) => number.to_string(),
        Any::ArrayValue(list) => {
            let text = |value: Any| match value {
                Any::StringValue(text) => text,
                other => panic!("{other:?}"),
            };
            let values = list.values.into_iter();
            let texts: Vec<_> = values.map(|value| text(value.value.unwrap())).collect();
            texts.join("|")
        }
        other => panic!("{other:?}"),
    })
}

#[test]
fn a_line_says_what_a_person_looks_for() {
    let settings = both();
    let mut record = record(&settings, end(503), &texts(b"/products/7", &[(1, b"acme")]));
    record.peer = Peer::new(b"203.0.113.77:5", settings.logs.peer, [0; 16]);
    record.end.flags = 1 << 5 | 1 << 15;
    let mut text = String::new();
    write_line(&mut text, &record, &settings, &LABEL);
    assert_eq!(
        text,
        concat!(
            r#"{"time":"2023-11-14T22:13:20.123Z","level":"error","service":"edge","request_id":"req_1","#,
            r#""trace_id":"07070707070707070707070707070707","span_id":"0909090909090909","#,
            r#""method":"GET","route":"/products/{id}","path":"/products/7","status":503,"#,
            r#""duration_ms":12.345,"request_bytes":300,"response_bytes":4000,"peer":"203.0.113.0","#,
            r#""user_agent":"curl","response_flags":"UF,URX","headers":{"x-tenant":"acme"}}"#,
            "\n"
        )
    );
}

#[test]
fn a_log_record_says_the_same_in_the_conventions_words() {
    let settings = both();
    let headers: [(usize, &[u8]); 2] = [(1, b"acme"), (1, b"emca")];
    let mut record = record(&settings, end(503), &texts(b"/products/7", &headers));
    record.peer = Peer::new(b"203.0.113.77:5", settings.logs.peer, [0; 16]);
    record.end.flags = 1 << 5;
    let decoded = decode(&record);
    assert_eq!(decoded.event_name, "sightline.edge.request");
    assert_eq!(decoded.time_unix_nano, 1_700_000_000_123_000_000);
    assert_eq!((decoded.severity_number, decoded.flags), (17, 1));
    assert_eq!(
        (decoded.trace_id, decoded.span_id),
        (vec![7; 16], vec![9; 8])
    );
    let body = decoded.body.clone().unwrap().value.unwrap();
    assert_eq!(body, Any::StringValue("GET /products/{id} 503".to_owned()));
    let decoded = decode(&record);
    for (key, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/products/{id}"),
        ("http.response.status_code", "503"),
        ("url.path", "/products/7"),
        ("client.address", "203.0.113.0"),
        ("user_agent.name", "curl"),
        ("http.request.body.size", "300"),
        ("http.response.body.size", "4000"),
        ("http.server.request.duration", "0.012345678"),
        ("error.type", "connect_failure"),
        ("sightline.edge.response_flags", "UF"),
        ("http.request.header.x-request-id", "req_1"),
        ("http.request.header.x-tenant", "acme|emca"),
    ] {
        assert_eq!(attribute(&decoded, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(decoded.attributes.len(), 13, "{:?}", decoded.attributes);
}

#[test]
fn the_level_follows_the_status_and_what_failed() {
    for (status, flags, level, severity, why) in [
        (101, 0, "info", 9, "an upgrade"),
        (200, 0, "info", 9, "a success"),
        (399, 0, "info", 9, "the last of them"),
        (400, 0, "warn", 13, "a client's error"),
        (499, 0, "warn", 13, "the last of them"),
        (500, 0, "error", 17, "a server's error"),
        (599, 0, "error", 17, "the last of them"),
        (0, 0, "error", 17, "no response"),
        (0, 1 << 14, "error", 17, "none, because the client went"),
        (200, 1 << 6, "error", 17, "a response that broke off"),
        (
            200,
            1 << 14,
            "info",
            9,
            "a download that the client broke off",
        ),
        (404, 1 << 8, "warn", 13, "no route"),
    ] {
        let end = End {
            flags,
            ..end(status)
        };
        let record = record(&both(), end, &texts(b"/", &[]));
        let line = line(&record);
        assert_eq!(line["level"], level, "{why}");
        assert_eq!(line["status"], status, "{why}");
        assert_eq!(decode(&record).severity_number, severity, "{why}");
    }
}

#[test]
fn successes_are_sampled_and_nothing_else_is() {
    let none = settings(r#""access": "envoy", "success_ratio": 0"#);
    let half = settings(r#""access": "envoy", "success_ratio": 0.5"#);
    let off = settings("");
    let slow = End {
        duration_nanos: 100_000_001,
        ..end(200)
    };
    let broken = End {
        flags: 1 << 6,
        ..end(200)
    };
    // The trace id is 0x0707…: of all traces, a half keeps those from 0x80… on.
    for (settings, end, context, expected, why) in [
        (&none, end(200), CONTEXT(), "sampled out", "a success"),
        (&half, end(200), CONTEXT(), "sampled out", "by its trace id"),
        (&none, end(302), CONTEXT(), "sampled out", "a redirect"),
        (&none, end(404), CONTEXT(), "record", "a client's error"),
        (&none, end(503), CONTEXT(), "record", "a server's error"),
        (&none, end(0), CONTEXT(), "record", "no response"),
        (&none, slow, CONTEXT(), "record", "slow"),
        (&none, broken, CONTEXT(), "record", "broke off"),
        (&none, end(200), None, "record", "belongs to no trace"),
        (&both(), end(200), CONTEXT(), "record", "the ratio is 1"),
        (&off, end(503), CONTEXT(), "off", "nobody listens"),
    ] {
        let logged = Logged::decide(settings, context, 0, &end, 0, Some(&texts(b"/", &[])));
        let got = match logged {
            Logged::Off => "off",
            Logged::SampledOut => "sampled out",
            Logged::Record(_) => "record",
        };
        assert_eq!(got, expected, "{why}");
    }
}

#[test]
fn secrets_are_in_neither() {
    let path = b"/reset/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln/u/ada@example.org/4111111111111111/ghp_16C7e42F292c6912E7710c838347Ae178B4a/token=hunter2";
    let headers: [(usize, &[u8]); 3] = [
        (0, b"https://shop.example/p?access_token=hunter2&q=mine#top"),
        (0, b"/local?sid=hunter2"),
        (
            1,
            b"acme, Bearer hunter2, password=hunter2, sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        ),
    ];
    let record = record(&both(), end(200), &texts(path, &headers));
    let line = line(&record);
    assert_eq!(
        line["path"],
        "/reset/REDACTED/u/REDACTED/REDACTED/REDACTED/token=REDACTED"
    );
    assert_eq!(
        line["headers"]["referer"],
        "https://shop.example/p?access_token=REDACTED&q=REDACTED, /local?sid=REDACTED"
    );
    let all = format!("{line} {:?}", decode(&record));
    for secret in [
        "hunter2", "eyJ", "ada@", "4111", "ghp_", "sk_live", "mine", "#top",
    ] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[test]
fn what_is_not_known_is_not_said() {
    let settings = both();
    let texts = Rc::new(Texts::default());
    let end = End::default();
    let Logged::Record(record) = Logged::decide(&settings, None, 0, &end, 0, Some(&texts)) else {
        panic!("it failed")
    };
    let label = Label {
        method: "_OTHER",
        route: None,
    };
    let mut text = String::new();
    write_line(&mut text, &record, &settings, &label);
    assert_eq!(
        text,
        concat!(
            r#"{"time":"1970-01-01T00:00:00.000Z","level":"error","service":"edge","method":"_OTHER","#,
            r#""status":0,"duration_ms":0.000,"request_bytes":0,"response_bytes":0,"user_agent":"none"}"#,
            "\n"
        )
    );
    let decoded = decode(&record);
    assert!(decoded.trace_id.is_empty());
    assert_eq!(attribute(&decoded, "http.response.status_code"), None);
    assert_eq!(attribute(&decoded, "error.type").unwrap(), "no_response");
}

#[test]
fn a_client_cannot_write_lines_of_its_own() {
    for (path, why) in [
        (&b"/a\",\"level\":\"info"[..], "a member"),
        (b"/a\"}\n{\"level\":\"info\"}", "a line"),
        (b"/a\\", "an escape"),
        (b"/\x1b[2J\x00\x9b", "control bytes"),
        (b"/\xff\xfe", "no UTF-8"),
        ("/\u{2028}\u{202e}".as_bytes(), "marks of Unicode"),
        (b"/%0a%22", "percent-encoded, which stays so"),
    ] {
        let record = record(&both(), end(500), &texts(path, &[(1, path)]));
        let line = line(&record);
        assert_eq!(line["level"], "error", "{why}");
        assert_eq!(line.as_object().unwrap().len(), 15, "{why}: {line}");
    }
}

proptest! {
    #[test]
    fn any_bytes_become_one_bounded_line(
        path in proptest::collection::vec(any::<u8>(), 0..5000),
        headers in proptest::collection::vec((0usize..3, proptest::collection::vec(any::<u8>(), 0..600)), 0..40),
    ) {
        let headers: Vec<_> = headers.iter().map(|(at, value)| (*at, value.as_slice())).collect();
        let record = record(&both(), end(200), &texts(&path, &headers));
        let line = line(&record);
        prop_assert!(line.to_string().len() < 16_384);
        prop_assert!(decode(&record).attributes.len() >= 8);
    }
}
