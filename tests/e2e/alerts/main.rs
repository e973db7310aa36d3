//! Alertmanager with our configuration, by itself: who hears of an alert, what
//! they read, and what is kept from them. That alerts fire is proven elsewhere.

mod inhibition;
mod notification;
mod routes;

use serde_json::{Value, json};
use sightline_tests::alertmanager::{Alertmanager, Api, Hours};
use sightline_tests::parts;
use sightline_tests::webhook::Webhook;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

/// Pages wait for 100 ms, and news of a group for a second.
const FAST: f64 = 1.0 / 300.0;

struct Stage {
    alertmanager: Alertmanager,
    webhook: Webhook,
    _folder: tempfile::TempDir,
}

impl Stage {
    fn api(&self) -> &Api {
        &self.alertmanager.api
    }

    fn post(&self, alerts: &[Value]) {
        let alerts = Value::Array(alerts.to_vec());
        self.api().post(&alerts).expect("the alerts are taken");
    }

    /// The first notification at a path whose text holds this.
    fn wait_for(&self, path: &str, text: &str) -> Value {
        self.webhook
            .wait_for(path, LIMIT, |body| body.to_string().contains(text))
            .expect(text)
    }

    /// Whether anything that came to a path holds this.
    fn has(&self, path: &str, text: &str) -> bool {
        let received = self.webhook.received(path);
        received.iter().any(|body| body.to_string().contains(text))
    }
}

/// Nothing where the part is missing.
fn stage(factor: f64, hours: Hours) -> Option<Stage> {
    if !parts::all_present(&[parts::ALERTMANAGER]) {
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let webhook = Webhook::start().expect("a webhook");
    let alertmanager = Alertmanager::start(folder.path(), &webhook, factor, hours);
    Some(Stage {
        alertmanager: alertmanager.expect("it starts"),
        webhook,
        _folder: folder,
    })
}

/// An alert as our rules make them.
fn alert(name: &str, severity: &str, job: &str) -> Value {
    json!({
        "labels": {"alertname": name, "severity": severity, "job": job, "component": "edge"},
        "annotations": {
            "summary": format!("{name} of {job}: 7.5% failed"),
            "runbook_url": format!("https://runbooks.example/{name}.md"),
            "dashboard_url": "https://grafana.example/d/sightline-red",
        },
    })
}

/// The same with further labels.
fn with(mut alert: Value, labels: &[(&str, &str)]) -> Value {
    for (name, value) in labels {
        alert["labels"][*name] = (*value).into();
    }
    alert
}
