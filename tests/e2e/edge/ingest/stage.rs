//! An Envoy with the filter and the part of the shop's configuration that takes
//! what pages send, in front of a collector or of who writes down what arrives.

use super::client::Client;
use serde_json::{Value, json};
use sightline_tests::envoy::{self, Envoy, Listener, filter_log_path, to_cluster};
use sightline_tests::http::Answer;
use sightline_tests::http_server::{self, HttpServer, Request};
use sightline_tests::parts;
use sightline_tests::process::free_port;
use sightline_tests::red::{Sample, parse_page};
use sightline_tests::upstream::Upstream;
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// The origin of the pages of the listener, and what it is called.
pub const OWN: &str = "origin: http://shop.test";

/// Who writes down what arrives where the collector should be.
pub struct Recorder {
    pub port: u16,
    seen: Arc<Mutex<Vec<Request>>>,
    _server: HttpServer,
}

impl Recorder {
    pub fn start() -> Self {
        let seen = Arc::<Mutex<Vec<_>>>::default();
        let list = Arc::clone(&seen);
        let server = HttpServer::start(move |request| {
            list.lock().unwrap().push(Request {
                method: request.method.clone(),
                target: request.target.clone(),
                headers: request.headers.clone(),
                body: request.body.clone(),
            });
            http_server::Answer::new(200, "{}")
        });
        let server = server.unwrap();
        Self {
            port: server.port,
            seen,
            _server: server,
        }
    }

    /// What has arrived, once.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

/// The stage.
pub struct Stage {
    pub envoy: Envoy,
    pub port: u16,
    folder: TempDir,
    _upstream: Upstream,
}

/// What is asked of a stage.
pub struct Plan {
    pub workers: u32,
    /// The section of the filter's configuration.
    pub ingest: Value,
    /// The port of who takes telemetry of pages.
    pub collector: u16,
    /// How long a request may take; as in the shop without it.
    pub max_stream_duration: Option<&'static str>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            workers: 1,
            ingest: json!({"per_client": {"requests_per_minute": 60_000, "burst": 10_000}}),
            collector: 0,
            max_stream_duration: None,
        }
    }
}

impl Stage {
    pub fn start(plan: Plan) -> Self {
        let folder = TempDir::new().unwrap();
        let upstream = Upstream::start().unwrap();
        let (buffer, mut route) = from_the_shop();
        route["route"]["cluster"] = json!("pages");
        if let Some(limit) = plan.max_stream_duration {
            route["route"]["max_stream_duration"]["max_stream_duration"] = json!(limit);
        }
        let listener = Listener {
            name: "edge",
            port: free_port().unwrap(),
            filter: Some(json!({
                "service": {"name": "edge"},
                "metrics": {"path": "/sightline/metrics"},
                "logs": {"access": "both"},
                "export": {"cluster": "export", "interval_ms": 200},
                "ingest": plan.ingest,
            })),
            routes: vec![route, to_cluster("/", "upstream")],
        };
        let mut config = envoy::listener_config(&listener, folder.path()).unwrap();
        let manager = envoy::connection_manager(&mut config);
        // Envoy then writes the client's address into headers of its own.
        manager["use_remote_address"] = json!(true);
        let filters = manager["http_filters"].as_array_mut().unwrap();
        filters.insert(1, buffer);
        let clusters = [
            ("upstream", upstream.port),
            ("pages", plan.collector),
            ("export", free_port().unwrap()),
        ];
        let clusters = clusters.each_ref().map(envoy::cluster_config);
        let envoy = Envoy::start_with(folder.path(), plan.workers, &[config], &clusters).unwrap();
        Self {
            envoy,
            port: listener.port,
            folder,
            _upstream: upstream,
        }
    }

    /// A client at 127.0.0.`host`.
    pub fn client(&self, host: u8) -> Client {
        Client::at(host, self.port).unwrap()
    }

    /// How many requests Envoy has begun to send where the collector is.
    pub fn passed_on(&self) -> u64 {
        let name = "cluster.pages.upstream_rq_total";
        self.envoy.counter(name).unwrap()
    }

    /// The metrics page, as it is when Envoy has ended what it was asked before.
    pub fn page(&self) -> Vec<Sample> {
        let lines = ["GET /sightline/metrics HTTP/1.1", "host: shop.test"];
        let page = self.client(9).send(&lines, &[]).unwrap();
        assert_eq!(page.status, 200);
        parse_page(&page.body).unwrap()
    }

    /// What the filter counted, where it counted any.
    pub fn results(&self) -> Vec<(String, u64)> {
        let page = self.page();
        let samples = page.iter();
        let samples = samples
            .filter(|sample| sample.name == "sightline_edge_ingest_requests_total")
            .map(|sample| (sample.label("result").to_owned(), sample.value as u64));
        samples.filter(|(_, count)| *count > 0).collect()
    }

    /// That requests are no part of RED, traces and logs.
    pub fn assert_no_trace(&self) {
        let page = self.page();
        for name in [
            "http_requests_total",
            "http_requests_in_progress",
            "errors_total",
            "sightline_edge_series",
            "sightline_edge_spans_produced_total",
            "sightline_edge_log_records_produced_total",
        ] {
            let of_name = page.iter().filter(|sample| sample.name == name);
            let sum: f64 = of_name.map(|sample| sample.value).sum();
            assert_eq!(sum, 0.0, "{name}");
        }
        let log = std::fs::read_to_string(filter_log_path(self.folder.path(), "edge"));
        assert_eq!(log.unwrap_or_default(), "");
    }

    /// How many of Envoy's workers have had a connection.
    pub fn workers_used(&self) -> usize {
        let stats = "/stats?filter=worker_.*downstream_cx_total";
        let stats = self.envoy.admin(stats).unwrap();
        let listener = format!("listener.127.0.0.1_{}.", self.port);
        let used = stats.lines();
        let used = used.filter(|line| line.starts_with(&listener) && !line.ends_with(": 0"));
        used.count()
    }
}

/// The filter that waits for bodies, and the route of what pages send, as the
/// shop has them.
fn from_the_shop() -> (Value, Value) {
    let file = parts::repository().join("examples/shop/envoy.yaml");
    let text = std::fs::read_to_string(file).unwrap();
    // Any number does for what the demo fills in.
    let mut filled = String::new();
    for (at, part) in text.split("${").enumerate() {
        let rest = part.split_once('}').map_or(part, |(_, rest)| rest);
        filled += if at == 0 { part } else { "1" };
        filled += if at == 0 { "" } else { rest };
    }
    let config: Value = serde_saphyr::from_str(&filled).unwrap();
    let public = &config["static_resources"]["listeners"][0];
    let manager = &public["filter_chains"][0]["filters"][0]["typed_config"];
    let filters = manager["http_filters"].as_array().unwrap();
    let buffer = filters.iter().find(|filter| filter["name"] == "buffer");
    let routes = manager["route_config"]["virtual_hosts"][0]["routes"].as_array();
    let mut routes = routes.unwrap().iter();
    let route = routes.find(|route| route["match"]["prefix"] == "/sightline/v1/");
    (buffer.unwrap().clone(), route.unwrap().clone())
}

/// A post of OTLP as JSON from a page of the listener.
pub fn post(client: &mut Client, body: &str) -> Answer {
    let length = format!("content-length: {}", body.len());
    let lines = [
        "POST /sightline/v1/logs HTTP/1.1",
        "host: shop.test",
        OWN,
        "content-type: application/json",
        &length,
    ];
    client.send(&lines, body.as_bytes()).unwrap()
}
