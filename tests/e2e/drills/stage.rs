//! What the drills run on: edges in one Envoy, pages, the collector, and
//! Prometheus with the shipped rules, and Alertmanager with the shipped
//! configuration in front of a webhook; all durations divided by one number.

use anyhow::{Context, Result};
use serde_json::json;
use sightline_rules::rule_file::RuleFile;
use sightline_rules::scale;
use sightline_tests::alertmanager::{Alertmanager, Hours};
use sightline_tests::collector::Collector;
use sightline_tests::envoy::{Envoy, Listener, to_cluster};
use sightline_tests::parts;
use sightline_tests::process::free_port;
use sightline_tests::prometheus::Prometheus;
use sightline_tests::upstream::Upstream;
use sightline_tests::webhook::Webhook;
use std::path::Path;
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
    pub collector: Option<Collector>,
    /// The upstream of `edge-dead`.
    pub doomed: Option<Upstream>,
    /// Where notifications arrive.
    pub webhook: Webhook,
    _alertmanager: Alertmanager,
    _folder: TempDir,
    _envoy: Envoy,
    _upstream: Upstream,
}

impl Stage {
    pub fn start() -> Result<Self> {
        let folder = TempDir::new()?;
        let webhook = Webhook::start()?;
        let factor = 1.0 / f64::from(DIVISOR);
        let notifies = folder.path().join("alertmanager");
        let alertmanager = Alertmanager::start(&notifies, &webhook, factor, Hours::Always)?;
        let alertmanager_port = alertmanager.port();
        let prometheus_port = free_port()?;
        // The collector must know where Prometheus is, and Prometheus where the
        // collector's metrics are.
        let collector = Collector::start_for(folder.path(), prometheus_port)?;
        let ports = [
            ("9090", prometheus_port),
            ("9093", alertmanager_port),
            ("8888", collector.telemetry_port),
        ];
        let configuration = configuration(folder.path(), &ports)?;
        let lookback = format!("--query.lookback-delta={}s", 300 / DIVISOR);
        let prometheus =
            Prometheus::start_with(folder.path(), prometheus_port, &configuration, &[&lookback])?;
        let (upstream, doomed) = (Upstream::start()?, Upstream::start()?);
        let listeners = listeners()?;
        let clusters = [
            ("upstream", upstream.port),
            ("doomed", doomed.port),
            ("collector", collector.internal_port),
        ];
        let envoy = Envoy::start(folder.path(), 2, &listeners, &clusters)?;
        let ports = listeners.iter().map(|listener| listener.port);
        let ports: Vec<_> = ports.collect();
        Ok(Self {
            ports: ports.try_into().ok().context("as many ports as edges")?,
            prometheus,
            collector: Some(collector),
            doomed: Some(doomed),
            webhook,
            _alertmanager: alertmanager,
            _folder: folder,
            _envoy: envoy,
            _upstream: upstream,
        })
    }
}

/// The shipped configuration of Prometheus and the shipped rules, scaled.
fn configuration(folder: &Path, ports: &[(&str, u16)]) -> Result<String> {
    let shipped = parts::repository().join("collector-config");
    let rules = folder.join("rules");
    std::fs::create_dir_all(&rules)?;
    for entry in std::fs::read_dir(shipped.join("rules"))? {
        let path = entry?.path();
        let file = RuleFile::parse(&std::fs::read_to_string(&path)?)?;
        let scaled = scale::rule_file(&file, DIVISOR)?.to_yaml()?;
        std::fs::write(rules.join(path.file_name().context("a name")?), scaled)?;
    }
    let text = std::fs::read_to_string(shipped.join("prometheus/prometheus.yml"))?;
    let keys = ["scrape_interval", "scrape_timeout", "evaluation_interval"];
    let mut text = scale::yaml(&text, &keys, DIVISOR)?;
    for (default, port) in ports {
        text = text.replace(
            &format!("127.0.0.1:{default}"),
            &format!("127.0.0.1:{port}"),
        );
    }
    Ok(text.replace("../rules", &rules.display().to_string()))
}

fn listeners() -> Result<Vec<Listener>> {
    let one = |name: &&'static str| -> Result<Listener> {
        let cluster = if *name == "edge-dead" {
            "doomed"
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
