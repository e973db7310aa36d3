//! The configuration document as the operator writes it: every field, its
//! default and its type. Unknown fields are refused. What is required has no
//! default and is an `Option` here, so that its absence is reported together
//! with all other problems.
//!
//! From here, by the feature `schema`, which no guest has, `cargo xtask gen`
//! makes `configuration.schema.json` and the README's table of options: what
//! the comments say stands there. A new type derives `schemars::JsonSchema`
//! and `Serialize` as the others do. Limits of numbers stand in [`limits`], for
//! the check and the schema alike.

mod counter;
mod float;
mod health;
mod ingest;
mod logs;
mod metrics;

pub use super::openapi::OpenApi;
pub use counter::Counter;
pub use health::{Health, Probe};
pub use ingest::{Ingest, PerClient};
pub use logs::{Access, Logs, PeerForm};
pub use metrics::{MetricNames, Metrics, Temporality};

use serde::Deserialize;

pub mod limits;

/// What the filter does. Only `service.name` is required.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Document {
    /// Who reports.
    pub service: Service,
    /// The id of a request.
    pub request_id: RequestId,
    /// Trace context and sampling.
    pub trace: Trace,
    /// Templates such as `/products/{id}` or `/assets/*`; any other path is
    /// named by its segments, `/orders/1234` as `/orders/{id}`.
    #[cfg_attr(feature = "schema", schemars(length(max = sightline_core::route::MAX_TEMPLATES)))]
    pub routes: Vec<String>,
    /// An OpenAPI 3 document whose paths, below the paths of its `servers`, are
    /// templates, too; see Routes below.
    pub openapi: OpenApi,
    /// Where no template matches, count a request under the name of the proxy's
    /// own route, if that has one.
    pub use_route_name: bool,
    /// Templates of paths that pass untouched: no id, no trace, not counted.
    #[cfg_attr(feature = "schema", schemars(length(max = sightline_core::route::MAX_TEMPLATES)))]
    pub exclude: Vec<String>,
    /// RED metrics.
    pub metrics: Metrics,
    /// The access log.
    pub logs: Logs,
    /// Telemetry that pages send through this listener; see Ingest below.
    /// Without it such requests are like any other.
    pub ingest: Option<Ingest>,
    /// Health endpoints, which the filter answers itself; see Health below.
    /// None without it.
    pub health: Option<Health>,
    /// Where spans, metrics and log records go by OTLP/HTTP. Without it nothing
    /// is sent and no span is made.
    pub export: Option<Export>,
}

/// The resource attributes.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Service {
    /// `service.name` of all that is reported.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1)))]
    pub name: Option<String>,
    /// `service.version`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub version: Option<String>,
    /// `service.namespace`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub namespace: Option<String>,
    /// `deployment.environment.name`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub environment: Option<String>,
}

/// The id of a request.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct RequestId {
    /// The header that carries the id.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = limits::HEADER_NAME_LEN)))]
    pub header: String,
    /// Whose ids are kept; see Trust below. An id of more than 128 characters,
    /// or others than letters, digits and ``-_.:=+/@``, is always replaced.
    pub keep: KeepId,
    /// What new ids look like.
    pub format: IdFormat,
}

/// Whose request ids are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum KeepId {
    /// those of trusted callers
    #[default]
    Trusted,
    /// anybody's
    Any,
    /// nobody's
    None,
}

/// What new request ids look like.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum IdFormat {
    /// random bits
    #[default]
    UuidV4,
    /// the time first, so that ids sort by it
    UuidV7,
}

/// Trace context and sampling.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Trace {
    /// What becomes of a caller's valid trace.
    pub incoming: Incoming,
    /// The same for callers that are not trusted; without it as `incoming`. Of
    /// a trace that continues only the ids are kept: they never decide on
    /// sampling, and their `tracestate` ends here.
    pub untrusted: Option<Incoming>,
    /// Networks such as `10.0.0.0/8`, IPv4 or IPv6, whose callers are trusted
    /// with trace context, `baggage` and request ids.
    pub trusted: Vec<String>,
    /// Where a caller's address is taken from; see Trust below.
    pub address_from: AddressFrom,
    /// The share of traces that is sampled, of those that start here or come
    /// from who is not trusted. A trusted caller's decision stays.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    #[serde(deserialize_with = "float::read")]
    pub sample_ratio: f64,
    /// Shares for the paths of some templates, in place of that.
    #[cfg_attr(feature = "schema", schemars(length(max = sightline_core::route::MAX_TEMPLATES)))]
    pub routes: Vec<SampledRoute>,
    /// The most traces that are sampled in a second of those that the shares
    /// keep; no limit without it. See Sampling below.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::MAX_PER_SECOND.0, max = limits::MAX_PER_SECOND.1)))]
    #[serde(deserialize_with = "float::read_some")]
    pub max_per_second: Option<f64>,
    /// Requests that take longer leave a span even where their trace is not
    /// sampled. Errors always do: 500 or more, no response, or one that broke off.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::SLOW_MS.0, max = limits::SLOW_MS.1)))]
    pub slow_ms: Option<u64>,
    /// B3 headers, for meshes that still use them; see B3 below.
    pub b3: B3,
    /// Name of the `Server-Timing` metric that tells the page its trace.
    pub server_timing: ServerTiming,
}

/// The share of traces that are sampled on one route.
#[derive(Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct SampledRoute {
    /// A template such as `/checkout` or `/admin/*`.
    #[cfg_attr(feature = "schema", schemars(required, regex(pattern = "^/")))]
    pub route: Option<String>,
    /// The share of traces of requests for it that is sampled.
    #[cfg_attr(feature = "schema", schemars(required, range(min = 0, max = 1)))]
    #[serde(deserialize_with = "float::read_some")]
    pub sample_ratio: Option<f64>,
}

/// What becomes of a valid trace from the caller.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum Incoming {
    /// it goes on
    #[default]
    Continue,
    /// a new one starts, whose first span links to the caller's
    RestartWithLink,
    /// a new one starts
    Restart,
}

/// Where a caller's address is taken from.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum AddressFrom {
    /// from the connection
    #[default]
    Connection,
    /// from `X-Forwarded-For`, as the proxy was told to read it
    XForwardedFor,
}

/// What becomes of B3 headers.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum B3 {
    /// they pass like any other header
    #[default]
    Off,
    /// they are read, and not sent on
    Extract,
    /// they are read, and `b3` is sent on
    Single,
    /// they are read, and the `X-B3-*` headers are sent on
    Multi,
}

/// The `Server-Timing` metric that carries the trace.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(rename_all = "snake_case")]
pub enum ServerTiming {
    /// which browser SDKs read today
    #[default]
    Traceparent,
    /// as the editor's draft of W3C Trace Context names it
    Trace,
    /// none
    Off,
}

/// An OTLP/HTTP receiver.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema, serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub struct Export {
    /// The proxy's cluster of an OTLP/HTTP receiver.
    #[cfg_attr(feature = "schema", schemars(required, length(min = 1)))]
    pub cluster: Option<String>,
    /// `:authority` of the requests to it; without it the cluster's name.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub authority: Option<String>,
    /// Its path for traces.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/")))]
    pub traces_path: String,
    /// Its path for metrics.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/")))]
    pub metrics_path: String,
    /// Its path for log records.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^/")))]
    pub logs_path: String,
    /// What OTLP counters and histograms say.
    pub temporality: Temporality,
    /// The names that requests have in OTLP metrics.
    pub metric_names: MetricNames,
    /// Milliseconds between two exports; much that waits goes sooner.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::INTERVAL_MS.0, max = limits::INTERVAL_MS.1)))]
    pub interval_ms: u64,
    /// Milliseconds until an export without an answer has failed.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::TIMEOUT_MS.0, max = limits::TIMEOUT_MS.1)))]
    pub timeout_ms: u64,
    /// The most bytes of spans, and of log records, encoded, that wait in each worker.
    #[cfg_attr(feature = "schema", schemars(range(min = limits::MAX_QUEUE_BYTES.0, max = limits::MAX_QUEUE_BYTES.1)))]
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
            logs: Logs::default(),
            ingest: None,
            health: None,
            export: None,
        }
    }
}

impl Default for RequestId {
    fn default() -> Self {
        Self {
            header: "x-request-id".to_owned(),
            keep: KeepId::default(),
            format: IdFormat::default(),
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
            routes: Vec::new(),
            max_per_second: None,
            slow_ms: None,
            b3: B3::default(),
            server_timing: ServerTiming::default(),
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
            logs_path: "/v1/logs".to_owned(),
            temporality: Temporality::default(),
            metric_names: MetricNames::default(),
            interval_ms: 5000,
            timeout_ms: 5000,
            max_queue_bytes: 1 << 20,
        }
    }
}
