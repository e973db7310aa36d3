//! What anybody may send where pages send: what is no page's is taken off, secrets
//! and clocks that would harm are put right, the rest arrives as it was.

use super::{SETTLE_LIMIT, Stage};
use serde_json::{Value, json};
use sightline_tests::otlp;
use sightline_tests::otlp_json::{pair, traces};
use sightline_tests::process::wait_for;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// So far a time may be from the one that is expected.
const TOLERANCE: Duration = Duration::from_secs(60);

fn now() -> Duration {
    UNIX_EPOCH.elapsed().unwrap()
}

fn event(name: &str, at: Duration, attributes: &[Value]) -> Value {
    json!({"eventName": name, "timeUnixNano": at.as_nanos().to_string(), "attributes": attributes})
}

/// A body with a resource that no page has.
fn logs(records: &[Value]) -> String {
    let attributes = [
        pair("service.name", "shop-browser"),
        pair("browser.language", "de"),
        pair("host.name", "made-up"),
        pair("k8s.pod.name", "made-up"),
        pair("telemetry.sdk.language", "go"),
    ];
    json!({"resourceLogs": [{
        "resource": {"attributes": attributes},
        "scopeLogs": [{"logRecords": records}],
    }]})
    .to_string()
}

/// The items at this path, each with its resource's attributes.
fn items(file: &Path, [groups, scopes, items]: [&str; 3]) -> Vec<(Value, Value)> {
    let mut found = Vec::new();
    let read = otlp::each_group(file, 0, groups, |group| {
        let items = otlp::in_scopes(group, [scopes, items]);
        found.extend(items.map(|item| (item.clone(), group["resource"]["attributes"].clone())));
        Ok(())
    });
    read.unwrap();
    found
}

fn value<'a>(attributes: &'a Value, key: &str) -> Option<&'a str> {
    let mut all = attributes.as_array()?.iter();
    all.find(|one| one["key"] == key)?["value"]["stringValue"].as_str()
}

fn time(item: &Value, field: &str) -> Duration {
    Duration::from_nanos(item[field].as_str().unwrap().parse().unwrap())
}

fn assert_near(found: Duration, expected: Duration, why: &str) {
    assert!(
        found.abs_diff(expected) < TOLERANCE,
        "{why}: {found:?} for {expected:?}"
    );
}

impl Stage {
    /// The records, once there are so many.
    fn records(&self, count: usize) -> Vec<(Value, Value)> {
        let mut found = Vec::new();
        let arrived = wait_for("the records", SETTLE_LIMIT, || {
            found = items(
                &self.collector.logs,
                ["resourceLogs", "scopeLogs", "logRecords"],
            );
            Ok((found.len() >= count).then_some(()))
        });
        assert!(arrived.is_ok(), "{} of {count}: {found:?}", found.len());
        found
    }
}

#[test]
fn of_strangers_only_what_pages_have_comes_in() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let long = "n".repeat(100_000);
    let many: Vec<_> = (0..300).map(|at| pair(&format!("k{at}"), "v")).collect();
    stage.at_the_door(
        "logs",
        &logs(&[
            event("", now(), &[]),
            event("<script>", now(), &[]),
            event("a\nb", now(), &[]),
            event("cart.add", now(), &[pair("long", &long)]),
            event("many", now(), &many),
        ]),
    );
    let found = stage.records(2);
    let names: Vec<_> = found
        .iter()
        .map(|(record, _)| record["eventName"].as_str())
        .collect();
    assert_eq!(
        names,
        [Some("cart.add"), Some("many")],
        "others are no names"
    );
    let (added, resource) = &found[0];
    assert_eq!(value(&added["attributes"], "long").unwrap().len(), 16_384);
    assert_eq!(found[1].0["attributes"].as_array().unwrap().len(), 96);
    assert_eq!(value(resource, "service.name"), Some("shop-browser"));
    assert_eq!(value(resource, "browser.language"), Some("de"));
    assert_eq!(
        value(resource, "telemetry.sdk.language"),
        Some("webjs"),
        "whoever says otherwise"
    );
    for made_up in ["host.name", "k8s.pod.name"] {
        assert_eq!(value(resource, made_up), None);
    }
}

#[test]
fn secrets_that_nobody_took_out_stay_outside() {
    let Some(stage) = Stage::start() else {
        return;
    };
    let secrets = [
        ("user.password", "hunter2hunter2"),
        (
            "message",
            "no use: eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl of ada",
        ),
        ("message", "key AKIAIOSFODNN7EXAMPLE is wrong"),
        ("message", "ghp_16C7e42F292c6912E7710c838347Ae178B4a"),
        ("message", "password=hunter2hunter2 is wrong"),
        ("message", "Bearer s3cr3tb34r3r"),
        ("message", "no mail to ada.lovelace@example.org"),
        ("message", "card 4111 1111 1111 1111"),
    ];
    let harmless = [
        "    at total (https://shop.example/_next/cart-3f2a91bc.js:2:17)",
        "total@https://shop.example/app.js:2:17",
        "    at https://cdn.example/react@18.2.0/index.js:1:1763780000000",
        "8a3c60f7d188f8fa79d48a391a778fa6",
        "Cannot read properties of undefined (reading 'tokens')",
    ];
    let secret = secrets.map(|(key, secret)| event("secret", now(), &[pair(key, secret)]));
    let plain = harmless.map(|line| event("plain", now(), &[pair("session.id", line)]));
    stage.at_the_door(
        "logs",
        &logs(&[secret.as_slice(), plain.as_slice()].concat()),
    );
    let found = stage.records(secrets.len() + harmless.len());
    let (masked, kept) = found.split_at(secrets.len());
    for ((record, _), (key, secret)) in masked.iter().zip(secrets) {
        let kept = value(&record["attributes"], key).unwrap();
        assert!(kept.contains("****"), "{secret}: {kept}");
        for needle in [
            "hunter2",
            "eyJ",
            "AKIA",
            "ghp_",
            "s3cr3t",
            "lovelace",
            "1111 1111",
        ] {
            assert!(!kept.contains(needle), "{secret}: {kept}");
        }
    }
    for ((record, _), line) in kept.iter().zip(harmless) {
        assert_eq!(value(&record["attributes"], "session.id"), Some(line));
    }
}

#[test]
fn clocks_that_the_stores_would_refuse_are_those_of_the_arrival() {
    let Some(stage) = Stage::start() else {
        return;
    };
    const MINUTE: Duration = Duration::from_secs(60);
    const DAY: Duration = Duration::from_secs(86_400);
    let now = now();
    let times = [
        ("on time", now, now),
        (
            "kept by the page for hours",
            now - 300 * MINUTE,
            now - 300 * MINUTE,
        ),
        ("ahead", now + 300 * MINUTE, now),
        ("a month behind", now - 30 * DAY, now),
        ("without a clock", Duration::ZERO, now),
    ];
    stage.at_the_door("logs", &logs(&times.map(|(_, at, _)| event("at", at, &[]))));
    for ((record, _), (why, _, expected)) in stage.records(times.len()).iter().zip(times) {
        assert_near(time(record, "timeUnixNano"), expected, why);
        assert_near(time(record, "observedTimeUnixNano"), now, why);
    }

    let took = Duration::from_millis(250);
    let spans = times[..4].iter().enumerate().map(|(at, (_, end, _))| {
        json!({
            "name": "GET /", "kind": 3,
            "traceId": format!("{:032x}", at + 1), "spanId": format!("{:016x}", at + 1),
            "startTimeUnixNano": (*end - took).as_nanos().to_string(),
            "endTimeUnixNano": end.as_nanos().to_string(),
        })
    });
    let spans: Vec<_> = spans.collect();
    let body = traces(&[pair("service.name", "shop-browser")], &spans);
    stage.at_the_door("traces", &body);
    let mut found = Vec::new();
    wait_for("the spans", SETTLE_LIMIT, || {
        found = items(
            &stage.collector.traces,
            ["resourceSpans", "scopeSpans", "spans"],
        );
        Ok((found.len() >= 4).then_some(()))
    })
    .unwrap();
    found.sort_by_key(|(span, _)| span["spanId"].to_string());
    for ((span, _), (why, _, expected)) in found.iter().zip(times) {
        let (start, end) = (
            time(span, "startTimeUnixNano"),
            time(span, "endTimeUnixNano"),
        );
        assert_near(end, expected, why);
        // Two clocks' readings apart where it was moved.
        assert!(
            (end - start).abs_diff(took) < Duration::from_millis(5),
            "{why}: {:?}",
            end - start
        );
    }
}
