//! What the drills run on: edges in one Envoy, pages, the collector, and
//! Prometheus with the shipped rules, and Alertmanager with the shipped
//! configuration in front of a webhook; all durations divided by one number.

use crate::pages::Pages;
use crate::past::{self, Past};
use anyhow::{Context, Result};
use serde_json::json;
use sightline_tests::alertmanager::{Alertmanager, Hours};
use sightline_tests::collector::Collector;
use sightline_tests::envoy::{Envoy, Listener, to_cluster};
use sightline_tests::http;
use sightline_tests::parts;
use sightline_tests::process::{Process, free_port};
use sightline_tests::prometheus::{self, Prometheus};
use sightline_tests::upstream::Upstream;
use sightline_tests::webhook::Webhook;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A minute of the rules is a second of a drill.
pub const DIVISOR: u32 = 60;

/// Edges, each a service of its own, so that drills do not disturb each other.
pub const EDGES: [&str; 4] = ["edge-errors", "edge-slow", "edge-silent", "edge-dead"];

/// All of it, running.
pub struct Stage {
    /// Where the edges listen, in the order of [`EDGES`].
    pub ports: [u16; 4],
    pub prometheus: Prometheus,
    pub collector: Collector,
    pub alertmanager: Alertmanager,
    /// What is behind `edge-dead`.
    pub api: Api,
    /// Where notifications arrive.
    pub webhook: Webhook,
    _envoy: Envoy,
    _upstream: Upstream,
    _folder: TempDir,
}

impl Stage {
    /// Starts it with what Prometheus is to know of the past.
    pub fn start(past: &[Past<'_>]) -> Result<Self> {
        let temporary = TempDir::new()?;
        let folder = temporary.path();
        let webhook = Webhook::start()?;
        let notifies = folder.join("alertmanager");
        let alertmanager = Alertmanager::start(&notifies, &webhook, DIVISOR, Hours::Always)?;
        // The collector must know where Prometheus is, and Prometheus where the
        // collector's own metrics are.
        let prometheus_port = free_port()?;
        let collector = Collector::start_for(folder, prometheus_port)?;
        let targets = [
            ("prometheus", prometheus_port),
            ("alertmanager", alertmanager.port()),
            ("otel-collector", collector.telemetry_port),
        ];
        let targets =
            targets.map(|(job, port)| (job, json!([{"targets": [format!("127.0.0.1:{port}")]}])));
        let configuration = prometheus::shipped(folder, DIVISOR, &targets)?;
        past::write(folder, past)?;
        let lookback = prometheus::lookback(DIVISOR);
        let prometheus =
            Prometheus::start_with(folder, prometheus_port, &configuration, &[&lookback])?;
        let (upstream, api) = (Upstream::start()?, Api::start(folder)?);
        let listeners = listeners()?;
        let clusters = [
            ("upstream", upstream.port),
            ("api", api.port),
            ("collector", collector.internal_port),
        ];
        let envoy = Envoy::start(folder, 2, &listeners, &clusters)?;
        let ports: Vec<_> = listeners.iter().map(|listener| listener.port).collect();
        Ok(Self {
            ports: ports.try_into().ok().context("as many ports as edges")?,
            prometheus,
            collector,
            alertmanager,
            api,
            webhook,
            _envoy: envoy,
            _upstream: upstream,
            _folder: temporary,
        })
    }

    /// Pages of one release of a front end.
    pub fn pages<'a>(&self, service: &'a str, version: &'a str) -> Pages<'a> {
        Pages {
            service,
            version,
            port: self.collector.browser_port,
        }
    }
}

/// A service that can die: a process of its own.
pub struct Api {
    port: u16,
    folder: PathBuf,
    process: Option<Process>,
}

impl Api {
    fn start(folder: &Path) -> Result<Self> {
        let mut api = Self {
            port: free_port()?,
            folder: folder.to_owned(),
            process: None,
        };
        api.start_again()?;
        Ok(api)
    }

    pub fn stop(&mut self) {
        self.process = None;
    }

    pub fn start_again(&mut self) -> Result<()> {
        let mut command = Command::new(parts::require(parts::NODE)?);
        let port = self.port;
        command.arg("-e").arg(format!(
            "require('http').createServer((_, answer) => answer.end('ok')).listen({port}, '127.0.0.1')"
        ));
        let mut process = Process::start("api", &mut command, &self.folder.join("api.log"))?;
        let url = format!("http://127.0.0.1:{port}/");
        process.wait_ready(|| http::is_ok(&url).then_some(()))?;
        self.process = Some(process);
        Ok(())
    }
}

fn listeners() -> Result<Vec<Listener>> {
    let one = |name: &&'static str| -> Result<Listener> {
        let cluster = if *name == "edge-dead" {
            "api"
        } else {
            "upstream"
        };
        Ok(Listener {
            name,
            port: free_port()?,
            filter: Some(json!({
                "service": {"name": name},
                "routes": ["/status/{code}", "/slow/{ms}"],
                "export": {"cluster": "collector", "interval_ms": 250},
            })),
            routes: vec![to_cluster("/", cluster)],
        })
    };
    EDGES.iter().map(one).collect()
}
