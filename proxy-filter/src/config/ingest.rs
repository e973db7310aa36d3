//! The part of the configuration for telemetry that pages send. What is done
//! with it is [`crate::ingest`].

use super::problem::Problems;
use super::raw::{self, limits};
use super::{in_limits, path_like};

const MINUTE_NANOS: u64 = 60_000_000_000;

/// What pages may send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ingest {
    /// Where; it does not end in a slash.
    pub path: String,
    /// Origins beside the listener's own, as browsers write them.
    pub origins: Vec<String>,
    /// The most bytes of a body.
    pub max_body_bytes: u64,
    /// What one client may send.
    pub rate: Rate,
}

/// So many in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// One may pass in this time.
    pub every_nanos: u64,
    /// What this time allows may come at once.
    pub burst_nanos: u64,
}

/// Resolves it; `page` is the path of the metrics page.
pub fn resolve(
    raw: Option<raw::Ingest>,
    page: Option<&str>,
    problems: &mut Problems,
) -> Option<Ingest> {
    let raw = raw?;
    path_like("ingest.path", &raw.path, problems);
    if raw.path.ends_with('/') {
        problems.add("ingest.path", "must not end with \"/\"");
    } else if page.is_some_and(|page| below(&raw.path, page.as_bytes()).is_some()) {
        problems.add("metrics.path", "must not be below `ingest.path`");
    }
    let count = raw.origins.len();
    if count > limits::ORIGINS {
        let message = format!("must be at most {} origins, got {count}", limits::ORIGINS);
        problems.add("ingest.origins", message);
    }
    for (at, origin) in raw.origins.iter().enumerate() {
        if let Some(problem) = problem_of(origin) {
            problems.add(format!("ingest.origins[{at}]"), problem);
        }
    }
    let bytes = raw.max_body_bytes;
    in_limits(
        "ingest.max_body_bytes",
        bytes,
        limits::MAX_BODY_BYTES,
        problems,
    );
    let raw::PerClient {
        requests_per_minute,
        burst,
    } = raw.per_client;
    in_limits(
        "ingest.per_client.requests_per_minute",
        requests_per_minute,
        limits::REQUESTS_PER_MINUTE,
        problems,
    );
    in_limits("ingest.per_client.burst", burst, limits::BURST, problems);
    let every_nanos = MINUTE_NANOS.checked_div(requests_per_minute)?;
    Some(Ingest {
        path: raw.path,
        origins: raw.origins,
        max_body_bytes: bytes,
        rate: Rate {
            every_nanos,
            burst_nanos: every_nanos.saturating_mul(burst),
        },
    })
}

impl Ingest {
    /// What a request's path names below this one: empty, or from a slash on.
    /// None if it lies elsewhere.
    pub fn below<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        below(&self.path, path)
    }
}

fn below<'p>(base: &str, path: &'p [u8]) -> Option<&'p [u8]> {
    let rest = path.strip_prefix(base.as_bytes())?;
    matches!(rest, [] | [b'/' | b'?' | b'#', ..]).then_some(rest)
}

/// Browsers write an origin in lower case and without the port that its scheme
/// has anyway; whatever is not written so would never match.
fn problem_of(origin: &str) -> Option<&'static str> {
    const FORM: &str =
        "must be an origin such as \"https://app.example.com\", in lower case and without a path";
    let Some((scheme, host)) = origin.split_once("://") else {
        return Some(FORM);
    };
    let in_scheme = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
    let in_host =
        |c: char| c.is_ascii_graphic() && !c.is_ascii_uppercase() && !"/?#@*\\".contains(c);
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => "/",
    };
    if scheme.is_empty() || !scheme.chars().all(in_scheme) {
        Some(FORM)
    } else if host.is_empty() || !host.chars().all(in_host) {
        Some(FORM)
    } else if host.ends_with(default_port) {
        Some("has the port of its scheme, which browsers leave out")
    } else {
        None
    }
}
