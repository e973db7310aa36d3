//! What load balancers and orchestrators are told of this proxy: whether it
//! lives, has started, and is ready. Dependencies are asked on the tick, by one
//! worker for all; an answer reads what was found, and waits for nobody.

mod digest;
mod finding;
mod prober;

pub use digest::Digest;
pub use finding::{Finding, Outcome};
pub use prober::Prober;

use crate::config::{Health, Probe};
use sightline_core::json::Object;
use std::borrow::Cow;

const NANOS_PER_MILLI: u64 = 1_000_000;
/// What stands in place of a probe's name where VMs are missing.
pub const WORKERS: &str = "workers";
/// Longer than it takes another worker to take over from one that trapped.
const DIGEST_STALE_NANOS: u64 = 20_000_000_000;
/// So many intervals may pass without news of a dependency.
const STALE_INTERVALS: u64 = 3;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Does this VM answer?
    Live,
    /// Can the proxy serve?
    Ready,
    /// Has it looked at everything once?
    Startup,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// JSON.
    pub body: String,
}

impl Endpoint {
    /// The endpoints by what follows their path.
    pub const SUFFIXES: [(&str, Self); 4] = [
        ("", Self::Ready),
        ("/live", Self::Live),
        ("/ready", Self::Ready),
        ("/startup", Self::Startup),
    ];

    /// The endpoint that this path, without a query, is.
    pub fn at(path: &str, health: &Health) -> Option<Self> {
        let below = path.strip_prefix(health.path.as_str())?;
        let mut all = Self::SUFFIXES.into_iter();
        all.find(|(suffix, _)| *suffix == below)
            .map(|(_, endpoint)| endpoint)
    }

    /// What it answers, where this is known.
    pub fn reply(self, health: &Health, digest: Option<&Digest>, now_nanos: u64) -> Reply {
        match self {
            Self::Live => simple(200, "live"),
            Self::Startup => match has_started(health, digest) {
                true => simple(200, "started"),
                false => simple(503, "starting"),
            },
            Self::Ready => {
                let failing = failing(health, digest, now_nanos);
                match failing.as_slice() {
                    [] => simple(200, "ready"),
                    failing => not_ready(failing),
                }
            }
        }
    }
}

type Failing<'a> = (&'a str, Cow<'static, str>);

fn has_started(health: &Health, digest: Option<&Digest>) -> bool {
    digest.is_some_and(|digest| {
        let mut probes = health.probes.iter();
        probes.all(|probe| finding_of(probe, digest).is_some())
    })
}

fn failing<'a>(health: &'a Health, digest: Option<&Digest>, now_nanos: u64) -> Vec<Failing<'a>> {
    let mut failing = Vec::new();
    let is_stale = |digest: &Digest| is_older(digest.written_nanos, DIGEST_STALE_NANOS, now_nanos);
    let workers = match digest {
        None => Some(Cow::Borrowed("starting")),
        Some(digest) if is_stale(digest) => Some(Cow::Borrowed("stale")),
        Some(digest) if digest.missing > 0 && health.needs_workers => {
            Some(Cow::Owned(format!("lost_{}", digest.missing)))
        }
        Some(_) => None,
    };
    failing.extend(workers.map(|reason| (WORKERS, reason)));
    for probe in &health.probes {
        let finding = digest.and_then(|digest| finding_of(probe, digest));
        let reason = match finding {
            None => Some(Cow::Borrowed("starting")),
            Some(finding) if is_older(finding.at_nanos, stale_nanos(probe), now_nanos) => {
                Some(Cow::Borrowed("stale"))
            }
            Some(finding) => finding.outcome.reason(),
        };
        failing.extend(reason.map(|reason| (probe.name.as_str(), reason)));
    }
    failing
}

fn finding_of<'d>(probe: &Probe, digest: &'d Digest) -> Option<&'d Finding> {
    let mut findings = digest.findings.iter();
    findings.find(|finding| *finding.name == *probe.name)
}

fn stale_nanos(probe: &Probe) -> u64 {
    let intervals = probe.interval_millis.saturating_mul(STALE_INTERVALS);
    let millis = intervals.saturating_add(u64::from(probe.timeout_millis));
    millis.saturating_mul(NANOS_PER_MILLI)
}

fn is_older(at_nanos: u64, than_nanos: u64, now_nanos: u64) -> bool {
    now_nanos.saturating_sub(at_nanos) > than_nanos
}

fn simple(status: u16, word: &str) -> Reply {
    let mut body = String::new();
    let mut object = Object::open(&mut body);
    object.text("status", word, usize::MAX);
    object.finish();
    body.push('\n');
    Reply { status, body }
}

fn not_ready(failing: &[Failing<'_>]) -> Reply {
    let mut body = String::from(r#"{"status":"not_ready","failing":["#);
    for (at, (name, reason)) in failing.iter().enumerate() {
        if at > 0 {
            body.push(',');
        }
        let mut object = Object::open(&mut body);
        object.text("name", name, usize::MAX);
        object.text("reason", reason, usize::MAX);
        object.finish();
    }
    body.push_str("]}\n");
    Reply { status: 503, body }
}

#[cfg(test)]
mod tests;
