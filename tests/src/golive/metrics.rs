//! What Prometheus knows of the service.

use super::{Asked, Said};
use anyhow::Result;
use sightline_core::names;

/// A label with more values is none.
const MOST_VALUES: usize = 100;
/// Of the requests, what may be without a route of its own.
const MOST_UNROUTED: f64 = 0.1;
/// Labels that name a person or a request, whatever their number of values.
const NEVER: [&str; 6] = ["user", "session", "request_id", "trace_id", "email", "ip"];

pub fn by_route(asked: &Asked) -> Result<Said> {
    let service = &asked.plan.service;
    let query =
        format!("sum by (endpoint) (increase(http_requests_total{{job=\"{service}\"}}[1h]))");
    let routes = asked.values(&query, "endpoint")?;
    if routes.is_empty() {
        return Ok((
            Some(false),
            format!("no http_requests_total of job {service}"),
        ));
    }
    let all: f64 = routes.iter().map(|(_, count)| count).sum();
    let without = routes.iter().filter(|(route, _)| names::is_no_route(route));
    let share = without.map(|(_, count)| count).sum::<f64>() / all.max(1.0);
    let found = format!(
        "{} routes, {:.0} % of {all:.0} requests of an hour without one",
        routes.len(),
        share.abs() * 100.0
    );
    Ok((Some(routes.len() > 1 && share <= MOST_UNROUTED), found))
}

pub fn bounded(asked: &Asked) -> Result<Said> {
    let series = format!("{{job=\"{}\"}}", asked.plan.service);
    let labels = asked.prometheus.ask("labels", &[("match[]", &series)])?;
    let labels = labels.as_array().into_iter().flatten();
    let mut most = (0, String::new());
    let mut bad = Vec::new();
    for label in labels.filter_map(|label| label.as_str()) {
        if NEVER.iter().any(|never| label.contains(never)) {
            bad.push(format!("`{label}` names a person or a request"));
        }
        if label == "__name__" {
            continue;
        }
        let path = format!("label/{label}/values");
        let values = asked.prometheus.ask(&path, &[("match[]", &series)])?;
        let values = values.as_array().map_or(0, Vec::len);
        if values >= MOST_VALUES {
            bad.push(format!("`{label}` has {values} values"));
        }
        most = most.max((values, label.to_owned()));
    }
    if most.0 == 0 {
        return Ok((None, format!("no series of job {}", asked.plan.service)));
    }
    let found = format!("at most {} values, of `{}`", most.0, most.1);
    match bad.is_empty() {
        true => Ok((Some(true), found)),
        false => Ok((Some(false), bad.join("; "))),
    }
}

pub fn pages(asked: &Asked) -> Result<Said> {
    let views = asked.sum("sum(increase(browser_views_total[1d]))")?;
    let vitals = asked.sum("sum(increase(browser_web_vital_lcp_seconds_count[1d]))")?;
    let errors = asked.sum("sum(browser_exceptions_total)")?;
    let found = format!(
        "{:.0} views and {:.0} LCP of a day; {}",
        views.unwrap_or_default(),
        vitals.unwrap_or_default(),
        match errors {
            Some(_) => "errors arrive",
            None => "no error so far: throw one in the console",
        }
    );
    let is_so = match (views, vitals, errors) {
        (Some(_), Some(_), Some(_)) => Some(true),
        (Some(_), Some(_), None) => None,
        _ => Some(false),
    };
    Ok((is_so, found))
}

pub fn sampling(asked: &Asked) -> Result<Said> {
    let over = |what: &str| asked.sum(&format!("sum(sum_over_time({what}[1h]))"));
    let accepted = over("sightline_collector_spans_accepted")?;
    let kept = over("sightline_collector_spans_kept")?;
    match (accepted, kept) {
        (Some(accepted), Some(kept)) if accepted > 0.0 => {
            let share = 100.0 * kept / accepted;
            let found = format!("{share:.1} % of {accepted:.0} spans of an hour are kept");
            Ok((Some(kept > 0.0), found))
        }
        _ => Ok((
            None,
            "no span came through the collector in an hour".to_owned(),
        )),
    }
}
