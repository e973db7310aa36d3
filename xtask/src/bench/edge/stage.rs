//! What runs during the measurement: an Envoy for each configuration, the
//! upstream, which is an Envoy too so that it never is what limits, and the
//! collector.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use nix::time::{ClockId, clock_getcpuclockid, clock_gettime};
use nix::unistd::Pid;
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::envoy::{self, Envoy, Listener, cluster_config, to_cluster};
use sightline_tests::process::free_port;

use super::variant::{self, Kind, Variant};

/// Everything is through when nothing has come for so long: two ticks.
const SETTLE: Duration = Duration::from_millis(2500);
const POLL: Duration = Duration::from_millis(100);

pub struct Stage {
    folder: PathBuf,
    collector: Collector,
    upstream: u16,
    _upstream: Envoy,
    edges: RefCell<BTreeMap<(&'static str, u32), Rc<Edge>>>,
}

/// An Envoy with one listener.
pub struct Edge {
    pub port: u16,
    envoy: Envoy,
}

impl Stage {
    pub fn start(folder: &Path) -> Result<Self> {
        let collector = Collector::start(folder, None)?;
        let behind = folder.join("upstream");
        std::fs::create_dir(&behind)?;
        let listener = Listener {
            name: "upstream",
            port: free_port()?,
            filter: None,
            routes: vec![envoy::direct("/", 200)],
        };
        Ok(Self {
            folder: folder.to_owned(),
            collector,
            upstream: listener.port,
            _upstream: start_quietly(&behind, 1, &listener, &[], |_| ())?,
            edges: RefCell::default(),
        })
    }

    /// The Envoy of a configuration, with one worker.
    pub fn edge(&self, variant: &Variant) -> Result<Rc<Edge>> {
        self.edge_of(variant, 1)
    }

    /// The same with so many workers. It runs until the end.
    pub fn edge_of(&self, variant: &Variant, workers: u32) -> Result<Rc<Edge>> {
        let key = (variant.name, workers);
        if let Some(edge) = self.edges.borrow().get(&key) {
            return Ok(Rc::clone(edge));
        }
        let number = self.edges.borrow().len();
        let edge = Rc::new(self.start_edge(variant, workers, number)?);
        self.edges.borrow_mut().insert(key, Rc::clone(&edge));
        Ok(edge)
    }

    fn start_edge(&self, variant: &Variant, workers: u32, number: usize) -> Result<Edge> {
        let folder = self.folder.join(number.to_string());
        std::fs::create_dir(&folder)?;
        let sampled = variant.sampled.unwrap_or_default();
        let listener = Listener {
            name: "edge",
            port: free_port()?,
            filter: (variant.kind == Kind::Filter).then(|| variant::filter(sampled)),
            routes: vec![to_cluster("/", "upstream")],
        };
        let clusters = [
            ("upstream", self.upstream),
            ("collector", self.collector.internal_port),
            ("collector_grpc", self.collector.grpc_port),
        ];
        let envoy = start_quietly(&folder, workers, &listener, &clusters, |manager| {
            let log = |name: &str| folder.join(name).display().to_string();
            match variant.kind {
                Kind::Bare => {}
                Kind::Native => {
                    manager["generate_request_id"] = json!(true);
                    manager["tracing"] = variant::tracing(sampled);
                    manager["access_log"] = json!([variant::access_log(&log("native.jsonl"))]);
                }
                Kind::Filter => {
                    manager["access_log"] =
                        json!([envoy::filter_log(&folder.join("filter.jsonl"))]);
                }
            }
        })?;
        Ok(Edge {
            port: listener.port,
            envoy,
        })
    }

    /// Spans that the collector has taken so far.
    pub fn spans(&self) -> Result<u64> {
        let taken = self.collector.own("otelcol_receiver_accepted_spans", "")?;
        Ok(taken as u64)
    }
}

fn start_quietly(
    folder: &Path,
    workers: u32,
    listener: &Listener,
    clusters: &[(&str, u16)],
    change: impl FnOnce(&mut serde_json::Value),
) -> Result<Envoy> {
    let mut config = envoy::listener_config(listener, folder)?;
    let manager = envoy::connection_manager(&mut config);
    manager["access_log"] = json!([]);
    change(manager);
    let clusters: Vec<_> = clusters
        .iter()
        .map(|cluster| {
            let mut config = cluster_config(cluster);
            if cluster.0 == "collector_grpc" {
                config["typed_extension_protocol_options"] = json!({
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                        "explicit_http_config": {"http2_protocol_options": {}},
                    },
                });
            }
            config
        })
        .collect();
    Envoy::start_with(folder, workers, &[config], &clusters)
}

impl Edge {
    /// CPU that the process uses for what is done, and for what that leaves to be
    /// sent, without what it uses for nothing; and how much of that arrived.
    pub fn cpu_of(
        &self,
        work: impl FnOnce() -> Result<()>,
        arrived: impl Fn() -> Result<u64>,
    ) -> Result<(Duration, u64)> {
        let idle = self.cpu()?;
        std::thread::sleep(SETTLE);
        let (before, begun, there) = (self.cpu()?, Instant::now(), arrived()?);
        let idle = (before - idle).as_secs_f64() / SETTLE.as_secs_f64();
        work()?;
        let (mut last, mut since) = (arrived()?, Instant::now());
        while since.elapsed() < SETTLE {
            std::thread::sleep(POLL);
            let now = arrived()?;
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
        let used = self.cpu()? - before;
        let used = used.saturating_sub(begun.elapsed().mul_f64(idle));
        Ok((used, last.saturating_sub(there)))
    }

    fn cpu(&self) -> Result<Duration> {
        let id = Pid::from_raw(i32::try_from(self.envoy.id())?);
        let clock: ClockId = clock_getcpuclockid(id).context("the process's clock")?;
        Ok(clock_gettime(clock)?.into())
    }

    /// Resident memory in bytes.
    pub fn resident(&self) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.envoy.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next());
        Ok(kilobytes.context("no VmRSS")?.parse::<u64>()? * 1024)
    }
}
