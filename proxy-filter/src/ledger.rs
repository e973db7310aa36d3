//! What becomes of spans, and what the filter could not do: counts since a
//! worker last published, or of all workers since the start. At any time the
//! spans produced are the ones exported, dropped and queued.

use sightline_core::names::reason;

/// Why a span was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drop {
    /// The queue was full when it came.
    QueueFull,
    /// The receiver refused it for good.
    Rejected,
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
pub const DROPS: [&str; 4] = reason::DROPS;
/// Names of the reasons in [`Failure`], in its order.
pub const FAILURES: [&str; 4] = reason::FAILURES;

/// The counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Spans that ended.
    pub produced: u64,
    /// Spans that the receiver acknowledged.
    pub exported: u64,
    /// Spans given up, in the order of [`DROPS`].
    pub dropped: [u64; DROPS.len()],
    /// Failed exports, in the order of [`FAILURES`].
    pub failures: [u64; FAILURES.len()],
    /// Requests counted under `_other`.
    pub overflow: u64,
    /// Workers that fell silent.
    pub workers_lost: u64,
    /// Header values that were to be added and were no numbers.
    pub values_rejected: u64,
}

impl Ledger {
    /// So many spans are given up.
    pub fn drop(&mut self, reason: Drop, spans: u64) {
        if let Some(count) = self.dropped.get_mut(reason as usize) {
            *count = count.saturating_add(spans);
        }
    }

    /// An export failed.
    pub fn fail(&mut self, reason: Failure) {
        if let Some(count) = self.failures.get_mut(reason as usize) {
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

    /// All counts in a fixed order.
    pub fn counts(&self) -> impl Iterator<Item = u64> {
        let single = [
            self.produced,
            self.exported,
            self.overflow,
            self.workers_lost,
            self.values_rejected,
        ];
        let lists = self.dropped.iter().chain(&self.failures).copied();
        single.into_iter().chain(lists)
    }

    /// The same counts in the same order, to change.
    pub fn counts_mut(&mut self) -> impl Iterator<Item = &mut u64> {
        let single = [
            &mut self.produced,
            &mut self.exported,
            &mut self.overflow,
            &mut self.workers_lost,
            &mut self.values_rejected,
        ];
        let lists = self.dropped.iter_mut().chain(&mut self.failures);
        single.into_iter().chain(lists)
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
        assert_eq!(doubled.len(), 5 + DROPS.len() + FAILURES.len());
    }

    #[test]
    fn every_reason_has_its_name() {
        let mut ledger = Ledger::default();
        ledger.drop(Drop::WorkerLost, 3);
        ledger.fail(Failure::Rejected);
        assert_eq!((ledger.dropped[3], DROPS[3]), (3, "worker_lost"));
        assert_eq!((ledger.failures[3], FAILURES[3]), (1, "rejected"));
    }
}
