//! Log records and their export, beside those of the other signals.

use super::*;
use crate::access_log::Logged;
use crate::plugin::StreamInfo;
use crate::session::End;
use crate::texts::Texts;

#[test]
fn log_records_go_their_own_way() {
    let settings = settings(r#", "export": {"cluster": "otel"}, "logs": {"access": "otlp"}"#);
    let mut service = Service::new(&settings);
    service.enter(ROOT, Rc::clone(&settings), NOW);
    service.record_span(&span(b"/a"), &settings);
    let end = End::default();
    let texts = Rc::new(Texts::default());
    for _ in 0..3 {
        let logged = Logged::decide(&settings, None, 0, &end, 0, Some(&texts));
        service.record_access(logged, &settings, &mut Silent);
    }
    let mut record = Record::new(1, [1; 16]);
    publish(&service, &mut record);
    assert_eq!((record.queued().spans, record.queued().log_records), (1, 3));
    let calls = service.due_calls(&record, WORKER, NOW, &mut shared());
    let export = settings.export.as_ref().unwrap();
    let paths: Vec<_> = calls.iter().map(|call| call.path(export)).collect();
    assert_eq!(paths, ["/v1/traces", "/v1/logs", "/v1/metrics"]);
    for (token, call) in (5..).zip(&calls) {
        service.called(call, ROOT, Some(token), NOW, 0);
    }
    // Each has its own fate and its own pauses.
    service.answered(ROOT, 5, &answer(503), NOW, 0, &mut shared());
    let partly = Answer {
        rejected: 1,
        ..answer(200)
    };
    service.answered(ROOT, 6, &partly, NOW, 0, &mut shared());
    let records = &service.ledger.log_records;
    assert_eq!((records.produced, records.exported), (3, 2));
    assert_eq!(records.dropped[Drop::Rejected as usize], 1);
    assert_eq!(
        (service.queued().spans, service.queued().log_records),
        (1, 0)
    );
    assert!(service.traces.is_failing() && !service.logs.is_failing());

    let more = Logged::decide(&settings, None, 0, &end, 0, Some(&texts));
    service.record_access(more, &settings, &mut Silent);
    service.drop_queues();
    let dropped = &service.ledger.log_records.dropped;
    assert_eq!(dropped[Drop::Shutdown as usize], 1);
}

/// A request that the proxy tells nothing of.
struct Silent;

impl StreamInfo for Silent {
    fn status(&mut self) -> Option<u16> {
        None
    }
    fn duration_nanos(&mut self) -> Option<u64> {
        None
    }
    fn response_header(&mut self, _: &str) -> Option<Vec<u8>> {
        None
    }
    fn route_name(&mut self) -> Vec<u8> {
        Vec::new()
    }
    fn protocol(&mut self) -> Vec<u8> {
        Vec::new()
    }
    fn request_headers(&mut self) -> Vec<u8> {
        Vec::new()
    }
    fn now_unix_nanos(&mut self) -> u64 {
        0
    }
    fn response_flags(&mut self) -> u64 {
        0
    }
    fn request_bytes(&mut self) -> u64 {
        0
    }
    fn response_bytes(&mut self) -> u64 {
        0
    }
    fn source_address(&mut self) -> Vec<u8> {
        Vec::new()
    }
    fn log_line(&mut self, line: &str) {
        panic!("no line was asked for: {line}");
    }
}
