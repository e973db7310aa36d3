//! Whether all is well, and where to look next.

use super::promised::Promised;
use super::promql::{POINT, SHOWN, increase, of_job, quantile, rate, recorded, share, within};
use super::red::{self, FAILED};
use super::{Dashboard, Link, Row, Thresholds, Unit, column, lines, query, row, stat, table};
use crate::objective_rules::BUDGET_REMAINING;
use sightline_core::dashboard::{OVERVIEW, RED};
use sightline_core::metric::{
    BROWSER_EXCEPTIONS, BROWSER_VIEWS, HTTP_REQUEST_DURATION, HTTP_REQUESTS, PROBE_UP,
};
use sightline_core::web_vital::LCP;

const PROBES: &str = "blackbox_exporter";

pub fn dashboard(promised: Promised) -> Dashboard {
    Dashboard {
        page: OVERVIEW,
        about: "Whether people get what they came for, and which alerts fire.",
        services: &["sightline_edge_build_info", "browser_views_total"],
        rows: vec![
            now(promised),
            course(promised),
            services(promised),
            outside(),
        ],
    }
}

fn now(promised: Promised) -> Row {
    let requests = of_job(HTTP_REQUESTS.name, "");
    let failed = increase("", &of_job(HTTP_REQUESTS.name, FAILED));
    let views = increase("", &of_job(BROWSER_VIEWS.name, ""));
    let errors = increase("", &of_job(BROWSER_EXCEPTIONS.name, ""));
    let alerts = "count(ALERTS{alertstate=\"firing\", severity!=\"heartbeat\"}) or vector(0)";
    row(
        "In the time shown",
        vec![
            stat("Alerts", "Alerts that fire now, without the watchdog. Absent means none, as long as rules are evaluated.", 4, Unit::Count, alerts.into())
                .rated(Thresholds::Below(1.0, 5.0)),
            stat("Least budget left", "Of all objectives, the smallest share of the budget that is left; below 0 the promise is broken.", 4, Unit::Number, format!("min({})", recorded(BUDGET_REMAINING, "")))
                .rated(Thresholds::Above(0.0, 0.25)),
            stat("Requests", "Requests that ended at the edge.", 4, Unit::Count, increase("", &requests)),
            stat("Failed requests", "The share of requests answered with 500 or more.", 4, Unit::Ratio, share(&failed, &increase("", &requests)))
                .rated(promised.failed),
            stat("Errors for each view", "Errors that pages told by views of pages; above 1 a page has several.", 4, Unit::Number, share(&errors, &views))
                .rated(Thresholds::Below(0.01, 0.05)),
            stat("Good LCP", "The share of views whose Largest Contentful Paint came within 2.5 s; 75 % is the aim.", 4, Unit::Ratio, within("", LCP.metric.name, LCP.good, "", SHOWN))
                .rated(Thresholds::Above(0.5, 0.75)),
        ],
    )
}

fn course(promised: Promised) -> Row {
    let requests = rate("job", &of_job(HTTP_REQUESTS.name, ""));
    let failed = rate("job", &of_job(HTTP_REQUESTS.name, FAILED));
    let p95 = quantile(0.95, "job", HTTP_REQUEST_DURATION.name, "", POINT);
    let vital = quantile(0.75, "job", LCP.metric.name, "", POINT);
    row(
        "Course",
        vec![
            lines(
                "Requests",
                "Requests that ended, by service.",
                12,
                Unit::RequestsPerSecond,
                vec![query(requests.clone(), "{{job}}")],
            ),
            lines(
                "Failed requests",
                "The share of requests answered with 500 or more, by service.",
                12,
                Unit::Ratio,
                vec![query(share(&failed, &requests), "{{job}}")],
            )
            .rated(promised.failed),
            lines(
                "Duration, p95",
                "One request in 20 takes longer, by service.",
                12,
                Unit::Seconds,
                vec![query(p95, "{{job}}").with_exemplars()],
            )
            .rated(promised.duration),
            lines(
                "LCP, p75",
                "One view in four waits longer for its largest content.",
                12,
                Unit::Seconds,
                vec![query(vital, "{{job}}").at_least("5m")],
            )
            .rated(Thresholds::Below(LCP.good, LCP.fair)),
        ],
    )
}

fn services(promised: Promised) -> Row {
    let firing = "sum by (alertname, severity, job) (ALERTS{alertstate=\"firing\"})";
    row(
        "Services and alerts",
        vec![
            table(
                "Services",
                "What each edge said of its requests in the time shown.",
                &["job"],
                red::columns("job", promised),
            )
            .wide(12)
            .linked(&[Link::Dashboard(RED.uid)]),
            table(
                "Alerts that fire",
                "The watchdog always does; where it is missing, no rule is evaluated.",
                &["alertname", "severity", "job"],
                vec![column("instances", Unit::Count, firing.into())],
            )
            .wide(12),
        ],
    )
}

fn outside() -> Row {
    let edge = format!("min by (job, probe) ({})", of_job(PROBE_UP.name, ""));
    row(
        "From outside",
        vec![
            lines("Dependencies, asked by the edge", "1 where what the edge asks for its health is well, else 0.", 12, Unit::Count, vec![query(edge, "{{job}} → {{probe}}")]),
            lines("Targets", "The share of a job's instances that Prometheus can scrape.", 12, Unit::Ratio, vec![query("avg by (job) (up)".into(), "{{job}}")])
                .rated(Thresholds::Above(0.5, 1.0)),
            lines("Probes", "The share of probes that succeeded, by what they ask.", 8, Unit::Ratio, vec![query("avg by (job, instance) (avg_over_time(probe_success[$__rate_interval]))".into(), "{{instance}}")])
                .rated(Thresholds::Above(0.9, 1.0))
                .needs(PROBES),
            lines("Duration of probes", "How long a visitor from outside waits.", 8, Unit::Seconds, vec![query("max by (job, instance) (avg_over_time(probe_duration_seconds[$__rate_interval]))".into(), "{{instance}}")])
                .rated(Thresholds::Below(1.0, 2.0))
                .needs(PROBES),
            lines("Certificates", "Time until the first certificate of a chain ends.", 8, Unit::Seconds, vec![query("min by (job, instance) (probe_ssl_earliest_cert_expiry) - time()".into(), "{{instance}}")])
                .rated(Thresholds::Above(3.0 * 86400.0, 14.0 * 86400.0))
                .needs(PROBES),
        ],
    )
}
