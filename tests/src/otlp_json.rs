//! OTLP as JSON text, as pages send it: just what the tests of the collector's
//! pipeline write.

use crate::http::{Answer, Client};
use anyhow::Result;
use serde_json::{Value, json};

/// Sends a body of this signal, such as `logs`, to a receiver on this port.
pub fn post(port: u16, signal: &str, body: &str) -> Result<Answer> {
    let url = format!("http://127.0.0.1:{port}/v1/{signal}");
    let json = [("content-type", "application/json")];
    Client::default().send("POST", &url, &json, body.as_bytes())
}

/// An attribute whose value is text, of any characters.
pub fn pair(key: &str, value: &str) -> Value {
    json!({"key": key, "value": {"stringValue": value}})
}

/// What is sent to `/v1/traces` for a resource of these attributes.
pub fn traces(resource: &[Value], spans: &[Value]) -> String {
    json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"spans": spans}],
    }]})
    .to_string()
}

/// The same, of a text without quotation marks and control characters.
pub fn text(key: &str, value: &str) -> String {
    format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#)
}

/// A log record that is an event, at nanoseconds since the Unix epoch; 0 for a
/// time that is not known.
pub fn event(name: &str, unix_nanos: u64, attributes: &[String]) -> String {
    let attributes = attributes.join(",");
    format!(r#"{{"eventName":"{name}","timeUnixNano":"{unix_nanos}","attributes":[{attributes}]}}"#)
}

/// A histogram in seconds whose one point has this many values, all of them in
/// the bucket at this place.
pub fn histogram(
    name: &str,
    (count, sum): (u64, f64),
    bucket: usize,
    bounds: &[f64],
    attributes: &[String],
) -> String {
    let in_bucket = |at| if at == bucket { count } else { 0 };
    let counts = (0..=bounds.len()).map(|at| format!("\"{}\"", in_bucket(at)));
    let counts = counts.collect::<Vec<_>>().join(",");
    let bounds: Vec<_> = bounds.iter().map(f64::to_string).collect();
    let (bounds, attributes) = (bounds.join(","), attributes.join(","));
    let point = format!(
        r#"{{"startTimeUnixNano":"1","timeUnixNano":"2","count":"{count}","sum":{sum},"bucketCounts":[{counts}],"explicitBounds":[{bounds}],"attributes":[{attributes}]}}"#
    );
    format!(
        r#"{{"name":"{name}","unit":"s","histogram":{{"aggregationTemporality":1,"dataPoints":[{point}]}}}}"#
    )
}

/// What is sent to `/v1/logs` for one version of a service.
pub fn logs(service: &str, version: &str, records: &[String]) -> String {
    let records = records.join(",");
    let scopes = format!(r#""scopeLogs":[{{"logRecords":[{records}]}}]"#);
    format!(
        r#"{{"resourceLogs":[{}]}}"#,
        resource(service, version, &scopes)
    )
}

/// What is sent to `/v1/metrics` for one version of a service.
pub fn metrics(service: &str, version: &str, metrics: &[String]) -> String {
    let metrics = metrics.join(",");
    let scopes = format!(r#""scopeMetrics":[{{"metrics":[{metrics}]}}]"#);
    format!(
        r#"{{"resourceMetrics":[{}]}}"#,
        resource(service, version, &scopes)
    )
}

fn resource(service: &str, version: &str, scopes: &str) -> String {
    let service = text("service.name", service);
    let version = text("service.version", version);
    format!(r#"{{"resource":{{"attributes":[{service},{version}]}},{scopes}}}"#)
}
