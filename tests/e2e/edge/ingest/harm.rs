//! What strangers do to an edge that takes telemetry of pages: it neither
//! reaches the collector nor slows who sends beside them.

use super::LIMIT;
use super::client::Client;
use super::stage::{OWN, Plan, Recorder, Stage, post};
use crate::setup::envoy_present;
use serde_json::json;
use sightline_tests::collector::Collector;
use sightline_tests::h2::Connection;
use sightline_tests::process::wait_for;
use sightline_tests::{otlp, otlp_json, parts};
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const BURST: usize = 20;
const TEN_MB: usize = 10_000_000;
/// Far less than a browser waits, and far more than a quiet machine takes.
const PROMPT: Duration = Duration::from_secs(2);

fn event(name: &str) -> String {
    otlp_json::logs("shop-browser", "1", &[otlp_json::event(name, 1, &[])])
}

#[test]
fn a_flood_of_one_client_is_stopped_over_all_workers_and_harms_no_other() {
    if !envoy_present() || !parts::all_present(&[parts::OTELCOL]) {
        return;
    }
    let folder = TempDir::new().unwrap();
    let collector = Collector::start(folder.path(), None).unwrap();
    let stage = Stage::start(Plan {
        workers: 4,
        ingest: json!({"per_client": {"requests_per_minute": 1, "burst": BURST}}),
        collector: collector.browser_port,
        ..Plan::default()
    });
    // A connection stays with its worker: new ones until each has one.
    let mut flood = Vec::new();
    while stage.workers_used() < 4 || flood.len() < 16 {
        flood.push(stage.client(2));
        assert!(flood.len() < 500, "{} workers used", stage.workers_used());
    }
    let is_over = AtomicBool::new(false);
    let started = Instant::now();
    let (statuses, others) = std::thread::scope(|scope| {
        let floods: Vec<_> = flood
            .iter_mut()
            .map(|client| scope.spawn(|| statuses_of_flood(client, &is_over)))
            .collect();
        let others: Vec<_> = (3..7)
            .map(|host| {
                let mut client = stage.client(host);
                scope.spawn(move || times_of_others(&mut client))
            })
            .collect();
        let others: Vec<_> = others
            .into_iter()
            .flat_map(|other| other.join().unwrap())
            .collect();
        is_over.store(true, Ordering::SeqCst);
        let mut statuses = BTreeMap::new();
        for (status, count) in floods.into_iter().flat_map(|flood| flood.join().unwrap()) {
            *statuses.entry(status).or_insert(0) += count;
        }
        (statuses, others)
    });
    assert!(
        started.elapsed() < Duration::from_secs(60),
        "one more could pass"
    );
    println!("{statuses:?}; others: {:?} at most", others.iter().max());
    assert_eq!(statuses[&200], BURST, "{statuses:?}");
    assert!(statuses[&429] > 10 * BURST, "no flood: {statuses:?}");
    assert_eq!(statuses.len(), 2, "{statuses:?}");
    assert_eq!(others.len(), 4 * BURST);
    assert!(others.iter().all(|time| *time < PROMPT), "{others:?}");
    let passed = BURST + others.len();
    assert_eq!(stage.passed_on(), passed as u64);
    wait_for("what passed to arrive", LIMIT, || {
        Ok((otlp::logs(&collector.logs)?.len() >= passed).then_some(()))
    })
    .unwrap();
    let arrived = otlp::logs(&collector.logs).unwrap();
    let of_flood = arrived.iter().filter(|log| log.event == "flood").count();
    assert_eq!((arrived.len(), of_flood), (passed, BURST));
    // Workers publish at least once a second.
    let refused = statuses[&429] as u64;
    let expected = [("accepted", passed as u64), ("rate_limited", refused)];
    let expected = expected.map(|(name, count)| (name.to_owned(), count));
    wait_for("every worker to publish", LIMIT, || {
        Ok((stage.results() == expected).then_some(()))
    })
    .unwrap();
    stage.assert_no_trace();
}

/// Posts more than one may, until told to stop; the statuses of the answers.
fn statuses_of_flood(client: &mut Client, is_over: &AtomicBool) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    while !is_over.load(Ordering::SeqCst) || statuses.values().sum::<usize>() < BURST {
        let answer = post(client, &event("flood"));
        if answer.status == 429 {
            let wait = answer
                .header("retry-after")
                .and_then(|wait| wait.parse().ok());
            assert!(matches!(wait, Some(1..=60)), "{:?}", answer.headers);
        }
        *statuses.entry(answer.status).or_insert(0) += 1;
    }
    statuses
}

/// Posts as much as one may; how long each took.
fn times_of_others(client: &mut Client) -> Vec<Duration> {
    let posts = (0..BURST).map(|_| {
        let started = Instant::now();
        assert_eq!(post(client, &event("other")).status, 200);
        started.elapsed()
    });
    posts.collect()
}

#[test]
fn what_is_refused_never_reaches_the_collector() {
    if !envoy_present() {
        return;
    }
    let recorder = Recorder::start();
    let stage = Stage::start(Plan {
        collector: recorder.port,
        ..Plan::default()
    });
    const POST: &str = "POST /sightline/v1/logs HTTP/1.1";
    const JSON: &str = "content-type: application/json";
    const LENGTH: &str = "content-length: 2";
    let refusals: [(&[&str], u16, &str); 10] = [
        (&["GET /sightline/v1/logs HTTP/1.1", OWN], 405, "method"),
        (
            &["PUT /sightline/v1/logs HTTP/1.1", OWN, JSON, LENGTH],
            405,
            "method",
        ),
        (
            &[POST, "origin: http://evil.test", JSON, LENGTH],
            403,
            "origin",
        ),
        (
            &[
                POST,
                "origin: http://evil.test",
                "sec-fetch-site: cross-site",
                "content-type: text/plain",
                LENGTH,
            ],
            403,
            "origin",
        ),
        (&[POST, JSON, LENGTH], 403, "origin"),
        (
            &[POST, OWN, "content-type: text/plain", LENGTH],
            415,
            "content_type",
        ),
        (
            &[POST, OWN, JSON, LENGTH, "content-encoding: br"],
            415,
            "content_encoding",
        ),
        (
            &[POST, OWN, JSON, "content-length: 65537"],
            413,
            "too_large",
        ),
        (
            &["POST /sightline/v1/profiles HTTP/1.1", OWN, JSON, LENGTH],
            404,
            "not_found",
        ),
        (&["GET /sightline/v1 HTTP/1.1", OWN], 404, "not_found"),
    ];
    let mut expected = BTreeMap::<String, u64>::new();
    for (lines, status, result) in refusals {
        let lines = [lines, &["host: shop.test"]].concat();
        let answer = stage.client(2).send(&lines, &[]).unwrap();
        assert_eq!(answer.status, status, "{lines:?}");
        *expected.entry(result.to_owned()).or_default() += 1;
    }
    // Ten megabytes: announced, and in chunks that announce nothing.
    let part = vec![b' '; 65_536];
    let chunk = [b"10000\r\n", part.as_slice(), b"\r\n"].concat();
    let announced = format!("content-length: {TEN_MB}");
    for (length, part, status, result) in [
        (&*announced, &part, 413, "too_large"),
        ("transfer-encoding: chunked", &chunk, 411, "no_length"),
    ] {
        let lines = [POST, "host: shop.test", OWN, JSON, length];
        let answer = stage.client(2).pour(&lines, part, TEN_MB / 65_536);
        assert_eq!(answer.unwrap().status, status, "{length}");
        *expected.entry(result.to_owned()).or_default() += 1;
    }
    // The same over HTTP/2, and a body that is longer than announced.
    for (length, expected_status, result) in [
        (Some("10000000"), Some(413), "too_large"),
        (None, Some(411), "no_length"),
        (Some("100"), None, "accepted"),
    ] {
        let ended = flood_h2(stage.port, length);
        assert_eq!(ended, expected_status, "{length:?}");
        *expected.entry(result.to_owned()).or_default() += 1;
    }
    let results: BTreeMap<_, _> = stage.results().into_iter().collect();
    assert_eq!(results, expected);
    assert_eq!((stage.passed_on(), recorder.take().len()), (0, 0));
    assert_eq!(post(&mut stage.client(2), "{}").status, 200);
    assert_eq!((stage.passed_on(), recorder.take().len()), (1, 1));
    stage.assert_no_trace();
}

/// Sends what one may of a window; the status, none where the stream was reset
/// or the connection closed without one.
fn flood_h2(port: u16, length: Option<&str>) -> Option<u16> {
    let mut connection = Connection::open(port).unwrap();
    let mut headers = vec![
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "shop.test"),
        (":path", "/sightline/v1/logs"),
        ("origin", "http://shop.test"),
        ("content-type", "application/json"),
    ];
    headers.extend(length.map(|length| ("content-length", length)));
    let stream = connection.request(&headers, false).unwrap();
    // The window that a stream has at first.
    for _ in 0..3 {
        if connection.data(stream, &[b' '; 16_384], false).is_err() {
            break;
        }
    }
    let ended = connection.ends(&[stream]).ok()?;
    ended.first()?.status
}

#[test]
fn a_slow_body_reaches_nobody_and_slows_nobody() {
    if !envoy_present() {
        return;
    }
    let recorder = Recorder::start();
    let stage = Stage::start(Plan {
        collector: recorder.port,
        max_stream_duration: Some("1s"),
        ..Plan::default()
    });
    let lines = [
        "POST /sightline/v1/logs HTTP/1.1",
        "host: shop.test",
        OWN,
        "content-type: application/json",
        "content-length: 60000",
    ];
    const SLOW: usize = 40;
    let mut slow: Vec<_> = (0..SLOW).map(|_| stage.client(2)).collect();
    let started = Instant::now();
    let (ends, times) = std::thread::scope(|scope| {
        let ends: Vec<_> = slow
            .iter_mut()
            .map(|client| {
                client.head(&lines).unwrap();
                let mut writer = client.writer().unwrap();
                // One byte now and then, for as long as the edge takes it.
                scope.spawn(move || {
                    while writer.write_all(b" ").is_ok() && started.elapsed() < LIMIT {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                });
                scope.spawn(move || {
                    (
                        client.answer().map(|answer| answer.status),
                        started.elapsed(),
                    )
                })
            })
            .collect();
        let mut other = stage.client(3);
        let mut times = Vec::new();
        while times.is_empty() || started.elapsed() < Duration::from_millis(800) {
            let started = Instant::now();
            assert_eq!(post(&mut other, "{}").status, 200);
            times.push(started.elapsed());
        }
        let ends: Vec<_> = ends.into_iter().map(|end| end.join().unwrap()).collect();
        (ends, times)
    });
    println!(
        "{:?}; others: {:?} at most of {}",
        ends.first(),
        times.iter().max(),
        times.len()
    );
    for (status, after) in &ends {
        assert!(!matches!(status, Ok(200..=299)), "{status:?}");
        // Envoy counts in milliseconds.
        let expected = Duration::from_millis(900)..LIMIT / 2;
        assert!(expected.contains(after), "{after:?}");
    }
    assert!(times.iter().all(|time| *time < PROMPT), "{times:?}");
    assert_eq!(
        stage.passed_on(),
        times.len() as u64,
        "only those of the others"
    );
    assert_eq!(recorder.take().len(), times.len());
    let all = (times.len() + SLOW) as u64;
    assert_eq!(stage.results(), [("accepted".to_owned(), all)]);
    stage.assert_no_trace();
}
