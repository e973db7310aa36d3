//! What a visitor's request leaves behind: health checks, a trace, log records.

use super::{Asked, Said};
use crate::otlp;
use crate::process::wait_for;
use anyhow::{Result, ensure};
use serde_json::Value;
use sightline_core::redact;
use std::collections::BTreeSet;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// How long a trace may take to its store.
const TRACE_LIMIT: Duration = Duration::from_secs(30);
const LINES: usize = 500;

pub fn health(asked: &Asked) -> Result<Said> {
    let mut found = Vec::new();
    let mut all_well = true;
    for check in ["live", "ready", "startup"] {
        let url = format!("{}/health/{check}", asked.plan.url);
        let status = asked.client.get(&url, &[])?.status;
        all_well &= status == 200;
        found.push(format!("{check} {status}"));
    }
    let service = &asked.plan.service;
    let counted = format!("http_requests_total{{job=\"{service}\",endpoint=~\".*/health/.*\"}}");
    if asked.sum(&counted)?.is_some() {
        all_well = false;
        found.push("counted among requests".to_owned());
    }
    Ok((Some(all_well), found.join(", ")))
}

pub fn trace(asked: &Asked) -> Result<Said> {
    let Some(store) = &asked.plan.traces else {
        return Ok((None, "no `traces` to ask".to_owned()));
    };
    // Every share keeps this one: its last 56 bits are the highest.
    let trace = format!("{:016x}{:0>2}ffffffffffffff", random(), "01");
    let span = format!("{:016x}", random() | 1);
    let parent = format!("00-{trace}-{span}-01");
    let status = asked
        .client
        .get(&format!("{}/", asked.plan.url), &[("traceparent", &parent)])?
        .status;
    let mut last = BTreeSet::new();
    let joined = wait_for("the trace", TRACE_LIMIT, || {
        last = services(asked, store, &trace)?;
        Ok((last.len() > 1).then_some(()))
    });
    let found = format!("GET / ({status}) was seen by {last:?}");
    match joined {
        Ok(()) => Ok((Some(true), found)),
        Err(_) if last.is_empty() => Ok((Some(false), format!("nobody told of trace {trace}"))),
        Err(_) => Ok((Some(false), found)),
    }
}

/// Who has spans of this trace.
fn services(asked: &Asked, store: &str, trace: &str) -> Result<BTreeSet<String>> {
    if !store.starts_with("http") {
        let spans = otlp::spans(Path::new(store))?.into_iter();
        return Ok(spans
            .filter(|span| span.trace_id == trace)
            .map(|span| span.service)
            .collect());
    }
    let url = format!("{}/api/traces/{trace}", store.trim_end_matches('/'));
    let answer = asked.client.get(&url, &[])?;
    if answer.status == 404 {
        return Ok(BTreeSet::new());
    }
    let answer = answer.json()?;
    let processes = answer["data"][0]["processes"]
        .as_object()
        .into_iter()
        .flatten();
    Ok(processes
        .filter_map(|(_, process)| process["serviceName"].as_str().map(str::to_owned))
        .collect())
}

pub fn logs(asked: &Asked) -> Result<Said> {
    let Some(store) = &asked.plan.logs else {
        return Ok((None, "no `logs` to ask".to_owned()));
    };
    let records = match store.starts_with("http") {
        true => of_loki(asked, store)?,
        false => of_file(asked, Path::new(store))?,
    };
    if records.is_empty() {
        let service = &asked.plan.service;
        return Ok((Some(false), format!("no log record of {service}")));
    }
    let without = records.iter().filter(|(has_ids, _)| !has_ids).count();
    let secret = records
        .iter()
        .filter(|(_, texts)| texts.iter().any(|text| redact::text(text) != *text))
        .count();
    let found = format!(
        "{} records, {without} without trace and request id, {secret} with what looks secret",
        records.len()
    );
    Ok((Some(without == 0 && secret == 0), found))
}

/// Whether a record has ids, and its texts.
type Record = (bool, Vec<String>);

fn of_file(asked: &Asked, file: &Path) -> Result<Vec<Record>> {
    let mut records = otlp::logs(file)?;
    records.retain(|record| record.service == asked.plan.service);
    let records = records.iter().rev().take(LINES);
    Ok(records
        .map(|record| {
            let is_id = |key: &String| key.replace(['-', '_'], ".").contains("request.id");
            let has_request = record.attributes.keys().any(is_id);
            // Ids and numbers are no secrets, and some look like numbers of cards.
            let texts = record.attributes.values().filter_map(Value::as_str);
            let texts: Vec<_> = texts.map(str::to_owned).collect();
            (has_request && !record.trace_id.is_empty(), texts)
        })
        .collect())
}

fn of_loki(asked: &Asked, store: &str) -> Result<Vec<Record>> {
    let from = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let from = from.as_secs().saturating_sub(3600);
    let query = format!("%7Bservice_name%3D%22{}%22%7D", asked.plan.service);
    let store = store.trim_end_matches('/');
    let url = format!("{store}/loki/api/v1/query_range?query={query}&limit={LINES}&start={from}");
    let answer = asked.client.get(&url, &[])?;
    ensure!(answer.status == 200, "Loki answers {}", answer.status);
    let answer = answer.json()?;
    let streams = answer["data"]["result"].as_array().into_iter().flatten();
    Ok(streams
        .flat_map(|stream| {
            let labels = stream["stream"].to_string();
            let has_ids = labels.contains("trace_id") && labels.contains("request_id");
            let lines = stream["values"].as_array().into_iter().flatten();
            lines.map(move |line| {
                (
                    has_ids,
                    vec![line[1].as_str().unwrap_or_default().to_owned()],
                )
            })
        })
        .collect())
}

fn random() -> u64 {
    RandomState::new().hash_one(SystemTime::now())
}
