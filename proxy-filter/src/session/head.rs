//! What the filter reads of a request's headers, and nothing else. Cookies and
//! credentials are never looked at.

use super::b3;
use crate::header_map::HeaderMap;

/// A header that should stand there once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Line<'h> {
    /// It is missing.
    #[default]
    None,
    /// It stands there once.
    One(&'h [u8]),
    /// It stands there more than once.
    Several,
}

/// The headers of a request that matter here. What is missing is empty.
#[derive(Clone, Debug, Default)]
pub struct Head<'h> {
    /// `:method`.
    pub method: &'h [u8],
    /// `:path`, with its query.
    pub path: &'h [u8],
    /// `:authority`.
    pub authority: &'h [u8],
    /// `:scheme`.
    pub scheme: &'h [u8],
    /// `user-agent`.
    pub user_agent: &'h [u8],
    /// The header that carries the request id.
    pub request_id: Line<'h>,
    /// `traceparent`.
    pub traceparent: Line<'h>,
    /// Every `tracestate` line, in the order received.
    pub tracestate: Vec<&'h [u8]>,
    /// Every `baggage` line.
    pub baggage: Vec<&'h [u8]>,
    /// The B3 headers.
    pub b3: b3::Lines<'h>,
    /// All of them, for headers that only the operator knows by name.
    pub all: HeaderMap<'h>,
}

impl<'h> Line<'h> {
    /// One more line.
    pub fn add(&mut self, value: &'h [u8]) {
        *self = match self {
            Self::None => Self::One(value),
            _ => Self::Several,
        };
    }

    /// The value, if there is exactly one.
    pub fn one(self) -> Option<&'h [u8]> {
        match self {
            Self::One(value) => Some(value),
            Self::None | Self::Several => None,
        }
    }
}

impl<'h> Head<'h> {
    /// Reads the header lines in one pass.
    pub fn read(headers: HeaderMap<'h>, request_id_header: &str) -> Self {
        let mut head = Self {
            all: headers,
            ..Self::default()
        };
        for (name, value) in headers.lines() {
            match name {
                b":method" => head.method = value,
                b":path" => head.path = value,
                b":authority" => head.authority = value,
                b":scheme" => head.scheme = value,
                b"user-agent" => head.user_agent = value,
                b"traceparent" => head.traceparent.add(value),
                b"tracestate" => head.tracestate.push(value),
                b"baggage" => head.baggage.push(value),
                b"b3" => head.b3.single.add(value),
                b"x-b3-traceid" => head.b3.trace_id.add(value),
                b"x-b3-spanid" => head.b3.span_id.add(value),
                b"x-b3-parentspanid" => head.b3.parent_span_id.add(value),
                b"x-b3-sampled" => head.b3.sampled.add(value),
                b"x-b3-flags" => head.b3.flags.add(value),
                _ if name == request_id_header.as_bytes() => head.request_id.add(value),
                _ => {}
            }
        }
        head
    }
}
