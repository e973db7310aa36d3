//! How a worker adds to the record that all workers share, so that nothing is
//! lost or counted twice: read, add, and write only if nobody wrote meanwhile,
//! else again.
//!
//! The proxy ignores the compare-and-swap for a key that does not exist yet.
//! So the key is made before anybody counts: the proxy runs the configuration
//! once on its main thread before any worker sees it. A worker that still
//! finds no record makes an empty one and adds only at its next turn, when a
//! race for making it is over.

use crate::now::Now;
use crate::record::{Record, WorkerId};
use crate::service::Service;
use crate::shared_data::SharedData;

/// How often a worker tries again at once; then it waits for its next turn.
const TRIES: usize = 16;
/// The same for one that has no next turn.
const LAST_TRIES: usize = 1024;

/// Makes an empty record where there is none.
pub fn ensure(shared: &mut impl SharedData, key: &str, now: Now, instance: [u8; 16]) {
    let record = Record::new(now.unix_nanos, instance);
    shared.ensure(key, &record.to_bytes());
}

/// Adds what this worker has counted and gives the totals; nothing if that
/// was not possible this time: then it stays counted here.
pub fn publish(
    shared: &mut impl SharedData,
    service: &mut Service,
    worker: WorkerId,
    now: Now,
    instance: [u8; 16],
    is_last: bool,
) -> Option<Record> {
    for _ in 0..if is_last { LAST_TRIES } else { TRIES } {
        let Some((bytes, number)) = shared.get(&service.key) else {
            ensure(shared, &service.key, now, instance);
            return None;
        };
        let read = Record::from_bytes(&bytes);
        let mut record = read.unwrap_or_else(|| Record::new(now.unix_nanos, instance));
        service.reconcile(&record, worker);
        record.add(&service.contribution(worker, now, is_last));
        if shared.set(&service.key, &record.to_bytes(), number).is_ok() {
            service.published(&record, is_last);
            return Some(record);
        }
    }
    None
}

/// The totals as they are, where adding to them was not possible.
pub fn read(shared: &mut impl SharedData, key: &str) -> Option<Record> {
    Record::from_bytes(&shared.get(key)?.0)
}

#[cfg(test)]
pub(crate) mod tests;
