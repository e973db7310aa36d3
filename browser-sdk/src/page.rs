//! The page that signals belong to: its address without secrets, its route, and
//! its place in a trace. Its life between loads (back/forward cache, route
//! changes) is that of its views.

use alloc::string::String;

use sightline_core::id::{SpanId, TraceId};
use sightline_core::names;
use sightline_core::redact;
use sightline_core::route::{self, Routes};
use sightline_core::trace_context::{SpanContext, TraceFlags};
use sightline_core::url::{split_authority, split_scheme};

use crate::record::Record;

/// An address as it may leave the page.
#[derive(Clone, Debug, Default)]
pub struct Location {
    /// `url.full`, redacted.
    pub full: String,
    /// `url.path`, redacted.
    pub path: String,
    /// `url.template`: the route, by the same rules as at the edge.
    pub template: String,
}

/// The longest URL that is kept, in bytes.
pub const MAX_URL: usize = 2048;

impl Location {
    /// Of an absolute URL.
    pub fn new(url: &str, routes: &Routes) -> Self {
        let url = truncated(url, MAX_URL);
        let location = split_scheme(url).map_or("", |(_, location)| location);
        let path = match route::path_of(split_authority(location).1) {
            "" => "/",
            path => path,
        };
        Self {
            full: redact::url(url),
            path: redact::url(path),
            template: routes.route_of(path),
        }
    }

    /// Adds `url.path` and `url.template`.
    pub fn describe(&self, record: &mut Record) {
        record.text(names::URL_PATH, &self.path);
        record.text(names::URL_TEMPLATE, &self.template);
    }
}

/// At most so many bytes of a text, whole characters.
pub fn truncated(text: &str, bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes)).unwrap_or(text)
}

/// What the page knew of itself when it began.
#[derive(Clone, Copy, Debug)]
pub struct PageStart<'a> {
    /// `location.href`.
    pub url: &'a str,
    /// `navigate`, `reload`, `back-forward`, `prerender` or `restore`.
    pub navigation_type: &'a str,
    /// The `traceparent` of its document load.
    pub traceparent: &'a str,
    /// What the navigation's `Server-Timing` says of the trace; may be empty.
    pub parent: &'a str,
    /// When a prerendered page was shown; else 0.
    pub activation_ms: f64,
    /// When it was first hidden; infinity if never.
    pub hidden_ms: f64,
    /// Fresh random bytes.
    pub entropy: [u8; 8],
}

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Where it was loaded from.
    pub location: Location,
    /// The document load span, the page's place in its trace.
    pub context: SpanContext,
    /// The edge's span, if the edge told it.
    pub parent: Option<SpanId>,
    /// Random, for the ids of the views.
    pub instance: SpanId,
}

impl Page {
    /// Its parent is the edge's span, if that is of its trace. A `traceparent` that
    /// is none, which the caller does not make, is one that is not sampled.
    pub fn new(start: &PageStart<'_>, routes: &Routes) -> Self {
        let instance = SpanId::from_entropy(start.entropy);
        let context = SpanContext::parse(start.traceparent.as_bytes());
        let context = context.unwrap_or(SpanContext {
            trace_id: TraceId::from_entropy([0; 16]),
            span_id: instance,
            flags: TraceFlags::RANDOM,
        });
        let edge = SpanContext::parse(start.parent.as_bytes());
        let parent = edge.filter(|edge| edge.trace_id == context.trace_id);
        Self {
            location: Location::new(start.url, routes),
            context,
            parent: parent.map(|edge| edge.span_id),
            instance,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const OWN: &str = "00-0af7651916cd43dd8448eb211c80319c-1111111111111111-01";

    fn page(url: &str, traceparent: &str, parent: &str) -> Page {
        let start = PageStart {
            url,
            navigation_type: "navigate",
            traceparent,
            parent,
            activation_ms: 0.0,
            hidden_ms: f64::INFINITY,
            entropy: [7; 8],
        };
        let routes = Routes::compile(["/products/{id}"]).unwrap();
        Page::new(&start, &routes)
    }

    #[test]
    fn a_parent_is_the_edges_span_of_the_same_trace() {
        for (parent, expected, why) in [
            (EDGE, Some("b7ad6b7169203331"), "the edge's"),
            ("", None, "no edge in front"),
            ("00-0-0-01", None, "malformed"),
            (
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                None,
                "all-zero trace",
            ),
            (
                "00-99999999999999999999999999999999-b7ad6b7169203331-01",
                None,
                "another trace",
            ),
        ] {
            let page = page("https://shop.example/", OWN, parent);
            let found = page.parent.map(|id| String::from(id.to_hex().as_str()));
            assert_eq!(found.as_deref(), expected, "{why}");
            assert_eq!(page.context.span_id.to_hex().as_str(), "1111111111111111");
            assert!(page.context.flags.sampled());
        }
    }

    #[test]
    fn without_a_trace_of_its_own_a_page_is_not_sampled() {
        let page = page("https://shop.example/", "00-0-0-01", EDGE);
        assert!(!page.context.flags.sampled() && page.parent.is_none());
    }

    #[test]
    fn addresses_lose_secrets_and_gain_a_route() {
        for (url, full, path, template) in [
            (
                "https://shop.example/products/42?token=a#x",
                "https://shop.example/products/42?token=REDACTED",
                "/products/42",
                "/products/{id}",
            ),
            (
                "https://shop.example/users/ada@example.org",
                "https://shop.example/users/REDACTED",
                "/users/REDACTED",
                "/users/{email}",
            ),
            ("https://shop.example", "https://shop.example", "/", "/"),
            ("about:blank", "about:blank", "/", "/"),
            ("", "", "/", "/"),
        ] {
            let location = page(url, OWN, "").location;
            assert_eq!(location.full, full);
            assert_eq!(location.path, path);
            assert_eq!(location.template, template);
        }
    }

    #[test]
    fn long_texts_end_at_a_whole_character() {
        assert_eq!(truncated("caf\u{e9}s", 4), "caf");
        assert_eq!(truncated("caf\u{e9}s", 5), "caf\u{e9}");
        assert_eq!(truncated("abc", 9), "abc");
    }
}
