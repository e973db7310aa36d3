//! A real Prometheus that takes remote writes.

use crate::http::{self, Client};
use crate::parts;
use crate::process::{Process, free_port};
use crate::red::Sample;
use anyhow::{Context, Result, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use sightline_rules::rule_file::RuleFile;
use sightline_rules::scale;
use std::ops::Deref;
use std::path::Path;
use std::process::Command;

/// A running Prometheus, with its [`Api`].
#[derive(Debug)]
pub struct Prometheus {
    /// Where it listens.
    pub port: u16,
    api: Api,
    process: Process,
}

impl Deref for Prometheus {
    type Target = Api;

    fn deref(&self) -> &Api {
        &self.api
    }
}

/// A Prometheus somewhere, by its HTTP API.
#[derive(Debug)]
pub struct Api {
    url: String,
    client: Client,
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
            api: Api::new(&format!("http://127.0.0.1:{port}")),
            process,
        })
    }

    /// Has it read its configuration and rules anew.
    pub fn reload(&self) -> Result<()> {
        let id = i32::try_from(self.process.id())?;
        Ok(kill(Pid::from_raw(id), Signal::SIGHUP)?)
    }
}

impl Api {
    /// That of the Prometheus at this address.
    pub fn new(url: &str) -> Self {
        Self::with(url, Client::default())
    }

    /// The same, asked by this client.
    pub fn with(url: &str, client: Client) -> Self {
        Self {
            url: url.trim_end_matches('/').to_owned(),
            client,
        }
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
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

    fn result(&self, query: &str) -> Result<Vec<Value>> {
        let data = self.ask("query", &[("query", query)])?;
        Ok(data["result"].as_array().context("no result")?.clone())
    }

    /// The data that its API answers with.
    pub fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Result<Value> {
        let pair = |(name, value): &(&str, &str)| format!("{}={}", encode(name), encode(value));
        let pairs: Vec<_> = parameters.iter().map(pair).collect();
        let (url, pairs) = (format!("{}/api/v1/{path}", self.url()), pairs.join("&"));
        let client = &self.client;
        let answer = match path.starts_with("query") {
            true => {
                let form = [("content-type", "application/x-www-form-urlencoded")];
                client.send("POST", &url, &form, pairs.as_bytes())?
            }
            false => client.get(&format!("{url}?{pairs}"), &[])?,
        };
        let answer = answer.json()?;
        ensure!(answer["status"] == "success", "{parameters:?}: {answer}");
        Ok(answer["data"].clone())
    }
}

/// The shipped configuration and rules with every duration divided, for a
/// Prometheus in `folder`, which gets the rules and these jobs' targets. Requests
/// may take as long as there is between two.
pub fn shipped(folder: &Path, divisor: u32, targets: &[(&str, Value)]) -> Result<String> {
    let ours = parts::repository().join("collector-config");
    let [rules, jobs] = ["rules", "targets"].map(|name| folder.join(name));
    std::fs::create_dir_all(&rules)?;
    for entry in std::fs::read_dir(ours.join("rules"))? {
        let path = entry?.path();
        let file = RuleFile::parse(&std::fs::read_to_string(&path)?)?;
        let scaled = scale::rule_file(&file, divisor)?.to_yaml()?;
        std::fs::write(rules.join(path.file_name().context("a name")?), scaled)?;
    }
    std::fs::create_dir_all(&jobs)?;
    for (job, groups) in targets {
        std::fs::write(jobs.join(format!("{job}.yaml")), groups.to_string())?;
    }
    let text = std::fs::read_to_string(ours.join("prometheus/prometheus.yml"))?;
    let text = scale::yaml(&text, &["scrape_interval", "evaluation_interval"], divisor)?;
    let mut interval = "";
    let mut scaled = String::new();
    for line in text.lines() {
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        match key.trim() {
            "scrape_timeout" => scaled += &format!("{key}: {interval}\n"),
            _ => scaled += &format!("{line}\n"),
        }
        if key.trim() == "scrape_interval" {
            interval = value;
        }
    }
    Ok(scaled.replace("../rules", &rules.display().to_string()))
}

/// How long Prometheus takes a sample for the present, divided like the rest.
pub fn lookback(divisor: u32) -> String {
    format!("--query.lookback-delta={}s", 300 / divisor)
}

fn sample(series: &Value) -> Result<Sample> {
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
pub(crate) fn encode(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}
