//! The health endpoints' part of the configuration.

use super::problem::Problems;
use super::raw::{self, limits};
use super::{in_limits, path_like};
use crate::health::{Endpoint, WORKERS};
use std::rc::Rc;

/// What the filter says of the proxy's health.
#[derive(Debug)]
pub struct Health {
    /// Path of the endpoints.
    pub path: String,
    /// Between two requests of a probe.
    pub interval_millis: u64,
    /// Whether a VM that fell silent makes the proxy not ready.
    pub needs_workers: bool,
    /// What else it needs.
    pub probes: Vec<Rc<Probe>>,
}

/// A dependency that is asked for its health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Its name in answers and metrics.
    pub name: String,
    /// The proxy's cluster.
    pub cluster: String,
    /// The `:authority` to send.
    pub authority: String,
    /// The path to ask for.
    pub path: String,
    /// Between two requests.
    pub interval_millis: u64,
    /// Until a request without an answer has failed.
    pub timeout_millis: u32,
}

/// Resolves it. `page` is the path of the metrics page.
pub fn resolve(raw: raw::Health, page: Option<&str>, problems: &mut Problems) -> Health {
    path_like("health.path", &raw.path, problems);
    if raw.path.ends_with('/') {
        problems.add("health.path", "must not end with \"/\"");
    }
    let clashes = |page: &str| {
        let below = page.strip_prefix(&*raw.path);
        below.is_some_and(|below| {
            Endpoint::SUFFIXES
                .iter()
                .any(|(suffix, _)| *suffix == below)
        })
    };
    if page.is_some_and(clashes) {
        problems.add("health.path", "is where `metrics.path` is");
    }
    let interval = raw.interval_ms;
    in_limits(
        "health.interval_ms",
        interval,
        limits::PROBE_INTERVAL_MS,
        problems,
    );
    let count = raw.probes.len();
    if count > limits::PROBES {
        let message = format!("must be at most {} probes, got {count}", limits::PROBES);
        problems.add("health.probes", message);
    }
    let mut probes: Vec<Rc<Probe>> = Vec::new();
    for (at, raw) in raw.probes.into_iter().take(limits::PROBES).enumerate() {
        let Some(probe) = resolve_probe(at, raw, interval, problems) else {
            continue;
        };
        if probes.iter().any(|known| known.name == probe.name) {
            let path = format!("health.probes[{at}].name");
            problems.add(path, "stands there twice; the cluster's is the default");
        }
        probes.push(Rc::new(probe));
    }
    Health {
        path: raw.path,
        interval_millis: interval,
        needs_workers: raw.workers,
        probes,
    }
}

fn resolve_probe(
    at: usize,
    raw: raw::Probe,
    interval_millis: u64,
    problems: &mut Problems,
) -> Option<Probe> {
    let path = |member: &str| format!("health.probes[{at}].{member}");
    path_like(&path("path"), &raw.path, problems);
    let millis = raw.timeout_ms;
    in_limits(
        &path("timeout_ms"),
        millis,
        limits::PROBE_TIMEOUT_MS,
        problems,
    );
    if raw.authority.as_deref() == Some("") {
        problems.add(path("authority"), "must not be empty");
    }
    if let Some(name) = &raw.name {
        let unfit = |name: &str| name.is_empty() || name.len() > limits::PROBE_NAME_LEN;
        if unfit(name) || name.chars().any(char::is_control) {
            let message = format!(
                "must be text of 1 to {} bytes without control characters",
                limits::PROBE_NAME_LEN
            );
            problems.add(path("name"), message);
        }
    }
    let Some(cluster) = raw.cluster.filter(|cluster| !cluster.is_empty()) else {
        problems.add(path("cluster"), "is required: the proxy's cluster to ask");
        return None;
    };
    let name = raw.name.unwrap_or_else(|| cluster.clone());
    if name == WORKERS {
        problems.add(path("name"), "has another meaning; choose another");
    }
    Some(Probe {
        name,
        authority: raw.authority.unwrap_or_else(|| cluster.clone()),
        cluster,
        path: raw.path,
        interval_millis,
        timeout_millis: u32::try_from(millis).ok()?,
    })
}
