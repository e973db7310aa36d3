//! What is kept from people, because a worse alert says it already. Each case
//! has a neighbour that must come through: it is posted last, so when it has
//! come, what was posted before it has been decided on.

use crate::{FAST, Stage, stage, with};
use serde_json::Value;
use sightline_rules::rule_file::RuleFile;
use sightline_tests::alertmanager::{CHAT, Hours, PAGER, TICKET};
use sightline_tests::parts;

const PATHS: [&str; 3] = [PAGER, CHAT, TICKET];

struct Case {
    what: &'static str,
    cause: Value,
    /// Each with its own name.
    silenced: Vec<Value>,
    heard: Vec<Value>,
}

/// Its summary is found in no other.
fn alert(name: &str, severity: &str, job: &str) -> Value {
    let mut alert = crate::alert(name, severity, job);
    alert["annotations"]["summary"] = format!("{name} of {job}, {severity}").into();
    alert
}

/// An alert with the labels that the shipped rules give it, of what these name.
fn shipped(name: &str, of: &[(&str, &str)]) -> Value {
    let folder = parts::repository().join("collector-config/rules");
    let files = std::fs::read_dir(folder).expect("the rules");
    let rules = files.flat_map(|file| {
        let text = std::fs::read_to_string(file.expect("a file").path()).expect("a rule file");
        let file: RuleFile = serde_saphyr::from_str(&text).expect("a rule file");
        file.groups.into_iter().flat_map(|group| group.rules)
    });
    let mut rules = rules.filter(|rule| rule.alert.as_deref() == Some(name));
    let rule = rules.next().unwrap_or_else(|| panic!("no alert {name}"));
    let mut shipped = alert(name, "", "");
    for (label, value) in &rule.labels {
        shipped["labels"][label] = value.as_str().into();
    }
    let what: Vec<_> = of.iter().map(|(_, value)| *value).collect();
    shipped["annotations"]["summary"] = format!("{name} of {}.", what.join(", ")).into();
    with(shipped, of)
}

fn name(alert: &Value) -> String {
    let text = alert["labels"]["alertname"].as_str();
    text.unwrap_or_default().to_owned()
}

/// Posts one case to a stage of its own, and sees who hears of it.
fn prove(case: &Case) {
    let Some(stage) = stage(FAST, Hours::Always) else {
        return;
    };
    stage.post(std::slice::from_ref(&case.cause));
    stage.post(&case.silenced);
    stage.post(&case.heard);
    let heard = case.heard.iter().chain([&case.cause]);
    for alert in heard {
        wait(&stage, alert, case.what);
    }
    for alert in &case.silenced {
        let summary = alert["annotations"]["summary"].as_str().unwrap_or_default();
        for path in PATHS {
            assert!(
                !stage.has(path, summary),
                "{}: {path} has {alert}",
                case.what
            );
        }
    }
    let suppressed = stage.api().alerts().expect("alerts");
    let suppressed = suppressed
        .iter()
        .filter(|alert| alert["status"]["state"] == "suppressed");
    assert_eq!(suppressed.count(), case.silenced.len(), "{}", case.what);
}

fn wait(stage: &Stage, alert: &Value, what: &str) {
    let path = match alert["labels"]["severity"].as_str() {
        Some("page") => PAGER,
        Some("chat") => CHAT,
        _ => TICKET,
    };
    let summary = alert["annotations"]["summary"].as_str().unwrap_or_default();
    let found = stage.webhook.wait_for(path, crate::LIMIT, |body| {
        body.to_string().contains(summary)
    });
    found.unwrap_or_else(|error| panic!("{what}: {} is not heard: {error:#}", name(alert)));
}

#[test]
fn of_one_objective_the_most_severe_is_heard() {
    let of = |alert, objective| with(alert, &[("objective", objective), ("endpoint", "/cart")]);
    let search = [("objective", "availability"), ("endpoint", "/search")];
    prove(&Case {
        what: "objective",
        cause: of(alert("BurnFast", "page", "shop"), "availability"),
        silenced: vec![
            of(alert("BurnMedium", "chat", "shop"), "availability"),
            of(alert("BurnSlow", "ticket", "shop"), "availability"),
        ],
        heard: vec![
            of(alert("LatencyBurn", "chat", "shop"), "latency"),
            of(alert("BurnMedium", "chat", "another"), "availability"),
            of(alert("BurnSlow", "ticket", "another-still"), "availability"),
            // Another route of the same service.
            with(alert("BurnOfRoute", "chat", "shop"), &search),
        ],
    });
}

#[test]
fn of_one_family_or_name_the_most_severe_is_heard() {
    prove(&Case {
        what: "family",
        cause: shipped("EdgeErrorRatioCritical", &[("job", "shop")]),
        silenced: vec![
            shipped("EdgeErrorRatioHigh", &[("job", "shop")]),
            shipped("EdgeErrorsSome", &[("job", "shop")]),
            alert("EdgeErrorRatioCritical", "ticket", "shop"),
        ],
        heard: vec![
            // Another family, and none.
            shipped("EdgeLatencyP95High", &[("job", "shop")]),
            shipped("EdgeSeriesOverflow", &[("job", "shop")]),
            shipped("EdgeErrorRatioHigh", &[("job", "another")]),
            // A page is never kept from anybody by another threshold.
            shipped("EdgeErrorsMany", &[("job", "shop")]),
        ],
    });
}

#[test]
fn a_family_is_of_one_instance() {
    let of = |instance| [("job", "api"), ("instance", instance)];
    prove(&Case {
        what: "pools",
        cause: shipped("DbPoolExhausted", &of("a")),
        silenced: vec![
            shipped("DbPoolBusy", &of("a")),
            shipped("DbPoolFewIdle", &of("a")),
            shipped("DbPoolWaiting", &of("a")),
        ],
        heard: vec![shipped("DbPoolBusy", &of("b"))],
    });
    prove(&Case {
        what: "certificates",
        cause: shipped("CertificateExpiresNow", &of("https://a/")),
        silenced: vec![shipped("CertificateExpiresSoon", &of("https://a/"))],
        heard: vec![shipped("CertificateExpiresSoon", &of("https://b/"))],
    });
}

#[test]
fn a_family_is_of_one_disk_or_exporter() {
    let disk = |mountpoint| {
        [
            ("job", "node"),
            ("instance", "a"),
            ("mountpoint", mountpoint),
        ]
    };
    prove(&Case {
        what: "chat over ticket",
        cause: shipped("NodeDiskFull", &disk("/srv")),
        silenced: vec![shipped("NodeDiskFillsUp", &disk("/srv"))],
        heard: vec![shipped("NodeDiskFillsUp", &disk("/data"))],
    });
    let queue = |exporter| {
        [
            ("job", "otelcol"),
            ("instance", "a"),
            ("exporter", exporter),
        ]
    };
    prove(&Case {
        what: "queues",
        cause: shipped("CollectorDropping", &queue("otlp_http/logs")),
        silenced: vec![shipped("CollectorQueueFilling", &queue("otlp_http/logs"))],
        heard: vec![shipped("CollectorQueueFilling", &queue("otlp_http/traces"))],
    });
}

#[test]
fn a_dead_instance_explains_itself_and_a_dead_service_all_of_it() {
    let of = |instance| [("job", "api"), ("instance", instance)];
    prove(&Case {
        what: "one instance",
        cause: shipped("TargetDown", &of("a")),
        silenced: vec![shipped("DbPoolExhausted", &of("a"))],
        heard: vec![
            shipped("DbPoolExhausted", &of("b")),
            shipped("EdgeErrorRatioCritical", &[("job", "api")]),
        ],
    });
    prove(&Case {
        what: "every instance",
        cause: shipped("TargetDown", &[("job", "api")]),
        silenced: vec![
            shipped("DbPoolExhausted", &of("a")),
            shipped("EdgeErrorRatioCritical", &[("job", "api")]),
        ],
        heard: vec![shipped(
            "DbPoolExhausted",
            &[("job", "web"), ("instance", "a")],
        )],
    });
    prove(&Case {
        what: "a probe",
        cause: shipped("ProbeFailing", &of("https://a/")),
        silenced: vec![shipped("CertificateExpiresNow", &of("https://a/"))],
        heard: vec![shipped("CertificateExpiresNow", &of("https://b/"))],
    });
}

#[test]
fn a_service_that_is_gone_explains_what_depends_on_it() {
    let gone = |severity| {
        let alert = alert("ServiceSilent", severity, "shop");
        with(
            alert,
            &[("inhibits", "dependents"), ("fires_on", "no_data")],
        )
    };
    prove(&Case {
        what: "gone, paged",
        cause: gone("page"),
        silenced: vec![
            alert("EdgeErrorRatioHigh", "page", "shop"),
            alert("LatencyHigh", "chat", "shop"),
            alert("CertificateExpires", "ticket", "shop"),
        ],
        heard: vec![alert("EdgeErrorRatioHigh", "page", "another")],
    });
    prove(&Case {
        what: "gone, told in chat",
        cause: gone("chat"),
        silenced: vec![alert("CertificateExpires", "ticket", "shop")],
        // What is worse than the cause is heard.
        heard: vec![alert("EdgeErrorRatioHigh", "page", "shop")],
    });
}

#[test]
fn a_collector_that_is_down_explains_every_absence() {
    let of = [("job", "otel-collector"), ("instance", "a")];
    for (what, cause) in [
        ("collector", shipped("CollectorDown", &of)),
        ("remote write", shipped("CollectorRemoteWriteFailing", &of)),
    ] {
        prove(&Case {
            what,
            cause,
            silenced: vec![
                shipped("EdgeMetricsAbsent", &[("job", "shop")]),
                shipped("EdgeTrafficGone", &[("job", "shop")]),
                shipped("OrdersStopped", &[("job", "shop-api")]),
            ],
            heard: vec![
                shipped(
                    "ProbeFailing",
                    &[("job", "prober"), ("instance", "https://a/")],
                ),
                shipped("EdgeVmsMissing", &[("job", "shop"), ("instance", "a")]),
            ],
        });
    }
    let down = alert("CollectorDown", "chat", "otelcol");
    let silent = |severity| {
        let alert = alert("ServiceSilent", severity, "shop");
        with(alert, &[("fires_on", "no_data")])
    };
    prove(&Case {
        what: "collector, told in chat",
        cause: with(down, &[("inhibits", "no_data"), ("fires_on", "no_data")]),
        silenced: vec![silent("ticket")],
        heard: vec![silent("page")],
    });
}
