//! The tables of metrics, from `core/src/metric.rs`.

use crate::site::Site;
use anyhow::Result;
use sightline_core::metric::{self, Metric};

/// Those of the edge.
pub fn edge(_: &Site) -> Result<String> {
    Ok(table(metric::EDGE))
}

/// Those of pages.
pub fn browser(_: &Site) -> Result<String> {
    Ok(table(metric::BROWSER))
}

/// Those of the ledger.
pub fn ledger(_: &Site) -> Result<String> {
    Ok(table(metric::LEDGER))
}

fn table(metrics: &[Metric]) -> String {
    let mut table = "| metric | labels | what it is |\n|---|---|---|\n".to_owned();
    for metric in metrics {
        let labels = metric.labels.iter().map(|label| {
            let values = metric::values_of(metric, label);
            let values: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
            match values.is_empty() {
                true => format!("`{label}`"),
                false => format!("`{label}`: {}", values.join(", ")),
            }
        });
        let labels: Vec<_> = labels.collect();
        table += &format!(
            "| `{}` | {} | {} |\n",
            metric.name,
            labels.join(", "),
            metric.help
        );
    }
    table
}
