//! What a request leaves in the log.

use super::*;

/// The lines that a request leaves, with this configuration of the log.
fn lines(logs: &str, headers: Option<&[(&str, &[u8])]>, status: u16) -> String {
    let mut worker = Worker::new();
    let document = format!(
        r#"{{"service": {{"name": "edge"}}, "export": {{"cluster": "otel"}}, "logs": {{{logs}}}}}"#
    );
    worker.configure(ROOT, document.as_bytes()).unwrap();
    worker.plugin.create_stream(2, ROOT);
    if let Some(headers) = headers {
        worker.request(2, headers);
    }
    let mut info = Info {
        status: Some(status),
        duration_nanos: Some(1_000_000),
        ..Info::default()
    };
    worker.plugin.end(2, &mut info);
    worker.delete(2);
    let told = u8::from(logs.contains("both") || logs.contains("otlp"));
    assert_eq!(
        worker.total("sightline_edge_log_records_queued"),
        f64::from(told)
    );
    info.lines
}

#[test]
fn a_request_leaves_a_line_and_a_log_record_where_they_are_wanted() {
    for (logs, count) in [
        ("", 0),
        (r#""access": "off""#, 0),
        (r#""access": "otlp""#, 0),
        (r#""access": "envoy""#, 1),
        (r#""access": "both""#, 1),
    ] {
        assert_eq!(
            lines(logs, Some(&GET), 200).lines().count(),
            count,
            "{logs}"
        );
    }
    let line = lines(
        r#""access": "envoy", "headers": ["x-a"]"#,
        Some(&[GET[0], GET[1], ("x-a", b"b")]),
        200,
    );
    for part in [
        r#""path":"/products/7","status":200,"duration_ms":1.000,"request_bytes":10,"response_bytes":20"#,
        r#""peer":"203.0.113.0","user_agent":"none","headers":{"x-a":"b"}}"#,
        r#""time":"2023-11-14T22:13:20.001Z","level":"info""#,
    ] {
        assert!(line.contains(part), "{part} in {line}");
    }
}

#[test]
fn a_request_that_the_filter_never_saw_leaves_a_line() {
    let line = lines(
        r#""access": "both", "success_ratio": 0, "peer": "off""#,
        None,
        400,
    );
    assert_eq!(
        line,
        concat!(
            r#"{"time":"2023-11-14T22:13:20.030Z","level":"warn","service":"edge","method":"_OTHER","status":400,"#,
            r#""duration_ms":1.000,"request_bytes":10,"response_bytes":20,"user_agent":"none"}"#,
            "\n"
        )
    );
}
