//! What strangers send where pages send: it can take room up to a limit, and
//! neither displaces nor changes what is known already.

use super::{SETTLE_LIMIT, Stage};
use flate2::Compression;
use flate2::write::GzEncoder;
use sightline_core::web_vital;
use sightline_tests::http::Client;
use sightline_tests::otlp_json::{self, event, logs, metrics, text};
use sightline_tests::process::wait_for;
use std::io::Write;

/// `max_streams` of the pipeline.
const STREAMS: f64 = 20_000.0;
/// Made-up routes, in bodies of so many events each.
const BODIES: usize = 30;
const EVENTS: usize = 900;
/// `truncate_all` of the pipeline, in bytes.
const LONGEST: usize = 200;

fn view(route: &str) -> String {
    let name = text("browser.web_vital.name", "ttfb");
    event("browser.web_vital", 0, &[name, text("url.template", route)])
}

/// So many views in the first bucket of this vital's histogram.
fn histogram(name: &str, count: u64, bounds: &[f64], attributes: &[String]) -> String {
    otlp_json::histogram(name, (count, 0.0), 0, bounds, attributes)
}

#[test]
fn made_up_routes_take_room_up_to_a_limit_and_none_from_what_is_known() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let known = logs("shop-browser", "1.2.3", &vec![view("/cart"); 100]);
    let counted = r#"browser_views_total{url_template="/cart"}"#;
    stage.at_the_door("logs", &known);
    stage.wait_sum(counted, 100.0);
    for body in 0..BODIES {
        let views: Vec<_> = (0..EVENTS)
            .map(|at| view(&format!("/{body}/{at}")))
            .collect();
        stage.at_the_door("logs", &logs("shop-browser", "1.2.3", &views));
    }
    let lost = (BODIES * EVENTS) as f64 + 1.0 - STREAMS;
    wait_for(
        "every point beyond the limit to be counted",
        SETTLE_LIMIT,
        || {
            let refused = r#"error="limit""#;
            let limited = stage
                .collector
                .own("otelcol_deltatocumulative_datapoints", refused)?;
            anyhow::ensure!(limited == lost, "{limited} of {lost}");
            Ok(Some(()))
        },
    )
    .unwrap();
    let tracked = stage
        .collector
        .own("otelcol_deltatocumulative_streams_tracked", "");
    assert_eq!(tracked.unwrap(), STREAMS);
    stage.at_the_door("logs", &known);
    stage.wait_sum(counted, 200.0);
    stage.wait_sum("count(browser_views_total)", STREAMS);
}

/// What decompresses to fifty megabytes, in fifty kilobytes.
fn bomb() -> Vec<u8> {
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    let body = format!("{{\"a\":\"{}\"}}", "x".repeat(50_000_000));
    bomb.write_all(body.as_bytes()).unwrap();
    bomb.finish().unwrap()
}

#[test]
fn what_is_no_telemetry_is_refused_and_harms_nobody() {
    let Some(stage) = Stage::start() else {
        return;
    };
    const JSON: &str = "application/json";
    let url = format!("http://127.0.0.1:{}/v1/logs", stage.collector.browser_port);
    let whole = logs("shop-browser", "1.2.3", &[view("/garbage")]);
    let deep = format!("{{\"resourceLogs\":{}", "[".repeat(200_000));
    // A varint without an end, and a field longer than the body.
    let bytes = [&[0x0a; 1][..], &[0xff; 2000]].concat();
    let bodies: [(&str, &str, &str, &[u8], u16); 8] = [
        ("half", JSON, "", &whole.as_bytes()[..whole.len() / 2], 400),
        ("nested", JSON, "", deep.as_bytes(), 400),
        // 0.152 can't repeat it in its answer.
        ("no UTF-8", JSON, "", b"{\xff\xfe", 500),
        ("no protobuf", "application/x-protobuf", "", &bytes, 400),
        ("no gzip", JSON, "gzip", whole.as_bytes(), 400),
        ("a bomb", JSON, "gzip", &bomb(), 400),
        ("too long", JSON, "", &vec![b' '; (256 << 10) + 1], 400),
        ("no OTLP", "text/plain", "", whole.as_bytes(), 415),
    ];
    for (what, kind, encoding, body, expected) in bodies {
        let mut headers = vec![("content-type", kind)];
        headers.extend((!encoding.is_empty()).then_some(("content-encoding", encoding)));
        let sent = Client::default().send("POST", &url, &headers, body);
        let sent = sent.unwrap();
        assert_eq!(sent.status, expected, "{what}: {}", sent.body);
    }
    stage.at_the_door("logs", &logs("shop-browser", "1.2.3", &[view("/cart")]));
    stage.wait_sum("sum(browser_views_total)", 1.0);
}

#[test]
fn only_what_pages_of_ours_send_makes_series() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let lcp = "browser.web_vital.lcp";
    let bounds = web_vital::LCP.bounds();
    let many: Vec<_> = (0..1000).map(f64::from).collect();
    let route = |route: &str| text("url.template", route);
    let of = |at: &str| histogram(lcp, 1, &bounds, &[route(at)]);
    let long = "x".repeat(10_000);
    let sum = |name: &str| {
        let point = format!(r#"{{"asInt":"7","attributes":[{}]}}"#, route("/sum"));
        format!(
            r#"{{"name":"{name}","sum":{{"aggregationTemporality":1,"isMonotonic":true,"dataPoints":[{point}]}}}}"#
        )
    };
    let no_text = r#"{"key":"url.template","value":{"doubleValue":"NaN"}}"#.to_owned();
    let sent = [
        of("/good"),
        // Points of one series are added up.
        of("/good"),
        histogram(lcp, 1, &many, &[route("/bounds")]),
        histogram(lcp, 1, &[1.0], &[route("/good")]),
        histogram(lcp, 1_000_000_000, &bounds, &[route("/count")]),
        histogram("browser.web_vital.other", 1, &bounds, &[route("/name")]),
        histogram(
            "http_request_duration_seconds",
            1,
            &bounds,
            &[route("/server")],
        ),
        histogram(lcp, 1, &bounds, &[route("/label"), text("made.up", "1")]),
        histogram(lcp, 1, &bounds, &[route(&long)]),
        histogram(lcp, 1, &bounds, std::slice::from_ref(&no_text)),
        // What could not be added up.
        of("/good").replace("[0.625,", r#"["NaN","#),
        of("/good").replace(r#""0","0"]"#, r#""0"]"#),
        of("/sum").replace(r#""sum":0"#, r#""sum":"NaN""#),
        of("/sum").replace(r#""sum":0"#, r#""sum":1e300"#),
        of("/good").replace(r#"["1","#, r#"["9223372036854775808","#),
        of("/good").replace(r#"["1","#, r#"["101","#),
        of("/good").replace(r#""count":"1""#, r#""count":"18446744073709551516""#),
        of("/good").replace(r#""count":"1""#, r#""count":"0""#),
        of("/good").replace(r#"["1","#, r#"["100","#),
        of("/flags").replace(r#""count""#, r#""flags":1,"count""#),
        of("/exemplars").replace(r#""count""#, r#""exemplars":[{"asDouble":1}],"count""#),
        // Beside the others of its series, not in place of them.
        of("/good").replace(r#""unit":"s""#, r#""unit":"bananas""#),
        of("/whole").replace(r#"Temporality":1"#, r#"Temporality":2"#),
        sum(lcp),
        sum("browser.views"),
        sum("sightline.collector.spans.accepted"),
    ];
    stage.at_the_door("metrics", &metrics("shop-browser", "1.2.3", &sent));
    stage.at_the_door("logs", &logs(&long, "1.2.3", &[view("/service")]));
    stage.wait_sum("sum(browser_views_total)", 1.0);
    // Bounds that are no numbers are replaced, as all are, and so is the unit.
    stage.wait_sum("sum(browser_web_vital_lcp_seconds_count)", 7.0);
    let good = r#"{url_template="/good"}"#;
    // One alone that has no sum takes it from nobody.
    let alone = of("/good").replace(r#""sum":0,"#, "");
    stage.at_the_door("metrics", &metrics("shop-browser", "1.2.3", &[alone]));
    stage.wait_sum(&format!("browser_web_vital_lcp_seconds_count{good}"), 5.0);
    stage.wait_sum(
        &format!("count(browser_web_vital_lcp_seconds_sum{good})"),
        1.0,
    );
    let first = r#"{url_template="/good",le="0.625"}"#;
    stage.wait_sum(&format!("browser_web_vital_lcp_seconds_bucket{first}"), 5.0);
    stage.wait_sum(
        &format!("count(browser_web_vital_lcp_seconds_bucket{good})"),
        8.0,
    );
    let series = stage
        .prometheus
        .query(r#"{__name__=~".+_count|.+_total",url_template!=""}"#);
    let mut routes = Vec::new();
    for sample in series.unwrap() {
        assert!(
            sample.labels.values().all(|value| value.len() <= LONGEST),
            "{sample:?}"
        );
        assert!(!sample.labels.contains_key("made_up"), "{sample:?}");
        routes.push(sample.label("url_template").to_owned());
    }
    routes.sort();
    assert_eq!(routes, ["/good", "/label", "/service", &long[..LONGEST]]);
    let made_up = stage.prometheus.query("sightline_collector_spans_accepted");
    assert!(made_up.unwrap().is_empty());
}
