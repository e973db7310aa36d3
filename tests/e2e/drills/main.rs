//! Fault drills: the shipped rules and notifications on the real stack, with
//! time compressed. Each fault has to be told by the right alert, at the right
//! receiver, with a runbook that exists, and so has its end. Prints how long each
//! took.

mod load;
mod pages;
mod past;
mod stage;
mod told;

use load::Load;
use pages::Pages;
use past::Past;
use serde_json::Value;
use sightline_tests::alertmanager::{CHAT, PAGER};
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use stage::{DIVISOR, Stage};
use std::time::{Duration, Instant};
use told::{Expected, assert_runbooks};

const LIMIT: Duration = Duration::from_secs(120);

const fn expect(
    fault: &'static str,
    alert: &'static str,
    job: &'static str,
    receiver: &'static str,
) -> Expected {
    Expected {
        fault,
        alert,
        job,
        receiver,
    }
}

/// Faults that happen at once, each to a service of its own.
const AT_ONCE: [Expected; 7] = [
    expect("5xx", "AvailabilityBudgetBurn", "edge-errors", PAGER),
    expect("slowness", "LatencyBudgetBurn", "edge-slow", PAGER),
    expect("no traffic", "EdgeTrafficGone", "edge-silent", PAGER),
    expect("dead API", "EdgeErrorRatioCritical", "edge-dead", PAGER),
    expect("new error", "BrowserErrorNew", "web-new", CHAT),
    expect("slow release", "BrowserLcpRegressed", "web-release", CHAT),
    expect("poor LCP", "LcpBudgetBurn", "web-slow", CHAT),
];

/// The one that takes all telemetry away.
const COLLECTOR: Expected = expect("dead collector", "CollectorDown", "otel-collector", PAGER);

#[test]
fn faults_are_told_to_the_right_people_and_so_is_their_end() {
    let needed = [
        parts::ENVOY,
        parts::FILTER,
        parts::OTELCOL,
        parts::PROMETHEUS,
        parts::PROMTOOL,
        parts::ALERTMANAGER,
        parts::NODE,
    ];
    if !parts::all_present(&needed) {
        return;
    }
    let yesterday = |name, labels| Past {
        name,
        labels,
        value: 500.0,
    };
    let mut stage = Stage::start(&[
        yesterday("browser_views_total", r#"job="web-new",url_template="/""#),
        yesterday(
            "browser_web_vital_lcp_seconds_count",
            r#"job="web-release",service_version="1.0.0",url_template="/""#,
        ),
    ])
    .unwrap();
    let port = stage.collector.browser_port;
    let pages = |service, version| Pages {
        service,
        version,
        port,
    };
    let [errors, slow, silent, dead] = stage.ports;
    let errors = Load::start(errors, "/status/200", 4);
    let calm = Load::start(slow, "/status/200", 1);
    let silent = Load::start(silent, "/status/200", 2);
    let dead = Load::start(dead, "/", 4);
    // The rule on silence looks back 45 minutes for traffic without a pause.
    wait_for("history", LIMIT, || {
        pages("web-slow", "1.0.0").view(1, 1.0)?;
        pages("web-release", "1.0.0").view(4, 1.0)?;
        let query = "count(job:http_requests:increase5m offset 50s > 10) == 4";
        Ok((!stage.prometheus.query(query)?.is_empty()).then_some(()))
    })
    .unwrap();
    let early = [PAGER, CHAT].map(|path| stage.webhook.received(path));
    assert!(early.concat().is_empty(), "told without a fault: {early:?}");

    errors.turn("/status/500");
    let late = Load::start(slow, "/slow/700", 14);
    silent.turn("");
    stage.api.stop();
    pages("web-new", "1.0.0").fail("TypeError").unwrap();
    let begun = Instant::now();
    let mut told: Vec<Option<Duration>> = vec![None; AT_ONCE.len()];
    wait_for("every fault to be told", LIMIT, || {
        pages("web-slow", "1.0.0").view(20, 6.0)?;
        pages("web-release", "1.0.0").view(1, 1.0)?;
        pages("web-release", "2.0.0").view(4, 3.0)?;
        for (expected, told) in AT_ONCE.iter().zip(&mut told) {
            if told.is_none() && is_told(&stage, expected).is_some() {
                *told = Some(begun.elapsed());
            }
        }
        let missing = AT_ONCE.iter().zip(&told).filter(|(_, told)| told.is_none());
        let missing: Vec<_> = missing.map(|(expected, _)| expected.fault).collect();
        anyhow::ensure!(missing.is_empty(), "not told: {missing:?}");
        Ok(Some(()))
    })
    .unwrap();
    for expected in &AT_ONCE {
        assert_runbooks(&is_told(&stage, expected).unwrap());
    }

    let mended = Instant::now();
    errors.turn("/status/200");
    drop(late);
    silent.turn("/status/200");
    stage.api.start_again().unwrap();
    let mut ended: Vec<Option<Duration>> = vec![None; AT_ONCE.len()];
    wait_for("the end of every fault", LIMIT, || {
        for (expected, ended) in AT_ONCE.iter().zip(&mut ended) {
            let received = stage.webhook.received(expected.receiver);
            if ended.is_none() && received.iter().any(|body| expected.ends_in(body)) {
                *ended = Some(mended.elapsed());
            }
        }
        let going = AT_ONCE
            .iter()
            .zip(&ended)
            .filter(|(_, ended)| ended.is_none());
        let going: Vec<_> = going.map(|(expected, _)| expected.fault).collect();
        anyhow::ensure!(going.is_empty(), "not ended: {going:?}");
        Ok(Some(()))
    })
    .unwrap();

    let (collector_told, collector_ended) = collector(&mut stage);
    println!("1 s here is {DIVISOR} s with the rules as shipped");
    println!(
        "{:<16}{:<26}{:>8}{:>8}",
        "fault", "alert", "told s", "ended s"
    );
    let times = told.into_iter().flatten().zip(ended.into_iter().flatten());
    let rows = AT_ONCE.iter().zip(times);
    let last = (&COLLECTOR, (collector_told, collector_ended));
    for (expected, (told, ended)) in rows.chain([last]) {
        let [told, ended] = [told, ended].map(|time| time.as_secs_f64());
        let (fault, alert) = (expected.fault, expected.alert);
        println!("{fault:<16}{alert:<26}{told:>8.1}{ended:>8.1}");
    }
    drop((calm, dead));
}

/// The first notification that tells of a fault.
fn is_told(stage: &Stage, expected: &Expected) -> Option<Value> {
    let received = stage.webhook.received(expected.receiver).into_iter();
    received.into_iter().find(|body| expected.fires_in(body))
}

/// Without the collector every objective is without data: people hear of the
/// collector, once, and of none of the rest.
fn collector(stage: &mut Stage) -> (Duration, Duration) {
    stage.collector.stop();
    let begun = Instant::now();
    // What came before is no news of this fault.
    let known = stage.webhook.received(COLLECTOR.receiver).len();
    wait_for("the dead collector to be told", LIMIT, || {
        let received = stage.webhook.received(COLLECTOR.receiver).into_iter();
        Ok(received.skip(known).find(|body| COLLECTOR.fires_in(body)))
    })
    .unwrap();
    let told = begun.elapsed();
    wait_for("objectives without data, and silent", LIMIT, || {
        let alerts = stage.alertmanager.api.alerts()?;
        let mut absent = alerts;
        absent.retain(|alert| alert["labels"]["alertname"] == "ObjectiveAbsent");
        let is_silent = |alert: &Value| alert["status"]["state"] == "suppressed";
        Ok((!absent.is_empty() && absent.iter().all(is_silent)).then_some(()))
    })
    .unwrap();
    let heard = [PAGER, CHAT].map(|path| stage.webhook.received(path));
    let heard = heard
        .concat()
        .iter()
        .map(Value::to_string)
        .collect::<String>();
    assert!(!heard.contains("/ObjectiveAbsent.md"), "{heard}");
    stage.collector.start_again().unwrap();
    let mended = Instant::now();
    let known = stage.webhook.received(COLLECTOR.receiver).len();
    wait_for("the end of the dead collector", LIMIT, || {
        let received = stage.webhook.received(COLLECTOR.receiver).into_iter();
        Ok(received.skip(known).find(|body| COLLECTOR.ends_in(body)))
    })
    .unwrap();
    (told, mended.elapsed())
}
