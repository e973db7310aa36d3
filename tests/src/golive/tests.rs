//! Every line of the checklist, fed with answers that are as they should be, and with
//! bad ones: a server that is told what to say stands for all that is asked.

mod alerts;
mod page;
mod paths;
mod watch;

use super::{Answer, Asked, LINES, Line, Plan, Verdict, trace};
use crate::http_server::{self, HttpServer, Request};
use crate::parts;
use Verdict::{CannotTell, Fail, Pass};
use std::path::PathBuf;

/// What is said to a path and a query; where nothing is, Prometheus has no series.
type Say = fn(&str, &str) -> Option<String>;

/// What a line says of what is told to say this. `more` is added to the plan.
fn answer(line: &str, more: &str, say: Say) -> Answer {
    let server = serve(move |request| {
        let said = say(request.path(), &query_of(request));
        http_server::Answer::new(200, said.unwrap_or_else(|| samples(&[])))
    });
    of_server(line, more, &server)
}

fn serve(answer: impl Fn(&Request) -> http_server::Answer + Send + Sync + 'static) -> HttpServer {
    HttpServer::start(move |request| match query_of(request).as_str() {
        "vector(1)" => http_server::Answer::new(200, sample(1.0)),
        _ => answer(request),
    })
    .unwrap()
}

/// The same of a server; in `more`, PORT is its own.
fn of_server(line: &str, more: &str, server: &HttpServer) -> Answer {
    of(line, &plan_of(server, more))
}

fn plan_of(server: &HttpServer, more: &str) -> Plan {
    let more = more.replace("PORT", &server.port.to_string());
    let here = format!("http://127.0.0.1:{}", server.port);
    let text = format!("{{service: edge, url: '{here}', prometheus: '{here}', {more}}}");
    Plan::read(&text, &ours()).unwrap()
}

fn ours() -> PathBuf {
    parts::repository().join("collector-config")
}

fn of_plan(line: &str, text: &str) -> Answer {
    of(line, &Plan::read(text, &ours()).unwrap())
}

fn of(line: &str, plan: &Plan) -> Answer {
    Asked::new(plan).answer(line_of(line))
}

fn line_of(name: &str) -> Line {
    let mut lines = LINES.into_iter();
    lines.find(|(line, ..)| *line == name).unwrap()
}

#[track_caller]
fn assert_answer(answer: &Answer, verdict: Verdict, found: &str) {
    assert_eq!(answer.verdict, verdict, "{answer}");
    assert!(answer.found.contains(found), "{answer}");
    assert_eq!(answer.to_do.is_empty(), verdict == Pass);
}

/// The query of PromQL or LogQL, or the series that are looked for.
fn query_of(request: &Request) -> String {
    let of_target = request
        .target
        .split_once('?')
        .map_or("", |(_, query)| query);
    let body = String::from_utf8_lossy(&request.body);
    let mut pairs = body.split('&').chain(of_target.split('&'));
    let query = pairs.find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        matches!(name, "query" | "match%5B%5D").then(|| decoded(value))
    });
    query.unwrap_or_default()
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                let digits = std::str::from_utf8(&digits).unwrap().to_owned();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap());
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

/// An instant query's answer: a label's value and the sample's, of each series.
fn samples(all: &[(&str, &str, f64)]) -> String {
    let one = |(label, value, sample): &(&str, &str, f64)| {
        let time = if sample.is_nan() {
            "NaN".to_owned()
        } else {
            sample.to_string()
        };
        serde_json::json!({"metric": {*label: value}, "value": [1.0, time]})
    };
    let all: Vec<_> = all.iter().map(one).collect();
    data(&serde_json::json!({"resultType": "vector", "result": all}))
}

fn sample(value: f64) -> String {
    samples(&[("a", "b", value)])
}

fn data(of: &serde_json::Value) -> String {
    serde_json::json!({"status": "success", "data": of}).to_string()
}

#[test]
fn routes_are_those_that_have_requests_and_a_name() {
    let line = "metrics by route";
    let told = |say: Say| answer(line, "", say);
    assert_answer(&told(|_, _| None), Fail, "no http_requests_total");
    let none = told(|_, _| Some(samples(&[("endpoint", "/a", 0.0), ("endpoint", "/b", 0.0)])));
    assert_answer(&none, CannotTell, "no request");
    let other = told(|_, _| {
        Some(samples(&[
            ("endpoint", "/a", 99.0),
            ("endpoint", "_other", 1.0),
        ]))
    });
    assert_answer(&other, Fail, "1 routes, 1 %");
    let unrouted = |_: &str, _: &str| {
        Some(samples(&[
            ("endpoint", "/a", 7.0),
            ("endpoint", "/b", 1.0),
            ("endpoint", "_unknown", 2.0),
        ]))
    };
    assert_answer(&told(unrouted), Fail, "2 routes, 20 %");
    let well = told(|_, _| Some(samples(&[("endpoint", "/a", 2.0), ("endpoint", "/b", 1.0)])));
    assert_answer(&well, Pass, "2 routes, 0 %");
}

/// The labels that all series have; 150 values of a label.
fn labelled(
    path: &str,
    query: &str,
    labels: &[&str],
    many: &str,
    limit: Option<f64>,
) -> Option<String> {
    if path.ends_with("/labels") {
        return Some(data(&serde_json::json!(labels)));
    }
    if query.starts_with("max(sightline_edge_series_limit") {
        return limit.map(sample);
    }
    let is_many = query.contains(&format!("(job, {many})"));
    query
        .starts_with("max(count")
        .then(|| sample(if is_many { 150.0 } else { 3.0 }))
}

#[test]
fn labels_are_bounded_by_what_they_name() {
    let line = "labels bounded";
    let told = |say: Say| answer(line, "", say);
    let well = told(|path, query| {
        let labels = ["__name__", "instance", "le", "description", "shipping"];
        labelled(path, query, &labels, "instance", None)
    });
    assert_answer(&well, Pass, "at most 3 values");
    let person = told(|path, query| labelled(path, query, &["client_ip"], "", None));
    assert_answer(&person, Fail, "`client_ip` has a value for each client");
    let zones = told(|path, query| labelled(path, query, &["zone"], "zone", Some(1000.0)));
    assert_answer(&zones, Fail, "`zone` has 150 values");
    let routes =
        |path: &str, query: &str| labelled(path, query, &["endpoint"], "endpoint", Some(1000.0));
    assert_answer(&told(routes), Pass, "150 values, of `endpoint`");
    let of_pages = told(|path, query| match query.contains("browser_") {
        true => labelled(path, query, &["email"], "", None),
        false => labelled(path, query, &["zone"], "", None),
    });
    assert_answer(&of_pages, Fail, "`email`");
    let nobody = told(|path, query| match query.contains("job=\"edge\"") {
        true => labelled(path, query, &["__name__", "job"], "", None),
        false => labelled(path, query, &["zone"], "", None),
    });
    assert_answer(&nobody, CannotTell, "no series of job edge");
}

#[test]
fn pages_have_views_vitals_and_errors_of_their_own() {
    let line = "front-end vitals and errors";
    let well = answer(line, "pages: web", |_, query| {
        query.contains("job=\"web\"").then(|| sample(2.0))
    });
    assert_answer(&well, Pass, "2 views and 2 LCP");
    let zero = answer(line, "pages: web", |_, _| Some(sample(0.0)));
    assert_answer(&zero, Fail, "0 views");
    let no_error = answer(line, "pages: web", |_, query| {
        (!query.contains("exceptions")).then(|| sample(2.0))
    });
    assert_answer(&no_error, CannotTell, "no error");
    assert_answer(
        &answer(line, "", |_, _| Some(sample(2.0))),
        CannotTell,
        "no `pages`",
    );
}

#[test]
fn the_share_that_is_kept_is_the_one_that_is_wanted() {
    fn kept(query: &str, accepted: f64, kept: f64) -> Option<String> {
        Some(sample(if query.contains("kept") {
            kept
        } else {
            accepted
        }))
    }
    let line = "sampling";
    let told = |more, say: Say| answer(line, more, say);
    let tenth: Say = |_, query| kept(query, 1e5, 1.2e4);
    assert_answer(&told("", tenth), Pass, "12.000 %");
    let all: Say = |_, query| kept(query, 1e5, 1e5);
    assert_answer(&told("", all), CannotTell, "100.000 %");
    assert_answer(&told("sampling: 1", all), Pass, "100 % are to be");
    assert_answer(&told("", |_, query| kept(query, 1e5, 1.0)), Fail, "0.001 %");
    assert_answer(
        &told("", |_, query| kept(query, 50.0, 5.0)),
        CannotTell,
        "of 50 spans",
    );
    assert_answer(&told("", |_, _| Some(sample(0.0))), CannotTell, "no span");
}

#[test]
fn what_prometheus_does_not_say_is_nobodys_fault() {
    let line = "metrics by route";
    let down = of_plan(
        line,
        "{service: edge, url: 'http://127.0.0.1:1', prometheus: 'http://127.0.0.1:1'}",
    );
    assert_answer(&down, CannotTell, "127.0.0.1:1");
    let big = answer(line, "", |_, _| Some(" ".repeat(11 << 20)));
    assert_answer(&big, CannotTell, "the response body is larger");
    let refused = answer(line, "", |_, _| {
        Some(r#"{"status":"error","error":"busy"}"#.to_owned())
    });
    assert_answer(&refused, CannotTell, "busy");
}

#[test]
fn a_token_goes_to_its_store_alone() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let server = HttpServer::start(|request| {
        let mut headers = request.headers.iter();
        let token = headers.find(|(name, _)| name == "authorization");
        let is_store = request.path().starts_with("/api/v1/");
        let is_well = is_store == token.is_some_and(|(_, value)| value == "Bearer s3cret");
        http_server::Answer::new(if is_well { 200 } else { 401 }, sample(1.0))
    })
    .unwrap();
    let more = format!("token_files: {{prometheus: '{}'}}", file.display());
    let told = of_server("sampling", &more, &server);
    assert_answer(&told, CannotTell, "of 1 spans");
    let told = of_server("live, ready and startup", &more, &server);
    assert_answer(&told, Fail, "live 200");
}
