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

/// Loki's answer of one record.
fn record(stream: &Value, line: &str) -> String {
    data(&json!({"resultType": "streams", "result": [{"stream": stream, "values": [["1", line]]}]}))
}

/// A service whose requests are counted, and its stores: Prometheus has this endpoint,
/// Loki this path.
fn edge(endpoint: Option<&'static str>, logged: Option<&'static str>) -> HttpServer {
    let requests = AtomicU64::new(0);
    let trace = Mutex::new(String::new());
    serve(move |request| {
        let query = query_of(request);
        let body = match request.path() {
            "/" => {
                requests.fetch_add(1, Ordering::SeqCst);
                let mut headers = request.headers.iter();
                let parent = headers.find(|(name, _)| name == "traceparent").unwrap();
                *trace.lock().unwrap() = parent.1[3..35].to_owned();
                String::new()
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
                "attributes": [{"key": "request.id", "value": text(ID_LIKE_A_CARD)}, {"key": "more", "value": more}],
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
