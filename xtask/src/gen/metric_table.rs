//! The table of the edge's metrics, from `core/src/metric.rs`.

use crate::site::Site;
use anyhow::Result;
use sightline_core::metric;

/// The table.
pub fn make(_: &Site) -> Result<String> {
    let mut table = "| metric | labels | what it is |\n|---|---|---|\n".to_owned();
    for metric in metric::EDGE {
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
    Ok(table)
}
