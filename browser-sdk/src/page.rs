//! The page that signals belong to: its address without secrets, its route, and
//! its place in a trace. Its life between loads (back/forward cache, route
//! changes) is that of its views.

use alloc::string::String;

use sightline_core::id::{SpanId, TraceId};
use sightline_core::names;
use sightline_core::redact;
use sightline_core::route::{self, Routes};
use sightline_core::sampling::Ratio;
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
    /// What the navigation's `Server-Timing` says of the trace; may be empty.
    pub traceparent: &'a str,
    /// When a prerendered page was shown; else 0.
    pub activation_ms: f64,
    /// When it was first hidden; infinity if never.
    pub hidden_ms: f64,
    /// Fresh random bytes.
    pub entropy: [u8; 32],
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
    /// Joins the trace that `Server-Timing` names and its decision to sample;
    /// starts a trace of its own if there is none or it is malformed.
    pub fn new(start: &PageStart<'_>, routes: &Routes, ratio: Option<Ratio>) -> Self {
        let (trace, rest) = start.entropy.split_first_chunk().unwrap_or((&[0; 16], &[]));
        let (span, rest) = rest.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let instance = rest.first_chunk().unwrap_or(&[0; 8]);
        let edge = SpanContext::parse(start.traceparent.as_bytes());
        let (trace_id, flags) = match edge {
            Some(edge) => (edge.trace_id, edge.flags),
            None => {
                let trace_id = TraceId::from_entropy(*trace);
                let flags = TraceFlags::RANDOM
                    .with_sampled(ratio.is_some_and(|ratio| ratio.keeps(&trace_id)));
                (trace_id, flags)
            }
        };
        Self {
            location: Location::new(start.url, routes),
            context: SpanContext {
                trace_id,
                span_id: SpanId::from_entropy(*span),
                flags,
            },
            parent: edge.map(|edge| edge.span_id),
            instance: SpanId::from_entropy(*instance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EDGE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const EDGE_TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const EDGE_SPAN: &str = "b7ad6b7169203331";

    fn page(url: &str, traceparent: &str, share: f64) -> Page {
        let start = PageStart {
            url,
            navigation_type: "navigate",
            traceparent,
            activation_ms: 0.0,
            hidden_ms: f64::INFINITY,
            entropy: core::array::from_fn(|at| at as u8),
        };
        let routes = Routes::compile(["/products/{id}"]).unwrap();
        Page::new(&start, &routes, Ratio::new(share))
    }

    #[test]
    fn joins_the_trace_of_the_edge_and_its_decision() {
        for (traceparent, sampled) in [
            (EDGE, true),
            (
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00",
                false,
            ),
        ] {
            let page = page("https://shop.example/", traceparent, 0.0);
            assert_eq!(page.context.trace_id.to_hex().as_str(), EDGE_TRACE);
            assert_eq!(page.parent.unwrap().to_hex().as_str(), EDGE_SPAN);
            assert_eq!(page.context.span_id.to_hex().as_str(), "1011121314151617");
            assert_eq!(page.context.flags.sampled(), sampled);
        }
    }

    #[test]
    fn starts_its_own_trace_where_the_edge_says_nothing_of_use() {
        for (traceparent, why) in [
            ("", "no edge in front"),
            ("00-0-0-01", "malformed"),
            (
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "all-zero trace",
            ),
        ] {
            let page = page("https://shop.example/", traceparent, 1.0);
            let trace_id = page.context.trace_id.to_hex();
            assert_eq!(
                trace_id.as_str(),
                "000102030405060708090a0b0c0d0e0f",
                "{why}"
            );
            assert_eq!(page.parent, None, "{why}");
            assert!(page.context.flags.sampled() && page.context.flags.random());
        }
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
            let location = page(url, "", 1.0).location;
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
