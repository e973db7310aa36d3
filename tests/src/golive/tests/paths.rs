//! What a visitor's requests leave behind.

use super::*;
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

const HEALTH: &str = "live, ready and startup";
const TRACE: &str = "trace joined across layers";
const LOGS: &str = "logs with ids, without secrets";
/// Its first sixteen digits pass for a card's.
const ID_LIKE_A_CARD: &str = "41111111-1111-1111-a111-111111111111";

fn health(path: &str) -> Option<String> {
    let word = match path.strip_prefix("/health/")? {
        "startup" => "started",
        word => word,
    };
    Some(json!({"status": word}).to_string())
}

/// A trace that an edge begins, and that every share keeps; and what it tells the page.
const OWN: &str = "0af7651916cd43dd84fffffffffffff1";
const TOLD: &[(&str, &str)] = &[
    ("server-timing", "app;dur=1, traceparent;desc=\"00-none\""),
    (
        "server-timing",
        "traceparent;desc=\"00-0af7651916cd43dd84fffffffffffff1-b7ad6b7169203331-01\"",
    ),
];
const UNSAMPLED: &[(&str, &str)] = &[(
    "server-timing",
    "trace;desc=\"00-0af7651916cd43dd84fffffffffffff2-b7ad6b7169203331-00\"",
)];
/// Below the share of a tenth.
const DROPPED: &[(&str, &str)] = &[(
    "server-timing",
    "trace;desc=\"00-0af7651916cd43dd84e6666666666665-b7ad6b7169203331-01\"",
)];

/// Loki's answer of one record.
fn record(stream: &Value, line: &str) -> String {
    data(&json!({"resultType": "streams", "result": [{"stream": stream, "values": [["1", line]]}]}))
}

/// A service whose requests are counted, and its stores: Prometheus has this endpoint,
/// Loki this path.
fn edge(endpoint: Option<&'static str>, logged: Option<&'static str>) -> HttpServer {
    edge_that_tells(&[], endpoint, logged)
}

fn edge_that_tells(
    told: &'static [(&'static str, &'static str)],
    endpoint: Option<&'static str>,
    logged: Option<&'static str>,
) -> HttpServer {
    let requests = AtomicU64::new(0);
    let trace = Mutex::new(String::new());
    serve(move |request| {
        let query = query_of(request);
        let body = match request.path() {
            "/" => {
                requests.fetch_add(1, Ordering::SeqCst);
                let mut headers = request.headers.iter();
                let parent = headers.find(|(name, _)| name == "traceparent").unwrap();
                let own = (!told.is_empty()).then_some(OWN);
                *trace.lock().unwrap() = own.unwrap_or(&parent.1[3..35]).to_owned();
                return http_server::Answer {
                    headers: told,
                    ..http_server::Answer::new(200, "")
                };
            }
            "/loki/api/v1/query_range" => {
                let known = trace.lock().unwrap().clone();
                let stream = json!({"service_name": "edge", "trace_id": known});
                match query.contains("| trace_id") {
                    true if query.contains(&known) => record(&stream, "GET /"),
                    true => data(&json!({"result": []})),
                    false => match logged {
                        Some(path) => record(&json!({"url_path": path}), ""),
                        None => data(&json!({"result": []})),
                    },
                }
            }
            path => match health(path) {
                Some(said) => said,
                None if query.contains("endpoint=~") => match endpoint {
                    Some(endpoint) => samples(&[("endpoint", endpoint, 1.0)]),
                    None => samples(&[]),
                },
                None => sample(requests.load(Ordering::SeqCst) as f64),
            },
        };
        http_server::Answer::new(200, body)
    })
}

#[test]
fn health_is_what_the_filter_says_and_no_traffic() {
    let logs = "logs: 'http://127.0.0.1:PORT'";
    assert_answer(
        &of_server(HEALTH, logs, &edge(None, None)),
        Pass,
        "startup 200 started",
    );
    let told = of_server(HEALTH, "", &edge(None, None));
    assert_answer(&told, CannotTell, "no `logs`");
    let told = of_server(HEALTH, logs, &edge(Some("/health/live"), None));
    assert_answer(&told, Fail, "/health/live is counted");
    let told = of_server(HEALTH, logs, &edge(None, Some("/health/ready")));
    assert_answer(&told, Fail, "in the log");
    // An edge that begins traces of its own logs these.
    let own = edge_that_tells(TOLD, None, None);
    assert_answer(&of_server(HEALTH, logs, &own), Pass, "neither counted");
    let page = answer(HEALTH, "", |path, _| {
        path.starts_with("/health")
            .then(|| "<!doctype html>".to_owned())
    });
    assert_answer(&page, Fail, "live 200 without a status");
    let other = answer(HEALTH, "", |path, _| {
        health(path).map(|_| r#"{"status":"up"}"#.to_owned())
    });
    assert_answer(&other, Fail, "live 200 up");
}

#[test]
fn a_service_that_refuses_connections_fails() {
    let server = serve(|_| http_server::Answer::new(200, r#"{"data":[]}"#));
    let more = format!(
        "{{service: edge, url: 'http://127.0.0.1:1', prometheus: 'http://127.0.0.1:{0}', \
         traces: 'http://127.0.0.1:{0}'}}",
        server.port
    );
    for line in [HEALTH, TRACE] {
        assert_answer(&of_plan(line, &more), Fail, "127.0.0.1:1/");
    }
}

#[test]
fn a_store_of_traces_that_is_none_says_nothing_of_the_service() {
    let refused = answer(TRACE, "traces: 'http://127.0.0.1:1'", |_, _| None);
    assert_answer(&refused, CannotTell, "127.0.0.1:1");
    for (status, body) in [
        (404, "404 page not found"),
        (404, "{}"),
        (503, "{}"),
        (200, "<html>"),
        (200, "{}"),
    ] {
        let server = serve(move |_| http_server::Answer::new(status, body));
        let told = of_server(TRACE, "traces: 'http://127.0.0.1:PORT'", &server);
        assert_answer(&told, CannotTell, "");
    }
    let joined = answer(TRACE, "traces: 'http://127.0.0.1:PORT'", |_, _| {
        let processes = json!({"p1": {"serviceName": "edge"}, "p2": {"serviceName": "api"}});
        Some(json!({"data": [{"processes": processes}]}).to_string())
    });
    assert_answer(&joined, Pass, "api");
}

/// An edge that begins traces of its own, each visit the next of these; and stores that
/// know the last of them alone, of which another service logged an address.
fn restarting(told: &'static [&'static [(&'static str, &'static str)]]) -> HttpServer {
    let visits = AtomicU64::new(0);
    serve(move |request| match request.path() {
        "/" => {
            let visit = visits.fetch_add(1, Ordering::SeqCst) as usize;
            let headers = told.get(visit).or(told.last()).unwrap();
            http_server::Answer {
                headers,
                ..http_server::Answer::new(200, "")
            }
        }
        path if path.starts_with("/api/traces/") => {
            let is_own = path.ends_with(OWN);
            let processes = json!({"p1": {"serviceName": "edge"}, "p2": {"serviceName": "api"}});
            let known = is_own.then(|| json!({"processes": processes}));
            http_server::Answer::new(200, json!({"data": Vec::from_iter(known)}).to_string())
        }
        _ => {
            let query = query_of(request);
            let service = match query.contains("| trace_id") {
                true if query.contains(OWN) => "api",
                true => return http_server::Answer::new(200, data(&json!({"result": []}))),
                false => "edge",
            };
            let line = if service == "api" {
                "ann@shop.example"
            } else {
                ""
            };
            let stream = json!({"service_name": service, "trace_id": OWN, "request_id": "a"});
            http_server::Answer::new(200, record(&stream, line))
        }
    })
}

#[test]
fn a_trace_that_the_edge_begins_is_the_one_that_is_looked_for() {
    let more = "traces: 'http://127.0.0.1:PORT'";
    let told = of_server(TRACE, more, &restarting(&[TOLD]));
    assert_answer(&told, Pass, "api");
    let told = of_server(TRACE, more, &restarting(&[UNSAMPLED, DROPPED, TOLD]));
    assert_answer(&told, Pass, "api");
    let never = of_server(TRACE, more, &restarting(&[UNSAMPLED]));
    assert_answer(&never, CannotTell, "of 100 requests none");
    // What others log of it is searched.
    let server = restarting(&[TOLD]);
    let plan = plan_of(&server, &format!("{more}, logs: 'http://127.0.0.1:PORT'"));
    let asked = Asked::new(&plan);
    let [trace, logs] = [TRACE, LOGS].map(|name| asked.answer(line_of(name)));
    assert_answer(&trace, Pass, "api");
    assert_answer(&logs, Fail, "1 of 2 with what looks secret");
}

#[test]
fn where_no_trace_is_told_the_one_that_was_sent_may_be_another() {
    for (told, is_named) in [(&[TOLD][..], false), (&[&[]], true)] {
        let server = restarting(told);
        let plan = plan_of(&server, "");
        let visit = trace::visit(&Asked::new(&plan)).unwrap();
        let named = visit.named("nobody told of ");
        assert!(named.starts_with(&format!("nobody told of trace {}", visit.trace)));
        assert_eq!(named.contains("`trace.untrusted`"), is_named, "{named}");
        assert_eq!(visit.trace == OWN, !is_named);
    }
}

#[test]
fn a_secret_of_loki_is_found_in_line_and_metadata() {
    let more = "logs: 'http://127.0.0.1:PORT'";
    let told = |say: Say| answer(LOGS, more, say);
    fn of(more: &str, line: &str) -> Option<String> {
        let stream = json!({"service_name": "edge", "trace_id": "4111111111111111aaaaaaaaaaaaaaaa",
            "request_id": ID_LIKE_A_CARD, "more": more});
        Some(record(&stream, line))
    }
    assert_answer(&told(|_, _| of("b", "GET /")), Pass, "1 records, 0 without");
    fn of_span(key: &str, id: &str) -> Option<String> {
        let stream = json!({"service_name": "edge", "trace_id": "1", "request_id": "a", key: id});
        Some(record(&stream, ""))
    }
    let all_digits = told(|_, _| of_span("parent_span_id", "4111111111111111"));
    assert_answer(&all_digits, Pass, "1 records, 0 without");
    let card = told(|_, _| of_span("span", "4111111111111111"));
    assert_answer(&card, Fail, "1 of 1");
    let longer = told(|_, _| of_span("span_id", "4111 1111 1111 1111"));
    assert_answer(&longer, Fail, "1 of 1");
    const LINE: &str =
        r#"{"request_id": "41111111-1111-1111-a111-111111111111", "span": "4111111111111a11"}"#;
    assert_answer(&told(|_, _| of("b", LINE)), Pass, "1 records, 0 without");
    assert_answer(&told(|_, _| of("b", "ann@shop.example")), Fail, "1 of 1");
    const CARD: &str = "paid by 4111-1111-1111-1111";
    assert_answer(&told(|_, _| of(CARD, "")), Fail, "1 of 1");
    assert_answer(&told(|_, _| of("password=hush", "")), Fail, "1 of 1");
    let without = told(|_, _| Some(record(&json!({"service_name": "edge"}), "")));
    assert_answer(&without, Fail, "1 without trace and request id");
    assert_answer(&told(|_, _| Some("{}".to_owned())), CannotTell, "Loki");
    assert_answer(
        &told(|_, _| Some(data(&json!({"result": []})))),
        Fail,
        "no log record",
    );
}

#[test]
fn a_secret_of_a_file_is_found_in_body_and_attributes() {
    let text = |value: &str| json!({"stringValue": value});
    let line = |body: Value, more: Value| {
        json!({"resourceLogs": [{
            "resource": {"attributes": [{"key": "service.name", "value": text("edge")}]},
            "scopeLogs": [{"logRecords": [{
                "traceId": "01", "body": body,
                "attributes": [{"key": "request.id", "value": text(ID_LIKE_A_CARD)},
                    {"key": "spanId", "value": text("4111111111111111")}, {"key": "more", "value": more}],
            }]}],
        }]})
    };
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("logs.jsonl");
    let server = serve(|_| http_server::Answer::new(200, ""));
    let more = format!("logs: '{}'", file.display());
    let header = json!({"arrayValue": {"values": [text("Bearer 0123456789abcdef")]}});
    for (body, attribute, verdict) in [
        (text("GET /"), text("b"), Pass),
        (text("to ann@shop.example"), text("b"), Fail),
        (
            json!({"kvlistValue": {"values": [{"key": "to", "value": text("ann@shop.example")}]}}),
            text("b"),
            Fail,
        ),
        (text(""), text("password=hush"), Fail),
        (text(""), header, Fail),
    ] {
        std::fs::write(&file, format!("{}\n", line(body, attribute))).unwrap();
        assert_answer(&of_server(LOGS, &more, &server), verdict, "1 records");
    }
}
