//! What is counted, how much of it, and who may read it.

use super::Counter;
#[cfg(feature = "schema")]
use super::limits;
use serde::Deserialize;

/// RED metrics.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Path of the metrics page that the filter serves; it is itself not
    /// counted. Whoever reaches the listener can read it.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/")))]
    pub path: Option<String>,
    /// The most pairs of method and route; what is beyond counts under the
    /// route `_other`. Templates always have a place.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::MAX_SERIES.0, max = limits::MAX_SERIES.1)))]
    pub max_series: u64,
    /// The most names below one parent, of routes named by their segments; what
    /// is beyond counts as `{any}`, `/users/ada` as `/users/{any}`.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::MAX_SIBLINGS.0, max = limits::MAX_SIBLINGS.1)))]
    pub max_siblings: u64,
    /// Seconds without a request after which a series goes, at least twice
    /// `export.interval_ms`; one that comes back counts anew.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::EXPIRE_AFTER_S.0, max = limits::EXPIRE_AFTER_S.1)))]
    pub expire_after_s: u64,
    /// Say the same in Envoy's own statistics, for `/stats/prometheus`; see
    /// Ways out below.
    pub envoy_stats: bool,
    /// Counters of your own, made of requests; see Counters below.
    #[cfg_attr(feature = "schema", schemars(length(max = limits::COUNTERS)))]
    pub counters: Vec<Counter>,
}

/// What OTLP counters and histograms say.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Temporality {
    /// totals since the start
    #[default]
    Cumulative,
    /// increments since the last export that was acknowledged
    Delta,
}

/// Whose names requests are reported under.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum MetricNames {
    /// `http_requests_total` and the like, as on the metrics page
    #[default]
    Prometheus,
    /// `http.server.request.duration` and the like
    #[serde(rename = "opentelemetry")]
    OpenTelemetry,
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            path: None,
            max_series: 1000,
            max_siblings: 64,
            expire_after_s: 86_400,
            envoy_stats: false,
            counters: Vec::new(),
        }
    }
}
