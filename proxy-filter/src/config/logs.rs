//! The access log's part of the configuration.

use super::problem::Problems;
use super::raw::limits;
use super::{is_header_name, raw};
use sightline_core::redact;
use sightline_core::sampling::Ratio;
use std::rc::Rc;

/// What the access log tells, and where.
#[derive(Debug)]
pub struct AccessLog {
    /// Whether the proxy's own access log gets a line.
    pub to_envoy: bool,
    /// Whether a collector gets a log record.
    pub to_otlp: bool,
    /// The share of successful requests that are told.
    pub success_ratio: Ratio,
    /// How much is told of callers.
    pub peer: raw::PeerForm,
    /// Lower-case names of the headers that are told.
    pub headers: Rc<[String]>,
}

impl AccessLog {
    /// Whether anything is told at all.
    pub fn is_on(&self) -> bool {
        self.to_envoy || self.to_otlp
    }
}

/// Resolves it; `exports` says whether there is a receiver.
pub fn resolve(raw: raw::Logs, exports: bool, problems: &mut Problems) -> Option<AccessLog> {
    let (to_envoy, to_otlp) = match raw.access {
        raw::Access::Off => (false, false),
        raw::Access::Envoy => (true, false),
        raw::Access::Otlp => (false, true),
        raw::Access::Both => (true, true),
    };
    if to_otlp && !exports {
        problems.add("logs.access", "needs `export`, where log records go");
    }
    let ratio = raw.success_ratio;
    let success_ratio = Ratio::new(ratio);
    if success_ratio.is_none() {
        let message = format!("must be between 0 and 1, got {ratio}");
        problems.add("logs.success_ratio", message);
    }
    let count = raw.headers.len();
    if count > limits::LOG_HEADERS {
        let message = format!("must be at most {} names, got {count}", limits::LOG_HEADERS);
        problems.add("logs.headers", message);
    }
    let mut headers = Vec::with_capacity(count);
    for (at, name) in raw.headers.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        let problem = if !is_header_name(&name) {
            Some("must be the name of a header")
        } else if is_secret(&name) {
            Some("carries credentials, which are never logged")
        } else if headers.contains(&name) {
            Some("stands there twice")
        } else {
            None
        };
        match problem {
            Some(problem) => problems.add(format!("logs.headers[{at}]"), problem),
            None => headers.push(name),
        }
    }
    Some(AccessLog {
        to_envoy,
        to_otlp,
        success_ratio: success_ratio?,
        peer: raw.peer,
        headers: headers.into(),
    })
}

/// Whether a header is there to open a door.
fn is_secret(name: &str) -> bool {
    name.contains("cookie") || redact::is_secret_key(name)
}
