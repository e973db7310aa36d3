//! Telemetry of pages, as a worker takes it up.

use super::*;

const DOCUMENT: &[u8] = br#"{
    "service": {"name": "edge"},
    "metrics": {"path": "/sightline/metrics"},
    "logs": {"access": "both"},
    "export": {"cluster": "otel"},
    "ingest": {"origins": ["https://app.example"], "per_client": {"requests_per_minute": 60, "burst": 2}}
}"#;

fn post(origin: &str) -> Vec<u8> {
    serialize(&[
        (":method", b"POST"),
        (":path", b"/sightline/v1/logs"),
        (":scheme", b"https"),
        (":authority", b"shop.example"),
        ("origin", origin.as_bytes()),
        ("content-type", b"application/json"),
        ("content-length", b"2"),
        ("cookie", b"a=1"),
    ])
}

/// The status of the edge's own answer, 0 where it passes; and the effects.
fn send(worker: &mut Worker, origin: &str, from: &str) -> (u16, Vec<String>) {
    worker.plugin.create_stream(2, ROOT);
    let mut effects = Vec::new();
    let proxy = Proxy {
        has_body: true,
        now_unix_nanos: NOW.unix_nanos,
        shared: &mut worker.shared,
        source_address: &mut || from.as_bytes().to_vec(),
        route_name: &mut Vec::new,
        entropy: &mut entropy,
    };
    let bytes = post(origin);
    let mut note = |effect: Effect<'_>| effects.push(format!("{effect:?}"));
    let decision = worker.plugin.request(2, &bytes, proxy, &mut note);
    worker.plugin.response(2, &mut note);
    let status = match decision {
        Decision::Continue => 0,
        Decision::Answer(answer) => answer.status,
        Decision::AnswerWithPage(_) | Decision::AnswerWithHealth(_) => {
            panic!("no page was asked for")
        }
    };
    let mut info = Info {
        status: Some(if status == 0 { 200 } else { status }),
        headers: bytes,
        ..Info::default()
    };
    worker.plugin.end(2, &mut info);
    assert!(info.lines.is_empty(), "{:?}", info.lines);
    worker.delete(2);
    (status, effects)
}

#[test]
fn telemetry_of_pages_counts_on_its_own_and_nowhere_else() {
    let mut worker = Worker::new();
    worker.configure(ROOT, DOCUMENT).unwrap();
    let own = "https://shop.example";
    let (status, effects) = send(&mut worker, own, "203.0.113.7:4000");
    assert_eq!(status, 0);
    let expected = [
        r#"RemoveFromRequest("origin")"#,
        r#"RemoveFromRequest("cookie")"#,
    ];
    assert_eq!(effects, expected);
    let from = ["203.0.113.7:4001", "203.0.113.7:4002", "203.0.113.8:4000"];
    let statuses = from.map(|from| send(&mut worker, own, from).0);
    assert_eq!(statuses, [0, 429, 0], "ports of one client are one client");
    let (status, effects) = send(&mut worker, "https://evil.example", "203.0.113.9:1");
    assert_eq!((status, effects.len()), (403, 0));
    let page = worker.page();
    for (result, count) in [
        ("accepted", 3),
        ("rate_limited", 1),
        ("origin", 1),
        ("method", 0),
    ] {
        let line = format!("sightline_edge_ingest_requests_total{{result=\"{result}\"}} {count}\n");
        assert!(page.contains(&line), "{line}{page}");
    }
    for metric in [
        "http_requests_total",
        "http_requests_in_progress",
        "sightline_edge_series",
        "sightline_edge_spans_produced_total",
        "sightline_edge_log_records_produced_total",
    ] {
        assert_eq!(worker.total(metric), 0.0, "{metric}");
    }
}

#[test]
fn pages_of_a_listed_origin_hear_the_answer() {
    let mut worker = Worker::new();
    worker.configure(ROOT, DOCUMENT).unwrap();
    let (status, effects) = send(&mut worker, "https://app.example", "203.0.113.7:4000");
    assert_eq!(status, 0);
    let origin = format!("{:?}", b"https://app.example");
    let expected = format!("SetOnResponse(\"access-control-allow-origin\", {origin})");
    assert!(effects.contains(&expected), "{effects:?}");
}

#[test]
fn refusals_take_nothing_of_what_a_client_may_send() {
    let mut worker = Worker::new();
    worker.configure(ROOT, DOCUMENT).unwrap();
    let from = "203.0.113.7:4000";
    for _ in 0..10 {
        assert_eq!(send(&mut worker, "https://evil.example", from).0, 403);
    }
    let own = [(); 3].map(|()| send(&mut worker, "https://shop.example", from).0);
    assert_eq!(own, [0, 0, 429]);
}

#[test]
fn clients_are_told_apart_by_the_rule_that_trust_has() {
    let own = "https://shop.example";
    for (address_from, from, second) in [
        ("connection", ["198.51.100.1:4000", "198.51.100.2:4000"], 0),
        // Taken from a header of the client's choice: all such are one.
        ("connection", ["198.51.100.1:0", "198.51.100.2:0"], 429),
        ("x_forwarded_for", ["198.51.100.1:0", "198.51.100.2:0"], 0),
        ("x_forwarded_for", ["10.0.0.1:4000", "10.0.0.2:4000"], 429),
        ("connection", ["/run/app.sock", ""], 429),
    ] {
        let mut worker = Worker::new();
        let document = String::from_utf8(DOCUMENT.to_vec()).unwrap();
        let trace = format!(r#""trace": {{"address_from": "{address_from}"}}, "ingest""#);
        let document = document.replace(r#""ingest""#, &trace);
        worker.configure(ROOT, document.as_bytes()).unwrap();
        let [one, other] = from;
        let first = [(); 3].map(|()| send(&mut worker, own, one).0);
        assert_eq!(first, [0, 0, 429], "{address_from} {one}");
        assert_eq!(
            send(&mut worker, own, other).0,
            second,
            "{address_from} {other}"
        );
    }
}

#[test]
fn without_the_section_such_paths_are_like_any_other() {
    let mut worker = Worker::new();
    let (status, effects) = send(&mut worker, "https://evil.example", "203.0.113.7:4000");
    assert_eq!((status, effects.len()), (0, 0), "excluded by default");
}
