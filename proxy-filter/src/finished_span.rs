//! A finished request as an OTLP span. What could identify a person or open a
//! door is taken out when it is encoded, by the rules of the core.

use crate::outcome::Outcome;
use crate::red::{Red, method_name};
use crate::texts::{Text, Texts};
use sightline_core::id::SpanId;
use sightline_core::names;
use sightline_core::otlp::{Attribute, Link, Span, SpanKind, Status, Value, Writer};
use sightline_core::trace_context::SpanContext;
use std::borrow::Cow;
use std::rc::Rc;

/// A span that has ended.
#[derive(Debug)]
pub struct FinishedSpan {
    /// The trace, the span and the flags.
    pub context: SpanContext,
    /// The caller's span.
    pub parent: Option<SpanId>,
    /// The caller's span in a trace that was not continued.
    pub link: Option<SpanContext>,
    /// The `tracestate`.
    pub trace_state: Option<Box<str>>,
    /// The series that the request was counted under.
    pub series: usize,
    /// Why it is exported though its trace is not sampled.
    pub kept_for: Option<&'static str>,
    /// How it ended.
    pub outcome: Outcome,
    /// When it began, in nanoseconds since the Unix epoch.
    pub start_unix_nanos: u64,
    /// How long it took.
    pub duration_nanos: u64,
    /// Such as `HTTP/1.1`.
    pub protocol: Vec<u8>,
    /// What the request said.
    pub texts: Rc<Texts>,
}

/// Method and route that a request is named after.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// The method, or `_OTHER`.
    pub method: &'a str,
    /// The route; none where it says nothing.
    pub route: Option<&'a str>,
}

impl<'a> Label<'a> {
    /// The label of what was counted under a series.
    pub fn of(red: &'a Red, series: usize) -> Self {
        let series = red.get(series);
        let route = series.map(|series| &*series.route);
        Self {
            method: series.map_or(names::METHOD_OTHER, |series| method_name(series.method)),
            route: route.filter(|route| !names::is_no_route(route)),
        }
    }
}

impl FinishedSpan {
    /// When it ended, in nanoseconds since the Unix epoch.
    pub fn end_unix_nanos(&self) -> u64 {
        self.start_unix_nanos.saturating_add(self.duration_nanos)
    }

    /// Appends the span as an item of an export request. The request id stands
    /// under the name that the conventions give to the header it came in.
    pub fn write(&self, label: &Label<'_>, request_id_key: &str, items: &mut Writer) {
        let name = match label.route {
            Some(route) => Cow::Owned([label.method, " ", route].concat()),
            None => Cow::Borrowed(label.method),
        };
        let path = self.texts.safe_path();
        let scheme = self.texts.lossy(Text::Scheme);
        let authority = self.texts.lossy(Text::Authority);
        let (host, port) = authority.as_deref().map(host_and_port).unzip();
        let user_agent = self.texts.safe_user_agent();
        let method = self.texts.lossy(Text::Method);
        let protocol = core::str::from_utf8(&self.protocol).ok();
        let version = protocol.and_then(protocol_version);
        let request_id = self.texts.lossy(Text::RequestId);
        let request_id = [request_id.as_deref().unwrap_or_default()];
        let error = self.outcome.error_attribute();

        let mut attributes = [
            Attribute::str("http.request.method", label.method),
            text("http.request.method_original", method.as_deref()),
            text("http.route", label.route),
            int("http.response.status_code", self.outcome.status_code()),
            text(names::URL_PATH, path.as_deref()),
            text("url.scheme", scheme.as_deref()),
            text("server.address", host),
            int("server.port", port.flatten()),
            text("user_agent.original", user_agent.as_deref()),
            text("network.protocol.version", version),
            text("error.type", error.as_deref()),
            text(names::EDGE_KEPT_FOR, self.kept_for),
            Attribute {
                key: request_id_key,
                value: Value::StrList(&request_id),
            },
        ];
        let link = self.link.map(|context| Link {
            context,
            attributes: &[],
        });
        let there = keep_named(&mut attributes);
        Span {
            context: self.context,
            trace_state: self.trace_state.as_deref().unwrap_or_default(),
            parent: self.parent,
            parent_is_remote: self.parent.map(|_| true),
            name: &name,
            kind: SpanKind::Server,
            start_unix_nanos: self.start_unix_nanos,
            end_unix_nanos: self.end_unix_nanos(),
            attributes: there,
            events: &[],
            links: link.as_slice(),
            status: match error {
                Some(_) => Status::Error(""),
                None => Status::Unset,
            },
        }
        .write(items);
    }
}

/// An attribute that is left out.
const NOTHING: Attribute<'static> = Attribute::str("", "");

fn text<'a>(key: &'a str, value: Option<&'a str>) -> Attribute<'a> {
    value.map_or(NOTHING, |value| Attribute::str(key, value))
}

fn int(key: &str, value: Option<u16>) -> Attribute<'_> {
    value.map_or(NOTHING, |value| Attribute::int(key, value.into()))
}

/// Moves the attributes that have a name to the front.
fn keep_named<'s, 'a>(attributes: &'s mut [Attribute<'a>]) -> &'s [Attribute<'a>] {
    let mut kept = 0;
    for at in 0..attributes.len() {
        if attributes
            .get(at)
            .is_some_and(|attribute| !attribute.key.is_empty())
        {
            attributes.swap(kept, at);
            kept = kept.saturating_add(1);
        }
    }
    attributes.get(..kept).unwrap_or_default()
}

/// `shop.example:8443`, `[::1]:80`, `shop.example`.
fn host_and_port(authority: &str) -> (&str, Option<u16>) {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().ok())
        }
        _ => (authority, None),
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    (inner.unwrap_or(host), port)
}

/// `HTTP/1.1` is version 1.1, `HTTP/2` version 2.
fn protocol_version(protocol: &str) -> Option<&str> {
    protocol.strip_prefix("HTTP/")
}

#[cfg(test)]
pub(crate) mod tests;
