//! A real node_exporter, which tells of this machine.

use crate::http;
use crate::parts;
use crate::process::{Process, free_port};
use anyhow::Result;
use std::path::Path;
use std::process::Command;

/// What the dashboards and alerts read; the rest would only cost.
const COLLECTORS: [&str; 8] = [
    "cpu",
    "diskstats",
    "filesystem",
    "loadavg",
    "meminfo",
    "netdev",
    "uname",
    "vmstat",
];

/// A running node_exporter.
#[derive(Debug)]
pub struct NodeExporter {
    /// Where it is scraped.
    pub port: u16,
    _process: Process,
}

impl NodeExporter {
    /// Starts it with [`COLLECTORS`] and waits until it answers.
    pub fn start(folder: &Path) -> Result<Self> {
        let collectors = COLLECTORS.map(|name| format!("--collector.{name}"));
        let arguments = ["--collector.disable-defaults"].into_iter();
        let arguments: Vec<_> = arguments
            .chain(collectors.iter().map(String::as_str))
            .collect();
        Self::start_with(folder, &arguments)
    }

    /// Starts it with these arguments.
    pub fn start_with(folder: &Path, arguments: &[&str]) -> Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(parts::require(parts::NODE_EXPORTER)?);
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        command.args(arguments);
        let log = folder.join("node_exporter.log");
        let mut process = Process::start("node_exporter", &mut command, &log)?;
        let url = format!("http://127.0.0.1:{port}/metrics");
        process.wait_ready(|| http::is_ok(&url).then_some(()))?;
        Ok(Self {
            port,
            _process: process,
        })
    }
}
