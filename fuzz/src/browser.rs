//! What a page tells the engine: inputs and calls in any order, any numbers and
//! any texts.

use arbitrary::{Arbitrary, Unstructured};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use sightline_browser::input::{Input, KINDS, Reader};
use sightline_browser::outbox::{Answer, Need};
use sightline_browser::page::PageStart;
use sightline_browser::session::{Options, Session};
use sightline_browser::session_id::Stored;

#[derive(Debug, Arbitrary)]
enum Step<'a> {
    Input(u8, Vec<f64>, &'a str),
    Next(f64, f64, bool),
    Settled {
        id: u8,
        status: u32,
        retry_after_ms: f64,
        chance: f64,
        rejected: u32,
        now_ms: f64,
    },
    Restore(f64, u32, &'a [u8]),
    Join(f64, &'a str, f64, f64, [u8; 16]),
}

#[derive(Debug, Arbitrary)]
struct Start<'a> {
    texts: [&'a str; 8],
    numbers: [f64; 3],
    has_metrics: bool,
    entropy: [u8; 8],
}

pub fn browser(bytes: &[u8]) {
    let mut unstructured = Unstructured::new(bytes);
    let Ok(start) = Start::arbitrary(&mut unstructured) else {
        return;
    };
    let [
        service_name,
        service_version,
        environment,
        routes,
        url,
        navigation_type,
        traceparent,
        parent,
    ] = start.texts;
    let [origin_unix_ms, activation_ms, hidden_ms] = start.numbers;
    let has_metrics = start.has_metrics;
    let options = Options {
        service_name,
        service_version,
        environment,
        routes,
        has_metrics,
        origin_unix_ms,
    };
    let entropy = start.entropy;
    let start = PageStart {
        url,
        navigation_type,
        traceparent,
        parent,
        activation_ms,
        hidden_ms,
        entropy,
    };
    let mut session = Session::new(&options, &start);
    let mut has_restored = false;
    for _ in 0..200 {
        if unstructured.is_empty() {
            break;
        }
        match Step::arbitrary(&mut unstructured) {
            Ok(step) => {
                has_restored |= matches!(step, Step::Restore(..));
                run(&mut session, step);
            }
            Err(_) => break,
        }
    }
    loop {
        let batch = session.next(Need::Now, 1e9, false);
        let Some((head, body)) = batch
            .split_at_checked(12)
            .filter(|(_, body)| !body.is_empty())
        else {
            break;
        };
        // What was restored is as it was.
        if !has_restored {
            assert_otlp(head[4], body);
        }
    }
}

/// Whatever came in, a collector can read what goes out.
fn assert_otlp(signal: u8, body: &[u8]) {
    // One that was asked for compressed stays so.
    if body.starts_with(&[0x1f, 0x8b]) {
        return;
    }
    let read = match signal {
        0 => ExportLogsServiceRequest::decode(body).map(drop),
        1 => ExportTraceServiceRequest::decode(body).map(drop),
        _ => ExportMetricsServiceRequest::decode(body).map(drop),
    };
    assert_eq!(read, Ok(()));
}

fn run(session: &mut Session, step: Step<'_>) {
    match step {
        Step::Input(kind, numbers, texts) => {
            let kind = kind % (KINDS.len() as u8 + 1);
            if let Some(input) = Input::read(kind, &mut Reader::new(&numbers, texts)) {
                session.on(input);
            }
        }
        Step::Next(need, now_ms, gzips) => {
            let _ = session.next(Need::of(need), now_ms, gzips);
        }
        Step::Settled {
            id,
            status,
            retry_after_ms,
            chance,
            rejected,
            now_ms,
        } => {
            let answer = Answer {
                status,
                retry_after_ms,
                chance,
                rejected,
            };
            session.on_settled(u32::from(id), answer, now_ms);
        }
        Step::Restore(signal, count, body) => session.restore(signal, count, body),
        Step::Join(now_ms, id, start_ms, last_ms, entropy) => {
            let stored = Stored {
                id,
                start_ms,
                last_ms,
            };
            session.join(now_ms, &stored, entropy);
        }
    }
}
