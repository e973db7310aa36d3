//! Who watches the service.

use super::*;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn a_probe_of_another_site_is_none_of_this() {
    const PROBES: &str = "uptime and certificates probed";
    fn told(probes: &'static [(&'static str, f64, f64)]) -> Answer {
        let server = serve(move |request| {
            let is_up = query_of(request).contains("probe_success");
            let one = |(instance, up, days): &(&'static str, f64, f64)| {
                ("instance", *instance, if is_up { *up } else { *days })
            };
            let all: Vec<_> = probes.iter().map(one).collect();
            http_server::Answer::new(200, samples(&all))
        });
        let here = format!("http://127.0.0.1:{}", server.port);
        let text = format!("{{service: edge, url: 'https://shop.example', prometheus: '{here}'}}");
        of_plan(PROBES, &text)
    }
    for (probes, verdict, found) in [
        (
            &[("https://shop.example/a", 1.0, 30.0)][..],
            Pass,
            "30 days",
        ),
        (&[("https://shop.example", 1.0, 10.0)], Fail, "10 days"),
        (&[("https://shop.example/", 0.0, 30.0)], Fail, "fails"),
        (
            &[("https://shop.example.org/", 1.0, 30.0)],
            Fail,
            "not probed",
        ),
        // TLS alone is no page.
        (&[("shop.example:443", 1.0, 30.0)], Fail, "not probed"),
        (
            &[
                ("https://shop.example", 1.0, 30.0),
                ("shop.example:443", 0.0, 30.0),
            ],
            Fail,
            "shop.example:443 fails",
        ),
        // Another port is another service's.
        (
            &[
                ("https://shop.example", 1.0, 30.0),
                ("shop.example:8443", 0.0, 1.0),
            ],
            Pass,
            "1 probes",
        ),
    ] {
        assert_answer(&told(probes), verdict, found);
    }
    assert_answer(&answer(PROBES, "", |_, _| None), Fail, "not probed");
}

#[test]
fn what_is_kept_too_short_fails() {
    fn flags(path: &str, kept: &str) -> Option<String> {
        let flags = json!({"storage.tsdb.retention.time": kept});
        path.ends_with("status/flags").then(|| data(&flags))
    }
    let told = |more, say: Say| answer("retention", more, say);
    let long: Say = |path, _| flags(path, "30d");
    assert_answer(
        &told("retention: {logs: 7d, traces: 72h}", long),
        Pass,
        "traces 3d",
    );
    assert_answer(
        &told("retention: {logs: 6d, traces: 3d}", long),
        Fail,
        "logs 6d",
    );
    assert_answer(
        &told("retention: {logs: 7d, traces: 1h}", long),
        Fail,
        "traces 1h",
    );
    assert_answer(
        &told("retention: {logs: 7d}", long),
        CannotTell,
        "traces unsaid",
    );
    let short = told("retention: {logs: 7d, traces: 3d}", |path, _| {
        flags(path, "0s")
    });
    assert_answer(&short, Fail, "metrics 15d");
}

#[test]
fn an_alert_is_tested_where_a_test_sees_it_fire() {
    fn rules(name: &str, runbook: &str) -> Option<String> {
        let rule = json!({"name": name, "health": "ok", "annotations": {"runbook_url": runbook}});
        Some(data(&json!({"groups": [{"rules": [rule]}]})))
    }
    let told = |say: Say| answer("alerts with runbook and test", "", say);
    assert_answer(
        &told(|_, _| rules("ProbeFailing", "http://a/")),
        Pass,
        "1 alerts",
    );
    assert_answer(&told(|_, _| rules("ProbeFailing", "")), Fail, "no runbook");
    assert_answer(
        &told(|_, _| rules("ProbeFail", "http://a/")),
        Fail,
        "no test",
    );
    assert_answer(
        &told(|_, _| Some(data(&json!({"groups": []})))),
        Fail,
        "no alert",
    );
}

/// An Alertmanager that routes each severity to its own receiver, and has this alert
/// of each.
fn alertmanager(config: &'static str, silenced: &'static [&'static str]) -> HttpServer {
    let posts = AtomicU64::new(0);
    serve(move |request| {
        let fires = posts.load(Ordering::SeqCst) == 1;
        let alerts = || -> Vec<Value> {
            let severities = ["page", "chat", "ticket"].iter();
            let one = |severity: &&str| {
                let by: &[&str] = if silenced.contains(severity) {
                    &["s"]
                } else {
                    &[]
                };
                json!({
                    "labels": {"alertname": "SightlineTestAlert", "severity": severity},
                    "receivers": [{"name": severity}], "status": {"silencedBy": by},
                    "annotations": {}, "startsAt": "1", "updatedAt": "1",
                })
            };
            severities.filter(|_| fires).map(one).collect()
        };
        let body = match (request.method.as_str(), request.path()) {
            ("POST", _) => {
                posts.fetch_add(1, Ordering::SeqCst);
                String::new()
            }
            (_, "/api/v2/alerts") => Value::from(alerts()).to_string(),
            (_, "/api/v2/alerts/groups") => json!([{"alerts": alerts()}]).to_string(),
            (_, "/metrics") => format!(
                "alertmanager_notification_requests_total{{integration=\"webhook\"}} {}\n",
                if fires { 3 - silenced.len() } else { 0 }
            ),
            _ => json!({"config": {"original": config}}).to_string(),
        };
        http_server::Answer::new(200, body)
    })
}

#[test]
fn each_severity_reaches_somebody() {
    const RECEIVERS: &str = "receivers reached";
    const ALL: &str = "receivers: [{name: page, webhook_configs: [{}]}, \
        {name: chat, webhook_configs: [{}]}, {name: ticket, webhook_configs: [{}]}]";
    const NOBODY: &str = "receivers: [{name: page, webhook_configs: [{}]}, \
        {name: chat}, {name: ticket, webhook_configs: [{}]}]";
    let more = "fire: true, alertmanager: 'http://127.0.0.1:PORT'";
    let told = |server: &HttpServer| of_server(RECEIVERS, more, server);
    assert_answer(&told(&alertmanager(ALL, &[])), Pass, "delivered: 3 webhook");
    assert_answer(
        &told(&alertmanager(ALL, &["chat"])),
        CannotTell,
        "chat: kept back by silence s",
    );
    let muted = alertmanager(ALL, &["page", "chat", "ticket"]);
    assert_answer(&told(&muted), CannotTell, "page: kept back");
    assert_answer(
        &told(&alertmanager(NOBODY, &[])),
        Fail,
        "chat: to no receiver",
    );
    let down = "fire: true, alertmanager: 'http://127.0.0.1:1'";
    assert_answer(
        &answer(RECEIVERS, down, |_, _| None),
        CannotTell,
        "127.0.0.1:1",
    );
}

#[test]
fn a_dashboard_has_data_where_a_number_is_shown_of_this_service() {
    fn shown(path: &str, value: &str) -> Option<String> {
        let series = match path.ends_with("query_range") {
            true => json!({"metric": {}, "values": [[1.0, value]]}),
            false => json!({"metric": {}, "value": [1.0, value]}),
        };
        match path.contains("/label/") {
            true => Some(data(&json!([]))),
            false => Some(data(&json!({"result": [series]}))),
        }
    }
    fn shown_but(hidden: &[&str], path: &str, query: &str) -> Option<String> {
        match hidden.iter().any(|name| query.contains(name)) {
            true => None,
            false => shown(path, "1"),
        }
    }
    const DASHBOARDS: &str = "dashboards with data";
    let told = |more, say: Say| answer(DASHBOARDS, more, say);
    assert_answer(
        &told("pages: web", |path, _| shown(path, "1")),
        Pass,
        "panels have data",
    );
    let without = told("", |path, _| shown(path, "1"));
    assert_answer(&without, Pass, "sightline-web-vitals (no `pages`)");
    let no_number = told("pages: web", |path, _| shown(path, "NaN"));
    assert_answer(
        &no_number,
        Fail,
        "0 of 0 panels have data; nothing at all in sightline-browser-errors",
    );
    let of_another = told("pages: web", |path, query| {
        shown_but(&["job=~\"(web|edge)\""], path, query)
    });
    assert_answer(&of_another, Fail, "sightline-overview; sightline-red");
    let no_orders = told("pages: web", |path, query| {
        shown_but(&["orders_", "checkout"], path, query)
    });
    assert_answer(
        &no_orders,
        Pass,
        "sightline-business (the example's metrics)",
    );
    let no_errors = told("pages: web", |path, query| {
        shown_but(&["errors_total"], path, query)
    });
    assert_answer(&no_errors, Pass, "none in sightline-");
    let refused = told("pages: web", |path, _| {
        match path.ends_with("query_range") {
            true => Some(r#"{"status":"error","error":"too many samples"}"#.to_owned()),
            false => shown(path, "1"),
        }
    });
    assert_answer(&refused, CannotTell, "too many samples");
}
