//! What waits: bounded, in order, every loss counted.
#![allow(clippy::arithmetic_side_effects)]

use super::*;
use alloc::string::String;
use alloc::vec;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use proptest::prelude::*;
use prost::Message;
use sightline_core::otlp::LogRecord;

const SOURCE: Source<'_> = Source {
    resource: &[],
    scope: "test",
    scope_version: "0",
};

fn record(name: &str, padding: usize) -> Writer {
    let mut items = Writer::new();
    LogRecord {
        unix_nanos: 1,
        severity: Severity::Info,
        body: &"x".repeat(padding),
        event_name: name,
        attributes: &[],
        context: None,
    }
    .write(&mut items);
    items
}

/// Names of the events in a body.
fn names(body: &[u8]) -> Vec<String> {
    let request = ExportLogsServiceRequest::decode(body).unwrap();
    let scopes = request
        .resource_logs
        .into_iter()
        .flat_map(|one| one.scope_logs);
    let records = scopes.flat_map(|scope| scope.log_records);
    records.map(|record| record.event_name).collect()
}

#[test]
fn events_go_before_spans_and_records_in_order() {
    let mut outbox = Outbox::default();
    outbox.push(Signal::Traces, record("span", 0));
    outbox.push(Signal::Logs, record("first", 0));
    outbox.push(Signal::Logs, record("second", 0));
    let logs = outbox.next(0.0, 0, false).unwrap();
    assert_eq!(logs.signal, Signal::Logs);
    assert_eq!(
        names(&outbox.body(logs.id, &SOURCE).unwrap()),
        ["first", "second"]
    );
    let traces = outbox.next(0.0, 0, false).unwrap();
    assert_eq!(traces.signal, Signal::Traces);
    assert_eq!(outbox.next(0.0, 0, false), None);
}

#[test]
fn batches_hold_whole_records_and_two_fit_a_keepalive_request() {
    let mut outbox = Outbox::default();
    for _ in 0..10 {
        outbox.push(Signal::Logs, record("a", 10_000));
    }
    let mut bytes = 0;
    let mut batches = vec![];
    while let Some(batch) = outbox.next(0.0, 0, true) {
        let body = outbox.body(batch.id, &SOURCE).unwrap();
        assert_eq!(names(&body).len(), 2);
        bytes += body.len();
        batches.push(batch);
    }
    assert_eq!(batches.len(), 2, "no more may be in flight");
    assert!(bytes < 64 * 1024);
    outbox.settle(batches[0].id, 200, 0.0);
    assert!(
        outbox.next(0.0, 0, true).is_some(),
        "one is answered, the next may go"
    );
}

#[test]
fn what_fails_for_a_while_is_sent_again_later() {
    for status in [0, 429, 502, 503, 504] {
        let mut outbox = Outbox::default();
        outbox.push(Signal::Logs, record("old", 0));
        let mut now = 0.0;
        for wait in [5_000.0, 10_000.0, 20_000.0, 40_000.0, 60_000.0, 60_000.0] {
            let batch = outbox.next(now, 0, false).expect("it is time");
            outbox.settle(batch.id, status, now);
            assert_eq!(outbox.next(now + wait - 1.0, 0, false), None, "after {now}");
            now += wait;
        }
        outbox.push(Signal::Logs, record("new", 0));
        let batch = outbox.next(now, 0, false).unwrap();
        assert_eq!(
            names(&outbox.body(batch.id, &SOURCE).unwrap()),
            ["old", "new"]
        );
        outbox.settle(batch.id, 200, now);
        assert_eq!(outbox.delivered(), 2);
        outbox.push(Signal::Logs, record("next", 0));
        assert!(
            outbox.next(now, 0, false).is_some(),
            "success ends the waiting"
        );
    }
}

#[test]
fn a_page_that_is_left_does_not_wait() {
    let mut outbox = Outbox::default();
    outbox.push(Signal::Logs, record("a", 0));
    let batch = outbox.next(0.0, 0, false).unwrap();
    outbox.settle(batch.id, 503, 0.0);
    assert!(outbox.next(1.0, 0, true).is_some());
}

#[test]
fn what_is_refused_for_good_is_lost_and_told() {
    for status in [400, 401, 404, 413, 500] {
        let mut outbox = Outbox::default();
        outbox.push(Signal::Logs, record("a", 0));
        let batch = outbox.next(0.0, 0, false).unwrap();
        outbox.settle(batch.id, status, 0.0);
        assert_eq!(outbox.lost(Loss::Rejected), 1, "{status}");
        let batch = outbox.next(0.0, 0, false).unwrap();
        assert_eq!(
            names(&outbox.body(batch.id, &SOURCE).unwrap()),
            ["sightline.lost"]
        );
        outbox.settle(batch.id, 200, 0.0);
        assert_eq!(outbox.next(0.0, 0, false), None, "told once");
    }
}

#[test]
fn a_full_queue_keeps_what_it_has() {
    let mut outbox = Outbox::default();
    for _ in 0..200 {
        outbox.push(Signal::Traces, record("a", 1_000));
    }
    assert!(outbox.waiting_bytes() <= MAX_QUEUE_BYTES);
    let kept = MAX_QUEUE_BYTES / record("a", 1_000).len();
    assert_eq!(outbox.queued(), kept);
    assert_eq!(outbox.lost(Loss::QueueFull), 200 - kept as u64);

    let mut outbox = Outbox::default();
    outbox.push(Signal::Logs, record("huge", MAX_BATCH_BYTES));
    assert_eq!(
        outbox.lost(Loss::QueueFull),
        1,
        "a record that no batch holds"
    );
}

#[test]
fn a_batch_is_settled_once() {
    let mut outbox = Outbox::default();
    outbox.push(Signal::Logs, record("a", 0));
    let batch = outbox.next(0.0, 0, false).unwrap();
    outbox.settle(batch.id, 200, 0.0);
    outbox.settle(batch.id, 200, 0.0);
    outbox.settle(77, 200, 0.0);
    assert_eq!(outbox.delivered(), 1);
    assert_eq!(outbox.body(batch.id, &SOURCE), None);
}

#[derive(Clone, Debug)]
enum Step {
    Push(bool, usize),
    Next(bool),
    Settle(usize, u16),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (any::<bool>(), 0usize..9_000).prop_map(|(logs, size)| Step::Push(logs, size)),
        any::<bool>().prop_map(Step::Next),
        (
            0usize..3,
            prop_oneof![Just(200u16), Just(0), Just(503), Just(400)]
        )
            .prop_map(|(at, status)| Step::Settle(at, status)),
    ]
}

proptest! {
    /// Whatever happens: produced = delivered + lost + queued, within bounds.
    #[test]
    fn the_account_balances(steps in proptest::collection::vec(step(), 0..300)) {
        let mut outbox = Outbox::default();
        let (mut produced, mut told, mut last_told) = (0u64, 0u64, 0u64);
        let mut flying = vec![];
        for (at, step) in steps.into_iter().enumerate() {
            let now = at as f64 * 1_000.0;
            match step {
                Step::Push(logs, size) => {
                    produced += 1;
                    let signal = if logs { Signal::Logs } else { Signal::Traces };
                    outbox.push(signal, record("a", size));
                }
                Step::Next(leaving) => if let Some(batch) = outbox.next(now, 0, leaving) {
                    let body = outbox.body(batch.id, &SOURCE).unwrap();
                    prop_assert!(body.len() <= 32 * 1024);
                    flying.push(batch.id);
                },
                Step::Settle(at, status) => if at < flying.len() {
                    outbox.settle(flying.remove(at), status, now);
                },
            }
            // The account's own events are produced too.
            if outbox.lost_told != last_told {
                last_told = outbox.lost_told;
                told += 1;
            }
            let lost: u64 = outbox.lost.iter().sum();
            let queued = outbox.queued() as u64;
            prop_assert_eq!(produced + told, outbox.delivered() + lost + queued);
            prop_assert!(outbox.waiting_bytes() <= 2 * MAX_QUEUE_BYTES + MAX_IN_FLIGHT * MAX_BATCH_BYTES);
        }
    }
}
