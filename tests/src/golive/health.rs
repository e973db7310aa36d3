//! What load balancers ask: that it answers, and is no traffic.

use super::trace::{self, Visit};
use super::{Asked, PAUSE, Said, logs};
use crate::process::wait_every;
use anyhow::{Context, Result};
use serde_json::Value;
use std::time::Duration;

/// How long a request may take into metrics and logs.
const LIMIT: Duration = Duration::from_secs(60);
/// The endpoints, and what the filter says there.
const CHECKS: [(&str, &str); 3] = [("live", "live"), ("ready", "ready"), ("startup", "started")];
const PATHS: &str = ".*/health/(live|ready|startup)";

pub fn answers(asked: &Asked) -> Result<Said> {
    let since = asked.plan.logs.as_deref().map(logs::Since::now);
    let mut found = Vec::new();
    let mut all_well = true;
    for (check, word) in CHECKS {
        let answer = match asked.visit(&format!("/health/{check}"), &[]) {
            Ok(answer) => answer,
            Err(said) => return Ok(said),
        };
        let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        let status = body["status"].as_str();
        all_well &= answer.status == 200 && status == Some(word);
        let status = status.unwrap_or("without a status");
        found.push(format!("{check} {} {status}", answer.status));
    }
    let found = found.join(", ");
    if !all_well {
        return Ok((Some(false), found));
    }
    let (visit, where_counted) = counted(asked).with_context(|| found.clone())?;
    if let Some(where_counted) = where_counted {
        return Ok((Some(false), format!("{found}; {where_counted}")));
    }
    let Some(since) = since else {
        return Ok((None, format!("{found}, not counted; no `logs` to ask")));
    };
    match is_logged(asked, since?, &visit).with_context(|| found.clone())? {
        true => Ok((Some(false), format!("{found}; in the log"))),
        false => Ok((Some(true), format!("{found}, neither counted nor logged"))),
    }
}

/// Where checks are counted among requests: known once a request that came after them is,
/// and that request.
fn counted(asked: &Asked) -> Result<(Visit, Option<String>)> {
    let series = format!("http_requests_total{{job=\"{}\"", asked.plan.service);
    let sum = || asked.sum(&format!("sum({series}}})"));
    let now = asked.sum("vector(time())")?.context("no time")?;
    let before = sum()?.context("nothing is counted")?;
    let visit = trace::visit(asked).map_err(|(_, why)| anyhow::anyhow!(why))?;
    wait_every(PAUSE, "a request to be counted", LIMIT, || {
        let newest = asked.sum(&format!("max(timestamp({series}}}))"))?;
        let is_newer = newest.is_some_and(|newest| newest > now);
        let has_grown = sum()?.is_some_and(|sum| sum > before);
        Ok((is_newer && has_grown).then_some(()))
    })?;
    let counted = asked.values(&format!("{series}, endpoint=~\"{PATHS}\"}}"), "endpoint")?;
    let first = counted.first();
    let told = first.map(|(endpoint, _)| format!("{endpoint} is counted among requests"));
    Ok((visit, told))
}

/// Whether they have records: known once a request that came after them has.
fn is_logged(asked: &Asked, since: logs::Since, visit: &Visit) -> Result<bool> {
    let store = logs::Store::of(asked)?.context("no `logs`")?;
    let service = &asked.plan.service;
    let what = visit.named("a record of ");
    wait_every(PAUSE, &what, LIMIT, || {
        let seen = store.of_trace(since, &visit.trace)?;
        let mut seen = seen.iter();
        Ok(seen.any(|record| record.service == *service).then_some(()))
    })?;
    let checks = format!(" | url_path=~\"{PATHS}\"");
    let mut records = store.of_service(since, service, &checks)?.into_iter();
    let ends = CHECKS.map(|(check, _)| format!("/health/{check}"));
    Ok(records.any(|record| {
        let mut texts = record.texts.iter();
        texts.any(|text| ends.iter().any(|end| text.ends_with(end)))
    }))
}
