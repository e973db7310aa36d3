//! What Prometheus knows of the service.

use super::{Asked, Said};
use anyhow::Result;
use sightline_core::names;
use sightline_rules::check;

/// A label with more values is none.
const MOST_VALUES: f64 = 100.0;
/// Labels that name routes, of which the edge's own limit allows more.
const ROUTES: [&str; 4] = ["endpoint", "http_route", "span_name", "url_template"];
/// Of the requests, what may be without a route of its own.
const MOST_UNROUTED: f64 = 0.1;
/// So many spans have to be kept for a share to be told.
const LEAST_KEPT: f64 = 100.0;

pub fn by_route(asked: &Asked) -> Result<Said> {
    let service = &asked.plan.service;
    let query =
        format!("sum by (endpoint) (increase(http_requests_total{{job=\"{service}\"}}[1h]))");
    let counts = asked.values(&query, "endpoint")?;
    if counts.is_empty() {
        let found = format!("no http_requests_total of job {service}");
        return Ok((Some(false), found));
    }
    let all: f64 = counts.iter().map(|(_, count)| count).sum();
    if all <= 0.0 {
        return Ok((None, "no request in an hour".to_owned()));
    }
    let is_route = |(route, count): &&(String, f64)| !names::is_no_route(route) && *count > 0.0;
    let (mut routes, mut routed) = (0, 0.0);
    for (_, count) in counts.iter().filter(is_route) {
        routes += 1;
        routed += count;
    }
    let share = (1.0 - routed / all).max(0.0);
    let found = format!(
        "{routes} routes, {:.0} % of {all:.0} requests of an hour without one",
        share * 100.0
    );
    Ok((Some(routes > 1 && share <= MOST_UNROUTED), found))
}

pub fn bounded(asked: &Asked) -> Result<Said> {
    let job = format!("job=\"{}\"", asked.plan.service);
    let limit = asked.sum(&format!("max(sightline_edge_series_limit{{{job}}})"))?;
    let now = asked.sum("vector(time())")?.unwrap_or_default();
    let from = (now - 3600.0).to_string();
    let mut most = (0.0, String::new());
    let mut bad = Vec::new();
    for (matcher, is_edge) in [
        (job.as_str(), true),
        ("__name__=\"traces_span_metrics_calls_total\"", false),
        ("__name__=~\"browser_.+\"", false),
    ] {
        // Buckets have the labels of their counts.
        let series = format!("{{{matcher}, __name__!~\".+_bucket\"}}");
        let labels = labels(asked, &series, &from)?;
        if is_edge && labels.is_empty() {
            return Ok((None, format!("no series of job {}", asked.plan.service)));
        }
        for label in labels {
            if let Some(each) = check::unbounded(&label) {
                bad.push(format!("`{label}` has a value for each {each}"));
            }
            // Of the service that has the most.
            let of_hour = format!("group by (job, {label}) (last_over_time({series}[1h]))");
            let values = asked.sum(&format!("max(count by (job) ({of_hour}))"))?;
            let values = values.unwrap_or_default();
            let allowed = match ROUTES.contains(&label.as_str()) {
                true => limit.unwrap_or(MOST_VALUES),
                false => MOST_VALUES,
            };
            if values >= allowed {
                bad.push(format!("`{label}` has {values} values"));
            }
            if values > most.0 {
                most = (values, label);
            }
        }
    }
    if !bad.is_empty() {
        return Ok((Some(false), bad.join("; ")));
    }
    let found = format!("at most {} values, of `{}`", most.0, most.1);
    Ok((Some(true), found))
}

/// The labels of series since then that grow with what is measured: each process has
/// an instance of its own.
fn labels(asked: &Asked, series: &str, from: &str) -> Result<Vec<String>> {
    let prometheus = asked.prometheus()?;
    let labels = prometheus.ask("labels", &[("match[]", series), ("start", from)])?;
    let labels = labels.as_array().into_iter().flatten();
    let labels = labels.filter_map(|label| label.as_str().map(str::to_owned));
    Ok(labels
        .filter(|label| !matches!(label.as_str(), "__name__" | "job" | "instance" | "le"))
        .collect())
}

pub fn pages(asked: &Asked) -> Result<Said> {
    let Some(pages) = &asked.plan.pages else {
        return Ok((None, "no `pages` to ask for".to_owned()));
    };
    let of_day =
        |metric: &str| asked.sum(&format!("sum(increase({metric}{{job=\"{pages}\"}}[1d]))"));
    let views = of_day("browser_views_total")?.unwrap_or_default();
    let vitals = of_day("browser_web_vital_lcp_seconds_count")?.unwrap_or_default();
    let errors = asked.sum(&format!("sum(browser_exceptions_total{{job=\"{pages}\"}})"))?;
    let found = format!(
        "{views:.0} views and {vitals:.0} LCP of a day; {}",
        match errors {
            Some(_) => "errors arrive",
            None => "no error so far: throw one in the console",
        }
    );
    let is_so = match views > 0.0 && vitals > 0.0 {
        true => errors.map(|_| true),
        false => Some(false),
    };
    Ok((is_so, found))
}

/// Errors and what is slow are kept beside the share; few spans are no share.
pub fn sampling(asked: &Asked) -> Result<Said> {
    let over = |what: &str| asked.sum(&format!("sum(sum_over_time({what}[1h]))"));
    let accepted = over("sightline_collector_spans_accepted")?.unwrap_or_default();
    let kept = over("sightline_collector_spans_kept")?.unwrap_or_default();
    if accepted <= 0.0 {
        let found = "no span came through the collector in an hour";
        return Ok((None, found.to_owned()));
    }
    let (share, wanted) = (kept / accepted, asked.plan.sampling);
    let found = format!(
        "{:.3} % of {accepted:.0} spans of an hour are kept, {} % are to be",
        100.0 * share,
        100.0 * wanted
    );
    let is_so = match accepted * wanted >= LEAST_KEPT {
        true if share < wanted / 2.0 => Some(false),
        true if share <= wanted * 2.0 => Some(true),
        _ => None,
    };
    Ok((is_so, found))
}
