//! The metrics of the edge, of pages and of the ledger: name, kind, unit, labels and meaning of each, in
//! one place, for all ways out, for documents and for rules.

use crate::names::{
    ENDPOINT, ERROR_TYPE, EXCEPTION_TYPE, METHOD, MOBILE, NAVIGATION_TYPE, PREFIX, PROBE, REASON,
    RESULT, SERVICE_VERSION, SIGNAL, STATUS_CODE, URL_TEMPLATE_LABEL, VERSION, error, ingest,
    reason, signal,
};

/// What kind of numbers a metric has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A sum that only grows.
    Counter,
    /// A value as it is now.
    Gauge,
    /// Counts by size, and their sum.
    Histogram,
}

/// A metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The name, on every way out.
    pub name: &'static str,
    /// The kind.
    pub kind: Kind,
    /// The unit by [UCUM](https://ucum.org), as OTLP carries it.
    pub unit: &'static str,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, in one sentence.
    pub help: &'static str,
}

macro_rules! metrics {
    ($(#[$of:meta])* $all:ident: $($(#[$doc:meta])* $id:ident = $kind:ident $name:literal $unit:literal [$($label:expr),*] $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $id: Metric = Metric {
                name: $name,
                kind: Kind::$kind,
                unit: $unit,
                labels: &[$($label),*],
                help: $help,
            };
        )*
        $(#[$of])*
        pub const $all: &[Metric] = &[$($id),*];
    };
}

metrics! {
    /// The metrics of the edge.
    EDGE:
    HTTP_REQUESTS = Counter "http_requests_total" "{request}" [METHOD, ENDPOINT, STATUS_CODE]
        "Finished requests; status 0 is no response.";
    HTTP_REQUEST_DURATION = Histogram "http_request_duration_seconds" "s" [METHOD, ENDPOINT]
        "Time from a request's first byte to its end, in seconds.";
    HTTP_REQUESTS_IN_PROGRESS = Gauge "http_requests_in_progress" "{request}" [METHOD, ENDPOINT]
        "Requests that have begun and not ended.";
    HTTP_REQUEST_BYTES = Counter "http_request_bytes_total" "By" [METHOD, ENDPOINT]
        "Bytes of request bodies.";
    HTTP_RESPONSE_BYTES = Counter "http_response_bytes_total" "By" [METHOD, ENDPOINT]
        "Bytes of response bodies that were sent.";
    ERRORS = Counter "errors_total" "{request}" [ERROR_TYPE]
        "Requests that failed, each under one type.";
    SPANS_PRODUCED = Counter "sightline_edge_spans_produced_total" "{span}" []
        "Spans that the filter made.";
    SPANS_EXPORTED = Counter "sightline_edge_spans_exported_total" "{span}" []
        "Spans that a receiver acknowledged.";
    SPANS_DROPPED = Counter "sightline_edge_spans_dropped_total" "{span}" [REASON]
        "Spans that were given up.";
    SPANS_QUEUED = Gauge "sightline_edge_spans_queued" "{span}" []
        "Spans that wait.";
    LOG_RECORDS_PRODUCED = Counter "sightline_edge_log_records_produced_total" "{record}" []
        "Log records for a receiver that the filter made.";
    LOG_RECORDS_EXPORTED = Counter "sightline_edge_log_records_exported_total" "{record}" []
        "Log records for a receiver that a receiver acknowledged.";
    LOG_RECORDS_DROPPED = Counter "sightline_edge_log_records_dropped_total" "{record}" [REASON]
        "Log records for a receiver that were given up.";
    LOG_RECORDS_QUEUED = Gauge "sightline_edge_log_records_queued" "{record}" []
        "Log records for a receiver that wait.";
    POINTS_PRODUCED = Counter "sightline_edge_metric_points_produced_total" "{point}" []
        "Metric points that the filter made in order to send them.";
    POINTS_EXPORTED = Counter "sightline_edge_metric_points_exported_total" "{point}" []
        "Metric points that a receiver acknowledged.";
    POINTS_DROPPED = Counter "sightline_edge_metric_points_dropped_total" "{point}" [REASON]
        "Metric points that were given up.";
    POINTS_QUEUED = Gauge "sightline_edge_metric_points_queued" "{point}" []
        "Metric points that wait for an answer.";
    LOGS_SAMPLED_OUT = Counter "sightline_edge_logs_sampled_out_total" "{request}" []
        "Successful requests that sampling left out of the log.";
    EXPORT_FAILURES = Counter "sightline_edge_export_failures_total" "{request}" [REASON]
        "Exports that failed; one that may succeed later is tried again.";
    EXPORT_LAG = Gauge "sightline_edge_export_lag_seconds" "s" [SIGNAL]
        "Age of the oldest span or log record that waits; of metrics the time since they were acknowledged last.";
    SERIES = Gauge "sightline_edge_series" "{series}" []
        "Pairs of method and route that are kept.";
    SERIES_LIMIT = Gauge "sightline_edge_series_limit" "{series}" []
        "The most pairs of method and route; templates of the operator always have a place.";
    SERIES_OVERFLOW = Counter "sightline_edge_series_overflow_total" "{request}" []
        "Requests counted under _other, because the series were used up.";
    SERIES_OVERFLOW_BY_PREFIX = Counter "sightline_edge_series_overflow_by_prefix_total" "{request}" [PREFIX]
        "About how many of them there were below a path, of the ten that had the most; empty for names of Envoy's routes.";
    VALUES_REJECTED = Counter "sightline_edge_values_rejected_total" "{request}" []
        "Requests that a counter of the operator left out, because the header to add was no number.";
    INGEST_REQUESTS = Counter "sightline_edge_ingest_requests_total" "{request}" [RESULT]
        "Requests with which pages send telemetry, by what became of them.";
    VMS = Gauge "sightline_edge_vms" "{vm}" []
        "VMs of the filter heard of in the last 10 seconds: one for each of Envoy's workers and one for its main thread.";
    VMS_LOST = Counter "sightline_edge_vms_lost_total" "{vm}" []
        "VMs of the filter that fell silent, for 10 seconds and without a goodbye.";
    VMS_MISSING = Gauge "sightline_edge_vms_missing" "{vm}" []
        "VMs of the filter that fell silent and that no new one has replaced.";
    HEARTBEAT_AGE = Gauge "sightline_edge_heartbeat_age_seconds" "s" []
        "Time since the VM that was silent for longest was heard of.";
    PROBE_UP = Gauge "sightline_edge_probe_up" "{probe}" [PROBE]
        "Whether a dependency that the edge asks for its health is well: 1, or 0.";
    BUILD_INFO = Gauge "sightline_edge_build_info" "{build}" [VERSION]
        "Always 1; the label says which build of the filter runs.";
}

metrics! {
    /// The metrics of pages, as Prometheus has them.
    BROWSER:
    WEB_VITAL_LCP = Histogram "browser_web_vital_lcp_seconds" "s" [URL_TEMPLATE_LABEL, NAVIGATION_TYPE, SERVICE_VERSION, MOBILE]
        "Views by Largest Contentful Paint, in seconds.";
    WEB_VITAL_INP = Histogram "browser_web_vital_inp_seconds" "s" [URL_TEMPLATE_LABEL, NAVIGATION_TYPE, SERVICE_VERSION, MOBILE]
        "Views by Interaction to Next Paint, in seconds.";
    WEB_VITAL_CLS = Histogram "browser_web_vital_cls" "1" [URL_TEMPLATE_LABEL, NAVIGATION_TYPE, SERVICE_VERSION, MOBILE]
        "Views by Cumulative Layout Shift.";
    WEB_VITAL_FCP = Histogram "browser_web_vital_fcp_seconds" "s" [URL_TEMPLATE_LABEL, NAVIGATION_TYPE, SERVICE_VERSION, MOBILE]
        "Views by First Contentful Paint, in seconds.";
    WEB_VITAL_TTFB = Histogram "browser_web_vital_ttfb_seconds" "s" [URL_TEMPLATE_LABEL, NAVIGATION_TYPE, SERVICE_VERSION, MOBILE]
        "Views by Time to First Byte, in seconds.";
    BROWSER_VIEWS = Counter "browser_views_total" "{view}" [URL_TEMPLATE_LABEL, SERVICE_VERSION, MOBILE]
        "Views of pages, as far as their first byte is known.";
    BROWSER_EXCEPTIONS = Counter "browser_exceptions_total" "{exception}" [EXCEPTION_TYPE, URL_TEMPLATE_LABEL, SERVICE_VERSION, MOBILE]
        "Errors that pages told, each different one once a page; without resources that failed and the console.";
}

metrics! {
    /// What the collector has counted since it wrote last, by service, all pages as
    /// `browser`: to be added up over a time (`sum_over_time`).
    LEDGER:
    COLLECTOR_SPANS_ACCEPTED = Gauge "sightline_collector_spans_accepted" "{span}" []
        "Spans that came out of the queues on disk.";
    COLLECTOR_SPANS_KEPT = Gauge "sightline_collector_spans_kept" "{span}" []
        "Spans of these that sampling kept.";
    COLLECTOR_LOG_RECORDS_ACCEPTED = Gauge "sightline_collector_log_records_accepted" "{log_record}" []
        "Log records that came out of the queues on disk.";
    COLLECTOR_METRIC_POINTS_ACCEPTED = Gauge "sightline_collector_metric_points_accepted" "{data_point}" []
        "Metric points that came out of the queues on disk; without those that the collector makes.";
}

/// Metrics of the
/// [HTTP conventions](https://opentelemetry.io/docs/specs/semconv/http/http-metrics/)
/// that take the place of some of [`EDGE`] in OTLP where the operator wants them.
pub mod conventional {
    use super::{Kind, Metric};

    const ATTRIBUTES: &[&str] = &[
        "http.request.method",
        "url.scheme",
        "http.route",
        "http.response.status_code",
        "error.type",
        "network.protocol.version",
    ];

    /// In place of `http_requests_total`, `http_request_duration_seconds` and `errors_total`.
    pub const REQUEST_DURATION: Metric = Metric {
        name: "http.server.request.duration",
        kind: Kind::Histogram,
        unit: "s",
        labels: ATTRIBUTES,
        help: "Duration of HTTP server requests.",
    };
    /// In place of `http_request_bytes_total`: count and sum, without buckets.
    pub const REQUEST_BODY_SIZE: Metric = Metric {
        name: "http.server.request.body.size",
        kind: Kind::Histogram,
        unit: "By",
        labels: ATTRIBUTES,
        help: "Size of HTTP server request bodies.",
    };
    /// In place of `http_response_bytes_total`: count and sum, without buckets.
    pub const RESPONSE_BODY_SIZE: Metric = Metric {
        name: "http.server.response.body.size",
        kind: Kind::Histogram,
        unit: "By",
        labels: ATTRIBUTES,
        help: "Size of HTTP server response bodies.",
    };
}

/// Values that a label can have, where there are few.
pub fn values_of(metric: &Metric, label: &str) -> &'static [&'static str] {
    match (metric.name, label) {
        (_, SIGNAL) => &signal::ALL,
        (_, ERROR_TYPE) => &error::TYPES,
        (name, REASON) if name == EXPORT_FAILURES.name => &reason::FAILURES,
        (_, REASON) => &reason::DROPS,
        (_, RESULT) => &ingest::RESULTS,
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn names_follow_the_rules_of_prometheus() {
        let mut seen = alloc::vec::Vec::<&str>::new();
        for metric in EDGE.iter().chain(BROWSER).chain(LEDGER) {
            let name = metric.name;
            assert!(!seen.contains(&name), "{name} twice");
            seen.push(name);
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(name.chars().all(fits), "{name}");
            assert_eq!(
                name.ends_with("_total"),
                metric.kind == Kind::Counter,
                "{name}"
            );
            let suffix: Option<String> = match metric.unit {
                "s" => Some("_seconds".into()),
                "By" => Some("_bytes".into()),
                _ => None,
            };
            if let Some(suffix) = suffix {
                assert!(name.trim_end_matches("_total").ends_with(&suffix), "{name}");
            }
            // The collector would call such a gauge `…_ratio` in Prometheus.
            let is_renamed = metric.kind == Kind::Gauge && metric.unit == "1";
            assert!(!is_renamed, "{name}");
            assert!(metric.help.ends_with('.'), "{name}");
        }
    }

    #[test]
    fn bounded_labels_list_their_values() {
        assert!(values_of(&ERRORS, ERROR_TYPE).contains(&error::TIMEOUT));
        assert!(values_of(&EXPORT_FAILURES, REASON).contains(&reason::THROTTLED));
        assert!(values_of(&SPANS_DROPPED, REASON).contains(&reason::QUEUE_FULL));
        assert!(values_of(&INGEST_REQUESTS, RESULT).contains(&ingest::RATE_LIMITED));
        assert!(values_of(&HTTP_REQUESTS, METHOD).is_empty());
    }
}
