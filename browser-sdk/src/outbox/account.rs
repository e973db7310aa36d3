//! The account of a page's records: what was produced was delivered, lost for a
//! reason, kept for a later page, or still waits. Counts only.

use sightline_core::otlp::Severity;
use sightline_core::search::split;

use crate::record::Record;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Made by this page.
    Produced = 0,
    /// Made by an earlier page and taken from storage by this one.
    Restored = 1,
    /// Taken by a collector.
    Delivered = 2,
    /// Left in storage for a later page.
    Kept = 3,
    /// Waiting or on their way, when this was told.
    Queued = 4,
    /// Lost: the engine's queue was full.
    QueueFull = 5,
    /// Lost: the buffer that waits for the engine was full.
    BufferFull = 6,
    /// Lost: the collector refused the batch for good.
    Rejected = 7,
    /// Lost: the page told the same error before.
    Duplicate = 8,
    /// Lost: the page told too many different errors.
    TooMany = 9,
    /// Lost: what pages keep in storage had no room.
    StorageFull = 10,
}

/// Attribute names, in the order of [`Count`], one a line.
const NAMES: &str = "sightline.produced
sightline.restored
sightline.delivered
sightline.kept
sightline.queued
sightline.lost.queue_full
sightline.lost.buffer_full
sightline.lost.rejected
sightline.lost.duplicate
sightline.lost.too_many
sightline.lost.storage_full";
const LOSSES: usize = Count::QueueFull as usize;

/// Records since the page began.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    counts: [u32; 11],
    told: u32,
}

impl Account {
    /// Counts records.
    #[inline(never)]
    pub fn add(&mut self, what: Count, records: u32) {
        if let Some(count) = self.counts.get_mut(what as usize) {
            *count = count.saturating_add(records);
        }
    }

    /// So many so far.
    pub fn get(&self, what: Count) -> u32 {
        self.counts.get(what as usize).copied().unwrap_or_default()
    }

    /// Lost for any reason.
    pub fn lost(&self) -> u32 {
        let losses = self.counts.get(LOSSES..).unwrap_or_default();
        losses.iter().fold(0, |sum, lost| sum.saturating_add(*lost))
    }

    /// What to tell, if more was lost than when this was asked last: `queued`
    /// completes the account.
    pub fn tell(&mut self, queued: u32, unix_nanos: u64) -> Option<Record> {
        let lost = self.lost();
        if self.told == lost {
            return None;
        }
        self.told = lost;
        let mut event = Record::event("sightline.lost", Severity::Warn, unix_nanos, None);
        if let Some(count) = self.counts.get_mut(Count::Queued as usize) {
            *count = queued;
        }
        let mut counts = self.counts.iter();
        for name in split(NAMES, b'\n') {
            let count = counts.next().copied().unwrap_or_default();
            if count > 0 {
                event.int(name, i64::from(count));
            }
        }
        Some(event)
    }
}
