//! Who watches the service: rules, receivers, dashboards, probes, people.

use super::{Asked, Said};
use crate::alertmanager;
use crate::grafana::{Dashboard, View};
use crate::test_alert::{self, SEVERITIES};
use anyhow::Result;
use sightline_rules::duration;
use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, SystemTime};

const FIRE_LIMIT: Duration = Duration::from_secs(120);
/// What a dashboard shows that was just opened.
const SHOWN_SECONDS: f64 = 3600.0;
const METRICS_KEPT: Duration = Duration::from_secs(30 * 86400);
/// What Prometheus keeps where nobody says how long.
const PROMETHEUS_KEEPS: &str = "15d";
/// So many of a list are told.
const SHOWN: usize = 5;
const CERTIFICATE_DAYS: f64 = 14.0;

pub fn alerts(asked: &Asked) -> Result<Said> {
    let mut tested = String::new();
    for entry in fs::read_dir(asked.plan.ours.join("tests"))? {
        let path = entry?.path();
        if path.is_file() {
            tested += &fs::read_to_string(path)?;
        }
    }
    let rules = asked.prometheus.ask("rules", &[("type", "alert")])?;
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
        if !tested.contains(&format!("alertname: {name},"))
            && !tested.contains(&format!("alertname: {name}\n"))
        {
            bad.insert(format!("{name} has no test here"));
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
fn some_of(all: &[String]) -> String {
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
    let api = alertmanager::Api::new(url);
    if !asked.plan.fire {
        api.status()?;
        return Ok((
            None,
            "Alertmanager answers; no test alert was sent".to_owned(),
        ));
    }
    let mut said = Vec::new();
    let fired = test_alert::fire(&api, &SEVERITIES, FIRE_LIMIT, &mut |line| said.push(line));
    match fired {
        Ok(()) => Ok((Some(true), said.join("; "))),
        Err(error) => Ok((Some(false), format!("{error:#}"))),
    }
}

pub fn dashboards(asked: &Asked) -> Result<Said> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = now.as_secs_f64().floor();
    let view = View {
        from: now - SHOWN_SECONDS,
        to: now,
        scrape: 15.0,
        points: 120.0,
        divisor: 1.0,
    };
    let (mut panels, mut empty, mut dark) = (0, Vec::new(), Vec::new());
    for dashboard in Dashboard::all(&asked.plan.ours.join("dashboards"))? {
        let chosen = dashboard.choose_all(&asked.prometheus, &view)?;
        let (before, shown_before) = (empty.len(), panels);
        for panel in &dashboard.panels {
            if panel.datasource != "prometheus" {
                continue;
            }
            panels += 1;
            let mut targets = panel.targets.iter();
            let has_data = targets.any(|target| {
                let answer = target.ask(&asked.prometheus, &view, &chosen);
                answer.is_ok_and(|answer| !answer.series.is_empty())
            });
            if !has_data {
                empty.push(format!("{}: {}", dashboard.uid, panel.title));
            }
        }
        if empty.len() - before == panels - shown_before {
            dark.push(dashboard.uid);
        }
    }
    let shown = panels - empty.len();
    let found = format!("{shown} of {panels} panels have data");
    match (dark.is_empty(), empty.is_empty()) {
        (false, _) => Ok((
            Some(false),
            format!("{found}; nothing at all in {}", dark.join(", ")),
        )),
        (true, true) => Ok((Some(true), found)),
        (true, false) => Ok((None, format!("{found}; none in {}", some_of(&empty)))),
    }
}

pub fn probes(asked: &Asked) -> Result<Said> {
    let up = asked.values("min by (job) (last_over_time(probe_success[6h]))", "job")?;
    let days = "min((last_over_time(probe_ssl_earliest_cert_expiry[6h]) - time()) / 86400)";
    let days = asked.sum(days)?;
    let down: Vec<_> = up
        .iter()
        .filter(|(_, up)| *up < 1.0)
        .map(|(job, _)| job.as_str())
        .collect();
    let certificate = match days {
        Some(days) => format!("the next certificate ends in {days:.0} days"),
        None => "no certificate is looked at".to_owned(),
    };
    let needs_certificate = asked.plan.url.starts_with("https://");
    let certificate_is_well = days.map_or(!needs_certificate, |days| days > CERTIFICATE_DAYS);
    let found = match (up.is_empty(), down.is_empty()) {
        (true, _) => "nothing is probed".to_owned(),
        (_, true) => format!("{} kinds of probes succeed; {certificate}", up.len()),
        _ => format!("{} fail; {certificate}", down.join(", ")),
    };
    let is_so = !up.is_empty() && down.is_empty() && certificate_is_well;
    Ok((Some(is_so), found))
}

pub fn retention(asked: &Asked) -> Result<Said> {
    let flags = asked.prometheus.ask("status/flags", &[])?;
    let said = flags["storage.tsdb.retention.time"].as_str();
    let said = said.filter(|said| !matches!(*said, "" | "0s"));
    let metrics = said.unwrap_or(PROMETHEUS_KEEPS);
    let is_long = duration::parse(metrics)? >= METRICS_KEPT;
    let [logs, traces] = asked.plan.retention.each_ref().map(|kept| kept.as_deref());
    let found = format!(
        "metrics {metrics}, logs {}, traces {}",
        logs.unwrap_or("unsaid"),
        traces.unwrap_or("unsaid")
    );
    match (is_long, logs, traces) {
        (false, ..) => Ok((Some(false), found)),
        (true, Some(_), Some(_)) => Ok((Some(true), found)),
        _ => Ok((None, found)),
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
