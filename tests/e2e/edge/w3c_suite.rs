//! The cases of the public W3C Trace Context suite, sent byte by byte to a real
//! Envoy: header names in any case, blanks, repeated lines.

use crate::setup::{Edge, Seen, envoy_present, filter};
use sightline_tests::http;
use sightline_tests::w3c_suite::{self, Request, SPAN, Same, TRACE};

#[test]
fn every_case_of_the_public_suite_passes() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 1);
    let mut failed = Vec::new();
    for case in w3c_suite::cases().unwrap() {
        let mut spans = vec![SPAN.to_owned()];
        for request in &case.requests {
            let seen = send(&edge, request);
            match judge(request, &seen) {
                Ok(span) if !spans.contains(&span) => spans.push(span),
                Ok(span) => failed.push(format!("{}: the span {span} twice", case.name)),
                Err(why) => failed.push(format!("{}: {:?}: {why}", case.name, request.headers)),
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

fn send(edge: &Edge, request: &Request) -> Seen {
    let mut bytes = "GET / HTTP/1.1\r\nhost: edge\r\nconnection: close\r\n".to_owned();
    for line in &request.headers {
        bytes += &format!("{line}\r\n");
    }
    bytes += "\r\n";
    let answer = http::raw(edge.port, bytes.as_bytes()).unwrap();
    Seen::from_bytes(&answer)
}

/// The span of the request, if what reached the upstream is as it must be.
fn judge(request: &Request, seen: &Seen) -> Result<String, String> {
    let sent_on = seen.upstream_all("traceparent");
    let state = seen.upstream_all("tracestate");
    let [traceparent] = sent_on.as_slice() else {
        return Err(format!("{sent_on:?}"));
    };
    let parts: Vec<_> = traceparent.split('-').collect();
    let ["00", trace, span, flags] = parts[..] else {
        return Err(format!("no version 00: {traceparent}"));
    };
    let is_id = |text: &str, len| {
        let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        text.len() == len && text.chars().all(is_hex) && text.chars().any(|c| c != '0')
    };
    if !is_id(trace, 32) || !is_id(span, 16) {
        return Err(format!("no ids: {traceparent}"));
    }
    let got = Same {
        flags: flags.to_owned(),
        state: (!state.is_empty()).then(|| state.join("\n")),
    };
    let (goes_on, expected) = match &request.same {
        Some(same) => (trace == TRACE, same.clone()),
        None => {
            let is_new = !request.headers.iter().any(|line| line.contains(trace));
            let (flags, state) = ("03".to_owned(), Some("ot=th:0".to_owned()));
            (is_new, Same { flags, state })
        }
    };
    match goes_on && got == expected {
        true => Ok(span.to_owned()),
        false => Err(format!("got {traceparent} {got:?}, not {expected:?}")),
    }
}
