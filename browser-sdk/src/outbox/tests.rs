//! What waits: bounded, in order, every loss counted.
#![allow(clippy::arithmetic_side_effects)]

mod balance;
mod package;

use super::*;
use alloc::string::String;
use alloc::vec;
use flate2::read::GzDecoder;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use sightline_core::otlp::Severity;
use std::io::Read;

extern crate std;

const SOURCE: Source<'_> = Source {
    resource: &[],
    scope: "test",
    scope_version: "0",
};

fn record(name: &str, padding: usize) -> Record {
    let mut record = Record::event(name, Severity::Info, 1, None);
    record.text("padding", &"x".repeat(padding));
    record
}

impl Outbox {
    /// The next batch, not compressed: its number and its body.
    fn take(&mut self, need: Need, now_ms: f64) -> Option<(u32, Vec<u8>)> {
        let batch = self.next(need, now_ms, 0, &SOURCE, false)?;
        Some((batch.id, batch.body.clone()))
    }

    fn answer(&mut self, id: u32, status: u32, now_ms: f64) {
        self.settle(id, answered(status), now_ms);
    }

    fn lost(&self, why: Count) -> u32 {
        self.account.get(why)
    }
}

/// An answer without a delay, for a page that is lucky.
fn answered(status: u32) -> Answer {
    Answer {
        status,
        retry_after_ms: f64::NAN,
        chance: 0.0,
        rejected: 0,
    }
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
    let logs = outbox.next(Need::InTime, 0.0, 0, &SOURCE, false).unwrap();
    assert_eq!((logs.signal, logs.count), (Signal::Logs, 2));
    assert_eq!(names(&logs.body), ["first", "second"]);
    let traces = outbox.next(Need::InTime, 0.0, 0, &SOURCE, false).unwrap();
    assert_eq!(traces.signal, Signal::Traces);
    assert_eq!(outbox.take(Need::InTime, 0.0), None);
}

#[test]
fn a_page_that_stays_has_two_requests_in_flight() {
    let mut outbox = Outbox::default();
    for _ in 0..8 {
        outbox.push(Signal::Logs, record("a", 10_000));
    }
    let (first, body) = outbox.take(Need::InTime, 0.0).unwrap();
    assert_eq!(names(&body).len(), 2, "whole records, as many as fit");
    assert!(outbox.take(Need::InTime, 0.0).is_some());
    assert_eq!(outbox.take(Need::InTime, 0.0), None);
    outbox.answer(first, 200, 0.0);
    assert!(outbox.take(Need::InTime, 0.0).is_some());
}

#[test]
fn a_page_that_goes_sends_what_the_browser_allows_and_keeps_the_rest() {
    for (gzips, requests) in [(false, 2), (true, 7)] {
        let mut outbox = Outbox::default();
        for _ in 0..8 {
            outbox.push(Signal::Traces, record("span", 10_000));
            outbox.push(Signal::Logs, record("event", 10_000));
        }
        let (mut bytes, mut sent) = (0, vec![]);
        while let Some(batch) = outbox.next(Need::Leaving, 0.0, 0, &SOURCE, gzips) {
            bytes += batch.body.len();
            sent.push(batch.signal);
        }
        assert!(bytes <= MAX_FLYING_BYTES, "{bytes}");
        assert!(sent.len() >= requests, "{gzips}: {sent:?}");
        assert!(
            sent.is_sorted_by_key(|signal| *signal as u8),
            "events first"
        );
        while let Some((id, _)) = outbox.take(Need::Keep, 0.0) {
            outbox.answer(id, KEPT, 0.0);
        }
        let kept = 16 - 2 * sent.len() as u32;
        assert_eq!(
            outbox.account().get(Count::Kept),
            kept,
            "what is in flight is not kept"
        );
    }
}

#[test]
fn however_much_is_on_its_way_the_rest_is_kept() {
    let mut outbox = Outbox::default();
    let fill = |outbox: &mut Outbox| {
        for _ in 0..9 {
            outbox.push(Signal::Traces, record("span", 10_000));
            outbox.push(Signal::Logs, record("event", 10_000));
        }
    };
    fill(&mut outbox);
    while outbox.next(Need::Now, 0.0, 0, &SOURCE, true).is_some() {}
    fill(&mut outbox);
    let is_flying = |batch: &&Batch| batch.is_flying;
    let flying = outbox.batches.iter().filter(is_flying).count();
    while let Some((id, _)) = outbox.take(Need::Keep, 0.0) {
        outbox.answer(id, KEPT, 0.0);
    }
    assert_eq!(
        outbox.batches.len(),
        flying,
        "only what is on its way is left"
    );
}

#[test]
fn a_body_is_compressed_where_that_makes_it_smaller() {
    let mut outbox = Outbox::default();
    outbox.push(Signal::Logs, record("a", 500));
    let batch = outbox.next(Need::InTime, 0.0, 0, &SOURCE, true).unwrap();
    let mut body = vec![];
    GzDecoder::new(&batch.body[..])
        .read_to_end(&mut body)
        .unwrap();
    assert_eq!(names(&body), ["a"]);
    assert!(batch.body.len() < 100);

    outbox.push(Signal::Logs, record("", 0));
    let batch = outbox.next(Need::InTime, 0.0, 0, &SOURCE, true).unwrap();
    assert_eq!(names(&batch.body), [""], "too short to shrink");
}

#[test]
fn what_fails_for_a_while_is_sent_again_later_and_unchanged() {
    for status in [0, 429, 502, 503, 504] {
        let mut outbox = Outbox::default();
        outbox.push(Signal::Logs, record("old", 0));
        let mut now = 0.0;
        for wait in [5_000.0, 10_000.0, 20_000.0, 40_000.0, 60_000.0, 60_000.0] {
            let (id, body) = outbox.take(Need::InTime, now).expect("it is time");
            assert_eq!(names(&body), ["old"]);
            outbox.push(Signal::Logs, record("new", 0));
            outbox.answer(id, status, now);
            assert_eq!(outbox.take(Need::InTime, now + wait - 1.0), None, "{now}");
            now += wait;
        }
        let (id, _) = outbox.take(Need::InTime, now).unwrap();
        outbox.answer(id, 200, now);
        assert_eq!(outbox.account().get(Count::Delivered), 1);
        let (_, body) = outbox
            .take(Need::InTime, now)
            .expect("success ends the waiting");
        assert_eq!(names(&body).len(), 6);
    }
}

#[test]
fn a_delay_that_the_collector_asks_for_is_kept_within_reason() {
    for (asked, chance, wait, why) in [
        (f64::NAN, 0.0, 5_000.0, "none asked for"),
        (
            f64::NAN,
            1.0,
            7_500.0,
            "none asked for, and chance adds half",
        ),
        (1_000.0, 0.0, 5_000.0, "shorter than ours"),
        (-9e9, 0.0, 5_000.0, "a date that has passed"),
        (90_000.0, 0.0, 90_000.0, "longer than any of ours"),
        (90_000.0, 0.5, 112_500.0, "not all pages at once"),
        (9e15, 0.0, 3_600_000.0, "for ever: an hour is enough"),
        (f64::INFINITY, 0.0, 3_600_000.0, "no sensible number"),
    ] {
        let mut outbox = Outbox::default();
        outbox.push(Signal::Logs, record("a", 0));
        let (id, _) = outbox.take(Need::InTime, 0.0).unwrap();
        let answer = Answer {
            retry_after_ms: asked,
            chance,
            ..answered(503)
        };
        outbox.settle(id, answer, 0.0);
        assert_eq!(outbox.take(Need::InTime, wait - 1.0), None, "{why}");
        assert!(outbox.take(Need::InTime, wait).is_some(), "{why}");
    }
}

#[test]
fn two_answers_make_the_longer_delay() {
    let mut outbox = Outbox::default();
    outbox.push(Signal::Logs, record("a", 0));
    outbox.push(Signal::Traces, record("b", 0));
    let ids = [(); 2].map(|()| outbox.take(Need::InTime, 0.0).unwrap().0);
    let long = Answer {
        retry_after_ms: 90_000.0,
        ..answered(429)
    };
    outbox.settle(ids[0], long, 0.0);
    outbox.answer(ids[1], 503, 0.0);
    assert_eq!(outbox.take(Need::InTime, 89_999.0), None);
}

#[test]
fn a_page_that_goes_while_the_collector_is_down_keeps_what_waits() {
    let mut outbox = Outbox::default();
    outbox.push(Signal::Logs, record("a", 0));
    let (id, _) = outbox.take(Need::InTime, 0.0).unwrap();
    outbox.answer(id, 503, 0.0);
    outbox.push(Signal::Logs, record("b", 0));
    assert_eq!(outbox.take(Need::Leaving, 1.0), None, "it would only fail");
    let kept = [(); 2].map(|()| outbox.take(Need::Keep, 1.0).unwrap());
    assert_eq!(kept.each_ref().map(|(_, body)| names(body).len()), [1, 1]);
    for (id, _) in kept {
        outbox.answer(id, NOT_KEPT, 1.0);
        let again = outbox.take(Need::Keep, 1.0).map(|(id, _)| id);
        assert_eq!(again, Some(id), "there was no room, and now there is");
        outbox.answer(id, KEPT, 1.0);
    }
    assert_eq!((outbox.account().get(Count::Kept), outbox.queued()), (2, 0));

    outbox.push(Signal::Logs, record("c", 0));
    assert!(
        outbox.take(Need::Now, 1.0).is_some(),
        "unless it must be now"
    );
}

#[test]
fn what_an_earlier_page_left_is_sent_as_it_was() {
    let mut outbox = Outbox::default();
    outbox.restore(Signal::Traces, 3, b"a body");
    outbox.push(Signal::Logs, record("new", 0));
    let (old, body) = outbox.take(Need::Ready, 0.0).unwrap();
    assert_eq!(body, b"a body");
    assert_eq!(outbox.take(Need::Ready, 0.0), None, "new ones gather");
    let (event, _) = outbox.take(Need::InTime, 0.0).unwrap();
    outbox.answer(event, 200, 0.0);
    outbox.answer(old, 200, 0.0);
    let account = outbox.account();
    assert_eq!(
        (account.get(Count::Produced), account.get(Count::Restored)),
        (1, 3)
    );
    assert_eq!(account.get(Count::Delivered), 4);
}

#[test]
fn what_is_refused_of_a_batch_that_is_taken_is_lost_and_not_tried_again() {
    // More than there were is all of them.
    for (rejected, lost) in [(0, 0), (1, 1), (2, 2), (3, 2), (u32::MAX, 2)] {
        let mut outbox = Outbox::default();
        outbox.push(Signal::Logs, record("a", 0));
        outbox.push(Signal::Logs, record("b", 0));
        let (id, _) = outbox.take(Need::InTime, 0.0).unwrap();
        let answer = Answer {
            rejected,
            ..answered(200)
        };
        outbox.settle(id, answer, 0.0);
        assert_eq!(outbox.lost(Count::Rejected), lost, "{rejected}");
        assert_eq!(outbox.lost(Count::Delivered), 2 - lost, "{rejected}");
        assert_eq!(outbox.queued(), 0);
    }
}

#[test]
fn what_is_refused_for_good_is_lost_and_told_with_the_account() {
    for status in [400, 401, 404, 413, 500] {
        let mut outbox = Outbox::default();
        outbox.push(Signal::Logs, record("a", 0));
        let (id, _) = outbox.take(Need::InTime, 0.0).unwrap();
        outbox.answer(id, status, 0.0);
        assert_eq!(outbox.lost(Count::Rejected), 1, "{status}");
        outbox.push(Signal::Logs, record("b", 0));
        let (id, body) = outbox.take(Need::InTime, 0.0).unwrap();
        assert_eq!(names(&body), ["b", "sightline.lost"]);
        let request = ExportLogsServiceRequest::decode(&body[..]).unwrap();
        let told = &request.resource_logs[0].scope_logs[0].log_records[1];
        let told: Vec<_> = told
            .attributes
            .iter()
            .map(|pair| {
                let value = pair.value.clone().and_then(|value| value.value);
                (pair.key.as_str(), value)
            })
            .collect();
        assert_eq!(
            told,
            [
                ("sightline.produced", Some(Value::IntValue(2))),
                ("sightline.queued", Some(Value::IntValue(1))),
                ("sightline.lost.rejected", Some(Value::IntValue(1))),
            ]
        );
        outbox.answer(id, 200, 0.0);
        assert_eq!(outbox.take(Need::InTime, 0.0), None, "told once");
    }
}

#[test]
fn a_full_queue_keeps_what_it_has() {
    let mut outbox = Outbox::default();
    for _ in 0..200 {
        outbox.push(Signal::Traces, record("a", 1_000));
    }
    assert!(outbox.waiting_bytes() <= MAX_QUEUE_BYTES);
    let kept = (MAX_QUEUE_BYTES / record("a", 1_000).into_bytes().len()) as u32;
    assert_eq!(outbox.queued(), kept);
    assert_eq!(outbox.lost(Count::QueueFull), 200 - kept);

    let mut outbox = Outbox::default();
    outbox.push(Signal::Logs, record("huge", MAX_BATCH_BYTES));
    assert_eq!(
        outbox.lost(Count::QueueFull),
        1,
        "a record that no batch holds"
    );
}

#[test]
fn a_batch_is_settled_once() {
    let mut outbox = Outbox::default();
    outbox.push(Signal::Logs, record("a", 0));
    let (id, _) = outbox.take(Need::InTime, 0.0).unwrap();
    outbox.answer(id, 200, 0.0);
    outbox.answer(id, 200, 0.0);
    outbox.answer(77, 200, 0.0);
    assert_eq!(outbox.account().get(Count::Delivered), 1);
}

#[test]
fn a_preview_takes_nothing() {
    let mut outbox = Outbox::default();
    assert!(outbox.preview(Signal::Logs, &SOURCE, false).is_none());
    outbox.push(Signal::Logs, record("a", 0));
    let body = outbox.preview(Signal::Logs, &SOURCE, false).unwrap();
    assert_eq!(names(&body), ["a"]);
    assert_eq!(outbox.take(Need::InTime, 0.0).unwrap().1, body);
}
