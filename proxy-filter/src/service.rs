//! One service in one worker: what was counted since the last publishing, the
//! spans and log records that wait, and the exports. It lives as long as any
//! configuration names the service, so that a reload loses nothing.

mod due;
mod ended;

use crate::config::{Export, Settings};
use crate::envoy_stats::{EnvoyStats, Increment};
use crate::exported::Exported;
use crate::exporter::{Answer, Exporter, UnderWay, Verdict};
use crate::health::Prober;
use crate::ingest;
use crate::ingest::client_limit::ClientLimit;
use crate::ledger::{Drop, Failure, Ledger, Queued, Waiting};
use crate::now::Now;
use crate::queue::Queue;
use crate::record::{Contribution, Record, WorkerId};
use crate::red::{Limits, Red};
use crate::sample_limit::SampleLimit;
use crate::shared_data::{self, SharedData};
use crate::signal::{Change, ExportCall, SIGNALS, Signal};
use std::rc::Rc;

/// A service.
#[derive(Debug)]
pub struct Service {
    /// Its key in shared data.
    pub key: String,
    /// The contexts that have this service, the latest last, with what they
    /// were configured to do.
    roots: Vec<(u32, Rc<Settings>)>,
    /// When the first context had this service, on the monotonic clock.
    began_nanos: u64,
    /// What was counted of requests.
    pub red: Red,
    /// How many more traces may be sampled.
    pub sample_limit: SampleLimit,
    /// How much more pages may send.
    pub client_limit: ClientLimit,
    /// What is asked for health.
    pub prober: Prober,
    ledger: Ledger,
    /// Where the proxy's own statistics are to say the same.
    stats: Option<EnvoyStats>,
    spans: Queue,
    log_records: Queue,
    traces: Exporter,
    logs: Exporter,
    metrics: Exporter,
    /// What the metrics under way say, for increments.
    exported: Option<Exported>,
    /// When metrics were acknowledged last, in nanoseconds since the Unix epoch.
    acknowledged_unix_nanos: u64,
    /// What pseudonyms of callers are made with.
    pub peer_key: [u8; 16],
    /// The last line of the access log: its memory is used again.
    line: String,
    /// The record that was published to last.
    instance: Option<[u8; 16]>,
    /// When, on the monotonic clock.
    pub published_nanos: u64,
    /// The context whose tick was asked for before its time.
    hurried: Option<u32>,
}

impl Service {
    /// A service that nothing is known of yet.
    pub fn new(settings: &Settings) -> Self {
        let service = &settings.service;
        Self {
            key: shared_data::record_key(service.namespace.as_deref(), &service.name),
            roots: Vec::new(),
            began_nanos: 0,
            red: Red::default(),
            sample_limit: SampleLimit::default(),
            client_limit: ClientLimit::default(),
            prober: Prober::default(),
            ledger: Ledger::default(),
            stats: None,
            spans: Queue::default(),
            log_records: Queue::default(),
            traces: Exporter::default(),
            logs: Exporter::default(),
            metrics: Exporter::default(),
            exported: None,
            acknowledged_unix_nanos: 0,
            peer_key: [0; 16],
            line: String::new(),
            instance: None,
            published_nanos: 0,
            hurried: None,
        }
    }

    /// A context is configured to have this service; what it says counts from now on.
    pub fn enter(&mut self, root: u32, settings: Rc<Settings>, now: Now) {
        if self.roots.is_empty() {
            self.began_nanos = now.monotonic_nanos;
        }
        self.roots.retain(|(known, _)| *known != root);
        if settings.envoy_stats {
            self.stats.get_or_insert_default();
        }
        self.roots.push((root, settings));
        self.configure_prober();
    }

    /// A context ends, and with it its calls. Says whether it was the last.
    pub fn leave(&mut self, root: u32) -> bool {
        self.roots.retain(|(known, _)| *known != root);
        self.take_hurry(root);
        let is_last = self.roots.is_empty();
        self.prober.leave(root);
        self.configure_prober();
        for signal in SIGNALS {
            let exporter = self.exporter(signal);
            if exporter.under_way().is_some_and(|call| call.root == root) {
                let why = if is_last {
                    Drop::Shutdown
                } else {
                    Drop::Superseded
                };
                self.forget_call(signal, why);
            }
        }
        is_last
    }

    fn configure_prober(&mut self) {
        let all = self.roots.iter().map(|(_, settings)| &**settings);
        self.prober.configure(all);
    }

    /// The answer to what is under way no longer matters. Spans and log
    /// records still wait then; metrics are made anew.
    fn forget_call(&mut self, signal: Signal, why: Drop) {
        let call = self.exporter(signal).cancelled();
        if let (Some(call), Signal::Metrics) = (call, signal) {
            self.ledger.metric_points.drop(why, count(call.items));
        }
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
        let limits = self.settings().map(|settings| settings.limits);
        limits.unwrap_or(Limits::NONE)
    }

    fn export(&self) -> Option<&Export> {
        self.settings()?.export.as_ref()
    }

    /// A header that was to be added was no number.
    pub fn value_rejected(&mut self) {
        self.ledger.values_rejected = self.ledger.values_rejected.saturating_add(1);
    }

    /// A page sent telemetry.
    pub fn ingested(&mut self, verdict: ingest::Verdict) {
        self.ledger.ingest(verdict);
    }

    /// The worker ends: what waits is given up.
    pub fn drop_queues(&mut self) {
        let spans = core::mem::take(&mut self.spans);
        self.ledger.spans.drop(Drop::Shutdown, count(spans.len()));
        let records = core::mem::take(&mut self.log_records);
        let records = count(records.len());
        self.ledger.log_records.drop(Drop::Shutdown, records);
    }

    /// What waits here.
    fn queued(&self) -> Queued {
        let under_way = self.metrics.under_way();
        Queued {
            spans: count(self.spans.len()),
            log_records: count(self.log_records.len()),
            metric_points: under_way.map_or(0, |call| count(call.items)),
        }
    }

    /// What this worker adds to the record.
    pub fn contribution(&self, worker: WorkerId, now: Now, is_last: bool) -> Contribution<'_> {
        Contribution {
            worker,
            began_nanos: self.began_nanos,
            now_nanos: now.monotonic_nanos,
            red: &self.red,
            ledger: &self.ledger,
            queued: self.queued(),
            unix_nanos: now.unix_nanos,
            limits: self.limits(),
            waiting: Waiting {
                spans: self.spans.oldest_unix_nanos().unwrap_or_default(),
                log_records: self.log_records.oldest_unix_nanos().unwrap_or_default(),
            },
            metrics_acknowledged_unix_nanos: self.acknowledged_unix_nanos,
            can_export: self.export().is_some(),
            can_probe: self.prober.is_on(),
            probes: self.prober.probes(),
            found: self.prober.found(),
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
            // A new record knows nothing of what waits.
            self.ledger = Ledger::of_waiting(self.queued());
            self.instance = None;
        } else if !record.has(worker) {
            // This worker hung for so long that it was taken for dead, and
            // what waited was counted as lost: so it is.
            self.spans = Queue::default();
            self.log_records = Queue::default();
            for signal in SIGNALS {
                self.exporter(signal).cancelled();
            }
            self.ledger = Ledger::default();
            self.instance = None;
        }
    }

    /// The contribution is in the record.
    pub fn published(&mut self, record: &Record, is_last: bool) {
        if let Some(stats) = &mut self.stats {
            stats.take(&self.red, record);
            if is_last {
                stats.leave();
            }
        }
        self.red.published();
        self.prober.published();
        self.red.settle(record);
        self.ledger = Ledger::default();
        self.instance = (!is_last).then_some(record.instance);
    }

    /// What to add to the proxy's own statistics.
    pub fn take_stats(&mut self) -> Vec<Increment> {
        self.stats.as_mut().map_or_else(Vec::new, EnvoyStats::drain)
    }

    /// An export has started, or could not.
    pub fn called(
        &mut self,
        call: &ExportCall,
        root: u32,
        token: Option<u32>,
        now: Now,
        random: u64,
    ) -> Option<Change> {
        let export = call.to.export.as_ref();
        let interval = export.map_or(0, |export| export.interval_millis);
        let under_way = UnderWay {
            root,
            token: token.unwrap_or_default(),
            items: call.items,
        };
        self.forget_call(call.signal, Drop::Superseded);
        if call.signal == Signal::Metrics {
            self.ledger.metric_points.produce(count(call.items));
        }
        let exporter = self.exporter(call.signal);
        exporter.started(under_way, now.monotonic_nanos, interval);
        match token {
            Some(_) => None,
            None => self.settle(call.signal, under_way, &Answer::default(), now, random),
        }
    }

    /// What the metrics that were just acknowledged said.
    fn acknowledged(&mut self, now: Now, shared: &mut dyn SharedData) {
        self.acknowledged_unix_nanos = now.unix_nanos;
        if let Some(exported) = self.exported.take() {
            exported.write(shared, &self.key);
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
        shared: &mut dyn SharedData,
    ) -> Option<Change> {
        for signal in SIGNALS {
            let under_way = self.exporter(signal).under_way();
            if let Some(call) = under_way.filter(|call| (call.root, call.token) == (root, token)) {
                if signal == Signal::Metrics && answer.is_success() {
                    self.acknowledged(now, shared);
                }
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
        let failure = match verdict {
            Verdict::Delivered => {
                let sent = self.settled(signal, call);
                self.ledger.flow(signal).deliver(sent, answer.rejected);
                return was_failing.then(|| self.change(signal, None));
            }
            Verdict::Retry(failure) => {
                if signal == Signal::Metrics {
                    let points = count(call.items);
                    self.ledger.metric_points.drop(Drop::Superseded, points);
                }
                failure
            }
            Verdict::GiveUp(failure) => {
                let sent = self.settled(signal, call);
                self.ledger.flow(signal).drop(Drop::Rejected, sent);
                failure
            }
        };
        self.ledger.fail(failure);
        (!was_failing).then(|| self.change(signal, Some(failure)))
    }

    /// What was sent does not wait any longer; says how many items it was.
    fn settled(&mut self, signal: Signal, call: UnderWay) -> u64 {
        match signal {
            Signal::Traces => self.spans.remove_batch(),
            Signal::Logs => self.log_records.remove_batch(),
            Signal::Metrics => count(call.items),
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
            Signal::Logs => &mut self.logs,
            Signal::Metrics => &mut self.metrics,
        }
    }
}

fn count(items: usize) -> u64 {
    u64::try_from(items).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
