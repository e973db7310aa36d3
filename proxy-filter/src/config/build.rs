//! What this build's host can't do: asked for, it is refused, so that nobody
//! waits for what never comes.

use super::problem::Problems;
use super::raw::{Access, Document};

/// Refuses options without effect.
pub fn check(document: &Document, problems: &mut Problems) {
    if document.metrics.envoy_stats && !cfg!(feature = "statistics") {
        problems.add(
            "metrics.envoy_stats",
            "this build of the filter has no statistics of the proxy",
        );
    }
    if cfg!(feature = "stream-properties") {
        return;
    }
    if matches!(document.logs.access, Access::Envoy | Access::Both) {
        problems.add(
            "logs.access",
            "this build of the filter can send log records only, `otlp`",
        );
    }
    if document.use_route_name {
        problems.add(
            "use_route_name",
            "this build of the filter knows no names of routes",
        );
    }
}
