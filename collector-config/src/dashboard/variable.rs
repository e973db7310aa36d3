//! What a person chooses above the panels. A dashboard has those that its queries
//! and links mention, in this order, so that none is missing and none does nothing.

use super::promql::environment;
use crate::known::ENVIRONMENT;
use serde_json::{Value, json};

/// A variable.
pub struct Variable {
    /// Its name in queries.
    pub name: &'static str,
    label: &'static str,
    source: Source,
}

enum Source {
    /// A data source of this kind.
    Datasource(&'static str),
    /// Values of a label.
    Label {
        series: &'static str,
        label: &'static str,
    },
    /// The services of a dashboard that are in the chosen environments, or in none.
    Services,
}

/// The data source that all PromQL goes to.
pub const DATASOURCE: &str = "datasource";

/// All of them.
pub const ALL: [Variable; 7] = [
    Variable {
        name: DATASOURCE,
        label: "Metrics",
        source: Source::Datasource("prometheus"),
    },
    Variable {
        name: "logs",
        label: "Logs",
        source: Source::Datasource("loki"),
    },
    Variable {
        name: "traces",
        label: "Traces",
        source: Source::Datasource("jaeger"),
    },
    Variable {
        name: "environment",
        label: "Environment",
        source: Source::Label {
            series: "target_info",
            label: ENVIRONMENT,
        },
    },
    Variable {
        name: "job",
        label: "Service",
        source: Source::Services,
    },
    Variable {
        name: "release",
        label: "Release",
        source: Source::Label {
            series: "browser_views_total{job=~\"$job\"}",
            label: "service_version",
        },
    },
    Variable {
        name: "instance",
        label: "Instance",
        source: Source::Label {
            series: "up{job=~\"$job\"}",
            label: "instance",
        },
    },
];

impl Variable {
    /// Whether a text mentions it.
    pub fn is_in(&self, text: &str) -> bool {
        let plain = format!("${}", self.name);
        let is_plain = text.match_indices(&plain).any(|(at, _)| {
            let rest = text.get(at + plain.len()..).unwrap_or_default();
            !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_')
        });
        is_plain
            || text.contains(&format!("${{{}}}", self.name))
            || text.contains(&format!("${{{}:", self.name))
    }

    /// Queries of its own.
    pub fn query(&self, services: &[&str]) -> String {
        match self.source {
            Source::Datasource(_) => String::new(),
            Source::Label { series, label } => format!("label_values({series}, {label})"),
            Source::Services => {
                let chosen = environment();
                let told = |series| format!("last_over_time({series}{{{chosen}}}[$__range])");
                let told: Vec<_> = services.iter().map(told).collect();
                format!("query_result(group by (job) ({}))", told.join(" or "))
            }
        }
    }

    /// As Grafana has it.
    pub fn json(&self, services: &[&str]) -> Value {
        let (name, label) = (self.name, self.label);
        if let Source::Datasource(kind) = self.source {
            return json!({"type": "datasource", "name": name, "label": label, "query": kind, "refresh": 1});
        }
        let query = self.query(services);
        let mut variable = json!({
            "type": "query", "name": name, "label": label,
            "datasource": {"type": "prometheus", "uid": format!("${{{DATASOURCE}}}")},
            "query": {"query": query, "refId": name},
            // Anew whenever the time changes.
            "refresh": 2, "sort": 1, "multi": true, "includeAll": true,
            "current": {"text": ["All"], "value": ["$__all"]},
        });
        if matches!(self.source, Source::Services) {
            variable["regex"] = json!("/job=\"([^\"]+)\"/");
        } else {
            // Also what has no such label.
            variable["allValue"] = json!(".*");
        }
        variable
    }
}
