//! Who is there: workers that are heard of, that fell silent, and that came in
//! another's place. A VM that traps says no goodbye, and the one that the proxy
//! starts for it is a new worker; how many there should be nobody says. So a
//! silent worker counts as missing until one joins whose VM began after it was
//! heard of last, and each that joins stands in for one at most. Those that
//! began together were all configured before the first of them was heard of, so
//! none of them is taken for another's successor.

use super::{Contribution, Record, WorkerId};
use crate::ledger::{Queued, Waiting};

/// A worker that was not heard of for so long is missing. Workers publish at
/// least once a second.
pub(super) const SILENT_NANOS: u64 = 10_000_000_000;
/// Who was late himself can't tell that others are: maybe the whole process
/// was stopped.
const LATE_NANOS: u64 = 3_000_000_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Worker {
    pub id: WorkerId,
    /// On the monotonic clock.
    pub seen_nanos: u64,
    /// When its VM took up the service.
    pub began_nanos: u64,
    pub silence: Silence,
    /// Whether it stands in for one that fell silent.
    pub has_replaced: bool,
    pub queued: Queued,
    pub waiting: Waiting,
}

/// What is made of a worker's silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// There is none.
    Heard,
    /// Nobody stands in for it.
    Missing,
    /// Another one does.
    Replaced,
}

impl Record {
    /// How many workers fell silent and nobody stands in for.
    pub fn missing(&self) -> u64 {
        let workers = self.workers.iter();
        let silent = workers.filter(|worker| worker.silence == Silence::Missing);
        let silent = u64::try_from(silent.count()).unwrap_or(u64::MAX);
        self.missing.saturating_add(silent)
    }

    /// A worker is heard of. `before` is what was known of it.
    pub(super) fn hear(&mut self, from: &Contribution<'_>, before: Option<&Worker>) {
        let now_nanos = from.now_nanos;
        let has_replaced = match before {
            Some(before) => before.has_replaced,
            None => self.replace_one(from.began_nanos),
        };
        self.workers.push(Worker {
            id: from.worker,
            seen_nanos: now_nanos,
            began_nanos: from.began_nanos,
            silence: Silence::Heard,
            has_replaced,
            queued: from.queued,
            waiting: from.waiting,
        });
        let gap = before.map(|before| now_nanos.saturating_sub(before.seen_nanos));
        if gap.is_some_and(|gap| gap <= LATE_NANOS) {
            let workers = self.workers.iter();
            let silent = workers.filter(|worker| {
                worker.silence == Silence::Heard
                    && now_nanos.saturating_sub(worker.seen_nanos) > SILENT_NANOS
            });
            let silent: Vec<_> = silent.map(|worker| worker.id).collect();
            silent.into_iter().for_each(|id| self.fall_silent(id));
        }
    }

    /// A worker is forgotten that had fallen silent.
    pub(super) fn forget_silent(&mut self, worker: &Worker) {
        if worker.silence == Silence::Heard {
            self.fall_silent(worker.id);
        }
        let is_missing = |known: &Worker| known.silence == Silence::Missing;
        let mut known = self.workers.iter().filter(|known| known.id == worker.id);
        if known.any(is_missing) {
            self.missing = self.missing.saturating_add(1);
        }
        self.forget(worker.id);
    }

    fn fall_silent(&mut self, id: WorkerId) {
        self.ledger.workers_lost = self.ledger.workers_lost.saturating_add(1);
        let seen = self.workers.iter().find(|worker| worker.id == id);
        let Some(seen_nanos) = seen.map(|worker| worker.seen_nanos) else {
            return;
        };
        let successor = self.workers.iter_mut().find(|worker| {
            worker.began_nanos > seen_nanos
                && worker.silence == Silence::Heard
                && !worker.has_replaced
        });
        let silence = match successor {
            Some(successor) => {
                successor.has_replaced = true;
                Silence::Replaced
            }
            None => Silence::Missing,
        };
        if let Some(worker) = self.workers.iter_mut().find(|worker| worker.id == id) {
            worker.silence = silence;
        }
    }

    /// One has joined: whether it stands in for one that is missing.
    fn replace_one(&mut self, began_nanos: u64) -> bool {
        let mut missing = self.workers.iter_mut();
        let is_before = |it: &&mut Worker| it.seen_nanos < began_nanos;
        if let Some(worker) = missing.find(|it| it.silence == Silence::Missing && is_before(it)) {
            worker.silence = Silence::Replaced;
            return true;
        }
        let left = self.missing.checked_sub(1);
        self.missing = left.unwrap_or_default();
        left.is_some()
    }
}

#[cfg(test)]
mod tests;
