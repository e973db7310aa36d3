//! Spans and exports of one service in one worker.

use super::*;
use crate::finished_span::tests::span;
use crate::shared_data::tests::EnvoySharedData;

mod increments;
mod log_records;

const NOW: Now = Now {
    unix_nanos: 1_700_000_000_000_000_000,
    monotonic_nanos: 1_000_000_000,
};
const WORKER: WorkerId = 7;
const ROOT: u32 = 1;

fn settings(export: &str) -> Rc<Settings> {
    let document = format!(r#"{{"service": {{"name": "edge"}}{export}}}"#);
    Rc::new(Settings::from_document(document.as_bytes()).unwrap())
}

fn service() -> Service {
    let settings = settings(r#", "export": {"cluster": "otel"}"#);
    let mut service = Service::new(&settings);
    service.enter(ROOT, settings, NOW);
    service
}

/// Settings with a queue of so many bytes.
pub(crate) fn with_queue(max_bytes: usize) -> Settings {
    let document = br#"{"service": {"name": "edge"}, "export": {"cluster": "otel"}}"#;
    let mut settings = Settings::from_document(document).unwrap();
    settings.export.as_mut().unwrap().max_queue_bytes = max_bytes;
    settings
}

fn record_spans(service: &mut Service, count: usize) {
    let settings = with_queue(1 << 20);
    for _ in 0..count {
        service.record_span(&span(b"/a"), &settings);
    }
}

fn publish(service: &Service, record: &mut Record) {
    record.add(&service.contribution(WORKER, NOW, false));
}

fn shared() -> EnvoySharedData {
    EnvoySharedData::default()
}

/// Publishes, and gives the call for traces that is then due.
fn traces_due(service: &mut Service, now: Now) -> Option<ExportCall> {
    let mut record = Record::new(1, [1; 16]);
    publish(service, &mut record);
    let calls = service.due_calls(&record, WORKER, now, &mut shared());
    calls.into_iter().find(|call| call.signal == Signal::Traces)
}

fn later(seconds: u64) -> Now {
    let monotonic_nanos = NOW.monotonic_nanos + seconds * 1_000_000_000;
    Now {
        monotonic_nanos,
        ..NOW
    }
}

fn answer(status: u16) -> Answer {
    Answer {
        status: Some(status),
        ..Answer::default()
    }
}

fn change(failure: Option<Failure>) -> Change {
    Change {
        service: "edge".to_owned(),
        signal: Signal::Traces,
        failure,
    }
}

#[test]
fn spans_leave_the_queue_when_they_have_arrived() {
    let mut service = service();
    record_spans(&mut service, 3);
    let call = traces_due(&mut service, NOW).unwrap();
    assert_eq!(
        (call.items, call.path(call.to.export.as_ref().unwrap())),
        (3, "/v1/traces")
    );
    assert_eq!(service.called(&call, ROOT, Some(5), NOW, 0), None);
    record_spans(&mut service, 1);
    assert!(
        traces_due(&mut service, later(60)).is_none(),
        "one is under way"
    );
    let partly = Answer {
        rejected: 1,
        ..answer(200)
    };
    assert_eq!(
        service.answered(ROOT, 5, &partly, NOW, 0, &mut shared()),
        None
    );
    assert_eq!(
        (
            service.ledger.spans.produced,
            service.ledger.spans.exported,
            service.spans.len()
        ),
        (4, 2, 1)
    );
    assert_eq!(service.ledger.spans.dropped[Drop::Rejected as usize], 1);
    assert!(
        traces_due(&mut service, later(4)).is_none(),
        "not before the interval"
    );
    assert_eq!(traces_due(&mut service, later(5)).unwrap().items, 1);
}

#[test]
fn a_failure_keeps_the_spans_and_is_said_once() {
    let mut service = service();
    record_spans(&mut service, 1);
    for (turn, said) in [
        (0, Some(change(Some(Failure::Unavailable)))),
        (60, None),
        (180, None),
    ] {
        let call = traces_due(&mut service, later(turn)).unwrap();
        service.called(&call, ROOT, Some(5), later(turn), 0);
        assert_eq!(
            service.answered(ROOT, 5, &answer(503), later(turn), 0, &mut shared()),
            said
        );
    }
    assert_eq!(
        (
            service.spans.len(),
            service.ledger.failures[Failure::Unavailable as usize]
        ),
        (1, 3)
    );
    let call = traces_due(&mut service, later(300)).unwrap();
    service.called(&call, ROOT, Some(6), later(300), 0);
    let said = service.answered(ROOT, 6, &answer(200), later(300), 0, &mut shared());
    assert_eq!(said, Some(change(None)));
    assert_eq!(
        change(None).message(),
        "sightline: edge: export of traces works again"
    );
}

#[test]
fn what_is_refused_for_good_is_dropped() {
    let mut service = service();
    record_spans(&mut service, 1);
    let call = traces_due(&mut service, NOW).unwrap();
    service.called(&call, ROOT, Some(5), NOW, 0);
    service.answered(ROOT, 5, &answer(400), NOW, 0, &mut shared());
    assert_eq!(
        (
            service.spans.len(),
            service.ledger.spans.dropped[Drop::Rejected as usize]
        ),
        (0, 1)
    );
}

#[test]
fn a_call_that_cannot_start_is_a_failure() {
    let mut service = service();
    record_spans(&mut service, 1);
    let call = traces_due(&mut service, NOW).unwrap();
    let said = service.called(&call, ROOT, None, NOW, 0);
    assert_eq!(said, Some(change(Some(Failure::Unreachable))));
    assert_eq!(service.spans.len(), 1);
}

#[test]
fn unknown_answers_are_ignored() {
    let mut service = service();
    record_spans(&mut service, 1);
    let call = traces_due(&mut service, NOW).unwrap();
    service.called(&call, ROOT, Some(5), NOW, 0);
    for (root, token) in [(ROOT, 6), (2, 5)] {
        assert_eq!(
            service.answered(root, token, &answer(200), NOW, 0, &mut shared()),
            None
        );
    }
    assert_eq!(service.spans.len(), 1);
}

#[test]
fn a_reload_during_an_export_sends_the_spans_again() {
    let mut service = service();
    record_spans(&mut service, 1);
    let call = traces_due(&mut service, NOW).unwrap();
    service.called(&call, ROOT, Some(5), NOW, 0);
    service.enter(2, settings(r#", "export": {"cluster": "other"}"#), NOW);
    assert_eq!(service.owner(), Some(2));
    assert!(!service.leave(ROOT), "the new one is left");
    let call = traces_due(&mut service, later(5)).unwrap();
    assert_eq!(
        (
            call.items,
            call.to.export.as_ref().unwrap().cluster.as_str()
        ),
        (1, "other")
    );
    assert!(service.leave(2));
    service.drop_queues();
    assert_eq!(
        (
            service.ledger.spans.produced,
            service.ledger.spans.dropped[Drop::Shutdown as usize]
        ),
        (1, 1)
    );
}

#[test]
fn a_full_queue_turns_away_and_does_not_wait_for_the_interval() {
    let mut service = service();
    record_spans(&mut service, 1);
    let call = traces_due(&mut service, NOW).unwrap();
    service.called(&call, ROOT, Some(5), NOW, 0);
    service.answered(ROOT, 5, &answer(200), NOW, 0, &mut shared());
    let mut pushed = 0;
    while service.ledger.spans.dropped[Drop::QueueFull as usize] == 0 {
        record_spans(&mut service, 1);
        pushed += 1;
    }
    assert!(pushed > 1000, "{pushed}");
    assert!(traces_due(&mut service, later(1)).is_some());
}

#[test]
fn only_the_leader_exports_metrics() {
    let mut service = service();
    let mut record = Record::new(1, [1; 16]);
    publish(&service, &mut record);
    let calls = service.due_calls(&record, WORKER, NOW, &mut shared());
    assert_eq!(
        calls.iter().map(|call| call.signal).collect::<Vec<_>>(),
        [Signal::Metrics]
    );
    assert_eq!(
        calls[0].path(calls[0].to.export.as_ref().unwrap()),
        "/v1/metrics"
    );
    assert!(
        service
            .due_calls(&record, WORKER + 1, NOW, &mut shared())
            .is_empty()
    );
}

/// Sends the metrics; gives how many points they are.
fn send_metrics(service: &mut Service, now: Now) -> u64 {
    let mut record = Record::new(1, [1; 16]);
    publish(service, &mut record);
    let calls = service.due_calls(&record, WORKER, now, &mut shared());
    let call = calls.iter().find(|call| call.signal == Signal::Metrics);
    let call = call.unwrap();
    service.called(call, ROOT, Some(5), now, 0);
    u64::try_from(call.items).unwrap()
}

/// produced, exported, dropped as superseded, dropped in all, waiting
fn points(service: &Service) -> [u64; 5] {
    let flow = &service.ledger.metric_points;
    let dropped = flow.dropped.iter().sum();
    let superseded = flow.dropped[Drop::Superseded as usize];
    let queued = service.queued().metric_points;
    assert_eq!(flow.produced, flow.exported + dropped + queued);
    [flow.produced, flow.exported, superseded, dropped, queued]
}

#[test]
fn metric_points_are_delivered_refused_or_superseded() {
    let mut service = service();
    let one = send_metrics(&mut service, NOW);
    assert_eq!(points(&service), [one, 0, 0, 0, one], "under way");
    let partly = Answer {
        rejected: 2,
        ..answer(200)
    };
    service.answered(ROOT, 5, &partly, NOW, 0, &mut shared());
    assert_eq!(points(&service), [one, one - 2, 0, 2, 0]);
    send_metrics(&mut service, later(60));
    service.answered(ROOT, 5, &answer(503), later(60), 0, &mut shared());
    assert_eq!(points(&service)[2..], [one, one + 2, 0], "said again later");
    send_metrics(&mut service, later(120));
    service.answered(ROOT, 5, &answer(400), later(120), 0, &mut shared());
    assert_eq!(points(&service)[2..], [one, 2 * one + 2, 0], "for good");
    send_metrics(&mut service, later(300));
    service.enter(2, settings(r#", "export": {"cluster": "other"}"#), NOW);
    service.leave(ROOT);
    assert_eq!(points(&service)[2..], [2 * one, 3 * one + 2, 0], "a reload");
    send_metrics(&mut service, later(400));
    // The proxy forgot the call.
    send_metrics(&mut service, later(2000));
    assert_eq!(points(&service)[2], 3 * one);
}

#[test]
fn points_under_way_end_with_the_worker() {
    let mut service = service();
    let one = send_metrics(&mut service, NOW);
    assert!(service.leave(ROOT));
    let dropped = service.ledger.metric_points.dropped;
    assert_eq!(dropped[Drop::Shutdown as usize], one);
    assert_eq!(points(&service), [one, 0, 0, one, 0]);
}

#[test]
fn without_an_export_nothing_is_sent() {
    let settings = settings("");
    let mut service = Service::new(&settings);
    service.enter(ROOT, settings, NOW);
    let mut record = Record::new(1, [1; 16]);
    publish(&service, &mut record);
    assert!(!record.is_leader(WORKER));
    assert!(
        service
            .due_calls(&record, WORKER, NOW, &mut shared())
            .is_empty()
    );
}

#[test]
fn much_that_waits_asks_for_a_tick_once_and_goes_on_with_each_answer() {
    let mut service = service();
    let fill = |service: &mut Service| {
        let mut pushed = 0;
        while !service.asks_for_hurry(ROOT) && pushed < 2000 {
            record_spans(service, 1);
            pushed += 1;
        }
        pushed
    };
    assert!((100..500).contains(&fill(&mut service)));
    assert_eq!(fill(&mut service), 2000, "it was said already");
    // Only the tick that was asked for sets its own period right again.
    assert!(!service.take_hurry(9));
    assert!(service.take_hurry(ROOT) && !service.take_hurry(ROOT));
    assert!(service.calls_between(NOW).is_empty(), "nothing published");
    service.instance = Some([1; 16]);
    let call = service.calls_between(NOW).pop().unwrap();
    assert!(call.items < 1500, "a batch");
    service.called(&call, ROOT, Some(5), NOW, 0);
    assert!(!service.asks_for_hurry(ROOT), "an answer will go on");
    service.answered(ROOT, 5, &answer(200), NOW, 0, &mut shared());
    assert!(service.is_pressed(), "the rest is still much");
    let call = service.calls_between(NOW).pop().unwrap();
    service.called(&call, ROOT, Some(6), NOW, 0);
    service.answered(ROOT, 6, &answer(503), NOW, 0, &mut shared());
    assert!(!service.is_pressed(), "a receiver that fails is left alone");
    assert!(service.calls_between(NOW).is_empty());
}

#[test]
fn who_was_asked_to_hurry_and_is_gone_keeps_nobody_from_it() {
    let mut service = service();
    service.enter(2, settings(r#", "export": {"cluster": "otel"}"#), NOW);
    while !service.asks_for_hurry(ROOT) {
        record_spans(&mut service, 9);
    }
    assert!(!service.asks_for_hurry(2), "somebody hurries");
    service.leave(ROOT);
    assert!(service.asks_for_hurry(2));
}
