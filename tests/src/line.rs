//! The whole line: browser → edge → Next.js → edge → API, with the collector
//! and Prometheus behind; a visit by a person's browser; and what all of them
//! say about it afterwards.

use crate::collector::Collector;
use crate::envoy;
use crate::grafana::View;
use crate::http;
use crate::node_exporter::NodeExporter;
use crate::otlp::{self, Span};
use crate::parts;
use crate::process::{self, Process, free_port, wait_for};
use crate::prometheus::{self, Prometheus};
use crate::red::{self, Requests};
use crate::shop::{self, Api, Web};
use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

/// The services of the joined trace, from the person to the data.
pub const LAYERS: [&str; 5] = ["shop-browser", "edge", "shop-web", "edge-api", "shop-api"];
/// Each edge with the listener whose access log is its witness.
pub const EDGES: [(&str, &str); 2] = [("edge", "public"), ("edge-api", "internal")];
/// How long telemetry may take from its source to a store.
pub const SETTLE_LIMIT: Duration = Duration::from_secs(40);
/// By which the durations of Prometheus and its rules are divided: a visit of a
/// minute shows what a quarter of an hour does.
pub const DIVISOR: u32 = 15;
/// Ten minutes, divided: lines need more than a point, and counters more than their
/// first value.
const HISTORY: Duration = Duration::from_secs(600 / DIVISOR as u64);
const EXPORT_INTERVAL_MS: u32 = 500;
const LOOPBACK: &str = "127.0.0.1";

/// All of it, running. Its parts end with it.
#[derive(Debug)]
pub struct Line {
    /// The public edge.
    pub url: String,
    /// The internal edge, in front of the API.
    pub internal_url: String,
    /// Envoy's admin interface.
    pub admin_url: String,
    /// Where metrics are.
    pub prometheus: Prometheus,
    /// Where everything passes.
    pub collector: Collector,
    /// The API.
    pub api: Api,
    _web: Web,
    _envoy: Process,
    _node: Option<NodeExporter>,
    folder: PathBuf,
    begun: SystemTime,
}

impl Line {
    /// Starts everything with its files in `folder`. `started` hears the name
    /// of each part when it is up.
    pub fn start(folder: &Path, mut started: impl FnMut(&str)) -> Result<Self> {
        let prometheus_port = free_port()?;
        let collector = Collector::start_for(folder, prometheus_port)?;
        started("collector");
        let api = Api::start(folder, collector.internal_port)?;
        started("shop API");
        let has_exporter = parts::find(parts::NODE_EXPORTER).is_some();
        let node = has_exporter
            .then(|| NodeExporter::start(folder))
            .transpose()?;
        let at = |port: u16| json!([{"targets": [format!("{LOOPBACK}:{port}")]}]);
        let mut targets = vec![
            ("prometheus", at(prometheus_port)),
            ("otel-collector", at(collector.telemetry_port)),
            (
                "applications",
                json!([{"targets": [format!("{LOOPBACK}:{}", api.port)], "labels": {"job": "shop-api"}}]),
            ),
        ];
        targets.extend(node.as_ref().map(|node| ("node", at(node.port))));
        let configuration = prometheus::shipped(folder, DIVISOR, &targets)?;
        let lookback = prometheus::lookback(DIVISOR);
        let prometheus =
            Prometheus::start_with(folder, prometheus_port, &configuration, &[&lookback])?;
        started("Prometheus");
        let [public, internal, admin] = [free_port()?, free_port()?, free_port()?];
        let internal_url = format!("http://127.0.0.1:{internal}");
        let web = Web::start(folder, collector.internal_port, &internal_url)?;
        started("shop front end (Next.js)");
        let log = |name: &str| folder.join(name).display().to_string();
        let config = shop::envoy_config(&[
            ("ADMIN_PORT", admin.to_string()),
            ("ADDRESS", LOOPBACK.to_owned()),
            ("PUBLIC_PORT", public.to_string()),
            ("INTERNAL_PORT", internal.to_string()),
            ("WEB_HOST", LOOPBACK.to_owned()),
            ("WEB_PORT", web.port.to_string()),
            ("API_HOST", LOOPBACK.to_owned()),
            ("API_PORT", api.port.to_string()),
            ("COLLECTOR_HOST", LOOPBACK.to_owned()),
            ("COLLECTOR_PORT", collector.internal_port.to_string()),
            ("BROWSER_PORT", collector.browser_port.to_string()),
            ("EXPORT_INTERVAL_MS", EXPORT_INTERVAL_MS.to_string()),
            ("PROXIES_IN_FRONT", "0".to_owned()),
            ("ADDRESS_FROM", "connection".to_owned()),
            ("PUBLIC_METRICS", "{path: /sightline/metrics}".to_owned()),
            (
                "FILTER",
                parts::require(parts::FILTER)?.display().to_string(),
            ),
            ("PUBLIC_ACCESS_LOG", log("access-public.jsonl")),
            ("PUBLIC_REQUEST_LOG", log("requests-public.jsonl")),
            ("INTERNAL_ACCESS_LOG", log("access-internal.jsonl")),
            ("INTERNAL_REQUEST_LOG", log("requests-internal.jsonl")),
        ])?;
        let bootstrap = folder.join("envoy.yaml");
        std::fs::write(&bootstrap, config)?;
        let mut envoy = envoy::run(&bootstrap, 2, &folder.join("envoy.log"))?;
        let admin_url = format!("http://127.0.0.1:{admin}");
        envoy.wait_ready(|| http::is_ok(&format!("{admin_url}/ready")).then_some(()))?;
        started("Envoy with the filter");
        Ok(Self {
            url: format!("http://127.0.0.1:{public}"),
            internal_url,
            admin_url,
            prometheus,
            collector,
            api,
            _web: web,
            _envoy: envoy,
            _node: node,
            folder: folder.to_owned(),
            begun: SystemTime::now(),
        })
    }

    /// What a dashboard shows that was opened now.
    pub fn view(&self) -> Result<View> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let now = now.as_secs_f64().floor();
        Ok(View {
            from: now - HISTORY.as_secs_f64(),
            to: now,
            scrape: 15.0 / f64::from(DIVISOR),
            points: 120.0,
            divisor: f64::from(DIVISOR),
        })
    }

    /// Visits until there is something to see in every panel, and what they show then.
    pub fn visits(&self) -> Result<View> {
        while self.begun.elapsed()? < HISTORY {
            self.visit()?;
        }
        self.settled_requests()?;
        self.view()
    }

    /// Drives the visit; by HTTP alone where there is no Chromium.
    pub fn visit(&self) -> Result<Visit> {
        let shop = parts::repository().join("examples/shop");
        let mut command = Command::new(parts::require(parts::NODE)?);
        command.arg(shop.join("visit.mjs")).arg(&self.url);
        let browser = [parts::CHROMIUM, parts::PLAYWRIGHT].map(|part| (part, parts::find(part)));
        let by_browser = browser.iter().all(|(_, path)| path.is_some());
        if !by_browser {
            command.arg("--http");
        }
        for (part, path) in browser {
            command.envs(path.map(|path| (part, path)));
        }
        let output = process::run(&mut command)?;
        let document = String::from_utf8_lossy(&output.stdout);
        if !output.status.success() {
            bail!(
                "the visit failed: {document}\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let document: Value =
            serde_json::from_str(&document).context("the visit printed no JSON")?;
        Ok(Visit {
            document,
            by_browser,
        })
    }

    /// The spans of one trace, when all `layers` have reported: from the
    /// outermost span to the innermost, each the parent of the next.
    pub fn joined_trace(&self, trace_id: &str, layers: &[&str]) -> Result<Joined> {
        wait_for("the joined trace", SETTLE_LIMIT, || {
            let spans = otlp::spans(&self.collector.traces)?;
            let spans: Vec<_> = spans
                .into_iter()
                .filter(|span| span.trace_id == trace_id)
                .collect();
            let joined = join(spans, layers).map(Some);
            joined.with_context(|| format!("trace {trace_id}"))
        })
    }

    /// Waits until Prometheus counts, for each edge, exactly the requests that
    /// Envoy's own access log has. Methods and statuses are compared; routes
    /// are the filter's.
    pub fn settled_requests(&self) -> Result<Vec<Counted>> {
        let edges = EDGES.iter();
        edges
            .map(|(service, listener)| self.settled_edge(service, listener))
            .collect()
    }

    fn settled_edge(&self, service: &str, listener: &str) -> Result<Counted> {
        let query = format!("http_requests_total{{job=\"{service}\"}}");
        let log = envoy::access_log_path(&self.folder, listener);
        wait_for(
            "Prometheus to agree with Envoy's access log",
            SETTLE_LIMIT,
            || {
                let counted = red::requests(&self.prometheus.query(&query)?);
                let sent = red::requests_logged(
                    &log,
                    |path| !path.starts_with("/sightline/") && !path.starts_with("/health"),
                    |_| String::new(),
                )?;
                let mut unrouted = Requests::new();
                for ((method, _, status), count) in &counted {
                    *unrouted
                        .entry((method.clone(), String::new(), *status))
                        .or_default() += count;
                }
                ensure!(
                    unrouted == sent,
                    "{service}: Envoy logged {sent:?}, Prometheus has {unrouted:?}"
                );
                Ok(Some(Counted {
                    service: service.to_owned(),
                    sent: sent.values().sum(),
                    requests: counted,
                }))
            },
        )
    }

    /// The changes of route that the page reported.
    pub fn navigations(&self) -> Result<Vec<Span>> {
        let spans = otlp::spans(&self.collector.traces)?.into_iter();
        let is_one =
            |span: &Span| span.service == LAYERS[0] && span.name.starts_with("navigation ");
        Ok(spans.filter(is_one).collect())
    }

    /// The source maps that the build of the shop's web application has kept.
    pub fn maps(&self) -> Result<PathBuf> {
        Ok(parts::require(parts::SHOP_WEB)?.join(".next/sightline/maps"))
    }

    /// The web vitals and errors that the page reported.
    pub fn browser_events(&self, event: &str) -> Result<Vec<otlp::Log>> {
        let logs = otlp::logs(&self.collector.logs)?.into_iter();
        Ok(logs
            .filter(|log| log.event == event && log.service == LAYERS[0])
            .collect())
    }
}

/// What one edge's metrics say of the visit.
#[derive(Debug, Clone)]
pub struct Counted {
    /// The edge.
    pub service: String,
    /// How many requests Envoy's access log has.
    pub sent: u64,
    /// What Prometheus counts, by method, route and status.
    pub requests: Requests,
}

/// What the visitor saw.
#[derive(Debug, Clone)]
pub struct Visit {
    /// What the script printed.
    pub document: Value,
    /// Whether a real browser made the visit.
    pub by_browser: bool,
}

impl Visit {
    /// The trace that the successful checkout belongs to.
    pub fn checkout_trace_id(&self) -> Result<String> {
        let header = self.document["checkout"]["traceparent"].as_str();
        let trace_id = header.and_then(|header| header.split('-').nth(1));
        Ok(trace_id
            .with_context(|| format!("no traceparent in {}", self.document))?
            .to_owned())
    }

    /// The layers that its traces have.
    pub fn layers(&self) -> &'static [&'static str] {
        if self.by_browser {
            &LAYERS
        } else {
            &LAYERS[1..]
        }
    }
}

/// A trace through all layers.
#[derive(Debug, Clone)]
pub struct Joined {
    /// Each the parent of the next, the outermost first.
    pub chain: Vec<Span>,
    /// Every span of the trace, by start.
    pub spans: Vec<Span>,
}

/// Finds the chain of parents that runs through all layers in order.
fn join(mut spans: Vec<Span>, layers: &[&str]) -> Result<Joined> {
    spans.sort_by_key(|span| span.start);
    let innermost = spans
        .iter()
        .filter(|span| layers.last() == Some(&span.service.as_str()));
    for leaf in innermost {
        let mut chain = vec![leaf.clone()];
        while let Some(parent) = chain.last().and_then(|child| {
            spans
                .iter()
                .find(|span| !child.parent_id.is_empty() && span.span_id == child.parent_id)
        }) {
            ensure!(chain.len() <= spans.len(), "the parents run in a circle");
            chain.push(parent.clone());
        }
        chain.reverse();
        let mut passed: Vec<_> = chain.iter().map(|span| span.service.as_str()).collect();
        passed.dedup();
        if passed == layers {
            return Ok(Joined { chain, spans });
        }
    }
    let seen: Vec<_> = spans
        .iter()
        .map(|span| (&span.service, &span.name))
        .collect();
    bail!("no chain through {layers:?} in {seen:?}")
}
