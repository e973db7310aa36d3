//! Every name that code, rules, dashboards and configuration share: labels of
//! metrics and their values, and attributes beyond the ones that a single file
//! uses. The metrics themselves stand in [`crate::metric`].
//! Attribute names are OpenTelemetry's
//! ([semantic conventions](https://opentelemetry.io/docs/specs/semconv/)).

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

    /// Why something is given up.
    pub const DROPS: [&str; 5] = [QUEUE_FULL, REJECTED, SUPERSEDED, SHUTDOWN, WORKER_LOST];
    /// Why an export fails.
    pub const FAILURES: [&str; 4] = [UNREACHABLE, THROTTLED, UNAVAILABLE, REJECTED];
}

/// Values of [`RESULT`].
pub mod ingest {
    /// It was passed on.
    pub const ACCEPTED: &str = "accepted";
    /// A browser asked beforehand whether its page may send (204).
    pub const PREFLIGHT: &str = "preflight";
    /// There is nothing at that path (404).
    pub const NOT_FOUND: &str = "not_found";
    /// The method was not POST (405).
    pub const METHOD: &str = "method";
    /// It came from a page of somebody else, or from no page (403).
    pub const ORIGIN: &str = "origin";
    /// It was no OTLP (415).
    pub const CONTENT_TYPE: &str = "content_type";
    /// It was encoded otherwise than by gzip (415).
    pub const CONTENT_ENCODING: &str = "content_encoding";
    /// It did not say how long it is (411).
    pub const NO_LENGTH: &str = "no_length";
    /// It was too long (413).
    pub const TOO_LARGE: &str = "too_large";
    /// Its client had sent too much before (429).
    pub const RATE_LIMITED: &str = "rate_limited";

    /// What becomes of telemetry that pages send.
    pub const RESULTS: [&str; 10] = [
        ACCEPTED,
        PREFLIGHT,
        NOT_FOUND,
        METHOD,
        ORIGIN,
        CONTENT_TYPE,
        CONTENT_ENCODING,
        NO_LENGTH,
        TOO_LARGE,
        RATE_LIMITED,
    ];
}

/// Values of [`ERROR_TYPE`], and of `error.type` where it is no status. What
/// the proxy says of a request goes before its status.
pub mod error {
    /// The upstream could not be connected to.
    pub const CONNECT_FAILURE: &str = "connect_failure";
    /// The upstream's name could not be resolved.
    pub const DNS_FAILURE: &str = "dns_failure";
    /// No upstream was healthy.
    pub const NO_HEALTHY_UPSTREAM: &str = "no_healthy_upstream";
    /// The proxy has no route or no cluster for it.
    pub const NO_ROUTE: &str = "no_route";
    /// The upstream, or the request as a whole, took too long.
    pub const TIMEOUT: &str = "timeout";
    /// The connection to the upstream broke off.
    pub const RESET: &str = "reset";
    /// A peer broke the rules of HTTP.
    pub const PROTOCOL_ERROR: &str = "protocol_error";
    /// A circuit breaker was open.
    pub const CIRCUIT_BREAKER: &str = "circuit_breaker";
    /// The proxy was overloaded, or sheds load.
    pub const OVERLOAD: &str = "overload";
    /// 429, or the proxy's own rate limit.
    pub const RATE_LIMITED: &str = "rate_limited";
    /// The external authorization refused it.
    pub const UNAUTHORIZED: &str = "unauthorized";
    /// A fault was injected.
    pub const FAULT_INJECTED: &str = "fault_injected";
    /// The client went before the end.
    pub const CLIENT_DISCONNECT: &str = "client_disconnect";
    /// A status of 500 or more, without more to say of it.
    pub const SERVER_ERROR: &str = "5xx";
    /// A status of 400 to 499, without more to say of it.
    pub const CLIENT_ERROR: &str = "4xx";
    /// No response was sent, without more to say of it.
    pub const NO_RESPONSE: &str = "no_response";

    /// All of them.
    pub const TYPES: [&str; 16] = [
        CONNECT_FAILURE,
        DNS_FAILURE,
        NO_HEALTHY_UPSTREAM,
        NO_ROUTE,
        TIMEOUT,
        RESET,
        PROTOCOL_ERROR,
        CIRCUIT_BREAKER,
        OVERLOAD,
        RATE_LIMITED,
        UNAUTHORIZED,
        FAULT_INJECTED,
        CLIENT_DISCONNECT,
        SERVER_ERROR,
        CLIENT_ERROR,
        NO_RESPONSE,
    ];
}

/// Label: request method, or [`METHOD_OTHER`].
pub const METHOD: &str = "method";
/// Label: route template.
pub const ENDPOINT: &str = "endpoint";
/// Label: response status code; `0` where no response was ever sent.
pub const STATUS_CODE: &str = "status_code";
/// Label: why something was dropped or failed.
pub const REASON: &str = "reason";
/// Label: what became of a request.
pub const RESULT: &str = "result";
/// Label: the path below which routes found no room.
pub const PREFIX: &str = "prefix";
/// Label: what is asked for its health.
pub const PROBE: &str = "probe";
/// Label: what kind of failure it was.
pub const ERROR_TYPE: &str = "type";
/// Label: what is exported, one of [`signal::ALL`].
pub const SIGNAL: &str = "signal";
/// Values of [`SIGNAL`].
pub mod signal {
    /// Spans.
    pub const TRACES: &str = "traces";
    /// Log records.
    pub const LOGS: &str = "logs";
    /// Metric points.
    pub const METRICS: &str = "metrics";
    /// All of them.
    pub const ALL: [&str; 3] = [TRACES, LOGS, METRICS];
}
/// Label: route template of a page.
pub const URL_TEMPLATE_LABEL: &str = "url_template";
/// Label: how a view began, as `browser.web_vital.navigation_type` has it.
pub const NAVIGATION_TYPE: &str = "browser_web_vital_navigation_type";
/// Label: release of the front end.
pub const SERVICE_VERSION: &str = "service_version";
/// Label: whether the browser calls its device mobile.
pub const MOBILE: &str = "mobile";
/// Label: class of an error.
pub const EXCEPTION_TYPE: &str = "exception_type";
/// Label: version of the filter.
pub const VERSION: &str = "version";

/// The route of requests beyond the series budget.
pub const OTHER: &str = "_other";
/// The route of requests that ended before the filter saw a path, such as
/// malformed ones that the proxy itself refused.
pub const UNKNOWN: &str = "_unknown";

/// Whether a route's name says only that none is known.
pub fn is_no_route(route: &str) -> bool {
    route == OTHER || route == UNKNOWN
}

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

/// Name of the event that a request has ended at the edge.
pub const EDGE_REQUEST_EVENT: &str = "sightline.edge.request";
/// Attribute of that event: Envoy's response flags by their short names.
pub const EDGE_RESPONSE_FLAGS: &str = "sightline.edge.response_flags";

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

/// A URL, redacted.
pub const URL_FULL: &str = "url.full";
/// The path of a URL, redacted.
pub const URL_PATH: &str = "url.path";
/// The route that a page's path falls under.
pub const URL_TEMPLATE: &str = "url.template";

/// Instrumentation scope of the filter.
pub const EDGE_SCOPE: &str = "sightline.edge";
/// Instrumentation scope of the browser SDK.
pub const BROWSER_SCOPE: &str = "sightline.browser";

/// Attribute of every event of a page: the view it belongs to. A view begins
/// with a load, a restore from the back/forward cache, or a soft navigation.
pub const VIEW_ID: &str = "sightline.view.id";

/// Attributes of `browser.web_vital` beyond the conventions': what its value is
/// made of. Durations and times in milliseconds, times since the time origin.
pub mod web_vital {
    /// LCP, CLS, INP: the element as a short selector.
    pub const TARGET: &str = "sightline.web_vital.target";
    /// LCP: the resource that was painted, redacted.
    pub const URL: &str = "sightline.web_vital.url";
    /// LCP, FCP: up to the first byte of the document.
    pub const TIME_TO_FIRST_BYTE: &str = "sightline.web_vital.time_to_first_byte";
    /// LCP: from the first byte to the request of the resource.
    pub const RESOURCE_LOAD_DELAY: &str = "sightline.web_vital.resource_load_delay";
    /// LCP: how long the resource took.
    pub const RESOURCE_LOAD_DURATION: &str = "sightline.web_vital.resource_load_duration";
    /// LCP: from there to the paint.
    pub const ELEMENT_RENDER_DELAY: &str = "sightline.web_vital.element_render_delay";
    /// FCP: from the first byte to the paint.
    pub const FIRST_BYTE_TO_FCP: &str = "sightline.web_vital.first_byte_to_fcp";
    /// FCP, CLS, INP: how far the document was when it happened.
    pub const LOAD_STATE: &str = "sightline.web_vital.load_state";
    /// CLS: the score of the largest shift.
    pub const LARGEST_SHIFT_VALUE: &str = "sightline.web_vital.largest_shift_value";
    /// CLS: when it was.
    pub const LARGEST_SHIFT_TIME: &str = "sightline.web_vital.largest_shift_time";
    /// INP: `keyboard` or `pointer`.
    pub const INTERACTION_TYPE: &str = "sightline.web_vital.interaction_type";
    /// INP: when it began.
    pub const INTERACTION_TIME: &str = "sightline.web_vital.interaction_time";
    /// INP: from the input to the first handler.
    pub const INPUT_DELAY: &str = "sightline.web_vital.input_delay";
    /// INP: how long the handlers took.
    pub const PROCESSING_DURATION: &str = "sightline.web_vital.processing_duration";
    /// INP: from there to the next paint.
    pub const PRESENTATION_DELAY: &str = "sightline.web_vital.presentation_delay";
    /// INP: what invoked the script that took longest within it.
    pub const SCRIPT_INVOKER: &str = "sightline.web_vital.longest_script.invoker";
    /// INP: the kind of that, as Long Animation Frames has it.
    pub const SCRIPT_INVOKER_TYPE: &str = "sightline.web_vital.longest_script.invoker_type";
    /// INP: where the script came from, redacted.
    pub const SCRIPT_SOURCE_URL: &str = "sightline.web_vital.longest_script.source_url";
    /// INP: the function that was entered.
    pub const SCRIPT_FUNCTION: &str = "sightline.web_vital.longest_script.source_function_name";
    /// INP: how long the script took.
    pub const SCRIPT_DURATION: &str = "sightline.web_vital.longest_script.duration";
    /// INP: how much of that was after the input.
    pub const SCRIPT_INTERSECTION: &str =
        "sightline.web_vital.longest_script.intersecting_duration";
    /// INP: `input-delay`, `processing-duration` or `presentation-delay`.
    pub const SCRIPT_SUBPART: &str = "sightline.web_vital.longest_script.subpart";
    /// TTFB: before the fetch began, redirects among it.
    pub const WAITING_DURATION: &str = "sightline.web_vital.waiting_duration";
    /// TTFB: the HTTP cache, or the service worker.
    pub const CACHE_DURATION: &str = "sightline.web_vital.cache_duration";
    /// TTFB: name resolution.
    pub const DNS_DURATION: &str = "sightline.web_vital.dns_duration";
    /// TTFB: connection, TLS included.
    pub const CONNECTION_DURATION: &str = "sightline.web_vital.connection_duration";
    /// TTFB: from the request to the first byte.
    pub const REQUEST_DURATION: &str = "sightline.web_vital.request_duration";
}

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
        for method in [&b"get"[..], b"GET ", b"PURGE", b"", b"\xff", &[b'G'; 65536]] {
            assert_eq!(known_method(method), METHOD_OTHER);
        }
    }
}
