//! The pipeline by itself: what many pages tell arrives in Prometheus, whole,
//! whatever their clocks say.

mod addresses;
mod door;
mod durable;
mod flood;
mod gateways;
mod overflow;
mod sampling;
#[path = "../store.rs"]
mod store;
mod strangers;

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::metrics::v1::{
    Histogram, HistogramDataPoint, Metric, ResourceMetrics, ScopeMetrics, metric::Data,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use sightline_core::web_vital;
use sightline_tests::collector::Collector;
use sightline_tests::http::Client;
use sightline_tests::otlp_json;
use sightline_tests::parts;
use sightline_tests::process::{self, wait_for};
use sightline_tests::prometheus::Prometheus;
use std::process::Command;
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

const PAGES: u64 = 2000;
const AT_ONCE: u64 = 32;
const SETTLE_LIMIT: Duration = Duration::from_secs(30);

/// The pipeline and what it writes to.
struct Stage {
    collector: Collector,
    prometheus: Prometheus,
    _folder: TempDir,
}

impl Stage {
    /// Starts it; nothing where a part is missing.
    fn start() -> Option<Self> {
        if !parts::all_present(&[parts::OTELCOL, parts::PROMETHEUS]) {
            return None;
        }
        let folder = TempDir::new().unwrap();
        let prometheus = Prometheus::start(folder.path()).unwrap();
        let collector = Collector::start(folder.path(), Some(&prometheus)).unwrap();
        Some(Self {
            collector,
            prometheus,
            _folder: folder,
        })
    }

    /// Sends what anybody may send where pages send.
    fn at_the_door(&self, signal: &str, body: &str) {
        let sent = otlp_json::post(self.collector.browser_port, signal, body).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    }

    /// Waits until the series of a query add up to this, and not to more.
    fn wait_sum(&self, query: &str, expected: f64) {
        let mut last = 0.0;
        let reached = wait_for(query, SETTLE_LIMIT, || {
            let found = self.prometheus.query(query)?;
            last = found.iter().map(|sample| sample.value).sum();
            Ok((last >= expected).then_some(()))
        });
        assert!(reached.is_ok(), "{query}: {last} of {expected}");
        assert_eq!(last, expected, "{query}");
    }

    /// Sends the body of each page, many at once.
    fn send_pages(&self, signal: &str, kind: &str, body: impl Fn(u64) -> Vec<u8> + Sync) {
        let port = self.collector.browser_port;
        let url = &format!("http://127.0.0.1:{port}/v1/{signal}");
        let body = &body;
        std::thread::scope(|scope| {
            for worker in 0..AT_ONCE {
                scope.spawn(move || {
                    for number in (worker..PAGES).step_by(AT_ONCE as usize) {
                        let kind = [("content-type", kind)];
                        let sent = Client::default().send("POST", url, &kind, &body(number));
                        assert_eq!(sent.unwrap().status, 200);
                    }
                });
            }
        });
    }
}

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue {
        key: key.to_owned(),
        value: Some(AnyValue { value: Some(value) }),
        ..Default::default()
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.to_owned()))
}

/// What the SDK sends of a view whose LCP was this many seconds, by a clock that
/// is so many seconds off. Every page is another browser.
fn page(number: u64, seconds: f64, clock: i64) -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let now = now.unwrap().as_nanos() as i64 + clock * 1_000_000_000;
    let bounds = web_vital::LCP.bounds().to_vec();
    let bucket = bounds.iter().filter(|bound| **bound < seconds).count();
    let point = HistogramDataPoint {
        start_time_unix_nano: (now - 3_000_000_000) as u64,
        time_unix_nano: now as u64,
        count: 1,
        sum: Some(seconds),
        bucket_counts: (0..=bounds.len())
            .map(|at| u64::from(at == bucket))
            .collect(),
        explicit_bounds: bounds,
        attributes: vec![text("url.template", "/products/{id}")],
        ..Default::default()
    };
    let metric = |name: &str| Metric {
        name: name.to_owned(),
        unit: "s".to_owned(),
        data: Some(Data::Histogram(Histogram {
            data_points: vec![point.clone()],
            aggregation_temporality: 1,
        })),
        ..Default::default()
    };
    let environment = ["production", "staging"][number as usize / 2 % 2];
    let resource = Resource {
        attributes: vec![
            text("service.name", "shop-browser"),
            text("deployment.environment.name", environment),
            text("service.version", "1.2.3"),
            text("browser.language", &format!("l{number}")),
            pair("browser.mobile", Value::BoolValue(number.is_multiple_of(2))),
        ],
        ..Default::default()
    };
    let request = ExportMetricsServiceRequest {
        resource_metrics: vec![ResourceMetrics {
            resource: Some(resource),
            scope_metrics: vec![ScopeMetrics {
                metrics: vec![
                    metric("browser.web_vital.lcp"),
                    // Not a page's to write.
                    metric("http_request_duration_seconds"),
                ],
                ..Default::default()
            }],
            ..Default::default()
        }],
    };
    request.encode_to_vec()
}

#[test]
fn histograms_of_pages_add_up_whatever_their_clocks_say() {
    let Some(stage) = Stage::start() else {
        return;
    };
    stage.send_pages("metrics", "application/x-protobuf", |number| {
        // From two minutes behind to half a minute ahead.
        let clock = (number * 37 % 150) as i64 - 120;
        // Three of four are good, the last of these on the bound.
        let seconds = [0.5, 1.5, 2.5, 6.0][number as usize % 4];
        page(number, seconds, clock)
    });
    let one = |query: &str| {
        let found = stage.prometheus.query(query).unwrap();
        found.first().map_or(0.0, |sample| sample.value)
    };
    wait_for("every page", SETTLE_LIMIT, || {
        let count = one("sum(browser_web_vital_lcp_seconds_count)");
        Ok((count >= PAGES as f64).then_some(()))
    })
    .unwrap();
    let pages = PAGES as f64;
    for (query, expected) in [
        ("sum(browser_web_vital_lcp_seconds_count)", pages),
        ("sum(browser_web_vital_lcp_seconds_sum)", pages * 2.625),
        (
            "sum(browser_web_vital_lcp_seconds_bucket{le=\"2.5\"})",
            pages * 0.75,
        ),
        (
            "sum(browser_web_vital_lcp_seconds_count{mobile=\"true\"})",
            pages * 0.5,
        ),
        (
            "sum(browser_web_vital_lcp_seconds_count{deployment_environment_name=\"staging\"})",
            pages * 0.5,
        ),
        (
            "sum(browser_web_vital_lcp_seconds_count{job=\"shop-browser\",\
             url_template=\"/products/{id}\",service_version=\"1.2.3\"})",
            pages,
        ),
        ("count(browser_web_vital_lcp_seconds_count)", 4.0),
        ("count(http_request_duration_seconds_count)", 0.0),
    ] {
        assert_eq!(one(query), expected, "{query}");
    }
}

/// What the SDK sends of a view: how soon it was there, and its errors.
fn events(number: u64) -> String {
    let event = |name: &str, attribute: &str, value: &str| {
        let attribute = otlp_json::text(attribute, value);
        let route = otlp_json::text("url.template", "/cart");
        otlp_json::event(name, number, &[attribute, route])
    };
    let vital = |name: &str| event("browser.web_vital", "browser.web_vital.name", name);
    let mut records = vec![vital("ttfb"), vital("fcp"), vital("lcp"), vital("lcp")];
    if number.is_multiple_of(10) {
        records.push(event("exception", "exception.type", "TypeError"));
        for source in ["resource", "console"] {
            let attributes = [
                otlp_json::text("sightline.exception.source", source),
                otlp_json::text("exception.type", "TypeError"),
                otlp_json::text("url.template", "/cart"),
            ];
            records.push(otlp_json::event("exception", number, &attributes));
        }
    }
    otlp_json::logs("shop-browser", "1.2.3", &records)
}

#[test]
fn views_and_errors_of_pages_are_counted_from_their_events() {
    let Some(stage) = Stage::start() else {
        return;
    };
    stage.send_pages("logs", "application/json", |number| {
        events(number).into_bytes()
    });
    let labels = "{job=\"shop-browser\",url_template=\"/cart\",service_version=\"1.2.3\"}";
    let errors = "{job=\"shop-browser\",url_template=\"/cart\",exception_type=\"TypeError\"}";
    for (query, expected) in [
        (format!("browser_views_total{labels}"), PAGES),
        (format!("browser_exceptions_total{errors}"), PAGES / 10),
    ] {
        stage.wait_sum(&query, expected as f64);
    }
}

#[test]
fn each_set_of_configurations_is_valid() {
    if !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let folder = parts::repository().join("collector-config/collector");
    for files in [
        "intake pipeline",
        "intake pipeline token",
        "intake pipeline forward",
        "intake pipeline forward token",
        "intake agent",
        "intake agent token",
    ] {
        let mut command = Command::new(parts::require(parts::OTELCOL).unwrap());
        command.arg("validate");
        let file = |name: &str| format!("--config={}", folder.join(name).display());
        command.args(files.split(' ').map(|name| file(&format!("{name}.yaml"))));
        command.env("SIGHTLINE_OTLP_TOKEN_FILE", "token");
        command.env(
            "SIGHTLINE_GATEWAYS",
            "{dns: {hostname: gateways, port: \"4317\"}}",
        );
        let output = process::run(&mut command).unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{files}: {said}");
    }
}
