//! What Envoy's load balancers are told: by dependencies that fail in every
//! way, by all workers alike, and when a VM of the filter has trapped.

mod stage;
mod trap;

use crate::setup::envoy_present;
use anyhow::ensure;
use serde_json::{Value, json};
use sightline_tests::envoy;
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use sightline_tests::red::{parse_page, total};
use stage::{BYPASSED, LIMIT, Stage};
use std::collections::BTreeSet;
use std::net::TcpListener;
use std::time::Instant;
use tempfile::TempDir;

const READY: &str = r#"{"status":"ready"}"#;

fn one_probe(timeout_ms: u32) -> Value {
    json!({"interval_ms": 500, "probes": [
        {"name": "shop-api", "cluster": "dependency", "path": "/up", "timeout_ms": timeout_ms}
    ]})
}

fn not_ready(name: &str, reason: &str) -> String {
    format!(r#"{{"status":"not_ready","failing":[{{"name":"{name}","reason":"{reason}"}}]}}"#)
}

#[test]
fn startup_waits_for_the_first_round_and_ready_for_a_good_one() {
    if !envoy_present() {
        return;
    }
    // The first answer would take a minute; its timeout is a while after the start.
    let stage = Stage::start(one_probe(8000), 2, 60, |_| {});
    let startup = stage.get("/health/startup");
    assert_eq!(startup.body, "{\"status\":\"starting\"}\n");
    assert_eq!(startup.status, 503);
    let live = stage.get("/health/live");
    assert_eq!((live.status, &*live.body), (200, "{\"status\":\"live\"}\n"));
    let ready = stage.get("/health/ready");
    assert!(ready.body.contains("\"starting\""), "{}", ready.body);
    assert_eq!(ready.status, 503);
    stage.wait("/health/startup", 200, r#"{"status":"started"}"#);
    let failing = not_ready("shop-api", "timeout");
    stage.wait("/health/ready", 503, &failing);
    stage.mood.set(200);
    stage.wait("/health/ready", 200, READY);
}

#[test]
fn ready_follows_its_dependency_and_says_what_is_wrong() {
    if !envoy_present() {
        return;
    }
    let stage = Stage::start(one_probe(300), 4, 200, |_| {});
    stage.wait("/health", 200, READY);
    for (mood, reason) in [(500, "status_500"), (60, "timeout"), (404, "status_404")] {
        stage.mood.set(mood);
        stage.wait("/health", 503, &not_ready("shop-api", reason));
        let up = page_value(&stage, "sightline_edge_probe_up");
        assert_eq!(up, 0.0, "{reason}");
        assert_eq!(stage.get("/health/live").status, 200, "{reason}");
        assert_eq!(stage.get("/health/startup").status, 200, "{reason}");
        stage.mood.set(302);
        stage.wait("/health", 200, READY);
        assert_eq!(page_value(&stage, "sightline_edge_probe_up"), 1.0);
    }
}

fn page_value(stage: &Stage, metric: &str) -> f64 {
    let page = stage.get("/sightline/metrics").body;
    let page = parse_page(&page).unwrap();
    assert!(page.iter().any(|sample| sample.name == metric), "{metric}");
    total(&page, metric)
}

#[test]
fn a_dead_dependency_and_a_cluster_that_is_not_there_are_told_apart() {
    if !envoy_present() {
        return;
    }
    let health = json!({"path": "/-/healthy", "interval_ms": 500, "probes": [
        {"cluster": "nobody"}, {"cluster": "nowhere"}, {"cluster": "dependency", "path": "/up"},
    ]});
    let stage = Stage::start(health, 1, 200, |_| {});
    let nobody = r#"{"name":"nobody","reason":"unreachable"}"#;
    let nowhere = r#"{"name":"nowhere","reason":"no_cluster"}"#;
    let not_ready = |failing: &str| format!(r#"{{"status":"not_ready","failing":[{failing}]}}"#);
    let both = not_ready(&format!("{nobody},{nowhere}"));
    stage.wait("/-/healthy", 503, &both);
    // Somebody comes to where nobody was.
    let listener = TcpListener::bind(("127.0.0.1", stage.nobody)).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 1024];
        let _ = std::io::Read::read(&mut stream, &mut head);
        let good = b"HTTP/1.1 204 X\r\nconnection: close\r\n\r\n";
        std::io::Write::write_all(&mut stream, good).unwrap();
    });
    stage.wait("/-/healthy", 503, &not_ready(nowhere));
    server.join().unwrap();
    // He served one and went.
    stage.wait("/-/healthy", 503, &both);
    let log = stage.envoy.output();
    assert!(!log.contains("Function: proxy_on"), "{log}");
}

#[test]
fn four_workers_answer_alike_also_to_head() {
    if !envoy_present() {
        return;
    }
    let stage = Stage::start(one_probe(300), 4, 200, |_| {});
    stage.wait("/health/ready", 200, READY);
    let mut connections = Vec::new();
    let mut workers = BTreeSet::new();
    while workers.len() < 4 {
        let (connection, worker) = stage.connect();
        if workers.insert(worker) {
            connections.push(connection);
        }
        assert!(connections.len() < 500, "{workers:?}");
    }
    for (mood, reason) in [(200, None), (503, Some("status_503"))] {
        stage.mood.set(mood);
        let (status, body) = match reason {
            None => (200, READY.to_owned()),
            Some(reason) => (503, not_ready("shop-api", reason)),
        };
        stage.wait("/health/ready", status, &body);
        for connection in &mut connections {
            let (got, text) = connection.get("/health/ready?now").unwrap();
            assert_eq!((got, text.trim_end()), (status, &*body));
        }
        let head = stage.send("HEAD", "/health/ready");
        assert_eq!((head.status, &*head.body), (status, ""));
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-type", "application/json"),
            ("content-length", &*(body.len() + 1).to_string()),
        ] {
            assert_eq!(head.header(name), Some(value), "{name}");
        }
        assert_eq!(head.header("x-request-id"), None);
    }
}

#[test]
fn who_asks_for_health_leaves_nothing_behind() {
    if !envoy_present() {
        return;
    }
    // A filter before this one answers requests that ask it to.
    let early = json!({"name": "early", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
        "abort": {"http_status": 503, "percentage": {"numerator": 100}},
        "headers": [{"name": ":path", "string_match": {"suffix": "early"}}],
    }});
    let stage = Stage::start(one_probe(300), 2, 200, |listener| {
        let filters = &mut envoy::connection_manager(listener)["http_filters"];
        filters.as_array_mut().unwrap().insert(0, early.clone());
    });
    stage.wait("/health", 200, READY);
    for path in [
        "/health",
        "/health/live",
        "/health/ready",
        "/health/startup",
    ] {
        for method in ["GET", "HEAD"] {
            assert_eq!(stage.send(method, path).status, 200);
            // Answered before the filter saw it.
            let early = stage.send(method, &format!("{path}?early"));
            assert_eq!(early.status, 503);
        }
    }
    // What is no endpoint, or not asked for, is a request like any other.
    for (method, path) in [
        ("POST", "/health"),
        ("POST", "/health/live"),
        ("GET", "/up/health/live"),
    ] {
        let answer = stage.send(method, path);
        assert_eq!(answer.status, 200);
        assert!(answer.header("x-request-id").is_some(), "{method} {path}");
    }
    let page = stage.get("/sightline/metrics").body;
    let page = parse_page(&page).unwrap();
    assert_eq!(total(&page, "http_requests_total"), 3.0, "{page:?}");
    assert_eq!(total(&page, "http_requests_in_progress"), 0.0);
    assert_eq!(total(&page, "sightline_edge_spans_produced_total"), 3.0);
    let log = wait_for("the log", LIMIT, || {
        let log = stage.filter_log();
        Ok((log.lines().count() >= 3).then_some(log))
    });
    let log = log.unwrap();
    assert_eq!(log.lines().count(), 3, "{log}");
    assert!(!log.contains("\"GET\",\"route\":\"/health"), "{log}");
}

/// Has the listener run the filter with the trap, under this policy.
fn trapping(policy: &'static str, folder: &TempDir) -> impl Fn(&mut Value) {
    let module = std::fs::read(parts::require(parts::FILTER).unwrap()).unwrap();
    let file = folder.path().join("trapping.wasm");
    std::fs::write(&file, trap::with_trap(&module).unwrap()).unwrap();
    move |listener: &mut Value| {
        let filters = &mut envoy::connection_manager(listener)["http_filters"];
        let config = &mut filters[0]["typed_config"]["config"];
        config["failure_policy"] = json!(policy);
        config["vm_config"]["code"] = json!({"local": {"filename": file}});
    }
}

/// A VM traps; what is seen of it from a connection to another worker. Gives
/// the worker whose VM it was.
fn trap_one(stage: &Stage) -> (stage::Connection, String) {
    stage.wait("/health", 200, READY);
    let (mut victim, worker) = stage.connect();
    let mut witness = stage.connect_where(|other| other != worker);
    wait_for("all VMs to be heard of", LIMIT, || {
        let page = parse_page(&witness.get("/sightline/metrics")?.1)?;
        let vms = total(&page, "sightline_edge_vms");
        ensure!(vms == 3.0, "{vms}");
        Ok(Some(()))
    })
    .unwrap();
    let poison = "POST /products/1 HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello";
    let trapped = Instant::now();
    let answer = victim.send(poison);
    assert_ne!(answer.map_or(503, |(status, _)| status), 200);
    assert_eq!(witness.get("/health").unwrap().0, 200, "not known yet");
    wait_for("the loss to be seen", LIMIT, || {
        let (status, body) = witness.get("/health/ready")?;
        let page = parse_page(&witness.get("/sightline/metrics")?.1)?;
        let told = ["vms", "vms_missing", "vms_lost_total"];
        let told = told.map(|name| total(&page, &format!("sightline_edge_{name}")));
        let expected = (503, not_ready("workers", "lost_1"), [2.0, 1.0, 1.0]);
        let got = (status, body.trim_end().to_owned(), told);
        ensure!(got == expected, "{got:?}");
        Ok(Some(()))
    })
    .unwrap();
    let seconds = trapped.elapsed().as_secs_f64();
    eprintln!("a trapped VM was seen after {seconds:.1} s");
    assert!(seconds < 30.0, "{seconds}");
    (witness, worker)
}

#[test]
fn a_vm_that_is_bypassed_is_seen_until_a_reload() {
    if !envoy_present() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let change = trapping("FAIL_OPEN", &folder);
    let stage = Stage::start(json!({}), 2, 200, &change);
    let (_, worker) = trap_one(&stage);
    let mut bypassed = stage.connect_where(|other| other == worker);
    for path in ["/health", "/health/live", "/health/ready"] {
        let answer = bypassed.get(path).unwrap();
        assert_eq!(answer, (503, BYPASSED.to_owned()), "{path}");
    }
    // Requests pass, and nobody notices but who asks for health.
    assert_eq!(bypassed.get("/products/1").unwrap().0, 200);
    stage.reload(|listener| {
        change(listener);
        let filters = &mut envoy::connection_manager(listener)["http_filters"];
        let config = &mut filters[0]["typed_config"]["config"];
        config["vm_config"]["configuration"] = json!({
            "@type": "type.googleapis.com/google.protobuf.StringValue", "value": "2",
        });
    });
    stage.wait("/health", 200, READY);
    // The old listener's VMs leave with a goodbye.
    wait_for("the old VMs to leave", LIMIT, || {
        let page = parse_page(&stage.get("/sightline/metrics").body)?;
        let told = ["vms", "vms_missing", "vms_lost_total"];
        let told = told.map(|name| total(&page, &format!("sightline_edge_{name}")));
        ensure!(told == [3.0, 0.0, 1.0], "{told:?}");
        Ok(Some(()))
    })
    .unwrap();
}

#[test]
fn a_vm_that_is_loaded_again_heals() {
    if !envoy_present() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let change = trapping("FAIL_RELOAD", &folder);
    let stage = Stage::start(json!({"workers": true}), 2, 200, &change);
    let (mut witness, worker) = trap_one(&stage);
    // The next request to that worker has it loaded.
    wait_for("the VM to be loaded again", LIMIT, || {
        let mut other = stage.connect_where(|other| other == worker);
        let answer = other.get("/health/live")?;
        ensure!(answer.0 == 200, "{answer:?}");
        Ok(Some(()))
    })
    .unwrap();
    wait_for("it to be heard of", LIMIT, || {
        let (status, body) = witness.get("/health/ready")?;
        ensure!((status, body.trim_end()) == (200, READY), "{body}");
        let page = parse_page(&witness.get("/sightline/metrics")?.1)?;
        let told = ["vms", "vms_missing", "vms_lost_total"];
        let told = told.map(|name| total(&page, &format!("sightline_edge_{name}")));
        ensure!(told == [3.0, 0.0, 1.0], "{told:?}");
        Ok(Some(()))
    })
    .unwrap();
}
