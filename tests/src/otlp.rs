//! What the collector received, read from the JSON lines that its file
//! exporter writes.

use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

/// Attributes by name.
pub type Attributes = BTreeMap<String, Value>;

/// A span.
#[derive(Debug, Clone)]
pub struct Span {
    /// `service.name` of its resource.
    pub service: String,
    /// The trace, in hexadecimal.
    pub trace_id: String,
    /// The span, in hexadecimal.
    pub span_id: String,
    /// The parent, in hexadecimal; empty for a root.
    pub parent_id: String,
    /// The name.
    pub name: String,
    /// 1 internal, 2 server, 3 client.
    pub kind: u64,
    /// Nanoseconds since the Unix epoch.
    pub start: u64,
    /// Nanoseconds since the Unix epoch.
    pub end: u64,
    /// 2 for an error.
    pub status: u64,
    /// The attributes.
    pub attributes: Attributes,
}

/// A log record.
#[derive(Debug, Clone)]
pub struct Log {
    /// `service.name` of its resource.
    pub service: String,
    /// The event's name; may be empty.
    pub event: String,
    /// The severity number.
    pub severity: u64,
    /// The trace it belongs to, in hexadecimal; may be empty.
    pub trace_id: String,
    /// The body: text as it is, anything else as JSON; may be empty.
    pub body: String,
    /// The attributes.
    pub attributes: Attributes,
}

impl Log {
    /// An attribute as text; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.attributes
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }
}

/// All spans in a file; none where the file does not exist yet.
pub fn spans(file: &Path) -> Result<Vec<Span>> {
    spans_after(file, 0)
}

/// Those that begin behind so many bytes.
pub fn spans_after(file: &Path, bytes: u64) -> Result<Vec<Span>> {
    let mut spans = Vec::new();
    each(
        file,
        bytes,
        ["resourceSpans", "scopeSpans", "spans"],
        |service, span| {
            let text = |key: &str| span[key].as_str().unwrap_or_default().to_owned();
            spans.push(Span {
                service: service.to_owned(),
                trace_id: text("traceId"),
                span_id: text("spanId"),
                parent_id: text("parentSpanId"),
                name: text("name"),
                kind: span["kind"].as_u64().unwrap_or_default(),
                start: number(&span["startTimeUnixNano"]),
                end: number(&span["endTimeUnixNano"]),
                status: span["status"]["code"].as_u64().unwrap_or_default(),
                attributes: attributes(&span["attributes"]),
            });
        },
    )?;
    Ok(spans)
}

/// All log records in a file; none where the file does not exist yet.
pub fn logs(file: &Path) -> Result<Vec<Log>> {
    logs_after(file, 0)
}

/// Those that begin behind so many bytes.
pub fn logs_after(file: &Path, bytes: u64) -> Result<Vec<Log>> {
    let mut logs = Vec::new();
    each(
        file,
        bytes,
        ["resourceLogs", "scopeLogs", "logRecords"],
        |service, record| {
            logs.push(Log {
                service: service.to_owned(),
                event: record["eventName"].as_str().unwrap_or_default().to_owned(),
                severity: record["severityNumber"].as_u64().unwrap_or_default(),
                trace_id: record["traceId"].as_str().unwrap_or_default().to_owned(),
                body: body(&record["body"]),
                attributes: attributes(&record["attributes"]),
            });
        },
    )?;
    Ok(logs)
}

fn each(
    file: &Path,
    bytes: u64,
    [groups, scopes, items]: [&str; 3],
    mut take: impl FnMut(&str, &Value),
) -> Result<()> {
    each_group(file, bytes, groups, |group| {
        let resource = attributes(&group["resource"]["attributes"]);
        let service = resource.get("service.name").and_then(Value::as_str);
        for item in in_scopes(group, [scopes, items]) {
            take(service.unwrap_or_default(), item);
        }
        Ok(())
    })
}

/// Shows what each resource sent at once, such as each of `resourceSpans`, that begins
/// behind so many bytes.
pub fn each_group(
    file: &Path,
    bytes: u64,
    groups: &str,
    mut take: impl FnMut(&Value) -> Result<()>,
) -> Result<()> {
    for line in whole_lines(file, bytes)?.lines() {
        let body: Value = serde_json::from_str(line)
            .with_context(|| format!("{}: {line:.200}", file.display()))?;
        list(&body[groups]).iter().try_for_each(&mut take)?;
    }
    Ok(())
}

/// The items of a group, such as of its `scopeSpans` the `spans`.
pub fn in_scopes<'a>(
    group: &'a Value,
    [scopes, items]: [&'a str; 2],
) -> impl Iterator<Item = &'a Value> {
    list(&group[scopes])
        .iter()
        .flat_map(move |scope| list(&scope[items]))
}

/// Without the one that is half written at the end, or begins before `bytes`.
fn whole_lines(file: &Path, bytes: u64) -> Result<String> {
    let mut open = match File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    };
    // A file that is shorter now was begun anew.
    let begin = match bytes <= open.metadata()?.len() {
        true => bytes.checked_sub(1),
        false => None,
    };
    open.seek(SeekFrom::Start(begin.unwrap_or_default()))?;
    let mut read = Vec::new();
    open.read_to_end(&mut read)?;
    let text = String::from_utf8_lossy(&read);
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let whole = match begin {
        None => whole,
        Some(_) => whole.split_once('\n').map_or("", |(_, behind)| behind),
    };
    Ok(whole.to_owned())
}

fn body(value: &Value) -> String {
    match (value["stringValue"].as_str(), value) {
        (Some(text), _) => text.to_owned(),
        (None, Value::Null) => String::new(),
        _ => value.to_string(),
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// 64-bit numbers are texts in OTLP/JSON.
fn number(value: &Value) -> u64 {
    let text = value.as_str().and_then(|text| text.parse().ok());
    text.or_else(|| value.as_u64()).unwrap_or_default()
}

/// Attributes by name, as OTLP has them.
pub fn attributes(pairs: &Value) -> Attributes {
    let pair = |pair: &Value| {
        let value = &pair["value"];
        let plain = match value.as_object().and_then(|object| object.iter().next()) {
            Some((kind, inner)) if kind == "intValue" => Value::from(number(inner)),
            Some((_, inner)) => inner.clone(),
            None => Value::Null,
        };
        (pair["key"].as_str().unwrap_or_default().to_owned(), plain)
    };
    list(pairs).iter().map(pair).collect()
}
