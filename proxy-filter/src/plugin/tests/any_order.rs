//! Whatever a proxy does, in whatever order.

use super::*;
use proptest::prelude::*;

/// What a proxy may do with contexts 0 to 7.
#[derive(Clone, Debug)]
enum Step {
    Create(u32),
    Request(u32, Vec<(usize, Vec<u8>)>),
    Respond(u32),
    End(u32, u16),
    Delete(u32),
    Tick,
}

fn step() -> impl Strategy<Value = Step> {
    let stream = || 10u32..18;
    let line = (0usize..8, proptest::collection::vec(any::<u8>(), 0..30));
    prop_oneof![
        stream().prop_map(Step::Create),
        (stream(), proptest::collection::vec(line, 0..8))
            .prop_map(|(stream, lines)| Step::Request(stream, lines)),
        stream().prop_map(Step::Respond),
        (stream(), any::<u16>()).prop_map(|(stream, status)| Step::End(stream, status)),
        stream().prop_map(Step::Delete),
        Just(Step::Tick),
    ]
}

proptest! {
    #[test]
    fn whatever_the_proxy_does_in_progress_returns_to_zero(steps in proptest::collection::vec(step(), 0..60)) {
        const NAMES: [&str; 8] = [":method", ":path", ":authority", "x-request-id", "traceparent", "tracestate", "accept", "user-agent"];
        let mut worker = Worker::new();
        for step in steps {
            match step {
                Step::Create(stream) => worker.plugin.create_stream(stream, ROOT),
                Step::Request(stream, lines) => {
                    let headers: Vec<_> = lines.iter().map(|(name, value)| (NAMES[*name], value.as_slice())).collect();
                    worker.request(stream, &headers);
                }
                Step::Respond(stream) => worker.plugin.response(stream, &mut |_| {}),
                Step::End(stream, status) => worker.end(stream, status),
                Step::Delete(stream) => worker.delete(stream),
                Step::Tick => {
                    worker.plugin.tick(ROOT, NOW, &mut worker.shared, &mut entropy);
                }
            }
        }
        for stream in 10..18 {
            worker.delete(stream);
        }
        prop_assert_eq!(worker.total("http_requests_in_progress"), 0.0);
        let counted = worker.total("http_requests_total");
        prop_assert_eq!(worker.total("http_request_duration_seconds_count"), counted);
        let produced = worker.total("sightline_edge_spans_produced_total");
        let queued = worker.total("sightline_edge_spans_queued");
        prop_assert_eq!(produced, queued + worker.total("sightline_edge_spans_dropped_total"));
    }

    #[test]
    fn any_header_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut worker = Worker::new();
        worker.plugin.create_stream(2, ROOT);
        worker.take_up(2, &bytes, &mut |_| {});
        worker.delete(2);
        prop_assert_eq!(worker.total("http_requests_in_progress"), 0.0);
    }
}
