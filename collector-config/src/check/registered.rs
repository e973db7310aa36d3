//! Names against the registry: metrics, labels and bounds that nobody makes.

use std::collections::BTreeSet;

use promql_parser::label::MatchOp;
use promql_parser::parser::{Expr, VectorMatchCardinality};

use super::document::Rule;
use super::promql::{all, by, matchers, name, selectors};
use super::{Context, Found};
use crate::known::ENVIRONMENT;

/// What Prometheus makes itself.
const BUILT_IN: [&str; 8] = [
    "up",
    "ALERTS",
    "ALERTS_FOR_STATE",
    "scrape_duration_seconds",
    "scrape_samples_scraped",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "target_info",
];
/// Metrics that only we make; of these an unknown one is wrong in anybody's rules.
const OURS: [&str; 2] = ["sightline_edge_", "browser_web_vital_"];
/// Labels that come with the target, not with the metric.
const OF_TARGET: [&str; 21] = [
    ENVIRONMENT,
    "__name__",
    "job",
    "instance",
    "le",
    "quantile",
    "cluster",
    "namespace",
    "pod",
    "container",
    "node",
    "region",
    "zone",
    "environment",
    "env",
    "tenant",
    "prometheus",
    "replica",
    "service",
    "exported_job",
    "exported_instance",
];

/// Finds metrics that neither the registry nor these rules make.
pub fn unknown_metric(context: &Context, rule: &Rule, expr: &Expr) -> Found {
    let registry = &context.settings.registry;
    let is_asked = |name: &str| {
        let is_of_ours = OURS.iter().any(|prefix| name.starts_with(prefix))
            && registry.names().any(|known| shares_prefix(&known, name));
        context.settings.is_strict || is_of_ours
    };
    let named: BTreeSet<&str> = selectors(expr).into_iter().filter_map(name).collect();
    named
        .into_iter()
        .filter(|name| is_asked(name))
        .filter(|name| !BUILT_IN.contains(name) && !context.recorded.contains(name))
        .filter(|name| registry.series(name).is_none())
        .map(|name| {
            let recorded = context.recorded.iter().map(|name| (*name).to_owned());
            let near = registry
                .names()
                .chain(recorded)
                .map(|known| (distance(&known, name), known))
                .filter(|(distance, _)| *distance <= 1 + name.len() / 6)
                .min();
            let hint = near.map_or(String::new(), |(_, known)| {
                format!("; did you mean `{known}`?")
            });
            let message = format!("nobody makes `{name}`, so that this never fires{hint}");
            (rule.expr_line, message)
        })
        .collect()
}

/// Whether the registry has anything of that family at all.
fn shares_prefix(known: &str, name: &str) -> bool {
    OURS.iter()
        .any(|prefix| known.starts_with(prefix) && name.starts_with(prefix))
}

/// How many letters differ.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, to) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *to);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

/// Whether a name means the registry's metric: other people's `http_requests_total`
/// has other labels and other bounds.
fn is_meant(context: &Context, name: &str) -> bool {
    context.settings.is_strict || OURS.iter().any(|prefix| name.starts_with(prefix))
}

/// The labels of a metric, where the registry lists them.
fn labels_of<'a>(context: &'a Context, name: &str) -> Option<&'a [String]> {
    is_meant(context, name).then_some(())?;
    let series = context.settings.registry.series(name)?;
    series.metric.labels.as_deref()
}

/// Finds matchers and grouping by labels that the metric does not have.
pub fn unknown_label(context: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut found = Vec::new();
    for selector in selectors(expr) {
        let Some((name, labels)) =
            name(selector).and_then(|name| labels_of(context, name).map(|labels| (name, labels)))
        else {
            continue;
        };
        for matcher in matchers(selector) {
            let label = &matcher.name;
            if !labels.contains(label) && !OF_TARGET.contains(&label.as_str()) {
                let labels = told(labels);
                found.push((
                    rule.expr_line,
                    format!("`{name}` has no label `{label}` to match; it has {labels}"),
                ));
            }
        }
    }
    for inner in all(expr) {
        let Expr::Aggregate(aggregate) = inner else {
            continue;
        };
        let Some(labels) = labels_within(context, &aggregate.expr) else {
            continue;
        };
        for label in by(aggregate) {
            if !labels.contains(label) && !OF_TARGET.contains(&label.as_str()) {
                let labels = told(&labels.iter().cloned().collect::<Vec<_>>());
                found.push((
                    rule.expr_line,
                    format!(
                        "groups by `{label}`, a label that no series within has; they have {labels}"
                    ),
                ));
            }
        }
    }
    found
}

fn told(labels: &[String]) -> String {
    if labels.is_empty() {
        return "none but those of the target".to_owned();
    }
    labels.join(", ")
}

/// All labels that series of an expression can have, where that can be known.
fn labels_within(context: &Context, expr: &Expr) -> Option<BTreeSet<String>> {
    let makes_labels = all(expr).iter().any(|inner| match inner {
        Expr::Call(call) => matches!(call.func.name, "label_replace" | "label_join" | "info"),
        Expr::Aggregate(aggregate) => super::promql::aggregation(aggregate) == "count_values",
        Expr::Binary(binary) => binary.modifier.as_ref().is_some_and(|modifier| {
            matches!(
                modifier.card,
                VectorMatchCardinality::ManyToOne(_) | VectorMatchCardinality::OneToMany(_)
            )
        }),
        _ => false,
    });
    if makes_labels {
        return None;
    }
    let mut labels = BTreeSet::new();
    for selector in selectors(expr) {
        labels.extend(labels_of(context, name(selector)?)?.iter().cloned());
    }
    Some(labels)
}

/// Finds buckets at no bound of their histogram.
pub fn not_a_bound(context: &Context, rule: &Rule, expr: &Expr) -> Found {
    let mut found = Vec::new();
    for selector in selectors(expr) {
        let name = name(selector).filter(|name| is_meant(context, name));
        let series = name.and_then(|name| context.settings.registry.series(name));
        let Some(series) = series.filter(|series| series.part == "_bucket") else {
            continue;
        };
        let Some(bounds) = &series.metric.bounds else {
            continue;
        };
        let written = matchers(selector)
            .filter(|matcher| matcher.name == "le" && matches!(matcher.op, MatchOp::Equal));
        for matcher in written {
            let value = matcher.value.as_str();
            let as_number = value.parse::<f64>().ok();
            if value == "+Inf" || bounds.iter().any(|bound| bound.to_string() == value) {
                continue;
            }
            let is_other_text = as_number.is_some_and(|number| bounds.contains(&number));
            let listed: Vec<String> = bounds.iter().map(f64::to_string).collect();
            let metric = &series.metric.name;
            let message = if is_other_text {
                let text = as_number.unwrap_or_default();
                format!("`le=\"{value}\"`: `{metric}` writes this bound as \"{text}\"")
            } else {
                let listed = listed.join(", ");
                format!("`le=\"{value}\"` is no bound of `{metric}`; they are {listed}")
            };
            found.push((rule.expr_line, message));
        }
    }
    found
}
