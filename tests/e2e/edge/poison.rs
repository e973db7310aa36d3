//! Requests that no well-behaved client sends: the filter serves on, whatever
//! Envoy would do if it did not.

mod client;
mod crash;
mod generator;

use crate::endings::stage::{Stage, UNKNOWN};
use crate::setup::{Edge, envoy_present, filter_with};
use generator::Seed;
use serde_json::json;
use sightline_tests::http::{Client, raw};
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use sightline_tests::red::Requests;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

#[test]
fn poisonous_requests_leave_the_filter_alive() {
    if !envoy_present() {
        return;
    }
    let trace = json!({"b3": "multi", "max_per_second": 1});
    let edge = Edge::start(filter_with("/trace", trace), 1);
    let many: Vec<u8> = (0..90)
        .flat_map(|at| format!("x-{at}: {at}\r\n").into_bytes())
        .collect();
    let long = [b"x-long: ".to_vec(), vec![b'a'; 50_000], b"\r\n".to_vec()].concat();
    let cases: [(&str, &[u8], &[u8], u16); 13] = [
        ("non-UTF-8 header value", b"/direct", b"x-a: \xff\xfe\x80\r\n", 200),
        ("non-UTF-8 request id", b"/direct", b"x-request-id: \xff\xfe\r\n", 200),
        ("non-UTF-8 traceparent", b"/direct", b"traceparent: 00-\xff\xfe\r\ntracestate: \xff=1\r\n", 200),
        ("non-UTF-8 path", b"/products/\xff\xfe?\x80", b"", 400),
        ("non-UTF-8 user agent", b"/direct", b"user-agent: \x80\x81\r\n", 200),
        ("many headers", b"/direct", &many, 200),
        ("a very long header", b"/direct", &long, 200),
        ("many tracestates", b"/direct", b"tracestate: a=1\r\ntracestate: b=2\r\ntracestate: \r\ntraceparent: x\r\ntraceparent: y\r\n", 200),
        ("non-UTF-8 baggage", b"/direct", b"baggage: a=\xff,\x80\r\nbaggage: \r\nbaggage: ;=,\r\n", 200),
        ("non-UTF-8 B3", b"/direct", b"b3: \xff-\x80\r\nx-b3-traceid: \xff\r\nx-b3-spanid: \x80\r\nx-b3-flags: \xff\r\n", 200),
        ("an odd ot member", b"/direct", b"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\ntracestate: ot=;;:;th:;rv:;th:zz;rv:-1\r\n", 200),
        ("an odd path", b"//..//%00%ff/{id}/*?#", b"", 400),
        ("an empty request id", b"/direct", b"x-request-id:\r\nx-request-id: two\r\n", 200),
    ];
    for (why, path, headers, status) in cases {
        let request = [
            b"GET ",
            path,
            b" HTTP/1.1\r\nhost: a\r\nconnection: close\r\n",
            headers,
            b"\r\n",
        ]
        .concat();
        let answer = String::from_utf8_lossy(&raw(edge.port, &request).unwrap()).into_owned();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{why}: {answer}"
        );
        // What Envoy itself refuses has no id; all else has passed the filter.
        let has_id = answer.to_ascii_lowercase().contains("\r\nx-request-id: ");
        assert_eq!(has_id, status == 200, "{why}: {answer}");
        let healthy = edge.get("/products/1", &[]);
        assert!(
            healthy.answer.header("x-request-id").is_some(),
            "dead after: {why}"
        );
    }
    for garbage in [
        &b"\x00\x01\x02\r\n\r\n"[..],
        b"GET / HTTP/9.9\r\n\r\n",
        b"PURGE / HTTP/1.0\r\n\r\n",
        b"GET",
    ] {
        let stream = std::net::TcpStream::connect(("127.0.0.1", edge.port)).unwrap();
        std::io::Write::write_all(&mut &stream, garbage).unwrap();
        drop(stream);
        assert!(
            edge.get("/products/1", &[])
                .answer
                .header("x-request-id")
                .is_some()
        );
    }
    let page = sightline_tests::red::parse_page(&edge.page()).unwrap();
    assert_eq!(
        sightline_tests::red::total(&page, "http_requests_in_progress"),
        0.0
    );
    assert_eq!(crash::signs(&edge.envoy), Vec::<String>::new());
}

/// Requests under each policy.
const REQUESTS: usize = 400;
const LIMIT: Duration = Duration::from_secs(20);

/// A listener that takes much, and a filter with everything on.
fn stage(policy: &str, module: Option<&Path>) -> Stage {
    let mut filter = filter_with(
        "/logs",
        json!({"access": "both", "headers": ["x-a", "referer"]}),
    );
    filter["trace"] = json!({"b3": "multi", "max_per_second": 100, "trusted": ["0.0.0.0/0"]});
    filter["exclude"] = json!([]);
    filter["use_route_name"] = json!(true);
    filter["metrics"]["max_series"] = json!(50);
    Stage::start_with(2, filter, &|manager| {
        manager["max_request_headers_kb"] = json!(200);
        manager["common_http_protocol_options"] = json!({"max_headers_count": 2000});
        let filters = manager["http_filters"].as_array_mut().into_iter().flatten();
        for filter in filters.filter(|filter| filter["name"] == "sightline") {
            let config = &mut filter["typed_config"]["config"];
            config.as_object_mut().unwrap().remove("fail_open");
            config["failure_policy"] = json!(policy);
            if let Some(module) = module {
                config["vm_config"]["code"]["local"]["filename"] = json!(module);
            }
        }
    })
}

/// Requests by their status.
fn by_status(requests: &Requests) -> BTreeMap<u16, u64> {
    let mut counts = BTreeMap::new();
    for ((.., status), count) in requests {
        *counts.entry(*status).or_default() += count;
    }
    counts
}

fn poisoned(policy: &str, module: Option<&Path>) {
    let stage = stage(policy, module);
    let before = stage.witnesses().unwrap();
    let mut seed = Seed(7);
    let poisons: Vec<_> = (0..REQUESTS).map(|_| generator::next(&mut seed)).collect();
    for some in poisons.chunks(40) {
        std::thread::scope(|scope| {
            for few in some.chunks(5) {
                scope.spawn(|| {
                    few.iter()
                        .for_each(|poison| client::send(stage.port, poison))
                });
            }
        });
        let signs = crash::signs(&stage.envoy);
        assert!(signs.is_empty(), "{policy}, one of {some:?}: {signs:?}");
    }
    wait_for("all witnesses to agree", LIMIT, || {
        let seen = stage.witnesses()?.since(&before);
        let stat = |name: &str| seen.stats.get(name).copied().unwrap_or_default();
        let all: u64 = seen.logged.values().sum();
        // An HTTP/2 stream whose headers Envoy did not take: it reset it before
        // there was a request, and before it asked any filter.
        let never = |((method, route, status), _): &(&(String, String, u16), &u64)| {
            method == "_OTHER" && route == UNKNOWN && *status == 0
        };
        let logged = seen.logged.iter().filter(|entry| !never(entry));
        let logged: Requests = logged.map(|(key, count)| (key.clone(), *count)).collect();
        let (counted, logged) = (by_status(&seen.counted), by_status(&logged));
        let total: u64 = logged.values().sum();
        let agree = counted == logged
            && seen.durations == total
            && seen.in_progress == 0.0
            && stat("active") == 0
            && stat("total") == all;
        anyhow::ensure!(
            agree,
            "counted {counted:?}, logged {logged:?}, {:?}",
            seen.stats
        );
        // Most of it has been a request: else this would show nothing.
        anyhow::ensure!(total * 2 > REQUESTS as u64, "only {total} requests");
        println!("{policy}: {total} requests of {REQUESTS}, {logged:?}");
        Ok(Some(()))
    })
    .unwrap();
    assert_eq!(crash::signs(&stage.envoy), Vec::<String>::new(), "{policy}");
    // Every worker still has its filter.
    for _ in 0..20 {
        let url = format!("http://127.0.0.1:{}/e/direct", stage.port);
        let answer = Client::default().get(&url, &[]).unwrap();
        assert!(
            answer.header("x-request-id").is_some(),
            "{policy}: a worker without"
        );
    }
}

#[test]
fn poison_leaves_no_trace_where_a_crash_would_bypass_the_filter() {
    if envoy_present() {
        poisoned("FAIL_OPEN", None);
    }
}

#[test]
fn poison_leaves_no_trace_where_a_crash_would_refuse_requests() {
    if envoy_present() {
        poisoned("FAIL_CLOSED", None);
    }
}

#[test]
fn poison_leaves_no_trace_where_a_crash_would_reload_the_filter() {
    if envoy_present() {
        poisoned("FAIL_RELOAD", None);
    }
}

#[test]
fn poison_leaves_no_trace_in_the_build_for_meshes() {
    if !envoy_present() {
        return;
    }
    let module = parts::require(parts::FILTER).unwrap();
    let module = module.with_file_name("sightline_filter_mesh.wasm");
    // A filter of one's own (SIGHTLINE_FILTER) may stand alone.
    if module.exists() || parts::is_ci() {
        poisoned("FAIL_OPEN", Some(&module));
    }
}

#[test]
fn a_crash_would_be_seen() {
    if !envoy_present() {
        return;
    }
    let folder = tempfile::TempDir::new().unwrap();
    let module = folder.path().join("trapping.wasm");
    for callback in ["proxy_on_request_headers", "proxy_on_log", "proxy_on_tick"] {
        crash::write_trapping(callback, &module);
        for policy in ["FAIL_OPEN", "FAIL_CLOSED", "FAIL_RELOAD"] {
            let stage = stage(policy, Some(&module));
            let url = format!("http://127.0.0.1:{}/e/direct", stage.port);
            wait_for("a sign of the crash", LIMIT, || {
                let _ = Client::default().get(&url, &[]);
                let signs = crash::signs(&stage.envoy);
                Ok((!signs.is_empty()).then(|| println!("{callback} {policy}: {signs:#?}")))
            })
            .unwrap();
        }
    }
}
