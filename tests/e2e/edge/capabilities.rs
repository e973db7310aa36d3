//! Where a module may do only what is allowed, the list that the README gives
//! is enough, and all workers report as one instance there.

use crate::setup::{envoy_present, filter};
use serde_json::{Value, json};
use sightline_tests::collector::Collector;
use sightline_tests::envoy::{self, Envoy, Listener, access_log_path, to_cluster};
use sightline_tests::http::{Answer, Client, Kind, load};
use sightline_tests::parts;
use sightline_tests::process::{free_port, wait_for};
use sightline_tests::prometheus::Prometheus;
use sightline_tests::red::{self, parse_page};
use sightline_tests::upstream::Upstream;
use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(30);

/// What the README allows: the imports, and the callbacks that it names.
fn listed() -> BTreeSet<String> {
    let folder = parts::repository().join("proxy-filter");
    let imports = std::fs::read_to_string(folder.join("imports/envoy.txt")).unwrap();
    let imports = imports.lines().filter_map(|line| line.split(' ').nth(1));
    let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let line = readme
        .lines()
        .find(|line| line.contains("capability_restriction_config"));
    let callbacks = line.expect("the README says it").split('`');
    let callbacks = callbacks.filter(|word| word.starts_with("proxy_on_"));
    imports.chain(callbacks).map(str::to_owned).collect()
}

struct Restricted {
    envoy: Envoy,
    port: u16,
    folder: TempDir,
    _upstream: Upstream,
}

impl Restricted {
    fn start(allowed: &BTreeSet<String>, concurrency: u32, collector: u16) -> Self {
        let folder = TempDir::new().unwrap();
        let upstream = Upstream::start().unwrap();
        let listener = Listener {
            name: "edge",
            port: free_port().unwrap(),
            filter: Some(filter()),
            routes: vec![to_cluster("/", "upstream")],
        };
        let mut config = envoy::listener_config(&listener, folder.path()).unwrap();
        let manager = envoy::connection_manager(&mut config);
        let allowed = allowed.iter().map(|name| (name.clone(), json!({})));
        manager["http_filters"][0]["typed_config"]["config"]["capability_restriction_config"] =
            json!({"allowed_capabilities": allowed.collect::<serde_json::Map<_, _>>()});
        let clusters = [("upstream", upstream.port), ("collector", collector)];
        let clusters = clusters.each_ref().map(envoy::cluster_config);
        let envoy = Envoy::start_with(folder.path(), concurrency, &[config], &clusters).unwrap();
        Self {
            envoy,
            port: listener.port,
            folder,
            _upstream: upstream,
        }
    }

    fn get(&self, path: &str) -> Answer {
        let url = format!("http://127.0.0.1:{}{path}", self.port);
        Client::default().get(&url, &[]).unwrap()
    }

    /// How many of Envoy's workers have had a connection.
    fn workers_used(&self) -> usize {
        let stats = self
            .envoy
            .admin("/stats?filter=worker_.*downstream_cx_total")
            .unwrap();
        let listener = format!("listener.127.0.0.1_{}.", self.port);
        let used = stats
            .lines()
            .filter(|line| line.starts_with(&listener) && !line.ends_with(": 0"));
        used.count()
    }
}

/// Every `service.instance.id` that came with spans.
fn instances(traces: &Path) -> BTreeSet<String> {
    let file = std::fs::read_to_string(traces).unwrap_or_default();
    let whole = file.rfind('\n').map_or("", |end| &file[..end]);
    let mut instances = BTreeSet::new();
    for line in whole.lines() {
        let body: Value = serde_json::from_str(line).unwrap();
        for group in body["resourceSpans"].as_array().unwrap() {
            let attributes = group["resource"]["attributes"].as_array().unwrap().iter();
            let id = attributes.filter(|pair| pair["key"] == "service.instance.id");
            instances
                .extend(id.map(|pair| pair["value"]["stringValue"].as_str().unwrap().to_owned()));
        }
    }
    instances
}

#[test]
fn what_the_readme_lists_is_enough_and_four_workers_are_one_instance() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL, parts::PROMETHEUS]) {
        return;
    }
    let stores = TempDir::new().unwrap();
    let prometheus = Prometheus::start(stores.path()).unwrap();
    let collector = Collector::start(stores.path(), Some(&prometheus)).unwrap();
    let edge = Restricted::start(&listed(), 4, collector.internal_port);
    let kind = Kind {
        method: "GET",
        path: "/products/1",
    };
    let mut sent = 0;
    while edge.workers_used() < 4 {
        // A connection stays with its worker: new ones until each has had one.
        load(&format!("http://127.0.0.1:{}", edge.port), &[kind], 8, 8).unwrap();
        sent += 8;
        assert!(sent < 4000, "{} workers used", edge.workers_used());
    }
    wait_for("every span to arrive", LIMIT, || {
        let spans = sightline_tests::otlp::spans(&collector.traces)?.len();
        anyhow::ensure!(spans == sent, "{spans} of {sent}");
        Ok(Some(()))
    })
    .unwrap();
    let instances = instances(&collector.traces);
    assert_eq!(instances.len(), 1, "{instances:?}");
    let page = parse_page(&edge.get("/sightline/metrics").body).unwrap();
    assert_eq!(red::total(&page, "http_requests_total"), sent as f64);
    let samples = wait_for("Prometheus to hold the count", LIMIT, || {
        let samples = prometheus.query("http_requests_total")?;
        Ok((red::total(&samples, "http_requests_total") == sent as f64).then_some(samples))
    })
    .unwrap();
    let seen: BTreeSet<_> = samples
        .iter()
        .map(|sample| sample.label("instance").to_owned())
        .collect();
    assert_eq!(seen, instances, "metrics and spans are of one instance");
    let logged = red::requests_logged(
        &access_log_path(edge.folder.path(), "edge"),
        |path| path == "/products/1",
        str::to_owned,
    );
    assert_eq!(logged.unwrap().values().sum::<u64>(), sent as u64);
}

#[test]
fn a_capability_that_is_not_allowed_is_missed() {
    if !envoy_present() {
        return;
    }
    let id = |answer: &Answer| answer.header("x-request-id").is_some();
    let edge = Restricted::start(&listed(), 1, free_port().unwrap());
    assert!(id(&edge.get("/products/1")));
    for missing in ["proxy_on_request_headers", "proxy_replace_header_map_value"] {
        let mut allowed = listed();
        assert!(allowed.remove(missing), "{missing} is not in the list");
        let edge = Restricted::start(&allowed, 1, free_port().unwrap());
        assert!(!id(&edge.get("/products/1")), "it did without {missing}");
    }
}
