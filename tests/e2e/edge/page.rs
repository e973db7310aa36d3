//! The metrics page in both of its forms, read by who forgives nothing.

use crate::setup::{Edge, envoy_present, filter};
use sightline_tests::http::raw;
use sightline_tests::open_metrics::{Form, read};
use sightline_tests::parts;
use std::io::Write;
use std::process::{Command, Stdio};

const PAGE: &str = "/sightline/metrics";
const OPEN: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Requests whose routes and methods a page has to write with care.
fn odd_requests(edge: &Edge) {
    for request in [
        &b"GET /products/1 HTTP/1.1"[..],
        b"POST /status/503 HTTP/1.1",
        b"DELETE /status/404 HTTP/1.1",
        b"PURGE /cache HTTP/1.1",
        b"GET /quote\"brace}comma,hash HTTP/1.1",
        b"GET /back\\slash/%0Aline HTTP/1.1",
        b"GET /{\"le\":1}/# HTTP/1.1",
        b"GET /refused HTTP/1.1",
        b"nonsense",
    ] {
        let request = [request, b"\r\nhost: a\r\nconnection: close\r\n\r\n"].concat();
        assert!(!raw(edge.port, &request).unwrap().is_empty());
    }
}

#[test]
fn the_page_is_strictly_what_its_type_says_in_both_forms() {
    if !envoy_present() {
        return;
    }
    let edge = Edge::start(filter(), 2);
    let empty = edge
        .client
        .get(&edge.url(PAGE), &[("accept", OPEN)])
        .unwrap();
    read(&empty.body, Form::OpenMetrics).unwrap();
    odd_requests(&edge);
    let asked = "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.3";
    for (accept, kind, form) in [
        (asked, OPEN, Form::OpenMetrics),
        ("text/plain", PLAIN, Form::Prometheus),
        ("*/*", PLAIN, Form::Prometheus),
    ] {
        let page = edge
            .client
            .get(&edge.url(PAGE), &[("accept", accept)])
            .unwrap();
        assert_eq!(page.header("content-type"), Some(kind), "{accept}");
        let families =
            read(&page.body, form).unwrap_or_else(|error| panic!("{error:#}\n{}", page.body));
        let samples = families.iter().flat_map(|family| &family.samples);
        let exemplars = samples.filter(|sample| sample.exemplar.is_some());
        assert_eq!(exemplars.count() > 0, form == Form::OpenMetrics, "{accept}");
        let kinds = |kind: &str| families.iter().filter(|family| family.kind == kind).count();
        assert!(
            kinds("counter") > 3 && kinds("histogram") > 0 && kinds("gauge") > 1,
            "{accept}"
        );
    }
}

#[test]
fn promtool_has_nothing_to_say_of_odd_labels() {
    if !envoy_present() || !parts::all_present(&[parts::PROMTOOL]) {
        return;
    }
    let edge = Edge::start(filter(), 1);
    odd_requests(&edge);
    let mut promtool = Command::new(parts::require(parts::PROMTOOL).unwrap())
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let page = edge.page();
    promtool
        .stdin
        .take()
        .unwrap()
        .write_all(page.as_bytes())
        .unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success() && said.is_empty(),
        "{}\n{page}",
        String::from_utf8_lossy(&said)
    );
}
