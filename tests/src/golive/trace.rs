//! Whether a visitor's request is one trace through all that it passes.

use super::{Asked, PAUSE, Said, logs, plan};
use crate::http::{Answer, Client};
use crate::otlp;
use crate::process::wait_every;
use anyhow::{Result, ensure};
use sightline_core::id::{SpanId, TraceId};
use sightline_core::sampling::Ratio;
use sightline_core::trace_context::{SpanContext, TraceFlags};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long a trace may take to its store.
const LIMIT: Duration = Duration::from_secs(30);
/// So many requests are made, at most, for one whose trace is kept.
const MOST_VISITS: usize = 100;

pub fn joined(asked: &Asked) -> Result<Said> {
    let Some(store) = &asked.plan.traces else {
        return Ok((None, "no `traces` to ask".to_owned()));
    };
    let client = asked.plan.client("traces")?;
    let from = logs::length(store);
    let ask = |trace: &str| services(&client, store, trace, from);
    // A store that does not answer says nothing of the service.
    ask(context().trace_id.to_hex().as_str())?;
    let visit = match kept(asked) {
        Ok(visit) => visit,
        Err(said) => return Ok(said),
    };
    asked.trace.get_or_init(|| visit.trace.clone());
    let joined = wait_every(PAUSE, "the trace", LIMIT, || {
        Ok(Some(ask(&visit.trace)?).filter(|seen| seen.len() > 1))
    });
    let is_joined = joined.is_ok();
    let seen = joined.or_else(|_| ask(&visit.trace))?;
    Ok((
        Some(is_joined),
        match seen.is_empty() {
            true => visit.named("nobody told of "),
            false => format!("GET / ({}) was seen by {seen:?}", visit.status),
        },
    ))
}

/// A visitor's request.
#[derive(Debug)]
pub struct Visit {
    /// Its trace: as the edge tells it, or else as it was sent.
    pub trace: String,
    status: u16,
    is_told: bool,
    is_sampled: bool,
}

impl Visit {
    /// Its trace; and, where that was sent and not told, why it may be another.
    pub fn named(&self, before: &str) -> String {
        let trace = &self.trace;
        match self.is_told {
            true => format!("{before}trace {trace}"),
            false => format!(
                "{before}trace {trace}, which was sent: with the edge's `trace.untrusted` or \
                 `trace.incoming` other than `continue` leave `trace.server_timing` on, to have \
                 its own found"
            ),
        }
    }
}

/// Opens the page in a trace that every share keeps. An edge that begins one of its own
/// tells the page which.
pub fn visit(asked: &Asked) -> Result<Visit, Said> {
    let sent = context();
    let parent = sent.to_traceparent();
    let answer = asked.visit("/", &[("traceparent", parent.as_str())])?;
    let told = told(&answer);
    let of = told.unwrap_or(sent);
    let share = Ratio::new(asked.plan.sampling);
    Ok(Visit {
        trace: of.trace_id.to_hex().as_str().to_owned(),
        status: answer.status,
        is_told: told.is_some(),
        is_sampled: of.flags.sampled() && share.is_some_and(|share| share.keeps(&of.trace_id)),
    })
}

/// The same until the trace is one that is kept.
fn kept(asked: &Asked) -> Result<Visit, Said> {
    for _ in 0..MOST_VISITS {
        match visit(asked) {
            Ok(visit) if !visit.is_sampled => (),
            outcome => return outcome,
        }
    }
    let share = asked.plan.sampling * 100.0;
    let found = format!(
        "of {MOST_VISITS} requests none has a trace that the edge samples and {share} % keep"
    );
    Err((None, found))
}

/// What `Server-Timing` tells the page; of several what was added last, nearest to it.
fn told(answer: &Answer) -> Option<SpanContext> {
    let lines = answer.all("server-timing");
    let metrics = lines.iter().flat_map(|line| line.split(','));
    metrics.rev().find_map(|metric| {
        let mut parts = metric.split(';').map(str::trim);
        let is_trace = matches!(parts.next()?, "traceparent" | "trace");
        let told = parts.find_map(|part| part.strip_prefix("desc="))?;
        SpanContext::parse(told.trim_matches('"').as_bytes()).filter(|_| is_trace)
    })
}

/// A trace that every share keeps, its last 56 bits being the highest.
fn context() -> SpanContext {
    let random = || RandomState::new().hash_one(SystemTime::now()).to_be_bytes();
    let mut trace = [0xff; 16];
    for (to, from) in trace.iter_mut().zip(random().into_iter().chain([1])) {
        *to = from;
    }
    SpanContext {
        trace_id: TraceId::from_entropy(trace),
        span_id: SpanId::from_entropy(random()),
        flags: TraceFlags::SAMPLED,
    }
}

/// Who has spans of this trace.
fn services(client: &Client, store: &str, trace: &str, from: u64) -> Result<BTreeSet<String>> {
    if !plan::is_http(store) {
        let spans = otlp::spans_after(Path::new(store), from)?.into_iter();
        return Ok(spans
            .filter(|span| span.trace_id == trace)
            .map(|span| span.service)
            .collect());
    }
    let answer = client.get(&format!("{store}/api/traces/{trace}"), &[])?;
    let said = answer.json()?;
    // Jaeger's 404 has a list of errors; that of anything else has none.
    let is_known = match answer.status {
        200 => said["data"].is_array(),
        404 => said["errors"].is_array(),
        _ => false,
    };
    ensure!(is_known, "traces: no answer of Jaeger: {}", answer.status);
    let processes = said["data"][0]["processes"].as_object();
    Ok(processes
        .into_iter()
        .flatten()
        .filter_map(|(_, process)| process["serviceName"].as_str().map(str::to_owned))
        .collect())
}
