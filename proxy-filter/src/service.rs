//! One service in one worker: what was counted since the last publishing, the
//! spans that wait, and the exports. It lives as long as any configuration
//! names the service, so that a reload loses nothing.

use crate::config::{Export, Settings};
use crate::exporter::{Answer, Exporter, UnderWay, Verdict};
use crate::finished_span::FinishedSpan;
use crate::ledger::{Drop, FAILURES, Failure, Ledger};
use crate::metrics_export;
use crate::publishing::{self, Now};
use crate::record::{Contribution, Record, WorkerId};
use crate::red::{Limits, Red};
use crate::resource::Resource;
use crate::span_queue::SpanQueue;
use sightline_core::names;
use std::rc::Rc;

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Spans of this worker.
    Traces,
    /// Metrics of all workers.
    Metrics,
}

/// An export request to send.
#[derive(Debug)]
pub struct Call {
    /// What it carries.
    pub signal: Signal,
    /// How many spans.
    pub spans: usize,
    /// Where it goes.
    pub to: Rc<Settings>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Call {
    /// The path to post to.
    pub fn path<'a>(&self, export: &'a Export) -> &'a str {
        match self.signal {
            Signal::Traces => &export.traces_path,
            Signal::Metrics => &export.metrics_path,
        }
    }
}

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Its key in shared data.
    pub key: String,
    /// The contexts that have this service, the latest last, with what they
    /// were configured to do.
    roots: Vec<(u32, Rc<Settings>)>,
    /// What was counted of requests.
    pub red: Red,
    ledger: Ledger,
    queue: SpanQueue,
    traces: Exporter,
    metrics: Exporter,
    /// The record that was published to last.
    instance: Option<[u8; 16]>,
}

impl Service {
    /// A service that nothing is known of yet.
    pub fn new(settings: &Settings) -> Self {
        let service = &settings.service;
        Self {
            key: publishing::key(service.namespace.as_deref(), &service.name),
            roots: Vec::new(),
            red: Red::default(),
            ledger: Ledger::default(),
            queue: SpanQueue::default(),
            traces: Exporter::default(),
            metrics: Exporter::default(),
            instance: None,
        }
    }

    /// A context is configured to have this service; what it says counts from now on.
    pub fn enter(&mut self, root: u32, settings: Rc<Settings>) {
        self.roots.retain(|(known, _)| *known != root);
        self.roots.push((root, settings));
    }

    /// A context ends, and with it its calls. Says whether it was the last.
    pub fn leave(&mut self, root: u32) -> bool {
        for exporter in [&mut self.traces, &mut self.metrics] {
            if exporter.under_way().is_some_and(|call| call.root == root) {
                exporter.cancelled();
            }
        }
        self.roots.retain(|(known, _)| *known != root);
        self.roots.is_empty()
    }

    /// The context that acts for the service.
    pub fn owner(&self) -> Option<u32> {
        self.roots.last().map(|(root, _)| *root)
    }

    fn settings(&self) -> Option<&Rc<Settings>> {
        self.roots.last().map(|(_, settings)| settings)
    }

    /// Nobody publishes for a service that nobody has.
    fn limits(&self) -> Limits {
        self.settings()
            .map_or(Limits::NONE, |settings| settings.limits)
    }

    fn export(&self) -> Option<&Export> {
        self.settings()?.export.as_ref()
    }

    /// A span has ended.
    pub fn record_span(&mut self, span: FinishedSpan, max_queue_bytes: usize) {
        self.ledger.produced = self.ledger.produced.saturating_add(1);
        if !self.queue.push(span, max_queue_bytes) {
            self.ledger.drop(Drop::QueueFull, 1);
        }
    }

    /// The worker ends: what waits is given up.
    pub fn drop_queue(&mut self) {
        let spans = self.queue.remove(usize::MAX);
        self.ledger.drop(Drop::Shutdown, spans);
    }

    /// What this worker adds to the record.
    pub fn contribution(&self, worker: WorkerId, now: Now, is_last: bool) -> Contribution<'_> {
        Contribution {
            worker,
            now_nanos: now.monotonic_nanos,
            red: &self.red,
            ledger: &self.ledger,
            queued: u64::try_from(self.queue.len()).unwrap_or(u64::MAX),
            unix_nanos: now.unix_nanos,
            limits: self.limits(),
            can_export: self.export().is_some(),
            is_last,
        }
    }

    /// Makes the ledger fit the record that it will be added to, so that
    /// produced stays exported + dropped + queued.
    pub fn reconcile(&mut self, record: &Record, worker: WorkerId) {
        let Some(instance) = self.instance else {
            return;
        };
        if instance != record.instance {
            // A new record knows nothing of the spans that wait.
            self.ledger = Ledger {
                produced: u64::try_from(self.queue.len()).unwrap_or(u64::MAX),
                ..Ledger::default()
            };
            self.instance = None;
        } else if !record.has(worker) {
            // This worker hung for so long that it was taken for dead, and
            // what waited was counted as lost: so it is.
            self.queue = SpanQueue::default();
            self.traces.cancelled();
            self.ledger = Ledger::default();
            self.instance = None;
        }
    }

    /// The contribution is in the record.
    pub fn published(&mut self, record: &Record, is_last: bool) {
        self.red.published();
        let max_series = self.limits().series;
        self.red.settle(record, max_series, self.queue.series());
        self.ledger = Ledger::default();
        self.instance = (!is_last).then_some(record.instance);
    }

    /// The export requests that are due, after publishing.
    pub fn due_calls(&mut self, record: &Record, worker: WorkerId, now: Now) -> Vec<Call> {
        let mut calls = Vec::new();
        let Some(settings) = self.settings().cloned() else {
            return calls;
        };
        let Some(export) = &settings.export else {
            return calls;
        };
        if self.queue.bytes() >= export.max_queue_bytes / 2 {
            self.traces.hurry();
        }
        let resource = Resource::new(&settings.service, record.instance);
        if !self.queue.is_empty() && self.traces.is_ready(now.monotonic_nanos) {
            let key = ["http.request.header.", &settings.request_id_header].concat();
            let batch = self.queue.batch(&self.red, &key);
            calls.push(Call {
                signal: Signal::Traces,
                spans: batch.spans,
                to: Rc::clone(&settings),
                body: resource.export_request(&batch.items),
            });
        }
        if record.is_leader(worker) && self.metrics.is_ready(now.monotonic_nanos) {
            let items = metrics_export::items(record, now.unix_nanos);
            calls.push(Call {
                signal: Signal::Metrics,
                spans: 0,
                to: Rc::clone(&settings),
                body: resource.export_request(&items),
            });
        }
        calls
    }

    /// A call has started, or could not.
    pub fn called(
        &mut self,
        call: &Call,
        root: u32,
        token: Option<u32>,
        now: Now,
        random: u64,
    ) -> Option<Change> {
        let interval = call
            .to
            .export
            .as_ref()
            .map_or(0, |export| export.interval_millis);
        let under_way = UnderWay {
            root,
            token: token.unwrap_or_default(),
            spans: call.spans,
        };
        let exporter = self.exporter(call.signal);
        exporter.started(under_way, now.monotonic_nanos, interval);
        match token {
            Some(_) => None,
            None => self.settle(call.signal, under_way, &Answer::default(), now, random),
        }
    }

    /// An answer came, or none did. Unknown calls are ignored.
    pub fn answered(
        &mut self,
        root: u32,
        token: u32,
        answer: &Answer,
        now: Now,
        random: u64,
    ) -> Option<Change> {
        for signal in [Signal::Traces, Signal::Metrics] {
            let under_way = self.exporter(signal).under_way();
            if let Some(call) = under_way.filter(|call| (call.root, call.token) == (root, token)) {
                return self.settle(signal, call, answer, now, random);
            }
        }
        None
    }

    /// Says when exports begin to fail or work again, which is worth a line in
    /// the proxy's log.
    fn settle(
        &mut self,
        signal: Signal,
        call: UnderWay,
        answer: &Answer,
        now: Now,
        random: u64,
    ) -> Option<Change> {
        let interval = self.export().map_or(5000, |export| export.interval_millis);
        let exporter = self.exporter(signal);
        let was_failing = exporter.is_failing();
        let verdict = exporter.answered(answer, now.monotonic_nanos, interval, random);
        match verdict {
            Verdict::Delivered => {
                let sent = self.queue.remove(call.spans);
                let rejected = answer.rejected.min(sent);
                self.ledger.drop(Drop::Rejected, rejected);
                let exported = sent.saturating_sub(rejected);
                self.ledger.exported = self.ledger.exported.saturating_add(exported);
                was_failing.then(|| self.change(signal, None))
            }
            Verdict::Retry(failure) => {
                self.ledger.fail(failure);
                (!was_failing).then(|| self.change(signal, Some(failure)))
            }
            Verdict::GiveUp(failure) => {
                self.ledger.fail(failure);
                let spans = self.queue.remove(call.spans);
                self.ledger.drop(Drop::Rejected, spans);
                (!was_failing).then(|| self.change(signal, Some(failure)))
            }
        }
    }

    fn change(&self, signal: Signal, failure: Option<Failure>) -> Change {
        let name = self
            .settings()
            .map(|settings| settings.service.name.clone());
        Change {
            service: name.unwrap_or_default(),
            signal,
            failure,
        }
    }

    fn exporter(&mut self, signal: Signal) -> &mut Exporter {
        match signal {
            Signal::Traces => &mut self.traces,
            Signal::Metrics => &mut self.metrics,
        }
    }
}

/// A change that an operator wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The service.
    pub service: String,
    /// The signal.
    pub signal: Signal,
    /// Why its exports fail from now on; none if they work again.
    pub failure: Option<Failure>,
}

impl Change {
    /// A line for the proxy's log.
    pub fn message(&self) -> String {
        let exports = [
            "sightline: ",
            &self.service,
            ": export of ",
            self.signal.name(),
        ]
        .concat();
        let failure = self
            .failure
            .and_then(|failure| FAILURES.get(failure as usize));
        match failure {
            Some(reason) => [&exports, " fails: ", reason].concat(),
            None => [&exports, " works again"].concat(),
        }
    }
}

impl Signal {
    /// The signal's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
        }
    }
}

/// The scope that spans and metrics come from.
pub const SCOPE: (&str, &str) = (names::EDGE_SCOPE, env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests;
