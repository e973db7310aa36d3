//! Which exports are due, and what they carry.

use super::Service;
use crate::exported::Exported;
use crate::exporter::Exporter;
use crate::families::families;
use crate::metrics_export::{self, Period};
use crate::now::Now;
use crate::queue::{Context, Item, Queue};
use crate::record::{Record, WorkerId};
use crate::resource::Resource;
use crate::shared_data::SharedData;
use crate::signal::{ExportCall, Signal};
use sightline_core::otlp::Temporality;
use std::rc::Rc;

impl Service {
    /// The export requests that are due, after publishing.
    pub fn due_calls(
        &mut self,
        record: &Record,
        worker: WorkerId,
        now: Now,
        shared: &mut dyn SharedData,
    ) -> Vec<ExportCall> {
        let mut calls = Vec::new();
        let Some(settings) = self.settings().cloned() else {
            return calls;
        };
        let Some(export) = &settings.export else {
            return calls;
        };
        let resource = Resource::new(&settings.service, record.instance);
        let mut add = |signal, items, bytes: &[u8]| {
            calls.push(ExportCall {
                signal,
                items,
                to: Rc::clone(&settings),
                body: resource.export_request(bytes),
            });
        };
        let request_id_key = ["http.request.header.", &settings.request_id_header].concat();
        let context = Context {
            red: &self.red,
            request_id_key: &request_id_key,
        };
        let hurry_from = export.max_queue_bytes / 2;
        if is_due(&self.spans, &mut self.traces, hurry_from, now) {
            let batch = self.spans.batch(&context);
            add(Signal::Traces, batch.items, &batch.bytes);
        }
        if is_due(&self.log_records, &mut self.logs, hurry_from, now) {
            let batch = self.log_records.batch(&context);
            add(Signal::Logs, batch.items, &batch.bytes);
        }
        if record.is_leader(worker) && self.metrics.is_ready(now.monotonic_nanos) {
            let temporality = export.temporality;
            let is_delta = temporality == Temporality::Delta;
            let before = is_delta
                .then(|| Exported::read(shared, &self.key))
                .flatten();
            let before = before.filter(|before| before.record.instance == record.instance);
            let since = before.as_ref().map(|before| record.since(&before.record));
            let families = families(since.as_ref().unwrap_or(record), settings.naming, now);
            let period = Period {
                temporality,
                start_unix_nanos: before.map_or(record.start_unix_nanos, |it| it.unix_nanos),
                unix_nanos: now.unix_nanos,
            };
            let (items, points) = metrics_export::items(families, period);
            self.exported = is_delta.then(|| Exported {
                unix_nanos: now.unix_nanos,
                record: record.clone(),
            });
            add(Signal::Metrics, points, &items);
        }
        calls
    }
}

/// Whether an export of what waits shall start now; a queue that fills up does
/// not wait for the interval.
fn is_due<T: Item>(queue: &Queue<T>, exporter: &mut Exporter, hurry_from: usize, now: Now) -> bool {
    if queue.bytes() >= hurry_from {
        exporter.hurry();
    }
    !queue.is_empty() && exporter.is_ready(now.monotonic_nanos)
}
