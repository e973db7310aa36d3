//! What callers put into headers.

use sightline_core::b3::{B3, Several};
use sightline_core::id::TraceId;
use sightline_core::trace_context::SpanContext;
use sightline_core::{baggage as bag, names, request_id, tracestate as state, user_agent};
use sightline_filter::access_log::Peer;
use sightline_filter::config::PeerForm;
use sightline_filter::header_map::HeaderMap;
use sightline_filter::peer::{AddressFrom, Network, TrustedPeers};

/// Lines, as one header would have them.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split(|byte| *byte == b'\n').collect()
}

pub fn traceparent(bytes: &[u8]) {
    if let Some(context) = SpanContext::parse(bytes) {
        let written = context.to_traceparent();
        assert_eq!(SpanContext::parse(written.as_bytes()), Some(context));
    }
}

pub fn tracestate(bytes: &[u8]) {
    let trace_id = TraceId::from_hex(b"0af7651916cd43dd8448eb211c80319c").expect("an id");
    for sampled in [false, true] {
        if let Some(line) = state::passed_on(lines(bytes), &trace_id, sampled) {
            let mut members = line.split(',');
            assert!(
                members.all(|member| !member.is_empty() && !member.ends_with(' ')),
                "{line:?}"
            );
        }
    }
}

pub fn baggage(bytes: &[u8]) {
    if let Some(value) = bag::combine(&lines(bytes)) {
        assert!(value.len() <= bag::MAX_BYTES);
        let again = bag::combine(&[value.as_bytes()]);
        assert_eq!(again.as_deref(), Some(&*value));
    }
}

pub fn b3(bytes: &[u8]) {
    if let Some(context) = B3::parse(bytes).and_then(|b3| b3.context()) {
        let written = B3::single(&context, false);
        let again = B3::parse(written.as_bytes()).and_then(|b3| b3.context());
        assert_eq!(again.map(|again| again.trace_id), Some(context.trace_id));
    }
    let mut parts = bytes.split(|byte| *byte == b'\n').map(Some);
    let mut next = || parts.next().flatten();
    let several = Several {
        trace_id: next(),
        span_id: next(),
        sampled: next(),
        flags: next(),
    };
    let _ = several.parse();
}

pub fn header_map(bytes: &[u8]) {
    let map = HeaderMap::new(bytes);
    let total: usize = map
        .lines()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    assert!(total <= bytes.len());
    for (name, value) in map.lines() {
        let _ = names::known_method(name);
        let _ = user_agent::family(value);
        let _ = request_id::is_sane(value);
    }
}

pub fn peer(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let network = text.split('\n').next().unwrap_or_default();
    let networks: Vec<_> = Network::parse(network).into_iter().collect();
    for address_from in [AddressFrom::Connection, AddressFrom::ForwardedFor] {
        let peers = TrustedPeers {
            networks: networks.clone(),
            address_from,
        };
        for line in lines(bytes) {
            let _ = peers.include(line);
        }
    }
    for form in [
        PeerForm::Truncate,
        PeerForm::Hash,
        PeerForm::Full,
        PeerForm::Off,
    ] {
        let _ = Peer::new(bytes, form, [7; 16]);
    }
}
