//! Spans of the page's `fetch` calls
//! ([conventions](https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client)).
//! Each is a child of the interaction that led to it; without one it starts a
//! trace of its own, which ends with its answer, and links the page.

use alloc::string::String;

use sightline_core::append;
use sightline_core::names;
use sightline_core::otlp::{SpanKind, write_error};
use sightline_core::redact;
use sightline_core::search::trim_end;
use sightline_core::trace_context::SpanContext;
use sightline_core::url::{split_authority, split_scheme};

use crate::breadcrumbs::decimal;
use crate::clock::Clock;
use crate::page::{Location, truncated};
use crate::record::Record;
use crate::signals::custom::begun;

const MAX_ERROR_TYPE: usize = 64;

/// A `fetch` that ended.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// The `traceparent` of the call, whether it was sent or not.
    pub traceparent: &'a str,
    /// That of what led to it; may be empty.
    pub parent: &'a str,
    /// The request method, in capital letters.
    pub method: &'a str,
    /// The absolute URL.
    pub url: &'a str,
    /// The response status; 0 without one, and for opaque responses.
    pub status: u32,
    /// The class of the error that it ended with; empty without one.
    pub error: &'a str,
    /// When it began, in milliseconds since the time origin.
    pub start_ms: f64,
    /// When the response's head was there, or the error.
    pub end_ms: f64,
}

/// Encodes the span.
pub fn span(
    fetched: &Fetched<'_>,
    context: &SpanContext,
    location: &Location,
    page: &SpanContext,
    clock: Clock,
) -> Record {
    let method = names::known_method(fetched.method.as_bytes());
    // "HTTP" where the method is not a known one, as the conventions have it.
    let is_known = method != names::METHOD_OTHER;
    let mut name = append::owned(if is_known { method } else { "HTTP" });
    append::text(&mut name, " ");
    append::text(&mut name, &location.template);
    let times = clock.span(fetched.start_ms, fetched.end_ms);
    let mut span = begun(
        &name,
        SpanKind::Client,
        context,
        fetched.parent,
        page,
        times,
    );
    span.text("http.request.method", method);
    span.text(names::URL_FULL, &location.full);
    span.text(names::URL_TEMPLATE, &location.template);
    let (server, port) = server_of(&location.full);
    span.text("server.address", server);
    span.int("server.port", port);
    let status_text = decimal(fetched.status);
    let error = redact::text(fetched.error);
    let error = match fetched.status {
        400.. => status_text.as_str(),
        _ => truncated(&error, MAX_ERROR_TYPE),
    };
    if fetched.status != 0 {
        let status = i64::from(fetched.status);
        span.int("http.response.status_code", status);
    }
    if !error.is_empty() {
        span.text("error.type", error);
        write_error(&mut span.fields, "");
    }
    span
}

/// What it is in a line, with its status or error.
pub fn breadcrumb(fetched: &Fetched<'_>, location: &Location) -> String {
    let status = decimal(fetched.status);
    let end = match fetched.error {
        "" => &status,
        error => error,
    };
    let mut line = append::owned(names::known_method(fetched.method.as_bytes()));
    for part in &[location.full.as_str(), end] {
        append::text(&mut line, " ");
        append::text(&mut line, part);
    }
    line
}

/// Host and port of an absolute URL.
fn server_of(url: &str) -> (&str, i64) {
    let (scheme, location) = split_scheme(url).unwrap_or_default();
    let (authority, _) = split_authority(location);
    let (host, digits) = split_port(authority);
    let port = digits.bytes().fold(0i64, |port, digit| {
        let digit = i64::from(digit.wrapping_sub(b'0'));
        port.wrapping_mul(10).wrapping_add(digit)
    });
    match (port, scheme) {
        (1..=65535, _) => (host, port),
        (_, "https") => (host, 443),
        _ => (host, 80),
    }
}

/// Host and digits of the port, of which there may be none.
fn split_port(authority: &str) -> (&str, &str) {
    let before = trim_end(authority, b"0123456789");
    let digits = authority.strip_prefix(before).unwrap_or_default();
    // Digits without a colon belong to the host.
    let host = before.strip_suffix(":");
    host.map_or((authority, ""), |host| (host, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_server() {
        for (url, server) in [
            ("https://shop.example/a", ("shop.example", 443)),
            ("http://shop.example", ("shop.example", 80)),
            ("http://127.0.0.1:8080/a:b", ("127.0.0.1", 8080)),
            ("https://[::1]:8443/", ("[::1]", 8443)),
            ("https://[::1]/", ("[::1]", 443)),
            ("https://shop.example?a", ("shop.example", 443)),
            ("https://shop.example:99999/", ("shop.example", 443)),
            ("https://10.0.0.1/", ("10.0.0.1", 443)),
            ("", ("", 80)),
        ] {
            assert_eq!(server_of(url), server, "{url}");
        }
    }
}
