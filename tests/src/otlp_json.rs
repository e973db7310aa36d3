//! OTLP as JSON text, as pages send it: just what the tests of the collector's
//! pipeline write.

/// An attribute whose value is text.
pub fn text(key: &str, value: &str) -> String {
    format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#)
}

/// A log record that is an event, at nanoseconds since the Unix epoch; 0 for a
/// time that is not known.
pub fn event(name: &str, unix_nanos: u64, attributes: &[String]) -> String {
    let attributes = attributes.join(",");
    format!(r#"{{"eventName":"{name}","timeUnixNano":"{unix_nanos}","attributes":[{attributes}]}}"#)
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
