//! The report as one HTML page that needs nothing else.

use super::{Findings, addresses, rows, waterfall};
use serde_json::Value;
use sightline_tests::line::{Line, Visit};
use std::fmt::Write;

const PAGE: &str = include_str!("page.html");

/// The page.
pub fn html(line: &Line, visit: &Visit, findings: &Findings, seconds: &[(String, f64)]) -> String {
    let intro = if visit.by_browser {
        "A real Chromium walked through the shop. Every number below is what the telemetry of the parts said about it."
    } else {
        "There was no Chromium, so the visit was made by HTTP: without a page there are no vitals and no page errors."
    };
    let trace_id = findings
        .joined
        .chain
        .first()
        .map_or("", |span| span.trace_id.as_str());
    let none = |text: String, what: &str| {
        if text.is_empty() {
            format!("<p>No {what}.</p>")
        } else {
            text
        }
    };
    let values = [
        ("intro", intro.to_owned()),
        ("layers", visit.layers().join(" → ")),
        ("trace_id", escape(trace_id)),
        ("waterfall", waterfall::svg(&findings.joined.spans)),
        ("totals", totals(findings)),
        ("red", red(findings)),
        ("vitals", none(vitals(findings), "vitals")),
        ("errors", none(errors(findings), "errors")),
        ("visit", visit_rows(visit)),
        (
            "addresses",
            table(
                addresses(line)
                    .into_iter()
                    .map(|(what, address)| (what.to_owned(), link(&address))),
            ),
        ),
        (
            "seconds",
            table(
                seconds
                    .iter()
                    .map(|(step, seconds)| (escape(step), format!("{seconds:.1} s"))),
            ),
        ),
    ];
    // One pass over the template: a value that looks like a placeholder stays as it is.
    let mut page = String::new();
    let mut rest = PAGE;
    while let Some((name, value, at)) = first_placeholder(rest, &values) {
        page.push_str(&rest[..at]);
        page.push_str(value);
        rest = &rest[at + name.len() + 2..];
    }
    page + rest
}

fn first_placeholder<'a>(
    text: &str,
    values: &'a [(&'a str, String)],
) -> Option<(&'a str, &'a str, usize)> {
    let places = values.iter().filter_map(|(name, value)| {
        let at = text.find(&format!("{{{name}}}"))?;
        Some((*name, value.as_str(), at))
    });
    places.min_by_key(|(_, _, at)| *at)
}

fn totals(findings: &Findings) -> String {
    let totals = findings.counted.iter().map(|edge| {
        let counted = edge.requests.values().sum::<u64>();
        format!(
            "{}: Envoy logged {}, Prometheus counts {counted}",
            escape(&edge.service),
            edge.sent
        )
    });
    totals.collect::<Vec<_>>().join(" · ")
}

fn red(findings: &Findings) -> String {
    let mut text = String::new();
    for row in rows(findings) {
        let failed = if row.errors > 0 { " failed-text" } else { "" };
        let [median, high] = row
            .quantiles
            .map(|seconds| format!("{:.0} ms", seconds * 1e3));
        let _ = write!(
            text,
            "<tr><td>{}<td>{}<td><code>{}</code><td class=\"number\">{}<td class=\"number{failed}\">{}\
             <td class=\"number\">{median}<td class=\"number\">{high}</tr>",
            escape(row.service),
            escape(row.method),
            escape(row.route),
            row.requests,
            row.errors,
        );
    }
    text
}

fn vitals(findings: &Findings) -> String {
    let mut text = String::new();
    for log in &findings.vitals {
        let name = log.text("browser.web_vital.name");
        let rating = log.text("browser.web_vital.rating");
        let value = log
            .attributes
            .get("browser.web_vital.value")
            .and_then(Value::as_f64);
        let value = match (name, value) {
            (_, None) => "?".to_owned(),
            ("cls", Some(value)) => format!("{value:.3}"),
            (_, Some(value)) => format!("{value:.0} ms"),
        };
        let _ = write!(
            text,
            "<div class=\"card\">{}<b class=\"{}\">{value}</b><code>{}</code></div>",
            escape(&name.to_uppercase()),
            escape(rating),
            escape(log.text("url.path")),
        );
    }
    text
}

fn errors(findings: &Findings) -> String {
    let mut text = String::new();
    for log in &findings.errors {
        let _ = write!(
            text,
            "<p class=\"failed-text\"><b>{}</b>: {} <code>{}</code></p><pre>{}</pre>",
            escape(log.text("exception.type")),
            escape(log.text("exception.message")),
            escape(log.text("url.path")),
            escape(log.text("exception.stacktrace")),
        );
    }
    text
}

fn visit_rows(visit: &Visit) -> String {
    let steps = visit.document["steps"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    table(steps.into_iter().map(|step| {
        let millis = step["ms"].as_f64().unwrap_or_default();
        let name = step["name"].as_str().unwrap_or_default();
        (escape(name), format!("{millis:.0} ms"))
    }))
}

fn table(rows: impl Iterator<Item = (String, String)>) -> String {
    let mut text = String::new();
    for (what, value) in rows {
        let _ = write!(text, "<tr><td>{what}<td>{value}</tr>");
    }
    text
}

fn link(address: &str) -> String {
    let address = escape(address);
    format!("<a href=\"{address}\">{address}</a>")
}

/// Text as it may stand in HTML and in its attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
