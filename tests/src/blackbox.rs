//! A real blackbox_exporter with the shipped modules.

use crate::http::{self, Client};
use crate::parts;
use crate::process::{Process, free_port};
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// A running blackbox_exporter.
#[derive(Debug)]
pub struct Blackbox {
    /// Where it listens.
    pub port: u16,
    _process: Process,
}

/// What a probe found.
#[derive(Debug)]
pub struct Probe {
    page: String,
}

impl Probe {
    /// A metric without labels, if it is there.
    pub fn value(&self, metric: &str) -> Option<f64> {
        let lines = self.page.lines();
        let mut values = lines.filter_map(|line| line.strip_prefix(metric)?.strip_prefix(' '));
        values.next()?.parse().ok()
    }

    /// Whether all was as the module wants it.
    pub fn is_success(&self) -> Result<bool> {
        let value = self.value("probe_success").context("no result")?;
        Ok(value == 1.0)
    }
}

impl Blackbox {
    /// Starts it with its log in `folder`; `authorities` is a file of the only
    /// certificate authorities that it trusts.
    pub fn start(folder: &Path, authorities: &Path, arguments: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let modules = parts::repository().join("collector-config/blackbox/blackbox.yaml");
        let mut command = Command::new(parts::require(parts::BLACKBOX)?);
        command
            .arg(format!("--config.file={}", modules.display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(arguments)
            .env("SSL_CERT_FILE", authorities)
            .env("SSL_CERT_DIR", folder.join("none"));
        let log = folder.join(format!("blackbox-{port}.log"));
        let mut process = Process::start("blackbox_exporter", &mut command, &log)?;
        let url = format!("http://127.0.0.1:{port}/-/healthy");
        process.wait_ready(|| http::is_ok(&url).then_some(()))?;
        Ok(Self {
            port,
            _process: process,
        })
    }

    /// Probes a target as a Prometheus does that waits so long.
    pub fn probe(&self, module: &str, target: &str, scrape_timeout: Duration) -> Result<Probe> {
        let url = format!(
            "http://127.0.0.1:{}/probe?module={module}&target={target}",
            self.port
        );
        let seconds = scrape_timeout.as_secs_f64().to_string();
        let waits = [("x-prometheus-scrape-timeout-seconds", seconds.as_str())];
        let answer = Client::default().get(&url, &waits)?;
        ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
        Ok(Probe { page: answer.body })
    }
}
