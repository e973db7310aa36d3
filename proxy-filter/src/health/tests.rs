//! What the endpoints answer, and when probes are sent.

use super::*;
use crate::call::NotStarted;
use crate::config::Settings;
use crate::exporter::Answer;
use crate::ledger::Ledger;
use crate::now::Now;
use crate::record::tests::contribution;
use crate::record::{Contribution, Record};
use crate::red::Red;
use crate::shared_data::SharedData;
use crate::shared_data::tests::EnvoySharedData;
use std::rc::Rc;

const SECOND: u64 = 1_000_000_000;
const ROOT: u32 = 1;

fn settings(health: &str) -> Settings {
    let document = format!(r#"{{"service": {{"name": "edge"}}, "health": {health}}}"#);
    Settings::from_document(document.as_bytes()).unwrap()
}

fn two() -> Health {
    let probes = r#"{"probes": [{"cluster": "api", "name": "shop-api"}, {"cluster": "web\""}]}"#;
    settings(probes).health.unwrap()
}

fn finding(name: &str, at_nanos: u64, outcome: Outcome) -> Finding {
    Finding {
        name: name.into(),
        at_nanos,
        outcome,
    }
}

fn digest(written_nanos: u64, api: Outcome) -> Digest {
    Digest {
        written_nanos,
        missing: 0,
        findings: vec![
            finding("web\"", written_nanos, Outcome::Good),
            finding("shop-api", written_nanos, api),
        ],
    }
}

fn reply(endpoint: Endpoint, digest: Option<&Digest>, now_nanos: u64) -> (u16, String) {
    let reply = endpoint.reply(&two(), digest, now_nanos);
    assert!(reply.body.ends_with('\n'));
    (reply.status, reply.body.trim_end().to_owned())
}

#[test]
fn the_paths_are_exact() {
    let health = two();
    for (path, endpoint) in [
        ("/health", Some(Endpoint::Ready)),
        ("/health/ready", Some(Endpoint::Ready)),
        ("/health/live", Some(Endpoint::Live)),
        ("/health/startup", Some(Endpoint::Startup)),
        ("/health/", None),
        ("/healthy", None),
        ("/health/live/", None),
        ("/health/LIVE", None),
        ("/", None),
        ("", None),
    ] {
        assert_eq!(Endpoint::at(path, &health), endpoint, "{path}");
    }
}

#[test]
fn startup_waits_for_the_first_round_and_no_longer() {
    let starting = (503, r#"{"status":"starting"}"#.to_owned());
    assert_eq!(reply(Endpoint::Startup, None, 0), starting);
    let mut digest = digest(0, Outcome::Timeout);
    let round = digest.findings.split_off(1);
    assert_eq!(reply(Endpoint::Startup, Some(&digest), 0), starting);
    digest.findings.extend(round);
    let started = (200, r#"{"status":"started"}"#.to_owned());
    assert_eq!(reply(Endpoint::Startup, Some(&digest), 0), started);
    assert_eq!(reply(Endpoint::Startup, Some(&digest), u64::MAX), started);
}

#[test]
fn ready_names_what_fails_and_why() {
    let ready = (200, r#"{"status":"ready"}"#.to_owned());
    let good = digest(0, Outcome::Good);
    assert_eq!(reply(Endpoint::Ready, Some(&good), 0), ready);
    let at = 3 * 5 * SECOND + 2 * SECOND;
    assert_eq!(reply(Endpoint::Ready, Some(&good), at), ready);
    let not_ready = |failing: &str| {
        let body = format!(r#"{{"status":"not_ready","failing":[{failing}]}}"#);
        (503, body)
    };
    let failing = |name: &str, reason: &str| format!(r#"{{"name":"{name}","reason":"{reason}"}}"#);
    let three = |reasons: [&str; 3]| {
        let names = ["workers", "shop-api", "web\\\""];
        let all = names.iter().zip(reasons);
        let all: Vec<_> = all.map(|(name, reason)| failing(name, reason)).collect();
        not_ready(&all.join(","))
    };
    assert_eq!(reply(Endpoint::Ready, None, 0), three(["starting"; 3]));
    for (outcome, reason) in [
        (Outcome::Timeout, "timeout"),
        (Outcome::Unreachable, "unreachable"),
        (Outcome::NoCluster, "no_cluster"),
        (Outcome::Status(503), "status_503"),
    ] {
        let got = reply(Endpoint::Ready, Some(&digest(0, outcome)), SECOND);
        assert_eq!(got, not_ready(&failing("shop-api", reason)));
    }
    let mut fresh = good.clone();
    fresh.written_nanos = at;
    let stale = [failing("shop-api", "stale"), failing("web\\\"", "stale")].join(",");
    let got = reply(Endpoint::Ready, Some(&fresh), at + 1);
    assert_eq!(got, not_ready(&stale));
    let got = reply(Endpoint::Ready, Some(&good), 20 * SECOND + 1);
    assert_eq!(got, three(["stale"; 3]), "nobody writes any more");
    let mut lost = good;
    lost.missing = 2;
    let got = reply(Endpoint::Ready, Some(&lost), 0);
    assert_eq!(got, not_ready(&failing("workers", "lost_2")));
    let lenient = settings(r#"{"workers": false}"#).health.unwrap();
    assert_eq!(Endpoint::Ready.reply(&lenient, Some(&lost), 0).status, 200);
    let live = (200, r#"{"status":"live"}"#.to_owned());
    assert_eq!(reply(Endpoint::Live, None, u64::MAX), live);
}

#[test]
fn a_digest_reads_back_and_nothing_else_does() {
    let mut shared = EnvoySharedData::default();
    assert_eq!(Digest::read(&mut shared, "edge"), None);
    let mut digest = digest(7, Outcome::Status(599));
    digest.missing = 3;
    digest.write(&mut shared, "edge");
    assert_eq!(Digest::read(&mut shared, "edge"), Some(digest));
    let key = shared.values.keys().next().unwrap().clone();
    let bytes = shared.values[&key].0.clone();
    let longer = [&bytes[..], b"x"].concat();
    for end in 0..bytes.len() {
        shared.set(&key, &bytes[..end], 0).unwrap();
        assert_eq!(Digest::read(&mut shared, "edge"), None, "{end} bytes");
    }
    shared.set(&key, &longer, 0).unwrap();
    assert_eq!(Digest::read(&mut shared, "edge"), None);
}

/// A worker with a prober, and the record that it publishes to.
struct Worker {
    prober: Prober,
    record: Record,
}

impl Worker {
    fn new() -> Self {
        let mut worker = Self {
            prober: Prober::default(),
            record: Record::new(0, [0; 16]),
        };
        worker.configure(&[settings(
            r#"{"probes": [{"cluster": "api"}, {"cluster": "web", "timeout_ms": 1000}]}"#,
        )]);
        worker
    }

    fn configure(&mut self, all: &[Settings]) {
        self.prober.configure(all.iter());
    }

    fn publish(&mut self) {
        let (red, ledger) = (Red::default(), Ledger::default());
        self.record.add(&Contribution {
            can_export: false,
            can_probe: self.prober.is_on(),
            probes: self.prober.probes(),
            found: self.prober.found(),
            ..contribution(1, &red, &ledger)
        });
        self.prober.published();
        assert!(self.prober.found().is_empty());
    }

    fn due(&mut self, now_nanos: u64) -> Vec<Rc<Probe>> {
        self.publish();
        assert!(self.record.is_leader(1) && !self.record.is_exported());
        self.prober.due(&self.record, now_nanos)
    }

    fn names(&mut self, now_nanos: u64) -> Vec<String> {
        let due = self.due(now_nanos);
        due.iter().map(|probe| probe.name.clone()).collect()
    }

    fn found(&mut self) -> Vec<(String, Option<String>)> {
        self.publish();
        let all = self.record.findings().iter();
        let all = all.map(|it| (it.name.to_string(), it.outcome.reason().map(Into::into)));
        all.collect()
    }
}

fn answer(status: u16) -> Answer {
    Answer {
        status: Some(status),
        ..Answer::default()
    }
}

#[test]
fn a_probe_is_sent_once_an_interval_and_one_at_a_time() {
    let mut worker = Worker::new();
    let due = worker.due(0);
    assert_eq!(due.len(), 2);
    worker.prober.called(&due[0], ROOT, Ok(7), 0);
    worker
        .prober
        .called(&due[1], ROOT, Err(NotStarted::NoCluster), 0);
    assert_eq!(
        worker.found(),
        [("web".to_owned(), Some("no_cluster".to_owned()))]
    );
    assert_eq!(worker.names(5 * SECOND - 1), [""; 0]);
    assert_eq!(worker.names(5 * SECOND), ["web"], "api is under way");
    assert!(!worker.prober.answered(ROOT, 8, &answer(200), SECOND));
    assert!(!worker.prober.answered(2, 7, &answer(200), SECOND));
    assert!(worker.prober.answered(ROOT, 7, &answer(500), SECOND));
    assert!(!worker.prober.answered(ROOT, 7, &answer(200), SECOND));
    let found = worker.found();
    assert_eq!(found[1], ("api".to_owned(), Some("status_500".to_owned())));
    assert_eq!(worker.names(6 * SECOND), ["api", "web"]);
}

#[test]
fn calls_that_never_end_are_forgotten() {
    let mut worker = Worker::new();
    for probe in worker.due(0) {
        worker.prober.called(&probe, ROOT, Ok(7), 0);
    }
    assert_eq!(worker.names(6 * SECOND), [""; 0]);
    assert_eq!(worker.names(6 * SECOND + 1), ["web"], "1 s, and 5");
    assert_eq!(worker.names(7 * SECOND + 1), ["api", "web"]);
    for probe in worker.due(8 * SECOND) {
        worker.prober.called(&probe, ROOT, Ok(9), 8 * SECOND);
    }
    worker.prober.leave(2);
    assert_eq!(worker.names(8 * SECOND), [""; 0]);
    worker.prober.leave(ROOT);
    assert_eq!(worker.names(8 * SECOND), ["api", "web"], "cancelled");
}

#[test]
fn who_takes_over_knows_what_was_found_and_what_is_gone_goes() {
    let mut worker = Worker::new();
    for probe in worker.due(0) {
        let failed = Err(NotStarted::Failed);
        worker.prober.called(&probe, ROOT, failed, 0);
    }
    worker.publish();
    worker.prober = Prober::default();
    worker.configure(&[
        settings(r#"{"probes": [{"cluster": "api"}]}"#),
        settings(r#"{"probes": [{"cluster": "cart"}, {"cluster": "api", "path": "/new"}]}"#),
    ]);
    assert_eq!(worker.names(SECOND), ["cart"], "api was asked");
    let names: Vec<_> = worker.found().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["api"]);
    let due = worker.due(5 * SECOND);
    assert_eq!(due[1].path, "/new", "the latest configuration's");
    worker.configure(&[]);
    assert!(!worker.prober.is_on());
    let now = Now {
        unix_nanos: 0,
        monotonic_nanos: 9,
    };
    assert_eq!(Digest::of(&worker.record, now).written_nanos, 9);
}
