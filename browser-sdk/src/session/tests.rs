//! A page's inputs in, and everything that it would send decoded by
//! `opentelemetry-proto`.

mod custom;
mod sessions;
mod traces;
mod views;

use super::*;
use crate::attributes::Attributes;
use crate::input::Reader;
use crate::navigation::PHASE_COUNT;
use crate::signals::inp::Event;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::trace::v1::Span;
use proptest::prelude::*;
use prost::Message;

const EDGE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const PAGE: &str = "00-0af7651916cd43dd8448eb211c80319c-0707070707070707-01";
const FETCH: &str = "00-11111111111111111111111111111111-2222222222222222-03";
const NONE: Attributes<'_> = Attributes {
    numbers: &[],
    texts: "",
};
const ORIGIN_MS: f64 = 1_763_000_000_000.0;

const OPTIONS: Options<'_> = Options {
    service_name: "shop-browser",
    service_version: "",
    environment: "test",
    routes: "/products/{id}\n/cart",
    has_metrics: false,
    origin_unix_ms: ORIGIN_MS,
};

const START: PageStart<'_> = PageStart {
    url: "https://shop.example/products/42?ref=mail",
    navigation_type: "navigate",
    traceparent: PAGE,
    parent: EDGE,
    activation_ms: 0.0,
    hidden_ms: f64::INFINITY,
    entropy: [7; 8],
};

fn session() -> Session {
    Session::new(&OPTIONS, &START)
}

/// Everything that waits, decoded.
fn sent(session: &mut Session) -> (Vec<LogRecord>, Vec<Span>) {
    let (mut logs, mut spans) = (Vec::new(), Vec::new());
    loop {
        let batch = session.next(Need::Now, 1e6, false);
        let Some((header, body)) = batch.split_at_checked(12) else {
            break;
        };
        match header[4] {
            0 => {
                let request = ExportLogsServiceRequest::decode(body).unwrap();
                let scopes = request
                    .resource_logs
                    .into_iter()
                    .flat_map(|one| one.scope_logs);
                logs.extend(scopes.flat_map(|scope| scope.log_records));
            }
            _ => {
                let request = ExportTraceServiceRequest::decode(body).unwrap();
                let scopes = request
                    .resource_spans
                    .into_iter()
                    .flat_map(|one| one.scope_spans);
                spans.extend(scopes.flat_map(|scope| scope.spans));
            }
        }
        let answer = Answer {
            status: 200,
            retry_after_ms: f64::NAN,
            chance: 0.0,
            rejected: 0,
        };
        session.on_settled(u32::from(header[0]), answer, 1e6);
    }
    (logs, spans)
}

fn value<'a>(attributes: &'a [KeyValue], key: &str) -> Option<&'a Value> {
    let found = attributes.iter().find(|pair| pair.key == key)?;
    found.value.as_ref()?.value.as_ref()
}

fn text<'a>(attributes: &'a [KeyValue], key: &str) -> &'a str {
    match value(attributes, key) {
        Some(Value::StringValue(text)) => text,
        other => panic!("{key}: {other:?}"),
    }
}

fn number(attributes: &[KeyValue], key: &str) -> f64 {
    match value(attributes, key) {
        Some(Value::DoubleValue(number)) => *number,
        other => panic!("{key}: {other:?}"),
    }
}

fn vitals(logs: &[LogRecord]) -> Vec<(&str, f64, f64)> {
    let vitals = logs
        .iter()
        .filter(|log| log.event_name == "browser.web_vital");
    vitals
        .map(|log| {
            let name = text(&log.attributes, "browser.web_vital.name");
            let value = number(&log.attributes, "browser.web_vital.value");
            (
                name,
                value,
                number(&log.attributes, "browser.web_vital.delta"),
            )
        })
        .collect()
}

fn painted(paint_ms: f64) -> Input<'static> {
    Input::LargestContentfulPaint(Paint {
        paint_ms,
        ..Paint::default()
    })
}

const fn hidden(now_ms: f64, interaction_count: f64) -> Input<'static> {
    Input::Hidden {
        now_ms,
        interaction_count,
    }
}

fn shift(value: f64, at_ms: f64, target: &'static str) -> Input<'static> {
    Input::LayoutShift {
        value,
        at_ms,
        target,
    }
}

fn thrown(message: &'static str) -> Input<'static> {
    Input::Thrown(Thrown {
        kind: "TypeError",
        message,
        stack: "TypeError: x\n    at f (https://shop.example/app.js?v=secret:1:2)",
        url: "https://shop.example/cart?token=abc",
        source: "uncaught",
        parent: "",
        at_ms: 20.0,
        attributes: NONE,
    })
}

#[test]
fn a_whole_visit_tells_every_vital_once() {
    let mut session = session();
    session.on(Input::FirstContentfulPaint { paint_ms: 120.0 });
    session.on(painted(120.0));
    session.on(painted(2600.0));
    session.on(shift(0.25, 500.0, ""));
    session.on(Input::Event(Event {
        interaction_id: 7.0,
        duration_ms: 240.0,
        ..Event::default()
    }));
    let mut phases = [0.0; PHASE_COUNT];
    phases[7] = 45.5;
    session.on(Input::DocumentLoad {
        end_ms: 900.0,
        phases_ms: &phases,
    });
    session.on(hidden(9000.0, 1.0));
    session.on(hidden(9001.0, 1.0));
    let (logs, _) = sent(&mut session);
    assert_eq!(
        vitals(&logs),
        [
            ("ttfb", 45.5, 45.5),
            ("fcp", 120.0, 120.0),
            ("lcp", 2600.0, 2600.0),
            ("inp", 240.0, 240.0),
            ("cls", 0.25, 0.25),
        ]
    );
    let lcp = &logs[2];
    assert_eq!(
        text(&lcp.attributes, "browser.web_vital.rating"),
        "needs-improvement"
    );
    assert_eq!(
        text(&lcp.attributes, "browser.web_vital.id"),
        "0707070707070707-lcp"
    );
    assert_eq!(text(&lcp.attributes, "url.path"), "/products/42");
    assert_eq!(text(&lcp.attributes, "url.template"), "/products/{id}");
    assert_eq!(
        lcp.trace_id[..],
        [
            0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80,
            0x31, 0x9c
        ]
    );
    assert_eq!(lcp.span_id, [7; 8]);
    assert_eq!(lcp.time_unix_nano, 1_763_000_009_000_000_000);
}

#[test]
fn what_grows_after_the_first_hiding_is_told_as_growth() {
    let mut session = session();
    session.on(Input::FirstContentfulPaint { paint_ms: 120.0 });
    session.on(shift(0.25, 500.0, ""));
    session.on(hidden(1000.0, 0.0));
    session.on(shift(0.5, 9000.0, ""));
    session.on(painted(9000.0));
    session.on(hidden(10_000.0, 0.0));
    let (logs, _) = sent(&mut session);
    assert_eq!(
        vitals(&logs),
        [
            ("fcp", 120.0, 120.0),
            ("cls", 0.25, 0.25),
            ("cls", 0.5, 0.25)
        ],
        "no paint counts after the hiding"
    );
}

#[test]
fn a_page_in_the_background_paints_and_shifts_for_nobody() {
    let mut session = Session::new(
        &OPTIONS,
        &PageStart {
            hidden_ms: 0.0,
            ..START
        },
    );
    session.on(Input::FirstContentfulPaint { paint_ms: 120.0 });
    session.on(painted(120.0));
    session.on(shift(0.25, 500.0, ""));
    session.on(hidden(1000.0, 0.0));
    let (logs, _) = sent(&mut session);
    assert_eq!(vitals(&logs), []);
}

#[test]
fn errors_leave_without_secrets_within_the_pages_trace() {
    let mut session = session();
    session.on(thrown("no user ada@example.org"));
    session.on(thrown("no user ada@example.org"));
    let (logs, _) = sent(&mut session);
    let error = &logs[0];
    assert_eq!(error.event_name, "exception");
    assert_eq!(error.severity_number, 17);
    assert_eq!(error.time_unix_nano, 1_763_000_000_020_000_000);
    assert_eq!(error.span_id, [7; 8]);
    let attributes = &error.attributes;
    assert_eq!(text(attributes, "exception.type"), "TypeError");
    assert_eq!(text(attributes, "exception.message"), "no user REDACTED");
    assert_eq!(
        text(attributes, "exception.stacktrace"),
        "TypeError: x\n    at f (https://shop.example/app.js?v=REDACTED:1:2)"
    );
    assert_eq!(text(attributes, "url.path"), "/cart");
    // The second one is counted.
    assert_eq!(logs[1].event_name, "sightline.lost");
    let counted = value(&logs[1].attributes, "sightline.lost.duplicate");
    assert_eq!(counted, Some(&Value::IntValue(1)));
}

#[test]
fn the_resource_says_who_speaks() {
    let mut session = session();
    session.on(thrown("x"));
    let batch = session.next(Need::InTime, 0.0, false);
    let request = ExportLogsServiceRequest::decode(&batch[12..]).unwrap();
    let resource = request.resource_logs[0]
        .resource
        .clone()
        .unwrap()
        .attributes;
    let texts: Vec<_> = resource
        .iter()
        .map(|pair| (pair.key.as_str(), text(&resource, &pair.key)))
        .collect();
    assert_eq!(
        texts,
        [
            ("service.name", "shop-browser"),
            ("deployment.environment.name", "test"),
            ("telemetry.sdk.name", "sightline"),
            ("telemetry.sdk.language", "webjs"),
            ("telemetry.sdk.version", VERSION),
        ]
    );
    assert_eq!(
        request.resource_logs[0].scope_logs[0]
            .scope
            .clone()
            .unwrap()
            .name,
        BROWSER_SCOPE
    );
}

#[test]
fn bad_templates_are_left_out_and_told() {
    use sightline_core::route::TemplateError as E;
    let told = |routes| Session::new(&Options { routes, ..OPTIONS }, &START).bad_routes;
    assert_eq!(told("/ok\n/ok/{id}"), "00");
    assert_eq!(told("nope\n/ok\n/a*\n/ok"), "1035");
    assert_eq!(told("/a{\n/a b"), "24");

    let words = include_str!("../../npm/src/problems.ts");
    let mut words = words.split_once("ROUTES").unwrap().1;
    for problem in [
        E::NoLeadingSlash,
        E::Brace,
        E::Star,
        E::Character,
        E::Duplicate,
    ] {
        let there = words.split_once(problem.message());
        words = there
            .unwrap_or_else(|| panic!("problems.ts lacks {problem:?}, or not in order"))
            .1;
    }
}

fn any_input() -> impl Strategy<Value = (u8, Vec<f64>, String)> {
    let texts = prop_oneof![
        proptest::collection::vec(".{0,40}", 0..6).prop_map(|texts| texts.join("\0")),
        Just([FETCH, "", "POST", "https://a.example/x?y", ""].join("\0")),
        Just(["https://a.example", "Error", "m\u{e9}ssage", "at x (y:1:2)"].join("\0")),
        Just(
            [
                "https://a.example",
                FETCH,
                PAGE,
                "a span ",
                "sa",
                "b",
                "nc",
                "1"
            ]
            .join("\0")
        ),
    ];
    (
        0u8..20,
        proptest::collection::vec(any::<f64>(), 0..16),
        texts,
    )
}

proptest! {
    /// Any numbers, any texts, in any order: no panic, and what is sent is OTLP.
    #[test]
    fn any_input_is_survived(
        inputs in proptest::collection::vec(any_input(), 0..40),
        url in ".{0,60}", traceparent in ".{0,60}", routes in ".{0,40}",
        times in proptest::array::uniform3(any::<f64>()),
    ) {
        let [origin_unix_ms, activation_ms, hidden_ms] = times;
        let options = Options { routes: &routes, origin_unix_ms, ..OPTIONS };
        let start = PageStart { url: &url, traceparent: &traceparent, activation_ms, hidden_ms, ..START };
        let mut session = Session::new(&options, &start);
        for (kind, numbers, texts) in &inputs {
            if let Some(input) = Input::read(*kind, &mut Reader::new(numbers, texts)) {
                session.on(input);
            }
        }
        sent(&mut session);
    }
}
