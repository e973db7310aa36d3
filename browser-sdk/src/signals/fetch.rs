//! Spans of the page's `fetch` calls
//! ([conventions](https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client)).
//! Each starts a trace of its own, which ends with its answer, and links the
//! page: a page may live for hours, its trace should not.

use alloc::string::String;

use sightline_core::names;
use sightline_core::otlp::{Attribute, Link, Span, SpanKind, Status, Writer};
use sightline_core::redact;
use sightline_core::trace_context::SpanContext;
use sightline_core::url::{split_authority, split_scheme};

use crate::clock::Clock;
use crate::page::{Location, truncated};

const MAX_ERROR_TYPE: usize = 64;

/// A `fetch` that ended.
#[derive(Clone, Copy, Debug)]
pub struct Fetched<'a> {
    /// The `traceparent` of the call, whether it was sent or not.
    pub traceparent: &'a str,
    /// The request method.
    pub method: &'a str,
    /// The absolute URL.
    pub url: &'a str,
    /// The response status; 0 without one, and for opaque responses.
    pub status: u16,
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
    context: SpanContext,
    location: &Location,
    page: SpanContext,
    clock: Clock,
) -> Writer {
    let method = fetched.method.to_ascii_uppercase();
    let method = names::known_method(method.as_bytes());
    // "HTTP" where the method is not a known one, as the conventions have it.
    let mut name = String::from(if method == names::METHOD_OTHER {
        "HTTP"
    } else {
        method
    });
    name.push(' ');
    name.push_str(&location.template);
    let (server, port) = server_of(&location.full);
    let status_text = decimal(fetched.status);
    let error = redact::text(fetched.error);
    let error = match fetched.status {
        _ if !error.is_empty() => truncated(&error, MAX_ERROR_TYPE),
        400.. => status_text.as_str(),
        _ => "",
    };

    let blank = Attribute::int("", 0);
    let mut attributes = [blank; 7];
    let mut len = 0usize;
    let mut push = |attribute| {
        if let Some(place) = attributes.get_mut(len) {
            *place = attribute;
            len = len.saturating_add(1);
        }
    };
    push(Attribute::str("http.request.method", method));
    push(Attribute::str("url.full", &location.full));
    push(Attribute::str("url.template", &location.template));
    push(Attribute::str("server.address", server));
    push(Attribute::int("server.port", i64::from(port)));
    if fetched.status != 0 {
        push(Attribute::int(
            "http.response.status_code",
            i64::from(fetched.status),
        ));
    }
    if !error.is_empty() {
        push(Attribute::str("error.type", error));
    }

    let mut items = Writer::new();
    Span {
        context,
        trace_state: "",
        parent: None,
        parent_is_remote: None,
        name: &name,
        kind: SpanKind::Client,
        start_unix_nanos: clock.unix_nanos(fetched.start_ms),
        end_unix_nanos: clock.unix_nanos(fetched.end_ms.max(fetched.start_ms)),
        attributes: attributes.get(..len).unwrap_or_default(),
        events: &[],
        links: &[Link {
            context: page,
            attributes: &[],
        }],
        status: if error.is_empty() {
            Status::Unset
        } else {
            Status::Error("")
        },
    }
    .write(&mut items);
    items
}

/// Host and port of an absolute URL.
fn server_of(url: &str) -> (&str, u16) {
    let (scheme, location) = split_scheme(url).unwrap_or_default();
    let (authority, _) = split_authority(location);
    let default = if scheme == "https" { 443 } else { 80 };
    match authority.rsplit_once(':') {
        // Not a colon within an IPv6 address.
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(default)),
        _ => (authority, default),
    }
}

/// A status code as text, without the formatting machinery.
fn decimal(mut number: u16) -> String {
    let mut text = String::new();
    loop {
        text.insert(0, char::from((number % 10) as u8 | b'0'));
        number /= 10;
        if number == 0 {
            return text;
        }
    }
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
            ("", ("", 80)),
        ] {
            assert_eq!(server_of(url), server, "{url}");
        }
    }

    #[test]
    fn writes_numbers() {
        for number in [0, 7, 10, 404, u16::MAX] {
            assert_eq!(decimal(number), alloc::format!("{number}"));
        }
    }
}
