//! The access log: a line for each request, exactly, that no client can bend,
//! and the same as log records at a collector.

use crate::setup::{Edge, envoy_present, filter, filter_with};
use serde_json::{Value, json};
use sightline_tests::collector::Collector;
use sightline_tests::http::{Kind, load, raw};
use sightline_tests::otlp;
use sightline_tests::parts;
use sightline_tests::process::{free_port, wait_for};
use sightline_tests::red::{Requests, parse_page, total};
use std::collections::BTreeMap;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn logging(logs: Value) -> Value {
    filter_with("/logs", logs)
}

/// The lines so far. Every one is JSON, or the test ends.
fn lines(edge: &Edge) -> Vec<Value> {
    let log = edge.filter_log();
    // The last line may be half written.
    let whole = log.rfind('\n').map_or("", |end| &log[..end]);
    let read = |line: &str| match serde_json::from_str::<Value>(line) {
        Ok(value) if value.is_object() => value,
        _ => panic!("no line of ours: {line:?}"),
    };
    whole
        .split('\n')
        .filter(|_| !whole.is_empty())
        .map(read)
        .collect()
}

fn wait_for_lines(edge: &Edge, count: usize) -> Vec<Value> {
    wait_for("the lines", LIMIT, || {
        let lines = lines(edge);
        anyhow::ensure!(lines.len() <= count, "{} of {count} lines", lines.len());
        Ok((lines.len() == count).then_some(lines))
    })
    .unwrap()
}

fn text<'a>(line: &'a Value, key: &str) -> &'a str {
    line[key].as_str().unwrap_or_default()
}

#[test]
fn lines_and_log_records_equal_the_requests_over_workers_and_reloads() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let kinds = [
        ("GET", "/products/1?token=hunter2"),
        ("POST", "/status/503"),
        ("DELETE", "/status/404"),
        ("GET", "/refused"),
    ]
    .map(|(method, path)| Kind { method, path });
    let stores = tempfile::TempDir::new().unwrap();
    let collector = Collector::start(stores.path(), None).unwrap();
    let filter = logging(json!({"access": "both"}));
    let edge = Edge::start_with_collector(filter.clone(), 2, collector.internal_port);
    let mut sent = Requests::new();
    for generation in 0..2 {
        let counted = std::thread::scope(|scope| {
            let load = scope.spawn(|| load(&edge.url(""), &kinds, 250, 8).unwrap());
            let mut next = edge.listener.clone();
            let mut filter = filter.clone();
            filter["service"]["version"] = json!(format!("1.2.{generation}"));
            next.filter = Some(filter);
            assert_eq!(edge.envoy.update(&[next]).unwrap(), None);
            load.join().unwrap()
        });
        for ((method, path, status), count) in counted {
            let route = match path.split('/').nth(1) {
                Some("status") => "/status/{code}",
                Some("refused") => "/refused",
                _ => "/products/{id}",
            };
            *sent.entry((method, route.to_owned(), status)).or_default() += count;
        }
    }
    let lines = wait_for_lines(&edge, 2000);
    let mut told = Requests::new();
    let mut ids = BTreeMap::new();
    for line in &lines {
        let status = u16::try_from(line["status"].as_u64().unwrap()).unwrap();
        let route = text(line, "route").to_owned();
        let key = (text(line, "method").to_owned(), route, status);
        *told.entry(key).or_default() += 1;
        ids.insert(text(line, "request_id"), status);
        let level = match status {
            ..400 => "info",
            400..500 => "warn",
            _ => "error",
        };
        assert_eq!(line["level"], level);
        assert_eq!(
            (text(line, "service"), text(line, "peer")),
            ("edge", "127.0.0.0")
        );
        assert_eq!(
            (text(line, "trace_id").len(), text(line, "span_id").len()),
            (32, 16)
        );
        assert!(text(line, "time").len() == 24 && text(line, "time").ends_with('Z'));
        assert!(line["duration_ms"].as_f64().unwrap() > 0.0, "{line}");
        assert_eq!(line["request_bytes"], 0, "no body: {line}");
        let has_body = line["response_bytes"].as_u64().unwrap() > 20;
        assert!(has_body || status != 200, "{line}");
        assert!(!text(line, "user_agent").is_empty());
        assert!(!text(line, "path").contains('?'));
    }
    assert_eq!(told, sent);
    assert_eq!(ids.len(), 2000, "each request has its own id");
    assert!(!edge.filter_log().contains("hunter2"));

    // What a reload cut off is sent again: a record may be there twice.
    wait_for("a log record for each line", LIMIT, || {
        let mut arrived = BTreeMap::new();
        for log in otlp::logs(&collector.logs)? {
            let id = &log.attributes["http.request.header.x-request-id"]["values"][0];
            let id = id["stringValue"].as_str().unwrap_or_default().to_owned();
            let status = log.attributes["http.response.status_code"].as_u64();
            assert_eq!(
                (log.service.as_str(), log.event.as_str()),
                ("edge", "sightline.edge.request")
            );
            arrived.insert(id, status.unwrap_or_default());
        }
        anyhow::ensure!(arrived.len() <= 2000);
        let same = |(id, status): (&&str, &u16)| arrived.get(*id) == Some(&u64::from(*status));
        Ok((arrived.len() == 2000 && ids.iter().all(same)).then_some(()))
    })
    .unwrap();
    wait_for("the ledger to say so", LIMIT, || {
        Ok((edge.account("log_records") == [2000.0, 2000.0, 0.0, 0.0]).then_some(()))
    })
    .unwrap();
    let file = std::fs::read_to_string(&collector.logs).unwrap();
    assert!(!file.contains("hunter2"), "a query string left the edge");
}

#[test]
fn no_client_can_bend_the_log_or_leave_a_secret_in_it() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(
        logging(json!({"access": "envoy", "headers": ["x-note", "referer"]})),
        1,
    );
    let long = [b"x-note: ".to_vec(), vec![b'a'; 50_000], b"\r\n".to_vec()].concat();
    let many = b"x-note: \"\\\r\n".repeat(90);
    let cases: [(&str, &[u8], &[u8], u64); 11] = [
        ("quotes in a header", b"/direct", b"x-note: \",\"level\":\"info\r\n", 200),
        ("quotes and braces in the path", b"/direct/\"},{\"a\":\"", b"", 200),
        ("a line in the path", b"/direct/%0a{%22level%22:%22info%22}", b"", 200),
        ("an escape at the end", b"/direct/\\", b"x-note: \\\r\n", 200),
        ("no UTF-8", b"/direct", b"x-note: \xff\xfe\x80\r\nuser-agent: \x80\r\n", 200),
        ("an end of line of Unicode", b"/direct", b"x-note: a\xe2\x80\xa8b\xe2\x80\xaec\r\n", 200),
        ("a short escape sequence", b"/direct", b"x-note: \xc2\x9b2J\r\n", 200),
        ("a huge header", b"/direct", &long, 200),
        ("a header many times", b"/direct", &many, 200),
        (
            "secrets",
            b"/direct/ada@example.org/4111111111111111/ghp_16C7e42F292c6912E7710c838347Ae178B4a?token=hunter2",
            b"authorization: Bearer hunter2\r\ncookie: sid=hunter2\r\nreferer: http://a.example/?t=hunter2\r\nx-note: Bearer hunter2\r\n",
            200,
        ),
        ("a path that Envoy itself refuses", b"/products/\xff\xfe?token=hunter2", b"", 400),
    ];
    let mut log = Vec::new();
    for (at, (why, path, headers, status)) in cases.iter().enumerate() {
        let start = b"HTTP/1.1\r\nhost: a\r\nconnection: close\r\n";
        let request = [&b"GET "[..], path, b" ", start, headers, b"\r\n"].concat();
        let answer = raw(edge.port, &request).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{why}: {answer}"
        );
        log = wait_for_lines(&edge, at + 1);
        let line = &log[at];
        assert_eq!(line["status"], *status, "{why}: {line}");
        assert_eq!(
            line["level"],
            if *status == 200 { "info" } else { "warn" },
            "{why}"
        );
        assert!(line.to_string().len() < 8192, "{why}: {line}");
        assert_eq!(line.get("trace_id").is_some(), *status == 200, "{why}");
    }
    assert_eq!(log[0]["headers"]["x-note"], "\",\"level\":\"info");
    assert_eq!(log[4]["headers"]["x-note"], "\u{fffd}\u{fffd}\u{fffd}");
    assert_eq!(log[9]["path"], "/direct/REDACTED/REDACTED/REDACTED");
    assert_eq!(log[9]["headers"]["x-note"], "Bearer REDACTED");
    let text = edge.filter_log();
    // Long enough not to stand in an id by chance.
    for secret in ["hunter2", "ada@", "411111111111", "ghp_"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let is_safe = |c: char| c == '\n' || !(c.is_control() || matches!(c, '\u{2028}' | '\u{202e}'));
    assert!(text.chars().all(is_safe), "{text:?}");
}

#[test]
fn sampling_keeps_every_failure_and_counts_the_rest() {
    if !envoy_present() {
        return;
    }
    let mut filter = logging(json!({"access": "envoy", "success_ratio": 0}));
    filter["trace"] = json!({"slow_ms": 250});
    let edge = Edge::start(filter, 2);
    for _ in 0..20 {
        edge.get("/products/1", &[]);
        edge.get("/status/404", &[]);
        edge.get("/status/503", &[]);
    }
    edge.client.get(&edge.url("/refused"), &[]).unwrap();
    edge.get("/slow/300", &[]);
    let lines = wait_for_lines(&edge, 42);
    let with = |status: u64| lines.iter().filter(|line| line["status"] == status).count();
    assert_eq!((with(200), with(404), with(503)), (1, 20, 21));
    wait_for("the count of the others", LIMIT, || {
        let page = parse_page(&edge.page())?;
        let out = total(&page, "sightline_edge_logs_sampled_out_total");
        anyhow::ensure!(out <= 20.0, "{out}");
        Ok((out == 20.0).then_some(()))
    })
    .unwrap();
    let log = edge.filter_log();
    assert_eq!(
        log.lines().count(),
        42,
        "nothing stands for what is left out: {log}"
    );
}

#[test]
fn response_flags_and_peers_are_told_as_envoy_has_them() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(logging(json!({"access": "envoy", "peer": "full"})), 1);
    edge.get("/products/1", &[]);
    edge.client.get(&edge.url("/refused"), &[]).unwrap();
    // A client that does not wait.
    let request = b"GET /slow/2000 HTTP/1.1\r\nhost: a\r\n\r\n";
    let stream = std::net::TcpStream::connect(("127.0.0.1", edge.port)).unwrap();
    std::io::Write::write_all(&mut &stream, request).unwrap();
    wait_for("the request to begin", LIMIT, || {
        let page = parse_page(&edge.page())?;
        Ok((total(&page, "http_requests_in_progress") == 1.0).then_some(()))
    })
    .unwrap();
    drop(stream);
    let lines = wait_for_lines(&edge, 3);
    let envoys = wait_for("Envoy's own lines", LIMIT, || {
        let log = edge.access_log();
        let entries = log.lines().map(serde_json::from_str::<Value>);
        let entries: Vec<_> = entries.filter_map(Result::ok).collect();
        let known: Vec<_> = lines
            .iter()
            .filter_map(|line| {
                let id = &line["request_id"];
                let entry = entries.iter().find(|entry| &entry["request_id"] == id)?;
                Some(entry["flags"].as_str().unwrap_or("-").to_owned())
            })
            .collect();
        Ok((known.len() == 3).then_some(known))
    })
    .unwrap();
    assert_eq!(envoys, ["-", "UF", "DC"]);
    for (line, flags) in lines.iter().zip(envoys) {
        assert_eq!(
            text(line, "response_flags"),
            flags.trim_matches('-'),
            "{line}"
        );
        assert_eq!(text(line, "peer"), "127.0.0.1");
    }
    assert_eq!(
        (&lines[2]["status"], text(&lines[2], "level")),
        (&json!(0), "error")
    );
}

#[test]
fn pseudonyms_are_the_same_in_all_workers_and_after_a_reload() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(logging(json!({"access": "envoy", "peer": "hash"})), 4);
    let kinds = [Kind {
        method: "GET",
        path: "/direct",
    }];
    load(&edge.url(""), &kinds, 40, 8).unwrap();
    let mut next = edge.listener.clone();
    next.filter.as_mut().unwrap()["service"]["version"] = json!("2");
    assert_eq!(edge.envoy.update(&[next]).unwrap(), None);
    load(&edge.url(""), &kinds, 40, 8).unwrap();
    let lines = wait_for_lines(&edge, 80);
    let first = text(&lines[0], "peer");
    assert!(first.len() == 16 && !first.contains('.'), "{first}");
    assert!(lines.iter().all(|line| text(line, "peer") == first));
}

#[test]
fn log_records_and_points_are_accounted_for_while_the_collector_is_away() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let port = free_port().unwrap();
    let mut filter = logging(json!({"access": "otlp"}));
    filter["export"] =
        json!({"cluster": "collector", "interval_ms": 100, "max_queue_bytes": 65536});
    let edge = Edge::start_with_collector(filter, 2, port);
    let kinds = [Kind {
        method: "GET",
        path: "/direct",
    }];
    load(&edge.url(""), &kinds, 2000, 4).unwrap();
    let [_, _, dropped, queued] = wait_for("each record to be queued or dropped", LIMIT, || {
        let ledger @ [produced, exported, dropped, queued] = edge.account("log_records");
        anyhow::ensure!(produced <= 2000.0 && exported == 0.0, "{ledger:?}");
        anyhow::ensure!(produced == exported + dropped + queued, "{ledger:?}");
        Ok((produced == 2000.0).then_some(ledger))
    })
    .unwrap();
    assert!(dropped > 0.0 && queued > 0.0, "the queue holds what fits");
    assert_eq!(edge.filter_log(), "", "nothing was asked for in the file");
    let points = wait_for("points to be superseded", LIMIT, || {
        let points @ [produced, exported, dropped, queued] = edge.account("metric_points");
        anyhow::ensure!(produced == exported + dropped + queued, "{points:?}");
        Ok((dropped > 0.0).then_some(points))
    })
    .unwrap();
    assert_eq!(points[1], 0.0, "none was exported");

    // The collector comes: what waited arrives, exactly.
    let stores = tempfile::TempDir::new().unwrap();
    let collector = Collector::start_on(stores.path(), None, port).unwrap();
    let [_, exported, dropped, _] = wait_for("the queue to drain", LIMIT, || {
        let ledger = edge.account("log_records");
        Ok((ledger[3] == 0.0).then_some(ledger))
    })
    .unwrap();
    assert_eq!(exported + dropped, 2000.0);
    wait_for("the collector to hold them", LIMIT, || {
        let records = otlp::logs(&collector.logs)?.len();
        anyhow::ensure!(records as f64 == exported, "{records} of {exported}");
        Ok(Some(()))
    })
    .unwrap();
    wait_for("points to be exported", LIMIT, || {
        let points @ [produced, exported, dropped, queued] = edge.account("metric_points");
        anyhow::ensure!(produced == exported + dropped + queued, "{points:?}");
        Ok((exported > 0.0).then_some(()))
    })
    .unwrap();
}

#[test]
fn without_the_option_there_is_no_log() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    edge.get("/status/503", &[]);
    wait_for("Envoy's own line", LIMIT, || {
        Ok(edge.access_log().contains("503").then_some(()))
    })
    .unwrap();
    assert_eq!(edge.filter_log(), "");
    assert_eq!(edge.account("log_records"), [0.0; 4]);
}
