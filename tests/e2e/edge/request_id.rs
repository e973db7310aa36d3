//! Request ids: on the request, on the response and on the span.

use crate::setup::{Edge, envoy_present, filter, filter_with};
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use std::time::{Duration, SystemTime};

fn is_uuid(id: &str, version: char) -> bool {
    id.len() == 36
        && id.char_indices().all(|(at, c)| match at {
            8 | 13 | 18 | 23 => c == '-',
            14 => c == version,
            19 => "89ab".contains(c),
            _ => c.is_ascii_hexdigit() && !c.is_ascii_uppercase(),
        })
}

#[test]
fn a_request_without_an_id_gets_one_on_both_sides() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    let first = edge.get("/", &[]);
    let id = first.upstream("x-request-id");
    assert!(is_uuid(&id, '4'), "{id}");
    assert_eq!(first.answer.header("x-request-id"), Some(id.as_str()));
    assert_ne!(
        edge.get("/", &[]).upstream("x-request-id"),
        id,
        "ids differ"
    );
}

#[test]
fn a_sane_id_is_kept_and_another_replaced() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    let kept = edge.get("/", &[("x-request-id", "req_42")]);
    assert_eq!(kept.upstream("x-request-id"), "req_42");
    assert_eq!(kept.answer.header("x-request-id"), Some("req_42"));
    for id in ["a b", "x\"},{\"y", &"z".repeat(129)] {
        let seen = edge.get("/", &[("x-request-id", id)]);
        assert!(is_uuid(&seen.upstream("x-request-id"), '4'), "{id}");
    }

    let elsewhere = json!({"trusted": ["10.0.0.0/8"]});
    let edge = Edge::start(filter_with("/trace", elsewhere), 1);
    let seen = edge.get("/", &[("x-request-id", "req_42")]);
    assert!(
        is_uuid(&seen.upstream("x-request-id"), '4'),
        "a stranger's id"
    );
    let edge = Edge::start(filter_with("/request_id", json!({"keep": "none"})), 1);
    let seen = edge.get("/", &[("x-request-id", "req_42")]);
    assert!(is_uuid(&seen.upstream("x-request-id"), '4'));
}

#[test]
fn an_id_by_time_stands_on_request_response_and_span_under_any_name() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let stores = tempfile::TempDir::new().unwrap();
    let collector = Collector::start(stores.path(), None).unwrap();
    let rules = json!({"header": "X-Correlation-Id", "format": "uuid_v7"});
    let edge = Edge::start_with_collector(
        filter_with("/request_id", rules),
        1,
        collector.internal_port,
    );
    let millis = || {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        u64::try_from(since.unwrap().as_millis()).unwrap()
    };
    let before = millis();
    let seen = edge.get("/", &[("x-correlation-id", "not sane")]);
    let after = millis();
    let id = seen.upstream("x-correlation-id");
    assert!(is_uuid(&id, '7'), "{id}");
    assert_eq!(seen.answer.header("x-correlation-id"), Some(id.as_str()));
    assert!(seen.upstream_all("x-request-id").is_empty());
    let digits = id.replace('-', "");
    let made = u64::from_str_radix(&digits[..12], 16).unwrap();
    assert!((before..=after).contains(&made), "{before} {made} {after}");
    let span = wait_for("the span", Duration::from_secs(30), || {
        let file = std::fs::read_to_string(&collector.traces)?;
        Ok(file.ends_with('\n').then_some(file))
    })
    .unwrap();
    let attribute = format!(
        "{{\"key\":\"http.request.header.x-correlation-id\",\"value\":{{\"arrayValue\":{{\"values\":[{{\"stringValue\":\"{id}\"}}]}}}}}}"
    );
    assert!(span.contains(&attribute), "{span}");
    assert!(span.contains("\"traceState\":\"ot=th:0\""), "{span}");
}
