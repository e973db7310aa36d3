//! What strangers say where pages send, so that others' series, spans or counts are
//! no longer what they were: it changes nothing.

use super::{SETTLE_LIMIT, Stage, page};
use serde_json::{Value, json};
use sightline_core::web_vital;
use sightline_tests::http::Client;
use sightline_tests::otlp;
use sightline_tests::otlp_json::{histogram, metrics, pair, text, traces};
use sightline_tests::process::wait_for;

const MADE_UP: usize = 100;

/// A span of so many nanoseconds up to now, as a page's request.
fn span(at: usize, name: &str, took: u64, attributes: &[Value]) -> Value {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64;
    json!({
        "name": name, "kind": 3,
        "traceId": format!("{:032x}", at + 1), "spanId": format!("{:016x}", at + 1),
        "startTimeUnixNano": now.saturating_sub(took).to_string(),
        "endTimeUnixNano": now.to_string(),
        "attributes": attributes,
    })
}

#[test]
fn what_a_series_is_made_of_is_not_for_strangers_to_say() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let lcp = |unit: &str, scope: &str| {
        let at = [text("url.template", "/cart")];
        let bounds = web_vital::LCP.bounds();
        let one = histogram("browser.web_vital.lcp", (1, 1.0), 1, &bounds, &at);
        let one = one.replace(r#""unit":"s""#, &format!(r#""unit":"{unit}""#));
        let scope =
            format!(r#""scopeMetrics":[{{"scope":{{"name":"{scope}","version":"{scope}"}},"#);
        metrics("frontend", "1.2.3", &[one]).replace(r#""scopeMetrics":[{"#, &scope)
    };
    let count = r#"browser_web_vital_lcp_seconds_count{job="frontend",url_template="/cart"}"#;
    stage.at_the_door("metrics", &lcp("s", "ours"));
    stage.wait_sum(count, 1.0);
    for (unit, scope) in [("bananas", "ours"), ("s", "theirs"), ("", "")] {
        stage.at_the_door("metrics", &lcp(unit, scope));
    }
    // The same labels, by other attributes.
    let [template, service] = [
        text("url.template", "/cart"),
        text("service.name", "frontend"),
    ];
    let bytes = r#"{"key":"service.name","value":{"bytesValue":"frontend"}}"#;
    for (what, other) in [
        (&template, format!("{template},{template}")),
        (
            &template,
            format!("{},{template}", text("url.template", "/other")),
        ),
        (
            &template,
            format!("{template},{}", text("exception.type", "")),
        ),
        (&service, format!("{service},{service}")),
        (
            &service,
            format!("{service},{}", text("deployment.environment.name", "")),
        ),
        (&service, bytes.to_owned()),
    ] {
        let other = lcp("s", "ours").replace(what.as_str(), &other);
        stage.at_the_door("metrics", &other);
    }
    stage.wait_sum("sum(browser_web_vital_lcp_seconds_count)", 10.0);
    stage.wait_sum(count, 8.0);
    // Beside it what has another route and, in hexadecimal, another service.
    stage.wait_sum(r#"count({__name__=~"browser_web_vital_lcp.*_count"})"#, 3.0);
    stage.wait_sum(&format!("max_over_time({count}[1m])"), 8.0);
}

#[test]
fn spans_of_pages_make_no_node_and_no_series_of_their_own() {
    let Some(stage) = Stage::start() else {
        return;
    };
    for at in 0..MADE_UP {
        let name = format!("made-up-{at}");
        let resource = [
            pair("service.name", "shop-browser"),
            pair("deployment.environment.name", &name),
        ];
        let attributes = [
            pair("db.system", &name),
            pair("db.name", &name),
            pair("messaging.system", &name),
            pair("peer.service", &name),
        ];
        stage.at_the_door(
            "traces",
            &traces(&resource, &[span(at, "GET", 1_000_000, &attributes)]),
        );
    }
    let all = MADE_UP as f64;
    stage.wait_sum(
        r#"sum_over_time(sightline_collector_spans_accepted{job="browser"}[1h])"#,
        all,
    );
    // A request whose server tells nothing is in the graph when that is sure.
    let requests = r#"traces_service_graph_request_total{client="browser"}"#;
    stage.wait_sum(requests, all);
    let made_up = r#"{__name__=~"(traces|sightline|target).+"}"#;
    for sample in stage.prometheus.query(made_up).unwrap() {
        assert!(!format!("{sample:?}").contains("made-up"), "{sample:?}");
    }
}

#[test]
fn a_text_that_is_none_costs_nobody_elses_metrics() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let url = format!(
        "http://127.0.0.1:{}/v1/metrics",
        stage.collector.browser_port
    );
    let kind = [("content-type", "application/x-protobuf")];
    let send = |body: &[u8]| {
        let sent = Client::default().send("POST", &url, &kind, body).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    };
    let mut broken = page(1, 1.0, 0);
    let template = b"/products/{id}";
    let at = broken
        .windows(template.len())
        .position(|window| window == template);
    broken[at.unwrap() + 1] = 0xff;
    send(&broken);
    send(&page(2, 1.0, 0));
    stage.wait_sum(
        r#"browser_web_vital_lcp_seconds_count{url_template="/products/{id}"}"#,
        1.0,
    );
}

#[test]
fn secrets_in_names_lists_and_labels_stay_outside_and_spans_have_a_length() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let secret = "ada.lovelace@example.org";
    let list = |text: &str| json!({"arrayValue": {"values": [{"stringValue": text}]}});
    let password = json!({"key": "password", "value": list("hunter2")});
    let map = json!({"kvlistValue": {"values": [password]}});
    let hidden = [
        list(secret),
        list(r#"password="hunter2""#),
        list(r#"{"password":"hunter2"}"#),
        list("a\n4111111111111111"),
        list("a\nBearer hunter2hunter2"),
        map,
        json!({"stringValue": r#"{\"password\":\"hunter2\"}"#}),
        json!({"stringValue": "x .4111111111111111"}),
    ];
    let hidden = hidden.into_iter().enumerate();
    let mut attributes: Vec<_> = hidden
        .map(|(at, value)| json!({"key": format!("hidden.{at}"), "value": value}))
        .collect();
    let number = json!({"key": "card", "value": {"intValue": "4111111111111111"}});
    let fraction = json!({"key": "took", "value": {"doubleValue": 3.4700000003725293}});
    // Of two that have one key, either.
    attributes.extend([
        number,
        fraction,
        pair("twice", "hunter2"),
        pair("twice", "kept"),
    ]);
    let mut failed = span(0, &format!("GET {secret}"), u64::MAX, &attributes);
    failed["events"] = json!([
        {"name": secret, "attributes": [pair("what", "hunter2")]},
        {"name": "fetchStart"},
    ]);
    failed["traceState"] = json!("theirs=hunter2");
    failed["status"] = json!({"code": 2, "message": format!("no mail to {secret}")});
    let mut backwards = span(1, &"n".repeat(10_000), 0, &[]);
    backwards["startTimeUnixNano"] = json!("4000000000000000000");
    backwards["status"] = json!({"code": 2});
    let long = "A".repeat(100_000);
    let resource = [
        pair("service.name", "hunter2"),
        json!({"key": "service.name", "value": {"bytesValue": long}}),
    ];
    let body = traces(&resource, &[failed, backwards]);
    let scope = json!({"name": secret, "attributes": [pair("of", "hunter2")]});
    let scope = format!(r#""scopeSpans":[{{"scope":{scope},"#);
    let body = body.replace(r#""scopeSpans":[{"#, &scope);
    stage.at_the_door("traces", &body);
    let bounds = web_vital::LCP.bounds();
    let label = [text("url.template", &format!("/of/{secret}"))];
    let point = histogram("browser.web_vital.lcp", (1, 1.0), 1, &bounds, &label);
    stage.at_the_door("metrics", &metrics("shop-browser", "1.2.3", &[point]));
    let mut stored = String::new();
    wait_for("the spans", SETTLE_LIMIT, || {
        stored = std::fs::read_to_string(&stage.collector.traces)?;
        Ok((stored.matches("spanId").count() == 2).then_some(()))
    })
    .unwrap();
    for needle in ["lovelace", "4111", "hunter2", &long[..513]] {
        assert!(!stored.contains(needle), "{needle}: {stored}");
    }
    assert!(stored.contains("fetchStart"), "{stored}");
    assert!(stored.contains("3.4700000003725293"), "{stored}");
    assert!(!stored.contains(&"n".repeat(201)), "{stored}");
    for span in otlp::spans(&stage.collector.traces).unwrap() {
        assert_eq!(span.start, span.end, "{span:?}");
    }
    stage.wait_sum(
        r#"browser_web_vital_lcp_seconds_count{url_template="/of/****"}"#,
        1.0,
    );
}
