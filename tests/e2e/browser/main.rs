//! The SDK in a real Chromium. Each scenario is a script that drives a page of
//! `tests/pages` and fails with what it saw; here they are run, and every body
//! that the page sent is decoded by `opentelemetry-proto`.

mod next;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use sightline_tests::{parts, process};

use std::path::Path;
use std::process::Command;

/// Runs a scenario. Every one of them makes its page send something.
fn run(scenario: &str) {
    let needed = [parts::CHROMIUM, parts::PLAYWRIGHT, parts::WEB_VITALS];
    run_in(&needed, scenario, &[]);
}

/// Runs a scenario with these parts; whether they are there.
fn run_in(needed: &[&str], scenario: &str, arguments: &[&str]) -> bool {
    if !parts::all_present(&[parts::NODE]) || !parts::all_present(needed) {
        return false;
    }
    let bodies = tempfile::TempDir::new().unwrap();
    let script = parts::repository().join(format!("tests/e2e/browser/{scenario}.mjs"));
    let mut command = Command::new(parts::require(parts::NODE).unwrap());
    command
        .arg(script)
        .args(arguments)
        .env("SIGHTLINE_BODIES", bodies.path());
    for part in needed {
        command.env(part, parts::require(part).unwrap());
    }
    let output = process::run(&mut command).unwrap();
    let [saw, said] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{saw}\n{said}");
    assert!(decode_all(bodies.path()) > 0, "the page sent nothing");
    true
}

fn decode_all(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap();
    let mut count = 0;
    for file in files {
        let path = file.unwrap().path();
        let body = std::fs::read(&path).unwrap();
        let items = match path.extension().and_then(|signal| signal.to_str()) {
            Some("traces") => {
                let request = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
                let scopes = request
                    .resource_spans
                    .iter()
                    .flat_map(|group| &group.scope_spans);
                scopes.map(|scope| scope.spans.len()).sum::<usize>()
            }
            Some("logs") => {
                let request = ExportLogsServiceRequest::decode(body.as_slice()).unwrap();
                let scopes = request
                    .resource_logs
                    .iter()
                    .flat_map(|group| &group.scope_logs);
                scopes.map(|scope| scope.log_records.len()).sum::<usize>()
            }
            Some("metrics") => {
                let request = ExportMetricsServiceRequest::decode(body.as_slice()).unwrap();
                let scopes = request
                    .resource_metrics
                    .iter()
                    .flat_map(|group| &group.scope_metrics);
                scopes.map(|scope| scope.metrics.len()).sum::<usize>()
            }
            signal => panic!("a body of {signal:?}"),
        };
        assert!(items > 0, "{} carries nothing", path.display());
        count += 1;
    }
    count
}

macro_rules! scenarios {
    ($($name:ident: $script:literal;)*) => {$(
        #[test]
        fn $name() {
            run($script);
        }
    )*};
}

scenarios! {
    vitals_are_the_browsers_own_values: "vitals";
    vitals_equal_those_of_web_vitals: "parity";
    vitals_are_histograms_where_asked_for: "metrics";
    views_begin_where_the_browser_tells_of_none: "views";
    errors_and_rejections_are_told_once_and_redacted: "errors";
    no_secret_leaves_in_any_field: "secrets";
    a_document_load_joins_the_edges_trace: "document_load";
    fetch_is_traced: "fetch";
    xml_http_requests_are_traced: "xhr";
    fetch_and_xml_http_requests_stay_as_they_were: "sameness";
    what_waits_is_sent_when_the_page_is_left: "leaving";
    every_record_is_delivered_once_or_accounted_for: "delivery";
    a_collector_is_asked_again_when_it_wants_and_by_two_at_most: "retrying";
    a_broken_engine_and_a_storm_leave_the_page_as_it_was: "harmless";
    what_early_buffers_have_no_room_for_is_counted: "crowded";
    two_copies_on_a_page_tell_all_once: "copies";
    a_page_that_comes_back_before_its_engine_tells_all_once: "restored";
    wherever_the_engine_traps_the_page_is_as_it_was: "trap";
    a_collector_that_is_down_goes_unnoticed: "collector_down";
    bad_options_warn_once_and_harm_nothing: "options";
    what_the_pages_own_code_tells_is_typed_and_redacted: "custom";
    what_people_do_is_the_parent_of_what_it_leads_to: "activity";
    what_the_browser_reports_of_a_page_is_told: "watched";
    nothing_happens_before_consent_and_before_send_has_the_last_word: "consent";
    a_session_is_sampled_as_one_and_an_error_sends_it_after_all: "sampling";
    a_session_is_shared_by_tabs_and_ends: "session";
    where_wasm_is_forbidden_the_same_is_told: "csp";
    errors_of_react_are_told_once_each: "react";
}

#[test]
fn firefox_tells_what_it_supports() {
    run_in(&[parts::FIREFOX], "engines", &["firefox"]);
}

#[test]
fn webkit_tells_what_it_supports() {
    run_in(&[parts::WEBKIT], "engines", &["webkit"]);
}

#[test]
fn in_firefox_fetch_and_xml_http_requests_stay_as_they_were() {
    run_in(&[parts::FIREFOX], "sameness", &["firefox"]);
}

#[test]
fn in_webkit_fetch_and_xml_http_requests_stay_as_they_were() {
    run_in(&[parts::WEBKIT], "sameness", &["webkit"]);
}

#[test]
fn without_a_bundler_an_app_tells_all() {
    for way in ["import-map", "relative", "script", "elsewhere"] {
        run_in(&[parts::CHROMIUM, parts::PLAYWRIGHT], "apps", &[way]);
    }
}

#[test]
fn an_app_built_by_vite_tells_all() {
    let needed = [parts::CHROMIUM, parts::PLAYWRIGHT, parts::VITE_APP];
    run_in(&needed, "apps", &["vite"]);
}
