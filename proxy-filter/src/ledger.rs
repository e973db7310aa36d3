//! What becomes of spans, log records and metric points, and what the filter
//! could not do: counts since a worker last published, or of all workers since
//! the start. At any time, of each signal, what was produced is what was
//! exported, dropped and still waits.
//!
//! A metric point is produced when it is sent, waits until the answer, and is
//! exported when the receiver acknowledges it. Metrics that could not be
//! delivered are not sent again: the next export says the newer totals, and
//! their points are dropped as superseded.

use crate::ingest::Verdict;
use crate::signal::Signal;
use sightline_core::names::ingest::RESULTS;
use sightline_core::names::reason;

/// Why an item was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// The queue was full when it came.
    QueueFull,
    /// The receiver refused it for good.
    Rejected,
    /// A later export says the same, and newer.
    Superseded,
    /// It waited when its worker shut down.
    Shutdown,
    /// It waited in a worker that was not heard of again.
    WorkerLost,
}

/// Why an export failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No answer came.
    Unreachable,
    /// 429.
    Throttled,
    /// 502, 503 or 504.
    Unavailable,
    /// Any other answer but a success.
    Rejected,
}

/// Names of the reasons in [`Drop`], in its order.
pub const DROPS: [&str; 5] = reason::DROPS;
/// Names of the reasons in [`Failure`], in its order.
pub const FAILURES: [&str; 4] = reason::FAILURES;

/// What became of the items of one signal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Items that were made.
    pub produced: u64,
    /// Items that the receiver acknowledged.
    pub exported: u64,
    /// Items given up, in the order of [`DROPS`].
    pub dropped: [u64; DROPS.len()],
}

/// How many items of each signal wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Queued {
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub log_records: u64,
    /// Metric points that are under way.
    pub metric_points: u64,
}

/// Since when the oldest item of each signal waits, in nanoseconds since the
/// Unix epoch; 0 where none does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Spans.
    pub spans: u64,
    /// Log records.
    pub log_records: u64,
}

/// The counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// What became of spans.
    pub spans: Flow,
    /// What became of log records.
    pub log_records: Flow,
    /// What became of metric points.
    pub metric_points: Flow,
    /// Failed exports, in the order of [`FAILURES`].
    pub failures: [u64; FAILURES.len()],
    /// Requests counted under `_other`.
    pub overflow: u64,
    /// Workers that fell silent.
    pub workers_lost: u64,
    /// Header values that were to be added and were no numbers.
    pub values_rejected: u64,
    /// Requests that left no log record because sampling chose so.
    pub logs_sampled_out: u64,
    /// Requests with telemetry of pages, in the order of [`RESULTS`].
    pub ingest: [u64; RESULTS.len()],
}

impl Flow {
    /// So many items are made.
    pub fn produce(&mut self, items: u64) {
        self.produced = self.produced.saturating_add(items);
    }

    /// So many items arrived, of which the receiver did not take some.
    pub fn deliver(&mut self, items: u64, rejected: u64) {
        let rejected = rejected.min(items);
        self.drop(Drop::Rejected, rejected);
        let exported = items.saturating_sub(rejected);
        self.exported = self.exported.saturating_add(exported);
    }

    /// So many items are given up.
    pub fn drop(&mut self, reason: Drop, items: u64) {
        if let Some(count) = self.dropped.get_mut(reason as usize) {
            *count = count.saturating_add(items);
        }
    }

    fn counts(&self) -> impl Iterator<Item = u64> {
        let single = [self.produced, self.exported];
        single.into_iter().chain(self.dropped)
    }

    fn counts_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        let single = [&mut self.produced, &mut self.exported];
        single.into_iter().chain(&mut self.dropped)
    }
}

impl Queued {
    /// The counts of two together.
    pub fn plus(self, more: Self) -> Self {
        Self {
            spans: self.spans.saturating_add(more.spans),
            log_records: self.log_records.saturating_add(more.log_records),
            metric_points: self.metric_points.saturating_add(more.metric_points),
        }
    }
}

impl Ledger {
    /// A ledger that knows of nothing but what waits.
    pub fn of_waiting(queued: Queued) -> Self {
        let mut ledger = Self::default();
        ledger.spans.produce(queued.spans);
        ledger.log_records.produce(queued.log_records);
        ledger.metric_points.produce(queued.metric_points);
        ledger
    }

    /// What became of a signal's items.
    pub fn flow(&mut self, signal: Signal) -> &mut Flow {
        match signal {
            Signal::Traces => &mut self.spans,
            Signal::Logs => &mut self.log_records,
            Signal::Metrics => &mut self.metric_points,
        }
    }

    /// Everything that waited is given up.
    pub fn drop_waiting(&mut self, reason: Drop, queued: Queued) {
        self.spans.drop(reason, queued.spans);
        self.log_records.drop(reason, queued.log_records);
        self.metric_points.drop(reason, queued.metric_points);
    }

    /// An export failed.
    pub fn fail(&mut self, reason: Failure) {
        if let Some(count) = self.failures.get_mut(reason as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// A page sent telemetry.
    pub fn ingest(&mut self, verdict: Verdict) {
        if let Some(count) = self.ingest.get_mut(verdict as usize) {
            *count = count.saturating_add(1);
        }
    }

    /// Adds the counts of another.
    pub fn add(&mut self, more: &Self) {
        let mut more = more.counts();
        for count in self.counts_mut() {
            *count = count.saturating_add(more.next().unwrap_or_default());
        }
    }

    /// What was counted since an earlier state.
    pub fn since(&self, earlier: &Self) -> Self {
        let mut since = self.clone();
        for (count, before) in since.counts_mut().zip(earlier.counts()) {
            *count = count.saturating_sub(before);
        }
        since
    }

    /// All counts in a fixed order.
    pub fn counts(&self) -> impl Iterator<Item = u64> {
        let flows = [&self.spans, &self.log_records, &self.metric_points];
        let single = [
            self.overflow,
            self.logs_sampled_out,
            self.workers_lost,
            self.values_rejected,
        ];
        let flows = flows.into_iter().flat_map(Flow::counts);
        flows.chain(self.failures).chain(self.ingest).chain(single)
    }

    /// The same counts in the same order, to change.
    pub fn counts_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        let flows = [
            &mut self.spans,
            &mut self.log_records,
            &mut self.metric_points,
        ];
        let single = [
            &mut self.overflow,
            &mut self.logs_sampled_out,
            &mut self.workers_lost,
            &mut self.values_rejected,
        ];
        let flows = flows.into_iter().flat_map(Flow::counts_mut);
        let own = self.failures.iter_mut().chain(&mut self.ingest);
        flows.chain(own).chain(single)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_reaches_every_count() {
        let mut one = Ledger::default();
        one.counts_mut()
            .zip(1..)
            .for_each(|(count, at)| *count = at);
        let mut sum = one.clone();
        sum.add(&one);
        let doubled: Vec<_> = one.counts().map(|count| count * 2).collect();
        assert_eq!(sum.counts().collect::<Vec<_>>(), doubled);
        let lists = 3 * (2 + DROPS.len()) + FAILURES.len() + RESULTS.len();
        assert_eq!(doubled.len(), lists + 4);
        assert_eq!(sum.values_rejected, 2 * doubled.len() as u64);
    }

    #[test]
    fn every_reason_has_its_name() {
        let mut ledger = Ledger::default();
        ledger.flow(Signal::Logs).drop(Drop::WorkerLost, 3);
        ledger.fail(Failure::Rejected);
        assert_eq!(
            (ledger.log_records.dropped[4], DROPS[4]),
            (3, "worker_lost")
        );
        assert_eq!((ledger.failures[3], FAILURES[3]), (1, "rejected"));
        assert_eq!(DROPS[Drop::Superseded as usize], "superseded");
        ledger.ingest(Verdict::RateLimited);
        assert_eq!((ledger.ingest[9], RESULTS[9]), (1, "rate_limited"));
        for (verdict, name) in [
            (Verdict::Accepted, "accepted"),
            (Verdict::Preflight, "preflight"),
            (Verdict::NotFound, "not_found"),
            (Verdict::Method, "method"),
            (Verdict::Origin, "origin"),
            (Verdict::ContentType, "content_type"),
            (Verdict::ContentEncoding, "content_encoding"),
            (Verdict::NoLength, "no_length"),
            (Verdict::TooLarge, "too_large"),
        ] {
            assert_eq!(RESULTS[verdict as usize], name);
        }
    }

    #[test]
    fn a_receiver_cannot_refuse_more_than_it_got() {
        let mut flow = Flow::default();
        flow.produce(5);
        flow.deliver(2, 1);
        flow.deliver(3, 99);
        assert_eq!(
            (flow.exported, flow.dropped[Drop::Rejected as usize]),
            (1, 4)
        );
    }
}
