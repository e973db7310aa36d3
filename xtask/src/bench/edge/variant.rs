//! The configurations that are compared: what stands in the connection manager
//! beside the router.

use serde_json::{Value, json};

/// A configuration of the edge.
pub struct Variant {
    pub name: &'static str,
    /// The share of requests that leave a span; none where nothing is traced.
    pub sampled: Option<f64>,
    pub kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only the router.
    Bare,
    /// Envoy's own OpenTelemetry tracer and its access log in JSON.
    Native,
    /// The filter with everything on.
    Filter,
}

pub const VARIANTS: [Variant; 5] = [
    Variant {
        name: "bare",
        sampled: None,
        kind: Kind::Bare,
    },
    Variant {
        name: "native, 100 %",
        sampled: Some(1.0),
        kind: Kind::Native,
    },
    Variant {
        name: "filter, 100 %",
        sampled: Some(1.0),
        kind: Kind::Filter,
    },
    Variant {
        name: "native, 10 %",
        sampled: Some(0.1),
        kind: Kind::Native,
    },
    Variant {
        name: "filter, 10 %",
        sampled: Some(0.1),
        kind: Kind::Filter,
    },
];

/// What the filter is told: all that it can do for each request. Its queue has
/// room for what comes between two ticks, so that nothing is saved by dropping.
pub fn filter(sampled: f64) -> Value {
    json!({
        "service": {"name": "edge", "version": "1.2.3"},
        "routes": ["/products/{id}"],
        "trace": {"sample_ratio": sampled, "trusted": []},
        "metrics": {"path": "/sightline/metrics"},
        "logs": {"access": "envoy"},
        "export": {"cluster": "collector", "interval_ms": 1000, "max_queue_bytes": 1 << 26},
    })
}

/// Envoy's own tracer, as its documentation sets it up.
pub fn tracing(sampled: f64) -> Value {
    json!({
        "random_sampling": {"value": sampled * 100.0},
        "provider": {"name": "envoy.tracers.opentelemetry", "typed_config": {
            "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
            "grpc_service": {"envoy_grpc": {"cluster_name": "collector_grpc"}, "timeout": "5s"},
            "service_name": "edge",
        }},
    })
}

/// Envoy's own access log with what the filter's line has.
pub fn access_log(path: &str) -> Value {
    json!({"name": "envoy.access_loggers.file", "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
        "path": path,
        "log_format": {"json_format": {
            "time": "%START_TIME%", "method": "%REQ(:METHOD)%", "path": "%PATH(NQ:ORIG_OR_PATH)%",
            "route": "%ROUTE_NAME%", "status": "%RESPONSE_CODE%", "flags": "%RESPONSE_FLAGS%",
            "duration_ms": "%DURATION%", "request_bytes": "%BYTES_RECEIVED%",
            "response_bytes": "%BYTES_SENT%", "authority": "%REQ(:AUTHORITY)%",
            "scheme": "%REQ(:SCHEME)%", "protocol": "%PROTOCOL%",
            "user_agent": "%REQ(USER-AGENT)%", "request_id": "%REQ(X-REQUEST-ID)%",
            "trace_id": "%TRACE_ID%", "peer": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        }},
    }})
}
