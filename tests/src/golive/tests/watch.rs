//! Who watches the service.

use super::*;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn a_probe_of_another_site_is_none_of_this() {
    const PROBES: &str = "uptime and certificates probed";
    fn told(probes: &'static [(&'static str, f64, f64)], more: &str) -> Answer {
        let server = serve(move |request| {
            let is_up = query_of(request).contains("probe_success");
            let one = |(instance, up, days): &(&'static str, f64, f64)| {
                ("instance", *instance, if is_up { *up } else { *days })
            };
            let all: Vec<_> = probes.iter().map(one).collect();
            http_server::Answer::new(200, samples(&all))
        });
        let here = format!("http://127.0.0.1:{}", server.port);
        let text =
            format!("{{service: edge, url: 'https://shop.example', prometheus: '{here}', {more}}}");
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
        assert_answer(&told(probes, ""), verdict, found);
    }
    // Inside it has another name; people's certificate is still looked at by theirs.
    for (probes, verdict, found) in [
        (
            &[
                ("http://edge:8080/a", 1.0, 30.0),
                ("shop.example:443", 1.0, 20.0),
            ][..],
            Pass,
            "20 days",
        ),
        (
            &[("http://edge:8080/a", 0.0, 30.0)],
            Fail,
            "edge:8080/a fails",
        ),
        (
            &[("http://edge:80801/", 1.0, 30.0)],
            Fail,
            "http://edge:8080 is not probed",
        ),
    ] {
        let told = told(probes, "probed_as: 'http://edge:8080/'");
        assert_answer(&told, verdict, found);
    }
    let no_certificate = answer(PROBES, "probed_as: 'http://edge'", |_, query| {
        query
            .contains("probe_success")
            .then(|| samples(&[("instance", "http://edge/", 1.0)]))
    });
    assert_answer(&no_certificate, Pass, "no certificate");
    assert_answer(&answer(PROBES, "", |_, _| None), Fail, "not probed");
}

#[test]
fn what_is_kept_too_short_fails() {
    fn info(path: &str, kept: &str) -> Option<String> {
        let info = json!({"storageRetention": kept});
        path.ends_with("status/runtimeinfo").then(|| data(&info))
    }
    const LONG: &str = "retention: {logs: 7d, traces: 72h}";
    let told = |more, say: Say| answer("retention", more, say);
    let long: Say = |path, _| info(path, "30d");
    assert_answer(&told(LONG, long), Pass, "metrics 30d, logs 1w, traces 3d");
    for (more, verdict, found) in [
        ("retention: {logs: 6d, traces: 3d}", Fail, "logs 6d"),
        ("retention: {logs: 7d, traces: 1h}", Fail, "traces 1h"),
        ("retention: {logs: 7d}", CannotTell, "traces unsaid"),
    ] {
        assert_answer(&told(more, long), verdict, found);
    }
    // As the server tells what flags and configuration come to.
    for (say, verdict, found) in [
        ((|path, _| info(path, "15d")) as Say, Fail, "metrics 15d"),
        (|path, _| info(path, "1y"), Pass, "metrics 1y"),
        (
            |path, _| info(path, "30d or 10GiB"),
            CannotTell,
            "metrics 30d, or less where 10GiB hold less",
        ),
        (
            |path, _| info(path, "512MiB or 80%"),
            CannotTell,
            "metrics without a limit of time, or less where 512MiB",
        ),
        (|path, _| info(path, "15d or 10GiB"), Fail, "metrics 15d"),
        (|path, _| info(path, ""), Pass, "without a limit of time,"),
        (
            |path, _| path.ends_with("runtimeinfo").then(|| data(&json!({}))),
            CannotTell,
            "does not say",
        ),
    ] {
        assert_answer(&told(LONG, say), verdict, found);
    }
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
