//! A test alert of each severity, sent to an Alertmanager as Prometheus would,
//! followed until it is delivered, and ended. `cargo xtask fire` is this.
//!
//! Whether it was delivered is read from Alertmanager's own counters, so real
//! notifications at the same time count too: what arrived is for people to see.

use crate::alertmanager::Api;
use crate::parts;
use crate::process::wait_for;
use crate::red;
use anyhow::{Context, Result, anyhow, ensure};
use serde_json::{Value, json};
use sightline_rules::links::{Links, RUNBOOK_URL};
use sightline_rules::objective::Document;
use std::collections::BTreeMap;
use std::time::Duration;

/// Its name.
pub const NAME: &str = "SightlineTestAlert";
/// What each alert can be.
pub const SEVERITIES: [&str; 3] = ["page", "chat", "ticket"];

const LISTED_LIMIT: Duration = Duration::from_secs(30);

/// How many notifications each integration has delivered, or is to deliver.
type Deliveries = BTreeMap<String, u64>;

/// Sends one alert of each severity, says where each goes, waits until every
/// integration that is to hear of them has delivered, and ends them. They are
/// ended where that fails too. Returns what is kept back, and why.
pub fn fire(
    api: &Api,
    severities: &[&str],
    limit: Duration,
    say: &mut dyn FnMut(String),
) -> Result<Vec<String>> {
    let links = links()?;
    let before = delivered(api)?;
    let alerts = severities.iter().map(|severity| alert(severity, &links));
    let alerts: Vec<_> = alerts.collect();
    api.post(&Value::Array(alerts))?;
    let outcome = follow(api, severities, &before, limit, say);
    // Its own labels, so nothing else is ended.
    let ended = api.resolve(&json!({ "alertname": NAME }));
    let kept_back = outcome?;
    ended.context("end the test alerts")?;
    wait_for("the test alerts to end", LISTED_LIMIT, || {
        Ok(listed(api)?.is_empty().then_some(()))
    })?;
    say("ended; receivers hear so within a group's interval".into());
    Ok(kept_back)
}

/// A job for each severity: were it the same, the page would silence the others.
fn alert(severity: &str, links: &Links) -> Value {
    json!({
        "labels": {
            "alertname": NAME,
            "severity": severity,
            "component": "probe",
            "job": format!("sightline-test-{severity}"),
        },
        "annotations": {
            "summary": "A test: nothing is broken, nothing is to be done",
            RUNBOOK_URL: links.runbook(NAME),
        },
    })
}

/// Where alerts lead, as objectives have it.
pub fn links() -> Result<Links> {
    let file = parts::repository().join("collector-config/slo.yaml");
    Ok(Document::parse(&std::fs::read_to_string(file)?)?.links)
}

fn listed(api: &Api) -> Result<Vec<Value>> {
    let mut alerts = api.grouped()?;
    alerts.retain(|alert| alert["labels"]["alertname"] == NAME);
    Ok(alerts)
}

fn follow(
    api: &Api,
    severities: &[&str],
    before: &Deliveries,
    limit: Duration,
    say: &mut dyn FnMut(String),
) -> Result<Vec<String>> {
    let integrations = integrations(api)?;
    let alerts = wait_for("Alertmanager to list them", LISTED_LIMIT, || {
        let alerts = listed(api)?;
        let all = severities.iter().all(|severity| {
            let mut of = alerts.iter();
            of.any(|alert| alert["labels"]["severity"] == *severity)
        });
        Ok(all.then_some(alerts))
    })?;
    for alert in &alerts {
        let severity = severity(alert);
        let mut is_heard = false;
        for receiver in receivers(alert) {
            let of = integrations.get(receiver).cloned().unwrap_or_default();
            is_heard |= !of.is_empty();
            say(format!("{severity}: to {receiver} ({})", of.join(", ")));
        }
        ensure!(is_heard, "{severity}: to no receiver with an integration");
    }
    // What is kept back can be known as late as it would have been sent.
    let missing = || -> Result<Vec<String>> {
        let expected = expected(&listed(api)?, &integrations);
        let now = delivered(api)?;
        let count = |of: &Deliveries, name: &String| of.get(name).copied().unwrap_or_default();
        let missing = expected.iter().filter(|(name, expected)| {
            count(&now, name).saturating_sub(count(before, name)) < **expected
        });
        Ok(missing.map(|(name, _)| name.clone()).collect())
    };
    let waited = wait_for("the notifications", limit, || {
        Ok(missing()?.is_empty().then_some(()))
    });
    if let Err(error) = waited {
        let names = missing()?.join(", ");
        return Err(error.context(format!(
            "not delivered within {} s: {names}; Alertmanager's log says why",
            limit.as_secs()
        )));
    }
    let alerts = listed(api)?;
    let mut kept_back: Vec<_> = alerts
        .iter()
        .map(|alert| (severity(alert), muted_by(alert)))
        .filter(|(_, why)| !why.is_empty())
        .map(|(severity, why)| format!("{severity}: kept back by {why}"))
        .collect();
    // Each of its groups has an alert.
    kept_back.dedup();
    kept_back.iter().cloned().for_each(&mut *say);
    let delivered: Vec<_> = expected(&alerts, &integrations)
        .iter()
        .map(|(name, count)| format!("{count} {name}"))
        .collect();
    if !delivered.is_empty() {
        say(format!("delivered: {}", delivered.join(", ")));
    }
    Ok(kept_back)
}

fn severity(alert: &Value) -> &str {
    alert["labels"]["severity"].as_str().unwrap_or_default()
}

fn receivers(alert: &Value) -> impl Iterator<Item = &str> {
    let receivers = alert["receivers"].as_array().into_iter().flatten();
    receivers.filter_map(|receiver| receiver["name"].as_str())
}

/// What is to be delivered of these alerts.
fn expected(alerts: &[Value], integrations: &BTreeMap<String, Vec<String>>) -> Deliveries {
    let mut expected = Deliveries::new();
    for alert in alerts.iter().filter(|alert| muted_by(alert).is_empty()) {
        for receiver in receivers(alert) {
            for integration in integrations.get(receiver).into_iter().flatten() {
                *expected.entry(integration.clone()).or_default() += 1;
            }
        }
    }
    expected
}

/// What keeps an alert back: silences, inhibition, hours. Empty: nothing.
fn muted_by(alert: &Value) -> String {
    let mut reasons = Vec::new();
    for (key, what) in [
        ("silencedBy", "silence"),
        ("inhibitedBy", "alert"),
        ("mutedBy", "hours"),
    ] {
        let by = alert["status"][key].as_array().into_iter().flatten();
        reasons.extend(by.filter_map(|by| Some(format!("{what} {}", by.as_str()?))));
    }
    reasons.join(", ")
}

/// The integrations of each receiver, from the configuration that is loaded.
fn integrations(api: &Api) -> Result<BTreeMap<String, Vec<String>>> {
    let status = api.status()?;
    let config = status["config"]["original"].as_str();
    let config: Value = serde_saphyr::from_str(config.context("no configuration")?)
        .map_err(|error| anyhow!("Alertmanager's configuration: {error}"))?;
    let mut receivers = BTreeMap::new();
    for receiver in config["receivers"].as_array().into_iter().flatten() {
        let name = receiver["name"].as_str().unwrap_or_default().to_owned();
        let mut integrations = Vec::new();
        for (key, list) in receiver.as_object().into_iter().flatten() {
            if let (Some(kind), Some(list)) = (key.strip_suffix("_configs"), list.as_array()) {
                integrations.extend(list.iter().map(|_| kind.to_owned()));
            }
        }
        receivers.insert(name, integrations);
    }
    Ok(receivers)
}

fn delivered(api: &Api) -> Result<Deliveries> {
    let mut counts = Deliveries::new();
    let samples = red::parse_page(&api.metrics()?)?;
    let mut add = |metric: &str, count: fn(u64, u64) -> u64| {
        for sample in samples.iter().filter(|sample| sample.name == metric) {
            let delivered = counts
                .entry(sample.label("integration").to_owned())
                .or_default();
            *delivered = count(*delivered, sample.value as u64);
        }
    };
    add(
        "alertmanager_notification_requests_total",
        u64::saturating_add,
    );
    add(
        "alertmanager_notification_requests_failed_total",
        u64::saturating_sub,
    );
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_alert_leads_where_runbooks_are_served() {
        let links = Links {
            runbooks: "https://books.example/".into(),
            dashboards: String::new(),
        };
        assert_eq!(
            alert("page", &links)["annotations"][RUNBOOK_URL],
            "https://books.example/SightlineTestAlert.md"
        );
        assert!(super::links().unwrap().runbooks.starts_with("http"));
    }
}
