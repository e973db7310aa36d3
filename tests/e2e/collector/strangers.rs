//! What strangers say where pages send, so that others' series, spans or counts are
//! no longer what they were: it changes nothing.

use super::{SETTLE_LIMIT, Stage, page};
use serde_json::{Value, json};
use sightline_core::web_vital;
use sightline_tests::http::Client;
use sightline_tests::otlp;
use sightline_tests::otlp_json::{self, histogram, metrics, pair, text, traces};
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
        metrics("shop-browser", "1.2.3", &[one]).replace(r#""scopeMetrics":[{"#, &scope)
    };
    let count = r#"browser_web_vital_lcp_seconds_count{url_template="/cart"}"#;
    stage.at_the_door("metrics", &lcp("s", "ours"));
    stage.wait_sum(count, 1.0);
    for (unit, scope) in [("bananas", "ours"), ("s", "theirs"), ("", "")] {
        stage.at_the_door("metrics", &lcp(unit, scope));
    }
    stage.wait_sum(count, 4.0);
    stage.wait_sum(r#"count({__name__=~"browser_web_vital_lcp.*_count"})"#, 1.0);
    stage.wait_sum(&format!("max_over_time({count}[1m])"), 4.0);
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
    let made_up = r#"{__name__=~"(traces|sightline|target).+"}"#;
    let series = stage.prometheus.query(made_up).unwrap();
    assert!(!series.is_empty());
    for sample in series {
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
    let list =
        json!({"key": "list", "value": {"arrayValue": {"values": [{"stringValue": secret}]}}});
    let number = json!({"key": "card", "value": {"intValue": "4111111111111111"}});
    let fraction = json!({"key": "took", "value": {"doubleValue": 3.4700000003725293}});
    let mut failed = span(
        0,
        &format!("GET {secret}"),
        u64::MAX,
        &[list, number, fraction],
    );
    failed["status"] = json!({"code": 2, "message": format!("no mail to {secret}")});
    let mut backwards = span(1, &"n".repeat(10_000), 0, &[]);
    backwards["startTimeUnixNano"] = json!("4000000000000000000");
    backwards["status"] = json!({"code": 2});
    let resource = [pair("service.name", "shop-browser")];
    stage.at_the_door("traces", &traces(&resource, &[failed, backwards]));
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
    for needle in ["lovelace", "4111"] {
        assert!(!stored.contains(needle), "{stored}");
    }
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

#[test]
fn of_a_persons_address_its_network_stays() {
    let Some(stage) = Stage::start() else {
        return;
    };
    const CUT: [(&str, &str); 7] = [
        ("203.0.113.77", "203.0.113.0"),
        ("::ffff:203.0.113.77", "::ffff:203.0.113.0"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::"),
        ("2001:db8:1:2::9", "2001:db8:1::"),
        ("2001:db8::9", "2001:db8::"),
        ("::1", "::1"),
        ("3f9a8b7c6d5e4f3a", "3f9a8b7c6d5e4f3a"),
    ];
    let resource = [pair("service.name", "shop-api")];
    let spans = CUT.iter().enumerate().map(|(at, (address, _))| {
        let attributes = ["client.address", "network.peer.address"];
        let attributes = attributes.map(|key| pair(key, address));
        let mut span = span(at, "GET /", 1000, &attributes);
        // Whom a server asks is no person.
        span["kind"] = json!(if at == 0 { 3 } else { 2 });
        span["status"] = json!({"code": 2});
        span
    });
    let records = CUT.map(|(address, _)| json!({"eventName": "login", "attributes": [pair("client.address", address)]}));
    let full = json!({"eventName": "sightline.edge.request", "attributes": [pair("client.address", "203.0.113.78")]});
    let records = [&records[..], &[full]].concat();
    let logs = json!({"resourceLogs": [{
        "resource": {"attributes": resource},
        "scopeLogs": [{"logRecords": records}],
    }]});
    let traces = traces(&resource, &spans.collect::<Vec<_>>());
    for (signal, body) in [("traces", traces), ("logs", logs.to_string())] {
        let sent = otlp_json::post(stage.collector.internal_port, signal, &body).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    }
    let (mut spans, mut logs) = (Vec::new(), Vec::new());
    wait_for("spans and log records", SETTLE_LIMIT, || {
        spans = otlp::spans(&stage.collector.traces)?;
        logs = otlp::logs(&stage.collector.logs)?;
        let came = (spans.len(), logs.len());
        Ok((came == (CUT.len(), CUT.len() + 1)).then_some(()))
    })
    .unwrap();
    let of_spans = |key: &str| -> Vec<_> {
        spans
            .iter()
            .map(|span| span.attributes[key].clone())
            .collect()
    };
    let of_logs: Vec<_> = logs.iter().map(|log| log.text("client.address")).collect();
    let cut = CUT.map(|(_, cut)| cut);
    assert_eq!(of_spans("client.address"), cut);
    assert_eq!(of_logs, [&cut[..], &["203.0.113.78"]].concat());
    assert_eq!(
        of_spans("network.peer.address"),
        [&[CUT[0].0], &cut[1..]].concat()
    );
}
