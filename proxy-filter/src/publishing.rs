//! How a worker adds to the record that all workers share, so that nothing is
//! lost or counted twice: read, add, and write only if nobody wrote meanwhile,
//! else again.
//!
//! The proxy ignores the compare-and-swap for a key that does not exist yet.
//! So the key is made before anybody counts: the proxy runs the configuration
//! once on its main thread before any worker sees it. A worker that still
//! finds no record makes an empty one and adds only at its next turn, when a
//! race for making it is over.

use crate::record::{Record, WorkerId};
use crate::service::Service;

/// How often a worker tries again at once; then it waits for its next turn.
const TRIES: usize = 16;

/// Somebody else wrote, or the proxy has no shared data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotWritten;

/// The proxy's shared data: values that all workers see, each with a number
/// that changes when it is written.
pub trait SharedData {
    /// The value, and its number.
    fn get(&mut self, key: &str) -> Option<(Vec<u8>, u32)>;
    /// Writes if the number is still this one; always where there is no value
    /// or the number is zero.
    fn set(&mut self, key: &str, value: &[u8], number: u32) -> Result<(), NotWritten>;
}

/// The two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Nanoseconds since the Unix epoch; may jump.
    pub unix_nanos: u64,
    /// Nanoseconds of a clock that never jumps and is the same for all workers.
    pub monotonic_nanos: u64,
}

/// The key of a service's record. The number is the form of the record.
pub fn key(namespace: Option<&str>, name: &str) -> String {
    ["sightline/2/", namespace.unwrap_or_default(), "/", name].concat()
}

/// Makes an empty record where there is none.
pub fn ensure(shared: &mut impl SharedData, key: &str, now: Now, instance: [u8; 16]) {
    if shared.get(key).is_none() {
        let record = Record::new(now.unix_nanos, instance);
        // If it fails there is no shared data; then there are no metrics.
        let _ = shared.set(key, &record.to_bytes(), 0);
    }
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
    for _ in 0..TRIES {
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

/// What was exported and acknowledged: when, and the record as it was then.
/// Only increments (delta temporality) need it.
#[derive(Debug)]
pub struct Exported {
    /// In nanoseconds since the Unix epoch.
    pub unix_nanos: u64,
    /// The record.
    pub record: Record,
}

impl Exported {
    /// Reads what [`Exported::write`] wrote.
    pub fn read(shared: &mut dyn SharedData, service: &str) -> Option<Self> {
        let (bytes, _) = shared.get(&exported_key(service))?;
        let (time, record) = bytes.split_first_chunk()?;
        Some(Self {
            unix_nanos: u64::from_le_bytes(*time),
            record: Record::from_bytes(record)?,
        })
    }

    /// Keeps it for the next export, whichever worker makes that.
    pub fn write(&self, shared: &mut dyn SharedData, service: &str) {
        let mut bytes = Vec::from(self.unix_nanos.to_le_bytes());
        bytes.extend(self.record.to_bytes());
        // Without a number it is written in any case; only one worker exports.
        let _ = shared.set(&exported_key(service), &bytes, 0);
    }
}

fn exported_key(service: &str) -> String {
    ["exported/", service].concat()
}

/// The totals as they are, where adding to them was not possible.
pub fn read(shared: &mut impl SharedData, key: &str) -> Option<Record> {
    Record::from_bytes(&shared.get(key)?.0)
}

#[cfg(test)]
pub(crate) mod tests;
