//! What deployments are made of besides their own files: the shop's Envoy with the
//! names and ports that it has there, and the rules as Prometheus Operator takes them.

use std::fmt::Write as _;

use anyhow::Result;
use sightline_tests::shop;

use crate::site::Site;

pub const COMPOSE_EDGE: &str = "collector-config/deploy/compose/edge/envoy.yaml";
pub const KUBERNETES_EDGE: &str = "collector-config/deploy/kubernetes/envoy/envoy.yaml";
pub const KUBERNETES_RULES: &str = "collector-config/deploy/kubernetes/base/rules.yaml";
pub const CLUSTER_RULES: &str = "collector-config/deploy/kubernetes/cluster-rules/rules.yaml";
/// Rules about all of a cluster, which often has its own.
const OF_CLUSTER: [&str; 2] = ["infrastructure", "prometheus"];

pub fn compose_edge(_: &Site) -> Result<String> {
    edge(["web", "api", "collector"], "/etc/envoy")
}

pub fn kubernetes_edge(_: &Site) -> Result<String> {
    let hosts = ["web.shop", "api.shop", "otel-collector.observability"];
    edge(hosts, "/etc/envoy/filter")
}

/// Envoy in a container, behind one proxy that ends TLS. Its own log lines are left out:
/// the filter's say more. Of metrics there is no page for strangers: OTLP has them.
fn edge([web, api, collector]: [&str; 3], filter: &str) -> Result<String> {
    let filter = format!("{filter}/sightline_filter.wasm");
    let values = [
        ("ADMIN_PORT", "9901"),
        ("ADDRESS", "0.0.0.0"),
        ("PUBLIC_PORT", "8080"),
        ("INTERNAL_PORT", "8081"),
        ("WEB_HOST", web),
        ("WEB_PORT", "3000"),
        ("API_HOST", api),
        ("API_PORT", "8000"),
        ("COLLECTOR_HOST", collector),
        ("COLLECTOR_PORT", "4318"),
        ("BROWSER_PORT", "4319"),
        ("EXPORT_INTERVAL_MS", "5000"),
        ("PROXIES_IN_FRONT", "1"),
        ("ADDRESS_FROM", "x_forwarded_for"),
        ("PUBLIC_METRICS", "{}"),
        ("FILTER", &filter),
        ("PUBLIC_ACCESS_LOG", "/dev/null"),
        ("PUBLIC_REQUEST_LOG", "/dev/stdout"),
        ("INTERNAL_ACCESS_LOG", "/dev/null"),
        ("INTERNAL_REQUEST_LOG", "/dev/stdout"),
    ];
    let made = shop::envoy_config(&values.map(|(name, value)| (name, value.to_owned())))?;
    let (_, made) = made.split_once("\nadmin:").unwrap_or_default();
    Ok(format!(
        "# Made from examples/shop/envoy.yaml: change that, then run cargo xtask gen.\nadmin:{made}"
    ))
}

/// A PrometheusRule for each file of rules: of those about all of a cluster, or of the
/// others.
pub fn kubernetes_rules(rules: &[(String, String)], of_cluster: bool) -> String {
    let mut made = String::from("# Made from ../../../rules: run cargo xtask gen.\n");
    for (path, text) in rules {
        let Some(file) = path.strip_prefix("collector-config/rules/") else {
            continue;
        };
        let name = file.trim_end_matches(".yaml");
        if OF_CLUSTER.contains(&name) != of_cluster {
            continue;
        }
        let _ = write!(
            made,
            "---\napiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: sightline-{name}\nspec:\n"
        );
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let indent = if line.is_empty() { "" } else { "  " };
            let _ = writeln!(made, "{indent}{line}");
        }
    }
    made
}
