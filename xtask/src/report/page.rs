//! The report as one HTML page that needs nothing else.

use super::{Findings, addresses, rows, waterfall};
use sightline_tests::line::{Line, Visit};
use sightline_tests::otlp::Log;
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
        ("vitals", vitals(findings)),
        ("navigations", navigations(findings)),
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

const VITALS: [&str; 5] = ["lcp", "inp", "cls", "fcp", "ttfb"];

/// A row for each page view that reported, in the order of the reports.
fn vitals(findings: &Findings) -> String {
    let mut pages: Vec<(&str, [Option<&Log>; VITALS.len()])> = Vec::new();
    for log in &findings.vitals {
        let name = log.text("browser.web_vital.name");
        let Some(column) = VITALS.iter().position(|vital| *vital == name) else {
            continue;
        };
        let path = log.text("url.path");
        // The same page seen again is a view of its own.
        let free = |(known, cells): &mut (&str, [Option<&Log>; VITALS.len()])| {
            *known == path && cells[column].is_none()
        };
        match pages.iter_mut().find_map(|page| free(page).then_some(page)) {
            Some((_, cells)) => cells[column] = Some(log),
            None => {
                let mut cells = [None; VITALS.len()];
                cells[column] = Some(log);
                pages.push((path, cells));
            }
        }
    }
    let mut text = String::new();
    for (path, cells) in pages {
        let _ = write!(text, "<tr><td><code>{}</code>", escape(path));
        for cell in cells {
            let value = cell.map(super::vital_value).unwrap_or_default();
            let rating = cell.map_or("", |log| log.text("browser.web_vital.rating"));
            let _ = write!(text, "<td class=\"number {}\">{value}", escape(rating));
        }
        text.push_str("</tr>");
    }
    text
}

fn errors(findings: &Findings) -> String {
    let mut text = String::new();
    for (log, source) in findings.errors.iter().zip(&findings.sources) {
        let _ = write!(
            text,
            "<p class=\"failed-text\"><b>{}</b>: {} <code>{}</code></p>\
             <p>fingerprint <code>{}</code> · trace <code>{}</code></p><pre>{}</pre>\
             <details><summary>as the browser wrote it, and what happened before</summary>\
             <pre>{}\n\n{}</pre></details>",
            escape(log.text("exception.type")),
            escape(log.text("exception.message")),
            escape(log.text("url.path")),
            escape(log.text("sightline.exception.fingerprint")),
            escape(&log.trace_id),
            escape(source),
            escape(log.text("exception.stacktrace")),
            escape(&breadcrumbs(log)),
        );
    }
    text
}

fn breadcrumbs(log: &Log) -> String {
    let lines = log.attributes.get("sightline.breadcrumbs");
    let lines = lines.and_then(serde_json::Value::as_array).into_iter();
    let lines = lines.flatten().filter_map(serde_json::Value::as_str);
    lines.collect::<Vec<_>>().join("\n")
}

/// A row for each change of route.
fn navigations(findings: &Findings) -> String {
    let mut text = String::new();
    for span in &findings.navigations {
        let path = span.attributes.get("url.path");
        let _ = write!(
            text,
            "<tr><td>{}<td><code>{}</code><td class=\"number\">{:.0} ms<td><code>{}</code></tr>",
            escape(&span.name),
            escape(path.and_then(serde_json::Value::as_str).unwrap_or_default()),
            super::milliseconds(span.start, span.end),
            escape(&span.trace_id),
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
