//! Items that wait for their export, encoded when they come and oldest first,
//! bounded in bytes. What is under way stays in the queue until it has arrived, so
//! that a failed export loses nothing; what comes when the queue is full is
//! turned away before it is encoded.
//!
//! Encoding at once costs a request less than keeping what its span is made of,
//! and the worker need not stand still while hundreds are encoded at a time.

use sightline_core::otlp::Writer;
use std::collections::VecDeque;

/// About the most bytes in one export request.
pub const MAX_BATCH_BYTES: usize = 1 << 18;
/// Room for the items of a worker that is not very busy.
const FIRST_BYTES: usize = 1 << 14;

/// The queue.
#[derive(Debug, Default)]
pub struct Queue {
    batches: VecDeque<Batch>,
    items: usize,
    bytes: usize,
}

/// Items that go in one export request.
#[derive(Debug)]
struct Batch {
    items: Writer,
    count: usize,
    oldest_unix_nanos: u64,
    /// It has been sent, perhaps in vain: it stays as it is.
    is_sent: bool,
}

impl Batch {
    fn new(oldest_unix_nanos: u64) -> Self {
        Self {
            items: Writer::with_capacity(FIRST_BYTES),
            count: 0,
            oldest_unix_nanos,
            is_sent: false,
        }
    }

    fn takes_more(&self) -> bool {
        !self.is_sent && self.items.len() < MAX_BATCH_BYTES
    }
}

impl Queue {
    /// Adds the item that `write` appends, unless the queue is full; says whether
    /// it did. The item is of something that ended at this time, in nanoseconds
    /// since the Unix epoch.
    pub fn push(
        &mut self,
        end_unix_nanos: u64,
        max_bytes: usize,
        write: impl FnOnce(&mut Writer),
    ) -> bool {
        if self.bytes >= max_bytes {
            return false;
        }
        if !self.batches.back().is_some_and(Batch::takes_more) {
            self.batches.push_back(Batch::new(end_unix_nanos));
        }
        let Some(batch) = self.batches.back_mut() else {
            return false;
        };
        let before = batch.items.len();
        write(&mut batch.items);
        let more = batch.items.len().saturating_sub(before);
        batch.count = batch.count.saturating_add(1);
        self.items = self.items.saturating_add(1);
        self.bytes = self.bytes.saturating_add(more);
        true
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.items
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.items == 0
    }

    /// Since when the oldest item waits, in nanoseconds since the Unix epoch.
    pub fn oldest_unix_nanos(&self) -> Option<u64> {
        self.batches.front().map(|batch| batch.oldest_unix_nanos)
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The oldest items, as many as go into one request, and how many they are:
    /// the same ones until they are removed.
    pub fn batch(&mut self) -> Option<(usize, &[u8])> {
        let batch = self.batches.front_mut()?;
        batch.is_sent = true;
        Some((batch.count, batch.items.as_bytes()))
    }

    /// Takes out the batch that was sent; says how many items it had.
    pub fn remove_batch(&mut self) -> u64 {
        let Some(batch) = self.batches.pop_front_if(|batch| batch.is_sent) else {
            return 0;
        };
        self.items = self.items.saturating_sub(batch.count);
        self.bytes = self.bytes.saturating_sub(batch.items.len());
        u64::try_from(batch.count).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(queue: &mut Queue, bytes: &[u8], max_bytes: usize) -> bool {
        queue.push(7, max_bytes, |items| {
            sightline_core::otlp::write_item(items, bytes);
        })
    }

    #[test]
    fn what_does_not_fit_is_turned_away_and_the_oldest_go_first() {
        let mut queue = Queue::default();
        assert!(push(&mut queue, b"a", 6));
        assert!(push(&mut queue, b"b", 6));
        assert!(!push(&mut queue, b"c", 6));
        let full = queue.push(7, 6, |_| panic!("encoded in vain"));
        assert!(!full);
        assert_eq!((queue.len(), queue.bytes()), (2, 6));
        assert_eq!(queue.oldest_unix_nanos(), Some(7));
        let sent = Some((2, &b"\x12\x01a\x12\x01b"[..]));
        assert_eq!(queue.batch(), sent);
        // What comes while it is under way is another batch.
        assert!(push(&mut queue, b"c", 9));
        assert_eq!(queue.batch(), sent, "it is sent again as it was");
        assert_eq!(queue.remove_batch(), 2);
        assert_eq!(queue.remove_batch(), 0, "nothing was sent");
        assert_eq!(queue.batch(), Some((1, &b"\x12\x01c"[..])));
        assert_eq!(queue.remove_batch(), 1);
        assert_eq!((queue.len(), queue.bytes()), (0, 0));
        assert!(queue.batch().is_none() && queue.oldest_unix_nanos().is_none());
    }

    #[test]
    fn a_batch_is_bounded() {
        let mut queue = Queue::default();
        while queue.bytes() < 3 * MAX_BATCH_BYTES {
            assert!(push(&mut queue, &[b'x'; 1000], usize::MAX));
        }
        let all = queue.len();
        let (items, bytes) = queue.batch().unwrap();
        assert!(bytes.len() < MAX_BATCH_BYTES + 2000);
        assert!((1..all).contains(&items));
    }
}
