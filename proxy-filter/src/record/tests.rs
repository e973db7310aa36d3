//! What workers add, and what the record then says.

use super::*;
use crate::exemplar::Exemplar;
use crate::ledger::{Flow, Waiting};
use crate::outcome::{Finished, Outcome};
use crate::session::{Origin, Route};
use proptest::prelude::*;
use sightline_core::id::{SpanId, TraceId};
use sightline_core::names;
use std::borrow::Cow;

const SECOND: u64 = 1_000_000_000;
const WAITING: Queued = Queued {
    spans: 5,
    log_records: 6,
    metric_points: 7,
};

const LIMITS: Limits = Limits {
    series: 20,
    ..Limits::NONE
};

pub(crate) fn route(name: &str) -> Route<'_> {
    Route {
        name: Cow::Borrowed(name),
        origin: Origin::Segments,
    }
}

/// A record that two requests were added to, of 3 and of 200 milliseconds.
pub(crate) fn record_of_two_requests() -> Record {
    let mut red = Red::default();
    let series = red.series_of(b"GET", &route("/a\"b\\"), &LIMITS);
    red.count(
        series,
        &Finished {
            outcome: Outcome::new(Some(200), 0).over(b"https", b"HTTP/1.1"),
            duration_nanos: 3_000_000,
            request_bytes: 7,
            response_bytes: 200,
            exemplar: None,
        },
    );
    red.count(
        series,
        &Finished {
            outcome: Outcome::new(Some(503), 1 << 5),
            duration_nanos: 200_000_000,
            request_bytes: 0,
            response_bytes: 100,
            exemplar: Some(Exemplar {
                trace_id: TraceId::from_entropy([7; 16]),
                span_id: SpanId::from_entropy([9; 8]),
                seconds: 0.2,
                unix_nanos: 1_700_000_000_500_000_000,
            }),
        },
    );
    red.add_to_counter("orders_placed_total", 2.5);
    let mut record = Record::new(1_700_000_000_000_000_000, [4; 16]);
    record.add(&contribution(1, &red, &Ledger::default()));
    record
}

pub(crate) fn contribution<'a>(
    worker: WorkerId,
    red: &'a Red,
    ledger: &'a Ledger,
) -> Contribution<'a> {
    Contribution {
        worker,
        began_nanos: 0,
        now_nanos: 0,
        red,
        ledger,
        queued: Queued::default(),
        unix_nanos: 9,
        limits: Limits {
            series: 1000,
            ..Limits::NONE
        },
        waiting: Waiting::default(),
        metrics_acknowledged_unix_nanos: 0,
        can_export: true,
        can_probe: false,
        probes: &[],
        found: &[],
        is_last: false,
    }
}

/// A request with this status that took so long.
pub(crate) fn finished(status: Option<u16>, duration_nanos: u64) -> Finished {
    Finished {
        outcome: Outcome::new(status, 0),
        duration_nanos,
        ..Finished::default()
    }
}

/// All requests that have ended.
pub(crate) fn total(record: &Record) -> u64 {
    let series = record.series().iter();
    series.map(|series| series.finished.requests()).sum()
}

#[test]
fn workers_add_up_and_what_is_in_progress_is_replaced() {
    let mut record = Record::new(0, [0; 16]);
    let mut red = Red::default();
    let series = red.series_of(b"GET", &route("/a"), &LIMITS);
    red.begin(series);
    red.begin(series);
    red.end(series, &finished(Some(200), 1));
    for worker in [1, 2, 1] {
        record.add(&contribution(worker, &red, &Ledger::default()));
    }
    let [series] = record.series() else {
        panic!("one series")
    };
    assert_eq!((series.method(), &*series.route), ("GET", "/a"));
    assert_eq!(series.finished.list()[0].0.status, 200);
    assert_eq!(series.finished.requests(), 3);
    assert_eq!(series.in_progress(), 2, "one in each worker");
}

#[test]
fn a_worker_that_leaves_takes_what_is_in_progress_and_leaves_its_counts() {
    let mut record = Record::new(0, [0; 16]);
    let mut red = Red::default();
    let series = red.series_of(b"GET", &route("/a"), &LIMITS);
    red.begin(series);
    red.count(series, &finished(None, 1));
    record.add(&Contribution {
        queued: WAITING,
        ..contribution(1, &red, &Ledger::default())
    });
    assert_eq!(
        (record.queued().spans, record.has(1), record.is_leader(1)),
        (5, true, true)
    );
    record.add(&Contribution {
        is_last: true,
        ..contribution(1, &red, &Ledger::default())
    });
    assert_eq!(
        (record.queued().spans, record.has(1), record.is_leader(1)),
        (0, false, false)
    );
    assert_eq!(record.series()[0].in_progress(), 0);
    assert_eq!(total(&record), 2);
}

#[test]
fn a_worker_that_is_not_heard_of_is_lost_with_what_waited() {
    let mut record = Record::new(0, [0; 16]);
    let mut red = Red::default();
    let series = red.series_of(b"GET", &route("/a"), &LIMITS);
    red.begin(series);
    let ledger = Ledger::of_waiting(WAITING);
    record.add(&Contribution {
        queued: WAITING,
        ..contribution(1, &red, &ledger)
    });
    let idle = Red::default();
    for (seconds, queued) in [(120, 5), (121, 0)] {
        let now_nanos = seconds * SECOND;
        let nothing = Ledger::default();
        let at = Contribution {
            now_nanos,
            ..contribution(2, &idle, &nothing)
        };
        record.add(&at);
        assert_eq!(record.queued().spans, queued, "after {seconds} s");
    }
    let spans = &record.ledger.spans;
    let dropped: u64 = spans.dropped.iter().sum();
    assert_eq!((dropped, spans.dropped[Drop::WorkerLost as usize]), (5, 5));
    assert_eq!(record.series()[0].in_progress(), 0);
    assert_eq!(record.ledger.workers_lost, 1);
    assert_eq!(
        spans.produced,
        spans.exported + dropped + record.queued().spans
    );
    let lost = |flow: &Flow| flow.dropped[Drop::WorkerLost as usize];
    let ledger = &record.ledger;
    assert_eq!(
        (lost(&ledger.log_records), lost(&ledger.metric_points)),
        (6, 7)
    );
}

#[test]
fn lags_are_those_of_what_waits_longest() {
    const BEGAN: u64 = 1000;
    let mut record = Record::new(BEGAN, [0; 16]);
    let (red, ledger) = (Red::default(), Ledger::default());
    assert_eq!(
        record.lags(1500),
        [0, 0, 500],
        "nothing waits, nothing was sent"
    );
    for (worker, spans, log_records) in [(1, 1200, 0), (2, 1100, 1400), (3, 0, 0)] {
        record.add(&Contribution {
            waiting: Waiting { spans, log_records },
            metrics_acknowledged_unix_nanos: spans,
            ..contribution(worker, &red, &ledger)
        });
    }
    assert_eq!(record.lags(1500), [400, 100, 300]);
    assert_eq!(record.lags(0), [0, 0, 0], "a clock that jumped");
}

#[test]
fn heartbeats_tell_a_worker_that_fell_silent() {
    let mut record = Record::new(0, [0; 16]);
    assert_eq!(record.heartbeats(5), (0, 0));
    let (red, ledger) = (Red::default(), Ledger::default());
    for (worker, seconds) in [(1, 10), (2, 20)] {
        record.add(&Contribution {
            now_nanos: seconds * SECOND,
            ..contribution(worker, &red, &ledger)
        });
    }
    assert_eq!(record.heartbeats(20 * SECOND), (2, 10 * SECOND));
    assert_eq!(record.heartbeats(21 * SECOND), (1, 11 * SECOND));
}

#[test]
fn one_worker_leads_until_it_leaves_or_is_silent() {
    let mut record = Record::new(0, [0; 16]);
    let red = Red::default();
    let ledger = Ledger::default();
    let at = |worker, seconds: u64| Contribution {
        now_nanos: seconds * SECOND,
        ..contribution(worker, &red, &ledger)
    };
    record.add(&Contribution {
        can_export: false,
        ..at(9, 1)
    });
    assert!(!record.is_leader(9), "cannot export");
    for (worker, seconds, leader) in [
        (1, 1, 1),
        (2, 5, 1),
        (1, 9, 1),
        (2, 19, 1),
        (2, 20, 2),
        (1, 21, 2),
    ] {
        record.add(&at(worker, seconds));
        assert!(record.is_leader(leader), "{worker} at {seconds} s");
    }
    record.add(&Contribution {
        is_last: true,
        ..at(2, 22)
    });
    record.add(&at(1, 22));
    assert!(record.is_leader(1), "at once");
}

#[test]
fn the_budget_holds_for_all_workers_together() {
    let mut record = Record::new(0, [0; 16]);
    for worker in 0..10 {
        let mut red = Red::default();
        for at in 0..20 {
            let name = format!("/w{worker}/{at}");
            let series = red.series_of(b"GET", &route(&name), &LIMITS);
            red.begin(series);
            red.count(series, &finished(Some(200), 1));
        }
        let template = Route {
            name: Cow::Borrowed("/real"),
            origin: Origin::Template,
        };
        let series = red.series_of(b"GET", &template, &LIMITS);
        red.count(series, &finished(Some(200), 1));
        record.add(&Contribution {
            limits: LIMITS,
            ..contribution(worker, &red, &Ledger::default())
        });
    }
    assert_eq!(
        record.series().len(),
        10 + 2,
        "half of the budget, _other and the template"
    );
    assert_eq!(total(&record), 10 * 21, "nothing is lost");
    assert_eq!(record.ledger.overflow, 9 * 20 + 10);
    let other = record
        .series()
        .iter()
        .find(|series| &*series.route == names::OTHER)
        .unwrap();
    assert_eq!(other.in_progress(), 9 * 20 + 10);
}

#[test]
fn a_record_reads_back() {
    let mut record = record_of_two_requests();
    record.offenders.add("/users", 3);
    record.gone_errors.insert(2, 5);
    record.missing = 300;
    record.exports = !record.exports;
    record.findings.push(Finding {
        name: "shop-api".into(),
        at_nanos: 77,
        outcome: crate::health::Outcome::Status(503),
    });
    record.workers[0].silence = presence::Silence::Replaced;
    record.workers[0].has_replaced = true;
    record
        .ledger
        .counts_mut()
        .zip(100..)
        .for_each(|(count, at)| *count = at);
    assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
}

#[test]
fn what_is_not_whole_is_no_record() {
    let bytes = record_of_two_requests().to_bytes();
    for end in 0..bytes.len() {
        assert_eq!(Record::from_bytes(&bytes[..end]), None, "{end} bytes");
    }
    let longer = [bytes.as_slice(), b"x"].concat();
    assert_eq!(Record::from_bytes(&longer), None);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Record::from_bytes(&bytes);
        if let Some(first) = bytes.first_mut() {
            *first = 0xA4;
        }
        let _ = Record::from_bytes(&bytes);
    }

    #[test]
    fn any_record_reads_back(counts in proptest::collection::vec((0usize..4, "[a-c/]{0,3}", 0u16..600, any::<u32>()), 0..40), workers in 1u64..4) {
        let mut record = Record::new(1, [1; 16]);
        for worker in 0..workers {
            let mut red = Red::default();
            for (method, name, status, nanos) in &counts {
                let series = red.series_of(names::KNOWN_METHODS[*method].as_bytes(), &route(name), &LIMITS);
                red.begin(series);
                red.count(series, &finished(Some(*status), u64::from(*nanos) * 100));
            }
            record.add(&contribution(worker, &red, &Ledger::default()));
        }
        prop_assert_eq!(total(&record), counts.len() as u64 * workers);
        prop_assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
    }
}
