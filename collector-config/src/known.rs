//! The metrics that rules may name: ours from the registry in `core`, everybody
//! else's from YAML. What a rule names and nobody makes reads as healthy for ever.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use sightline_core::histogram::SECONDS_BOUNDS;
use sightline_core::metric::{self, Metric};
use sightline_core::web_vital;

/// The label that says in which environment a series was made: the resource's
/// `deployment.environment.name`, which `collector/pipeline.yaml` makes a label.
pub const ENVIRONMENT: &str = "deployment_environment_name";

/// What kind of numbers a metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A sum that only grows.
    Counter,
    /// A value as it is now.
    Gauge,
    /// Counts by size: `_bucket`, `_sum` and `_count`.
    Histogram,
    /// Quantiles made where it is measured, `_sum` and `_count`.
    Summary,
}

/// A metric that somebody makes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// The name in Prometheus; of a histogram without `_bucket`.
    pub name: String,
    /// The kind.
    pub kind: Kind,
    /// The unit by UCUM.
    #[serde(default)]
    pub unit: String,
    /// Names of its labels; where they are not given, any are taken.
    #[serde(default)]
    pub labels: Option<Vec<String>>,
    /// Upper bounds of a histogram; where they are not given, any are taken.
    #[serde(default)]
    pub bounds: Option<Vec<f64>>,
    /// Who makes it, and which version was asked.
    #[serde(default)]
    pub source: String,
}

impl From<&Metric> for Known {
    fn from(metric: &Metric) -> Self {
        let kind = match metric.kind {
            metric::Kind::Counter => Kind::Counter,
            metric::Kind::Gauge => Kind::Gauge,
            metric::Kind::Histogram => Kind::Histogram,
        };
        let mut vitals = web_vital::ALL.iter();
        let bounds = match vitals.find(|vital| vital.metric.name == metric.name) {
            Some(vital) => vital.bounds().to_vec(),
            None => SECONDS_BOUNDS.to_vec(),
        };
        Self {
            name: metric.name.to_owned(),
            kind,
            unit: metric.unit.to_owned(),
            labels: Some(metric.labels.iter().map(|label| (*label).into()).collect()),
            bounds: (kind == Kind::Histogram).then_some(bounds),
            source: "sightline".to_owned(),
        }
    }
}

/// What a series is: a metric, or a part of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Series<'a> {
    /// The metric.
    pub metric: &'a Known,
    /// `_bucket`, `_sum`, `_count`, or nothing.
    pub part: &'static str,
}

impl Series<'_> {
    /// Whether it only grows.
    pub fn is_counter(&self) -> bool {
        !self.part.is_empty() || self.metric.kind == Kind::Counter
    }
}

/// All metrics that are known, by name.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    metrics: BTreeMap<String, Known>,
}

impl Registry {
    /// Our own.
    pub fn ours() -> Self {
        let mut registry = Self::default();
        registry.extend(
            [metric::EDGE, metric::BROWSER, metric::LEDGER]
                .into_iter()
                .flatten()
                .map(Known::from),
        );
        registry
    }

    /// Our own, and what we know of others': Prometheus, exporters, the collector.
    pub fn built_in() -> Self {
        let mut registry = Self::ours();
        // The list is part of this crate, and a test reads it.
        let _ = registry.extend_from_yaml(include_str!("../metrics.yaml"));
        registry
    }

    /// Adds some; what is known already is said anew.
    pub fn extend(&mut self, metrics: impl IntoIterator<Item = Known>) {
        let named = metrics.into_iter().map(|known| (known.name.clone(), known));
        self.metrics.extend(named);
    }

    /// Adds those of a list in YAML: `- {name: up, kind: gauge}`.
    pub fn extend_from_yaml(&mut self, text: &str) -> Result<()> {
        let list: Vec<Known> = serde_saphyr::from_str(text).context("not a list of metrics")?;
        self.extend(list);
        Ok(())
    }

    /// Which metric a name in PromQL belongs to.
    pub fn series(&self, name: &str) -> Option<Series<'_>> {
        if let Some(metric) = self.metrics.get(name) {
            return Some(Series { metric, part: "" });
        }
        ["_bucket", "_sum", "_count"].into_iter().find_map(|part| {
            let metric = self.metrics.get(name.strip_suffix(part)?)?;
            let has_it = match metric.kind {
                Kind::Histogram => true,
                Kind::Summary => part != "_bucket",
                Kind::Counter | Kind::Gauge => false,
            };
            has_it.then_some(Series { metric, part })
        })
    }

    /// The names that can stand in PromQL.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        self.metrics.values().flat_map(|metric| {
            let parts: &[&str] = match metric.kind {
                Kind::Histogram => &["_bucket", "_sum", "_count"],
                Kind::Summary => &["", "_sum", "_count"],
                Kind::Counter | Kind::Gauge => &[""],
            };
            parts.iter().map(|part| format!("{}{part}", metric.name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_histogram_are_counters_of_their_metric() {
        let registry = Registry::ours();
        let name = "http_request_duration_seconds_bucket";
        let series = registry.series(name).unwrap();
        assert_eq!(series.metric.name, "http_request_duration_seconds");
        assert!(series.is_counter());
        assert!(!registry.series("sightline_edge_vms").unwrap().is_counter());
        assert!(registry.series("sightline_edge_vms_count").is_none());
        assert!(registry.names().any(|known| known == name));
    }

    #[test]
    fn a_list_of_metrics_is_read_and_a_wrong_one_refused() {
        let mut registry = Registry::default();
        let list = "- {name: up, kind: gauge, unit: '1', labels: [], source: Prometheus}";
        registry.extend_from_yaml(list).unwrap();
        assert_eq!(registry.series("up").unwrap().metric.kind, Kind::Gauge);
        for wrong in ["- {name: up}", "- {name: up, kind: guage}", "up: gauge"] {
            assert!(registry.extend_from_yaml(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_list_of_other_peoples_metrics_is_readable() {
        let mut registry = Registry::ours();
        registry
            .extend_from_yaml(include_str!("../metrics.yaml"))
            .unwrap();
        assert!(registry.series("up").is_some());
    }
}
