//! Whether a visitor's request is one trace through all that it passes.

use super::{Asked, PAUSE, Said, logs, plan};
use crate::http::Client;
use crate::otlp;
use crate::process::wait_every;
use anyhow::{Result, ensure};
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long a trace may take to its store.
const LIMIT: Duration = Duration::from_secs(30);

pub fn joined(asked: &Asked) -> Result<Said> {
    let Some(store) = &asked.plan.traces else {
        return Ok((None, "no `traces` to ask".to_owned()));
    };
    let client = asked.plan.client("traces")?;
    let (trace, parent) = context();
    let from = logs::length(store);
    let ask = || services(&client, store, &trace, from);
    // A store that does not answer says nothing of the service.
    ask()?;
    let status = match asked.visit("/", &[("traceparent", &parent)]) {
        Ok(answer) => answer.status,
        Err(said) => return Ok(said),
    };
    asked.trace.get_or_init(|| trace.clone());
    let joined = wait_every(PAUSE, "the trace", LIMIT, || {
        Ok(Some(ask()?).filter(|seen| seen.len() > 1))
    });
    let is_joined = joined.is_ok();
    let seen = joined.or_else(|_| ask())?;
    Ok((
        Some(is_joined),
        match seen.is_empty() {
            true => format!("nobody told of trace {trace}"),
            false => format!("GET / ({status}) was seen by {seen:?}"),
        },
    ))
}

/// A trace that every share keeps, its last 56 bits being the highest; and what a
/// request that begins it carries.
pub fn context() -> (String, String) {
    let random = || RandomState::new().hash_one(SystemTime::now());
    let trace = format!("{:016x}01ffffffffffffff", random());
    let parent = format!("00-{trace}-{:016x}-01", random() | 1);
    (trace, parent)
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
