//! Items that wait for their export, oldest first, bounded in bytes. They stay
//! in the queue while they are under way, so that a failed export loses
//! nothing; what comes when the queue is full is turned away.

use crate::red::Red;
use sightline_core::otlp::Writer;
use std::collections::VecDeque;

/// About the most bytes in one export request.
pub const MAX_BATCH_BYTES: usize = 1 << 18;

/// Something that waits: a span or a log record.
pub trait Item {
    /// About how much memory it takes, in bytes; the same whenever it is asked.
    fn weight(&self) -> usize;
    /// When it ended, in nanoseconds since the Unix epoch.
    fn end_unix_nanos(&self) -> u64;
    /// The series that it was counted under: it keeps its number until the item
    /// is gone.
    fn series(&self) -> usize;
    /// Appends it as an item of an export request.
    fn write(&self, context: &Context<'_>, items: &mut Writer);
}

/// What an item does not know itself.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The series that items were counted under.
    pub red: &'a Red,
    /// The attribute for the request id.
    pub request_id_key: &'a str,
}

/// The queue.
#[derive(Debug)]
pub struct Queue<T> {
    items: VecDeque<T>,
    bytes: usize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            items: VecDeque::new(),
            bytes: 0,
        }
    }
}

/// Items encoded for one export request: the first ones of the queue.
#[derive(Debug)]
pub struct Batch {
    /// How many.
    pub items: usize,
    /// The items of the request.
    pub bytes: Vec<u8>,
}

impl<T: Item> Queue<T> {
    /// Adds an item if it fits; says whether it did.
    pub fn push(&mut self, item: T, max_bytes: usize) -> bool {
        let bytes = self.bytes.saturating_add(item.weight());
        if bytes > max_bytes {
            return false;
        }
        self.bytes = bytes;
        self.items.push_back(item);
        true
    }

    /// The series that items which wait were counted under.
    pub fn series(&self) -> impl Iterator<Item = usize> {
        self.items.iter().map(Item::series)
    }

    /// How many items wait.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Since when the oldest item waits, in nanoseconds since the Unix epoch.
    pub fn oldest_unix_nanos(&self) -> Option<u64> {
        self.items.front().map(Item::end_unix_nanos)
    }

    /// About how many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Encodes the oldest items, as many as go into one request.
    pub fn batch(&self, context: &Context<'_>) -> Batch {
        let mut writer = Writer::new();
        let mut items = 0usize;
        for item in &self.items {
            if writer.len() >= MAX_BATCH_BYTES {
                break;
            }
            item.write(context, &mut writer);
            items = items.saturating_add(1);
        }
        let bytes = writer.into_bytes();
        Batch { items, bytes }
    }

    /// Takes the oldest items out; says how many there were.
    pub fn remove(&mut self, items: usize) -> u64 {
        let mut removed = 0u64;
        for _ in 0..items {
            let Some(item) = self.items.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(item.weight());
            removed = removed.saturating_add(1);
        }
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finished_span::tests::span;

    fn batch<T: Item>(queue: &Queue<T>) -> Batch {
        queue.batch(&Context {
            red: &Red::default(),
            request_id_key: "id",
        })
    }

    #[test]
    fn what_does_not_fit_is_turned_away_and_the_oldest_go_first() {
        let mut queue = Queue::default();
        let weight = span(b"/a").weight();
        assert!(queue.push(span(b"/a"), 2 * weight));
        assert!(queue.push(span(b"/b"), 2 * weight));
        assert!(!queue.push(span(b"/c"), 2 * weight));
        assert_eq!((queue.len(), queue.bytes()), (2, 2 * weight));
        assert_eq!(batch(&queue).items, 2);
        assert_eq!(queue.remove(1), 1);
        assert!(queue.push(span(b"/c"), 2 * weight));
        assert_eq!(queue.remove(9), 2);
        assert_eq!((queue.len(), queue.bytes()), (0, 0));
    }

    #[test]
    fn a_batch_is_bounded() {
        let mut queue = Queue::default();
        while queue.bytes() < 3 * MAX_BATCH_BYTES {
            assert!(queue.push(span(&[b'x'; 1000]), usize::MAX));
        }
        let batch = batch(&queue);
        assert!(batch.bytes.len() < MAX_BATCH_BYTES + 2000);
        assert!((1..queue.len()).contains(&batch.items));
    }
}
