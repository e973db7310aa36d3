//! Encoded records, one after another, until a batch is made of them.

use alloc::vec::Vec;

use sightline_core::append;

/// Bytes of records in a batch at most. Browsers allow 64 KiB of keepalive
/// bodies in flight: two batches with their resource fit, even uncompressed.
pub const MAX_BATCH_BYTES: usize = 28 * 1024;

/// Encoded records in order.
#[derive(Debug, Default)]
pub struct Records {
    bytes: Vec<u8>,
    lengths: Vec<usize>,
}

impl Records {
    /// Adds one.
    pub fn push(&mut self, record: &[u8]) {
        append::bytes(&mut self.bytes, record);
        append::item(&mut self.lengths, record.len());
    }

    /// Bytes of all.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.lengths.len()
    }

    /// As many whole records from the front as a batch holds, and their number.
    pub fn batch(&self) -> (&[u8], usize) {
        let (mut bytes, mut count) = (0usize, 0usize);
        for length in &self.lengths {
            let more = bytes.saturating_add(*length);
            if more > MAX_BATCH_BYTES {
                break;
            }
            (bytes, count) = (more, count.saturating_add(1));
        }
        (self.bytes.get(..bytes).unwrap_or_default(), count)
    }

    /// Removes what [`batch`](Self::batch) gives.
    pub fn remove_batch(&mut self) {
        let (batch, count) = self.batch();
        let mut rest = Self::default();
        append::bytes(
            &mut rest.bytes,
            self.bytes.get(batch.len()..).unwrap_or_default(),
        );
        for length in self.lengths.get(count..).unwrap_or_default() {
            append::item(&mut rest.lengths, *length);
        }
        *self = rest;
    }
}
