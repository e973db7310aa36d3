//! A real Prometheus that takes remote writes.

use crate::http::{self, Client};
use crate::parts;
use crate::process::{Process, free_port};
use crate::red::Sample;
use anyhow::{Context, Result, ensure};
use std::path::Path;
use std::process::Command;

/// A running Prometheus.
#[derive(Debug)]
pub struct Prometheus {
    /// Where it listens.
    pub port: u16,
    _process: Process,
}

impl Prometheus {
    /// Starts it with its data in `folder` and waits until it is ready.
    pub fn start(folder: &Path) -> Result<Self> {
        let config = "global: {scrape_interval: 15s}\n";
        Self::start_with(folder, free_port()?, config, &[])
    }

    /// The same on a port, with a configuration and further arguments.
    pub fn start_with(
        folder: &Path,
        port: u16,
        configuration: &str,
        arguments: &[&str],
    ) -> Result<Self> {
        let config = folder.join("prometheus.yml");
        std::fs::write(&config, configuration)?;
        let mut command = Command::new(parts::require(parts::PROMETHEUS)?);
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!(
            "--storage.tsdb.path={}",
            folder.join("prometheus").display()
        ));
        command.arg(format!("--web.listen-address=127.0.0.1:{port}"));
        command.args([
            "--web.enable-remote-write-receiver",
            "--enable-feature=exemplar-storage",
        ]);
        command.args(arguments);
        let mut process =
            Process::start("prometheus", &mut command, &folder.join("prometheus.log"))?;
        let url = format!("http://127.0.0.1:{port}/-/ready");
        process.wait_ready(|| http::is_ok(&url).then_some(()))?;
        Ok(Self {
            port,
            _process: process,
        })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// An instant query's result.
    pub fn query(&self, query: &str) -> Result<Vec<Sample>> {
        self.result(query)?.iter().map(sample).collect()
    }

    /// How far the counters of this selector have counted in the last hour, as far as
    /// it shows that they began anew.
    pub fn counted(&self, selector: &str) -> Result<f64> {
        let mut counted = 0.0;
        for series in self.result(&format!("{selector}[1h]"))? {
            let samples = series["values"].as_array().context("no values")?;
            let mut before = 0.0;
            for sample in samples {
                let value: f64 = sample[1].as_str().context("no value")?.parse()?;
                counted += if value < before {
                    value
                } else {
                    value - before
                };
                before = value;
            }
        }
        Ok(counted)
    }

    fn result(&self, query: &str) -> Result<Vec<serde_json::Value>> {
        let url = format!("{}/api/v1/query", self.url());
        let body = format!("query={}", encode(query));
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let answer = Client::default().send("POST", &url, &form, body.as_bytes())?;
        let answer = answer.json()?;
        ensure!(answer["status"] == "success", "{query}: {answer}");
        let series = answer["data"]["result"].as_array().context("no result")?;
        Ok(series.clone())
    }
}

fn sample(series: &serde_json::Value) -> Result<Sample> {
    let metric = series["metric"].as_object().context("no labels")?;
    let labels = metric
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()));
    let value = series["value"][1].as_str().context("no value")?;
    Ok(Sample {
        name: series["metric"]["__name__"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        labels: labels.collect(),
        value: value.parse()?,
    })
}

/// Percent-encodes everything but letters and digits.
fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
