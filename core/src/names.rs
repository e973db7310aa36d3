//! Every name that code, rules, dashboards and configuration share: metrics,
//! their labels, and attributes beyond the ones that a single file uses.
//! Attribute names are OpenTelemetry's
//! ([semantic conventions](https://opentelemetry.io/docs/specs/semconv/)).

/// Counter of finished requests at the edge, by [`METHOD`], [`ENDPOINT`] and [`STATUS_CODE`].
pub const HTTP_REQUESTS: &str = "http_requests_total";
/// Histogram of request durations in seconds, by [`METHOD`] and [`ENDPOINT`].
pub const HTTP_REQUEST_DURATION: &str = "http_request_duration_seconds";
/// Gauge of requests that have begun and not ended, by [`METHOD`] and [`ENDPOINT`].
pub const HTTP_REQUESTS_IN_PROGRESS: &str = "http_requests_in_progress";

/// Names of what became of a signal's items: at any time, `produced` is
/// `exported` + `dropped` + `queued`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FlowNames {
    /// Items that the filter made.
    pub produced: &'static str,
    /// Items that a collector acknowledged.
    pub exported: &'static str,
    /// Items given up, by [`REASON`].
    pub dropped: &'static str,
    /// Items that wait.
    pub queued: &'static str,
}

/// Spans.
pub const EDGE_SPANS: FlowNames = FlowNames {
    produced: "sightline_edge_spans_produced_total",
    exported: "sightline_edge_spans_exported_total",
    dropped: "sightline_edge_spans_dropped_total",
    queued: "sightline_edge_spans_queued",
};
/// Log records for a collector. Lines for the proxy's own log are its concern.
pub const EDGE_LOG_RECORDS: FlowNames = FlowNames {
    produced: "sightline_edge_log_records_produced_total",
    exported: "sightline_edge_log_records_exported_total",
    dropped: "sightline_edge_log_records_dropped_total",
    queued: "sightline_edge_log_records_queued",
};
/// Metric points, which are made when they are sent.
pub const EDGE_METRIC_POINTS: FlowNames = FlowNames {
    produced: "sightline_edge_metric_points_produced_total",
    exported: "sightline_edge_metric_points_exported_total",
    dropped: "sightline_edge_metric_points_dropped_total",
    queued: "sightline_edge_metric_points_queued",
};
/// Successful requests that sampling left out of the log.
pub const EDGE_LOGS_SAMPLED_OUT: &str = "sightline_edge_logs_sampled_out_total";
/// Exports that failed, by [`REASON`]; a failed export is tried again.
pub const EDGE_EXPORT_FAILURES: &str = "sightline_edge_export_failures_total";
/// Requests counted under [`OTHER`] because the series budget was used up.
pub const EDGE_SERIES_OVERFLOW: &str = "sightline_edge_series_overflow_total";

/// Values of [`REASON`].
pub mod reason {
    /// It came when the queue was full.
    pub const QUEUE_FULL: &str = "queue_full";
    /// The receiver refused it for good.
    pub const REJECTED: &str = "rejected";
    /// It was not delivered, and a later export says the same and newer.
    pub const SUPERSEDED: &str = "superseded";
    /// It still waited when its worker shut down.
    pub const SHUTDOWN: &str = "shutdown";
    /// It waited in a worker that was not heard of again.
    pub const WORKER_LOST: &str = "worker_lost";
    /// No answer came: no such cluster, no connection, or none in time.
    pub const UNREACHABLE: &str = "unreachable";
    /// The receiver asked for patience (429).
    pub const THROTTLED: &str = "throttled";
    /// The receiver, or a proxy before it, answered 502, 503 or 504.
    pub const UNAVAILABLE: &str = "unavailable";
}

/// Label: request method, or [`METHOD_OTHER`].
pub const METHOD: &str = "method";
/// Label: route template.
pub const ENDPOINT: &str = "endpoint";
/// Label: response status code; `0` where no response was ever sent.
pub const STATUS_CODE: &str = "status_code";
/// Label: why something was dropped or failed.
pub const REASON: &str = "reason";

/// The route of requests beyond the series budget.
pub const OTHER: &str = "_other";
/// The route of requests that ended before the filter saw a path, such as
/// malformed ones that the proxy itself refused.
pub const UNKNOWN: &str = "_unknown";
/// `error.type` of a request that ended without a response.
pub const NO_RESPONSE: &str = "no_response";
/// Attribute of an edge span that was exported though its trace is not
/// sampled: why, [`keep::ERROR`] or [`keep::SLOW`]. Such spans are no sample
/// that could be counted up.
pub const EDGE_KEPT_FOR: &str = "sightline.edge.kept_for";
/// Values of [`EDGE_KEPT_FOR`].
pub mod keep {
    /// A status of 500 or more, or no response.
    pub const ERROR: &str = "error";
    /// It took longer than the operator's threshold.
    pub const SLOW: &str = "slow";
}

/// The method of requests whose method is not a known one.
pub const METHOD_OTHER: &str = "_OTHER";

/// Methods counted by name (RFC 9110 and PATCH), as the conventions list them.
pub const KNOWN_METHODS: [&str; 9] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE",
];

/// The method as a label or attribute may carry it.
pub fn known_method(method: &[u8]) -> &'static str {
    let known = KNOWN_METHODS
        .iter()
        .find(|known| known.as_bytes() == method);
    known.copied().unwrap_or(METHOD_OTHER)
}

/// Instrumentation scope of the filter.
pub const EDGE_SCOPE: &str = "sightline.edge";
/// Instrumentation scope of the browser SDK.
pub const BROWSER_SCOPE: &str = "sightline.browser";

/// `Server-Timing` metric name that Splunk, Grafana Faro and OpenTelemetry's
/// document-load instrumentation read.
pub const SERVER_TIMING_TRACEPARENT: &str = "traceparent";
/// The name in the editor's draft of
/// [W3C Trace Context](https://w3c.github.io/trace-context/#trace-context-metric).
pub const SERVER_TIMING_TRACE: &str = "trace";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_outside_the_set_are_other() {
        assert_eq!(known_method(b"GET"), "GET");
        for method in [&b"get"[..], b"PURGE", b"", b"\xff"] {
            assert_eq!(known_method(method), METHOD_OTHER);
        }
    }
}
