//! Counters of the operator, resolved.

use super::is_header_name;
use super::problem::Problems;
use super::raw::{self, limits};
use crate::business_counter::{BusinessCounter, Statuses, name_problem};
use sightline_core::names::{KNOWN_METHODS, METHOD_OTHER};

/// The counters that are good; a document with others is refused.
pub fn resolve(raw: Vec<raw::Counter>, problems: &mut Problems) -> Vec<BusinessCounter> {
    if raw.len() > limits::COUNTERS {
        let message = format!(
            "must be at most {} counters, got {}",
            limits::COUNTERS,
            raw.len()
        );
        problems.add("metrics.counters", message);
        return Vec::new();
    }
    let counters = raw.into_iter().enumerate();
    counters
        .filter_map(|(at, raw)| resolve_one(at, raw, problems))
        .collect()
}

fn resolve_one(at: usize, raw: raw::Counter, problems: &mut Problems) -> Option<BusinessCounter> {
    let path = |member: &str| format!("metrics.counters[{at}].{member}");
    let Some(name) = raw.name else {
        problems.add(
            path("name"),
            "is required: the metric, such as \"orders_placed_total\"",
        );
        return None;
    };
    if let Some(problem) = name_problem(&name) {
        problems.add(path("name"), problem);
    }
    let is_method = |method: &str| KNOWN_METHODS.contains(&method) || method == METHOD_OTHER;
    if raw
        .method
        .as_deref()
        .is_some_and(|method| !is_method(method))
    {
        let known = KNOWN_METHODS.join(", ");
        problems.add(
            path("method"),
            format!("must be one of {known}, {METHOD_OTHER}"),
        );
    }
    if raw.route.as_deref().is_some_and(str::is_empty) {
        problems.add(path("route"), "must not be empty");
    }
    if raw.status.is_empty() {
        problems.add(path("status"), "must name at least one status");
    }
    let mut statuses = Vec::new();
    for (nth, text) in raw.status.iter().enumerate() {
        match Statuses::parse(text) {
            Some(parsed) => statuses.push(parsed),
            None => problems.add(
                format!("{}[{nth}]", path("status")),
                "must be a status such as \"201\", or a class such as \"2xx\"",
            ),
        }
    }
    let sum_header = raw.sum_header.map(|header| header.to_ascii_lowercase());
    if sum_header
        .as_deref()
        .is_some_and(|header| !is_header_name(header))
    {
        problems.add(path("sum_header"), "must be the name of a header");
    }
    Some(BusinessCounter {
        name,
        method: raw.method,
        route: raw.route,
        statuses,
        sum_header,
    })
}
