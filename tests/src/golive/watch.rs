//! Who watches the service: receivers, dashboards, probes, people.

use super::{Asked, Plan, Said};
use crate::alertmanager;
use crate::test_alert::{self, SEVERITIES};
use anyhow::{Context, Result};
use sightline_rules::duration;
use std::time::Duration;

const FIRE_LIMIT: Duration = Duration::from_secs(120);
const DAY: Duration = Duration::from_secs(86400);
const METRICS_KEPT: Duration = DAY.saturating_mul(30);
/// Of logs and traces.
const KEPT: [Duration; 2] = [DAY.saturating_mul(7), DAY.saturating_mul(3)];
/// So many of a list are told.
const SHOWN: usize = 5;
const CERTIFICATE_DAYS: f64 = 14.0;

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
    let Plan { url, probed_as, .. } = asked.plan;
    let names = [url, probed_as].map(|name| Address::of(name));
    let is_page = |instance: &str| names.iter().any(|name| name.has_page(instance));
    let is_ours = |instance: &str| names.iter().any(|name| name.is_asked(instance));
    // As the rules have it, which know how long what is probed seldom counts.
    let last = "min by (instance) (region:probe_success:last)";
    let mut up = asked.values(last, "instance")?;
    up.retain(|(instance, _)| is_ours(instance));
    let days = "(last_over_time(probe_ssl_earliest_cert_expiry[6h5m]) - time()) / 86400";
    let days = asked.values(&format!("min by (instance) ({days})"), "instance")?;
    let of_service = days.iter().filter(|(instance, _)| is_ours(instance));
    let days = of_service.map(|(_, days)| *days).reduce(f64::min);
    let down: Vec<_> = up.iter().filter(|(_, up)| *up < 1.0).collect();
    let certificate = match days {
        Some(days) => format!("its certificate ends in {days:.0} days"),
        None => "no certificate is looked at".to_owned(),
    };
    let is_probed = up.iter().any(|(instance, _)| is_page(instance));
    let has_none = !url.starts_with("https://");
    let certificate_is_well = days.map_or(has_none, |days| days > CERTIFICATE_DAYS);
    let found = match (is_probed, down.first()) {
        (false, _) => format!("{probed_as} is not probed; {certificate}"),
        (_, Some((instance, _))) => format!("{instance} fails; {certificate}"),
        _ => format!("{} probes succeed; {certificate}", up.len()),
    };
    let is_so = is_probed && down.is_empty() && certificate_is_well;
    Ok((Some(is_so), found))
}

/// What a service is called: by its pages, and by name and port, as TLS is probed.
struct Address<'a> {
    url: &'a str,
    authority: &'a str,
    host_and_port: String,
}

impl<'a> Address<'a> {
    fn of(url: &'a str) -> Self {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let authority = rest.split('/').next().unwrap_or_default();
        let port = if scheme == "https" { 443 } else { 80 };
        Self {
            url,
            authority,
            host_and_port: match authority.contains(':') {
                true => authority.to_owned(),
                false => format!("{authority}:{port}"),
            },
        }
    }

    fn has_page(&self, instance: &str) -> bool {
        let path = instance.strip_prefix(self.url);
        path.is_some_and(|path| path.is_empty() || path.starts_with('/'))
    }

    fn is_asked(&self, instance: &str) -> bool {
        self.has_page(instance) || instance == self.authority || instance == self.host_and_port
    }
}

pub fn retention(asked: &Asked) -> Result<Said> {
    let info = asked.prometheus()?.ask("status/runtimeinfo", &[])?;
    let said = info["storageRetention"].as_str();
    let (metrics, size) = metrics_kept(said.context("Prometheus does not say its retention")?);
    let stores = asked.plan.retention;
    let [logs, traces] = stores.map(|kept| kept.map_or("unsaid".to_owned(), duration::text));
    let mut found = match metrics {
        Some(metrics) => format!("metrics {}", duration::text(metrics)),
        None => "metrics without a limit of time".to_owned(),
    };
    if let Some(size) = size {
        found += &format!(", or less where {size} hold less");
    }
    found += &format!(", logs {logs}, traces {traces}");
    let mut long = stores
        .iter()
        .zip(KEPT)
        .map(|(kept, least)| kept.map(|kept| kept >= least));
    let is_short = metrics.is_some_and(|metrics| metrics < METRICS_KEPT)
        || long.clone().any(|long| long == Some(false));
    let is_known = size.is_none() && long.all(|long| long.is_some());
    Ok((
        match (is_short, is_known) {
            (true, _) => Some(false),
            (false, true) => Some(true),
            (false, false) => None,
        },
        found,
    ))
}

/// Time and size, of `30d`, `10GiB`, `30d or 10GiB`, or nothing: whichever is reached
/// first, of flags and configuration.
fn metrics_kept(said: &str) -> (Option<Duration>, Option<&str>) {
    let limits = || said.split(" or ").filter(|limit| !limit.is_empty());
    let time = limits().find_map(|limit| duration::parse(limit).ok());
    (time, limits().find(|limit| duration::parse(limit).is_err()))
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
