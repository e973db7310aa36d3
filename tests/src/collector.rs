//! A real collector with Sightline's own pipeline.

use crate::http;
use crate::parts;
use crate::process::{Process, free_port};
use crate::prometheus::Prometheus;
use anyhow::{Result, bail, ensure};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    /// OTLP/HTTP for the edge and for servers.
    pub internal_port: u16,
    /// OTLP/gRPC for the edge and for servers.
    pub grpc_port: u16,
    /// OTLP/HTTP for browsers.
    pub browser_port: u16,
    /// Its own metrics.
    pub telemetry_port: u16,
    /// Where the traces it received are written.
    pub traces: PathBuf,
    /// Where the log records it received are written.
    pub logs: PathBuf,
    folder: PathBuf,
    /// Where Prometheus listens.
    store: u16,
    /// Traces are kept from these last 14 digits of their ids on, besides those that
    /// failed or took long; by default all.
    pub keep_from: &'static str,
    /// Whether what it does at intervals, by default ten or fifteen seconds, it does
    /// each second; by default it does.
    pub is_hurried: bool,
    /// What may wait on disk for each store.
    pub queue_bytes: u32,
    /// The file of the tokens that edge and servers need, if they need one.
    pub tokens: Option<PathBuf>,
    /// Where traces and logs go on to, by OTLP/HTTP.
    forward: Option<u16>,
    /// The gateways of an agent, by their ports for gRPC; who has none stores itself.
    gateways: Vec<u16>,
    /// Its name among others.
    pub name: &'static str,
    /// A configuration in place of Sightline's, from the next start on.
    pub instead: Option<PathBuf>,
    /// The ports by which it sends to itself, without their last digit.
    loopback_ports: u16,
    process: Option<Process>,
}

impl Collector {
    /// Starts it with its files in `folder`; metrics go to Prometheus.
    pub fn start(folder: &Path, prometheus: Option<&Prometheus>) -> Result<Self> {
        Self::start_on(folder, prometheus, free_port()?)
    }

    /// Starts it for a Prometheus that is not there yet.
    pub fn start_for(folder: &Path, prometheus_port: u16) -> Result<Self> {
        Self::start_writing(folder, prometheus_port, free_port()?)
    }

    /// Starts it with a given port for the edge and for servers.
    pub fn start_on(
        folder: &Path,
        prometheus: Option<&Prometheus>,
        internal_port: u16,
    ) -> Result<Self> {
        let store = match prometheus {
            Some(prometheus) => prometheus.port,
            None => free_port()?,
        };
        Self::start_writing(folder, store, internal_port)
    }

    fn start_writing(folder: &Path, store: u16, internal_port: u16) -> Result<Self> {
        let mut collector = Self {
            internal_port,
            grpc_port: free_port()?,
            browser_port: free_port()?,
            telemetry_port: free_port()?,
            traces: folder.join("traces.jsonl"),
            logs: folder.join("logs.jsonl"),
            folder: folder.to_owned(),
            store,
            keep_from: "00000000000000",
            is_hurried: true,
            queue_bytes: 256 << 20,
            tokens: None,
            forward: None,
            gateways: Vec::new(),
            name: "",
            instead: None,
            loopback_ports: free_ports()?,
            process: None,
        };
        collector.start_again()?;
        Ok(collector)
    }

    /// Makes it an agent of these gateways, from the next start on.
    pub fn send_to(&mut self, gateways: &[&Self]) -> Result<()> {
        self.gateways = gateways.iter().map(|gateway| gateway.grpc_port).collect();
        self.stop();
        self.start_again()
    }

    /// Has traces and logs go on to this port, too, from the next start on.
    pub fn forward_to(&mut self, port: u16) -> Result<()> {
        self.forward = Some(port);
        self.stop();
        self.start_again()
    }

    /// One of its own metrics: the sum of the series that have this in their labels.
    pub fn own(&self, metric: &str, labels: &str) -> Result<f64> {
        let url = format!("http://127.0.0.1:{}/metrics", self.telemetry_port);
        let page = http::Client::default().get(&url, &[])?.body;
        let series = page.lines().filter(|line| line.starts_with(metric));
        let series = series.filter(|line| line.contains(labels));
        let values = series.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        Ok(values.sum())
    }

    /// Ends it; who sends to it is refused.
    pub fn stop(&mut self) {
        self.process = None;
    }

    /// Kills it, as a machine that is short of memory does.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it if it has ended, as whatever supervises it does; how often that was
    /// needed.
    pub fn supervise(&mut self) -> Result<u32> {
        let has_ended = |process: &mut Process| process.exit_code().is_some();
        let mut starts = 0;
        while self.process.as_mut().is_none_or(has_ended) {
            starts += 1;
            ensure!(starts < 10, "it does not start");
            // Why it could not is in its log; the next try says so if it is the last.
            if let Err(error) = self.start_again()
                && starts == 9
            {
                return Err(error);
            }
        }
        Ok(starts)
    }

    /// Starts it on its ports, after [`Self::stop`].
    pub fn start_again(&mut self) -> Result<()> {
        let health_port = free_port()?;
        let configurations = parts::repository().join("collector-config/collector");
        let mut command = Command::new(parts::require(parts::OTELCOL)?);
        let loopback = |port: u16| format!("127.0.0.1:{port}");
        let file = |name: &str| format!("--config={}", configurations.join(name).display());
        if let Some(instead) = &self.instead {
            command.arg(format!("--config={}", instead.display()));
        } else if self.gateways.is_empty() {
            command.args([file("intake.yaml"), file("pipeline.yaml")]);
        } else {
            let gateways = self.gateways.iter().map(|port| loopback(*port));
            let gateways: Vec<_> = gateways.collect();
            command.args([file("intake.yaml"), file("agent.yaml")]);
            command.env(
                "SIGHTLINE_GATEWAYS",
                format!("{{static: {{hostnames: {gateways:?}}}}}"),
            );
        }
        if let Some(port) = self.forward {
            let to = format!("http://127.0.0.1:{port}");
            command.arg(file("forward.yaml"));
            command.env("SIGHTLINE_FORWARD_TRACES", &to);
            command.env("SIGHTLINE_FORWARD_LOGS", &to);
        }
        if let Some(tokens) = &self.tokens {
            command.arg(file("token.yaml"));
            command.env("SIGHTLINE_OTLP_TOKEN_FILE", tokens);
        }
        command.env("SIGHTLINE_COLLECTOR", self.name);
        command.env("SIGHTLINE_OTLP_HTTP", loopback(self.internal_port));
        command.env("SIGHTLINE_OTLP_GRPC", loopback(self.grpc_port));
        command.env("SIGHTLINE_BROWSER_HTTP", loopback(self.browser_port));
        command.env("SIGHTLINE_LOOPBACK_PORTS", self.loopback_ports.to_string());
        command.env("SIGHTLINE_QUEUE_BYTES", self.queue_bytes.to_string());
        command.env("SIGHTLINE_QUEUE_FOLDER", self.folder.join("queue"));
        command.env("SIGHTLINE_HEALTH", loopback(health_port));
        command.env("SIGHTLINE_TELEMETRY_PORT", self.telemetry_port.to_string());
        command.env(
            "SIGHTLINE_REMOTE_WRITE",
            format!("http://127.0.0.1:{}/api/v1/write", self.store),
        );
        if self.is_hurried {
            command.env("SIGHTLINE_BROWSER_INTERVAL", "1s");
            command.env("SIGHTLINE_SPAN_INTERVAL", "1s");
            command.env("SIGHTLINE_DECISION_WAIT", "1s");
        }
        command.env("SIGHTLINE_KEEP_FROM", self.keep_from);
        command.env("SIGHTLINE_TRACES_FILE", &self.traces);
        command.env("SIGHTLINE_LOGS_FILE", &self.logs);
        command.current_dir(&self.folder);
        let log = self.folder.join("collector.log");
        let mut process = Process::start("collector", &mut command, &log)?;
        let url = format!("http://127.0.0.1:{health_port}/");
        process.wait_ready(|| http::is_ok(&url).then_some(()))?;
        self.process = Some(process);
        Ok(())
    }
}

/// Ten free ports in a row, without their last digit.
fn free_ports() -> Result<u16> {
    let is_free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    for _ in 0..100 {
        let decade = free_port()? / 10;
        if decade < 6553 && (1..9).all(|digit| is_free(decade * 10 + digit)) {
            return Ok(decade);
        }
    }
    bail!("no free ports in a row")
}
