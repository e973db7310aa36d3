//! Which exports are due, and what they carry.

use super::Service;
use crate::config::Export;
use crate::exported::Exported;
use crate::exporter::Exporter;
use crate::families::families;
use crate::metrics_export::{self, Period};
use crate::now::Now;
use crate::queue::{MAX_BATCH_BYTES, Queue};
use crate::record::{Record, WorkerId};
use crate::resource::Resource;
use crate::shared_data::SharedData;
use crate::signal::{ExportCall, Signal};
use sightline_core::otlp::Temporality;
use std::rc::Rc;

impl Service {
    /// Whether so much waits that it shall not wait for the next tick of this
    /// context. Says so once, until that tick takes it by [`Self::take_hurry`].
    pub fn asks_for_hurry(&mut self, root: u32) -> bool {
        if self.hurried.is_some() || !self.waits(early) {
            return false;
        }
        self.hurried = Some(root);
        true
    }

    /// Whether this context was asked to hurry.
    pub fn take_hurry(&mut self, root: u32) -> bool {
        self.hurried.take_if(|hurried| *hurried == root).is_some()
    }

    /// Whether so much waits that the next export shall follow an answer at once.
    pub fn is_pressed(&self) -> bool {
        self.waits(|export| most(export, MAX_BATCH_BYTES / 2))
    }

    /// Whether so many bytes wait and can be sent.
    fn waits(&self, least: impl FnOnce(&Export) -> usize) -> bool {
        let Some(least) = self.export().map(least) else {
            return false;
        };
        let waits = |bytes, exporter: &Exporter| bytes >= least && exporter.is_idle();
        waits(self.spans.bytes(), &self.traces) || waits(self.log_records.bytes(), &self.logs)
    }

    /// The exports of spans and log records that are due, between two publishings.
    pub fn calls_between(&mut self, now: Now) -> Vec<ExportCall> {
        let instance = self.instance;
        instance.map_or_else(Vec::new, |instance| self.due_queues(instance, now))
    }

    fn due_queues(&mut self, instance: [u8; 16], now: Now) -> Vec<ExportCall> {
        let mut calls = Vec::new();
        let Some(settings) = self.settings().cloned() else {
            return calls;
        };
        let Some(export) = &settings.export else {
            return calls;
        };
        let resource = Resource::new(&settings.service, instance);
        let mut add = |signal, items, bytes: &[u8]| {
            calls.push(ExportCall {
                signal,
                items,
                to: Rc::clone(&settings),
                body: resource.export_request(bytes),
            });
        };
        let early = early(export);
        if is_due(&self.spans, &mut self.traces, early, now)
            && let Some((items, bytes)) = self.spans.batch()
        {
            add(Signal::Traces, items, bytes);
        }
        if is_due(&self.log_records, &mut self.logs, early, now)
            && let Some((items, bytes)) = self.log_records.batch()
        {
            add(Signal::Logs, items, bytes);
        }
        calls
    }

    /// The export requests that are due, after publishing.
    pub fn due_calls(
        &mut self,
        record: &Record,
        worker: WorkerId,
        now: Now,
        shared: &mut dyn SharedData,
    ) -> Vec<ExportCall> {
        let mut calls = self.due_queues(record.instance, now);
        let Some(settings) = self.settings().cloned() else {
            return calls;
        };
        let Some(export) = &settings.export else {
            return calls;
        };
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
            let resource = Resource::new(&settings.service, record.instance);
            calls.push(ExportCall {
                signal: Signal::Metrics,
                items: points,
                to: Rc::clone(&settings),
                body: resource.export_request(&items),
            });
        }
        calls
    }
}

/// From so many bytes on a queue does not wait for the interval: a hundred and
/// some requests. With more at a time a worker does nothing else for longer than
/// a request takes, and so does a small receiver; with less the calls cost more
/// than what they carry.
const EARLY_BYTES: usize = 1 << 16;

fn early(export: &Export) -> usize {
    most(export, EARLY_BYTES)
}

/// So many bytes, or as many as there may be before the queue is in danger.
fn most(export: &Export, bytes: usize) -> usize {
    (export.max_queue_bytes / 2).min(bytes)
}

/// Whether an export of what waits shall start now.
fn is_due(queue: &Queue, exporter: &mut Exporter, early: usize, now: Now) -> bool {
    if queue.bytes() >= early {
        exporter.hurry();
    }
    !queue.is_empty() && exporter.is_ready(now.monotonic_nanos)
}
