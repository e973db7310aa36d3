//! What is kept from people, because a worse alert says it already. Each case
//! has a neighbour that must come through: it is posted last, so when it has
//! come, what was posted before it has been decided on.

use crate::{FAST, Stage, stage, with};
use serde_json::Value;
use sightline_tests::alertmanager::{CHAT, Hours, PAGER, TICKET};

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
    let of = |alert, objective| with(alert, &[("objective", objective)]);
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
        ],
    });
}

#[test]
fn of_one_family_or_name_the_most_severe_is_heard() {
    let of = |alert| with(alert, &[("family", "error-ratio")]);
    prove(&Case {
        what: "family",
        cause: of(alert("ErrorsVeryHigh", "page", "shop")),
        silenced: vec![
            of(alert("ErrorsHigh", "chat", "shop")),
            alert("ErrorsVeryHigh", "ticket", "shop"),
        ],
        heard: vec![
            // Without a family it belongs to none.
            alert("CertificateExpires", "ticket", "shop"),
            of(alert("ErrorsHigh", "chat", "another")),
            // A page is never kept from anybody by another threshold.
            of(alert("ErrorsVeryHigh", "page", "a-third")),
        ],
    });
}

#[test]
fn a_chat_alert_is_heard_instead_of_its_ticket() {
    let of = |alert| with(alert, &[("family", "disk")]);
    prove(&Case {
        what: "chat over ticket",
        cause: of(alert("DiskNearlyFull", "chat", "node")),
        silenced: vec![of(alert("DiskFilling", "ticket", "node"))],
        heard: vec![of(alert("DiskFull", "page", "another"))],
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
    let absent = |alert| with(alert, &[("fires_on", "no_data")]);
    let silent = |job, severity| {
        let alert = alert("ServiceSilent", severity, job);
        with(
            alert,
            &[("inhibits", "dependents"), ("fires_on", "no_data")],
        )
    };
    let down = |severity| {
        let alert = alert("CollectorDown", severity, "otelcol");
        with(alert, &[("inhibits", "no_data"), ("fires_on", "no_data")])
    };
    prove(&Case {
        what: "collector, paged",
        cause: down("page"),
        silenced: vec![
            silent("shop", "page"),
            absent(alert("NoTraffic", "chat", "shop-api")),
        ],
        heard: vec![alert("ProbeFailed", "page", "prober")],
    });
    prove(&Case {
        what: "collector, told in chat",
        cause: down("chat"),
        silenced: vec![absent(alert("NoTraffic", "ticket", "shop-api"))],
        heard: vec![silent("shop", "page")],
    });
}
