//! The filter's configuration, resolved: compiled, valid by construction.
//! [`Settings::from_document`] takes the document that the proxy hands over and
//! reports every problem in it at once, each with its path in the document.
//! The document itself is described in [`raw`].

mod build;
mod counters;
mod health;
mod ingest;
mod logs;
mod openapi;
pub mod problem;
mod protobuf_struct;
pub mod raw;
mod sampling;

pub use health::{Health, Probe};
pub use ingest::{Ingest, Rate};
pub use logs::AccessLog;
pub use problem::Problem;
pub use raw::{IdFormat, Incoming, KeepId, PeerForm};

use crate::business_counter::BusinessCounter;
use crate::families::Naming;
use crate::peer::{AddressFrom, Network, TrustedPeers};
use crate::red::Limits;
use crate::sampling::Sampling;
use crate::session::b3;
use problem::Problems;
use raw::limits;
use sightline_core::names;
use sightline_core::otlp::Temporality;
use sightline_core::route::{MAX_TEMPLATES, Routes};

/// Headers that have a meaning of their own and can't carry the request id.
const RESERVED_HEADERS: [&str; 6] = [
    "traceparent",
    "tracestate",
    "baggage",
    "b3",
    "server-timing",
    "host",
];

/// What the filter does, all of it.
#[derive(Debug)]
pub struct Settings {
    /// Who reports.
    pub service: Service,
    /// Lower-case name of the header that carries the request id.
    pub request_id_header: String,
    /// The attribute that the conventions have for it.
    pub request_id_attribute: String,
    /// Whose ids are kept, if they are sane.
    pub keep_request_id: KeepId,
    /// What new ids look like.
    pub request_id_format: IdFormat,
    /// What becomes of a valid trace of a trusted caller.
    pub incoming: Incoming,
    /// What becomes of a valid trace of any other caller.
    pub untrusted: Incoming,
    /// The callers that are trusted.
    pub trusted: TrustedPeers,
    /// Which traces are sampled where the edge decides.
    pub sampling: Sampling,
    /// What becomes of B3 headers.
    pub b3: b3::Mode,
    /// Requests that take longer leave a span in any case.
    pub slow_nanos: Option<u64>,
    /// Name of the `Server-Timing` metric that tells the page its trace.
    pub server_timing: Option<&'static str>,
    /// The operator's route templates, those of an OpenAPI document included.
    pub routes: Routes,
    /// Whether the proxy's route names are asked for where no template matches.
    pub use_route_name: bool,
    /// Paths that are passed on untouched.
    pub exclude: Routes,
    /// Path of the metrics page.
    pub metrics_path: Option<String>,
    /// How many series there may be.
    pub limits: Limits,
    /// Whether the proxy's own statistics say the same.
    pub envoy_stats: bool,
    /// Counters made of requests.
    pub counters: Vec<BusinessCounter>,
    /// Whose names requests have in OTLP metrics.
    pub naming: Naming,
    /// The access log.
    pub logs: AccessLog,
    /// Telemetry that pages send.
    pub ingest: Option<Ingest>,
    /// The health endpoints.
    pub health: Option<Health>,
    /// Where spans, metrics and log records go.
    pub export: Option<Export>,
}

/// The resource that spans and metrics are reported for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// `service.name`.
    pub name: String,
    /// `service.version`.
    pub version: Option<String>,
    /// `service.namespace`.
    pub namespace: Option<String>,
    /// `deployment.environment.name`.
    pub environment: Option<String>,
}

/// An OTLP/HTTP receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    /// The proxy's name for it.
    pub cluster: String,
    /// The `:authority` to send.
    pub authority: String,
    /// Path for traces.
    pub traces_path: String,
    /// Path for metrics.
    pub metrics_path: String,
    /// Path for log records.
    pub logs_path: String,
    /// What metrics say.
    pub temporality: Temporality,
    /// Between two exports of a signal.
    pub interval_millis: u64,
    /// Until an export without an answer counts as failed.
    pub timeout_millis: u32,
    /// The most that waits in one worker, in bytes.
    pub max_queue_bytes: usize,
}

impl Settings {
    /// Reads and resolves a document. An empty one is an empty object.
    pub fn from_document(document: &[u8]) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let raw = problem::read::<raw::Document>(document, &mut problems);
        build::check(&raw, &mut problems);
        let settings = resolve(raw, &mut problems);
        match settings {
            Some(settings) if problems.is_empty() => Ok(settings),
            _ => Err(problems.into_list()),
        }
    }
}

fn resolve(raw: raw::Document, problems: &mut Problems) -> Option<Settings> {
    let service = service(raw.service, problems);
    let request_id_header = raw.request_id.header.to_ascii_lowercase();
    if !is_header_name(&request_id_header) {
        problems.add("request_id.header", "must be the name of a header");
    } else if RESERVED_HEADERS.contains(&request_id_header.as_str()) {
        problems.add("request_id.header", "has another meaning; choose another");
    }
    let sampling = sampling::resolve(&raw.trace, problems);
    if let Some(millis) = raw.trace.slow_ms {
        in_limits("trace.slow_ms", millis, limits::SLOW_MS, problems);
    }
    let trusted = networks("trace.trusted", &raw.trace.trusted, problems);
    let routes = openapi::routes(&raw.routes, &raw.openapi, problems);
    let exclude = templates("exclude", "", &raw.exclude, problems);
    if let Some(path) = &raw.metrics.path {
        path_like("metrics.path", path, problems);
    }
    let max_series = raw.metrics.max_series;
    in_limits(
        "metrics.max_series",
        max_series,
        limits::MAX_SERIES,
        problems,
    );
    let max_siblings = raw.metrics.max_siblings;
    in_limits(
        "metrics.max_siblings",
        max_siblings,
        limits::MAX_SIBLINGS,
        problems,
    );
    let expire_after = raw.metrics.expire_after_s;
    in_limits(
        "metrics.expire_after_s",
        expire_after,
        limits::EXPIRE_AFTER_S,
        problems,
    );
    // Whatever was counted has been exported before it goes.
    let interval = raw.export.as_ref().map_or(0, |export| export.interval_ms);
    let least_idle = interval.saturating_mul(2_000_000);
    let counters = counters::resolve(raw.metrics.counters, problems);
    let naming = raw.export.as_ref().map(|export| export.metric_names);
    let logs = logs::resolve(raw.logs, raw.export.is_some(), problems);
    let page = raw.metrics.path.as_deref();
    let health = raw.health.as_ref().map(|health| health.path.as_str());
    let others = [("metrics.path", page), ("health.path", health)];
    let ingest = ingest::resolve(raw.ingest, others, problems);
    let health = raw
        .health
        .map(|health| health::resolve(health, page, problems));
    let export = raw
        .export
        .and_then(|export| resolve_export(export, problems));
    Some(Settings {
        service: service?,
        request_id_attribute: ["http.request.header.", &request_id_header].concat(),
        request_id_header,
        keep_request_id: raw.request_id.keep,
        request_id_format: raw.request_id.format,
        incoming: raw.trace.incoming,
        untrusted: raw.trace.untrusted.unwrap_or(raw.trace.incoming),
        trusted: TrustedPeers {
            networks: trusted,
            address_from: match raw.trace.address_from {
                raw::AddressFrom::Connection => AddressFrom::Connection,
                raw::AddressFrom::XForwardedFor => AddressFrom::ForwardedFor,
            },
        },
        sampling: sampling?,
        b3: match raw.trace.b3 {
            raw::B3::Off => b3::Mode::Off,
            raw::B3::Extract => b3::Mode::Extract,
            raw::B3::Single => b3::Mode::Single,
            raw::B3::Multi => b3::Mode::Multi,
        },
        slow_nanos: raw
            .trace
            .slow_ms
            .map(|millis| millis.saturating_mul(1_000_000)),
        server_timing: match raw.trace.server_timing {
            raw::ServerTiming::Traceparent => Some(names::SERVER_TIMING_TRACEPARENT),
            raw::ServerTiming::Trace => Some(names::SERVER_TIMING_TRACE),
            raw::ServerTiming::Off => None,
        },
        routes: routes?,
        use_route_name: raw.use_route_name,
        exclude: exclude?,
        metrics_path: raw.metrics.path,
        limits: Limits {
            series: usize::try_from(max_series).ok()?,
            siblings: usize::try_from(max_siblings).ok()?,
            idle_nanos: expire_after.saturating_mul(1_000_000_000).max(least_idle),
        },
        envoy_stats: raw.metrics.envoy_stats,
        counters,
        naming: match naming.unwrap_or_default() {
            raw::MetricNames::Prometheus => Naming::Prometheus,
            raw::MetricNames::OpenTelemetry => Naming::OpenTelemetry,
        },
        logs: logs?,
        ingest,
        health,
        export,
    })
}

fn service(raw: raw::Service, problems: &mut Problems) -> Option<Service> {
    let mut text = |path: &'static str, value: Option<String>| {
        let unfit = |value: &String| value.is_empty() || value.chars().any(char::is_control);
        if value.as_ref().is_some_and(unfit) {
            problems.add(path, "must be text without control characters, not empty");
        }
        value
    };
    let version = text("service.version", raw.version);
    let namespace = text("service.namespace", raw.namespace);
    let environment = text("service.environment", raw.environment);
    let name = text("service.name", raw.name);
    if name.is_none() {
        problems.add(
            "service.name",
            "is required: the service that is reported, such as \"edge\"",
        );
    }
    Some(Service {
        name: name?,
        version,
        namespace,
        environment,
    })
}

fn resolve_export(raw: raw::Export, problems: &mut Problems) -> Option<Export> {
    if raw.cluster.as_deref().is_none_or(str::is_empty) {
        problems.add(
            "export.cluster",
            "is required: the proxy's cluster for an OTLP/HTTP receiver",
        );
    }
    if raw.authority.as_deref() == Some("") {
        problems.add("export.authority", "must not be empty");
    }
    path_like("export.traces_path", &raw.traces_path, problems);
    path_like("export.metrics_path", &raw.metrics_path, problems);
    path_like("export.logs_path", &raw.logs_path, problems);
    let millis = raw.interval_ms;
    in_limits("export.interval_ms", millis, limits::INTERVAL_MS, problems);
    let millis = raw.timeout_ms;
    in_limits("export.timeout_ms", millis, limits::TIMEOUT_MS, problems);
    let bytes = raw.max_queue_bytes;
    in_limits(
        "export.max_queue_bytes",
        bytes,
        limits::MAX_QUEUE_BYTES,
        problems,
    );
    let cluster = raw.cluster?;
    Some(Export {
        authority: raw.authority.unwrap_or_else(|| cluster.clone()),
        cluster,
        traces_path: raw.traces_path,
        metrics_path: raw.metrics_path,
        logs_path: raw.logs_path,
        temporality: match raw.temporality {
            raw::Temporality::Cumulative => Temporality::Cumulative,
            raw::Temporality::Delta => Temporality::Delta,
        },
        interval_millis: raw.interval_ms,
        timeout_millis: u32::try_from(raw.timeout_ms).ok()?,
        max_queue_bytes: usize::try_from(bytes).ok()?,
    })
}

/// Compiles the templates of a list, whose items have them in this field.
fn templates(list: &str, field: &str, texts: &[String], problems: &mut Problems) -> Option<Routes> {
    if texts.len() > MAX_TEMPLATES {
        let message = format!(
            "must be at most {MAX_TEMPLATES} templates, got {}",
            texts.len()
        );
        problems.add(list, message);
        return None;
    }
    let compiled = Routes::compile(texts.iter().map(String::as_str));
    let errors = match compiled {
        Ok(routes) => return Some(routes),
        Err(errors) => errors,
    };
    for (at, error) in errors {
        problems.add(format!("{list}[{at}]{field}"), error.message());
    }
    None
}

/// The networks that are good; a document with others is refused.
fn networks(list: &str, texts: &[String], problems: &mut Problems) -> Vec<Network> {
    let mut networks = Vec::with_capacity(texts.len());
    for (at, text) in texts.iter().enumerate() {
        match Network::parse(text) {
            Ok(network) => networks.push(network),
            Err(error) => problems.add(format!("{list}[{at}]"), error.message()),
        }
    }
    networks
}

fn path_like(path: &str, value: &str, problems: &mut Problems) {
    let unfit = |c: char| matches!(c, '?' | '#') || c.is_whitespace() || c.is_control();
    if !value.starts_with('/') || value.contains(unfit) {
        problems.add(
            path,
            "must be a path that starts with \"/\", without a query",
        );
    }
}

fn in_limits(path: &str, value: u64, limits: (u64, u64), problems: &mut Problems) {
    in_range(path, value, limits.0, limits.1, problems);
}

fn in_range(path: &str, value: u64, low: u64, high: u64, problems: &mut Problems) {
    if !(low..=high).contains(&value) {
        let message = format!("must be between {low} and {high}, got {value}");
        problems.add(path, message);
    }
}

fn is_header_name(name: &str) -> bool {
    let fits = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_'
    };
    !name.is_empty() && name.len() <= limits::HEADER_NAME_LEN && name.bytes().all(fits)
}

#[cfg(test)]
mod tests;
