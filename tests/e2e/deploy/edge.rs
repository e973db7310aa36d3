//! The edges as they are deployed, in a real Envoy on loopback: only ports, hosts and the
//! filter's file are others, and what is behind them is not there.

use crate::compose::project;
use crate::rendered::{Rendered, pod};
use crate::{said, text, texts};
use serde_json::Value;
use sightline_tests::http::Client;
use sightline_tests::process::{self, Process, free_port};
use sightline_tests::{envoy, http, parts};
use std::process::Command;
use tempfile::TempDir;

struct Edge {
    public: String,
    internal: String,
    admin: u16,
    envoy: Process,
    folder: TempDir,
}

impl Edge {
    /// Of a folder of `deploy`, with the file of the filter as it has it.
    fn start(of: &str, filter: &str) -> Self {
        let [public, internal, admin, nobody] = [(); 4].map(|()| free_port().unwrap());
        let mut configuration = text(&format!("deploy/{of}/envoy.yaml"));
        let mut put = |old: &str, new: String| {
            assert!(configuration.contains(old), "{of}: {old}");
            configuration = configuration.replace(old, &new);
        };
        let at = |port| format!("address: 127.0.0.1, port_value: {port}}}");
        put("address: 127.0.0.1, port_value: 9901}", at(admin));
        put("address: 0.0.0.0, port_value: 8080}", at(public));
        put("address: 0.0.0.0, port_value: 8081}", at(internal));
        for (host, port) in [("web", 3000), ("api", 8000)] {
            let host = if of.starts_with("kubernetes") {
                format!("{host}.shop")
            } else {
                host.to_owned()
            };
            let old = format!("address: {host}, port_value: {port}}}");
            put(&old, at(nobody));
        }
        let collector = match of.starts_with("kubernetes") {
            true => "otel-collector.observability",
            false => "collector",
        };
        for port in [4318, 4319] {
            let old = format!("address: {collector}, port_value: {port}}}");
            put(&old, at(nobody));
        }
        put(
            filter,
            parts::require(parts::FILTER).unwrap().display().to_string(),
        );
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("envoy.yaml");
        std::fs::write(&file, configuration).unwrap();
        let mut envoy = envoy::run(&file, 2, &folder.path().join("envoy.log")).unwrap();
        let ready = format!("http://127.0.0.1:{admin}/ready");
        envoy
            .wait_ready(|| http::is_ok(&ready).then_some(()))
            .unwrap();
        Self {
            public: format!("http://127.0.0.1:{public}"),
            internal: format!("http://127.0.0.1:{internal}"),
            admin,
            envoy,
            folder,
        }
    }

    fn of_compose() -> Option<Self> {
        let there = parts::all_present(&[parts::ENVOY, parts::FILTER]);
        there.then(|| Self::start("compose/edge", "/etc/envoy/sightline_filter.wasm"))
    }

    fn of_kubernetes() -> Option<Self> {
        let there = parts::all_present(&[parts::ENVOY, parts::FILTER]);
        let filter = "/etc/envoy/filter/sightline_filter.wasm";
        there.then(|| Self::start("kubernetes/envoy", filter))
    }

    /// A command of the container, to this one's admin port.
    fn command(words: &[&str], admin: u16) -> Command {
        assert!(words.iter().any(|word| word.contains("127.0.0.1/9901")));
        let own = format!("127.0.0.1/{admin}");
        let mut command = Command::new(words[0]);
        let rest = words[1..].iter();
        command.args(rest.map(|word| word.replace("127.0.0.1/9901", &own)));
        command
    }
}

#[test]
fn compose_s_health_check_finds_envoy_live_and_its_absence() {
    let Some(project) = project() else { return };
    let Some(edge) = Edge::of_compose() else {
        return;
    };
    let test = &project["services"]["edge"]["healthcheck"]["test"];
    let words = texts(test);
    assert_eq!(words[0], "CMD");
    said(&mut Edge::command(&words[1..], edge.admin));
    let nobody = free_port().unwrap();
    let absent = process::run(&mut Edge::command(&words[1..], nobody)).unwrap();
    assert!(!absent.status.success());
}

/// What a page sends through a proxy, which tells of the client behind what that one
/// says itself.
fn sent_by(edge: &Edge, client: &str, says: &str) -> u16 {
    let forwarded = format!("{says}, {client}");
    let headers = [
        ("x-forwarded-for", forwarded.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("content-type", "application/json"),
    ];
    let url = format!("{}/sightline/v1/logs", edge.public);
    let answer = Client::default().send("POST", &url, &headers, b"{}");
    answer.unwrap().status
}

#[test]
fn each_visitor_behind_the_proxy_has_a_limit_of_its_own() {
    for edge in [Edge::of_compose(), Edge::of_kubernetes()] {
        let Some(edge) = edge else { return };
        // The limit is 120 a minute and 60 at once.
        let flood = (0..150).map(|at| sent_by(&edge, "203.0.113.1", &format!("198.51.100.{at}")));
        let answers: Vec<_> = flood.collect();
        assert_eq!(answers.first(), Some(&503), "there is no collector");
        assert_eq!(answers.last(), Some(&429), "{answers:?}");
        assert_eq!(sent_by(&edge, "203.0.113.2", "203.0.113.1"), 503);
    }
}

#[test]
fn strangers_learn_nothing_of_what_is_behind() {
    for edge in [Edge::of_compose(), Edge::of_kubernetes()] {
        let Some(mut edge) = edge else { return };
        let get = |edge: &str, path: &str| {
            let answer = Client::default().get(&format!("{edge}{path}"), &[]);
            let answer = answer.unwrap();
            (answer.status, answer.body)
        };
        let (status, body) = get(&edge.public, "/sightline/metrics");
        assert_eq!(status, 503, "{body}");
        let told = |edge: &str| {
            let (_, body) = get(edge, "/health/ready");
            (!body.contains("starting")).then_some(body)
        };
        let body = edge.envoy.wait_ready(|| told(&edge.public)).unwrap();
        assert_eq!(body.trim(), r#"{"status":"ready"}"#);
        let body = edge.envoy.wait_ready(|| told(&edge.internal)).unwrap();
        for behind in ["shop-web", "shop-api"] {
            assert!(body.contains(behind), "{body}");
        }
        let (status, _) = get(&edge.internal, "/sightline/metrics");
        assert_eq!(status, 200);
    }
}

#[test]
fn what_is_behind_the_edge_takes_no_pod_from_its_service() {
    let Some(rendered) = Rendered::of("envoy") else {
        return;
    };
    let Some(mut edge) = Edge::of_kubernetes() else {
        return;
    };
    let deployment = rendered.kind("Deployment").next().unwrap();
    let container = &pod(deployment)["containers"][0];
    // The filter has asked: nobody answers.
    let behind = format!("{}/health/ready", edge.internal);
    let is_known = || {
        let body = Client::default().get(&behind, &[]).ok()?.body;
        body.contains(r#""unreachable""#).then_some(())
    };
    edge.envoy.wait_ready(is_known).unwrap();
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let asked = &container[probe]["httpGet"];
        assert_eq!(asked["port"], "public");
        let url = format!("{}{}", edge.public, asked["path"].as_str().unwrap());
        assert_eq!(Client::default().get(&url, &[]).unwrap().status, 200);
    }
}

#[test]
fn before_a_pod_ends_its_clients_are_sent_to_others() {
    let Some(rendered) = Rendered::of("envoy") else {
        return;
    };
    let Some(edge) = Edge::of_kubernetes() else {
        return;
    };
    let deployment = rendered.kind("Deployment").next().unwrap();
    let envoy: &Value = &pod(deployment)["containers"][0];
    let words = texts(&envoy["lifecycle"]["preStop"]["exec"]["command"]);
    let url = format!("{}/health/live", edge.public);
    let closes = || {
        let answer = Client::default().get(&url, &[]).unwrap();
        assert_eq!(answer.status, 200);
        answer.header("connection") == Some("close")
    };
    assert!(!closes());
    let mut command = Edge::command(&words, edge.admin);
    let log = edge.folder.path().join("pre-stop.log");
    let mut ending = Process::start("preStop", &mut command, &log).unwrap();
    // It goes on waiting: Envoy would end with it.
    ending.wait_ready(|| closes().then_some(())).unwrap();
    assert_eq!(ending.exit_code(), None);

    // Long enough for the drain, and not cut off itself.
    let args = texts(&envoy["args"]);
    let at = args
        .iter()
        .position(|word| *word == "--drain-time-s")
        .unwrap();
    let drain: u64 = args[at + 1].parse().unwrap();
    let (_, waits) = words[2].rsplit_once("sleep ").unwrap();
    let waits: u64 = waits.parse().unwrap();
    let grace = &pod(deployment)["terminationGracePeriodSeconds"];
    assert!(drain <= waits && waits < grace.as_u64().unwrap());
}
