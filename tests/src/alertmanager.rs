//! A real Alertmanager with our configuration: only its durations are scaled,
//! its business hours set, and its secrets point to a [`Webhook`]. And the few
//! calls of its API that tests and `cargo xtask fire` make.

use crate::http::{self, Client};
use crate::parts;
use crate::process::Process;
use crate::webhook::Webhook;
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use sightline_rules::scale;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the webhook finds events for PagerDuty.
pub const PAGER: &str = "/pagerduty";
/// Messages for Slack.
pub const CHAT: &str = "/slack";
/// Tickets.
pub const TICKET: &str = "/ticket";
/// Signs of life.
pub const DEAD_MANS_SWITCH: &str = "/dead-mans-switch";

/// What is scaled of the configuration.
const WAITING: [&str; 4] = [
    "group_wait",
    "group_interval",
    "repeat_interval",
    "resolve_timeout",
];

/// When people are at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hours {
    /// Always.
    Always,
    /// Not now.
    Never,
}

/// The API of some Alertmanager.
#[derive(Debug, Clone)]
pub struct Api {
    url: String,
    client: Client,
}

impl Api {
    /// Of the Alertmanager at that address.
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

    /// Posts alerts, each with `labels` and what else the API takes.
    pub fn post(&self, alerts: &Value) -> Result<()> {
        let json = [("content-type", "application/json")];
        let url = format!("{}/api/v2/alerts", self.url);
        let body = alerts.to_string();
        let answer = self.client.send("POST", &url, &json, body.as_bytes())?;
        ensure!(answer.status == 200, "{}: {}", answer.status, answer.body);
        Ok(())
    }

    /// The alerts it holds that fire, those that are muted included.
    pub fn alerts(&self) -> Result<Vec<Value>> {
        let alerts = self.get("/api/v2/alerts")?;
        Ok(alerts.as_array().context("no list of alerts")?.clone())
    }

    /// The same as each receiver's group has them, with the hours that keep a
    /// group back (`status.mutedBy`), which are known once it would be sent.
    pub fn grouped(&self) -> Result<Vec<Value>> {
        let groups = self.get("/api/v2/alerts/groups")?;
        let groups = groups.as_array().context("no list of groups")?.clone();
        let of = |group: Value| group["alerts"].as_array().cloned().unwrap_or_default();
        Ok(groups.into_iter().flat_map(of).collect())
    }

    /// Ends every alert that fires and whose labels hold all of these. The time
    /// is the server's own, so no clock has to agree with it.
    pub fn resolve(&self, labels: &Value) -> Result<usize> {
        let wanted = labels.as_object().context("labels are an object")?;
        let ends: Vec<_> = self
            .alerts()?
            .into_iter()
            .filter(|alert| {
                let mut wanted = wanted.iter();
                wanted.all(|(name, value)| alert["labels"][name] == *value)
            })
            .map(|alert| {
                json!({
                    "labels": alert["labels"],
                    "annotations": alert["annotations"],
                    "startsAt": alert["startsAt"],
                    "endsAt": alert["updatedAt"],
                })
            })
            .collect();
        self.post(&Value::Array(ends.clone()))?;
        Ok(ends.len())
    }

    /// What it says of itself, its configuration included.
    pub fn status(&self) -> Result<Value> {
        self.get("/api/v2/status")
    }

    /// Its own metrics.
    pub fn metrics(&self) -> Result<String> {
        let answer = self.client.get(&format!("{}/metrics", self.url), &[])?;
        ensure!(answer.status == 200, "/metrics: {}", answer.status);
        Ok(answer.body)
    }

    fn get(&self, path: &str) -> Result<Value> {
        let answer = self.client.get(&format!("{}{path}", self.url), &[])?;
        ensure!(answer.status == 200, "{path}: {}", answer.status);
        answer.json()
    }
}

/// A running Alertmanager.
#[derive(Debug)]
pub struct Alertmanager {
    /// Its API.
    pub api: Api,
    /// Its address.
    pub url: String,
    folder: PathBuf,
    divisor: u32,
    pager: String,
    process: Process,
}

impl Alertmanager {
    /// Starts it in `folder`, which gets a copy of our configuration with every
    /// waiting time divided, and waits until it is ready.
    pub fn start(folder: &Path, webhook: &Webhook, divisor: u32, hours: Hours) -> Result<Self> {
        let ours = parts::repository().join("collector-config/alertmanager");
        std::fs::create_dir_all(folder.join("templates"))?;
        std::fs::create_dir_all(folder.join("secrets"))?;
        std::fs::copy(
            ours.join("templates/sightline.tmpl"),
            folder.join("templates/sightline.tmpl"),
        )?;
        for (file, content) in [
            ("pagerduty_routing_key", "0123456789abcdef".to_owned()),
            ("slack_webhook_url", webhook.url(CHAT)),
            ("ticket_webhook_url", webhook.url(TICKET)),
            ("dead_mans_switch_url", webhook.url(DEAD_MANS_SWITCH)),
        ] {
            std::fs::write(folder.join("secrets").join(file), content)?;
        }
        let pager = webhook.url(PAGER);
        write_config(folder, &pager, divisor, hours)?;
        let mut command = Command::new(parts::require(parts::ALERTMANAGER)?);
        command.current_dir(folder).args([
            "--config.file=alertmanager.yaml",
            "--storage.path=data",
            "--cluster.listen-address=",
            // Of its own choice: a port that was free can be taken by another
            // before it listens, which would then answer in its place.
            "--web.listen-address=127.0.0.1:0",
        ]);
        let log = folder.join("alertmanager.log");
        let mut process = Process::start("alertmanager", &mut command, &log)?;
        let url = process.wait_ready(|| {
            let written = std::fs::read_to_string(&log).ok()?;
            let (_, address) = written.split_once("msg=\"Listening on\" address=")?;
            let (address, _) = address.split_once('\n')?;
            let url = format!("http://{}", address.trim());
            http::is_ok(&format!("{url}/-/ready")).then_some(url)
        })?;
        Ok(Self {
            api: Api::new(&url),
            url,
            folder: folder.to_owned(),
            divisor,
            pager,
            process,
        })
    }

    /// What it has logged.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        let (_, port) = self.url.rsplit_once(':').unwrap_or_default();
        port.parse().unwrap_or_default()
    }

    /// Has business hours begin or end.
    pub fn set_hours(&self, hours: Hours) -> Result<()> {
        write_config(&self.folder, &self.pager, self.divisor, hours)?;
        let url = format!("{}/-/reload", self.url);
        let answer = Client::default().send("POST", &url, &[], &[])?;
        ensure!(answer.status == 200, "reload: {}", answer.body);
        Ok(())
    }
}

fn write_config(folder: &Path, pager: &str, divisor: u32, hours: Hours) -> Result<()> {
    let path = parts::repository().join("collector-config/alertmanager/alertmanager.yaml");
    let config = std::fs::read_to_string(path)?;
    let config = with_hours(&scale::yaml(&config, &WAITING, divisor)?, hours)?;
    let production = "https://events.pagerduty.com/v2/enqueue\n\n";
    ensure!(config.contains(production), "no address of PagerDuty");
    let config = config.replacen(production, &format!("{pager}\n\n"), 1);
    std::fs::write(folder.join("alertmanager.yaml"), config)?;
    Ok(())
}

/// The configuration with other business hours.
fn with_hours(config: &str, hours: Hours) -> Result<String> {
    let begin = config.find("\ntime_intervals:\n").context("no intervals")?;
    let end = config[begin + 1..].find("\n\n").context("no end")? + begin + 1;
    let interval = match hours {
        Hours::Always => "years: ['2000:9999']",
        Hours::Never => "years: ['2000']",
    };
    Ok(format!(
        "{}\ntime_intervals:\n  - name: business-hours\n    time_intervals: [{{{interval}}}]{}",
        &config[..begin],
        &config[end..]
    ))
}
