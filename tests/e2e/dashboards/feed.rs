//! Metrics of parts that this machine does not have, as those parts name them, through
//! the real collector: blackbox_exporter, kube-state-metrics, cAdvisor, and a database
//! driver with OpenTelemetry's instrumentation.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use sightline_tests::otlp_json;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, SystemTime};

const PACE: Duration = Duration::from_millis(500);

/// Sends until dropped.
pub struct Feed {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Feed {
    pub fn start(port: u16) -> Self {
        let (stop, stopped) = channel();
        let thread = spawn(move || {
            let mut round = 0;
            while stopped.recv_timeout(PACE) == Err(RecvTimeoutError::Timeout) {
                round += 1;
                let answer = otlp_json::post(port, "metrics", &body(round)?)?;
                ensure!(answer.status == 200, "{answer:?}");
            }
            Ok(())
        });
        Self {
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Ends it; fails where the collector refused something.
    pub fn end(mut self) -> Result<()> {
        drop(self.stop.take());
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            _ => anyhow::bail!("the feed panicked"),
        }
    }
}

/// What all of them say, the longer they run the more.
fn body(round: u64) -> Result<String> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let (nanos, seconds) = (now.as_nanos().to_string(), now.as_secs_f64());
    let point = |value: f64, labels: &[(&str, &str)]| json!({"timeUnixNano": nanos, "startTimeUnixNano": "1", "asDouble": value, "attributes": attributes(labels)});
    let gauge = |name: &str, value: f64, labels: &[(&str, &str)]| json!({"name": name, "gauge": {"dataPoints": [point(value, labels)]}});
    let counter = |name: &str, value: f64, labels: &[(&str, &str)]| {
        let points = [point(value, labels)];
        json!({"name": name, "sum": {"aggregationTemporality": 2, "isMonotonic": true, "dataPoints": points}})
    };
    let grown = round as f64;
    let pod = [
        ("namespace", "shop"),
        ("pod", "shop-web-0"),
        ("container", "web"),
    ];
    // One that may have all there is.
    let unlimited = [pod[0], pod[1], ("container", "cache")];
    let with = |name, value| [&pod[..2], &[(name, value)]].concat();
    let count = (round * 3).to_string();
    let queries = json!({
        "name": "db.client.operation.duration", "unit": "s",
        "histogram": {"aggregationTemporality": 2, "dataPoints": [{
            "timeUnixNano": nanos, "startTimeUnixNano": "1", "count": count, "sum": grown * 0.12,
            "explicitBounds": [0.01, 0.1, 1.0], "bucketCounts": ["0", count, "0", "0"],
        }]},
    });
    let resources = json!([
        resource(
            "blackbox",
            "https://shop.example/",
            &[
                gauge("probe_success", 1.0, &[]),
                gauge("probe_duration_seconds", 0.08, &[]),
                gauge(
                    "probe_ssl_earliest_cert_expiry",
                    (seconds + 30.0 * 86400.0).round(),
                    &[]
                ),
            ]
        ),
        resource(
            "cadvisor",
            "node-1",
            &[
                counter("container_cpu_usage_seconds_total", grown * 0.1, &pod),
                gauge("container_memory_working_set_bytes", 3e8, &pod),
                gauge("container_memory_working_set_bytes", 9e8, &unlimited),
                gauge("container_spec_memory_limit_bytes", 5e8, &pod),
                gauge("container_spec_memory_limit_bytes", 0.0, &unlimited),
            ]
        ),
        resource(
            "kube-state-metrics",
            "cluster-1",
            &[
                counter(
                    "kube_pod_container_status_restarts_total",
                    (grown / 20.0).floor(),
                    &pod
                ),
                gauge(
                    "kube_pod_container_status_waiting_reason",
                    0.0,
                    &with("reason", "CrashLoopBackOff")
                ),
                gauge("kube_pod_status_ready", 1.0, &with("condition", "true")),
            ]
        ),
        resource("shop-api", "api-1", &[queries]),
    ]);
    Ok(json!({"resourceMetrics": resources}).to_string())
}

fn resource(service: &str, instance: &str, metrics: &[Value]) -> Value {
    let of = [("service.name", service), ("service.instance.id", instance)];
    json!({"resource": {"attributes": attributes(&of)}, "scopeMetrics": [{"metrics": metrics}]})
}

fn attributes(labels: &[(&str, &str)]) -> Value {
    let one = |(name, value): &(&str, &str)| json!({"key": name, "value": {"stringValue": value}});
    labels.iter().map(one).collect()
}
