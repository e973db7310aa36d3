//! Documents, good and bad, and what is said of them.

use super::*;
use sightline_core::sampling::Ratio;

mod health;

fn problems(document: &str) -> Vec<String> {
    let problems = Settings::from_document(document.as_bytes()).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

/// Found by `cargo xtask fuzz configuration`.
#[test]
fn each_problem_is_one_line_whatever_the_document_says() {
    for problem in problems("{\"a\\n\\u0000b\": 1, \"trace\": {\"b3\": \"c\\r\\nd\"}}") {
        assert!(!problem.contains(char::is_control), "{problem:?}");
    }
    assert!(problems(r#"{"a\nb": 1}"#)[0].starts_with(r"a\nb: unknown field"));
}

#[test]
fn fractions_may_be_texts_as_envoys_yaml_makes_them() {
    let document = br#"{"service": {"name": "e"}, "export": {"cluster": "c"}, "logs": {"access": "otlp", "success_ratio": "0.5"},
        "trace": {"sample_ratio": "0.25", "max_per_second": "1.5", "routes": [{"route": "/a", "sample_ratio": "1"}]}}"#;
    assert!(Settings::from_document(document).is_ok());
    for (bad, message) in [
        (r#""a quarter""#, "expected a number"),
        (r#""""#, "expected a number"),
        (r#""NaN""#, "between 0 and 1"),
        ("true", "expected a number"),
        ("null", "expected a number"),
    ] {
        let document =
            format!(r#"{{"service": {{"name": "e"}}, "trace": {{"sample_ratio": {bad}}}}}"#);
        let problems = Settings::from_document(document.as_bytes()).unwrap_err();
        assert_eq!(problems[0].path, "trace.sample_ratio", "{bad}");
        assert!(
            problems[0].message.contains(message),
            "{bad}: {}",
            problems[0]
        );
    }
}

#[test]
fn counters_are_refused_with_every_problem() {
    let document = br#"{"service": {"name": "e"}, "metrics": {"counters": [
        {}, {"name": "orders"}, {"name": "errors_total"},
        {"name": "a_total", "method": "get", "route": "", "status": ["7xx", 200], "sum_header": "a b"},
        {"name": "b_total", "status": []}, {"name": "c_total", "color": 1}
    ]}}"#;
    let problems = Settings::from_document(document).unwrap_err();
    let mut paths: Vec<_> = problems
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    paths.sort_unstable();
    let expected = [
        "[0].name",
        "[1].name",
        "[2].name",
        "[3].method",
        "[3].route",
        "[3].status[0]",
        "[3].status[1]",
        "[3].sum_header",
        "[4].status",
        "[5].color",
    ];
    let expected = expected.map(|path| format!("metrics.counters{path}"));
    assert_eq!(paths, expected);
}

#[test]
fn the_least_document_has_good_defaults() {
    let settings = Settings::from_document(br#"{"service": {"name": "edge"}}"#).unwrap();
    assert_eq!(settings.service.name, "edge");
    assert_eq!(settings.request_id_header, "x-request-id");
    assert_eq!(settings.keep_request_id, KeepId::Trusted);
    assert_eq!(
        (settings.incoming, settings.untrusted),
        (Incoming::Continue, Incoming::Continue)
    );
    for (address, trusted) in [
        ("127.0.0.1:9", true),
        ("[::1]:9", true),
        ("10.0.0.1:9", false),
    ] {
        let included = settings.trusted.include(address.as_bytes());
        assert_eq!(included, trusted, "{address}");
    }
    assert_eq!(settings.server_timing, Some("traceparent"));
    assert!(
        settings
            .exclude
            .template_for("/sightline/v1/traces")
            .is_some()
    );
    assert_eq!(
        (settings.metrics_path, settings.limits.series),
        (None, 1000)
    );
    assert_eq!(settings.export, None);
    assert!(!settings.logs.is_on());
    assert_eq!(settings.logs.success_ratio, Ratio::new(1.0).unwrap());
    assert_eq!(settings.logs.peer, PeerForm::Truncate);
    assert!(settings.logs.headers.is_empty());
}

#[test]
fn every_field_is_read() {
    let document = r#"{
        "service": {"name": "edge", "version": "1", "namespace": "shop", "environment": "prod"},
        "request_id": {"header": "X-Correlation-Id", "keep": "none", "format": "uuid_v7"},
        "trace": {"incoming": "restart", "untrusted": "restart_with_link", "trusted": ["10.0.0.0/8"],
            "address_from": "x_forwarded_for", "sample_ratio": 0.25, "max_per_second": 20.0, "b3": "multi",
            "routes": [{"route": "/checkout", "sample_ratio": 1}], "slow_ms": 500, "server_timing": "trace"},
        "routes": ["/products/{id}"],
        "exclude": [],
        "metrics": {"path": "/sightline/metrics", "max_series": 50.0},
        "logs": {"access": "otlp", "success_ratio": 0.5, "peer": "hash", "headers": ["X-Tenant"]},
        "export": {"cluster": "otel", "logs_path": "/l", "interval_ms": 1000.0, "timeout_ms": 2000, "max_queue_bytes": 65536}
    }"#;
    let settings = Settings::from_document(document.as_bytes()).unwrap();
    assert_eq!(settings.request_id_header, "x-correlation-id");
    assert_eq!(settings.keep_request_id, KeepId::None);
    assert_eq!(settings.request_id_format, IdFormat::UuidV7);
    assert_eq!(
        (settings.incoming, settings.untrusted),
        (Incoming::Restart, Incoming::RestartWithLink)
    );
    assert!(settings.trusted.include(b"10.0.0.1:0"));
    assert_eq!(settings.slow_nanos, Some(500_000_000));
    assert_eq!(settings.b3, b3::Mode::Multi);
    assert_eq!(settings.sampling.every_nanos, Some(50_000_000));
    assert!(settings.sampling.by_route.contains_key("/checkout"));
    assert_eq!(settings.server_timing, Some("trace"));
    assert!(
        settings
            .exclude
            .template_for("/sightline/v1/traces")
            .is_none()
    );
    assert_eq!(settings.limits.series, 50);
    let logs = settings.logs;
    assert_eq!((logs.to_envoy, logs.to_otlp), (false, true));
    assert_eq!(logs.success_ratio, Ratio::new(0.5).unwrap());
    assert_eq!(
        (logs.peer, &*logs.headers),
        (PeerForm::Hash, &["x-tenant".to_owned()][..])
    );
    let export = settings.export.unwrap();
    assert_eq!(export.logs_path, "/l");
    assert_eq!(
        (export.authority.as_str(), export.traces_path.as_str()),
        ("otel", "/v1/traces")
    );
    assert_eq!(
        (
            export.interval_millis,
            export.timeout_millis,
            export.max_queue_bytes
        ),
        (1000, 2000, 65536)
    );
}

#[test]
fn every_problem_is_reported_at_once_with_its_path() {
    let document = r#"{
        "service": {"name": "", "colour": "red"},
        "request_id": {"header": "traceparent", "keep": true, "format": "ulid"},
        "trace": {"sample_ratio": 7, "incoming": "maybe", "server_timing": true,
            "trusted": ["10.0.0.0/8", "10.0.0.0/33", "", 5], "untrusted": "never", "slow_ms": 0, "address_from": "x-real-ip", "max_per_second": 0, "b3": true,
            "routes": [{"route": "/ok", "sample_ratio": 2}, {}, {"route": "ok", "sample_ratio": 1, "ratio": 1}]},
        "routes": ["/ok", 5, "no-slash", "/a{b", {"x": 1}, "/ok"],
        "exclude": "/x",
        "metrics": {"path": "metrics", "max_series": 0},
        "export": {"interval_ms": "soon", "timeout_ms": -1, "max_queue_bytes": 1.5, "paths": {}},
        "exprt": {}
    }"#;
    let found = problems(document);
    for expected in [
        "service.name: must be text",
        "service.colour: unknown field `colour`, expected one of `name`",
        "request_id.header: has another meaning",
        "request_id.keep: ",
        "request_id.format: unknown variant `ulid`, expected `uuid_v4` or `uuid_v7`",
        "trace.sample_ratio: must be between 0 and 1, got 7",
        "trace.incoming: unknown variant `maybe`, expected one of `continue`, `restart_with_link`, `restart`",
        "trace.untrusted: unknown variant `never`",
        "trace.address_from: unknown variant `x-real-ip`, expected `connection` or `x_forwarded_for`",
        "trace.slow_ms: must be between 1 and 3600000, got 0",
        "trace.b3: ",
        "trace.max_per_second: must be between 0.01 and 1000000, got 0",
        "trace.routes[0].sample_ratio: must be between 0 and 1, got 2",
        "trace.routes[1].sample_ratio: is required",
        "trace.routes[1].route: is required",
        "trace.routes[2].route: must start with \"/\"",
        "trace.routes[2].ratio: unknown field `ratio`",
        "trace.trusted[1]: must have 0 to 32",
        "trace.trusted[2]: must be an address or a network",
        "trace.trusted[3]: invalid type: integer `5`, expected a string",
        "trace.server_timing: ",
        "routes[1]: invalid type: integer `5`, expected a string",
        "routes[2]: must start with \"/\"",
        "routes[3]: braces must enclose",
        "routes[4]: invalid type: map, expected a string",
        "routes[5]: matches the same paths",
        "exclude: invalid type: string \"/x\", expected a sequence",
        "metrics.path: must be a path",
        "metrics.max_series: must be between 1 and 100000, got 0",
        "export.cluster: is required",
        "export.interval_ms: invalid type: string \"soon\"",
        "export.timeout_ms: invalid value: integer `-1`",
        "export.max_queue_bytes: invalid type: floating point `1.5`",
        "export.paths: unknown field `paths`",
        "exprt: unknown field `exprt`, expected one of `service`",
    ] {
        let hits = found.iter().filter(|problem| problem.starts_with(expected));
        assert_eq!(hits.count(), 1, "{expected} in {found:#?}");
    }
    assert_eq!(found.len(), 35, "{found:#?}");
}

#[test]
fn what_the_log_cannot_do_is_refused() {
    let document = r#"{"service": {"name": "edge"}, "logs": {"access": "both", "success_ratio": 1.5, "peer": "ip",
        "headers": ["x-tenant", "Cookie", "Set-Cookie", "authorization", "Proxy-Authorization", "X-Api-Key",
            "x-auth-token", "X-Tenant", "a b", ""], "paths": []}}"#;
    let found = problems(document);
    for expected in [
        "logs.access: needs `export`",
        "logs.success_ratio: must be between 0 and 1, got 1.5",
        "logs.peer: unknown variant `ip`, expected one of `truncate`, `hash`, `full`, `off`",
        "logs.paths: unknown field",
        "logs.headers[1]: carries credentials",
        "logs.headers[2]: carries credentials",
        "logs.headers[3]: carries credentials",
        "logs.headers[4]: carries credentials",
        "logs.headers[5]: carries credentials",
        "logs.headers[6]: carries credentials",
        "logs.headers[7]: stands there twice",
        "logs.headers[8]: must be the name of a header",
        "logs.headers[9]: must be the name of a header",
    ] {
        let hits = found.iter().filter(|problem| problem.starts_with(expected));
        assert_eq!(hits.count(), 1, "{expected} in {found:#?}");
    }
    assert_eq!(found.len(), 13, "{found:#?}");
    let many: Vec<_> = (0..17).map(|at| format!("\"x-{at}\"")).collect();
    let many = format!(
        r#"{{"service": {{"name": "edge"}}, "logs": {{"headers": [{}]}}}}"#,
        many.join(",")
    );
    assert_eq!(
        problems(&many),
        ["logs.headers: must be at most 16 names, got 17"]
    );
}

#[test]
fn who_is_not_trusted_gets_no_more_than_who_is() {
    let document = br#"{"service": {"name": "edge"}, "trace": {"incoming": "restart"}}"#;
    let settings = Settings::from_document(document).unwrap();
    assert_eq!(settings.untrusted, Incoming::Restart);
}

#[test]
fn what_is_no_object_is_one_problem_and_the_required_name() {
    for (document, why) in [("", "empty"), ("  \n", "blank"), ("{}", "an empty object")] {
        let found = problems(document);
        assert_eq!(found.len(), 1, "{why}");
        assert!(
            found[0].starts_with("service.name: is required"),
            "{why}: {found:?}"
        );
    }
    for document in ["[]", "{", "\"edge\"", "\u{0}", "{\"service\": null"] {
        assert_eq!(problems(document).len(), 2, "{document:?}");
    }
    assert_eq!(problems(r#"{"service": null}"#).len(), 2);
}

#[test]
fn a_document_of_nothing_but_problems_ends() {
    let many: Vec<_> = (0..2000).map(|at| format!("\"x{at}\": [[{at}]]")).collect();
    let found = problems(&format!("{{{}}}", many.join(",")));
    assert!(found.len() <= 50);
    let routes = "[1],".repeat(600);
    problems(&format!("{{\"routes\": [{}[1]]}}", routes));
}
