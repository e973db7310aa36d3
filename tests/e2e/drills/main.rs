//! Fault drills: the shipped rules and notifications on the real stack, with
//! time compressed. Each fault has to be told by the right alert, at the right
//! receiver, with a runbook that exists, and so has its end. Prints how long each
//! took.

mod load;
mod pages;
mod past;
mod stage;
mod told;

use anyhow::{Result, ensure};
use load::Load;
use past::Past;
use serde_json::Value;
use sightline_tests::alertmanager::{CHAT, PAGER};
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use stage::{DIVISOR, Stage};
use std::time::{Duration, Instant};
use told::{Expected, Says, assert_runbooks};

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
    let [errors, slow, silent, dead] = stage.ports;
    let errors = Load::start(errors, "/status/200", 4);
    let calm = Load::start(slow, "/status/200", 1);
    let silent = Load::start(silent, "/status/200", 2);
    let dead = Load::start(dead, "/", 4);
    assert_silence_without_faults(&stage);

    errors.turn("/status/500");
    let late = Load::start(slow, "/slow/700", 14);
    silent.turn("");
    stage.api.stop();
    stage.pages("web-new", "1.0.0").fail("TypeError").unwrap();
    let begun = Instant::now();
    let views = || {
        stage.pages("web-slow", "1.0.0").view(20, 6.0)?;
        stage.pages("web-release", "1.0.0").view(1, 1.0)?;
        stage.pages("web-release", "2.0.0").view(4, 3.0)
    };
    let what = "every fault to be told";
    let told = wait_for_each(what, begun, &stage, Expected::fires_in, views);
    for expected in &AT_ONCE {
        let news = expected.news(&stage.webhook, 0, Expected::fires_in);
        assert_runbooks(&news.unwrap());
    }

    let mended = Instant::now();
    errors.turn("/status/200");
    drop(late);
    silent.turn("/status/200");
    stage.api.start_again().unwrap();
    let what = "the end of every fault";
    let ended = wait_for_each(what, mended, &stage, Expected::ends_in, || Ok(()));

    let of_collector = collector(&mut stage);
    print(told.into_iter().zip(ended).chain([of_collector]));
    drop((calm, dead));
}

/// Waits until the rules have what they look back for: the one on silence 45
/// minutes of traffic without a pause. So far there is nothing to tell.
fn assert_silence_without_faults(stage: &Stage) {
    wait_for("history", LIMIT, || {
        stage.pages("web-slow", "1.0.0").view(1, 1.0)?;
        stage.pages("web-release", "1.0.0").view(4, 1.0)?;
        let query = "count(job:http_requests:increase5m offset 50s > 10) == 4";
        Ok((!stage.prometheus.query(query)?.is_empty()).then_some(()))
    })
    .unwrap();
    let early = [PAGER, CHAT].map(|path| stage.webhook.received(path));
    assert!(early.concat().is_empty(), "told without a fault: {early:?}");
}

/// How long after `since` there is a notification of each fault that says it;
/// `meanwhile` goes on until then.
fn wait_for_each(
    what: &str,
    since: Instant,
    stage: &Stage,
    says: Says,
    meanwhile: impl Fn() -> Result<()>,
) -> Vec<Duration> {
    let mut after: Vec<Option<Duration>> = vec![None; AT_ONCE.len()];
    wait_for(what, LIMIT, || {
        meanwhile()?;
        for (expected, after) in AT_ONCE.iter().zip(&mut after) {
            if after.is_none() && expected.news(&stage.webhook, 0, says).is_some() {
                *after = Some(since.elapsed());
            }
        }
        let missing = AT_ONCE
            .iter()
            .zip(&after)
            .filter(|(_, after)| after.is_none());
        let missing: Vec<_> = missing.map(|(expected, _)| expected.fault).collect();
        ensure!(missing.is_empty(), "not yet: {missing:?}");
        Ok(Some(()))
    })
    .unwrap();
    after.into_iter().flatten().collect()
}

/// Seconds until each fault was told, and until its end was.
fn print(times: impl Iterator<Item = (Duration, Duration)>) {
    println!("1 s here is {DIVISOR} s with the rules as shipped");
    println!(
        "{:<16}{:<26}{:>8}{:>8}",
        "fault", "alert", "told s", "ended s"
    );
    for (expected, (told, ended)) in AT_ONCE.iter().chain([&COLLECTOR]).zip(times) {
        let [told, ended] = [told, ended].map(|time| time.as_secs_f64());
        let (fault, alert) = (expected.fault, expected.alert);
        println!("{fault:<16}{alert:<26}{told:>8.1}{ended:>8.1}");
    }
}

/// Without the collector every objective is without data: people hear of the
/// collector, once, and of none of the rest.
fn collector(stage: &mut Stage) -> (Duration, Duration) {
    stage.collector.stop();
    let told = wait_for_collector("the dead collector to be told", stage, Expected::fires_in);
    wait_for("objectives without data, and silent", LIMIT, || {
        let mut absent = stage.alertmanager.api.alerts()?;
        absent.retain(|alert| alert["labels"]["alertname"] == "ObjectiveAbsent");
        let is_silent = |alert: &Value| alert["status"]["state"] == "suppressed";
        Ok((!absent.is_empty() && absent.iter().all(is_silent)).then_some(()))
    })
    .unwrap();
    let heard = [PAGER, CHAT].map(|path| stage.webhook.received(path));
    let heard: String = heard.concat().iter().map(Value::to_string).collect();
    assert!(!heard.contains("/ObjectiveAbsent.md"), "{heard}");
    stage.collector.start_again().unwrap();
    let ended = wait_for_collector("the end of the dead collector", stage, Expected::ends_in);
    (told, ended)
}

/// How long it takes until there is news of the collector that says it.
fn wait_for_collector(what: &str, stage: &Stage, says: Says) -> Duration {
    let begun = Instant::now();
    // What came before is no news of this fault.
    let known = stage.webhook.received(COLLECTOR.receiver).len();
    wait_for(what, LIMIT, || {
        Ok(COLLECTOR.news(&stage.webhook, known, says))
    })
    .unwrap();
    begun.elapsed()
}
