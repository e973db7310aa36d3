//! A real collector with Sightline's own pipeline.

use crate::http;
use crate::parts;
use crate::process::{Process, free_port};
use crate::prometheus::Prometheus;
use anyhow::Result;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A running collector.
#[derive(Debug)]
pub struct Collector {
    /// OTLP/HTTP for the edge and for servers.
    pub internal_port: u16,
    /// OTLP/HTTP for browsers.
    pub browser_port: u16,
    /// Its own metrics.
    pub telemetry_port: u16,
    /// Where the traces it received are written.
    pub traces: PathBuf,
    /// Where the log records it received are written.
    pub logs: PathBuf,
    _process: Process,
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
        let browser_port = free_port()?;
        let health_port = free_port()?;
        let telemetry_port = free_port()?;
        let traces = folder.join("traces.jsonl");
        let logs = folder.join("logs.jsonl");
        let pipeline = parts::repository().join("collector-config/collector/pipeline.yaml");
        let mut command = Command::new(parts::require(parts::OTELCOL)?);
        command.arg(format!("--config={}", pipeline.display()));
        let loopback = |port: u16| format!("127.0.0.1:{port}");
        command.env("SIGHTLINE_OTLP_HTTP", loopback(internal_port));
        command.env("SIGHTLINE_OTLP_GRPC", loopback(free_port()?));
        command.env("SIGHTLINE_BROWSER_HTTP", loopback(browser_port));
        command.env("SIGHTLINE_HEALTH", loopback(health_port));
        command.env("SIGHTLINE_TELEMETRY_PORT", telemetry_port.to_string());
        command.env(
            "SIGHTLINE_REMOTE_WRITE",
            format!("http://127.0.0.1:{store}/api/v1/write"),
        );
        command.env("SIGHTLINE_BROWSER_INTERVAL", "1s");
        command.env("SIGHTLINE_TRACES_FILE", &traces);
        command.env("SIGHTLINE_LOGS_FILE", &logs);
        command.current_dir(folder);
        let mut process = Process::start("collector", &mut command, &folder.join("collector.log"))?;
        let url = format!("http://127.0.0.1:{health_port}/");
        process.wait_ready(|| http::is_ok(&url).then_some(()))?;
        Ok(Self {
            internal_port,
            browser_port,
            telemetry_port,
            traces,
            logs,
            _process: process,
        })
    }
}
