//! A record as a line of JSON. A client can't make it two lines, or another
//! object, or long: every text in it is bounded and escaped.

use super::AccessRecord;
use crate::config::Settings;
use crate::finished_span::Label;
use crate::response_flags;
use crate::texts::{MAX_HEADER, MAX_TEXT, Text};
use core::fmt::Write;
use sightline_core::date_time::write_rfc3339;
use sightline_core::json::Object;
use sightline_core::otlp::Severity;

/// Room for a time, an address and most flags.
const SHORT: usize = 64;

/// Writes the line, with its end, over what was written before.
pub fn write_line(
    line: &mut String,
    record: &AccessRecord,
    settings: &Settings,
    label: &Label<'_>,
) {
    let mut short = String::with_capacity(SHORT);
    line.clear();
    let mut object = Object::open(line);
    let mut text = |object: &mut Object<'_>, key, write: &dyn Fn(&mut String)| {
        short.clear();
        write(&mut short);
        if !short.is_empty() {
            object.text(key, &short, MAX_TEXT);
        }
    };
    text(&mut object, "time", &|out| {
        write_rfc3339(out, record.unix_nanos);
    });
    let level = match record.severity() {
        Severity::Info | Severity::Unspecified => "info",
        Severity::Warn => "warn",
        Severity::Error => "error",
    };
    object.text("level", level, MAX_TEXT);
    object.text("service", &settings.service.name, MAX_TEXT);
    if let Some(id) = record.texts.lossy(Text::RequestId) {
        object.text("request_id", &id, MAX_TEXT);
    }
    if let Some(context) = &record.context {
        object.text("trace_id", context.trace_id.to_hex().as_str(), MAX_TEXT);
        object.text("span_id", context.span_id.to_hex().as_str(), MAX_TEXT);
    }
    object.text("method", label.method, MAX_TEXT);
    if let Some(route) = label.route {
        object.text("route", route, MAX_TEXT);
    }
    if let Some(path) = record.texts.safe_path() {
        object.text("path", &path, MAX_TEXT);
    }
    object.number("status", record.end.status.unwrap_or_default().into());
    object.thousandths("duration_ms", record.end.duration_nanos / 1000);
    object.number("request_bytes", record.end.request_bytes);
    object.number("response_bytes", record.end.response_bytes);
    if let Some(peer) = &record.peer {
        text(&mut object, "peer", &|out| {
            // Writing to a String does not fail.
            let _ = write!(out, "{peer}");
        });
    }
    object.text("user_agent", record.user_agent, MAX_TEXT);
    text(&mut object, "response_flags", &|out| {
        for name in response_flags::short_names(record.end.flags) {
            if !out.is_empty() {
                out.push(',');
            }
            out.push_str(name);
        }
    });
    let mut headers = record.headers().peekable();
    if headers.peek().is_some() {
        let mut inner = object.object("headers");
        for (name, lines) in headers {
            inner.text(name, &lines.join(", "), MAX_HEADER);
        }
        inner.finish();
    }
    object.finish();
    line.push('\n');
}
