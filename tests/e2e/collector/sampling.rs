//! Metrics are made of all spans; of traces those that failed or took long are kept,
//! and a share of the rest, each of them whole.

use super::{SETTLE_LIMIT, Stage};
use serde_json::{Value, json};
use sightline_tests::otlp;
use sightline_tests::otlp_json::{self, pair, traces};
use sightline_tests::process::wait_for;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, UNIX_EPOCH};

const ORDINARY: u32 = 1000;
const FAILED: u32 = 40;
const SLOW: u32 = 40;
/// Environments and versions, a hundred spans of each in turn.
const RESOURCES: [[&str; 2]; 4] = [
    ["production", "1.0"],
    ["staging", "1.0"],
    ["production", "2.0"],
    ["staging", "2.0"],
];
/// The pipeline's default: a tenth.
const KEEP_FROM: &str = "e6666666666666";

fn body(
    service: &str,
    [environment, version]: [&str; 2],
    language: &str,
    spans: &[Value],
) -> String {
    let resource = [
        pair("service.name", service),
        pair("deployment.environment.name", environment),
        pair("service.version", version),
        pair("telemetry.sdk.language", language),
    ];
    traces(&resource, spans)
}

/// Ids whose low bits differ as random ones do.
fn trace_id(number: u32) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in number.to_le_bytes().repeat(4) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    format!(
        "{hash:016x}{:016x}",
        hash.rotate_left(29).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    )
}

/// A page's call and the edge's answer to it.
fn trace(number: u32, took: Duration, failed: bool) -> [Value; 2] {
    let end = UNIX_EPOCH.elapsed().unwrap();
    let start = (end - took).as_nanos().to_string();
    let end = end.as_nanos().to_string();
    let client = format!("{:016x}", u64::from(number) * 2 + 1);
    let server = format!("{:016x}", u64::from(number) * 2 + 2);
    let id = trace_id(number);
    [
        json!({"traceId": id, "spanId": client, "name": "GET /cart", "kind": 3,
               "startTimeUnixNano": start, "endTimeUnixNano": end}),
        json!({"traceId": id, "spanId": server, "parentSpanId": client, "name": "GET /cart", "kind": 2,
               "startTimeUnixNano": start, "endTimeUnixNano": end,
               "status": {"code": if failed { 2 } else { 0 }}}),
    ]
}

#[test]
fn errors_and_slow_traces_are_kept_whole_and_metrics_count_all() {
    let Some(mut stage) = Stage::start() else {
        return;
    };
    stage.collector.keep_from = KEEP_FROM;
    stage.collector.stop();
    stage.collector.start_again().unwrap();
    let all = ORDINARY + FAILED + SLOW;
    let traces = (0..all).map(|number| {
        let is_slow = number >= ORDINARY + FAILED;
        let took = if is_slow { 3000 } else { 30 };
        let failed = (ORDINARY..ORDINARY + FAILED).contains(&number);
        trace(number, Duration::from_millis(took), failed)
    });
    let (pages, edge): (Vec<_>, Vec<_>) = traces.map(|[page, edge]| (page, edge)).unzip();
    for (port, service, language, spans) in [
        // Whatever it calls itself.
        (stage.collector.browser_port, "made-up", "go", &pages),
        (stage.collector.internal_port, "edge", "rust", &edge),
    ] {
        for (some, of) in spans.chunks(100).zip(RESOURCES.iter().cycle()) {
            let body = body(service, *of, language, some);
            let sent = otlp_json::post(port, "traces", &body).unwrap();
            assert_eq!(sent.status, 200, "{}", sent.body);
        }
    }

    let all = f64::from(all);
    stage.wait_sum(r#"traces_span_metrics_calls_total{job="edge"}"#, all);
    stage.wait_sum(
        r#"traces_span_metrics_calls_total{job="edge",status_code="STATUS_CODE_ERROR"}"#,
        f64::from(FAILED),
    );
    stage.wait_sum(
        r#"traces_span_metrics_duration_seconds_bucket{job="edge",le="2"}"#,
        f64::from(ORDINARY + FAILED),
    );
    let pages = stage
        .prometheus
        .query(r#"{__name__=~"traces_span_metrics_.*",job!="edge"}"#);
    assert_eq!(pages.unwrap().len(), 0, "anybody could name them");
    stage.wait_sum(
        r#"traces_service_graph_request_total{client="browser",server="edge"}"#,
        all,
    );

    // Each environment for itself, and each version while two run.
    let second = r#"{job="edge",service_version="2.0"}"#;
    stage.wait_sum(&format!("traces_span_metrics_calls_total{second}"), 480.0);
    let staging = r#"{job="edge",deployment_environment_name="staging"}"#;
    stage.wait_sum(&format!("traces_span_metrics_calls_total{staging}"), 500.0);
    let accepted = format!("sum_over_time(sightline_collector_spans_accepted{staging}[1h])");
    stage.wait_sum(&accepted, 500.0);
    // The ledger of points has what was sent, not what was made of spans before.
    let now = UNIX_EPOCH.elapsed().unwrap().as_nanos();
    let point = format!(
        r#"{{"name":"x","gauge":{{"dataPoints":[{{"timeUnixNano":"{now}","asDouble":1}}]}}}}"#
    );
    let point = otlp_json::metrics("edge", "1.2.3", &[point]);
    let sent = otlp_json::post(stage.collector.internal_port, "metrics", &point).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
    stage.wait_sum(
        "sum_over_time(sightline_collector_metric_points_accepted[1h])",
        1.0,
    );

    let is_in_share = |id: &str| &id[18..] >= KEEP_FROM;
    let expected: BTreeSet<_> = (0..ORDINARY + FAILED + SLOW)
        .map(|number| (number, trace_id(number)))
        .filter(|(number, id)| *number >= ORDINARY || is_in_share(id))
        .map(|(_, id)| id)
        .collect();
    let mut kept = BTreeMap::new();
    wait_for("both spans of all that is kept", SETTLE_LIMIT, || {
        kept.clear();
        for span in otlp::spans(&stage.collector.traces)? {
            *kept.entry(span.trace_id).or_insert(0) += 1;
        }
        let whole = expected.iter().all(|id| kept.get(id) == Some(&2));
        Ok(whole.then_some(()))
    })
    .unwrap();
    assert!(kept.values().all(|spans| *spans == 2), "each span once");
    assert!(kept.keys().eq(&expected), "nothing else");
    let share = expected.len() - (FAILED + SLOW) as usize;
    assert!(
        (60..=140).contains(&share),
        "a tenth: {share} of {ORDINARY}"
    );
}
