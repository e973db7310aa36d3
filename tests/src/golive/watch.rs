//! Who watches the service: rules, receivers, dashboards, probes, people.

use super::{Asked, Said};
use crate::alertmanager;
use crate::test_alert::{self, SEVERITIES};
use anyhow::{Result, ensure};
use sightline_rules::check::{Source, Tests};
use sightline_rules::duration;
use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

const FIRE_LIMIT: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(86400);
const METRICS_KEPT: Duration = DAY.saturating_mul(30);
/// Of logs and traces.
const KEPT: [Duration; 2] = [DAY.saturating_mul(7), DAY.saturating_mul(3)];
/// What Prometheus keeps where nobody says how long.
const PROMETHEUS_KEEPS: &str = "15d";
/// So many of a list are told.
const SHOWN: usize = 5;
const CERTIFICATE_DAYS: f64 = 14.0;

pub fn alerts(asked: &Asked) -> Result<Said> {
    let mut files = Vec::new();
    for entry in fs::read_dir(asked.plan.ours.join("tests"))? {
        let path = entry?.path();
        if path.is_file() {
            files.push(Source {
                name: path.display().to_string(),
                text: fs::read_to_string(path)?,
            });
        }
    }
    let mut unreadable = Vec::new();
    let tests = Tests::read(Some(&files), &mut unreadable);
    ensure!(unreadable.is_empty(), "{}", unreadable.join("; "));
    let rules = asked.prometheus()?.ask("rules", &[("type", "alert")])?;
    let groups = rules["groups"].as_array().into_iter().flatten();
    let rules = groups.flat_map(|group| group["rules"].as_array().into_iter().flatten());
    let (mut count, mut bad) = (0, BTreeSet::new());
    for rule in rules {
        count += 1;
        let name = rule["name"].as_str().unwrap_or_default();
        if rule["annotations"]["runbook_url"]
            .as_str()
            .is_none_or(str::is_empty)
        {
            bad.insert(format!("{name} has no runbook"));
        }
        if rule["health"] != "ok" && rule["health"] != "unknown" {
            bad.insert(format!("{name} can't be evaluated"));
        }
        if !tests.see_firing(name) {
            bad.insert(format!("no test here sees {name} fire"));
        }
    }
    let bad: Vec<_> = bad.into_iter().collect();
    match (count, bad.is_empty()) {
        (0, _) => Ok((Some(false), "no alert is loaded".to_owned())),
        (_, true) => Ok((Some(true), format!("{count} alerts"))),
        _ => Ok((Some(false), some_of(&bad))),
    }
}

/// The first few, and how many more there are.
pub fn some_of(all: &[String]) -> String {
    let shown = all.len().min(SHOWN);
    let first = all[..shown].join("; ");
    match all.len() - shown {
        0 => first,
        more => format!("{first}; and {more} more"),
    }
}

pub fn receivers(asked: &Asked) -> Result<Said> {
    let Some(url) = &asked.plan.alertmanager else {
        return Ok((None, "no `alertmanager` to ask".to_owned()));
    };
    let api = alertmanager::Api::with(url, asked.plan.client("alertmanager")?);
    api.status()?;
    if !asked.plan.fire {
        return Ok((
            None,
            "Alertmanager answers; no test alert was sent".to_owned(),
        ));
    }
    let mut said = Vec::new();
    let fired = test_alert::fire(&api, &SEVERITIES, FIRE_LIMIT, &mut |line| said.push(line));
    match fired {
        Ok(kept_back) if kept_back.is_empty() => Ok((Some(true), said.join("; "))),
        Ok(kept_back) => Ok((None, kept_back.join("; "))),
        Err(error) => Ok((Some(false), format!("{error:#}"))),
    }
}

pub fn probes(asked: &Asked) -> Result<Said> {
    let url = asked.plan.url.as_str();
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    let authority = rest.split('/').next().unwrap_or_default();
    let port = if scheme == "https" { 443 } else { 80 };
    let host_and_port = match authority.contains(':') {
        true => authority.to_owned(),
        false => format!("{authority}:{port}"),
    };
    let is_of_url = |of: &str| of == url || of.starts_with(&format!("{url}/"));
    // TLS is probed by name and port.
    let is_of_host = |of: &str| of == authority || of == host_and_port;
    // As the rules have it, which know how long what is probed seldom counts.
    let last = "min by (instance) (region:probe_success:last)";
    let mut up = asked.values(last, "instance")?;
    up.retain(|(instance, _)| is_of_url(instance) || is_of_host(instance));
    let days = "(last_over_time(probe_ssl_earliest_cert_expiry[6h5m]) - time()) / 86400";
    let days = asked.values(&format!("min by (instance) ({days})"), "instance")?;
    let of_service = days
        .iter()
        .filter(|(instance, _)| is_of_url(instance) || is_of_host(instance));
    let days = of_service.map(|(_, days)| *days).reduce(f64::min);
    let down: Vec<_> = up.iter().filter(|(_, up)| *up < 1.0).collect();
    let certificate = match days {
        Some(days) => format!("its certificate ends in {days:.0} days"),
        None => "no certificate is looked at".to_owned(),
    };
    let is_probed = up.iter().any(|(instance, _)| is_of_url(instance));
    let certificate_is_well = days.map_or(scheme != "https", |days| days > CERTIFICATE_DAYS);
    let found = match (is_probed, down.first()) {
        (false, _) => format!("{url} is not probed; {certificate}"),
        (_, Some((instance, _))) => format!("{instance} fails; {certificate}"),
        _ => format!("{} probes succeed; {certificate}", up.len()),
    };
    let is_so = is_probed && down.is_empty() && certificate_is_well;
    Ok((Some(is_so), found))
}

pub fn retention(asked: &Asked) -> Result<Said> {
    let flags = asked.prometheus()?.ask("status/flags", &[])?;
    let said = flags["storage.tsdb.retention.time"].as_str();
    let said = said.filter(|said| !matches!(*said, "" | "0s"));
    let metrics = duration::parse(said.unwrap_or(PROMETHEUS_KEEPS))?;
    let stores = asked.plan.retention;
    let [logs, traces] = stores.map(|kept| kept.map_or("unsaid".to_owned(), duration::text));
    let found = format!(
        "metrics {}, logs {logs}, traces {traces}",
        duration::text(metrics)
    );
    let mut long = stores
        .iter()
        .zip(KEPT)
        .map(|(kept, least)| kept.map(|kept| kept >= least));
    let is_short = metrics < METRICS_KEPT || long.clone().any(|long| long == Some(false));
    let all_said = long.all(|long| long.is_some());
    match (is_short, all_said) {
        (true, _) => Ok((Some(false), found)),
        (false, all_said) => Ok((all_said.then_some(true), found)),
    }
}

pub fn on_call(asked: &Asked) -> Result<Said> {
    let named: Vec<_> = asked
        .plan
        .on_call
        .iter()
        .filter(|name| !name.is_empty())
        .map(String::as_str)
        .collect();
    let is_so = named.len() == asked.plan.on_call.len();
    Ok((
        Some(is_so),
        match named.is_empty() {
            true => "nobody".to_owned(),
            false => named.join(", "),
        },
    ))
}
