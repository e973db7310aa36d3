//! The example shop: its API and its Next.js front end, each a process, and the
//! configuration of its Envoy.

use crate::http;
use crate::parts;
use crate::process::{Process, free_port};
use anyhow::{Result, ensure};
use std::path::Path;
use std::process::Command;

/// A running API.
#[derive(Debug)]
pub struct Api {
    /// Where it listens.
    pub port: u16,
    process: Process,
}

impl Api {
    /// Starts it with its database in `folder`, and waits until it is ready.
    pub fn start(folder: &Path, collector: u16) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(parts::require(parts::SHOP_PYTHON)?);
        command.args(["main.py", "--port", &port.to_string()]);
        command.current_dir(parts::repository().join("examples/shop/api"));
        command.env("SHOP_DB", folder.join("shop.db"));
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        exporter(&mut command, collector);
        let mut process = Process::start("shop-api", &mut command, &folder.join("shop-api.log"))?;
        let url = format!("http://127.0.0.1:{port}/health/ready");
        process.wait_ready(|| http::is_ok(&url).then_some(()))?;
        Ok(Self { port, process })
    }

    /// Its log: a line of JSON for each request.
    pub fn log(&self) -> String {
        self.process.output()
    }
}

/// A running front end.
#[derive(Debug)]
pub struct Web {
    /// Where it listens.
    pub port: u16,
    _process: Process,
}

impl Web {
    /// Starts the built front end in front of an API address.
    pub fn start(folder: &Path, collector: u16, api_url: &str) -> Result<Self> {
        let port = free_port()?;
        let built = parts::require(parts::SHOP_WEB)?;
        let mut command = Command::new(parts::require(parts::NODE)?);
        command.arg(built.join("node_modules/next/dist/bin/next"));
        command.args(["start", "-H", "127.0.0.1", "-p", &port.to_string()]);
        command.current_dir(&built);
        command
            .env("SHOP_API_URL", api_url)
            .env("NEXT_TELEMETRY_DISABLED", "1");
        exporter(&mut command, collector);
        let mut process = Process::start("shop-web", &mut command, &folder.join("shop-web.log"))?;
        let address = ("127.0.0.1", port);
        process.wait_ready(|| std::net::TcpStream::connect(address).ok())?;
        Ok(Self {
            port,
            _process: process,
        })
    }
}

fn exporter(command: &mut Command, collector: u16) {
    command.env(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        format!("http://127.0.0.1:{collector}"),
    );
    command.env("OTEL_BSP_SCHEDULE_DELAY", "500");
}

/// Envoy's configuration with values in place of `${NAME}`; none may remain.
pub fn envoy_config(values: &[(&str, String)]) -> Result<String> {
    let template = parts::repository().join("examples/shop/envoy.yaml");
    let mut filled = std::fs::read_to_string(template)?;
    for (name, value) in values {
        filled = filled.replace(&format!("${{{name}}}"), value);
    }
    let code = filled
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    let left = code.clone().find(|line| line.contains("${"));
    ensure!(left.is_none(), "a placeholder has no value: {left:?}");
    Ok(filled)
}
