//! The sampling rules of a document, resolved. How they decide is
//! [`crate::sampling`].

use super::problem::Problems;
use super::raw::{self, limits};
use super::templates;
use crate::sampling::{Sampler, Sampling};
use sightline_core::sampling::Ratio;
use std::collections::BTreeMap;

pub fn resolve(trace: &raw::Trace, problems: &mut Problems) -> Option<Sampling> {
    let every_nanos = trace.max_per_second.map(|per_second| {
        let (low, high) = limits::MAX_PER_SECOND;
        if !(low..=high).contains(&per_second) {
            let message = format!("must be between {low} and {high}, got {per_second}");
            problems.add("trace.max_per_second", message);
        }
        (1e9 / per_second) as u64
    });
    let sampler = |ratio| Sampler::new(ratio, every_nanos.is_none());
    let default = ratio("trace.sample_ratio", trace.sample_ratio, problems).map(sampler);
    let mut by_route = BTreeMap::new();
    let mut texts = Vec::with_capacity(trace.routes.len());
    for (at, rule) in trace.routes.iter().enumerate() {
        let path = |field: &str| format!("trace.routes[{at}].{field}");
        let route = rule.route.clone();
        if route.is_none() {
            problems.add(
                path("route"),
                "is required: a template such as \"/checkout\"",
            );
        }
        let ratio = match rule.sample_ratio {
            Some(share) => ratio(path("sample_ratio"), share, problems),
            None => {
                problems.add(path("sample_ratio"), "is required: a share from 0 to 1");
                None
            }
        };
        if let (Some(route), Some(ratio)) = (&route, ratio) {
            by_route.insert(route.clone(), sampler(ratio));
        }
        texts.push(route.unwrap_or_default());
    }
    let routes = templates("trace.routes", ".route", &texts, problems);
    Some(Sampling {
        default: default?,
        routes: routes?,
        by_route,
        every_nanos,
    })
}

fn ratio(path: impl Into<String>, share: f64, problems: &mut Problems) -> Option<Ratio> {
    let ratio = Ratio::new(share);
    if ratio.is_none() {
        problems.add(path, format!("must be between 0 and 1, got {share}"));
    }
    ratio
}
