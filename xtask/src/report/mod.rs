//! The demo's report: as a page for people, as JSON for machines, and as the
//! few lines that the terminal gets.

mod chart;
pub mod dashboards;
mod number;
mod page;
mod waterfall;

use anyhow::Result;
use serde_json::{Value, json};
use sightline_tests::line::{Counted, EDGES, Joined, Line, Visit};
use sightline_tests::otlp::{Log, Span};
use std::collections::BTreeMap;
use std::fmt::Write;

pub use page::html;

/// What every part said about the visit.
pub struct Findings {
    /// The trace of the successful checkout.
    pub joined: Joined,
    /// Requests at each edge.
    pub counted: Vec<Counted>,
    /// Quantiles of the duration in seconds, by edge, method and route.
    pub durations: BTreeMap<(String, String, String), [f64; 2]>,
    /// Web vitals.
    pub vitals: Vec<Log>,
    /// Errors of the page.
    pub errors: Vec<Log>,
    /// Of each error its stack in the words of the source.
    pub sources: Vec<String>,
    /// Changes of route in the page.
    pub navigations: Vec<Span>,
}

/// What took how many seconds, in order.
#[derive(Default)]
pub struct Steps(Vec<(String, f64)>);

impl Steps {
    pub fn add(&mut self, name: &str, seconds: f64) {
        self.0.push((name.to_owned(), seconds));
    }

    pub fn into_seconds(self) -> Vec<(String, f64)> {
        self.0
    }
}

/// One line of the RED table.
struct Row<'a> {
    service: &'a str,
    method: &'a str,
    route: &'a str,
    requests: u64,
    errors: u64,
    /// Median and 95th percentile in seconds.
    quantiles: [f64; 2],
}

/// The quantiles that the report shows, as Prometheus computes them.
pub fn durations(line: &Line) -> Result<BTreeMap<(String, String, String), [f64; 2]>> {
    let mut durations = BTreeMap::new();
    for (service, _) in EDGES {
        for (at, quantile) in [0.5, 0.95].into_iter().enumerate() {
            let samples = line.prometheus.query(&format!(
                "histogram_quantile({quantile}, sum by (method, endpoint, le) \
                 (http_request_duration_seconds_bucket{{job=\"{service}\"}}))"
            ))?;
            for sample in samples {
                let label = |name: &str| sample.label(name).to_owned();
                let key = (service.to_owned(), label("method"), label("endpoint"));
                durations.entry(key).or_insert([f64::NAN; 2])[at] = sample.value;
            }
        }
    }
    Ok(durations)
}

/// Where to look around while the demo runs.
pub fn addresses(line: &Line) -> Vec<(&'static str, String)> {
    vec![
        ("shop", line.url.clone()),
        ("edge metrics", format!("{}/sightline/metrics", line.url)),
        (
            "internal edge metrics",
            format!("{}/sightline/metrics", line.internal_url),
        ),
        ("Envoy admin", line.admin_url.clone()),
        ("Prometheus", line.prometheus.url().to_owned()),
        (
            "shop API health",
            format!("{}/health/ready", line.internal_url),
        ),
    ]
}

fn rows(findings: &Findings) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for edge in &findings.counted {
        for ((method, route, status), count) in &edge.requests {
            let at = rows.iter().position(|row| {
                row.service == edge.service && row.method == method && row.route == route
            });
            let at = at.unwrap_or_else(|| {
                let key = (edge.service.clone(), method.clone(), route.clone());
                let quantiles = findings.durations.get(&key);
                rows.push(Row {
                    service: &edge.service,
                    method,
                    route,
                    requests: 0,
                    errors: 0,
                    quantiles: quantiles.copied().unwrap_or([f64::NAN; 2]),
                });
                rows.len() - 1
            });
            rows[at].requests += count;
            rows[at].errors += if *status >= 500 { *count } else { 0 };
        }
    }
    rows
}

/// The report for machines.
pub fn summary(visit: &Visit, findings: &Findings, seconds: &[(String, f64)]) -> Value {
    let layer = |span: &sightline_tests::otlp::Span| {
        json!({
            "service": span.service, "name": span.name, "span_id": span.span_id, "parent_id": span.parent_id,
            "start_unix_nanos": span.start, "duration_ms": milliseconds(span.start, span.end),
        })
    };
    let edge = |counted: &Counted| {
        let routes = counted.requests.iter().map(|((method, route, status), count)| {
            json!({"method": method, "route": route, "status": status, "requests": count})
        });
        json!({
            "service": counted.service, "sent": counted.sent,
            "counted": counted.requests.values().sum::<u64>(), "routes": routes.collect::<Vec<_>>(),
        })
    };
    let vital = |log: &Log| {
        json!({
            "name": log.text("browser.web_vital.name"), "value": log.attributes.get("browser.web_vital.value"),
            "rating": log.text("browser.web_vital.rating"), "path": log.text("url.path"),
        })
    };
    let error = |(log, source): (&Log, &String)| {
        json!({
            "type": log.text("exception.type"), "message": log.text("exception.message"),
            "stacktrace": log.text("exception.stacktrace"), "source": source,
            "fingerprint": log.text("sightline.exception.fingerprint"), "trace_id": log.trace_id,
        })
    };
    json!({
        "by_browser": visit.by_browser,
        "joined_trace": {
            "trace_id": findings.joined.chain.first().map(|span| &span.trace_id),
            "layers": findings.joined.chain.iter().map(layer).collect::<Vec<_>>(),
        },
        "red": findings.counted.iter().map(edge).collect::<Vec<_>>(),
        "vitals": findings.vitals.iter().map(vital).collect::<Vec<_>>(),
        "errors": findings.errors.iter().zip(&findings.sources).map(error).collect::<Vec<_>>(),
        "navigations": findings.navigations.iter().map(layer).collect::<Vec<_>>(),
        "visit": visit.document["steps"],
        "seconds": seconds.iter().map(|(step, seconds)| json!({"step": step, "seconds": seconds})).collect::<Vec<_>>(),
    })
}

/// The report for the terminal.
pub fn text(findings: &Findings, seconds: &[(String, f64)]) -> String {
    let mut text = String::from("\none trace from the page to the API\n");
    for (depth, span) in findings.joined.chain.iter().enumerate() {
        let _ = writeln!(
            text,
            "  {:indent$}{} · {} · {:.1} ms",
            "",
            span.service,
            span.name,
            milliseconds(span.start, span.end),
            indent = depth * 2
        );
    }
    text.push_str("\nrequests, as Prometheus counts them\n");
    for row in rows(findings) {
        let [median, high] = row.quantiles.map(|seconds| seconds * 1e3);
        let _ = writeln!(
            text,
            "  {:<9} {:<7} {:<36} {:>5} requests {:>3} errors  p50 {median:.0} ms  p95 {high:.0} ms",
            row.service, row.method, row.route, row.requests, row.errors
        );
    }
    for edge in &findings.counted {
        let counted = edge.requests.values().sum::<u64>();
        let _ = writeln!(
            text,
            "  {}: Envoy logged {}, Prometheus counts {counted}",
            edge.service, edge.sent
        );
    }
    text.push('\n');
    for vital in &findings.vitals {
        let page = vital.text("url.path");
        let _ = writeln!(text, "vital    {:<24} {page}", vital_text(vital));
    }
    for span in &findings.navigations {
        let duration = milliseconds(span.start, span.end);
        let _ = writeln!(text, "route    {:<40} {duration:.0} ms", span.name);
    }
    for (error, source) in findings.errors.iter().zip(&findings.sources) {
        let first = source.lines().find(|line| line.starts_with("    at "));
        let _ = writeln!(
            text,
            "error    {}: {}\n     {}",
            error.text("exception.type"),
            error.text("exception.message"),
            first.unwrap_or("    without a place").trim_end(),
        );
    }
    text.push_str("\nseconds\n");
    for (step, seconds) in seconds {
        let _ = writeln!(text, "  {step:<36} {seconds:>6.1}");
    }
    let _ = writeln!(
        text,
        "  {:<36} {:>6.1}",
        "in all",
        seconds.iter().map(|(_, seconds)| seconds).sum::<f64>()
    );
    text
}

fn vital_text(log: &Log) -> String {
    let name = log.text("browser.web_vital.name").to_uppercase();
    format!(
        "{name} {} ({})",
        vital_value(log),
        log.text("browser.web_vital.rating")
    )
}

/// The value with its unit; layout shift has none.
fn vital_value(log: &Log) -> String {
    let value = log
        .attributes
        .get("browser.web_vital.value")
        .and_then(Value::as_f64);
    match (log.text("browser.web_vital.name"), value) {
        (_, None) => "?".to_owned(),
        ("cls", Some(value)) => format!("{value:.3}"),
        (_, Some(value)) => format!("{value:.0} ms"),
    }
}

fn milliseconds(start: u64, end: u64) -> f64 {
    end.saturating_sub(start) as f64 / 1e6
}
