//! A store of traces and logs that can be down.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use prost::Message;
use sightline_tests::http_server::{Answer, HttpServer, Request};
use std::collections::BTreeSet;
use std::io::Read;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A store that takes traces and logs, when it is up.
#[derive(Debug, Default)]
pub struct Store {
    /// Whether it takes anything; 503 otherwise.
    pub is_up: AtomicBool,
    /// The log records that it has: the number that an event has as its name, or
    /// the id of the span that a record belongs to.
    pub logs: Mutex<BTreeSet<u64>>,
    /// Ids of the spans that it has.
    pub traces: Mutex<BTreeSet<u64>>,
    /// How many log records and spans came: each as often as it did.
    pub log_records: AtomicUsize,
    pub spans: AtomicUsize,
}

impl Store {
    /// One that is down, and its server.
    pub fn start() -> (Arc<Self>, HttpServer) {
        let store = Arc::new(Self::default());
        let takes = Arc::clone(&store);
        let answer =
            move |request: &Request| Answer::new(takes.take(request.path(), &request.body), "");
        (store, HttpServer::start(answer).unwrap())
    }

    fn take(&self, path: &str, body: &[u8]) -> u16 {
        if !self.is_up.load(Ordering::SeqCst) {
            return 503;
        }
        let mut bytes = Vec::new();
        let mut gzip = flate2::read::GzDecoder::new(body);
        gzip.read_to_end(&mut bytes).unwrap();
        if path == "/v1/logs" {
            let request = ExportLogsServiceRequest::decode(bytes.as_slice()).unwrap();
            let scopes = request.resource_logs.into_iter();
            let scopes = scopes.flat_map(|resource| resource.scope_logs);
            let records: Vec<_> = scopes.flat_map(|scope| scope.log_records).collect();
            self.log_records.fetch_add(records.len(), Ordering::SeqCst);
            self.logs.lock().unwrap().extend(
                records.iter().map(|record| {
                    number(&record.event_name).unwrap_or_else(|| id(&record.span_id))
                }),
            );
        } else {
            let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
            let scopes = request.resource_spans.into_iter();
            let scopes = scopes.flat_map(|resource| resource.scope_spans);
            let spans: Vec<_> = scopes.flat_map(|scope| scope.spans).collect();
            self.spans.fetch_add(spans.len(), Ordering::SeqCst);
            self.traces
                .lock()
                .unwrap()
                .extend(spans.iter().map(|span| id(&span.span_id)));
        }
        200
    }
}

/// The number of what is named `n7`.
pub fn number(name: &str) -> Option<u64> {
    name.strip_prefix('n')?.parse().ok()
}

fn id(span_id: &[u8]) -> u64 {
    u64::from_be_bytes(span_id.try_into().unwrap())
}
