//! The configuration document as the operator writes it: every field, its
//! default and its type. Unknown fields are refused. What is required has no
//! default and is an `Option` here, so that its absence is reported together
//! with all other problems.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The document.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Document {
    /// Who reports.
    pub service: Service,
    /// The id of a request.
    pub request_id: RequestId,
    /// Trace context and sampling.
    pub trace: Trace,
    /// Route templates such as `/products/{id}` or `/assets/*`. A path that
    /// none matches is named by its segments.
    pub routes: Vec<String>,
    /// An OpenAPI document whose paths are templates, too.
    pub openapi: OpenApi,
    /// Where no template matches, the name of the proxy's own route is the
    /// route of a request, if it has one.
    pub use_route_name: bool,
    /// Templates of paths that are passed on untouched: no ids, no metrics, no spans.
    pub exclude: Vec<String>,
    /// RED metrics.
    pub metrics: Metrics,
    /// OTLP export of spans and metrics; without it nothing is exported.
    pub export: Option<Export>,
}

/// What is read of an OpenAPI document. All else in it is ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OpenApi {
    /// The servers; the paths stand below theirs.
    pub servers: Vec<Server>,
    /// The paths; only their names are read.
    pub paths: BTreeMap<String, Value>,
}

/// A server of an OpenAPI document.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Server {
    /// Its URL, absolute or not.
    pub url: String,
}

/// The resource attributes.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// `service.name`; required.
    pub name: Option<String>,
    /// `service.version`.
    pub version: Option<String>,
    /// `service.namespace`.
    pub namespace: Option<String>,
    /// `deployment.environment.name`.
    pub environment: Option<String>,
}

/// The id of a request.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestId {
    /// The header that carries it.
    pub header: String,
    /// Keep a sane id from the caller.
    pub trust_incoming: bool,
}

/// Trace context and sampling.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Trace {
    /// What becomes of a valid trace from the caller.
    pub incoming: Incoming,
    /// The same for callers that are not trusted; as `incoming` without it.
    /// Never do they decide on sampling, and their `tracestate` ends here.
    pub untrusted: Option<Incoming>,
    /// Networks such as `10.0.0.0/8` whose callers are trusted.
    pub trusted: Vec<String>,
    /// Where a caller's address is taken from.
    pub address_from: AddressFrom,
    /// The share of traces that are sampled, 0 to 1, of those that start here
    /// or come from who is not trusted. A trusted caller has decided itself.
    pub sample_ratio: f64,
    /// Requests that take longer, in milliseconds, leave a span even where
    /// their trace is not sampled, as errors always do; none without it.
    pub slow_ms: Option<u64>,
    /// How the answer tells the page its trace.
    pub server_timing: ServerTiming,
}

/// What becomes of a valid trace from the caller.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Incoming {
    /// It goes on.
    #[default]
    Continue,
    /// A new one starts, whose first span links to the caller's.
    RestartWithLink,
    /// A new one starts.
    Restart,
}

/// Where a caller's address is taken from.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum AddressFrom {
    /// From the connection.
    #[default]
    Connection,
    /// From `X-Forwarded-For`, as the proxy was told to read it.
    XForwardedFor,
}

/// The `Server-Timing` metric that carries the trace.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum ServerTiming {
    /// `traceparent`, which browser SDKs read today.
    #[default]
    Traceparent,
    /// `trace`, as the editor's draft of W3C Trace Context names it.
    Trace,
    /// None.
    Off,
}

/// RED metrics.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// Path of the OpenMetrics page that the filter serves; none without it.
    pub path: Option<String>,
    /// The most series, by method and route; what is beyond counts as `_other`.
    pub max_series: u64,
    /// The most names below one parent, of routes made of segments; what is
    /// beyond counts as `{any}`.
    pub max_siblings: u64,
    /// Seconds without a request after which a series goes.
    pub expire_after_s: u64,
}

/// An OTLP/HTTP receiver.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    /// The proxy's cluster; required.
    pub cluster: Option<String>,
    /// The `:authority` to send; the cluster's name without it.
    pub authority: Option<String>,
    /// Path for traces.
    pub traces_path: String,
    /// Path for metrics.
    pub metrics_path: String,
    /// Milliseconds between two exports.
    pub interval_ms: u64,
    /// Milliseconds until an export without an answer counts as failed.
    pub timeout_ms: u64,
    /// The most bytes of spans that wait in one worker.
    pub max_queue_bytes: u64,
}

impl Default for Document {
    fn default() -> Self {
        Self {
            service: Service::default(),
            request_id: RequestId::default(),
            trace: Trace::default(),
            routes: Vec::new(),
            openapi: OpenApi::default(),
            use_route_name: false,
            exclude: vec!["/sightline/*".to_owned()],
            metrics: Metrics::default(),
            export: None,
        }
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self {
            header: "x-request-id".to_owned(),
            trust_incoming: true,
        }
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self {
            incoming: Incoming::default(),
            untrusted: None,
            trusted: vec!["127.0.0.0/8".to_owned(), "::1".to_owned()],
            address_from: AddressFrom::default(),
            sample_ratio: 1.0,
            slow_ms: None,
            server_timing: ServerTiming::default(),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self {
            path: None,
            max_series: 1000,
            max_siblings: 64,
            expire_after_s: 86_400,
        }
    }
}

impl Default for Export {
    fn default() -> Self {
        Self {
            cluster: None,
            authority: None,
            traces_path: "/v1/traces".to_owned(),
            metrics_path: "/v1/metrics".to_owned(),
            interval_ms: 5000,
            timeout_ms: 5000,
            max_queue_bytes: 1 << 20,
        }
    }
}
