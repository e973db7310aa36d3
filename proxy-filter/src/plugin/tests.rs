//! A worker's filter as the proxy drives it: contexts come and go in any order.

use super::*;
use crate::header_map::serialize;
use crate::ledger::Queued;
use crate::shared_data;
use crate::shared_data::tests::EnvoySharedData;

mod access_log;
mod any_order;
mod business;
mod health;
mod info;
mod ingested;

use info::Info;

const NOW: Now = Now {
    unix_nanos: 1_700_000_000_000_000_000,
    monotonic_nanos: 1_000_000_000,
};
const ROOT: u32 = 1;
const DOCUMENT: &[u8] = br#"{
    "service": {"name": "edge"},
    "routes": ["/products/{id}"],
    "metrics": {"path": "/sightline/metrics"},
    "export": {"cluster": "otel"}
}"#;

fn entropy(buffer: &mut [u8]) {
    buffer.fill(7);
}

struct Worker {
    plugin: Plugin,
    shared: EnvoySharedData,
    has_body: bool,
}

impl Worker {
    fn new() -> Self {
        let mut worker = Self {
            plugin: Plugin::default(),
            shared: EnvoySharedData::default(),
            has_body: true,
        };
        worker.configure(ROOT, DOCUMENT).unwrap();
        worker
    }

    fn configure(&mut self, root: u32, document: &[u8]) -> Result<u64, String> {
        self.plugin
            .configure(root, document, NOW, &mut self.shared, &mut entropy)
    }

    fn request(&mut self, stream: u32, headers: &[(&str, &[u8])]) -> Decision {
        self.take_up(stream, &serialize(headers), &mut |_| {})
    }

    fn take_up(&mut self, stream: u32, bytes: &[u8], emit: &mut dyn FnMut(Effect<'_>)) -> Decision {
        let proxy = Proxy {
            now_unix_nanos: NOW.unix_nanos,
            has_body: self.has_body,
            shared: &mut self.shared,
            source_address: &mut Vec::new,
            route_name: &mut Vec::new,
            entropy: &mut entropy,
        };
        self.plugin.request(stream, bytes, proxy, emit)
    }

    fn end(&mut self, stream: u32, status: u16) {
        let mut info = Info {
            status: (status > 0).then_some(status),
            duration_nanos: Some(1_000_000),
            ..Info::default()
        };
        self.plugin.end(stream, &mut info);
    }

    fn delete(&mut self, context: u32) {
        let shared = &mut self.shared;
        self.plugin
            .delete(context, &mut Info::default(), || NOW, shared, &mut entropy);
    }

    fn page(&mut self) -> String {
        self.plugin.create_stream(u32::MAX, ROOT);
        let form = Form::OpenMetrics;
        let page = self
            .plugin
            .page(u32::MAX, form, NOW, &mut self.shared, &mut entropy);
        self.delete(u32::MAX);
        page.unwrap()
    }

    /// The sum of a metric's samples on the page.
    fn total(&mut self, metric: &str) -> f64 {
        let page = self.page();
        let samples = page.lines().filter(|line| {
            line.strip_prefix(metric)
                .is_some_and(|rest| rest.starts_with(['{', ' ']))
        });
        samples
            .map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap())
            .sum()
    }
}

const GET: [(&str, &[u8]); 2] = [(":method", b"GET"), (":path", b"/products/7")];

#[test]
fn a_request_is_counted_when_it_ends_and_in_progress_until_then() {
    let mut worker = Worker::new();
    worker.plugin.create_stream(2, ROOT);
    assert_eq!(worker.request(2, &GET), Decision::Continue);
    assert_eq!(worker.total("http_requests_in_progress"), 1.0);
    assert_eq!(worker.total("http_requests_total"), 0.0);
    worker.end(2, 200);
    worker.delete(2);
    assert_eq!(worker.total("http_requests_in_progress"), 0.0);
    assert!(worker.page().contains(
        r#"http_requests_total{method="GET",endpoint="/products/{id}",status_code="200"} 1"#
    ));
    assert_eq!(worker.total("sightline_edge_spans_queued"), 1.0);
}

#[test]
fn a_request_that_is_never_said_to_have_ended_ends_with_its_context() {
    let mut worker = Worker::new();
    worker.plugin.create_stream(2, ROOT);
    worker.request(2, &GET);
    worker.delete(2);
    assert_eq!(worker.total("http_requests_in_progress"), 0.0);
    assert!(worker.page().contains("status_code=\"0\"} 1"));
    assert!(
        worker.page().contains(r#"le="0.025"} 0"#),
        "30 ms by the clock"
    );
    assert!(worker.page().contains(r#"le="0.05"} 1"#));
}

#[test]
fn requests_that_the_filter_never_saw_count_by_what_was_answered() {
    let mut worker = Worker::new();
    // The codec's own 400: nothing is known.
    worker.plugin.create_stream(2, ROOT);
    worker.end(2, 400);
    worker.delete(2);
    // An earlier filter's 429: the headers are known at the end.
    worker.plugin.create_stream(3, ROOT);
    let mut info = Info {
        status: Some(429),
        headers: serialize(&GET),
        ..Info::default()
    };
    worker.plugin.end(3, &mut info);
    worker.delete(3);
    // The same for an excluded path counts nowhere.
    worker.plugin.create_stream(4, ROOT);
    info.headers = serialize(&[(":path", b"/sightline/v1/traces")]);
    worker.plugin.end(4, &mut info);
    // A context without a request.
    worker.plugin.create_stream(5, ROOT);
    worker.delete(5);
    let page = worker.page();
    for line in [
        r#"http_requests_total{method="_OTHER",endpoint="_unknown",status_code="400"} 1"#,
        r#"http_requests_total{method="GET",endpoint="/products/{id}",status_code="429"} 1"#,
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
    assert_eq!(worker.total("http_requests_total"), 2.0);
    assert_eq!(worker.total("http_requests_in_progress"), 0.0);
    assert_eq!(worker.total("sightline_edge_spans_produced_total"), 0.0);
}

#[test]
fn excluded_paths_and_the_page_itself_leave_no_trace() {
    let mut worker = Worker::new();
    for (path, decision) in [
        (&b"/sightline/v1/traces"[..], Decision::Continue),
        (
            b"/sightline/metrics",
            Decision::AnswerWithPage(Form::Prometheus),
        ),
    ] {
        worker.plugin.create_stream(2, ROOT);
        let bytes = serialize(&[(":method", b"GET"), (":path", path)]);
        let mut effects = 0;
        let got = worker.take_up(2, &bytes, &mut |_| effects += 1);
        worker.plugin.response(2, &mut |_| effects += 1);
        assert_eq!((got, effects), (decision, 0));
        worker.end(2, 200);
        worker.delete(2);
    }
    assert_eq!(worker.total("http_requests_total"), 0.0);
}

#[test]
fn counts_survive_a_reload_and_the_old_configuration_ends_what_it_began() {
    let mut worker = Worker::new();
    worker.plugin.create_stream(2, ROOT);
    worker.request(2, &GET);
    worker
        .configure(
            9,
            br#"{"service": {"name": "edge", "version": "2"}, "metrics": {"path": "/m"}}"#,
        )
        .unwrap();
    worker.plugin.create_stream(10, 9);
    worker.request(10, &GET);
    worker.end(2, 200);
    worker.delete(2);
    worker.delete(ROOT);
    worker.end(10, 200);
    worker.delete(10);
    worker.configure(ROOT, DOCUMENT).unwrap();
    assert_eq!(worker.total("http_requests_total"), 2.0);
    assert_eq!(worker.total("http_requests_in_progress"), 0.0);
}

#[test]
fn a_bad_configuration_changes_nothing() {
    let mut worker = Worker::new();
    let message = worker
        .configure(ROOT, br#"{"service": {}, "exprt": {}}"#)
        .unwrap_err();
    assert!(
        message.contains("2 problem")
            && message.contains("exprt")
            && message.contains("service.name")
    );
    assert!(!message.contains('\n'), "one line");
    worker.plugin.create_stream(2, ROOT);
    worker.request(2, &GET);
    worker.end(2, 200);
    assert_eq!(worker.total("http_requests_total"), 1.0);
}

#[test]
fn who_sends_no_body_is_not_asked_for_its_size() {
    let mut worker = Worker::new();
    for has_body in [true, false] {
        worker.has_body = has_body;
        worker.plugin.create_stream(2, ROOT);
        worker.request(2, &GET);
        worker.end(2, 200);
        worker.delete(2);
    }
    let bytes = worker.total("http_request_bytes_total");
    assert_eq!(bytes, 10.0, "of the first one only");
}

#[test]
fn services_are_counted_apart() {
    let mut worker = Worker::new();
    worker
        .configure(9, br#"{"service": {"name": "edge-api"}}"#)
        .unwrap();
    worker.plugin.create_stream(2, 9);
    worker.request(2, &GET);
    worker.end(2, 200);
    assert_eq!(worker.total("http_requests_total"), 0.0);
    assert!(
        worker
            .plugin
            .tick(9, NOW, &mut worker.shared, &mut entropy)
            .calls
            .is_empty(),
        "it exports nothing"
    );
    let key = shared_data::record_key(None, "edge-api");
    assert_eq!(
        publishing::read(&mut worker.shared, &key)
            .unwrap()
            .series()
            .len(),
        1
    );
}

#[test]
fn the_last_context_publishes_what_is_left() {
    let mut worker = Worker::new();
    worker.plugin.create_stream(2, ROOT);
    worker.request(2, &GET);
    worker.end(2, 200);
    worker.delete(2);
    worker.delete(ROOT);
    let key = shared_data::record_key(None, "edge");
    let record = publishing::read(&mut worker.shared, &key).unwrap();
    assert_eq!(record.series()[0].finished.requests(), 1);
    assert_eq!(
        (
            record.ledger.spans.produced,
            record.ledger.spans.dropped.iter().sum::<u64>()
        ),
        (1, 1)
    );
    assert_eq!(record.queued(), Queued::default());
}

#[test]
fn a_tick_exports_for_the_latest_configuration_only() {
    let mut worker = Worker::new();
    worker.configure(9, DOCUMENT).unwrap();
    assert!(
        worker
            .plugin
            .tick(ROOT, NOW, &mut worker.shared, &mut entropy)
            .calls
            .is_empty()
    );
    let calls = worker
        .plugin
        .tick(9, NOW, &mut worker.shared, &mut entropy)
        .calls;
    assert_eq!(calls.len(), 1, "metrics");
    assert!(
        worker
            .plugin
            .tick(77, NOW, &mut worker.shared, &mut entropy)
            .calls
            .is_empty(),
        "unknown"
    );
}

#[test]
fn ticks_are_often_enough_and_spread() {
    for (export, millis) in [
        ("", 1000),
        (r#", "export": {"cluster": "c", "interval_ms": 200}"#, 200),
    ] {
        let document = format!(r#"{{"service": {{"name": "edge"}}{export}}}"#);
        let tick = Worker::new().configure(3, document.as_bytes()).unwrap();
        assert!((millis * 3 / 4..=millis).contains(&tick), "{tick}");
    }
}
