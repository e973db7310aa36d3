//! The section `health`.

use super::{Settings, problems};

fn settings(health: &str) -> Settings {
    let document = format!(r#"{{"service": {{"name": "edge"}}, "health": {health}}}"#);
    Settings::from_document(document.as_bytes()).unwrap()
}

#[test]
fn it_is_off_unless_asked_for() {
    let document = br#"{"service": {"name": "edge"}}"#;
    let settings = Settings::from_document(document).unwrap();
    assert!(settings.health.is_none());
}

#[test]
fn its_defaults_are_the_documented_ones() {
    let health = settings("{}").health.unwrap();
    assert_eq!((&*health.path, health.interval_millis), ("/health", 5000));
    assert!(health.needs_workers && health.probes.is_empty());
    let health = settings(r#"{"probes": [{"cluster": "api"}]}"#)
        .health
        .unwrap();
    let probe = &health.probes[0];
    assert_eq!((&*probe.name, &*probe.cluster), ("api", "api"));
    assert_eq!((&*probe.authority, &*probe.path), ("api", "/"));
    assert_eq!((probe.interval_millis, probe.timeout_millis), (5000, 2000));
}

#[test]
fn every_field_is_read() {
    let health = r#"{"path": "/-/h", "interval_ms": 1000.0, "workers": false, "probes": [
        {"name": "shop", "cluster": "api", "authority": "shop.example", "path": "/up", "timeout_ms": 300}
    ]}"#;
    let health = settings(health).health.unwrap();
    assert_eq!((&*health.path, health.needs_workers), ("/-/h", false));
    let probe = &health.probes[0];
    assert_eq!((&*probe.name, &*probe.authority), ("shop", "shop.example"));
    assert_eq!((&*probe.path, probe.timeout_millis), ("/up", 300));
    assert_eq!(
        (probe.interval_millis, health.interval_millis),
        (1000, 1000)
    );
}

#[test]
fn every_problem_has_its_path() {
    let long = "n".repeat(129);
    let document = format!(
        r#"{{"service": {{"name": "edge"}}, "health": {{"path": "health", "interval_ms": 499, "workers": 1, "port": 80,
        "probes": [{{}}, {{"cluster": ""}}, {{"cluster": "a", "authority": "", "path": "up", "timeout_ms": 99}},
            {{"cluster": "a"}}, {{"cluster": "b", "name": "workers"}}, {{"cluster": "b", "name": ""}},
            {{"cluster": "b", "name": "{long}"}}, {{"cluster": "b", "name": "x\ny"}}, {{"cluster": "c", "url": ""}}]
        }}}}"#
    );
    let found = problems(&document);
    for expected in [
        "health.path: must be a path",
        "health.interval_ms: must be between 500 and 300000, got 499",
        "health.workers: ",
        "health.port: unknown field `port`",
        "health.probes[0].cluster: is required",
        "health.probes[1].cluster: is required",
        "health.probes[2].authority: must not be empty",
        "health.probes[2].path: must be a path",
        "health.probes[2].timeout_ms: must be between 100 and 60000, got 99",
        "health.probes[3].name: stands there twice",
        "health.probes[4].name: has another meaning",
        "health.probes[5].name: must be text of 1 to 128 bytes",
        "health.probes[6].name: must be text",
        "health.probes[7].name: must be text",
        "health.probes[8].url: unknown field `url`",
    ] {
        let hits = found.iter().filter(|problem| problem.starts_with(expected));
        assert_eq!(hits.count(), 1, "{expected} in {found:#?}");
    }
    let many: Vec<_> = (0..17)
        .map(|at| format!(r#"{{"cluster": "c{at}"}}"#))
        .collect();
    let many = format!(
        r#"{{"service": {{"name": "e"}}, "health": {{"probes": [{}]}}}}"#,
        many.join(",")
    );
    let expected = ["health.probes: must be at most 16 probes, got 17"];
    assert_eq!(problems(&many), expected);
}

#[test]
fn its_path_is_its_own() {
    for (health, page, problem) in [
        ("/health", "/health", true),
        ("/health", "/health/live", true),
        ("/health", "/health/metrics", false),
        ("/a", "/a/startup", true),
        ("/", "/metrics", true),
        ("/a/", "/metrics", true),
    ] {
        let document = format!(
            r#"{{"service": {{"name": "e"}}, "health": {{"path": "{health}"}}, "metrics": {{"path": "{page}"}}}}"#
        );
        let settings = Settings::from_document(document.as_bytes());
        assert_eq!(settings.is_err(), problem, "{health} {page}");
    }
}
