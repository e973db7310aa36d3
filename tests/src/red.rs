//! RED totals as the different witnesses tell them: the filter's OpenMetrics
//! page, Prometheus, Envoy's own access log.

use crate::open_metrics::{self, Form};
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::path::Path;

/// Finished requests by method, route and status.
pub type Requests = BTreeMap<(String, String, u16), u64>;

/// One sample of a metrics page or of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric, with its suffix.
    pub name: String,
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The value.
    pub value: f64,
}

impl Sample {
    /// A label; empty where it has none of that name.
    pub fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// The samples of a page in OpenMetrics or Prometheus text format, one by one;
/// whether the page is good as a whole is [`open_metrics::read`]'s part.
pub fn parse_page(page: &str) -> Result<Vec<Sample>> {
    let lines = page
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let sample = open_metrics::sample(line, Form::OpenMetrics);
            sample
                .map(Sample::from)
                .with_context(|| format!("bad sample: {line}"))
        })
        .collect()
}

impl From<open_metrics::Sample> for Sample {
    /// Without its exemplar.
    fn from(sample: open_metrics::Sample) -> Self {
        Self {
            name: sample.name,
            labels: sample.labels.into_iter().collect(),
            value: sample.value,
        }
    }
}

/// The requests counted, from samples of `http_requests_total`.
pub fn requests(samples: &[Sample]) -> Requests {
    let mut counts = Requests::new();
    for sample in samples
        .iter()
        .filter(|sample| sample.name == "http_requests_total")
    {
        let status = sample.label("status_code").parse().unwrap_or_default();
        let key = (
            sample.label("method").to_owned(),
            sample.label("endpoint").to_owned(),
            status,
        );
        *counts.entry(key).or_default() += sample.value as u64;
    }
    counts.retain(|_, count| *count > 0);
    counts
}

/// The sum over all samples of a name.
pub fn total(samples: &[Sample], name: &str) -> f64 {
    let of_name = samples.iter().filter(|sample| sample.name == name);
    of_name.map(|sample| sample.value).sum()
}

/// The requests in Envoy's access log whose path `counts`, each under the
/// route that `route_of` gives its path.
pub fn requests_logged(
    log: &Path,
    counts: impl Fn(&str) -> bool,
    route_of: impl Fn(&str) -> String,
) -> Result<Requests> {
    let text = std::fs::read_to_string(log).with_context(|| format!("read {}", log.display()))?;
    let mut requests = Requests::new();
    for line in text.lines() {
        let entry: serde_json::Value = serde_json::from_str(line)?;
        let text = |key: &str| entry[key].as_str().unwrap_or_default();
        let path = text("path");
        if !counts(path) {
            continue;
        }
        let status = entry["status"]
            .as_u64()
            .and_then(|status| u16::try_from(status).ok());
        let key = (
            text("method").to_owned(),
            route_of(path),
            status.unwrap_or_default(),
        );
        *requests.entry(key).or_default() += 1;
    }
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_labels_with_escapes_and_skips_exemplars() {
        let page = "# TYPE a counter\na_total{b=\"x\\\"}\\n\",c=\"\"} 3 # {trace_id=\"1\"} 1\nup 1\n# EOF\n";
        let samples = parse_page(page).unwrap();
        assert_eq!(samples.len(), 2);
        assert_eq!(samples[0].label("b"), "x\"}\n");
        assert_eq!((samples[0].value, samples[1].value), (3.0, 1.0));
    }

    #[test]
    fn refuses_what_is_no_sample() {
        for line in ["a{b=\"c} 1", "a", "a{b} 1", "a{b=\"c\"} x"] {
            assert!(parse_page(line).is_err(), "{line}");
        }
    }
}
