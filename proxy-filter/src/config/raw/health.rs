//! What the filter says of the proxy's health, and what it asks for that.

#[cfg(feature = "schema")]
use super::limits;
use serde::Deserialize;

/// The health endpoints.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Health {
    /// Their path: the filter itself answers GET and HEAD for it and, below it,
    /// for `/live`, `/ready` and `/startup`.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/")))]
    pub path: String,
    /// Milliseconds between two requests of a probe.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::PROBE_INTERVAL_MS.0, max = limits::PROBE_INTERVAL_MS.1)))]
    pub interval_ms: u64,
    /// Whether a VM that fell silent makes the proxy not ready. Metrics tell it
    /// in any case.
    pub workers: bool,
    /// What the proxy needs in order to be ready.
    #[cfg_attr(feature = "schema", schemars(length(max = limits::PROBES)))]
    pub probes: Vec<Probe>,
}

/// A dependency that is asked for its health by GET.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Probe {
    /// Its name in answers and metrics; without it the cluster's.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = limits::PROBE_NAME_LEN)))]
    pub name: Option<String>,
    /// The proxy's cluster to ask.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1)))]
    pub cluster: Option<String>,
    /// `:authority` of the requests to it; without it the cluster's name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub authority: Option<String>,
    /// The path to ask for. A status of 200 to 399 is good.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/")))]
    pub path: String,
    /// Milliseconds until a request without an answer has failed.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::PROBE_TIMEOUT_MS.0, max = limits::PROBE_TIMEOUT_MS.1)))]
    pub timeout_ms: u64,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            path: "/health".to_owned(),
            interval_ms: 5000,
            workers: true,
            probes: Vec::new(),
        }
    }
}

impl Default for Probe {
    fn default() -> Self {
        Self {
            name: None,
            cluster: None,
            authority: None,
            path: "/".to_owned(),
            timeout_ms: 2000,
        }
    }
}
