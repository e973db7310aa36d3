//! The request that all is measured by: a GET with everything on, from the
//! configuration to the export's answer.

use crate::host::{CallAnswer, Pairs, Shared};
use crate::vm::{Module, Vm};
use anyhow::Result;
use std::collections::HashMap;

/// The context of the configuration.
pub const ROOT: u32 = 1;
/// The context of the request.
pub const STREAM: u32 = 2;

/// Everything on that a request can pay for.
pub const EVERYTHING: &str = r#"{
    "service": {"name": "edge", "version": "1.2.3"},
    "routes": ["/products/{id}"],
    "trace": {"sample_ratio": 1, "server_timing": "traceparent"},
    "logs": {"access": "both"},
    "metrics": {
        "path": "/sightline/metrics", "envoy_stats": true,
        "counters": [{"name": "products_seen_total", "route": "/products/{id}"}]
    },
    "export": {"cluster": "collector"}
}"#;

/// A build of the filter for some hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// For Envoy.
    Envoy,
    /// For Envoy under a mesh or gateway.
    Mesh,
    /// For nginx.
    Nginx,
}

impl Build {
    /// What its files are named after.
    pub fn name(self) -> &'static str {
        match self {
            Self::Envoy => "envoy",
            Self::Mesh => "mesh",
            Self::Nginx => "nginx",
        }
    }

    /// As much of [`EVERYTHING`] as its hosts have.
    pub fn everything(self) -> String {
        let mut everything = EVERYTHING.to_owned();
        if self != Self::Envoy {
            everything = everything.replace(r#""envoy_stats": true"#, r#""envoy_stats": false"#);
        }
        if self == Self::Nginx {
            everything = everything.replace(r#""access": "both""#, r#""access": "otlp""#);
        }
        everything
    }
}

/// Headers of an ordinary GET as a browser sends it, without a trace.
pub fn request_headers() -> Pairs {
    pairs(&[
        (":authority", "shop.example"),
        (":path", "/products/7?color=red"),
        (":method", "GET"),
        (":scheme", "https"),
        (
            "user-agent",
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        ),
        ("accept", "text/html,application/xhtml+xml"),
        ("accept-language", "en-GB"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        ("x-forwarded-proto", "https"),
    ])
}

/// Headers of somebody who says much that does not count.
pub fn stranger_headers() -> Pairs {
    pairs(&[
        (":path", "/products/8"),
        (":method", "BREW"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
        ("tracestate", "a=1,ot=th:8"),
        ("baggage", "user=ada"),
        ("x-request-id", "mine"),
    ])
}

/// Headers of its response.
pub fn response_headers() -> Pairs {
    pairs(&[
        (":status", "200"),
        ("content-type", "text/html"),
        ("content-length", "1234"),
    ])
}

/// What Envoy knows of it from the start.
pub fn properties() -> HashMap<String, Vec<u8>> {
    HashMap::from([("source.address".into(), b"203.0.113.9:41234".to_vec())])
}

/// What Envoy knows of it at its end.
pub fn end_properties() -> HashMap<String, Vec<u8>> {
    let number = |name: &str, number: i64| (name.to_owned(), number.to_le_bytes().to_vec());
    HashMap::from([
        number("response.code", 200),
        number("response.flags", 0),
        number("response.size", 1234),
        number("request.size", 0),
        number("request.total_size", 180),
        number("request.duration", 12_345_678),
        ("request.protocol".into(), b"HTTP/2".to_vec()),
    ])
}

/// A VM that has taken [`EVERYTHING`].
pub fn configured(module: &Module) -> Result<Vm> {
    configured_with(module, EVERYTHING)
}

/// A VM that has taken this configuration.
pub fn configured_with(module: &Module, configuration: &str) -> Result<Vm> {
    let mut vm = module.vm(Shared::default())?;
    let is_taken = vm.configure(ROOT, configuration.as_bytes())?;
    anyhow::ensure!(is_taken, "{:?}", vm.host().log);
    Ok(vm)
}

/// The request; whether it went on and so did its response.
pub fn one_request(vm: &mut Vm) -> Result<bool> {
    vm.create(ROOT, STREAM)?;
    let mut goes_on = vm.request(STREAM, request_headers(), properties())?;
    vm.host().advance_millis(12);
    goes_on &= vm.response(STREAM, response_headers())?;
    vm.end(STREAM, end_properties())?;
    Ok(goes_on)
}

/// What comes between: ticks, answers to exports, a stranger's request, the
/// metrics page.
pub fn background(vm: &mut Vm) -> Result<()> {
    for status in ["200", "429"] {
        vm.host().advance_millis(6_000);
        vm.tick(ROOT)?;
        while !vm.host().calls.is_empty() {
            let headers = pairs(&[(":status", status), ("retry-after", "7")]);
            let body = vec![0x0a, 2, 8, 1];
            vm.answer(ROOT, CallAnswer { headers, body })?;
        }
    }
    vm.create(ROOT, STREAM)?;
    vm.request(STREAM, stranger_headers(), properties())?;
    vm.end(STREAM, end_properties())?;
    vm.create(ROOT, STREAM)?;
    let page = pairs(&[(":path", "/sightline/metrics"), (":method", "GET")]);
    vm.request(STREAM, page, properties())?;
    vm.end(STREAM, end_properties())
}

/// Header lines of texts.
pub fn pairs(lines: &[(&str, &str)]) -> Pairs {
    let lines = lines.iter();
    lines
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect()
}
