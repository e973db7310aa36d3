//! The account of a page's records: what was produced was delivered, lost for a
//! reason, kept for a later page, or still waits. Counts only.

use crate::attributes::Attributes;

/// Why records were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// The engine's queue was full.
    QueueFull = 0,
    /// The buffer that waits for the engine was full.
    BufferFull = 1,
    /// The collector refused the batch for good.
    Rejected = 2,
    /// The page told the same error before.
    Duplicate = 3,
    /// The page told too many different errors.
    TooMany = 4,
    /// What pages keep in storage had no room.
    StorageFull = 5,
}

/// Attribute names of the losses, in the order of [`Loss`].
const LOSS_NAMES: [&str; 6] = [
    "sightline.lost.queue_full",
    "sightline.lost.buffer_full",
    "sightline.lost.rejected",
    "sightline.lost.duplicate",
    "sightline.lost.too_many",
    "sightline.lost.storage_full",
];

/// Records since the page began.
#[derive(Clone, Copy, Debug, Default)]
pub struct Account {
    /// Made by this page.
    pub produced: u32,
    /// Made by an earlier page and taken from storage by this one.
    pub restored: u32,
    /// Taken by a collector.
    pub delivered: u32,
    /// Left in storage for a later page.
    pub kept: u32,
    lost: [u32; LOSS_NAMES.len()],
    told: u32,
}

impl Account {
    /// Counts losses.
    pub fn lose(&mut self, why: Loss, count: u32) {
        if let Some(lost) = self.lost.get_mut(why as usize) {
            *lost = lost.saturating_add(count);
        }
    }

    /// Lost for this reason.
    pub fn lost(&self, why: Loss) -> u32 {
        self.lost.get(why as usize).copied().unwrap_or_default()
    }

    /// Lost for any reason.
    pub fn lost_in_all(&self) -> u32 {
        self.lost
            .iter()
            .fold(0, |sum, lost| sum.saturating_add(*lost))
    }

    /// What to tell, if more was lost than when this was asked last: `queued`
    /// completes the account.
    pub fn tell(&mut self, queued: u32) -> Option<Attributes<'static>> {
        let total = self.lost_in_all();
        if core::mem::replace(&mut self.told, total) == total {
            return None;
        }
        let mut attributes = Attributes::default();
        let parts = [
            ("sightline.produced", self.produced),
            ("sightline.restored", self.restored),
            ("sightline.delivered", self.delivered),
            ("sightline.kept", self.kept),
            ("sightline.queued", queued),
        ];
        let losses = LOSS_NAMES.into_iter().zip(self.lost);
        for (name, count) in parts.into_iter().chain(losses) {
            if count > 0 {
                attributes.int(name, i64::from(count));
            }
        }
        Some(attributes)
    }
}
