//! Fault drills: the shipped rules and notifications on the real stack, with
//! time compressed. Each fault has to be told by the right alert, at the right
//! receiver, with a runbook that exists, and its end too. Prints how long each
//! took.

mod load;
mod pages;
mod stage;

use load::Load;
use pages::Pages;
use serde_json::Value;
use sightline_tests::alertmanager::{CHAT, PAGER};
use sightline_tests::parts;
use sightline_tests::process::wait_for;
use stage::{DIVISOR, Stage};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(90);

/// What has to be told when.
struct Expected {
    fault: &'static str,
    alert: &'static str,
    job: &'static str,
    receiver: &'static str,
}

const FAULTS: [Expected; 5] = [
    Expected {
        fault: "5xx",
        alert: "AvailabilityBudgetBurn",
        job: "edge-errors",
        receiver: PAGER,
    },
    Expected {
        fault: "slowness",
        alert: "LatencyBudgetBurn",
        job: "edge-slow",
        receiver: PAGER,
    },
    Expected {
        fault: "no traffic",
        alert: "EdgeTrafficGone",
        job: "edge-silent",
        receiver: PAGER,
    },
    Expected {
        fault: "dead API",
        alert: "EdgeErrorRatioCritical",
        job: "edge-dead",
        receiver: PAGER,
    },
    Expected {
        fault: "poor LCP",
        alert: "LcpBudgetBurn",
        job: "web-slow",
        receiver: CHAT,
    },
];

#[test]
fn faults_are_told_to_the_right_people_and_so_is_their_end() {
    let needed = [
        parts::ENVOY,
        parts::FILTER,
        parts::OTELCOL,
        parts::PROMETHEUS,
        parts::ALERTMANAGER,
    ];
    if !parts::all_present(&needed) {
        return;
    }
    let mut stage = Stage::start().unwrap();
    let [errors, slow, silent, dead] = stage.ports;
    let errors = Load::start(errors, "/status/200", 4);
    let slow = Load::start(slow, "/status/200", 8);
    let silent = Load::start(silent, "/status/200", 2);
    let dead = Load::start(dead, "/status/200", 4);
    let pages = Pages {
        service: "web-slow",
        version: "1.0.0",
        port: stage.collector.as_ref().unwrap().browser_port,
    };
    // The rule on silence looks back 45 minutes for traffic without a pause.
    wait_for("history", LIMIT, || {
        pages.view(1, 1.0)?;
        let query = "count(job:http_requests:increase5m offset 50s > 10) == 4";
        Ok((!stage.prometheus.query(query)?.is_empty()).then_some(()))
    })
    .unwrap();
    let early = notifications(&stage, None);
    assert!(early.is_empty(), "told without a fault: {early:?}");

    errors.turn("/status/500");
    slow.turn("/slow/700");
    silent.turn("");
    stage.doomed = None;
    let begun = Instant::now();
    let mut seen: Vec<Option<(Duration, Value)>> = FAULTS.iter().map(|_| None).collect();
    wait_for("every fault to be told", LIMIT, || {
        pages.view(20, 6.0)?;
        for (expected, seen) in FAULTS.iter().zip(&mut seen) {
            if seen.is_none() {
                let told = notifications(&stage, Some(expected)).into_iter().next();
                *seen = told.map(|told| (begun.elapsed(), told));
            }
        }
        let missing: Vec<_> = FAULTS
            .iter()
            .zip(&seen)
            .filter(|(_, seen)| seen.is_none())
            .map(|(expected, _)| expected.fault)
            .collect();
        anyhow::ensure!(missing.is_empty(), "missing: {missing:?}");
        Ok(Some(()))
    })
    .unwrap();
    println!(
        "{:<12} {:<26} {:>10} {:>16}",
        "fault", "alert", "seconds", "in full minutes"
    );
    for (expected, seen) in FAULTS.iter().zip(&seen) {
        let (after, told) = seen.as_ref().unwrap();
        assert_runbooks(told);
        let seconds = after.as_secs_f64();
        let full = seconds * f64::from(DIVISOR) / 60.0;
        println!(
            "{:<12} {:<26} {seconds:>10.1} {full:>16.0}",
            expected.fault, expected.alert
        );
    }

    errors.turn("/status/200");
    slow.turn("/status/200");
    silent.turn("/status/200");
    for expected in &FAULTS {
        if expected.fault == "dead API" {
            continue;
        }
        let ended = format!("the end of {}", expected.fault);
        wait_for(&ended, LIMIT, || {
            let of = stage.webhook.received(expected.receiver);
            Ok(of.iter().any(|body| is_end(body, expected)).then_some(()))
        })
        .unwrap();
    }
    drop(dead);
}

/// Notifications of what fires: of one fault, or any but signs of life.
fn notifications(stage: &Stage, of: Option<&Expected>) -> Vec<Value> {
    let paths = of.map_or(vec![PAGER, CHAT], |expected| vec![expected.receiver]);
    let all = paths
        .into_iter()
        .flat_map(|path| stage.webhook.received(path));
    all.filter(|body| of.is_none_or(|expected| tells(firing(body), expected, body)))
        .collect()
}

/// The part of a notification that lists what fires.
fn firing(body: &Value) -> &str {
    let page = body["payload"]["custom_details"]["firing"].as_str();
    let text = page.or_else(|| body["attachments"][0]["text"].as_str());
    let (firing, _) = text
        .unwrap_or_default()
        .split_once("*Resolved*")
        .unwrap_or((text.unwrap_or_default(), ""));
    firing
}

fn resolved(body: &Value) -> &str {
    let page = body["payload"]["custom_details"]["resolved"].as_str();
    let text = body["attachments"][0]["text"].as_str().unwrap_or_default();
    page.unwrap_or_else(|| {
        text.split_once("*Resolved*")
            .map_or("", |(_, resolved)| resolved)
    })
}

fn tells(part: &str, expected: &Expected, body: &Value) -> bool {
    part.contains(&format!("/{}.md", expected.alert)) && body.to_string().contains(expected.job)
}

fn is_end(body: &Value, expected: &Expected) -> bool {
    let is_of_job = body.to_string().contains(expected.job);
    tells(resolved(body), expected, body) || body["event_action"] == "resolve" && is_of_job
}

/// Every runbook that is linked to is a page of ours.
fn assert_runbooks(body: &Value) {
    let folder = parts::repository().join("collector-config/runbooks");
    let text = body.to_string();
    let names: Vec<_> = text
        .match_indices(".md")
        .map(|(end, _)| {
            let start = text[..end].rfind('/').map_or(0, |at| at + 1);
            &text[start..end]
        })
        .collect();
    assert!(!names.is_empty(), "no runbook: {text}");
    for name in names {
        assert!(
            folder.join(format!("{name}.md")).is_file(),
            "no runbook {name}"
        );
    }
}
