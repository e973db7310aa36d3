//! Workers that publish at the same time, on shared data as Envoy has it.

use super::*;
use crate::config::Settings;
use crate::finished_span::tests::span;
use crate::record::tests::{finished, total};
use crate::red::Limits;
use crate::service::tests::with_queue;
use crate::session::{Origin, Route};
use crate::shared_data::NotWritten;
use crate::shared_data::tests::EnvoySharedData;
use proptest::prelude::*;
use std::borrow::Cow;
use std::rc::Rc;

const NOW: Now = Now {
    unix_nanos: 1_700_000_000_000_000_000,
    monotonic_nanos: 1,
};

fn settings() -> Settings {
    let document = br#"{"service": {"name": "edge"}, "export": {"cluster": "otel"}}"#;
    Settings::from_document(document).unwrap()
}

fn service() -> Service {
    let mut service = Service::new(&settings());
    service.enter(1, Rc::new(settings()), NOW);
    service
}

fn count(service: &mut Service, requests: u64) {
    let route = Route {
        name: Cow::Borrowed("/a"),
        origin: Origin::Template,
    };
    let series = service.red.series_of(b"GET", &route, &Limits::NONE);
    for _ in 0..requests {
        service.red.begin(series);
        service.red.end(series, &finished(Some(200), 1_000_000));
    }
}

fn publish_as(
    shared: &mut EnvoySharedData,
    service: &mut Service,
    worker: WorkerId,
) -> Option<Record> {
    publish(shared, service, worker, NOW, [1; 16], false)
}

#[test]
fn what_another_writes_meanwhile_is_kept() {
    let mut shared = EnvoySharedData::default();
    let mut own = service();
    ensure(&mut shared, &own.key, NOW, [1; 16]);
    count(&mut own, 3);
    shared.rival = Some(Box::new(|shared| {
        let mut other = service();
        count(&mut other, 4);
        publish_as(shared, &mut other, 2).unwrap();
    }));
    let record = publish_as(&mut shared, &mut own, 1).unwrap();
    assert_eq!(total(&record), 7);
    let again = publish_as(&mut shared, &mut own, 1).unwrap();
    assert_eq!(total(&again), 7, "published once");
}

#[test]
fn making_the_record_never_overwrites_counts() {
    let mut shared = EnvoySharedData::default();
    let mut own = service();
    count(&mut own, 3);
    // Both find no record; each writes over the other's.
    shared.rival = Some(Box::new(|shared| {
        let mut other = service();
        count(&mut other, 4);
        assert!(
            publish_as(shared, &mut other, 2).is_none(),
            "not before the next turn"
        );
    }));
    assert!(publish_as(&mut shared, &mut own, 1).is_none());
    assert_eq!(total(&publish_as(&mut shared, &mut own, 1).unwrap()), 3);
}

#[test]
fn a_worker_that_cannot_write_keeps_its_counts() {
    struct Busy(EnvoySharedData);
    impl SharedData for Busy {
        fn get(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
            self.0.get(key)
        }
        fn set(&mut self, _: &str, _: &[u8], _: u32) -> Result<(), NotWritten> {
            Err(NotWritten)
        }
    }
    let mut busy = Busy(EnvoySharedData::default());
    let mut own = service();
    ensure(&mut busy.0, &own.key, NOW, [1; 16]);
    count(&mut own, 3);
    assert!(publish(&mut busy, &mut own, 1, NOW, [1; 16], false).is_none());
    assert_eq!(total(&publish_as(&mut busy.0, &mut own, 1).unwrap()), 3);
}

#[test]
fn bytes_of_somebody_else_are_replaced() {
    let mut shared = EnvoySharedData::default();
    let mut own = service();
    shared.set(&own.key, b"not ours", 0).unwrap();
    count(&mut own, 3);
    assert_eq!(total(&publish_as(&mut shared, &mut own, 1).unwrap()), 3);
}

/// produced, and exported + dropped + queued
fn balance(record: &Record) -> (u64, u64) {
    let spans = &record.ledger.spans;
    let dropped: u64 = spans.dropped.iter().sum();
    let accounted = spans.exported + dropped + record.queued().spans;
    (spans.produced, accounted)
}

#[test]
fn a_worker_taken_for_dead_comes_back_without_what_was_counted_as_lost() {
    let mut shared = EnvoySharedData::default();
    let (mut hung, mut other) = (service(), service());
    ensure(&mut shared, &hung.key, NOW, [1; 16]);
    for _ in 0..5 {
        hung.record_span(&span(b"/a"), &with_queue(1 << 20));
    }
    publish_as(&mut shared, &mut hung, 1);
    let later = Now {
        monotonic_nanos: 200_000_000_000,
        ..NOW
    };
    let record = publish(&mut shared, &mut other, 2, later, [1; 16], false).unwrap();
    assert_eq!((balance(&record), record.queued().spans), ((5, 5), 0));
    hung.record_span(&span(b"/a"), &with_queue(1 << 20));
    count(&mut hung, 2);
    let record = publish(&mut shared, &mut hung, 1, later, [1; 16], false).unwrap();
    assert_eq!((balance(&record), record.queued().spans), ((5, 5), 0));
    assert_eq!(total(&record), 2, "its requests still count");
}

#[test]
fn a_new_record_takes_over_what_waits() {
    let mut shared = EnvoySharedData::default();
    let mut own = service();
    ensure(&mut shared, &own.key, NOW, [1; 16]);
    own.record_span(&span(b"/a"), &with_queue(1 << 20));
    publish_as(&mut shared, &mut own, 1).unwrap();
    // All other users of the key went, and with them the proxy's data.
    shared.values.clear();
    ensure(&mut shared, &own.key, NOW, [2; 16]);
    own.record_span(&span(b"/a"), &with_queue(1 << 20));
    let record = publish_as(&mut shared, &mut own, 1).unwrap();
    assert_eq!((balance(&record), record.queued().spans), ((2, 2), 2));
}

proptest! {
    /// Workers count, publish, leave and return in any order, each write
    /// disturbed by another worker's or not.
    #[test]
    fn totals_are_exact_in_any_order(steps in proptest::collection::vec((0usize..4, 0u64..5, 0u8..4), 1..60)) {
        let mut shared = EnvoySharedData::default();
        ensure(&mut shared, &service().key, NOW, [1; 16]);
        let mut services: Vec<_> = (0..4).map(|_| service()).collect();
        let (mut sent, mut spans) = (0, 0);
        let mut seen = 0;
        for (worker, requests, what) in steps {
            let id = worker as u64 + 1;
            count(&mut services[worker], requests);
            // With room for a few.
            services[worker].record_span(&span(b"/a"), &with_queue(1000));
            sent += requests;
            spans += 1;
            let record = match what {
                0 => None,
                1 => {
                    services[worker].drop_queues();
                    let record = publish(&mut shared, &mut services[worker], id, NOW, [1; 16], true);
                    services[worker] = service();
                    record
                }
                2 => {
                    sent += 1;
                    shared.rival = Some(Box::new(|shared| {
                        let mut other = service();
                        count(&mut other, 1);
                        publish(shared, &mut other, 9, NOW, [1; 16], true);
                    }));
                    publish_as(&mut shared, &mut services[worker], id)
                }
                _ => publish_as(&mut shared, &mut services[worker], id),
            };
            if let Some(record) = record {
                prop_assert!(total(&record) >= seen, "no reader ever sees less than before");
                seen = total(&record);
                let (produced, accounted) = balance(&record);
                prop_assert_eq!(produced, accounted);
            }
        }
        for (worker, service) in services.iter_mut().enumerate() {
            publish_as(&mut shared, service, worker as u64 + 1);
        }
        let record = read(&mut shared, &service().key).unwrap();
        prop_assert_eq!(total(&record), sent);
        prop_assert_eq!(balance(&record), (spans, spans));
        let progress: u64 = record.series().iter().map(|series| series.in_progress()).sum();
        prop_assert_eq!(progress, 0);
    }
}
