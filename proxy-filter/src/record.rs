//! What all workers of one proxy process have counted together for one
//! service: the record that lies in the proxy's shared data. Workers add what
//! they counted since the last time; nobody keeps totals of his own. So a
//! worker may come and go, be reloaded or replaced, and nothing is lost or
//! counted twice. How the adding is made safe is [`crate::publishing`]'s part.

mod codec;
mod places;
mod presence;
mod since;

pub use places::Standing;

use crate::config::Probe;
use crate::governor::Offenders;
use crate::health::Finding;
use crate::ledger::{Drop, Ledger, Queued, Waiting};
use crate::outcome::Tallies;
use crate::red::{self, Limits, Red};
use places::LazyNames;
use presence::Worker;
use std::collections::BTreeMap;
use std::rc::Rc;

/// A worker that was not heard of for so long is taken for dead: what waits in
/// it is given up.
const WORKER_LOST_AFTER_NANOS: u64 = 120_000_000_000;
/// How long the right to act for all holds without renewal.
const LEASE_NANOS: u64 = 10_000_000_000;

/// A worker's name for itself: random, not zero.
pub type WorkerId = u64;

/// The totals of all workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// When counting began, in nanoseconds since the Unix epoch.
    pub start_unix_nanos: u64,
    /// Random bytes that make `service.instance.id`.
    pub instance: [u8; 16],
    /// The worker that acts for all, exports the metrics and asks for health,
    /// and until when nobody else may, on the monotonic clock.
    lease: (WorkerId, u64),
    /// Whether it exports.
    exports: bool,
    /// What became of spans, log records and metric points.
    pub ledger: Ledger,
    /// The most series, as the worker that published last has it.
    pub max_series: usize,
    /// When metrics were acknowledged last, in nanoseconds since the Unix epoch.
    metrics_acknowledged_unix_nanos: u64,
    workers: Vec<Worker>,
    /// Workers that fell silent, nobody stands in for and nothing else is known of.
    missing: u64,
    /// What probes found last.
    findings: Vec<Finding>,
    /// Ordered by route and method.
    series: Vec<Series>,
    /// Changes with the names that workers should know.
    pub names_version: u64,
    /// Since when a series that is made now counts: the start, or when one
    /// last went.
    series_start_unix_nanos: u64,
    /// The parents of routes that were counted under `_other`.
    pub offenders: Offenders,
    /// Failures that series which went had counted, by the number of their
    /// kind: what counts them all never gets smaller.
    gone_errors: BTreeMap<u8, u64>,
    /// Counters of the operator.
    counters: BTreeMap<Box<str>, f64>,
}

/// The requests of one method and route in all workers.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    method: usize,
    /// The route.
    pub route: Box<str>,
    /// Requests that have ended.
    pub finished: Tallies,
    in_progress: Vec<(WorkerId, u64)>,
    /// What it is, beside its counts.
    pub standing: Standing,
}

/// What a worker adds.
#[derive(Clone, Copy, Debug)]
pub struct Contribution<'a> {
    /// The worker.
    pub worker: WorkerId,
    /// When it took up the service, on the monotonic clock.
    pub began_nanos: u64,
    /// The monotonic clock.
    pub now_nanos: u64,
    /// Nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// What it counted of requests.
    pub red: &'a Red,
    /// What became of its spans, log records and metric points.
    pub ledger: &'a Ledger,
    /// How many of them wait.
    pub queued: Queued,
    /// How many series there may be.
    pub limits: Limits,
    /// Since when.
    pub waiting: Waiting,
    /// When metrics were acknowledged last, in nanoseconds since the Unix epoch.
    pub metrics_acknowledged_unix_nanos: u64,
    /// Whether it could export the metrics.
    pub can_export: bool,
    /// Whether it could ask for health.
    pub can_probe: bool,
    /// The probes that it has.
    pub probes: &'a [Rc<Probe>],
    /// What they found.
    pub found: &'a [Finding],
    /// Whether this is its last contribution.
    pub is_last: bool,
}

impl Series {
    /// The method.
    pub fn method(&self) -> &'static str {
        red::method_name(self.method)
    }

    /// Requests that have begun and not ended.
    pub fn in_progress(&self) -> u64 {
        let counts = self.in_progress.iter().map(|(_, count)| *count);
        counts.fold(0, u64::saturating_add)
    }
}

impl Record {
    /// A record that counts from now on.
    pub fn new(start_unix_nanos: u64, instance: [u8; 16]) -> Self {
        Self {
            start_unix_nanos,
            instance,
            lease: (0, 0),
            exports: false,
            ledger: Ledger::default(),
            max_series: 0,
            metrics_acknowledged_unix_nanos: start_unix_nanos,
            workers: Vec::new(),
            missing: 0,
            findings: Vec::new(),
            series: Vec::new(),
            names_version: 0,
            series_start_unix_nanos: start_unix_nanos,
            offenders: Offenders::default(),
            gone_errors: BTreeMap::new(),
            counters: BTreeMap::new(),
        }
    }

    /// All series, ordered by route and method.
    pub fn series(&self) -> &[Series] {
        &self.series
    }

    /// Counters of the operator, by name.
    pub fn counters(&self) -> impl Iterator<Item = (&str, f64)> {
        self.counters.iter().map(|(name, sum)| (&**name, *sum))
    }

    /// What waits in all workers.
    pub fn queued(&self) -> Queued {
        let counts = self.workers.iter().map(|worker| worker.queued);
        counts.fold(Queued::default(), Queued::plus)
    }

    /// How long, at this time since the Unix epoch, the oldest span, log record
    /// and metrics have waited, in nanoseconds.
    pub fn lags(&self, now_unix_nanos: u64) -> [u64; 3] {
        let oldest = |of: fn(&Waiting) -> u64| {
            let times = self.workers.iter().map(|worker| of(&worker.waiting));
            times.filter(|time| *time > 0).min().unwrap_or(u64::MAX)
        };
        [
            oldest(|waiting| waiting.spans),
            oldest(|waiting| waiting.log_records),
            self.metrics_acknowledged_unix_nanos,
        ]
        .map(|since| now_unix_nanos.saturating_sub(since))
    }

    /// How many workers were heard of lately, and how long ago the one was
    /// that was silent for longest, in nanoseconds.
    pub fn heartbeats(&self, now_nanos: u64) -> (u64, u64) {
        let ages = self.workers.iter();
        let ages = ages.map(|worker| now_nanos.saturating_sub(worker.seen_nanos));
        ages.fold((0u64, 0u64), |(alive, oldest), age| {
            let is_alive = u64::from(age <= presence::SILENT_NANOS);
            (alive.saturating_add(is_alive), oldest.max(age))
        })
    }

    /// Whether this worker has contributed and not left.
    pub fn has(&self, worker: WorkerId) -> bool {
        self.workers.iter().any(|known| known.id == worker)
    }

    /// What probes found last.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether any worker exports the metrics.
    pub fn is_exported(&self) -> bool {
        self.lease.0 != 0 && self.exports
    }

    /// Whether this worker is the one that acts for all.
    pub fn is_leader(&self, worker: WorkerId) -> bool {
        self.lease.0 == worker
    }

    /// Adds what a worker has counted.
    pub fn add(&mut self, from: &Contribution<'_>) {
        self.ledger.add(from.ledger);
        self.ledger.overflow = self.ledger.overflow.saturating_add(from.red.overflow());
        self.max_series = from.limits.series;
        let acknowledged = &mut self.metrics_acknowledged_unix_nanos;
        *acknowledged = (*acknowledged).max(from.metrics_acknowledged_unix_nanos);
        for (name, more) in from.red.counters() {
            *self.counters.entry(Box::from(name)).or_default() += more;
        }
        let mut known = self.workers.iter();
        let before = known.find(|known| known.id == from.worker).cloned();
        self.forget(from.worker);
        for (parent, requests) in from.red.offenders().list() {
            self.offenders.add(parent, *requests);
        }
        let mut names = None;
        for series in from.red.all() {
            self.add_series(from, series, &mut names);
        }
        self.expire(from);
        if !from.is_last {
            self.hear(from, before.as_ref());
        }
        self.forget_the_lost(from.now_nanos);
        self.pass_lease(from);
        self.keep_findings(from);
    }

    fn add_series(&mut self, from: &Contribution<'_>, more: &red::Series, names: &mut LazyNames) {
        let in_progress = if from.is_last { 0 } else { more.in_progress };
        if more.finished.is_empty() && in_progress == 0 {
            return;
        }
        let Some(series) = self.series_for(from, more, names) else {
            return;
        };
        series.finished.add(&more.finished);
        match series
            .in_progress
            .iter_mut()
            .find(|(id, _)| *id == from.worker)
        {
            Some((_, count)) => *count = count.saturating_add(in_progress),
            None if in_progress > 0 => series.in_progress.push((from.worker, in_progress)),
            None => {}
        }
    }

    fn place_of(&self, route: &str, method: usize) -> Result<usize, usize> {
        let wanted = (route, method);
        self.series
            .binary_search_by(|series| (&*series.route, series.method).cmp(&wanted))
    }

    /// Takes out what is true of a worker only now.
    fn forget(&mut self, worker: WorkerId) {
        self.workers.retain(|known| known.id != worker);
        for series in &mut self.series {
            series.in_progress.retain(|(id, _)| *id != worker);
        }
    }

    /// Workers that trapped or hang: what waited in them is lost.
    fn forget_the_lost(&mut self, now_nanos: u64) {
        let lost = |worker: &&Worker| {
            now_nanos.saturating_sub(worker.seen_nanos) > WORKER_LOST_AFTER_NANOS
        };
        while let Some(worker) = self.workers.iter().find(lost).cloned() {
            self.ledger.drop_waiting(Drop::WorkerLost, worker.queued);
            self.forget_silent(&worker);
        }
    }

    fn pass_lease(&mut self, from: &Contribution<'_>) {
        let (holder, until) = self.lease;
        let may = (from.can_export || from.can_probe) && !from.is_last;
        let is_free = holder == 0 || from.now_nanos > until;
        if may && (is_free || holder == from.worker) {
            self.lease = (from.worker, from.now_nanos.saturating_add(LEASE_NANOS));
            self.exports = from.can_export;
        } else if holder == from.worker {
            self.lease = (0, 0);
        }
    }

    /// Takes what probes found. Probes that there are no more go.
    fn keep_findings(&mut self, from: &Contribution<'_>) {
        for found in from.found {
            let mut known = self.findings.iter_mut();
            match known.find(|known| known.name == found.name) {
                Some(known) => known.clone_from(found),
                None => self.findings.push(found.clone()),
            }
        }
        if self.is_leader(from.worker) {
            let is_there = |known: &Finding| from.probes.iter().any(|it| *it.name == *known.name);
            self.findings.retain(is_there);
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
